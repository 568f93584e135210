/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* bpftrek map dump: what is in a map. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "commands.h"
#include "dump/dump.h"
#include "load.h"
#include "map_operand.h"

static const char *const per_cpu_words[] = {
	[EACH_CPU] = "each", [SUM_OF_CPUS] = "sum", [MAX_OF_CPUS] = "max", NULL};

static const char *nth_format(size_t nth)
{
	for (size_t i = 0; formats[i]; i++)
		if (i == nth)
			return formats[i]->name;
	return NULL;
}

static const struct format *choose_format(const struct arguments *arguments)
{
	const char *name = option_text(arguments, "format");

	if (!name && options.jsonl)
		name = "jsonl";
	else if (!name && (options.json || options.pretty))
		name = "json";
	for (size_t i = 0; name && formats[i]; i++)
		if (!strcmp(name, formats[i]->name))
			return formats[i];
	return formats[0];
}

/* What to do with the values of CPUs: what is asked for, else what the format is for. */
static int choose_per_cpu(struct dump *dump, const struct arguments *arguments)
{
	const char *word = option_text(arguments, "percpu");

	dump->per_cpu = dump->format->per_cpu;
	dump->per_cpu_asked = word;
	for (size_t i = 0; word && per_cpu_words[i]; i++)
		if (!strcmp(word, per_cpu_words[i]))
			dump->per_cpu = i;
	if (dump->per_cpu != EACH_CPU && !strcmp(dump->format->name, "raw"))
		return usage_error("--percpu %s: raw bytes are those of each CPU", word);
	return 0;
}

static void note(const char *map, const char *what)
{
	if (!options.quiet)
		fail("map %s: %s", map, what);
}

/* --- Types ------------------------------------------------------------------------------------ */

/* A value that has one is read while it is held. */
static bool has_spin_lock(const struct dump *dump)
{
	const struct btf_type *t = plain_type(dump->btf, dump->value_type), *member;
	const char *name;

	for (int i = 0; t && btf_is_struct(t) && i < btf_vlen(t); i++) {
		member = plain_type(dump->btf, btf_members(t)[i].type);
		name = member ? btf__str_by_offset(dump->btf, member->name_off) : NULL;
		if (name && btf_is_struct(member) && !strcmp(name, "bpf_spin_lock"))
			return true;
	}
	return false;
}

static void load_types(struct dump *dump, const char *map)
{
	const struct bpf_map_info *info = &dump->elements.info;

	if (info->btf_vmlinux_value_type_id)
		dump->btf = btf__load_vmlinux_btf();
	else if (info->btf_id)
		dump->btf = btf__load_from_kernel_by_id(info->btf_id);
	else
		return;
	if (!dump->btf) {
		note(map, "its types cannot be read, bytes are shown instead; run it as root");
		return;
	}
	dump->value_type = info->btf_vmlinux_value_type_id ? info->btf_vmlinux_value_type_id
							   : info->btf_value_type_id;
	dump->key_type = info->btf_vmlinux_value_type_id ? 0 : info->btf_key_type_id;
	if (dump->value_type && has_spin_lock(dump))
		dump->elements.flags = BPF_F_LOCK;
}

/* A type that has not the size of what it is said to describe is no help. */
static void check_sizes(struct dump *dump, const char *map)
{
	const struct bpf_map_info *info = &dump->elements.info;

	if (dump->key_type && btf__resolve_size(dump->btf, dump->key_type) != info->key_size) {
		note(map, "the type of its keys has not their size; they are shown as bytes");
		dump->key_type = 0;
	}
	if (dump->value_type &&
	    btf__resolve_size(dump->btf, dump->value_type) != info->value_size) {
		note(map, "the type of its values has not their size; they are shown as bytes");
		dump->value_type = 0;
	}
}

static void release(struct dump *dump)
{
	plan_free(dump->key);
	plan_free(dump->value);
	dump->key = dump->value = NULL;
	columns_free(&dump->columns);
	memset(&dump->columns, 0, sizeof(dump->columns));
}

/* Whether the values of CPUs are not to be one, or have something that can be added up. */
static bool can_be_one(const struct dump *dump)
{
	const struct columns *columns = &dump->columns;

	if (!dump->elements.per_cpu || dump->per_cpu == EACH_CPU ||
	    (dump->value && plan_has_number(dump->value)))
		return true;
	for (size_t i = 0; i < columns->count; i++)
		if (!columns->all[i].of_key && plan_has_number(columns->all[i].plan))
			return true;
	return false;
}

static int prepare_types(struct dump *dump)
{
	int err;

	/* Bytes cannot be added up. */
	if (!dump->value_type && !dump->per_cpu_asked)
		dump->per_cpu = EACH_CPU;
	err = dump->format->prepare(dump);
	if (err || can_be_one(dump) || dump->per_cpu_asked)
		return err;
	release(dump);
	dump->per_cpu = EACH_CPU;
	return dump->format->prepare(dump);
}

static int prepare(struct dump *dump, const char *map)
{
	char what[256];
	int err;

	load_types(dump, map);
	check_sizes(dump, map);
	err = prepare_types(dump);
	if (err == -EINVAL) {
		snprintf(what, sizeof(what), "its types are wrong, %s; bytes are shown instead",
			 dump->why);
		note(map, what);
		release(dump);
		dump->key_type = dump->value_type = 0;
		err = prepare_types(dump);
	}
	if (err)
		return fail("map %s: %s; free some and run it again", map, strerror(-err));
	if (!can_be_one(dump))
		return fail("map %s: there is no number in its values to make one of them; "
			    "--percpu each shows them",
			    map);
	return 0;
}

/* --- The command ------------------------------------------------------------------------------ */

static int dump_map(struct elements *elements, const char *map)
{
	struct dump *dump = (struct dump *)((char *)elements - offsetof(struct dump, elements));
	int status;

	if (elements->only_next)
		note(map, "only what is taken next can be seen of it, the rest is behind that");
	if (!elements->has_value)
		note(map, "the kernel shows its sockets only in values of 8 bytes; the keys are "
			  "shown");
	status = prepare(dump, map);
	if (!status && elements->per_cpu && dump->per_cpu == SUM_OF_CPUS && !dump->per_cpu_asked &&
	    isatty(STDOUT_FILENO))
		note(map, "numbers are the sums of those of all CPUs; --percpu each shows each");
	if (!status)
		status = dump_run(dump, map);
	release(dump);
	btf__free(dump->btf);
	return status;
}

static int map_dump(const struct arguments *arguments)
{
	struct dump dump = {.limit = UNLIMITED};
	int status;

	status = option_number(arguments, "limit", 0, &dump.limit);
	dump.format = choose_format(arguments);
	dump.pretty = options.pretty && !strcmp(dump.format->name, "json");
	if (!status)
		status = choose_per_cpu(&dump, arguments);
	/* What is in a map is anybody's. */
	if (!status && !strcmp(dump.format->name, "raw") && isatty(STDOUT_FILENO))
		status = fail("--format raw: such bytes could do anything to a terminal; send them "
			      "to a file or a pipe, as '| xxd'");
	return status ? status : with_map(arguments, "dumped", &dump.elements, dump_map);
}

static const struct command_option dump_options[] = {
	{
		.name = "format",
		.argument = "FORMAT",
		.value = {VALUE_WORD, .nth_word = nth_format},
		.help = "table (the default), json, jsonl (what --fill reads), csv, or raw: the "
			"bytes of each key and value, one after the other, no types. It goes "
			"before --json and --jsonl",
	},
	{
		.name = "percpu",
		.argument = "HOW",
		.value = {VALUE_WORD, per_cpu_words},
		.help = "values that each CPU has its own of: each of them, the sum of the numbers "
			"in them, or the max (of the rest, what the first CPU has where it is "
			"not 0). A table and CSV have the sum unless asked, the rest each",
	},
	{.name = "limit", .argument = "N", .help = "stop after N elements"},
	LOAD_OPTIONS,
	{0},
};

static const struct example examples[] = {
	{"bpftrek map dump sessions --load service.bpf.o --fill sessions=@sessions.jsonl",
	 "a map of an object, with the rows of a file in it"},
	{0},
};

static const struct section sections[] = {
	{"FORMATS",
	 "json, jsonl: an element is {\"key\": ..., \"value\": ...}; of a map whose CPUs have "
	 "values of their own, {\"key\": ..., \"values\": [{\"cpu\": 0, \"value\": ...}, ...]}; "
	 "of a queue or stack, {\"value\": ...}. What jsonl writes --fill reads.\n"
	 "Integers, bit-fields and pointers are numbers, of 64 bits too; an enum is the name of "
	 "its value, or a number that has no name; an array of char is a string up to its NUL, "
	 "if that is UTF-8 without control characters (in a key: and nothing is behind the "
	 "NUL), else a list; a struct is an object, and members of anonymous members are its "
	 "own; a union is an object of all its members; a section of global variables is an "
	 "object of them; what JSON has no number for (128 bits, infinite floats), and what has "
	 "no type, is \"0x...\": its bytes, in the order of memory. Indexes of arrays and ids "
	 "of maps and programs are numbers without types, too.\n"
	 "bpftool's \"formatted\" is the same but for bit-fields and 128-bit integers (it has "
	 "hexadecimal strings), arrays of char that are full or not ASCII (it has lists), "
	 "anonymous members (it has objects without a name) and sections (it has lists of "
	 "objects).\n"
	 "table, csv: a column for each member, of structs within structs as well; JSON in the "
	 "column of a union or an array. What has no type is shown as bytes and, where it could "
	 "be, as a number. Of a table that a terminal is too narrow for, each element is a "
	 "block with a line for each column. Newlines and tabs are \\n"
	 " and \\t in a table; in CSV they are what they are, within quotes. What would talk to "
	 "the terminal or turn the direction of writing is escaped in both, \\u202e.\n"
	 "raw: key_size bytes of the key, then the value: value_size bytes, or for each "
	 "possible CPU as many, rounded up to 8. Nothing between elements."},
	{"CONSISTENCY",
	 "A dump is no snapshot. On a hash, an LRU hash, and their per-CPU forms, an element "
	 "that is there from the start to the end is in the dump exactly once, whatever others "
	 "insert, delete and update meanwhile: elements are copied bucket by bucket, under the "
	 "bucket's lock. One that comes or goes meanwhile may be in it or not; one of a hash "
	 "that is deleted within microseconds may be there twice where two threads read.\n"
	 "A value belongs to its key. Values of hashes that are replaced as a whole (bpf(2), "
	 "bpf_map_update_elem) are never torn; those that a program writes in place, and those "
	 "of arrays, may be seen half written, unless they have a bpf_spin_lock, which is "
	 "taken. Values of CPUs are read one after the other, so their sum is of no one "
	 "moment.\n"
	 "Elements of an array come in the order of their keys, those of a trie in its order, "
	 "longer prefixes before those that they begin with, each at most once; others in none."},
	{"MAPS THAT CANNOT BE DUMPED",
	 "Rings (reading takes records away), Bloom filters (which do not keep what they are "
	 "given), arenas, arrays of perf events, cgroups or AF_XDP sockets (which nobody is "
	 "shown), and storage of sockets, inodes, tasks and cgroups (found only with its owner "
	 "in hand). Of a queue or stack the one element is shown that would be taken next; of a "
	 "hash of sockets whose values have not 8 bytes, the keys, for the kernel shows no more."},
	{"INTERRUPTION",
	 "SIGINT, SIGTERM and SIGHUP end a dump after the elements that are being written: JSON "
	 "is closed, standard error says how many elements there are, and the exit status is "
	 "128 and the number of the signal. That takes less than a tenth of a second, however "
	 "large a value is, but for one thing: while the kernel copies a value, which is one "
	 "system call, nothing ends it (64 MiB take it 30 to 300 milliseconds). Where the "
	 "output is read too slowly for that, or not at all, it is cut anywhere, and standard "
	 "error says so. A second such signal ends the command at once. When memory ends in the "
	 "middle, JSON is closed, too, standard error says it, and the exit status is 1. While "
	 "a dump takes long and its output goes elsewhere, progress is shown on a terminal that "
	 "standard error is."},
	{0},
};

const struct command map_dump_command = {
	.name = "dump",
	.summary = "print what is in a map",
	.text = "Print the keys and values of MAP as its types (BTF) say: structs, enums by name, "
		"strings where arrays of char are some; bytes and numbers where it has no types.",
	.operands = map_operands,
	.options = dump_options,
	.examples = examples,
	.exit_status = "0 if all is well, 1 if not, 2 for a wrong line, 130 if it was interrupted; "
		       "128 and its number for another signal.",
	.sections = sections,
	.see_also = "bpftool-map(8), bpf(2)",
	.json = true,
	.run = map_dump,
};
