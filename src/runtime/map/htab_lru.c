/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Eviction in LRU maps: a clock (kernel: kernel/bpf/bpf_lru_list.c, which keeps lists).
 *
 * Every element has a bit that says whether it was used: a program looked it up, or it was there
 * already when it was updated. It is set without a lock, and written only if it is not set. When a
 * new key finds no slot, a hand goes round the slots: where the bit is set it takes it away, where
 * it is not it evicts. Elements are new without the bit where their slot is behind the hand, which
 * comes by when the others have had their turn; so keys that are used only once drive out each
 * other, and not what is in use. A slot that was given back by a deletion may lie before the hand:
 * within half a turn of it, the bit lets the element have a turn.
 *
 * The bound: what is evicted has not been used since the hand was there last, a turn ago, and if it
 * is new it has been there for half a turn at least; unless MAX_SCAN elements before it were all in
 * use, when the next one has to go, so that no update takes long. A map whose elements nobody looks
 * up evicts them in the order in which they came: exactly the least recently used.
 *
 * Several are evicted at once where the map is large, never more than a 64th of it: their buckets
 * are prefetched together, and who inserts next finds slots. Until then the map holds so many less;
 * but no thread evicts while there is a free slot anywhere. (Linux: up to 128 for each CPU.) Small
 * maps evict one for one, and are always full.
 *
 * With BPF_F_NO_COMMON_LRU each CPU has a share of the slots and a clock of its own, and uses no
 * others, as in Linux: max_entries is rounded to a multiple of the CPUs.
 *
 * Why a clock and not lists: it costs a lookup nothing but the bit, an update no lock that all
 * share, and an element no pointers; and the hand reads memory in order.
 */
#include "map/htab.h"

#define MAX_BATCH 16
#define MAX_SCAN 4096

struct victim {
	u64 slot;
	struct htab_elem *e;
	u64 hash;
};

void htab_lru_init(struct bpf_htab *htab, u32 lane, struct htab_elem *e, u64 slot)
{
	const struct slot_range *range = slots_of(htab, lane);
	u64 hand, ahead;

	*elem_ref(htab, e) = 0;
	/* Slots that were never used are in the order of the hand anyway. */
	if (!__atomic_load_n(&htab->slots[slot], __ATOMIC_RELAXED))
		return;
	hand = __atomic_load_n(&range->hand, __ATOMIC_RELAXED) % range->nr;
	ahead = slot - range->first >= hand ? slot - range->first - hand
					    : slot - range->first + range->nr - hand;
	*elem_ref(htab, e) = ahead < range->nr / 2;
}

/* Unless it has been deleted, updated, or become another one meanwhile, or somebody writes to its
 * bucket, for whom an insertion into another must not wait. */
static bool evict(struct bpf_htab *htab, u32 lane, const struct victim *victim)
{
	struct htab_bucket *bucket = bucket_of(htab, victim->hash);
	const u8 tag = tag_of(victim->hash);
	struct htab_elem *e = victim->e;
	bool there;

	if (!bucket_trylock(bucket))
		return false;
	there = is_in_bucket(bucket, tag, e) && elem_has_slot(e, victim->slot);
	if (there) {
		replace_in_bucket(bucket, tag, e, NULL);
		htab_retire_entry(htab, lane, e);
	}
	bucket_unlock(bucket);
	return there;
}

/* Move the hand over @nr slots. @any: what is in use, too. */
static u32 find_victims(struct bpf_htab *htab, struct slot_range *range, u32 nr, bool any,
			struct victim *victims)
{
	u64 hand = __atomic_fetch_add(&range->hand, nr, __ATOMIC_RELAXED) % range->nr;
	u32 found = 0;

	for (u32 i = 0; i < nr; i++, hand++) {
		struct htab_elem *e;
		u64 ahead, slot;

		if (hand >= range->nr)
			hand -= range->nr;
		slot = range->first + hand;
		/* The next time's. */
		ahead = hand + MAX_BATCH < range->nr ? slot + MAX_BATCH : range->first;
		__builtin_prefetch((void *)(unsigned long)__atomic_load_n(&htab->slots[ahead],
									  __ATOMIC_RELAXED));
		e = elem_in_slot(htab, slot);
		if (!e)
			continue;
		if (__atomic_load_n(elem_ref(htab, e), __ATOMIC_RELAXED) && !any) {
			__atomic_store_n(elem_ref(htab, e), 0, __ATOMIC_RELAXED);
			continue;
		}
		victims[found].slot = slot;
		victims[found].e = e;
		victims[found].hash = hash_key(htab, e->data);
		__builtin_prefetch(bucket_of(htab, victims[found].hash), 1);
		found++;
	}
	return found;
}

void htab_lru_evict(struct bpf_htab *htab, u32 lane)
{
	struct slot_range *range = slots_of(htab, lane);
	const u32 batch = min_of(max_of(range->nr / 64, 1), MAX_BATCH);
	struct victim victims[MAX_BATCH];
	bool done = false;
	u32 spins = 0;

	for (u32 scanned = 0; !done && !lane_has_slot(&htab->lanes[lane]); scanned += batch) {
		u32 found = find_victims(htab, range, batch, scanned >= MAX_SCAN, victims);

		/* The last one's slot is used first. */
		for (u32 i = found; i-- > 0;)
			done |= evict(htab, lane, &victims[i]);
		/* All that is left may be in the hands of others. */
		if (!done && scanned >= MAX_SCAN)
			spin_wait(&spins);
	}
}
