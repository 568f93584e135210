/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Strings that cannot change, and formats of printf that are such: a format that is known now is
 * checked now, where Linux does, and parsed now. One call may be come to with several formats, or
 * with one that is not known; which it is, the walk notes, as it does for maps (several_maps).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "prog/bprintf.h"
#include "verifier/env.h"

/* What R@regno, which points into a value of a map, points to, and how much there is of it; NULL:
 * that may change, or is not the same each time. */
static const char *const_bytes(const struct bpf_verifier_env *env, u32 regno, u32 *size)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	const struct bpf_map *map = reg->map_ptr;
	s64 off = reg->off + (s64)reg->var_off.value;
	u64 addr;

	if (!map_is_rdonly(map) || !tnum_is_const(reg->var_off) || off < 0 ||
	    off >= map->value_size || !map->ops->map_direct_value_addr ||
	    map->ops->map_direct_value_addr(map, &addr, off))
		return NULL;
	*size = map->value_size - off;
	return (const char *)(unsigned long)addr;
}

int check_const_str(struct bpf_verifier_env *env, u32 regno)
{
	u32 size;
	const char *str = const_bytes(env, regno, &size);

	if (!str)
		return refuse(env, -EACCES, regno, "declare it 'static const char []'",
			      "the string in R%u is not a constant one", regno);
	if (!memchr(str, 0, size))
		return refuse(env, -EINVAL, regno, "end it with a 0 byte",
			      "the string in R%u does not end", regno);
	return 0;
}

/* Linux checks that of a format which has to be a constant string, if it knows how many arguments
 * there are. */
static int check_format_args(struct bpf_verifier_env *env, const struct bpf_func_proto *proto,
			     const char *fmt, u32 fmt_size)
{
	const u32 regno = proto->fmt_data_arg + 1;
	const struct bpf_reg_state *size = &cur_regs(env)[regno];

	if (!reg_is_const(size))
		return 0;
	/* Too many are an error when it runs. */
	if (size->var_off.value % sizeof(u64))
		return refuse(env, -EINVAL, regno, "pass an array of u64, and its size in bytes",
			      "the arguments of a format are numbers of 8 bytes");
	if (bpf_bprintf_check(fmt, fmt_size, size->var_off.value / sizeof(u64)) < 0)
		return refuse(env, -EINVAL, -1,
			      "give one argument for each conversion, of those that BPF knows",
			      "the format \"%.100s\" does not fit its %llu arguments", fmt,
			      (unsigned long long)size->var_off.value / sizeof(u64));
	return 0;
}

/* This path comes to the call with this format; NULL: with one that is not known. */
static void note_format(struct bpf_verifier_env *env, const char *fmt, u32 fmt_size)
{
	struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];

	aux->several_formats |= aux->prints && (aux->fmt != fmt || aux->fmt_size != fmt_size);
	aux->prints = true;
	aux->fmt = fmt;
	aux->fmt_size = fmt_size;
}

int check_format(struct bpf_verifier_env *env, const struct bpf_func_proto *proto)
{
	const struct bpf_reg_state *regs = cur_regs(env);
	const char *fmt = NULL;
	u32 size = 0;

	if (!proto->fmt_arg)
		return 0;
	if (base_type(regs[proto->fmt_arg].type) == PTR_TO_MAP_VALUE)
		fmt = const_bytes(env, proto->fmt_arg, &size);
	if (base_type(proto->arg_type[proto->fmt_arg - 1]) == ARG_PTR_TO_CONST_STR) {
		int err = check_format_args(env, proto, fmt, size);

		if (err)
			return err;
	} else if (fmt) {
		const struct bpf_reg_state *given = &regs[proto->fmt_arg + 1];

		/* The size was checked with the memory: it is not more than there is. */
		if (reg_is_const(given) && given->var_off.value <= size)
			size = given->var_off.value;
		else
			fmt = NULL;
	}
	note_format(env, fmt, fmt ? size : 0);
	return 0;
}

/* What is kept is the call's own: many calls with long texts would make a program of any size.
 * Those are parsed whenever they are printed. */
#define LONGEST_KEPT 1024

static bool is_long(const char *fmt, u32 fmt_size)
{
	return fmt_size > LONGEST_KEPT && !memchr(fmt, 0, LONGEST_KEPT);
}

int rewrite_printf(struct bpf_verifier_env *env, u32 idx)
{
	const struct bpf_insn_aux_data *aux = &env->aux[idx];
	struct bpf_prog_aux *prog = env->prog->aux;
	struct bpf_insn *insn = &env->insns[idx];
	struct bpf_format **formats;

	if (!aux->fmt || aux->several_formats || !aux->helper->proto.func_of_format ||
	    prog->format_cnt > SHRT_MAX || is_long(aux->fmt, aux->fmt_size))
		return 0;
	formats = realloc(prog->formats, (prog->format_cnt + 1) * sizeof(*formats));
	if (!formats)
		return -ENOMEM;
	prog->formats = formats;
	formats[prog->format_cnt] = bpf_format_new(aux->fmt, aux->fmt_size);
	if (!formats[prog->format_cnt])
		return -ENOMEM;
	insn->src_reg = BPF_PSEUDO_CALL_FORMAT;
	insn->off = prog->format_cnt++;
	return 0;
}
