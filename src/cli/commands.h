/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* All commands, and what is done with their tables. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli.h"

/* bpftrek itself: its options are those that every command takes, its subcommands all commands. */
extern const struct command bpftrek_command;

/* The command whose line is read or that runs. */
extern const struct command *current_command;

/* The command of @group that is called @name, or NULL. */
const struct command *find_subcommand(const struct command *group, const char *name);

/* The group that @command is in, or NULL. */
const struct command *command_group(const struct command *command);

/* "bpftrek map dump", with @separator between the words. */
void command_path(const struct command *command, char separator, char *path, size_t size);

/* The option of @command or of all of them that is called @name, or NULL. */
const struct command_option *find_option(const struct command *command, const char *name);

/* Whether @option, one that every command takes, has no meaning for @command. */
bool option_is_useless(const struct command *command, const struct command_option *option);

/* Word number @nth that @type allows; NULL: no more. */
const char *value_word(const struct value_type *type, size_t nth);

/* Whether @type is an object of the engine that may be named by @word, as by "id". */
bool value_is_named_by(const struct value_type *type, const char *word);

/* Read the line of @command and run it; argv[0] is its name. The exit status. */
int command_run(const struct command *command, int argc, char **argv);

int print_help(const struct command *command);

/* Piece number @nth of its synopsis, in which no line is broken: "[--map MAP]". */
bool synopsis_piece(const struct command *command, size_t nth, char *piece, size_t size);

/* "-q, --quiet", "    --on ENGINE". */
void option_heading(const struct command_option *option, char *text, size_t size);

/* The name that is most like @word among those that were considered; .best NULL: none is. */
struct nearest {
	const char *word, *best;
	size_t distance;
};
void nearest_consider(struct nearest *nearest, const char *name);

/* Each is one file. */
extern const struct command run_command, check_command, targets_command, btf_dump_command,
	exec_command, version_command, help_command, program_list_command, program_show_command,
	map_list_command, map_show_command, link_list_command, link_show_command, btf_list_command,
	btf_show_command, map_dump_command, map_count_command, audit_command;

#endif /* CLI_COMMANDS_H */
