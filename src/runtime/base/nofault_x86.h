/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions that may fault, and copies made of them, for nofault.c and for callers whose copies
 * are so small that a call would be the larger part.
 */
#ifndef BASE_NOFAULT_X86_H
#define BASE_NOFAULT_X86_H

#include <errno.h>

#include "base/types.h"

/* Where to go on after a fault of the instruction at @fault: an entry of nofault.c's table. Offsets
 * from the fields themselves need no relocation. Nothing but the section's name leads to the
 * entries: R keeps linkers that drop what is not referred to from dropping them. */
#define FAULT_ENTRY(fault, resume)                                                                 \
	".pushsection trek_nofault, \"aR\", @progbits\n"                                           \
	".balign 4\n"                                                                              \
	".long " fault " - .\n"                                                                    \
	".long " resume " - .\n"                                                                   \
	".popsection\n"

#define COPY_UNIT(dst, src, load, store, fault)                                                    \
	__asm__ goto("1: " load "\n"                                                               \
		     "2: " store "\n" FAULT_ENTRY("1b", "%l[" #fault "]")                          \
			     FAULT_ENTRY("2b", "%l[" #fault "]")                                   \
		     :                                                                             \
		     : "r"(dst), "r"(src)                                                          \
		     : "rax", "xmm0", "memory"                                                     \
		     : fault)
#define COPY16(dst, src, fault)                                                                    \
	COPY_UNIT(dst, src, "movups (%1), %%xmm0", "movups %%xmm0, (%0)", fault)
#define COPY8(dst, src, fault) COPY_UNIT(dst, src, "movq (%1), %%rax", "movq %%rax, (%0)", fault)
#define COPY4(dst, src, fault) COPY_UNIT(dst, src, "movl (%1), %%eax", "movl %%eax, (%0)", fault)
#define COPY2(dst, src, fault) COPY_UNIT(dst, src, "movw (%1), %%ax", "movw %%ax, (%0)", fault)
#define COPY1(dst, src, fault) COPY_UNIT(dst, src, "movb (%1), %%al", "movb %%al, (%0)", fault)

/* Of 4, 8, 16 or 32 bytes. -EFAULT. */
static inline int copy_nofault_small(char *dst, const char *src, size_t size)
{
	if (size == 4) {
		COPY4(dst, src, fault);
		return 0;
	}
	if (size == 8) {
		COPY8(dst, src, fault);
		return 0;
	}
	COPY16(dst, src, fault);
	if (size == 32)
		COPY16(dst + 16, src + 16, fault);
	return 0;
fault:
	return -EFAULT;
}

#define OR_BYTES(nr, offsets)                                                                      \
	"testb $" #nr ", %b2\n"                                                                    \
	"jz 7f\n"                                                                                  \
	".irp offset, " offsets "\n"                                                               \
	"8: orq \\offset(%1), %0\n" FAULT_ENTRY("8b", "9f") ".endr\n"                              \
							    "addq $" #nr ", %1\n"                  \
							    "7:\n"
#define UP_TO_24 "0, 8, 16, 24"
#define UP_TO_56 UP_TO_24 ", 32, 40, 48, 56"
#define UP_TO_120 UP_TO_56 ", 64, 72, 80, 88, 96, 104, 112, 120"

/* The bits of @size bytes, a multiple of 8 below 256, in *@seen. Not 0: there was a fault. */
static inline size_t or_words(u64 src, size_t size, u64 *seen)
{
	u64 bits = 0;

	__asm__ volatile(OR_BYTES(128, UP_TO_120) OR_BYTES(64, UP_TO_56) OR_BYTES(32, UP_TO_24)
				 OR_BYTES(16, "0, 8") OR_BYTES(8, "0") "xorl %k2, %k2\n"
								       "9:\n"
			 : "+r"(bits), "+r"(src), "+q"(size)
			 :
			 : "memory", "cc");
	*seen = bits;
	return size;
}

#endif /* BASE_NOFAULT_X86_H */
