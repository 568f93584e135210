/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Regions: what lies between bpf_rcu_read_lock() and _unlock(), bpf_preempt_disable() and
 * _enable(), bpf_local_irq_save() and _restore() (kernel: check_kfunc_call, process_irq_flag,
 * check_resource_leak). All but the first nest. A program, but not a function of it, ends outside
 * of all of them, on every path. Inside, nothing may be called that sleeps.
 *
 * What bpf_local_irq_save() leaves on the stack is an object as an iterator is (iterator.c), of
 * type IRQ_FLAG: a slot that nothing else may write to, and a reference. They are restored in the
 * order in which they were saved, backwards.
 *
 * In a program that may sleep, pointers that are found under RCU (MEM_RCU, see btf_access.c) are
 * good as long as the section is open; where it ends they become untrusted. A program that may not
 * sleep is in one all the time. When they run, all programs are: see
 * prog/marker_kfuncs.c.
 *
 * Whether a function may sleep shows from what is called in it and below it: of a global function,
 * which is not walked where it is called, that is all that is known.
 */
#include "verifier/env.h"

/* No type of BTF has this id. */
#define IRQ_FLAG UINT32_MAX

/* The reference of the last flag that was saved; 0: interrupts are on. */
static u32 active_irq_id(const struct bpf_verifier_env *env)
{
	const struct bpf_verifier_state *state = env->cur;
	u32 i;

	for (i = state->nr_refs; i--;)
		if (state->refs[i].iter_btf_id == IRQ_FLAG)
			return state->refs[i].id;
	return 0;
}

static bool in_region(const struct bpf_verifier_env *env)
{
	return env->cur->active_rcu_lock || env->cur->active_preempt_locks || active_irq_id(env);
}

bool in_rcu_section(const struct bpf_verifier_env *env)
{
	return !env->prog->sleepable || env->cur->active_rcu_lock || env->cur->locked_map;
}

/* The name of an open region, for messages. */
static const char *region_name(const struct bpf_verifier_env *env)
{
	if (env->cur->active_rcu_lock)
		return "an RCU section";
	return env->cur->active_preempt_locks ? "a section without preemption"
					      : "a section without interrupts";
}

int check_may_sleep(struct bpf_verifier_env *env, const char *name, int err, int err_region)
{
	if (!env->prog->sleepable)
		return refuse(env, err, -1, "load it with BPF_F_SLEEPABLE",
			      "%s may sleep, and the program must not", name);
	if (in_region(env))
		return refuse(env, err_region, -1, "call it before or behind",
			      "%s may sleep, and is called in %s", name, region_name(env));
	return 0;
}

int check_no_region(struct bpf_verifier_env *env, const char *what)
{
	if (!in_region(env))
		return 0;
	return refuse(env, -EINVAL, -1, "end it on every way that leads here", "%s in %s", what,
		      region_name(env));
}

/* --- the kfuncs that begin and end them ------------------------------------------------------- */

static bool is_rcu_pointer(const struct bpf_reg_state *reg, const void *arg)
{
	return reg->type & MEM_RCU;
}

static void distrust(struct bpf_reg_state *reg, const void *arg)
{
	reg->type &= ~(u32)(MEM_RCU | PTR_MAYBE_NULL);
	reg->type |= PTR_UNTRUSTED;
}

static int begin_rcu(struct bpf_verifier_env *env, const char *name)
{
	if (env->cur->active_rcu_lock)
		return refuse(env, -EINVAL, -1, "end the first one before",
			      "%s, and an RCU section is open", name);
	env->cur->active_rcu_lock = true;
	return 0;
}

static int nothing_to_end(struct bpf_verifier_env *env, const char *name)
{
	return refuse(env, -EINVAL, -1, NULL, "%s, and there is nothing to end", name);
}

static int end_rcu(struct bpf_verifier_env *env, const char *name)
{
	if (!env->cur->active_rcu_lock)
		return nothing_to_end(env, name);
	env->cur->active_rcu_lock = false;
	change_regs(env, env->cur, is_rcu_pointer, distrust, NULL);
	return 0;
}

static int disable_preemption(struct bpf_verifier_env *env, const char *name)
{
	env->cur->active_preempt_locks++;
	return 0;
}

static int enable_preemption(struct bpf_verifier_env *env, const char *name)
{
	if (!env->cur->active_preempt_locks)
		return nothing_to_end(env, name);
	env->cur->active_preempt_locks--;
	return 0;
}

int check_irq_flag(struct bpf_verifier_env *env, u32 regno, bool save)
{
	u32 id;
	int err;

	if (save)
		return make_iter(env, regno, IRQ_FLAG, BPF_REG_SIZE);
	err = check_iter(env, regno, IRQ_FLAG, BPF_REG_SIZE, &id);
	if (err)
		return err;
	if (id != active_irq_id(env))
		return refuse(env, -EACCES, regno, "restore the last one first",
			      "R%u points to a flag that was saved before another one", regno);
	return destroy_iter(env, regno, id);
}

static const struct {
	u32 flag; /* enum btf_kfunc_flags */
	int (*check)(struct bpf_verifier_env *env, const char *name);
} region_calls[] = {
	{KF_RCU_LOCK, begin_rcu},
	{KF_RCU_UNLOCK, end_rcu},
	{KF_PREEMPT_DISABLE, disable_preemption},
	{KF_PREEMPT_ENABLE, enable_preemption},
};

int check_region_call(struct bpf_verifier_env *env, const struct btf_kfunc *kfunc)
{
	for (u32 i = 0; i < ARRAY_SIZE(region_calls); i++)
		if (kfunc->flags & region_calls[i].flag)
			return region_calls[i].check(env, kfunc->name);
	return 0;
}

/* --- functions that may sleep ----------------------------------------------------------------- */

static bool insn_may_sleep(const struct bpf_verifier_env *env, u32 idx)
{
	const struct bpf_insn_aux_data *aux = &env->aux[idx];
	const struct bpf_insn *insn = &env->insns[idx];

	if (insn_calls_subprog(insn) || insn_refers_to_func(insn))
		return env->subprogs[aux->func_ref].might_sleep;
	if (insn_calls_kfunc(insn))
		return aux->kfunc && (aux->kfunc->flags & KF_SLEEPABLE);
	return insn_is_call(insn) && aux->helper && aux->helper->proto.might_sleep;
}

/* One more round of those that call others. */
static bool find_more_sleepers(struct bpf_verifier_env *env)
{
	bool found = false;
	u32 s, i;

	for (s = 0; s < env->nr_subprogs; s++) {
		struct bpf_subprog_info *subprog = &env->subprogs[s];

		for (i = subprog->start; !subprog->might_sleep && i < subprog->end; i++) {
			if (env->aux[i].ld_imm64_second || !insn_may_sleep(env, i))
				continue;
			subprog->might_sleep = found = true;
		}
	}
	return found;
}

void find_sleepers(struct bpf_verifier_env *env)
{
	while (find_more_sleepers(env))
		;
	env->prog->aux->might_sleep = env->subprogs[0].might_sleep;
}
