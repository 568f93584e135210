/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where one who reads an LPM_TRIE is.
 *
 * A batch goes on from a key, and from the very start if that key is not there any more
 * (trie_get_next_key() in kernel/bpf/lpm_trie.c). But the keys come in an order that is fixed: 0
 * before 1, longer prefixes before those that they begin with. So what came before the greatest key
 * that was given is known to have been given, and one of the keys read last is mostly still there
 * to go on from.
 */
#ifndef CLI_DUMP_TRIE_H
#define CLI_DUMP_TRIE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define TRIE_RECENT 64

struct trie_place {
	size_t key_size;
	unsigned char *last;   /* the greatest key that was given */
	unsigned char *recent; /* the keys that were read last, whether they were given or not */
	__u32 recent_count;
	bool begun;
};

/* @place is zeroed. false: out of memory. trie_place_end() is due in any case. */
bool trie_place_begin(struct trie_place *place, size_t key_size);
void trie_place_end(struct trie_place *place);

/* The key to go on from if the first @tries were gone; NULL: none, begin again. */
const unsigned char *trie_from(const struct trie_place *place, __u32 tries);

/* Whether @key comes after @other. */
bool trie_is_after(const unsigned char *key, const unsigned char *other, size_t key_size);

/*
 * Of @count keys that were read, with a value of @value_size bytes each, keep those that were not
 * given yet. How many they are.
 */
__u32 trie_keep_new(struct trie_place *place, unsigned char *keys, unsigned char *values,
		    size_t value_size, __u32 count);

#endif /* CLI_DUMP_TRIE_H */
