/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pinned paths: a file system of the runtime's own below /sys/fs/bpf, which no other process sees
 * (kernel/bpf/inode.c). What is pinned where is in pinfs.c; here are callers' paths, and the
 * commands.
 */
#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "iter/bpf_iter.h"
#include "syscall/command.h"
#include "syscall/pinfs.h"

#define BPFFS "/sys/fs/bpf"

/* --- paths ------------------------------------------------------------------------------------ */

/*
 * 0; -EPERM: not below BPFFS; -ENOENT: the path is empty; -ENAMETOOLONG. ".." is not walked:
 * nothing here is above.
 */
static int normalise(const char *path, struct pin_path *out)
{
	size_t prefix = strlen(BPFFS), len = 0, part;

	out->name[0] = '\0';
	out->dir = false;
	if (!*path)
		return -ENOENT;
	if (strncmp(path, BPFFS, prefix) || (path[prefix] && path[prefix] != '/'))
		return -EPERM;
	for (path += prefix; *path; path += part) {
		path += strspn(path, "/");
		part = strcspn(path, "/");
		if (part > PINFS_NAME_MAX)
			return -ENAMETOOLONG;
		out->dir = !part || (part == 1 && path[0] == '.');
		if (out->dir)
			continue;
		if (part == 2 && !strncmp(path, "..", 2))
			return -EPERM;
		if (len)
			out->name[len++] = '/';
		memcpy(out->name + len, path, part);
		len += part;
		out->name[len] = '\0';
	}
	return 0;
}

static int copy_path(u64 uaddr, struct pin_path *out)
{
	char path[PATH_MAX + 1];
	long len = strncpy_from_nofault(path, (const void *)(unsigned long)uaddr, sizeof(path));

	if (len < 0)
		return -EFAULT;
	return len > PATH_MAX ? -ENAMETOOLONG : normalise(path, out);
}

/* --- commands --------------------------------------------------------------------------------- */

int obj_pin(struct bpf_call *call)
{
	struct file *file;
	struct pin_path path;
	struct pin pin;
	int err;

	if (call->attr.file_flags)
		return -EINVAL;
	file = file_get(call->rt, call->attr.bpf_fd);
	if (IS_ERR(file))
		return -EINVAL;
	pin = (struct pin){file_ops(file), file_object(file)};
	err = -EINVAL;
	if (!pin.ops->pinnable)
		goto put;
	err = copy_path(call->attr.pathname, &path);
	if (err)
		goto put;
	pin.ops->get(pin.object);
	err = pinfs_add(call->rt->pins, &path, &pin);
	if (err)
		pin.ops->release(pin.object);
put:
	file_put(file);
	return err;
}

int obj_get(struct bpf_call *call)
{
	struct pin_path path;
	struct pin pin;
	u32 mode;
	int err;

	if (call->attr.bpf_fd || (call->attr.file_flags & ~(BPF_F_RDONLY | BPF_F_WRONLY)) ||
	    bpf_get_file_flag(call->attr.file_flags, &mode))
		return -EINVAL;
	err = copy_path(call->attr.pathname, &path);
	if (err)
		return err == -EPERM ? -ENOENT : err; /* nothing of ours is anywhere else */
	err = pinfs_get(call->rt->pins, &path, &pin);
	if (err)
		return err;
	/* A link can be changed by whoever has it: there is no handle that only reads. */
	if (pin.ops == &bpf_link_fops && mode != (FMODE_READ | FMODE_WRITE)) {
		pin.ops->release(pin.object);
		return -EINVAL;
	}
	return fd_install(call->rt, pin.ops, pin.object, mode);
}

int trek_open(struct trek_runtime *rt, const char *path)
{
	LEAVE_ERRNO_ALONE;
	struct bpf_iter_session *session = ERR_PTR(-EINVAL);
	struct pin_path where;
	struct pin pin;
	int err;

	err = copy_path((unsigned long)path, &where);
	if (!err)
		err = pinfs_get(rt->pins, &where, &pin);
	if (err)
		return err == -EPERM ? -ENOENT : err;
	if (pin.ops == &bpf_link_fops)
		session = bpf_iter_session_open(pin.object);
	pin.ops->release(pin.object);
	if (IS_ERR(session))
		return PTR_ERR(session) == -EINVAL ? -EIO : PTR_ERR(session);
	return fd_install(rt, &bpf_iter_fops, session, FMODE_READ);
}

int trek_unlink(struct trek_runtime *rt, const char *path)
{
	LEAVE_ERRNO_ALONE;
	struct pin_path where;
	struct pin pin;
	int err = copy_path((unsigned long)path, &where);

	if (!err)
		err = pinfs_remove(rt->pins, &where, &pin);
	if (err)
		return err == -EPERM ? -ENOENT : err;
	pin.ops->release(pin.object);
	return 0;
}
