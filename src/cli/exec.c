/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek exec: another program, unmodified, on a runtime inside its own process.
 *
 * The loader of a dynamically linked program puts the shim in front of libc ($LD_PRELOAD). A
 * program that has no loader, or that the system protects from this, would use the kernel
 * unnoticed, and so would any program with a shim that its loader cannot take: it only complains.
 * All these are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "commands.h"

#define SHIM "libbpftrek-shim.so"

enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126 };

/* What decides whether an ELF file can be loaded with another one. */
struct binary {
	bool is_elf, is_library, has_loader;
	int class, machine;
};

static struct binary read_binary(int fd)
{
	Elf *elf = elf_version(EV_CURRENT) ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	struct binary binary = {0};
	size_t count = 0;
	GElf_Phdr header;
	GElf_Ehdr ehdr;

	if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &ehdr)) {
		binary.is_elf = true;
		binary.is_library = ehdr.e_type == ET_DYN;
		binary.class = ehdr.e_ident[EI_CLASS];
		binary.machine = ehdr.e_machine;
		if (!elf_getphdrnum(elf, &count))
			for (size_t i = 0; i < count; i++)
				if (gelf_getphdr(elf, i, &header) && header.p_type == PT_INTERP)
					binary.has_loader = true;
	}
	elf_end(elf);
	return binary;
}

/* A shim that the loader does not find or take would be left out, with the kernel used instead. */
static int check_shim(const char *path)
{
	struct binary shim;
	int fd;

	if (strpbrk(path, " :"))
		return fail("%s: a path with a space or a colon cannot be preloaded; set "
			    "$BPFTREK_SHIM to one without",
			    path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("%s: %s; set $BPFTREK_SHIM to " SHIM, path, strerror(errno));
	shim = read_binary(fd);
	close(fd);
	if (!shim.is_elf || !shim.is_library)
		return fail("%s: not a shared library; set $BPFTREK_SHIM to " SHIM, path);
	return 0;
}

/* The shim: where $BPFTREK_SHIM says, beside this command, or where it is installed. */
static int find_shim(char *path, size_t size)
{
	static const char *const beside[] = {SHIM, TREK_LIBDIR_FROM_BINDIR "/" SHIM};
	const char *given = getenv("BPFTREK_SHIM");
	char self[PATH_MAX];
	ssize_t len;

	if (given && *given) {
		/* A name without a slash is looked for elsewhere, a relative one not only here. */
		if (!realpath(given, self) || access(self, R_OK))
			return fail("$BPFTREK_SHIM: %s: %s; unset it or mend it", given,
				    strerror(errno));
		snprintf(path, size, "%s", self);
		return 0;
	}
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return fail(SHIM ": cannot tell where this command is (%s); set $BPFTREK_SHIM",
			    strerror(errno));
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		if (snprintf(path, size, "%s/%s", self, beside[i]) < (int)size &&
		    !access(path, R_OK))
			return 0;
	return fail(SHIM ": not beside the command in %s, nor installed; set $BPFTREK_SHIM to it",
		    self);
}

/* The file that execvp() would run. */
static int find_command(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");
	size_t len;
	int status = NOT_FOUND;

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		if (!access(path, X_OK))
			return 0;
		status = errno == ENOENT || errno == ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE;
		fail("%s: %s; name a program", name, strerror(errno));
		return status;
	}
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; dirs; dirs = dirs[len] ? dirs + len + 1 : NULL) {
		len = strcspn(dirs, ":");
		if (snprintf(path, size, "%.*s/%s", (int)len, len ? dirs : ".", name) < (int)size &&
		    !access(path, X_OK))
			return 0;
	}
	fail("%s: no such command; name a program, or give its path", name);
	return status;
}

/* Whether the system runs it with more than this user has, and so preloads nothing. */
static bool is_privileged(const char *path, const struct stat *st)
{
	uid_t euid = st->st_mode & S_ISUID ? st->st_uid : geteuid();
	gid_t egid = st->st_mode & S_ISGID ? st->st_gid : getegid();

	if (euid != getuid() || egid != getgid())
		return true;
	return getuid() && getxattr(path, "security.capability", NULL, 0) > 0;
}

static int check_runnable(const char *path)
{
	struct binary command, self;
	struct stat st;
	int fd;

	if (stat(path, &st))
		return fail("%s: %s; name a program", path, strerror(errno));
	if (is_privileged(path, &st))
		return fail("%s: it is set-user-ID or has capabilities, so nothing can be "
			    "preloaded; run it from a copy without that",
			    path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* it may be run and not read: the loader decides */
	command = read_binary(fd);
	close(fd);
	if (!command.is_elf)
		return 0; /* a script, whose interpreter has a loader */
	if (!command.has_loader)
		return fail(
			"%s: it is statically linked, so nothing can be preloaded; run one that "
			"is linked with the shared libc",
			path);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	self = fd < 0 ? command : read_binary(fd);
	if (fd >= 0)
		close(fd);
	if (command.class != self.class || command.machine != self.machine)
		return fail("%s: it is for another machine than bpftrek, so nothing can be "
			    "preloaded; run one that is compiled as bpftrek is",
			    path);
	return 0;
}

static int preload(const char *shim)
{
	const char *others = getenv("LD_PRELOAD");
	char *value;
	int err;

	if (asprintf(&value, "%s%s%s", shim, others && *others ? ":" : "", others ? others : "") <
	    0)
		return fail("out of memory; free some and run it again");
	err = setenv("LD_PRELOAD", value, 1);
	free(value);
	return err ? fail("environment: %s; free some memory and run it again", strerror(errno))
		   : 0;
}

static int execute(const struct arguments *arguments)
{
	char shim[PATH_MAX], path[PATH_MAX];
	char **argv = arguments->argv;
	int status;

	if (options.on && strcmp(options.on, "embedded"))
		return usage_error("--on %s: a program is run on the embedded engine only",
				   options.on);
	status = find_command(argv[0], path, sizeof(path));
	if (!status)
		status = check_runnable(path);
	if (!status)
		status = find_shim(shim, sizeof(shim));
	if (!status)
		status = check_shim(shim);
	if (!status)
		status = preload(shim);
	if (status)
		return status;
	signal(SIGXFSZ, SIG_DFL); /* it is ours that is ignored, see main() */
	execvp(argv[0], argv);
	status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
	fail("%s: %s; name a program", argv[0], strerror(errno));
	return status;
}

static const struct operand operands[] = {
	{.name = "COMMAND", .value = {VALUE_EXECUTABLE}},
	{.name = "ARGUMENT", .value = {VALUE_FILE}, .optional = true, .many = true},
	{0},
};

static const struct example examples[] = {
	{"bpftrek exec -- bpftool prog list", "bpftool, on an engine where no program is"},
	{0},
};

static const struct term environment[] = {
	{"BPFTREK_SHIM", "Where " SHIM " is, if it is neither beside bpftrek nor installed."},
	{"BPFTREK_PERF_MAP", "1: programs write to /tmp/perf-PID.map where their native code is."},
	{0},
};

const struct command exec_command = {
	.name = "exec",
	.summary = "run another program with its bpf(2) on the embedded engine",
	.text = "Run COMMAND, unmodified, with a BPF subsystem of its own inside its process: what "
		"it asks of the kernel's bpf(2) through libc is answered there, without any "
		"privilege. A program that COMMAND starts gets another one, but for one that is "
		"started without its environment (env -i, sudo): that one speaks to the kernel.\n"
		"COMMAND must be dynamically linked. " SHIM " is looked for beside bpftrek and "
		"where it is installed, or is what $BPFTREK_SHIM says.\n"
		"With BPFTREK_PERF_MAP=1 in its environment, programs say in /tmp/perf-PID.map "
		"where their native code is: perf report shows the functions of BPF programs by "
		"name.",
	.operands = operands,
	.examples = examples,
	.exit_status = "That of COMMAND, 127 if there is none of that name, 126 "
		       "if it cannot be executed.",
	.environment = environment,
	.without_engine = true,
	.words_end_options = true,
	.run = execute,
};
