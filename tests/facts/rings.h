/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What rings are alike in: RINGBUF, which programs write, and USER_RINGBUF, which they read. */
#ifndef FACTS_RINGS_H
#define FACTS_RINGS_H

#include "facts.h"

#include <sys/mman.h>

#define SIZE 4096u
#define R 0x1 /* PROT_READ */
#define W 0x2 /* PROT_WRITE */

static const size_t page = 4096;

int ring_new(enum bpf_map_type type, unsigned int size);

/* Each case: what comes of making one like that. */
struct ring_create {
	unsigned int key, value, max, flags;
	int result;
};
void ring_creates(enum bpf_map_type type, const struct ring_create *cases, size_t nr);

/*
 * Each case: what comes of mapping a ring of SIZE bytes like that. What is mapped to be read alone
 * stays so: on Linux all of it, else what is at @kept.
 */
struct ring_mmap {
	size_t len;
	off_t offset;
	int prot, result;
};
enum ring_part { CONSUMER_PAGE, ALL_BUT_CONSUMER_PAGE };
void ring_mmaps(enum bpf_map_type type, const struct ring_mmap *cases, size_t nr,
		enum ring_part kept);

/* Its info and fdinfo. */
void ring_tells(enum bpf_map_type type);

/* One that is mapped, the part that is @ours to be written, the other to be read. */
struct ring {
	int fd;
	unsigned int size;
	unsigned long *consumed, *produced;
	unsigned char *data; /* twice, one behind the other */
};
struct ring ring_map(int fd, unsigned int size, enum ring_part ours);
void ring_unmap(const struct ring *ring);

#endif /* FACTS_RINGS_H */
