/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Where nothing is known of the architecture's instructions: programs are interpreted. */
#include "jit/jit.h"

#include <errno.h>

void jit_emit_entry(struct jit *jit)
{
}

void jit_emit_head(struct jit *jit)
{
}

int jit_emit_insn(struct jit *jit, const struct bpf_insn *insn)
{
	return -ENOTSUP;
}
