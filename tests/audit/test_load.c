/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The rules about what is under load. */
#include <string.h>

#include "world.h"

static void full_maps(void **state)
{
	static const struct {
		__u32 type;
		__u64 elements;
		int severity; /* -1: no finding */
	} cases[] = {
		{BPF_MAP_TYPE_HASH, 89, -1},
		{BPF_MAP_TYPE_HASH, 90, MEDIUM},
		{BPF_MAP_TYPE_HASH, 100, HIGH},
		{BPF_MAP_TYPE_HASH, UNKNOWN, -1},
		{BPF_MAP_TYPE_HASH, UINT64_MAX - 1, -1},
		{BPF_MAP_TYPE_PERCPU_HASH, 99, MEDIUM},
		{BPF_MAP_TYPE_LPM_TRIE, 95, MEDIUM},
		{BPF_MAP_TYPE_HASH_OF_MAPS, 100, HIGH},
		{BPF_MAP_TYPE_LRU_HASH, 100, -1},
		{BPF_MAP_TYPE_ARRAY, 100, -1},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct world w;

		world_begin(&w);
		add_map(&w, 5, cases[i].type, 1)->elements = cases[i].elements;
		run(&w, &map_nearly_full_rule);
		if (cases[i].severity < 0)
			assert_int_equal(w.audit.nr_findings, 0);
		else
			only_finding(&w, OBJECT_MAP, 5, cases[i].severity);
		w.audit.full_percent = 100;
		run(&w, &map_nearly_full_rule);
		assert_int_equal(w.audit.nr_findings, cases[i].severity == HIGH);
		world_end(&w);
	}
}

static void run_time(void **state)
{
	struct program then = {.id = 7, .run_time_ns = 1000, .run_cnt = 10};
	struct objects before = {.programs = &then, .nr_programs = 1};
	struct program *p;
	struct world w;

	world_begin(&w);
	p = add_program(&w, 7, BPF_PROG_TYPE_XDP, 1);
	p->run_time_ns = 450000000;
	p->run_cnt = 1000;
	assert_non_null(strstr(rule_not_checked(&w.audit, &run_time_dominator_rule), "--sample"));
	run(&w, &run_time_dominator_rule);
	assert_int_equal(w.audit.nr_findings, 0);

	/* 450 ms of 9 s since it was loaded: 5 %. */
	w.objects.statistics = true;
	run(&w, &run_time_dominator_rule);
	only_finding(&w, OBJECT_PROGRAM, 7, MEDIUM);
	p->run_time_ns--;
	run(&w, &run_time_dominator_rule);
	assert_int_equal(w.audit.nr_findings, 0);

	/* 449 ms of 1 s. */
	w.audit.before = &before;
	w.audit.sample_ns = 1000000000;
	run(&w, &run_time_dominator_rule);
	assert_int_equal(number(only_finding(&w, OBJECT_PROGRAM, 7, MEDIUM), "run_cnt"), 990);
	w.audit.cpu_percent = 45;
	run(&w, &run_time_dominator_rule);
	assert_int_equal(w.audit.nr_findings, 0);

	/* Counters that go back, or are not known, say nothing. */
	w.audit.cpu_percent = 1;
	then.run_time_ns = p->run_time_ns + 1;
	run(&w, &run_time_dominator_rule);
	assert_int_equal(w.audit.nr_findings, 0);
	p->run_time_ns = UNKNOWN;
	run(&w, &run_time_dominator_rule);
	assert_int_equal(w.audit.nr_findings, 0);
	world_end(&w);
}

static void runs_and_code(void **state)
{
	struct program *p, *other;
	struct world w;

	world_begin(&w);
	p = add_program(&w, 7, BPF_PROG_TYPE_XDP, 1);
	p->recursion_misses = UNKNOWN;
	p->jited = false;
	run(&w, &missed_runs_rule);
	assert_int_equal(w.audit.nr_findings, 0);
	p->recursion_misses = 3;
	run(&w, &missed_runs_rule);
	only_finding(&w, OBJECT_PROGRAM, 7, LOW);

	/* Nothing is compiled on this engine. */
	run(&w, &interpreted_program_rule);
	assert_int_equal(w.audit.nr_findings, 0);
	other = add_program(&w, 8, BPF_PROG_TYPE_XDP, 1);
	run(&w, &interpreted_program_rule);
	only_finding(&w, OBJECT_PROGRAM, 7, LOW);
	other->jited = p->jited = true;
	run(&w, &interpreted_program_rule);
	assert_int_equal(w.audit.nr_findings, 0);
	world_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_maps),
		cmocka_unit_test(run_time),
		cmocka_unit_test(runs_and_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
