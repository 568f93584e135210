/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Packs are mappings of 2 MiB, or of what a larger program takes, that programs share page by page.
 * Pages of one protection that lie side by side are one mapping to the kernel, so a hundred
 * thousand programs cost few of the mappings that a process may have, and packs lie near the
 * library as long as there is room, so that calls reach it directly.
 *
 * Shared by all runtimes of the process, under one lock: loading takes milliseconds, this takes
 * microseconds.
 */
#include "prog/prog_pack.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PACK_SIZE (2u << 20)
#define PAGE 4096u

struct pack {
	struct pack *next;
	u8 *base;
	u32 nr_pages, nr_free;
	u8 used[]; /* by page */
};

static pthread_mutex_t pack_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pack *packs;

static u32 pages_of(u32 size)
{
	return size / PAGE + !!(size % PAGE);
}

static struct pack *new_pack(u32 pages)
{
	u32 nr = max_of(pages, PACK_SIZE / PAGE);
	struct pack *pack = calloc(1, sizeof(*pack) + nr);

	if (!pack)
		return NULL;
	pack->base = mmap(NULL, (size_t)nr * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pack->base == MAP_FAILED) {
		free(pack);
		return NULL;
	}
	pack->nr_pages = pack->nr_free = nr;
	pack->next = packs;
	packs = pack;
	return pack;
}

/* The first of @pages free ones in a row, or nr_pages. */
static u32 find_room(const struct pack *pack, u32 pages)
{
	u32 run = 0;

	if (pack->nr_free < pages)
		return pack->nr_pages;
	for (u32 i = 0; i < pack->nr_pages; i++) {
		run = pack->used[i] ? 0 : run + 1;
		if (run == pages)
			return i + 1 - pages;
	}
	return pack->nr_pages;
}

static void mark(struct pack *pack, u32 first, u32 pages, bool used)
{
	for (u32 i = first; i < first + pages; i++)
		pack->used[i] = used;
	pack->nr_free += used ? -pages : pages;
}

/* With the lock. */
static void drop_if_empty(struct pack *pack)
{
	struct pack **link = &packs;

	if (pack->nr_free < pack->nr_pages)
		return;
	while (*link != pack)
		link = &(*link)->next;
	*link = pack->next;
	munmap(pack->base, (size_t)pack->nr_pages * PAGE);
	free(pack);
}

void *prog_pack_alloc(u32 size)
{
	const u32 pages = pages_of(max_of(size, 1u));
	struct pack *pack;
	void *code = ERR_PTR(-ENOMEM);
	u32 first = 0;

	pthread_mutex_lock(&pack_lock);
	for (pack = packs; pack; pack = pack->next) {
		first = find_room(pack, pages);
		if (first < pack->nr_pages)
			break;
	}
	if (!pack) {
		first = 0;
		pack = new_pack(pages);
	}
	if (pack) {
		u8 *begin = pack->base + (size_t)first * PAGE;

		if (!mprotect(begin, (size_t)pages * PAGE, PROT_READ | PROT_WRITE)) {
			mark(pack, first, pages, true);
			code = begin;
		} else {
			drop_if_empty(pack);
		}
	}
	pthread_mutex_unlock(&pack_lock);
	return code;
}

int prog_pack_seal(void *code, u32 size)
{
	return mprotect(code, (size_t)pages_of(size) * PAGE, PROT_READ | PROT_EXEC) ? -errno : 0;
}

void prog_pack_free(void *code, u32 size)
{
	const u32 pages = pages_of(max_of(size, 1u));
	struct pack *pack;

	if (!code)
		return;
	pthread_mutex_lock(&pack_lock);
	for (pack = packs; pack; pack = pack->next)
		if ((u8 *)code >= pack->base &&
		    (u8 *)code < pack->base + (size_t)pack->nr_pages * PAGE)
			break;
	/* What cannot be made inaccessible goes on being ours, and is written over later. */
	madvise(code, (size_t)pages * PAGE, MADV_DONTNEED);
	mprotect(code, (size_t)pages * PAGE, PROT_NONE);
	mark(pack, ((u8 *)code - pack->base) / PAGE, pages, false);
	drop_if_empty(pack);
	pthread_mutex_unlock(&pack_lock);
}
