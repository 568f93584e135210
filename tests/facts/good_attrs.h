/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * An attr of every command that succeeds, on an engine, with objects of the engine to name in it:
 * what the tests of bad attributes start from.
 */
#ifndef FACTS_GOOD_ATTRS_H
#define FACTS_GOOD_ATTRS_H

#include "engine.h"
#include "insn.h"

#include <bpf/btf.h>

#define LAST_CMD 40 /* some past the last that Linux has */
#define ATTR_MAX 8192

/*
 * Memory that attributes point to, at an address whose halves, replaced by the values that tests
 * put there, lead to no memory; also not to a sanitizer's. Nothing is mapped behind its end.
 */
struct arena {
	char key[64], value[64], next[64];
	struct bpf_insn insn[4];
	char license[16];
	char log[512];
	char path[128];
	char info[512];
	char ids[256];
	struct btf_header hdr;
	__u32 type[4];
	char strings[8];
	union bpf_iter_link_info link_info;
	char batch[1024];
};

/* Objects of an engine. -1: there is none. */
struct objects {
	const struct engine *engine;
	int map, prog, elem_prog, link, btf;
	__u32 map_id, prog_id, link_id, btf_id;
	__u32 attach_id, elem_attach_id;
};

struct arena *arena_map(void); /* NULL: no such memory */
void arena_unmap(void);

/* Make @o's objects on @engine; 0 or -errno. */
int objects_make(struct objects *o, const struct engine *engine, const struct btf *types);
void objects_close(struct objects *o);

/*
 * Set @attr (ATTR_MAX bytes) to one with which @cmd succeeds, and arena and objects to what it
 * needs; false: the command is not one that this knows.
 */
bool good_attr(struct objects *o, int cmd, union bpf_attr *attr);
/* Undo what a call of @cmd that returned @ret did. */
void undo(struct objects *o, int cmd, int ret);

#endif /* FACTS_GOOD_ATTRS_H */
