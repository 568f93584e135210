/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The target bpf_map, every map of the runtime by id, and the kfunc that counts elements
 * (kernel/bpf/map_iter.c).
 */
#include "iter/session.h"
#include "map/map.h"
#include "prog/kfunc.h"

/* --- bpf_map ---------------------------------------------------------------------------------- */

struct bpf_iter_seq_map_info {
	u32 map_id; /* the smallest that the next object may have */
};

static void *bpf_map_seq_start(struct seq_file *seq, s64 *pos)
{
	struct bpf_iter_seq_map_info *info = seq->private;
	struct bpf_map *map = bpf_map_get_curr_or_next(bpf_iter_runtime(seq), &info->map_id);

	if (map && *pos == 0)
		++*pos;
	return map;
}

static void *bpf_map_seq_next(struct seq_file *seq, void *v, s64 *pos)
{
	struct bpf_iter_seq_map_info *info = seq->private;

	++*pos;
	++info->map_id;
	bpf_map_put(v);
	return bpf_map_get_curr_or_next(bpf_iter_runtime(seq), &info->map_id);
}

static int map_seq_show(struct seq_file *seq, struct bpf_map *obj, bool in_stop)
{
	struct bpf_iter__bpf_map ctx = {.meta = bpf_iter_meta(seq), .map = obj};
	const struct bpf_prog *prog = bpf_iter_prog(seq, in_stop);

	return prog ? bpf_iter_run_prog(prog, &ctx) : 0;
}

static int bpf_map_seq_show(struct seq_file *seq, void *v)
{
	return map_seq_show(seq, v, false);
}

static void bpf_map_seq_stop(struct seq_file *seq, void *v)
{
	if (v)
		bpf_map_put(v);
	else
		map_seq_show(seq, NULL, true);
}

static const struct seq_operations bpf_map_seq_ops = {
	.start = bpf_map_seq_start,
	.next = bpf_map_seq_next,
	.stop = bpf_map_seq_stop,
	.show = bpf_map_seq_show,
};

static const struct bpf_iter_seq_info bpf_map_seq_info = {
	.seq_ops = &bpf_map_seq_ops,
	.seq_priv_size = sizeof(struct bpf_iter_seq_map_info),
};

const struct bpf_iter_reg bpf_map_reg_info = {
	.target = "bpf_map",
	.ctx_arg_info_size = 1,
	.ctx_arg_info =
		{
			{offsetof(struct bpf_iter__bpf_map, map),
			 PTR_TO_BTF_ID | PTR_MAYBE_NULL | PTR_TRUSTED, "bpf_map"},
		},
	.seq_info = &bpf_map_seq_info,
};

/* --- bpf_map_sum_elem_count ------------------------------------------------------------------- */

s64 bpf_map_sum_elem_count(const struct bpf_map *map)
{
	return bpf_map_read_elem_count(map);
}

static const struct btf_kfunc bpf_map_iter_kfuncs[] = {
	BTF_KFUNC(bpf_map_sum_elem_count, KF_TRUSTED_ARGS),
};

const struct btf_kfunc_id_set bpf_map_iter_kfunc_set = {
	.set = bpf_map_iter_kfuncs,
	.nr = ARRAY_SIZE(bpf_map_iter_kfuncs),
};
