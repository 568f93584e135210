/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * --set: global variables before load. BTF lists the variables of each data section; libbpf holds
 * the bytes of the section, which become the map of that section.
 */
#include <string.h>

#include "cli.h"
#include "fill.h"
#include "value.h"

/* The value as JSON: text that is none, and text for a char array, is a string. */
static json_t *parse_value(const struct btf *btf, __u32 type, const char *text)
{
	struct value_error ignored;
	json_t *json = NULL;

	if (!value_is_text(btf, type) || *text == '[' || *text == '"')
		json = value_parse(text, &ignored);
	return json ? json : json_string(text);
}

/* The map of data section @section. */
static struct bpf_map *section_map(struct bpf_object *obj, __u32 section)
{
	const struct btf *btf = bpf_object__btf(obj);
	const char *name = btf__name_by_offset(btf, btf__type_by_id(btf, section)->name_off);
	const char *map_name;
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		map_name = bpf_map__name(map);
		if (!bpf_map__is_internal(map) || strlen(map_name) < strlen(name))
			continue;
		if (!strcmp(map_name + strlen(map_name) - strlen(name), name))
			return map;
	}
	return NULL;
}

static int set_in_section(struct bpf_object *obj, __u32 section,
			  const struct btf_var_secinfo *secinfo, const char *name,
			  const char *value)
{
	const struct btf *btf = bpf_object__btf(obj);
	__u32 type = btf__type_by_id(btf, secinfo->type)->type;
	struct bpf_map *map = section_map(obj, section);
	struct value_error error;
	unsigned char *bytes;
	json_t *json;
	size_t size;
	int err;

	bytes = map ? (unsigned char *)bpf_map__initial_value(map, &size) : NULL;
	if (!bytes || secinfo->offset > size || secinfo->size > size - secinfo->offset)
		return fail("--set %s: its section cannot be set; use a const volatile, static or "
			    "global variable",
			    name);
	json = parse_value(btf, type, value);
	if (!json)
		return fail("--set %s: the value is no text (UTF-8); give another", name);
	err = value_from_json(btf, type, json, bytes + secinfo->offset, secinfo->size, &error);
	json_decref(json);
	if (err)
		return fail("--set %s%s: %s; give another value", name, error.where, error.why);
	return 0;
}

int set_variable(struct bpf_object *obj, const char *name, const char *value, bool *found)
{
	const struct btf *btf = bpf_object__btf(obj);
	const struct btf_type *t, *var;
	const struct btf_var_secinfo *secinfo;

	*found = false;
	for (__u32 id = 1; btf && id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		if (!btf_is_datasec(t))
			continue;
		for (int i = 0; i < btf_vlen(t); i++) {
			secinfo = &btf_var_secinfos(t)[i];
			var = btf__type_by_id(btf, secinfo->type);
			if (!btf_is_var(var) ||
			    strcmp(btf__name_by_offset(btf, var->name_off), name))
				continue;
			*found = true;
			return set_in_section(obj, id, secinfo, name, value);
		}
	}
	return 0;
}
