/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Ids, infos and fdinfo of maps, programs and BTF; loading's attributes; elements by bpf(2). */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "call.h"

#define ENOTSUPP 524

static int set_up(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

static int next_id(int cmd, uint32_t start)
{
	union bpf_attr attr = {.start_id = start};
	int err = trek_bpf(rt, cmd, &attr, sizeof(attr));

	return err ? err : (int)attr.next_id;
}

static void test_ids(void **state)
{
	int fd = map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0);

	map_new(BPF_MAP_TYPE_HASH, 8, 1, 0);
	assert_int_equal(next_id(BPF_MAP_GET_NEXT_ID, 0), 1);
	assert_int_equal(next_id(BPF_MAP_GET_NEXT_ID, 1), 2);
	assert_int_equal(next_id(BPF_MAP_GET_NEXT_ID, 2), -ENOENT);
	assert_int_equal(next_id(BPF_MAP_GET_NEXT_ID, 0x7fffffff), -EINVAL);
	assert_int_equal(next_id(BPF_MAP_GET_NEXT_ID, 4000000000u), -EINVAL);
	assert_int_equal(next_id(BPF_PROG_GET_NEXT_ID, 0), -ENOENT);
	assert_int_equal(next_id(BPF_LINK_GET_NEXT_ID, 0), -ENOENT);
	assert_int_equal(next_id(BPF_BTF_GET_NEXT_ID, 0), 1);
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_ID, .next_id = 7), 0);
	assert_int_equal(BPF(BPF_MAP_GET_FD_BY_ID, .map_id = 77), -ENOENT);
	assert_int_equal(BPF(BPF_PROG_GET_FD_BY_ID, .prog_id = 1), -ENOENT);
	assert_int_equal(BPF(BPF_BTF_GET_FD_BY_ID, .btf_id = 77), -ENOENT);
	assert_int_equal(BPF(BPF_MAP_GET_FD_BY_ID, .map_id = 1, .open_flags = 1), -EINVAL);
	assert_int_equal(
		BPF(BPF_MAP_GET_FD_BY_ID, .map_id = 1, .open_flags = BPF_F_RDONLY | BPF_F_WRONLY),
		-EINVAL);
	/* An id goes with the last reference and does not come back at once. */
	assert_int_equal(trek_close(rt, fd), 0);
	assert_int_equal(next_id(BPF_MAP_GET_NEXT_ID, 0), 2);
	map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0);
	assert_int_equal(next_id(BPF_MAP_GET_NEXT_ID, 2), 3);
}

static int info(int fd, void *buf, uint32_t *len)
{
	union bpf_attr attr = {.info = {.bpf_fd = fd, .info_len = *len, .info = PTR(buf)}};
	int err = trek_bpf(rt, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));

	*len = attr.info.info_len;
	return err;
}

static void test_map_info(void **state)
{
	struct {
		struct bpf_map_info map;
		char newer[40];
	} buf = {0};
	int fd = BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 12,
		     .max_entries = 7, .map_name = "a_map.x");
	uint32_t len = sizeof(buf);
	char text[256];

	assert_int_equal(info(fd, &buf, &len), 0);
	assert_int_equal(len, sizeof(struct bpf_map_info));
	assert_int_equal(buf.map.type, BPF_MAP_TYPE_HASH);
	assert_int_equal(buf.map.id, 1);
	assert_int_equal(buf.map.key_size, 4);
	assert_int_equal(buf.map.value_size, 12);
	assert_int_equal(buf.map.max_entries, 7);
	assert_string_equal(buf.map.name, "a_map.x");

	buf.newer[39] = 1;
	len = sizeof(buf);
	assert_int_equal(info(fd, &buf, &len), -E2BIG);
	len = 8;
	memset(&buf, 0xff, sizeof(buf));
	assert_int_equal(info(fd, &buf, &len), 0);
	assert_int_equal(len, 8);
	assert_int_equal(buf.map.id, 1);
	assert_int_equal(buf.map.key_size, 0xffffffff);
	len = 0;
	assert_int_equal(info(fd, NULL, &len), 0);
	len = 80;
	assert_int_equal(info(999, &buf, &len), -EBADFD);

	assert_true(trek_fdinfo(rt, fd, text, sizeof(text)) > 0);
	assert_non_null(strstr(text,
			       "map_type:\t1\nkey_size:\t4\nvalue_size:\t12\n"
			       "max_entries:\t7\nmap_flags:\t0x0\nmap_extra:\t0x0\nmemlock:\t"));
	assert_non_null(strstr(text, "\nmap_id:\t1\nfrozen:\t0\n"));
}

static void test_prog_info(void **state)
{
	struct bpf_prog_info prog = {0};
	struct bpf_insn insns[2];
	uint32_t len = sizeof(prog), ids[2] = {0};
	uint8_t tag[BPF_TAG_SIZE];
	int map = map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0), fd = prog_new(BPF_PROG_TYPE_SOCKET_FILTER);

	assert_int_equal(BPF(BPF_PROG_BIND_MAP, .prog_bind_map = {fd, map, 1}), -EINVAL);
	assert_int_equal(BPF(BPF_PROG_BIND_MAP, .prog_bind_map = {map, map, 0}), -EINVAL);
	assert_int_equal(BPF(BPF_PROG_BIND_MAP, .prog_bind_map = {fd, 999, 0}), -EBADF);
	assert_int_equal(BPF(BPF_PROG_BIND_MAP, .prog_bind_map = {fd, map, 0}), 0);
	assert_int_equal(BPF(BPF_PROG_BIND_MAP, .prog_bind_map = {fd, map, 0}), 0);

	prog.nr_map_ids = 2;
	prog.map_ids = PTR(ids);
	prog.xlated_prog_len = sizeof(insns);
	prog.xlated_prog_insns = PTR(insns);
	prog.nr_prog_tags = 5;
	prog.prog_tags = PTR(tag);
	assert_int_equal(info(fd, &prog, &len), 0);
	assert_int_equal(prog.type, BPF_PROG_TYPE_SOCKET_FILTER);
	assert_int_equal(prog.id, 1);
	assert_int_equal(prog.nr_map_ids, 1);
	assert_int_equal(ids[0], 1);
	assert_int_equal(ids[1], 0);
	assert_int_equal(prog.xlated_prog_len, sizeof(insns));
	assert_memory_equal(insns, return_0, sizeof(insns));
	assert_int_equal(prog.nr_prog_tags, 1);
	assert_memory_equal(tag, prog.tag, sizeof(tag));
	assert_int_equal(prog.gpl_compatible, 1);
	assert_int_equal(prog.verified_insns, 2);

	/* A list without a place for it. */
	prog = (struct bpf_prog_info){.nr_map_ids = 1};
	assert_int_equal(info(fd, &prog, &len), -EFAULT);
	prog = (struct bpf_prog_info){.xlated_prog_len = 8};
	assert_int_equal(info(fd, &prog, &len), -EFAULT);
	prog = (struct bpf_prog_info){.func_info_rec_size = 7};
	assert_int_equal(info(fd, &prog, &len), -EINVAL);
	prog = (struct bpf_prog_info){.nr_line_info = 1};
	assert_int_equal(info(fd, &prog, &len), -EINVAL);
}

static void test_btf_info(void **state)
{
	char name[16], *types;
	size_t size;
	const void *raw = trek_vmlinux_btf(&size);
	struct bpf_btf_info btf = {.name = PTR(name), .name_len = sizeof(name)};
	int fd = BPF(BPF_BTF_GET_FD_BY_ID, .btf_id = 1);
	uint32_t len = sizeof(btf);

	types = calloc(1, size);
	btf.btf = PTR(types);
	btf.btf_size = size;
	assert_int_equal(info(fd, &btf, &len), 0);
	assert_string_equal(name, "vmlinux");
	assert_int_equal(btf.name_len, 7);
	assert_int_equal(btf.kernel_btf, 1);
	assert_int_equal(btf.btf_size, size);
	assert_memory_equal(types, raw, size);
	free(types);
	btf = (struct bpf_btf_info){.name = PTR(name), .name_len = 4};
	assert_int_equal(info(fd, &btf, &len), -ENOSPC);
	assert_string_equal(name, "vml");
	btf = (struct bpf_btf_info){.name_len = 4};
	assert_int_equal(info(fd, &btf, &len), -EINVAL);
	btf = (struct bpf_btf_info){.btf_size = 4};
	assert_int_equal(info(fd, &btf, &len), -EFAULT);
}

/* What BPF_PROG_LOAD says of attributes; the program itself is right. */
#define LOAD(...)                                                                                  \
	BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2,                \
	    .insns = PTR(return_0), .license = PTR("GPL"), ##__VA_ARGS__)
#define LOAD_ITER(...)                                                                             \
	LOAD(.prog_type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_TRACE_ITER,           \
	     ##__VA_ARGS__)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif
static void test_load_attrs(void **state)
{
	static char log[4096];
	int map = map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0),
	    btf = BPF(BPF_BTF_GET_FD_BY_ID, .btf_id = 1);
	uint32_t func = vmlinux_func("bpf_iter_bpf_map"),
		 kfunc = vmlinux_func("bpf_map_sum_elem_count");
	const struct {
		const char *what;
		int result, expected; /* expected 1: a handle */
	} t[] = {
		{"right", LOAD(), 1},
		{"no instruction", LOAD(.insn_cnt = 0), -E2BIG},
		{"too many", LOAD(.insn_cnt = 1000001), -E2BIG},
		{"flag", LOAD(.prog_flags = 1u << 20), -EINVAL},
		{"name", LOAD(.prog_name = "a-b"), -EINVAL},
		{"name without end", LOAD(.prog_name = "0123456789abcdef"), -EINVAL},
		{"name with a dot", LOAD(.prog_name = "a.b_9"), 1},
		{"type", LOAD(.prog_type = 200), -EINVAL},
		{"type unspecified", LOAD(.prog_type = 0), -EINVAL},
		{"expected attach type", LOAD(.expected_attach_type = BPF_TRACE_ITER), 1},
		{"kernel version", LOAD(.kern_version = 77), 1},
		{"device", LOAD(.prog_ifindex = 1), -EINVAL},
		{"license nowhere", LOAD(.license = 0), -EFAULT},
		{"attach_btf_id of no tracing program", LOAD(.attach_btf_id = 1), -EINVAL},
		{"attach_prog_fd of no tracing program", LOAD(.attach_prog_fd = btf), -EINVAL},
		{"level without buffer", LOAD(.log_level = 1), 1},
		{"buffer without level", LOAD(.log_buf = PTR(log), .log_size = sizeof(log)),
		 -EINVAL},
		{"level", LOAD(.log_level = 16, .log_buf = PTR(log), .log_size = sizeof(log)),
		 -EINVAL},
		{"fd_array not used", LOAD(.fd_array = 8), 1},
		{"prog_btf_fd not used", LOAD(.prog_btf_fd = 999), 1},
		{"records without BTF",
		 LOAD(.func_info_cnt = 1, .func_info_rec_size = 8, .func_info = PTR(log)), -EBADF},
		{"records with the built-in BTF",
		 LOAD(.func_info_cnt = 1, .func_info_rec_size = 8, .func_info = PTR(log),
		      .prog_btf_fd = btf),
		 -EACCES},
		{"records with a map for BTF",
		 LOAD(.line_info_cnt = 1, .line_info_rec_size = 16, .line_info = PTR(log),
		      .prog_btf_fd = map),
		 -EINVAL},
		{"tracing without function", LOAD_ITER(), -EINVAL},
		{"a type that is none", LOAD_ITER(.attach_btf_id = 900000), -EINVAL},
		{"a type beyond all", LOAD_ITER(.attach_btf_id = 0x100001), -EINVAL},
		{"a type that is no function", LOAD_ITER(.attach_btf_id = 1), -EINVAL},
		{"a function that is no iterator's", LOAD_ITER(.attach_btf_id = kfunc), -EINVAL},
		{"an iterator", LOAD_ITER(.attach_btf_id = func), 1},
		{"of the built-in BTF by its handle",
		 LOAD_ITER(.attach_btf_id = func, .attach_btf_obj_fd = btf), 1},
		{"of a map", LOAD_ITER(.attach_btf_id = func, .attach_btf_obj_fd = map), -EINVAL},
		{"attached in another way",
		 LOAD(.prog_type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_TRACE_FENTRY,
		      .attach_btf_id = func),
		 -EINVAL},
	};
	size_t i;

	assert_true(func && kfunc);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].expected == 1 ? t[i].result <= 0 : t[i].result != t[i].expected)
			fail_msg("%s: %d, not %d", t[i].what, t[i].result, t[i].expected);
}
#pragma GCC diagnostic pop

/* log_true_size is younger than <linux/bpf.h> may be. */
static void test_log_true_size(void **state)
{
	static char log[256];
	union {
		union bpf_attr attr;
		uint32_t words[38];
	} u = {.attr = {.prog_type = BPF_PROG_TYPE_TRACING,
			.insn_cnt = 2,
			.insns = PTR(return_0),
			.license = PTR("GPL"),
			.expected_attach_type = BPF_TRACE_ITER,
			.attach_btf_id = 1,
			.log_level = 1,
			.log_buf = PTR(log),
			.log_size = sizeof(log)}};

	assert_int_equal(trek_bpf(rt, BPF_PROG_LOAD, &u.attr, 140), -EINVAL);
	assert_int_equal(u.words[35], 0);
	assert_int_equal(trek_bpf(rt, BPF_PROG_LOAD, &u.attr, 148), -EINVAL);
	assert_int_equal(u.words[35], strlen(log) + 1);
	u.words[36] = 1; /* prog_token_fd */
	u.words[35] = 0;
	assert_int_equal(trek_bpf(rt, BPF_PROG_LOAD, &u.attr, 148), -EINVAL);
	assert_int_equal(u.words[35], 0);
}

static void test_elements(void **state)
{
	uint32_t key = 1;
	uint64_t value = 5;
	int hash = map_new(BPF_MAP_TYPE_HASH, 8, 4, 0);
	int wronly = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_WRONLY);
	int rdonly = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_RDONLY);
	int array = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, 0);

#define ELEM(cmd, fd, ...)                                                                         \
	BPF(cmd, .map_fd = fd, .key = PTR(&key), .value = PTR(&value), ##__VA_ARGS__)
	assert_int_equal(map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_RDONLY | BPF_F_WRONLY), -EINVAL);
	assert_int_equal(ELEM(BPF_MAP_LOOKUP_ELEM, hash), -ENOENT);
	assert_int_equal(ELEM(BPF_MAP_UPDATE_ELEM, hash), 0);
	assert_int_equal(ELEM(BPF_MAP_UPDATE_ELEM, hash, .flags = BPF_F_LOCK), -EINVAL);
	assert_int_equal(ELEM(BPF_MAP_LOOKUP_ELEM, hash, .flags = BPF_F_LOCK), -EINVAL);
	assert_int_equal(ELEM(BPF_MAP_LOOKUP_ELEM, hash, .flags = 1), -EINVAL);
	assert_int_equal(ELEM(BPF_MAP_LOOKUP_ELEM, hash), 0);
	assert_int_equal(ELEM(BPF_MAP_LOOKUP_AND_DELETE_ELEM, array), -ENOTSUPP);
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = hash, .next_key = PTR(&key)), 0);
	assert_int_equal(key, 1);
	assert_int_equal(BPF(BPF_MAP_DELETE_ELEM, .map_fd = hash, .key = PTR(&key)), 0);
	assert_int_equal(BPF(BPF_MAP_DELETE_ELEM, .map_fd = hash, .key = PTR(&key)), -ENOENT);

	assert_int_equal(ELEM(BPF_MAP_LOOKUP_ELEM, wronly), -EPERM);
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = wronly, .next_key = PTR(&key)),
			 -EPERM);
	assert_int_equal(ELEM(BPF_MAP_UPDATE_ELEM, wronly), 0);
	assert_int_equal(ELEM(BPF_MAP_LOOKUP_ELEM, rdonly), 0);
	assert_int_equal(ELEM(BPF_MAP_UPDATE_ELEM, rdonly), -EPERM);
	assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = rdonly), -EPERM);

	assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = array), 0);
	assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = array), -EPERM);
	assert_int_equal(ELEM(BPF_MAP_UPDATE_ELEM, array), -EPERM);
	assert_int_equal(ELEM(BPF_MAP_LOOKUP_ELEM, array), 0);
#undef ELEM
}

static void test_mmap(void **state)
{
	int fd = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_MMAPABLE);
	int plain = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, 0);
	uint32_t key = 1;
	uint64_t value = 0, *values;
	void *addr;

	assert_int_equal(trek_mmap(rt, fd, 4096, PROT_READ | PROT_WRITE, 0, &addr), 0);
	values = addr;
	values[1] = 9;
	assert_int_equal(
		BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = fd, .key = PTR(&key), .value = PTR(&value)), 0);
	assert_int_equal(value, 9);
	assert_int_equal(munmap(addr, 4096), 0);
	assert_int_equal(trek_mmap(rt, fd, 8192, PROT_READ, 0, &addr), -EINVAL);
	assert_int_equal(trek_mmap(rt, fd, 4096, PROT_READ, 4096, &addr), -EINVAL);
	assert_int_equal(trek_mmap(rt, fd, 4096, PROT_READ, 1, &addr), -EINVAL);
	assert_int_equal(trek_mmap(rt, fd, 4096, PROT_READ, -4096, &addr), -EINVAL);
	assert_int_equal(trek_mmap(rt, fd, 0, PROT_READ, 0, &addr), -EINVAL);
	assert_int_equal(trek_mmap(rt, plain, 4096, PROT_READ, 0, &addr), -ENOTSUP);
	assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = fd), 0);
	assert_int_equal(trek_mmap(rt, fd, 4096, PROT_READ | PROT_WRITE, 0, &addr), -EPERM);
	assert_int_equal(trek_mmap(rt, fd, 4096, PROT_READ, 0, &addr), 0);
	assert_int_equal(munmap(addr, 4096), 0);
}

static void test_mmap_of_half_a_handle(void **state)
{
	int rdonly = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_MMAPABLE | BPF_F_RDONLY);
	int wronly = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_MMAPABLE | BPF_F_WRONLY);
	int rodata = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG);
	void *addr;

	assert_int_equal(trek_mmap(rt, rdonly, 4096, PROT_READ | PROT_WRITE, 0, &addr), -EPERM);
	assert_int_equal(trek_mmap(rt, rdonly, 4096, PROT_READ, 0, &addr), 0);
	assert_int_equal(munmap(addr, 4096), 0);
	assert_int_equal(trek_mmap(rt, wronly, 4096, PROT_READ | PROT_WRITE, 0, &addr), -EPERM);
	assert_int_equal(trek_mmap(rt, rodata, 4096, PROT_READ | PROT_WRITE, 0, &addr), -EPERM);
}

/* What a program's map is stands in its instructions, where it lies does not. */
static void test_xlated_has_no_addresses(void **state)
{
	int hash = map_new(BPF_MAP_TYPE_HASH, 8, 4, 0),
	    data = map_new(BPF_MAP_TYPE_ARRAY, 64, 1, 0);
	const struct bpf_insn insns[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = 1, .imm = hash},
		{0},
		{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 2, .src_reg = 2, .imm = data},
		{.imm = 24},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = PTR(insns),
		     .insn_cnt = 6, .license = PTR("GPL"));
	struct bpf_insn got[6] = {0};
	struct bpf_prog_info prog = {.xlated_prog_len = sizeof(got), .xlated_prog_insns = PTR(got)};
	uint32_t len = sizeof(prog);

	assert_true(fd > 0);
	assert_int_equal(info(fd, &prog, &len), 0);
	assert_int_equal(got[0].src_reg, BPF_PSEUDO_MAP_FD);
	assert_int_equal(got[0].imm, 1);
	assert_int_equal(got[1].imm, 0);
	assert_int_equal(got[2].src_reg, BPF_PSEUDO_MAP_VALUE);
	assert_int_equal(got[2].imm, 2);
	assert_int_equal(got[3].imm, 24);
}

static void test_run(void **state)
{
	int filter = prog_new(BPF_PROG_TYPE_SOCKET_FILTER),
	    iter = iter_prog_new("bpf_iter_bpf_map");
	char packet[64] = {0};
	uint32_t ret = 9;

	assert_int_equal(BPF(BPF_PROG_TEST_RUN, .test = {.prog_fd = filter}), -EINVAL);
	assert_int_equal(BPF(BPF_PROG_TEST_RUN, .test = {.prog_fd = 999}), -EBADF);
	assert_int_equal(
		BPF(BPF_PROG_TEST_RUN,
		    .test = {.prog_fd = filter, .data_in = PTR(packet), .data_size_in = 13}),
		-EINVAL);
	assert_int_equal(
		BPF(BPF_PROG_TEST_RUN,
		    .test = {.prog_fd = filter, .data_in = PTR(packet), .data_size_in = 64}),
		0);
	assert_int_equal(BPF(BPF_PROG_TEST_RUN, .test = {.prog_fd = filter,
							 .data_in = PTR(packet),
							 .data_size_in = 64,
							 .flags = 1}),
			 -EINVAL);
	assert_int_equal(BPF(BPF_PROG_TEST_RUN, .test = {.prog_fd = filter, .ctx_size_in = 1}),
			 -EINVAL);
	assert_int_equal(trek_prog_run(rt, filter, packet, sizeof(packet), &ret), 0);
	assert_int_equal(ret, 0);
	assert_int_equal(trek_prog_run(rt, iter, NULL, 0, &ret), -ENOTSUP);
	assert_int_equal(trek_prog_run(rt, 999, NULL, 0, &ret), -EBADF);
}

/* A program of type SYSCALL: a context of its caller's, which it may change. */
static void test_run_syscall(void **state)
{
	/* ctx[1] = ctx[0] + 1; return 7; with ctx of two u64. */
	const struct bpf_insn insns[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 2, .src_reg = 1},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = 1},
		{.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 1, .src_reg = 2, .off = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 7},
		{.code = BPF_JMP | BPF_EXIT},
	};
	uint64_t ctx[2] = {41};
	union bpf_attr attr = {0};
	uint32_t ret = 0;
	int fd;

	fd = BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SYSCALL, .insns = PTR(insns),
		 .insn_cnt = 5, .license = PTR("GPL"));
	assert_int_equal(fd, -EINVAL); /* not BPF_F_SLEEPABLE */
	fd = BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SYSCALL, .insns = PTR(insns),
		 .insn_cnt = 5, .license = PTR("GPL"), .prog_flags = BPF_F_SLEEPABLE);
	assert_true(fd > 0);
	attr.test.prog_fd = fd;
	attr.test.ctx_in = PTR(ctx);
	attr.test.ctx_size_in = sizeof(ctx);
	assert_int_equal(trek_bpf(rt, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	assert_int_equal(attr.test.retval, 7);
	assert_int_equal(ctx[1], 42);
	assert_int_equal(trek_prog_run(rt, fd, ctx, sizeof(ctx), &ret), 0);
	assert_int_equal(ret, 7);

	/* Less than the program reaches; more than there may be; nowhere. */
	attr.test.ctx_size_in = 15;
	assert_int_equal(trek_bpf(rt, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), -EINVAL);
	assert_int_equal(trek_prog_run(rt, fd, ctx, 15, &ret), -EINVAL);
	assert_int_equal(trek_prog_run(rt, fd, NULL, 0, &ret), -EINVAL);
	attr.test.ctx_size_in = 65536;
	assert_int_equal(trek_bpf(rt, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), -EINVAL);
	attr.test.ctx_size_in = 16;
	attr.test.ctx_in = 8;
	assert_int_equal(trek_bpf(rt, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), -EFAULT);
	attr.test.ctx_in = PTR(ctx);
	attr.test.repeat = 1;
	assert_int_equal(trek_bpf(rt, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), -EINVAL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ids),
		TEST(test_map_info),
		TEST(test_prog_info),
		TEST(test_btf_info),
		TEST(test_load_attrs),
		TEST(test_log_true_size),
		TEST(test_elements),
		TEST(test_mmap),
		TEST(test_run),
		TEST(test_run_syscall),
		TEST(test_mmap_of_half_a_handle),
		TEST(test_xlated_has_no_addresses),
	};

	return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
