/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf(2): the attributes' way in, and the table of commands (kernel/bpf/syscall.c, __sys_bpf).
 *
 * Attributes grow with time. A caller that knows less gives fewer bytes, which count as zero; one
 * that knows more may give more, as long as they are zero. What the command itself does not use
 * must be zero, too, so that it can mean something one day.
 */
#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "syscall/command.h"

#define MAX_ATTR_SIZE 4096

int bpf_call_write(const struct bpf_call *call, u32 offset, const void *value, u32 size)
{
	if (offset + size > call->size)
		return -EFAULT;
	return copy_to_user(call->uattr + offset, value, size);
}

int bpf_check_uarg_tail_zero(u64 uaddr, u64 known, u64 actual)
{
	int ret;

	if (actual > MAX_ATTR_SIZE)
		return -E2BIG;
	if (actual <= known)
		return 0;
	ret = check_zeroed_user(uaddr + known, actual - known);
	return ret > 0 ? -E2BIG : ret;
}

int bpf_get_file_flag(u32 flags, u32 *mode)
{
	if ((flags & BPF_F_RDONLY) && (flags & BPF_F_WRONLY))
		return -EINVAL;
	*mode = FMODE_READ | FMODE_WRITE;
	if (flags & BPF_F_RDONLY)
		*mode = FMODE_READ;
	if (flags & BPF_F_WRONLY)
		*mode = FMODE_WRITE;
	return 0;
}

#define UNTIL(field) offsetofend(union bpf_attr, field)

static const struct bpf_command {
	bpf_command_fn *run;
	u32 attr_end;		   /* of the last field that the command knows */
	bpf_elem_command_fn *elem; /* instead of both */
} commands[] = {
	[BPF_MAP_CREATE] = {map_create, MAP_TOKEN_FD_END},
	[BPF_MAP_LOOKUP_ELEM] = {.elem = map_lookup_elem},
	[BPF_MAP_UPDATE_ELEM] = {.elem = map_update_elem},
	[BPF_MAP_DELETE_ELEM] = {.elem = map_delete_elem},
	[BPF_MAP_GET_NEXT_KEY] = {.elem = map_get_next_key},
	[BPF_MAP_LOOKUP_AND_DELETE_ELEM] = {.elem = map_lookup_and_delete_elem},
	[BPF_MAP_FREEZE] = {map_freeze, UNTIL(map_fd)},
	[BPF_MAP_LOOKUP_BATCH] = {map_lookup_batch, UNTIL(batch.flags)},
	[BPF_MAP_LOOKUP_AND_DELETE_BATCH] = {map_lookup_and_delete_batch, UNTIL(batch.flags)},
	[BPF_MAP_UPDATE_BATCH] = {map_update_batch, UNTIL(batch.flags)},
	[BPF_MAP_DELETE_BATCH] = {map_delete_batch, UNTIL(batch.flags)},
	[BPF_PROG_LOAD] = {prog_load, PROG_TOKEN_FD_OFFSET + sizeof(s32)},
	[BPF_PROG_BIND_MAP] = {prog_bind_map, UNTIL(prog_bind_map.flags)},
	[BPF_PROG_TEST_RUN] = {prog_test_run, UNTIL(test.batch_size)},
	[BPF_BTF_LOAD] = {btf_load, BTF_TOKEN_FD_END},
	[BPF_PROG_GET_NEXT_ID] = {prog_get_next_id, UNTIL(next_id)},
	[BPF_MAP_GET_NEXT_ID] = {map_get_next_id, UNTIL(next_id)},
	[BPF_BTF_GET_NEXT_ID] = {btf_get_next_id, UNTIL(next_id)},
	[BPF_LINK_GET_NEXT_ID] = {link_get_next_id, UNTIL(next_id)},
	[BPF_PROG_GET_FD_BY_ID] = {prog_get_fd_by_id, UNTIL(prog_id)},
	[BPF_MAP_GET_FD_BY_ID] = {map_get_fd_by_id, UNTIL(open_flags)},
	[BPF_BTF_GET_FD_BY_ID] = {btf_get_fd_by_id, FD_BY_ID_TOKEN_END},
	[BPF_LINK_GET_FD_BY_ID] = {link_get_fd_by_id, UNTIL(link_id)},
	[BPF_OBJ_GET_INFO_BY_FD] = {obj_get_info_by_fd, UNTIL(info.info)},
	[BPF_OBJ_PIN] = {obj_pin, UNTIL(file_flags)},
	[BPF_OBJ_GET] = {obj_get, UNTIL(file_flags)},
	[BPF_LINK_CREATE] = {link_create, LINK_UPROBE_MULTI_END},
	[BPF_LINK_UPDATE] = {link_update, UNTIL(link_update.old_prog_fd)},
	[BPF_LINK_DETACH] = {link_detach, UNTIL(link_detach)},
	[BPF_ITER_CREATE] = {iter_create, UNTIL(iter_create.flags)},
};

int bpf_copy_attr(void *attr, u64 uattr, u32 size, u32 end)
{
	u32 given = min_of(size, BPF_ATTR_SIZE);
	int ret = bpf_check_uarg_tail_zero(uattr, BPF_ATTR_SIZE, size);

	if (ret)
		return ret;
	if (copy_from_user(attr, uattr, min_of(given, end)))
		return -EFAULT;
	if (given > end) {
		ret = __check_zeroed_user(uattr + end, given - end);
		return ret > 0 ? -EINVAL : ret;
	}
	memset((u8 *)attr + given, 0, end - given);
	return 0;
}

static int no_command(struct bpf_call *call)
{
	return -EINVAL;
}

static __attribute__((noinline)) int
run_command(struct trek_runtime *rt, const struct bpf_command *command, u64 uattr, u32 size)
{
	LEAVE_ERRNO_ALONE;
	struct bpf_call call = {.rt = rt, .uattr = uattr, .size = size};
	int err;

	nofault_thread_init();
	err = bpf_copy_attr(call.attr_bytes, uattr, size, command->attr_end);
	return err ? err : command->run(&call);
}

int trek_bpf(struct trek_runtime *rt, int cmd, union bpf_attr *uattr, uint32_t size)
{
	static const struct bpf_command none = {no_command, BPF_ATTR_SIZE};
	const struct bpf_command *command = &none;

	if (likely((u32)cmd < ARRAY_SIZE(commands)))
		command = &commands[cmd];
	if (likely(command->elem))
		return command->elem(rt, (unsigned long)uattr, size);
	return run_command(rt, command->run ? command : &none, (unsigned long)uattr, size);
}
