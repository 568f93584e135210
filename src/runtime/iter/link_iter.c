/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The target bpf_link: every link of the runtime, by id (kernel/bpf/link_iter.c). */
#include "iter/session.h"

struct bpf_iter_seq_link_info {
	u32 link_id; /* the smallest that the next object may have */
};

static void *bpf_link_seq_start(struct seq_file *seq, s64 *pos)
{
	struct bpf_iter_seq_link_info *info = seq->private;
	struct bpf_link *link = bpf_link_get_curr_or_next(bpf_iter_runtime(seq), &info->link_id);

	if (link && *pos == 0)
		++*pos;
	return link;
}

static void *bpf_link_seq_next(struct seq_file *seq, void *v, s64 *pos)
{
	struct bpf_iter_seq_link_info *info = seq->private;

	++*pos;
	++info->link_id;
	bpf_link_put(v);
	return bpf_link_get_curr_or_next(bpf_iter_runtime(seq), &info->link_id);
}

static int link_seq_show(struct seq_file *seq, struct bpf_link *obj, bool in_stop)
{
	struct bpf_iter__bpf_link ctx = {.meta = bpf_iter_meta(seq), .link = obj};
	const struct bpf_prog *prog = bpf_iter_prog(seq, in_stop);

	return prog ? bpf_iter_run_prog(prog, &ctx) : 0;
}

static int bpf_link_seq_show(struct seq_file *seq, void *v)
{
	return link_seq_show(seq, v, false);
}

static void bpf_link_seq_stop(struct seq_file *seq, void *v)
{
	if (v)
		bpf_link_put(v);
	else
		link_seq_show(seq, NULL, true);
}

static const struct seq_operations bpf_link_seq_ops = {
	.start = bpf_link_seq_start,
	.next = bpf_link_seq_next,
	.stop = bpf_link_seq_stop,
	.show = bpf_link_seq_show,
};

static const struct bpf_iter_seq_info bpf_link_seq_info = {
	.seq_ops = &bpf_link_seq_ops,
	.seq_priv_size = sizeof(struct bpf_iter_seq_link_info),
};

const struct bpf_iter_reg bpf_link_reg_info = {
	.target = "bpf_link",
	.ctx_arg_info_size = 1,
	.ctx_arg_info =
		{
			{offsetof(struct bpf_iter__bpf_link, link), PTR_TO_BTF_ID | PTR_MAYBE_NULL,
			 "bpf_link"},
		},
	.seq_info = &bpf_link_seq_info,
};
