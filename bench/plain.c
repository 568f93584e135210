/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Plain C over the same elements. Printing does what a careful programmer does where it counts:
 * two digits at a time from a table, no snprintf(). What is written goes to a buffer that stays in
 * the cache, as a reader's does.
 */
#include <stdlib.h>
#include <string.h>

#include "plain.h"

struct plain_map *plain_map_new(uint32_t nr)
{
	struct plain_map *map = calloc(1, sizeof(*map));
	uint64_t seed = 1;

	if (!map)
		return NULL;
	map->nr = nr;
	map->values = malloc(nr * sizeof(map->values[0]));
	map->elems = malloc(nr * sizeof(map->elems[0]));
	map->order = malloc(nr * sizeof(map->order[0]));
	map->buf = malloc(PLAIN_BUF);
	if (!map->values || !map->elems || !map->order || !map->buf) {
		plain_map_free(map);
		return NULL;
	}
	for (uint32_t i = 0; i < nr; i++) {
		map->values[i] = i + 1ull;
		map->elems[i] = (struct plain_elem){.key = i, .value = i + 1ull};
		map->order[i] = i;
	}
	for (uint32_t i = nr; i > 1; i--) {
		uint32_t other, was = map->order[i - 1];

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		other = (seed >> 32) * i >> 32;
		map->order[i - 1] = map->order[other];
		map->order[other] = was;
	}
	return map;
}

void plain_map_free(struct plain_map *map)
{
	if (!map)
		return;
	free(map->values);
	free(map->elems);
	free(map->order);
	free(map->buf);
	free(map);
}

uint64_t plain_array_sum(const struct plain_map *map)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < map->nr; i++)
		sum += map->values[i];
	return sum;
}

uint64_t plain_hash_sum(const struct plain_map *map)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < map->nr; i++)
		sum += map->elems[i].value;
	return sum;
}

uint64_t plain_hash_sum_random(const struct plain_map *map)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < map->nr; i++)
		sum += map->elems[map->order[i]].value;
	return sum;
}

struct writer {
	char *buf;
	size_t len;
	uint64_t written;
};

/* Room for @size bytes. */
static inline char *room(struct writer *w, size_t size)
{
	if (w->len + size > PLAIN_BUF) {
		w->written += w->len;
		w->len = 0;
		/* Whoever reads it does so here. */
		__asm__ volatile("" ::"r"(w->buf) : "memory");
	}
	return w->buf + w->len;
}

static uint64_t end(struct writer *w)
{
	room(w, PLAIN_BUF + 1);
	return w->written;
}

static inline void write_pair(struct writer *w, uint64_t key, uint64_t value)
{
	char *to = room(w, 16);

	memcpy(to, &key, 8);
	memcpy(to + 8, &value, 8);
	w->len += 16;
}

uint64_t plain_array_write(const struct plain_map *map)
{
	struct writer w = {.buf = map->buf};

	for (uint32_t i = 0; i < map->nr; i++)
		write_pair(&w, i, map->values[i]);
	return end(&w);
}

uint64_t plain_hash_write(const struct plain_map *map)
{
	struct writer w = {.buf = map->buf};

	for (uint32_t i = 0; i < map->nr; i++)
		write_pair(&w, map->elems[i].key, map->elems[i].value);
	return end(&w);
}

static inline char *print_number(char *to, uint64_t number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char digits[20], *at = digits + sizeof(digits);

	while (number >= 100) {
		at -= 2;
		memcpy(at, pairs + number % 100 * 2, 2);
		number /= 100;
	}
	if (number >= 10) {
		at -= 2;
		memcpy(at, pairs + number * 2, 2);
	} else {
		*--at = '0' + number;
	}
	memcpy(to, at, digits + sizeof(digits) - at);
	return to + (digits + sizeof(digits) - at);
}

/* "%u: %llu\n" */
static inline void print_pair(struct writer *w, uint32_t key, uint64_t value)
{
	char *start = room(w, 64), *to = print_number(start, key);

	*to++ = ':';
	*to++ = ' ';
	to = print_number(to, value);
	*to++ = '\n';
	w->len += to - start;
}

uint64_t plain_array_print(const struct plain_map *map)
{
	struct writer w = {.buf = map->buf};

	for (uint32_t i = 0; i < map->nr; i++)
		print_pair(&w, i, map->values[i]);
	return end(&w);
}

uint64_t plain_hash_print(const struct plain_map *map)
{
	struct writer w = {.buf = map->buf};

	for (uint32_t i = 0; i < map->nr; i++)
		print_pair(&w, map->elems[i].key, map->elems[i].value);
	return end(&w);
}
