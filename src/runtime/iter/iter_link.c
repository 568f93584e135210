/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Iterator links: an iterator program tied to its target and, for some targets, to the object that
 * is walked (kernel/bpf/bpf_iter.c). They do nothing by themselves; a session opened on one does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "base/runtime.h"
#include "iter/bpf_iter.h"
#include "prog/prog.h"

struct bpf_iter_link {
	struct bpf_link link;
	struct bpf_iter_aux_info aux;
	const struct bpf_iter_reg *target;
};

static struct bpf_iter_link *to_iter_link(const struct bpf_link *link)
{
	return container_of((struct bpf_link *)link, struct bpf_iter_link, link);
}

static void iter_link_free(struct callback_head *head)
{
	free(to_iter_link(container_of(head, struct bpf_link, rcu)));
}

static void iter_link_release(struct bpf_link *link)
{
	struct bpf_iter_link *iter = to_iter_link(link);

	if (iter->target->detach_target)
		iter->target->detach_target(&iter->aux);
	bpf_prog_put(link->prog);
	call_rcu_head(&link->rcu, iter_link_free);
}

/*
 * Another program of the same target. Unlike Linux, it is asked again whether it keeps to the
 * bounds of what the link walks: the check at attach time knew the first program only.
 */
static int iter_link_update_prog(struct bpf_link *link, struct bpf_prog *new_prog,
				 struct bpf_prog *old_prog)
{
	struct bpf_iter_link *iter = to_iter_link(link);
	struct bpf_prog *drop = NULL;
	int err = -EPERM;

	pthread_mutex_lock(&link->rt->link_lock);
	if (old_prog && link->prog != old_prog)
		goto unlock;
	err = -EINVAL;
	if (link->prog->type != new_prog->type ||
	    link->prog->expected_attach_type != new_prog->expected_attach_type ||
	    link->prog->aux->attach_btf_id != new_prog->aux->attach_btf_id)
		goto unlock;
	err = iter->target->check_prog ? iter->target->check_prog(new_prog, &iter->aux) : 0;
	if (err)
		goto unlock;
	drop = link->prog;
	bpf_prog_inc(new_prog);
	WRITE_ONCE(link->prog, new_prog);
unlock:
	pthread_mutex_unlock(&link->rt->link_lock);
	bpf_prog_put(drop);
	return err;
}

static void iter_link_show_fdinfo(const struct bpf_link *link, struct seq_file *seq)
{
	const struct bpf_iter_link *iter = to_iter_link(link);

	seq_printf(seq, "target_name:\t%s\n", iter->target->target);
	if (iter->target->show_fdinfo)
		iter->target->show_fdinfo(&iter->aux, seq);
}

/* Give as much of the name as fits, with a NUL; what did not fit is an error, as in Linux. */
static int copy_target_name(const char *name, u64 ubuf, u32 ulen)
{
	size_t len = strlen(name) + 1;

	if (ulen >= len)
		return copy_to_user(ubuf, name, len);
	if (copy_to_user(ubuf, name, ulen - 1) || copy_to_user(ubuf + ulen - 1, "", 1))
		return -EFAULT;
	return -ENOSPC;
}

static int iter_link_fill_link_info(const struct bpf_link *link, struct bpf_link_info *info)
{
	const struct bpf_iter_link *iter = to_iter_link(link);
	u64 ubuf = info->iter.target_name;
	u32 ulen = info->iter.target_name_len;
	int err;

	if (!ubuf != !ulen)
		return -EINVAL;
	info->iter.target_name_len = strlen(iter->target->target) + 1;
	err = ubuf ? copy_target_name(iter->target->target, ubuf, ulen) : 0;
	if (!err && iter->target->fill_link_info)
		err = iter->target->fill_link_info(&iter->aux, info);
	return err;
}

static const struct bpf_link_ops bpf_iter_link_lops = {
	.release = iter_link_release,
	.update_prog = iter_link_update_prog,
	.show_fdinfo = iter_link_show_fdinfo,
	.fill_link_info = iter_link_fill_link_info,
};

bool bpf_link_is_iter(const struct bpf_link *link)
{
	return link->ops == &bpf_iter_link_lops;
}

const struct bpf_iter_reg *bpf_iter_link_target(const struct bpf_link *link,
						const struct bpf_iter_aux_info **aux)
{
	*aux = &to_iter_link(link)->aux;
	return to_iter_link(link)->target;
}

/* The caller's link info: shorter than known is zero beyond, longer must be zero beyond. */
static int copy_link_info(union bpf_iter_link_info *linfo, u64 uinfo, u32 len)
{
	int err;

	memset(linfo, 0, sizeof(*linfo));
	if (!uinfo != !len)
		return -EINVAL;
	if (!uinfo)
		return 0;
	if (len > 4096)
		return -E2BIG;
	if (len > sizeof(*linfo)) {
		err = check_zeroed_user(uinfo + sizeof(*linfo), len - sizeof(*linfo));
		if (err)
			return err < 0 ? err : -E2BIG;
		len = sizeof(*linfo);
	}
	return copy_from_user(linfo, uinfo, len);
}

struct bpf_link *bpf_iter_link_attach(struct bpf_prog *prog, const union bpf_attr *attr,
				      struct bpf_map *(*map_get)(void *arg, int fd), void *arg)
{
	const struct bpf_iter_reg *target;
	union bpf_iter_link_info linfo;
	struct bpf_iter_link *iter;
	int err;

	if (attr->link_create.target_fd || attr->link_create.flags)
		return ERR_PTR(-EINVAL);
	err = copy_link_info(&linfo, attr->link_create.iter_info, attr->link_create.iter_info_len);
	if (err)
		return ERR_PTR(err);
	target = bpf_iter_target_of(prog);
	if (!target)
		return ERR_PTR(-ENOENT);
	/* No target here gives up its RCU section while it shows an object. */
	if (prog->sleepable)
		return ERR_PTR(-EINVAL);

	iter = calloc(1, sizeof(*iter));
	if (!iter)
		return ERR_PTR(-ENOMEM);
	iter->target = target;
	if (target->attach_target) {
		err = target->attach_target(prog, &linfo, &iter->aux, map_get, arg);
		if (err)
			goto free;
	}
	err = target->check_prog ? target->check_prog(prog, &iter->aux) : 0;
	if (err)
		goto detach;
	bpf_prog_inc(prog);
	bpf_link_init(&iter->link, BPF_LINK_TYPE_ITER, &bpf_iter_link_lops, prog);
	err = bpf_link_alloc_id(&iter->link);
	if (err) {
		bpf_link_put(&iter->link);
		return ERR_PTR(err);
	}
	return &iter->link;
detach:
	if (target->detach_target)
		target->detach_target(&iter->aux);
free:
	free(iter);
	return ERR_PTR(err);
}
