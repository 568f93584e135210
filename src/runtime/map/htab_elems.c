/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Slots and elements of the hash family: where they come from, and how they come back.
 *
 * A slot is free for the next entry at once, which is why a full map takes a new key right after a
 * deletion. An element waits for a grace period before it is used again, meanwhile the map has more
 * elements than slots.
 *
 * Free slots and elements are kept in lanes, one for each virtual CPU up to a limit, so that few
 * threads which update different buckets share a lock. The waiting elements of a lane form a list,
 * and one RCU callback takes all of them: no memory is needed to free memory, and a grace period is
 * paid for once however many elements it frees. What one lane lacks it takes from the others. What
 * will be taken next is prefetched: it was last touched long ago.
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
 * evicted since may then find another's in it.
 *
 * Locks nest in the order bucket, lane, fresh; never two of a kind.
 */
#include "map/htab.h"

#include <errno.h>

#include "base/rcu.h"
#include "base/vcpu.h"
#include "map/area.h"

#define CHUNK_MIN (4u << 10)
#define CHUNK_MAX (4u << 20)
#define PREALLOC_MAX (63u << 20)
/* Memory for elements beyond those that the map may hold: see replace_elem() in hashtab.c. */
#define MAX_SPARE (64ull << 20)

struct chunk {
	struct chunk *next;
	u64 size;
	u64 elems;
};

_Static_assert(sizeof(struct chunk) <= CHUNK_HEAD, "a chunk's head");

/* --- slots ----------------------------------------------------------------------------------- */

/*
 * A lane remembers a few of its free slots. That costs no access to them: a slot lies far from its
 * element, and who deletes a key and inserts another would wait for it. Such a slot has the address
 * of the element that left it. In what is more than a few, one that is free holds the number of the
 * next, which is one more than its index; 0: none.
 */
static u64 slot_link(u64 next)
{
	return next << 1 | 1;
}

/* With the lane's lock; others may look without. */
static void set_free_slot(struct lane *lane, u64 slot)
{
	__atomic_store_n(&lane->free_slot, slot, __ATOMIC_RELAXED);
}

static void set_nr_slots(struct lane *lane, u32 nr)
{
	__atomic_store_n(&lane->nr_slots, nr, __ATOMIC_RELAXED);
}

/* These two with the lane's lock. */
static void push_slot(struct bpf_htab *htab, struct lane *lane, u64 slot)
{
	if (likely(lane->nr_slots < LANE_SLOTS)) {
		lane->slots[lane->nr_slots] = slot;
		set_nr_slots(lane, lane->nr_slots + 1);
		return;
	}
	__atomic_store_n(&htab->slots[slot], slot_link(lane->free_slot), __ATOMIC_RELAXED);
	set_free_slot(lane, slot + 1);
}

static bool pop_slot(struct bpf_htab *htab, struct lane *lane, u64 *slot)
{
	u64 number = lane->free_slot, next;

	if (likely(lane->nr_slots)) {
		set_nr_slots(lane, lane->nr_slots - 1);
		*slot = lane->slots[lane->nr_slots];
		return true;
	}
	if (!number)
		return false;
	*slot = number - 1;
	next = __atomic_load_n(&htab->slots[*slot], __ATOMIC_RELAXED) >> 1;
	if (next)
		__builtin_prefetch(&htab->slots[next - 1], 1);
	set_free_slot(lane, next);
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

		if (!lane_has_slot(lane))
			continue;
		spin_lock(&lane->lock);
		found = pop_slot(htab, lane, slot);
		spin_unlock(&lane->lock);
	}
	return found;
}

/* Where the lane has none. A new one only where none is free: walks pass over all that were ever
 * used. */
static bool find_slot(struct bpf_htab *htab, u32 own, u64 *slot)
{
	return (!htab->split && steal_slot(htab, own, slot)) ||
	       fresh_slot(slots_of(htab, own), slot);
}

/* --- lists of elements ----------------------------------------------------------------------- */

/* Somebody may still read what was its slot. Who sees that it is not any more sees what took its
 * place there: see elem_in_slot(). */
static void set_link(struct htab_elem *e, struct htab_elem *link)
{
	__atomic_store_n(&e->link, link, __ATOMIC_RELEASE);
}

static void list_push(struct elem_list *list, struct htab_elem *e)
{
	set_link(e, list->head);
	__atomic_store_n(&list->head, e, __ATOMIC_RELAXED);
	if (!list->tail)
		list->tail = e;
}

static void list_append(struct elem_list *list, struct htab_elem *e)
{
	set_link(e, NULL);
	if (list->tail)
		set_link(list->tail, e);
	else
		__atomic_store_n(&list->head, e, __ATOMIC_RELAXED);
	list->tail = e;
}

/* Move all of @from to the front of @to. Who has not the lock may look whether there are any. */
static void list_splice(struct elem_list *to, struct elem_list *from)
{
	if (!from->head)
		return;
	set_link(from->tail, to->head);
	__atomic_store_n(&to->head, from->head, __ATOMIC_RELAXED);
	if (!to->tail)
		to->tail = from->tail;
	__atomic_store_n(&from->head, NULL, __ATOMIC_RELAXED);
	from->tail = NULL;
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

static struct htab_elem *list_pop(const struct bpf_htab *htab, struct elem_list *list)
{
	struct htab_elem *e = list->head;

	if (!e)
		return NULL;
	__atomic_store_n(&list->head, e->link, __ATOMIC_RELAXED);
	if (e->link)
		prefetch_elem(htab, e->link);
	else
		list->tail = NULL;
	return e;
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

/* With fresh.lock, or alone. */
static bool add_chunk(struct bpf_htab *htab, u64 elems)
{
	const u64 size = chunk_size(htab, elems);
	struct chunk *chunk =
		bpf_map_area_alloc_aligned(size, max_of(htab->chunk_align, CACHE_LINE));

	if (!chunk)
		return false;
	chunk->size = size;
	chunk->elems = elems;
	*htab->fresh.last = chunk;
	htab->fresh.last = &chunk->next;
	htab->fresh.capacity += elems;
	__atomic_store_n(&htab->fresh.bytes, htab->fresh.bytes + size, __ATOMIC_RELAXED);
	return true;
}

/*
 * As many elements as there are already, up to what the map may hold; and for those that wait for a
 * grace period beside them, an eighth more at a time, to an end: a program that runs for long holds
 * up the grace period for as long.
 */
static bool grow(struct bpf_htab *htab)
{
	const u64 max = htab->map.max_entries, capacity = htab->fresh.capacity;
	const u64 bytes = elem_bytes(htab);
	u64 elems = capacity < max ? min_of(max_of(capacity, 1), max - capacity) : capacity / 8;

	if (capacity > max && (capacity - max) * bytes >= MAX_SPARE)
		return false;
	elems = min_of(max_of(elems, CHUNK_MIN / bytes), max_of(CHUNK_MAX / bytes, 1));
	if (htab->percpu)
		elems = htab->chunk_elems;
	return add_chunk(htab, max_of(elems, 1));
}

int htab_prealloc(struct bpf_htab *htab)
{
	const u64 max = htab->map.max_entries,
		  in_chunk = max_of(PREALLOC_MAX / elem_bytes(htab), 1);

	while (htab->fresh.capacity < max) {
		u64 elems = min_of(in_chunk, max - htab->fresh.capacity);

		if (!add_chunk(htab, htab->percpu ? htab->chunk_elems : elems))
			return -ENOMEM;
	}
	return 0;
}

/* On to the next chunk, which may have to be made. */
static bool next_chunk(struct bpf_htab *htab)
{
	struct chunk **next =
		htab->fresh.current ? &htab->fresh.current->next : &htab->fresh.chunks;

	if (!*next && !grow(htab))
		return false;
	htab->fresh.current = *next;
	htab->fresh.next = (u8 *)*next + CHUNK_HEAD;
	htab->fresh.end = htab->fresh.next + (*next)->elems * htab->elem_size;
	return true;
}

/* An element that was never used. */
static struct htab_elem *fresh_elem(struct bpf_htab *htab)
{
	struct htab_elem *e = NULL;

	spin_lock(&htab->fresh.lock);
	if (htab->fresh.next != htab->fresh.end || next_chunk(htab)) {
		e = (struct htab_elem *)(void *)htab->fresh.next;
		htab->fresh.next += htab->elem_size;
		htab->fresh.nr++;
	}
	spin_unlock(&htab->fresh.lock);
	return e;
}

/* All the free elements of another lane: where one thread deletes and another inserts, they are
 * fetched in one go. */
static struct htab_elem *steal_elems(struct bpf_htab *htab, u32 own)
{
	struct lane *lane = &htab->lanes[own];
	struct htab_elem *e = NULL;

	for (u32 i = 1; i < htab->nr_lanes && !e; i++) {
		struct lane *from = &htab->lanes[(own + i) % htab->nr_lanes];
		struct elem_list all = {NULL, NULL};

		if (!__atomic_load_n(&from->free.head, __ATOMIC_RELAXED))
			continue;
		spin_lock(&from->lock);
		list_splice(&all, &from->free);
		spin_unlock(&from->lock);
		spin_lock(&lane->lock);
		list_splice(&lane->free, &all);
		e = list_pop(htab, &lane->free);
		spin_unlock(&lane->lock);
	}
	return e;
}

/* Where the lane has none. */
static struct htab_elem *find_free_elem(struct bpf_htab *htab, u32 own)
{
	struct htab_elem *e = steal_elems(htab, own);

	return e ? e : fresh_elem(htab);
}

struct htab_elem *htab_swap_begin(struct bpf_htab *htab, u32 own)
{
	struct lane *lane = &htab->lanes[own];
	struct htab_elem *e;

	spin_lock(&lane->lock);
	e = list_pop(htab, &lane->free);
	if (likely(e))
		return e;
	spin_unlock(&lane->lock);
	e = find_free_elem(htab, own);
	if (e)
		spin_lock(&lane->lock);
	return e;
}

static bool any_waits(const struct bpf_htab *htab)
{
	bool any = false;

	for (u32 i = 0; i < htab->nr_lanes && !any; i++)
		any = __atomic_load_n(&htab->lanes[i].waiting.head, __ATOMIC_RELAXED) ||
		      __atomic_load_n(&htab->lanes[i].retired.head, __ATOMIC_RELAXED);
	return any;
}

/* A program cannot wait: it holds the grace period up. */
int htab_no_elem(const struct bpf_htab *htab)
{
	return !bpf_current && any_waits(htab) ? -ERESTART : -ENOMEM;
}

/* One that waits, the longest first: see above. */
static struct htab_elem *recycle_elem(struct bpf_htab *htab, u32 own)
{
	struct htab_elem *e = NULL;

	for (u32 i = 0; i < htab->nr_lanes && !e; i++) {
		struct lane *lane = &htab->lanes[(own + i) % htab->nr_lanes];

		spin_lock(&lane->lock);
		e = list_pop(htab, &lane->waiting);
		if (!e)
			e = list_pop(htab, &lane->retired);
		spin_unlock(&lane->lock);
	}
	__atomic_add_fetch(&htab->recycled, 1, __ATOMIC_SEQ_CST);
	htab_fence();
	return e;
}

/* Where the lane has no slot (if not @has_slot) or no element (if @e is NULL): from elsewhere. */
static int find_entry(struct bpf_htab *htab, u32 own, bool has_slot, u64 *slot,
		      struct htab_elem **e)
{
	struct lane *lane = &htab->lanes[own];
	int err = 0;

	if (!has_slot && !find_slot(htab, own, slot))
		err = -E2BIG;
	if (!err && !*e)
		*e = find_free_elem(htab, own);
	if (!err && !*e && htab->lru)
		*e = recycle_elem(htab, own);
	if (!err && !*e)
		err = htab->lru ? -ENOMEM : htab_no_elem(htab);
	spin_lock(&lane->lock);
	if (!err)
		bpf_map_add_elem_count(&htab->map, own, 1);
	else if (err != -E2BIG)
		push_slot(htab, lane, *slot);
	else if (*e)
		list_push(&lane->free, *e);
	spin_unlock(&lane->lock);
	return err;
}

int htab_alloc_entry(struct bpf_htab *htab, u32 own, u64 *slot, struct htab_elem **e)
{
	struct lane *lane = &htab->lanes[own];
	bool found;

	spin_lock(&lane->lock);
	found = pop_slot(htab, lane, slot);
	*e = list_pop(htab, &lane->free);
	if (likely(found && *e))
		bpf_map_add_elem_count(&htab->map, own, 1);
	spin_unlock(&lane->lock);
	return likely(found && *e) ? 0 : find_entry(htab, own, found, slot, e);
}

/* --- grace periods --------------------------------------------------------------------------- */

static void grace_over(struct callback_head *head);

/* With the lane's lock, when no callback is under way. */
static void begin_grace(struct lane *lane)
{
	list_splice(&lane->waiting, &lane->retired);
	call_rcu_head(&lane->rcu, grace_over);
}

static void grace_over(struct callback_head *head)
{
	struct lane *lane = container_of(head, struct lane, rcu);
	struct bpf_htab *htab = lane->htab;
	bool done;

	spin_lock(&lane->lock);
	list_splice(&lane->free, &lane->waiting);
	/* A map that nobody has any more goes as a whole. */
	done = !lane->retired.head || !atomic64_read(&htab->map.refcnt);
	if (done)
		lane->grace = false;
	else
		begin_grace(lane);
	spin_unlock(&lane->lock);
	if (done)
		htab_put(htab);
}

/* With the lane's lock. */
static void retire(struct bpf_htab *htab, struct lane *lane, struct htab_elem *e)
{
	list_append(&lane->retired, e);
	if (likely(lane->grace))
		return;
	lane->grace = true;
	__atomic_add_fetch(&htab->users, 1, __ATOMIC_RELAXED);
	begin_grace(lane);
}

void htab_swap_end(struct bpf_htab *htab, u32 own, struct htab_elem *e)
{
	struct lane *lane = &htab->lanes[own];

	retire(htab, lane, e);
	spin_unlock(&lane->lock);
}

void htab_retire_entry(struct bpf_htab *htab, u32 own, struct htab_elem *e)
{
	const u64 slot = elem_slot(e);
	struct lane *lane;

	/* Back to whom it belongs. */
	if (htab->split)
		own = slot / htab->lanes[own].own.nr;
	lane = &htab->lanes[own];
	spin_lock(&lane->lock);
	bpf_map_add_elem_count(&htab->map, own, -1);
	push_slot(htab, lane, slot);
	retire(htab, lane, e);
	spin_unlock(&lane->lock);
}

static void free_chunks(struct bpf_htab *htab)
{
	while (htab->fresh.chunks) {
		struct chunk *chunk = htab->fresh.chunks;

		htab->fresh.chunks = chunk->next;
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
