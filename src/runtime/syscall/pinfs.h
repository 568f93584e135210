/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The file system of pinned paths: what is pinned where. A directory is there as long as something
 * lies below it. A pin owns a reference on its object, as a file does.
 */
#ifndef SYSCALL_PINFS_H
#define SYSCALL_PINFS_H

#include <limits.h>

#include "syscall/file.h"

#define PINFS_NAME_MAX 255

struct pinfs;

struct pin_path {
	char name[PATH_MAX]; /* below the root: "a/b", no empty and no "." components; "": the root
			      */
	bool dir;	     /* it ended in a slash: only a directory will do */
};

struct pin {
	const struct file_operations *ops;
	void *object;
};

struct pinfs *pinfs_new(void); /* NULL: no memory */
/* Drop every pin. */
void pinfs_free(struct pinfs *pins);

/* Pin an object, whose reference goes with it on success. -EEXIST; -ENOTDIR: something is pinned
 * where the path needs a directory; -EPERM: a name with a dot; -ENOENT: @path->dir; -ENOMEM. */
int pinfs_add(struct pinfs *pins, const struct pin_path *path, const struct pin *pin);
/* What is pinned there, with a reference taken. -EACCES: a directory; -ENOTDIR; -ENOENT. */
int pinfs_get(struct pinfs *pins, const struct pin_path *path, struct pin *pin);
/* Take it away; the reference is the caller's. -EISDIR; -ENOTDIR; -ENOENT. */
int pinfs_remove(struct pinfs *pins, const struct pin_path *path, struct pin *pin);

#endif /* SYSCALL_PINFS_H */
