/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Offering the programs, maps, links and BTFs of the kernel: their ids, names and tags, and where
 * they are pinned. An embedded engine has none before the command that begins with it.
 */
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "complete.h"
#include "engine.h"
#include "objects.h"

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct candidate *)a)->text, ((const struct candidate *)b)->text);
}

/* What is there more than once, from candidate @first on, is offered once. */
static void unite(struct candidates *candidates, size_t first)
{
	struct candidate *list = candidates->list;
	size_t kept = first;

	if (candidates->count == first)
		return;
	qsort(list + first, candidates->count - first, sizeof(*list), by_text);
	for (size_t i = first + 1; i < candidates->count; i++) {
		if (strcmp(list[i].text, list[kept].text)) {
			list[++kept] = list[i];
			continue;
		}
		free(list[i].text);
		free(list[i].help);
		free(list[kept].help);
		list[kept].help = strdup("several");
	}
	candidates->count = kept + 1;
}

/* Whether what is pinned at @path is a @inode. */
static bool is_pinned(const char *path, const void *arg)
{
	const char *inode = arg;
	char link[64], target[64] = "";
	struct statfs fs;
	int fd;

	if (statfs(path, &fs) || fs.f_type != BPF_FS_MAGIC)
		return false;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, target, sizeof(target) - 1) < 0)
		*target = '\0';
	close(fd);
	return strstr(target, inode) != NULL;
}

/* Paths below the bpf file systems that are mounted here. */
static void offer_pins(struct candidates *candidates, const char *inode)
{
	FILE *mounts;
	struct mntent *mount;
	char path[PATH_MAX];

	if (*candidates->word) {
		offer_files(candidates, is_pinned, inode);
		return;
	}
	mounts = setmntent("/proc/self/mounts", "r");
	while (mounts && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "bpf"))
			continue;
		snprintf(path, sizeof(path), "%s/", mount->mnt_dir);
		offer(candidates, path, NULL);
		candidates->paths = true;
	}
	if (mounts)
		endmntent(mounts);
}

/* One that is called @name (NULL: by nothing) and is a @what. */
static void offer_object(struct candidates *candidates, const char *by, __u32 id, const char *name,
			 const char *what)
{
	char number[16], help[256];
	bool named = name && *name;

	snprintf(number, sizeof(number), "%u", id);
	if (!strcmp(by, "id")) {
		snprintf(help, sizeof(help), "%s%s%s", named ? name : "", named ? ", " : "", what);
		offer(candidates, number, help);
	} else if (named) {
		snprintf(help, sizeof(help), "%s, id %s", what, number);
		offer(candidates, name, help);
	}
}

static void offer_maps(struct candidates *candidates, const char *by, const struct objects *objects)
{
	const struct map *map = objects->maps;

	for (size_t i = 0; i < objects->nr_maps; i++, map++)
		offer_object(candidates, by, map->id, map->name, map_type_name(map->type));
}

static void offer_programs(struct candidates *candidates, const char *by,
			   const struct objects *objects)
{
	const struct program *program = objects->programs;
	char tag[2 * sizeof(program->tag) + 1];

	for (size_t i = 0; i < objects->nr_programs; i++, program++) {
		for (size_t byte = 0; byte < sizeof(program->tag); byte++)
			sprintf(tag + 2 * byte, "%02x", program->tag[byte]);
		offer_object(candidates, by, program->id, strcmp(by, "tag") ? program->name : tag,
			     program_type_name(program->type));
	}
}

static void offer_links(struct candidates *candidates, const char *by,
			const struct objects *objects)
{
	const struct link *link = objects->links;

	for (size_t i = 0; i < objects->nr_links; i++, link++)
		offer_object(candidates, by, link->id, NULL, link_type_name(link->type));
}

static void offer_btfs(struct candidates *candidates, const char *by, const struct objects *objects)
{
	const struct btf_object *btf = objects->btfs;

	for (size_t i = 0; i < objects->nr_btfs; i++, btf++)
		offer_object(candidates, by, btf->id, btf->name, "BTF");
}

/* By their kind from VALUE_MAP on; @inode: what /proc/self/fd says of an open one. */
static const struct {
	unsigned int wanted;
	const char *inode;
	void (*offer)(struct candidates *candidates, const char *by, const struct objects *objects);
} sources[] = {
	[VALUE_MAP - VALUE_MAP] = {WANT_MAPS, "bpf-map", offer_maps},
	[VALUE_PROGRAM - VALUE_MAP] = {WANT_PROGRAMS, "bpf-prog", offer_programs},
	[VALUE_LINK - VALUE_MAP] = {WANT_LINKS, "bpf-link", offer_links},
	[VALUE_BTF - VALUE_MAP] = {WANT_BTFS, "btf", offer_btfs},
};

static bool is_kernel_asked(void)
{
	const char *on = options.on ?: getenv("BPFTREK_ON");

	return !on || !*on || !strcmp(on, "kernel");
}

void offer_objects(struct candidates *candidates, enum value_kind kind, const char *by)
{
	size_t first = candidates->count;
	struct objects objects;

	kind -= VALUE_MAP;
	if (!is_kernel_asked())
		return;
	if (!strcmp(by, "pinned")) {
		offer_pins(candidates, sources[kind].inode);
		return;
	}
	if (engine_start_on("kernel"))
		return;
	objects_gather(sources[kind].wanted, &objects);
	sources[kind].offer(candidates, by, &objects);
	objects_free(&objects);
	engine_stop();
	if (strcmp(by, "id"))
		unite(candidates, first);
}
