/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf_seq_write() of records whose size is known, compiled and interpreted: of all sizes around
 * those that are written without a call, from memory and from the stack, into buffers with room for
 * them and not.
 */
#include "base/vcpu.h"
#include "iter/seq_file.h"
#include "jit/jit.h"
#include "prog/helper.h"
#include "prog/prog_pack.h"
#include "test.h"

#define SIZES 42
#define BUFFER 128

enum from { MEMORY, STACK, STACK_OR_MEMORY, NR_FROM };

struct writing {
	struct bpf_prog_aux aux;
	struct bpf_prog prog;
	struct bpf_insn insns[32];
};

static struct bpf_insn insn(u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	return (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

/* r1: the seq_file, r2: SIZES bytes. */
static void make(struct writing *w, enum from from, s32 size)
{
	struct bpf_insn *next = w->insns;

	for (s32 off = 0; from != MEMORY && off < 48; off += 8)
		*next++ = insn(BPF_ST | BPF_MEM | BPF_DW, 10, 0, off - 48, 0x01020304 * (off + 1));
	if (from == STACK_OR_MEMORY) /* the record that was there stays: a jump leads behind it */
		*next++ = insn(BPF_JMP | BPF_JNE | BPF_K, 1, 0, 2, 0);
	if (from != MEMORY) {
		*next++ = insn(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
		*next++ = insn(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -48);
	}
	*next++ = insn(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, size);
	*next++ = insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_seq_write);
	*next++ = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	w->aux = (struct bpf_prog_aux){0};
	w->prog = (struct bpf_prog){.aux = &w->aux, .insnsi = w->insns, .len = next - w->insns};
	assert_int_equal(bpf_jit_compile(&w->prog), 0);
}

static void check(const struct writing *w, size_t count, const u8 *record)
{
	static const u8 empty[BUFFER] = {[0 ... BUFFER - 1] = 0xee};
	char text[2][BUFFER];
	struct seq_file seq[2];
	u64 ret[2];

	for (u32 i = 0; i < 2; i++) {
		memcpy(text[i], empty, BUFFER);
		/* What is behind the end is not written to. */
		seq[i] = (struct seq_file){.buf = text[i], .size = BUFFER - 32, .count = count};
	}
	ret[0] = bpf_interp(w->insns, (unsigned long)&seq[0], (unsigned long)record);
	ret[1] = ((u64(*)(struct seq_file *, const u8 *))(unsigned long)w->prog.bpf_func)(&seq[1],
											  record);
	assert_int_equal(ret[0], ret[1]);
	assert_int_equal(seq[0].count, seq[1].count);
	assert_ptr_equal(seq[1].buf, text[1]);
	assert_int_equal(seq[1].size, seq[0].size);
	assert_memory_equal(text[0], text[1], BUFFER);
}

static void test_records(void **state)
{
	u8 record[SIZES];

	for (u32 i = 0; i < SIZES; i++)
		record[i] = i + 100;
	for (u32 i = 0; i < NR_FROM * SIZES; i++) {
		struct writing w;

		make(&w, i / SIZES, i % SIZES);
		for (size_t count = 0; count <= BUFFER - 32; count++)
			check(&w, count, record);
		bpf_jit_image_free(w.aux.jit);
	}
}

static int set_up(void **state)
{
	bpf_helpers_register(bpf_seq_helpers, bpf_seq_helpers_nr);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests_name("records", tests, set_up, NULL);
}
