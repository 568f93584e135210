/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * LD_ABS and LD_IND, the loads that classic BPF had (RFC 9669: "legacy packet access"). They read a
 * number of the packet that R6, the context, stands for, into R0, and change R1 to R5 as a call
 * does. Behaviour: check_ld_abs() of kernel/bpf/verifier.c.
 *
 * Where the packet ends before that, the function that loads returns 0. Of the main one that is the
 * end, so nothing may be held; of any other, the path parts: one goes on where the function
 * returns. Callbacks may not: for Linux, it is a bug of the verifier (-EFAULT) if one does.
 */
#include "prog/skb.h"
#include "verifier/env.h"

#define TYPES (BPF_TYPES_TC | BPF_TYPE(SOCKET_FILTER))

static int check_fields(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	if (!(TYPES >> env->prog->type & 1))
		return refuse(env, -EINVAL, -1, "read it with a helper",
			      "programs of this type may not read packets with BPF_ABS or BPF_IND");
	if (insn->dst_reg || insn->off || (BPF_MODE(insn->code) == BPF_ABS && insn->src_reg))
		return refuse(env, -EINVAL, -1, "set it to 0: it may mean something one day",
			      "a field that the instruction does not use is not zero");
	return 0;
}

static int check_packet(struct bpf_verifier_env *env)
{
	const struct bpf_reg_state *ctx = &cur_regs(env)[BPF_REG_6];
	int err = check_reg_read(env, BPF_REG_6);

	if (err)
		return err;
	if (ctx->type != PTR_TO_CTX)
		return refuse(env, -EINVAL, BPF_REG_6, "copy R1 to R6 where the program begins",
			      "the load is of the packet that R6 stands for, which has to be the "
			      "context");
	if (ctx->off || !tnum_is_const(ctx->var_off) || ctx->var_off.value)
		return refuse(env, -EACCES, BPF_REG_6, "keep R6 as it was",
			      "R6, the context, was moved");
	return 0;
}

static void set_loaded(struct bpf_func_state *frame)
{
	u32 i;

	for (i = BPF_REG_1; i <= BPF_REG_5; i++)
		frame->regs[i] = (struct bpf_reg_state){.type = NOT_INIT};
	reg_mark_unknown(&frame->regs[BPF_REG_0]);
}

int check_ld_abs(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next)
{
	struct bpf_verifier_state *loaded;
	int err = check_fields(env, insn);

	if (!err)
		err = check_packet(env);
	if (!err && BPF_MODE(insn->code) == BPF_IND)
		err = check_reg_read(env, insn->src_reg);
	if (!err)
		err = check_not_locked(env, "a load that may end the program,");
	if (!err)
		err = check_no_region(env, "a load that may end the program,");
	if (!err && !env->cur->curframe)
		err = check_reference_leak(env);
	if (err)
		return err;
	if (cur_frame(env)->callback)
		return refuse(env, -EINVAL, -1, "read it with a helper",
			      "a load that may end a callback");
	if (!env->cur->curframe) {
		/* No type of program that may do this minds a 0. */
		set_loaded(cur_frame(env));
		return 0;
	}
	loaded = push_path(env, *next);
	if (IS_ERR(loaded))
		return PTR_ERR(loaded);
	set_loaded(loaded->frame[loaded->curframe]);
	reg_mark_const(&cur_regs(env)[BPF_REG_0], 0);
	return check_exit(env, next);
}
