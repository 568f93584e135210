/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Objects as bpf(2) tells them, one by one: for an engine that cannot run the iterators. The next
 * id, a descriptor, what is behind it: three system calls for each, and what only iterators see is
 * left out.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "details.h"
#include "holders.h"
#include "link_info.h"
#include "look.h"
#include "records.h"

/* Only what an engine knows of is more than zero: its size of the structure tells. */
#define has(size, type, member) ((size) >= offsetof(type, member) + sizeof(((type *)0)->member))

/* What bpf(2) tells of it, and how much: what the engine does not know of stays zero. */
static int read_info(int fd, void *info, __u32 *size)
{
	memset(info, 0, *size);
	return bpf_obj_get_info_by_fd(fd, info, size) ? -errno : 0;
}

static int put_used_maps(struct look *look, const __u32 *ids, __u32 count)
{
	struct {
		struct record head;
		__u32 ids[RECORD_MAPS_MAX];
	} r = {.head = {.version = RECORDS_VERSION, .kind = RECORD_USED_MAPS}};

	if (!count || count > RECORD_MAPS_MAX)
		return 0;
	r.head.size = sizeof(r.head) + (count + 1) / 2 * 8;
	r.head.present = count;
	memcpy(r.ids, ids, count * sizeof(*ids));
	return look_put(look, &r, r.head.size);
}

/* Programs of no other kind attach to what has a type. Linux says to which since 6.0. */
static bool attaches_to_type(__u32 type)
{
	return type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM ||
	       type == BPF_PROG_TYPE_EXT || type == BPF_PROG_TYPE_STRUCT_OPS;
}

int program_put(struct look *look, int fd)
{
	struct program_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_PROGRAM}};
	__u32 map_ids[RECORD_MAPS_MAX] = {0}, size;
	struct bpf_prog_info info;
	int err;

	memset(&info, 0, sizeof(info));
	info.nr_map_ids = RECORD_MAPS_MAX;
	info.map_ids = (uintptr_t)map_ids;
	size = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	r.id = info.id;
	r.type = info.type;
	r.gpl_compatible = info.gpl_compatible;
	r.jited = info.jited_prog_len > 0;
	r.insns = info.xlated_prog_len / sizeof(struct bpf_insn);
	r.bytes_jited = info.jited_prog_len;
	r.uid = info.created_by_uid;
	r.btf_id = info.btf_id;
	r.load_time = info.load_time;
	r.head.present = PROGRAM_HAS_BYTES_JITED | PROGRAM_HAS_UID | PROGRAM_HAS_IFINDEX;
	r.ifindex = info.ifindex;
	memcpy(r.tag, info.tag, sizeof(r.tag));
	memcpy(r.name, info.name, sizeof(r.name));
	if (has(size, struct bpf_prog_info, run_cnt)) {
		r.head.present |= PROGRAM_HAS_STATS;
		r.run_cnt = info.run_cnt;
		r.run_time_ns = info.run_time_ns;
	}
	if (has(size, struct bpf_prog_info, recursion_misses)) {
		r.head.present |= PROGRAM_HAS_MISSES;
		r.recursion_misses = info.recursion_misses;
	}
	if (has(size, struct bpf_prog_info, verified_insns)) {
		r.head.present |= PROGRAM_HAS_VERIFIED_INSNS;
		r.verified_insns = info.verified_insns;
	}
	if (has(size, struct bpf_prog_info, attach_btf_id) || !attaches_to_type(info.type)) {
		r.head.present |= PROGRAM_HAS_ATTACH_ID | PROGRAM_HAS_ATTACH;
		if (info.attach_btf_id)
			r.head.present |= PROGRAM_HIDES_ATTACH_PROG;
		r.attach_btf_id = info.attach_btf_id;
		r.attach_btf_obj_id = info.attach_btf_obj_id;
	}
	if (info.nr_map_ids > RECORD_MAPS_MAX)
		r.head.present |= PROGRAM_HAS_MANY_MAPS;
	err = look_put(look, &r, sizeof(r));
	return err ? err : put_used_maps(look, map_ids, info.nr_map_ids);
}

static int map_put(struct look *look, int fd)
{
	struct map_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_MAP}};
	struct bpf_map_info info;
	__u32 size = sizeof(info);
	int err = read_info(fd, &info, &size);

	if (err)
		return err;
	r.id = info.id;
	r.type = info.type;
	r.key_size = info.key_size;
	r.value_size = info.value_size;
	r.max_entries = info.max_entries;
	r.flags = info.map_flags;
	r.btf_id = info.btf_id;
	r.btf_key_type_id = info.btf_key_type_id;
	r.btf_value_type_id = info.btf_value_type_id;
	r.btf_vmlinux_value_type_id = info.btf_vmlinux_value_type_id;
	r.ifindex = info.ifindex;
	r.map_extra = info.map_extra;
	r.head.present = MAP_HAS_BTF | MAP_HAS_IFINDEX | MAP_HAS_EXTRA;
	memcpy(r.name, info.name, sizeof(r.name));
	return look_put(look, &r, sizeof(r));
}

static int link_put(struct look *look, int fd)
{
	struct link_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_LINK}};
	struct link_info info;
	__u32 size = sizeof(info);
	int err = read_info(fd, &info, &size);

	if (err)
		return err;
	r.id = info.id;
	r.type = info.type;
	r.prog_id = info.prog_id;
	if (info.type == LINK_ITER) {
		r.head.present = LINK_HAS_MAP;
		r.map_id = info.iter.map_id;
	}
	return look_put(look, &r, sizeof(r));
}

static const struct {
	int (*next_id)(__u32 id, __u32 *next);
	int (*fd_by_id)(__u32 id);
	int (*put)(struct look *look, int fd);
} sorts[NR_SORTS] = {
	[SORT_PROGRAMS] = {bpf_prog_get_next_id, bpf_prog_get_fd_by_id, program_put},
	[SORT_MAPS] = {bpf_map_get_next_id, bpf_map_get_fd_by_id, map_put},
	[SORT_LINKS] = {bpf_link_get_next_id, bpf_link_get_fd_by_id, link_put},
};

int object_put(struct look *look, enum sort sort, __u32 id)
{
	int fd = sorts[sort].fd_by_id(id), err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = sorts[sort].put(look, fd);
	close(fd);
	return err;
}

static int read_sort(struct look *look, enum sort sort)
{
	__u32 id = 0;
	int err = 0;

	if (sort == SORT_HOLDERS)
		return holders_read_proc(look);
	while (!err && !sorts[sort].next_id(id, &id))
		err = object_put(look, sort, id);
	if (!err && errno != ENOENT)
		err = -errno;
	return err ? err : look_end(look);
}

const struct way syscall_way = {.name = "bpf(2)", .read = read_sort};
