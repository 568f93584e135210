/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The types of program, found by number. What a type is, is said in the file of its family; the one
 * that belongs to none is here.
 */
#include "verifier/prog_types.h"

/* --- programs that are called with plain memory --- */

static int syscall_ctx_access(struct bpf_verifier_env *env, s32 off, u32 size, bool write,
			      struct bpf_reg_state *result)
{
	if (off + size > UINT16_MAX || off % size)
		return refuse(env, -EACCES, -1, "align it, and keep below 64 KiB",
			      "%u bytes at offset %d of the context", size, off);
	return 0;
}

static const struct bpf_prog_attach syscall_attach[] = {{.attach_type = 0}};

static const struct bpf_prog_type_ops syscall_types[] = {
	{
		.type = BPF_PROG_TYPE_SYSCALL,
		.ctx_access = syscall_ctx_access,
		.ctx_is_memory = true,
		.may_sleep = true,
		.attach = syscall_attach,
		.nr_attach = ARRAY_SIZE(syscall_attach),
	},
};
static const struct bpf_prog_family syscall_family = {syscall_types, ARRAY_SIZE(syscall_types)};

/* --- all of them --- */

static const struct bpf_prog_family *const families[] = {
	&bpf_net_family,
	&bpf_sock_family,
	&bpf_trace_family,
	&syscall_family,
};

const struct bpf_prog_type_ops *bpf_prog_type_find(enum bpf_prog_type type)
{
	u32 f, i;

	for (f = 0; f < ARRAY_SIZE(families); f++)
		for (i = 0; i < families[f]->nr; i++)
			if (families[f]->types[i].type == type)
				return &families[f]->types[i];
	return NULL;
}

const struct bpf_prog_attach *bpf_prog_attach_find(const struct bpf_prog_type_ops *ops,
						   u32 attach_type)
{
	u32 i;

	for (i = 0; i < ops->nr_attach; i++)
		if (ops->attach[i].attach_type == attach_type ||
		    ops->attach[i].attach_type == BPF_ATTACH_ANY)
			return &ops->attach[i];
	return NULL;
}

bool bpf_prog_type_known(enum bpf_prog_type type, u32 attach_type)
{
	const struct bpf_prog_type_ops *ops = bpf_prog_type_find(type);

	return ops && bpf_prog_attach_find(ops, attach_type);
}

bool bpf_prog_type_may_sleep(enum bpf_prog_type type)
{
	return bpf_prog_type_find(type)->may_sleep;
}
