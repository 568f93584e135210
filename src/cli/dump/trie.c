/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Where one who reads an LPM_TRIE is. A key is struct bpf_lpm_trie_key: a length, then its bits. */
#include <stdlib.h>
#include <string.h>

#include "trie.h"

bool trie_place_begin(struct trie_place *place, size_t key_size)
{
	place->key_size = key_size;
	place->last = malloc(key_size);
	place->recent = malloc(TRIE_RECENT * key_size);
	return place->last && place->recent;
}

void trie_place_end(struct trie_place *place)
{
	free(place->last);
	free(place->recent);
}

const unsigned char *trie_from(const struct trie_place *place, __u32 tries)
{
	if (tries >= place->recent_count)
		return NULL;
	return place->recent + (place->recent_count - 1 - tries) * place->key_size;
}

static __u32 length_of(const unsigned char *key, size_t key_size)
{
	const __u32 most = 8 * (key_size - sizeof(__u32));
	__u32 length;

	memcpy(&length, key, sizeof(length));
	return length < most ? length : most;
}

bool trie_is_after(const unsigned char *key, const unsigned char *other, size_t key_size)
{
	const __u32 length = length_of(key, key_size), other_length = length_of(other, key_size);
	const __u32 shorter = length < other_length ? length : other_length;
	const unsigned char *bits = key + sizeof(__u32), *other_bits = other + sizeof(__u32);
	__u32 bit = 0;

	while (bit + 8 <= shorter && bits[bit / 8] == other_bits[bit / 8])
		bit += 8;
	for (; bit < shorter; bit++)
		if ((bits[bit / 8] ^ other_bits[bit / 8]) & 0x80 >> bit % 8)
			return bits[bit / 8] & 0x80 >> bit % 8;
	return length < other_length;
}

__u32 trie_keep_new(struct trie_place *place, unsigned char *keys, unsigned char *values,
		    size_t value_size, __u32 count)
{
	const size_t size = place->key_size;
	const __u32 recent = count < TRIE_RECENT ? count : TRIE_RECENT;
	__u32 kept = 0;

	memcpy(place->recent, keys + (count - recent) * size, recent * size);
	place->recent_count = recent;
	for (__u32 i = 0; i < count; i++) {
		if (place->begun && !trie_is_after(keys + i * size, place->last, size))
			continue;
		memcpy(place->last, keys + i * size, size);
		place->begun = true;
		memmove(keys + kept * size, keys + i * size, size);
		memmove(values + kept * value_size, values + i * value_size, value_size);
		kept++;
	}
	return kept;
}
