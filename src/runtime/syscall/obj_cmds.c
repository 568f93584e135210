/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Commands that are the same for objects of every kind: ids, and infos (kernel/bpf/syscall.c). */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/nofault.h"
#include "btf/btf.h"
#include "iter/bpf_iter.h"
#include "map/map.h"
#include "prog/prog.h"
#include "syscall/command.h"

#ifndef EBADFD
#define EBADFD 77
#endif

/* --- ids -------------------------------------------------------------------------------------- */

static int get_next_id(struct bpf_call *call, struct idr *idr)
{
	u32 id = call->attr.start_id;
	void *object;

	if (id >= INT_MAX)
		return -EINVAL;
	id++;
	idr_lock(idr);
	object = idr_get_next_locked(idr, &id);
	idr_unlock(idr);
	if (!object)
		return -ENOENT;
	return bpf_call_write(call, offsetof(union bpf_attr, next_id), &id, sizeof(id));
}

int prog_get_next_id(struct bpf_call *call)
{
	return get_next_id(call, &call->rt->prog_idr);
}

int map_get_next_id(struct bpf_call *call)
{
	return get_next_id(call, &call->rt->map_idr);
}

int btf_get_next_id(struct bpf_call *call)
{
	return get_next_id(call, &call->rt->btf_idr);
}

int link_get_next_id(struct bpf_call *call)
{
	return get_next_id(call, &call->rt->link_idr);
}

static int install(struct bpf_call *call, const struct file_operations *ops, void *object, u32 mode)
{
	return IS_ERR(object) ? PTR_ERR(object) : fd_install(call->rt, ops, object, mode);
}

int prog_get_fd_by_id(struct bpf_call *call)
{
	return install(call, &bpf_prog_fops, bpf_prog_by_id(call->rt, call->attr.prog_id),
		       FMODE_READ | FMODE_WRITE);
}

int map_get_fd_by_id(struct bpf_call *call)
{
	struct bpf_map *map;
	u32 mode;

	if ((call->attr.open_flags & ~(BPF_F_RDONLY | BPF_F_WRONLY)) ||
	    bpf_get_file_flag(call->attr.open_flags, &mode))
		return -EINVAL;
	map = bpf_map_get_by_id(call->rt, call->attr.map_id);
	if (IS_ERR(map))
		return PTR_ERR(map);
	bpf_map_inc_with_uref(map);
	bpf_map_put(map);
	return install(call, &bpf_map_fops, map, mode);
}

int btf_get_fd_by_id(struct bpf_call *call)
{
	if (call->attr.open_flags)
		return -EINVAL;
	return install(call, &btf_fops, btf_get_by_id(call->rt, call->attr.btf_id),
		       FMODE_READ | FMODE_WRITE);
}

int link_get_fd_by_id(struct bpf_call *call)
{
	return install(call, &bpf_link_fops, bpf_link_by_id(call->rt, call->attr.link_id),
		       FMODE_READ | FMODE_WRITE);
}

/* --- infos ------------------------------------------------------------------------------------ */

int info_begin(const struct bpf_call *call, void *info, u32 known, u32 *len)
{
	u32 size = call->attr.info.info_len;
	int err = bpf_check_uarg_tail_zero(call->attr.info.info, known, size);

	if (err)
		return err;
	*len = min_of(size, known);
	memset(info, 0, known);
	return copy_from_user(info, call->attr.info.info, *len);
}

int info_end(const struct bpf_call *call, const void *info, u32 len)
{
	if (copy_to_user(call->attr.info.info, info, len))
		return -EFAULT;
	return bpf_call_write(call, offsetof(union bpf_attr, info.info_len), &len, sizeof(len));
}

int info_copy_array(u64 ubuf, u32 *nr, const void *array, u32 have, u32 size)
{
	u32 room = *nr;

	*nr = have;
	return copy_to_user(ubuf, array, (size_t)min_of(room, have) * size);
}

int obj_get_info_by_fd(struct bpf_call *call)
{
	struct file *file = file_get(call->rt, call->attr.info.bpf_fd);
	int err = -EINVAL;

	if (IS_ERR(file)) /* the one command for which a bad descriptor is in a bad state */
		return PTR_ERR(file) == -EBADF ? -EBADFD : PTR_ERR(file);
	if (file_ops(file)->get_info)
		err = file_ops(file)->get_info(call, file_object(file));
	file_put(file);
	return err;
}
