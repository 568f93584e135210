/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* As much of a runtime as programs need, without the floors above. */
#ifndef TESTS_PROG_RUNTIME_H
#define TESTS_PROG_RUNTIME_H

#include "base/runtime.h"
#include "base/vcpu.h"
#include "test.h"

static inline struct trek_runtime *new_runtime(struct trek_runtime *rt)
{
	*rt = (struct trek_runtime){.num_possible_cpus = 2, .cpus = vcpus_new(2)};
	assert_non_null(rt->cpus);
	assert_int_equal(idr_init(&rt->prog_idr), 0);
	assert_int_equal(idr_init(&rt->map_idr), 0);
	assert_int_equal(idr_init(&rt->btf_idr), 0);
	return rt;
}

static inline void free_runtime(struct trek_runtime *rt)
{
	idr_destroy(&rt->btf_idr);
	idr_destroy(&rt->map_idr);
	idr_destroy(&rt->prog_idr);
	vcpus_free(rt->cpus);
}

#endif /* TESTS_PROG_RUNTIME_H */
