/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A program as libbpf's users write them, with a skeleton; it knows nothing of bpftrek. It sets a
 * constant and data before load, fills a map, reads an iterator, and looks at the counters of the
 * program in mapped memory. With the argument `pin` it pins the iterator too, and what else a
 * program does with a pin and with descriptors.
 *
 * What it prints depends on nothing but its input, so two engines can be compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "skeleton.skel.h"

#define PIN "/sys/fs/bpf/bpftrek-skeleton-test"

/* Stop with what went wrong unless @condition holds. */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,         \
				strerror(errno));                                                  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static int by_number(const void *a, const void *b)
{
	return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

/* Print what @fd gives, sorted: the order of a hash is nobody's business. Closes it. */
static void print_rows(int fd)
{
	char text[8192], *lines[128];
	size_t used = 0, count = 0;
	ssize_t got;

	while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += got;
	must(!got);
	must(lseek(fd, 0, SEEK_SET) == -1 && errno == ESPIPE);
	must(!close(fd));
	must(close(fd) == -1 && errno == EBADF);
	text[used] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		lines[count++] = line;
	qsort(lines, count, sizeof(*lines), by_number);
	for (size_t i = 0; i < count; i++)
		puts(lines[i]);
}

/* A line of the fdinfo of @fd that begins with @name. */
static void print_fdinfo(int fd, const char *name)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	must(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			fputs(line, stdout);
	fclose(file);
}

/* Descriptors are descriptors, whoever made them. */
static void play_with_descriptors(int map)
{
	__u32 key = 3;
	__u64 value;
	int a, b, pipe_ends[2];

	a = dup(map);
	must(a >= 0 && a != map);
	must(!(fcntl(a, F_GETFD) & FD_CLOEXEC) && fcntl(map, F_GETFD) & FD_CLOEXEC);
	b = fcntl(map, F_DUPFD_CLOEXEC, 100);
	must(b >= 100 && fcntl(b, F_GETFD) & FD_CLOEXEC);
	must(!bpf_map_lookup_elem(b, &key, &value) && value == 9);
	must(dup2(b, a) == a && !bpf_map_lookup_elem(a, &key, &value));
	/* A pipe in the place of a map, and a map in the place of a pipe. */
	must(!pipe(pipe_ends));
	must(dup2(pipe_ends[1], a) == a && write(a, "x", 1) == 1);
	must(bpf_map_lookup_elem(a, &key, &value) == -EINVAL);
	must(dup3(map, a, O_CLOEXEC) == a && !bpf_map_lookup_elem(a, &key, &value));
	must(!close(a) && !close(b) && !close(pipe_ends[0]) && !close(pipe_ends[1]));
	must(bpf_map_lookup_elem(a, &key, &value) == -EBADF);
	must(write(map, "x", 1) == -1 && errno == EINVAL);
	must(read(map, &value, 1) == -1 && errno == EINVAL);
}

static void pin(struct skeleton_bpf *skel)
{
	int fd;

	must(access(PIN, F_OK) == -1 && errno == ENOENT);
	must(!bpf_link__pin(skel->links.show, PIN));
	must(!access(PIN, R_OK));
	fd = open(PIN, O_RDONLY);
	must(fd >= 0);
	print_rows(fd);
	must(!unlink(PIN));
	must(open(PIN, O_RDONLY) == -1 && errno == ENOENT);
}

/* A child has the descriptors of its parent. */
static void fork_and_read(int link)
{
	int status, fd;
	pid_t child;

	fflush(stdout);
	child = fork();
	must(child >= 0);
	if (!child) {
		fd = bpf_iter_create(link);
		must(fd >= 0);
		print_rows(fd);
		fflush(stdout);
		_exit(0);
	}
	must(waitpid(child, &status, 0) == child && !status);
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	union bpf_iter_link_info info = {0};
	struct skeleton_bpf *skel = skeleton_bpf__open();
	int fd, map;

	must(skel);
	skel->rodata->factor = 10;
	skel->data->largest = 5;
	must(!skeleton_bpf__load(skel));
	map = bpf_map__fd(skel->maps.squares);
	for (__u32 key = 1; key <= 12; key++) {
		__u64 value = key * key;

		must(!bpf_map_update_elem(map, &key, &value, BPF_NOEXIST));
	}
	info.map.map_fd = map;
	opts.link_info = &info;
	opts.link_info_len = sizeof(info);
	skel->links.show = bpf_program__attach_iter(skel->progs.show, &opts);
	must(skel->links.show);
	fd = bpf_iter_create(bpf_link__fd(skel->links.show));
	must(fd >= 0);
	print_rows(fd);
	printf("visited %llu, largest %llu\n", skel->bss->visited, skel->data->largest);
	/* The program sees what is written here. */
	skel->bss->visited = 1000;
	fd = bpf_iter_create(bpf_link__fd(skel->links.show));
	must(fd >= 0);
	print_rows(fd);
	printf("visited %llu\n", skel->bss->visited);
	print_fdinfo(bpf_link__fd(skel->links.show), "target_name");
	print_fdinfo(map, "max_entries");
	play_with_descriptors(map);
	fork_and_read(bpf_link__fd(skel->links.show));
	if (argc > 1 && !strcmp(argv[1], "pin"))
		pin(skel);
	skeleton_bpf__destroy(skel);
	puts("done");
	return 0;
}
