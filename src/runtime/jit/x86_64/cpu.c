/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the processor can do that not each of its kind can. A file of its own: tests say no. */
#include "jit/x86_64/insn.h"

bool x86_has_bmi2(void)
{
	return __builtin_cpu_supports("bmi2");
}
