/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The commands that list: `bpftrek prog|map|link|btf list` and `show`. The two of a kind take the
 * same words: what `show` says of one object that is named, `list` says of all in less words.
 */
#include <string.h>

#include "commands.h"
#include "list.h"
#include "load.h"

static const char *nth_column(const struct kind *kind, size_t nth)
{
	for (size_t i = 0; kind->columns[i].name; i++)
		if (i == nth)
			return kind->columns[i].name;
	return NULL;
}

/* "all" comes after the columns. */
static const char *nth_choice(const struct kind *kind, size_t nth)
{
	const char *name = nth_column(kind, nth);

	return !name && (!nth || nth_column(kind, nth - 1)) ? "all" : name;
}

/* As it stands above the table. */
static const char *nth_heading(const struct kind *kind, size_t nth)
{
	return nth_column(kind, nth) ? kind->columns[nth].heading : NULL;
}

static const char *nth_help(const struct kind *kind, size_t nth)
{
	return nth_column(kind, nth) ? kind->columns[nth].help : "all of these";
}

/* From 1 on, until the engine's library has no name for one. */
static const char *nth_type(const struct kind *kind, size_t nth)
{
	const char *name = kind->type_name(nth + 1);

	return strncmp(name, "type ", 5) ? name : NULL;
}

/* Tables have functions without an argument for the kind. */
#define WORDS_OF(kind)                                                                             \
	static const char *kind##_column(size_t nth)                                               \
	{                                                                                          \
		return nth_column(&kind##_kind, nth);                                              \
	}                                                                                          \
	static const char *kind##_choice(size_t nth)                                               \
	{                                                                                          \
		return nth_choice(&kind##_kind, nth);                                              \
	}                                                                                          \
	static const char *kind##_heading(size_t nth)                                              \
	{                                                                                          \
		return nth_heading(&kind##_kind, nth);                                             \
	}                                                                                          \
	static const char *kind##_help(size_t nth)                                                 \
	{                                                                                          \
		return nth_help(&kind##_kind, nth);                                                \
	}                                                                                          \
	static int kind##_list(const struct arguments *arguments)                                  \
	{                                                                                          \
		return list_objects(&kind##_kind, arguments, false);                               \
	}                                                                                          \
	static int kind##_show(const struct arguments *arguments)                                  \
	{                                                                                          \
		return list_objects(&kind##_kind, arguments, true);                                \
	}
WORDS_OF(program)
WORDS_OF(map)
WORDS_OF(link)
WORDS_OF(btf)

#define TYPES_OF(kind)                                                                             \
	static const char *kind##_type(size_t nth)                                                 \
	{                                                                                          \
		return nth_type(&kind##_kind, nth);                                                \
	}
TYPES_OF(program)
TYPES_OF(map)
TYPES_OF(link)

#define TYPE_OPTION(kind)                                                                          \
	{                                                                                          \
		.name = "type", .argument = "TYPE,...",                                            \
		.value = {VALUE_LIST, .nth_word = kind##_type}, .many = true,                      \
		.help = "only those of these types"                                                \
	}

#define NAME_OPTION(text)                                                                          \
	{                                                                                          \
		.name = "name", .argument = "GLOB", .many = true, .help = text                     \
	}

#define USER_OPTION(text)                                                                          \
	{                                                                                          \
		.name = "user", .argument = "USER", .many = true, .help = text                     \
	}

#define LIST_OPTIONS(kind)                                                                         \
	{                                                                                          \
		.name = "columns",                                                                 \
		.argument = "COLUMN,...",                                                          \
		.value = {VALUE_LIST, .nth_word = kind##_choice, .nth_alias = kind##_heading,      \
			  .nth_help = kind##_help, .signs = "+-"},                                 \
		.help = "show these columns, in this order; with + or - before each, these "       \
			"beside, or instead of, those that are shown anyway; the same for the "    \
			"members of JSON. A heading of the table does for a name. They are:",      \
	},                                                                                         \
		{                                                                                  \
			.name = "sort",                                                            \
			.argument = "COLUMN,...",                                                  \
			.value = {VALUE_LIST, .nth_word = kind##_column,                           \
				  .nth_alias = kind##_heading, .signs = "+-"},                     \
			.help = "order by this column, and where it is the same by the next; "     \
				"with - "                                                          \
				"before it from the largest to the smallest; without --sort by "   \
				"id",                                                              \
		},                                                                                 \
	{                                                                                          \
		.name = "watch", .argument = "SECONDS",                                            \
		.help = "look again and again, until ^C: a terminal is drawn anew, else an empty " \
			"line is between two looks; objects of JSON have the time",                \
	}

static const struct command_option program_options[] = {
	TYPE_OPTION(program),
	NAME_OPTION("only those whose name is like this pattern of the shell, as 'handle_*'"),
	USER_OPTION("only those that this user, a name or a number, loaded"),
	LIST_OPTIONS(program),
	{
		.name = "stats",
		.help = "with --watch: have the engine count runs meanwhile, and show how often "
			"programs run and what share of a CPU they take",
	},
	LOAD_OPTIONS,
	{0},
};

static const struct command_option map_options[] = {
	TYPE_OPTION(map),
	NAME_OPTION("only those whose name is like this pattern of the shell, as 'conn*'"),
	USER_OPTION("only those that programs of this user, a name or a number, use, or its "
		    "processes hold"),
	LIST_OPTIONS(map),
	LOAD_OPTIONS,
	{0},
};

static const struct command_option link_options[] = {
	TYPE_OPTION(link),
	NAME_OPTION("only those whose program's name is like this pattern of the shell"),
	USER_OPTION("only those of programs of this user, a name or a number, or that its "
		    "processes hold"),
	LIST_OPTIONS(link),
	LOAD_OPTIONS,
	{0},
};

static const struct command_option btf_options[] = {
	NAME_OPTION("only those whose name is like this pattern of the shell, as 'nf_*'"),
	USER_OPTION("only those of programs of this user, a name or a number, or that its "
		    "processes hold"),
	LIST_OPTIONS(btf),
	LOAD_OPTIONS,
	{0},
};

#define ONE(word, kind)                                                                            \
	(const struct operand[])                                                                   \
	{                                                                                          \
		{.name = word, .value = {kind}, .optional = true},                                 \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

#define EXAMPLES(...)                                                                              \
	(const struct example[])                                                                   \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

#define TABLES                                                                                     \
	"On a terminal that is too narrow long names, targets and lists are cut, then columns "    \
	"left out, those last that --columns asks for; \"...\" shows both. What is not known is "  \
	"\"-\", and left out of JSON. Members of JSON are called as those of bpftool, where "      \
	"it has them."
#define NAMED_PROGRAM "id N, name NAME, tag TAG, pinned PATH, or a word, which is a name"
#define NAMED "id N, name NAME, pinned PATH, or a word, which is a name"

const struct command program_list_command = {
	.name = "list",
	.summary = "list programs",
	.text = "List the programs of the engine, or those that PROG (" NAMED_PROGRAM ") "
		"names.\n" TABLES,
	.operands = ONE("PROG", VALUE_PROGRAM),
	.options = program_options,
	.examples = EXAMPLES(
		{"bpftrek prog list --type tracing,xdp --sort -bytes_memlock",
		 "of these types, the largest first"},
		{"bpftrek prog list --columns +tag,+links --name 'dump_*'", "with more columns"}),
	.see_also = "bpftool-prog(8), bpf(2)",
	.json = true,
	.run = program_list,
};

const struct command program_show_command = {
	.name = "show",
	.summary = "say all there is to know of one program",
	.text = "Say all there is to know of PROG (" NAMED_PROGRAM "): what it uses, what "
		"attaches it, where it is pinned and which processes hold it. Without PROG it is "
		"the same as list.",
	.operands = ONE("PROG", VALUE_PROGRAM),
	.options = program_options,
	.examples = EXAMPLES({"bpftrek --on embedded prog show show_sessions --load service.bpf.o",
			      "a program that is loaded to be looked at"}),
	.see_also = "bpftool-prog(8), bpf(2)",
	.json = true,
	.run = program_show,
};

const struct command map_list_command = {
	.name = "list",
	.summary = "list maps",
	.text = "List the maps of the engine, or those that MAP (" NAMED ") names.\n" TABLES,
	.operands = ONE("MAP", VALUE_MAP),
	.options = map_options,
	.examples = EXAMPLES({"bpftrek map list --sort -fill", "the fullest first"},
			     {"bpftrek map list --type hash,lru_hash --columns id,name,elements",
			      "of these types, and less of each"}),
	.see_also = "bpftool-map(8), bpf(2)",
	.json = true,
	.run = map_list,
};

const struct command map_show_command = {
	.name = "show",
	.summary = "say all there is to know of one map",
	.text = "Say all there is to know of MAP (" NAMED "): how full it is, which programs use "
		"it, where it is pinned and which processes hold it. Without MAP it is the same "
		"as list.",
	.operands = ONE("MAP", VALUE_MAP),
	.options = map_options,
	.examples = EXAMPLES({"bpftrek --on embedded map show sessions --load service.bpf.o",
			      "a map that is made to be looked at"}),
	.see_also = "bpftool-map(8), bpf(2)",
	.json = true,
	.run = map_show,
};

const struct command link_list_command = {
	.name = "list",
	.summary = "list links, which attach programs",
	.text = "List the links of the engine, or the one that LINK (id N or pinned PATH) "
		"names.\n" TABLES,
	.operands = ONE("LINK", VALUE_LINK),
	.options = link_options,
	.examples = EXAMPLES(
		{"bpftrek link list --columns id,prog_name,target", "what is attached to what"}),
	.see_also = "bpftool-link(8), bpf(2)",
	.json = true,
	.run = link_list,
};

const struct command link_show_command = {
	.name = "show",
	.summary = "say all there is to know of one link",
	.text = "Say all there is to know of LINK (id N or pinned PATH). Without LINK it is the "
		"same as list.",
	.operands = ONE("LINK", VALUE_LINK),
	.options = link_options,
	.examples = EXAMPLES({"bpftrek --json link show", "all of them, as JSON"}),
	.see_also = "bpftool-link(8), bpf(2)",
	.json = true,
	.run = link_show,
};

const struct command btf_list_command = {
	.name = "list",
	.summary = "list BTFs, the types of the engine and of programs",
	.text = "List the BTFs of the engine, or those that BTF (id N, or a name) names: its own "
		"types, and those of programs and maps.\n" TABLES,
	.operands = ONE("BTF", VALUE_BTF),
	.options = btf_options,
	.examples = EXAMPLES({"bpftrek btf list --sort -size", "the largest first"}),
	.see_also = "bpftool-btf(8), bpf(2)",
	.json = true,
	.run = btf_list,
};

const struct command btf_show_command = {
	.name = "show",
	.summary = "say all there is to know of one BTF",
	.text = "Say all there is to know of BTF (id N, or a name). Without BTF it is the same as "
		"list.",
	.operands = ONE("BTF", VALUE_BTF),
	.options = btf_options,
	.examples = EXAMPLES({"bpftrek btf show vmlinux", "the engine's own types"}),
	.see_also = "bpftool-btf(8), bpf(2)",
	.json = true,
	.run = btf_show,
};
