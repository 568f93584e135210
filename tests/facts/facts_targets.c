/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* FACTS.md, "Targets and their context". */
#include "facts.h"

static const struct target {
	const char *name;
	unsigned int args;
	struct {
		const char *name;
		const char *type; /* structure pointed to; NULL: void */
	} arg[3];
} targets[] = {
	{"bpf_prog", 1, {{"prog", "bpf_prog"}}},
	{"bpf_map", 1, {{"map", "bpf_map"}}},
	{"bpf_map_elem", 3, {{"map", "bpf_map"}, {"key", NULL}, {"value", NULL}}},
	{"bpf_link", 1, {{"link", "bpf_link"}}},
};

/* The structure that @id points to; "" for void. */
static const char *pointee(__u32 id)
{
	const struct btf_type *t = btf__type_by_id(types, id);

	assert_true(btf_is_ptr(t));
	id = t->type;
	t = btf__type_by_id(types, id);
	if (!id)
		return "";
	assert_true(btf_is_struct(t));
	return btf__name_by_offset(types, t->name_off);
}

static void attach_functions(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		const struct target *target = &targets[i];
		const struct btf_type *t;
		const struct btf_param *p;
		char name[64];

		snprintf(name, sizeof(name), "bpf_iter_%s", target->name);
		t = btf__type_by_id(types, (__u32)type_id(name, BTF_KIND_FUNC));
		t = btf__type_by_id(types, t->type);
		p = btf_params(t);
		assert_int_equal(btf_vlen(t), 1 + target->args);
		assert_string_equal(pointee(p[0].type), "bpf_iter_meta");
		for (unsigned int k = 0; k < target->args; k++) {
			const char *type = target->arg[k].type;

			assert_string_equal(pointee(p[k + 1].type), type ? type : "");
			assert_string_equal(btf__name_by_offset(types, p[k + 1].name_off),
					    target->arg[k].name);
		}
	}
}

static void context_structures(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		const struct target *target = &targets[i];
		char name[64];

		snprintf(name, sizeof(name), "bpf_iter__%s", target->name);
		assert_int_equal(field(name, "meta"), CTX_META);
		for (unsigned int k = 0; k < target->args; k++)
			assert_int_equal(field(name, target->arg[k].name), 8 + 8 * k);
	}
}

static void meta_fields(void **state)
{
	assert_int_equal(field("bpf_iter_meta", "seq"), 0);
	assert_int_equal(field("bpf_iter_meta", "session_id"), 8);
	assert_int_equal(field("bpf_iter_meta", "seq_num"), 16);
}

/* It is given when the session is opened, not when it is read. */
static void session_id_counts_sessions(void **state)
{
	struct code code = element_records();
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	int first = session("bpf_map_elem", &code, map);
	int second = session("bpf_map_elem", &code, map);
	struct element_record a, b;

	assert_int_equal(E->read(second, &b, sizeof(b)), sizeof(b));
	assert_int_equal(E->read(first, &a, sizeof(a)), sizeof(a));
	/* By one, if nobody else opens any, or tries to. */
	assert_true(b.session_id > a.session_id);
}

static void seq_num_counts_objects(void **state)
{
	struct code code = element_records();
	int fd = session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_ARRAY, 5));
	struct element_record r[8];

	assert_int_equal(read_all(fd, r, sizeof(r)), 6 * sizeof(r[0]));
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(r[i].session_id, r[0].session_id);
		assert_int_equal(r[i].seq_num, i);
		assert_int_equal(r[i].key, i);
		assert_int_equal(r[i].value, 100 + i);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(attach_functions),
	cmocka_unit_test(context_structures),
	cmocka_unit_test(meta_fields),
	cmocka_unit_test(session_id_counts_sessions),
	cmocka_unit_test(seq_num_counts_objects),
};
const struct section targets_section = {"targets", tests, ARRAY_SIZE(tests)};
