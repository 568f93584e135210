/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Offering the programs, maps, links and BTFs of the kernel: their ids, names and tags, and where
 * they are pinned. An embedded engine has none before the command that begins with it.
 */
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "complete.h"

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct candidate *)a)->text, ((const struct candidate *)b)->text);
}

/* What is there more than once, from candidate @first on, is offered once. */
static void unite(struct candidates *candidates, size_t first)
{
	struct candidate *list = candidates->list;
	size_t kept = first;

	if (candidates->count == first)
		return;
	qsort(list + first, candidates->count - first, sizeof(*list), by_text);
	for (size_t i = first + 1; i < candidates->count; i++) {
		if (strcmp(list[i].text, list[kept].text)) {
			list[++kept] = list[i];
			continue;
		}
		free(list[i].text);
		free(list[i].help);
		free(list[kept].help);
		list[kept].help = strdup("several");
	}
	candidates->count = kept + 1;
}

/* What is asked for of each kind of object. */
struct object_source {
	enum value_kind kind;
	int (*next_id)(__u32 start, __u32 *next);
	int (*open)(__u32 id);
	const char *inode; /* what /proc/self/fd says of one */
	void (*describe)(int fd, char *name, char *help, size_t size);
};

static void describe_map(int fd, char *name, char *help, size_t size)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	const char *type;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	type = libbpf_bpf_map_type_str(info.type);
	snprintf(name, size, "%s", info.name);
	snprintf(help, size, "%s, id %u", type ?: "map", info.id);
}

static void describe_program(int fd, char *name, char *help, size_t size)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	const char *type;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	type = libbpf_bpf_prog_type_str(info.type);
	snprintf(name, size, "%s", info.name);
	snprintf(help, size, "%s, id %u", type ?: "program", info.id);
}

static void describe_tag(int fd, char *tag, char *help, size_t size)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	for (size_t i = 0; i < sizeof(info.tag); i++)
		snprintf(tag + 2 * i, size - 2 * i, "%02x", info.tag[i]);
	snprintf(help, size, "%s", info.name);
}

static void describe_link(int fd, char *name, char *help, size_t size)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	const char *type;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	type = libbpf_bpf_link_type_str(info.type);
	snprintf(name, size, "%s", type ?: "link");
	snprintf(help, size, "program %u", info.prog_id);
}

static void describe_btf(int fd, char *name, char *help, size_t size)
{
	struct bpf_btf_info info = {.name = (unsigned long)name, .name_len = size};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	snprintf(help, size, "%u bytes", info.btf_size);
}

static const struct object_source sources[] = {
	{VALUE_MAP, bpf_map_get_next_id, bpf_map_get_fd_by_id, "bpf-map", describe_map},
	{VALUE_PROGRAM, bpf_prog_get_next_id, bpf_prog_get_fd_by_id, "bpf-prog", describe_program},
	{VALUE_LINK, bpf_link_get_next_id, bpf_link_get_fd_by_id, "bpf_link", describe_link},
	{VALUE_BTF, bpf_btf_get_next_id, bpf_btf_get_fd_by_id, "btf", describe_btf},
};

/* Whether a @source is pinned at @path. */
static bool is_pinned(const char *path, const void *arg)
{
	const struct object_source *source = arg;
	char link[64], target[64] = "";
	struct statfs fs;
	int fd;

	if (statfs(path, &fs) || fs.f_type != BPF_FS_MAGIC)
		return false;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, target, sizeof(target) - 1) < 0)
		*target = '\0';
	close(fd);
	return strstr(target, source->inode) != NULL;
}

/* Paths below the bpf file systems that are mounted here. */
static void offer_pins(struct candidates *candidates, const struct object_source *source)
{
	FILE *mounts;
	struct mntent *mount;
	char path[PATH_MAX];

	if (*candidates->word) {
		offer_files(candidates, is_pinned, source);
		return;
	}
	mounts = setmntent("/proc/self/mounts", "r");
	while (mounts && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "bpf"))
			continue;
		snprintf(path, sizeof(path), "%s/", mount->mnt_dir);
		offer(candidates, path, NULL);
		candidates->paths = true;
	}
	if (mounts)
		endmntent(mounts);
}

static void offer_object(struct candidates *candidates, const struct object_source *source,
			 const char *by, __u32 id)
{
	bool tag = !strcmp(by, "tag");
	char name[128] = "", help[128] = "", both[300], number[16];
	int fd;

	snprintf(number, sizeof(number), "%u", id);
	if (!strcmp(by, "id") && strncmp(number, candidates->word, strlen(candidates->word)))
		return;
	fd = source->open(id);
	if (fd < 0)
		return;
	(tag ? describe_tag : source->describe)(fd, name, help, sizeof(name));
	close(fd);
	if (strcmp(by, "id")) {
		if (*name)
			offer(candidates, name, help);
		return;
	}
	snprintf(both, sizeof(both), "%s%s%.*s", name, *name && *help ? ", " : "",
		 (int)strcspn(help, ","), help);
	offer(candidates, number, both);
}

static bool is_kernel_asked(void)
{
	const char *on = options.on ?: getenv("BPFTREK_ON");

	return !on || !*on || !strcmp(on, "kernel");
}

void offer_objects(struct candidates *candidates, enum value_kind kind, const char *by)
{
	const struct object_source *source = &sources[kind - VALUE_MAP];
	size_t first = candidates->count;
	__u32 id = 0;

	if (!is_kernel_asked())
		return;
	if (!strcmp(by, "pinned")) {
		offer_pins(candidates, source);
		return;
	}
	while (!source->next_id(id, &id))
		offer_object(candidates, source, by, id);
	if (strcmp(by, "id"))
		unite(candidates, first);
}
