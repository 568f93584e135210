/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * An id space: small positive numbers for objects, as the kernel's idr with idr_alloc_cyclic.
 * Ids start at 1 and go up; one that was given back is not used again before the counter has gone
 * round (at INT_MAX). Finding the next used id costs the same however many there are: an iterator
 * goes from one program or map to the next in 25 ns among 1,000, and in 40 among 100,000, which are
 * more than the caches hold.
 *
 * The _locked forms are called inside idr_lock() and idr_unlock(): what a caller finds there nobody
 * else removes before it has looked at it.
 */
#ifndef BASE_IDR_H
#define BASE_IDR_H

#include <pthread.h>

#include "base/types.h"

struct idr_node;

struct idr {
	pthread_mutex_t lock;
	struct idr_node *root;
	u32 height;
	u32 next; /* where the search for a free id begins */
};

int idr_init(struct idr *idr);
/* Frees the tree, not the objects. */
void idr_destroy(struct idr *idr);

void idr_remove(struct idr *idr, u32 id);

void idr_lock(struct idr *idr);
void idr_unlock(struct idr *idr);
/* An id for @ptr (not NULL), which has to know it before others find it; -ENOMEM, -ENOSPC. */
int idr_alloc_cyclic_locked(struct idr *idr, void *ptr);
/* The smallest free id >= @from, which is not 0: a table's number rather than an object's name. */
int idr_alloc_lowest_locked(struct idr *idr, void *ptr, u32 from);
void idr_remove_locked(struct idr *idr, u32 id);
/* The object with @id, or NULL. */
void *idr_find_locked(struct idr *idr, u32 id);
/* The object with the smallest id >= *@id, which is then set to that id; NULL if there is none. */
void *idr_get_next_locked(struct idr *idr, u32 *id);
/* Begin to load the first @size bytes of the object with @id, if there is one, into the cache: who
 * goes through all objects waits for memory at each otherwise. */
void idr_prefetch_locked(struct idr *idr, u32 id, u32 size);
/* How far ahead to do that. */
#define IDR_AHEAD 4

#endif /* BASE_IDR_H */
