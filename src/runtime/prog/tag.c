/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The tag: a name for what a program does that does not depend on which maps it was loaded with
 * (kernel: bpf_prog_calc_tag; SHA-256 since Linux 6.18, SHA-1 before). Handles of maps are left
 * out, with the offset beside them. Indices of fd_array and type ids are the same at each load and
 * stay in, as in Linux, whose documents say less.
 */
#include <string.h>

#include "prog/prog.h"
#include "prog/sha256.h"

static bool is_map_handle(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
	       (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE);
}

static bool is_second_half(const struct bpf_insn *insn)
{
	return !insn->code && !insn->dst_reg && !insn->src_reg && !insn->off;
}

int bpf_prog_calc_tag(struct bpf_prog *prog)
{
	u8 digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;
	bool first_half = false;

	sha256_init(&sha);
	for (u32 i = 0; i < prog->len; i++) {
		struct bpf_insn insn = prog->insnsi[i];

		if (first_half) {
			first_half = false;
			if (is_second_half(&insn))
				insn.imm = 0;
		} else if (is_map_handle(&insn)) {
			first_half = true;
			insn.imm = 0;
		}
		sha256_update(&sha, &insn, sizeof(insn));
	}
	sha256_final(&sha, digest);
	memcpy(prog->tag, digest, sizeof(prog->tag));
	return 0;
}
