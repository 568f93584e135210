/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * HASH and LRU_HASH, and what the per-CPU kinds share with them (kernel: kernel/bpf/hashtab.c).
 *
 * Three tables:
 *
 *   buckets   for lookups: a cache line each, with places for six elements, of which a full map
 *             uses two to four on average, and a byte of each one's hash, its tag; and a chain of
 *             those that find no place. A power of two of them, never resized
 *   slots     one place for each element that the map may hold, for walks
 *   elements  key and value, in chunks that are kept (htab_elems.c)
 *
 * Readers take no lock: they follow pointers inside an RCU section. An element is written before it
 * is published and its key never again. A bucket's writers exclude each other by the lowest bit of
 * its tags.
 *
 * Lookup. One word has all tags of a bucket: it says which place to look at, and for what is not
 * there mostly that there is none, without a branch that depends on where. An element stays in the
 * place that it got. Where the tags were read and another element is in the place by now, the one
 * that was there has left meanwhile; where the key differs, all that have the tag are looked at,
 * and the chain (htab_find_slowly). An element that leaves a chain keeps its next pointer, so a
 * reader that stands on it goes on to everything that was behind it and is still there; new
 * elements come in at the front.
 *
 * Update. A value of at most 8 bytes is written over by one store: readers see the old or the new
 * one. So are the values of per-CPU kinds, word by word. For others, and with BPF_F_NO_PREALLOC, a
 * new element takes the very place of the old one: a reader finds one of the two, and who reads the
 * old one keeps it.
 *
 * The one store needs no lock where an element is never another's within a grace period, which is
 * so but in LRU kinds: under RCU the key is found, then the value stored. If the key was deleted,
 * and maybe inserted again, in between, the update counts as having come right before the deletion.
 * Nobody can tell: it was under way then, and what still reads that element began before the
 * deletion, too. Only who looks up and deletes can, since he says which value was the last: before
 * a map's first such command updates are told to take the lock, and those are waited for that have
 * not seen it (htab_map_lookup_and_delete_begin). LRU kinds, which use elements again early if they
 * must, always take it.
 *
 * Walk. A slot belongs to an entry from its insertion to its deletion, also when updates replace
 * its element. A walk looks at each slot once, in order, and an entry never moves: hence what stays
 * is seen exactly once and anything else at most once. An entry that is deleted and inserted again
 * is a new one, and so is one that was evicted. Elements are handed out in the order of memory, and
 * so are slots: a walk of a map that was only filled runs through memory from one end to the other.
 *
 * Full maps: HASH refuses a new key, LRU kinds evict (htab_lru.c), with no lock held.
 *
 * Speed. At a thousand elements what counts are atomic operations: none in a lookup and in an
 * update of a small value, three in another update of what is there, eight in a deletion and an
 * insertion. At a million it is misses: a lookup has two, bucket and element, one after the other;
 * a per-CPU value, whose address follows from its element's, is fetched beside the element. Where
 * keys do not wait for values, a CPU has the misses of several operations under way at once, as
 * many as it has room for instructions: so what is not needed in the common case is out of the way,
 * and what is needed soon is prefetched before a lock, which waits until all that was written
 * before it is seen. The slot of a deletion is not touched (htab_elems.c). Nanoseconds beside Linux
 * 6.18 in one run of bench/maps on a quiet machine of two cores (AMD EPYC), keys of 4 bytes at
 * random, values of 8. In a chained lookup the next key waits for the value:
 *
 *   by programs              lookup     chained      update      delete and insert
 *   HASH           1,000     5 /  29    16 /  29     8 /  91      85 / 174
 *              1,000,000    96 / 244   337 / 467   107 / 500     415 / 692
 *   PERCPU         1,000     7 /  30    19 /  30    10 /  74      84 / 209
 *              1,000,000   118 / 266   327 / 662   143 / 513     441 / 770
 *   LRU            1,000     6 /  28    18 /  27    13 / 211      83 / 239
 *              1,000,000    97 / 227   337 / 436   124 / 900     400 / 801
 *   LRU_PERCPU     1,000     8 /  34    22 /  33    14 / 138      79 / 270
 *              1,000,000   129 / 241   326 / 618   131 / 678     410 /1040
 *
 * From user space: see syscall/map_elem.c.
 */
#include "map/htab.h"

#include <errno.h>

#include "base/kernel_errno.h"
#include "base/rcu.h"
#include "map/area.h"
#include "map/map_create.h"
#include "map/map_types.h"
#include "map/value.h"

/* The limits of Linux: 16 bytes a bucket in 32 bits, and what kmalloc and the allocator of per-CPU
 * memory give at most. */
#define MAX_BUCKETS (1u << 27)
#define MAX_ELEM_SIZE ((4u << 20) - 48)
#define PCPU_MIN_UNIT_SIZE (32u << 10)

#define MEAN_PLACES_USED 4 /* of a full map's buckets, at most */
#define PREFETCH_SLOTS 16
#define SLOTS_AT_ONCE (1u << 15)  /* that a walk looks at in one go: 20 microseconds */
#define MAX_LANES 32		  /* who finds his own empty looks into all the others */
#define PERCPU_CHUNK (4ull << 20) /* two huge pages; more where an element needs it */

#define HTAB_CREATE_FLAG_MASK                                                                      \
	(BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK |           \
	 BPF_F_ZERO_SEED)

/* --- create and free ------------------------------------------------------------------------- */

static bool is_lru(u32 map_type)
{
	return map_type == BPF_MAP_TYPE_LRU_HASH || map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool is_percpu(u32 map_type)
{
	return map_type == BPF_MAP_TYPE_PERCPU_HASH || map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

int htab_map_alloc_check(const union bpf_attr *attr)
{
	const bool lru = is_lru(attr->map_type), percpu = is_percpu(attr->map_type);
	const u32 flags = attr->map_flags;

	if (flags & ~HTAB_CREATE_FLAG_MASK || !bpf_map_flags_access_ok(flags))
		return -EINVAL;
	if (!lru && flags & BPF_F_NO_COMMON_LRU)
		return -EINVAL;
	if (lru && flags & BPF_F_NO_PREALLOC)
		return -ENOTSUPP;
	if (flags & BPF_F_NUMA_NODE && (percpu || flags & BPF_F_NO_COMMON_LRU))
		return -EINVAL;
	if (!attr->max_entries || !attr->key_size || !attr->value_size)
		return -EINVAL;
	if ((u64)attr->key_size + attr->value_size >= MAX_ELEM_SIZE)
		return -E2BIG;
	if (percpu && round_up(attr->value_size, 8) > PCPU_MIN_UNIT_SIZE)
		return -E2BIG;
	if (attr->max_entries > MAX_BUCKETS)
		return -E2BIG;
	return 0;
}

static u64 divide_up(u64 a, u64 b)
{
	return a / b + !!(a % b);
}

/* As many elements in each chunk, which fill a power of two of memory or less. */
static void set_percpu_layout(struct bpf_htab *htab)
{
	struct bpf_map *map = &htab->map;
	const u64 cpus = map->rt->num_possible_cpus;
	const u64 rounding = CHUNK_HEAD + (1 + cpus) * CACHE_LINE;
	const u64 each = htab->elem_size + cpus * htab->value_space;
	const u64 room = max_of(PERCPU_CHUNK, rounding + each) - rounding;

	htab->chunk_elems = divide_up(map->max_entries, divide_up(map->max_entries, room / each));
	map->percpu_stride = round_up(htab->chunk_elems * htab->value_space, CACHE_LINE);
	htab->values_off =
		round_up(CHUNK_HEAD + (u64)htab->chunk_elems * htab->elem_size, CACHE_LINE);
	htab->inverse = divide_up(1ull << 32, htab->elem_size);
	htab->chunk_align = CACHE_LINE;
	while (htab->chunk_align < htab->values_off + cpus * map->percpu_stride)
		htab->chunk_align *= 2;
}

static void set_layout(struct bpf_htab *htab)
{
	struct bpf_map *map = &htab->map;

	htab->lru = is_lru(map->map_type);
	htab->percpu = is_percpu(map->map_type);
	htab->value_off = round_up(map->key_size + (htab->lru ? sizeof(u32) : 0), 8);
	htab->value_space = round_up(map->value_size, 8);
	htab->elem_size = sizeof(struct htab_elem) + htab->value_off;
	if (!htab->percpu)
		htab->elem_size += htab->value_space;
	htab->in_place = htab->value_space == sizeof(u64) &&
			 (htab->percpu || !(map->map_flags & BPF_F_NO_PREALLOC));
	htab->unlocked = htab->in_place && !htab->lru;
	if (htab->percpu)
		set_percpu_layout(htab);
}

/* As many for each CPU; max_entries becomes that many times the CPUs, as in Linux. */
static void split_slots(struct bpf_htab *htab)
{
	const u32 cpus = htab->map.rt->num_possible_cpus;
	u32 each = htab->map.max_entries / cpus + !!(htab->map.max_entries % cpus);

	htab->split = true;
	htab->nr_lanes = cpus;
	htab->map.max_entries = each * cpus;
}

static void init_lanes(struct bpf_htab *htab)
{
	const u64 each = htab->map.max_entries / htab->nr_lanes;

	htab->common.nr = htab->map.max_entries;
	for (u32 i = 0; i < htab->nr_lanes; i++) {
		htab->lanes[i].htab = htab;
		if (htab->split) {
			htab->lanes[i].own.first = i * each;
			htab->lanes[i].own.nr = each;
		}
	}
}

struct bpf_map *htab_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct bpf_htab *htab = bpf_map_area_alloc(sizeof(*htab));

	if (!htab)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&htab->map, rt, attr);
	htab->users = 1;
	htab->nr_lanes = min_of(rt->num_possible_cpus, MAX_LANES);
	if (attr->map_flags & BPF_F_NO_COMMON_LRU)
		split_slots(htab);
	set_layout(htab);
	htab->nr_buckets = 1;
	while (htab->nr_buckets < htab->map.max_entries / MEAN_PLACES_USED)
		htab->nr_buckets *= 2;
	htab->seed = attr->map_flags & BPF_F_ZERO_SEED ? 0 : hash_seed(htab);
	htab->buckets = bpf_map_area_alloc(htab->nr_buckets * sizeof(struct htab_bucket));
	htab->slots = bpf_map_area_alloc(htab->map.max_entries * sizeof(u64));
	htab->lanes = bpf_map_area_alloc(htab->nr_lanes * sizeof(struct lane));
	if (!htab->buckets || !htab->slots || !htab->lanes || (htab->lru && htab_prealloc(htab)) ||
	    bpf_map_init_elem_count(&htab->map, htab->nr_lanes)) {
		htab_put(htab);
		return ERR_PTR(-ENOMEM);
	}
	init_lanes(htab);
	return &htab->map;
}

void htab_map_free(struct bpf_map *map)
{
	bpf_map_free_elem_count(map);
	htab_release_fields(to_htab(map));
	htab_put(to_htab(map));
}

u64 htab_map_mem_usage(const struct bpf_map *map)
{
	const struct bpf_htab *htab = to_htab(map);

	return sizeof(*htab) + htab->nr_buckets * sizeof(struct htab_bucket) +
	       map->max_entries * sizeof(u64) + htab->nr_lanes * sizeof(struct lane) +
	       __atomic_load_n(&htab->bytes, __ATOMIC_RELAXED);
}

/* --- lookup ---------------------------------------------------------------------------------- */

struct htab_elem *htab_find_slowly(const struct bpf_htab *htab, const struct htab_bucket *bucket,
				   u8 tag, const void *key)
{
	u64 places = places_with(__atomic_load_n(&bucket->tags, __ATOMIC_ACQUIRE), tag);
	struct htab_elem *e;

	for (; places; places &= places - 1) {
		e = elem_at(bucket, first_place(places));
		if (key_equal(htab, e, key))
			return e;
	}
	e = first_in_chain(bucket);
	while (e && !key_equal(htab, e, key))
		e = next_elem(e);
	return e;
}

static void *htab_map_lookup_elem(struct bpf_map *map, const void *key)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e = find_elem(htab, hash_key(htab, key), key);

	return e ? elem_value(htab, e) : NULL;
}

static void *htab_lru_map_lookup_elem(struct bpf_map *map, const void *key)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e = htab_lru_find(htab, hash_key(htab, key), key);

	if (!e)
		return NULL;
	htab_lru_touch(htab, e);
	return elem_value(htab, e);
}

/* bpf(2) reads without using: dumping a map must not change what is evicted from it. */
static int htab_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	const struct bpf_htab *htab = to_htab(map);
	const u64 hash = hash_key(htab, key);
	struct htab_elem *e;
	u64 begin;

	if (flags && !bpf_map_has_spin_lock(map))
		return -EINVAL;
	do {
		begin = htab_read_begin(htab);
		e = find_elem(htab, hash, key);
		if (e)
			bpf_map_copy_out(map, value, elem_value(htab, e), flags);
	} while (!htab_read_ok(htab, begin));
	return e ? 0 : -ENOENT;
}

/* --- update ---------------------------------------------------------------------------------- */

void htab_insert_elem(struct bpf_htab *htab, u32 lane, u64 hash, struct htab_elem *e, u64 slot,
		      const void *key)
{
	memcpy(e->data, key, htab->map.key_size);
	if (htab->lru)
		htab_lru_init(htab, lane, e, slot);
	/* Walks find it from here on, if it was the last one in the slot. */
	set_elem_slot(e, slot);
	__atomic_store_n(&htab->slots[slot], (unsigned long)e, __ATOMIC_RELEASE);
	add_to_bucket(bucket_of(htab, hash), tag_of(hash), e);
}

/*
 * With the bucket's lock. If there is no other element to be had and none can be waited for, or the
 * update must not fail, the value is written over: readers may see some of the old one beside some
 * of the new, as they may in Linux, which uses elements again at once.
 */
static int replace_elem(struct bpf_htab *htab, u32 lane, u64 hash, struct htab_elem *old,
			const void *value)
{
	struct htab_elem *e;

	__builtin_prefetch(&htab->slots[elem_slot(old)], 1);
	e = htab_alloc_elem(htab, lane);
	if (unlikely(!e)) {
		if (!htab->lru && htab_no_elem(htab) == -ERESTART)
			return -ERESTART;
		bpf_map_copy_in(&htab->map, elem_value(htab, old), value, 0);
		bpf_map_free_fields(&htab->map, elem_value(htab, old));
		e = old;
	} else {
		memcpy(e->data, old->data, htab->map.key_size);
		bpf_map_value_init(&htab->map, elem_value(htab, e), value);
		set_elem_slot(e, elem_slot(old));
		__atomic_store_n(&htab->slots[elem_slot(old)], (unsigned long)e, __ATOMIC_RELEASE);
		replace_in_bucket(bucket_of(htab, hash), tag_of(hash), old, e);
		htab_retire_elem(htab, lane, old);
	}
	if (htab->lru)
		htab_lru_touch(htab, e);
	return 0;
}

/* With the bucket's lock. */
static int update_elem(struct bpf_htab *htab, u64 hash, struct htab_elem *e, const void *value,
		       u64 flags)
{
	struct bpf_map *map = &htab->map;

	/* Under its lock a value is changed where it is. */
	if (flags & BPF_F_LOCK) {
		bpf_map_copy_in(map, elem_value(htab, e), value, flags);
		return 0;
	}
	/* What it holds goes with it. */
	if (!htab->in_place || map->record)
		return replace_elem(htab, own_lane(htab), hash, e, value);
	store_word(elem_value(htab, e), load_word(value, map->value_size));
	if (htab->lru)
		htab_lru_touch(htab, e);
	return 0;
}

/* Without the lock: see the top. False: with it. */
static bool update_unlocked(struct bpf_htab *htab, u64 hash, const void *key, const void *value,
			    u64 flags, long *err)
{
	struct htab_elem *e = find_elem(htab, hash, key);

	if (!e)
		return false;
	*err = htab_check_flags(e, flags);
	if (!*err)
		store_word(elem_value(htab, e), load_word(value, htab->map.value_size));
	return true;
}

static long htab_map_update_elem(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	struct bpf_htab *htab = to_htab(map);
	const u64 hash = hash_key(htab, key);
	struct htab_bucket *bucket = bucket_of(htab, hash);
	struct htab_elem *old, *e;
	u64 slot;
	long err;

	if (!bpf_map_update_flags_ok(map, flags))
		return -EINVAL;
	if (htab_is_unlocked(htab) && !map->record &&
	    update_unlocked(htab, hash, key, value, flags, &err))
		return err;
again:
	bucket_lock(bucket);
	old = find_elem(htab, hash, key);
	err = htab_check_flags(old, flags);
	if (err)
		goto unlock;
	if (old) {
		err = update_elem(htab, hash, old, value, flags);
		goto unlock;
	}
	err = htab_alloc_entry(htab, own_lane(htab), &slot, &e);
	if (!err) {
		bpf_map_value_init(map, elem_value(htab, e), value);
		htab_insert_elem(htab, own_lane(htab), hash, e, slot, key);
	}
unlock:
	bucket_unlock(bucket);
	if (htab_lru_retry(htab, err))
		goto again;
	return err;
}

long htab_set_word(struct bpf_htab *htab, const void *key, u64 word, u64 flags, u64 *old)
{
	const u64 hash = hash_key(htab, key);
	struct htab_bucket *bucket = bucket_of(htab, hash);
	u32 lane = own_lane(htab);
	struct htab_elem *e;
	u64 slot;
	long err;

	*old = 0;
	bucket_lock(bucket);
	e = find_elem(htab, hash, key);
	err = htab_check_flags(e, flags);
	if (!err && e) {
		*old = __atomic_load_n((u64 *)elem_value(htab, e), __ATOMIC_RELAXED);
		store_word(elem_value(htab, e), word);
	} else if (!err) {
		err = htab_alloc_entry(htab, lane, &slot, &e);
		if (!err) {
			store_word(elem_value(htab, e), word);
			htab_insert_elem(htab, lane, hash, e, slot, key);
		}
	}
	bucket_unlock(bucket);
	return err;
}

/* --- delete ---------------------------------------------------------------------------------- */

int htab_delete(struct bpf_htab *htab, const void *key,
		void (*copy)(const struct bpf_htab *htab, struct htab_elem *e, void *to), void *to)
{
	const u64 hash = hash_key(htab, key);
	struct htab_bucket *bucket = bucket_of(htab, hash);
	struct htab_elem *e;

	bucket_lock(bucket);
	e = find_elem(htab, hash, key);
	if (e) {
		__builtin_prefetch(&htab->slots[elem_slot(e)], 1);
		if (copy)
			copy(htab, e, to);
		replace_in_bucket(bucket, tag_of(hash), e, NULL);
		htab_retire_entry(htab, own_lane(htab), e);
	}
	bucket_unlock(bucket);
	return e ? 0 : -ENOENT;
}

long htab_map_delete_elem(struct bpf_map *map, const void *key)
{
	return htab_delete(to_htab(map), key, NULL, NULL);
}

/* Those who began an update before they could see it have ended. */
void htab_map_lookup_and_delete_begin(struct bpf_map *map)
{
	struct bpf_htab *htab = to_htab(map);

	if (!htab->unlocked || __atomic_load_n(&htab->pops, __ATOMIC_ACQUIRE) == HTAB_POPS)
		return;
	__atomic_store_n(&htab->pops, HTAB_POPS_BEGIN, __ATOMIC_RELAXED);
	/* It would not end while the caller is in a section. */
	if (rcu_read_ongoing())
		return;
	synchronize_rcu();
	__atomic_store_n(&htab->pops, HTAB_POPS, __ATOMIC_RELEASE);
}

static void copy_value_of(const struct bpf_htab *htab, struct htab_elem *e, void *to)
{
	bpf_map_copy_out(&htab->map, to, elem_value(htab, e), 0);
}

static void copy_locked_value_of(const struct bpf_htab *htab, struct htab_elem *e, void *to)
{
	bpf_map_copy_out(&htab->map, to, elem_value(htab, e), BPF_F_LOCK);
}

static int htab_map_lookup_and_delete_elem(struct bpf_map *map, const void *key, void *value,
					   u64 flags)
{
	if (flags && !bpf_map_has_spin_lock(map))
		return -EINVAL;
	return htab_delete(to_htab(map), key, flags ? copy_locked_value_of : copy_value_of, value);
}

/* --- walk ------------------------------------------------------------------------------------ */

/* The element in the first slot in use from @*slot on, before @end; *@slot is then behind it. NULL.
 */
static inline struct htab_elem *next_in_slots(const struct bpf_htab *htab, u64 *slot, u64 end)
{
	for (u64 i = *slot; i < end; i++) {
		struct htab_elem *e = elem_in_slot(htab, i);

		if (unlikely(!e))
			continue;
		/* Where updates have put the elements out of order. */
		if (i + PREFETCH_SLOTS < end)
			__builtin_prefetch((void *)(unsigned long)__atomic_load_n(
				&htab->slots[i + PREFETCH_SLOTS], __ATOMIC_RELAXED));
		*slot = i + 1;
		return e;
	}
	return NULL;
}

/*
 * One past the slot of @key's entry; 0: there is none. Without a lock, so that what was the slot of
 * an element that has left its bucket may be a link by now. It is right if what is in that slot has
 * the key; if not, another search does not find the element any more.
 */
static u64 slot_behind(const struct bpf_htab *htab, const void *key)
{
	const u64 hash = hash_key(htab, key);
	struct htab_elem *e;

	while ((e = find_elem(htab, hash, key))) {
		u64 slot = elem_slot(e);

		if (slot < htab->map.max_entries)
			e = elem_in_slot(htab, slot);
		if (slot < htab->map.max_entries && e && key_equal(htab, e, key))
			return slot + 1;
	}
	return 0;
}

/* In the order of a walk. A key that is not there leads to the first one. */
int htab_map_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e;
	u64 slot, begin;

	do {
		begin = htab_read_begin(htab);
		slot = key ? slot_behind(htab, key) : 0;
		e = next_in_slots(htab, &slot, slots_end(htab));
		if (e)
			memcpy(next_key, e->data, map->key_size);
	} while (!htab_read_ok(htab, begin));
	return e ? 0 : -ENOENT;
}

u32 htab_map_walk(struct bpf_map *map, u64 pos, struct bpf_map_walk *walks, u32 nr)
{
	struct bpf_htab *htab = to_htab(map);
	struct bpf_map_walk *const full = walks + nr, *walk = walks;
	const u64 used = slots_end(htab), end = min_of(pos + SLOTS_AT_ONCE, used);
	struct htab_elem *e;

	for (; walk != full && (e = next_in_slots(htab, &pos, end)); walk++) {
		walk->key = e->data;
		walk->value = unlikely(htab->percpu) ? elem_area(htab, e) : elem_value(htab, e);
		walk->pos = pos;
		walk->mark = &e->slot;
	}
	if (unlikely(walk == walks && end < used)) {
		walk->key = NULL;
		walk->pos = end;
		walk->mark = NULL;
		walk++;
	}
	walks->stride = 0;
	return walk - walks;
}

const struct bpf_map_ops htab_map_ops = {
	.map_alloc_check = htab_map_alloc_check,
	.map_alloc = htab_map_alloc,
	.map_free = htab_map_free,
	.map_lookup_elem = htab_map_lookup_elem,
	.map_update_elem = htab_map_update_elem,
	.map_delete_elem = htab_map_delete_elem,
	.map_lookup_and_delete_elem = htab_map_lookup_and_delete_elem,
	.map_lookup_and_delete_begin = htab_map_lookup_and_delete_begin,
	.map_get_next_key = htab_map_get_next_key,
	.map_copy_value = htab_map_copy_value,
	.map_walk = htab_map_walk,
	.map_mem_usage = htab_map_mem_usage,
	.batch = BPF_MAP_BATCH_WALK,
	.values_may_lock = true,
	.values_may_hold = true,
};

const struct bpf_map_ops htab_lru_map_ops = {
	.map_alloc_check = htab_map_alloc_check,
	.map_alloc = htab_map_alloc,
	.map_free = htab_map_free,
	.map_lookup_elem = htab_lru_map_lookup_elem,
	.map_update_elem = htab_map_update_elem,
	.map_delete_elem = htab_map_delete_elem,
	.map_lookup_and_delete_elem = htab_map_lookup_and_delete_elem,
	.map_get_next_key = htab_map_get_next_key,
	.map_copy_value = htab_map_copy_value,
	.map_walk = htab_map_walk,
	.map_mem_usage = htab_map_mem_usage,
	.batch = BPF_MAP_BATCH_WALK,
	.values_may_hold = true,
};
