/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek exec: another program, unmodified, on a runtime inside its own process.
 *
 * The loader of a dynamically linked program puts the shim in front of libc ($LD_PRELOAD); a
 * program that has no loader, or that the system protects from this, would use the kernel
 * unnoticed, so it is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define SHIM "libbpftrek-shim.so"

enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126 };

/* The shim: where $BPFTREK_SHIM says, beside this command, or where it is installed. */
static int find_shim(char *path, size_t size)
{
	static const char *const beside[] = {SHIM, TREK_LIBDIR_FROM_BINDIR "/" SHIM};
	const char *given = getenv("BPFTREK_SHIM");
	char self[PATH_MAX];
	ssize_t len;

	if (given && *given) {
		snprintf(path, size, "%s", given);
		return access(path, R_OK) ? fail("$BPFTREK_SHIM: %s: %s; unset it or mend it",
						 given, strerror(errno))
					  : 0;
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

/* Whether an ELF file asks for no loader. What is no ELF, like a script, has one that does. */
static bool is_static(int fd)
{
	Elf *elf = elf_version(EV_CURRENT) ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	bool result = elf && elf_kind(elf) == ELF_K_ELF;
	size_t count = 0;
	GElf_Phdr header;

	if (result && !elf_getphdrnum(elf, &count))
		for (size_t i = 0; i < count; i++)
			if (gelf_getphdr(elf, i, &header) && header.p_type == PT_INTERP)
				result = false;
	elf_end(elf);
	return result;
}

static int check_command(const char *path)
{
	struct stat st;
	bool without_loader;
	int fd;

	if (stat(path, &st))
		return fail("%s: %s; name a program", path, strerror(errno));
	if (st.st_mode & (S_ISUID | S_ISGID) && (st.st_uid != getuid() || geteuid() != getuid()))
		return fail("%s: it is set-user-ID, so nothing can be preloaded; run it from a "
			    "copy without that bit",
			    path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* it may be run and not read: the loader decides */
	without_loader = is_static(fd);
	close(fd);
	if (without_loader)
		return fail(
			"%s: it is statically linked, so nothing can be preloaded; run one that "
			"is linked with the shared libc",
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

static int execute(int argc, char **argv)
{
	char shim[PATH_MAX], path[PATH_MAX];
	int status;

	if (next_option(&exec_command, argc, argv, NULL, &status) == OPTION_FAILED)
		return status;
	if (optind == argc)
		return usage_error("exec", "no command given");
	if (options.on && strcmp(options.on, "embedded"))
		return usage_error("exec", "--on %s: a program is run on the embedded engine only",
				   options.on);
	status = find_command(argv[optind], path, sizeof(path));
	if (!status)
		status = check_command(path);
	if (!status)
		status = find_shim(shim, sizeof(shim));
	if (!status)
		status = preload(shim);
	if (status)
		return status;
	execvp(argv[optind], argv + optind);
	status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
	fail("%s: %s; name a program", argv[optind], strerror(errno));
	return status;
}

const struct command exec_command = {
	.name = "exec",
	.summary = "run another program with its bpf(2) on the embedded engine",
	.help = "Usage: bpftrek exec -- COMMAND [ARGUMENT]...\n\n"
		"Run COMMAND, unmodified, with a BPF subsystem of its own inside its process: what "
		"it\n"
		"asks of the kernel's bpf(2) through libc is answered there, without any "
		"privilege.\n"
		"A program that COMMAND starts gets another one.\n"
		"COMMAND must be dynamically linked. The exit status is that of COMMAND, 127 if "
		"there\n"
		"is none of that name. " SHIM " is looked for beside bpftrek and where it\n"
		"is installed, or is what $BPFTREK_SHIM says.\n\n"
		"Example:\n"
		"  bpftrek exec -- ./my-libbpf-program\n",
	.run = execute,
};
