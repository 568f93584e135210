/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A pack is a mapping of 2 MiB, or of what a larger program takes, that programs share by granules
 * of 64 bytes, a bit each. It begins small and becomes executable step by step, as it fills: a step
 * is writable until it is full of traps, and executable from then on. The pages are shared memory,
 * for only that can be mapped a second time, by mremap(2), which needs no descriptor that somebody
 * could close or write to. So a pack takes two of the mappings that a process may have, and there
 * are as few packs as fit: a hundred thousand small programs lie in twenty.
 *
 * Packs that a fork has left to two processes (see the header) are known by how often this process
 * has forked, or was forked, since they were made. A fork needs no lock for that: whoever is in the
 * middle of something here has a program that the child cannot have.
 *
 * One lock for all. A program costs three system calls when it is made, and as many when it goes; a
 * pack in which there was no room is not searched again for as much until something is freed.
 * Measured: 100,000 programs of 39 instructions take 19 MB of pages and 12 mappings; loading them
 * takes as long as it did when each had a page of its own (19 us each, verified and compiled).
 */
#include "prog/prog_pack.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GRANULE 64u
#define PAGE 4096u
#define PACK_SIZE (2u << 20)
/* What becomes executable at once, at least and at most. */
#define FIRST_STEP PAGE
#define LAST_STEP (32 * PAGE)
#define TRAP 0xcc /* int3 */

struct pack {
	struct pack *next; /* made before this one, and open to new programs as well */
	u8 *base;
	u32 end, nr;  /* granules that can be used, and those of the mapping */
	u32 nr_used;  /* of the former */
	u32 no_run;   /* there is no room for so many in a row */
	u32 nr_forks; /* when it was made */
	u64 used[];   /* by granule */
};

static pthread_mutex_t pack_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pack *open_packs;
/* All, by address. */
static struct pack **packs;
static u32 nr_packs, max_packs;

static pthread_once_t forks_once = PTHREAD_ONCE_INIT;
static int forks_error;
static u32 nr_forks;

static void count_fork(void)
{
	__atomic_add_fetch(&nr_forks, 1, __ATOMIC_RELAXED);
}

static void watch_forks(void)
{
	forks_error = -pthread_atfork(NULL, count_fork, count_fork);
}

/* Another process may run what is in it. */
static bool is_shared(const struct pack *pack)
{
	return pack->nr_forks != __atomic_load_n(&nr_forks, __ATOMIC_RELAXED);
}

static u32 granules_of(u32 size)
{
	return size / GRANULE + !!(size % GRANULE);
}

static u32 pages_up(u32 granules)
{
	const u32 per_page = PAGE / GRANULE;

	return (granules + per_page - 1) / per_page * per_page;
}

/* --- granules --------------------------------------------------------------------------------- */

static void mark(struct pack *pack, u32 at, u32 nr, bool used)
{
	for (u32 i = at; i < at + nr; i++)
		if (used)
			pack->used[i / 64] |= 1ull << i % 64;
		else
			pack->used[i / 64] &= ~(1ull << i % 64);
	pack->nr_used += used ? nr : -nr;
	if (!used)
		pack->no_run = UINT32_MAX;
}

/* The first one from @at on that is used, or not; pack->end. */
static u32 next_granule(const struct pack *pack, u32 at, bool used)
{
	while (at < pack->end) {
		u64 word = (used ? pack->used[at / 64] : ~pack->used[at / 64]) >> at % 64;

		if (word)
			return min_of(at + (u32)__builtin_ctzll(word), pack->end);
		at += 64 - at % 64;
	}
	return pack->end;
}

/* The first of @nr free ones in a row; UINT32_MAX. */
static u32 find_run(struct pack *pack, u32 nr)
{
	u32 at = 0, end;

	if (nr >= pack->no_run || nr > pack->end - pack->nr_used)
		return UINT32_MAX;
	for (; at < pack->end; at = end) {
		at = next_granule(pack, at, false);
		end = next_granule(pack, at, true);
		if (end - at >= nr)
			return at;
	}
	pack->no_run = nr;
	return UINT32_MAX;
}

/* --- packs ------------------------------------------------------------------------------------ */

/* Where in packs the first one is that does not end before @code. */
static u32 place_of(const void *code)
{
	u32 low = 0, high = nr_packs;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (packs[mid]->base + (size_t)packs[mid]->nr * GRANULE <= (const u8 *)code)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int add_pack(struct pack *pack)
{
	u32 at = place_of(pack->base);

	if (nr_packs == max_packs) {
		u32 max = max_of(2 * max_packs, 8u);
		struct pack **more = realloc(packs, max * sizeof(*packs));

		if (!more)
			return -ENOMEM;
		packs = more;
		max_packs = max;
	}
	memmove(&packs[at + 1], &packs[at], (nr_packs++ - at) * sizeof(*packs));
	packs[at] = pack;
	pack->next = open_packs;
	open_packs = pack;
	return 0;
}

static void drop_pack(struct pack *pack)
{
	const u32 at = place_of(pack->base);

	for (struct pack **link = &open_packs; *link; link = &(*link)->next)
		if (*link == pack) {
			*link = pack->next;
			break;
		}
	memmove(&packs[at], &packs[at + 1], (--nr_packs - at) * sizeof(*packs));
	if (!nr_packs) {
		free(packs);
		packs = NULL;
		max_packs = 0;
	}
	munmap(pack->base, (size_t)pack->nr * GRANULE);
	free(pack);
}

static struct pack *new_pack(u32 granules)
{
	const u32 nr = pages_up(max_of(granules, PACK_SIZE / GRANULE));
	struct pack *pack = calloc(1, sizeof(*pack) + (nr / 64 + 1) * sizeof(u64));

	if (!pack)
		return ERR_PTR(-ENOMEM);
	*pack = (struct pack){.nr = nr, .no_run = UINT32_MAX};
	pack->nr_forks = __atomic_load_n(&nr_forks, __ATOMIC_RELAXED);
	pack->base = mmap(NULL, (size_t)nr * GRANULE, PROT_NONE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pack->base == MAP_FAILED) {
		free(pack);
		return ERR_PTR(-ENOTSUP);
	}
	if (add_pack(pack)) {
		munmap(pack->base, (size_t)nr * GRANULE);
		free(pack);
		return ERR_PTR(-ENOMEM);
	}
	return pack;
}

/* The next step of @pack, of @nr granules at least, for which there is room. */
static int grow(struct pack *pack, u32 nr)
{
	const u32 step = min_of(max_of(pack->end, FIRST_STEP / GRANULE), LAST_STEP / GRANULE);
	const u32 more = min_of(pages_up(max_of(nr, step)), pack->nr - pack->end);
	u8 *begin = pack->base + (size_t)pack->end * GRANULE;
	const size_t size = (size_t)more * GRANULE;

	if (mprotect(begin, size, PROT_READ | PROT_WRITE))
		return -ENOTSUP;
	memset(begin, TRAP, size);
	if (mprotect(begin, size, PROT_READ | PROT_EXEC)) {
		madvise(begin, size, MADV_REMOVE);
		mprotect(begin, size, PROT_NONE);
		return -ENOTSUP;
	}
	pack->end += more;
	pack->no_run = UINT32_MAX;
	return 0;
}

/* In a pack that has room, in one that can have it, or in a new one. */
static void *alloc_granules(u32 nr)
{
	struct pack *pack;
	u32 at;
	int err;

	if (open_packs && is_shared(open_packs))
		open_packs = NULL; /* and so are those that were made before it */
	for (pack = open_packs; pack; pack = pack->next) {
		at = find_run(pack, nr);
		if (at != UINT32_MAX)
			goto found;
	}
	for (pack = open_packs; pack && pack->nr - pack->end < nr; pack = pack->next)
		;
	if (!pack)
		pack = new_pack(nr);
	if (IS_ERR(pack))
		return pack;
	err = grow(pack, nr);
	if (err) {
		if (!pack->nr_used)
			drop_pack(pack);
		return ERR_PTR(err);
	}
	at = find_run(pack, nr);
found:
	mark(pack, at, nr, true);
	return pack->base + (size_t)at * GRANULE;
}

/* --- code ------------------------------------------------------------------------------------- */

/* Make @size bytes at @code, whole granules, those of @bytes and traps behind them. */
static int poke(u8 *code, const void *bytes, u32 used, u32 size)
{
	const u32 skip = (unsigned long)code % PAGE;
	const size_t pages = pages_up(granules_of(skip + size)) * GRANULE;
	u8 *alias = mremap(code - skip, 0, pages, MREMAP_MAYMOVE);

	if (alias == MAP_FAILED)
		return -ENOTSUP;
	if (mprotect(alias, pages, PROT_READ | PROT_WRITE)) {
		munmap(alias, pages);
		return -ENOTSUP;
	}
	if (used)
		memcpy(alias + skip, bytes, used);
	memset(alias + skip + used, TRAP, size - used);
	munmap(alias, pages);
	return 0;
}

void *prog_pack_alloc(u32 size)
{
	void *code;

	pthread_once(&forks_once, watch_forks);
	if (forks_error)
		return ERR_PTR(forks_error);
	pthread_mutex_lock(&pack_lock);
	code = alloc_granules(granules_of(max_of(size, 1u)));
	pthread_mutex_unlock(&pack_lock);
	return code;
}

/* Give back the granules from @from on of those that begin at @code. With the lock. */
static void free_granules(void *code, u32 from, u32 nr)
{
	struct pack *pack = packs[place_of(code)];

	mark(pack, ((u8 *)code - pack->base) / GRANULE + from, nr - from, false);
	if (!pack->nr_used)
		drop_pack(pack);
}

int prog_pack_write(void *code, const void *bytes, u32 used, u32 size)
{
	const u32 nr = granules_of(max_of(size, 1u)), left = granules_of(max_of(used, 1u));
	int err;

	pthread_mutex_lock(&pack_lock);
	err = poke(code, bytes, used, nr * GRANULE);
	if (!err)
		free_granules(code, left, nr);
	pthread_mutex_unlock(&pack_lock);
	return err;
}

void prog_pack_free(void *code, u32 size)
{
	const u32 nr = granules_of(max_of(size, 1u));

	if (!code)
		return;
	pthread_mutex_lock(&pack_lock);
	/* What cannot be filled now is written over later. */
	if (!is_shared(packs[place_of(code)]))
		poke(code, NULL, 0, nr * GRANULE);
	free_granules(code, 0, nr);
	pthread_mutex_unlock(&pack_lock);
}
