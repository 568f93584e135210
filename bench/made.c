/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A shape is instructions alone; an engine also wants a map, and types for functions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "made.h"
#include "shapes.h"

#define PTR(p) ((unsigned long)(p))

static const struct shape *shape_named(const char *name)
{
	for (unsigned int i = 0; i < nr_shapes; i++)
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	return NULL;
}

int made_new(const struct engine *engine, const char *name, unsigned int verified,
	     struct made *made)
{
	const struct shape *shape = shape_named(name);
	struct shaped p = {.nr_funcs = 1};

	*made = (struct made){.map = -1, .types = -1};
	made->insns = p.insns = calloc(SHAPE_MAX_INSNS, sizeof(*p.insns));
	made->funcs = calloc(SHAPE_MAX_FUNCS, sizeof(*made->funcs));
	if (!made->insns || !made->funcs)
		return -ENOMEM;
	if (!shape)
		return -ENOENT;
	made->map = engine_map(engine, BPF_MAP_TYPE_ARRAY, 64, 4);
	if (made->map < 0)
		return made->map;
	shape->make(&p, verified, made->map);
	made->types = engine_functions(engine, p.funcs, p.nr_funcs, made->funcs);
	if (made->types < 0)
		return made->types;
	made->attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	made->attr.prog_flags = BPF_F_SLEEPABLE;
	made->attr.insns = PTR(made->insns);
	made->attr.insn_cnt = p.nr;
	made->attr.license = PTR("Dual BSD/GPL");
	made->attr.prog_btf_fd = made->types;
	made->attr.func_info = PTR(made->funcs);
	made->attr.func_info_cnt = p.nr_funcs;
	made->attr.func_info_rec_size = sizeof(made->funcs[0]);
	return 0;
}

void made_free(const struct engine *engine, struct made *made)
{
	if (made->types >= 0)
		engine_close(engine, made->types);
	if (made->map >= 0)
		engine_close(engine, made->map);
	free(made->funcs);
	free(made->insns);
}
