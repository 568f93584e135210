/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where objects are pinned: every file of every bpf file system that is mounted here
 * (/proc/self/mountinfo), with the object behind it. Nothing is followed out of the file system: no
 * symbolic link, no other mount.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "arena.h"
#include "details.h"

#define MAX_DEPTH 32 /* directories in directories; each keeps a descriptor open */

struct walk {
	struct look *look;
	dev_t device;
	char path[4096];
	size_t len;
	int depth;
	/* What may not be opened, of which there may be thousands: the first, and why. */
	const char *refused;
	size_t nr_refused;
	int why;
};

/* What a descriptor of bpf(2) is of. false: of nothing that is known here. */
static bool kind_of(int fd, enum object_kind *kind)
{
	static const struct {
		const char *link;
		enum object_kind kind;
	} links[] = {
		{"anon_inode:bpf-prog", OBJECT_PROGRAM},
		{"anon_inode:bpf-map", OBJECT_MAP},
		/* One opened by its pin; bpf_link is one as it was made. */
		{"anon_inode:bpf-link", OBJECT_LINK},
	};
	char path[40], link[32];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		*kind = links[i].kind;
		if (!strcmp(link, links[i].link))
			return true;
	}
	return false;
}

static int add(struct walk *walk, enum object_kind kind, __u32 id, const struct stat *st)
{
	struct objects *objects = walk->look->objects;
	const char *path = arena_text(objects->arena, walk->path, sizeof(walk->path));

	if (!path || !look_grow(&objects->pins, objects->nr_pins, &walk->look->room_pins,
				sizeof(*objects->pins)))
		return -ENOMEM;
	objects->pins[objects->nr_pins++] = (struct pin){
		.kind = kind,
		.id = id,
		.path = path,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
	};
	return 0;
}

/* For reading only, which maps can be asked for; links cannot. */
static int open_pin(const char *path)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get_opts(path, &opts);

	return fd < 0 && errno == EINVAL ? bpf_obj_get(path) : fd;
}

static int note_refused(struct walk *walk, int why)
{
	if (walk->nr_refused++)
		return 0;
	walk->why = why;
	walk->refused = arena_text(walk->look->objects->arena, walk->path, sizeof(walk->path));
	return walk->refused ? 0 : -ENOMEM;
}

/* In one line. */
static int say_refused(const struct walk *walk)
{
	const char *why = strerror(walk->why);

	if (!walk->nr_refused)
		return 0;
	if (walk->nr_refused == 1)
		return look_leave_out(walk->look, WANT_PINS, "pin %s: %s", walk->refused, why);
	return look_leave_out(walk->look, WANT_PINS, "pin %s and %zu more: %s", walk->refused,
			      walk->nr_refused - 1, why);
}

static int add_file(struct walk *walk, const struct stat *st)
{
	__u32 info[64] = {0}, size = sizeof(info); /* type, id: so the info of each kind begins */
	enum object_kind kind;
	int fd = open_pin(walk->path), err = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : note_refused(walk, errno);
	if (kind_of(fd, &kind) && !bpf_obj_get_info_by_fd(fd, info, &size))
		err = add(walk, kind, info[1], st);
	close(fd);
	return err;
}

static int walk_directory(struct walk *walk, int fd);

static int visit(struct walk *walk, int dir, const char *name)
{
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || st.st_dev != walk->device)
		return 0;
	if (S_ISREG(st.st_mode))
		return add_file(walk, &st);
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : look_leave_out(walk->look, WANT_PINS, "pins under %s: %s",
							walk->path, strerror(errno));
	return walk_directory(walk, fd);
}

/* Takes @fd. */
static int walk_directory(struct walk *walk, int fd)
{
	DIR *dir = walk->depth < MAX_DEPTH ? fdopendir(fd) : NULL;
	const size_t len = walk->len;
	struct dirent *entry;
	int err = 0, more;

	if (!dir) {
		close(fd);
		return look_leave_out(walk->look, WANT_PINS, "pins under %s: too deep", walk->path);
	}
	walk->depth++;
	while (!err && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		more = snprintf(walk->path + len, sizeof(walk->path) - len, "/%s", entry->d_name);
		if (more < sizeof(walk->path) - len) {
			walk->len = len + more;
			err = visit(walk, dirfd(dir), entry->d_name);
		}
	}
	walk->depth--;
	walk->len = len;
	walk->path[len] = '\0';
	closedir(dir);
	return err;
}

static int walk_mount(struct look *look, const char *path)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int fd = -1, err = 0;
	struct statfs fs;
	struct stat st;

	if (!walk)
		return -ENOMEM;
	walk->look = look;
	walk->len = snprintf(walk->path, sizeof(walk->path), "%s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err = look_leave_out(look, WANT_PINS, "pins under %s: %s", path, strerror(errno));
	} else if (fstatfs(fd, &fs) || fstat(fd, &st) || fs.f_type != BPF_FS_MAGIC) {
		close(fd); /* something else is mounted over it */
	} else {
		walk->device = st.st_dev;
		err = walk_directory(walk, fd);
		if (!err)
			err = say_refused(walk);
	}
	free(walk);
	return err;
}

/* Spaces, tabs, newlines and backslashes are "\040" and the like in mountinfo. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
			*to = (text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0');
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* Where file systems are mounted. One that is over another at the same place hides it. */
struct places {
	const char **paths;
	size_t nr, room;
};

/* 0: it is known, 1: it is now, or -ENOMEM. */
static int add_place(struct look *look, struct places *places, const char *path)
{
	for (size_t i = 0; i < places->nr; i++)
		if (!strcmp(places->paths[i], path))
			return 0;
	path = arena_text(look->objects->arena, path, strlen(path));
	if (!path || !look_grow(&places->paths, places->nr, &places->room, sizeof(*places->paths)))
		return -ENOMEM;
	places->paths[places->nr++] = path;
	return 1;
}

/* "ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS ... - TYPE SOURCE OPTIONS" */
static int take_line(struct look *look, struct places *places, char *line)
{
	char *type = strstr(line, " - "), *field = line;
	int added;

	if (!type || strncmp(type + 3, "bpf ", 4))
		return 0;
	for (int i = 0; i < 4; i++) {
		field = strchr(field, ' ');
		if (!field)
			return 0;
		field++;
	}
	field[strcspn(field, " ")] = '\0';
	unescape(field);
	added = add_place(look, places, field);
	return added > 0 ? walk_mount(look, field) : added;
}

static int compare(const void *a, const void *b)
{
	const struct pin *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return strcmp(x->path, y->path);
}

int pins_find(struct look *look)
{
	struct objects *objects = look->objects;
	FILE *file = fopen("/proc/self/mountinfo", "re");
	struct places places = {0};
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	if (!file)
		return -errno;
	while (!err && getline(&line, &size, file) > 0)
		err = take_line(look, &places, line);
	free(places.paths);
	free(line);
	fclose(file);
	if (objects->nr_pins)
		qsort(objects->pins, objects->nr_pins, sizeof(*objects->pins), compare);
	return err;
}
