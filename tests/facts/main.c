/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The rows of FACTS.md as tests, against the engine that the argument names: "kernel" or
 * "embedded". "attrs" holds the two against each other, and feeds the embedded one bad attributes.
 */
#include <stdio.h>

#include "facts.h"

static const struct section *const facts[] = {
	&targets_section,
	&session_section,
	&walk_section,
	&attach_section,
	&verifier_section,
	&count_section,
	&ids_section,
	&maps_section,
	&create_section,
	&load_section,
	&log_section,
	&btf_section,
	&pin_section,
	&batch_section,
	&lock_section,
	&kptr_section,
	&for_each_section,
	&rights_section,
	&kinds_section,
	&queue_section,
	&bloom_section,
	&lpm_section,
	&perf_section,
	&edges_section,
	&objects_section,
	&ringbuf_section,
	&user_ringbuf_section,
	&dynptr_section,
	&rewrite_section,
	&format_section,
	&kfunc_section,
	&test_run_section,
	&packet_section,
	&skb_section,
	&region_section,
	&native_section,
	NULL,
};
static const struct section *const attrs[] = {&attrs_section, &fuzz_section, NULL};

static int run_sections(const char *group, const struct section *const *sections)
{
	struct CMUnitTest *tests;
	size_t count = 0, n = 0;
	int failed;

	for (size_t i = 0; sections[i]; i++)
		count += sections[i]->count;
	tests = calloc(count, sizeof(*tests));
	if (!tests)
		return 1;
	for (size_t i = 0; sections[i]; i++)
		for (size_t k = 0; k < sections[i]->count; k++, n++) {
			char *name = NULL;

			tests[n] = sections[i]->tests[k];
			if (asprintf(&name, "%s: %s: %s", group, sections[i]->name, tests[n].name) <
			    0)
				return 1;
			tests[n].name = name;
			if (!tests[n].teardown_func)
				tests[n].teardown_func = close_owned;
		}
	failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
	for (size_t i = 0; i < count; i++)
		free((char *)tests[i].name);
	free(tests);
	return failed != 0;
}

static int run_on(const struct engine *engine, const char *group,
		  const struct section *const *sections)
{
	const char *why = engine->start();
	const void *data;
	size_t size;
	int ret = 1;

	if (why) {
		printf("1..1\n# skipped, because %s\nok 1 # SKIP %s: %s\n", why, group, why);
		engine->stop();
		return 0;
	}
	E = engine;
	data = engine->vmlinux(&size);
	types = btf__new(data, (__u32)size);
	if (types)
		ret = run_sections(group, sections);
	else
		printf("Bail out! the types of this engine do not parse\n");
	btf__free(types);
	engine->stop();
	return ret;
}

int main(int argc, char **argv)
{
	const char *which = argc == 2 ? argv[1] : "";

	if (!strcmp(which, "kernel"))
		return run_on(&kernel_engine, which, facts);
	if (!strcmp(which, "embedded"))
		return run_on(&embedded_engine, which, facts);
	if (!strcmp(which, "interpreted"))
		return run_on(&interpreted_engine, which, facts);
	if (!strcmp(which, "attrs"))
		return run_on(&embedded_engine, which, attrs);
	fprintf(stderr, "usage: %s kernel | embedded | interpreted | attrs\n", argv[0]);
	return 2;
}
