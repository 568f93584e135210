/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The lists of each kind, as they are without --columns, on terminals that are too narrow: what is
 * left of objects with long names, far targets, many processes and many pins.
 */
#include "test.h"

#include <string.h>

#include <linux/bpf.h>

#undef fail /* the command has its own */
#include "link_info.h"
#include "lists/chosen.h"
#include "lists/table.h"

static __u32 used[] = {7, 8, 9, 10, 11, 12};

static struct program programs[] = {
	{
		.id = 4021,
		.type = BPF_PROG_TYPE_TRACING,
		.name = "account_bytes_that_are_sent_by_sockets",
		.attach_to = "security_socket_sendmsg",
		.bytes_memlock = 4096,
		.load_time = UNKNOWN,
		.uid = 54321,
		.map_ids = used,
		.nr_map_ids = 6,
	},
	{
		.id = 4022,
		.type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.name = "connect4",
		.bytes_memlock = 8192,
		.load_time = UNKNOWN,
		.uid = 54321,
	},
};

static struct map maps[] = {
	{
		.id = 10123,
		.type = BPF_MAP_TYPE_LRU_PERCPU_HASH,
		.name = "sessions_by_uid",
		.key_size = 16,
		.value_size = 1024,
		.max_entries = 1000000,
		.elements = 123456,
		.bytes_memlock = 1 << 20,
	},
};

static struct link links[] = {
	{
		.id = 31,
		.type = LINK_UPROBE_MULTI,
		.prog_id = 4021,
		.info = &(struct link_info){.uprobe_multi = {.count = 3}},
		.info_size = sizeof(struct link_info),
		.text = "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
	},
	{
		.id = 32,
		.type = LINK_NETFILTER,
		.prog_id = 4022,
		.info = &(struct link_info){.netfilter = {.pf = 2, .hooknum = 1, .priority = -5}},
		.info_size = sizeof(struct link_info),
	},
};

static struct btf_object btfs[] = {
	{.id = 1, .name = "vmlinux", .size = 5 << 20, .kernel = true},
	{.id = 99, .name = "a_module_of_a_name_that_is_long_indeed", .size = 5000, .kernel = true},
};

static struct holder holders[] = {
	{OBJECT_PROGRAM, 4021, 1, 1, "systemd"},
	{OBJECT_PROGRAM, 4021, 815, 1, "accounting"},
	{OBJECT_PROGRAM, 4021, 4711, 1, "accounting"},
	{OBJECT_PROGRAM, 4022, 1234567, 1, "a_process_is_15"},
	{OBJECT_MAP, 10123, 815, 2, "accounting"},
	{OBJECT_LINK, 31, 815, 2, "accounting"},
};

static struct pin pins[] = {
	{OBJECT_LINK, 31, "/sys/fs/bpf/accounting/links/on_sendmsg", 0600, 0, 0},
	{OBJECT_LINK, 31, "/sys/fs/bpf/accounting/links/too", 0600, 0, 0},
	{OBJECT_LINK, 32, "/sys/fs/bpf/c", 0600, 0, 0},
	{OBJECT_LINK, 32, "/sys/fs/bpf/d", 0600, 0, 0},
};

static struct reference references[] = {
	{OBJECT_PROGRAM, OBJECT_MAP, 4021, 10123, USES_MAP},
	{OBJECT_PROGRAM, OBJECT_MAP, 4022, 10123, USES_MAP},
	{OBJECT_PROGRAM, OBJECT_BTF, 4021, 99, HAS_TYPES},
};

static struct objects objects = {
	.programs = programs,
	.nr_programs = 2,
	.maps = maps,
	.nr_maps = 1,
	.links = links,
	.nr_links = 2,
	.btfs = btfs,
	.nr_btfs = 2,
	.holders = holders,
	.nr_holders = sizeof(holders) / sizeof(holders[0]),
	.pins = pins,
	.nr_pins = sizeof(pins) / sizeof(pins[0]),
	.references = references,
	.nr_references = sizeof(references) / sizeof(references[0]),
};

static void put(const struct kind *kind, const char *chosen, size_t width, struct text *out)
{
	const void *all[2];
	struct rows rows = {all, kind_count(kind, &objects)};
	struct view view = {.objects = &objects};
	struct columns columns;

	for (size_t i = 0; i < rows.nr; i++)
		all[i] = kind_object(kind, &objects, i);
	columns_with(kind, IN_TABLE, &columns);
	if (chosen)
		assert_int_equal(columns_choose(kind, chosen, &columns), 0);
	table_put(out, &columns, &view, &rows, (struct terminal_size){.width = width}, true, "\n",
		  NULL);
	text_end(&view.scratch);
}

static void check(const struct kind *kind, const char *chosen, size_t width, const char *expected)
{
	struct text out = {0};

	put(kind, chosen, width, &out);
	assert_string_equal(text_string(&out), expected);
	text_end(&out);
}

static bool is_word(const char *line, const char *word)
{
	size_t len;

	for (; *line; line += len + strspn(line + len, " ")) {
		line += strspn(line, " ");
		len = strcspn(line, " ");
		if (len == strlen(word) && !strncmp(line, word, len))
			return true;
	}
	return false;
}

static void test_programs(void **state)
{
	check(&program_kind, NULL, 80,
	      "  ID  TYPE              NAME                ATTACH_TO         PIDS           ...\n"
	      "4021  tracing           account_bytes_t...  securi...sendmsg  sys...(1),...\n"
	      "4022  cgroup_sock_addr  connect4            -                 a_pro...4567)\n");
}

static void test_maps(void **state)
{
	check(&map_kind, NULL, 80,
	      "   ID  TYPE             NAME             ELEMENTS  FILL  PIDS             ...\n"
	      "10123  lru_percpu_hash  sessions_by_uid    123456   12%  accounting(815)\n");
}

/* What it is attached to stays longer than how, and than where it is pinned. */
static void test_links(void **state)
{
	check(&link_kind, NULL, 50,
	      "ID  NAME                 TARGET                ...\n"
	      "31  account_bytes_th...  ...to.so.3, 3 places\n"
	      "32  connect4             ip input prio -5\n");
	check(&link_kind, NULL, 80,
	      "ID  TYPE          PROG  NAME                       TARGET                    ...\n"
	      "31  uprobe_multi  4021  account_bytes_that_are...  ...crypto.so.3, 3 places\n"
	      "32  netfilter     4022  connect4                   ip input prio -5\n");
	/* A path's end says more than its beginning. */
	check(&link_kind, "-type,-prog_id", 80,
	      "ID  NAME                        TARGET                      PIDS             ...\n"
	      "31  account_bytes_that_are_...  ...ibcrypto.so.3, 3 places  accounting(815)\n"
	      "32  connect4                    ip input prio -5            -\n");
}

static void test_btfs(void **state)
{
	check(&btf_kind, NULL, 60,
	      "ID  NAME                     SIZE  KERNEL  PROGS  MAPS  PIDS\n"
	      " 1  vmlinux                  5.0M  yes     -      -     -\n"
	      "99  a_module_of_a_name_t...  4.9K  yes     4021   -     -\n");
}

/* What has nothing to say goes first. */
static void test_empty_columns(void **state)
{
	const size_t nr = objects.nr_holders;

	objects.nr_holders = 0;
	check(&map_kind, NULL, 80,
	      "   ID  TYPE             NAME                 MAX  ELEMENTS  FILL  MEMORY  ...\n"
	      "10123  lru_percpu_hash  sessions_by_uid  1000000    123456   12%    1.0M\n");
	objects.nr_holders = nr;
}

static void test_columns_that_were_asked_for(void **state)
{
	check(&program_kind, "+tag", 80,
	      "  ID  TYPE              NAME                               TAG               ...\n"
	      "4021  tracing           account_bytes_that_are_sent_by...  0000000000000000\n"
	      "4022  cgroup_sock_addr  connect4                           0000000000000000\n");
	/* All are not asked for, each by its name. */
	check(&program_kind, "all", 80,
	      "  ID  TYPE              NAME                ATTACH_TO         PIDS           ...\n"
	      "4021  tracing           account_bytes_t...  securi...sendmsg  sys...(1),...\n"
	      "4022  cgroup_sock_addr  connect4            -                 a_pro...4567)\n");
	/* Of these the last one is left out first. */
	check(&program_kind, "uid,name,tag,attach_to", 60,
	      "USER   NAME                            TAG               ...\n"
	      "54321  account_bytes_that_are_sent...  0000000000000000\n"
	      "54321  connect4                        0000000000000000\n");
	check(&program_kind, "uid,name,tag,attach_to", 45,
	      "USER   NAME                               ...\n"
	      "54321  account_bytes_that_are_sent_by...\n"
	      "54321  connect4\n");
}

/* How many columns are shown; no line is wider than the terminal. */
static size_t shown(const struct kind *kind, size_t width)
{
	struct columns columns;
	struct text out = {0};
	size_t nr = 0, len;
	char *heading;

	put(kind, NULL, width, &out);
	for (const char *line = text_string(&out); *line; line += len + 1) {
		len = strcspn(line, "\n");
		assert_true(text_width(line, len) <= width);
	}
	heading = out.start;
	heading[strcspn(heading, "\n")] = '\0';
	columns_with(kind, IN_TABLE, &columns);
	for (size_t c = 0; c < columns.nr; c++)
		nr += is_word(heading, columns.columns[c]->heading);
	text_end(&out);
	return nr;
}

/* A terminal that is wider shows no column less. */
static void test_every_width(void **state)
{
	static const struct kind *const kinds[] = {&program_kind, &map_kind, &link_kind, &btf_kind};
	struct columns columns;
	size_t before, now;

	for (size_t i = 0; i < 4; i++) {
		before = 2; /* id and name */
		for (size_t width = 30; width < 300; width++) {
			now = shown(kinds[i], width);
			assert_in_range(now, before, before + 2);
			before = now;
		}
		columns_with(kinds[i], IN_TABLE, &columns);
		assert_int_equal(before, columns.nr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_btfs),
		cmocka_unit_test(test_empty_columns),
		cmocka_unit_test(test_columns_that_were_asked_for),
		cmocka_unit_test(test_every_width),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
