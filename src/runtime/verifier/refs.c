/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * References: what a program got from a call and has to give back with another one, on every way to
 * its end (kernel: acquire_reference, release_reference, check_reference_leak).
 *
 * A reference has an id, which every pointer that came from it carries (bpf_reg_state.ref_obj_id),
 * through copies, spills and calls; the state has the list of those that are held. Giving it back
 * takes it off the list and makes all those pointers plain numbers. Where the pointer turns out to
 * be NULL there was nothing to give back. The list belongs to the state, not to a frame: a function
 * may give back what its caller got.
 */
#include "verifier/env.h"

/*
 * As many as there are places for pointers, in all frames. Of more, one at least can never be given
 * back: the program is refused in the end, and its states do not grow until then.
 */
#define MAX_HELD (MAX_BPF_FRAMES * (MAX_BPF_REG + MAX_BPF_STACK / BPF_REG_SIZE))

int acquire_reference(struct bpf_verifier_env *env)
{
	struct bpf_verifier_state *state = env->cur;
	struct bpf_reference *ref;

	if (state->nr_refs == MAX_HELD)
		return refuse(env, -EINVAL, -1, "give it back on every way that leads here",
			      "the program holds %u things that it got, the first of them at "
			      "instruction %u: more than it can keep pointers to",
			      MAX_HELD, state->refs[0].insn_idx);
	if (grow_refs(env, state, state->nr_refs + 1))
		return -ENOMEM;
	ref = &state->refs[state->nr_refs++];
	*ref = (struct bpf_reference){.id = ++env->next_id, .insn_idx = env->insn_idx};
	return ref->id;
}

struct bpf_reference *find_reference(struct bpf_verifier_state *state, u32 id)
{
	u32 i;

	for (i = 0; i < state->nr_refs; i++)
		if (state->refs[i].id == id)
			return &state->refs[i];
	return NULL;
}

bool forget_reference(struct bpf_verifier_state *state, u32 id)
{
	u32 i;

	for (i = 0; i < state->nr_refs; i++) {
		if (state->refs[i].id != id)
			continue;
		/* In their order: two states that got the same ones are alike. */
		for (state->nr_refs--; i < state->nr_refs; i++)
			state->refs[i] = state->refs[i + 1];
		return true;
	}
	return false;
}

/* What is given back, by the call at insn_idx. */
struct release {
	u32 id, insn_idx;
};

static bool points_to(const struct bpf_reg_state *reg, const void *arg)
{
	const struct release *release = arg;

	return reg->ref_obj_id == release->id;
}

static void end_pointer(struct bpf_reg_state *reg, const void *arg)
{
	const struct release *release = arg;

	reg_mark_unknown(reg);
	reg->since = release->insn_idx;
}

int release_reference(struct bpf_verifier_env *env, u32 id)
{
	const struct release release = {id, env->insn_idx};

	if (!id || !forget_reference(env->cur, id))
		return refuse(env, -EINVAL, -1, "give back once what was got, and nothing else",
			      "the call gives back what the program does not hold");
	change_regs(env, env->cur, points_to, end_pointer, &release);
	return 0;
}

int check_reference_leak(struct bpf_verifier_env *env)
{
	const struct bpf_verifier_state *state = env->cur;
	char place[256];

	if (!state->nr_refs)
		return 0;
	say_place(env, state->refs[0].insn_idx, place, sizeof(place));
	return refuse(env, -EINVAL, -1, "give it back on every way that leads here",
		      "the program ends and still holds what it got at %s", place);
}
