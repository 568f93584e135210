/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* How types are called: what libbpf knows them as. */
#include <stdio.h>

#include <bpf/libbpf.h>

#include "objects.h"

const char *const object_kind_names[NR_OBJECT_KINDS] = {
	[OBJECT_PROGRAM] = "prog",
	[OBJECT_MAP] = "map",
	[OBJECT_LINK] = "link",
	[OBJECT_BTF] = "btf",
};

/* One text for each function below: who prints two of a sort at once copies the first. */
static const char *or_number(const char *name, __u32 type, char *text, size_t size)
{
	if (name)
		return name;
	snprintf(text, size, "type %u", type);
	return text;
}

const char *map_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_map_type_str(type), type, text, sizeof(text));
}

const char *program_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_prog_type_str(type), type, text, sizeof(text));
}

const char *link_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_link_type_str(type), type, text, sizeof(text));
}

const char *attach_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_attach_type_str(type), type, text, sizeof(text));
}
