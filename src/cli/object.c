/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Objects. libbpf says much when it fails, in its log and as one errno; here it becomes the one
 * cause that a user can do something about.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "cli.h"
#include "engine.h"
#include "libbpf_log.h"
#include "object.h"

/* Pages that no log touches are never there, unless malloc() is asked to touch them. */
static size_t log_size(__u32 log_level)
{
	if (log_level == LOG_NUMBERS)
		return 64 << 10;
	return log_level & LOG_WALK ? 64 << 20 : 16 << 20;
}

const char *iterator_target(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);

	if (bpf_program__expected_attach_type(prog) != BPF_TRACE_ITER)
		return NULL;
	if (!strncmp(section, "iter/", 5))
		return section + 5;
	if (!strncmp(section, "iter.s/", 7))
		return section + 7;
	return NULL;
}

static bool is_elf(const char *path)
{
	char magic[4] = "";
	FILE *file = fopen(path, "r");

	if (!file)
		return false;
	if (fread(magic, 1, sizeof(magic), file) != sizeof(magic))
		magic[0] = '\0';
	fclose(file);
	return !memcmp(magic, "\177ELF", sizeof(magic));
}

int open_object(const char *path, struct bpf_object **obj)
{
	const char *said;
	struct stat st;
	int err, status;

	/* libbpf has one error for all that is wrong with a file. */
	err = stat(path, &st) || access(path, R_OK) ? errno : 0;
	if (!err && S_ISDIR(st.st_mode))
		err = EISDIR;
	if (err)
		return fail("%s: %s; name a compiled BPF object (.bpf.o)", path, strerror(err));
	status = check_object_btf(path);
	if (status)
		return status;

	libbpf_log_clear();
	*obj = bpf_object__open_file(path, NULL);
	if (*obj)
		return 0;
	err = errno;
	if (!is_elf(path))
		return fail("%s: not an ELF file; compile a program with clang -target bpf -g -c",
			    path);
	said = libbpf_log_find(NULL);
	return fail("%s: not a BPF object: %s; compile a program with clang -target bpf -g -c",
		    path, said ? said : strerror(err));
}

/* Whether the engine has an iterator target of this name, as far as its types can be read. */
static bool has_target(const char *target)
{
	struct btf *btf = btf__load_vmlinux_btf();
	char name[128];
	bool found;

	snprintf(name, sizeof(name), "bpf_iter_%s", target);
	found = !btf || btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
	btf__free(btf);
	return found;
}

static bool line_has(const char *line, size_t len, const char *words)
{
	const char *found = strstr(line, words);

	return found && found < line + len;
}

/* Lines in which a verifier tells what it walked through, not what is wrong. */
static bool is_trace(const char *line, size_t len)
{
	static const char *const beginnings[] = {
		";",	       "from ",	  "func#",     "mark_precise:",	 "last_idx",
		"parent ",     "regs=",	  "Live regs", "processed ",	 "verification time",
		"stack depth", "caller:", "callee:",   "returning from", "max_states",
		"Validating ", "Func#",
	};
	size_t digits = strspn(line, "0123456789");

	if (!len || *line == ' ' || *line == '\t')
		return true;
	/* Of a load from the context; "func 'NAME' ..." is also how errors begin. */
	if (!strncmp(line, "func '", 6) && line_has(line, len, " has btf_id "))
		return true;
	/* Of a main function whose context is a void pointer. */
	if (!strncmp(line, "arg#", 4) && line_has(line, len, "type('UNKNOWN ')"))
		return true;
	if (digits && (line[digits] == ':' || !strncmp(line + digits, ": ", 2)))
		return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (!strncmp(line, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

/* What Linux before 6.2 says of such a main function, and of a call that it refuses. */
static bool may_be_trace(const char *line, size_t len)
{
	return !strncmp(line, "Unrecognized arg#", strlen("Unrecognized arg#")) ||
	       line_has(line, len, "reg type unsupported for arg#");
}

/* Where the first line of a verifier's log is that is no trace, or NULL. */
static const char *find_reason(const char *log, bool sure)
{
	size_t len;

	for (; *log; log += len + (log[len] == '\n')) {
		len = strcspn(log, "\n");
		if (!is_trace(log, len) && !(sure && may_be_trace(log, len)))
			return log;
	}
	return NULL;
}

/* What is wrong, of a verifier's log. Where it stands in the log, or NULL. */
static const char *verdict(const char *log, char *line, size_t size)
{
	static const char refused[] = "refused: ";
	const char *told = find_reason(log, true), *said;
	size_t len, place;

	if (!told)
		told = find_reason(log, false);
	*line = '\0';
	if (!told)
		return NULL;
	len = strcspn(told, "\n");
	/* Our own verifier says it, and so do we already. */
	said = memmem(told, len, refused, strlen(refused));
	place = said ? said - told : 0;
	snprintf(line, size, "%.*s%.*s", (int)place, told,
		 (int)(len - place - (said ? strlen(refused) : 0)),
		 said ? said + strlen(refused) : told);
	return told;
}

/* What would be accepted, if the verifier says it, as our own does. */
static void advice(const char *log, char *line, size_t size)
{
	static const char label[] = "  to be accepted: ";
	const char *found = strstr(log, label);

	*line = '\0';
	if (!found)
		return;
	found += strlen(label);
	snprintf(line, size, "%.*s; ", (int)strcspn(found, "\n"), found);
}

static void say(struct load_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say(struct load_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->why, sizeof(error->why), format, args);
	va_end(args);
}

/* The program that libbpf's log says it failed at. */
static struct bpf_program *failed_program(struct bpf_object *obj)
{
	char name[64];
	const char *line = libbpf_log_find("prog '");

	if (!line || sscanf(strstr(line, "prog '"), "prog '%63[^']'", name) != 1)
		return NULL;
	return bpf_object__find_program_by_name(obj, name);
}

/* A map that could not be made: libbpf says "map 'NAME': failed to create: REASON(-N)". */
static bool explain_map(struct bpf_object *obj, struct load_error *error)
{
	const char *said = libbpf_log_find("failed to create");
	const struct bpf_map *map;
	const char *type;
	char name[64], reason[64];

	if (!said || sscanf(said, "map '%63[^']': failed to create: %63[^(]", name, reason) != 2)
		return false;
	map = bpf_object__find_map_by_name(obj, name);
	type = map ? libbpf_bpf_map_type_str(bpf_map__type(map)) : NULL;
	say(error,
	    "map %s: the %s engine does not make it, of type %s: %s; change its definition%s", name,
	    engine_name(), type ? type : "unknown", reason,
	    engine_is_kernel() ? "" : " or run it with --on kernel");
	return true;
}

/* libbpf calls this helper where a relocation failed: 0xbad2310, as "bad relo". */
static bool hit_unresolved(const char *log)
{
	return strstr(log, "195896080") || strstr(log, "invalid CO-RE");
}

/* Those for which the kernel asks CAP_PERFMON; for the others it is CAP_NET_ADMIN, or nothing. */
static bool traces(const struct bpf_program *prog)
{
	switch (bpf_program__type(prog)) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_TRACING:
		return true;
	default:
		return false;
	}
}

static void explain_refusal(const struct bpf_program *prog, struct load_error *error)
{
	struct refusal refusal;

	engine_refusal(prog && !traces(prog) ? DEED_LOAD_OTHERS : DEED_RUN, &refusal);
	say(error, "%s; %s, or run it with --on embedded, which needs no privilege", refusal.why,
	    refusal.todo);
}

/* What libbpf and the engine said of it, as one line. */
static void explain(struct bpf_object *obj, struct load_error *error)
{
	struct bpf_program *prog = failed_program(obj);
	const char *target = prog ? iterator_target(prog) : NULL;
	const char *said = libbpf_log_find(NULL), *log = error->log;
	char todo[256];

	/* libbpf goes on without what it could not find out, to fail elsewhere. */
	if (error->err == EMFILE || libbpf_log_find(strerror(EMFILE))) {
		say(error, "%s; raise the limit (ulimit -n)", strerror(EMFILE));
		return;
	}
	error->prog = prog;
	if (target && !has_target(target)) {
		say(error,
		    "the %s engine has no iterator target '%s'; 'bpftrek targets' lists those it "
		    "has",
		    engine_name(), target);
		return;
	}
	if (prog && libbpf_log_unresolved() && hit_unresolved(error->log)) {
		say(error,
		    "the types of the %s engine lack %s; ask with bpf_core_field_exists() before "
		    "it is used",
		    engine_name(), libbpf_log_unresolved());
		return;
	}
	/* The log keeps its end; of the line that is cut off there would be no telling. */
	if (error->err == ENOSPC)
		log += strcspn(log, "\n");
	error->told = verdict(log, error->verdict, sizeof(error->verdict));
	advice(log, todo, sizeof(todo));
	if (prog && *error->verdict) {
		say(error, "refused by the verifier (%s): %s; %s--verbose shows its whole log",
		    strerror(error->err), error->verdict, todo);
		return;
	}
	if (said)
		error->prog = NULL; /* what libbpf says names the thing */
	if (error->err == EPERM && engine_is_kernel())
		explain_refusal(prog, error);
	else if (prog && said == libbpf_log_find("BPF program load failed"))
		say(error,
		    "program %s: the %s engine refuses it before verification (%s): it has no "
		    "programs of type %s, or not for this section; --verbose shows what libbpf "
		    "said",
		    bpf_program__name(prog), engine_name(), strerror(error->err),
		    libbpf_bpf_prog_type_str(bpf_program__type(prog)));
	else if (!explain_map(obj, error))
		/* An extern, a relocation or a map. */
		say(error, "%s%s; --verbose shows all that libbpf said",
		    said ? said : "not loaded: ", said ? "" : strerror(error->err));
}

int try_load(struct bpf_object *obj, __u32 log_level, struct load_error *error)
{
	size_t size = log_size(log_level);
	struct bpf_program *prog;

	memset(error, 0, sizeof(*error));
	error->log = malloc(size);
	if (!error->log)
		return -ENOMEM;
	*error->log = '\0';
	bpf_object__for_each_program(prog, obj)
	{
		bpf_program__set_log_buf(prog, error->log, size);
		bpf_program__set_log_level(prog, log_level);
	}
	libbpf_log_clear();
	error->err = -bpf_object__load(obj);
	if (error->err)
		explain(obj, error);
	bpf_object__for_each_program(prog, obj) bpf_program__set_log_buf(prog, NULL, 0);
	return 0;
}

int load_object(struct bpf_object *obj, const char *path)
{
	struct load_error error;
	int status = 0;

	if (try_load(obj, 0, &error))
		return fail("%s: out of memory; free some and run it again", path);
	if (error.err) {
		libbpf_log_attach(error.log);
		status = fail("%s: %s%s%s%s", path, error.prog ? "program " : "",
			      error.prog ? bpf_program__name(error.prog) : "",
			      error.prog ? ": " : "", error.why);
	}
	free(error.log);
	return status;
}
