/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Why the kernel refuses something, as far as this process can tell: see engine.h.
 *
 * EPERM is all that bpf(2) says. A capability that is missing is the cause nearly always; who has
 * it and is refused is in a user namespace, whose capabilities do not count, or under a filter of
 * seccomp(2), or a security module is in the way, or has used up what it may lock of memory.
 * CAP_SYS_ADMIN does for each of the others (include/linux/capability.h, bpf_token_capable() of
 * kernel/bpf/token.c).
 */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli.h"
#include "engine.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

#define INIT_USER_NAMESPACE 0xeffffffd /* PROC_USER_INIT_INO, include/linux/proc_ns.h */

static const struct deed {
	struct {
		int capability;
		const char *name;
	} needs[3];	     /* ends with a zero entry */
	const char *besides; /* what helps, too */
} deeds[] = {
	[DEED_RUN] = {{{CAP_BPF, "CAP_BPF"}, {CAP_PERFMON, "CAP_PERFMON"}}, ""},
	[DEED_OPEN] = {{{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}},
		       "name a path where it is pinned that you may read, "},
	[DEED_OPEN_PINNED] = {{{CAP_BPF, "CAP_BPF"}}, ""},
	[DEED_ASK] = {{{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}}, ""},
	[DEED_LOAD_OTHERS] = {{{CAP_BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}}, ""},
};

static bool may(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[capability / 32].effective & 1u << capability % 32 ||
	       data[CAP_SYS_ADMIN / 32].effective & 1u << CAP_SYS_ADMIN % 32;
}

/* Those of them that this process lacks, or all: "A and B"; "" for none. */
static void name_capabilities(const struct deed *deed, bool all, char *names, size_t size)
{
	*names = '\0';
	for (size_t i = 0; deed->needs[i].name; i++)
		if (all || !may(deed->needs[i].capability))
			snprintf(names + strlen(names), size - strlen(names), "%s%s",
				 *names ? " and " : "", deed->needs[i].name);
}

static bool is_in_a_user_namespace(void)
{
	struct stat st;

	return !stat("/proc/self/ns/user", &st) && st.st_ino != INIT_USER_NAMESPACE;
}

/* Not by prctl(2), which the filter may refuse, or end the process for. */
static bool is_filtered(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	int mode = 0;

	while (status && fgets(line, sizeof(line), status) &&
	       sscanf(line, "Seccomp: %d", &mode) != 1)
		;
	if (status)
		fclose(status);
	return mode;
}

/*
 * Bytes that this process may have locked, among which Linux before 5.11 counts maps and programs;
 * libbpf asks for more, which takes CAP_SYS_RESOURCE. RLIM_INFINITY: that cannot be why.
 */
static rlim_t locked_limit(void)
{
	unsigned int major, minor;
	struct utsname kernel;
	struct rlimit limit;

	if (uname(&kernel) || sscanf(kernel.release, "%u.%u", &major, &minor) != 2 || major > 5 ||
	    (major == 5 && minor >= 11) || getrlimit(RLIMIT_MEMLOCK, &limit))
		return RLIM_INFINITY;
	return limit.rlim_cur;
}

bool engine_may(enum engine_deed deed)
{
	char names[64];

	name_capabilities(&deeds[deed], false, names, sizeof(names));
	return !*names;
}

void engine_refusal(enum engine_deed deed, struct refusal *refusal)
{
	const bool namespace = is_in_a_user_namespace();
	const bool makes = deed == DEED_RUN || deed == DEED_LOAD_OTHERS;
	const rlim_t limit = makes ? locked_limit() : RLIM_INFINITY;
	char names[64];

	name_capabilities(&deeds[deed], namespace, names, sizeof(names));
	refusal->todo = "run it outside of that";
	if (namespace)
		snprintf(refusal->why, sizeof(refusal->why),
			 "no permission for the kernel, it needs %s of the initial user namespace, "
			 "and those of this one do not count",
			 names);
	else if (*names && geteuid())
		snprintf(refusal->why, sizeof(refusal->why),
			 "no permission for the kernel, it needs %s", names);
	else if (*names)
		snprintf(refusal->why, sizeof(refusal->why),
			 "no permission for the kernel, it needs %s, which root has not got here, "
			 "as in a container",
			 names);
	else if (is_filtered())
		snprintf(refusal->why, sizeof(refusal->why),
			 "the kernel refuses it, though this process has the capabilities for it: "
			 "it is under a filter of seccomp(2), as of a container or a service");
	else if (limit != RLIM_INFINITY)
		snprintf(refusal->why, sizeof(refusal->why),
			 "the kernel refuses it: it counts maps and programs as locked memory, of "
			 "which this process may have %llu KiB",
			 (unsigned long long)limit >> 10);
	else
		snprintf(refusal->why, sizeof(refusal->why),
			 "the kernel refuses it, though this process has the capabilities for it: "
			 "a security module or lockdown may be why");
	if (!*names && !namespace && limit != RLIM_INFINITY)
		refusal->todo = "raise that limit (ulimit -l)";
	if (*names && !namespace)
		refusal->todo = geteuid() ? "run it as root" : "give it that or run it on the host";
}

int engine_refused(enum engine_deed deed, const char *what)
{
	struct refusal refusal;

	engine_refusal(deed, &refusal);
	return fail("%s: %s; %s, %sor run it with --on embedded, which needs no privilege", what,
		    refusal.why, refusal.todo, deeds[deed].besides);
}
