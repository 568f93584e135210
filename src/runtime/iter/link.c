/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Links: what holds a program attached to something. Ids and references; what a kind of link does
 * beyond that is in its ops (kernel: kernel/bpf/syscall.c).
 *
 * A link leaves the id space when its last reference goes. Whoever finds one by id does so under
 * the id space's lock and must get a reference from a count that is not yet zero.
 */
#include <errno.h>

#include "base/runtime.h"
#include "iter/bpf_iter.h"
#include "prog/prog.h"

void bpf_link_init(struct bpf_link *link, enum bpf_link_type type, const struct bpf_link_ops *ops,
		   struct bpf_prog *prog)
{
	atomic64_set(&link->refcnt, 1);
	link->id = 0;
	link->type = type;
	link->ops = ops;
	link->prog = prog;
	link->attach_type = prog->expected_attach_type;
	link->rt = prog->aux->rt;
}

int bpf_link_alloc_id(struct bpf_link *link)
{
	struct idr *idr = &link->rt->link_idr;
	int id;

	idr_lock(idr);
	id = idr_alloc_cyclic_locked(idr, link);
	if (id > 0)
		link->id = id;
	idr_unlock(idr);
	return min_of(id, 0);
}

struct bpf_prog *bpf_link_prog_get(struct bpf_link *link)
{
	struct bpf_prog *prog;

	pthread_mutex_lock(&link->rt->link_lock);
	prog = link->prog;
	bpf_prog_inc(prog);
	pthread_mutex_unlock(&link->rt->link_lock);
	return prog;
}

void bpf_link_inc(struct bpf_link *link)
{
	atomic64_inc(&link->refcnt);
}

void bpf_link_put(struct bpf_link *link)
{
	if (!link || !atomic64_dec_and_test(&link->refcnt))
		return;
	if (link->id)
		idr_remove(&link->rt->link_idr, link->id);
	link->ops->release(link);
}

struct bpf_link *bpf_link_by_id(struct trek_runtime *rt, u32 id)
{
	struct bpf_link *link;

	idr_lock(&rt->link_idr);
	link = idr_find_locked(&rt->link_idr, id);
	if (!link || !atomic64_inc_not_zero(&link->refcnt))
		link = ERR_PTR(-ENOENT);
	idr_unlock(&rt->link_idr);
	return link;
}

struct bpf_link *bpf_link_get_curr_or_next(struct trek_runtime *rt, u32 *id)
{
	struct bpf_link *link;

	idr_lock(&rt->link_idr);
	while ((link = idr_get_next_locked(&rt->link_idr, id))) {
		if (atomic64_inc_not_zero(&link->refcnt))
			break;
		++*id;
	}
	idr_prefetch_locked(&rt->link_idr, *id + IDR_AHEAD, sizeof(*link));
	idr_unlock(&rt->link_idr);
	return link;
}

void bpf_link_show_fdinfo(const struct bpf_link *link, struct seq_file *seq)
{
	static const char *const names[] = {
		[BPF_LINK_TYPE_UNSPEC] = "<invalid>",
		[BPF_LINK_TYPE_ITER] = "iter",
	};
	struct bpf_prog *prog = bpf_link_prog_get((struct bpf_link *)link);
	const u8 *tag = prog->tag;

	if (link->type < ARRAY_SIZE(names) && names[link->type])
		seq_printf(seq, "link_type:\t%s\n", names[link->type]);
	else
		seq_printf(seq, "link_type:\t<%u>\n", link->type);
	seq_printf(seq, "link_id:\t%u\n", link->id);
	seq_printf(seq, "prog_tag:\t%02x%02x%02x%02x%02x%02x%02x%02x\n", tag[0], tag[1], tag[2],
		   tag[3], tag[4], tag[5], tag[6], tag[7]);
	seq_printf(seq, "prog_id:\t%u\n", prog->aux->id);
	if (link->ops->show_fdinfo)
		link->ops->show_fdinfo(link, seq);
	bpf_prog_put(prog);
}
