/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Calls for iterators at an offset of the stack. */
#ifndef TESTS_VERIFIER_OPEN_ITER_H
#define TESTS_VERIFIER_OPEN_ITER_H

#include "insn.h"

/* R1 = r10 + off */
#define AT(off) MOVX(R1, R10), OP(ADD, R1, off)
#define NUM_NEW(off, start, end) AT(off), MOV(R2, start), MOV(R3, end), KFUNC(bpf_iter_num_new)
#define NUM_NEXT(off) AT(off), KFUNC(bpf_iter_num_next)
#define NUM_DESTROY(off) AT(off), KFUNC(bpf_iter_num_destroy)
#define BITS_NEW(off, words) AT(off), MOVX(R2, R10), MOV(R3, words), KFUNC(bpf_iter_bits_new)
#define BITS_NEXT(off) AT(off), KFUNC(bpf_iter_bits_next)
#define BITS_DESTROY(off) AT(off), KFUNC(bpf_iter_bits_destroy)

#endif /* TESTS_VERIFIER_OPEN_ITER_H */
