/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the iterators do, written in C over memory of the same make: the floor.
 */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include <stddef.h>
#include <stdint.h>

/* An element of a hash table as one would write it. */
struct plain_elem {
	struct plain_elem *next;
	uint32_t hash, key;
	uint64_t value;
};

struct plain_map {
	uint32_t nr;
	uint64_t *values;	  /* an array's */
	struct plain_elem *elems; /* a hash table's, in the order of memory */
	uint32_t *order;	  /* the same, at random */
	char *buf;		  /* PLAIN_BUF bytes, which are begun anew when they are full */
};

#define PLAIN_BUF 65536

/* Keys 0 to @nr - 1, the value of each its key and one. NULL: no memory. */
struct plain_map *plain_map_new(uint32_t nr);
void plain_map_free(struct plain_map *map);

/* Each adds the values up, or returns how many bytes it wrote. */
uint64_t plain_array_sum(const struct plain_map *map);
uint64_t plain_array_write(const struct plain_map *map);
uint64_t plain_array_print(const struct plain_map *map);
uint64_t plain_hash_sum(const struct plain_map *map);
uint64_t plain_hash_sum_random(const struct plain_map *map);
uint64_t plain_hash_write(const struct plain_map *map);
uint64_t plain_hash_print(const struct plain_map *map);

#endif /* BENCH_PLAIN_H */
