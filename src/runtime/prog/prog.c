/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs as objects: memory, ids, references (kernel: kernel/bpf/core.c and syscall.c).
 *
 * Whoever reaches a program without a reference of its own, by id or through a link, does so inside
 * an RCU read-side section or under the id space's lock. So the last bpf_prog_put() takes the id
 * away at once and leaves the memory alone until a grace period has passed. What the program refers
 * to is put at once: maps, BTFs and programs keep to the same rule, so a run that is still under
 * way finds their memory in place, and the end of one grace period is the end of all of it.
 */
#include "prog/prog.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/rcu.h"
#include "base/runtime.h"
#include "btf/btf.h"
#include "map/map.h"
#include "prog/prog_pack.h"

#define PROG_PAGE_SIZE 4096u

/* One block of memory, for who goes through all programs. */
struct prog_parts {
	struct bpf_prog prog;
	struct bpf_prog_aux aux;
};

/* Of each CPU. Nobody counts runs here (kernel: as long as nobody asks for it), but programs may
 * look, so all programs share one that is zero. */
static u8 no_stats[NR_CPUS][PERCPU_STRIDE] __attribute__((aligned(PERCPU_STRIDE)));

struct bpf_prog *bpf_prog_alloc(struct trek_runtime *rt, u32 len)
{
	struct prog_parts *parts = calloc(1, sizeof(*parts));
	/* One more than asked for: no program is empty, so that insnsi is never NULL. */
	struct bpf_insn *insnsi = calloc((size_t)len + 1, sizeof(*insnsi));
	u64 size = sizeof(struct bpf_prog) + (u64)len * sizeof(*insnsi);
	struct bpf_prog_aux *aux;
	struct bpf_prog *prog;

	if (!parts || !insnsi) {
		free(insnsi);
		free(parts);
		return NULL;
	}
	prog = &parts->prog;
	aux = &parts->aux;
	atomic64_set(&aux->refcnt, 1);
	aux->prog = prog;
	aux->rt = rt;
	atomic64_inc(&rt->objects);
	/* Saturated, not wrapped: len is the caller's word until the load has checked it. */
	prog->pages = min_of((size + PROG_PAGE_SIZE - 1) / PROG_PAGE_SIZE, (u64)UINT16_MAX);
	prog->len = len;
	prog->stats = (void *)no_stats;
	prog->aux = aux;
	prog->insnsi = insnsi;
	prog->bpf_func = bpf_interp_run;
	return prog;
}

int bpf_prog_alloc_id(struct bpf_prog *prog)
{
	struct idr *idr = &prog->aux->rt->prog_idr;
	int id;

	idr_lock(idr);
	id = idr_alloc_cyclic_locked(idr, prog);
	if (id > 0)
		prog->aux->id = id;
	idr_unlock(idr);
	return min_of(id, 0);
}

void bpf_prog_inc(struct bpf_prog *prog)
{
	atomic64_inc(&prog->aux->refcnt);
}

void bpf_jit_image_free(struct bpf_jit_image *image)
{
	if (!image)
		return;
	prog_pack_free(image->code, image->size);
	free(image);
}

static void bpf_prog_free_rcu(struct callback_head *head)
{
	struct bpf_prog_aux *aux = container_of(head, struct bpf_prog_aux, rcu);
	struct trek_runtime *rt = aux->rt;
	struct bpf_prog *prog = aux->prog;

	free(aux->used_maps);
	free(aux->kfunc_tab);
	for (u32 i = 0; i < aux->format_cnt; i++)
		free(aux->formats[i]);
	free(aux->formats);
	bpf_jit_image_free(aux->jit);
	free(aux->func_info);
	free(aux->func_info_aux);
	free(aux->linfo);
	free(prog->insnsi);
	free(container_of(prog, struct prog_parts, prog));
	atomic64_dec(&rt->objects);
}

void bpf_prog_put(struct bpf_prog *prog)
{
	struct bpf_prog_aux *aux;

	if (!prog || !atomic64_dec_and_test(&prog->aux->refcnt))
		return;
	aux = prog->aux;
	if (aux->id)
		idr_remove(&aux->rt->prog_idr, aux->id);
	for (u32 i = 0; i < aux->used_map_cnt; i++)
		bpf_map_put(aux->used_maps[i]);
	btf_put(aux->attach_btf);
	btf_put(aux->btf);
	bpf_prog_put(aux->dst_prog);
	call_rcu_head(&aux->rcu, bpf_prog_free_rcu);
}

struct bpf_prog *bpf_prog_by_id(struct trek_runtime *rt, u32 id)
{
	struct bpf_prog *prog;

	idr_lock(&rt->prog_idr);
	prog = idr_find_locked(&rt->prog_idr, id);
	if (!prog || !atomic64_inc_not_zero(&prog->aux->refcnt))
		prog = ERR_PTR(-ENOENT);
	idr_unlock(&rt->prog_idr);
	return prog;
}

struct bpf_prog *bpf_prog_get_curr_or_next(struct trek_runtime *rt, u32 *id)
{
	struct bpf_prog *prog;

	idr_lock(&rt->prog_idr);
	/* One whose last reference is gone is on its way out of the id space: not there. */
	while ((prog = idr_get_next_locked(&rt->prog_idr, id)) &&
	       !atomic64_inc_not_zero(&prog->aux->refcnt))
		++*id;
	idr_prefetch_locked(&rt->prog_idr, *id + IDR_AHEAD, sizeof(struct prog_parts));
	idr_unlock(&rt->prog_idr);
	return prog;
}
