/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The targets bpf_map, every map of the runtime by id, and bpf_map_elem, every element of one map;
 * and the kfunc that counts elements (kernel/bpf/map_iter.c, and the element walks of hashtab.c and
 * arraymap.c, which here are map->ops->map_walk).
 */
#include <errno.h>
#include <stdlib.h>

#include "iter/bpf_iter.h"
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
	struct bpf_iter_meta meta = {.seq = seq};
	struct bpf_iter__bpf_map ctx = {.meta = &meta, .map = obj};
	struct bpf_prog *prog = bpf_iter_get_info(&meta, in_stop);

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

/* --- bpf_map_elem ----------------------------------------------------------------------------- */

/*
 * walk is past the element that is shown, reshow is before it: from there start finds it again, or
 * what follows it if it is gone. The key and value that a walk points to are good in the RCU
 * section of its last step only.
 *
 * The values of all CPUs lie in no one buffer that could be shown: the program sees a copy, and
 * what it writes there is lost (kernel: percpu_value_buf).
 */
struct bpf_iter_seq_map_elem_info {
	struct bpf_map *map; /* a user reference */
	struct bpf_map_walk walk;
	u64 reshow;
	void *percpu_values; /* bpf_map_value_size() bytes; NULL: not per CPU */
	bool writing;	     /* holds off bpf_map_freeze() */
	bool ended;
};

static void *map_elem_step(struct bpf_iter_seq_map_elem_info *info)
{
	info->reshow = info->walk.pos;
	if (info->map->ops->map_walk(info->map, &info->walk))
		return info;
	info->ended = true;
	return NULL;
}

static void *bpf_map_elem_seq_start(struct seq_file *seq, s64 *pos)
{
	struct bpf_iter_seq_map_elem_info *info = seq->private;

	if (info->ended)
		return NULL;
	if (*pos == 0)
		++*pos;
	info->walk.pos = info->reshow;
	return map_elem_step(info);
}

static void *bpf_map_elem_seq_next(struct seq_file *seq, void *v, s64 *pos)
{
	++*pos;
	return map_elem_step(v);
}

static int bpf_map_elem_seq_show(struct seq_file *seq, void *v)
{
	struct bpf_iter_seq_map_elem_info *info = seq->private;
	struct bpf_iter_meta meta = {.seq = seq};
	struct bpf_iter__bpf_map_elem ctx = {.meta = &meta, .map = info->map};
	struct bpf_prog *prog = bpf_iter_get_info(&meta, !v);

	if (!prog)
		return 0;
	if (v) {
		ctx.key = info->walk.key;
		ctx.value = info->walk.value;
		if (info->percpu_values) {
			bpf_map_walk_copy(info->map, &info->walk, info->percpu_values, 0);
			ctx.value = info->percpu_values;
		}
	}
	return bpf_iter_run_prog(prog, &ctx);
}

static void bpf_map_elem_seq_stop(struct seq_file *seq, void *v)
{
	if (!v)
		bpf_map_elem_seq_show(seq, NULL);
}

static int map_elem_init(void *priv_data, const struct bpf_iter_aux_info *aux,
			 const struct bpf_prog *prog)
{
	struct bpf_iter_seq_map_elem_info *info = priv_data;
	int err;

	info->map = aux->map;
	if (info->map->ops->percpu) {
		info->percpu_values = malloc(bpf_map_value_size(info->map));
		if (!info->percpu_values)
			return -ENOMEM;
	} else if (prog->aux->writes_rdwr_buf) {
		err = bpf_map_write_begin(info->map);
		if (err)
			return err;
		info->writing = true;
	}
	bpf_map_inc_with_uref(info->map);
	return 0;
}

static void map_elem_fini(void *priv_data)
{
	struct bpf_iter_seq_map_elem_info *info = priv_data;

	if (info->writing)
		bpf_map_write_end(info->map);
	free(info->percpu_values);
	bpf_map_put_with_uref(info->map);
}

static int bpf_iter_attach_map(struct bpf_prog *prog, union bpf_iter_link_info *linfo,
			       struct bpf_iter_aux_info *aux,
			       struct bpf_map *(*map_get)(void *arg, int fd), void *arg)
{
	struct bpf_map *map;

	if (!linfo->map.map_fd)
		return -EBADF;
	map = map_get(arg, linfo->map.map_fd);
	if (IS_ERR(map))
		return PTR_ERR(map);
	if (!map->ops->map_walk || map->ops->holds != BPF_MAP_HOLDS_VALUES) {
		bpf_map_put(map);
		return -EINVAL;
	}
	bpf_map_inc_with_uref(map);
	bpf_map_put(map);
	aux->map = map;
	return 0;
}

/*
 * A program sees key and value as buffers without end; how far it reaches was recorded when it was
 * verified. Values of a frozen or read-only map are constants to the verifier, so that, unlike
 * Linux, nobody may write to them here either, but to copies of them. Nor where a lock lies that
 * others wait for, or a pointer that others follow.
 */
static int bpf_iter_check_map(const struct bpf_prog *prog, const struct bpf_iter_aux_info *aux)
{
	const struct bpf_map *map = aux->map;

	if (prog->aux->max_rdonly_access > map->key_size ||
	    prog->aux->max_rdwr_access > bpf_map_value_size(map))
		return -EACCES;
	if (prog->aux->writes_rdwr_buf && !map->ops->percpu &&
	    (READ_ONCE(map->frozen) || (map->map_flags & BPF_F_RDONLY_PROG) ||
	     map->record))
		return -EPERM;
	return 0;
}

static void bpf_iter_detach_map(struct bpf_iter_aux_info *aux)
{
	bpf_map_put_with_uref(aux->map);
}

static void bpf_iter_map_show_fdinfo(const struct bpf_iter_aux_info *aux, struct seq_file *seq)
{
	seq_printf(seq, "map_id:\t%u\n", aux->map->id);
}

static int bpf_iter_map_fill_link_info(const struct bpf_iter_aux_info *aux,
				       struct bpf_link_info *info)
{
	info->iter.map.map_id = aux->map->id;
	return 0;
}

static const struct seq_operations bpf_map_elem_seq_ops = {
	.start = bpf_map_elem_seq_start,
	.next = bpf_map_elem_seq_next,
	.stop = bpf_map_elem_seq_stop,
	.show = bpf_map_elem_seq_show,
};

static const struct bpf_iter_seq_info bpf_map_elem_seq_info = {
	.seq_ops = &bpf_map_elem_seq_ops,
	.init_seq_private = map_elem_init,
	.fini_seq_private = map_elem_fini,
	.seq_priv_size = sizeof(struct bpf_iter_seq_map_elem_info),
};

const struct bpf_iter_reg bpf_map_elem_reg_info = {
	.target = "bpf_map_elem",
	.attach_target = bpf_iter_attach_map,
	.detach_target = bpf_iter_detach_map,
	.check_prog = bpf_iter_check_map,
	.show_fdinfo = bpf_iter_map_show_fdinfo,
	.fill_link_info = bpf_iter_map_fill_link_info,
	.ctx_arg_info_size = 2,
	.ctx_arg_info =
		{
			{offsetof(struct bpf_iter__bpf_map_elem, key),
			 PTR_TO_BUF | PTR_MAYBE_NULL | MEM_RDONLY, NULL},
			{offsetof(struct bpf_iter__bpf_map_elem, value),
			 PTR_TO_BUF | PTR_MAYBE_NULL, NULL},
		},
	.seq_info = &bpf_map_elem_seq_info,
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
