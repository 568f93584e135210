/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Every load from structures of the kernel: what btf_struct_walk() says of the kernel's own BTF,
 * and what the kernel's verifier says to a program with that load. The programs are loaded, never
 * run.
 */
#include <stdlib.h>

#include "blob.h"

#define INSN(code_, dst, src, off_, imm_)                                                          \
	((struct bpf_insn){.code = code_, .dst_reg = dst, .src_reg = src, .off = off_, .imm = imm_})

/* An iterator program that loads @size bytes at @off of its object. 0, or -errno. */
static int kernel_walk(s32 attach_id, u32 off, u32 size)
{
	static const u8 sizes[] = {[1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};
	const struct bpf_insn insns[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 6, 1, 8, 0),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 1, 0),
		INSN(BPF_LDX | BPF_MEM | sizes[size], 7, 6, off, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_TRACE_ITER,
		.attach_btf_id = attach_id,
		.insns = (unsigned long)insns,
		.insn_cnt = ARRAY_SIZE(insns),
		.license = (unsigned long)"GPL",
	};
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static struct btf *vmlinux;

static struct btf *load_vmlinux(void)
{
	unsigned char *bytes = malloc(BTF_MAX_SIZE);
	FILE *file = fopen("/sys/kernel/btf/vmlinux", "rb");
	struct btf *btf = NULL;
	size_t size;

	if (bytes && file) {
		size = fread(bytes, 1, BTF_MAX_SIZE, file);
		btf = btf_parse(NULL, bytes, size, NULL, NULL);
	}
	if (file)
		fclose(file);
	free(bytes);
	return btf;
}

static void compare(const char *structure, const char *func)
{
	s32 id = btf_find_by_name_kind(vmlinux, structure, BTF_KIND_STRUCT);
	s32 attach_id = btf_find_by_name_kind(vmlinux, func, BTF_KIND_FUNC);
	const struct btf_type *t;
	u32 off, size, refused = 0, loads = 0;
	struct btf_walk walk;
	int ours, theirs;

	assert_true(id > 0 && attach_id > 0);
	t = btf_type_by_id(vmlinux, id);
	for (off = 0; off < min_of(t->size + 16, 1024u); off++) {
		for (size = 1; size <= 8; size *= 2) {
			ours = btf_struct_walk(vmlinux, t, off, size, &walk, NULL);
			theirs = kernel_walk(attach_id, off, size);
			if (min_of(ours, 0) != theirs)
				fail_msg("%u bytes at %u of %s: %d, the kernel says %d", size, off,
					 structure, ours, theirs);
			refused += theirs < 0;
			loads++;
		}
	}
	print_message("# %s: %u loads, %u refused\n", structure, loads, refused);
	assert_true(refused && refused < loads);
}

static void test_walks(void **state)
{
	static const struct {
		const char *structure, *func;
	} objects[] = {
		{"bpf_map", "bpf_iter_bpf_map"},
		{"bpf_prog", "bpf_iter_bpf_prog"},
		{"bpf_link", "bpf_iter_bpf_link"},
	};
	s32 map_id;
	size_t i;

	if (IS_ERR_OR_NULL(vmlinux))
		skip_because("there is no /sys/kernel/btf/vmlinux");
	map_id = btf_find_by_name_kind(vmlinux, "bpf_iter_bpf_map", BTF_KIND_FUNC);
	if (map_id < 0 || kernel_walk(map_id, 0, 8))
		skip_because("the kernel loads no iterator program");
	for (i = 0; i < ARRAY_SIZE(objects); i++)
		compare(objects[i].structure, objects[i].func);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_walks)};
	int failed;

	vmlinux = load_vmlinux();
	failed = cmocka_run_group_tests_name("btf_oracle", tests, NULL, NULL);
	if (!IS_ERR_OR_NULL(vmlinux))
		btf_put(vmlinux);
	rcu_barrier();
	return failed;
}
