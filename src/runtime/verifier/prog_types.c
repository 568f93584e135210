/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The types of program: what their context is and what they may return. One entry each, in
 * prog_types[] (last). Which helpers a type may call is said with the helpers.
 */
#include "verifier/env.h"

/* --- tracing: iterators ----------------------------------------------------------------------- */

static int check_tracing(struct bpf_verifier_env *env)
{
	const struct bpf_prog *prog = env->prog;

	env->insn_idx = env->nr_insns;
	if (prog->expected_attach_type != BPF_TRACE_ITER)
		return refuse(env, -EINVAL, -1, NULL,
			      "of tracing programs only iterators (BPF_TRACE_ITER) are supported");
	if (!prog->aux->attach_btf || !prog->aux->attach_func_proto)
		return refuse(env, -EINVAL, -1, NULL, "an iterator without a target");
	return 0;
}

static const struct bpf_ctx_arg_aux *ctx_arg_at(const struct bpf_prog_aux *aux, u32 off)
{
	u32 i;

	for (i = 0; i < aux->ctx_arg_info_size; i++)
		if (aux->ctx_arg_info[i].offset == off)
			return &aux->ctx_arg_info[i];
	return NULL;
}

static int set_registered_arg(struct bpf_verifier_env *env, const struct bpf_ctx_arg_aux *arg,
			      struct bpf_reg_state *result)
{
	const struct btf *btf = env->prog->aux->attach_btf;
	s32 id;

	reg_mark_pointer(result, arg->reg_type);
	if (base_type(arg->reg_type) == PTR_TO_BTF_ID) {
		id = btf_find_by_name_kind(btf, arg->btf_type, BTF_KIND_STRUCT);
		if (id < 0)
			return refuse(env, -EACCES, -1, NULL, "there is no struct %s",
				      arg->btf_type);
		result->btf = btf;
		result->btf_id = id;
	}
	if (arg->reg_type & PTR_MAYBE_NULL)
		result->id = ++env->next_id;
	return 0;
}

/* Each argument of the attach function is 8 bytes of context. */
static int tracing_ctx_access(struct bpf_verifier_env *env, s32 off, u32 size, bool write,
			      struct bpf_reg_state *result)
{
	const struct bpf_prog_aux *aux = env->prog->aux;
	const struct btf *btf = aux->attach_btf;
	const struct bpf_ctx_arg_aux *registered;
	const struct btf_type *t;
	u32 arg = off / 8, type_id, id;

	if (write)
		return refuse(env, -EACCES, -1, NULL,
			      "a write into the context, which is read-only");
	if (off % 8 || size != 8)
		return refuse(env, -EACCES, -1, "read it with 8 bytes",
			      "%u bytes at offset %d of the context are no argument", size, off);
	if (arg >= btf_vlen(aux->attach_func_proto))
		return refuse(env, -EACCES, -1, NULL,
			      "offset %d of the context; %s has %u arguments of 8 bytes", off,
			      aux->attach_func_name, btf_vlen(aux->attach_func_proto));
	registered = ctx_arg_at(aux, off);
	if (registered)
		return set_registered_arg(env, registered, result);
	type_id = btf_params(aux->attach_func_proto)[arg].type;
	t = btf_type_resolve_ptr(btf, type_id, &id);
	if (t && btf_type_is_struct(t)) {
		reg_mark_pointer(result, PTR_TO_BTF_ID | PTR_TRUSTED);
		result->btf = btf;
		result->btf_id = id;
	}
	return 0; /* anything else is a number */
}

/* --- programs that are called with plain memory ------------------------------------------------
 */

static int syscall_ctx_access(struct bpf_verifier_env *env, s32 off, u32 size, bool write,
			      struct bpf_reg_state *result)
{
	if (off + size > UINT16_MAX || off % size)
		return refuse(env, -EACCES, -1, "align it, and keep below 64 KiB",
			      "%u bytes at offset %d of the context", size, off);
	return 0;
}

/* --- sockets ------------------------------------------------------------------------------------
 */

/* Fields of struct __sk_buff that a socket filter may read: [from, to). */
static const struct {
	u16 from, to;
	bool writable;
} socket_filter_fields[] = {
	{offsetof(struct __sk_buff, len), offsetof(struct __sk_buff, tc_index), false},
	{offsetof(struct __sk_buff, cb), offsetof(struct __sk_buff, hash), true},
	{offsetof(struct __sk_buff, hash), offsetof(struct __sk_buff, tc_classid), false},
};

static int socket_filter_ctx_access(struct bpf_verifier_env *env, s32 off, u32 size, bool write,
				    struct bpf_reg_state *result)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(socket_filter_fields); i++) {
		if (off < socket_filter_fields[i].from || off + size > socket_filter_fields[i].to ||
		    off % size || size > sizeof(u32))
			continue;
		if (write && (!socket_filter_fields[i].writable || size != sizeof(u32)))
			break;
		return 0;
	}
	return refuse(env, -EACCES, -1, NULL, "%s of %u bytes at offset %d of struct __sk_buff",
		      write ? "a write" : "a read", size, off);
}

static const struct bpf_prog_type_ops prog_types[] = {
	{
		.type = BPF_PROG_TYPE_TRACING,
		.check = check_tracing,
		.ctx_access = tracing_ctx_access,
		.ctx_prefix = "bpf_iter__",
		.checks_result = true,
		.result_min = 0,
		.result_max = 1,
	},
	{
		.type = BPF_PROG_TYPE_SYSCALL,
		.ctx_access = syscall_ctx_access,
		.ctx_is_memory = true,
	},
	{
		.type = BPF_PROG_TYPE_SOCKET_FILTER,
		.ctx_access = socket_filter_ctx_access,
		.ctx_name = "__sk_buff",
	},
	{.type = BPF_PROG_TYPE_KPROBE},
	{.type = BPF_PROG_TYPE_TRACEPOINT},
	{.type = BPF_PROG_TYPE_RAW_TRACEPOINT},
	{.type = BPF_PROG_TYPE_PERF_EVENT},
	{.type = BPF_PROG_TYPE_XDP},
	{.type = BPF_PROG_TYPE_SCHED_CLS},
};

const struct bpf_prog_type_ops *bpf_prog_type_find(enum bpf_prog_type type)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(prog_types); i++)
		if (prog_types[i].type == type)
			return &prog_types[i];
	return NULL;
}

bool bpf_prog_type_known(enum bpf_prog_type type)
{
	return bpf_prog_type_find(type) != NULL;
}
