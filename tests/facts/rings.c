/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Making, mapping and asking about a ring: see rings.h. */
#include "rings.h"

#include <stdio.h>

int ring_new(enum bpf_map_type type, unsigned int size)
{
	return map_new(type, 0, 0, size, 0);
}

void ring_creates(enum bpf_map_type type, const struct ring_create *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		int ret = map_try(type, cases[i].key, cases[i].value, cases[i].max, cases[i].flags);

		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
	}
}

void ring_mmaps(enum bpf_map_type type, const struct ring_mmap *cases, size_t nr,
		enum ring_part kept)
{
	int ring = ring_new(type, SIZE);
	void *addr;

	for (size_t i = 0; i < nr; i++) {
		int ret = E->mmap(ring, cases[i].len, cases[i].prot, cases[i].offset, &addr);
		enum ring_part part = cases[i].offset ? ALL_BUT_CONSUMER_PAGE : CONSUMER_PAGE;

		if (ret != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
		if (ret)
			continue;
		if (!(cases[i].prot & W) && (part == kept || !E->is_private))
			assert_int_equal(mprotect(addr, page, R | W), -1);
		munmap(addr, cases[i].len);
	}
}

void ring_tells(enum bpf_map_type type)
{
	int ring = ring_new(type, 2 * SIZE);
	unsigned long long memlock = 0;
	struct bpf_map_info info;
	char text[512], line[32];

	info_of(ring, &info, sizeof(info));
	assert_int_equal(info.type, type);
	assert_int_equal(info.key_size, 0);
	assert_int_equal(info.value_size, 0);
	assert_int_equal(info.max_entries, 2 * SIZE);
	assert_int_equal(info.map_flags, 0);
	assert_true(E->fdinfo(ring, text, sizeof(text)) > 0);
	snprintf(line, sizeof(line), "map_type:\t%d\n", type);
	assert_non_null(strstr(text, line));
	assert_int_equal(sscanf(strstr(text, "memlock:"), "memlock: %llu", &memlock), 1);
	/* The data, three pages, and little else. */
	assert_in_range(memlock, 2 * SIZE + 3 * page, 2 * SIZE + 4 * page);
}

struct ring ring_map(int fd, unsigned int size, enum ring_part ours)
{
	struct ring ring = {.fd = fd, .size = size};
	void *addr;

	assert_int_equal(E->mmap(fd, page, ours == CONSUMER_PAGE ? R | W : R, 0, &addr), 0);
	ring.consumed = addr;
	assert_int_equal(
		E->mmap(fd, page + 2 * size, ours == CONSUMER_PAGE ? R : R | W, page, &addr), 0);
	ring.produced = addr;
	ring.data = (unsigned char *)addr + page;
	return ring;
}

void ring_unmap(const struct ring *ring)
{
	munmap(ring->consumed, page);
	munmap(ring->produced, page + 2 * ring->size);
}
