/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Maps. map.c has what every map does: create from attributes, ids, references, user references,
 * freezing, and the checks that do not depend on the kind. Each kind is one file with one struct
 * bpf_map_ops and one line in map/map_types.h.
 *
 * Everything here may be called from any thread, and nothing from a signal handler that may have
 * interrupted it. Elements are reached inside an RCU read-side section (base/rcu.h): lookup,
 * update, delete, get_next_key, copy_value and each step of a walk are called in one, and the
 * pointers they give are good until its end.
 */
#ifndef MAP_MAP_H
#define MAP_MAP_H

#include <errno.h>
#include <sys/types.h>

#include "base/bpf_types.h"
#include "base/func.h"
#include "base/runtime.h"

/*
 * A walk over the elements of a map: zero-initialise, call bpf_map_walk() until it returns false.
 * Every element that stays in the map from the first call to the last is seen exactly once; others
 * at most once. A walk holds no lock and needs no end; it may be given up at any time, and calls
 * may lie any time apart, each in an RCU section of its own. map/walk.h looks ahead.
 */
struct bpf_map_walk {
	void *shown[2]; /* belong to who walks: see map/walk.h */
	void *key;
	void *value; /* per-CPU kinds: CPU 0's, see bpf_map_percpu_ptr() */
	u64 pos;     /* behind the element; the kind's own; 0: the beginning */
	/* The element is where the walk found it as long as *mark is 2 * pos + 1. NULL: it always
	 * is. */
	const u64 *mark;
	u64 stride; /* not 0: see map_walk */
} __attribute__((aligned(16)));

/* Arrays: the value of index i is at values + i * elem_size, and in a per-CPU kind percpu_stride
 * further for each CPU, for as long as the map lives. */
struct bpf_map_layout {
	void *values;
	u32 elem_size;
};

#define BTF_FIELDS_MAX 11

/*
 * What a value holds that is not plain data (kernel: the same): fields in the order of offsets,
 * which are no part of what is copied in and out, and read as zero from outside: a lock; pointers
 * to structures of the built-in types, BPF_KPTR_UNREF to whatever is there ("kptr_untrusted"),
 * BPF_KPTR_REF to an object that the value holds, and that is given to dtor() when it goes
 * ("kptr").
 */
struct btf_record {
	s32 spin_lock_off; /* of its struct bpf_spin_lock; -1: it has none */
	u32 nr;
	struct btf_field {
		enum btf_field_type { BPF_SPIN_LOCK, BPF_KPTR_UNREF, BPF_KPTR_REF } type;
		u32 off, size;
		u32 btf_id; /* of the structure */
		void (*dtor)(void *object);
	} fields[BTF_FIELDS_MAX];
};

struct bpf_map_ops {
	/* Check what is special to the kind in a BPF_MAP_CREATE attr. */
	int (*map_alloc_check)(const union bpf_attr *attr);
	/* A map with everything of its kind set up, bpf_map_init_from_attr() first; ERR_PTR. */
	struct bpf_map *(*map_alloc)(struct trek_runtime *rt, const union bpf_attr *attr);
	/* After a grace period, when nobody has a reference. Frees @map itself. */
	void (*map_free)(struct bpf_map *map);

	/* For programs, and for the rest. lookup: the value, or NULL. Others: 0, -errno. update and
	 * set, outside of a program's run, also -ERESTART: see bpf_map_restart(). */
	void *(*map_lookup_elem)(struct bpf_map *map, const void *key);
	long (*map_update_elem)(struct bpf_map *map, const void *key, const void *value, u64 flags);
	long (*map_delete_elem)(struct bpf_map *map, const void *key);
	int (*map_get_next_key)(struct bpf_map *map, const void *key, void *next_key);
	/*
	 * For bpf(2), whose values have bpf_map_value_size() bytes: those of every CPU in per-CPU
	 * kinds, while a program has to do with its own CPU's. copy: -ENOENT. set: as
	 * map_update_elem, which is called where it is NULL. lookup_and_delete: copy, then delete,
	 * as one; NULL: the kind cannot (-ENOTSUPP).
	 */
	int (*map_copy_value)(struct bpf_map *map, const void *key, void *value, u64 flags);
	int (*map_set_value)(struct bpf_map *map, const void *key, const void *value, u64 flags);
	int (*map_lookup_and_delete_elem)(struct bpf_map *map, const void *key, void *value,
					  u64 flags);
	/* Before the first lookup_and_delete of a command, outside of RCU sections: from then on no
	 * update is lost between the copy and the deletion. May wait for a grace period. NULL:
	 * there is nothing to do. */
	void (*map_lookup_and_delete_begin)(struct bpf_map *map);

	/* Per-CPU kinds: the value of @cpu, or NULL; NULL also for a CPU that is not possible. */
	void *(*map_lookup_percpu_elem)(struct bpf_map *map, const void *key, u32 cpu);

	/*
	 * Kinds without keys: queue, stack, Bloom filter (kernel: the same). A kind that has peek
	 * but no pop is asked whether *@value is in it.
	 */
	long (*map_push_elem)(struct bpf_map *map, const void *value, u64 flags);
	long (*map_pop_elem)(struct bpf_map *map, void *value);
	long (*map_peek_elem)(struct bpf_map *map, void *value);

	/*
	 * Kinds whose values are objects, which bpf(2) gives by handle and gets back by id. set
	 * takes a reference over with success; NULL, delete: the entry becomes empty. Where the
	 * handle was none, @object is an ERR_PTR, which set returns unless something else is wrong
	 * first. id: of the object at @key, -ENOENT.
	 */
	enum bpf_map_holds { BPF_MAP_HOLDS_VALUES, BPF_MAP_HOLDS_MAPS, BPF_MAP_HOLDS_PROGS } holds;
	int (*map_set_object)(struct bpf_map *map, const void *key, void *object, u64 flags);
	int (*map_object_id)(struct bpf_map *map, const void *key, u32 *id);
	/* May @map be where @meta was given as the inner map? NULL: bpf_map_meta_equal(). */
	bool (*map_meta_equal)(const struct bpf_map *meta, const struct bpf_map *map);
	/* The last user reference is gone: what an outer handle kept alive is let go. May be NULL.
	 */
	void (*map_release_uref)(struct bpf_map *map);

	/* Which batch commands there are for the kind, and what they go on from
	 * (syscall/map_batch.c). */
	enum bpf_map_batch {
		BPF_MAP_BATCH_NONE,
		BPF_MAP_BATCH_KEYS,	   /* lookup, after a key; update */
		BPF_MAP_BATCH_KEYS_DELETE, /* the same; delete */
		BPF_MAP_BATCH_WALK, /* all four; from the pos of a walk, which fits into a u32 */
	} batch;

	/*
	 * The elements behind @pos in @walks, @nr of them or fewer; how many. 0: there are no more.
	 * One without a key: there is none for so long a way that who has to may let others go
	 * first; it goes on from there. With a stride in the first one it stands for all that there
	 * are, which always are where they are: each has its value so many bytes behind the one
	 * before, and a pos of one more; the key is in pos.
	 */
	u32 (*map_walk)(struct bpf_map *map, u64 pos, struct bpf_map_walk *walks, u32 nr);
	/* Kinds that hold objects and have a walk: the id of the object that @walk is at, in the
	 * RCU section of its last step. */
	u32 (*map_walk_object_id)(struct bpf_map *map, const struct bpf_map_walk *walk);

	/* Arrays: how to look up without a call (kernel: map_gen_lookup). NULL: other kinds. */
	struct bpf_map_layout (*map_layout)(const struct bpf_map *map);
	/* Direct access to values (.rodata, .data, .bss): address of byte @off of the values. */
	int (*map_direct_value_addr)(const struct bpf_map *map, u64 *addr, u32 off);
	/* BPF_F_MMAPABLE: the memfd that holds the values, owned by the map; -ENOTSUP. */
	int (*map_memfd)(const struct bpf_map *map);
	/* Kinds that decide themselves what may be mapped, and how: mmap(2) with MAP_SHARED. */
	int (*map_mmap)(struct bpf_map *map, size_t len, int prot, off_t offset, void **addr);
	/* Kinds that can be waited for: is there something, or room? See trek_poll(). The
	 * descriptor that it keeps ready meanwhile, owned by the map; for what: POLLIN, POLLOUT. */
	bool (*map_poll)(struct bpf_map *map);
	int (*map_poll_fd)(const struct bpf_map *map);
	short map_poll_events;

	u64 (*map_mem_usage)(const struct bpf_map *map); /* bytes */
	int (*map_check_btf)(const struct bpf_map *map, const struct btf *btf,
			     const struct btf_type *key, const struct btf_type *value);
	bool percpu;	      /* values are one for each CPU */
	bool values_may_lock; /* they may have a struct bpf_spin_lock in them */
	bool values_may_hold; /* they may have pointers to objects in them */
};

/* Make a kind known: before the first map is made, once a process. Kinds that know only what stands
 * below map/ are in map/map_types.h and need not be registered. */
void bpf_map_register_type(enum bpf_map_type type, const struct bpf_map_ops *ops);

/* What is known of a kind; NULL: no such kind. */
const struct bpf_map_ops *bpf_map_type_ops(u32 type);

/* BPF_MAP_CREATE but for the handle. The map has one reference, one user reference, and an id.
 * @btf: of attr->btf_fd, or why there is none, which matters if attr has types; a reference is
 * taken.
 * @inner: of attr->inner_map_fd, or why there is none, which only kinds that hold maps look at.
 * What BPF_F_RDONLY and BPF_F_WRONLY say is the handle's business. ERR_PTR. */
struct bpf_map *bpf_map_create(struct trek_runtime *rt, const union bpf_attr *attr, struct btf *btf,
			       const struct bpf_map *inner);

/* What all kinds take from the attributes. */
void bpf_map_init_from_attr(struct bpf_map *map, struct trek_runtime *rt,
			    const union bpf_attr *attr);

void bpf_map_inc(struct bpf_map *map);
void bpf_map_put(struct bpf_map *map); /* the last one frees, after a grace period */
void bpf_map_inc_with_uref(struct bpf_map *map);
void bpf_map_put_with_uref(struct bpf_map *map);

/* By id, with a reference (and a user reference: _with_uref); ERR_PTR(-ENOENT). */
struct bpf_map *bpf_map_get_by_id(struct trek_runtime *rt, u32 id);
/* The map with the smallest id >= *@id, with a reference; NULL. *@id becomes its id. */
struct bpf_map *bpf_map_get_curr_or_next(struct trek_runtime *rt, u32 *id);

/*
 * An update outside of a program's run gives -ERESTART, and has changed nothing, where the memory
 * that it needs waits for a grace period. For who called it, when it has left its RCU section:
 *
 *	do {
 *		rcu_read_lock();
 *		err = ops->map_update_elem(map, key, value, flags);
 *		rcu_read_unlock();
 *	} while (bpf_map_restart(&err));
 *
 * False: that was all. Where the caller is in an RCU section still, whose end the grace period
 * would wait for, *@err becomes -ENOMEM.
 */
bool bpf_map_wait_restart(int *err);
static inline bool bpf_map_restart(int *err)
{
	return unlikely(*err == -ERESTART) && bpf_map_wait_restart(err);
}

/* Bytes of one value as bpf(2) and iterators see it: round_up(value_size, 8) for each CPU in a
 * per-CPU map, else value_size. */
static inline u32 bpf_map_value_size(const struct bpf_map *map)
{
	if (map->ops->percpu)
		return round_up(map->value_size, 8) * map->rt->num_possible_cpus;
	return map->value_size;
}

static inline bool bpf_map_has_spin_lock(const struct bpf_map *map)
{
	return unlikely(map->record) && map->record->spin_lock_off >= 0;
}

/* Structures of this name may be held by values, which give them to @dtor in the end. It leaves the
 * memory as it is until a grace period is over. Before the first map is made, once a process. */
void bpf_map_register_dtor(const char *name, void (*dtor)(void *object));

/* The flags of an update: one of three, and BPF_F_LOCK where there is a lock. */
static inline bool bpf_map_update_flags_ok(const struct bpf_map *map, u64 flags)
{
	return flags <= BPF_EXIST ||
	       ((flags & ~(u64)BPF_F_LOCK) <= BPF_EXIST && bpf_map_has_spin_lock(map));
}

/* Per-CPU kinds: the value of @cpu, which is possible, in the area that a walk gave. */
static inline void *bpf_map_percpu_ptr(const struct bpf_map *map, void *area, u32 cpu)
{
	return (u8 *)area + cpu * map->percpu_stride;
}

/* The bpf_map_value_size() bytes that bpf(2) and iterators see of the value that @walk is at, in
 * the RCU section of its last step. @flags: BPF_F_LOCK or none. */
void bpf_map_walk_copy(struct bpf_map *map, const struct bpf_map_walk *walk, void *value,
		       u64 flags);

/* The next element of @walk, or false. */
static inline bool bpf_map_walk(struct bpf_map *map, struct bpf_map_walk *walk)
{
	do
		if (!map->ops->map_walk(map, walk->pos, walk, 1))
			return false;
	while (unlikely(!walk->key));
	return true;
}

/* -EPERM if frozen already; -EBUSY if a long write is under way. Waits for a grace period. */
int bpf_map_freeze(struct bpf_map *map);
/* May bpf(2) write, in the RCU section in which this is called? Freezing waits for its end. */
static inline bool bpf_map_may_write(const struct bpf_map *map)
{
	return likely(__atomic_load_n(&map->writecnt.counter, __ATOMIC_RELAXED) >= 0);
}
/* Around a long write, which is in no such section: -EPERM if the map is frozen. Freezing waits for
 * none: it fails. */
int bpf_map_write_begin(struct bpf_map *map);
void bpf_map_write_end(struct bpf_map *map);

/* Below num_possible_cpus: the CPU of the run under way; in a thread that runs nothing, always the
 * same one. To spread what threads write, not to own it. */
u32 bpf_map_lane(const struct bpf_map *map);

/* Element counters: @nr, so that writers do not share a line, and no more than that takes: their
 * sum is what bpf_map_sum_elem_count() has to read, 1 nanosecond each. Exact when nobody writes. */
int bpf_map_init_elem_count(struct bpf_map *map, u32 nr);
void bpf_map_free_elem_count(struct bpf_map *map);
/* @counter: any below their number. */
#define BPF_ELEM_COUNT_STRIDE (64 / sizeof(s64))
static inline void bpf_map_add_elem_count(struct bpf_map *map, u32 counter, s64 n)
{
	__atomic_fetch_add(&map->elem_count[counter * BPF_ELEM_COUNT_STRIDE], n, __ATOMIC_RELAXED);
}
s64 bpf_map_read_elem_count(const struct bpf_map *map); /* their sum; 0 if it keeps none */

u64 bpf_map_memory_usage(const struct bpf_map *map);

/* bpf_map_lookup_elem, update, delete, for_each_map_elem: for bpf_helpers_register(). */
extern const struct bpf_helper bpf_map_helpers[];
extern const size_t bpf_map_helpers_nr;

#endif /* MAP_MAP_H */
