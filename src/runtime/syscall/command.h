/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The commands of bpf(2). bpf.c copies the caller's attributes in and checks what is the same for
 * every command; a command is a function here and a line in bpf.c's table.
 */
#ifndef SYSCALL_COMMAND_H
#define SYSCALL_COMMAND_H

#include <errno.h>

#include "base/bpf_types.h"
#include "base/runtime.h"
#include "syscall/file.h"

/*
 * Fields that came after the <linux/bpf.h> that this may be compiled with: their places in the
 * attributes are ABI. What lies past BPF_ATTR_SIZE is not known here and must be zero.
 */
#define MAP_TOKEN_FD_END 80 /* and value_type_btf_obj_fd before it: read under flags we refuse */
#define BTF_LOG_TRUE_SIZE_OFFSET 28
#define BTF_FLAGS_OFFSET 32
#define BTF_TOKEN_FD_END 40 /* the same */
#define LINK_UPROBE_MULTI_END 60
#define FD_BY_ID_TOKEN_END 16
#define PROG_LOG_TRUE_SIZE_OFFSET 140
#define PROG_TOKEN_FD_OFFSET 144
#define BPF_ATTR_SIZE 152

struct bpf_call {
	struct trek_runtime *rt;
	/* Our copy of the fields that the command knows (bpf.c's table), zero where the caller gave
	 * less. There is nothing behind them. */
	union {
		union bpf_attr attr;
		u8 attr_bytes[BPF_ATTR_SIZE];
	};
	u64 uattr; /* the caller's */
	u32 size;  /* of the caller's, in bytes */
};

/* Write a field of the caller's attributes. -EFAULT, also where it lies past their size. */
int bpf_call_write(const struct bpf_call *call, u32 offset, const void *value, u32 size);

/* Length of a user's structure against what is known of it: bytes past @known must be zero.
 * -E2BIG, -EFAULT. */
int bpf_check_uarg_tail_zero(u64 uaddr, u64 known, u64 actual);

/* 0: BPF_F_RDONLY and BPF_F_WRONLY in @flags as FMODE_*, in *@mode; -EINVAL if both. */
int bpf_get_file_flag(u32 flags, u32 *mode);

/* First in each public function: errno is the caller's, whatever libc does inside. */
static inline void errno_restore(const int *saved)
{
	errno = *saved;
}
#define LEAVE_ERRNO_ALONE __attribute__((cleanup(errno_restore), unused)) int saved_errno = errno

/* In: @size bytes of attributes, of which what is before @end is known to the command: into @attr,
 * with zeroes where the caller gave less. The rest must be zero. */
int bpf_copy_attr(void *attr, u64 uattr, u32 size, u32 end);

typedef int bpf_command_fn(struct bpf_call *call);
/* A command that is so short that what is above would be the larger part: it does that itself, and
 * leaves errno alone. */
typedef int bpf_elem_command_fn(struct trek_runtime *rt, u64 uattr, u32 size);

/* map_cmds.c */
bpf_command_fn map_create, map_freeze;
/* map_elem.c */
bpf_elem_command_fn map_lookup_elem, map_update_elem, map_delete_elem, map_get_next_key,
	map_lookup_and_delete_elem;
/* map_batch.c */
bpf_command_fn map_lookup_batch, map_lookup_and_delete_batch, map_update_batch, map_delete_batch;
/* prog_load.c, prog_cmds.c, test_run.c */
bpf_command_fn prog_load, prog_bind_map, prog_test_run;
/* btf_cmds.c */
bpf_command_fn btf_load;
/* obj_cmds.c */
bpf_command_fn prog_get_next_id, map_get_next_id, btf_get_next_id, link_get_next_id,
	prog_get_fd_by_id, map_get_fd_by_id, btf_get_fd_by_id, link_get_fd_by_id,
	obj_get_info_by_fd;
/* pin_cmds.c */
bpf_command_fn obj_pin, obj_get;
/* link_cmds.c */
bpf_command_fn link_create, link_update, link_detach, iter_create;

/* An info structure of a caller (obj_cmds.c): begin copies it in, end copies it out with its known
 * length. @known: bytes of *@info; @len: how much of it the caller has. */
int info_begin(const struct bpf_call *call, void *info, u32 known, u32 *len);
int info_end(const struct bpf_call *call, const void *info, u32 len);

/* A list in an info structure: the caller has room for *@nr elements of @size bytes at @ubuf; give
 * as many as there are, and say in *@nr how many that would be. */
int info_copy_array(u64 ubuf, u32 *nr, const void *array, u32 have, u32 size);

/* The program's map array, against BPF_PROG_BIND_MAP (prog_cmds.c). */
void used_maps_lock(const struct bpf_prog *prog);
void used_maps_unlock(const struct bpf_prog *prog);

/* Of a file_operations (prog_info.c). */
int prog_get_info(struct bpf_call *call, void *object);
/* The instructions that run, without addresses (prog_xlated.c). */
int prog_copy_xlated(const struct bpf_prog *prog, struct bpf_prog_info *info);

#endif /* SYSCALL_COMMAND_H */
