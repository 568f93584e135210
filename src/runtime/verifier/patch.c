/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions that become none, or others: what is wanted is noted for each instruction, and done
 * for all at once, in one pass with a map from old places to new ones. So it takes as long for one
 * instruction as for all, where Linux (bpf_patch_insn_data, verifier_remove_insns) moves the rest
 * of the program for each.
 *
 * What refers to places goes with them: jumps, calls and pointers to functions, where functions
 * begin, func_info, line_info, and what the walk noted of each instruction. Functions of which
 * nothing is left are gone. A line goes to the next instruction that is left, unless that has one
 * of its own.
 *
 * What was put in place of an instruction is as it runs: its jumps stay inside of it, it refers to
 * no function, map or kfunc by number, and nothing is noted of it.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/env.h"

/* Nobody needs more, and offsets have no more bits. */
#define MAX_INSNS_PATCHED (1u << 30)

int patches_init(struct bpf_verifier_env *env, struct bpf_patches *patches)
{
	memset(patches, 0, sizeof(*patches));
	patches->by_insn = calloc(env->nr_insns, sizeof(*patches->by_insn));
	return patches->by_insn ? 0 : -ENOMEM;
}

void patches_free(struct bpf_patches *patches)
{
	free(patches->by_insn);
	free(patches->insns);
}

void patch_remove(struct bpf_patches *patches, u32 idx)
{
	patches->by_insn[idx] = (struct bpf_patch){.patched = true};
}

int patch_replace(struct bpf_patches *patches, u32 idx, const struct bpf_insn *insns, u32 nr)
{
	u32 need = patches->nr_insns + nr;

	if (need > patches->max_insns) {
		u32 max = max_of(need, 2 * patches->max_insns);
		struct bpf_insn *more = realloc(patches->insns, (size_t)max * sizeof(*more));

		if (!more)
			return -ENOMEM;
		patches->insns = more;
		patches->max_insns = max;
	}
	memcpy(&patches->insns[patches->nr_insns], insns, nr * sizeof(*insns));
	patches->by_insn[idx] =
		(struct bpf_patch){.patched = true, .nr = nr, .first = patches->nr_insns};
	patches->nr_insns = need;
	return 0;
}

/* Where things are to go: of each instruction the new place, of each function the new number. */
struct places {
	u32 *insns; /* one more than there are: the end */
	u32 *subprogs;
	bool grows; /* something has to move up */
};

static int find_places(const struct bpf_verifier_env *env, const struct bpf_patches *patches,
		       struct places *to)
{
	u64 at = 0;
	u32 i, nr = 0;

	for (i = 0; i < env->nr_insns; i++) {
		const struct bpf_patch *patch = &patches->by_insn[i];

		to->insns[i] = at;
		at += patch->patched ? patch->nr : 1;
		to->grows |= at > i + 1;
		if (at > MAX_INSNS_PATCHED)
			return -E2BIG;
	}
	to->insns[i] = at;
	for (i = 0; i < env->nr_subprogs; i++) {
		const struct bpf_subprog_info *subprog = &env->subprogs[i];

		to->subprogs[i] = nr;
		nr += to->insns[subprog->start] != to->insns[subprog->end];
	}
	return 0;
}

/* @insn, which was at @idx, leads where it led. -ERANGE: it is too far now. */
static int redirect(const struct bpf_verifier_env *env, const struct places *to, u32 idx,
		    struct bpf_insn *insn)
{
	s64 here = to->insns[idx];

	if (env->aux[idx].ld_imm64_second)
		return 0;
	if (insn_calls_subprog(insn) || insn_refers_to_func(insn)) {
		const struct bpf_subprog_info *callee = &env->subprogs[env->aux[idx].func_ref];

		/* What is referred to is never removed (dead_code.c). */
		if (to->insns[callee->start] == to->insns[callee->end])
			return -EFAULT;
		insn->imm = to->insns[callee->start] - here - 1;
	} else if (insn_is_jump(insn)) {
		s64 distance = (s64)to->insns[jump_target(env, idx)] - here - 1;

		if (insn->code == (BPF_JMP32 | BPF_JA)) {
			insn->imm = distance;
			return 0;
		}
		if (distance != (s16)distance)
			return -ERANGE;
		insn->off = distance;
	}
	return 0;
}

/* All instructions, and what is noted of them, to new places, which may be the same memory: then
 * none moves up. */
static int move_insns(const struct bpf_verifier_env *env, const struct bpf_patches *patches,
		      const struct places *to, struct bpf_insn *insns,
		      struct bpf_insn_aux_data *aux)
{
	u32 i, k;
	int err;

	for (i = 0; i < env->nr_insns; i++) {
		const struct bpf_patch *patch = &patches->by_insn[i];
		u32 at = to->insns[i], subprog = to->subprogs[env->aux[i].subprog];

		if (!patch->patched) {
			struct bpf_insn insn = env->insns[i];

			err = redirect(env, to, i, &insn);
			if (err)
				return err;
			insns[at] = insn;
			aux[at] = env->aux[i];
			aux[at].subprog = subprog;
			aux[at].func_ref = to->subprogs[aux[at].func_ref];
			continue;
		}
		for (k = 0; k < patch->nr; k++, at++) {
			insns[at] = patches->insns[patch->first + k];
			aux[at] = (struct bpf_insn_aux_data){
				.seen = true,
				.subprog = subprog,
				.ld_imm64_second = k && insn_is_ld_imm64(&insns[at - 1]),
			};
		}
	}
	return 0;
}

static void move_subprogs(struct bpf_verifier_env *env, const struct places *to)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	u32 nr = 0;

	for (u32 i = 0; i < env->nr_subprogs; i++) {
		struct bpf_subprog_info subprog = env->subprogs[i];

		subprog.start = to->insns[subprog.start];
		subprog.end = to->insns[subprog.end];
		if (subprog.start == subprog.end)
			continue;
		env->subprogs[nr] = subprog;
		if (aux->func_info_cnt) {
			aux->func_info[nr] = aux->func_info[i];
			aux->func_info[nr].insn_off = subprog.start;
			aux->func_info_aux[nr] = aux->func_info_aux[i];
		}
		nr++;
	}
	env->nr_subprogs = nr;
	if (aux->func_info_cnt)
		aux->func_info_cnt = nr;
}

static void move_lines(const struct bpf_verifier_env *env, const struct places *to)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	u32 nr = 0, end = to->insns[env->nr_insns];

	for (u32 i = 0; i < aux->nr_linfo; i++) {
		struct bpf_line_info line = aux->linfo[i];

		line.insn_off = to->insns[line.insn_off];
		if (line.insn_off == end)
			break;
		/* Of several for one instruction, the last one is its own or the nearest. */
		if (nr && aux->linfo[nr - 1].insn_off == line.insn_off)
			nr--;
		aux->linfo[nr++] = line;
	}
	aux->nr_linfo = nr;
}

static int apply(struct bpf_verifier_env *env, const struct bpf_patches *patches, struct places *to)
{
	struct bpf_insn *insns = env->insns;
	struct bpf_insn_aux_data *aux = env->aux;
	int err = find_places(env, patches, to);
	u32 nr = to->insns[env->nr_insns];

	if (err)
		return err;
	if (to->grows) {
		insns = calloc((size_t)nr + 1, sizeof(*insns));
		aux = calloc(nr, sizeof(*aux));
		err = insns && aux ? 0 : -ENOMEM;
	}
	if (!err)
		err = move_insns(env, patches, to, insns, aux);
	if (err) {
		if (to->grows) {
			free(insns);
			free(aux);
		}
		return err;
	}
	move_subprogs(env, to);
	move_lines(env, to);
	if (to->grows) {
		free(env->insns);
		free(env->aux);
		env->insns = env->prog->insnsi = insns;
		env->aux = aux;
	}
	env->nr_insns = env->prog->len = nr;
	return 0;
}

int patches_apply(struct bpf_verifier_env *env, const struct bpf_patches *patches)
{
	struct places to = {
		.insns = calloc((size_t)env->nr_insns + 1, sizeof(*to.insns)),
		.subprogs = calloc(env->nr_subprogs, sizeof(*to.subprogs)),
	};
	int err = to.insns && to.subprogs ? apply(env, patches, &to) : -ENOMEM;

	free(to.insns);
	free(to.subprogs);
	return err;
}
