/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Looking for what cannot be seen from here.
 *
 * The initial pid namespace has a fixed inode number (PROC_PID_INIT_INO, include/linux/proc_ns.h)
 * and sees all processes. A bpf file system is one by its device number: those that processes of
 * other mount namespaces see are compared with those that are mounted here. What of /proc cannot be
 * read is passed over.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/elsewhere.h"

enum { INIT_PID_NAMESPACE = 0xeffffffc, MOST = 256 };

/* What was seen already: bpf file systems of this mount namespace, or mount namespaces. */
struct seen {
	unsigned long long numbers[MOST];
	size_t nr;
};

static bool was_seen(const struct seen *seen, unsigned long long number)
{
	for (size_t i = 0; i < seen->nr; i++)
		if (seen->numbers[i] == number)
			return true;
	return false;
}

static void see(struct seen *seen, unsigned long long number)
{
	if (seen->nr < MOST)
		seen->numbers[seen->nr++] = number;
}

/* The device of a bpf file system in a line of mountinfo (proc(5)), or 0. */
static unsigned long long bpf_device(const char *line)
{
	const char *type = strstr(line, " - bpf ");
	unsigned int major, minor;

	if (!type || sscanf(line, "%*u %*u %u:%u", &major, &minor) != 2)
		return 0;
	return (unsigned long long)major << 32 | minor;
}

/* Go through the bpf file systems that a process sees: add them, or say whether one is new. */
static bool look_at_mounts(const char *pid, struct seen *mounted, bool add)
{
	char path[64], *line = NULL;
	unsigned long long device;
	bool is_new = false;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.16s/mountinfo", pid);
	file = fopen(path, "re");
	while (file && !is_new && getline(&line, &room, file) > 0) {
		device = bpf_device(line);
		if (device && add)
			see(mounted, device);
		else if (device)
			is_new = !was_seen(mounted, device);
	}
	if (file)
		fclose(file);
	free(line);
	return is_new;
}

static ino_t namespace_of(const char *pid, const char *kind)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%.16s/ns/%s", pid, kind);
	return stat(path, &st) ? 0 : st.st_ino;
}

void elsewhere_find(struct elsewhere *elsewhere)
{
	struct seen mounted = {.nr = 0}, namespaces = {.nr = 0};
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	ino_t mounts;

	elsewhere->processes = namespace_of("self", "pid") != INIT_PID_NAMESPACE;
	elsewhere->mounted_by = 0;
	look_at_mounts("self", &mounted, true);
	see(&namespaces, namespace_of("self", "mnt"));
	while (proc && !elsewhere->mounted_by && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		mounts = namespace_of(entry->d_name, "mnt");
		if (!mounts || was_seen(&namespaces, mounts))
			continue;
		see(&namespaces, mounts);
		if (look_at_mounts(entry->d_name, &mounted, false))
			elsewhere->mounted_by = atoi(entry->d_name);
	}
	if (proc)
		closedir(proc);
}

const char *elsewhere_text(const struct elsewhere *elsewhere)
{
	if (elsewhere->mounted_by)
		return "a bpf file system that is mounted in another mount namespace may have a "
		       "pin of it";
	if (elsewhere->processes)
		return "a process of another pid namespace may have it";
	return NULL;
}
