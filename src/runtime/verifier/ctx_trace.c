/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs that look on: iterators, which run here, and those of probes, tracepoints and perf
 * events, which are verified, and of which BPF_PROG_TEST_RUN runs those of raw tracepoints. Their
 * contexts are as programs see them (Linux: kernel/trace/bpf_trace.c).
 */
#include <linux/bpf_perf_event.h>

#include "verifier/prog_types.h"

/* --- iterators --- */

static int check_tracing(struct bpf_verifier_env *env)
{
	const struct bpf_prog *prog = env->prog;

	env->insn_idx = env->nr_insns;
	if (prog->expected_attach_type != BPF_TRACE_ITER)
		return refuse(env, -EINVAL, -1, "let its section be \"iter/...\"",
			      "of tracing programs only iterators (BPF_TRACE_ITER) are supported");
	if (!prog->aux->attach_btf || !prog->aux->attach_func_proto)
		return refuse(env, -EINVAL, -1, "let its section be \"iter/TARGET\"",
			      "an iterator without a target");
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
		return refuse(env, -EACCES, -1, "change a copy of it",
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

/* --- probes, tracepoints, perf events --- */

#define MAX_TRACE_SIZE 8192 /* of a tracepoint's record; its first 8 bytes are the kernel's */
#define MAX_RAW_ARGS 12

enum {
	RAW_READONLY = 1,
	RAW_WRITABLE = 2, /* its first argument is a buffer to write to */
};

#define READ(sizes, who) .reads = (sizes), .readers = (who)

static const struct bpf_ctx_field kprobe_fields[] = {
	{0, sizeof(bpf_user_pt_regs_t), READ(CTX_ANY, CTX_EVERYBODY)},
};
static const struct bpf_ctx_table kprobe_ctx = {"pt_regs", kprobe_fields, ARRAY_SIZE(kprobe_fields),
						false};

static const struct bpf_ctx_field tracepoint_fields[] = {
	{8, MAX_TRACE_SIZE, READ(CTX_ANY, CTX_EVERYBODY)},
};
static const struct bpf_ctx_table tracepoint_ctx = {"of the tracepoint", tracepoint_fields,
						    ARRAY_SIZE(tracepoint_fields), false};

static const struct bpf_ctx_field raw_tracepoint_fields[] = {
	{0, MAX_RAW_ARGS * 8, READ(CTX_ANY, RAW_READONLY)},
	{0, 8, READ(8, RAW_WRITABLE), .reg_type = PTR_TO_TP_BUFFER},
	{1, 8, READ(1, RAW_WRITABLE)},
	{2, 8, READ(2, RAW_WRITABLE)},
	{4, 8, READ(4, RAW_WRITABLE)},
	{8, MAX_RAW_ARGS * 8, READ(CTX_ANY, RAW_WRITABLE)},
};
static const struct bpf_ctx_table raw_tracepoint_ctx = {
	"bpf_raw_tracepoint_args", raw_tracepoint_fields, ARRAY_SIZE(raw_tracepoint_fields), false};

static const struct bpf_ctx_field perf_event_fields[] = {
	{0, sizeof(bpf_user_pt_regs_t), READ(sizeof(long), CTX_EVERYBODY)},
	{offsetof(struct bpf_perf_event_data, sample_period),
	 offsetofend(struct bpf_perf_event_data, addr), READ(CTX_ANY, CTX_EVERYBODY)},
};
static const struct bpf_ctx_table perf_event_ctx = {"bpf_perf_event_data", perf_event_fields,
						    ARRAY_SIZE(perf_event_fields), false};

/* --- the types --- */

static const struct bpf_prog_attach iter_attach[] = {{BPF_ATTACH_ANY, true, 0, 1, 1}};
static const struct bpf_prog_attach any[] = {{.attach_type = BPF_ATTACH_ANY, .role = 1}};
static const struct bpf_prog_attach writable[] = {
	{.attach_type = BPF_ATTACH_ANY, .role = RAW_WRITABLE}};

#define ATTACH(array) .attach = (array), .nr_attach = ARRAY_SIZE(array)

static const struct bpf_prog_type_ops trace_types[] = {
	{
		.type = BPF_PROG_TYPE_TRACING,
		.check = check_tracing,
		.ctx_access = tracing_ctx_access,
		.ctx_prefix = "bpf_iter__",
		.may_sleep = true,
		ATTACH(iter_attach),
	},
	{
		.type = BPF_PROG_TYPE_KPROBE,
		.ctx = &kprobe_ctx,
		.may_sleep = true,
		ATTACH(any),
	},
	{
		.type = BPF_PROG_TYPE_TRACEPOINT,
		.ctx = &tracepoint_ctx,
		ATTACH(any),
	},
	{
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.ctx = &raw_tracepoint_ctx,
		.ctx_name = "bpf_raw_tracepoint_args",
		ATTACH(any),
	},
	{
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
		.ctx = &raw_tracepoint_ctx,
		.ctx_name = "bpf_raw_tracepoint_args",
		ATTACH(writable),
	},
	{
		.type = BPF_PROG_TYPE_PERF_EVENT,
		.ctx = &perf_event_ctx,
		.ctx_name = "bpf_perf_event_data",
		ATTACH(any),
	},
};
const struct bpf_prog_family bpf_trace_family = {trace_types, ARRAY_SIZE(trace_types)};
