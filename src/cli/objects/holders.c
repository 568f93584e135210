/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which processes have descriptors of objects. The iterator of open files tells it; where it cannot
 * run, /proc does: the link of a descriptor says that it is of an object, its fdinfo of which.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdinfo.h"
#include "holders.h"
#include "records.h"

static const struct {
	const char *link; /* of /proc/PID/fd/N, behind "anon_inode:" */
	const char *id;	  /* in /proc/PID/fdinfo/N */
	enum record_kind kind;
} files[] = {
	{"bpf-prog", "prog_id", RECORD_PROGRAM},
	{"bpf-map", "map_id", RECORD_MAP},
	/* As it was made; as it was opened by its id or pin. */
	{"bpf_link", "link_id", RECORD_LINK},
	{"bpf-link", "link_id", RECORD_LINK},
	{"btf", "btf_id", RECORD_BTF},
};

#define NR_FILES (sizeof(files) / sizeof(files[0]))

static int put_file(struct look *look, struct holder_record *r, const char *fd)
{
	char path[64], link[32];
	__u64 id;
	ssize_t len;
	size_t i = 0;

	snprintf(path, sizeof(path), "/proc/%u/fd/%.10s", r->pid, fd);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return 0;
	link[len] = '\0';
	if (strncmp(link, "anon_inode:", 11))
		return 0;
	while (i < NR_FILES && strcmp(link + 11, files[i].link))
		i++;
	if (i == NR_FILES)
		return 0;
	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%.10s", r->pid, fd);
	if (!fdinfo_number(path, files[i].id, &id))
		return 0; /* it was closed meanwhile */
	r->object = files[i].kind;
	r->id = id;
	return look_put(look, r, sizeof(*r));
}

static void read_comm(struct holder_record *r)
{
	char path[64];
	ssize_t got = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/comm", r->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, r->comm, sizeof(r->comm) - 1);
		close(fd);
	}
	if (got > 0 && r->comm[got - 1] == '\n')
		r->comm[got - 1] = '\0';
}

/* -EACCES: one that may not be looked into. */
static int put_process(struct look *look, const char *pid)
{
	struct holder_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_HOLDER}};
	struct dirent *entry;
	char path[64];
	int err = 0;
	DIR *dir;

	r.pid = strtoul(pid, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%u/fd", r.pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	read_comm(&r);
	while (!err && (entry = readdir(dir)))
		if (*entry->d_name != '.')
			err = put_file(look, &r, entry->d_name);
	closedir(dir);
	return err;
}

int holders_read_proc(struct look *look)
{
	/* One that is there at all times is hidden where others are (hidepid). */
	bool all = !access("/proc/1", F_OK);
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		err = put_process(look, entry->d_name);
		if (err == -EACCES)
			err = all = false;
	}
	closedir(dir);
	if (!err)
		err = look_end(look);
	if (!err && !all)
		err = look_leave_out(look, WANT_HOLDERS,
				     "processes that hold objects: /proc does not show those of "
				     "others to this user; run it as root to see them");
	return err;
}

static int compare(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

void holders_merge(struct objects *objects)
{
	struct holder *last = objects->holders;

	if (!objects->nr_holders)
		return;
	qsort(last, objects->nr_holders, sizeof(*last), compare);
	for (size_t i = 1; i < objects->nr_holders; i++) {
		if (compare(last, &objects->holders[i]))
			*++last = objects->holders[i];
		else
			last->fds += objects->holders[i].fds;
	}
	objects->nr_holders = last - objects->holders + 1;
}
