/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The rules about what nobody uses: what they find, and what they do not where they cannot know. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects/link_info.h"
#include "world.h"

/* None of the rules about usage says anything of it. */
static void is_not_blamed(struct world *w, enum object_kind kind, __u32 id)
{
	static const struct rule *const about_usage[] = {
		&unused_program_rule, &unused_map_rule,		 &stale_pin_rule,
		&orphan_map_rule,     &map_without_program_rule,
	};

	for (size_t i = 0; i < LENGTH(about_usage); i++) {
		run(w, about_usage[i]);
		assert_null(blamed(w, kind, id));
	}
}

static void pinned_program(void **state)
{
	static const struct {
		__u64 refcnt;
		bool held, linked, attached, found;
	} cases[] = {
		{.refcnt = 1, .found = true},
		{.refcnt = 2},
		{.refcnt = UNKNOWN},
		{.refcnt = 2, .held = true},
		{.refcnt = 1, .held = true},
		{.refcnt = 2, .linked = true},
		{.refcnt = 2, .attached = true},
		{.refcnt = 1, .attached = true},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct world w;

		world_begin(&w);
		add_program(&w, 7, BPF_PROG_TYPE_XDP, cases[i].refcnt);
		pin_at(&w, OBJECT_PROGRAM, 7, "/nowhere/it's", 0600);
		if (cases[i].held)
			hold(&w, OBJECT_PROGRAM, 7, 100);
		if (cases[i].linked)
			refer(&w, OBJECT_LINK, 3, OBJECT_PROGRAM, 7, ATTACHES);
		if (cases[i].attached)
			assert_int_equal(attachments_add(&w.attachments, 7), 0);
		if (cases[i].found) {
			run(&w, &stale_pin_rule);
			assert_string_equal(only_finding(&w, OBJECT_PROGRAM, 7, MEDIUM)->command,
					    "rm '/nowhere/it'\\''s'");
			assert_int_equal(number(w.audit.findings, "refcnt"), 1);
			run(&w, &unused_program_rule);
			assert_int_equal(w.audit.nr_findings, 0);
		} else {
			is_not_blamed(&w, OBJECT_PROGRAM, 7);
		}
		world_end(&w);
	}
}

/* A pin that is seen at two places is one reference: the second one that is counted is unseen. */
static void one_pin_at_two_places(void **state)
{
	char file[] = "/tmp/audit-XXXXXX", other[sizeof(file) + 1];
	int fd = mkstemp(file);
	struct world w;

	assert_true(fd >= 0);
	close(fd);
	snprintf(other, sizeof(other), "%s+", file);
	assert_int_equal(link(file, other), 0);
	world_begin(&w);
	add_program(&w, 7, BPF_PROG_TYPE_XDP, 2);
	pin_at(&w, OBJECT_PROGRAM, 7, file, 0600);
	pin_at(&w, OBJECT_PROGRAM, 7, other, 0600);
	is_not_blamed(&w, OBJECT_PROGRAM, 7);
	w.programs[0].refcnt = 1;
	run(&w, &stale_pin_rule);
	only_finding(&w, OBJECT_PROGRAM, 7, MEDIUM);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(unlink(file), 0);
	world_end(&w);
}

/* A map with a pin, used by a program that is dead, perhaps used, or held by a process. */
static void pinned_map_of_a_program(void **state)
{
	static const struct {
		__u64 refcnt, user_refcnt;
		bool user_held, found;
	} cases[] = {
		{.refcnt = 2, .user_refcnt = 1, .found = true},
		{.refcnt = 3, .user_refcnt = 1},
		{.refcnt = 2, .user_refcnt = 2},
		{.refcnt = 2, .user_refcnt = UNKNOWN},
		{.refcnt = 2, .user_refcnt = 2, .user_held = true},
		{.refcnt = UNKNOWN, .user_refcnt = 1},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct world w;

		world_begin(&w);
		add_map(&w, 5, BPF_MAP_TYPE_HASH, cases[i].refcnt);
		add_program(&w, 7, BPF_PROG_TYPE_XDP, cases[i].user_refcnt);
		refer(&w, OBJECT_PROGRAM, 7, OBJECT_MAP, 5, USES_MAP);
		pin_at(&w, OBJECT_MAP, 5, "/nowhere/m", 0600);
		pin_at(&w, OBJECT_PROGRAM, 7, "/nowhere/p", 0600);
		if (cases[i].user_held)
			hold(&w, OBJECT_PROGRAM, 7, 100);
		run(&w, &stale_pin_rule);
		assert_int_equal(blamed(&w, OBJECT_MAP, 5) != NULL, cases[i].found);
		if (!cases[i].found)
			is_not_blamed(&w, OBJECT_MAP, 5);
		world_end(&w);
	}
}

/* Only what holds maps and programs in a map is pinned; they hold each other, too. */
static void circle_of_the_dead(void **state)
{
	struct world w;

	world_begin(&w);
	add_program(&w, 7, BPF_PROG_TYPE_XDP, 1);
	add_map(&w, 4, BPF_MAP_TYPE_PROG_ARRAY, 2);
	add_map(&w, 5, BPF_MAP_TYPE_ARRAY, 1);
	refer(&w, OBJECT_MAP, 4, OBJECT_PROGRAM, 7, HAS_ELEMENT);
	refer(&w, OBJECT_PROGRAM, 7, OBJECT_MAP, 4, USES_MAP);
	refer(&w, OBJECT_PROGRAM, 7, OBJECT_MAP, 5, USES_MAP);
	pin_at(&w, OBJECT_MAP, 4, "/nowhere/calls", 0600);
	run(&w, &stale_pin_rule);
	only_finding(&w, OBJECT_MAP, 4, MEDIUM);
	run(&w, &unused_program_rule);
	only_finding(&w, OBJECT_PROGRAM, 7, LOW);
	run(&w, &orphan_map_rule);
	only_finding(&w, OBJECT_MAP, 5, LOW);

	/* A program that runs and uses the array calls all of it. */
	add_program(&w, 8, BPF_PROG_TYPE_XDP, 2);
	refer(&w, OBJECT_LINK, 1, OBJECT_PROGRAM, 8, ATTACHES);
	refer(&w, OBJECT_PROGRAM, 8, OBJECT_MAP, 4, USES_MAP);
	w.maps[0].refcnt++;
	is_not_blamed(&w, OBJECT_MAP, 4);
	is_not_blamed(&w, OBJECT_MAP, 5);
	is_not_blamed(&w, OBJECT_PROGRAM, 7);
	world_end(&w);
}

static void inner_map(void **state)
{
	struct world w;

	world_begin(&w);
	add_map(&w, 4, BPF_MAP_TYPE_HASH_OF_MAPS, 1);
	add_map(&w, 5, BPF_MAP_TYPE_ARRAY, 1);
	refer(&w, OBJECT_MAP, 4, OBJECT_MAP, 5, HAS_ELEMENT);
	pin_at(&w, OBJECT_MAP, 4, "/nowhere/outer", 0600);
	run(&w, &orphan_map_rule);
	only_finding(&w, OBJECT_MAP, 5, LOW);
	hold(&w, OBJECT_MAP, 4, 100);
	is_not_blamed(&w, OBJECT_MAP, 5);
	is_not_blamed(&w, OBJECT_MAP, 4);
	world_end(&w);
}

/* Nobody is seen to have it: grave only where nothing is left that could not be looked at. */
static void unseen_program(void **state)
{
	static const struct {
		__u32 type;
		unsigned int looked;
		enum severity severity;
	} cases[] = {
		{BPF_PROG_TYPE_TRACING, 0, NOTE},
		{BPF_PROG_TYPE_TRACING, IN_ITERATORS, MEDIUM},
		{BPF_PROG_TYPE_SOCKET_FILTER, 0, NOTE},
		{BPF_PROG_TYPE_CGROUP_SKB, 0, NOTE},
		{BPF_PROG_TYPE_CGROUP_SKB, IN_CGROUPS, MEDIUM},
		{BPF_PROG_TYPE_KPROBE, IN_CGROUPS, NOTE},
		{BPF_PROG_TYPE_KPROBE, IN_PERF_EVENTS, MEDIUM},
		{BPF_PROG_TYPE_SCHED_CLS, IN_TC, NOTE},
		{1000, 0, MEDIUM},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct world w;

		world_begin(&w);
		w.attachments.looked = cases[i].looked;
		add_program(&w, 7, cases[i].type, 1);
		add_map(&w, 5, BPF_MAP_TYPE_HASH, 1);
		refer(&w, OBJECT_PROGRAM, 7, OBJECT_MAP, 5, USES_MAP);
		run(&w, &unused_program_rule);
		only_finding(&w, OBJECT_PROGRAM, 7, cases[i].severity);
		/* It may run: its map is no orphan. */
		is_not_blamed(&w, OBJECT_MAP, 5);
		assert_int_equal(attachments_add(&w.attachments, 7), 0);
		is_not_blamed(&w, OBJECT_PROGRAM, 7);
		world_end(&w);
	}
}

static void unseen_map(void **state)
{
	struct world w;

	world_begin(&w);
	add_map(&w, 4, BPF_MAP_TYPE_STRUCT_OPS, 1);
	add_map(&w, 5, BPF_MAP_TYPE_HASH, 1);
	run(&w, &unused_map_rule);
	only_finding(&w, OBJECT_MAP, 5, MEDIUM);
	refer(&w, OBJECT_LINK, 3, OBJECT_MAP, 5, ITERATES);
	is_not_blamed(&w, OBJECT_MAP, 5);
	world_end(&w);
}

/* Where not all can be seen from here, what is not seen is no more than a note. */
static void not_all_is_seen(void **state)
{
	struct world w;

	world_begin(&w);
	add_program(&w, 7, BPF_PROG_TYPE_RAW_TRACEPOINT, 1);
	add_map(&w, 5, BPF_MAP_TYPE_HASH, 3);
	w.elsewhere.processes = true;
	run(&w, &unused_program_rule);
	assert_string_equal(only_finding(&w, OBJECT_PROGRAM, 7, NOTE)->command,
			    "bpftrek prog show id 7");
	w.elsewhere.mounted_by = 123;
	run(&w, &unused_program_rule);
	assert_string_equal(only_finding(&w, OBJECT_PROGRAM, 7, NOTE)->command,
			    "nsenter --target 123 --mount bpftrek audit");
	run(&w, &unused_map_rule);
	assert_non_null(
		strstr(only_finding(&w, OBJECT_MAP, 5, NOTE)->text, "3 references are counted"));
	world_end(&w);
}

static void map_of_a_process(void **state)
{
	struct world w;

	world_begin(&w);
	add_map(&w, 5, BPF_MAP_TYPE_HASH, 1);
	hold(&w, OBJECT_MAP, 5, 100);
	hold(&w, OBJECT_MAP, 5, 101);
	run(&w, &map_without_program_rule);
	assert_int_equal(number(only_finding(&w, OBJECT_MAP, 5, NOTE), "processes"), 2);
	add_program(&w, 7, BPF_PROG_TYPE_XDP, 1);
	refer(&w, OBJECT_PROGRAM, 7, OBJECT_MAP, 5, USES_MAP);
	is_not_blamed(&w, OBJECT_MAP, 5);
	world_end(&w);
}

/* Where it is not known who holds what, nobody is blamed, and it says why. */
static void holders_are_not_known(void **state)
{
	struct world w;

	world_begin(&w);
	add_program(&w, 7, BPF_PROG_TYPE_TRACING, 1);
	add_map(&w, 5, BPF_MAP_TYPE_HASH, 1);
	pin_at(&w, OBJECT_MAP, 5, "/nowhere/m", 0600);
	w.objects.missing = WANT_HOLDERS;
	is_not_blamed(&w, OBJECT_PROGRAM, 7);
	is_not_blamed(&w, OBJECT_MAP, 5);
	assert_non_null(strstr(rule_not_checked(&w.audit, &stale_pin_rule), "processes"));
	assert_null(rule_not_checked(&w.audit, &world_open_pin_rule));
	w.objects.missing = WANT_PINS;
	is_not_blamed(&w, OBJECT_PROGRAM, 7);
	assert_non_null(strstr(rule_not_checked(&w.audit, &world_open_pin_rule), "pinned"));
	world_end(&w);
}

static void dead_link(void **state)
{
	struct link_info cgroup = {.cgroup.cgroup_id = 9}, xdp = {.xdp.ifindex = 0};
	struct world w;

	world_begin(&w);
	w.links[0] = (struct link){
		.id = 3, .type = LINK_CGROUP, .info = &cgroup, .info_size = sizeof(cgroup)};
	w.links[1] =
		(struct link){.id = 4, .type = LINK_XDP, .info = &xdp, .info_size = sizeof(xdp)};
	w.links[2] = (struct link){.id = 5, .type = LINK_XDP};
	w.links[3] = (struct link){
		.id = 6, .type = LINK_TRACING, .info = &xdp, .info_size = sizeof(xdp)};
	w.objects.nr_links = 4;
	run(&w, &dead_link_rule);
	only_finding(&w, OBJECT_LINK, 4, LOW);
	cgroup.cgroup.cgroup_id = 0;
	pin_at(&w, OBJECT_LINK, 3, "/nowhere/l", 0600);
	run(&w, &dead_link_rule);
	assert_int_equal(w.audit.nr_findings, 2);
	assert_string_equal(blamed(&w, OBJECT_LINK, 3)->command, "rm /nowhere/l");
	world_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pinned_program),
		cmocka_unit_test(one_pin_at_two_places),
		cmocka_unit_test(pinned_map_of_a_program),
		cmocka_unit_test(circle_of_the_dead),
		cmocka_unit_test(inner_map),
		cmocka_unit_test(unseen_program),
		cmocka_unit_test(unseen_map),
		cmocka_unit_test(not_all_is_seen),
		cmocka_unit_test(map_of_a_process),
		cmocka_unit_test(holders_are_not_known),
		cmocka_unit_test(dead_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
