/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Slots and elements of the hash family: where they come from, and how they come back.
 *
 * A slot is free for the next entry at once, which is why a full map takes a new key right after a
 * deletion. An element waits for a grace period before it is used again, meanwhile the map has more
 * elements than slots.
 *
 * Nobody waits for another here: who is stopped anywhere stops no one else. Free slots and elements
 * are kept in lanes, one for each virtual CPU up to a limit, so that few threads write to the same
 * cache lines. What one lane lacks it takes from the others. Free elements are stacks. Taking one
 * off a stack is safe because it is done under RCU, and an element comes back to one only after a
 * grace period: who has seen it at the top finds it there with the same one below it, or not at
 * the top. The retired elements of a lane form another stack, and one RCU callback takes all of
 * them: no memory is needed to free memory, and a grace period is paid for once however many
 * elements it frees. What will be taken next is prefetched: it was last touched long ago.
 *
 * A chunk of memory is elements, one after the other. In per-CPU kinds there follow the values: for
 * each CPU those of all the chunk's elements, from a cache line of its own on. So the values of two
 * CPUs never lie in one line, and no value is padded to one. Such a chunk lies at a multiple of a
 * power of two that it fits into, so that an element's address says which one of its chunk it is,
 * and where its values are (elem_area() in htab.h).
 *
 * Chunks come as they are needed, in LRU kinds all at once: there an update must not fail. If these
 * run out, because so many wait for a grace period and there is no memory for more, an element that
 * waits is used again before its time, as Linux always does. Lookups see by a counter that this has
 * happened while they read, and read again; a program that has the value of an element which was
 * evicted since may then find another's in it. Those who do that have a lock.
 *
 * What an element's values hold (map/fields.c) is given back when nobody sees it any more, before it
 * is free.
 */
#include "map/htab.h"

#include <errno.h>

#include "base/rcu.h"
#include "base/vcpu.h"
#include "map/area.h"
#include "map/value.h"

#define CHUNK_MIN (4u << 10)
#define CHUNK_MAX (4u << 20)
#define PREALLOC_MAX (63u << 20)
/* Memory for elements beyond those that the map may hold: see replace_elem() in hashtab.c. */
#define MAX_SPARE (64ull << 20)

struct chunk {
	struct chunk *next;
	u64 size;
	u64 elems;
	u64 used; /* so many were handed out, or more */
};

_Static_assert(sizeof(struct chunk) <= CHUNK_HEAD, "a chunk's head");

/* --- slots ----------------------------------------------------------------------------------- */

/*
 * A lane remembers a few of its free slots. That costs no access to them: a slot lies far from its
 * element, and who deletes a key and inserts another would wait for it. Such a slot has the address
 * of the element that left it. In what is more than a few, one that is free holds the number of the
 * next, which is one more than its index; 0: none.
 *
 * How many are remembered is a hint: where two change it at once, a slot may be left behind it,
 * which is looked for when there seems to be none (find_slot()).
 */
static u64 slot_link(u64 next)
{
	return next << 1 | 1;
}

static void set_nr_slots(struct lane *lane, u32 nr)
{
	__atomic_store_n(&lane->nr_slots, nr, __ATOMIC_RELAXED);
}

/* The number of changes in its upper half tells a stack from one that looks alike. */
static u64 next_stack(u64 stack, u64 number)
{
	return ((stack >> 32) + 1) << 32 | number;
}

static void push_slot(struct bpf_htab *htab, struct lane *lane, u64 slot)
{
	const u32 nr = __atomic_load_n(&lane->nr_slots, __ATOMIC_RELAXED);
	u64 stack;
	u32 none = 0;

	if (likely(nr < LANE_SLOTS) &&
	    likely(__atomic_compare_exchange_n(&lane->slots[nr], &none, slot + 1, false,
					       __ATOMIC_RELEASE, __ATOMIC_RELAXED))) {
		set_nr_slots(lane, nr + 1);
		return;
	}
	stack = __atomic_load_n(&lane->free_slots, __ATOMIC_RELAXED);
	do
		__atomic_store_n(&htab->slots[slot], slot_link((u32)stack), __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&lane->free_slots, &stack, next_stack(stack, slot + 1),
					    false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static bool take_slot(struct lane *lane, u32 nr, u64 *slot)
{
	u32 number = __atomic_exchange_n(&lane->slots[nr], 0, __ATOMIC_ACQUIRE);

	*slot = number - 1ull;
	return number;
}

static bool pop_slot(struct bpf_htab *htab, struct lane *lane, u64 *slot)
{
	u64 stack, next;
	u32 nr;

	while (likely(nr = __atomic_load_n(&lane->nr_slots, __ATOMIC_RELAXED))) {
		set_nr_slots(lane, nr - 1);
		if (likely(take_slot(lane, nr - 1, slot)))
			return true;
	}
	stack = __atomic_load_n(&lane->free_slots, __ATOMIC_ACQUIRE);
	do {
		if (!(u32)stack)
			return false;
		*slot = (u32)stack - 1;
		/* Nonsense, if somebody else has taken it; then so has the stack changed. */
		next = (u32)(__atomic_load_n(&htab->slots[*slot], __ATOMIC_RELAXED) >> 1);
	} while (!__atomic_compare_exchange_n(&lane->free_slots, &stack, next_stack(stack, next),
					      false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
	if (next)
		__builtin_prefetch(&htab->slots[next - 1], 1);
	return true;
}

static bool fresh_slot(struct slot_range *range, u64 *slot)
{
	u64 used = __atomic_load_n(&range->used, __ATOMIC_RELAXED);

	do {
		if (used >= range->nr)
			return false;
	} while (!__atomic_compare_exchange_n(&range->used, &used, used + 1, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	*slot = range->first + used;
	return true;
}

static bool steal_slot(struct bpf_htab *htab, u32 own, u64 *slot)
{
	bool found = false;

	for (u32 i = 1; i < htab->nr_lanes && !found; i++) {
		struct lane *lane = &htab->lanes[(own + i) % htab->nr_lanes];

		found = lane_has_slot(lane) && pop_slot(htab, lane, slot);
	}
	return found;
}

/* One that the hints do not lead to. */
static bool find_lost_slot(struct bpf_htab *htab, u32 own, u64 *slot)
{
	const u32 lanes = htab->split ? 1 : htab->nr_lanes;

	for (u32 i = 0; i < lanes; i++) {
		struct lane *lane = &htab->lanes[(own + i) % htab->nr_lanes];

		for (u32 nr = 0; nr < LANE_SLOTS; nr++)
			if (__atomic_load_n(&lane->slots[nr], __ATOMIC_RELAXED) &&
			    take_slot(lane, nr, slot))
				return true;
	}
	return false;
}

/*
 * Where the lane has none. A new one only where none is free: walks pass over all that were ever
 * used. What is free all the time is found; but where others delete and insert meanwhile, one may
 * be free each time somewhere else than where this looks, as in Linux, which looks into one CPU's
 * list after the other, too.
 */
static bool find_slot(struct bpf_htab *htab, u32 own, u64 *slot)
{
	return (!htab->split && steal_slot(htab, own, slot)) ||
	       fresh_slot(slots_of(htab, own), slot) || find_lost_slot(htab, own, slot);
}

/* --- stacks of elements ---------------------------------------------------------------------- */

/* Somebody may still read what was its slot. Who sees that it is not any more sees what took its
 * place there: see elem_in_slot(). */
static void set_link(struct htab_elem *e, struct htab_elem *link)
{
	__atomic_store_n(&e->link, link, __ATOMIC_RELEASE);
}

static struct htab_elem *elem_link(const struct htab_elem *e)
{
	return __atomic_load_n(&e->link, __ATOMIC_RELAXED);
}

static struct htab_elem *take_stack(struct htab_elem **stack)
{
	return __atomic_load_n(stack, __ATOMIC_RELAXED)
		       ? __atomic_exchange_n(stack, NULL, __ATOMIC_SEQ_CST)
		       : NULL;
}

/* What is linked from @first to @last. */
static void push_elems(struct htab_elem **stack, struct htab_elem *first, struct htab_elem *last)
{
	struct htab_elem *top = __atomic_load_n(stack, __ATOMIC_RELAXED);

	do
		set_link(last, top);
	while (!__atomic_compare_exchange_n(stack, &top, first, true, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED));
}

static struct htab_elem *last_of(struct htab_elem *e)
{
	while (elem_link(e))
		e = elem_link(e);
	return e;
}

/* With the values of the first few CPUs, which all become zero. Inline, since gcc takes a function
 * that does nothing but prefetch for one that does nothing. */
static inline __attribute__((always_inline)) void prefetch_elem(const struct bpf_htab *htab,
								const struct htab_elem *e)
{
	const u32 cpus = htab->percpu ? min_of(htab->map.rt->num_possible_cpus, 8) : 0;

	__builtin_prefetch(e, 1);
	for (u32 cpu = 0; cpu < cpus; cpu++)
		__builtin_prefetch(bpf_map_percpu_ptr(&htab->map, elem_area(htab, e), cpu), 1);
}

static struct htab_elem *pop_elem(const struct bpf_htab *htab, struct lane *lane)
{
	for (u32 i = 0; i < LANE_STACKS; i++) {
		struct htab_elem *e = __atomic_load_n(&lane->free[i], __ATOMIC_ACQUIRE), *below;

		while (e) {
			below = elem_link(e);
			if (likely(__atomic_compare_exchange_n(&lane->free[i], &e, below, true,
							       __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)))
				break;
		}
		if (unlikely(!e))
			continue;
		if (below)
			prefetch_elem(htab, below);
		return e;
	}
	return NULL;
}

/* All of @first and what is below it. Mostly one stack is empty; else its end has to be found. */
static void push_free(struct lane *lane, struct htab_elem *first)
{
	struct htab_elem *none;

	for (u32 i = 0; i < LANE_STACKS; i++) {
		none = NULL;
		if (__atomic_compare_exchange_n(&lane->free[i], &none, first, false,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	}
	push_elems(&lane->free[0], first, last_of(first));
}

/* --- memory ---------------------------------------------------------------------------------- */

static u64 elem_bytes(const struct bpf_htab *htab)
{
	u64 cpus = htab->percpu ? htab->map.rt->num_possible_cpus : 0;

	return htab->elem_size + cpus * htab->value_space;
}

static u64 chunk_size(const struct bpf_htab *htab, u64 elems)
{
	if (!htab->percpu)
		return CHUNK_HEAD + elems * htab->elem_size;
	return htab->values_off + htab->map.rt->num_possible_cpus * htab->map.percpu_stride;
}

/* A chunk at *@link, which was NULL; if somebody else has put one there meanwhile, that. */
static struct chunk *add_chunk(struct bpf_htab *htab, struct chunk **link, u64 elems)
{
	const u64 size = chunk_size(htab, elems);
	struct chunk *chunk =
		bpf_map_area_alloc_aligned(size, max_of(htab->chunk_align, CACHE_LINE));
	struct chunk *there = NULL;

	if (!chunk)
		return __atomic_load_n(link, __ATOMIC_ACQUIRE);
	chunk->size = size;
	chunk->elems = elems;
	if (!__atomic_compare_exchange_n(link, &there, chunk, false, __ATOMIC_RELEASE,
					 __ATOMIC_ACQUIRE)) {
		bpf_map_area_free(chunk, size);
		return there;
	}
	__atomic_fetch_add(&htab->capacity, elems, __ATOMIC_RELAXED);
	__atomic_fetch_add(&htab->bytes, size, __ATOMIC_RELAXED);
	return chunk;
}

/*
 * As many elements as there are already, up to what the map may hold; and for those that wait for a
 * grace period beside them, an eighth more at a time, to an end: a program that runs for long holds
 * up the grace period for as long.
 */
static struct chunk *grow(struct bpf_htab *htab, struct chunk **link)
{
	const u64 max = htab->map.max_entries, bytes = elem_bytes(htab);
	const u64 capacity = __atomic_load_n(&htab->capacity, __ATOMIC_RELAXED);
	u64 elems = capacity < max ? min_of(max_of(capacity, 1), max - capacity) : capacity / 8;

	if (capacity > max && (capacity - max) * bytes >= MAX_SPARE)
		return NULL;
	elems = min_of(max_of(elems, CHUNK_MIN / bytes), max_of(CHUNK_MAX / bytes, 1));
	if (htab->percpu)
		elems = htab->chunk_elems;
	return add_chunk(htab, link, max_of(elems, 1));
}

int htab_prealloc(struct bpf_htab *htab)
{
	const u64 max = htab->map.max_entries,
		  in_chunk = max_of(PREALLOC_MAX / elem_bytes(htab), 1);
	struct chunk **link = &htab->chunks, *chunk;

	while (htab->capacity < max) {
		u64 elems = min_of(in_chunk, max - htab->capacity);

		chunk = add_chunk(htab, link, htab->percpu ? htab->chunk_elems : elems);
		if (!chunk)
			return -ENOMEM;
		link = &chunk->next;
	}
	return 0;
}

/* An element of @chunk that was never used; NULL. */
static struct htab_elem *take_of_chunk(const struct bpf_htab *htab, struct chunk *chunk)
{
	u64 nr = __atomic_fetch_add(&chunk->used, 1, __ATOMIC_RELAXED);

	return nr < chunk->elems
		       ? (struct htab_elem *)((u8 *)chunk + CHUNK_HEAD + nr * htab->elem_size)
		       : NULL;
}

static struct htab_elem *fresh_elem(struct bpf_htab *htab)
{
	struct chunk *chunk = __atomic_load_n(&htab->current, __ATOMIC_ACQUIRE), *next, **link;
	struct htab_elem *e = chunk ? take_of_chunk(htab, chunk) : NULL;

	while (!e) {
		link = chunk ? &chunk->next : &htab->chunks;
		next = __atomic_load_n(link, __ATOMIC_ACQUIRE);
		if (!next)
			next = grow(htab, link);
		if (!next)
			return NULL;
		/* If not, somebody else went on, there or further. */
		if (__atomic_compare_exchange_n(&htab->current, &chunk, next, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			chunk = next;
		e = take_of_chunk(htab, chunk);
	}
	return e;
}

/* Where the lane has none. */
static struct htab_elem *find_free_elem(struct bpf_htab *htab, u32 own)
{
	struct htab_elem *e = NULL;

	for (u32 i = 1; i < htab->nr_lanes && !e; i++)
		e = pop_elem(htab, &htab->lanes[(own + i) % htab->nr_lanes]);
	return e ? e : fresh_elem(htab);
}

struct htab_elem *htab_alloc_elem(struct bpf_htab *htab, u32 own)
{
	struct htab_elem *e = pop_elem(htab, &htab->lanes[own]);

	return likely(e) ? e : find_free_elem(htab, own);
}

/* One waits, or has come free since it was looked for: in this order it is either. */
static bool any_comes(const struct bpf_htab *htab)
{
	bool any = false;

	for (u32 i = 0; i < htab->nr_lanes && !any; i++) {
		const struct lane *lane = &htab->lanes[i];

		any = __atomic_load_n(&lane->grace, __ATOMIC_ACQUIRE);
		for (u32 n = 0; n < LANE_STACKS; n++)
			any |= !!__atomic_load_n(&lane->free[n], __ATOMIC_RELAXED);
	}
	return any;
}

/* A program cannot wait: it holds the grace period up. */
int htab_no_elem(const struct bpf_htab *htab)
{
	return !bpf_current && any_comes(htab) ? -ERESTART : -ENOMEM;
}

/* What the element's values hold goes. */
static void release_elem(const struct bpf_htab *htab, struct htab_elem *e)
{
	const struct bpf_map *map = &htab->map;

	if (!htab->percpu) {
		bpf_map_free_fields(map, elem_value(htab, e));
		return;
	}
	for (u32 cpu = 0; cpu < map->rt->num_possible_cpus; cpu++)
		bpf_map_free_fields(map, bpf_map_percpu_ptr(map, elem_area(htab, e), cpu));
}

/* Whichever state it is in: what is free holds nothing. */
void htab_release_fields(struct bpf_htab *htab)
{
	struct chunk *chunk;

	if (!htab->map.record)
		return;
	for (chunk = htab->chunks; chunk; chunk = chunk->next)
		for (u64 i = 0; i < min_of(chunk->used, chunk->elems); i++)
			release_elem(htab, (struct htab_elem *)((u8 *)chunk + CHUNK_HEAD +
								i * htab->elem_size));
}

/* With those behind it, which nobody sees any more. Who frees the map does it for all elements, after
 * a grace period that begins when nobody has it: so not between the two lines here. */
static void release_elems(const struct bpf_htab *htab, struct htab_elem *e)
{
	rcu_read_lock();
	if (atomic64_read(&htab->map.refcnt) && htab->map.record)
		for (; e; e = elem_link(e))
			release_elem(htab, e);
	rcu_read_unlock();
}

/* One that waits: see above. */
static struct htab_elem *recycle_elem(struct bpf_htab *htab, u32 own)
{
	struct htab_elem *e;

	spin_lock(&htab->recycle_lock);
	for (u32 i = 0; i < htab->nr_lanes && !htab->reserve; i++) {
		struct lane *lane = &htab->lanes[(own + i) % htab->nr_lanes];

		e = take_stack(&lane->waiting);
		if (!e)
			e = take_stack(&lane->retired);
		__atomic_store_n(&htab->reserve, e, __ATOMIC_RELAXED);
	}
	e = htab->reserve;
	if (e)
		__atomic_store_n(&htab->reserve, elem_link(e), __ATOMIC_RELAXED);
	spin_unlock(&htab->recycle_lock);
	if (e && htab->map.record)
		release_elem(htab, e);
	__atomic_add_fetch(&htab->recycled, 1, __ATOMIC_SEQ_CST);
	htab_fence();
	return e;
}

int htab_alloc_entry(struct bpf_htab *htab, u32 own, u64 *slot, struct htab_elem **e)
{
	struct lane *lane = &htab->lanes[own];

	if (unlikely(!pop_slot(htab, lane, slot)) && !find_slot(htab, own, slot))
		return -E2BIG;
	*e = htab_alloc_elem(htab, own);
	if (unlikely(!*e) && htab->lru)
		*e = recycle_elem(htab, own);
	if (unlikely(!*e)) {
		push_slot(htab, lane, *slot);
		return htab->lru ? -ENOMEM : htab_no_elem(htab);
	}
	bpf_map_add_elem_count(&htab->map, own, 1);
	return 0;
}

/* --- grace periods --------------------------------------------------------------------------- */

static void grace_over(struct callback_head *head);

/* By who has set lane->grace. False: there is nothing to wait for. */
static bool begin_grace(struct lane *lane)
{
	struct htab_elem *retired = take_stack(&lane->retired);

	if (!retired)
		return false;
	__atomic_store_n(&lane->waiting, retired, __ATOMIC_RELEASE);
	call_rcu_head(&lane->rcu, grace_over);
	return true;
}

/*
 * Who retires an element looks at lane->grace after that, and who takes it away looks for retired
 * elements after that: one of the two sees the other.
 */
static void end_grace(struct lane *lane)
{
	do {
		__atomic_store_n(&lane->grace, 0, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&lane->retired, __ATOMIC_SEQ_CST) ||
		    __atomic_exchange_n(&lane->grace, 1, __ATOMIC_SEQ_CST)) {
			htab_put(lane->htab);
			return;
		}
	} while (!begin_grace(lane));
}

/* What was to be used early and was not: nobody knows since when it waits, so it does once more. */
static void retire_reserve(struct bpf_htab *htab, struct lane *lane)
{
	struct htab_elem *reserve;

	if (likely(!__atomic_load_n(&htab->reserve, __ATOMIC_RELAXED)) ||
	    !spin_trylock(&htab->recycle_lock))
		return;
	reserve = htab->reserve;
	__atomic_store_n(&htab->reserve, NULL, __ATOMIC_RELAXED);
	spin_unlock(&htab->recycle_lock);
	if (reserve)
		push_elems(&lane->retired, reserve, last_of(reserve));
}

static void grace_over(struct callback_head *head)
{
	struct lane *lane = container_of(head, struct lane, rcu);
	struct htab_elem *waited = take_stack(&lane->waiting);

	if (waited) {
		release_elems(lane->htab, waited);
		push_free(lane, waited);
	}
	retire_reserve(lane->htab, lane);
	/* A map that nobody has any more goes as a whole. */
	if (!atomic64_read(&lane->htab->map.refcnt))
		htab_put(lane->htab);
	else if (!begin_grace(lane))
		end_grace(lane);
}

void htab_retire_elem(struct bpf_htab *htab, u32 own, struct htab_elem *e)
{
	struct lane *lane = &htab->lanes[own];

	push_elems(&lane->retired, e, e);
	if (likely(__atomic_load_n(&lane->grace, __ATOMIC_SEQ_CST)) ||
	    __atomic_exchange_n(&lane->grace, 1, __ATOMIC_SEQ_CST))
		return;
	__atomic_add_fetch(&htab->users, 1, __ATOMIC_RELAXED);
	if (!begin_grace(lane))
		end_grace(lane);
}

void htab_retire_entry(struct bpf_htab *htab, u32 own, struct htab_elem *e)
{
	const u64 slot = elem_slot(e);

	/* Back to whom it belongs. */
	if (htab->split)
		own = slot / htab->lanes[own].own.nr;
	bpf_map_add_elem_count(&htab->map, own, -1);
	push_slot(htab, &htab->lanes[own], slot);
	htab_retire_elem(htab, own, e);
}

static void free_chunks(struct bpf_htab *htab)
{
	while (htab->chunks) {
		struct chunk *chunk = htab->chunks;

		htab->chunks = chunk->next;
		bpf_map_area_free(chunk, chunk->size);
	}
}

void htab_put(struct bpf_htab *htab)
{
	if (__atomic_sub_fetch(&htab->users, 1, __ATOMIC_ACQ_REL))
		return;
	free_chunks(htab);
	bpf_map_area_free(htab->buckets, htab->nr_buckets * sizeof(struct htab_bucket));
	bpf_map_area_free(htab->slots, htab->map.max_entries * sizeof(u64));
	bpf_map_area_free(htab->lanes, htab->nr_lanes * sizeof(struct lane));
	bpf_map_area_free(htab, sizeof(*htab));
}
