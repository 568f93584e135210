/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The functions of libc that take the path of a file in which the kernel shows BPF, in front of
 * libc's; see redirect_fd.c for their shape.
 */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "files.h"
#include "handles.h"
#include "next.h"

/* A file of the runtime that open() opens; directories are left to the host. */
static bool is_file(enum shim_path kind)
{
	return kind != SHIM_PATH_HOST && kind != SHIM_PATH_BPFFS;
}

static int redirect_openat(int dir, const char *path, int flags, mode_t mode)
{
	enum shim_path kind = shim_path(path);

	if (!is_file(kind) || flags & (O_PATH | O_DIRECTORY))
		return next(openat)(dir, path, flags, mode);
	return (int)shim_result(shim_open(kind, path, flags));
}

/* The mode is there only if a file may be made. */
#define mode_argument(flags)                                                                       \
	({                                                                                         \
		mode_t mode_ = 0;                                                                  \
		if ((flags) & (O_CREAT | __O_TMPFILE)) {                                           \
			va_list args;                                                              \
			va_start(args, flags);                                                     \
			mode_ = va_arg(args, mode_t);                                              \
			va_end(args);                                                              \
		}                                                                                  \
		mode_;                                                                             \
	})

int open(const char *path, int flags, ...)
{
	return redirect_openat(AT_FDCWD, path, flags, mode_argument(flags));
}

int open64(const char *path, int flags, ...)
{
	return redirect_openat(AT_FDCWD, path, flags, mode_argument(flags));
}

int openat(int dir, const char *path, int flags, ...)
{
	return redirect_openat(dir, path, flags, mode_argument(flags));
}

int openat64(int dir, const char *path, int flags, ...)
{
	return redirect_openat(dir, path, flags, mode_argument(flags));
}

/* What programs call that were compiled with _FORTIFY_SOURCE and pass no mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

int __openat_2(int dir, const char *path, int flags)
{
	return is_file(shim_path(path)) ? redirect_openat(dir, path, flags, 0)
					: next(__openat_2)(dir, path, flags);
}

int __openat64_2(int dir, const char *path, int flags)
{
	return __openat_2(dir, path, flags);
}

int __open_2(const char *path, int flags)
{
	return __openat_2(AT_FDCWD, path, flags);
}

int __open64_2(const char *path, int flags)
{
	return __openat_2(AT_FDCWD, path, flags);
}

FILE *fopen(const char *path, const char *mode)
{
	enum shim_path kind = shim_path(path);
	FILE *stream;
	int fd;

	if (!is_file(kind))
		return next(fopen)(path, mode);
	fd = shim_open(kind, path,
		       (mode[0] == 'r' && !strchr(mode, '+') ? O_RDONLY : O_RDWR) |
			       (strchr(mode, 'e') ? O_CLOEXEC : 0));
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	stream = fdopen(fd, mode);
	if (!stream)
		close(fd);
	return stream;
}

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

int faccessat(int dir, const char *path, int mode, int flags)
{
	enum shim_path kind = shim_path(path);

	if (!is_file(kind))
		return next(faccessat)(dir, path, mode, flags);
	if (kind == SHIM_PATH_PIN) {
		int err = shim_pin_exists(path);

		return (int)shim_result(err ? err : mode & X_OK ? -EACCES : 0);
	}
	return (int)shim_result(mode & (W_OK | X_OK) ? -EACCES : 0);
}

int access(const char *path, int mode)
{
	return is_file(shim_path(path)) ? faccessat(AT_FDCWD, path, mode, 0)
					: next(access)(path, mode);
}

int unlink(const char *path)
{
	if (shim_path(path) != SHIM_PATH_PIN)
		return next(unlink)(path);
	return (int)shim_result(trek_unlink(shim_runtime(), path));
}

int unlinkat(int dir, const char *path, int flags)
{
	if (shim_path(path) != SHIM_PATH_PIN || flags & AT_REMOVEDIR)
		return next(unlinkat)(dir, path, flags);
	return unlink(path);
}

int remove(const char *path)
{
	return shim_path(path) == SHIM_PATH_PIN ? unlink(path) : next(remove)(path);
}

/* Pinning asks first whether the directory is of the BPF file system, and makes it if need be. */
int statfs(const char *path, struct statfs *buf)
{
	enum shim_path kind = shim_path(path);

	if (kind != SHIM_PATH_BPFFS && kind != SHIM_PATH_PIN)
		return next(statfs)(path, buf);
	*buf = (struct statfs){.f_type = BPF_FS_MAGIC, .f_namelen = 255};
	return 0;
}

int statfs64(const char *path, struct statfs64 *buf)
{
	return statfs(path, (struct statfs *)buf);
}

int mkdir(const char *path, mode_t mode)
{
	enum shim_path kind = shim_path(path);

	if (kind != SHIM_PATH_BPFFS && kind != SHIM_PATH_PIN)
		return next(mkdir)(path, mode);
	return (int)shim_result(-EEXIST);
}
