/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What a link is attached to, which each kind tells in its own way, and only to bpf(2). */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "arena.h"
#include "details.h"
#include "link_info.h"

#define MAX_TEXT 4096 /* a path */

/* Where kinds want the buffer of their text, and its size. */
static const struct {
	size_t text, size;
} texts[] = {
	[LINK_RAW_TRACEPOINT] = {offsetof(struct link_info, raw_tracepoint.tp_name),
				 offsetof(struct link_info, raw_tracepoint.tp_name_len)},
	[LINK_ITER] = {offsetof(struct link_info, iter.target_name),
		       offsetof(struct link_info, iter.target_name_len)},
	/* The same for each type of perf_event that has a name; where it has none, the engine
	 * puts what the event is over them.
	 */
	[LINK_PERF_EVENT] = {offsetof(struct link_info, perf_event.kprobe.func_name),
			     offsetof(struct link_info, perf_event.kprobe.name_len)},
	[LINK_UPROBE_MULTI] = {offsetof(struct link_info, uprobe_multi.path),
			       offsetof(struct link_info, uprobe_multi.path_size)},
};

static void set(struct link_info *info, __u32 type, const char *text, __u32 size)
{
	const __u64 address = (uintptr_t)text;

	if (type >= sizeof(texts) / sizeof(texts[0]) || !texts[type].text)
		return;
	memcpy((char *)info + texts[type].text, &address, sizeof(address));
	memcpy((char *)info + texts[type].size, &size, sizeof(size));
}

static int ask(int fd, __u32 type, struct link_info *info, __u32 *size, char *text)
{
	memset(info, 0, sizeof(*info));
	*size = sizeof(*info);
	text[0] = '\0';
	set(info, type, text, MAX_TEXT);
	if (!bpf_obj_get_info_by_fd(fd, info, size))
		return 0;
	/* An engine that takes no text for this kind takes what is no text there for an error. */
	memset(info, 0, sizeof(*info));
	*size = sizeof(*info);
	text[0] = '\0';
	return bpf_obj_get_info_by_fd(fd, info, size) ? -errno : 0;
}

static int keep(struct look *look, struct link *link, struct link_info *info, __u32 size,
		const char *text)
{
	struct arena *arena = look->objects->arena;
	void *copy;

	if (link->type != LINK_PERF_EVENT || info->perf_event.type != LINK_PERF_OTHER)
		set(info, link->type, NULL, 0);
	copy = arena_take(arena, sizeof(*info));
	if (!copy)
		return -ENOMEM;
	link->info = memcpy(copy, info, sizeof(*info));
	link->info_size = size;
	if (!*text)
		return 0;
	link->text = arena_text(arena, text, MAX_TEXT);
	return link->text ? 0 : -ENOMEM;
}

/* The map that a link registers, or is attached to, which only bpf(2) says. */
static void note_map(struct link *link, const struct link_info *info)
{
	if (link->type == LINK_STRUCT_OPS)
		link->map_id = info->struct_ops.map_id;
	else if (link->type == LINK_SOCKMAP)
		link->map_id = info->sockmap.map_id;
}

int link_details(struct look *look, bool all)
{
	struct objects *objects = look->objects;
	char text[MAX_TEXT];
	struct link_info info;
	__u32 size;
	int fd, err = 0;

	for (size_t i = 0; i < objects->nr_links && !err; i++) {
		struct link *link = &objects->links[i];

		if (!all && link->type != LINK_STRUCT_OPS && link->type != LINK_SOCKMAP)
			continue;
		fd = bpf_link_get_fd_by_id(link->id);
		if (fd < 0 && errno == ENOENT)
			continue; /* it went meanwhile */
		if (fd < 0)
			return -errno;
		if (!ask(fd, link->type, &info, &size, text)) {
			note_map(link, &info);
			err = keep(look, link, &info, size, text);
		}
		close(fd);
	}
	return err;
}
