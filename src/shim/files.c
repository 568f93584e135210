/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The runtime's files. One with bytes is a memfd that holds them: it can be read, mapped and
 * sought like the kernel's, and needs no host file to be there. As in the kernel, such a file is
 * what it was when it was opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "files.h"
#include "handles.h"
#include "next.h"

static const char btf_path[] = "/sys/kernel/btf/vmlinux";
static const char bpffs_path[] = "/sys/fs/bpf";

/* What of @path comes after @prefix, or NULL. */
static const char *after(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(path, prefix, len) ? NULL : path + len;
}

/* A decimal number up to @end's character; -1 if it is none. */
static int number_until(const char *digits, char stop, const char **end)
{
	int number = 0;

	if (*digits < '0' || *digits > '9')
		return -1;
	for (; *digits >= '0' && *digits <= '9'; digits++) {
		if (number > (INT32_MAX - 9) / 10)
			return -1;
		number = number * 10 + (*digits - '0');
	}
	*end = digits + 1;
	return *digits == stop ? number : -1;
}

/* The N of /proc/self/fdinfo/N and of /proc/PID/fdinfo/N of this process; -1. */
static int fdinfo_number(const char *path)
{
	const char *rest = after(path, "/proc/"), *end;

	if (!rest)
		return -1;
	end = after(rest, "self/");
	if (!end && number_until(rest, '/', &end) != getpid())
		return -1;
	end = after(end, "fdinfo/");
	return end ? number_until(end, '\0', &end) : -1;
}

enum shim_path shim_path(const char *path)
{
	const char *rest;

	/* Everything here begins with a slash; libc itself says EFAULT of NULL. */
	if (!path || path[0] != '/' || !shim_runtime())
		return SHIM_PATH_HOST;
	if (!strcmp(path, btf_path))
		return SHIM_PATH_BTF;
	rest = after(path, bpffs_path);
	if (rest && (!*rest || !strcmp(rest, "/")))
		return SHIM_PATH_BPFFS;
	if (rest && *rest == '/')
		return SHIM_PATH_PIN;
	return shim_runtime_of(fdinfo_number(path)) ? SHIM_PATH_FDINFO : SHIM_PATH_HOST;
}

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t written;

	for (; size; data += written, size -= written) {
		written = write(fd, data, size);
		if (written < 0)
			return -errno;
	}
	return 0;
}

static int open_bytes(const char *name, int flags, const void *data, size_t size)
{
	int fd, err;

	fd = memfd_create(name, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
	if (fd < 0)
		return -errno;
	err = write_all(fd, data, size);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (err) {
		next(close)(fd);
		return err;
	}
	return fd;
}

static int open_fdinfo(const char *path, int flags)
{
	int handle = fdinfo_number(path), head, fd = -ENOMEM;
	struct trek_runtime *rt = shim_runtime_of(handle);
	size_t size = 512;
	char *text = NULL, *larger;
	ssize_t len;

	if (!rt)
		return -ENOENT;
	do {
		size *= 2;
		larger = realloc(text, size);
		if (!larger)
			goto out;
		text = larger;
		head = snprintf(text, size, "pos:\t0\nflags:\t0%o\nmnt_id:\t0\n",
				O_RDWR | O_CLOEXEC);
		len = trek_fdinfo(rt, handle, text + head, size - head);
	} while (len == -ENOSPC && size < 1 << 20);
	fd = len < 0 ? len : open_bytes("bpf-fdinfo", flags, text, head + len);
out:
	free(text);
	return fd;
}

static int open_pin(const char *path, int flags)
{
	int fd;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	fd = trek_open(shim_runtime(), path);
	if (fd >= 0 && !(flags & O_CLOEXEC))
		next(fcntl)(fd, F_SETFD, 0);
	return fd;
}

int shim_open(enum shim_path kind, const char *path, int flags)
{
	const void *btf;
	size_t size;

	if (kind == SHIM_PATH_PIN)
		return open_pin(path, flags);
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	if (kind == SHIM_PATH_FDINFO)
		return open_fdinfo(path, flags);
	btf = trek_vmlinux_btf(&size);
	return open_bytes("vmlinux-btf", flags, btf, size);
}

int shim_pin_exists(const char *path)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	fd = trek_bpf(shim_runtime(), BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0)
		return fd;
	trek_close(shim_runtime(), fd);
	return 0;
}
