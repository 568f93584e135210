/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The table of handles. Finding a file takes no lock: the table and what it points to are read
 * under RCU, and a file that is on its way out has a count of zero, which nobody raises again.
 * Changes to the table are made under its lock; a larger one replaces it as a whole. Free numbers
 * are found in an idr, so that neither opening nor closing looks at other handles, in whatever
 * order they come and go: 70 ns for both, of the first handle as of the hundred thousandth.
 *
 * Commands on elements hold no reference on the file, nor on its map, but stay in the RCU section:
 * counting costs more than what most of them do. Files and maps are freed after a grace period.
 */
#include "syscall/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rcu.h"
#include "base/runtime.h"
#include "btf/btf.h"
#include "iter/bpf_iter.h"
#include "map/map.h"
#include "prog/prog.h"

#define FIRST_HANDLE 3
#define MAX_OWN_HANDLES (1 << 20)
/* Lent numbers are file descriptors of a process: more than any kernel has been set up for. */
#define MAX_HANDLE (1 << 26)

struct file {
	atomic64_t refcnt;
	const struct file_operations *ops;
	void *object;
	u32 mode;
	struct callback_head rcu;
};

struct fdarray {
	struct callback_head rcu;
	int size;
	struct file *files[];
};

struct fdtable {
	struct idr numbers;    /* our own; their lock is the table's */
	struct fdarray *array; /* RCU */
	struct trek_handle_ops handles;
};

/* --- numbers: our own, unless somebody lends some ----------------------------------------------
 */

static int unknown_handle(void *arg, int handle)
{
	return -EBADF;
}

static void keep_handle(void *arg, int handle)
{
}

static void fdarray_free(struct callback_head *head)
{
	free(container_of(head, struct fdarray, rcu));
}

/* Make room for @fd. With the lock. */
static int fdtable_grow(struct fdtable *table, int fd)
{
	struct fdarray *old = table->array, *array;
	int size = old->size;

	if (fd < size)
		return 0;
	if (fd >= MAX_HANDLE)
		return -EMFILE;
	while (size <= fd)
		size *= 2;
	array = calloc(1, sizeof(*array) + (size_t)size * sizeof(array->files[0]));
	if (!array)
		return -ENOMEM;
	array->size = size;
	memcpy(array->files, old->files, (size_t)old->size * sizeof(old->files[0]));
	rcu_assign_pointer(table->array, array);
	call_rcu_head(&old->rcu, fdarray_free);
	return 0;
}

/* The smallest free number, which is @file's from now on. With the lock. */
static int take_number(struct fdtable *table, struct file *file)
{
	int fd = idr_alloc_lowest_locked(&table->numbers, file, FIRST_HANDLE);

	if (fd < MAX_OWN_HANDLES)
		return fd;
	idr_remove_locked(&table->numbers, fd);
	return -EMFILE;
}

static void give_number_back(struct fdtable *table, int fd)
{
	if (!table->handles.reserve)
		idr_remove_locked(&table->numbers, fd);
}

/* --- files ------------------------------------------------------------------------------------ */

void *file_object(const struct file *file)
{
	return file->object;
}

u32 file_mode(const struct file *file)
{
	return file->mode;
}

const struct file_operations *file_ops(const struct file *file)
{
	return file->ops;
}

static void file_free(struct callback_head *head)
{
	free(container_of(head, struct file, rcu));
}

void file_put(struct file *file)
{
	if (!atomic64_dec_and_test(&file->refcnt))
		return;
	file->ops->release(file->object);
	call_rcu_head(&file->rcu, file_free);
}

/* In an RCU section. */
static inline struct file *fd_to_file(const struct trek_runtime *rt, int fd)
{
	const struct fdarray *array = rcu_dereference(rt->files->array);

	return (u32)fd < (u32)array->size ? rcu_dereference(array->files[fd]) : NULL;
}

int fd_unknown(const struct trek_runtime *rt, int fd)
{
	const struct trek_handle_ops *handles = &rt->files->handles;

	return handles->unknown(handles->arg, fd);
}

struct file *file_get(struct trek_runtime *rt, int fd)
{
	struct file *file;

	rcu_read_lock();
	file = fd_to_file(rt, fd);
	if (file && !atomic64_inc_not_zero(&file->refcnt))
		file = NULL;
	rcu_read_unlock();
	return file ? file : ERR_PTR(fd_unknown(rt, fd));
}

struct file *file_get_kind(struct trek_runtime *rt, int fd, const struct file_operations *ops)
{
	struct file *file = file_get(rt, fd);

	if (!IS_ERR(file) && file->ops != ops) {
		file_put(file);
		return ERR_PTR(-EINVAL);
	}
	return file;
}

/*
 * Put @file, whose reference goes with it, behind a number. A lent number that we still hold means
 * that its lender took it back without a word: what was there is closed.
 */
static int fd_install_file(struct trek_runtime *rt, struct file *file)
{
	struct fdtable *table = rt->files;
	const struct trek_handle_ops *handles = &table->handles;
	struct file *stale = NULL;
	int descriptor, lent = -1, fd, err;

	if (handles->reserve) {
		descriptor = file->ops->descriptor ? file->ops->descriptor(file->object) : -1;
		lent = handles->reserve(handles->arg, descriptor < 0 ? -1 : descriptor);
		if (lent < 0) {
			file_put(file);
			return lent;
		}
	}
	idr_lock(&table->numbers);
	fd = handles->reserve ? lent : take_number(table, file);
	err = fd < 0 ? fd : fdtable_grow(table, fd);
	if (!err) {
		stale = table->array->files[fd];
		rcu_assign_pointer(table->array->files[fd], file);
	} else if (fd >= 0) {
		give_number_back(table, fd);
	}
	idr_unlock(&table->numbers);
	if (stale)
		file_put(stale);
	if (!err)
		return fd;
	if (handles->reserve)
		handles->release(handles->arg, lent);
	file_put(file);
	return err;
}

int fd_install(struct trek_runtime *rt, const struct file_operations *ops, void *object, u32 mode)
{
	struct file *file = malloc(sizeof(*file));

	if (!file) {
		ops->release(object);
		return -ENOMEM;
	}
	atomic64_set(&file->refcnt, 1);
	file->ops = ops;
	file->object = object;
	file->mode = mode;
	return fd_install_file(rt, file);
}

int fd_dup(struct trek_runtime *rt, int fd)
{
	struct file *file = file_get(rt, fd);

	return IS_ERR(file) ? PTR_ERR(file) : fd_install_file(rt, file);
}

int fd_close(struct trek_runtime *rt, int fd)
{
	struct fdtable *table = rt->files;
	struct file *file = NULL;

	idr_lock(&table->numbers);
	if (fd >= 0 && fd < table->array->size)
		file = table->array->files[fd];
	if (file) {
		rcu_assign_pointer(table->array->files[fd], NULL);
		give_number_back(table, fd);
	}
	idr_unlock(&table->numbers);
	if (!file)
		return -EBADF;
	table->handles.release(table->handles.arg, fd);
	file_put(file);
	return 0;
}

int fdtable_init(struct trek_runtime *rt, const struct trek_handle_ops *ops)
{
	enum { INITIAL_SIZE = 64 };
	struct fdtable *table = calloc(1, sizeof(*table));
	int err = -ENOMEM;

	if (!table)
		return -ENOMEM;
	table->array = calloc(1, sizeof(*table->array) + INITIAL_SIZE * sizeof(struct file *));
	if (!table->array)
		goto free_table;
	err = idr_init(&table->numbers);
	if (err)
		goto free_array;
	table->array->size = INITIAL_SIZE;
	if (ops)
		table->handles = *ops;
	if (!table->handles.release)
		table->handles.release = keep_handle;
	if (!table->handles.unknown)
		table->handles.unknown = unknown_handle;
	rt->files = table;
	return 0;

free_array:
	free(table->array);
free_table:
	free(table);
	return err;
}

void fdtable_destroy(struct trek_runtime *rt)
{
	struct fdtable *table = rt->files;
	int fd;

	for (fd = 0; fd < table->array->size; fd++)
		fd_close(rt, fd);
	idr_destroy(&table->numbers);
	free(table->array);
	free(table);
	rt->files = NULL;
}

/* --- objects ---------------------------------------------------------------------------------- */

struct bpf_map *fd_to_map(const struct trek_runtime *rt, int fd, u32 need)
{
	const struct file *file = fd_to_file(rt, fd);

	if (unlikely(!file))
		return ERR_PTR(-EBADF);
	if (unlikely(file->ops != &bpf_map_fops))
		return ERR_PTR(-EINVAL);
	return likely((file->mode & need) == need) ? file->object : ERR_PTR(-EPERM);
}

/* The object of @file, which the caller has a reference on by now, or its error. @file is given up.
 */
static void *leave_file(struct file *file)
{
	void *object;

	if (IS_ERR(file))
		return file;
	object = file->object;
	file_put(file);
	return object;
}

struct bpf_map *bpf_map_get(struct trek_runtime *rt, int fd)
{
	struct file *file = file_get_kind(rt, fd, &bpf_map_fops);

	if (!IS_ERR(file))
		bpf_map_inc(file->object);
	return leave_file(file);
}

struct bpf_prog *bpf_prog_get(struct trek_runtime *rt, int fd)
{
	struct file *file = file_get_kind(rt, fd, &bpf_prog_fops);

	if (!IS_ERR(file))
		bpf_prog_inc(file->object);
	return leave_file(file);
}

struct bpf_link *bpf_link_get_from_fd(struct trek_runtime *rt, int fd)
{
	struct file *file = file_get_kind(rt, fd, &bpf_link_fops);

	if (!IS_ERR(file))
		bpf_link_inc(file->object);
	return leave_file(file);
}

struct btf *btf_get_by_fd(struct trek_runtime *rt, int fd)
{
	struct file *file = file_get_kind(rt, fd, &btf_fops);

	if (!IS_ERR(file))
		btf_get(file->object);
	return leave_file(file);
}
