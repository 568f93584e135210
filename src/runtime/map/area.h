/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Memory for tables: zeroed, at a cache line, and where it is large taken from the system page by
 * page as it is touched, so that a map costs what it holds and not what it may hold.
 */
#ifndef MAP_AREA_H
#define MAP_AREA_H

#include "base/types.h"

/* NULL: no memory. */
void *bpf_map_area_alloc(u64 size);
/* The same at a multiple of @align, a power of two. */
void *bpf_map_area_alloc_aligned(u64 size, u64 align);
/* @size as when it was allocated. NULL: nothing. */
void bpf_map_area_free(void *area, u64 size);

#endif /* MAP_AREA_H */
