/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The memory of RINGBUF and USER_RINGBUF, and what both are to bpf(2) (kernel:
 * kernel/bpf/ringbuf.c, whose layout this is).
 *
 *     page 0     the kind's own, which nobody else sees
 *     page 1     consumer position
 *     page 2     producer position
 *     page 3..   data, then the same data once more, so that no record is ever in two pieces
 *
 * All of it is shared: with who maps it, from page 1 on, and with children of fork().
 */
#ifndef MAP_RINGBUF_PAGES_H
#define MAP_RINGBUF_PAGES_H

#include "map/map.h"

struct ringbuf_pages {
	u8 *base; /* NULL: there are none */
	size_t data_size;
	int consumer_memfd; /* page 1 */
	int producer_memfd; /* page 2, and the data once */
};

enum ringbuf_page { PAGE_OWN, PAGE_CONSUMER, PAGE_PRODUCER, PAGE_DATA };

/* 0, -EINVAL, -ENOMEM. */
int ringbuf_map_alloc_check(const union bpf_attr *attr);

/* Filled with 0. Where it fails there is nothing to free. */
int ringbuf_pages_alloc(struct ringbuf_pages *pages, u32 data_size);
/* Also of what is filled with 0 itself. */
void ringbuf_pages_free(struct ringbuf_pages *pages);
void *ringbuf_page(const struct ringbuf_pages *pages, enum ringbuf_page page);
/* Nobody who maps the memory from now on can write to it. */
void ringbuf_pages_seal(int memfd);

/* mmap(2) of the map: byte 0 is that of the consumer's page. What may be written to has been seen.
 */
int ringbuf_pages_mmap(const struct ringbuf_pages *pages, size_t len, int prot, off_t offset,
		       void **addr);
/* As Linux counts it: the pages, and a list of where they are. */
u64 ringbuf_pages_mem_usage(u32 data_size);

/* For bpf(2): a ring has no elements. */
long ringbuf_map_update_elem(struct bpf_map *map, const void *key, const void *value, u64 flags);
long ringbuf_map_delete_elem(struct bpf_map *map, const void *key);
int ringbuf_map_get_next_key(struct bpf_map *map, const void *key, void *next_key);
int ringbuf_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags);

#endif /* MAP_RINGBUF_PAGES_H */
