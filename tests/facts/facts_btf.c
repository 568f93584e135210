/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* BPF_BTF_LOAD and the info of what it made. What BTF is valid is tested beside the parser. */
#include "facts.h"

struct blob {
	struct btf_header hdr;
	__u32 type[4]; /* one int */
	char strings[5];
} __attribute__((packed));

static struct blob good(void)
{
	struct blob blob = {
		.hdr = {.magic = BTF_MAGIC,
			.version = BTF_VERSION,
			.hdr_len = sizeof(struct btf_header),
			.type_len = sizeof(blob.type),
			.str_off = sizeof(blob.type),
			.str_len = sizeof(blob.strings)},
		.type = {1, BTF_KIND_INT << 24, 4, BTF_INT_SIGNED << 24 | 32},
		.strings = "\0int",
	};

	return blob;
}

static int load_blob(const void *data, __u32 size)
{
	union bpf_attr attr = {0};

	attr.btf = PTR(data);
	attr.btf_size = size;
	return own(bpf(BPF_BTF_LOAD, &attr));
}

static void info(void **state)
{
	struct blob blob = good();
	int fd = load_blob(&blob, sizeof(blob));
	struct bpf_btf_info info = {0};
	char data[sizeof(blob)] = {0}, name[8] = "xxxx";
	__u32 size = sizeof(info);

	assert_true(fd >= 0);
	info.btf = PTR(data);
	info.btf_size = sizeof(data);
	assert_int_equal(get_info(fd, &info, &size), 0);
	assert_true(info.id > 0);
	assert_int_equal(info.btf_size, sizeof(blob));
	assert_memory_equal(data, &blob, sizeof(blob));
	assert_int_equal(info.kernel_btf, 0);
	assert_int_equal(info.name_len, 0);

	/* A user's BTF has no name. */
	memset(&info, 0, sizeof(info));
	info.name = PTR(name);
	info.name_len = sizeof(name);
	assert_int_equal(get_info(fd, &info, &size), 0);
	assert_int_equal(name[0], '\0');
	/* Pointer and length: both or neither. */
	memset(&info, 0, sizeof(info));
	info.name = PTR(name);
	assert_int_equal(get_info(fd, &info, &size), -EINVAL);
	memset(&info, 0, sizeof(info));
	info.name_len = sizeof(name);
	assert_int_equal(get_info(fd, &info, &size), -EINVAL);
}

/* A buffer that is too small gets what fits, and the caller the size that would do. */
static void info_with_a_short_buffer(void **state)
{
	struct blob blob = good();
	int fd = load_blob(&blob, sizeof(blob));
	struct bpf_btf_info info = {0};
	char data[sizeof(blob)];
	__u32 size = sizeof(info);

	memset(data, 0x55, sizeof(data));
	info.btf = PTR(data);
	info.btf_size = 8;
	assert_int_equal(get_info(fd, &info, &size), 0);
	assert_int_equal(info.btf_size, sizeof(blob));
	assert_memory_equal(data, &blob, 8);
	assert_int_equal(data[8], 0x55);
}

static void vmlinux(void **state)
{
	union bpf_attr attr = {0};
	struct bpf_btf_info info = {0};
	char name[16] = "";
	__u32 size = sizeof(info);
	int fd;

	attr.btf_id = 1;
	fd = own(bpf(BPF_BTF_GET_FD_BY_ID, &attr));
	assert_true(fd >= 0);
	info.name = PTR(name);
	info.name_len = sizeof(name);
	assert_int_equal(get_info(fd, &info, &size), 0);
	assert_string_equal(name, "vmlinux");
	assert_int_equal(info.name_len, strlen("vmlinux"));
	assert_int_equal(info.kernel_btf, 1);
	assert_int_equal(info.id, 1);
	assert_true(info.btf_size > 1000);
}

static void header_fields(void **state)
{
	static const struct {
		const char *what;
		size_t offset, size;
		__u32 value;
		int result;
	} cases[] = {
		{"magic", 0, 2, 0x9feb, -EINVAL},
		{"version", 2, 1, 2, -ENOTSUPP},
		{"flags", 3, 1, 1, -ENOTSUPP},
		{"hdr_len short", 4, 4, 20, -EINVAL},
		{"hdr_len long", 4, 4, 0x7fffffff, -EINVAL},
		{"type_len 0", 12, 4, 0, -EINVAL},
		{"type_len not of 4", 12, 4, 15, -EINVAL},
		{"type_len long", 12, 4, 0x7fffffff, -EINVAL},
		{"type_off", 8, 4, 4, -EINVAL},
		{"str_off", 16, 4, 20, -EINVAL},
		{"str_len 0", 20, 4, 0, -EINVAL},
		{"str_len long", 20, 4, 6, -EINVAL},
		{"str_len short", 20, 4, 4, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blob blob = good();
		int ret;

		memcpy((char *)&blob + cases[i].offset, &cases[i].value, cases[i].size);
		ret = load_blob(&blob, sizeof(blob));
		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("%s: %d", cases[i].what, ret);
	}
}

static void attr_fields(void **state)
{
	static char log[256];
	struct blob blob = good();
	const struct {
		const char *what;
		__u64 data;
		__u32 size, level;
		__u64 log;
		__u32 log_size;
		int result;
	} cases[] = {
		{"right", PTR(&blob), sizeof(blob), 0, 0, 0, 0},
		{"with a log", PTR(&blob), sizeof(blob), 1, PTR(log), sizeof(log), 0},
		{"no data", 0, sizeof(blob), 0, 0, 0, -EFAULT},
		{"bad data", 8, sizeof(blob), 0, 0, 0, -EFAULT},
		{"no size", PTR(&blob), 0, 0, 0, 0, -EINVAL},
		{"part of a header", PTR(&blob), 4, 0, 0, 0, -EINVAL},
		{"a header alone", PTR(&blob), sizeof(blob.hdr), 0, 0, 0, -EINVAL},
		{"one byte less", PTR(&blob), sizeof(blob) - 1, 0, 0, 0, -EINVAL},
		{"more than 16 MiB", PTR(&blob), (16 << 20) + 1, 0, 0, 0, -E2BIG},
		{"a log of no size", PTR(&blob), sizeof(blob), 1, PTR(log), 0, -EINVAL},
		{"a log at level 0", PTR(&blob), sizeof(blob), 0, PTR(log), sizeof(log), -EINVAL},
		{"an unknown level", PTR(&blob), sizeof(blob), 16, PTR(log), sizeof(log), -EINVAL},
	};

	requires_linux(6, 4);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = {0};
		int ret;

		attr.btf = cases[i].data;
		attr.btf_size = cases[i].size;
		attr.btf_log_level = cases[i].level;
		attr.btf_log_buf = cases[i].log;
		attr.btf_log_size = cases[i].log_size;
		ret = own(bpf(BPF_BTF_LOAD, &attr));
		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("%s: %d", cases[i].what, ret);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(info),	       cmocka_unit_test(info_with_a_short_buffer),
	cmocka_unit_test(vmlinux),     cmocka_unit_test(header_fields),
	cmocka_unit_test(attr_fields),
};
const struct section btf_section = {"btf", tests, ARRAY_SIZE(tests)};
