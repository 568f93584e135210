/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The rules about who may write into whose maps. */
#include "world.h"

static void shared_maps(void **state)
{
	static const struct {
		__u64 uid;
		__u32 flags, pid;
		int severity; /* -1: no finding */
	} cases[] = {
		{.uid = 0, .pid = 100, .severity = -1},
		{.uid = 0, .pid = 101, .severity = NOTE},
		{.uid = 0, .pid = 0, .severity = -1},
		{.uid = 1000, .pid = 100, .severity = MEDIUM},
		{.uid = UNKNOWN, .pid = 100, .severity = -1},
		{.uid = 1000, .flags = BPF_F_RDONLY_PROG, .severity = -1},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct world w;

		world_begin(&w);
		add_map(&w, 5, BPF_MAP_TYPE_HASH, 2)->flags = cases[i].flags;
		add_program(&w, 7, BPF_PROG_TYPE_XDP, 1)->uid = 0;
		add_program(&w, 8, BPF_PROG_TYPE_XDP, 1)->uid = cases[i].uid;
		refer(&w, OBJECT_PROGRAM, 7, OBJECT_MAP, 5, USES_MAP);
		refer(&w, OBJECT_PROGRAM, 8, OBJECT_MAP, 5, USES_MAP);
		hold(&w, OBJECT_PROGRAM, 7, 100);
		if (cases[i].pid)
			hold(&w, OBJECT_PROGRAM, 8, cases[i].pid);
		run(&w, &shared_map_writer_rule);
		if (cases[i].severity < 0)
			assert_int_equal(w.audit.nr_findings, 0);
		else
			only_finding(&w, OBJECT_MAP, 5, cases[i].severity);
		world_end(&w);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
