/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Chunks of 64 KiB, and a chunk of its own for what is larger than a quarter of one. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define CHUNK_SIZE (64u << 10)

struct chunk {
	struct chunk *next;
	uint64_t bytes[];
};

struct arena {
	struct chunk *chunks;
	char *free;
	size_t left;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	struct chunk *chunk, *next;

	for (chunk = arena ? arena->chunks : NULL; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static void *new_chunk(struct arena *arena, size_t size)
{
	struct chunk *chunk;

	if (size > SIZE_MAX - sizeof(*chunk))
		return NULL;
	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk->bytes;
}

void *arena_take(struct arena *arena, size_t size)
{
	void *taken;

	if (size > CHUNK_SIZE / 4)
		return new_chunk(arena, size);
	size = (size + 7) & ~(size_t)7;
	if (size > arena->left) {
		arena->free = new_chunk(arena, CHUNK_SIZE);
		arena->left = arena->free ? CHUNK_SIZE : 0;
		if (!arena->free)
			return NULL;
	}
	taken = arena->free;
	arena->free += size;
	arena->left -= size;
	return taken;
}

const char *arena_text(struct arena *arena, const char *text, size_t len)
{
	char *copy;

	len = strnlen(text, len);
	copy = arena_take(arena, len + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}
