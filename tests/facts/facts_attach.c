/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* FACTS.md, "Attaching". */
#include <stdio.h>

#include "facts.h"

/* A program that reads @size bytes (BPF_B ...) of the key or value (@what: offset in the context)
 * at @at. */
static struct code reads(int what, int size, int at)
{
	struct code code = {.n = 0};

	EMIT(&code, LDX_MEM(DW, 2, 1, what), JMP_IMM(BPF_JEQ, 2, 0, 1),
	     INSN(BPF_LDX | BPF_MEM | size, 3, 2, at, 0));
	emit_return(&code, 0);
	return code;
}

static int load_elem(const struct code *code)
{
	int prog = load_iter("bpf_map_elem", code);

	if (prog < 0)
		fail_msg("does not load: %s\n%s", strerror(-prog), load_log);
	return prog;
}

static void without_a_map(void **state)
{
	int prog = load_trivial_iter("bpf_map_elem");

	assert_int_equal(attach(prog), -EBADF);
	assert_int_equal(attach_map(prog, 0), -EBADF);
	assert_int_equal(attach_map(prog, 9999), -EBADF);
	assert_int_equal(attach_map(prog, -1), -EBADF);
	assert_int_equal(attach_map(prog, prog), -EINVAL);
}

static void link_info_that_the_target_does_not_want(void **state)
{
	assert_true(attach_map(load_trivial_iter("bpf_map"), 9999) >= 0);
}

static void map_kinds(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
		bool walked;
	} kinds[] = {
		{BPF_MAP_TYPE_HASH, 4, 8, 4, 0, true},
		{BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0, true},
		{BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 4, 0, true},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4, 0, true},
		{BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0, true},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 4, 0, true},
		{BPF_MAP_TYPE_STACK, 0, 8, 4, 0, false},
		{BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0, false},
		{BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, BPF_F_NO_PREALLOC, false},
		{BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, false},
		{BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4, 0, false},
		{BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, false},
		{BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0, false},
	};
	int prog = load_trivial_iter("bpf_map_elem");
	unsigned int refused = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int map = map_try(kinds[i].type, kinds[i].key, kinds[i].value, kinds[i].max,
				  kinds[i].flags);
		int link;

		/* A runtime without that kind says so. */
		if (map == -EINVAL && E->is_private)
			continue;
		assert_true(map >= 0);
		link = attach_map(prog, map);
		if (kinds[i].walked)
			assert_true(link >= 0);
		else
			assert_int_equal(link, -EINVAL);
		refused += !kinds[i].walked;
	}
	if (!refused)
		print_message("# no kind without an element walk in this engine\n");
}

static void array_of_maps(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
			       .key_size = 4,
			       .value_size = 4,
			       .max_entries = 1};
	int map;

	attr.inner_map_fd = (__u32)map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	map = own(bpf(BPF_MAP_CREATE, &attr));
	assert_true(map >= 0);
	assert_int_equal(attach_map(load_trivial_iter("bpf_map_elem"), map), -EINVAL);
}

static void access_within_key_and_value(void **state)
{
	static const struct {
		int what, size, at;
		int result; /* 0: attached */
	} cases[] = {
		{CTX_KEY, BPF_W, 0, 0},		{CTX_KEY, BPF_H, 2, 0},
		{CTX_KEY, BPF_DW, 0, -EACCES},	{CTX_KEY, BPF_B, 4, -EACCES},
		{CTX_KEY, BPF_W, 1, -EACCES},	{CTX_VALUE, BPF_DW, 0, 0},
		{CTX_VALUE, BPF_B, 7, 0},	{CTX_VALUE, BPF_B, 8, -EACCES},
		{CTX_VALUE, BPF_W, 5, -EACCES}, {CTX_VALUE, BPF_DW, 16, -EACCES},
	};
	static const enum bpf_map_type kinds[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			int map = map_of_numbers(kinds[k], 1), ret;
			struct code code = reads(cases[i].what, cases[i].size, cases[i].at);

			ret = attach_map(load_elem(&code), map);
			if (ret >= 0)
				ret = 0;
			if (ret != cases[i].result)
				fail_msg("kind %d, case %zu: %d", kinds[k], i, ret);
		}
}

static void access_within_a_per_cpu_value(void **state)
{
	int map = map_try(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 12, 1, 0);
	int size = 16 * (int)E->cpus();
	struct code inside = reads(CTX_VALUE, BPF_DW, size - 8);
	struct code outside = reads(CTX_VALUE, BPF_DW, size);

	assert_true(map >= 0);
	assert_true(attach_map(load_elem(&inside), map) >= 0);
	assert_int_equal(attach_map(load_elem(&outside), map), -EACCES);
}

/* What a program writes to the values of all CPUs is not written to the map. */
static void per_cpu_values_are_copies(void **state)
{
	static const enum bpf_map_type kinds[] = {
		BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH};
	static __u64 values[1024], got[1024], shown[2048];
	const unsigned int cpus = E->cpus();
	const int size = 8 * (int)cpus;
	__u32 key = 1;

	assert_in_range(cpus, 1, 1024);
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		values[cpu] = 1000 + cpu;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		int map = map_new(kinds[k], 4, 8, 2, BPF_F_RDONLY_PROG), nr;
		struct code code = {.n = 0};

		assert_int_equal(map_update(map, &key, values, BPF_ANY), 0);
		assert_int_equal(map_freeze(map), 0);
		emit_prologue(&code);
		EMIT(&code, LDX_MEM(DW, 2, 6, CTX_VALUE), JMP_IMM(BPF_JNE, 2, 0, 2),
		     MOV64_IMM(0, 0), EXIT(), MOV64_REG(9, 2));
		emit_seq_write(&code, size);
		EMIT(&code, ST_MEM(DW, 9, size - 8, 7), ST_MEM(DW, 9, 0, 7));
		emit_return(&code, 0);
		memset(shown, 0, sizeof(shown));
		nr = (int)read_all(session("bpf_map_elem", &code, map), shown, sizeof(shown)) /
		     size;
		assert_int_equal(nr, kinds[k] == BPF_MAP_TYPE_PERCPU_ARRAY ? 2 : 1);
		assert_memory_equal(shown + (nr - 1) * cpus, values, size);
		assert_int_equal(map_lookup(map, &key, got), 0);
		assert_memory_equal(got, values, size);
	}
}

static void link_create_attr(void **state)
{
	union bpf_iter_link_info info[3] = {0};
	int prog = load_trivial_iter("bpf_map_elem"), map = map_of_numbers(BPF_MAP_TYPE_HASH, 1);
	const struct {
		__u32 prog, target_fd, flags, attach_type;
		__u64 info;
		__u32 len;
		int result;
	} cases[] = {
		{prog, 0, 0, BPF_TRACE_ITER, PTR(info), sizeof(info[0]), 0},
		{prog, 0, 0, BPF_TRACE_ITER, PTR(info), 4, 0},
		{prog, 0, 0, BPF_TRACE_ITER, PTR(info), 2 * sizeof(info[0]), 0},
		{prog, 1, 0, BPF_TRACE_ITER, PTR(info), sizeof(info[0]), -EINVAL},
		{prog, 0, 1, BPF_TRACE_ITER, PTR(info), sizeof(info[0]), -EINVAL},
		{prog, 0, 0, BPF_TRACE_ITER, 0, sizeof(info[0]), -EINVAL},
		{prog, 0, 0, BPF_TRACE_ITER, PTR(info), 0, -EINVAL},
		{prog, 0, 0, BPF_TRACE_ITER, 8, sizeof(info[0]), -EFAULT},
		{prog, 0, 0, BPF_TRACE_FENTRY, PTR(info), sizeof(info[0]), -EINVAL},
		{prog, 0, 0, 0, PTR(info), sizeof(info[0]), -EINVAL},
		{prog, 0, 0, 9999, PTR(info), sizeof(info[0]), -EINVAL},
		{map, 0, 0, BPF_TRACE_ITER, PTR(info), sizeof(info[0]), -EINVAL},
		{9999, 0, 0, BPF_TRACE_ITER, PTR(info), sizeof(info[0]), -EBADF},
	};

	info[0].map.map_fd = (__u32)map;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = {0};
		int ret;

		attr.link_create.prog_fd = cases[i].prog;
		attr.link_create.target_fd = cases[i].target_fd;
		attr.link_create.attach_type = cases[i].attach_type;
		attr.link_create.flags = cases[i].flags;
		attr.link_create.iter_info = cases[i].info;
		attr.link_create.iter_info_len = cases[i].len;
		ret = own(bpf(BPF_LINK_CREATE, &attr));
		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d", i, ret);
	}
}

static void link_info_longer_than_known(void **state)
{
	char info[64] = {0};
	union bpf_attr attr = {0};
	__u32 map = (__u32)map_of_numbers(BPF_MAP_TYPE_HASH, 1);

	memcpy(info, &map, sizeof(map));
	info[63] = 1;
	attr.link_create.prog_fd = (__u32)load_trivial_iter("bpf_map_elem");
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = PTR(info);
	attr.link_create.iter_info_len = sizeof(info);
	assert_int_equal(bpf(BPF_LINK_CREATE, &attr), -E2BIG);
	info[63] = 0;
	assert_true(own(bpf(BPF_LINK_CREATE, &attr)) >= 0);
}

/* On purpose the embedded engine does not let a program write where bpf(2) and programs must not:
 * docs/deviations.md. Linux attaches all three. */
static void program_that_writes_to_values(void **state)
{
	static const struct {
		unsigned int flags;
		bool frozen;
		int embedded; /* 0: attached */
	} cases[] = {
		{0, false, 0},
		{0, true, -EPERM},
		{BPF_F_RDONLY, false, 0},
		{BPF_F_RDONLY_PROG, false, -EPERM},
	};
	int prog = load_elem(CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 1),
				  ST_MEM(DW, 2, 0, 7), MOV64_IMM(0, 0), EXIT()));
	int reader = load_trivial_iter("bpf_map_elem");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, cases[i].flags), ret;

		if (cases[i].frozen)
			assert_int_equal(map_freeze(map), 0);
		ret = attach_map(prog, map);
		if (ret > 0)
			ret = 0;
		if (ret != (E->is_private ? cases[i].embedded : 0))
			fail_msg("case %zu: %d", i, ret);
		assert_true(attach_map(reader, map) >= 0);
	}
}

static void writes_arrive(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 3);
	int fd = session("bpf_map_elem",
			 CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 1),
			      ST_MEM(DW, 2, 0, 7), MOV64_IMM(0, 0), EXIT()),
			 map);
	__u64 value;
	char byte;

	assert_int_equal(E->read(fd, &byte, 1), 0);
	for (__u32 key = 0; key < 3; key++) {
		assert_int_equal(map_lookup(map, &key, &value), 0);
		assert_int_equal(value, 7);
	}
}

static void update(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 1);
	int prog = load_trivial_iter("bpf_map_elem"), other = load_trivial_iter("bpf_map_elem");
	int of_another_target = load_trivial_iter("bpf_map");
	int of_another_type = load(BPF_PROG_TYPE_SOCKET_FILTER, CODE(MOV64_IMM(0, 0), EXIT()));
	int link = attach_map(prog, map);
	const struct {
		int link, prog;
		unsigned int flags;
		int old_prog;
		int result;
	} cases[] = {
		{link, of_another_target, 0, 0, -EINVAL},
		{link, of_another_type, 0, 0, -EINVAL},
		{link, other, BPF_F_REPLACE, other, -EPERM},
		{link, other, BPF_F_REPLACE, 9999, -EBADF},
		{link, other, BPF_F_REPLACE, map, -EINVAL},
		{link, other, 0, prog, -EINVAL}, /* an old program without the flag */
		{link, other, 1, 0, -EINVAL},
		{link, 9999, 0, 0, -EBADF},
		{link, map, 0, 0, -EINVAL},
		{9999, other, 0, 0, -EBADF},
		{prog, other, 0, 0, -EINVAL},
		{link, other, BPF_F_REPLACE, prog, 0},
		{link, other, BPF_F_REPLACE, prog, -EPERM},
		{link, prog, 0, 0, 0},
		{link, prog, 0, 0, 0}, /* the one that it has */
	};

	assert_true(of_another_type >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = link_update(cases[i].link, cases[i].prog, cases[i].flags,
				      cases[i].old_prog);

		if (ret != cases[i].result)
			fail_msg("case %zu: %d", i, ret);
	}
}

static void detach(void **state)
{
	union bpf_attr attr = {0};
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 1);

	attr.link_detach.link_fd = (__u32)attach(load_trivial_iter("bpf_map"));
	assert_int_equal(bpf(BPF_LINK_DETACH, &attr), -EOPNOTSUPP);
	attr.link_detach.link_fd = (__u32)map;
	assert_int_equal(bpf(BPF_LINK_DETACH, &attr), -EINVAL);
	attr.link_detach.link_fd = 9999;
	assert_int_equal(bpf(BPF_LINK_DETACH, &attr), -EBADF);
}

static void create_session(void **state)
{
	union bpf_attr attr = {0};
	int link = attach(load_trivial_iter("bpf_map"));

	assert_int_equal(iter_create(map_of_numbers(BPF_MAP_TYPE_HASH, 1)), -EINVAL);
	assert_int_equal(iter_create(load_trivial_iter("bpf_map")), -EINVAL);
	assert_int_equal(iter_create(iter_create(link)), -EINVAL);
	assert_int_equal(iter_create(9999), -EBADF);
	attr.iter_create.link_fd = (__u32)link;
	attr.iter_create.flags = 1;
	assert_int_equal(bpf(BPF_ITER_CREATE, &attr), -EINVAL);
}

static const char *tag_of(int prog, char text[17])
{
	struct bpf_prog_info info;

	info_of(prog, &info, sizeof(info));
	for (int i = 0; i < 8; i++)
		sprintf(text + 2 * i, "%02x", info.tag[i]);
	return text;
}

static void link_fdinfo(void **state)
{
	static const char *const targets[] = {"bpf_map_elem", "bpf_map", "bpf_prog", "bpf_link"};

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		int prog = load_trivial_iter(targets[i]), map = -1, link;
		char text[512], expected[512], tag[17], map_line[32] = "";

		if (!i)
			map = map_of_numbers(BPF_MAP_TYPE_HASH, 1);
		link = map < 0 ? attach(prog) : attach_map(prog, map);
		if (map >= 0)
			snprintf(map_line, sizeof(map_line), "map_id:\t%u\n", id_of(map));
		snprintf(expected, sizeof(expected),
			 "link_type:\titer\nlink_id:\t%u\nprog_tag:\t%s\nprog_id:\t%u\n"
			 "target_name:\t%s\n%s",
			 id_of(link), tag_of(prog, tag), id_of(prog), targets[i], map_line);
		assert_int_equal(E->fdinfo(link, text, sizeof(text)), strlen(expected));
		assert_string_equal(text, expected);
	}
}

static void link_info(void **state)
{
	int prog = load_trivial_iter("bpf_map_elem"), map = map_of_numbers(BPF_MAP_TYPE_HASH, 1);
	int link = attach_map(prog, map);
	char name[32];
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);

	memset(name, 'x', sizeof(name));
	info.iter.target_name = PTR(name);
	info.iter.target_name_len = sizeof(name);
	assert_int_equal(get_info(link, &info, &size), 0);
	assert_int_equal(info.type, BPF_LINK_TYPE_ITER);
	assert_int_equal(info.type, 4);
	assert_int_equal(info.id, id_of(link));
	assert_int_equal(info.prog_id, id_of(prog));
	assert_string_equal(name, "bpf_map_elem");
	assert_int_equal(info.iter.target_name_len, sizeof("bpf_map_elem"));
	assert_int_equal(info.iter.map.map_id, id_of(map));
}

static void link_info_name_buffer(void **state)
{
	int link = attach(load_trivial_iter("bpf_map"));
	const int needed = sizeof("bpf_map");
	const struct {
		unsigned int length;
		bool pointer;
		int result;
		const char *name;
	} cases[] = {
		{3, true, -ENOSPC, "bp"},
		{1, true, -ENOSPC, ""},
		{needed - 1, true, -ENOSPC, "bpf_ma"},
		{needed, true, 0, "bpf_map"},
		{16, true, 0, "bpf_map"},
		{0, false, 0, "xxxx"},
		{0, true, -EINVAL, "xxxx"},
		{16, false, -EINVAL, "xxxx"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf_link_info info = {0};
		char name[16] = "xxxx";
		__u32 size = sizeof(info);

		info.iter.target_name = cases[i].pointer ? PTR(name) : 0;
		info.iter.target_name_len = cases[i].length;
		if (get_info(link, &info, &size) != cases[i].result || strcmp(name, cases[i].name))
			fail_msg("case %zu: %s", i, name);
		/* On failure the info is not copied out. */
		if (!cases[i].result)
			assert_int_equal(info.iter.target_name_len, needed);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(without_a_map),
	cmocka_unit_test(link_info_that_the_target_does_not_want),
	cmocka_unit_test(map_kinds),
	cmocka_unit_test(array_of_maps),
	cmocka_unit_test(access_within_key_and_value),
	cmocka_unit_test(access_within_a_per_cpu_value),
	cmocka_unit_test(per_cpu_values_are_copies),
	cmocka_unit_test(link_create_attr),
	cmocka_unit_test(link_info_longer_than_known),
	cmocka_unit_test(program_that_writes_to_values),
	cmocka_unit_test(writes_arrive),
	cmocka_unit_test(update),
	cmocka_unit_test(detach),
	cmocka_unit_test(create_session),
	cmocka_unit_test(link_fdinfo),
	cmocka_unit_test(link_info),
	cmocka_unit_test(link_info_name_buffer),
};
const struct section attach_section = {"attach", tests, ARRAY_SIZE(tests)};
