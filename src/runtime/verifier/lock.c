/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Locks in values of maps (kernel: process_spin_lock). At most one is held. Which one: the map says
 * where in the value it is, and the id of a pointer which value; pointers of one id are copies of
 * the pointer that one lookup gave.
 *
 * While a lock is held a program calls nothing but its own static functions, and does not end: so
 * it is held for as long as a few instructions take, and whoever waits for it gets it.
 */
#include "verifier/env.h"

bool may_hold_lock(const struct bpf_reg_state *reg)
{
	return base_type(reg->type) == PTR_TO_MAP_VALUE && bpf_map_has_spin_lock(reg->map_ptr);
}

static int check_lock_pointer(struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	const struct bpf_map *map = reg->map_ptr;

	if (reg->type != PTR_TO_MAP_VALUE)
		return refuse(env, -EACCES, regno, "pass the address of the lock in a map's value",
			      "R%u is no pointer to a lock", regno);
	if (!bpf_map_has_spin_lock(map))
		return refuse(env, -EINVAL, regno, "let the map have a value with a bpf_spin_lock",
			      "the values of map '%s' have no lock", map->name);
	if (!tnum_is_const(reg->var_off) ||
	    reg->off + (s64)reg->var_off.value != map->record->spin_lock_off)
		return refuse(env, -EINVAL, regno, NULL,
			      "the lock in the values of map '%s' is at offset %u", map->name,
			      map->record->spin_lock_off);
	return 0;
}

int check_spin_lock(struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_verifier_state *state = env->cur;
	int err = check_lock_pointer(env, regno);

	if (err)
		return err;
	if (state->locked_map)
		return refuse(env, -EINVAL, regno, "unlock it first",
			      "a second lock, while one is held");
	state->locked_map = reg->map_ptr;
	state->locked_id = reg->id;
	return 0;
}

int check_spin_unlock(struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_verifier_state *state = env->cur;
	int err = check_lock_pointer(env, regno);

	if (err)
		return err;
	if (!state->locked_map)
		return refuse(env, -EINVAL, regno, "call bpf_spin_lock before, on every way",
			      "an unlock, while no lock is held");
	if (state->locked_map != reg->map_ptr || state->locked_id != reg->id)
		return refuse(env, -EINVAL, regno, "unlock by the pointer that it was locked by",
			      "this is not known to be the lock that is held");
	state->locked_map = NULL;
	state->locked_id = 0;
	return 0;
}

int check_not_locked(struct bpf_verifier_env *env, const char *what)
{
	if (!env->cur->locked_map)
		return 0;
	return refuse(env, -EINVAL, -1, "call bpf_spin_unlock before", "%s while a lock is held",
		      what);
}

int check_lock_untouched(struct bpf_verifier_env *env, u32 regno, s64 first, s64 end)
{
	const struct bpf_map *map = cur_regs(env)[regno].map_ptr;
	s64 lock;

	if (!bpf_map_has_spin_lock(map))
		return 0;
	lock = map->record->spin_lock_off;
	if (end <= lock || first >= lock + (s64)sizeof(struct bpf_spin_lock))
		return 0;
	return refuse(env, -EACCES, regno, "leave it to bpf_spin_lock and bpf_spin_unlock",
		      "an access to the lock at offset %u of the values of map '%s'",
		      map->record->spin_lock_off, map->name);
}
