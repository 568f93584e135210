/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Commands on maps as a whole, and what can be done with the handle of one (kernel/bpf/syscall.c).
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "btf/btf.h"
#include "iter/seq_file.h"
#include "map/map.h"
#include "prog/prog_array.h"
#include "syscall/map_elem.h"

/* --- create ----------------------------------------------------------------------------------- */

int map_create(struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	const struct bpf_map_ops *ops = bpf_map_type_ops(attr->map_type);
	struct bpf_map *map, *inner = NULL;
	struct btf *btf = NULL;
	u32 mode;
	int err = bpf_get_file_flag(attr->map_flags, &mode);

	if (err)
		return err;
	/* That there is none is an error only after others. */
	if (attr->btf_key_type_id || attr->btf_value_type_id)
		btf = btf_get_by_fd(call->rt, attr->btf_fd);
	if (ops && ops->holds == BPF_MAP_HOLDS_MAPS)
		inner = bpf_map_get(call->rt, attr->inner_map_fd);
	map = bpf_map_create(call->rt, attr, btf, inner);
	if (!IS_ERR_OR_NULL(inner))
		bpf_map_put(inner);
	if (!IS_ERR_OR_NULL(btf))
		btf_put(btf);
	return IS_ERR(map) ? PTR_ERR(map) : fd_install(call->rt, &bpf_map_fops, map, mode);
}

/* --- freeze ----------------------------------------------------------------------------------- */

int map_freeze(struct bpf_call *call)
{
	struct file *file = file_get_kind(call->rt, call->attr.map_fd, &bpf_map_fops);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (((struct bpf_map *)file_object(file))->record)
		err = -ENOTSUPP; /* programs go on writing to such fields */
	else if (!(file_mode(file) & FMODE_WRITE))
		err = -EPERM;
	else
		err = bpf_map_freeze(file_object(file));
	file_put(file);
	return err;
}

/* --- mmap ------------------------------------------------------------------------------------- */

/* Is there memory of @map to map from @offset on? A kind with an mmap of its own knows itself. */
static int map_mmap_range(const struct bpf_map *map, size_t len, off_t offset)
{
	const off_t page = sysconf(_SC_PAGESIZE);
	struct stat memory;
	int fd;

	if (map->ops->map_mmap)
		return len && offset >= 0 ? 0 : -EINVAL;
	fd = map->ops->map_memfd ? map->ops->map_memfd(map) : -ENOTSUP;
	if (fd < 0)
		return -ENOTSUP;
	if (fstat(fd, &memory))
		return -errno;
	if (!len || offset < 0 || offset > memory.st_size ||
	    len > (size_t)round_up(memory.st_size, page) - offset)
		return -EINVAL;
	return 0;
}

static int mmap_memfd(int fd, size_t len, int prot, off_t offset, void **addr)
{
	*addr = mmap(NULL, len, prot, MAP_SHARED, fd, offset);
	return *addr == MAP_FAILED ? -errno : 0;
}

static int map_mmap(struct bpf_map *map, u32 mode, size_t len, int prot, off_t offset, void **addr)
{
	bool write = prot & PROT_WRITE;
	int err = map_mmap_range(map, len, offset);

	if (err)
		return err;
	if (!(mode & FMODE_READ) || (write && !(mode & FMODE_WRITE)))
		return -EPERM;
	if (write) {
		if (map->map_flags & BPF_F_RDONLY_PROG)
			return -EPERM;
		err = bpf_map_write_begin(map);
		if (err)
			return err;
	}
	if (map->ops->map_mmap)
		err = map->ops->map_mmap(map, len, prot, offset, addr);
	else
		err = mmap_memfd(map->ops->map_memfd(map), len, prot, offset, addr);
	if (write)
		bpf_map_write_end(map);
	return err;
}

int trek_mmap(struct trek_runtime *rt, int handle, size_t len, int prot, off_t offset, void **addr)
{
	LEAVE_ERRNO_ALONE;
	struct file *file = file_get(rt, handle);
	int err = -ENOTSUP;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (file_ops(file) == &bpf_map_fops)
		err = map_mmap(file_object(file), file_mode(file), len, prot, offset, addr);
	file_put(file);
	return err;
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* Milliseconds until @end, rounded up; 0: it has passed. */
static int ms_until(const struct timespec *end)
{
	struct timespec now;
	s64 ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000ll + (end->tv_nsec - now.tv_nsec + 999999) / 1000000;
	return min_of(max_of(ms, 0), INT_MAX);
}

/* A wakeup says only that it is worth looking again. A thread may be cancelled here. */
static int map_wait(struct bpf_map *map, int timeout)
{
	struct pollfd waiting = {.fd = map->ops->map_poll_fd(map),
				 .events = map->ops->map_poll_events};
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += max_of(timeout, 0) / 1000;
	end.tv_nsec += max_of(timeout, 0) % 1000 * 1000000l;
	while (!map->ops->map_poll(map)) {
		int left = timeout < 0 ? -1 : ms_until(&end);

		if (!left)
			return 0;
		if (poll(&waiting, 1, left) < 0)
			return -errno;
	}
	return 1;
}

static void put_file(void *file)
{
	file_put(file);
}

int trek_poll(struct trek_runtime *rt, int handle, int timeout)
{
	LEAVE_ERRNO_ALONE;
	struct file *file = file_get(rt, handle);
	struct bpf_map *map = NULL;
	int ret = -ENOTSUP;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (file_ops(file) == &bpf_map_fops)
		map = file_object(file);
	pthread_cleanup_push(put_file, file);
	if (map && map->ops->map_poll)
		ret = map_wait(map, timeout);
	pthread_cleanup_pop(true);
	return ret;
}

/* --- the file --------------------------------------------------------------------------------- */

static void map_file_take(void *object)
{
	bpf_map_inc_with_uref(object);
}

static void map_file_release(void *object)
{
	bpf_map_put_with_uref(object);
}

static int map_file_descriptor(const void *object)
{
	const struct bpf_map *map = object;

	if (map->ops->map_poll_fd)
		return map->ops->map_poll_fd(map);
	return map->ops->map_memfd ? map->ops->map_memfd(map) : -1;
}

static void map_show_fdinfo(const void *object, struct seq_file *seq)
{
	const struct bpf_map *map = object;
	bool owner_jited;
	u32 owner_type;

	seq_printf(seq, "map_type:\t%u\n", map->map_type);
	seq_printf(seq, "key_size:\t%u\n", map->key_size);
	seq_printf(seq, "value_size:\t%u\n", map->value_size);
	seq_printf(seq, "max_entries:\t%u\n", map->max_entries);
	seq_printf(seq, "map_flags:\t0x%x\n", map->map_flags);
	seq_printf(seq, "map_extra:\t0x%llx\n", map->map_extra);
	seq_printf(seq, "memlock:\t%llu\n", bpf_map_memory_usage(map));
	seq_printf(seq, "map_id:\t%u\n", map->id);
	seq_printf(seq, "frozen:\t%u\n", READ_ONCE(map->frozen));
	if (map->ops->holds == BPF_MAP_HOLDS_PROGS &&
	    bpf_prog_array_owner(map, &owner_type, &owner_jited)) {
		seq_printf(seq, "owner_prog_type:\t%u\n", owner_type);
		seq_printf(seq, "owner_jited:\t%u\n", owner_jited);
	}
}

static int map_get_info(struct bpf_call *call, void *object)
{
	struct bpf_map *map = object;
	struct bpf_map_info info;
	u32 len;
	int err = info_begin(call, &info, sizeof(info), &len);

	if (err)
		return err;
	memset(&info, 0, sizeof(info));
	info.type = map->map_type;
	info.id = map->id;
	info.key_size = map->key_size;
	info.value_size = map->value_size;
	info.max_entries = map->max_entries;
	info.map_flags = map->map_flags;
	info.map_extra = map->map_extra;
	memcpy(info.name, map->name, sizeof(info.name));
	if (map->btf) {
		info.btf_id = map->btf->id;
		info.btf_key_type_id = map->btf_key_type_id;
		info.btf_value_type_id = map->btf_value_type_id;
	}
	info.btf_vmlinux_value_type_id = map->btf_vmlinux_value_type_id;
	return info_end(call, &info, len);
}

const struct file_operations bpf_map_fops = {
	.name = "bpf-map",
	.get = map_file_take,
	.release = map_file_release,
	.pinnable = true,
	.get_info = map_get_info,
	.show_fdinfo = map_show_fdinfo,
	.descriptor = map_file_descriptor,
};
