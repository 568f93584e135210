/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The built-in BTF, made by clang for the BPF target, and the compiler of the runtime agree on the
 * structures that programs read. Every member in the BTF has to be in the table.
 */
#include "blob.h"

struct member {
	const char *structure;
	const char *name;
	u32 struct_size;
	u32 offset;
	u32 size;
};

#define MEMBER(structure_, member_)                                                                \
	{                                                                                          \
#structure_, #member_, sizeof(struct structure_),                                  \
			offsetof(struct structure_, member_),                                      \
			sizeof(((struct structure_ *)0)->member_)                                  \
	}

static const struct member members[] = {
	MEMBER(bpf_map, ops),
	MEMBER(bpf_map, inner_map_meta),
	MEMBER(bpf_map, map_type),
	MEMBER(bpf_map, key_size),
	MEMBER(bpf_map, value_size),
	MEMBER(bpf_map, max_entries),
	MEMBER(bpf_map, map_extra),
	MEMBER(bpf_map, map_flags),
	MEMBER(bpf_map, id),
	MEMBER(bpf_map, record),
	MEMBER(bpf_map, numa_node),
	MEMBER(bpf_map, btf_key_type_id),
	MEMBER(bpf_map, btf_value_type_id),
	MEMBER(bpf_map, btf_vmlinux_value_type_id),
	MEMBER(bpf_map, btf),
	MEMBER(bpf_map, name),
	MEMBER(bpf_map, refcnt),
	MEMBER(bpf_map, usercnt),
	MEMBER(bpf_map, rcu),
	MEMBER(bpf_map, writecnt),
	MEMBER(bpf_map, frozen),
	MEMBER(bpf_map, nr_elem_counts),
	MEMBER(bpf_map, elem_count),
	MEMBER(bpf_map, percpu_stride),
	MEMBER(bpf_map, rt),
	MEMBER(bpf_prog, pages),
	MEMBER(bpf_prog, type),
	MEMBER(bpf_prog, expected_attach_type),
	MEMBER(bpf_prog, len),
	MEMBER(bpf_prog, jited_len),
	MEMBER(bpf_prog, tag),
	MEMBER(bpf_prog, stats),
	MEMBER(bpf_prog, bpf_func),
	MEMBER(bpf_prog, aux),
	MEMBER(bpf_prog, insnsi),
	MEMBER(bpf_prog_aux, refcnt),
	MEMBER(bpf_prog_aux, used_map_cnt),
	MEMBER(bpf_prog_aux, used_btf_cnt),
	MEMBER(bpf_prog_aux, format_cnt),
	MEMBER(bpf_prog_aux, max_ctx_offset),
	MEMBER(bpf_prog_aux, stack_depth),
	MEMBER(bpf_prog_aux, id),
	MEMBER(bpf_prog_aux, func_cnt),
	MEMBER(bpf_prog_aux, attach_btf_id),
	MEMBER(bpf_prog_aux, ctx_arg_info_size),
	MEMBER(bpf_prog_aux, max_rdonly_access),
	MEMBER(bpf_prog_aux, max_rdwr_access),
	MEMBER(bpf_prog_aux, reads_unwritten_stack),
	MEMBER(bpf_prog_aux, tail_call_reachable),
	MEMBER(bpf_prog_aux, writes_rdwr_buf),
	MEMBER(bpf_prog_aux, attach_btf),
	MEMBER(bpf_prog_aux, ctx_arg_info),
	MEMBER(bpf_prog_aux, dst_prog),
	MEMBER(bpf_prog_aux, might_sleep),
	MEMBER(bpf_prog_aux, attach_func_proto),
	MEMBER(bpf_prog_aux, attach_func_name),
	MEMBER(bpf_prog_aux, kfunc_tab),
	MEMBER(bpf_prog_aux, formats),
	MEMBER(bpf_prog_aux, jit),
	MEMBER(bpf_prog_aux, ops),
	MEMBER(bpf_prog_aux, used_maps),
	MEMBER(bpf_prog_aux, prog),
	MEMBER(bpf_prog_aux, user),
	MEMBER(bpf_prog_aux, load_time),
	MEMBER(bpf_prog_aux, verified_insns),
	MEMBER(bpf_prog_aux, name),
	MEMBER(bpf_prog_aux, btf),
	MEMBER(bpf_prog_aux, func_info),
	MEMBER(bpf_prog_aux, func_info_aux),
	MEMBER(bpf_prog_aux, linfo),
	MEMBER(bpf_prog_aux, func_info_cnt),
	MEMBER(bpf_prog_aux, nr_linfo),
	MEMBER(bpf_prog_aux, owner),
	MEMBER(bpf_prog_aux, rcu),
	MEMBER(bpf_prog_aux, rt),
	MEMBER(user_struct, uid),
	MEMBER(btf, data),
	MEMBER(btf, types),
	MEMBER(btf, strings),
	MEMBER(btf, nohdr_data),
	MEMBER(btf, hdr),
	MEMBER(btf, nr_types),
	MEMBER(btf, types_size),
	MEMBER(btf, data_size),
	MEMBER(btf, refcnt),
	MEMBER(btf, id),
	MEMBER(btf, rcu),
	MEMBER(btf, base_btf),
	MEMBER(btf, start_id),
	MEMBER(btf, start_str_off),
	MEMBER(btf, name),
	MEMBER(btf, kernel_btf),
	MEMBER(btf, rt),
	MEMBER(btf, lookup),
	MEMBER(bpf_link, refcnt),
	MEMBER(bpf_link, id),
	MEMBER(bpf_link, type),
	MEMBER(bpf_link, ops),
	MEMBER(bpf_link, prog),
	MEMBER(bpf_link, flags),
	MEMBER(bpf_link, attach_type),
	MEMBER(bpf_link, rcu),
	MEMBER(bpf_link, rt),
	MEMBER(seq_file, buf),
	MEMBER(seq_file, size),
	MEMBER(seq_file, from),
	MEMBER(seq_file, count),
	MEMBER(seq_file, index),
	MEMBER(seq_file, op),
	MEMBER(seq_file, private),
	MEMBER(bpf_iter_meta, seq),
	MEMBER(bpf_iter_meta, session_id),
	MEMBER(bpf_iter_meta, seq_num),
};

struct bits {
	const char *name;
	struct bpf_prog prog; /* zero but for the field */
};

static const struct bits bitfields[] = {
	{"jited", {.jited = 1}},
	{"jit_requested", {.jit_requested = 1}},
	{"gpl_compatible", {.gpl_compatible = 1}},
	{"sleepable", {.sleepable = 1}},
};

static const struct member *find(const char *structure, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (!strcmp(members[i].structure, structure) && !strcmp(members[i].name, name))
			return &members[i];
	return NULL;
}

/* The name of a member; of one that has none, of the first in it. */
static const char *member_name(const struct btf *btf, const struct btf_member *m)
{
	const char *name = btf_name_by_offset(btf, m->name_off);
	const struct btf_type *t;

	if (*name)
		return name;
	t = btf_type_skip_modifiers(btf, m->type, NULL);
	assert_true(btf_type_is_struct(t) && btf_vlen(t));
	return btf_name_by_offset(btf, btf_members(t)->name_off);
}

static void compare_bits(const char *name, u32 bit_off, u32 bits)
{
	size_t i, bit;

	for (i = 0; i < ARRAY_SIZE(bitfields); i++) {
		const unsigned char *bytes = (const void *)&bitfields[i].prog;

		if (strcmp(bitfields[i].name, name))
			continue;
		for (bit = 0; bit < sizeof(struct bpf_prog) * 8; bit++)
			if (!!(bytes[bit / 8] & 1 << bit % 8) !=
			    (bit >= bit_off && bit < bit_off + bits))
				fail_msg("bit %zu of %s", bit, name);
		return;
	}
	fail_msg("bitfield %s is not in the table", name);
}

static void compare(const struct btf *btf, const char *structure, u32 *compared)
{
	s32 id = btf_find_by_name_kind(btf, structure, BTF_KIND_STRUCT);
	const struct btf_type *t;
	u32 i;

	assert_true(id > 0);
	t = btf_type_by_id(btf, id);
	for (i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const char *name = member_name(btf, m);
		u32 bits = btf_member_bitfield_size(t, m), off = btf_member_bit_offset(t, m);
		const struct member *ours;
		u32 size, type_id = m->type;

		if (bits) {
			compare_bits(name, off, bits);
			continue;
		}
		ours = find(structure, name);
		if (!ours)
			fail_msg("%s.%s is not in the table", structure, name);
		assert_non_null(btf_type_id_size(btf, &type_id, &size));
		if (ours->offset * 8 != off || ours->size != size || ours->struct_size != t->size)
			fail_msg("%s.%s: at bit %u with %u bytes in the BTF, at byte %u with %u "
				 "bytes here",
				 structure, name, off, size, ours->offset, ours->size);
		++*compared;
	}
}

static void test_layout(void **state)
{
	struct btf *btf = btf_parse(NULL, trek_vmlinux_btf_data, trek_vmlinux_btf_len, NULL, NULL);
	u32 compared = 0;
	size_t i;

	assert_false(IS_ERR(btf));
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (!i || strcmp(members[i].structure, members[i - 1].structure))
			compare(btf, members[i].structure, &compared);
	assert_int_equal(compared, ARRAY_SIZE(members));
	btf_put(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_layout)};
	int failed = cmocka_run_group_tests_name("btf_layout", tests, NULL, NULL);

	rcu_barrier();
	return failed;
}
