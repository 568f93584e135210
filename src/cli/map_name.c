/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* A map as the command line names it: bpftool's way, and a word alone is a name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "cli.h"
#include "engine.h"
#include "map_name.h"

int read_map_name(const char *what, const struct word *word, struct map_name *name)
{
	unsigned long value;
	char *end;

	name->text = word->text;
	name->by = !word->by || !strcmp(word->by, "name") ? MAP_BY_NAME
		   : !strcmp(word->by, "id")		  ? MAP_BY_ID
							  : MAP_BY_PATH;
	if (name->by != MAP_BY_ID)
		return 0;
	errno = 0;
	value = strtoul(word->text, &end, 10);
	if (*word->text < '0' || *word->text > '9' || *end || errno || value > UINT32_MAX)
		return usage_error("%s id '%s' is no number", what, word->text);
	name->id = value;
	return 0;
}

static int duplicate(int from, int *fd)
{
	*fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
	return *fd < 0 ? fail("map: %s; raise the limit of open files", strerror(errno)) : 0;
}

/* What the engine calls a map that was created as @name. */
static bool is_called(const struct bpf_map_info *info, const char *name)
{
	return !strncmp(info->name, name, sizeof(info->name) - 1);
}

static int open_by_name(const char *name, int *found)
{
	struct bpf_map_info info;
	__u32 id = 0, first = 0, len;
	int fd;

	*found = -1;
	while (!bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0)
			continue; /* it went meanwhile */
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (bpf_obj_get_info_by_fd(fd, &info, &len) || !is_called(&info, name)) {
			close(fd);
		} else if (*found < 0) {
			*found = fd;
			first = id;
		} else {
			close(fd);
			close(*found);
			return fail("map name %s: several have it, first ids %u and %u; name it by "
				    "--map id N",
				    name, first, id);
		}
	}
	if (*found >= 0)
		return 0;
	if (errno == EPERM)
		return engine_refused("map by name");
	return fail("map name %s: no such map on the %s engine; load an object that has it with "
		    "--load, or look with 'bpftool map'",
		    name, engine_name());
}

static int open_by_id(__u32 id, int *fd)
{
	*fd = bpf_map_get_fd_by_id(id);
	if (*fd >= 0)
		return 0;
	if (errno == EPERM)
		return engine_refused("map by id");
	return fail("map id %u: %s on the %s engine; name one that is there", id,
		    errno == ENOENT ? "no such map" : strerror(errno), engine_name());
}

static int open_by_path(const char *path, int *fd)
{
	*fd = bpf_obj_get(path);
	if (*fd >= 0)
		return 0;
	return fail("map pinned %s: %s; name a path where a map is pinned", path, strerror(errno));
}

int open_map(const struct map_name *name, struct bpf_object *const *objects, size_t count, int *fd)
{
	struct bpf_map *map;

	if (name->by == MAP_BY_ID)
		return open_by_id(name->id, fd);
	if (name->by == MAP_BY_PATH)
		return open_by_path(name->text, fd);
	for (size_t i = 0; i < count; i++) {
		map = bpf_object__find_map_by_name(objects[i], name->text);
		if (map && bpf_map__fd(map) >= 0)
			return duplicate(bpf_map__fd(map), fd);
	}
	return open_by_name(name->text, fd);
}
