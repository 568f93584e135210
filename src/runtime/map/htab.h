/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the files of the hash family share: hashtab.c (the kinds, and what is done with a key),
 * htab_elems.c (slots and elements, where they come from and go to), htab_lru.c (eviction),
 * htab_percpu.c (values of each CPU). The idea is told at the top of hashtab.c.
 */
#ifndef MAP_HTAB_H
#define MAP_HTAB_H

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/runtime.h"
#include "map/map.h"
#include "map/spinlock.h"

#define CACHE_LINE 64

/* ThreadSanitizer knows no fences; where they matter there is nothing for it to see. */
#ifdef __SANITIZE_THREAD__
#define htab_fence() ((void)0)
#else
#define htab_fence() __atomic_thread_fence(__ATOMIC_ACQ_REL)
#endif

struct htab_elem {
	struct htab_elem *next; /* in the bucket's chain, also once it has left it */
	union {
		u64 slot; /* while it is in a bucket; without its lock: slot_behind() */
		struct htab_elem *link; /* after that: waiting or free */
	};
	u8 data[]; /* the key; at htab->value_off the value, but in per-CPU kinds */
};

/* What a chunk of elements begins with; see htab_elems.c. */
#define CHUNK_HEAD CACHE_LINE

/*
 * A cache line. A place is empty if its tag is 0; its tag is then set after its element, and taken
 * away before it, so that who has seen a tag finds an element in the place: that one, or a later
 * one. All tags are read at once.
 */
#define BUCKET_PLACES 6
#define BUCKET_LOCKED 1ull
struct htab_bucket {
	u64 tags;		 /* from the third byte on, of each place; lowest bit: locked */
	struct htab_elem *chain; /* what found no place */
	struct htab_elem *places[BUCKET_PLACES];
};

/* Slots first to first + nr - 1, of which the first `used` have been used. */
struct slot_range {
	u64 first, nr;
	u64 used;
	u64 hand; /* of the clock: see htab_lru.c */
};

#define LANE_SLOTS 16
#define LANE_STACKS 4

/* Stacks are linked by htab_elem.link. */
struct lane {
	struct htab_elem *free[LANE_STACKS]; /* pushed to only when a grace period is over */
	struct htab_elem *retired;
	struct htab_elem *waiting; /* for the callback that is under way */
	u32 grace;		   /* one is, or is being begun */
	u32 nr_slots;		   /* about so many of `slots` are taken, from the first on */
	u64 free_slots;		   /* a stack of more: changes, 1 + the first one's index */
	u32 slots[LANE_SLOTS] __attribute__((aligned(CACHE_LINE))); /* 1 + a free one; 0: none */
	struct callback_head rcu;
	struct bpf_htab *htab;
	struct slot_range own; /* BPF_F_NO_COMMON_LRU */
} __attribute__((aligned(CACHE_LINE)));

struct bpf_htab {
	struct bpf_map map;
	struct htab_bucket *buckets;
	u64 *slots; /* address of the element, see elem_in_slot(); lowest bit: see slot_link() */
	struct lane *lanes;
	u64 nr_buckets;
	u64 seed;
	u32 nr_lanes;
	u32 value_off; /* in an element's data */
	u32 elem_size;
	u32 value_space; /* value_size, rounded up */
	/* Per-CPU: the elements in each chunk, whose address is a multiple of chunk_align; where in
	 * it the values of CPU 0 are; and 2^32 / elem_size, rounded up. */
	u32 chunk_elems;
	u64 chunk_align;
	u64 values_off;
	u64 inverse;
	bool lru, percpu;
	bool in_place; /* an update writes a value of at most 8 bytes over, with one store */
	bool unlocked; /* and takes no lock for it, as long as nothing is looked up and deleted */
	enum htab_pops { HTAB_NO_POPS, HTAB_POPS_BEGIN, HTAB_POPS } pops;
	bool split;   /* each lane has slots of its own, and takes no others */
	u64 recycled; /* LRU: elements that were used again before their time; see htab_elems.c */
	/* What follows is written while the map grows; what is above only when it is made. */
	struct slot_range common __attribute__((aligned(CACHE_LINE)));
	u64 users; /* the map, and each callback under way */
	struct chunk *chunks, *current;
	u64 capacity; /* of all chunks, in elements */
	u64 bytes;
	struct spinlock recycle_lock;
	struct htab_elem *reserve; /* with that lock: waits, and is to be used again early */
};

static inline struct bpf_htab *to_htab(const struct bpf_map *map)
{
	return container_of(map, struct bpf_htab, map);
}

static inline u8 *elem_value(const struct bpf_htab *htab, struct htab_elem *e)
{
	return e->data + htab->value_off;
}

/*
 * Per-CPU: the area with the values of all CPUs, bpf_map_percpu_ptr(). It follows from the
 * element's address alone: the CPU can fetch a value and its element at the same time. The product
 * is exact, as what is divided is a multiple of elem_size and less than 2^32.
 */
static inline u8 *elem_area(const struct bpf_htab *htab, const struct htab_elem *e)
{
	const u64 off = (unsigned long)e & (htab->chunk_align - 1);
	const u64 nr = (off - CHUNK_HEAD) * htab->inverse >> 32;

	return (u8 *)e - off + htab->values_off + nr * htab->value_space;
}

/* LRU: whether it was used since the hand was there last. In front of the value: what a reader
 * writes here late, into an element that is gone, does no harm. */
static inline u32 *elem_ref(const struct bpf_htab *htab, struct htab_elem *e)
{
	return (u32 *)(void *)(e->data + htab->value_off) - 1;
}

static inline u32 own_lane(const struct bpf_htab *htab)
{
	u32 lane = bpf_map_lane(&htab->map);

	return likely(lane < htab->nr_lanes) ? lane : lane % htab->nr_lanes;
}

/* --- keys ------------------------------------------------------------------------------------ */

static inline u64 hash_key(const struct bpf_htab *htab, const void *key)
{
	const u32 size = htab->map.key_size;

	if (size == sizeof(u32))
		return mix(load_key(key, sizeof(u32)) ^ htab->seed ^ size * HASH_ODD, HASH_ODD);
	return hash_bytes(key, size, htab->seed);
}

static inline bool key_equal(const struct bpf_htab *htab, const struct htab_elem *e,
			     const void *key)
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

static inline struct htab_bucket *bucket_of(const struct bpf_htab *htab, u64 hash)
{
	return &htab->buckets[hash & (htab->nr_buckets - 1)];
}

/* --- values of at most 8 bytes ---------------------------------------------------------------- */

/* A value and the zeroes behind it. */
static inline u64 load_word(const void *value, u32 size)
{
	return likely(size == sizeof(u64)) ? load_key(value, sizeof(u64)) : load_key(value, size);
}

/* Readers see the old value or the new one. */
static inline void store_word(void *value, u64 word)
{
	__atomic_store_n((u64 *)value, word, __ATOMIC_RELEASE);
}

/* May an update that finds its key write the value over without the bucket's lock? Under RCU. */
static inline bool htab_is_unlocked(const struct bpf_htab *htab)
{
	return htab->unlocked && __atomic_load_n(&htab->pops, __ATOMIC_RELAXED) == HTAB_NO_POPS;
}

/* --- buckets --------------------------------------------------------------------------------- */

#define EACH_BYTE 0x0101010101010101ull
#define NO_TAGS 0xffffull /* the bytes of a bucket's tags that are none */

/* Bits of the hash that did not choose the bucket. */
static inline u8 tag_of(u64 hash)
{
	return max_of(hash >> 56, 1);
}

/* The places that have @tag, 0: that are empty: the highest bit of each one's byte. */
static inline u64 places_with(u64 tags, u8 tag)
{
	const u64 low = 0x7f * EACH_BYTE;
	const u64 other = (tags ^ tag * EACH_BYTE) | NO_TAGS;

	return ~(((other & low) + low) | other | low);
}

/* The first of them. */
static inline u32 first_place(u64 places)
{
	return __builtin_ctzll(places) / 8 - 2;
}

static inline bool bucket_trylock(struct htab_bucket *bucket)
{
	return !(__atomic_fetch_or(&bucket->tags, BUCKET_LOCKED, __ATOMIC_ACQUIRE) & BUCKET_LOCKED);
}

static inline void bucket_lock(struct htab_bucket *bucket)
{
	u32 spins = 0;

	/* What takes the lock waits until all that was written before is seen, this does not. */
	__builtin_prefetch(bucket, 1);
	while (!bucket_trylock(bucket))
		while (__atomic_load_n(&bucket->tags, __ATOMIC_RELAXED) & BUCKET_LOCKED)
			spin_wait(&spins);
}

/* Others only set the bit that is set: there is no change of theirs to lose. */
static inline void bucket_unlock(struct htab_bucket *bucket)
{
	__atomic_store_n(&bucket->tags,
			 __atomic_load_n(&bucket->tags, __ATOMIC_RELAXED) & ~BUCKET_LOCKED,
			 __ATOMIC_RELEASE);
}

static inline struct htab_elem *elem_at(const struct htab_bucket *bucket, u32 place)
{
	return __atomic_load_n(&bucket->places[place], __ATOMIC_ACQUIRE);
}

static inline struct htab_elem *first_in_chain(const struct htab_bucket *bucket)
{
	return __atomic_load_n(&bucket->chain, __ATOMIC_ACQUIRE);
}

static inline struct htab_elem *next_elem(const struct htab_elem *e)
{
	return __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
}

/* Where there are several elements with the tag, or a chain. */
struct htab_elem *htab_find_slowly(const struct bpf_htab *htab, const struct htab_bucket *bucket,
				   u8 tag, const void *key);

/* Under RCU, or with the bucket's lock. */
static inline struct htab_elem *find_elem(const struct bpf_htab *htab, u64 hash, const void *key)
{
	const struct htab_bucket *bucket = bucket_of(htab, hash);
	u64 places = places_with(__atomic_load_n(&bucket->tags, __ATOMIC_ACQUIRE), tag_of(hash));

	if (likely(places)) {
		struct htab_elem *e = elem_at(bucket, first_place(places));

		if (likely(key_equal(htab, e, key)))
			return e;
	} else if (likely(!first_in_chain(bucket))) {
		return NULL;
	}
	return htab_find_slowly(htab, bucket, tag_of(hash), key);
}

/*
 * What is read between these two, under RCU, is good if the second says so: no element became
 * another's meanwhile. Otherwise it has to be read again.
 */
static inline u64 htab_read_begin(const struct bpf_htab *htab)
{
	return __atomic_load_n(&htab->recycled, __ATOMIC_ACQUIRE);
}

static inline bool htab_read_ok(const struct bpf_htab *htab, u64 begin)
{
	htab_fence();
	return likely(__atomic_load_n(&htab->recycled, __ATOMIC_RELAXED) == begin);
}

/* find_elem() in LRU kinds. */
static inline struct htab_elem *htab_lru_find(const struct bpf_htab *htab, u64 hash,
					      const void *key)
{
	struct htab_elem *e;
	u64 begin;

	do {
		begin = htab_read_begin(htab);
		e = find_elem(htab, hash, key);
	} while (!htab_read_ok(htab, begin));
	return e;
}

/* These with the bucket's lock. */

/* Tag @place, 0: it is empty. Its element is there before, and stays for those who have seen the
 * tag. */
static inline void set_tag(struct htab_bucket *bucket, u32 place, u8 tag)
{
	const u32 shift = 8 * (place + 2);
	u64 tags = __atomic_load_n(&bucket->tags, __ATOMIC_RELAXED) & ~(0xffull << shift);

	__atomic_store_n(&bucket->tags, tags | (u64)tag << shift, __ATOMIC_RELEASE);
}

/* Where @e is, which has @tag; BUCKET_PLACES: in the chain, or not in the bucket. */
static inline u32 place_of(const struct htab_bucket *bucket, u8 tag, const struct htab_elem *e)
{
	u64 places = places_with(__atomic_load_n(&bucket->tags, __ATOMIC_RELAXED), tag);

	while (places && bucket->places[first_place(places)] != e)
		places &= places - 1;
	return places ? first_place(places) : BUCKET_PLACES;
}

static inline bool is_in_bucket(const struct htab_bucket *bucket, u8 tag, const struct htab_elem *e)
{
	const struct htab_elem *other = bucket->chain;

	if (likely(place_of(bucket, tag, e) < BUCKET_PLACES))
		return true;
	while (other && other != e)
		other = other->next;
	return other;
}

static inline void add_to_bucket(struct htab_bucket *bucket, u8 tag, struct htab_elem *e)
{
	u64 empty = places_with(__atomic_load_n(&bucket->tags, __ATOMIC_RELAXED), 0);

	if (likely(empty)) {
		u32 place = first_place(empty);

		__atomic_store_n(&bucket->places[place], e, __ATOMIC_RELEASE);
		set_tag(bucket, place, tag);
	} else {
		e->next = bucket->chain;
		__atomic_store_n(&bucket->chain, e, __ATOMIC_RELEASE);
	}
}

/* Put @by where @e is, which is in the bucket and has @tag; NULL: nothing. */
static inline void replace_in_bucket(struct htab_bucket *bucket, u8 tag, struct htab_elem *e,
				     struct htab_elem *by)
{
	struct htab_elem **link = &bucket->chain;
	u32 place = place_of(bucket, tag, e);

	if (likely(place < BUCKET_PLACES)) {
		if (by)
			__atomic_store_n(&bucket->places[place], by, __ATOMIC_RELEASE);
		else
			set_tag(bucket, place, 0);
		return;
	}
	if (by)
		by->next = e->next;
	else
		by = e->next;
	while (*link != e)
		link = &(*link)->next;
	__atomic_store_n(link, by, __ATOMIC_RELEASE);
}

/* --- slots and elements: htab_elems.c. All under RCU ------------------------------------------ */

static inline u64 elem_slot(const struct htab_elem *e)
{
	return (__atomic_load_n(&e->slot, __ATOMIC_ACQUIRE) >> 1) - 1;
}

/* An odd number, so that no link looks like one: that of a walk which is behind the slot. */
static inline u64 elem_mark(u64 slot)
{
	return 2 * (slot + 1) + 1;
}

static inline bool elem_has_slot(const struct htab_elem *e, u64 slot)
{
	return __atomic_load_n(&e->slot, __ATOMIC_ACQUIRE) == elem_mark(slot);
}

/* What was written to the element before is there for who finds it so. */
static inline void set_elem_slot(struct htab_elem *e, u64 slot)
{
	__atomic_store_n(&e->slot, elem_mark(slot), __ATOMIC_RELEASE);
}

/*
 * The element whose slot is @slot; NULL. Under RCU: it is good until the section ends. Of one that
 * has left, the slot may go on telling; but then it is not the element's any more. An update puts
 * its element there before the old one loses it.
 */
static inline struct htab_elem *elem_in_slot(const struct bpf_htab *htab, u64 slot)
{
	u64 content = __atomic_load_n(&htab->slots[slot], __ATOMIC_ACQUIRE), before;

	do {
		struct htab_elem *e = (struct htab_elem *)(unsigned long)content;

		if (unlikely(!content || content & 1))
			return NULL;
		if (likely(elem_has_slot(e, slot)))
			return e;
		before = content;
		content = __atomic_load_n(&htab->slots[slot], __ATOMIC_ACQUIRE);
	} while (content != before);
	return NULL;
}

/* One past the last slot that was ever used. */
static inline u64 slots_end(const struct bpf_htab *htab)
{
	return htab->split ? htab->map.max_entries
			   : __atomic_load_n(&htab->common.used, __ATOMIC_ACQUIRE);
}

/* Mostly; it may have one that this does not see, or no longer. */
static inline bool lane_has_slot(const struct lane *lane)
{
	return __atomic_load_n(&lane->nr_slots, __ATOMIC_RELAXED) ||
	       (u32)__atomic_load_n(&lane->free_slots, __ATOMIC_RELAXED);
}

/* The slots that @lane takes from. */
static inline struct slot_range *slots_of(struct bpf_htab *htab, u32 lane)
{
	return htab->split ? &htab->lanes[lane].own : &htab->common;
}

/* A slot and an element for a new entry, which is counted. -E2BIG: no slot is free. -ENOMEM, in LRU
 * kinds only for a moment. */
int htab_alloc_entry(struct bpf_htab *htab, u32 lane, u64 *slot, struct htab_elem **e);
/* An element to replace another with; NULL: no memory. */
struct htab_elem *htab_alloc_elem(struct bpf_htab *htab, u32 lane);
/* @e is in no bucket and no slot any more, and is used again after a grace period. */
void htab_retire_elem(struct bpf_htab *htab, u32 lane, struct htab_elem *e);
/* The same of an entry: @e is in no bucket any more; its slot, which still points to it, is free.
 */
void htab_retire_entry(struct bpf_htab *htab, u32 lane, struct htab_elem *e);
/* Why an update gets no element: -ENOMEM, or -ERESTART, see bpf_map_restart(). */
int htab_no_elem(const struct bpf_htab *htab);
/* Memory for all the elements that the map may hold. */
int htab_prealloc(struct bpf_htab *htab);
/* The map is gone: what its values hold goes, too. */
void htab_release_fields(struct bpf_htab *htab);
/* The map has gone, or a callback. */
void htab_put(struct bpf_htab *htab);

/* --- eviction: htab_lru.c --------------------------------------------------------------------- */

/* Make at least one slot free that @lane takes from, unless others do so. Without a lock. */
void htab_lru_evict(struct bpf_htab *htab, u32 lane);

/* An update gave @err. True: an element was evicted if need be, try again. Without a lock. */
static inline bool htab_lru_retry(struct bpf_htab *htab, long err)
{
	if (likely(err != -E2BIG && err != -ENOMEM) || !htab->lru)
		return false;
	htab_lru_evict(htab, own_lane(htab));
	return true;
}

/* Used: by a program that looked it up, or by an update of what was there already. */
static inline void htab_lru_touch(const struct bpf_htab *htab, struct htab_elem *e)
{
	u32 *ref = elem_ref(htab, e);

	/* Mostly it is set: no line is written to that others read. */
	if (!__atomic_load_n(ref, __ATOMIC_RELAXED))
		__atomic_store_n(ref, 1, __ATOMIC_RELAXED);
}

/* A new element is first used when its turn comes, or earlier: see htab_lru.c. */
void htab_lru_init(struct bpf_htab *htab, u32 lane, struct htab_elem *e, u64 slot);

/* --- what the kinds are made of: hashtab.c ---------------------------------------------------- */

int htab_map_alloc_check(const union bpf_attr *attr);
struct bpf_map *htab_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr);
void htab_map_free(struct bpf_map *map);
void htab_map_lookup_and_delete_begin(struct bpf_map *map);
long htab_map_delete_elem(struct bpf_map *map, const void *key);
int htab_map_get_next_key(struct bpf_map *map, const void *key, void *next_key);
u32 htab_map_walk(struct bpf_map *map, u64 pos, struct bpf_map_walk *walks, u32 nr);
u64 htab_map_mem_usage(const struct bpf_map *map);

/* Delete the element of @key, calling @copy, if it is not NULL, with it before. -ENOENT. */
int htab_delete(struct bpf_htab *htab, const void *key,
		void (*copy)(const struct bpf_htab *htab, struct htab_elem *e, void *to), void *to);

/* Publish @e, whose value is written, as the entry of @key. With the bucket's lock. */
void htab_insert_elem(struct bpf_htab *htab, u32 lane, u64 hash, struct htab_elem *e, u64 slot,
		      const void *key);

/* Put @word into the value, which has 8 bytes, of @key. What was there in *@old; 0: nothing. @flags
 * as in an update. */
long htab_set_word(struct bpf_htab *htab, const void *key, u64 word, u64 flags, u64 *old);

/* What the result of an update is for its flags alone. */
static inline int htab_check_flags(const struct htab_elem *old, u64 flags)
{
	if (old && flags & BPF_NOEXIST)
		return -EEXIST;
	if (!old && flags & BPF_EXIST)
		return -ENOENT;
	return 0;
}

#endif /* MAP_HTAB_H */
