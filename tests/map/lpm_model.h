/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * LPM_TRIE in a way that is easy to see through: an array of prefixes, and a scan. Held against the
 * runtime's trie by itself, and against both engines through bpf(2).
 */
#ifndef TESTS_MAP_LPM_MODEL_H
#define TESTS_MAP_LPM_MODEL_H

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LPM_MODEL_DATA 16
#define LPM_MODEL_MAX 128

struct lpm_key {
	uint32_t len;
	uint8_t data[LPM_MODEL_DATA];
};

struct lpm_model {
	uint32_t data_size, max_entries;
	uint32_t nr;
	struct {
		struct lpm_key key;
		__u64 value;
	} entries[LPM_MODEL_MAX];
};

static inline uint32_t lpm_model_bit(const struct lpm_key *key, uint32_t n)
{
	return key->data[n / 8] >> (7 - n % 8) & 1;
}

static inline bool lpm_model_begins(const struct lpm_key *key, const struct lpm_key *with)
{
	if (key->len < with->len)
		return false;
	for (uint32_t i = 0; i < with->len; i++)
		if (lpm_model_bit(key, i) != lpm_model_bit(with, i))
			return false;
	return true;
}

/* nr: it is not there. */
static inline uint32_t lpm_model_find(const struct lpm_model *model, const struct lpm_key *key)
{
	uint32_t i = 0;

	while (i < model->nr && (model->entries[i].key.len != key->len ||
				 !lpm_model_begins(&model->entries[i].key, key)))
		i++;
	return i;
}

static inline int lpm_model_lookup(const struct lpm_model *model, const struct lpm_key *key,
				   __u64 *value)
{
	int64_t longest = -1;

	if (key->len > model->data_size * 8)
		return -ENOENT;
	for (uint32_t i = 0; i < model->nr; i++) {
		const struct lpm_key *prefix = &model->entries[i].key;

		if (!lpm_model_begins(key, prefix) || prefix->len <= longest)
			continue;
		longest = prefix->len;
		*value = model->entries[i].value;
	}
	return longest < 0 ? -ENOENT : 0;
}

static inline int lpm_model_update(struct lpm_model *model, const struct lpm_key *key, __u64 value,
				   __u64 flags)
{
	uint32_t i = lpm_model_find(model, key);

	if (flags > BPF_EXIST || key->len > model->data_size * 8)
		return -EINVAL;
	if (i < model->nr && flags == BPF_NOEXIST)
		return -EEXIST;
	if (i == model->nr && flags == BPF_EXIST)
		return -ENOENT;
	if (i == model->nr && i == model->max_entries)
		return -ENOSPC;
	model->entries[i].key = *key;
	model->entries[i].value = value;
	model->nr += i == model->nr;
	return 0;
}

static inline int lpm_model_delete(struct lpm_model *model, const struct lpm_key *key)
{
	uint32_t i = lpm_model_find(model, key);

	if (key->len > model->data_size * 8)
		return -EINVAL;
	if (i == model->nr)
		return -ENOENT;
	model->entries[i] = model->entries[--model->nr];
	return 0;
}

/* Does @a come before @b? What is below a prefix comes before it, and zeroes before ones. */
static inline bool lpm_model_before(const struct lpm_key *a, const struct lpm_key *b)
{
	for (uint32_t i = 0; i < a->len && i < b->len; i++)
		if (lpm_model_bit(a, i) != lpm_model_bit(b, i))
			return lpm_model_bit(b, i);
	return a->len > b->len;
}

static inline int lpm_model_next(const struct lpm_model *model, const struct lpm_key *key,
				 struct lpm_key *next)
{
	uint32_t best = model->nr;
	bool first = !key || lpm_model_find(model, key) == model->nr;

	for (uint32_t i = 0; i < model->nr; i++) {
		const struct lpm_key *entry = &model->entries[i].key;

		if ((first || lpm_model_before(key, entry)) &&
		    (best == model->nr || lpm_model_before(entry, &model->entries[best].key)))
			best = i;
	}
	if (best == model->nr)
		return -ENOENT;
	*next = model->entries[best].key;
	return 0;
}

/* A key that often meets others: few bits are free, any may be behind the prefix. */
static inline struct lpm_key lpm_model_random_key(const struct lpm_model *model,
						  uint32_t (*random)(void))
{
	const uint32_t bits = model->data_size * 8;
	struct lpm_key key = {.len = random() % (bits + 1)};

	if (random() % 4 == 0)
		key.len = bits;
	if (random() % 64 == 0)
		key.len = bits + 1 + random() % 3;
	for (uint32_t i = 0; i < model->data_size; i++)
		key.data[i] = random() % 8 ? 0 : 1u << random() % 8;
	return key;
}

#endif /* TESTS_MAP_LPM_MODEL_H */
