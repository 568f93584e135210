/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The witness: maps. An element is a region. */
#include <errno.h>
#include <string.h>

#include "witness.h"

int find_element(enum map map, const uint8_t *key)
{
	for (int i = 0; i < vm.nr_regions; i++)
		if (vm.region[i].map == (int)map && !vm.region[i].dead &&
		    !memcmp(vm.region[i].key, key, map_shapes[map].key))
			return i;
	return -1;
}

int insert_element(enum map map, const uint8_t *key, const uint8_t *value)
{
	int i = new_region(map_shapes[map].value);

	vm.region[i].map = (int)map;
	vm.region[i].readonly = map == M_RODATA;
	memcpy(vm.region[i].key, key, map_shapes[map].key);
	memcpy(vm.region[i].data, value, map_shapes[map].value);
	return i;
}

struct val update(enum map map, struct val key_ptr, struct val value_ptr, uint64_t flags)
{
	uint8_t key[16], value[REGION_SIZE];
	bool taint = false, hash = map_shapes[map].type == BPF_MAP_TYPE_HASH;
	bool value_taint = false;
	unsigned int n = 0;
	int old, i;

	if (!argument(key_ptr, map_shapes[map].key, key, &taint) ||
	    !argument(value_ptr, map_shapes[map].value, value, &value_taint))
		return number(0);
	if (map == M_RODATA) {
		wrong("write to a read-only map");
		return number(0);
	}
	vm.tainted |= taint || (flags & BPF_F_LOCK); /* which is not followed */
	old = find_element(map, key);
	if (flags > BPF_EXIST)
		return number((uint64_t)-EINVAL);
	if (!hash && old < 0)
		return number((uint64_t)-E2BIG);
	if (old >= 0 && flags == BPF_NOEXIST)
		return number((uint64_t)-EEXIST);
	if (old < 0 && flags == BPF_EXIST)
		return number((uint64_t)-ENOENT);
	for (i = 0; i < vm.nr_regions; i++)
		n += vm.region[i].map == (int)map && !vm.region[i].dead;
	if (hash && old < 0 && n >= map_shapes[map].max)
		return number((uint64_t)-E2BIG);
	if (hash) {
		if (old >= 0)
			vm.region[old].dead = true;
		i = insert_element(map, key, value);
	} else {
		i = old;
		memcpy(vm.region[i].data, value, map_shapes[map].value);
	}
	memset(vm.region[i].taint, value_taint, map_shapes[map].value);
	if (map == M_LOCK) {
		memset(vm.region[i].data + LOCK_OFFSET, 0, LOCK_SIZE);
		memset(vm.region[i].taint + LOCK_OFFSET, 0, LOCK_SIZE);
	}
	return number(0);
}
