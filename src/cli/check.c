/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek check: what the verifier says of each program of an object; nothing runs.
 *
 * Our own verifier always speaks. With --on kernel Linux's does, too, after it, and whether the two
 * agree: both accept, or both refuse with the same errno.
 *
 * libbpf finds out what an engine can do once in a process, and goes by that from then on: what our
 * verifier says is asked in a process of its own, if the kernel is asked as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "commands.h"
#include "engine.h"
#include "libbpf_log.h"
#include "object.h"
#include "verdict.h"

#define MAX_ENGINES 2

struct checked {
	char *name, *section;
	const char *type; /* libbpf's name of it */
	int index;	  /* among the object's programs */
	struct verdict verdict[MAX_ENGINES];
};

struct check {
	const char *path;
	const char *program; /* NULL: all */
	const char *engines[MAX_ENGINES];
	int engine_count;
	struct checked *programs;
	int program_count;
};

static int choose_engines(struct check *check)
{
	const char *asked;
	int status = engine_asked(&asked);

	if (status)
		return status;
	check->engines[check->engine_count++] = "embedded";
	if (asked && strcmp(asked, "embedded"))
		check->engines[check->engine_count++] = asked;
	return 0;
}

static bool add_program(struct check *check, const struct bpf_program *prog, int index)
{
	const char *type = libbpf_bpf_prog_type_str(bpf_program__type(prog));
	struct checked *larger, *program;

	larger = reallocarray(check->programs, check->program_count + 1, sizeof(*larger));
	if (!larger)
		return false;
	check->programs = larger;
	program = &check->programs[check->program_count++];
	*program = (struct checked){
		.name = strdup(bpf_program__name(prog)),
		.section = strdup(bpf_program__section_name(prog)),
		.type = type ? type : "unknown",
		.index = index,
	};
	if (!program->name || !program->section)
		return false;
	make_printable(program->name);
	make_printable(program->section);
	return true;
}

static int list_programs(struct check *check)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	char names[256] = "";
	int index = 0, status;
	size_t used;

	status = open_object(check->path, &obj);
	if (status)
		return status;
	bpf_object__for_each_program(prog, obj)
	{
		used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", index ? ", " : "",
			 bpf_program__name(prog));
		if (!status &&
		    (!check->program || !strcmp(check->program, bpf_program__name(prog))) &&
		    !add_program(check, prog, index))
			status = fail("%s: out of memory; free some and run it again", check->path);
		index++;
	}
	bpf_object__close(obj);
	if (!status && !index)
		status = fail("%s: no program in it; write one in a section that libbpf knows, as "
			      "SEC(\"iter/bpf_map\")",
			      check->path);
	else if (!status && !check->program_count)
		status = fail("%s: no program %s in it; name one of %s", check->path,
			      check->program, names);
	return status;
}

/* One line on a terminal, that the next one and at last nothing takes the place of. */
static void show_progress(const struct check *check, int engine, int at)
{
	char line[80];

	if (options.quiet || !isatty(STDERR_FILENO) || check->program_count == 1)
		return;
	*line = '\0';
	if (at < check->program_count)
		snprintf(line, sizeof(line), "%s: %d of %d: %s", check->engines[engine], at + 1,
			 check->program_count, check->programs[at].name);
	fprintf(stderr, "\r%-*s\r", (int)sizeof(line) - 1, line);
}

static int check_on_engine(struct check *check, int engine)
{
	struct checked *program;
	int status = engine_start_on(check->engines[engine]);

	if (status)
		return status;
	for (int i = 0; i < check->program_count && !status; i++) {
		program = &check->programs[i];
		show_progress(check, engine, i);
		status = get_verdict(check->path, program->index, &program->verdict[engine]);
	}
	show_progress(check, engine, check->program_count);
	engine_stop();
	return status;
}

static int tell_verdicts(struct check *check, int engine, FILE *file)
{
	int status = file ? check_on_engine(check, engine) : 1;

	for (int i = 0; i < check->program_count && !status; i++)
		status = !write_verdict(file, &check->programs[i].verdict[engine]);
	if (file && fclose(file))
		status = 1;
	if (status && options.verbose)
		libbpf_log_print();
	return status;
}

static int check_apart(struct check *check, int engine)
{
	bool told = true;
	int ends[2], status;
	FILE *file;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return fail("%s: %s; raise the limit (ulimit -n)", check->path, strerror(errno));
	pid = fork();
	if (!pid) {
		close(ends[0]); /* or it would write for ever when this process is gone */
		_exit(tell_verdicts(check, engine, fdopen(ends[1], "w")));
	}
	close(ends[1]);
	file = pid > 0 ? fdopen(ends[0], "r") : NULL;
	for (int i = 0; i < check->program_count && told; i++)
		told = file && read_verdict(file, &check->programs[i].verdict[engine]);
	if (file)
		fclose(file);
	else
		close(ends[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status))
		return WEXITSTATUS(status); /* it has said why */
	if (told)
		return 0;
	return fail("%s: the %s engine ended before its verdict; free some memory and run it again",
		    check->path, check->engines[engine]);
}

static bool engines_agree(const struct check *check, const struct checked *program)
{
	return program->verdict[0].err == program->verdict[check->engine_count - 1].err;
}

/* Text, as far as JSON can hold it. */
static json_t *text_or_null(const char *text)
{
	json_t *json = text ? json_string(text) : json_null();
	char *copy;

	if (json)
		return json;
	/* No UTF-8: names and lines of a source come from anyone. */
	copy = strdup(text);
	for (unsigned char *c = (unsigned char *)copy; c && *c; c++)
		if (*c >= 0x80)
			*c = '?';
	json = copy ? json_string(copy) : NULL;
	free(copy);
	return json;
}

static json_t *number_or_null(long long number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static json_t *stack_or_null(const char *stack)
{
	json_t *depths = stack ? json_array() : json_null();

	for (; stack && *stack; stack += strspn(stack, "+"))
		json_array_append_new(depths, json_integer(strtol(stack, (char **)&stack, 10)));
	return depths;
}

static json_t *describe_verdict(const struct verdict *verdict)
{
	return json_pack("{s:b, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "accepted", !verdict->err,
			 "errno", verdict->err, "errno_name",
			 text_or_null(verdict->err ? errno_name(verdict->err) : NULL), "time_us",
			 number_or_null(verdict->time_us), "insns_processed",
			 number_or_null(verdict->insns), "states", number_or_null(verdict->states),
			 "stack_depth", stack_or_null(verdict->stack), "message",
			 text_or_null(verdict->message), "log", text_or_null(verdict->log));
}

static json_t *describe_program(const struct check *check, const struct checked *program)
{
	json_t *engines = json_object();
	json_t *described = json_pack("{s:o, s:o, s:s, s:o}", "name", text_or_null(program->name),
				      "section", text_or_null(program->section), "type",
				      program->type, "verdict", engines);

	for (int i = 0; i < check->engine_count; i++)
		json_object_set_new(engines, check->engines[i],
				    describe_verdict(&program->verdict[i]));
	json_object_set_new(described, "agree",
			    check->engine_count > 1 ? json_boolean(engines_agree(check, program))
						    : json_null());
	return described;
}

static int print_documents(const struct check *check)
{
	json_t *list = json_array();

	for (int i = 0; i < check->program_count; i++)
		json_array_append_new(list, describe_program(check, &check->programs[i]));
	return print_json(list);
}

/* Lines of a log, indented. */
static void print_text(char *text)
{
	size_t len;

	make_printable(text);
	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		printf("    %.*s\n", (int)len, text);
	}
}

static const char *format_time(long long time_us, char *buf, size_t size)
{
	if (time_us < 0)
		snprintf(buf, size, "-");
	else if (time_us < 10000)
		snprintf(buf, size, "%lld us", time_us);
	else
		snprintf(buf, size, "%.1f ms", time_us / 1000.0);
	return buf;
}

static const char *format_number(long long number, char *buf, size_t size)
{
	if (number < 0)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%lld", number);
	return buf;
}

static void print_verdict(struct verdict *verdict)
{
	char insns[24], time[24], states[24];

	if (verdict->err) {
		printf("%s: %s (%s)\n", verdict->by_verifier ? "refused" : "not loaded",
		       strerror(verdict->err), errno_name(verdict->err));
		if (!options.verbose || !verdict->by_verifier)
			print_text(verdict->details ? verdict->details : verdict->message);
	} else {
		printf("%-8s %8s %10s %7s  %s\n", "ok",
		       format_number(verdict->insns, insns, sizeof(insns)),
		       format_time(verdict->time_us, time, sizeof(time)),
		       format_number(verdict->states, states, sizeof(states)),
		       verdict->stack ? verdict->stack : "-");
	}
	if (options.verbose)
		print_text(verdict->log);
}

static int widest(const struct check *check, bool name)
{
	int width = strlen("PROGRAM"), len;

	for (int i = 0; i < check->program_count; i++) {
		len = strlen(name ? check->programs[i].name : check->programs[i].section);
		width = len > width ? len : width;
	}
	return width;
}

/* How many programs an engine does not take. */
static int count_refused(const struct check *check, int engine)
{
	int refused = 0;

	for (int i = 0; i < check->program_count; i++)
		refused += check->programs[i].verdict[engine].err != 0;
	return refused;
}

static int print_table(const struct check *check)
{
	int name = widest(check, true), section = widest(check, false);
	struct checked *program;

	if (!options.quiet)
		printf("%-*s  %-*s  %-8s  %-8s %8s %10s %7s  %s\n", name, "PROGRAM", section,
		       "SECTION", "ENGINE", "VERDICT", "INSNS", "TIME", "STATES", "STACK");
	for (int i = 0; i < check->program_count; i++) {
		program = &check->programs[i];
		for (int e = 0; e < check->engine_count; e++) {
			if (options.quiet && !program->verdict[e].err)
				continue;
			printf("%-*s  %-*s  %-8s  ", name, program->name, section, program->section,
			       check->engines[e]);
			print_verdict(&program->verdict[e]);
		}
		if (!engines_agree(check, program))
			printf("%-*s  the engines do not agree\n", name, program->name);
	}
	return finish_output();
}

/* What the exit status says, in words. */
static int sum_up(const struct check *check)
{
	int refused, status = 0;

	for (int e = 0; e < check->engine_count; e++) {
		refused = count_refused(check, e);
		if (refused)
			status = fail("%s: %d of %d programs not loaded by the %s engine; %s",
				      check->path, refused, check->program_count, check->engines[e],
				      options.verbose ? "the reason is above"
						      : "--verbose shows the verifier's walk");
	}
	return status;
}

static int check_object(struct check *check)
{
	int status;

	/* What is wrong with the object itself is said once, whatever the engine. */
	status = list_programs(check);
	for (int e = 0; e < check->engine_count && !status; e++)
		status = (e + 1 < check->engine_count ? check_apart : check_on_engine)(check, e);
	if (status)
		return status;
	status = options.json || options.jsonl ? print_documents(check) : print_table(check);
	return status ? status : sum_up(check);
}

static int run(const struct arguments *arguments)
{
	struct check check = {
		.path = operand(arguments, 0)->text,
		.program = operand(arguments, 1) ? operand(arguments, 1)->text : NULL,
	};
	int status = choose_engines(&check);

	if (!status)
		status = check_object(&check);
	for (int i = 0; i < check.program_count; i++) {
		free(check.programs[i].name);
		free(check.programs[i].section);
		for (int e = 0; e < MAX_ENGINES; e++)
			free_verdict(&check.programs[i].verdict[e]);
	}
	free(check.programs);
	return status;
}

static const struct operand operands[] = {
	{.name = "OBJECT", .value = {VALUE_FILE}},
	{.name = "PROGRAM", .value = {VALUE_FUNCTION}, .optional = true},
	{0},
};

static const struct example examples[] = {
	{"bpftrek check service.bpf.o", "the verdict on each program of an object"},
	{"bpftrek check --verbose service.bpf.o", "and every instruction on each path"},
	{"bpftrek --on kernel check service.bpf.o", "what Linux's verifier says, beside ours"},
	{0},
};

const struct command check_command = {
	.name = "check",
	.summary = "verify the programs of an object and say why one is refused; run nothing",
	.text = "Verify each program of OBJECT (.bpf.o), or PROGRAM alone, without running it, and "
		"print for each: instructions walked, time, states kept, and bytes of stack of "
		"each function; or why it is refused: where in the source, what, and what would be "
		"accepted. Programs are loaded one by one, so that one does not hide the others.\n"
		"This needs no privilege: the verifier of the embedded engine checks. With --on "
		"kernel the kernel's does as well, and where the two do not agree it is said.\n"
		"With --verbose all of the verifier's log is printed, each instruction on each "
		"path; with --quiet, refused programs only. --json has all of it as data: for each "
		"program its name, section, type, verdict (for each engine: accepted, errno, "
		"errno_name, time_us, insns_processed, states, stack_depth, message, log) and "
		"agree.",
	.operands = operands,
	.examples = examples,
	.exit_status = "0 if every program is accepted on each engine asked, 1 "
		       "if not, 2 if the command line is wrong.",
	.json = true,
	.run = run,
};
