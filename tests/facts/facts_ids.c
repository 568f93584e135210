/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* FACTS.md, "Ids, tags, infos". Others may make objects in the kernel while this runs. */
#include "facts.h"

#define RETURN_1 MOV64_IMM(0, 1), EXIT()

static __u64 tag_of(int prog)
{
	struct bpf_prog_info info;
	__u64 tag = 0;

	if (prog < 0)
		fail_msg("does not load: %s\n%s", strerror(-prog), load_log);
	info_of(prog, &info, sizeof(info));
	for (int i = 0; i < 8; i++)
		tag = tag << 8 | info.tag[i];
	return tag;
}

static void tag(void **state)
{
	requires_linux(6, 18); /* SHA-1 before */
	assert_true(tag_of(load_iter("bpf_map", CODE(RETURN_1))) == 0xb11459a0e11ca14c);
	assert_true(tag_of(load(BPF_PROG_TYPE_SOCKET_FILTER, CODE(RETURN_1))) ==
		    0xb11459a0e11ca14c);
	assert_true(tag_of(load_iter("bpf_map", CODE(MOV64_IMM(0, 0), EXIT()))) !=
		    0xb11459a0e11ca14c);
}

static void tag_without_map_references(void **state)
{
	int a = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), b = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);

	assert_true(tag_of(load_iter("bpf_map", CODE(LD_MAP_FD(1, a), RETURN_1))) ==
		    tag_of(load_iter("bpf_map", CODE(LD_MAP_FD(1, b), RETURN_1))));
	assert_true(tag_of(load_iter("bpf_map", CODE(LD_MAP_VALUE(1, a, 0), RETURN_1))) ==
		    tag_of(load_iter("bpf_map", CODE(LD_MAP_VALUE(1, b, 4), RETURN_1))));
	assert_true(tag_of(load_iter("bpf_map", CODE(LD_IMM64(1, 0, 1, 0), RETURN_1))) !=
		    tag_of(load_iter("bpf_map", CODE(LD_IMM64(1, 0, 2, 0), RETURN_1))));
}

static int next_id(int cmd, __u32 start, __u32 *id)
{
	union bpf_attr attr = {.start_id = start};
	int err = bpf(cmd, &attr);

	*id = attr.next_id;
	return err;
}

static int by_id(int cmd, __u32 id, __u32 flags)
{
	union bpf_attr attr = {.map_id = id};

	attr.open_flags = flags;
	return own(bpf(cmd, &attr));
}

static const struct kind {
	const char *name;
	int next, get;
} kinds[] = {
	{"map", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID},
	{"prog", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID},
	{"link", BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID},
	{"btf", BPF_BTF_GET_NEXT_ID, BPF_BTF_GET_FD_BY_ID},
};

static void starts_out_of_range(void **state)
{
	__u32 id;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(next_id(kinds[i].next, 4000000000u, &id), -EINVAL);
		assert_int_equal(next_id(kinds[i].next, 0x7fffffff, &id), -EINVAL);
		assert_int_equal(next_id(kinds[i].next, 0x7ffffffe, &id), -ENOENT);
	}
}

static void unknown_ids(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(by_id(kinds[i].get, 0, 0), -ENOENT);
		assert_int_equal(by_id(kinds[i].get, 0x7ffffff0, 0), -ENOENT);
		assert_int_equal(by_id(kinds[i].get, 4000000000u, 0), -ENOENT);
	}
}

static int make(const struct kind *kind)
{
	union bpf_attr attr = {0};
	struct btf *btf;
	const void *data;
	__u32 size;
	int prog, link, fd;

	switch (kind->get) {
	case BPF_MAP_GET_FD_BY_ID:
		return map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	case BPF_BTF_GET_FD_BY_ID:
		btf = btf__new_empty();
		btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
		data = btf__raw_data(btf, &size);
		attr.btf = PTR(data);
		attr.btf_size = size;
		fd = own(bpf(BPF_BTF_LOAD, &attr));
		btf__free(btf);
		return fd;
	}
	prog = load_trivial_iter("bpf_map");
	if (kind->get == BPF_PROG_GET_FD_BY_ID)
		return prog;
	link = attach(prog);
	end(prog);
	return link;
}

static __u32 id_of_kind(const struct kind *kind, int fd)
{
	struct bpf_btf_info info;

	if (kind->get != BPF_BTF_GET_FD_BY_ID)
		return id_of(fd);
	info_of(fd, &info, sizeof(info));
	return info.id;
}

/* Every id from 0 on is met, in ascending order, and leads to its object. */
static void loops(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		__u32 mine[3], id = 0, previous = 0;
		unsigned int met = 0;
		int fd[3], err;

		for (size_t k = 0; k < ARRAY_SIZE(fd); k++) {
			fd[k] = make(&kinds[i]);
			assert_true(fd[k] >= 0);
			mine[k] = id_of_kind(&kinds[i], fd[k]);
			assert_true(mine[k] > 0);
			assert_true(!k || mine[k] > mine[k - 1]);
		}
		while (!(err = next_id(kinds[i].next, previous, &id))) {
			assert_true(id > previous);
			previous = id;
			for (size_t k = 0; k < ARRAY_SIZE(mine); k++) {
				int same;

				if (mine[k] != id)
					continue;
				met++;
				same = by_id(kinds[i].get, id, 0);
				assert_true(same >= 0);
				assert_int_equal(id_of_kind(&kinds[i], same), id);
				end(same);
			}
		}
		assert_int_equal(err, -ENOENT);
		assert_int_equal(met, ARRAY_SIZE(mine));
	}
}

static void ids_are_not_reused_at_once(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int fd = make(&kinds[i]);
		__u32 first = id_of_kind(&kinds[i], fd);

		end(fd);
		if (E->is_private)
			assert_int_equal(by_id(kinds[i].get, first, 0), -ENOENT);
		assert_true(id_of_kind(&kinds[i], make(&kinds[i])) > first);
	}
}

static void open_flags(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), fd;
	__u32 id = id_of(map), key = 0;
	__u64 value = 5;

	assert_int_equal(by_id(BPF_MAP_GET_FD_BY_ID, id, 1u << 31), -EINVAL);
	assert_int_equal(by_id(BPF_MAP_GET_FD_BY_ID, id, BPF_F_RDONLY | BPF_F_WRONLY), -EINVAL);
	fd = by_id(BPF_MAP_GET_FD_BY_ID, id, BPF_F_RDONLY);
	assert_int_equal(map_update(fd, &key, &value, BPF_ANY), -EPERM);
	assert_int_equal(map_lookup(fd, &key, &value), 0);
	assert_int_equal(value, 100);
	fd = by_id(BPF_MAP_GET_FD_BY_ID, id, BPF_F_WRONLY);
	assert_int_equal(map_update(fd, &key, &value, BPF_ANY), 0);
	assert_int_equal(map_lookup(fd, &key, &value), -EPERM);
}

/* --- infos ------------------------------------------------------------------------------- */

static void longer_and_shorter_infos(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), prog = load_trivial_iter("bpf_map");
	int fds[] = {map, prog, attach(prog), make(&kinds[3])};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		char info[1024] = {0}, head[8];
		__u32 size = sizeof(info), known;

		assert_int_equal(get_info(fds[i], info, &size), 0);
		assert_in_range(size, 16, sizeof(info) - 8);
		known = size;
		for (__u32 k = known; k < sizeof(info); k++)
			assert_int_equal(info[k], 0);
		memcpy(head, info, sizeof(head));

		/* A byte behind what is known. */
		memset(info, 0, sizeof(info));
		info[sizeof(info) - 1] = 1;
		size = sizeof(info);
		assert_int_equal(get_info(fds[i], info, &size), -E2BIG);

		/* Less than known: no byte behind it is touched. */
		memset(info, 0, sizeof(info));
		memset(info + 8, 0x55, 8);
		size = 8;
		if (fds[i] == fds[3])
			continue; /* BTF's info leads with an address and a size to be read */
		assert_int_equal(get_info(fds[i], info, &size), 0);
		assert_int_equal(size, 8);
		assert_memory_equal(info, head, 8);
		for (int k = 8; k < 16; k++)
			assert_int_equal(info[k], 0x55);
	}
}

static void info_errors(void **state)
{
	char info[1024] = {0};
	__u32 size = 64;
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), prog = load_trivial_iter("bpf_map");

	assert_int_equal(get_info(9999, info, &size), -EBADFD);
	assert_int_equal(get_info(iter_create(attach(prog)), info, &size), -EINVAL);
	assert_int_equal(get_info(map, (void *)8, &size), -EFAULT);
	size = 64;
	assert_int_equal(get_info(map, NULL, &size), -EFAULT);
	size = 8192; /* more than a page */
	assert_int_equal(get_info(map, info, &size), -E2BIG);
	size = 0;
	assert_int_equal(get_info(map, NULL, &size), 0);
	assert_int_equal(size, 0);
}

static void map_info(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_HASH,
			       .key_size = 12,
			       .value_size = 20,
			       .max_entries = 30,
			       .map_flags = BPF_F_NO_PREALLOC,
			       .map_name = "a.name_9"};
	struct bpf_map_info info;

	info_of(own(bpf(BPF_MAP_CREATE, &attr)), &info, sizeof(info));
	assert_int_equal(info.type, BPF_MAP_TYPE_HASH);
	assert_int_equal(info.key_size, 12);
	assert_int_equal(info.value_size, 20);
	assert_int_equal(info.max_entries, 30);
	assert_int_equal(info.map_flags, BPF_F_NO_PREALLOC);
	assert_string_equal(info.name, "a.name_9");
	assert_int_equal(info.btf_id, 0);
	assert_int_equal(info.map_extra, 0);
}

static void prog_info(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	int prog = load_iter("bpf_map", CODE(LD_MAP_FD(1, map), RETURN_1));
	struct bpf_prog_info info = {0};
	__u32 ids[2] = {0}, size = sizeof(info);

	info.nr_map_ids = 2;
	info.map_ids = PTR(ids);
	assert_int_equal(get_info(prog, &info, &size), 0);
	assert_int_equal(info.type, BPF_PROG_TYPE_TRACING);
	assert_string_equal(info.name, "facts");
	assert_int_equal(info.nr_map_ids, 1);
	assert_int_equal(ids[0], id_of(map));
	assert_int_equal(info.gpl_compatible, 1);
	assert_int_equal(info.attach_btf_id, type_id("bpf_iter_bpf_map", BTF_KIND_FUNC));
	assert_true(info.attach_btf_obj_id > 0);
	assert_int_equal(info.verified_insns, 3);
	assert_true(info.load_time > 0);
	assert_int_equal(info.run_cnt, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(tag),
	cmocka_unit_test(tag_without_map_references),
	cmocka_unit_test(starts_out_of_range),
	cmocka_unit_test(unknown_ids),
	cmocka_unit_test(loops),
	cmocka_unit_test(ids_are_not_reused_at_once),
	cmocka_unit_test(open_flags),
	cmocka_unit_test(longer_and_shorter_infos),
	cmocka_unit_test(info_errors),
	cmocka_unit_test(map_info),
	cmocka_unit_test(prog_info),
};
const struct section ids_section = {"ids", tests, ARRAY_SIZE(tests)};
