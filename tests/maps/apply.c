/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* An operation as a call of bpf(2). */
#include "op.h"

#define BAD_ADDRESS ((void *)8)

static void *at(enum pointer pointer, void *good)
{
	return pointer == POINTER_GOOD ? good : pointer == POINTER_NULL ? NULL : BAD_ADDRESS;
}

int map_cmd(const struct side *side, int cmd, int map, const void *key, void *value, __u64 flags)
{
	union bpf_attr attr = {0};

	attr.map_fd = (__u32)map;
	attr.key = PTR(key);
	attr.value = PTR(value);
	attr.flags = flags;
	return side->engine->bpf(cmd, &attr, sizeof(attr));
}

static bool is_batch(int cmd)
{
	return cmd == BPF_MAP_LOOKUP_BATCH || cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH ||
	       cmd == BPF_MAP_UPDATE_BATCH || cmd == BPF_MAP_DELETE_BATCH;
}

/* What the caller has in memory: the items that go in, and a pattern where something comes out. */
static void prepare(const struct side *side, const struct op *op, struct outcome *outcome)
{
	const struct variant *variant = side->variant;
	bool keys_in = op->cmd == BPF_MAP_UPDATE_BATCH || op->cmd == BPF_MAP_DELETE_BATCH ||
		       !is_batch(op->cmd);
	bool values_in = op->cmd == BPF_MAP_UPDATE_BATCH || op->cmd == BPF_MAP_UPDATE_ELEM ||
			 variant->kind->family == FAMILY_BLOOM;

	outcome->ret = 0;
	outcome->count = op->count;
	outcome->items = is_batch(op->cmd) ? op->count : 1;
	memset(outcome->cursor, UNTOUCHED, sizeof(outcome->cursor));
	memset(outcome->keys, UNTOUCHED, outcome->items * KEY_MAX);
	memset(outcome->values, UNTOUCHED, outcome->items * side->size);
	for (unsigned int i = 0; i < outcome->items; i++) {
		if (keys_in)
			make_key(variant, (op->key + i) % KEYS,
				 outcome->keys + i * variant->key_size);
		if (values_in)
			make_value(side, op->value + i, outcome->values + i * side->size);
	}
}

static void apply_batch(struct side *side, const struct op *op)
{
	struct outcome *got = &side->got;
	union bpf_attr attr = {0};
	__u8 from[KEY_MAX];

	make_key(side->variant, op->key, from);
	attr.batch.map_fd = (__u32)side->map;
	attr.batch.keys = PTR(at(op->key_at, got->keys));
	attr.batch.values = PTR(at(op->value_at, got->values));
	attr.batch.count = op->count;
	attr.batch.elem_flags = op->flags;
	attr.batch.flags = op->batch_flags;
	if (op->cmd == BPF_MAP_LOOKUP_BATCH || op->cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH) {
		attr.batch.in_batch = op->resume ? PTR(from) : 0;
		attr.batch.out_batch = PTR(got->cursor);
	}
	if (op->cmd == BPF_MAP_DELETE_BATCH)
		attr.batch.values = 0;
	got->ret = side->engine->bpf(op->cmd, &attr, sizeof(attr));
	got->count = attr.batch.count;
}

void apply(struct side *side, const struct op *op)
{
	struct outcome *got = &side->got;
	/* A command has no fields but its own. */
	bool has_value = op->cmd != BPF_MAP_DELETE_ELEM && op->cmd != BPF_MAP_FREEZE;
	bool has_flags = has_value && op->cmd != BPF_MAP_GET_NEXT_KEY;
	__u8 *value = op->cmd == BPF_MAP_GET_NEXT_KEY ? got->cursor : got->values;

	prepare(side, op, got);
	prepare(side, op, &side->want);
	if (is_batch(op->cmd))
		apply_batch(side, op);
	else
		got->ret = map_cmd(side, op->cmd, side->map,
				   op->cmd == BPF_MAP_FREEZE ? NULL : at(op->key_at, got->keys),
				   has_value ? at(op->value_at, value) : NULL,
				   has_flags ? op->flags : 0);
}
