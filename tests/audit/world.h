/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Objects that are made up here, for a rule of `bpftrek audit` to look at, and what it found.
 */
#ifndef TESTS_AUDIT_WORLD_H
#define TESTS_AUDIT_WORLD_H

#include <linux/bpf.h>

#include "audit/attached.h"
#include "audit/elsewhere.h"
#include "audit/rules.h"
#include "audit/usage.h"
#include "test.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { MOST = 16 };

struct world {
	struct program programs[MOST];
	struct map maps[MOST];
	struct link links[MOST];
	struct reference references[MOST];
	struct holder holders[MOST];
	struct pin pins[MOST];
	struct objects objects;
	struct usage usage;
	struct attachments attachments;
	struct elsewhere elsewhere;
	struct audit audit;
};

void world_begin(struct world *w);
void world_end(struct world *w);

/* What there is in it. */
struct program *add_program(struct world *w, __u32 id, __u32 type, __u64 refcnt);
struct map *add_map(struct world *w, __u32 id, __u32 type, __u64 refcnt);
void refer(struct world *w, enum object_kind from, __u32 from_id, enum object_kind to, __u32 to_id,
	   enum reference_reason why);
void hold(struct world *w, enum object_kind kind, __u32 id, __u32 pid);
void pin_at(struct world *w, enum object_kind kind, __u32 id, const char *path, mode_t mode);

/* Let one rule look at the world, anew. */
void run(struct world *w, const struct rule *rule);

/* What is said of one object, or NULL. */
const struct finding *blamed(const struct world *w, enum object_kind kind, __u32 id);

/* All that is said, which is of this object and as grave. */
const struct finding *only_finding(const struct world *w, enum object_kind kind, __u32 id,
				   enum severity severity);

/* A number of its evidence. */
json_int_t number(const struct finding *f, const char *name);

/* What the command said last: see fail(). */
extern char said[256];

#endif /* TESTS_AUDIT_WORLD_H */
