/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the loader says about the program beside its instructions: func_info (where functions begin,
 * and their types) and line_info (where source lines begin). Both must fit the instructions and the
 * program's BTF; messages and global functions rest on them.
 */
#include <stdlib.h>
#include <string.h>

#include "verifier/env.h"

static int check_func(struct bpf_verifier_env *env, u32 i)
{
	const struct bpf_prog_aux *aux = env->prog->aux;
	const struct bpf_func_info *info = &aux->func_info[i];
	struct bpf_subprog_info *subprog = &env->subprogs[i];
	const struct btf_type *func, *proto;

	env->insn_idx = info->insn_off;
	if (info->insn_off != subprog->start) {
		env->insn_idx = subprog->start;
		return refuse(env, -EINVAL, -1,
			      "let func_info name each function where it begins, in order",
			      "func_info says that function %u begins at instruction %u; it is %u",
			      i, info->insn_off, subprog->start);
	}
	func = btf_type_by_id(aux->btf, info->type_id);
	if (!func || !btf_type_is_func(func))
		return refuse(env, -EINVAL, -1,
			      "let it be a FUNC of the BTF that the program is loaded with",
			      "func_info: type %u is no function", info->type_id);
	proto = btf_type_by_id(aux->btf, func->type);
	if (!proto || !btf_type_is_func_proto(proto))
		return refuse(env, -EINVAL, -1,
			      "let it be a FUNC of the BTF that the program is loaded with",
			      "func_info: function %u has no prototype", info->type_id);
	subprog->func = func;
	subprog->proto = proto;
	subprog->func_id = info->type_id;
	subprog->is_global = i && btf_vlen(func) == BTF_FUNC_GLOBAL;
	if (aux->func_info_aux)
		aux->func_info_aux[i].linkage = btf_vlen(func);
	return 0;
}

static u8 arg_tag(const char *name)
{
	static const struct {
		const char *name;
		u8 tag;
	} tags[] = {{"ctx", ARG_TAG_CTX},
		    {"nonnull", ARG_TAG_NONNULL},
		    {"trusted", ARG_TAG_TRUSTED},
		    {"nullable", ARG_TAG_NULLABLE},
		    {"untrusted", ARG_TAG_UNTRUSTED}};

	for (u32 i = 0; i < ARRAY_SIZE(tags); i++)
		if (!strcmp(name, tags[i].name))
			return tags[i].tag;
	return ARG_TAG_UNKNOWN;
}

/* Tags are types of their own, which refer to the function: all are looked at once. */
static void find_arg_tags(struct bpf_verifier_env *env)
{
	const struct btf *btf = env->prog->aux->btf;
	const struct btf_type *t;
	const char *name;
	u32 id, i, arg;

	for (id = 1; id < btf_nr_types(btf); id++) {
		t = btf_type_by_id(btf, id);
		if (BTF_INFO_KIND(t->info) != BTF_KIND_DECL_TAG)
			continue;
		name = btf_type_name(btf, t);
		arg = ((const struct btf_decl_tag *)(t + 1))->component_idx;
		if (arg >= 5 || strncmp(name, "arg:", 4))
			continue;
		for (i = 0; i < env->nr_subprogs; i++)
			if (env->subprogs[i].func_id == t->type)
				env->subprogs[i].arg_tags[arg] |= arg_tag(name + 4);
	}
}

static int check_func_info(struct bpf_verifier_env *env)
{
	const struct bpf_prog_aux *aux = env->prog->aux;
	u32 i;
	int err = 0;

	if (!aux->func_info_cnt)
		return 0;
	env->insn_idx = 0;
	if (!aux->btf || aux->func_info_cnt != env->nr_subprogs)
		return refuse(env, -EINVAL, -1, "let func_info name each function once",
			      "func_info has %u functions, the program %u", aux->func_info_cnt,
			      env->nr_subprogs);
	for (i = 0; !err && i < aux->func_info_cnt; i++)
		err = check_func(env, i);
	if (!err)
		find_arg_tags(env);
	return err;
}

static int check_line_info(struct bpf_verifier_env *env)
{
	const struct bpf_prog_aux *aux = env->prog->aux;
	u32 i, next_subprog = 0, prev = 0;

	for (i = 0; i < aux->nr_linfo; i++) {
		const struct bpf_line_info *line = &aux->linfo[i];

		env->insn_idx = env->nr_insns;
		if ((i && line->insn_off <= prev) || line->insn_off >= env->nr_insns)
			return refuse(env, -EINVAL, -1,
				      "sort the lines by instruction, one for each at most",
				      "line_info %u is for instruction %u: out of order or range",
				      i, line->insn_off);
		if (env->aux[line->insn_off].ld_imm64_second)
			return refuse(env, -EINVAL, -1, "let lines begin at instructions",
				      "line_info %u is for the middle of a ld_imm64", i);
		if (!aux->btf || !btf_name_by_offset(aux->btf, line->file_name_off) ||
		    !btf_name_by_offset(aux->btf, line->line_off))
			return refuse(env, -EINVAL, -1,
				      "let file and line be strings of the BTF that the program is "
				      "loaded with",
				      "line_info %u has no text", i);
		if (next_subprog < env->nr_subprogs &&
		    line->insn_off >= env->subprogs[next_subprog].start) {
			if (line->insn_off != env->subprogs[next_subprog].start)
				return refuse(env, -EINVAL, -1,
					      "give each function a line for its first "
					      "instruction, or load it without lines",
					      "function %u has no line_info at its beginning",
					      next_subprog);
			next_subprog++;
		}
		prev = line->insn_off;
	}
	if (aux->nr_linfo && next_subprog != env->nr_subprogs)
		return refuse(env, -EINVAL, -1,
			      "give each function a line for its first instruction, or load it "
			      "without lines",
			      "function %u has no line_info", next_subprog);
	return 0;
}

int check_btf_info(struct bpf_verifier_env *env)
{
	int err = check_func_info(env);

	return err ? err : check_line_info(env);
}
