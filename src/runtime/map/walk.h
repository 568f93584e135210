/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A walk that looks ahead: elements are fetched many at a time, so that the processor waits for the
 * memory of many at once and the kind of the map is called once for all of them. What is shown is
 * what a walk step by step would show: an element that left its place meanwhile, be it that the
 * program which is shown the elements deletes or replaces one, ends what was fetched, and the walk
 * goes on from there.
 *
 * What was fetched is good in the RCU section in which it was. Its first four words are what an
 * iterator's program takes for an element (struct bpf_iter__bpf_map_elem), so that it is shown
 * where it was fetched: the first two are written once for all.
 *
 * Measured on an AMD EPYC, one million elements of 4-byte keys and 8-byte values in a session whose
 * program sums them: 2.0 to 3.0 ns an element of ARRAY, 4.0 to 5.0 of HASH (Linux 6.18: 78 and 220).
 * Step by step it was 12.5 and 13.
 */
#ifndef MAP_WALK_H
#define MAP_WALK_H

#include "map/map.h"

#define BPF_MAP_WALK_AHEAD 64

struct bpf_map_walker {
	struct bpf_map *map;
	u64 from;			       /* before what was fetched */
	const struct bpf_map_walk *next, *end; /* of what was fetched, what was not given yet */
	u32 left; /* with a stride: how many follow the one in ahead[0], which was given */
	struct bpf_map_walk ahead[BPF_MAP_WALK_AHEAD];
};

/* Start behind @pos; 0: at the beginning. In the RCU section of the next step. */
static inline void bpf_map_walker_set(struct bpf_map_walker *walker, struct bpf_map *map, u64 pos)
{
	walker->map = map;
	walker->from = pos;
	walker->next = walker->end = walker->ahead;
	walker->left = 0;
}

/* Behind the element that was given last. */
static inline u64 bpf_map_walker_pos(const struct bpf_map_walker *walker)
{
	return walker->next == walker->ahead ? walker->from : walker->next[-1].pos;
}

/* Is the element of @walk, which was fetched, still where it was? */
static inline bool bpf_map_walk_holds(const struct bpf_map_walk *walk)
{
	return !walk->mark ||
	       likely(__atomic_load_n(walk->mark, __ATOMIC_ACQUIRE) == 2 * walk->pos + 1);
}

/* Fetch more. Where elements leave their places as fast as they are fetched, one at a time. */
static __attribute__((noinline, unused)) const struct bpf_map_walk *
bpf_map_walker_fetch(struct bpf_map_walker *walker)
{
	const u32 nr = walker->next == walker->end ? BPF_MAP_WALK_AHEAD : 1;
	u32 fetched;

	bpf_map_walker_set(walker, walker->map, bpf_map_walker_pos(walker));
	fetched = walker->map->ops->map_walk(walker->map, walker->from, walker->ahead, nr);
	if (!fetched)
		return NULL;
	if (walker->ahead[0].stride) {
		walker->left = fetched - 1;
		fetched = 1;
	}
	walker->end = walker->ahead + fetched;
	return walker->next++;
}

/* The next element, or NULL; or one without a key, see map_walk. */
static inline const struct bpf_map_walk *bpf_map_walker_next(struct bpf_map_walker *walker)
{
	struct bpf_map_walk *first = walker->ahead;

	if (walker->left) {
		walker->left--;
		first->value = (u8 *)first->value + first->stride;
		first->pos++;
		return first;
	}
	if (unlikely(walker->next == walker->end || !bpf_map_walk_holds(walker->next)))
		return bpf_map_walker_fetch(walker);
	return walker->next++;
}

#endif /* MAP_WALK_H */
