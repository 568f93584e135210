/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Keeping what is offered; the names of files, and the names that are in object files. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "complete.h"
#include "object.h"

void offer(struct candidates *candidates, const char *text, const char *help)
{
	struct candidate *larger;

	if (strncmp(text, candidates->word, strlen(candidates->word)) || strpbrk(text, "\n\t"))
		return;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return;
	larger = reallocarray(candidates->list, candidates->count + 1, sizeof(*larger));
	if (!larger)
		return;
	candidates->list = larger;
	larger += candidates->count;
	larger->text = strdup(text);
	larger->help = help ? strdup(help) : NULL;
	if (!larger->text) {
		free(larger->help);
		return;
	}
	candidates->count++;
	if (!larger->help)
		return;
	make_printable(larger->help);
	for (char *c = larger->help; (c = strpbrk(c, "\n\t"));)
		*c = ' ';
}

void offer_files(struct candidates *candidates, bool (*takes)(const char *path, const void *arg),
		 const void *arg)
{
	const char *slash = strrchr(candidates->word, '/');
	int len = slash ? slash + 1 - candidates->word : 0;
	struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%.*s", len, candidates->word);
	candidates->paths = true;
	dir = opendir(len ? path : ".");
	while (dir && (entry = readdir(dir))) {
		/* Hidden ones only if their dot is typed. */
		if (entry->d_name[0] == '.' && candidates->word[len] != '.')
			continue;
		if (strncmp(entry->d_name, candidates->word + len, strlen(candidates->word + len)))
			continue;
		if (snprintf(path, sizeof(path), "%.*s%s", len, candidates->word, entry->d_name) >=
			    (int)sizeof(path) - 1 ||
		    stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode)) {
			strcat(path, "/");
			offer(candidates, path, NULL);
		} else if (!takes || takes(path, arg)) {
			offer(candidates, path, NULL);
		}
	}
	if (dir)
		closedir(dir);
}

static struct bpf_object *open_quietly(const char *path)
{
	struct bpf_object *obj = NULL;

	return open_object(path, &obj) ? NULL : obj;
}

void offer_maps_of_files(struct candidates *candidates, const char *const *paths, size_t count,
			 const char *after)
{
	struct bpf_object *obj;
	struct bpf_map *map;
	const char *type;
	char text[256];

	for (size_t i = 0; i < count; i++) {
		obj = open_quietly(paths[i]);
		if (!obj)
			continue;
		bpf_object__for_each_map(map, obj)
		{
			if (bpf_map__is_internal(map))
				continue;
			type = libbpf_bpf_map_type_str(bpf_map__type(map));
			snprintf(text, sizeof(text), "%s%s", bpf_map__name(map), after);
			offer(candidates, text, type);
			candidates->goes_on |= *after != '\0';
		}
		bpf_object__close(obj);
	}
}

void offer_programs_of_files(struct candidates *candidates, const char *const *paths, size_t count,
			     bool iterators)
{
	struct bpf_object *obj;
	struct bpf_program *prog;

	for (size_t i = 0; i < count; i++) {
		obj = open_quietly(paths[i]);
		if (!obj)
			continue;
		bpf_object__for_each_program(prog, obj)
		{
			if (!iterators || iterator_target(prog))
				offer(candidates, bpf_program__name(prog),
				      bpf_program__section_name(prog));
		}
		bpf_object__close(obj);
	}
}

/* The variables of one object, "NAME=". */
static void offer_variables(struct candidates *candidates, const struct btf *btf)
{
	const struct btf_type *t, *var;
	const char *section, *name;
	char text[256];

	for (__u32 id = 1; btf && id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		section = btf__name_by_offset(btf, t->name_off);
		if (!btf_is_datasec(t) || !section || *section != '.' ||
		    !strcmp(section, ".maps") || !strcmp(section, ".ksyms"))
			continue;
		for (int i = 0; i < btf_vlen(t); i++) {
			var = btf__type_by_id(btf, btf_var_secinfos(t)[i].type);
			if (!var || !btf_is_var(var))
				continue;
			name = btf__name_by_offset(btf, var->name_off);
			if (strchr(name, '.'))
				continue; /* static in a function */
			snprintf(text, sizeof(text), "%s=", name);
			offer(candidates, text, section);
			candidates->goes_on = true;
		}
	}
}

void offer_variables_of_files(struct candidates *candidates, const char *const *paths, size_t count)
{
	struct bpf_object *obj;

	for (size_t i = 0; i < count; i++) {
		obj = open_quietly(paths[i]);
		if (obj)
			offer_variables(candidates, bpf_object__btf(obj));
		bpf_object__close(obj);
	}
}
