/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What answers bpf(2): the kernel or the runtime in this process. The tests of FACTS.md are written
 * against this, so that the same lines run on both. Results are the system call's, errors are
 * negative errno.
 */
#ifndef FACTS_ENGINE_H
#define FACTS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct engine {
	const char *name;
	bool is_private; /* no objects but the tests' own are in it */
	/* NULL, or why this engine cannot be had here. */
	const char *(*start)(void);
	/* Give everything back. */
	void (*stop)(void);
	int (*bpf)(int cmd, void *attr, unsigned int size);
	ssize_t (*read)(int fd, void *buf, size_t size);
	int (*close)(int fd);
	int (*dup)(int fd);
	int (*open)(const char *path); /* of a pin, to read */
	int (*unlink)(const char *path);
	/* The object's own lines of fdinfo, NUL-terminated; the length. */
	ssize_t (*fdinfo)(int fd, char *buf, size_t size);
	int (*mmap)(int fd, size_t size, int prot, off_t offset, void **addr);
	int (*poll)(int fd); /* 1: something to read, at once */
	off_t (*lseek)(int fd, off_t offset, int whence);	/* NULL: the engine has none */
	ssize_t (*write)(int fd, const void *buf, size_t size); /* NULL: the same */
	/* A SOCKET_FILTER program on a packet of 64 zero bytes; r0 in @retval. */
	int (*run)(int prog, unsigned int *retval);
	/* The raw "vmlinux" BTF; valid until stop(). */
	const void *(*vmlinux)(size_t *size);
	unsigned int (*cpus)(void);
	const char *(*pin_dir)(void);
};

extern const struct engine kernel_engine, embedded_engine, interpreted_engine;

#endif /* FACTS_ENGINE_H */
