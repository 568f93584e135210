/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * LPM_TRIE (kernel: kernel/bpf/lpm_trie.c): keys are prefixes, a lookup finds the longest one that
 * the key begins with.
 *
 * A path-compressed binary trie. A node stands for the first `prefixlen` bits of its data; its
 * children share these bits with it and differ in the next. Entries are nodes with a value. Where
 * two entries part and none is, there is a fork, a node without a value: a fork has always two
 * children, so there are fewer forks than entries.
 *
 * Lookups and walks take no lock. Writers exclude each other by the trie's lock, and change the
 * trie so that each step is one store of a pointer: what is published is complete, and a node
 * leaves by its parent's pointer passing it by. An update puts a new node into the place of the old
 * one; an entry that is deleted but has two children becomes a fork where it is.
 *
 * A node that has left is freed after a grace period. Until then it is linked by its child[0], and
 * marked there by the lowest bit, so that no node needs room for a link: who reads and comes to
 * such a pointer begins again, which it does only as often as nodes on its way are taken out. By
 * child[1] it goes on to what was below the node and, if it still is in the trie, is below where
 * the node was. One RCU callback at a time takes all nodes that left before it was queued.
 *
 * A lookup among 1,000 IPv4 prefixes takes 48 ns, among 100,000 of them 120 ns; in Linux, from a
 * program on the same machine, 54 and 690.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rcu.h"
#include "base/vcpu.h"
#include "btf/btf.h"
#include "map/map_create.h"
#include "map/map_types.h"
#include "map/spinlock.h"
#include "map/value.h"

#define MAX_DATA_SIZE 256
#define KEY_HEAD sizeof(u32) /* the length of the prefix in bits; the data follows */
/* What kmalloc gives at most, less the largest key and the 24 bytes of Linux's node. */
#define MAX_VALUE_SIZE ((4u << 20) - MAX_DATA_SIZE - 24)
/* Of nodes that were taken out, and cannot be freed before those who read have ended. */
#define MAX_RETIRED (64ull << 20)

#define LPM_CREATE_FLAG_MASK (BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK)

struct lpm_node {
	u64 child[2]; /* addresses; in one that has left, child[0] is the next such one | RETIRED */
	u16 prefixlen;
	bool fork;
	u8 data[]; /* of the key, with what is behind the prefix; at the next 8 bytes the value */
};

#define RETIRED 1ull

struct trie {
	union {
		struct bpf_map map;
		struct lpm_trie seen; /* by programs; its count changes under the lock */
	};
	u64 root;
	u32 data_size;
	u32 value_off; /* in a node */
	u16 max_prefixlen;
	struct spinlock lock; /* what follows, and every change of the trie */
	bool grace;	      /* a callback is under way, for what is in `waiting` */
	bool map_is_gone;     /* the callback frees the trie */
	u64 retired;	      /* as child[0] of a retired node: since that callback was queued */
	u64 waiting;
	u64 nr_retired; /* nodes in both */
	struct callback_head rcu;
};

/* A key, or a node in the form of one. */
struct prefix {
	u32 len;
	const u8 *data;
};

static struct trie *to_trie(const struct bpf_map *map)
{
	return container_of(map, struct trie, map);
}

/* --- create and free -------------------------------------------------------------------------- */

static int lpm_map_alloc_check(const union bpf_attr *attr)
{
	if (!attr->max_entries || !(attr->map_flags & BPF_F_NO_PREALLOC) ||
	    attr->map_flags & ~LPM_CREATE_FLAG_MASK || !bpf_map_flags_access_ok(attr->map_flags) ||
	    attr->key_size <= KEY_HEAD || attr->key_size > KEY_HEAD + MAX_DATA_SIZE ||
	    !attr->value_size || attr->value_size > MAX_VALUE_SIZE)
		return -EINVAL;
	return 0;
}

static struct bpf_map *lpm_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct trie *trie = calloc(1, sizeof(*trie));

	if (!trie)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&trie->map, rt, attr);
	trie->data_size = attr->key_size - KEY_HEAD;
	trie->max_prefixlen = trie->data_size * 8;
	trie->value_off = round_up(offsetof(struct lpm_node, data) + trie->data_size, 8);
	return &trie->map;
}

static struct lpm_node *to_node(u64 link)
{
	return (struct lpm_node *)(unsigned long)link;
}

static u64 to_link(const struct lpm_node *node)
{
	return (unsigned long)node;
}

static void *value_of(const struct trie *trie, const struct lpm_node *node)
{
	return (u8 *)node + trie->value_off;
}

static u64 entry_size(const struct trie *trie)
{
	return trie->value_off + trie->map.value_size;
}

/* Returns how many there were. */
static u64 free_retired(u64 list)
{
	u64 nr = 0;

	for (; list; nr++) {
		struct lpm_node *node = to_node(list & ~RETIRED);

		list = node->child[0] & ~RETIRED;
		free(node);
	}
	return nr;
}

static void free_retired_rcu(struct callback_head *head)
{
	struct trie *trie = container_of(head, struct trie, rcu);
	u64 nr = free_retired(trie->waiting);
	bool again, gone;

	spin_lock(&trie->lock);
	trie->nr_retired -= nr;
	trie->waiting = trie->retired;
	trie->retired = 0;
	again = trie->grace = trie->waiting != 0;
	gone = trie->map_is_gone;
	spin_unlock(&trie->lock);
	if (again)
		call_rcu_head(&trie->rcu, free_retired_rcu);
	else if (gone)
		free(trie);
}

/* Nobody uses the trie any more: each node in turn becomes a list, of what is left of the trie. */
static void lpm_map_free(struct bpf_map *map)
{
	struct trie *trie = to_trie(map);
	u64 todo = trie->root;
	bool grace;

	while (todo) {
		struct lpm_node *node = to_node(todo);

		if (node->child[0]) {
			/* Rotate: the child comes first, the node takes over its right side. */
			struct lpm_node *child = to_node(node->child[0]);

			node->child[0] = child->child[1];
			child->child[1] = todo;
			todo = to_link(child);
		} else {
			todo = node->child[1];
			free(node);
		}
	}
	spin_lock(&trie->lock);
	trie->map_is_gone = true;
	grace = trie->grace;
	spin_unlock(&trie->lock);
	if (!grace)
		free(trie);
}

/* --- prefixes --------------------------------------------------------------------------------- */

static struct prefix key_prefix(const void *key)
{
	struct prefix prefix = {.data = (const u8 *)key + KEY_HEAD};

	memcpy(&prefix.len, key, sizeof(prefix.len));
	return prefix;
}

static u32 bit_at(const u8 *data, u32 n)
{
	return data[n / 8] >> (7 - n % 8) & 1;
}

/* Up to 8 bytes, the first one highest. */
static u64 load_be(const u8 *data, u32 size)
{
	u64 word = 0;

	if (size == 4)
		memcpy(&word, data, 4);
	else if (size == 8)
		memcpy(&word, data, 8);
	else
		memcpy(&word, data, size);
	return be64toh(word);
}

/*
 * How many bits @key and @node have in common, of which @known are known to be; not more than
 * either has. Inlined where @data_size is a constant, which makes a few instructions of it.
 */
static inline __attribute__((always_inline)) u32
common_bits_from(const struct lpm_node *node, struct prefix key, u32 data_size, u32 known)
{
	u32 limit = min_of(node->prefixlen, key.len);

	for (u32 i = known / 64 * 8; i < data_size && i * 8 < limit; i += 8) {
		u32 size = min_of(data_size - i, 8u);
		u64 diff = load_be(node->data + i, size) ^ load_be(key.data + i, size);

		if (diff)
			return min_of(i * 8 + __builtin_clzll(diff), limit);
	}
	return limit;
}

static u32 common_bits(const struct trie *trie, const struct lpm_node *node, struct prefix key)
{
	return common_bits_from(node, key, trie->data_size, 0);
}

/* --- lookup ----------------------------------------------------------------------------------- */

static u64 load_link(const u64 *link)
{
	return __atomic_load_n(link, __ATOMIC_ACQUIRE);
}

static bool is_fork(const struct lpm_node *node)
{
	return __atomic_load_n(&node->fork, __ATOMIC_RELAXED);
}

static inline __attribute__((always_inline)) void *lookup(const struct trie *trie,
							  struct prefix key, u32 data_size)
{
	const struct lpm_node *found = NULL, *node;
	u32 known = 0; /* bits that the key has in common with all that is below */
	u64 link = load_link(&trie->root);

	while (link) {
		if (unlikely(link & RETIRED)) {
			found = NULL;
			known = 0;
			link = load_link(&trie->root);
			continue;
		}
		node = to_node(link);
		if (common_bits_from(node, key, data_size, known) < node->prefixlen)
			break;
		known = node->prefixlen;
		if (!is_fork(node))
			found = node;
		if (known == key.len)
			break;
		link = load_link(&node->child[bit_at(key.data, known)]);
	}
	return found ? value_of(trie, found) : NULL;
}

/* IPv4 and IPv6 addresses are what tries are made for. */
static void *lpm_map_lookup_elem(struct bpf_map *map, const void *_key)
{
	const struct trie *trie = to_trie(map);
	const struct prefix key = key_prefix(_key);

	if (unlikely(key.len > trie->max_prefixlen))
		return NULL;
	switch (trie->data_size) {
	case 4:
		return lookup(trie, key, 4);
	case 16:
		return lookup(trie, key, 16);
	default:
		return lookup(trie, key, trie->data_size);
	}
}

static int lpm_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	const void *from = lpm_map_lookup_elem(map, key);

	if (!from)
		return -ENOENT;
	bpf_map_value_load(value, from, map->value_size);
	return 0;
}

/* --- changes: the lock is held ---------------------------------------------------------------- */

static void publish(u64 *link, u64 to)
{
	__atomic_store_n(link, to, __ATOMIC_RELEASE);
}

/* @node has been passed by. */
static void retire(struct trie *trie, struct lpm_node *node)
{
	publish(&node->child[0], trie->retired | RETIRED);
	trie->retired = to_link(node);
	trie->nr_retired++;
	if (trie->grace)
		return;
	trie->grace = true;
	trie->waiting = trie->retired;
	trie->retired = 0;
	call_rcu_head(&trie->rcu, free_retired_rcu);
}

/* Where a descent along a key ended. */
struct place {
	u64 *link;   /* to the node, or where one would be */
	u64 *parent; /* link to the node that has `link`; NULL: there is none */
	u32 common;  /* bits that the node and the key have in common */
	bool exact;  /* the node has the key's very prefix */
};

/* The first node on the way that does not contain @key, or is at it. */
static struct place find_place(struct trie *trie, struct prefix key)
{
	struct place place = {.link = &trie->root};

	while (*place.link) {
		struct lpm_node *node = to_node(*place.link);

		place.common = common_bits(trie, node, key);
		if (place.common < node->prefixlen || node->prefixlen == key.len)
			break;
		place.parent = place.link;
		place.link = &node->child[bit_at(key.data, node->prefixlen)];
	}
	if (*place.link) {
		const struct lpm_node *node = to_node(*place.link);

		place.exact = node->prefixlen == key.len && place.common == key.len;
	}
	return place;
}

static struct lpm_node *new_node(const struct trie *trie, u32 prefixlen, const u8 *data,
				 const void *value)
{
	u64 size = value ? entry_size(trie) : offsetof(struct lpm_node, data) + trie->data_size;
	struct lpm_node *node = malloc(max_of(size, sizeof(*node)));

	if (!node)
		return NULL;
	node->child[0] = node->child[1] = 0;
	node->prefixlen = prefixlen;
	node->fork = !value;
	memcpy(node->data, data, trie->data_size);
	if (value)
		memcpy(value_of(trie, node), value, trie->map.value_size);
	return node;
}

/* May the key that belongs at @place be set? */
static int check_update(const struct trie *trie, const struct place *place, u64 flags)
{
	bool exists = place->exact && !to_node(*place->link)->fork;

	if (exists)
		return flags == BPF_NOEXIST ? -EEXIST : 0;
	if (flags == BPF_EXIST)
		return -ENOENT;
	return trie->seen.n_entries == trie->map.max_entries ? -ENOSPC : 0;
}

/*
 * Put @entry at @place; *@fork, a spare node, is taken if it is needed. -EAGAIN: it is, and there
 * is none.
 */
static int insert(struct trie *trie, const struct place *place, struct lpm_node *entry,
		  struct lpm_node **fork)
{
	struct lpm_node *node = to_node(*place->link);

	if (!node) {
		publish(place->link, to_link(entry));
		trie->seen.n_entries++;
		return 0;
	}
	if (place->exact) {
		trie->seen.n_entries += node->fork;
		entry->child[0] = node->child[0];
		entry->child[1] = node->child[1];
		publish(place->link, to_link(entry));
		retire(trie, node);
		return 0;
	}
	if (place->common == entry->prefixlen) { /* above the node */
		entry->child[bit_at(node->data, place->common)] = to_link(node);
		publish(place->link, to_link(entry));
		trie->seen.n_entries++;
		return 0;
	}
	if (!*fork)
		return -EAGAIN;
	(*fork)->prefixlen = place->common;
	(*fork)->child[bit_at(node->data, place->common)] = to_link(node);
	(*fork)->child[bit_at(entry->data, place->common)] = to_link(entry);
	publish(place->link, to_link(*fork));
	*fork = NULL;
	trie->seen.n_entries++;
	return 0;
}

/* A program cannot wait for its own end; bpf(2) can, and whoever reads meanwhile for long. */
static int check_retired(const struct trie *trie)
{
	if (trie->nr_retired * entry_size(trie) <= MAX_RETIRED)
		return 0;
	return bpf_current ? -ENOMEM : -ERESTART;
}

static long lpm_map_update_elem(struct bpf_map *map, const void *_key, const void *value, u64 flags)
{
	struct trie *trie = to_trie(map);
	const struct prefix key = key_prefix(_key);
	struct lpm_node *entry, *fork = NULL;
	struct place place;
	long err;

	if (flags > BPF_EXIST || key.len > trie->max_prefixlen)
		return -EINVAL;
	entry = new_node(trie, key.len, key.data, value);
	if (!entry)
		return -ENOMEM;
	do {
		spin_lock(&trie->lock);
		place = find_place(trie, key);
		err = check_update(trie, &place, flags);
		if (!err)
			err = check_retired(trie);
		if (!err)
			err = insert(trie, &place, entry, &fork);
		spin_unlock(&trie->lock);
		if (err == -EAGAIN) {
			fork = new_node(trie, 0, key.data, NULL);
			if (!fork)
				err = -ENOMEM;
		}
	} while (err == -EAGAIN);
	free(fork);
	if (err)
		free(entry);
	return err;
}

static void remove_entry(struct trie *trie, const struct place *place)
{
	struct lpm_node *node = to_node(*place->link);
	struct lpm_node *parent = place->parent ? to_node(*place->parent) : NULL;

	if (node->child[0] && node->child[1]) {
		__atomic_store_n(&node->fork, true, __ATOMIC_RELAXED);
		return;
	}
	if (node->child[0] || node->child[1] || !parent || !parent->fork) {
		publish(place->link, node->child[0] ? node->child[0] : node->child[1]);
		retire(trie, node);
		return;
	}
	/* The fork has but one child left, which takes its place. */
	publish(place->parent, parent->child[place->link == &parent->child[0]]);
	retire(trie, parent);
	retire(trie, node);
}

static long lpm_map_delete_elem(struct bpf_map *map, const void *_key)
{
	struct trie *trie = to_trie(map);
	const struct prefix key = key_prefix(_key);
	struct place place;
	long err = -ENOENT;

	if (key.len > trie->max_prefixlen)
		return -EINVAL;
	spin_lock(&trie->lock);
	place = find_place(trie, key);
	if (place.exact && !to_node(*place.link)->fork) {
		remove_entry(trie, &place);
		trie->seen.n_entries--;
		err = 0;
	}
	spin_unlock(&trie->lock);
	return err;
}

/* --- order ------------------------------------------------------------------------------------ */

/* The first entry at @link or below it: longer prefixes come first, smaller ones before. False: a
 * node on the way has left the trie. */
static bool first_below(u64 link, const struct lpm_node **first)
{
	*first = NULL;
	while (link) {
		if (unlikely(link & RETIRED))
			return false;
		*first = to_node(link);
		link = load_link(&(*first)->child[0]);
		if (!link)
			link = load_link(&(*first)->child[1]);
	}
	return true;
}

/*
 * Post-order. What comes after a node is below the right child of the lowest node that has it on
 * the left, or is the lowest entry above it, whichever is met first on the way up; the way down
 * tells. An unknown key begins again.
 *
 * While others change the trie: nodes between the key and an entry that stays may come and go, but
 * the one where the two part stays, or its successor stands there with the same children. So what
 * comes next is that entry, or one before it that came or went meanwhile. False: as above.
 */
static bool next_entry(const struct trie *trie, const void *_key, const struct lpm_node **next)
{
	const struct prefix key = _key ? key_prefix(_key) : (struct prefix){0};
	const u64 root = load_link(&trie->root);
	const struct lpm_node *above = NULL;
	u64 link = _key && key.len <= trie->max_prefixlen ? root : 0, right = 0;
	bool known = false;

	while (link) {
		const struct lpm_node *node = to_node(link);
		u64 beside = 0;

		if (unlikely(link & RETIRED))
			return false;
		if (common_bits(trie, node, key) < node->prefixlen)
			break;
		if (node->prefixlen == key.len) {
			known = !is_fork(node);
			break;
		}
		link = load_link(&node->child[bit_at(key.data, node->prefixlen)]);
		if (!bit_at(key.data, node->prefixlen))
			beside = load_link(&node->child[1]);
		if (beside)
			right = beside, above = NULL;
		else if (!is_fork(node))
			above = node, right = 0;
	}
	if (!known)
		return first_below(root, next);
	*next = above;
	return !right || first_below(right, next);
}

static int lpm_map_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	const struct trie *trie = to_trie(map);
	const struct lpm_node *next;
	u32 prefixlen;

	while (!next_entry(trie, key, &next))
		;
	if (!next)
		return -ENOENT;
	prefixlen = next->prefixlen;
	memcpy(next_key, &prefixlen, KEY_HEAD);
	memcpy((u8 *)next_key + KEY_HEAD, next->data, trie->data_size);
	return 0;
}

/* As Linux counts: entries, without the forks between them. */
static u64 lpm_map_mem_usage(const struct bpf_map *map)
{
	struct trie *trie = to_trie(map);
	u64 size;

	spin_lock(&trie->lock);
	size = trie->seen.n_entries * entry_size(trie);
	spin_unlock(&trie->lock);
	return size;
}

static int lpm_map_check_btf(const struct bpf_map *map, const struct btf *btf,
			     const struct btf_type *key, const struct btf_type *value)
{
	return btf_kind(key) == BTF_KIND_STRUCT ? 0 : -EINVAL;
}

const struct bpf_map_ops lpm_trie_map_ops = {
	.map_alloc_check = lpm_map_alloc_check,
	.map_alloc = lpm_map_alloc,
	.map_free = lpm_map_free,
	.map_lookup_elem = lpm_map_lookup_elem,
	.map_update_elem = lpm_map_update_elem,
	.map_delete_elem = lpm_map_delete_elem,
	.map_get_next_key = lpm_map_get_next_key,
	.map_copy_value = lpm_map_copy_value,
	.batch = BPF_MAP_BATCH_KEYS_DELETE,
	.map_mem_usage = lpm_map_mem_usage,
	.map_check_btf = lpm_map_check_btf,
};
