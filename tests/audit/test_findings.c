/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What a second look leaves of findings, their order, and what each rule says of itself. */
#include <string.h>

#include "world.h"

/* What only one of two looks has is no finding, but of rules that look once. */
static void second_look(void **state)
{
	struct world w, again;

	world_begin(&w);
	world_begin(&again);
	for (__u32 id = 5; id < 8; id++)
		add_map(&w, id, BPF_MAP_TYPE_HASH, 1)->elements = 100;
	add_map(&again, 6, BPF_MAP_TYPE_HASH, 1);
	run(&w, &unused_map_rule);
	run(&again, &unused_map_rule);
	assert_int_equal(w.audit.nr_findings, 3);
	findings_confirm(&w.audit, &again.audit);
	only_finding(&w, OBJECT_MAP, 6, MEDIUM);
	run(&w, &map_nearly_full_rule);
	findings_confirm(&w.audit, &again.audit);
	assert_int_equal(w.audit.nr_findings, 3);
	audit_clear(&again.audit);
	findings_confirm(&w.audit, &again.audit);
	assert_int_equal(w.audit.nr_findings, 3);
	world_end(&again);
	world_end(&w);
}

static void order(void **state)
{
	struct world w;

	world_begin(&w);
	w.audit.rule = &map_nearly_full_rule;
	found(&w.audit, LOW, OBJECT_MAP, 1);
	found(&w.audit, HIGH, OBJECT_MAP, 9);
	found(&w.audit, HIGH, OBJECT_MAP, 3);
	found(&w.audit, HIGH, OBJECT_PROGRAM, 4);
	findings_sort(&w.audit);
	assert_int_equal(w.audit.findings[0].id, 4);
	assert_int_equal(w.audit.findings[1].id, 3);
	assert_int_equal(w.audit.findings[2].id, 9);
	assert_int_equal(w.audit.findings[3].id, 1);
	world_end(&w);
}

static void every_rule_explains_itself(void **state)
{
	for (const struct rule *const *rule = rules; *rule; rule++) {
		assert_ptr_equal(rule_by_id((*rule)->id), *rule);
		assert_non_null((*rule)->title);
		assert_int_equal((*rule)->meaning[strlen((*rule)->meaning) - 1], '.');
		assert_int_equal((*rule)->remedy[strlen((*rule)->remedy) - 1], '.');
	}
	assert_null(rule_by_id("stale"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_look),
		cmocka_unit_test(order),
		cmocka_unit_test(every_rule_explains_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
