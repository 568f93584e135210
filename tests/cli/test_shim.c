/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The shim, linked into a program: what is the runtime's goes to the runtime, everything else to
 * libc, with the results and errno of either. Each test enables a runtime of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim.h"
#include "test.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#define PIN "/sys/fs/bpf/test"

#define assert_errno(error, call)                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		assert_int_equal((long)(call), -1);                                                \
		assert_int_equal(errno, error);                                                    \
	} while (0)

static int setup(void **state)
{
	const struct trek_runtime_opts opts = {.size = sizeof(opts), .handles = &shim_handle_ops};
	struct trek_runtime *rt;

	if (trek_runtime_open(&opts, &rt) || shim_enable(rt))
		return -1;
	*state = rt;
	return 0;
}

static int teardown(void **state)
{
	shim_disable();
	trek_runtime_close(*state);
	return 0;
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int make_map(unsigned int flags)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1024,
		.map_flags = flags,
	};
	long fd = bpf(BPF_MAP_CREATE, &attr);

	assert_true(fd >= 3);
	return (int)fd;
}

/* What lookup of element 3 says: 0 and its value, or -errno. */
static long look(int map, uint64_t *value)
{
	uint32_t key = 3;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)value,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? -errno : 0;
}

static long put(int map, uint64_t value)
{
	uint32_t key = 3;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr) ? -errno : 0;
}

static void other_system_calls(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	char *memory;
	int fds[2];

	assert_int_equal(syscall(SYS_getpid), getpid());
	assert_errno(ENOSYS, syscall(-1));
	assert_errno(EBADF, syscall(SYS_close, -1));
	assert_int_equal(syscall(SYS_pipe2, fds, O_CLOEXEC), 0);
	assert_int_equal(syscall(SYS_write, fds[1], "abc", 3L), 3);
	close(fds[0]);
	close(fds[1]);
#ifdef SYS_mmap
	/* Six arguments, and a result that is no int. */
	memory = (char *)syscall(SYS_mmap, NULL, 2 * page, (long)PROT_READ | PROT_WRITE,
				 (long)MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
	assert_true(memory != MAP_FAILED);
	memory[2 * page - 1] = 1;
	assert_int_equal(syscall(SYS_munmap, memory, 2 * page), 0);
#endif
}

static void handles_are_descriptors(void **state)
{
	int map = make_map(0), file = open("/dev/null", O_RDONLY);
	uint64_t value = 0;
	struct stat st;

	assert_true(file >= 0 && file != map);
	assert_int_equal(fstat(map, &st), 0);
	assert_int_equal(fcntl(map, F_GETFD), FD_CLOEXEC);
	assert_int_equal(put(map, 42), 0);
	assert_int_equal(look(map, &value), 0);
	assert_int_equal(value, 42);
	assert_int_equal(look(file, &value), -EINVAL);
	assert_int_equal(look(9999, &value), -EBADF);
	assert_int_equal(look(-1, &value), -EBADF);
	assert_errno(EINVAL, read(map, &value, 8));
	assert_errno(EINVAL, write(map, &value, 8));
	assert_errno(ESPIPE, lseek(map, 0, SEEK_SET));
	assert_errno(ESPIPE, pread(map, &value, 8, 0));
	assert_errno(EINVAL, readv(map, &(struct iovec){&value, 8}, 1));
	assert_int_equal(close(map), 0);
	assert_errno(EBADF, close(map));
	assert_int_equal(look(map, &value), -EBADF);
	/* The number is free again, for a file too. */
	assert_int_equal(dup(file), map);
	assert_int_equal(look(map, &value), -EINVAL);
	assert_int_equal(close(map), 0);
	assert_int_equal(close(file), 0);
}

static void duplicates(void **state)
{
	int map = make_map(0), other = make_map(0), file = open("/dev/null", O_RDONLY), fd;
	uint64_t value;

	put(map, 1);
	put(other, 2);
	fd = dup(map);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(look(fd, &value) ? 0 : value, 1);
	assert_int_equal(dup2(fd, fd), fd);
	assert_errno(EINVAL, dup3(fd, fd, 0));
	assert_errno(EINVAL, dup3(map, fd, O_RDWR));
	/* Map over map, file over map, map over file, and to a free number. */
	assert_int_equal(dup2(other, fd), fd);
	assert_int_equal(look(fd, &value) ? 0 : value, 2);
	assert_int_equal(dup2(file, fd), fd);
	assert_int_equal(look(fd, &value), -EINVAL);
	assert_int_equal(read(fd, &value, 8), 0);
	assert_int_equal(dup3(map, fd, O_CLOEXEC), fd);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(look(fd, &value) ? 0 : value, 1);
	assert_int_equal(syscall(SYS_dup3, other, fd, 0), fd);
	assert_int_equal(look(fd, &value) ? 0 : value, 2);
	assert_errno(EBADF, dup2(500, fd));
	assert_int_equal(look(fd, &value) ? 0 : value, 2);
	assert_errno(EBADF, dup2(fd, -1));
	assert_int_equal(dup2(map, 200), 200);
	assert_int_equal(fcntl(map, F_DUPFD, 200), 201);
	assert_int_equal(fcntl(map, F_DUPFD_CLOEXEC, 200), 202);
	assert_int_equal(fcntl(201, F_GETFD), 0);
	assert_int_equal(fcntl(202, F_GETFD), FD_CLOEXEC);
	assert_errno(EINVAL, fcntl(map, F_DUPFD, -1));
	/* The map lives as long as one of them. */
	close(map);
	close(200);
	close(201);
	assert_int_equal(look(202, &value) ? 0 : value, 1);
	close(202);
	close(fd);
	close(other);
	close(file);
}

static void ranges(void **state)
{
	uint64_t value;
	int map = make_map(0);

	assert_int_equal(dup2(map, 300), 300);
	assert_int_equal(dup2(map, 301), 301);
	assert_int_equal(dup2(map, 310), 310);
	if (!close_range(300, 301, CLOSE_RANGE_CLOEXEC))
		assert_int_equal(look(300, &value), 0);
	close_range(300, 301, 0);
	assert_int_equal(look(300, &value), -EBADF);
	assert_int_equal(look(301, &value), -EBADF);
	assert_int_equal(look(310, &value), 0);
	closefrom(310);
	assert_int_equal(look(310, &value), -EBADF);
	assert_int_equal(look(map, &value), 0);
	close(map);
}

static void mapped_memory(void **state)
{
	int map = make_map(BPF_F_MMAPABLE), plain = make_map(0);
	long page = sysconf(_SC_PAGESIZE);
	uint64_t *values, *moved, value;
	void *place;
	union bpf_attr attr = {.map_fd = map};

	values = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	assert_true(values != MAP_FAILED);
	values[3] = 7;
	assert_int_equal(look(map, &value) ? 0 : value, 7);
	assert_int_equal(put(map, 8), 0);
	assert_int_equal(values[3], 8);

	place = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_errno(EEXIST,
		     mmap(place, 8192, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, map, 0));
	moved = mmap(place, 8192, PROT_READ, MAP_SHARED | MAP_FIXED, map, 0);
	assert_ptr_equal(moved, place);
	assert_int_equal(moved[3], 8);
	munmap(moved, 8192);
	moved = mmap(place, 8192, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, map, 0);
	assert_ptr_equal(moved, place);
	munmap(moved, 8192);

	assert_errno(EINVAL, mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, map, 0));
	assert_true(mmap(NULL, 8192, PROT_READ, MAP_SHARED, map, 16 * page) == MAP_FAILED);
	assert_true(mmap(NULL, 8192, PROT_READ, MAP_SHARED, plain, 0) == MAP_FAILED);
	/* What is mapped outlives the descriptor; a frozen map is not written. */
	munmap(values, 8192);
	assert_int_equal(bpf(BPF_MAP_FREEZE, &attr), 0);
	assert_errno(EPERM, mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0));
	values = mmap(NULL, 8192, PROT_READ, MAP_SHARED, map, 0);
	assert_true(values != MAP_FAILED);
	close(map);
	assert_int_equal(values[3], 8);
	munmap(values, 8192);
	close(plain);
}

/* The memory behind a descriptor is the map's, which is frozen: only bpf(2) could have changed it.
 */
static void written_by_descriptor(void **state)
{
	int map = make_map(BPF_F_MMAPABLE);
	union bpf_attr frozen = {.map_fd = map};
	char bytes[64] = "bytes";
	struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	uint64_t value = 0;

	assert_int_equal(put(map, 5), 0);
	assert_int_equal(bpf(BPF_MAP_FREEZE, &frozen), 0);
	assert_errno(EINVAL, write(map, bytes, sizeof(bytes)));
	assert_errno(EINVAL, writev(map, &part, 1));
	assert_errno(ESPIPE, pwrite(map, bytes, sizeof(bytes), 0));
	assert_errno(ESPIPE, pwrite64(map, bytes, sizeof(bytes), 0));
	assert_int_equal(look(map, &value), 0);
	assert_int_equal(value, 5);
	close(map);
}

static void types(void **state)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";
	size_t size;
	const void *types = trek_vmlinux_btf(&size);
	void *bytes = malloc(size + 1);
	FILE *file;
	int fd;

	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(faccessat(AT_FDCWD, path, R_OK, AT_EACCESS), 0);
	assert_errno(EACCES, access(path, W_OK));
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, size + 1, file), size);
	assert_memory_equal(bytes, types, size);
	assert_int_equal(fseek(file, 0, SEEK_SET), 0);
	fclose(file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(read(fd, bytes, size + 1), size);
	assert_int_equal(lseek(fd, 0, SEEK_END), size);
	close(fd);
	assert_errno(EACCES, open(path, O_RDWR));
	assert_null(fopen(path, "r+"));
	free(bytes);
}

static void fdinfo(void **state)
{
	int map = make_map(0);
	char path[64], text[1024] = "";
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", getpid(), map);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_non_null(strstr(text, "\nmap_type:\t2\n"));
	assert_non_null(strstr(text, "\nmax_entries:\t1024\n"));
	close(map);
	assert_null(fopen(path, "r"));
	/* Of a file that is not the runtime's, it is the host's. */
	fd = open("/dev/null", O_RDONLY);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	assert_non_null(file);
	memset(text, 0, sizeof(text));
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	assert_null(strstr(text, "map_type"));
	fclose(file);
	close(fd);
}

static void pins(void **state)
{
	union bpf_attr attr = {.pathname = (uintptr_t)PIN};
	int map = make_map(0), fd;
	struct statfs fs;
	uint64_t value;

	assert_int_equal(statfs("/sys/fs/bpf", &fs), 0);
	assert_int_equal(fs.f_type, BPF_FS_MAGIC);
	assert_errno(EEXIST, mkdir("/sys/fs/bpf/directory", 0700));
	assert_errno(ENOENT, access(PIN, F_OK));
	assert_errno(ENOENT, open(PIN, O_RDONLY));
	assert_errno(ENOENT, unlink(PIN));
	assert_errno(ENOENT, bpf(BPF_OBJ_GET, &attr));
	attr.bpf_fd = map;
	assert_int_equal(bpf(BPF_OBJ_PIN, &attr), 0);
	attr.bpf_fd = 0;
	put(map, 5);
	close(map);
	assert_int_equal(access(PIN, R_OK), 0);
	assert_errno(EACCES, access(PIN, X_OK));
	/* A map is pinned there, not an iterator: the kernel too has nothing to read from it. */
	assert_errno(EIO, open(PIN, O_RDONLY));
	assert_null(fopen(PIN, "r"));
	fd = (int)bpf(BPF_OBJ_GET, &attr);
	assert_true(fd >= 3);
	assert_int_equal(look(fd, &value) ? 0 : value, 5);
	assert_int_equal(unlinkat(AT_FDCWD, PIN, 0), 0);
	assert_errno(ENOENT, remove(PIN));
	close(fd);
}

/* What is not the runtime's is done by libc, as if nothing were between. */
static void files(void **state)
{
	char path[] = "/tmp/bpftrek-shim-XXXXXX", name[80], text[8];
	int fd = mkstemp(path), dir;
	struct statfs fs;
	void *memory;
	FILE *file;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "abcdef", 6), 6);
	assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
	assert_int_equal(read(fd, text, 2), 2);
	assert_memory_equal(text, "bc", 2);
	assert_int_equal(pread(fd, text, 8, 4), 2);
	memory = mmap(NULL, 6, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_memory_equal(memory, "abcdef", 6);
	munmap(memory, 6);
	close(fd);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, EEXIST);
	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0640);
	assert_true(fd >= 0);
	close(fd);
	dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	fd = openat(dir, strrchr(path, '/') + 1, O_RDONLY);
	assert_true(fd >= 0);
	file = fdopen(fd, "r");
	assert_non_null(file);
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
	assert_int_equal(faccessat(dir, strrchr(path, '/') + 1, R_OK, 0), 0);
	assert_int_equal(unlinkat(dir, strrchr(path, '/') + 1, 0), 0);
	close(dir);
	snprintf(name, sizeof(name), "%s/directory", path);
	assert_errno(ENOENT, mkdir(name, 0700));
	assert_errno(ENOENT, access(name, F_OK));
	assert_errno(ENOENT, remove(name));
	assert_int_equal(statfs("/tmp", &fs), 0);
	assert_int_not_equal(fs.f_type, BPF_FS_MAGIC);
}

static void *make_and_end(void *arg)
{
	long *wrong = arg;
	uint64_t value;
	int map, copy;

	for (int i = 0; i < 200; i++) {
		map = make_map(0);
		put(map, i);
		copy = dup(map);
		close(map);
		*wrong += look(copy, &value) || value != i;
		*wrong += close(copy) != 0;
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t thread[4];
	long wrong[4] = {0};

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, make_and_end, &wrong[i]), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(wrong[i], 0);
	}
}

static void forked_child(void **state)
{
	int map = make_map(0), status;
	uint64_t value;
	pid_t child;

	put(map, 1);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		/* A copy of the runtime: what is written there stays there. */
		_exit(look(map, &value) || value != 1 || put(map, 2) || close(map) ||
		      look(map, &value) != -EBADF);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(look(map, &value) ? 0 : value, 1);
	close(map);
}

/* It runs in our memory, and what it closes are its own descriptors. */
static void vforked_child(void **state)
{
	int map = make_map(0), status;
	uint64_t value;
	pid_t child;

	put(map, 1);
	child = vfork();
	assert_true(child >= 0);
	if (!child) {
		close(map);
		close_range(map, map, 0);
		_exit(fcntl(map, F_GETFD) != -1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(look(map, &value) ? 0 : value, 1);
	close(map);
}

static void one_at_a_time(void **state)
{
	assert_int_equal(shim_enable(*state), -EBUSY);
}

/* How many descriptors are open. */
static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void nothing_is_left(void **state)
{
	int before = count_descriptors();
	void *rt = NULL;

	assert_int_equal(setup(&rt), 0);
	make_map(0);
	dup(make_map(BPF_F_MMAPABLE));
	assert_true(count_descriptors() > before);
	assert_int_equal(teardown(&rt), 0);
	assert_int_equal(count_descriptors(), before);
}

#define on_runtime(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* --- ring buffers ------------------------------------------------------------------------ */

static int make_ring(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096};
	long fd = bpf(BPF_MAP_CREATE, &attr);

	assert_true(fd >= 3);
	return (int)fd;
}

/* SOCKET_FILTER: bpf_ringbuf_output(@ring, stack, 8, @flags). */
static int make_producer(int ring, int flags)
{
	struct bpf_insn code[] = {
		{.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8, .imm = 77},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = ring},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = flags},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t) "GPL",
	};
	long fd = bpf(BPF_PROG_LOAD, &attr);

	assert_true(fd >= 3);
	return (int)fd;
}

static int produce(int producer)
{
	char packet[64] = {0};
	union bpf_attr attr = {.test = {.prog_fd = producer,
					.data_in = (uintptr_t)packet,
					.data_size_in = sizeof(packet)}};

	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	return (int)attr.test.retval;
}

struct consumer {
	unsigned long *consumed, *produced;
	size_t page;
};

static struct consumer map_ring(int ring)
{
	struct consumer consumer = {.page = (size_t)sysconf(_SC_PAGESIZE)};

	consumer.consumed = mmap(NULL, consumer.page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	assert_true(consumer.consumed != MAP_FAILED);
	consumer.produced =
		mmap(NULL, consumer.page + 8192, PROT_READ, MAP_SHARED, ring, (off_t)consumer.page);
	assert_true(consumer.produced != MAP_FAILED);
	return consumer;
}

static void unmap_ring(const struct consumer *consumer)
{
	munmap(consumer->consumed, consumer->page);
	munmap(consumer->produced, consumer->page + 8192);
}

static void consume(const struct consumer *consumer)
{
	*consumer->consumed = *consumer->produced;
}

/* Each way to wait, without doing so: is @ring, or the epoll instance that it is in, ready? */
static int by_epoll_wait(int epoll, int ring)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, 0);
}

static int by_epoll_pwait(int epoll, int ring)
{
	struct epoll_event event;

	return epoll_pwait(epoll, &event, 1, 0, NULL);
}

static int by_system_call(int epoll, int ring)
{
	struct epoll_event event;

	return (int)syscall(SYS_epoll_pwait, (long)epoll, &event, 1L, 0L, NULL, 0L);
}

static int by_poll_of_epoll(int epoll, int ring)
{
	struct pollfd fd = {.fd = epoll, .events = POLLIN};

	return poll(&fd, 1, 0);
}

static int by_poll(int epoll, int ring)
{
	struct pollfd fd = {.fd = ring, .events = POLLIN};

	return poll(&fd, 1, 0);
}

static int by_ppoll(int epoll, int ring)
{
	struct pollfd fd = {.fd = ring, .events = POLLIN};

	return ppoll(&fd, 1, &(struct timespec){0}, NULL);
}

static int by_select(int epoll, int ring)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ring, &set);
	return select(ring + 1, &set, NULL, NULL, &(struct timeval){0});
}

static int by_pselect(int epoll, int ring)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ring, &set);
	return pselect(ring + 1, &set, NULL, NULL, &(struct timespec){0}, NULL);
}

static void waiting_for_a_ring(void **state)
{
	static const struct {
		int (*ready)(int epoll, int ring);
		bool looks; /* at what came without a wakeup, too */
	} ways[] = {
		{by_epoll_wait, false},	   {by_epoll_pwait, false}, {by_system_call, false},
		{by_poll_of_epoll, false}, {by_poll, true},	    {by_ppoll, true},
		{by_select, true},	   {by_pselect, true},
	};
	int ring = make_ring(), epoll = epoll_create1(EPOLL_CLOEXEC), duplicate = dup(ring);
	int wakes = make_producer(ring, 0), quiet = make_producer(ring, BPF_RB_NO_WAKEUP);
	struct epoll_event event = {.events = EPOLLIN};
	struct consumer consumer = map_ring(ring);
	uint64_t word = 1;

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, duplicate, &event), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		/* By either descriptor of the map; level triggered. */
		int fd = i % 2 ? ring : duplicate;

		assert_int_equal(ways[i].ready(epoll, fd), 0);
		assert_int_equal(produce(wakes), 0);
		assert_int_equal(ways[i].ready(epoll, fd), 1);
		assert_int_equal(ways[i].ready(epoll, fd), 1);
		consume(&consumer);
		assert_int_equal(ways[i].ready(epoll, fd), 0);
		assert_int_equal(produce(quiet), 0);
		assert_int_equal(ways[i].ready(epoll, fd), ways[i].looks);
		consume(&consumer);
		assert_int_equal(ways[i].ready(epoll, fd), 0);
	}
	/* Added when there is something already. */
	assert_int_equal(produce(quiet), 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 1);
	/* Who closes it does not wait for it any more, whoever else has the map. */
	close(duplicate);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 1);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_DEL, ring, NULL), 0);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	/* It cannot be read or written. */
	assert_errno(EINVAL, read(ring, &word, 8));
	assert_errno(EINVAL, write(ring, &word, 8));
	unmap_ring(&consumer);
	close(epoll);
	close(ring);
	close(wakes);
	close(quiet);
}

/* The end of memory: @size bytes before it can be used, and nothing after it. */
static void *end_of_memory(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(pages != MAP_FAILED && size <= page);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	return pages + page - size;
}

/* A bad address is EFAULT, also where there is a ring to look for. */
static void waiting_with_bad_addresses(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
	skip_because("AddressSanitizer looks at what poll() is given itself");
#else
	struct pollfd *end = end_of_memory(0);
	int ring = make_ring();

	assert_errno(EFAULT, poll(end, 1, 0));
	assert_errno(EFAULT, poll(end - 1, 2, 0));
	assert_errno(EFAULT, ppoll(end, 1, &(struct timespec){0}, NULL));
	assert_errno(EINVAL, poll(end, 1u << 30, 0));
	assert_int_equal(poll(NULL, 0, 0), 0);
	assert_errno(EFAULT, select(ring + 1, (fd_set *)end, NULL, NULL, &(struct timeval){0}));
	assert_errno(EFAULT,
		     pselect(ring + 1, (fd_set *)end, NULL, NULL, &(struct timespec){0}, NULL));
	assert_errno(EINVAL, select(-1, (fd_set *)end, NULL, NULL, &(struct timeval){0}));
	close(ring);
#endif
}

/* One of a set that ends with its last word, and the last of many. */
static void waiting_among_others(void **state)
{
	int ring = make_ring(), producer = make_producer(ring, BPF_RB_NO_WAKEUP);
	struct pollfd *fds = end_of_memory(200 * sizeof(*fds));
	unsigned char *set = end_of_memory(8);

	assert_true(ring < 64);
	assert_int_equal(produce(producer), 0);
	set[ring / 8] = (unsigned char)(1 << ring % 8);
	assert_int_equal(select(ring + 1, (fd_set *)set, NULL, NULL, &(struct timeval){0}), 1);
	memset(fds, 0xff, 200 * sizeof(*fds));
	fds[199] = (struct pollfd){.fd = ring, .events = POLLIN};
	assert_int_equal(poll(fds, 200, 0), 1);
	close(ring);
	close(producer);
}

/* Who waits for edges is told once of what is there, however often he asks. */
static void waiting_for_edges(void **state)
{
	int ring = make_ring(), epoll = epoll_create1(EPOLL_CLOEXEC);
	int wakes = make_producer(ring, 0), quiet = make_producer(ring, BPF_RB_NO_WAKEUP);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	struct consumer consumer = map_ring(ring);

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(produce(wakes), 0);
		assert_int_equal(by_epoll_wait(epoll, ring), 1);
		assert_int_equal(by_epoll_wait(epoll, ring), 0);
		assert_int_equal(by_poll(epoll, ring), 1);
		assert_int_equal(by_epoll_wait(epoll, ring), 0);
		/* The consumer is not there yet. */
		assert_int_equal(produce(wakes), 0);
		assert_int_equal(by_epoll_wait(epoll, ring), 0);
		consume(&consumer);
		if (i % 2)
			assert_int_equal(by_epoll_wait(epoll, ring), 0);
	}
	assert_int_equal(produce(quiet), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_MOD, ring, &event), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 1);
	assert_int_equal(by_epoll_wait(epoll, ring), 0);
	unmap_ring(&consumer);
	close(epoll);
	close(ring);
	close(wakes);
	close(quiet);
}

static void *produce_later(void *arg)
{
	usleep(20000);
	produce(*(int *)arg);
	return NULL;
}

static void a_waiter_is_woken(void **state)
{
	int ring = make_ring(), epoll = epoll_create1(EPOLL_CLOEXEC);
	int producer = make_producer(ring, 0);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
	struct consumer consumer = map_ring(ring);
	pthread_t thread;

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event), 0);
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, produce_later, &producer);
		memset(&event, 0, sizeof(event));
		assert_int_equal(epoll_wait(epoll, &event, 1, 10000), 1);
		assert_int_equal(event.data.u64, 5);
		pthread_join(thread, NULL);
		assert_int_equal(*consumer.produced - *consumer.consumed, 16);
		consume(&consumer);
	}
	assert_int_equal(epoll_wait(epoll, &event, 1, 1), 0);
	unmap_ring(&consumer);
	close(epoll);
	close(ring);
	close(producer);
}

/* What an embedding application calls; it needs no descriptor for it. */
static void waiting_in_the_runtime(void **state)
{
	int ring = make_ring(), map = make_map(0), producer = make_producer(ring, 0);
	struct consumer consumer = map_ring(ring);
	pthread_t thread;

	assert_int_equal(trek_poll(*state, ring, 0), 0);
	assert_int_equal(trek_poll(*state, ring, 2), 0);
	for (int timeout = -1; timeout <= 10000; timeout += 10001) {
		pthread_create(&thread, NULL, produce_later, &producer);
		assert_int_equal(trek_poll(*state, ring, timeout), 1);
		assert_int_equal(trek_poll(*state, ring, 0), 1);
		pthread_join(thread, NULL);
		consume(&consumer);
	}
	assert_int_equal(trek_poll(*state, ring, 0), 0);
	assert_int_equal(trek_poll(*state, map, 0), -ENOTSUP);
	assert_int_equal(trek_poll(*state, producer, -1), -ENOTSUP);
	assert_int_equal(trek_poll(*state, 9999, 0), -EBADF);
	unmap_ring(&consumer);
	close(ring);
	close(map);
	close(producer);
}

/* MAP_FIXED of what is made of several parts. */
static void map_ring_at_an_address(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all = 2 * page + 8192;
	int ring = make_ring(), producer = make_producer(ring, 0);
	char *at = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	assert_int_equal(produce(producer), 0);
	assert_true(mmap(at, all, PROT_READ, MAP_SHARED | MAP_FIXED, ring, 0) == at);
	assert_int_equal(*(unsigned long *)(at + page), 16);
	assert_int_equal(*(uint64_t *)(at + 2 * page + 8), 77);
	assert_int_equal(*(uint64_t *)(at + 2 * page + 4096 + 8), 77);
	assert_errno(EPERM,
		     mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0) == MAP_FAILED
			     ? -1
			     : 0);
	assert_errno(EINVAL,
		     mmap(NULL, all + page, PROT_READ, MAP_SHARED, ring, 0) == MAP_FAILED ? -1 : 0);
	munmap(at, all);
	close(ring);
	close(producer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_runtime(other_system_calls),
		on_runtime(handles_are_descriptors),
		on_runtime(duplicates),
		on_runtime(ranges),
		on_runtime(mapped_memory),
		on_runtime(written_by_descriptor),
		on_runtime(types),
		on_runtime(fdinfo),
		on_runtime(pins),
		on_runtime(files),
		on_runtime(threads),
		on_runtime(forked_child),
		on_runtime(vforked_child),
		on_runtime(one_at_a_time),
		on_runtime(waiting_for_a_ring),
		on_runtime(waiting_with_bad_addresses),
		on_runtime(waiting_among_others),
		on_runtime(waiting_for_edges),
		on_runtime(a_waiter_is_woken),
		on_runtime(waiting_in_the_runtime),
		on_runtime(map_ring_at_an_address),
		cmocka_unit_test(nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
