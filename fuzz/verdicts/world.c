/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The world that programs live in: maps, what is in them, fields of the kernel's structures,
 * helpers.
 */
#include "verdicts.h"

const struct map_shape map_shapes[NR_MAPS] = {
	[M_ARRAY] = {BPF_MAP_TYPE_ARRAY, 4, 48, 4, 0},
	[M_HASH] = {BPF_MAP_TYPE_HASH, 8, 16, 8, 0},
	[M_ODD] = {BPF_MAP_TYPE_HASH, 12, 20, 8, 0},
	[M_RODATA] = {BPF_MAP_TYPE_ARRAY, 4, RODATA_SIZE, 1, BPF_F_RDONLY_PROG},
	[M_DATA] = {BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0},
	[M_ITER] = {BPF_MAP_TYPE_ARRAY, 4, 24, 4, 0},
	[M_LOCK] = {BPF_MAP_TYPE_ARRAY, 4, 24, 4, 0},
	[M_RING] = {BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0},
	[M_PROGS] = {BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0},
};

const char rodata[RODATA_SIZE] = "%llu %x\n\0\0\0\0\0\0\0\0abc\0\0\0\0\0\0\0\0\0\0\0\0\0%d|%lx";

const struct field fields[] = {
	[FIELD_META_SEQ] = {S_META, "seq", 8, S_SEQ},
	[FIELD_META_SEQ_NUM] = {S_META, "seq_num", 8, -1},
	{S_META, "session_id", 8, -1},
	{S_MAP, "id", 4, -1},
	{S_MAP, "key_size", 4, -1},
	{S_MAP, "value_size", 4, -1},
	{S_MAP, "max_entries", 4, -1},
	{S_MAP, "map_type", 4, -1},
	{S_MAP, "map_flags", 4, -1},
	{S_MAP, "map_extra", 8, -1},
	{S_MAP, "frozen", 1, -1},
	{S_MAP, "name", 1, -1},
	{S_MAP, "btf_key_type_id", 4, -1},
	{S_MAP, "inner_map_meta", 8, S_MAP},
	{S_MAP, "btf", 8, S_BTF},
	{S_BTF, "id", 4, -1},
	{S_BTF, "data_size", 4, -1},
	{S_BTF, "base_btf", 8, S_BTF},
	{S_SEQ, "size", 8, -1},
	{S_SEQ, "count", 8, -1},
	{S_SEQ, "index", 8, -1},
};
const unsigned int nr_fields = ARRAY_SIZE(fields);
bool field_usable[ARRAY_SIZE(fields)];

const char *const kfunc_names[NR_KFUNCS] = {
	[KFUNC_COUNT] = "bpf_map_sum_elem_count",
	[KFUNC_NUM_NEW] = "bpf_iter_num_new",
	[KFUNC_NUM_NEXT] = "bpf_iter_num_next",
	[KFUNC_NUM_DESTROY] = "bpf_iter_num_destroy",
};

const int known_helpers[] = {
	BPF_FUNC_map_lookup_elem,
	BPF_FUNC_map_update_elem,
	BPF_FUNC_map_delete_elem,
	BPF_FUNC_probe_read_kernel,
	BPF_FUNC_seq_write,
	BPF_FUNC_seq_printf,
	BPF_FUNC_strncmp,
	BPF_FUNC_snprintf,
	BPF_FUNC_for_each_map_elem,
	BPF_FUNC_loop,
	BPF_FUNC_ringbuf_reserve,
	BPF_FUNC_ringbuf_submit,
	BPF_FUNC_ringbuf_discard,
	BPF_FUNC_spin_lock,
	BPF_FUNC_spin_unlock,
	BPF_FUNC_tail_call,
	BPF_FUNC_xdp_adjust_head,
	BPF_FUNC_skb_load_bytes,
	BPF_FUNC_dynptr_from_mem,
	BPF_FUNC_dynptr_read,
	BPF_FUNC_dynptr_write,
	BPF_FUNC_dynptr_data,
	BPF_FUNC_ringbuf_reserve_dynptr,
	BPF_FUNC_ringbuf_submit_dynptr,
	BPF_FUNC_ringbuf_discard_dynptr,
	0,
};
