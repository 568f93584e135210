/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Handles. What bpf(2) calls a file descriptor is a number in the runtime's table of open files; a
 * file is one object with a table of what can be done to it, shared by the handles that trek_dup()
 * makes.
 */
#ifndef SYSCALL_FILE_H
#define SYSCALL_FILE_H

#include <bpftrek/runtime.h>

#include "base/bpf_types.h"

struct file;
struct bpf_call;

struct file_operations {
	const char *name; /* "bpf-map" */
	/* Take and drop the reference that a file, or a pin, owns on its object. */
	void (*get)(void *object);
	void (*release)(void *object);
	bool pinnable;
	/* BPF_OBJ_GET_INFO_BY_FD; NULL: -EINVAL. */
	int (*get_info)(struct bpf_call *call, void *object);
	ssize_t (*read)(void *object, u64 buf, size_t size); /* NULL: not readable */
	ssize_t (*next_chunk)(void *object, const void **chunk); /* the same: trek_iter_next_chunk() */
	void (*show_fdinfo)(const void *object, struct seq_file *seq);
	/* That the handle's number shall be a duplicate of, if numbers are lent; -1, NULL: none. */
	int (*descriptor)(const void *object);
};

extern const struct file_operations bpf_map_fops, bpf_prog_fops, bpf_link_fops, btf_fops,
	bpf_iter_fops;

#define FMODE_READ 1u
#define FMODE_WRITE 2u

/* The file's object, a reference on which the file owns. */
void *file_object(const struct file *file);
u32 file_mode(const struct file *file);
const struct file_operations *file_ops(const struct file *file);

int fdtable_init(struct trek_runtime *rt, const struct trek_handle_ops *ops);
/* Close everything. */
void fdtable_destroy(struct trek_runtime *rt);

/* A handle for @object, whose reference it takes over also if it fails. The handle; -errno. */
int fd_install(struct trek_runtime *rt, const struct file_operations *ops, void *object, u32 mode);
int fd_close(struct trek_runtime *rt, int fd);
int fd_dup(struct trek_runtime *rt, int fd);

/* The file behind a handle, held until file_put(); ERR_PTR(-EBADF or what ->unknown says). */
struct file *file_get(struct trek_runtime *rt, int fd);
void file_put(struct file *file);
/* The same for a file of kind @ops; ERR_PTR(-EINVAL) if it is of another. */
struct file *file_get_kind(struct trek_runtime *rt, int fd, const struct file_operations *ops);

/* The map of handle @fd, which must allow all of @need (FMODE_*), without a reference: it is there
 * until the end of the RCU section in which this is called. ERR_PTR(-EINVAL, -EPERM); -EBADF:
 * there is no such handle, see fd_unknown(). */
struct bpf_map *fd_to_map(const struct trek_runtime *rt, int fd, u32 need);
/* What a command that was given such a handle returns. Not in an RCU section. */
int fd_unknown(const struct trek_runtime *rt, int fd);

/* The object with a reference of its own (maps: and not a user reference); ERR_PTR. */
struct bpf_map *bpf_map_get(struct trek_runtime *rt, int fd);
struct bpf_prog *bpf_prog_get(struct trek_runtime *rt, int fd);
struct bpf_link *bpf_link_get_from_fd(struct trek_runtime *rt, int fd);
struct btf *btf_get_by_fd(struct trek_runtime *rt, int fd);

#endif /* SYSCALL_FILE_H */
