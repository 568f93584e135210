/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Kfuncs by which a program tells the verifier something (kernel: kernel/bpf/helpers.c). There is
 * nothing left to do when they run:
 *
 *   every program, also one that may sleep, runs inside an RCU section from its beginning to its
 *   end (base/vcpu.h), so a section within it needs no lock of its own;
 *   it keeps its virtual CPU as long, and no other thread runs a program on that one: per-CPU data
 *   is what preemption and interrupts are disabled for;
 *   a cast gives what it is given: programs run with the structure that they see converted
 *   (verifier/ctx.c).
 */
#include "prog/kfunc.h"

void bpf_rcu_read_lock(void)
{
}

void bpf_rcu_read_unlock(void)
{
}

void bpf_preempt_disable(void)
{
}

void bpf_preempt_enable(void)
{
}

void bpf_local_irq_save(unsigned long *flags__irq_flag)
{
	*flags__irq_flag = 0;
}

void bpf_local_irq_restore(unsigned long *flags__irq_flag)
{
}

void *bpf_rdonly_cast(const void *obj__ign, u32 btf_id__k)
{
	return (void *)(unsigned long)obj__ign;
}

void *bpf_cast_to_kern_ctx(void *obj)
{
	return obj;
}

static const struct btf_kfunc kfuncs[] = {
	BTF_KFUNC(bpf_rcu_read_lock, KF_RCU_LOCK),
	BTF_KFUNC(bpf_rcu_read_unlock, KF_RCU_UNLOCK),
	BTF_KFUNC(bpf_preempt_disable, KF_PREEMPT_DISABLE),
	BTF_KFUNC(bpf_preempt_enable, KF_PREEMPT_ENABLE),
	BTF_KFUNC(bpf_local_irq_save, KF_IRQ_SAVE),
	BTF_KFUNC(bpf_local_irq_restore, KF_IRQ_RESTORE),
	BTF_KFUNC(bpf_rdonly_cast, KF_RDONLY_CAST),
	BTF_KFUNC(bpf_cast_to_kern_ctx, KF_KERN_CTX),
};
const struct btf_kfunc_id_set bpf_marker_kfunc_set = {kfuncs, ARRAY_SIZE(kfuncs)};
