/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * HASH (kernel: kernel/bpf/hashtab.c).
 *
 * Three tables:
 *
 *   buckets   heads of chains of elements, for lookups; a power of two, never resized
 *   slots     one place for each element that the map may hold, for walks
 *   elements  key and value, in chunks that are added as they are needed and kept
 *
 * Readers take no lock: they follow pointers inside an RCU section. An element is written before it
 * is published and its key never again. A bucket's writers exclude each other by the lowest bit of
 * its head.
 *
 * Lookup. An element that leaves its chain keeps its next pointer, so a reader that stands on it
 * goes on to everything that was behind it and is still there; new elements come in at the head. An
 * update puts the new element into the very place of the old one: a reader finds one of the two.
 *
 * Walk. A slot belongs to an entry from its insertion to its deletion, also when updates replace
 * its element. A walk looks at each slot once, in order, and an entry never moves: hence what stays
 * is seen exactly once and anything else at most once. An entry that is deleted and inserted again
 * is a new one. Elements are handed out in the order of memory, and so are slots: a walk of a map
 * that was only filled runs through memory from one end to the other.
 *
 * A slot is free for the next entry at once, which is why a full map takes a new key right after a
 * deletion. An element waits for a grace period before it is used again, meanwhile the map has more
 * elements than slots.
 *
 * Free slots and elements are kept in lanes, one for each virtual CPU up to MAX_LANES, so that few
 * threads which update different buckets share a lock. The waiting elements of a lane form a list,
 * and one RCU callback takes all of them: no memory is needed to free memory, and a grace period is
 * paid for once however many elements it frees. What one lane lacks it takes from the others.
 *
 * Locks nest in the order bucket, lane, fresh; never two of a kind.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/rcu.h"
#include "base/runtime.h"
#include "map/area.h"
#include "map/map_create.h"
#include "map/map_types.h"
#include "map/spinlock.h"
#include "map/value.h"

/* The limits of Linux: 16 bytes a bucket in 32 bits, and what kmalloc gives at most. */
#define MAX_BUCKETS (1u << 27)
#define MAX_ELEM_SIZE ((4u << 20) - 48)

#define CACHE_LINE 64
#define CHUNK_MIN (4u << 10)
#define CHUNK_MAX (4u << 20)
#define PREFETCH_SLOTS 16
#define MAX_LANES 32 /* who finds his own empty looks into all the others */
/* Memory for elements beyond those that the map may hold: see put_elem(). */
#define MAX_SPARE (64ull << 20)

#define HTAB_CREATE_FLAG_MASK                                                                      \
	(BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK | BPF_F_ZERO_SEED)

struct htab_elem {
	struct htab_elem *next; /* in the bucket, also once it has left it */
	union {
		u64 slot;		/* while it is in a bucket: for who has its lock */
		struct htab_elem *link; /* after that: waiting or free */
	};
	u8 data[]; /* the key, at the next multiple of 8 the value */
};

/* A list that can be appended to another at once. */
struct elem_list {
	struct htab_elem *head, *tail;
};

struct lane {
	struct spinlock lock;
	bool grace; /* a callback is under way, for what is in `waiting` */
	u64 free_slot;
	struct elem_list free;
	struct elem_list retired; /* since that callback was queued */
	struct elem_list waiting;
	struct callback_head rcu;
	struct bpf_htab *htab;
} __attribute__((aligned(CACHE_LINE)));

struct chunk {
	struct chunk *next;
	u64 size;
};

struct bpf_htab {
	struct bpf_map map;
	u64 *buckets; /* address of the first element, lowest bit: locked */
	u64 *slots;   /* address of the element; lowest bit: a free one, see slot_link() */
	struct lane *lanes;
	u64 nr_buckets;
	u64 seed;
	u32 nr_lanes;
	u32 key_space; /* key_size, rounded up */
	u32 elem_size;
	/* What follows is written while the map grows; what is above only when it is made. */
	u64 nr_slots __attribute__((aligned(CACHE_LINE))); /* ever used: the first ones */
	u64 users; /* the map, and each callback under way */
	struct {
		struct spinlock lock;
		u8 *next, *end; /* of the newest chunk */
		struct chunk *chunks;
		u64 nr; /* elements that were ever handed out */
		u64 bytes;
	} fresh;
};

static struct bpf_htab *to_htab(const struct bpf_map *map)
{
	return container_of(map, struct bpf_htab, map);
}

static u8 *elem_value(const struct bpf_htab *htab, struct htab_elem *e)
{
	return e->data + htab->key_space;
}

static u32 own_lane(const struct bpf_htab *htab)
{
	return bpf_map_lane(&htab->map) % htab->nr_lanes;
}

/* --- keys ------------------------------------------------------------------------------------ */

/* The halves of the product of two words, folded: each bit of the result depends on all of both. */
static u64 mix(u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (u64)product ^ (u64)(product >> 64);
}

static u64 load_key(const void *key, u32 size)
{
	u64 word = 0;

	memcpy(&word, key, size);
	return word;
}

/* Keyed with the seed, so that nobody can choose keys that all fall into one bucket. */
static u64 hash_key(const struct bpf_htab *htab, const void *key)
{
	const u64 odd = 0x9e3779b97f4a7c15, other = 0xd6e8feb86659fd93;
	u64 hash = htab->seed ^ htab->map.key_size * odd;
	const u8 *p = key;
	u32 left = htab->map.key_size;

	if (left == sizeof(u32))
		return mix(load_key(p, sizeof(u32)) ^ hash, odd);
	for (; left > sizeof(u64); left -= sizeof(u64), p += sizeof(u64))
		hash = mix(load_key(p, sizeof(u64)) ^ hash, odd ^ htab->seed) ^ other;
	return mix(mix(load_key(p, left) ^ hash, odd), other ^ htab->seed);
}

static bool key_equal(const struct bpf_htab *htab, const struct htab_elem *e, const void *key)
{
	switch (htab->map.key_size) {
	case sizeof(u32):
		return load_key(e->data, sizeof(u32)) == load_key(key, sizeof(u32));
	case sizeof(u64):
		return load_key(e->data, sizeof(u64)) == load_key(key, sizeof(u64));
	default:
		return !memcmp(e->data, key, htab->map.key_size);
	}
}

static u64 *bucket_of(const struct bpf_htab *htab, const void *key)
{
	return &htab->buckets[hash_key(htab, key) & (htab->nr_buckets - 1)];
}

/* --- chains ---------------------------------------------------------------------------------- */

#define BUCKET_LOCKED 1ull

static struct htab_elem *first_elem(u64 head)
{
	return (struct htab_elem *)(unsigned long)(head & ~BUCKET_LOCKED);
}

static void bucket_lock(u64 *bucket)
{
	u32 spins = 0;

	while (__atomic_fetch_or(bucket, BUCKET_LOCKED, __ATOMIC_ACQUIRE) & BUCKET_LOCKED)
		while (__atomic_load_n(bucket, __ATOMIC_RELAXED) & BUCKET_LOCKED)
			spin_wait(&spins);
}

static void bucket_unlock(u64 *bucket)
{
	__atomic_fetch_and(bucket, ~BUCKET_LOCKED, __ATOMIC_RELEASE);
}

static struct htab_elem *next_elem(const struct htab_elem *e)
{
	return __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
}

/* Under RCU, or with the bucket's lock. */
static struct htab_elem *find_elem(const struct bpf_htab *htab, const u64 *bucket, const void *key)
{
	struct htab_elem *e = first_elem(__atomic_load_n(bucket, __ATOMIC_ACQUIRE));

	while (e && !key_equal(htab, e, key))
		e = next_elem(e);
	return e;
}

/* Put @by, which may be NULL, into the place where @e is. With the bucket's lock. */
static void replace_in_chain(u64 *bucket, struct htab_elem *e, struct htab_elem *by)
{
	struct htab_elem *prev = first_elem(__atomic_load_n(bucket, __ATOMIC_RELAXED));

	if (prev == e) {
		__atomic_store_n(bucket, (unsigned long)by | BUCKET_LOCKED, __ATOMIC_RELEASE);
		return;
	}
	while (prev->next != e)
		prev = prev->next;
	__atomic_store_n(&prev->next, by, __ATOMIC_RELEASE);
}

/* --- slots ----------------------------------------------------------------------------------- */

/* A free slot holds the number of the next free one, which is one more than its index; 0: none. */
static u64 slot_link(u64 next)
{
	return next << 1 | 1;
}

static bool slot_in_use(u64 content)
{
	return content && !(content & 1);
}

/* With the lane's lock; others may look without. */
static void set_free_slot(struct lane *lane, u64 slot)
{
	__atomic_store_n(&lane->free_slot, slot, __ATOMIC_RELAXED);
}

static void push_slot(struct bpf_htab *htab, struct lane *lane, u64 slot)
{
	__atomic_store_n(&htab->slots[slot], slot_link(lane->free_slot), __ATOMIC_RELAXED);
	set_free_slot(lane, slot + 1);
}

static u64 pop_slot(struct bpf_htab *htab, struct lane *lane)
{
	u64 slot;

	if (!__atomic_load_n(&lane->free_slot, __ATOMIC_RELAXED))
		return 0;
	spin_lock(&lane->lock);
	slot = lane->free_slot;
	if (slot)
		set_free_slot(lane, __atomic_load_n(&htab->slots[slot - 1], __ATOMIC_RELAXED) >> 1);
	spin_unlock(&lane->lock);
	return slot;
}

static bool fresh_slot(struct bpf_htab *htab, u64 *slot)
{
	*slot = __atomic_load_n(&htab->nr_slots, __ATOMIC_RELAXED);
	do {
		if (*slot >= htab->map.max_entries)
			return false;
	} while (!__atomic_compare_exchange_n(&htab->nr_slots, slot, *slot + 1, true,
					      __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	return true;
}

/* A new one only where none is free: walks pass over all that were ever used. False: the map is
 * full. */
static bool alloc_slot(struct bpf_htab *htab, u32 own, u64 *slot)
{
	for (u32 i = 0; i < htab->nr_lanes; i++) {
		u64 number = pop_slot(htab, &htab->lanes[(own + i) % htab->nr_lanes]);

		if (number) {
			*slot = number - 1;
			return true;
		}
	}
	return fresh_slot(htab, slot);
}

/* --- elements -------------------------------------------------------------------------------- */

static void list_push(struct elem_list *list, struct htab_elem *e)
{
	e->link = list->head;
	list->head = e;
	if (!list->tail)
		list->tail = e;
}

/* Move all of @from to the front of @to. Who has not the lock may look whether there are any. */
static void list_splice(struct elem_list *to, struct elem_list *from)
{
	if (!from->head)
		return;
	from->tail->link = to->head;
	__atomic_store_n(&to->head, from->head, __ATOMIC_RELAXED);
	if (!to->tail)
		to->tail = from->tail;
	__atomic_store_n(&from->head, NULL, __ATOMIC_RELAXED);
	from->tail = NULL;
}

static struct htab_elem *pop_elem(struct lane *lane)
{
	struct htab_elem *e;

	spin_lock(&lane->lock);
	e = lane->free.head;
	if (e) {
		__atomic_store_n(&lane->free.head, e->link, __ATOMIC_RELAXED);
		if (!lane->free.head)
			lane->free.tail = NULL;
	}
	spin_unlock(&lane->lock);
	return e;
}

/* All the free elements of another lane: where one thread deletes and another inserts, they are
 * fetched in one go. */
static struct htab_elem *steal_elems(struct bpf_htab *htab, u32 own)
{
	struct lane *lane = &htab->lanes[own];

	for (u32 i = 1; i < htab->nr_lanes; i++) {
		struct lane *from = &htab->lanes[(own + i) % htab->nr_lanes];
		struct elem_list all = {NULL, NULL};

		if (!__atomic_load_n(&from->free.head, __ATOMIC_RELAXED))
			continue;
		spin_lock(&from->lock);
		list_splice(&all, &from->free);
		spin_unlock(&from->lock);
		if (all.head) {
			spin_lock(&lane->lock);
			list_splice(&lane->free, &all);
			spin_unlock(&lane->lock);
			return pop_elem(lane);
		}
	}
	return NULL;
}

/* With fresh.lock. As many as there are already, up to what the map may hold; and for those that
 * wait for a grace period beside them, an eighth more at a time, to an end: a program that runs for
 * long holds up the grace period for as long. */
static bool add_chunk(struct bpf_htab *htab)
{
	const u64 head = round_up(sizeof(struct chunk), CACHE_LINE);
	const u64 max = htab->map.max_entries, nr = htab->fresh.nr;
	u64 size = nr < max ? min_of(htab->fresh.bytes, (max - nr) * htab->elem_size)
			    : htab->fresh.bytes / 8;
	struct chunk *chunk;

	if (nr > max && (nr - max) * htab->elem_size >= MAX_SPARE)
		return false;
	size = min_of(max_of(size, (u64)CHUNK_MIN), (u64)CHUNK_MAX);
	size = head + max_of(size / htab->elem_size, 1) * htab->elem_size;
	chunk = bpf_map_area_alloc(size);
	if (!chunk)
		return false;
	chunk->next = htab->fresh.chunks;
	chunk->size = size;
	htab->fresh.chunks = chunk;
	htab->fresh.next = (u8 *)chunk + head;
	htab->fresh.end = (u8 *)chunk + size;
	__atomic_store_n(&htab->fresh.bytes, htab->fresh.bytes + size, __ATOMIC_RELAXED);
	return true;
}

/* An element that was never used. */
static struct htab_elem *fresh_elem(struct bpf_htab *htab)
{
	struct htab_elem *e = NULL;

	spin_lock(&htab->fresh.lock);
	if ((u64)(htab->fresh.end - htab->fresh.next) >= htab->elem_size || add_chunk(htab)) {
		e = (struct htab_elem *)htab->fresh.next;
		htab->fresh.next += htab->elem_size;
		htab->fresh.nr++;
	}
	spin_unlock(&htab->fresh.lock);
	return e;
}

static struct htab_elem *alloc_elem(struct bpf_htab *htab, u32 own)
{
	struct htab_elem *e = pop_elem(&htab->lanes[own]);

	if (!e)
		e = steal_elems(htab, own);
	if (!e)
		e = fresh_elem(htab);
	return e;
}

static void htab_put(struct bpf_htab *htab);
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

/* @e is in no chain any more, and in no slot but perhaps @slot, which is given back. */
#define KEEP_SLOT UINT64_MAX

static void retire_elem(struct bpf_htab *htab, u32 own, struct htab_elem *e, u64 slot)
{
	struct lane *lane = &htab->lanes[own];

	spin_lock(&lane->lock);
	if (slot != KEEP_SLOT)
		push_slot(htab, lane, slot);
	list_push(&lane->retired, e);
	if (!lane->grace) {
		lane->grace = true;
		__atomic_add_fetch(&htab->users, 1, __ATOMIC_RELAXED);
		begin_grace(lane);
	}
	spin_unlock(&lane->lock);
}

/* --- the map --------------------------------------------------------------------------------- */

static int htab_map_alloc_check(const union bpf_attr *attr)
{
	if (attr->map_flags & ~HTAB_CREATE_FLAG_MASK || !bpf_map_flags_access_ok(attr->map_flags))
		return -EINVAL;
	if (!attr->max_entries || !attr->key_size || !attr->value_size)
		return -EINVAL;
	if ((u64)attr->key_size + attr->value_size >= MAX_ELEM_SIZE)
		return -E2BIG;
	if (attr->max_entries > MAX_BUCKETS)
		return -E2BIG;
	return 0;
}

static u64 new_seed(const void *salt)
{
	struct timespec now;
	u64 seed;

	if (getrandom(&seed, sizeof(seed), 0) == sizeof(seed))
		return seed;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return mix((unsigned long)salt ^ now.tv_sec, now.tv_nsec | 1);
}

static u64 slots_size(const struct bpf_htab *htab)
{
	return htab->map.max_entries * sizeof(u64);
}

static u64 buckets_size(const struct bpf_htab *htab)
{
	return htab->nr_buckets * sizeof(u64);
}

static u64 lanes_size(const struct bpf_htab *htab)
{
	return htab->nr_lanes * sizeof(struct lane);
}

static void free_tables(struct bpf_htab *htab)
{
	while (htab->fresh.chunks) {
		struct chunk *chunk = htab->fresh.chunks;

		htab->fresh.chunks = chunk->next;
		bpf_map_area_free(chunk, chunk->size);
	}
	bpf_map_area_free(htab->buckets, buckets_size(htab));
	bpf_map_area_free(htab->slots, slots_size(htab));
	bpf_map_area_free(htab->lanes, lanes_size(htab));
	bpf_map_area_free(htab, sizeof(*htab));
}

static void htab_put(struct bpf_htab *htab)
{
	if (!__atomic_sub_fetch(&htab->users, 1, __ATOMIC_ACQ_REL))
		free_tables(htab);
}

static struct bpf_map *htab_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct bpf_htab *htab = bpf_map_area_alloc(sizeof(*htab));

	if (!htab)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&htab->map, rt, attr);
	htab->users = 1;
	htab->key_space = round_up(attr->key_size, 8);
	htab->elem_size =
		sizeof(struct htab_elem) + htab->key_space + round_up(attr->value_size, 8);
	htab->nr_lanes = min_of(rt->num_possible_cpus, MAX_LANES);
	htab->nr_buckets = 1;
	while (htab->nr_buckets < attr->max_entries)
		htab->nr_buckets *= 2;
	htab->seed = attr->map_flags & BPF_F_ZERO_SEED ? 0 : new_seed(htab);
	htab->buckets = bpf_map_area_alloc(buckets_size(htab));
	htab->slots = bpf_map_area_alloc(slots_size(htab));
	htab->lanes = bpf_map_area_alloc(lanes_size(htab));
	if (!htab->buckets || !htab->slots || !htab->lanes || bpf_map_init_elem_count(&htab->map)) {
		free_tables(htab);
		return ERR_PTR(-ENOMEM);
	}
	for (u32 i = 0; i < htab->nr_lanes; i++)
		htab->lanes[i].htab = htab;
	return &htab->map;
}

static void htab_map_free(struct bpf_map *map)
{
	/* Callbacks may outlive the runtime, which this needs. */
	bpf_map_free_elem_count(map);
	htab_put(to_htab(map));
}

static void *htab_map_lookup_elem(struct bpf_map *map, const void *key)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e = find_elem(htab, bucket_of(htab, key), key);

	return e ? elem_value(htab, e) : NULL;
}

/*
 * With the bucket's lock. @old: the element that @key has now. If there is no other element to be
 * had, the value is written over: readers may see some of the old one beside some of the new, as
 * they may in Linux, which uses elements again at once.
 */
static long put_elem(struct bpf_htab *htab, u64 *bucket, struct htab_elem *old, const void *key,
		     const void *value)
{
	u32 own = own_lane(htab);
	struct htab_elem *e;
	u64 slot;

	if (old)
		slot = old->slot;
	else if (!alloc_slot(htab, own, &slot))
		return -E2BIG;
	e = alloc_elem(htab, own);
	if (!e && old) {
		bpf_map_value_store(elem_value(htab, old), value, htab->map.value_size);
		return 0;
	}
	if (!e)
		goto no_memory;
	memcpy(e->data, key, htab->map.key_size);
	memcpy(elem_value(htab, e), value, htab->map.value_size);
	e->slot = slot;
	e->next = old ? old->next : first_elem(__atomic_load_n(bucket, __ATOMIC_RELAXED));
	__atomic_store_n(&htab->slots[slot], (unsigned long)e, __ATOMIC_RELEASE);
	if (old) {
		replace_in_chain(bucket, old, e);
		retire_elem(htab, own, old, KEEP_SLOT);
	} else {
		__atomic_store_n(bucket, (unsigned long)e | BUCKET_LOCKED, __ATOMIC_RELEASE);
		bpf_map_inc_elem_count(&htab->map);
	}
	return 0;

no_memory:
	spin_lock(&htab->lanes[own].lock);
	push_slot(htab, &htab->lanes[own], slot);
	spin_unlock(&htab->lanes[own].lock);
	return -ENOMEM;
}

static long htab_map_update_elem(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	struct bpf_htab *htab = to_htab(map);
	u64 *bucket = bucket_of(htab, key);
	struct htab_elem *old;
	long err;

	if (flags > BPF_EXIST)
		return -EINVAL;
	bucket_lock(bucket);
	old = find_elem(htab, bucket, key);
	if (old && flags == BPF_NOEXIST)
		err = -EEXIST;
	else if (!old && flags == BPF_EXIST)
		err = -ENOENT;
	else
		err = put_elem(htab, bucket, old, key, value);
	bucket_unlock(bucket);
	return err;
}

static long htab_map_delete_elem(struct bpf_map *map, const void *key)
{
	struct bpf_htab *htab = to_htab(map);
	u64 *bucket = bucket_of(htab, key);
	struct htab_elem *e;

	bucket_lock(bucket);
	e = find_elem(htab, bucket, key);
	if (e) {
		replace_in_chain(bucket, e, e->next);
		retire_elem(htab, own_lane(htab), e, e->slot);
		bpf_map_dec_elem_count(map);
	}
	bucket_unlock(bucket);
	return e ? 0 : -ENOENT;
}

/* The element in the first slot in use from @*slot on, which is then behind it; NULL. */
static struct htab_elem *next_in_slots(const struct bpf_htab *htab, u64 *slot)
{
	const u64 end = __atomic_load_n(&htab->nr_slots, __ATOMIC_ACQUIRE);

	for (u64 i = *slot; i < end; i++) {
		u64 content = __atomic_load_n(&htab->slots[i], __ATOMIC_ACQUIRE);

		if (unlikely(!slot_in_use(content)))
			continue;
		/* Where updates have put the elements out of order. */
		if (i + PREFETCH_SLOTS < end)
			__builtin_prefetch((void *)(unsigned long)__atomic_load_n(
				&htab->slots[i + PREFETCH_SLOTS], __ATOMIC_RELAXED));
		*slot = i + 1;
		return (struct htab_elem *)(unsigned long)content;
	}
	return NULL;
}

/* In the order of a walk. A key that is not there leads to the first one. */
static int htab_map_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e;
	u64 slot = 0;

	if (key) {
		u64 *bucket = bucket_of(htab, key);

		/* Without the lock the slot may have become a link. */
		bucket_lock(bucket);
		e = find_elem(htab, bucket, key);
		if (e)
			slot = e->slot + 1;
		bucket_unlock(bucket);
	}
	e = next_in_slots(htab, &slot);
	if (!e)
		return -ENOENT;
	memcpy(next_key, e->data, map->key_size);
	return 0;
}

static int htab_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	const void *from = htab_map_lookup_elem(map, key);

	if (flags)
		return -EINVAL;
	if (!from)
		return -ENOENT;
	bpf_map_value_load(value, from, map->value_size);
	return 0;
}

static bool htab_map_walk(struct bpf_map *map, struct bpf_map_walk *walk)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e = next_in_slots(htab, &walk->pos);

	if (unlikely(!e))
		return false;
	walk->key = e->data;
	walk->value = elem_value(htab, e);
	return true;
}

static u64 htab_map_mem_usage(const struct bpf_map *map)
{
	const struct bpf_htab *htab = to_htab(map);

	return sizeof(*htab) + buckets_size(htab) + slots_size(htab) + lanes_size(htab) +
	       __atomic_load_n(&htab->fresh.bytes, __ATOMIC_RELAXED);
}

const struct bpf_map_ops htab_map_ops = {
	.map_alloc_check = htab_map_alloc_check,
	.map_alloc = htab_map_alloc,
	.map_free = htab_map_free,
	.map_lookup_elem = htab_map_lookup_elem,
	.map_update_elem = htab_map_update_elem,
	.map_delete_elem = htab_map_delete_elem,
	.map_get_next_key = htab_map_get_next_key,
	.map_copy_value = htab_map_copy_value,
	.map_walk = htab_map_walk,
	.map_mem_usage = htab_map_mem_usage,
};
