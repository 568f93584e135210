/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the processor can do that not each of its kind can. A file of its own: tests say no. */
#include <cpuid.h>

#include "jit/x86_64/insn.h"

/*
 * Asked when the first program is compiled: __builtin_cpu_supports() asks for all that there is
 * whenever a process starts, and in a virtual machine each question takes a microsecond or more.
 */
bool x86_has_bmi2(void)
{
	static int known; /* 1: no, 2: yes; each thread that finds out finds the same */
	unsigned int eax, ebx = 0, ecx, edx;
	int has = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!has) {
		__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
		has = ebx & bit_BMI2 ? 2 : 1;
		__atomic_store_n(&known, has, __ATOMIC_RELAXED);
	}
	return has == 2;
}
