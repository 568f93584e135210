/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What BPF_MAP_CREATE accepts. Each case is a good attr with one thing changed. */
#include "facts.h"

#define H BPF_MAP_TYPE_HASH
#define A BPF_MAP_TYPE_ARRAY
#define P BPF_MAP_TYPE_PERCPU_ARRAY
#define L BPF_MAP_TYPE_LRU_HASH
#define HP BPF_MAP_TYPE_PERCPU_HASH
#define LP BPF_MAP_TYPE_LRU_PERCPU_HASH

static void sizes_and_flags(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
		int result;
	} cases[] = {
		{H, 4, 8, 1, 0, 0},
		{A, 4, 8, 1, 0, 0},
		{H, 0, 8, 1, 0, -EINVAL},
		{H, 4, 0, 1, 0, -EINVAL},
		{H, 4, 8, 0, 0, -EINVAL},
		{A, 0, 8, 1, 0, -EINVAL},
		{A, 4, 0, 1, 0, -EINVAL},
		{A, 4, 8, 0, 0, -EINVAL},
		{A, 3, 8, 1, 0, -EINVAL},
		{A, 8, 8, 1, 0, -EINVAL},
		{BPF_MAP_TYPE_UNSPEC, 4, 8, 1, 0, -EINVAL},
		{9999, 4, 8, 1, 0, -EINVAL},
		{(enum bpf_map_type) - 1, 4, 8, 1, 0, -EINVAL},
		{H, 512, 8, 1, 0, 0},
		/* Sizes whose product is more than 32 bits hold, or more than 64. */
		{H, 4, 8, 0xffffffff, 0, -E2BIG},
		{H, 4, 8, 0x80000001, 0, -E2BIG},
		{H, 4, 8, 0xffffffff, BPF_F_NO_PREALLOC, -E2BIG},
		{H, 0xfffffff8, 0xfffffff8, 0xffffffff, 0, -E2BIG},
		{H, 0x80000000, 0x80000000, 1, 0, -E2BIG},
		{L, 4, 8, 0xffffffff, 0, -E2BIG},
		{HP, 4, 8, 0xffffffff, 0, -E2BIG},
		{HP, 4, 8, 0xffffffff, BPF_F_NO_PREALLOC, -E2BIG},
		{LP, 4, 8, 0xffffffff, 0, -E2BIG},
		{A, 4, 0x7ffffff8, 0xffffffff, 0, -ENOMEM},
		{A, 4, 0x7ffffff8, 0xffffffff, BPF_F_MMAPABLE, -ENOMEM},
		{A, 4, 0xfffffff8, 0xffffffff, 0, -E2BIG},
		{P, 4, 32768, 0xffffffff, 0, -ENOMEM},
		{H, 1, 1, 1, 0, 0},
		{H, 4, 0xffffffff, 1, 0, -E2BIG},
		{H, 0xffffffff, 8, 1, 0, -E2BIG},
		{A, 4, 0xffffffff, 1, 0, -E2BIG},
		{H, 4, 8, 1, BPF_F_NO_PREALLOC, 0},
		{A, 4, 8, 1, BPF_F_NO_PREALLOC, -EINVAL},
		{A, 4, 8, 1, BPF_F_MMAPABLE, 0},
		{H, 4, 8, 1, BPF_F_MMAPABLE, -EINVAL},
		{H, 4, 8, 1, BPF_F_ZERO_SEED, 0},
		{A, 4, 8, 1, BPF_F_ZERO_SEED, -EINVAL},
		{H, 4, 8, 1, BPF_F_NO_COMMON_LRU, -EINVAL},
		{A, 4, 8, 1, BPF_F_NO_COMMON_LRU, -EINVAL},
		{A, 4, 8, 1, BPF_F_INNER_MAP, 0},
		{H, 4, 8, 1, BPF_F_INNER_MAP, -EINVAL},
		{H, 4, 8, 1, BPF_F_ZERO_SEED, 0},
		{L, 4, 8, 1, 0, 0},
		{L, 4, 8, 1, BPF_F_NO_PREALLOC, -ENOTSUPP},
		{L, 4, 8, 0, BPF_F_NO_PREALLOC, -ENOTSUPP},
		{L, 4, 8, 1, BPF_F_NO_COMMON_LRU, 0},
		{L, 4, 8, 1, BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE, -EINVAL},
		{L, 4, 8, 1, BPF_F_NUMA_NODE, 0},
		{L, 4, 8, 1, BPF_F_ZERO_SEED, 0},
		{L, 4, 8, 1, BPF_F_MMAPABLE, -EINVAL},
		{L, 0, 8, 1, 0, -EINVAL},
		{L, 4, 0, 1, 0, -EINVAL},
		{L, 4, 8, 0, 0, -EINVAL},
		{L, 4, 8, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, -EINVAL},
		{L, 4, 4 << 20, 1, 0, -E2BIG},
		{L, 4, 8, 0xffffffff, BPF_F_NO_COMMON_LRU, -E2BIG},
		{HP, 4, 8, 1, 0, 0},
		{HP, 4, 8, 1, BPF_F_NO_PREALLOC, 0},
		{HP, 4, 8, 1, BPF_F_NO_COMMON_LRU, -EINVAL},
		{HP, 4, 8, 1, BPF_F_NUMA_NODE, -EINVAL},
		{HP, 4, 32768, 1, 0, 0},
		{HP, 4, 32769, 1, 0, -E2BIG},
		{HP, 4, 32761, 1, BPF_F_NO_PREALLOC, 0},
		{HP, 4, 0, 1, 0, -EINVAL},
		{LP, 4, 8, 1, 0, 0},
		{LP, 4, 8, 1, BPF_F_NO_COMMON_LRU, 0},
		{LP, 4, 8, 1, BPF_F_NO_PREALLOC, -ENOTSUPP},
		{LP, 4, 8, 1, BPF_F_NUMA_NODE, -EINVAL},
		{LP, 4, 40000, 1, 0, -E2BIG},
		{H, 4, 8, 1, BPF_F_PRESERVE_ELEMS, -EINVAL},
		{H, 4, 8, 1, BPF_F_STACK_BUILD_ID, -EINVAL},
		{H, 4, 8, 1, BPF_F_CLONE, -EINVAL},
		{H, 4, 8, 1, 1u << 31, -EINVAL},
		{A, 4, 8, 1, 1u << 31, -EINVAL},
		{H, 4, 8, 1, BPF_F_RDONLY, 0},
		{H, 4, 8, 1, BPF_F_WRONLY, 0},
		{H, 4, 8, 1, BPF_F_RDONLY | BPF_F_WRONLY, -EINVAL},
		{A, 4, 8, 1, BPF_F_RDONLY | BPF_F_WRONLY, -EINVAL},
		{H, 4, 8, 1, BPF_F_RDONLY_PROG, 0},
		{H, 4, 8, 1, BPF_F_WRONLY_PROG, 0},
		{H, 4, 8, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, -EINVAL},
		{A, 4, 8, 1, BPF_F_RDONLY | BPF_F_RDONLY_PROG, 0},
		{P, 4, 8, 1, 0, 0},
		{P, 0, 8, 1, 0, -EINVAL},
		{P, 4, 0, 1, 0, -EINVAL},
		{P, 4, 8, 0, 0, -EINVAL},
		{P, 8, 8, 1, 0, -EINVAL},
		{P, 4, 8, 1, BPF_F_NUMA_NODE, -EINVAL},
		{A, 4, 8, 1, BPF_F_NUMA_NODE, 0},
		{P, 4, 8, 1, BPF_F_MMAPABLE, -EINVAL},
		{P, 4, 8, 1, BPF_F_INNER_MAP, -EINVAL},
		{P, 4, 8, 1, BPF_F_NO_PREALLOC, -EINVAL},
		{P, 4, 8, 1, BPF_F_PRESERVE_ELEMS, -EINVAL},
		{P, 4, 8, 1, BPF_F_ZERO_SEED, -EINVAL},
		{P, 4, 8, 1, BPF_F_RDONLY_PROG, 0},
		{P, 4, 8, 1, BPF_F_WRONLY, 0},
		{P, 4, 8, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = map_try(cases[i].type, cases[i].key, cases[i].value, cases[i].max,
				  cases[i].flags);

		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
	}
}

static void per_cpu_value_too_large(void **state)
{
	assert_true(map_try(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 32768, 1, 0) >= 0);
	assert_int_equal(map_try(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 32769, 1, 0), -E2BIG);
	assert_int_equal(map_try(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 40000, 1, 0), -E2BIG);
	assert_int_equal(map_try(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0xffffffff, 1, 0), -E2BIG);
}

static int create_named(const char *name, size_t size)
{
	union bpf_attr attr = {.map_type = A, .key_size = 4, .value_size = 8, .max_entries = 1};

	memcpy(attr.map_name, name, size);
	return own(bpf(BPF_MAP_CREATE, &attr));
}

static void names(void **state)
{
	static const struct {
		char name[BPF_OBJ_NAME_LEN + 1];
		int result;
	} cases[] = {
		{"", 0},
		{"a", 0},
		{"A.z_09", 0},
		{"123456789012345", 0},
		{"1234567890123456", -EINVAL}, /* no NUL */
		{"a b", -EINVAL},
		{"a-b", -EINVAL},
		{"a/b", -EINVAL},
		{"\xc3\xa4", -EINVAL},
		{"a\n", -EINVAL},
		{"a\0b c", 0}, /* what is behind the NUL does not count */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = create_named(cases[i].name, BPF_OBJ_NAME_LEN);

		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("name %zu: %d", i, ret);
	}
}

static int load_types(struct btf *btf)
{
	union bpf_attr attr = {0};
	__u32 size;

	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	return own(bpf(BPF_BTF_LOAD, &attr));
}

static void types_of_key_and_value(void **state)
{
	struct btf *btf = btf__new_empty();
	int u32 = btf__add_int(btf, "u32", 4, 0), u64 = btf__add_int(btf, "u64", 8, 0);
	int fd = load_types(btf);
	const struct {
		__u32 btf_fd, key, value;
		int result;
	} cases[] = {
		{fd, u32, u64, 0},	  {fd, 0, u64, -EINVAL},   {fd, u32, 0, -EINVAL},
		{fd, u64, u64, -EINVAL},  {fd, u32, u32, -EINVAL}, {fd, u32, 9999, -EINVAL},
		{fd, 9999, u64, -EINVAL}, {fd, 0, 0, 0},	   {9999, u32, u64, -EBADF},
	};

	btf__free(btf);
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = {
			.map_type = H, .key_size = 4, .value_size = 8, .max_entries = 1};
		int ret;

		attr.btf_fd = cases[i].btf_fd;
		attr.btf_key_type_id = cases[i].key;
		attr.btf_value_type_id = cases[i].value;
		ret = own(bpf(BPF_MAP_CREATE, &attr));
		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d", i, ret);
	}
}

/* A map of types whose btf_fd is no descriptor, and that has something else wrong with it: what
 * comes before, and what does not come any more. */
static void types_come_last(void **state)
{
	static const struct {
		unsigned int type, key, value, max, flags, ifindex, key_type, value_type;
		const char *name;
		int result;
	} cases[] = {
		{H, 4, 8, 1, 0, 0, 0, 1, "", -EBADF},
		{H, 0, 8, 1, 0, 0, 0, 1, "", -EINVAL},
		{H, 4, 8, 1, 1u << 31, 0, 0, 1, "", -EINVAL},
		{H, 4, 8, 0xffffffff, 0, 0, 1, 1, "", -E2BIG},
		{9999, 4, 8, 1, 0, 0, 0, 1, "", -EINVAL},
		{L, 4, 8, 1, BPF_F_NO_PREALLOC, 0, 1, 1, "", -ENOTSUPP},
		{A, 4, 0x7ffffff8, 0xffffffff, 0, 0, 1, 1, "", -ENOMEM},
		{H, 4, 8, 1, 0, 0, 0, 1, "a b", -EINVAL},
		{H, 4, 8, 1, 0, 0, 1, 0, "", -EINVAL},
		{H, 4, 8, 1, BPF_F_RDONLY | BPF_F_WRONLY, 0, 1, 1, "", -EINVAL},
		/* No device is looked for before the kind has had its say. */
		{H, 4, 8, 1, 0, 0x7ffffff0, 0, 1, "", -EINVAL},
		{BPF_MAP_TYPE_BLOOM_FILTER, 0, 0xffffffff, 1, 0, 0x7ffffff0, 0, 0, "", -E2BIG},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = {.map_type = cases[i].type,
				       .key_size = cases[i].key,
				       .value_size = cases[i].value,
				       .max_entries = cases[i].max,
				       .map_flags = cases[i].flags,
				       .map_ifindex = cases[i].ifindex,
				       .btf_fd = 9999,
				       .btf_key_type_id = cases[i].key_type,
				       .btf_value_type_id = cases[i].value_type};
		int ret;

		memcpy(attr.map_name, cases[i].name, strlen(cases[i].name));
		ret = own(bpf(BPF_MAP_CREATE, &attr));
		if (ret != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
	}
}

static void other_fields(void **state)
{
	static const struct {
		const char *name;
		size_t offset;
		__u32 value;
		int result;
	} cases[] = {
		{"inner_map_fd", offsetof(union bpf_attr, inner_map_fd), 1, 0},
		{"numa_node without its flag", offsetof(union bpf_attr, numa_node), 1, 0},
		{"map_ifindex of no device", offsetof(union bpf_attr, map_ifindex), 0x7ffffff0,
		 -EINVAL},
		{"btf_vmlinux_value_type_id", offsetof(union bpf_attr, btf_vmlinux_value_type_id),
		 1, -EINVAL},
		{"map_extra", offsetof(union bpf_attr, map_extra), 1, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = {
			.map_type = H, .key_size = 4, .value_size = 8, .max_entries = 1};
		int ret;

		memcpy((char *)&attr + cases[i].offset, &cases[i].value, sizeof(__u32));
		ret = own(bpf(BPF_MAP_CREATE, &attr));
		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("%s: %d", cases[i].name, ret);
	}
}

static void numa_node(void **state)
{
	union bpf_attr attr = {.map_type = A,
			       .key_size = 4,
			       .value_size = 8,
			       .max_entries = 1,
			       .map_flags = BPF_F_NUMA_NODE};

	assert_true(own(bpf(BPF_MAP_CREATE, &attr)) >= 0);
	attr.numa_node = 100000;
	assert_int_equal(bpf(BPF_MAP_CREATE, &attr), -EINVAL);
}

/* What a map too large for the machine gives; nothing of it stays. */
static void too_much_memory(void **state)
{
	assert_int_equal(map_try(A, 4, 1u << 30, 1u << 20, 0), -ENOMEM);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sizes_and_flags), cmocka_unit_test(per_cpu_value_too_large),
	cmocka_unit_test(names),	   cmocka_unit_test(types_of_key_and_value),
	cmocka_unit_test(types_come_last), cmocka_unit_test(other_fields),
	cmocka_unit_test(numa_node),	   cmocka_unit_test(too_much_memory),
};
const struct section create_section = {"create", tests, ARRAY_SIZE(tests)};
