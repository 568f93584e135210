/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The target bpf_prog: every program of the runtime, by id (kernel/bpf/prog_iter.c). */
#include "iter/session.h"
#include "prog/prog.h"

struct bpf_iter_seq_prog_info {
	u32 prog_id; /* the smallest that the next object may have */
};

static void *bpf_prog_seq_start(struct seq_file *seq, s64 *pos)
{
	struct bpf_iter_seq_prog_info *info = seq->private;
	struct bpf_prog *prog = bpf_prog_get_curr_or_next(bpf_iter_runtime(seq), &info->prog_id);

	if (prog && *pos == 0)
		++*pos;
	return prog;
}

static void *bpf_prog_seq_next(struct seq_file *seq, void *v, s64 *pos)
{
	struct bpf_iter_seq_prog_info *info = seq->private;

	++*pos;
	++info->prog_id;
	bpf_prog_put(v);
	return bpf_prog_get_curr_or_next(bpf_iter_runtime(seq), &info->prog_id);
}

static int prog_seq_show(struct seq_file *seq, struct bpf_prog *obj, bool in_stop)
{
	struct bpf_iter__bpf_prog ctx = {.meta = bpf_iter_meta(seq), .prog = obj};
	const struct bpf_prog *prog = bpf_iter_prog(seq, in_stop);

	return prog ? bpf_iter_run_prog(prog, &ctx) : 0;
}

static int bpf_prog_seq_show(struct seq_file *seq, void *v)
{
	return prog_seq_show(seq, v, false);
}

static void bpf_prog_seq_stop(struct seq_file *seq, void *v)
{
	if (v)
		bpf_prog_put(v);
	else
		prog_seq_show(seq, NULL, true);
}

static const struct seq_operations bpf_prog_seq_ops = {
	.start = bpf_prog_seq_start,
	.next = bpf_prog_seq_next,
	.stop = bpf_prog_seq_stop,
	.show = bpf_prog_seq_show,
};

static const struct bpf_iter_seq_info bpf_prog_seq_info = {
	.seq_ops = &bpf_prog_seq_ops,
	.seq_priv_size = sizeof(struct bpf_iter_seq_prog_info),
};

const struct bpf_iter_reg bpf_prog_reg_info = {
	.target = "bpf_prog",
	.ctx_arg_info_size = 1,
	.ctx_arg_info =
		{
			{offsetof(struct bpf_iter__bpf_prog, prog), PTR_TO_BTF_ID | PTR_MAYBE_NULL,
			 "bpf_prog"},
		},
	.seq_info = &bpf_prog_seq_info,
};
