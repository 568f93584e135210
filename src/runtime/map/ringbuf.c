/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * RINGBUF: records of any size, from any number of producers to one consumer, in the order in
 * which they were reserved (kernel: kernel/bpf/ringbuf.c, whose layout this is).
 *
 * Its memory is that of map/ringbuf_pages.h: the consumer writes its position, and nothing else;
 * beside the producer's is how far records are known to be committed. A record is a header of 8 bytes, its length with two flags in the upper bits and its page, and
 * the data after it; it begins at a multiple of 8. Positions only grow, and are taken modulo the
 * size. A producer reserves under the lock: the record is busy from then on, and the consumer,
 * which reads up to the producer position, stops before it until it is committed.
 *
 * The consumer is not trusted. All that is believed of its position is that space before it is
 * free, and that never so far that a record which is still being written could be written over.
 * Everything else is read from memory that only the runtime can write: what is handed out to map is
 * sealed against it. Its own page is shared memory as well, so that a child of fork() and its
 * parent, who share the rest, share the lock. Who is killed leaves what he has: a record that stays
 * busy, before which the consumer stops; or the lock, which others wait for as long as Linux does
 * for one that it takes for stuck. Then there is no room for their records, but they go on.
 *
 * Waking: the ring has an eventfd. A wakeup makes it readable; poll that finds nothing to consume
 * makes it unreadable again, and poll that finds something leaves one that is readable alone, for
 * those who wait for edges. As long as nobody can be waiting there is no system call.
 */
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "map/map_types.h"
#include "map/ringbuf.h"
#include "map/ringbuf_pages.h"
#include "map/spinlock.h"

#define RINGBUF_MAX_RECORD_SZ (UINT_MAX / 4)
#define LOCK_PATIENCE 250000000ull /* nanoseconds; Linux: RES_DEF_TIMEOUT */

struct bpf_ringbuf_hdr {
	u32 len;
	u32 pg_off; /* of this header from the ring's beginning, in units of PG_OFF_UNIT bytes */
};

/* A page; pages that are larger are a multiple of it. */
#define PG_OFF_UNIT 4096ul

struct bpf_ringbuf_consumer {
	unsigned long pos;
};

struct bpf_ringbuf_producer {
	unsigned long pos;
	unsigned long pending_pos; /* every record before is committed */
};

/* The beginning of page 0. */
struct bpf_ringbuf {
	unsigned long mask; /* size of the data - 1 */
	struct bpf_ringbuf_consumer *consumer;
	struct bpf_ringbuf_producer *producer;
	u8 *data;
	int event;
	bool watched;			/* somebody may be waiting */
	u32 clears_begun, clears_ended; /* of the event */
	u32 set_since; /* 1 more than clears_begun, if none came after it was set */
	struct spinlock lock __attribute__((aligned(64)));
	bool lock_is_left; /* its holder has been waited for to no avail */
};

struct bpf_ringbuf_map {
	struct bpf_map map;
	struct ringbuf_pages pages;
	struct bpf_ringbuf *rb;
};

static struct bpf_ringbuf_map *to_ringbuf_map(const struct bpf_map *map)
{
	return container_of(map, struct bpf_ringbuf_map, map);
}

/* --- making one ------------------------------------------------------------------------------- */

static void ringbuf_map_free(struct bpf_map *map)
{
	struct bpf_ringbuf_map *rb_map = to_ringbuf_map(map);

	if (rb_map->rb && rb_map->rb->event >= 0)
		close(rb_map->rb->event);
	ringbuf_pages_free(&rb_map->pages);
	free(rb_map);
}

static int alloc_ringbuf(struct bpf_ringbuf_map *rb_map)
{
	struct ringbuf_pages *pages = &rb_map->pages;
	struct bpf_ringbuf *rb;
	int err = ringbuf_pages_alloc(pages, rb_map->map.max_entries);

	if (err)
		return err;
	ringbuf_pages_seal(pages->producer_memfd);
	rb = ringbuf_page(pages, PAGE_OWN);
	rb->mask = rb_map->map.max_entries - 1ul;
	rb->consumer = ringbuf_page(pages, PAGE_CONSUMER);
	rb->producer = ringbuf_page(pages, PAGE_PRODUCER);
	rb->data = ringbuf_page(pages, PAGE_DATA);
	rb_map->rb = rb;
	rb->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return rb->event < 0 ? -errno : 0;
}

static struct bpf_map *ringbuf_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct bpf_ringbuf_map *rb_map = calloc(1, sizeof(*rb_map));
	int err;

	if (!rb_map)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&rb_map->map, rt, attr);
	err = alloc_ringbuf(rb_map);
	if (err) {
		ringbuf_map_free(&rb_map->map);
		return ERR_PTR(err);
	}
	return &rb_map->map;
}

/* --- waking ----------------------------------------------------------------------------------- */

static unsigned long avail_data(const struct bpf_ringbuf *rb)
{
	unsigned long cons_pos = __atomic_load_n(&rb->consumer->pos, __ATOMIC_SEQ_CST);

	return __atomic_load_n(&rb->producer->pos, __ATOMIC_SEQ_CST) - cons_pos;
}

/* In a run, which write(2) and read(2) must not be the end of. */
static void set_event(struct bpf_ringbuf *rb)
{
	NO_CANCELLATION;
	const u64 one = 1;
	u32 ended = __atomic_load_n(&rb->clears_ended, __ATOMIC_SEQ_CST);
	u32 begun = __atomic_load_n(&rb->clears_begun, __ATOMIC_SEQ_CST);
	/* Fails only where it has been readable for 2^64 - 2 wakeups. */
	ssize_t written = write(rb->event, &one, sizeof(one));

	(void)written;
	/* No clear was under way: only one that begins from now on can undo it. */
	if (begun == ended)
		__atomic_store_n(&rb->set_since, begun + 1, __ATOMIC_SEQ_CST);
}

static void clear_event(struct bpf_ringbuf *rb)
{
	NO_CANCELLATION;
	u64 wakeups;
	ssize_t got;

	__atomic_add_fetch(&rb->clears_begun, 1, __ATOMIC_SEQ_CST);
	got = read(rb->event, &wakeups, sizeof(wakeups));
	(void)got;
	__atomic_add_fetch(&rb->clears_ended, 1, __ATOMIC_SEQ_CST);
}

/* It is, for sure; poll(2) might be redirected to who asks. */
static bool event_is_set(const struct bpf_ringbuf *rb)
{
	u32 since = __atomic_load_n(&rb->set_since, __ATOMIC_SEQ_CST);

	return since == __atomic_load_n(&rb->clears_begun, __ATOMIC_SEQ_CST) + 1;
}

/* Who watches says so before looking for data, and data are there before this is called. */
static void wake(struct bpf_ringbuf *rb)
{
	if (__atomic_load_n(&rb->watched, __ATOMIC_SEQ_CST))
		set_event(rb);
}

static bool ringbuf_map_poll(struct bpf_map *map)
{
	struct bpf_ringbuf *rb = to_ringbuf_map(map)->rb;

	__atomic_store_n(&rb->watched, true, __ATOMIC_SEQ_CST);
	if (!avail_data(rb)) {
		clear_event(rb);
		/* A record that came meanwhile: its wakeup may be the one just taken. */
		if (!avail_data(rb))
			return false;
	}
	if (!event_is_set(rb))
		set_event(rb);
	return true;
}

/* Who is given the descriptor may wait with it and never call poll. */
static int ringbuf_map_poll_fd(const struct bpf_map *map)
{
	struct bpf_ringbuf *rb = to_ringbuf_map(map)->rb;

	__atomic_store_n(&rb->watched, true, __ATOMIC_SEQ_CST);
	return rb->event;
}

/* --- producing -------------------------------------------------------------------------------- */

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static unsigned long record_size(u32 hdr_len)
{
	u32 len = hdr_len & ~(u32)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	return round_up((unsigned long)len + BPF_RINGBUF_HDR_SZ, 8);
}

static struct bpf_ringbuf_hdr *hdr_at(const struct bpf_ringbuf *rb, unsigned long pos)
{
	return (void *)(rb->data + (pos & rb->mask));
}

/* The position of the oldest record before @prod_pos that is not committed. With the lock. */
static unsigned long advance_pending(struct bpf_ringbuf *rb, unsigned long prod_pos)
{
	unsigned long pos = rb->producer->pending_pos;
	u32 len;

	while (pos < prod_pos) {
		/* Its producer has written all that he will, before somebody writes over it. */
		len = __atomic_load_n(&hdr_at(rb, pos)->len, __ATOMIC_ACQUIRE);
		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		pos += record_size(len);
	}
	rb->producer->pending_pos = pos;
	return pos;
}

static __attribute__((noinline)) bool wait_for_lock(struct bpf_ringbuf *rb)
{
	u64 end = 0;
	u32 spins = 0;

	while (!__atomic_load_n(&rb->lock_is_left, __ATOMIC_RELAXED)) {
		spin_wait(&spins);
		if (!__atomic_load_n(&rb->lock.taken, __ATOMIC_RELAXED) && spin_trylock(&rb->lock))
			return true;
		if (spins % SPINS_BEFORE_YIELD)
			continue;
		if (!end)
			end = now_ns() + LOCK_PATIENCE;
		else if (now_ns() > end)
			__atomic_store_n(&rb->lock_is_left, true, __ATOMIC_RELAXED);
	}
	return false;
}

/* False: whoever has it does not come back. */
static bool lock_ring(struct bpf_ringbuf *rb)
{
	if (unlikely(!spin_trylock(&rb->lock) && !wait_for_lock(rb)))
		return false;
	if (unlikely(__atomic_load_n(&rb->lock_is_left, __ATOMIC_RELAXED))) /* he did */
		__atomic_store_n(&rb->lock_is_left, false, __ATOMIC_RELAXED);
	return true;
}

static void *ringbuf_reserve(struct bpf_ringbuf *rb, u64 size)
{
	unsigned long cons_pos, prod_pos, pend_pos, new_prod_pos;
	struct bpf_ringbuf_hdr *hdr = NULL;

	if (size > RINGBUF_MAX_RECORD_SZ || record_size(size) > rb->mask + 1)
		return NULL;
	cons_pos = __atomic_load_n(&rb->consumer->pos, __ATOMIC_ACQUIRE);

	if (!lock_ring(rb))
		return NULL;
	prod_pos = rb->producer->pos;
	new_prod_pos = prod_pos + record_size(size);
	pend_pos = advance_pending(rb, prod_pos);
	/*
	 * From the oldest record that is not consumed, and also from the oldest that is not
	 * committed, whatever the consumer says, to the end of this one: less than the whole ring.
	 */
	if (new_prod_pos - cons_pos <= rb->mask && new_prod_pos - pend_pos <= rb->mask) {
		hdr = hdr_at(rb, prod_pos);
		hdr->pg_off = (size_t)((u8 *)hdr - (u8 *)rb) / PG_OFF_UNIT;
		__atomic_store_n(&hdr->len, size | BPF_RINGBUF_BUSY_BIT, __ATOMIC_RELAXED);
		/* The consumer that sees the position sees the record as busy. */
		__atomic_store_n(&rb->producer->pos, new_prod_pos, __ATOMIC_RELEASE);
	}
	spin_unlock(&rb->lock);
	return hdr ? (u8 *)hdr + BPF_RINGBUF_HDR_SZ : NULL;
}

/* The ring that record @hdr is in. A ring begins at a page. */
static struct bpf_ringbuf *ringbuf_of(const struct bpf_ringbuf_hdr *hdr)
{
	unsigned long unit = (unsigned long)hdr & ~(PG_OFF_UNIT - 1);

	return (void *)(unit - hdr->pg_off * PG_OFF_UNIT);
}

static void ringbuf_commit(void *sample, u64 flags, bool discard)
{
	struct bpf_ringbuf_hdr *hdr = (void *)((u8 *)sample - BPF_RINGBUF_HDR_SZ);
	struct bpf_ringbuf *rb = ringbuf_of(hdr);
	unsigned long cons_pos, rec_pos = (u8 *)hdr - rb->data;
	u32 len = hdr->len ^ BPF_RINGBUF_BUSY_BIT;

	if (discard)
		len |= BPF_RINGBUF_DISCARD_BIT;
	/* Before the position is read: one of the two, consumer and producer, sees the other. */
	__atomic_exchange_n(&hdr->len, len, __ATOMIC_SEQ_CST);
	cons_pos = __atomic_load_n(&rb->consumer->pos, __ATOMIC_SEQ_CST) & rb->mask;
	/* A consumer that is further back has something to do, and finds this record after it. */
	if (flags & BPF_RB_FORCE_WAKEUP || (cons_pos == rec_pos && !(flags & BPF_RB_NO_WAKEUP)))
		wake(rb);
}

/* --- for programs: see ringbuf.h -------------------------------------------------------------- */

void *bpf_ringbuf_reserve(struct bpf_map *map, u64 size, u64 flags)
{
	return flags ? NULL : ringbuf_reserve(to_ringbuf_map(map)->rb, size);
}

void bpf_ringbuf_submit(void *sample, u64 flags)
{
	ringbuf_commit(sample, flags, false);
}

void bpf_ringbuf_discard(void *sample, u64 flags)
{
	ringbuf_commit(sample, flags, true);
}

long bpf_ringbuf_output(struct bpf_map *map, const void *data, u64 size, u64 flags)
{
	void *sample;

	if (flags & ~(u64)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return -EINVAL;
	sample = ringbuf_reserve(to_ringbuf_map(map)->rb, size);
	if (!sample)
		return -EAGAIN;
	if (size)
		memcpy(sample, data, size);
	ringbuf_commit(sample, flags, false);
	return 0;
}

u64 bpf_ringbuf_query(const struct bpf_map *map, u64 flags)
{
	const struct bpf_ringbuf *rb = to_ringbuf_map(map)->rb;

	switch (flags) {
	case BPF_RB_AVAIL_DATA:
		return avail_data(rb);
	case BPF_RB_RING_SIZE:
		return rb->mask + 1;
	case BPF_RB_CONS_POS:
		return __atomic_load_n(&rb->consumer->pos, __ATOMIC_ACQUIRE);
	case BPF_RB_PROD_POS:
		return __atomic_load_n(&rb->producer->pos, __ATOMIC_ACQUIRE);
	default:
		return 0;
	}
}

/* --- for bpf(2) ------------------------------------------------------------------------------- */

static int ringbuf_map_mmap(struct bpf_map *map, size_t len, int prot, off_t offset, void **addr)
{
	/* The consumer's position may be written, and nothing else. */
	if (prot & PROT_WRITE && (offset || len > (size_t)sysconf(_SC_PAGESIZE)))
		return -EPERM;
	return ringbuf_pages_mmap(&to_ringbuf_map(map)->pages, len, prot, offset, addr);
}

static u64 ringbuf_map_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct bpf_ringbuf_map) + ringbuf_pages_mem_usage(map->max_entries);
}

const struct bpf_map_ops ringbuf_map_ops = {
	.map_alloc_check = ringbuf_map_alloc_check,
	.map_alloc = ringbuf_map_alloc,
	.map_free = ringbuf_map_free,
	.map_update_elem = ringbuf_map_update_elem,
	.map_delete_elem = ringbuf_map_delete_elem,
	.map_get_next_key = ringbuf_map_get_next_key,
	.map_copy_value = ringbuf_map_copy_value,
	.map_mmap = ringbuf_map_mmap,
	.map_poll = ringbuf_map_poll,
	.map_poll_fd = ringbuf_map_poll_fd,
	.map_poll_events = POLLIN,
	.map_mem_usage = ringbuf_map_mem_usage,
};
