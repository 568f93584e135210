/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The file is opened for each program, which takes microseconds and only happens on request: so
 * there is no descriptor that the application could close and use for something else, and after
 * fork(2) it is the child's own. A line is one write(2) at the end, so lines of several threads do
 * not mix.
 */
#include "jit/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "btf/btf.h"

#define NAME_SIZE 512 /* KSYM_NAME_LEN */

static int open_map(void)
{
	/* O_NONBLOCK: not to wait for who reads a FIFO. */
	const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	char path[32];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	fd = open(path, flags | O_CREAT | O_EXCL, 0600);
	if (fd < 0 && errno == EEXIST)
		fd = open(path, flags);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

int perf_map_check(void)
{
	int fd = open_map();

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* As in the kernel, a function without types is called F, unless it is the only one. */
static const char *name_of(const struct bpf_prog *prog, u32 func)
{
	const struct bpf_prog_aux *aux = prog->aux;

	if (aux->func_info_cnt == aux->jit->nr_funcs)
		return btf_type_name(aux->btf,
				     btf_type_by_id(aux->btf, aux->func_info[func].type_id));
	return aux->jit->nr_funcs == 1 ? aux->name : "F";
}

static void add_function(int fd, const struct bpf_prog *prog, u32 func)
{
	const struct bpf_jit_image *image = prog->aux->jit;
	const u32 end = func + 1 < image->nr_funcs ? image->offs[func + 1] : image->size;
	const char *name = name_of(prog, func);
	char tag[2 * BPF_TAG_SIZE + 1], line[NAME_SIZE + 64];
	int len;

	for (u32 i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(tag + 2 * i, 3, "%02x", prog->tag[i]);
	len = snprintf(line, sizeof(line), "%lx %x bpf_prog_%s%s%.*s\n",
		       (unsigned long)image->code + image->offs[func], end - image->offs[func], tag,
		       *name ? "_" : "", NAME_SIZE, name);
	/* A line that is cut is none. */
	if (len < (int)sizeof(line) && write(fd, line, len) != len)
		return;
}

void perf_map_add(const struct bpf_prog *prog)
{
	int fd = open_map();

	if (fd < 0)
		return;
	for (u32 i = 0; i < prog->aux->jit->nr_funcs; i++)
		add_function(fd, prog, i);
	close(fd);
}
