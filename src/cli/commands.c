/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek's table: the options that every command takes, and the commands. A group of commands
 * (`bpftrek btf ...`) is a table here, unless the group is one file.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"

const struct command *current_command = &bpftrek_command;

const struct command *find_subcommand(const struct command *group, const char *name)
{
	for (const struct command *const *c = group->subcommands; c && *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

static const struct command *group_below(const struct command *group, const struct command *command)
{
	const struct command *found = NULL;

	for (const struct command *const *c = group->subcommands; c && *c && !found; c++)
		found = *c == command ? group : group_below(*c, command);
	return found;
}

const struct command *command_group(const struct command *command)
{
	return group_below(&bpftrek_command, command);
}

void command_path(const struct command *command, char separator, char *path, size_t size)
{
	const struct command *group = command_group(command);
	size_t used = 0;

	if (group) {
		command_path(group, separator, path, size);
		used = strlen(path);
	}
	snprintf(path + used, size - used, "%.*s%s", group != NULL, &separator, command->name);
}

static const struct command_option *find_in(const struct command_option *o, const char *name)
{
	for (; o && o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

const struct command_option *find_option(const struct command *command, const char *name)
{
	const struct command_option *own = find_in(command->options, name);

	return own ? own : find_in(bpftrek_command.options, name);
}

bool option_is_useless(const struct command *command, const struct command_option *option)
{
	if (!strcmp(option->name, "on"))
		return command->without_engine;
	return !command->json && !command->subcommands &&
	       (!strcmp(option->name, "json") || !strcmp(option->name, "jsonl") ||
		!strcmp(option->name, "pretty"));
}

const char *value_word(const struct value_type *type, size_t nth)
{
	if (type->nth_word)
		return type->nth_word(nth);
	for (size_t i = 0; type->words && type->words[i]; i++)
		if (i == nth)
			return type->words[i];
	return NULL;
}

bool value_is_named_by(const struct value_type *type, const char *word)
{
	if (type->kind < VALUE_MAP)
		return false;
	if (!strcmp(word, "id") || !strcmp(word, "pinned"))
		return true;
	if (!strcmp(word, "name"))
		return type->kind == VALUE_MAP || type->kind == VALUE_PROGRAM;
	return !strcmp(word, "tag") && type->kind == VALUE_PROGRAM;
}

static const struct command program_command = {
	.name = "prog",
	.summary = "programs: what they are, what they use, who holds them",
	.text = "Look at the programs of an engine.",
	.examples = (const struct example[]){{"bpftrek prog list", "what is loaded"}, {0}},
	.subcommands =
		(const struct command *const[]){&program_list_command, &program_show_command, NULL},
};

static const struct command map_command = {
	.name = "map",
	.summary = "maps: what they are, how full they are, who uses them, what is in them",
	.text = "Look at the maps of an engine.",
	.examples = (const struct example[]){{"bpftrek map list", "what there is"},
					     {"bpftrek map dump sessions --load service.bpf.o "
					      "--fill sessions=@sessions.jsonl",
					      "the elements of a map"},
					     {0}},
	.subcommands = (const struct command *const[]){&map_list_command, &map_show_command,
						       &map_dump_command, &map_count_command, NULL},
};

static const struct command link_command = {
	.name = "link",
	.summary = "links: which program is attached to what",
	.text = "Look at the links of an engine.",
	.examples = (const struct example[]){{"bpftrek link list", "what is attached"}, {0}},
	.subcommands =
		(const struct command *const[]){&link_list_command, &link_show_command, NULL},
};

static const struct command btf_command = {
	.name = "btf",
	.summary = "types: those of the engine, and of programs and maps",
	.text = "Look at BTF, the types of an engine.",
	.examples = (const struct example[]){{"bpftrek --on embedded btf dump > vmlinux.h",
					      "types to compile programs against"},
					     {0}},
	.subcommands = (const struct command *const[]){&btf_dump_command, &btf_list_command,
						       &btf_show_command, NULL},
};

static const char *const engines[] = {"kernel", "embedded", NULL};

static const struct command_option bpftrek_options[] = {
	{
		.name = "on",
		.argument = "ENGINE",
		.value = {VALUE_WORD, engines},
		.help = "kernel or embedded; default: $BPFTREK_ON, else the kernel where this user "
			"may use it, else embedded",
	},
	{.name = "json", .letter = 'j', .help = "one JSON document"},
	{.name = "jsonl", .help = "one JSON object per line"},
	{.name = "pretty", .letter = 'p', .help = "JSON that is nice to read"},
	{
		.name = "quiet",
		.letter = 'q',
		.help = "only what was asked for: no heads of tables, no progress, no notes",
	},
	{
		.name = "verbose",
		.letter = 'v',
		.help = "on an error, show also what libbpf and the verifier said",
	},
	{.name = "version", .letter = 'V', .help = "print the version"},
	{
		.name = "help",
		.letter = 'h',
		.help = "print this; after a command, print what the command takes",
	},
	{0},
};

static const struct command *const commands[] = {
	&program_command, &map_command,	    &link_command,  &btf_command,
	&audit_command,	  &run_command,	    &check_command, &targets_command,
	&exec_command,	  &version_command, &help_command,  NULL,
};

static const struct section sections[] = {
	{"ENGINES",
	 "Every command that looks at BPF does so on an engine, which --on names.\n"
	 "The kernel: Linux 5.8 or later, built with its types (CONFIG_DEBUG_INFO_BTF). It takes "
	 "the capabilities CAP_BPF and CAP_PERFMON to run an iterator there, and CAP_SYS_ADMIN to "
	 "open what others made by its id; root has them all. Where one is missing it is said "
	 "which. To dump or count a map by its pin takes no capability, but a mode of the file "
	 "that lets this user read it. A listing goes on without what may not be asked or what "
	 "this kernel lacks, and "
	 "says on standard error what it left out and why.\n"
	 "embedded: a BPF subsystem inside this process, which needs no privilege and no kernel "
	 "BPF. It is empty when a command begins; --load and --fill, of the commands that have "
	 "them, put objects and rows into it. What a command loads, on either engine, is gone when "
	 "it ends.\n"
	 "Without --on, it is the kernel where this user may use it, else embedded. A command that "
	 "only looks, and is given nothing to load, takes the kernel or says why it may not: there "
	 "would be nothing to see."},
	{"NAMING OBJECTS",
	 "A map, a program, a link or BTF is named in two words, or in one that is a name:\n"
	 "  id NUMBER\n"
	 "  name NAME\n"
	 "  tag TAG\n"
	 "  pinned PATH\n"
	 "Maps and programs have names, programs tags. A name that several have is refused, with "
	 "their ids. What the command loads itself comes first."},
	{"OUTPUT",
	 "What was asked for goes to standard output, and nothing else; what is wrong to standard "
	 "error, in one line that says what, why, and what to do. Names come from anyone who may "
	 "load a program: control characters in them are shown replaced or escaped. A reader that "
	 "goes away (| head) is no error."},
	{0},
};

static const struct term environment[] = {
	{"BPFTREK_ON", "The engine, where --on does not say it: kernel or embedded."},
	{"TERM", "Where it is dumb or empty, nothing on a terminal is coloured or drawn anew."},
	{"NO_COLOR", "If it is not empty, nothing is coloured."},
	{0},
};

static const struct term files[] = {
	{"/sys/kernel/btf/vmlinux",
	 "The kernel's types, which programs that are loaded from a file are fitted to. What lists "
	 "and audits needs no such file."},
	{"/proc",
	 "The memory of maps, how pins are reached, and, where no iterator tells, which processes "
	 "hold objects."},
	{"/sys/fs/bpf", "Where objects are pinned, as in any other bpf file system."},
	{0},
};

const struct command bpftrek_command = {
	.name = "bpftrek",
	.summary = "see every BPF program, map and element",
	.text = "List the BPF programs, maps and links of a host, print what is in maps, and find "
		"what nobody uses; visit all of them with BPF iterator programs: on the Linux "
		"kernel, or on a BPF subsystem inside this process that needs no privilege.",
	.options = bpftrek_options,
	.examples =
		(const struct example[]){
			{"bpftrek prog list", "the programs of this host"},
			{"bpftrek map list --sort -fill", "its maps, the fullest first"},
			{"bpftrek audit", "what nobody uses, and what is amiss"},
			{"bpftrek --on embedded targets",
			 "what can be iterated over without any privilege"},
			{0}},
	.sections = sections,
	.environment = environment,
	.files = files,
	.see_also = "bpftool(8), bpf(2), bpf-helpers(7)",
	.json = true,
	.subcommands = commands,
};
