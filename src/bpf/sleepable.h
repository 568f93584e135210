/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Where a kernel keeps whether a program may sleep. */
#ifndef BPF_SLEEPABLE_H
#define BPF_SLEEPABLE_H

#include "kernel.h"

/* false: it does not say. */
static __always_inline bool read_sleepable(const struct bpf_prog *prog,
					   const struct bpf_prog_aux *aux, __u8 *sleepable)
{
	if (bpf_core_field_exists(prog->sleepable))
		*sleepable = BPF_CORE_READ_BITFIELD_PROBED(prog, sleepable);
	else if (bpf_core_field_exists(aux->sleepable))
		*sleepable = aux->sleepable;
	else
		return false;
	return true;
}

#endif /* BPF_SLEEPABLE_H */
