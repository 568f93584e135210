/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A map read from one end to the other, in each of the ways that there are: every entry of the
 * model once, with its value, and nothing else.
 */
#include "op.h"

static struct tally {
	bool seen[KEYS + BATCH];
	unsigned int count;
} tally;

static bool count_entry(struct side *side, const __u8 *key, const __u8 *value)
{
	struct entry *entry = model_find(side, key);
	long i = entry ? entry - side->model.entries : -1;

	if (i < 0 || tally.seen[i] || memcmp(entry->value, value, side->size))
		return false;
	tally.seen[i] = true;
	tally.count++;
	return true;
}

static void begin_tally(void)
{
	memset(&tally, 0, sizeof(tally));
}

/* The key that comes after the last one: no walk is longer. */
#define STEPS_MAX (2 * BATCH)

static bool next_keys_are_model(struct side *side)
{
	__u8 key[KEY_MAX], *prev = NULL, *value = malloc(side->size);
	bool good = value != NULL;
	int err = 0;

	begin_tally();
	for (unsigned int i = 0; good && i < STEPS_MAX; i++) {
		err = map_cmd(side, BPF_MAP_GET_NEXT_KEY, side->whole, prev, key, 0);
		if (err)
			break;
		prev = key;
		err = map_cmd(side, BPF_MAP_LOOKUP_ELEM, side->whole, key, value, 0);
		/* An array of maps has keys without values. */
		if (err == -ENOENT && side->variant->kind->family == FAMILY_ARRAY)
			continue;
		good = !err && count_entry(side, key, value);
	}
	free(value);
	return good && err == -ENOENT && tally.count == side->model.n;
}

bool batch_walk_is_model(struct side *side, int cmd, unsigned int count)
{
	__u8 cursor[KEY_MAX], *keys = malloc(BATCH * KEY_MAX), *values = malloc(BATCH * side->size);
	bool good = keys && values, begun = false;
	int err = 0;

	begin_tally();
	for (unsigned int i = 0; good && !err && i < STEPS_MAX; i++) {
		union bpf_attr attr = {0};

		attr.batch.map_fd = (__u32)side->whole;
		attr.batch.in_batch = begun ? PTR(cursor) : 0;
		attr.batch.out_batch = PTR(cursor);
		attr.batch.keys = PTR(keys);
		attr.batch.values = PTR(values);
		attr.batch.count = count;
		err = side->engine->bpf(cmd, &attr, sizeof(attr));
		if (err == -ENOSPC && count < BATCH) {
			count = count * 2 < BATCH ? count * 2 : BATCH;
			err = 0;
			/* Nothing came, so there is no position yet, if there was none. */
			if (!attr.batch.count)
				continue;
		}
		good = (!err || err == -ENOENT) && attr.batch.count <= count;
		begun = true;
		for (__u32 k = 0; good && k < attr.batch.count; k++)
			good = count_entry(side, keys + k * side->variant->key_size,
					   values + k * side->size);
	}
	free(keys);
	free(values);
	return good && err == -ENOENT && tally.count == side->model.n;
}

static bool session_is_model(struct side *side)
{
	const size_t record = side->variant->key_size + side->size;
	const size_t room = record * (BATCH + 1);
	__u8 *records = malloc(room);
	bool good = records != NULL;
	ssize_t n;
	int fd;

	E = side->engine;
	begin_tally();
	fd = iter_create(side->elements);
	assert_true(fd >= 0);
	n = good ? read_all(fd, records, room) : -ENOMEM;
	end(fd);
	good = n >= 0 && n % (ssize_t)record == 0;
	for (__u8 *r = records; good && r < records + n; r += record)
		good = count_entry(side, r, r + side->variant->key_size);
	free(records);
	return good && tally.count == side->model.n;
}

const char *compare_contents(struct side *side)
{
	const enum family family = side->variant->kind->family;

	if (family == FAMILY_QUEUE || family == FAMILY_BLOOM)
		return NULL;
	if (!next_keys_are_model(side))
		return "get_next_key";
	if (!batch_walk_is_model(side, BPF_MAP_LOOKUP_BATCH, 3))
		return "batches of 3";
	if (!batch_walk_is_model(side, BPF_MAP_LOOKUP_BATCH, BATCH))
		return "one batch";
	if (side->elements >= 0 && !session_is_model(side))
		return "bpf_map_elem";
	return NULL;
}

/* --- LRU -------------------------------------------------------------------------------------- */

/* Linux rounds lists for each CPU up. */
static unsigned int lru_bound(const struct side *side)
{
	unsigned int cpus = side->engine->cpus();

	return side->variant->flags & BPF_F_NO_COMMON_LRU
		       ? (side->variant->max + cpus - 1) / cpus * cpus
		       : side->variant->max;
}

bool forgive_evictions(struct side *side, const struct op *op)
{
	struct model *model = &side->model;
	__u8 *value = malloc(side->size), last[KEY_MAX];
	unsigned int puts = op->cmd == BPF_MAP_UPDATE_ELEM ? 1 : side->want.count;
	bool put = !side->want.ret && puts;
	bool good = value != NULL;

	make_key(side->variant, (op->key + puts - 1) % KEYS, last);
	for (unsigned int i = 0; good && i < model->n;) {
		struct entry *entry = &model->entries[i];
		int err = map_cmd(side, BPF_MAP_LOOKUP_ELEM, side->whole, entry->key, value, 0);

		if (!err)
			i++;
		else if (err == -ENOENT)
			model_drop(side, entry);
		else
			good = false;
	}
	free(value);
	return good && model->n <= lru_bound(side) && (!put || model_find(side, last));
}
