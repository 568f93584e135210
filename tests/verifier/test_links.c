/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Links between what is known of numbers (verifier/precision.c): they hold when origins that
 * nothing refers to any more were collected.
 */
#include <stdlib.h>

#include "test.h"

#include "verifier/env.h"

#define NUMBERS 10	/* r0 to r9 */
#define MANY (1u << 19) /* origins, of which most are collected */

static struct bpf_insn_aux_data insn_aux;
static struct bpf_insn insn;
static struct bpf_subprog_info subprog = {.end = 1};
static struct bpf_prog_aux prog_aux;
static struct bpf_prog prog = {.aux = &prog_aux, .len = 1};
static const struct bpf_check_input input;
static struct bpf_verifier_state *kept[1];

static struct bpf_verifier_state *keep(struct bpf_verifier_env *env)
{
	struct bpf_verifier_state *state;

	new_origins(env);
	state = copy_state(env, env->cur);
	assert_non_null(state);
	state->next = kept[0];
	kept[0] = state;
	return state;
}

static u32 origin_of(const struct bpf_verifier_state *state, u32 regno)
{
	return state->frame[0]->regs[regno].origin;
}

static void links_stay(void **state)
{
	struct bpf_verifier_env env = {
		.prog = &prog,
		.in = &input,
		.insns = &insn,
		.nr_insns = 1,
		.aux = &insn_aux,
		.subprogs = &subprog,
		.nr_subprogs = 1,
		.kept = kept,
	};
	struct bpf_verifier_state *before, *after;
	u32 i, k;

	env.cur = new_state(&env);
	assert_non_null(env.cur);
	for (i = 0; i < NUMBERS; i++)
		reg_mark_unknown(&cur_regs(&env)[i]);
	before = keep(&env);
	for (i = 0; i < NUMBERS; i++)
		reg_mark_unknown(&cur_regs(&env)[i]); /* made of nothing that was before */
	after = keep(&env);
	for (i = 0; i < NUMBERS; i++)
		link_origin(&env, origin_of(after, i), origin_of(before, i));
	while (env.nr_origins < MANY)
		new_origins(&env);
	assert_int_equal(collect_origins(&env), 0);
	assert_true(env.nr_origins < MANY / 2);
	for (i = 0; i < NUMBERS; i++) {
		mark_precise(&env, origin_of(before, i));
		for (k = 0; k < NUMBERS; k++)
			assert_int_equal(is_precise(&env, origin_of(after, k)), k <= i);
	}
	free_state(&env, env.cur);
	env.cur = NULL;
	free_all_states(&env);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_stay),
	};

	return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
