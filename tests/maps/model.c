/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What maps are, in the plainest way: a list of entries, searched from one end to the other. Where
 * Linux leaves something open (the order of a hash, what a Bloom filter takes for a member, where a
 * batch of a hash stops) several answers are right, and expect() looks at the one that was given.
 */
#include "op.h"

static bool readable(const struct side *side)
{
	return !(side->variant->flags & BPF_F_WRONLY);
}

static bool writable(const struct side *side)
{
	return !(side->variant->flags & BPF_F_RDONLY) && !side->model.frozen;
}

/* BPF_F_LOCK without a lock. */
static bool locks_nothing(const struct side *side, const struct op *op)
{
	return op->flags & BPF_F_LOCK && !side->variant->lock;
}

/* --- entries ---------------------------------------------------------------------------------- */

static __u32 prefix_length(const __u8 *key)
{
	__u32 length;

	memcpy(&length, key, sizeof(length));
	return length;
}

static bool same_bits(const __u8 *a, const __u8 *b, unsigned int bits)
{
	unsigned int bytes = bits / 8;

	if (memcmp(a + 4, b + 4, bytes))
		return false;
	return !(bits % 8) || !((a[4 + bytes] ^ b[4 + bytes]) >> (8 - bits % 8));
}

static bool same_key(const struct side *side, const __u8 *a, const __u8 *b)
{
	if (side->variant->kind->family == FAMILY_TRIE)
		return prefix_length(a) == prefix_length(b) && same_bits(a, b, prefix_length(a));
	return !memcmp(a, b, side->variant->key_size);
}

static bool too_long(const struct side *side, const __u8 *key)
{
	return prefix_length(key) > (side->variant->key_size - 4) * 8;
}

struct entry *model_find(struct side *side, const __u8 *key)
{
	struct model *model = &side->model;

	for (unsigned int i = 0; i < model->n; i++)
		if (same_key(side, model->entries[i].key, key))
			return &model->entries[i];
	return NULL;
}

static struct entry *longest_prefix(struct side *side, const __u8 *key)
{
	struct entry *best = NULL;

	for (unsigned int i = 0; i < side->model.n; i++) {
		struct entry *entry = &side->model.entries[i];
		__u32 length = prefix_length(entry->key);

		if (length <= prefix_length(key) && same_bits(entry->key, key, length) &&
		    (!best || length > prefix_length(best->key)))
			best = entry;
	}
	return best;
}

/* The order of entries is that of their coming. */
void model_drop(struct side *side, struct entry *entry)
{
	struct model *model = &side->model;
	struct entry last = *entry;

	memmove(entry, entry + 1,
		(size_t)(&model->entries[model->n] - (entry + 1)) * sizeof(*entry));
	model->entries[--model->n] = last;
}

static void set_value(struct side *side, struct entry *entry, const __u8 *key, unsigned int value)
{
	memcpy(entry->key, key, side->variant->key_size);
	stored_value(side, value, entry->value);
}

static struct entry *add(struct side *side, const __u8 *key, unsigned int value)
{
	struct entry *entry = &side->model.entries[side->model.n++];

	set_value(side, entry, key, value);
	return entry;
}

/* --- one element, by family ------------------------------------------------------------------- */

static bool index_is_good(const struct side *side, const __u8 *key)
{
	__u32 index;

	memcpy(&index, key, sizeof(index));
	return index < side->variant->max;
}

/* Of what may be put into a map of maps. */
static int object_error(const struct side *side, unsigned int value)
{
	static const int errors[INNER] = {0, 0, 0, -EINVAL, -EINVAL, -EBADF};

	return side->variant->kind->of_maps ? errors[value % INNER] : 0;
}

static int update_array(struct side *side, const __u8 *key, unsigned int value, __u64 flags)
{
	struct entry *entry = model_find(side, key);
	int err;

	if (side->variant->kind->of_maps ? flags != BPF_ANY : flags > BPF_EXIST)
		return -EINVAL;
	if (!index_is_good(side, key))
		return -E2BIG;
	if (flags == BPF_NOEXIST)
		return -EEXIST;
	err = object_error(side, value);
	if (err)
		return err;
	if (entry)
		set_value(side, entry, key, value);
	else
		add(side, key, value);
	return 0;
}

static int update_hash(struct side *side, const __u8 *key, unsigned int value, __u64 flags)
{
	struct entry *entry = model_find(side, key);
	int err = object_error(side, value);

	if (err)
		return err;
	if (flags > BPF_EXIST)
		return -EINVAL;
	if (side->variant->kind->family == FAMILY_TRIE && too_long(side, key))
		return -EINVAL;
	if (entry && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!entry && flags == BPF_EXIST)
		return -ENOENT;
	if (entry) {
		set_value(side, entry, key, value);
		return 0;
	}
	/* A trie that is full says so otherwise; an LRU map makes room. */
	if (side->model.n >= side->variant->max && !side->variant->kind->lru)
		return side->variant->kind->family == FAMILY_TRIE ? -ENOSPC : -E2BIG;
	add(side, key, value);
	return 0;
}

static int push(struct side *side, unsigned int value, __u64 flags)
{
	if (flags & BPF_NOEXIST || flags > BPF_EXIST)
		return -EINVAL;
	if (side->model.n == side->variant->max) {
		if (flags != BPF_EXIST)
			return -E2BIG;
		model_drop(side, &side->model.entries[0]);
	}
	add(side, side->want.keys, value);
	return 0;
}

static struct entry *head(struct side *side)
{
	if (!side->model.n)
		return NULL;
	return &side->model.entries[side->variant->kind->lifo ? side->model.n - 1 : 0];
}

static struct entry *member(struct side *side, const __u8 *value)
{
	for (unsigned int i = 0; i < side->model.n; i++)
		if (!memcmp(side->model.entries[i].value, value, side->size))
			return &side->model.entries[i];
	return NULL;
}

/* Nothing leaves a filter, and it is never full: the model would be. */
static int admit(struct side *side, const __u8 *bytes, unsigned int value, __u64 flags)
{
	if (flags != BPF_ANY)
		return -EINVAL;
	if (!member(side, bytes))
		add(side, side->want.keys, value);
	return 0;
}

static struct entry *lookup(struct side *side, const __u8 *key)
{
	switch (side->variant->kind->family) {
	case FAMILY_QUEUE:
		return head(side);
	case FAMILY_TRIE:
		return too_long(side, key) ? NULL : longest_prefix(side, key);
	default:
		return model_find(side, key);
	}
}

static int update(struct side *side, const __u8 *key, const __u8 *bytes, unsigned int value,
		  __u64 flags)
{
	flags &= ~(__u64)BPF_F_LOCK;
	switch (side->variant->kind->family) {
	case FAMILY_ARRAY:
		return update_array(side, key, value, flags);
	case FAMILY_QUEUE:
		return push(side, value, flags);
	case FAMILY_BLOOM:
		return admit(side, bytes, value, flags);
	default:
		return update_hash(side, key, value, flags);
	}
}

static int delete (struct side *side, const __u8 *key)
{
	const struct kind *kind = side->variant->kind;
	struct entry *entry;

	if (kind->family == FAMILY_BLOOM)
		return -EOPNOTSUPP;
	if (kind->family == FAMILY_QUEUE || (kind->family == FAMILY_ARRAY && !kind->of_maps))
		return -EINVAL;
	if (kind->family == FAMILY_ARRAY && !index_is_good(side, key))
		return -E2BIG;
	if (kind->family == FAMILY_TRIE && too_long(side, key))
		return -EINVAL;
	entry = model_find(side, key);
	if (!entry)
		return -ENOENT;
	model_drop(side, entry);
	return 0;
}

/* --- commands --------------------------------------------------------------------------------- */

static bool is_keyless(const struct side *side)
{
	return !side->variant->key_size;
}

/* What reading the caller's key gives. */
static int key_error(const struct side *side, enum pointer at)
{
	if (is_keyless(side))
		return at == POINTER_NULL ? 0 : -EINVAL;
	return at == POINTER_GOOD ? 0 : -EFAULT;
}

static int give(struct side *side, const struct op *op, const struct entry *entry)
{
	if (op->value_at != POINTER_GOOD)
		return -EFAULT;
	memcpy(side->want.values, entry->value, side->size);
	return 0;
}

static int expect_lookup(struct side *side, const struct op *op, bool *right)
{
	const struct entry *entry;
	int err;

	if (op->flags & ~(__u64)BPF_F_LOCK)
		return -EINVAL;
	if (!readable(side))
		return -EPERM;
	if (locks_nothing(side, op))
		return -EINVAL;
	err = key_error(side, op->key_at);
	if (err)
		return err;
	if (side->variant->kind->family == FAMILY_BLOOM) {
		if (op->value_at != POINTER_GOOD)
			return -EFAULT;
		if (member(side, side->want.values))
			return 0;
		*right = side->got.ret == 0 || side->got.ret == -ENOENT;
		return side->got.ret;
	}
	entry = lookup(side, side->want.keys);
	return entry ? give(side, op, entry) : -ENOENT;
}

/* Linux makes room in an LRU map before it looks whether the key is there: what goes may be the
 * very element that the update is about. */
static void forget_evicted(struct side *side, const struct op *op)
{
	struct entry *entry = model_find(side, side->want.keys);

	if (!side->variant->kind->lru || side->engine->is_private || !entry)
		return;
	if ((op->flags == BPF_NOEXIST && !side->got.ret) ||
	    (op->flags == BPF_EXIST && side->got.ret == -ENOENT))
		model_drop(side, entry);
}

static int expect_update(struct side *side, const struct op *op)
{
	int err;

	if (!writable(side))
		return -EPERM;
	if (locks_nothing(side, op))
		return -EINVAL;
	err = key_error(side, op->key_at);
	if (err)
		return err;
	if (op->value_at != POINTER_GOOD)
		return -EFAULT;
	forget_evicted(side, op);
	return update(side, side->want.keys, side->want.values, op->value, op->flags);
}

static int expect_delete(struct side *side, const struct op *op)
{
	int err = writable(side) ? key_error(side, op->key_at) : -EPERM;

	return err ? err : delete (side, side->want.keys);
}

/* What is taken out is gone, also where the caller's memory cannot be written to. */
static int expect_lookup_and_delete(struct side *side, const struct op *op)
{
	const struct kind *kind = side->variant->kind;
	struct entry *entry;
	int err;

	if (op->flags & ~(__u64)BPF_F_LOCK)
		return -EINVAL;
	if (!readable(side) || !writable(side))
		return -EPERM;
	if (locks_nothing(side, op))
		return -EINVAL;
	err = key_error(side, op->key_at);
	if (err)
		return err;
	if (kind->of_maps || (kind->family != FAMILY_HASH && kind->family != FAMILY_QUEUE))
		return -ENOTSUPP;
	entry = lookup(side, side->want.keys);
	if (!entry)
		return -ENOENT;
	err = give(side, op, entry);
	model_drop(side, entry);
	return err;
}

/* The key that came out is one of the map's, and not that which went in. */
static bool is_other_key(struct side *side, const __u8 *next, const __u8 *key)
{
	return model_find(side, next) && !(key && same_key(side, next, key));
}

static int next_index(struct side *side, const __u8 *key, __u8 *next)
{
	__u32 index = 0;

	if (key && index_is_good(side, key)) {
		memcpy(&index, key, sizeof(index));
		index++;
	}
	if (index == side->variant->max)
		return -ENOENT;
	memcpy(next, &index, sizeof(index));
	return 0;
}

static int expect_next_key(struct side *side, const struct op *op, bool *right)
{
	const __u8 *key = op->key_at == POINTER_NULL ? NULL : side->want.keys;
	const struct kind *kind = side->variant->kind;
	__u8 *next = side->want.cursor;
	bool present;
	int err;

	if (!readable(side))
		return -EPERM;
	if (key && is_keyless(side))
		return -EINVAL;
	if (op->key_at == POINTER_BAD)
		return -EFAULT;
	if (is_keyless(side))
		return kind->family == FAMILY_BLOOM ? -EOPNOTSUPP : -EINVAL;
	if (kind->family == FAMILY_ARRAY) {
		__u8 other[KEY_MAX];

		err = next_index(side, key, op->value_at == POINTER_GOOD ? next : other);
		return err ? err : op->value_at == POINTER_GOOD ? 0 : -EFAULT;
	}
	/* The last one is known only to the map. */
	present = key && model_find(side, key);
	if (side->model.n <= present)
		return -ENOENT;
	if (side->got.ret == -ENOENT) {
		*right = present;
		return -ENOENT;
	}
	if (op->value_at != POINTER_GOOD)
		return -EFAULT;
	*right = is_other_key(side, side->got.cursor, present ? key : NULL);
	memcpy(next, side->got.cursor, side->variant->key_size);
	return 0;
}

/* --- batches ---------------------------------------------------------------------------------- */

static bool has_batch(const struct kind *kind, int cmd)
{
	switch (kind->family) {
	case FAMILY_HASH:
		return true;
	case FAMILY_TRIE:
		return cmd != BPF_MAP_LOOKUP_AND_DELETE_BATCH;
	case FAMILY_ARRAY:
		return cmd == BPF_MAP_LOOKUP_BATCH || cmd == BPF_MAP_UPDATE_BATCH;
	default:
		return false;
	}
}

static int expect_array_batch(struct side *side, const struct op *op)
{
	const unsigned int key_size = side->variant->key_size;
	struct outcome *want = &side->want;
	__u8 from[KEY_MAX], next[KEY_MAX];
	const __u8 *prev = NULL;
	int err = 0;

	if (op->resume) {
		make_key(side->variant, op->key, from);
		prev = from;
	}
	want->count = 0;
	while (want->count < op->count) {
		struct entry *entry;

		err = next_index(side, prev, next);
		if (err)
			break;
		memcpy(from, next, key_size);
		prev = from;
		entry = model_find(side, from);
		if (!entry)
			continue;
		if (op->key_at != POINTER_GOOD)
			return want->count = 0, -EFAULT;
		memcpy(want->keys + want->count * key_size, from, key_size);
		if (op->value_at != POINTER_GOOD)
			return want->count = 0, -EFAULT;
		memcpy(want->values + want->count * side->size, entry->value, side->size);
		want->count++;
	}
	if (want->count)
		memcpy(want->cursor, prev, key_size);
	return err;
}

/* Where batches of a hash stop, only the map knows: one call is what it was, a walk has to give
 * everything. */
static int expect_hash_batch(struct side *side, const struct op *op, bool *right)
{
	struct outcome *want = &side->want, *got = &side->got;

	*right = (got->ret == 0 || got->ret == -ENOENT || got->ret == -ENOSPC ||
		  (got->ret == -EFAULT && (op->key_at || op->value_at))) &&
		 got->count <= op->count;
	if (*right && op->cmd == BPF_MAP_LOOKUP_BATCH)
		*right = batch_walk_is_model(side, op->cmd, op->count);
	want->count = got->count;
	memcpy(want->cursor, got->cursor, sizeof(want->cursor));
	memcpy(want->keys, got->keys, op->count * KEY_MAX);
	memcpy(want->values, got->values, op->count * side->size);
	return got->ret;
}

static int expect_change_batch(struct side *side, const struct op *op)
{
	struct outcome *want = &side->want;
	int err = 0;

	for (want->count = 0; want->count < op->count; want->count++) {
		const __u8 *key = want->keys + want->count * side->variant->key_size;
		const __u8 *value = want->values + want->count * side->size;

		if (op->key_at != POINTER_GOOD)
			err = -EFAULT;
		else if (op->cmd == BPF_MAP_DELETE_BATCH)
			err = delete (side, key);
		else if (op->value_at != POINTER_GOOD)
			err = -EFAULT;
		else
			err = update(side, key, value, op->value + want->count, op->flags);
		if (err)
			break;
	}
	return err;
}

static int expect_batch(struct side *side, const struct op *op, bool *right)
{
	const struct kind *kind = side->variant->kind;
	bool reads = op->cmd == BPF_MAP_LOOKUP_BATCH || op->cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH;

	if ((reads && !readable(side)) || (op->cmd != BPF_MAP_LOOKUP_BATCH && !writable(side)))
		return -EPERM;
	if (!has_batch(kind, op->cmd))
		return -ENOTSUPP;
	if (op->flags & ~(__u64)BPF_F_LOCK || locks_nothing(side, op))
		return -EINVAL;
	if (reads && kind->family == FAMILY_HASH && op->batch_flags)
		return -EINVAL;
	if (!op->count)
		return 0;
	if (!reads)
		return expect_change_batch(side, op);
	return kind->family == FAMILY_ARRAY ? expect_array_batch(side, op)
					    : expect_hash_batch(side, op, right);
}

static int expect_freeze(struct side *side)
{
	if (side->variant->lock)
		return -ENOTSUPP;
	if (!writable(side))
		return -EPERM;
	side->model.frozen = true;
	return 0;
}

bool expect(struct side *side, const struct op *op)
{
	bool right = true;
	int ret;

	switch (op->cmd) {
	case BPF_MAP_LOOKUP_ELEM:
		ret = expect_lookup(side, op, &right);
		break;
	case BPF_MAP_UPDATE_ELEM:
		ret = expect_update(side, op);
		break;
	case BPF_MAP_DELETE_ELEM:
		ret = expect_delete(side, op);
		break;
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		ret = expect_lookup_and_delete(side, op);
		break;
	case BPF_MAP_GET_NEXT_KEY:
		ret = expect_next_key(side, op, &right);
		break;
	case BPF_MAP_FREEZE:
		ret = expect_freeze(side);
		break;
	default:
		ret = expect_batch(side, op, &right);
	}
	side->want.ret = ret;
	return right;
}
