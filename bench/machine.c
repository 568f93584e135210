/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What figures are from: processor, kernel, compiler, date.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

static void processor(char *buf, size_t size)
{
	FILE *cpuinfo = fopen("/proc/cpuinfo", "re");
	char line[512], *name;

	snprintf(buf, size, "unknown processor");
	while (cpuinfo && fgets(line, sizeof(line), cpuinfo)) {
		name = strchr(line, ':');
		if (strncmp(line, "model name", strlen("model name")) || !name)
			continue;
		name[strcspn(name, "\n")] = '\0';
		snprintf(buf, size, "%s", name + 2);
		break;
	}
	if (cpuinfo)
		fclose(cpuinfo);
}

static int sysctl(const char *path)
{
	FILE *file = fopen(path, "re");
	int c = file ? fgetc(file) : '?';

	if (file)
		fclose(file);
	return c;
}

void machine_look(struct machine *m)
{
	struct utsname host;
	time_t now = time(NULL);
	struct tm day;

	processor(m->processor, sizeof(m->processor));
	m->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uname(&host);
	snprintf(m->kernel, sizeof(m->kernel), "%s %s %s (bpf_jit_enable %c)", host.sysname,
		 host.release, host.machine, sysctl("/proc/sys/net/core/bpf_jit_enable"));
#ifdef __clang__
	snprintf(m->compiler, sizeof(m->compiler), "%s", __VERSION__);
#else
	snprintf(m->compiler, sizeof(m->compiler), "GCC %s", __VERSION__);
#endif
	gmtime_r(&now, &day);
	strftime(m->date, sizeof(m->date), "%Y-%m-%d", &day);
}
