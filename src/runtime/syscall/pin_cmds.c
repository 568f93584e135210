/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pinned paths: a file system of the runtime's own below /sys/fs/bpf, which no other process sees
 * (kernel/bpf/inode.c). A directory is there as soon as somebody pins into it. A pin owns a
 * reference on its object, as a file does.
 *
 * The pins are one array, sorted by path, in which everything below a directory lies together.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "iter/bpf_iter.h"
#include "syscall/command.h"

#define BPFFS "/sys/fs/bpf"
#define BPFFS_NAME_MAX 255

/* A path of a caller's. */
struct pin_path {
	char name[PATH_MAX]; /* below BPFFS, without empty and "." components */
	bool dir;	     /* it ends in a slash: only a directory will do */
};

struct pin {
	char *path; /* below BPFFS, normal: "a/b" */
	const struct file_operations *ops;
	void *object;
};

struct pinfs {
	pthread_mutex_t lock;
	struct pin *pins;
	size_t nr;
	size_t room;
};

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
		if (part > BPFFS_NAME_MAX)
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

/* --- the table; with its lock ------------------------------------------------------------------
 */

/* The first pin whose path is not before @path. */
static size_t pin_lower_bound(const struct pinfs *pins, const char *path)
{
	size_t low = 0, high = pins->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(pins->pins[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct pin *pin_find(const struct pinfs *pins, const char *path)
{
	size_t i = pin_lower_bound(pins, path);

	return i < pins->nr && !strcmp(pins->pins[i].path, path) ? &pins->pins[i] : NULL;
}

/* Does something lie below @path? The root is there always. */
static bool is_directory(const struct pinfs *pins, const char *path)
{
	char below[PATH_MAX + 1];
	size_t len = strlen(path), i;

	if (!len)
		return true;
	memcpy(below, path, len);
	strcpy(below + len, "/");
	i = pin_lower_bound(pins, below);
	return i < pins->nr && !strncmp(pins->pins[i].path, below, len + 1);
}

/* Is an object pinned where @path needs a directory? */
static bool is_below_pin(const struct pinfs *pins, const char *path)
{
	char above[PATH_MAX];
	char *slash;

	strcpy(above, path);
	while ((slash = strrchr(above, '/'))) {
		*slash = '\0';
		if (pin_find(pins, above))
			return true;
	}
	return false;
}

/* Put an object, whose reference goes with it on success, at @path. */
static int pin_add(struct pinfs *pins, const struct pin_path *where,
		   const struct file_operations *ops, void *object)
{
	const char *path = where->name;
	size_t i = pin_lower_bound(pins, path);
	struct pin pin = {.ops = ops, .object = object};

	if (pin_find(pins, path) || is_directory(pins, path))
		return -EEXIST;
	if (is_below_pin(pins, path))
		return -ENOTDIR;
	/* Names with a dot are kept for the file system itself, as in Linux. */
	if (strchr(path, '.'))
		return -EPERM;
	if (where->dir)
		return -ENOENT;
	if (pins->nr == pins->room) {
		size_t room = pins->room ? pins->room * 2 : 16;
		struct pin *larger = reallocarray(pins->pins, room, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		pins->pins = larger;
		pins->room = room;
	}
	pin.path = strdup(path);
	if (!pin.path)
		return -ENOMEM;
	memmove(&pins->pins[i + 1], &pins->pins[i], (pins->nr - i) * sizeof(pin));
	pins->pins[i] = pin;
	pins->nr++;
	return 0;
}

/* What is pinned at @path, with a reference taken. */
static int pin_get(struct pinfs *pins, const struct pin_path *where, struct pin *found)
{
	const char *path = where->name;
	struct pin *pin;
	int err = 0;

	pthread_mutex_lock(&pins->lock);
	pin = pin_find(pins, path);
	if (pin && where->dir) {
		err = -ENOTDIR;
	} else if (pin) {
		*found = *pin;
		found->ops->get(found->object);
	} else if (is_directory(pins, path)) {
		err = -EACCES;
	} else {
		err = is_below_pin(pins, path) ? -ENOTDIR : -ENOENT;
	}
	pthread_mutex_unlock(&pins->lock);
	return err;
}

struct pinfs *pinfs_new(void)
{
	struct pinfs *pins = calloc(1, sizeof(*pins));

	if (pins)
		pthread_mutex_init(&pins->lock, NULL);
	return pins;
}

void pinfs_free(struct pinfs *pins)
{
	size_t i;

	for (i = 0; i < pins->nr; i++) {
		pins->pins[i].ops->release(pins->pins[i].object);
		free(pins->pins[i].path);
	}
	pthread_mutex_destroy(&pins->lock);
	free(pins->pins);
	free(pins);
}

/* --- commands --------------------------------------------------------------------------------- */

int obj_pin(struct bpf_call *call)
{
	const struct file_operations *ops;
	struct file *file;
	struct pin_path path;
	void *object;
	int err;

	if (call->attr.file_flags)
		return -EINVAL;
	file = file_get(call->rt, call->attr.bpf_fd);
	if (IS_ERR(file))
		return -EINVAL;
	ops = file_ops(file);
	object = file_object(file);
	err = -EINVAL;
	if (!ops->pinnable)
		goto put;
	err = copy_path(call->attr.pathname, &path);
	if (err)
		goto put;
	ops->get(object);
	pthread_mutex_lock(&call->rt->pins->lock);
	err = pin_add(call->rt->pins, &path, ops, object);
	pthread_mutex_unlock(&call->rt->pins->lock);
	if (err)
		ops->release(object);
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
	err = pin_get(call->rt->pins, &path, &pin);
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
		err = pin_get(rt->pins, &where, &pin);
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
	struct pinfs *pins = rt->pins;
	struct pin *pin, gone;
	struct pin_path where;
	int err = copy_path((unsigned long)path, &where);

	if (err)
		return err == -EPERM ? -ENOENT : err;
	pthread_mutex_lock(&pins->lock);
	pin = pin_find(pins, where.name);
	if (pin && where.dir) {
		err = -ENOTDIR;
	} else if (pin) {
		gone = *pin;
		pins->nr--;
		memmove(pin, pin + 1, (&pins->pins[pins->nr] - pin) * sizeof(*pin));
	} else {
		err = is_directory(pins, where.name) ? -EISDIR : -ENOENT;
	}
	pthread_mutex_unlock(&pins->lock);
	if (err)
		return err;
	gone.ops->release(gone.object);
	free(gone.path);
	return 0;
}
