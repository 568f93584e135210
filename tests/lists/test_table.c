/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Tables of objects that are made here: how they are laid out, what is cut where there is little
 * room, which columns there are, in which order rows are, and how values are written.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#undef fail /* the command has its own */
#include "lists/block.h"
#include "lists/chosen.h"
#include "lists/table.h"

static __u32 maps_of_1[] = {7, 8}, maps_of_30[] = {7, 8, 9, 10, 11, 12, 13, 14};

static struct program programs[] = {
	{
		.id = 1,
		.type = BPF_PROG_TYPE_XDP,
		.name = "drop",
		.tag = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
		.gpl_compatible = true,
		.bytes_jited = 120,
		.bytes_memlock = 4096,
		.verified_insns = 9,
		.load_time = UNKNOWN,
		.uid = 54321,
		.map_ids = maps_of_1,
		.nr_map_ids = 2,
		.run_cnt = 10,
		.run_time_ns = 1000,
	},
	{
		.id = 20,
		.type = BPF_PROG_TYPE_TRACING,
		.name = "on_\033[2J_connect",
		.attach_to = "a_function_of_a_very_long_name_indeed",
		.bytes_memlock = UNKNOWN,
		.verified_insns = UNKNOWN,
		.load_time = UNKNOWN,
		.uid = UNKNOWN,
		.run_cnt = UNKNOWN,
		.run_time_ns = UNKNOWN,
	},
	{
		.id = 30,
		.type = BPF_PROG_TYPE_XDP,
		.name = "also_drop",
		.bytes_memlock = 65536,
		.verified_insns = 100,
		.load_time = UNKNOWN,
		.uid = 54322,
		.map_ids = maps_of_30,
		.nr_map_ids = 8,
		.run_cnt = 0,
	},
};

static struct holder holders[] = {
	{OBJECT_PROGRAM, 20, 123, 1, "agent"},
	{OBJECT_PROGRAM, 20, 4567, 2, "evil\033[m"},
};

static struct reference references[] = {
	{OBJECT_LINK, OBJECT_PROGRAM, 3, 1, ATTACHES},
	{OBJECT_PROGRAM, OBJECT_PROGRAM, 20, 1, TARGETS},
	{OBJECT_LINK, OBJECT_PROGRAM, 5, 1, ATTACHES},
};

static struct objects objects = {
	.programs = programs,
	.nr_programs = 3,
	.holders = holders,
	.nr_holders = 2,
	.references = references,
	.nr_references = 3,
	.statistics = true,
};

static void choose(const char *text, struct columns *columns)
{
	columns_with(&program_kind, IN_TABLE, columns);
	assert_int_equal(columns_choose(&program_kind, text, columns), 0);
}

static void check_table(const char *chosen, struct terminal_size size, bool heading,
			const char *expected)
{
	const void *all[] = {&programs[0], &programs[1], &programs[2]};
	const struct rows rows = {all, 3};
	struct view view = {.objects = &objects};
	struct columns columns;
	struct text out = {0};

	choose(chosen, &columns);
	table_put(&out, &columns, &view, &rows, size, heading, "\n", NULL);
	assert_string_equal(text_string(&out), expected);
	text_end(&out);
	text_end(&view.scratch);
}

static void test_layout(void **state)
{
	check_table("id,type,name,bytes_memlock,map_ids", (struct terminal_size){0}, true,
		    "ID  TYPE     NAME                MEMORY  MAPS\n"
		    " 1  xdp      drop                  4.0K  7,8\n"
		    "20  tracing  on_\\x1b[2J_connect       -  -\n"
		    "30  xdp      also_drop              64K  7,8,9,10,11,12,13,14\n");
	check_table("name", (struct terminal_size){0}, false,
		    "drop\non_\\x1b[2J_connect\nalso_drop\n");
	check_table("id,pids,links", (struct terminal_size){0}, true,
		    "ID  PIDS                         LINKS\n"
		    " 1  -                            3,5\n"
		    "20  agent(123),evil\\x1b[m(4567)  -\n"
		    "30  -                            -\n");
}

static void test_a_narrow_terminal(void **state)
{
	/* Names, targets and lists are cut, the widest most; of a list whole items are left; */
	check_table("id,name,attach_to,map_ids,uid", (struct terminal_size){.width = 66}, true,
		    "ID  NAME                ATTACH_TO          MAPS              USER\n"
		    " 1  drop                -                  7,8               54321\n"
		    "20  on_\\x1b[2J_connect  a_funct..._indeed  -                 -\n"
		    "30  also_drop           -                  7,8,9,10,11,...   54322\n");
	/* then columns are left out, and the heading says so; */
	check_table("id,name,attach_to,map_ids,uid", (struct terminal_size){.width = 45}, true,
		    "ID  NAME                ATTACH_TO         ...\n"
		    " 1  drop                -\n"
		    "20  on_\\x1b[2J_connect  a_func..._indeed\n"
		    "30  also_drop           -\n");
	/* ids and names never are. */
	check_table("id,name,map_ids", (struct terminal_size){.width = 5}, true,
		    "ID  NAME                ...\n"
		    " 1  drop\n"
		    "20  on_\\x1b[2J_connect\n"
		    "30  also_drop\n");
}

/* By characters: of as many bytes as there are. */
static void test_cut_characters(void **state)
{
	static char long_name[4 * 1000 + 1];
	const char *const was[] = {programs[0].attach_to, programs[1].attach_to};

	for (size_t i = 0; i < sizeof(long_name) - 1; i += 4)
		memcpy(long_name + i, "\360\237\230\200", 4);
	programs[0].attach_to = long_name;
	programs[1].attach_to = NULL;
	check_table("id,attach_to", (struct terminal_size){.width = 20}, true,
		    "ID  ATTACH_TO\n"
		    " 1  \360\237\230\200\360\237\230\200\360\237\230\200..."
		    "\360\237\230\200\360\237\230\200\360\237\230\200\n"
		    "20  -\n"
		    "30  -\n");
	programs[0].attach_to = was[0];
	programs[1].attach_to = was[1];
}

/* As a terminal shows them: two columns for an ideograph, none for an accent over a letter. */
static void test_wide_characters(void **state)
{
	const struct holder was[] = {holders[0], holders[1]};

	strcpy(holders[0].comm, "\346\235\261\344\272\254");
	strcpy(holders[1].comm, "cafe\314\201");
	check_table("id,pids,bytes_memlock,name", (struct terminal_size){0}, true,
		    "ID  PIDS                  MEMORY  NAME\n"
		    " 1  -                       4.0K  drop\n"
		    "20  \346\235\261\344\272\254(123),cafe\314\201(4567)       -  "
		    "on_\\x1b[2J_connect\n"
		    "30  -                        64K  also_drop\n");
	memcpy(holders, was, sizeof(was));
}

static void test_a_low_terminal(void **state)
{
	check_table("id", (struct terminal_size){.height = 3}, true, "ID\n 1\n... 2 more\n");
	check_table("id", (struct terminal_size){.height = 4}, true, "ID\n 1\n20\n30\n");
	check_table("id", (struct terminal_size){.height = 1}, false, "... 3 more\n");
}

static void check_order(const char *text, __u32 first, __u32 second, __u32 third)
{
	const void *all[] = {&programs[0], &programs[1], &programs[2]};
	struct rows rows = {all, 3};
	struct view view = {.objects = &objects};
	struct sort sort;

	assert_int_equal(sort_choose(&program_kind, text, &sort), 0);
	assert_int_equal(sort_rows(&sort, &view, &rows), 0);
	assert_int_equal(object_id(rows.objects[0]), first);
	assert_int_equal(object_id(rows.objects[1]), second);
	assert_int_equal(object_id(rows.objects[2]), third);
	text_end(&view.scratch);
}

static void test_order(void **state)
{
	check_order("name", 30, 1, 20);
	check_order("-name", 20, 1, 30);
	check_order("+id", 1, 20, 30);
	check_order("type", 20, 1, 30);
	check_order("type,-id", 20, 30, 1);
	check_order("-map_ids", 30, 1, 20);
	check_order("-pids", 20, 1, 30);
	check_order("-links", 1, 20, 30);
	/* What is not known is last, whichever way. */
	check_order("verified_insns", 1, 30, 20);
	check_order("-verified_insns", 30, 1, 20);
	check_order("average_ns", 1, 20, 30);
	check_order("-uid,id", 30, 1, 20);
}

static void check_columns(const char *text, const char *names)
{
	struct columns columns;
	struct text out = {0};

	choose(text, &columns);
	for (size_t i = 0; i < columns.nr; i++)
		text_format(&out, "%s%s", i ? "," : "", columns.columns[i]->name);
	assert_string_equal(text_string(&out), names);
	text_end(&out);
}

static void test_columns(void **state)
{
	const char *usual = "id,type,name,attach_to,uid,pids,bytes_memlock,loaded_at,map_ids";
	struct columns columns;
	char text[256];

	check_columns("name,id", "name,id");
	check_columns("id,name,id", "id,name");
	check_columns("+id,-id,+tag,-type",
		      "name,attach_to,uid,pids,bytes_memlock,loaded_at,map_ids,tag");
	snprintf(text, sizeof(text), "%s,tag", usual);
	check_columns("+tag", text);
	check_columns("-all,+id", "id");
	check_columns("all,-all,name", "name");
	columns_with(&program_kind, ~0u, &columns);
	snprintf(text, sizeof(text), "%zu", columns.nr);
	choose("all", &columns);
	assert_int_equal(columns.nr, strtoul(text, NULL, 10));
}

static void test_one(void **state)
{
	struct view view = {.objects = &objects};
	struct columns columns;
	struct text out = {0};

	choose("id,name,tag,bytes_memlock,gpl_compatible,uid,links,traced_by,map_ids,btf_id,pids",
	       &columns);
	block_put(&out, &columns, &view, &program_kind, &programs[0], 0);
	assert_string_equal(text_string(&out), "id:             1\n"
					       "name:           drop\n"
					       "tag:            0123456789abcdef\n"
					       "bytes_memlock:  4.0K (4096 bytes)\n"
					       "gpl_compatible: yes\n"
					       "uid:            54321 (54321)\n"
					       "links:          3, 5\n"
					       "traced_by:      20 on_\\x1b[2J_connect\n"
					       "map_ids:        7, 8\n");
	text_end(&out);
	text_end(&view.scratch);
}

/* On a terminal a list goes on below, between its items. */
static void test_one_on_a_narrow_terminal(void **state)
{
	struct view view = {.objects = &objects};
	struct columns columns;
	struct text out = {0};

	choose("id,attach_to,map_ids,pids", &columns);
	block_put(&out, &columns, &view, &program_kind, &programs[2], 20);
	assert_string_equal(text_string(&out), "id:        30\n"
					       "map_ids:   7, 8, 9,\n"
					       "           10, 11,\n"
					       "           12, 13,\n"
					       "           14\n");
	text_clear(&out);
	block_put(&out, &columns, &view, &program_kind, &programs[1], 36);
	assert_string_equal(text_string(&out), "id:        20\n"
					       "attach_to: a_function_of_a_very_long_name_indeed\n"
					       "pids:      agent(123),\n"
					       "           evil\\x1b[m(4567)\n");
	text_end(&out);
	text_end(&view.scratch);
}

static void check_cell(struct cell cell, const char *expected)
{
	struct text out = {0};

	cell_put(&out, &cell, false);
	assert_string_equal(text_string(&out), expected);
	text_end(&out);
}

static void test_values(void **state)
{
	const struct {
		__u64 number;
		const char *size, *duration;
	} numbers[] = {
		{0, "0", "0ns"},
		{999, "999", "999ns"},
		{1000, "1000", "1.0us"},
		{1023, "1023", "1.0us"},
		{1024, "1.0K", "1.0us"},
		{10188, "9.9K", "10us"},
		{10240, "10K", "10us"},
		{1234567, "1.2M", "1.2ms"},
		{80 << 20, "80M", "84ms"},
		{5000000000, "4.7G", "5.0s"},
		{UINT64_MAX - 1, "16E", "18446744074s"},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		check_cell((struct cell){.kind = CELL_SIZE, .number = numbers[i].number},
			   numbers[i].size);
		check_cell((struct cell){.kind = CELL_DURATION, .number = numbers[i].number},
			   numbers[i].duration);
	}
	check_cell((struct cell){.kind = CELL_PERCENT, .real = 0}, "0%");
	check_cell((struct cell){.kind = CELL_PERCENT, .real = 0.04}, "0.0%");
	check_cell((struct cell){.kind = CELL_PERCENT, .real = 9.5}, "9.5%");
	check_cell((struct cell){.kind = CELL_PERCENT, .real = 100}, "100%");
	check_cell((struct cell){.kind = CELL_RATE, .real = 12.34}, "12.3");
	check_cell((struct cell){.kind = CELL_RATE, .real = 1234.5}, "1235");
	check_cell((struct cell){.kind = CELL_UNKNOWN}, "-");
	check_cell((struct cell){.kind = CELL_TEXT, .text = ""}, "-");
	check_cell((struct cell){.kind = CELL_NUMBER, .number = 5, .approximate = true}, "~5");
}

static void test_rates(void **state)
{
	struct sample samples[] = {{1, 4, 400}, {30, 7, 0}};
	struct samples before = {samples, 2, 1000000000};
	struct view view = {.objects = &objects, .before = &before, .now = 3000000000};
	const struct column *runs = column_find(&program_kind, "runs_per_s", 10);
	const struct column *cpu = column_find(&program_kind, "cpu_percent", 11);
	struct cell cell;

	column_get(runs, &view, &programs[0], &cell);
	assert_int_equal(cell.kind, CELL_RATE);
	assert_true(cell.real == 3);
	column_get(cpu, &view, &programs[0], &cell);
	assert_true(cell.real * 1e7 == 300);
	/* It was not there; its counter went back. */
	column_get(runs, &view, &programs[1], &cell);
	assert_int_equal(cell.kind, CELL_UNKNOWN);
	column_get(runs, &view, &programs[2], &cell);
	assert_int_equal(cell.kind, CELL_UNKNOWN);
	view.before = NULL;
	column_get(runs, &view, &programs[0], &cell);
	assert_int_equal(cell.kind, CELL_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_a_narrow_terminal),
		cmocka_unit_test(test_a_low_terminal),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_cut_characters),
		cmocka_unit_test(test_one_on_a_narrow_terminal),
		cmocka_unit_test(test_wide_characters),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
