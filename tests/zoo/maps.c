// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/* Maps: one of every kind and flag, without BTF but where a kind needs it. What may be filled is,
 * by bytes that count up; values.c has the maps whose elements mean something.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_xdp.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "newer.h"
#include "zoo.h"

enum { WITH_BTF = 1, FREEZE = 2, BY_KEEPER = 4 };

/* What is put into it: element @i. */
struct kind;
typedef int put_fn(struct zoo *zoo, int fd, const struct kind *kind, __u32 i);

struct kind {
	const char *name;
	__u32 type, key, value, max, flags;
	put_fn *put;
	__u32 nr; /* elements that are put */
	int more;
};

static void count_up(__u8 *bytes, size_t nr, int from)
{
	for (size_t i = 0; i < nr; i++)
		bytes[i] = from + i * 17;
}

static int cpus(void)
{
	return libbpf_num_possible_cpus();
}

static bool percpu(__u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool array(__u32 type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* Keys and values of bytes that count; numbers for arrays, prefixes for tries. */
static int put_counting(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	size_t step = (kind->value + 7) / 8 * 8;
	__u8 key[64], value[4096] = {};

	count_up(key, kind->key, i * 3 + 1);
	if (array(kind->type))
		memcpy(key, &i, 4);
	if (kind->type == BPF_MAP_TYPE_LPM_TRIE) {
		__u32 bits = (kind->key - 4) * 8 - i * 5;

		memcpy(key, &bits, 4);
	}
	for (int cpu = 0; cpu < (percpu(kind->type) ? cpus() : 1); cpu++)
		count_up(value + cpu * step, kind->value, i + 100 * cpu + 200);
	return bpf_map_update_elem(fd, kind->key ? key : NULL, value, 0);
}

static int udp_socket(bool shared)
{
	const struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)))
		zoo_fail("a socket: %s", strerror(errno));
	return fd;
}

static int put_a_socket(int fd, __u32 i, int socket)
{
	__u8 key[64] = {};
	__u64 value = socket;

	memcpy(key, &i, sizeof(i));
	return bpf_map_update_elem(fd, key, &value, 0);
}

static int put_socket(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_a_socket(fd, i, udp_socket(false));
}

static int put_reuseport(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_a_socket(fd, i, udp_socket(true));
}

static int put_xsk(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	int fd_of_socket = socket(AF_XDP, SOCK_RAW, 0), entries = 64;

	/* Linux 7.2 asks for one. */
	setsockopt(fd_of_socket, SOL_XDP, XDP_RX_RING, &entries, sizeof(entries));
	return put_a_socket(fd, i, fd_of_socket);
}

static int put_inner(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	__u64 key = kind->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ? i : 0x1234567890 + i;
	int inner = bpf_map_create(BPF_MAP_TYPE_HASH, "held.by.a.map", 4, 8, 16, NULL);
	int failed;

	if (inner < 0)
		zoo_fail("an inner map: %s", strerror(errno));
	failed = bpf_map_update_elem(fd, &key, &inner, 0);
	/* From here on only the outer map holds it. */
	json_object_set_new(zoo_map(zoo, inner, "held.by.a.map"), "in_map",
			    json_integer(zoo_id(fd)));
	close(inner);
	return failed;
}

/* Also held by nothing but the map. */
static int put_program(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = i},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int inner =
		bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "tail_called", "GPL", program, 2, NULL);
	__u32 slot = i * 3;
	json_t *told;
	int failed;

	if (inner < 0)
		zoo_fail("a program to be called: %s", strerror(errno));
	failed = bpf_map_update_elem(fd, &slot, &inner, 0);
	told = zoo_program(zoo, inner, "tail_called");
	json_object_set_new(told, "type", json_integer(BPF_PROG_TYPE_SOCKET_FILTER));
	json_object_set_new(told, "attach_type", json_integer(0));
	json_object_set_new(told, "sleepable", json_false());
	json_object_set_new(told, "btf", json_false());
	json_object_set_new(told, "in_map", json_integer(zoo_id(fd)));
	close(inner);
	return failed;
}

/* A device or a processor, with a program where the value has room for one. */
static int put_redirect(struct zoo *zoo, int fd, const struct kind *kind, const char *program,
			__u32 key, __u32 first)
{
	__u32 value[2] = {first, 0};

	if (kind->value == 8) {
		int prog = zoo_program_fd(zoo, program);

		value[1] = prog;
		if (prog < 0)
			return prog;
	}
	return bpf_map_update_elem(fd, &key, value, 0);
}

static int put_device(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_redirect(zoo, fd, kind, "xdp_in_a_slot_of_a_devmap", 1, 1);
}

static int put_device_hash(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_redirect(zoo, fd, kind, "xdp_in_a_slot_of_a_devmap", 77, 1);
}

static int put_cpu(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_redirect(zoo, fd, kind, "xdp_in_a_slot_of_a_cpumap", 0, 128);
}

static int put_by_fd(int fd, int key)
{
	__u64 value = 0x1122334455667788;

	return key < 0 ? -errno : bpf_map_update_elem(fd, &key, &value, BPF_NOEXIST);
}

static int put_by_socket(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_by_fd(fd, udp_socket(false));
}

static int put_by_inode(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_by_fd(fd, memfd_create("zoo", 0));
}

static int put_by_task(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_by_fd(fd, syscall(SYS_pidfd_open, getpid(), 0));
}

static int put_by_cgroup(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return put_by_fd(fd, zoo->cgroup);
}

static int put_cgroup(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	return bpf_map_update_elem(fd, &i, &zoo->cgroup, 0);
}

static int put_event(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
	};
	int event = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);

	return event < 0 ? -errno : bpf_map_update_elem(fd, &i, &event, 0);
}

/* The number of one, before it is verified; the rest is the kernel's to fill. */
static int put_instruction(struct zoo *zoo, int fd, const struct kind *kind, __u32 i)
{
	const __u32 value[4] = {i + 7};

	return bpf_map_update_elem(fd, &i, value, 0);
}

/* int for keys, 8 bytes of it for values: what local storage asks for. */
static int simple_btf(int *key, int *value)
{
	struct btf *btf = btf__new_empty();

	if (!btf)
		zoo_fail("no memory");
	*key = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	*value = btf__add_int(btf, "long long", 8, 0);
	if (btf__load_into_kernel(btf))
		zoo_fail("BTF: %s", strerror(errno));
	return btf__fd(btf); /* of which the kernel makes a reference for each map */
}

static int create(const struct kind *kind, int btf, int key_id, int value_id)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = kind->flags);
	bool of_maps =
		kind->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || kind->type == BPF_MAP_TYPE_HASH_OF_MAPS;
	int inner = -1, fd;

	if (of_maps) {
		inner = bpf_map_create(BPF_MAP_TYPE_HASH, "pattern", 4, 8, 16, NULL);
		options.inner_map_fd = inner;
	}
	if (kind->type == BPF_MAP_TYPE_BLOOM_FILTER)
		options.map_extra = 3; /* hashes */
	if (kind->more & WITH_BTF) {
		options.btf_fd = btf;
		options.btf_key_type_id = key_id;
		options.btf_value_type_id = value_id;
	}
	fd = bpf_map_create(kind->type, kind->name, kind->key, kind->value, kind->max, &options);
	if (inner >= 0)
		close(inner);
	return fd;
}

static const struct kind kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH, 4, 8, 100, 0, put_counting, 5, BY_KEEPER},
	{"hash.empty", BPF_MAP_TYPE_HASH, 4, 8, 100, 0},
	{"hash.nearly", BPF_MAP_TYPE_HASH, 4, 8, 20, 0, put_counting, 19},
	{"hash.full", BPF_MAP_TYPE_HASH, 4, 8, 7, 0, put_counting, 7},
	{"hash.odd", BPF_MAP_TYPE_HASH, 3, 5, 10, 0, put_counting, 4},
	{"hash.big", BPF_MAP_TYPE_HASH, 40, 300, 10, 0, put_counting, 3},
	{"hash.lazy", BPF_MAP_TYPE_HASH, 4, 8, 64, BPF_F_NO_PREALLOC, put_counting, 5},
	{"hash.numa", BPF_MAP_TYPE_HASH, 4, 8, 64, BPF_F_NUMA_NODE, put_counting, 2},
	{"hash.seedless", BPF_MAP_TYPE_HASH, 4, 8, 64, BPF_F_ZERO_SEED, put_counting, 2},
	{"hash.frozen", BPF_MAP_TYPE_HASH, 4, 8, 64, 0, put_counting, 2, FREEZE},
	{"hash.rdonly", BPF_MAP_TYPE_HASH, 4, 8, 64, BPF_F_RDONLY},
	{"hash.wronly", BPF_MAP_TYPE_HASH, 4, 8, 64, BPF_F_WRONLY, put_counting, 2},
	{"hash.wo_prog", BPF_MAP_TYPE_HASH, 4, 8, 64, BPF_F_WRONLY_PROG, put_counting, 2},
	{"", BPF_MAP_TYPE_HASH, 8, 16, 64, 0, put_counting, 3},
	{"array", BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0, put_counting, 3},
	{"array.one", BPF_MAP_TYPE_ARRAY, 4, 2, 1, 0, put_counting, 1},
	{"array.ro_prog", BPF_MAP_TYPE_ARRAY, 4, 4, 3, BPF_F_RDONLY_PROG, put_counting, 3, FREEZE},
	{"array.mmap", BPF_MAP_TYPE_ARRAY, 4, 24, 5, BPF_F_MMAPABLE, put_counting, 5},
	{"array.inner", BPF_MAP_TYPE_ARRAY, 4, 8, 6, BPF_F_INNER_MAP, put_counting, 6},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 50, 0, put_counting, 6},
	{"percpu_hash.1", BPF_MAP_TYPE_PERCPU_HASH, 4, 1, 50, 0, put_counting, 2},
	{"percpu_hash.20", BPF_MAP_TYPE_PERCPU_HASH, 6, 20, 50, 0, put_counting, 2},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 3, 0, put_counting, 2},
	{"percpu_array.40", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 40, 2, 0, put_counting, 2},
	{"prog_array", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 6, 0, put_program, 2},
	{"prog_array.none", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2, 0},
	{"perf_event", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 2, 0, put_event, 1},
	{"stack_trace", BPF_MAP_TYPE_STACK_TRACE, 4, 80, 16, 0},
	{"stack_build_id", BPF_MAP_TYPE_STACK_TRACE, 4, 4 * 32, 16, BPF_F_STACK_BUILD_ID},
	{"cgroup_array", BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 2, 0, put_cgroup, 1},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 200, 0, put_counting, 5},
	{"lru_hash.cpus", BPF_MAP_TYPE_LRU_HASH, 4, 8, 200, BPF_F_NO_COMMON_LRU, put_counting, 2},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 16, 200, 0, put_counting, 5},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, 4, 30, BPF_F_NO_PREALLOC, put_counting, 5},
	{"lpm_trie.v6", BPF_MAP_TYPE_LPM_TRIE, 20, 1, 30, BPF_F_NO_PREALLOC, put_counting, 4},
	{"array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, put_inner, 2},
	{"hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, 8, 4, 4, 0, put_inner, 2},
	{"devmap", BPF_MAP_TYPE_DEVMAP, 4, 4, 3, 0, put_device, 1},
	{"devmap.prog", BPF_MAP_TYPE_DEVMAP, 4, 8, 3, 0, put_device, 1},
	{"devmap_hash", BPF_MAP_TYPE_DEVMAP_HASH, 4, 8, 3, 0, put_device_hash, 1},
	{"cpumap", BPF_MAP_TYPE_CPUMAP, 4, 4, 2, 0, put_cpu, 1},
	{"cpumap.prog", BPF_MAP_TYPE_CPUMAP, 4, 8, 2, 0, put_cpu, 1},
	{"sockmap", BPF_MAP_TYPE_SOCKMAP, 4, 8, 4, 0, put_socket, 1},
	{"sockmap.fd", BPF_MAP_TYPE_SOCKMAP, 4, 4, 4, 0, put_socket, 1},
	{"sockhash", BPF_MAP_TYPE_SOCKHASH, 6, 8, 4, 0, put_socket, 2},
	{"sockhash.fd", BPF_MAP_TYPE_SOCKHASH, 6, 4, 4, 0, put_socket, 2},
	{"xskmap", BPF_MAP_TYPE_XSKMAP, 4, 4, 2, 0, put_xsk, 1},
	{"cgroup_storage", BPF_MAP_TYPE_CGROUP_STORAGE, 16, 8, 0, 0},
	{"cgroup_stor.64", BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8, 0, 0},
	{"percpu_cgroup", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 8, 0, 0},
	{"reuseport", BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 3, 0, put_reuseport, 1},
	{"queue", BPF_MAP_TYPE_QUEUE, 0, 8, 6, 0, put_counting, 3},
	{"stack", BPF_MAP_TYPE_STACK, 0, 4, 6, 0, put_counting, 6},
	{"bloom_filter", BPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 100, 0, put_counting, 3},
	{"sk_storage", BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, put_by_socket, 1,
	 WITH_BTF},
	{"inode_storage", BPF_MAP_TYPE_INODE_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, put_by_inode, 1,
	 WITH_BTF},
	{"task_storage", BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, put_by_task, 1,
	 WITH_BTF},
	{"cgrp_storage", NEWER_MAP_TYPE_CGRP_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, put_by_cgroup, 1,
	 WITH_BTF},
	{"ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 8192, 0},
	{"user_ringbuf", BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0},
	{"arena", NEWER_MAP_TYPE_ARENA, 0, 0, 10, BPF_F_MMAPABLE},
	{"insn_array", NEWER_MAP_TYPE_INSN_ARRAY, 4, 16, 3, 0, put_instruction, 2},
	{"rhash", NEWER_MAP_TYPE_RHASH, 4, 8, 50, BPF_F_NO_PREALLOC, put_counting, 5},
};

void zoo_maps(struct zoo *zoo)
{
	int key_id, value_id, btf = simple_btf(&key_id, &value_id);

	json_object_set_new(zoo_btf(zoo, btf, "of local storages"), "maps", json_true());
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct kind *kind = &kinds[i];
		int fd = create(kind, btf, key_id, value_id), failed = 0;
		json_t *map;
		__u32 put_in = 0;

		if (fd < 0) {
			json_object_set_new(zoo_skip(zoo, kind->name, errno), "map_type",
					    json_integer(kind->type));
			continue;
		}
		map = zoo_map(zoo, fd, kind->name);
		while (put_in < kind->nr && !(failed = kind->put(zoo, fd, kind, put_in)))
			put_in++;
		if (failed) {
			char what[64];

			snprintf(what, sizeof(what), "an element of %s", kind->name);
			zoo_skip(zoo, what, failed);
		}
		if (kind->more & FREEZE && bpf_map_freeze(fd))
			zoo_fail("%s: cannot freeze: %s", kind->name, strerror(errno));
		if (kind->more & BY_KEEPER)
			zoo_keep(zoo, fd);
		json_object_set_new(map, "type", json_integer(kind->type));
		json_object_set_new(map, "flags", json_integer(kind->flags));
		json_object_set_new(map, "frozen", json_boolean(kind->more & FREEZE));
		json_object_set_new(map, "put", json_integer(put_in));
	}
}
