/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Accesses to contexts: may the program, by the table of its type (prog_types.h), and what becomes
 * of the instruction when it is made ready to run. One access stays one instruction: only its
 * offset and its size change (Linux: is_valid_access and convert_ctx_access in net/core/filter.c).
 */
#include "verifier/env.h"
#include "verifier/prog_types.h"

/* A pointer into a packet is no number that could be sign-extended. */
static bool field_allows(const struct bpf_ctx_field *f, u16 role, s32 off, u32 size, bool write,
			 bool sign_extend)
{
	if (off < f->off || off + (s32)size > f->end || off % (s32)size)
		return false;
	if (sign_extend && f->reg_type)
		return false;
	return write ? (f->writes & size) && (f->writers & role)
		     : (f->reads & size) && (f->readers & role);
}

static const struct bpf_ctx_field *find_field(const struct bpf_verifier_env *env, s32 off, u32 size,
					      bool write, bool sign_extend)
{
	const struct bpf_ctx_table *table = env->type->ctx;
	u32 i;

	for (i = 0; i < table->nr; i++)
		if (field_allows(&table->fields[i], env->attach->role, off, size, write,
				 sign_extend))
			return &table->fields[i];
	return NULL;
}

int check_ctx_field(struct bpf_verifier_env *env, s32 off, u32 size, bool write,
		    struct bpf_reg_state *result)
{
	bool sign_extend = !write && BPF_MODE(env->insns[env->insn_idx].code) == BPF_MEMSX;
	const struct bpf_ctx_field *f = find_field(env, off, size, write, sign_extend);

	if (!f)
		return refuse(env, -EACCES, -1,
			      "a whole field that this type of program may use, with its size",
			      "%s of %u bytes at offset %d of struct %s",
			      write ? "a write" : "a read", size, off, env->type->ctx->name);
	if (!write && f->reg_type)
		reg_mark_pointer(result, f->reg_type);
	return 0;
}

void convert_ctx_access(struct bpf_verifier_env *env, u32 idx)
{
	struct bpf_insn *insn = &env->insns[idx];
	bool write = BPF_CLASS(insn->code) != BPF_LDX;
	const struct bpf_ctx_field *f;

	if (base_type(env->aux[idx].ptr_type) != PTR_TO_CTX || !env->type->ctx ||
	    !env->type->ctx->converts)
		return;
	f = find_field(env, insn->off, insn_size(insn), write, false);
	if (!f)
		return; /* it would have been refused */
	insn->off = f->inner_off + (insn->off - f->off);
	if (f->reg_type)
		insn->code = (insn->code & ~0x18) | BPF_DW;
	if (write && f->stored == sizeof(u16)) {
		insn->code = (insn->code & ~0x18) | BPF_H;
		if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
			insn->off += sizeof(u16);
	}
}
