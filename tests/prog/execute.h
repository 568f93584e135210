/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Running instructions as they are, without verification: in the interpreter, or with COMPILED as
 * native code. The tests that include this are built once for each.
 */
#ifndef TESTS_PROG_EXECUTE_H
#define TESTS_PROG_EXECUTE_H

#include <errno.h>

#include "prog/prog.h"
#include "test.h"

#ifdef COMPILED
#include "jit/jit.h"

/* What compiling says; if it can be done, @r0. */
static inline int try_execute(struct bpf_prog *prog, u64 r1, u64 r2, u64 *r0)
{
	struct bpf_run_ctx none = {0}, *outer = bpf_current, *run = outer ? outer : &none;
	const struct bpf_prog *outer_prog = run->prog;
	int err = bpf_jit_compile(prog);

	if (err)
		return err;
	/* Who is running says where its loads may fault. */
	run->prog = prog;
	bpf_current = run;
	*r0 = ((u64(*)(u64, u64))(void (*)(void))prog->bpf_func)(r1, r2);
	bpf_current = outer;
	run->prog = outer_prog;
	bpf_jit_image_free(prog->aux->jit);
	prog->aux->jit = NULL;
	return 0;
}
#else
static inline int try_execute(struct bpf_prog *prog, u64 r1, u64 r2, u64 *r0)
{
	*r0 = prog->aux->reads_unwritten_stack
		      ? bpf_interp_run_cleared((const void *)(unsigned long)r1, prog->insnsi)
		      : bpf_interp(prog->insnsi, r1, r2);
	return 0;
}
#endif

static inline u64 execute(const struct bpf_insn *insns, size_t nr, u64 r1, u64 r2)
{
	struct bpf_prog_aux aux = {0};
	struct bpf_prog prog = {.aux = &aux, .insnsi = (struct bpf_insn *)insns, .len = nr};
	u64 r0 = 0;

	assert_int_equal(try_execute(&prog, r1, r2, &r0), 0);
	return r0;
}

#define EXECUTE(insns, r1, r2) execute(insns, ARRAY_SIZE(insns), r1, r2)

#endif /* TESTS_PROG_EXECUTE_H */
