/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Small areas come from the heap: a process has many maps, and few mappings (kernel:
 * bpf_map_area_alloc, kmalloc or vmalloc). */
#include "map/area.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE 64
#define MMAP_FROM (64u << 10)
/* Tables are reached at random: small pages cost a miss of the TLB each time. Larger tables may be
 * all but empty, and must not be filled by a few touches. */
#define HUGE_PAGES_FROM (2u << 20)
#define HUGE_PAGES_TO (64u << 20)

void *bpf_map_area_alloc(u64 size)
{
	void *area;

	if (size > PTRDIFF_MAX)
		return NULL;
	if (size >= MMAP_FROM) {
		area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (area == MAP_FAILED)
			return NULL;
		if (size >= HUGE_PAGES_FROM && size <= HUGE_PAGES_TO)
			madvise(area, size, MADV_HUGEPAGE);
		return area;
	}
	size = round_up(max_of(size, 1), CACHE_LINE);
	area = aligned_alloc(CACHE_LINE, size);
	if (area)
		memset(area, 0, size);
	return area;
}

void bpf_map_area_free(void *area, u64 size)
{
	if (area && size >= MMAP_FROM)
		munmap(area, size);
	else
		free(area);
}
