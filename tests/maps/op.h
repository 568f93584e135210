/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Sequences of operations on maps, applied in step to a map of the kernel's, to one of the
 * runtime's and to a model of each. A side is one engine's map with its model. An operation says
 * nothing of engines: keys and values are numbers, which each side turns into bytes, so that the
 * same operation can be put to sides with other descriptors, ids and numbers of CPUs.
 *
 *   kinds.c     the maps to make, and what keys and values look like
 *   apply.c     an operation as bpf(2), its outcome as bytes
 *   model.c     what the outcome has to be, and what the map holds then
 *   contents.c  the whole map, read in every way there is, against the model
 */
#ifndef MAPS_OP_H
#define MAPS_OP_H

#include "../facts/facts.h"

#define KEY_MAX 80
#define KEYS 24	 /* different keys of a sequence; a map has room for fewer */
#define BATCH 40 /* at most in a batch: more than a map ever holds */
#define INNER 6	 /* what may be put into a map of maps, some of it wrong */
#define UNTOUCHED 0xa5
#define LOCK_OFFSET 12 /* of a value of 16 */

enum family { FAMILY_ARRAY, FAMILY_HASH, FAMILY_TRIE, FAMILY_QUEUE, FAMILY_BLOOM };

struct kind {
	const char *name;
	enum bpf_map_type type;
	enum family family;
	bool percpu;
	bool lru;     /* what it evicts is its own affair */
	bool lifo;    /* of FAMILY_QUEUE */
	bool of_maps; /* values: a descriptor in, an id out */
};

/* One map to be made. */
struct variant {
	const struct kind *kind;
	unsigned int flags, key_size, value_size, max;
	unsigned int steps; /* 0: the usual number */
	bool lock;	    /* a struct bpf_spin_lock at LOCK_OFFSET of the value */
};

enum pointer { POINTER_GOOD, POINTER_NULL, POINTER_BAD };

struct op {
	int cmd; /* BPF_MAP_*, but for creation */
	unsigned int key;
	unsigned int value;
	enum pointer key_at, value_at; /* get_next_key: value_at is where the next key goes */
	__u64 flags;		       /* a batch's elem_flags */
	/* Of batches. */
	unsigned int count;
	__u64 batch_flags;
	bool resume; /* from `key`; kinds whose positions are no keys begin anew */
};

/* What a command gave back. Memory that it may write to is UNTOUCHED before. */
struct outcome {
	int ret;
	__u32 count;
	unsigned int items; /* of keys and values that count */
	__u8 *keys;
	__u8 *values;
	__u8 cursor[KEY_MAX];
};

struct entry {
	__u8 key[KEY_MAX];
	__u8 *value;
};

struct model {
	struct entry entries[KEYS + BATCH];
	unsigned int n;
	bool frozen;
};

struct side {
	const struct engine *engine;
	struct btf *types;
	const struct variant *variant;
	int map;	   /* with the rights that the flags of creation leave */
	int whole;	   /* the same map, with all of them */
	int elements;	   /* link of an iterator that writes keys and values; -ENOENT: none */
	unsigned int size; /* of a value for bpf(2) */
	int inner[INNER];
	__u32 inner_id[INNER];
	struct model model;
	struct outcome got, want;
};

/* --- kinds.c ---------------------------------------------------------------------------------- */

extern const struct variant variants[];
extern const unsigned int variants_count;

/* Make the map and what belongs to it; -errno of the creation. E and types have to be the side's.
 */
int side_begin(struct side *side, const struct variant *variant);
void side_end(struct side *side);

void make_key(const struct variant *variant, unsigned int number, __u8 *key);
/* As it is given to bpf(2), and as bpf(2) gives it back. */
void make_value(const struct side *side, unsigned int number, __u8 *value);
void stored_value(const struct side *side, unsigned int number, __u8 *value);

/* --- apply.c ---------------------------------------------------------------------------------- */

void apply(struct side *side, const struct op *op);
int map_cmd(const struct side *side, int cmd, int map, const void *key, void *value, __u64 flags);

/* --- model.c ---------------------------------------------------------------------------------- */

/* Put into side->want what @op has to give, and change the model; false: what side->got has is not
 * one of the right answers, where there are several. Called after apply(). */
bool expect(struct side *side, const struct op *op);
struct entry *model_find(struct side *side, const __u8 *key);
void model_drop(struct side *side, struct entry *entry);

/* --- contents.c ------------------------------------------------------------------------------- */

/* NULL, or the way of reading that does not give what the model holds. */
const char *compare_contents(struct side *side);
/* A walk of @cmd (the two batches that look up) with batches of @count, against the model. */
bool batch_walk_is_model(struct side *side, int cmd, unsigned int count);
/* An LRU map may have lost entries: take them from the model. False: it lost what it must not. */
bool forgive_evictions(struct side *side, const struct op *op);

#endif /* MAPS_OP_H */
