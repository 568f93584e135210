/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * USER_RINGBUF: samples of any size from a process, in the order in which it wrote them, to
 * programs, which drain them (kernel: kernel/bpf/ringbuf.c, and its memory: map/ringbuf_pages.h).
 *
 * The process writes the producer position and the data; the consumer position, which is the
 * runtime's, it can only read. Nothing that it writes is believed, and it may change all of it at
 * any time: a position and a header are read once, and what is checked is what was read. The
 * program is given the length of the header as it was, and memory that is within the ring whatever
 * is written; what is in that memory, the process may go on changing.
 *
 * One thread at a time drains, and none waits for it; who is killed in a drain, in a process that
 * shares the map by fork(), leaves a ring that cannot be drained any more.
 *
 * Waking: what is waited for is room. A pipe of one byte, whose end that is written to is what can
 * be waited with, is full while the ring is known to be full. A drain empties it.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/dynptr.h"
#include "base/vcpu.h"
#include "map/map_types.h"
#include "map/ringbuf.h"
#include "map/ringbuf_pages.h"

#define MAX_USER_RINGBUF_SAMPLES (128 * 1024) /* Linux: BPF_MAX_USER_RINGBUF_SAMPLES */

/* The beginning of page 0. */
struct user_ringbuf {
	bool busy;    /* somebody drains */
	bool watched; /* somebody may be waiting */
};

struct user_ringbuf_map {
	struct bpf_map map;
	struct ringbuf_pages pages;
	struct user_ringbuf *own;
	u64 *consumer_pos;
	const u64 *producer_pos;
	u8 *data;
	int pipe[2];
};

static struct user_ringbuf_map *to_user_ringbuf(const struct bpf_map *map)
{
	return container_of(map, struct user_ringbuf_map, map);
}

/* --- making one ------------------------------------------------------------------------------- */

static int new_pipe(int ends[2])
{
	int err;

	/* One page, which one byte takes: O_DIRECT, none is added to another. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -errno;
	if (fcntl(ends[1], F_SETPIPE_SZ, 1) >= 0)
		return 0;
	err = -errno;
	close(ends[0]);
	close(ends[1]);
	return err;
}

static struct bpf_map *user_ringbuf_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct user_ringbuf_map *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&ring->map, rt, attr);
	err = ringbuf_pages_alloc(&ring->pages, ring->map.max_entries);
	if (!err)
		err = new_pipe(ring->pipe);
	if (err) {
		ringbuf_pages_free(&ring->pages);
		free(ring);
		return ERR_PTR(err);
	}
	ringbuf_pages_seal(ring->pages.consumer_memfd);
	ring->own = ringbuf_page(&ring->pages, PAGE_OWN);
	ring->consumer_pos = ringbuf_page(&ring->pages, PAGE_CONSUMER);
	ring->producer_pos = ringbuf_page(&ring->pages, PAGE_PRODUCER);
	ring->data = ringbuf_page(&ring->pages, PAGE_DATA);
	return &ring->map;
}

static void user_ringbuf_map_free(struct bpf_map *map)
{
	struct user_ringbuf_map *ring = to_user_ringbuf(map);

	close(ring->pipe[0]);
	close(ring->pipe[1]);
	ringbuf_pages_free(&ring->pages);
	free(ring);
}

/* --- waking ----------------------------------------------------------------------------------- */

static bool has_room(const struct user_ringbuf_map *ring)
{
	u64 cons_pos = __atomic_load_n(ring->consumer_pos, __ATOMIC_SEQ_CST);

	return __atomic_load_n(ring->producer_pos, __ATOMIC_SEQ_CST) - cons_pos <
	       ring->map.max_entries;
}

static void fill_pipe(const struct user_ringbuf_map *ring)
{
	NO_CANCELLATION;
	ssize_t written = write(ring->pipe[1], "", 1); /* fails where it is full */

	(void)written;
}

/* Wakes who waits if it was full. */
static void empty_pipe(const struct user_ringbuf_map *ring)
{
	NO_CANCELLATION;
	u8 byte;
	ssize_t got = read(ring->pipe[0], &byte, 1); /* fails where it is empty */

	(void)got;
}

/* Who watches says so before looking for room, and the room is there before this is called. */
static void wake(const struct user_ringbuf_map *ring)
{
	if (!__atomic_load_n(&ring->own->watched, __ATOMIC_SEQ_CST))
		return;
	/* Also those who wait for edges, and have not found it full. */
	fill_pipe(ring);
	empty_pipe(ring);
}

static bool user_ringbuf_map_poll(struct bpf_map *map)
{
	struct user_ringbuf_map *ring = to_user_ringbuf(map);

	__atomic_store_n(&ring->own->watched, true, __ATOMIC_SEQ_CST);
	if (!has_room(ring)) {
		fill_pipe(ring);
		/* Room that came meanwhile: its wakeup may have been before. */
		if (!has_room(ring))
			return false;
	}
	empty_pipe(ring);
	return true;
}

/* Who is given the descriptor may wait with it and never call poll. */
static int user_ringbuf_map_poll_fd(const struct bpf_map *map)
{
	struct user_ringbuf_map *ring = to_user_ringbuf(map);

	__atomic_store_n(&ring->own->watched, true, __ATOMIC_SEQ_CST);
	return ring->pipe[1];
}

/* --- draining --------------------------------------------------------------------------------- */

struct sample {
	void *data;
	u32 len, total_len; /* with its header, and what fills it up to 8 */
};

static void consume(struct user_ringbuf_map *ring, const struct sample *sample)
{
	/* Only who drains writes it. SEQ_CST: see wake(). */
	__atomic_store_n(ring->consumer_pos, *ring->consumer_pos + sample->total_len,
			 __ATOMIC_SEQ_CST);
}

/* -ENODATA: there is none, or it is being written; -EAGAIN: it was discarded, and is consumed. */
static int peek(struct user_ringbuf_map *ring, struct sample *sample)
{
	u64 prod_pos = __atomic_load_n(ring->producer_pos, __ATOMIC_ACQUIRE);
	u64 cons_pos = *ring->consumer_pos, offset = cons_pos & (ring->map.max_entries - 1);
	u32 hdr;

	if (prod_pos % 8)
		return -EINVAL;
	if (cons_pos >= prod_pos)
		return -ENODATA;
	hdr = __atomic_load_n((const u32 *)(ring->data + offset), __ATOMIC_ACQUIRE);
	sample->len = hdr & ~(u32)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	sample->total_len = round_up(sample->len + BPF_RINGBUF_HDR_SZ, 8);
	/* All of it is said to be written, */
	if (sample->total_len > prod_pos - cons_pos)
		return -EINVAL;
	/* and no more than there can be, here and in a dynptr. */
	if (sample->total_len > ring->map.max_entries || sample->len > DYNPTR_MAX_SIZE)
		return -E2BIG;
	if (hdr & BPF_RINGBUF_DISCARD_BIT) {
		consume(ring, sample);
		return -EAGAIN;
	}
	if (hdr & BPF_RINGBUF_BUSY_BIT)
		return -ENODATA;
	sample->data = ring->data + offset + BPF_RINGBUF_HDR_SZ;
	return 0;
}

static u64 show(const struct sample *sample, u64 callback, u64 ctx)
{
	struct bpf_dynptr_kern dynptr;

	bpf_dynptr_init(&dynptr, sample->data, BPF_DYNPTR_TYPE_LOCAL, sample->len);
	return bpf_current->callback(callback, (unsigned long)&dynptr, ctx, 0, 0, 0);
}

/* The number of samples that the callback was shown. @looked: with those that were discarded. */
static s64 drain(struct user_ringbuf_map *ring, u64 callback, u64 ctx, u32 *looked)
{
	s64 shown = 0;
	bool stop = false;
	int err;

	for (*looked = 0; *looked < MAX_USER_RINGBUF_SAMPLES && !stop; ++*looked) {
		struct sample sample;

		err = peek(ring, &sample);
		if (err == -EAGAIN)
			continue;
		if (err)
			return err == -ENODATA ? shown : err;
		stop = show(&sample, callback, ctx);
		shown++;
		consume(ring, &sample);
	}
	return shown;
}

static u64 helper_user_ringbuf_drain(u64 map, u64 callback, u64 ctx, u64 flags, u64 r5)
{
	struct user_ringbuf_map *ring = to_user_ringbuf((struct bpf_map *)(unsigned long)map);
	u32 looked;
	s64 ret;

	if (flags & ~(u64)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return -EINVAL;
	if (__atomic_exchange_n(&ring->own->busy, true, __ATOMIC_ACQUIRE))
		return -EBUSY;
	ret = drain(ring, callback, ctx, &looked);
	__atomic_store_n(&ring->own->busy, false, __ATOMIC_RELEASE);
	if (flags & BPF_RB_FORCE_WAKEUP || (looked && !(flags & BPF_RB_NO_WAKEUP)))
		wake(ring);
	return ret;
}

const struct bpf_helper bpf_user_ringbuf_helpers[] = {
	{
		.id = BPF_FUNC_user_ringbuf_drain,
		.name = "bpf_user_ringbuf_drain",
		.proto =
			{
				.func = helper_user_ringbuf_drain,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_FUNC,
					     ARG_PTR_TO_STACK_OR_NULL, ARG_ANYTHING},
				.callback = BPF_CALLBACK_DYNPTR,
			},
	},
};

const size_t bpf_user_ringbuf_helpers_nr = ARRAY_SIZE(bpf_user_ringbuf_helpers);

/* --- for bpf(2) ------------------------------------------------------------------------------- */

static int user_ringbuf_map_mmap(struct bpf_map *map, size_t len, int prot, off_t offset,
				 void **addr)
{
	/* Everything may be written but what begins with the consumer's position. */
	if (prot & PROT_WRITE && !offset)
		return -EPERM;
	return ringbuf_pages_mmap(&to_user_ringbuf(map)->pages, len, prot, offset, addr);
}

static u64 user_ringbuf_map_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct user_ringbuf_map) + ringbuf_pages_mem_usage(map->max_entries);
}

const struct bpf_map_ops user_ringbuf_map_ops = {
	.map_alloc_check = ringbuf_map_alloc_check,
	.map_alloc = user_ringbuf_map_alloc,
	.map_free = user_ringbuf_map_free,
	.map_update_elem = ringbuf_map_update_elem,
	.map_delete_elem = ringbuf_map_delete_elem,
	.map_get_next_key = ringbuf_map_get_next_key,
	.map_copy_value = ringbuf_map_copy_value,
	.map_mmap = user_ringbuf_map_mmap,
	.map_poll = user_ringbuf_map_poll,
	.map_poll_fd = user_ringbuf_map_poll_fd,
	.map_poll_events = POLLOUT,
	.map_mem_usage = user_ringbuf_map_mem_usage,
};
