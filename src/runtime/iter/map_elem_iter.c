/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The target bpf_map_elem: every element of one map (kernel/bpf/map_iter.c, and the element walks
 * of hashtab.c and arraymap.c, which here are map->ops->map_walk).
 *
 * walker is past the element that is shown, reshow is before it: from there start finds it again,
 * or what follows it if it is gone. Where there is none for a long way, an object without an
 * element comes, which is skipped: so others get their turn there, too.
 *
 * The values of all CPUs lie in no one buffer that could be shown: the program sees a copy, and
 * what it writes there is lost (kernel: percpu_value_buf).
 */
#include <errno.h>
#include <stdlib.h>

#include "iter/session.h"
#include "map/map.h"
#include "map/walk.h"

struct bpf_iter_seq_map_elem_info {
	struct bpf_map *map; /* a user reference */
	const struct bpf_map_walk *elem;
	struct bpf_map_walker walker;
	u64 reshow;
	u64 section;	     /* in which walker fetched */
	u32 at_once;	     /* elements that are shown before it is asked whether anybody waits */
	void *percpu_values; /* bpf_map_value_size() bytes; NULL: not per CPU */
	bool writing;	     /* holds off bpf_map_freeze() */
	bool ended;
};

static void *map_elem_step(struct bpf_iter_seq_map_elem_info *info)
{
	info->reshow = bpf_map_walker_pos(&info->walker);
	info->elem = bpf_map_walker_next(&info->walker);
	if (info->elem)
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
	bpf_map_walker_set(&info->walker, info->map, info->reshow);
	for (u32 i = 0; i < BPF_MAP_WALK_AHEAD; i++) {
		info->walker.ahead[i].shown[0] = bpf_iter_meta(seq);
		info->walker.ahead[i].shown[1] = info->map;
	}
	info->section = bpf_iter_section(seq);
	return map_elem_step(info);
}

static void *bpf_map_elem_seq_next(struct seq_file *seq, void *v, s64 *pos)
{
	struct bpf_iter_seq_map_elem_info *info = v;

	++*pos;
	if (info->section != bpf_iter_section(seq)) {
		bpf_map_walker_set(&info->walker, info->map, bpf_map_walker_pos(&info->walker));
		info->section = bpf_iter_section(seq);
	}
	return map_elem_step(info);
}

/* What was fetched is what a program takes. */
_Static_assert(offsetof(struct bpf_map_walk, shown[0]) ==
			       offsetof(struct bpf_iter__bpf_map_elem, meta) &&
		       offsetof(struct bpf_map_walk, shown[1]) ==
			       offsetof(struct bpf_iter__bpf_map_elem, map) &&
		       offsetof(struct bpf_map_walk, key) ==
			       offsetof(struct bpf_iter__bpf_map_elem, key) &&
		       offsetof(struct bpf_map_walk, value) ==
			       offsetof(struct bpf_iter__bpf_map_elem, value),
	       "struct bpf_map_walk begins as struct bpf_iter__bpf_map_elem");

static int bpf_map_elem_seq_show(struct seq_file *seq, void *v)
{
	struct bpf_iter_seq_map_elem_info *info = seq->private;
	struct bpf_iter__bpf_map_elem ctx = {.meta = bpf_iter_meta(seq), .map = info->map};
	const struct bpf_prog *prog = bpf_iter_prog(seq, !v);

	if (v && unlikely(!info->elem->key))
		return SEQ_SKIP;
	if (!prog)
		return 0;
	if (v) {
		ctx.key = info->elem->key;
		ctx.value = info->elem->value;
		if (info->percpu_values) {
			bpf_map_walk_copy(info->map, info->elem, info->percpu_values, 0);
			ctx.value = info->percpu_values;
		}
	}
	return bpf_iter_run_prog(prog, &ctx);
}

/* How many elements are shown to a short program before it is asked again whether anybody waits. */
#define SHOW_AT_ONCE 64

/* The element behind @pos has been shown, and something has to be decided. 0: go on behind it;
 * -EAGAIN, -E2BIG: what it wrote is undone. */
static int look_at_shown(struct bpf_iter_seq_map_elem_info *info, struct seq_file *seq, u64 pos,
			 size_t before, u32 again)
{
	if (!again && !seq_has_overflowed(seq))
		return 0;
	info->reshow = pos;
	seq->count = before;
	return again ? -EAGAIN : -E2BIG;
}

/*
 * These two show what is at hand, @nr elements at most, until the output has @size bytes; how many,
 * and in @err what was decided last. Most programs take a few instructions for an element, so
 * nothing is done here for each that can be done for several.
 *
 * What is left is bound by how often memory is accessed: what a turn needs has to be in the six
 * registers that a call leaves alone, and nothing there that only the unlikely case needs.
 */
typedef unsigned int (*bpf_func_t)(const void *ctx, const struct bpf_insn *insns);

/* As long as they are where they were. */
static u32 show_fetched(struct bpf_iter_seq_map_elem_info *info, struct seq_file *seq, u32 nr,
			size_t size, int *err)
{
	struct bpf_iter_meta *meta = bpf_iter_meta(seq);
	const struct bpf_prog *prog = bpf_iter_prog(seq, false);
	const struct bpf_insn *insns = prog->insnsi;
	const bpf_func_t func = prog->bpf_func;
	const struct bpf_map_walk *const first = info->walker.next, *const end = first + nr;
	const struct bpf_map_walk *elem = first;
	size_t before = seq->count;
	u32 again;

	for (; elem != end && bpf_map_walk_holds(elem); elem++) {
		meta->seq_num++;
		seq->index++;
		again = func(elem, insns);
		if (unlikely(again || seq->count >= size)) {
			info->walker.next = elem;
			*err = look_at_shown(info, seq, bpf_map_walker_pos(&info->walker), before,
					     again);
			elem += !*err;
			break;
		}
		before = seq->count;
	}
	info->walker.next = elem;
	return elem - first;
}

/*
 * @elem: a session's walker.ahead. All else of the session is at a distance from it that the
 * compiler knows, so that it takes one register; not inlined, this has the others for itself.
 * Measured on an AMD EPYC: an element whose key and value are written takes 3.9 ns, and 4.8 where
 * @elem, before, last and the stride are on the stack.
 */
static __attribute__((noinline, aligned(64))) u32 show_strided(struct bpf_map_walk *elem, u32 nr,
							       size_t size, int *err)
{
	struct bpf_iter_seq_map_elem_info *info =
		container_of(elem, struct bpf_iter_seq_map_elem_info, walker.ahead);
	struct bpf_iter_session *session = bpf_iter_session_of_private(info);
	struct seq_file *seq = &session->seq;
	const struct bpf_insn *insns = session->prog->insnsi;
	const bpf_func_t func = session->prog->bpf_func;
	const u64 last = elem->pos + nr;
	size_t before = seq->count;
	u8 *value = elem->value;
	u64 pos = elem->pos;
	u32 again;

	while (pos != last) {
		elem->value = value += elem->stride;
		elem->pos = ++pos;
		session->meta.seq_num++;
		seq->index++;
		again = func(elem, insns);
		if (unlikely(again || seq->count >= size)) {
			/* Not pos - 1, for which one more register would be kept. */
			*err = look_at_shown(info, seq, elem->pos - 1, before, again);
			nr -= last - elem->pos + !!*err;
			break;
		}
		before = seq->count;
	}
	info->walker.left -= nr;
	return nr;
}

/* But for values that have to be copied, and programs that may be others after a tail call. */
static int bpf_map_elem_seq_show_ahead(struct seq_file *seq, void *v, size_t size, u32 max,
				       u32 *shown)
{
	struct bpf_iter_seq_map_elem_info *info = v;
	struct bpf_map_walker *walker = &info->walker;
	const struct bpf_prog *prog = bpf_iter_prog(seq, false);
	struct bpf_run_ctx *run = bpf_current;
	u32 nr, n;
	int err = 0;

	if (info->percpu_values || prog->aux->tail_call_reachable)
		return 0;
	size = min_of(size, seq->size);
	run->prog = prog;
	do {
		if (seq->count >= size || bpf_run_is_awaited(run))
			break;
		nr = walker->left ? walker->left : (u32)(walker->end - walker->next);
		nr = min_of(min_of(nr, max), info->at_once);
		n = walker->left ? show_strided(walker->ahead, nr, size, &err)
				 : show_fetched(info, seq, nr, size, &err);
		*shown += n;
		max -= n;
	} while (nr && n == nr);
	run->prog = NULL;
	return err;
}

static void bpf_map_elem_seq_stop(struct seq_file *seq, void *v)
{
	struct bpf_iter_meta *meta = bpf_iter_meta(seq);

	if (v)
		return;
	/* All that came was skipped: the next object would have had number 0, and so has the end.
	 */
	if (meta->seq_num == (u64)-1)
		meta->seq_num = 0;
	bpf_map_elem_seq_show(seq, NULL);
}

static int map_elem_init(void *priv_data, const struct bpf_iter_aux_info *aux,
			 const struct bpf_prog *prog)
{
	struct bpf_iter_seq_map_elem_info *info = priv_data;
	int err;

	info->map = aux->map;
	info->at_once = bpf_prog_is_short(prog) ? SHOW_AT_ONCE : 1;
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
	    (READ_ONCE(map->frozen) || (map->map_flags & BPF_F_RDONLY_PROG) || map->record))
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
	.show_ahead = bpf_map_elem_seq_show_ahead,
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
