/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Objects of the engine as the command line names them: see object_name.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "commands.h"
#include "engine.h"
#include "object_name.h"

/* "map", "program": of messages. */
static const char *const kind_names[NR_OBJECT_KINDS] = {
	[OBJECT_PROGRAM] = "program",
	[OBJECT_MAP] = "map",
	[OBJECT_LINK] = "link",
	[OBJECT_BTF] = "BTF",
};

static int read_id(const char *what, const char *text, __u32 *id)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value > UINT32_MAX)
		return usage_error("%s id '%s' is no number up to %u", what, text, UINT32_MAX);
	*id = value;
	return 0;
}

int read_object_name(const char *what, enum object_kind kind, const struct word *word,
		     struct object_name *name)
{
	const char *text = word->text;

	*name = (struct object_name){.kind = kind, .by = BY_NAME, .text = text};
	if (!word->by && kind == OBJECT_LINK)
		return usage_error("links have no names; say 'id %s' or 'pinned %s'", text, text);
	if (!word->by || !strcmp(word->by, "name"))
		return 0;
	if (!strcmp(word->by, "id")) {
		name->by = BY_ID;
		return read_id(what, text, &name->id);
	}
	name->by = !strcmp(word->by, "tag") ? BY_TAG : BY_PATH;
	if (name->by == BY_TAG &&
	    (strlen(text) != 2 * BPF_TAG_SIZE || text[strspn(text, "0123456789abcdefABCDEF")]))
		return usage_error("%s tag '%s' is no %u hexadecimal digits", what, text,
				   2 * BPF_TAG_SIZE);
	return 0;
}

bool is_called(const char *name, const char *word)
{
	const size_t cut = BPF_OBJ_NAME_LEN - 1;

	if (!strcmp(name, word))
		return true;
	return !strncmp(name, word, cut) && (strlen(name) == cut || strlen(word) == cut);
}

/* What /proc says that a descriptor is; of those of the embedded engine it says other things. */
static bool may_be(enum object_kind kind, int fd)
{
	static const char *const names[] = {
		[OBJECT_PROGRAM] = "bpf-prog",
		[OBJECT_MAP] = "bpf-map",
		[OBJECT_LINK] = "bpf_link",
		[OBJECT_BTF] = "btf",
	};
	char path[32], target[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return true;
	target[len] = '\0';
	return strncmp(target, "anon_inode:", 11) || strstr(target, names[kind]) ||
	       (kind == OBJECT_LINK && strstr(target, "bpf-link"));
}

/* Of a directory and of any other file the kernel says EACCES, another engine ENOENT. */
static bool is_no_pin(const char *path)
{
	struct statfs fs;
	struct stat st;

	return !stat(path, &st) && !statfs(path, &fs) &&
	       (!S_ISREG(st.st_mode) || fs.f_type != BPF_FS_MAGIC);
}

static int open_pinned(const struct object_name *name, int *fd)
{
	LIBBPF_OPTS(bpf_obj_get_opts, to_read, .file_flags = BPF_F_RDONLY);
	const char *kind = kind_names[name->kind];
	int err;

	*fd = bpf_obj_get(name->text);
	/* Maps can be opened for reading only. */
	if (*fd < 0 && errno == EACCES && name->kind == OBJECT_MAP)
		*fd = bpf_obj_get_opts(name->text, &to_read);
	if (*fd < 0) {
		err = errno;
		if (err == EACCES && access(name->text, R_OK) && errno == EACCES)
			return fail("%s pinned %s: its mode, or a directory's on the way to it, "
				    "does not let this user open it; run it as root",
				    kind, name->text);
		/* Before Linux 6.0, where kernel.unprivileged_bpf_disabled is set. */
		if (err == EPERM && !engine_may(DEED_OPEN_PINNED))
			return engine_refused(DEED_OPEN_PINNED, name->text);
		return fail("%s pinned %s: %s; name a path where a %s is pinned", kind, name->text,
			    is_no_pin(name->text) ? "nothing is pinned there" : strerror(err),
			    kind);
	}
	if (may_be(name->kind, *fd))
		return 0;
	close(*fd);
	*fd = -1;
	return fail("%s pinned %s: another kind of object is; name a path where a %s is pinned",
		    kind, name->text, kind);
}

int find_pinned(const struct object_name *name, __u32 *id)
{
	/* The id is at the same place for all that can be pinned. */
	struct bpf_prog_info info = {0};
	__u32 len = offsetof(struct bpf_prog_info, tag);
	int fd, status;

	_Static_assert(offsetof(struct bpf_prog_info, id) == offsetof(struct bpf_map_info, id) &&
			       offsetof(struct bpf_map_info, id) ==
				       offsetof(struct bpf_link_info, id),
		       "where the id is");
	status = open_pinned(name, &fd);
	if (status)
		return status;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		status = fail("%s pinned %s: %s; name it by its id", kind_names[name->kind],
			      name->text, strerror(errno));
	*id = info.id;
	close(fd);
	return status;
}

static int duplicate(int from, int *fd)
{
	*fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
	return *fd < 0 ? fail("map: %s; raise the limit of open files", strerror(errno)) : 0;
}

static int open_by_name(const char *name, int *found)
{
	struct nearest nearest = {.word = name};
	char near[BPF_OBJ_NAME_LEN] = "";
	struct bpf_map_info info;
	__u32 id = 0, first = 0, len;
	int fd;

	*found = -1;
	while (!bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0)
			continue; /* it went meanwhile */
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (bpf_obj_get_info_by_fd(fd, &info, &len) || !is_called(info.name, name)) {
			nearest_consider(&nearest, info.name);
			if (nearest.best == info.name)
				nearest.best = strcpy(near, info.name);
			close(fd);
		} else if (*found < 0) {
			*found = fd;
			first = id;
		} else {
			close(fd);
			close(*found);
			return fail(
				"map name %s: several have it, first ids %u and %u; name one of "
				"them by 'id N'",
				name, first, id);
		}
	}
	if (*found >= 0)
		return 0;
	if (errno == EPERM)
		return engine_refused(DEED_OPEN, "map by name");
	return fail("map name %s: no such map on the %s engine%s%s%s; load an object that has it "
		    "with --load, or look with 'bpftrek map list'",
		    name, engine_name(), *near ? ", did you mean '" : "", near, *near ? "'?" : "");
}

static int open_by_id(__u32 id, int *fd)
{
	*fd = bpf_map_get_fd_by_id(id);
	if (*fd >= 0)
		return 0;
	if (errno == EPERM)
		return engine_refused(DEED_OPEN, "map by id");
	return fail("map id %u: %s on the %s engine; name one that is there", id,
		    errno == ENOENT ? "no such map" : strerror(errno), engine_name());
}

int open_map(const struct object_name *name, struct bpf_object *const *objects, size_t count,
	     int *fd)
{
	struct bpf_map *map;

	if (name->by == BY_ID)
		return open_by_id(name->id, fd);
	if (name->by == BY_PATH)
		return open_pinned(name, fd);
	for (size_t i = 0; i < count; i++) {
		map = bpf_object__find_map_by_name(objects[i], name->text);
		if (map && bpf_map__fd(map) >= 0)
			return duplicate(bpf_map__fd(map), fd);
	}
	return open_by_name(name->text, fd);
}
