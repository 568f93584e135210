/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Programs of which several can be run before it is asked whether anybody waits for that. */
#include "prog/prog.h"

/* In instructions: some hundred nanoseconds. A call counts as more of them, since those that print
 * or look up take as long. */
#define SHORT_LEN 512
#define CALL_LEN 32

static bool is_jump(const struct bpf_insn *insn)
{
	const u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}

static bool goes_back(const struct bpf_insn *insn)
{
	if (!is_jump(insn))
		return false;
	return (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off) < 0;
}

/* What a call does is bounded, too. Others may copy megabytes. */
static bool is_quick(const struct bpf_insn *call)
{
	if (call->src_reg && call->src_reg != BPF_PSEUDO_CALL_FORMAT)
		return false;
	switch (call->imm) {
	case BPF_FUNC_seq_write:
	case BPF_FUNC_seq_printf:
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_get_prandom_u32:
	case BPF_FUNC_get_smp_processor_id:
		return true;
	}
	return false;
}

bool bpf_prog_is_short(const struct bpf_prog *prog)
{
	u32 len = prog->len;

	if (len > SHORT_LEN || prog->aux->tail_call_reachable)
		return false;
	for (u32 i = 0; i < prog->len; i++) {
		const struct bpf_insn *insn = &prog->insnsi[i];

		if (goes_back(insn))
			return false;
		if (insn->code == (BPF_JMP | BPF_CALL)) {
			if (!is_quick(insn))
				return false;
			len += CALL_LEN;
		}
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW)) {
			if (insn->src_reg == BPF_PSEUDO_FUNC)
				return false; /* a callback */
			i++;		      /* its second half is no instruction */
		}
	}
	return len <= SHORT_LEN;
}
