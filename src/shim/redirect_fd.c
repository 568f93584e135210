/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The functions of libc that make, use and end a descriptor of bpf(2), in front of libc's.
 *
 * Each has one shape: if the descriptor is the runtime's, ask the runtime and set errno as libc
 * does; else do what the next one does. This file is compiled without _FORTIFY_SOURCE, whose
 * inline versions of these functions would stand in the way, and without _FILE_OFFSET_BITS, which
 * makes one of the names open and open64.
 */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "handles.h"
#include "next.h"

_Static_assert(sizeof(off_t) == sizeof(long), "open64 and mmap64 are open and mmap");

/* The system calls behind the functions of redirect_poll.c, for those who call them so. */
static bool waits(long number)
{
	switch (number) {
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
#ifdef SYS_epoll_pwait2
	case SYS_epoll_pwait2:
#endif
#ifdef SYS_poll
	case SYS_poll:
#endif
	case SYS_epoll_pwait:
	case SYS_ppoll:
	case SYS_pselect6:
		return true;
	}
	return false;
}

/*
 * How many arguments there are depends on the number; like libc, take six. Those that the caller
 * did not pass are whatever stands there, which no sanitizer should have an opinion on.
 */
__attribute__((no_sanitize("address"))) long syscall(long number, ...)
{
	struct trek_runtime *rt;
	long a[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);

	rt = shim_runtime();
	if (number == SYS_bpf && rt)
		return shim_result(trek_bpf(rt, (int)a[0], (union bpf_attr *)a[1], (uint32_t)a[2]));
	if (waits(number))
		shim_settle();
	/* libbpf from 1.4 on calls it so. */
	if (number == SYS_dup3 && rt)
		return dup3((int)a[0], (int)a[1], (int)a[2]);
	return next(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int close(int fd)
{
	struct trek_runtime *rt = shim_runtime_of(fd);

	return rt ? (int)shim_result(trek_close(rt, fd)) : next(close)(fd);
}

static void end_handles(unsigned int first, unsigned int last)
{
	struct trek_runtime *rt;
	long max;

	if (!shim_runtime())
		return;
	max = sysconf(_SC_OPEN_MAX);
	if (max > 0 && last >= max)
		last = (unsigned int)max - 1;
	for (unsigned int fd = first; fd <= last && fd <= INT_MAX; fd++) {
		rt = shim_runtime_of((int)fd);
		if (rt)
			trek_close(rt, (int)fd);
	}
}

int close_range(unsigned int first, unsigned int last, int flags)
{
	if (!(flags & CLOSE_RANGE_CLOEXEC))
		end_handles(first, last);
	return next(close_range)(first, last, flags);
}

void closefrom(int first)
{
	end_handles(first < 0 ? 0 : first, UINT_MAX);
	next(closefrom)(first);
}

int dup(int fd)
{
	struct trek_runtime *rt = shim_runtime_of(fd);

	if (!rt)
		return next(dup)(fd);
	return (int)shim_result(shim_dup(rt, fd, (struct shim_place){.at = -1}));
}

/* dup2() and dup3() of two different numbers of which at least one is a handle. */
static int dup_onto(int fd, int onto, bool cloexec)
{
	struct trek_runtime *rt = shim_runtime_of(fd), *ended;

	if (onto < 0 || (!rt && next(fcntl)(fd, F_GETFD) < 0))
		return -EBADF;
	ended = shim_runtime_of(onto);
	if (ended)
		trek_close(ended, onto);
	if (rt)
		return shim_dup(rt, fd, (struct shim_place){.at = onto, .cloexec = cloexec});
	onto = next(dup3)(fd, onto, cloexec ? O_CLOEXEC : 0);
	return onto < 0 ? -errno : onto;
}

int dup2(int fd, int onto)
{
	if (fd == onto || (!shim_runtime_of(fd) && !shim_runtime_of(onto)))
		return next(dup2)(fd, onto);
	return (int)shim_result(dup_onto(fd, onto, false));
}

int dup3(int fd, int onto, int flags)
{
	if (fd == onto || flags & ~O_CLOEXEC || (!shim_runtime_of(fd) && !shim_runtime_of(onto)))
		return next(dup3)(fd, onto, flags);
	return (int)shim_result(dup_onto(fd, onto, flags & O_CLOEXEC));
}

static int redirect_fcntl(int fd, int command, void *arg)
{
	struct trek_runtime *rt = shim_runtime_of(fd);
	struct shim_place place = {.at = -1, .from = (int)(long)arg};

	if (!rt || (command != F_DUPFD && command != F_DUPFD_CLOEXEC))
		return next(fcntl)(fd, command, arg);
	place.cloexec = command == F_DUPFD_CLOEXEC;
	return (int)shim_result(shim_dup(rt, fd, place));
}

/* The third argument is an int, a pointer or nothing; as a pointer it holds any of them. */
#define fcntl_body(fd, command)                                                                    \
	va_list args;                                                                              \
	void *arg;                                                                                 \
	va_start(args, command);                                                                   \
	arg = va_arg(args, void *);                                                                \
	va_end(args);                                                                              \
	return redirect_fcntl(fd, command, arg)

__attribute__((no_sanitize("address"))) int fcntl(int fd, int command, ...)
{
	fcntl_body(fd, command);
}

__attribute__((no_sanitize("address"))) int fcntl64(int fd, int command, ...)
{
	fcntl_body(fd, command);
}

ssize_t read(int fd, void *buf, size_t size)
{
	struct trek_runtime *rt = shim_runtime_of(fd);

	return rt ? shim_result(trek_read(rt, fd, buf, size)) : next(read)(fd, buf, size);
}

/* read() of a program that was compiled with _FORTIFY_SOURCE. */
extern void __chk_fail(void) __attribute__((noreturn));
ssize_t __read_chk(int fd, void *buf, size_t size, size_t buf_size);
ssize_t __read_chk(int fd, void *buf, size_t size, size_t buf_size)
{
	if (size > buf_size)
		__chk_fail();
	return read(fd, buf, size);
}

/* As the kernel reads a file that has no vectored read: part by part, until one is short. */
ssize_t readv(int fd, const struct iovec *parts, int count)
{
	struct trek_runtime *rt = shim_runtime_of(fd);
	ssize_t total = 0, got;

	if (!rt)
		return next(readv)(fd, parts, count);
	if (count < 0 || count > IOV_MAX)
		return shim_result(-EINVAL);
	for (int i = 0; i < count; i++) {
		got = trek_read(rt, fd, parts[i].iov_base, parts[i].iov_len);
		if (got < 0)
			return total ? total : shim_result(got);
		total += got;
		if ((size_t)got < parts[i].iov_len)
			break;
	}
	return total;
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	return shim_runtime_of(fd) ? shim_result(-ESPIPE) : next(pread)(fd, buf, size, offset);
}

ssize_t pread64(int fd, void *buf, size_t size, off64_t offset)
{
	return pread(fd, buf, size, offset);
}

/* Nothing of the runtime's is written to by descriptor, least of all memory that stands behind one
 * that it lent: a map may be frozen. */
ssize_t write(int fd, const void *buf, size_t size)
{
	return shim_runtime_of(fd) ? shim_result(-EINVAL) : next(write)(fd, buf, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return shim_runtime_of(fd) ? shim_result(-EINVAL) : next(writev)(fd, parts, count);
}

ssize_t pwrite(int fd, const void *buf, size_t size, off_t offset)
{
	return shim_runtime_of(fd) ? shim_result(-ESPIPE) : next(pwrite)(fd, buf, size, offset);
}

ssize_t pwrite64(int fd, const void *buf, size_t size, off64_t offset)
{
	return pwrite(fd, buf, size, offset);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return shim_runtime_of(fd) ? shim_result(-ESPIPE) : next(lseek)(fd, offset, whence);
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
	return lseek(fd, offset, whence);
}

/*
 * Move *@mapped to @at. What is mapped of a ring buffer can be of several parts, which the kernel
 * (before 6.17) does not move together: page by page then.
 */
static int move_mapping(void **mapped, char *at, size_t len)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *from = *mapped;
	size_t done = 0;
	int err;

	*mapped = mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	if (*mapped != MAP_FAILED)
		return 0;
	while (errno == EFAULT && done < len &&
	       mremap(from + done, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, at + done) !=
		       MAP_FAILED)
		done += page;
	*mapped = at;
	if (done >= len)
		return 0;
	err = -errno;
	munmap(at, done);
	munmap(from, len);
	return err;
}

/*
 * The descriptor is a duplicate of the map's memory, yet the runtime is asked, which knows whether
 * the map may be written and whether the range is in it.
 */
static long map_handle(struct trek_runtime *rt, void *at, size_t len, int prot, int flags, int fd,
		       off_t offset)
{
	bool is_fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	void *reserved = NULL, *mapped;
	int err;

	if ((flags & MAP_TYPE) != MAP_SHARED && (flags & MAP_TYPE) != MAP_SHARED_VALIDATE)
		return -EINVAL;
	/* Take the place first: nothing else, nor the mapping that is to move there, can have it.
	 */
	if (flags & MAP_FIXED_NOREPLACE) {
		reserved = next(mmap)(at, len, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (reserved == MAP_FAILED)
			return -errno;
	}
	err = trek_mmap(rt, fd, len, prot, offset, &mapped);
	if (!err && is_fixed)
		err = move_mapping(&mapped, at, len);
	if (err && reserved)
		munmap(reserved, len);
	return err ? err : (long)mapped;
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	struct trek_runtime *rt = flags & MAP_ANONYMOUS ? NULL : shim_runtime_of(fd);

	if (!rt)
		return next(mmap)(at, len, prot, flags, fd, offset);
	return (void *)shim_result(map_handle(rt, at, len, prot, flags, fd, offset));
}

void *mmap64(void *at, size_t len, int prot, int flags, int fd, off64_t offset)
{
	return mmap(at, len, prot, flags, fd, offset);
}

/* A stream reads inside libc, where nothing is redirected; so it gets functions of its own. */
static ssize_t stream_read(void *cookie, char *buf, size_t size)
{
	return read((int)(long)cookie, buf, size);
}

static int stream_close(void *cookie)
{
	return close((int)(long)cookie);
}

FILE *fdopen(int fd, const char *mode)
{
	const cookie_io_functions_t functions = {.read = stream_read, .close = stream_close};

	if (!shim_runtime_of(fd))
		return next(fdopen)(fd, mode);
	return fopencookie((void *)(long)fd, mode, functions);
}
