/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The rules about who may open or replace what is pinned. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

/* A pin of mode @mode in a directory of mode @dir_mode: the severities that are found, or -1. */
static const struct {
	enum object_kind kind;
	mode_t dir_mode, mode;
	int world, group, replaceable;
} pin_cases[] = {
	{OBJECT_MAP, 0755, 0600, -1, -1, -1},	      {OBJECT_MAP, 0755, 0604, MEDIUM, -1, -1},
	{OBJECT_MAP, 0755, 0602, HIGH, -1, -1},	      {OBJECT_MAP, 0755, 0666, HIGH, -1, -1},
	{OBJECT_MAP, 0700, 0666, -1, -1, -1},	      {OBJECT_MAP, 0710, 0666, -1, MEDIUM, -1},
	{OBJECT_MAP, 0755, 0640, -1, LOW, -1},	      {OBJECT_MAP, 0755, 0660, -1, MEDIUM, -1},
	{OBJECT_MAP, 0755, 0664, MEDIUM, MEDIUM, -1}, {OBJECT_MAP, 01777, 0600, -1, -1, -1},
	{OBJECT_MAP, 0777, 0600, -1, -1, HIGH},	      {OBJECT_PROGRAM, 0755, 0604, MEDIUM, -1, -1},
	{OBJECT_LINK, 0755, 0604, -1, -1, -1},	      {OBJECT_LINK, 0755, 0606, HIGH, -1, -1},
};

static void check_pin(struct world *w, const struct rule *rule, enum object_kind kind, int severity)
{
	run(w, rule);
	if (severity < 0)
		assert_int_equal(w->audit.nr_findings, 0);
	else
		only_finding(w, kind, 1, severity);
}

static void open_pins(void **state)
{
	char dir[] = "/tmp/audit-XXXXXX", path[64];
	struct stat st;

	if (stat("/tmp", &st) || (st.st_mode & 01001) != 01001)
		skip_because("/tmp is not open to all and sticky");
	assert_non_null(mkdtemp(dir));
	/* The group of a file here may be that of /tmp's; its own is what counts. */
	assert_int_equal(chown(dir, -1, getegid()), 0);
	snprintf(path, sizeof(path), "%s/pin", dir);
	for (size_t i = 0; i < LENGTH(pin_cases); i++) {
		struct world w;

		assert_int_equal(chmod(dir, pin_cases[i].dir_mode), 0);
		world_begin(&w);
		add_program(&w, 1, BPF_PROG_TYPE_XDP, 1);
		add_map(&w, 1, BPF_MAP_TYPE_HASH, 1);
		w.links[0] = (struct link){.id = 1, .type = BPF_LINK_TYPE_XDP};
		w.objects.nr_links = 1;
		pin_at(&w, pin_cases[i].kind, 1, path, pin_cases[i].mode);
		w.pins[0].gid = getegid();
		check_pin(&w, &world_open_pin_rule, pin_cases[i].kind, pin_cases[i].world);
		check_pin(&w, &group_open_pin_rule, pin_cases[i].kind,
			  pin_cases[i].group >= 0 && !getegid() ? NOTE : pin_cases[i].group);
		check_pin(&w, &replaceable_pin_rule, pin_cases[i].kind, pin_cases[i].replaceable);
		world_end(&w);
	}
	assert_int_equal(rmdir(dir), 0);
}

/* An iterator's pin is a file that is read; a frozen map cannot be written to. */
static void special_pins(void **state)
{
	struct world w;

	world_begin(&w);
	add_map(&w, 1, BPF_MAP_TYPE_HASH, 1)->frozen = 1;
	w.links[0] = (struct link){.id = 1, .type = BPF_LINK_TYPE_ITER};
	w.objects.nr_links = 1;
	pin_at(&w, OBJECT_LINK, 1, "/pin", 0604);
	pin_at(&w, OBJECT_MAP, 1, "/pin2", 0606);
	/* One that is gone from the look. */
	pin_at(&w, OBJECT_MAP, 2, "/pin3", 0606);
	run(&w, &world_open_pin_rule);
	assert_int_equal(w.audit.nr_findings, 2);
	assert_int_equal(blamed(&w, OBJECT_LINK, 1)->severity, MEDIUM);
	assert_int_equal(blamed(&w, OBJECT_MAP, 1)->severity, MEDIUM);
	assert_string_equal(blamed(&w, OBJECT_MAP, 1)->command, "chmod o-rw /pin2");
	world_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_pins),
		cmocka_unit_test(special_pins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
