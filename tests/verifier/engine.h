/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the cases are loaded into: a runtime of this process, or the kernel. Both answer bpf(2).
 */
#ifndef TESTS_VERIFIER_ENGINE_H
#define TESTS_VERIFIER_ENGINE_H

#include <stdbool.h>

#include "cases.h"

struct btf;

struct engine {
	const char *name;
	int (*bpf)(int cmd, union bpf_attr *attr, unsigned int size);
	int (*close)(int fd);
	struct btf *vmlinux;
	int maps[NR_MAPS];
	short fields[NR_FIELDS_END - FIELD_META_SEQ];
	int iter_map, iter_elem, iter_prog, iter_link; /* what iterators attach to, by type */
	int types[TYPE_END - TYPE_FIRST];
	char log[1 << 16];	 /* of the last program loaded */
};

/* NULL, or why it cannot be had. */
const char *engine_start(struct engine *engine);
void engine_stop(struct engine *engine);

/* The type of kfunc KFUNC_..., 1 (which is none) where the engine has no such function. */
int kfunc_id(struct engine *engine, int kfunc);

/* Load it, close it: 0 or negative errno. */
int engine_load(struct engine *engine, const struct verifier_case *c);

/* Is it a kind of tracing program? */
bool engine_is_tracing(enum case_kind kind);

extern struct engine embedded_engine, kernel_engine;

#endif /* TESTS_VERIFIER_ENGINE_H */
