/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Types by kind and name. The names come from outside, so the hash is keyed (SipHash-2-4): nobody
 * can choose names that share a slot. Names longer than any valid identifier are not entered, so
 * that overlapping strings of megabytes cannot make the index slow.
 *
 * Of several types with one kind and name the one with the smallest id is found, the base's first,
 * as by the kernel's linear search.
 */
#include "btf/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static u64 rotate(u64 x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void sip_word(u64 v[4], u64 word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

static u64 hash(const struct btf_lookup *lookup, const char *name, size_t len, u8 kind)
{
	u64 v[4] = {
		lookup->key[0] ^ 0x736f6d6570736575,
		lookup->key[1] ^ 0x646f72616e646f6d,
		lookup->key[0] ^ 0x6c7967656e657261,
		lookup->key[1] ^ 0x7465646279746573,
	};
	u64 word;
	size_t i;

	for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, name + i, sizeof(word));
		sip_word(v, word);
	}
	word = 0;
	memcpy(&word, name + i, len - i);
	sip_word(v, word);
	sip_word(v, (u64)len << 8 | kind);
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slot that holds @name, or the free one where it would go. */
static u32 *find_slot(const struct btf *btf, const char *name, size_t len, u8 kind)
{
	const struct btf_lookup *lookup = btf->lookup;
	u64 at = hash(lookup, name, len, kind);
	const struct btf_type *t;
	u32 *slot;

	/* At most half of the slots are taken. */
	for (;; at++) {
		slot = &lookup->slots[at & lookup->mask];
		if (!*slot)
			return slot;
		t = btf_type_by_id(btf, *slot);
		if (btf_kind(t) == kind && !strcmp(btf_type_name(btf, t), name))
			return slot;
	}
}

s32 btf_find_by_name_kind(const struct btf *btf, const char *name, u8 kind)
{
	size_t len = strnlen(name, BTF_NAME_MAX + 1);
	s32 id;

	if (!len || len > BTF_NAME_MAX)
		return -ENOENT;
	if (btf->base_btf) {
		id = btf_find_by_name_kind(btf->base_btf, name, kind);
		if (id > 0)
			return id;
	}
	id = *find_slot(btf, name, len, kind);
	return id ? id : -ENOENT;
}

u32 btf_resolved_id(const struct btf *btf, u32 id)
{
	while (id < btf->start_id)
		btf = btf->base_btf;
	return btf->lookup->resolved_ids[id - btf->start_id];
}

int btf_lookup_alloc(struct btf *btf)
{
	struct btf_lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return -ENOMEM;
	btf->lookup = lookup;
	/* One more than there are: a split BTF may add no type. */
	lookup->resolved_ids = calloc((size_t)btf->nr_types + 1, sizeof(u32));
	lookup->resolved_sizes = calloc((size_t)btf->nr_types + 1, sizeof(u32));
	if (!lookup->resolved_ids || !lookup->resolved_sizes)
		return -ENOMEM;
	return 0;
}

int btf_lookup_index(struct btf *btf)
{
	struct btf_lookup *lookup = btf->lookup;
	const struct btf_type *t;
	const char *name;
	u32 id, *slot;
	size_t len;
	u32 nr = 4;

	while (nr / 2 <= btf->nr_types)
		nr *= 2;
	lookup->slots = calloc(nr, sizeof(u32));
	if (!lookup->slots)
		return -ENOMEM;
	lookup->mask = nr - 1;
	/* Without entropy yet (early boot) the address space layout has to do. */
	if (getrandom(lookup->key, sizeof(lookup->key), GRND_NONBLOCK) != sizeof(lookup->key)) {
		lookup->key[0] = (u64)(unsigned long)lookup;
		lookup->key[1] = (u64)(unsigned long)&lookup;
	}

	for (id = btf->start_id; id < btf_nr_types(btf); id++) {
		t = btf_type_by_id(btf, id);
		name = btf_type_name(btf, t);
		len = strnlen(name, BTF_NAME_MAX + 1);
		if (!len || len > BTF_NAME_MAX)
			continue;
		slot = find_slot(btf, name, len, btf_kind(t));
		if (!*slot)
			*slot = id;
	}
	return 0;
}

void btf_lookup_free(struct btf *btf)
{
	struct btf_lookup *lookup = btf->lookup;

	if (!lookup)
		return;
	free(lookup->resolved_ids);
	free(lookup->resolved_sizes);
	free(lookup->slots);
	free(lookup);
}
