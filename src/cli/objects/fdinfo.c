/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Reading /proc/.../fdinfo: through open(), so that the shim shows that of its own descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdinfo.h"

static int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	if (got < 0)
		got = -errno;
	else
		text[got] = '\0';
	close(fd);
	return got;
}

int fdinfo_read(int fd, char *text, size_t size)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return read_file(path, text, size);
}

bool fdinfo_find(const char *text, const char *name, __u64 *number)
{
	const size_t len = strlen(name);

	for (; text; text = strchr(text, '\n'), text += text != NULL) {
		if (strncmp(text, name, len) || text[len] != ':')
			continue;
		*number = strtoull(text + len + 1, NULL, 0);
		return true;
	}
	return false;
}

bool fdinfo_number(const char *path, const char *name, __u64 *number)
{
	char text[1024];

	return read_file(path, text, sizeof(text)) > 0 && fdinfo_find(text, name, number);
}
