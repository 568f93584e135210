/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Full maps that are made when a row first needs them and kept for the next.
 */
#ifndef BENCH_SHARED_MAPS_H
#define BENCH_SHARED_MAPS_H

#include "engine.h"
#include "plain.h"

struct shared_map {
	const struct engine *engine; /* NULL: plain C, any type */
	enum bpf_map_type type;
	uint32_t elements;
	unsigned int number; /* of several that are alike */
	int map;	     /* of 4-byte keys and 8-byte values, as engine_fill() makes them */
	struct plain_map *plain;
};

/* NULL, and negative errno in @err: -ENODATA where the machine has too little memory. */
const struct shared_map *shared_map_get(const struct engine *engine, enum bpf_map_type type,
					uint32_t elements, unsigned int number, int *err);
void shared_maps_free(void);

#endif /* BENCH_SHARED_MAPS_H */
