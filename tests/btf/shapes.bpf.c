// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * An object file as clang writes it. No variables: the sizes of their sections are filled in by
 * libbpf only.
 */
#include "shapes.h"

/* By value: behind a pointer in a structure clang writes no more than a declaration. */
struct all_shapes {
	struct shapes shapes;
	struct target target;
	struct nothing nothing;
};

__attribute__((noinline)) static int add(int a, int b)
{
	return a ^ b;
}

int visit(struct all_shapes *all, struct flex_struct *a, struct flex_int *b, struct flex_ptr *c)
{
	return add(a->nr, b->nr) + (int)all->shapes.wide + (int)c->nr;
}
