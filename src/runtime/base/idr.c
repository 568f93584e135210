/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A radix tree of 64-way nodes that grows in height with the largest id (kernel: lib/idr.c).
 *
 * Two bits of a node for each child make both searches cost the height (at most six) whatever the
 * tree holds: `used` says that there is an object below, `full` that there is no free id below.
 * A child without its used bit may still be a node: one that an allocation that ran out of memory
 * left behind. Id 0 is nobody's: the leaf that covers it has it full and not used.
 */
#include "base/idr.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define IDR_BITS 6
#define IDR_SLOTS (1u << IDR_BITS)
#define IDR_MAX_HEIGHT ((31 + IDR_BITS - 1) / IDR_BITS)

struct idr_node {
	u64 used;
	u64 full;
	void *slot[IDR_SLOTS]; /* nodes; in the lowest level objects */
};

int idr_init(struct idr *idr)
{
	idr->root = NULL;
	idr->height = 0;
	idr->next = 1;
	return -pthread_mutex_init(&idr->lock, NULL);
}

static void node_free(struct idr_node *node, u32 height)
{
	if (!node)
		return;
	for (u32 i = 0; height > 1 && i < IDR_SLOTS; i++)
		node_free(node->slot[i], height - 1);
	free(node);
}

void idr_destroy(struct idr *idr)
{
	node_free(idr->root, idr->height);
	idr->root = NULL;
	idr->height = 0;
	pthread_mutex_destroy(&idr->lock);
}

void idr_lock(struct idr *idr)
{
	pthread_mutex_lock(&idr->lock);
}

void idr_unlock(struct idr *idr)
{
	pthread_mutex_unlock(&idr->lock);
}

/* One more than the largest id that a tree of @height can hold. */
static u64 capacity(u32 height)
{
	return height ? 1ull << (height * IDR_BITS) : 0;
}

static u32 index_at(u32 id, u32 height)
{
	return id >> ((height - 1) * IDR_BITS) & (IDR_SLOTS - 1);
}

/* The smallest used, or free, id >= @start below @node, relative to it; -1. */
static s64 node_next(const struct idr_node *node, u32 height, u64 start, bool want_free)
{
	u32 shift = (height - 1) * IDR_BITS;
	u32 first = start >> shift;
	u64 todo = (want_free ? ~node->full : node->used) & ~0ull << first;

	/* Only below the first child can the search fail: two children a level at most. */
	for (; todo; todo &= todo - 1) {
		u32 i = __builtin_ctzll(todo);
		u64 from = i == first ? start & ((1ull << shift) - 1) : 0;
		s64 low = from;

		if (height > 1 && node->slot[i])
			low = node_next(node->slot[i], height - 1, from, want_free);
		if (low >= 0)
			return (s64)i << shift | low;
	}
	return -1;
}

static s64 next_free(const struct idr *idr, u64 start)
{
	s64 id = start;

	if (start < capacity(idr->height)) {
		id = node_next(idr->root, idr->height, start, true);
		if (id < 0)
			id = capacity(idr->height);
	}
	return id <= INT_MAX ? id : -1;
}

static struct idr_node *node_new(bool holds_zero)
{
	struct idr_node *node = calloc(1, sizeof(*node));

	if (node && holds_zero)
		node->full = 1;
	return node;
}

static int grow(struct idr *idr, u32 id)
{
	while (id >= capacity(idr->height)) {
		struct idr_node *root = node_new(!idr->height);

		if (!root)
			return -ENOMEM;
		if (idr->height) {
			root->slot[0] = idr->root;
			root->used = idr->root->used != 0;
			root->full = idr->root->full == ~0ull;
		}
		idr->root = root;
		idr->height++;
	}
	return 0;
}

/* The nodes from the root down to the leaf of @id, by height; missing ones are made. */
static int make_path(struct idr *idr, u32 id, struct idr_node **path)
{
	int err = grow(idr, id);

	if (err)
		return err;
	path[idr->height] = idr->root;
	for (u32 h = idr->height; h > 1; h--) {
		void **slot = &path[h]->slot[index_at(id, h)];

		if (!*slot)
			*slot = node_new(h == 2 && id < IDR_SLOTS);
		if (!*slot)
			return -ENOMEM;
		path[h - 1] = *slot;
	}
	return 0;
}

/* Put @ptr at @id, which is free; -1: none is. */
static int put_at(struct idr *idr, s64 id, void *ptr)
{
	struct idr_node *path[IDR_MAX_HEIGHT + 1];
	int err = id < 0 ? -ENOSPC : make_path(idr, id, path);

	if (err)
		return err;
	path[1]->slot[index_at(id, 1)] = ptr;
	path[1]->full |= 1ull << index_at(id, 1);
	path[1]->used |= 1ull << index_at(id, 1);
	for (u32 h = 2; h <= idr->height; h++) {
		path[h]->used |= 1ull << index_at(id, h);
		if (path[h - 1]->full == ~0ull)
			path[h]->full |= 1ull << index_at(id, h);
	}
	return id;
}

int idr_alloc_cyclic_locked(struct idr *idr, void *ptr)
{
	s64 free = next_free(idr, idr->next);
	int id = put_at(idr, free < 0 ? next_free(idr, 1) : free, ptr);

	if (id > 0)
		idr->next = id < INT_MAX ? id + 1 : 1;
	return id;
}

int idr_alloc_lowest_locked(struct idr *idr, void *ptr, u32 from)
{
	return put_at(idr, next_free(idr, from), ptr);
}

void *idr_find_locked(struct idr *idr, u32 id)
{
	void *slot = idr->root;

	if (id >= capacity(idr->height))
		return NULL;
	for (u32 h = idr->height; h && slot; h--)
		slot = ((struct idr_node *)slot)->slot[index_at(id, h)];
	return slot;
}

/* The leaf that covers @id, which the tree is high enough for; NULL. */
static const struct idr_node *leaf_of(const struct idr *idr, u32 id)
{
	const struct idr_node *node = idr->root;

	for (u32 h = idr->height; h > 1 && node; h--)
		node = node->slot[index_at(id, h)];
	return node;
}

void *idr_get_next_locked(struct idr *idr, u32 *id)
{
	const struct idr_node *leaf;
	u64 rest;
	s64 next;

	if (*id >= capacity(idr->height))
		return NULL;
	/* Most often what comes next is where the last one was. */
	leaf = leaf_of(idr, *id);
	rest = leaf ? leaf->used & ~0ull << index_at(*id, 1) : 0;
	if (rest) {
		*id = (*id & ~(IDR_SLOTS - 1)) | (u32)__builtin_ctzll(rest);
		return leaf->slot[index_at(*id, 1)];
	}
	next = node_next(idr->root, idr->height, *id, false);
	if (next < 0)
		return NULL;
	*id = next;
	return idr_find_locked(idr, next);
}

void idr_prefetch_locked(struct idr *idr, u32 id, u32 size)
{
	const char *object = idr_find_locked(idr, id);

	for (u32 i = 0; object && i < size; i += 64)
		__builtin_prefetch(object + i);
}

void idr_remove_locked(struct idr *idr, u32 id)
{
	struct idr_node *path[IDR_MAX_HEIGHT + 1];
	bool empty = true;

	if (!idr_find_locked(idr, id))
		return;
	path[idr->height] = idr->root;
	for (u32 h = idr->height; h > 1; h--)
		path[h - 1] = path[h]->slot[index_at(id, h)];

	for (u32 h = 1; h <= idr->height; h++) {
		path[h]->full &= ~(1ull << index_at(id, h));
		if (!empty)
			continue;
		/* What is empty goes, the node as well as the object. */
		if (h > 1)
			node_free(path[h - 1], h - 1);
		path[h]->slot[index_at(id, h)] = NULL;
		path[h]->used &= ~(1ull << index_at(id, h));
		empty = !path[h]->used;
	}
	if (empty) {
		node_free(idr->root, idr->height);
		idr->root = NULL;
		idr->height = 0;
	}
}

void idr_remove(struct idr *idr, u32 id)
{
	idr_lock(idr);
	idr_remove_locked(idr, id);
	idr_unlock(idr);
}
