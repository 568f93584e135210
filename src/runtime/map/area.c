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
#define HUGE_PAGE (2ul << 20)
#define HUGE_PAGES_TO (64u << 20)

#define PAGE 4096ul

/* What is mapped for @size bytes: to the end of a huge page that they nearly fill, or it would be
 * small ones. */
static u64 mapped_size(u64 size)
{
	const u64 rest = size % HUGE_PAGE;

	if (size >= HUGE_PAGE && size <= HUGE_PAGES_TO && rest >= HUGE_PAGE / 8 * 7)
		return size - rest + HUGE_PAGE;
	return round_up(size, PAGE);
}

/* At a multiple of @align, which is pages, too. */
static void *map_pages(u64 size, u64 align)
{
	const u64 pages = mapped_size(size), more = align > PAGE ? pages + align : pages;
	u8 *area, *start;

	area = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (area == MAP_FAILED)
		return NULL;
	start = (u8 *)round_up((unsigned long)area, align);
	if (start != area)
		munmap(area, start - area);
	if (start + pages != area + more)
		munmap(start + pages, area + more - start - pages);
	return start;
}

/* What lies in front of the first multiple of a huge page's size would be small pages. */
static void *map_huge_pages(u64 size, u64 align)
{
	void *area = map_pages(size, max_of(align, HUGE_PAGE));

	if (area)
		madvise(area, mapped_size(size), MADV_HUGEPAGE);
	return area;
}

void *bpf_map_area_alloc_aligned(u64 size, u64 align)
{
	void *area;

	if (size > PTRDIFF_MAX || align > PTRDIFF_MAX - size)
		return NULL;
	if (size >= HUGE_PAGE && size <= HUGE_PAGES_TO)
		return map_huge_pages(size, align);
	if (size >= MMAP_FROM)
		return map_pages(size, max_of(align, PAGE));
	align = max_of(align, CACHE_LINE);
	area = aligned_alloc(align, round_up(max_of(size, 1), align));
	if (area)
		memset(area, 0, size);
	return area;
}

void *bpf_map_area_alloc(u64 size)
{
	return bpf_map_area_alloc_aligned(size, CACHE_LINE);
}

void bpf_map_area_free(void *area, u64 size)
{
	if (area && size >= MMAP_FROM)
		munmap(area, mapped_size(size));
	else
		free(area);
}
