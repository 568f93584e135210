/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The registry of iterator targets: the list of iter/targets.h, as a table. A program belongs to
 * the target whose name follows "bpf_iter_" in the name of its attach function.
 */
#include <errno.h>
#include <string.h>

#include "iter/bpf_iter.h"

#define BPF_ITER_FUNC_PREFIX "bpf_iter_"

#define TARGET(name, args) &name##_reg_info,
static const struct bpf_iter_reg *const targets[] = {BPF_ITER_TARGETS(TARGET, BPF_ITER_NO_ARG)};

const struct bpf_iter_reg *bpf_iter_target_of(const struct bpf_prog *prog)
{
	const char *name = prog->aux->attach_func_name;
	size_t i, prefix = strlen(BPF_ITER_FUNC_PREFIX);

	if (prog->type != BPF_PROG_TYPE_TRACING || prog->expected_attach_type != BPF_TRACE_ITER)
		return NULL;
	if (!name || strncmp(name, BPF_ITER_FUNC_PREFIX, prefix))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i]->target, name + prefix))
			return targets[i];
	return NULL;
}

int bpf_iter_prog_supported(struct bpf_prog *prog)
{
	const struct bpf_iter_reg *target = bpf_iter_target_of(prog);

	if (!target)
		return -EINVAL;
	prog->aux->ctx_arg_info_size = target->ctx_arg_info_size;
	prog->aux->ctx_arg_info = target->ctx_arg_info;
	return 0;
}
