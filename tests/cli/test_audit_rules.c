/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The rules of `bpftrek audit`, upon objects that are made up here: what each one finds, what it
 * does not, and what it does not say when it cannot know.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "audit/allow.h"
#include "audit/attached.h"
#include "audit/elsewhere.h"
#include "audit/rules.h"
#include "audit/usage.h"
#include "audit/words.h"
#include "cli.h"
#include "objects/link_info.h"
#include "test.h"

#undef fail /* cmocka's; the command has one, too */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { MOST = 16 };

/* What the command says, of a list of known programs that is none. */
static char said[256];

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	return 1;
}

int finish_output(void)
{
	return 0;
}

struct world {
	struct program programs[MOST];
	struct map maps[MOST];
	struct link links[MOST];
	struct reference references[MOST];
	struct holder holders[MOST];
	struct pin pins[MOST];
	struct objects objects;
	struct usage usage;
	struct attachments attachments;
	struct elsewhere elsewhere;
	struct audit audit;
};

static void world_begin(struct world *w)
{
	*w = (struct world){
		.objects = {.programs = w->programs,
			    .maps = w->maps,
			    .links = w->links,
			    .references = w->references,
			    .holders = w->holders,
			    .pins = w->pins},
		.audit = {.objects = &w->objects,
			  .on_kernel = true,
			  .full_percent = 90,
			  .cpu_percent = 5,
			  .now_ns = 10000000000,
			  .usage = &w->usage,
			  .attachments = &w->attachments,
			  .elsewhere = &w->elsewhere},
	};
}

static void world_end(struct world *w)
{
	audit_clear(&w->audit);
	usage_end(&w->usage);
	attachments_end(&w->attachments);
}

static struct program *add_program(struct world *w, __u32 id, __u32 type, __u64 refcnt)
{
	struct program *p = &w->programs[w->objects.nr_programs++];

	assert_true(w->objects.nr_programs <= MOST);
	*p = (struct program){.id = id,
			      .type = type,
			      .name = "p",
			      .refcnt = refcnt,
			      .jited = true,
			      .load_time = 1000000000};
	return p;
}

static struct map *add_map(struct world *w, __u32 id, __u32 type, __u64 refcnt)
{
	struct map *m = &w->maps[w->objects.nr_maps++];

	assert_true(w->objects.nr_maps <= MOST);
	*m = (struct map){.id = id,
			  .type = type,
			  .name = "m",
			  .refcnt = refcnt,
			  .max_entries = 100,
			  .elements = UNKNOWN};
	return m;
}

static void refer(struct world *w, enum object_kind from, __u32 from_id, enum object_kind to,
		  __u32 to_id, enum reference_reason why)
{
	struct reference *r = &w->references[w->objects.nr_references++];

	assert_true(w->objects.nr_references <= MOST);
	*r = (struct reference){
		.from = from, .from_id = from_id, .to = to, .to_id = to_id, .why = why};
}

static void hold(struct world *w, enum object_kind kind, __u32 id, __u32 pid)
{
	struct holder *h = &w->holders[w->objects.nr_holders++];

	assert_true(w->objects.nr_holders <= MOST);
	*h = (struct holder){.kind = kind, .id = id, .pid = pid, .fds = 1, .comm = "agent"};
}

static void pin_at(struct world *w, enum object_kind kind, __u32 id, const char *path, mode_t mode)
{
	struct pin *p = &w->pins[w->objects.nr_pins++];

	assert_true(w->objects.nr_pins <= MOST);
	*p = (struct pin){.kind = kind, .id = id, .path = path, .mode = S_IFREG | mode};
}

static int by_target(const void *x, const void *y)
{
	const struct reference *a = x, *b = y;

	return a->to != b->to ? (int)a->to - (int)b->to : (int)a->to_id - (int)b->to_id;
}

static int by_pinned(const void *x, const void *y)
{
	const struct pin *a = x, *b = y;

	return a->kind != b->kind ? (int)a->kind - (int)b->kind : (int)a->id - (int)b->id;
}

/* Let one rule look at the world, anew. */
static void run(struct world *w, const struct rule *rule)
{
	const struct rule *const selected[] = {rule, NULL};

	qsort(w->references, w->objects.nr_references, sizeof(w->references[0]), by_target);
	qsort(w->pins, w->objects.nr_pins, sizeof(w->pins[0]), by_pinned);
	audit_clear(&w->audit);
	usage_end(&w->usage);
	assert_int_equal(usage_find(&w->usage, &w->objects), 0);
	for (size_t i = 0; i < w->attachments.nr; i++)
		usage_attached(&w->usage, w->attachments.prog_ids[i]);
	audit_run(&w->audit, selected);
	findings_sort(&w->audit);
	assert_false(w->audit.no_memory);
	for (size_t i = 0; i < w->audit.nr_findings; i++) {
		assert_non_null(w->audit.findings[i].text);
		assert_non_null(w->audit.findings[i].command);
		assert_true(w->audit.findings[i].severity <= rule->severity);
	}
}

/* What is said of one object, or NULL. */
static const struct finding *blamed(const struct world *w, enum object_kind kind, __u32 id)
{
	const struct finding *f = w->audit.findings;

	for (; f < w->audit.findings + w->audit.nr_findings; f++)
		if (f->kind == kind && f->id == id)
			return f;
	return NULL;
}

static const struct finding *only_finding(const struct world *w, enum object_kind kind, __u32 id,
					  enum severity severity)
{
	assert_int_equal(w->audit.nr_findings, 1);
	assert_non_null(blamed(w, kind, id));
	assert_int_equal(w->audit.findings[0].severity, severity);
	return &w->audit.findings[0];
}

static json_int_t number(const struct finding *f, const char *name)
{
	const json_t *value = json_object_get(f->evidence, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

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

static void unknown_programs(void **state)
{
	uint64_t tags[] = {0x0102030405060708, 0xfffffffffffffffe};
	struct allow_list list = {.tags = tags, .nr = 2};
	struct world w;

	world_begin(&w);
	memcpy(add_program(&w, 7, BPF_PROG_TYPE_XDP, 1)->tag, "\1\2\3\4\5\6\7\10", 8);
	memcpy(add_program(&w, 8, BPF_PROG_TYPE_XDP, 1)->tag, "\1\2\3\4\5\6\7\11", 8);
	run(&w, &unknown_program_rule);
	assert_int_equal(w.audit.nr_findings, 0);
	assert_non_null(strstr(rule_not_checked(&w.audit, &unknown_program_rule), "--allow"));
	w.audit.allow = &list;
	run(&w, &unknown_program_rule);
	assert_non_null(
		strstr(only_finding(&w, OBJECT_PROGRAM, 8, HIGH)->text, "0102030405060709"));
	list.nr = 0;
	run(&w, &unknown_program_rule);
	assert_int_equal(w.audit.nr_findings, 2);
	world_end(&w);
}

static int read_list(struct allow_list *list, const char *text, size_t len)
{
	char path[] = "/tmp/audit-XXXXXX";
	int fd = mkstemp(path), status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	*said = '\0';
	*list = (struct allow_list){0};
	status = allow_list_read(list, path);
	unlink(path);
	return status;
}

static void lists_of_programs(void **state)
{
	static const struct {
		const char *text;
		size_t len, tags;
		const char *said; /* NULL: it is a good one */
	} cases[] = {
#define TEXT(text) text, sizeof(text) - 1
		{TEXT(""), 0, NULL},
		{TEXT("# none\n\n   \n"), 0, NULL},
		{TEXT("0102030405060708"), 1, NULL},
		{TEXT("0102030405060708 name\r\n \tABCDEF0123456789\tx # y\n"), 2, NULL},
		{TEXT("0102030405060708#x\n0102030405060708\n"), 2, NULL},
		{TEXT("\n010203040506070\n"), 0, "line 2: '010203040506070'"},
		{TEXT("01020304050607080\n"), 0, "line 1: "},
		{TEXT("0x02030405060708\n"), 0, "line 1: "},
		{TEXT("0102030405060708,x\n"), 0, "line 1: "},
		{TEXT("0102030405060708 a\0b\n"), 0, "line 1: "},
		{TEXT("\0\n"), 0, "line 1: "},
		{TEXT("\xff\xfe\n"), 0, "line 1: "},
#undef TEXT
	};
	const uint8_t tag[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static char line[1 << 20];
	struct allow_list list;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(read_list(&list, cases[i].text, cases[i].len), !!cases[i].said);
		if (cases[i].said)
			assert_non_null(strstr(said, cases[i].said));
		else
			assert_int_equal(list.nr, cases[i].tags);
		if (cases[i].tags)
			assert_true(allow_list_has(&list, tag));
		allow_list_free(&list);
	}
	memset(line, '#', sizeof(line));
	assert_int_equal(read_list(&list, line, sizeof(line)), 1);
	assert_non_null(strstr(said, "longer than"));
	allow_list_free(&list);
	list = (struct allow_list){0};
	assert_int_equal(allow_list_read(&list, "/tmp"), 1);
	assert_non_null(strstr(said, "directory"));
	allow_list_free(&list);
}

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

static void words(void **state)
{
	static const struct {
		const char *text, *escaped, *shell, *uri;
	} cases[] = {
		{"/a/b-c_1.2", "/a/b-c_1.2", "/a/b-c_1.2", "file:///a/b-c_1.2"},
		{"", "", "''", "file://"},
		{"/a b", "/a b", "'/a b'", "file:///a%20b"},
		{"-rf", "-rf", "'-rf'", "file://-rf"},
		{"/$(x)", "/$(x)", "'/$(x)'", "file:///$(x)"},
		{"/it's", "/it's", "'/it'\\''s'", "file:///it's"},
		{"/\033[31m", "/\\x1b[31m", "$'/\\033[31m'", "file:///%1B%5B31m"},
		{"/\n'\\", "/\\x0a'\\\\", "$'/\\012\\'\\\\'", "file:///%0A'%5C"},
		{"/\xc3\xa9", "/\xc3\xa9", "'/\xc3\xa9'", "file:///%C3%A9"},
		/* Not UTF-8; C1 control; right-to-left override; cut short. */
		{"/\xff", "/\\xff", "$'/\\377'", "file:///%FF"},
		{"/\xc2\x9b", "/\\xc2\\x9b", "$'/\\302\\233'", "file:///%C2%9B"},
		{"/\xe2\x80\xae", "/\\xe2\\x80\\xae", "$'/\\342\\200\\256'", "file:///%E2%80%AE"},
		{"/\xe2\x80", "/\\xe2\\x80", "$'/\\342\\200'", "file:///%E2%80"},
		{"/\xe0\x9f\xbf", "/\\xe0\\x9f\\xbf", "$'/\\340\\237\\277'", "file:///%E0%9F%BF"},
		{"/\xc0\xaf", "/\\xc0\\xaf", "$'/\\300\\257'", "file:///%C0%AF"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text = escaped(cases[i].text), *shell = shell_word(cases[i].text),
		     *uri = file_uri(cases[i].text);

		assert_string_equal(text, cases[i].escaped);
		assert_string_equal(shell, cases[i].shell);
		assert_string_equal(uri, cases[i].uri);
		free(uri);
		free(shell);
		free(text);
	}
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
		cmocka_unit_test(full_maps),
		cmocka_unit_test(run_time),
		cmocka_unit_test(runs_and_code),
		cmocka_unit_test(unknown_programs),
		cmocka_unit_test(lists_of_programs),
		cmocka_unit_test(shared_maps),
		cmocka_unit_test(open_pins),
		cmocka_unit_test(special_pins),
		cmocka_unit_test(second_look),
		cmocka_unit_test(order),
		cmocka_unit_test(every_rule_explains_itself),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
