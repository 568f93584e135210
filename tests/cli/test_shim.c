/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The shim, linked into a program: what is the runtime's goes to the runtime, everything else to
 * libc, with the results and errno of either. Ring buffers: test_shim_rings.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_test.h"

#define PIN "/sys/fs/bpf/test"

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
		cmocka_unit_test(nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
