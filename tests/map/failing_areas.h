/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Linked with --wrap: areas cannot be had when areas_left has come down to 0; negative: they can.
 */
#ifndef TESTS_MAP_FAILING_AREAS_H
#define TESTS_MAP_FAILING_AREAS_H

#include "map/area.h"
#include "rt.h"

static int areas_left = -1;
void *__real_bpf_map_area_alloc(u64 size);
void *__wrap_bpf_map_area_alloc(u64 size);
void *__real_bpf_map_area_alloc_aligned(u64 size, u64 align);
void *__wrap_bpf_map_area_alloc_aligned(u64 size, u64 align);

static bool area_fails(void)
{
	if (areas_left > 0)
		areas_left--;
	else if (!areas_left)
		return true;
	return false;
}

void *__wrap_bpf_map_area_alloc(u64 size)
{
	return area_fails() ? NULL : __real_bpf_map_area_alloc(size);
}

void *__wrap_bpf_map_area_alloc_aligned(u64 size, u64 align)
{
	return area_fails() ? NULL : __real_bpf_map_area_alloc_aligned(size, align);
}

/* A map, with one area more each time until there are enough: less are -ENOMEM, and nothing kept. */
static inline struct bpf_map *create_with_enough_areas(const union bpf_attr *attr)
{
	for (int left = 0;; left++) {
		struct bpf_map *map;

		areas_left = left;
		map = bpf_map_create(&rt, attr, NULL, NULL);
		areas_left = -1;
		if (!IS_ERR(map))
			return map;
		assert_int_equal(PTR_ERR(map), -ENOMEM);
		assert_true(left < 20);
	}
}

#endif /* TESTS_MAP_FAILING_AREAS_H */
