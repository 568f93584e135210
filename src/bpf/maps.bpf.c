/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every map: what BPF_OBJ_GET_INFO_BY_FD tells of it (kernel/bpf/syscall.c,
 * bpf_map_get_info_by_fd()), and its number of elements, where the kind counts them.
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * Came with Linux 6.6. Nothing but its address says whether it is there: map->elem_count was given
 * to older kernels later, without it (6.1.176). But bpftool 7.1 writes light skeletons in which the
 * address of a function is always NULL; these ask for what came with it and is given to none.
 */
extern __s64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym __weak;
#ifdef LIGHT
#define sums_elem_count() bpf_core_enum_value_exists(enum bpf_link_type, BPF_LINK_TYPE_TCX)
#else
#define sums_elem_count() (bpf_map_sum_elem_count != NULL)
#endif

/* Of <linux/bpf.h>, in every kernel the same. */
enum { MAP_LPM_TRIE = 11, MAP_QUEUE = 22, MAP_STACK = 23 };

static __always_inline void read_elements(struct bpf_map *map, struct map_record *r)
{
	struct bpf_queue_stack *queue = (void *)map;
	struct lpm_trie *trie = (void *)map;

	if (bpf_core_field_exists(map->elem_count) && sums_elem_count() &&
	    BPF_CORE_READ(map, elem_count)) {
		r->elements = bpf_map_sum_elem_count(map);
	} else if (r->type == MAP_LPM_TRIE && bpf_core_field_exists(trie->n_entries)) {
		r->elements = BPF_CORE_READ(trie, n_entries);
	} else if ((r->type == MAP_QUEUE || r->type == MAP_STACK) &&
		   bpf_core_field_exists(queue->head)) {
		/* A ring with one place more than may be full. */
		r->elements = BPF_CORE_READ(queue, head) - (__u64)BPF_CORE_READ(queue, tail);
		if ((__s64)r->elements < 0)
			r->elements += BPF_CORE_READ(queue, size);
	} else {
		return;
	}
	r->head.present |= MAP_HAS_ELEMENTS;
}

SEC("iter/bpf_map")
int write_maps(struct bpf_iter__bpf_map *ctx)
{
	struct map_record r = {};
	struct bpf_map *map = ctx->map;

	if (!map)
		return 0;
	record_begin(&r.head, sizeof(r), RECORD_MAP);
	r.id = map->id;
	r.type = map->map_type;
	r.key_size = map->key_size;
	r.value_size = map->value_size;
	r.max_entries = map->max_entries;
	r.flags = map->map_flags;
	r.frozen = map->frozen;
	r.btf_id = BPF_CORE_READ(map, btf, id);
	r.btf_key_type_id = map->btf_key_type_id;
	r.btf_value_type_id = map->btf_value_type_id;
	r.btf_vmlinux_value_type_id = map->btf_vmlinux_value_type_id;
	r.refcnt = map->refcnt.counter - 1;
	r.usercnt = map->usercnt.counter;
	r.head.present = MAP_HAS_FROZEN | MAP_HAS_BTF | MAP_HAS_COUNTS | MAP_HAS_EXTRA;
	if (bpf_core_field_exists(map->map_extra))
		r.map_extra = map->map_extra;
	bpf_probe_read_kernel(r.name, sizeof(r.name), map->name);
	read_elements(map, &r);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
