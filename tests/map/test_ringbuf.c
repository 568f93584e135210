/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * RINGBUF as its consumer sees it, who here reads the mapped pages himself: records and their
 * headers, wrapping around, being full, the order of commits, wakeups, many producers at once, and
 * a consumer who lies about his position.
 */
#include "rt.h"

#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/kernel_errno.h"
#include "map/ringbuf.h"

#define SIZE 4096u

static size_t page;

struct ring {
	struct bpf_map *map;
	u8 *base; /* the whole, from the consumer's page on */
	unsigned long *consumer, *producer;
	u8 *data;
	u32 size;
};

static void *map_part(struct bpf_map *map, size_t len, int prot, off_t offset)
{
	void *at = NULL;

	assert_int_equal(map->ops->map_mmap(map, len, prot, offset, &at), 0);
	return at;
}

static struct ring new_ring(u32 size)
{
	struct ring ring = {.map = new_map(BPF_MAP_TYPE_RINGBUF, 0, 0, size, 0), .size = size};

	page = sysconf(_SC_PAGESIZE);
	ring.consumer = map_part(ring.map, page, PROT_READ | PROT_WRITE, 0);
	ring.base = map_part(ring.map, page + 2 * size, PROT_READ, page);
	ring.producer = (void *)ring.base;
	ring.data = ring.base + page;
	return ring;
}

static void end_ring(struct ring *ring)
{
	munmap(ring->consumer, page);
	munmap(ring->base, page + 2 * ring->size);
	bpf_map_put_with_uref(ring->map);
}

/* The length word of the record at @pos, as the consumer reads it. */
static u32 length_at(const struct ring *ring, unsigned long pos)
{
	return __atomic_load_n((u32 *)(ring->data + pos % ring->size), __ATOMIC_ACQUIRE);
}

/*
 * The next record that is committed, behind what was discarded: its length, its bytes at *@sample,
 * which are the consumer's until it says that it has come to *@end; -1: none.
 */
static int look_at_next(struct ring *ring, const void **sample, unsigned long *end)
{
	unsigned long pos = *ring->consumer;
	u32 len, size;

	while (pos < __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE)) {
		len = length_at(ring, pos);
		if (len & BPF_RINGBUF_BUSY_BIT)
			return -1;
		size = len & ~(u32)BPF_RINGBUF_DISCARD_BIT;
		*sample = ring->data + pos % ring->size + BPF_RINGBUF_HDR_SZ;
		pos += round_up(size + BPF_RINGBUF_HDR_SZ, 8);
		*end = pos;
		if (!(len & BPF_RINGBUF_DISCARD_BIT))
			return size;
		__atomic_store_n(ring->consumer, pos, __ATOMIC_RELEASE);
	}
	return -1;
}

static void give_back(struct ring *ring, unsigned long end)
{
	__atomic_store_n(ring->consumer, end, __ATOMIC_RELEASE);
}

/* Where nobody produces meanwhile: the bytes stay until somebody does. */
static int take(struct ring *ring, const void **sample)
{
	unsigned long end;
	int len = look_at_next(ring, sample, &end);

	if (len >= 0)
		give_back(ring, end);
	return len;
}

static void *reserve(struct ring *ring, u64 size)
{
	return bpf_ringbuf_reserve(ring->map, size, 0);
}

static u64 query(struct ring *ring, u64 what)
{
	return bpf_ringbuf_query(ring->map, what);
}

static void what_can_be_made(void **state)
{
	static const struct {
		u32 key_size, value_size, max_entries, flags;
		int err;
	} cases[] = {
		{0, 0, 4096, 0, 0},
		{0, 0, 65536, 0, 0},
		{0, 0, 1u << 31, 0, 0}, /* memory comes as it is touched */
		{4, 0, 4096, 0, -EINVAL},
		{0, 4, 4096, 0, -EINVAL},
		{0, 0, 0, 0, -EINVAL},
		{0, 0, 2048, 0, -EINVAL},
		{0, 0, 12288, 0, -EINVAL},
		{0, 0, 4097, 0, -EINVAL},
		{0, 0, UINT32_MAX, 0, -EINVAL},
		{0, 0, 4096, BPF_F_NUMA_NODE, 0},
		{0, 0, 4096, BPF_F_MMAPABLE, -EINVAL},
		{0, 0, 4096, BPF_F_RDONLY, -EINVAL},
		{0, 0, 4096, BPF_F_RDONLY_PROG, -EINVAL},
		{0, 0, 4096, BPF_F_NO_PREALLOC, -EINVAL},
		{0, 0, 4096, 1u << 19, -EINVAL}, /* BPF_F_RB_OVERWRITE, of a later Linux */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = {
			.map_type = BPF_MAP_TYPE_RINGBUF,
			.key_size = cases[i].key_size,
			.value_size = cases[i].value_size,
			.max_entries = cases[i].max_entries,
			.map_flags = cases[i].flags,
		};
		struct bpf_map *map = bpf_map_create(&rt, &attr, NULL, NULL);

		assert_int_equal(IS_ERR(map) ? PTR_ERR(map) : 0, cases[i].err);
		if (!IS_ERR(map))
			bpf_map_put_with_uref(map);
	}
}

static void what_can_be_mapped(void **state)
{
	const size_t all = 2 * page + 2 * SIZE;
	const struct {
		size_t len;
		off_t offset;
		int prot, err;
	} cases[] = {
		{page, 0, PROT_READ | PROT_WRITE, 0},
		{page, 0, PROT_WRITE, 0},
		{all, 0, PROT_READ, 0},
		{1, 0, PROT_READ, 0},
		{all - page, page, PROT_READ, 0},
		{SIZE, 2 * page, PROT_READ, 0},
		{page, all - page, PROT_READ, 0},
		{2 * page, 0, PROT_READ | PROT_WRITE, -EPERM},
		{page, page, PROT_READ | PROT_WRITE, -EPERM},
		{page, 2 * page, PROT_WRITE, -EPERM},
		{all + 1, 0, PROT_READ, -EINVAL},
		{page, all, PROT_READ, -EINVAL},
		{2 * page, all - page, PROT_READ, -EINVAL},
		{page, all + page, PROT_READ, -EINVAL},
		{page, 1, PROT_READ, -EINVAL},
		{SIZE_MAX, 0, PROT_READ, -EINVAL},
		{SIZE_MAX, page, PROT_READ, -EINVAL},
		{page, INT64_MAX & ~0xfffl, PROT_READ, -EINVAL},
	};
	struct ring ring = new_ring(SIZE);
	void *at;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err = ring.map->ops->map_mmap(ring.map, cases[i].len, cases[i].prot,
						  cases[i].offset, &at);

		if (err != cases[i].err)
			fail_msg("case %zu: %d, not %d", i, err, cases[i].err);
		if (!err) {
			/* What is not the consumer's cannot be made writable later. */
			if (!(cases[i].prot & PROT_WRITE) && cases[i].offset)
				assert_int_equal(mprotect(at, page, PROT_READ | PROT_WRITE), -1);
			munmap(at, cases[i].len);
		}
	}
	end_ring(&ring);
}

static void no_elements(void **state)
{
	struct ring ring = new_ring(SIZE);
	u32 word = 0;

	assert_int_equal(map_update(ring.map, &word, &word, 0), -ENOTSUPP);
	assert_int_equal(map_delete(ring.map, &word), -ENOTSUPP);
	assert_int_equal(map_get(ring.map, &word, &word), -ENOTSUPP);
	assert_int_equal(map_next(ring.map, NULL, &word), -ENOTSUPP);
	assert_true(bpf_map_memory_usage(ring.map) >= SIZE + 3 * page);
	end_ring(&ring);
}

static void a_record_and_its_header(void **state)
{
	struct ring ring = new_ring(SIZE);
	const void *got;
	u32 *header;
	u8 *sample = reserve(&ring, 13);

	assert_non_null(sample);
	assert_int_equal((uintptr_t)sample % 8, 0);
	header = (u32 *)ring.data;
	assert_int_equal(header[0], 13 | BPF_RINGBUF_BUSY_BIT);
	assert_int_equal(header[1], 3); /* pages before the data, as in Linux */
	assert_int_equal(take(&ring, &got), -1);
	assert_int_equal(query(&ring, BPF_RB_AVAIL_DATA), 24);
	memcpy(sample, "thirteen bytes", 13);
	bpf_ringbuf_submit(sample, 0);
	assert_int_equal(header[0], 13);
	assert_int_equal(take(&ring, &got), 13);
	assert_memory_equal(got, "thirteen bytes", 13);
	assert_int_equal(query(&ring, BPF_RB_AVAIL_DATA), 0);
	assert_int_equal(query(&ring, BPF_RB_RING_SIZE), SIZE);
	assert_int_equal(query(&ring, BPF_RB_CONS_POS), 24);
	assert_int_equal(query(&ring, BPF_RB_PROD_POS), 24);
	assert_int_equal(query(&ring, 4), 0);
	assert_int_equal(query(&ring, UINT64_MAX), 0);
	/* An empty record is one. */
	assert_int_equal(bpf_ringbuf_output(ring.map, NULL, 0, 0), 0);
	assert_int_equal(take(&ring, &got), 0);
	/* Discarded: the consumer gets past it and does not see it. */
	bpf_ringbuf_discard(reserve(&ring, 8), 0);
	assert_int_equal(take(&ring, &got), -1);
	assert_int_equal(query(&ring, BPF_RB_AVAIL_DATA), 0);
	end_ring(&ring);
}

static void flags(void **state)
{
	struct ring ring = new_ring(SIZE);

	assert_null(bpf_ringbuf_reserve(ring.map, 8, 1));
	assert_null(bpf_ringbuf_reserve(ring.map, 8, 1ull << 40));
	assert_int_equal(bpf_ringbuf_output(ring.map, "x", 1, 4), -EINVAL);
	assert_int_equal(bpf_ringbuf_output(ring.map, "x", 1, 1ull << 40), -EINVAL);
	assert_int_equal(query(&ring, BPF_RB_PROD_POS), 0);
	assert_int_equal(
		bpf_ringbuf_output(ring.map, "x", 1, BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP), 0);
	end_ring(&ring);
}

/* Less than the whole ring may be taken at a time. */
static void full(void **state)
{
	static const u64 too_large[] = {
		SIZE - 7,   SIZE,	SIZE + 1,   UINT32_MAX / 4, UINT32_MAX / 4 + 1,
		UINT32_MAX, 1ull << 32, UINT64_MAX, UINT64_MAX - 7,
	};
	struct ring ring = new_ring(SIZE);
	const void *got;
	u32 count = 0;
	void *sample;

	for (size_t i = 0; i < ARRAY_SIZE(too_large); i++)
		assert_null(reserve(&ring, too_large[i]));
	/* One of exactly the ring's size passes the first check and never has room. */
	assert_null(reserve(&ring, SIZE - 8));
	sample = reserve(&ring, SIZE - 16);
	assert_non_null(sample);
	assert_null(reserve(&ring, 0));
	bpf_ringbuf_submit(sample, 0);
	assert_null(reserve(&ring, 8));
	assert_int_equal(bpf_ringbuf_output(ring.map, "12345678", 8, 0), -EAGAIN);
	assert_int_equal(take(&ring, &got), SIZE - 16);
	while (!bpf_ringbuf_output(ring.map, &count, sizeof(count), 0))
		count++;
	assert_int_equal(count, SIZE / 16 - 1);
	for (u32 i = 0; i < count; i++) {
		assert_int_equal(take(&ring, &got), sizeof(i));
		assert_memory_equal(got, &i, sizeof(i));
	}
	assert_int_equal(take(&ring, &got), -1);
	end_ring(&ring);
}

/* Records of all sizes, over the end of the data many times, each in one piece. */
static void wraps_around(void **state)
{
	struct ring ring = new_ring(SIZE);
	unsigned int seed = 1, check = 1;
	const u8 *got;

	for (u32 round = 0; round < 5000; round++) {
		u32 size = rand_r(&seed) % 1500;
		u8 *sample = reserve(&ring, size);

		assert_non_null(sample);
		memset(sample, round, size);
		bpf_ringbuf_submit(sample, 0);
		if (rand_r(&seed) % 2)
			bpf_ringbuf_discard(reserve(&ring, 8), 0);
		size = rand_r(&check) % 1500;
		rand_r(&check);
		assert_int_equal(take(&ring, (const void **)&got), size);
		for (u32 i = 0; i < size; i++)
			assert_int_equal(got[i], (u8)round);
	}
	/* The second copy of the data is the first. */
	assert_memory_equal(ring.data, ring.data + SIZE, SIZE);
	end_ring(&ring);
}

/* What is reserved first is seen first, whatever is committed first. */
static void order_of_commits(void **state)
{
	struct ring ring = new_ring(SIZE);
	const void *got;
	u32 *samples[4];

	for (u32 i = 0; i < 4; i++) {
		samples[i] = reserve(&ring, sizeof(u32));
		*samples[i] = i;
	}
	bpf_ringbuf_submit(samples[3], 0);
	bpf_ringbuf_discard(samples[1], 0);
	assert_int_equal(take(&ring, &got), -1);
	bpf_ringbuf_submit(samples[0], 0);
	assert_int_equal(take(&ring, &got), 4);
	assert_int_equal(*(u32 *)got, 0);
	assert_int_equal(take(&ring, &got), -1); /* 1 was discarded, 2 is busy */
	bpf_ringbuf_submit(samples[2], 0);
	assert_int_equal(take(&ring, &got), 4);
	assert_int_equal(*(u32 *)got, 2);
	assert_int_equal(take(&ring, &got), 4);
	assert_int_equal(*(u32 *)got, 3);
	end_ring(&ring);
}

/* --- waking ------------------------------------------------------------------------------ */

static bool readable(struct ring *ring)
{
	struct pollfd fd = {.fd = ring->map->ops->map_poll_fd(ring->map), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static bool settled(struct ring *ring)
{
	bool ready = ring->map->ops->map_poll(ring->map);

	assert_int_equal(readable(ring), ready);
	return ready;
}

static void wakeups(void **state)
{
	struct ring ring = new_ring(SIZE);
	const void *got;
	void *first, *second;

	assert_false(readable(&ring));
	assert_false(settled(&ring));
	/* The consumer is at the record: it is woken, and ready until it has consumed. */
	bpf_ringbuf_output(ring.map, "x", 1, 0);
	assert_true(readable(&ring));
	assert_true(settled(&ring));
	assert_int_equal(take(&ring, &got), 1);
	assert_true(readable(&ring)); /* nobody has told yet */
	assert_false(settled(&ring));
	/* Not asked for; yet who looks finds it. */
	bpf_ringbuf_output(ring.map, "x", 1, BPF_RB_NO_WAKEUP);
	assert_false(readable(&ring));
	assert_true(settled(&ring));
	take(&ring, &got);
	assert_false(settled(&ring));
	/* The consumer is behind: not woken by what it is not at. */
	first = reserve(&ring, 8);
	second = reserve(&ring, 8);
	bpf_ringbuf_submit(second, 0);
	assert_false(readable(&ring));
	bpf_ringbuf_discard(first, 0);
	assert_true(readable(&ring));
	assert_int_equal(take(&ring, &got), 8);
	assert_false(settled(&ring));
	first = reserve(&ring, 8);
	second = reserve(&ring, 8);
	bpf_ringbuf_submit(second, BPF_RB_FORCE_WAKEUP);
	assert_true(readable(&ring));
	bpf_ringbuf_submit(first, BPF_RB_NO_WAKEUP);
	end_ring(&ring);
}

static __attribute__((noinline)) void produce_one(struct ring *ring)
{
	struct bpf_run_ctx ctx;

	bpf_run_begin(&ctx, &rt);
	bpf_ringbuf_output(ring->map, "x", 1, BPF_RB_FORCE_WAKEUP);
	bpf_run_end(&ctx);
}

/* It has nothing on the stack where it ends, which AddressSanitizer would not see go. */
static void *produce_and_end(void *arg)
{
	pthread_cancel(pthread_self());
	produce_one(arg);
	pthread_testcancel();
	return NULL;
}

/* A producer that is to end does so after its run, and not where it wakes the consumer. */
static void a_producer_is_cancelled(void **state)
{
	struct ring ring = new_ring(SIZE);
	struct bpf_run_ctx ctx;
	pthread_t producer;
	const void *got;
	void *result;

	alarm(60);
	assert_false(settled(&ring));
	for (u32 i = 0; i < CPUS + 1; i++) {
		assert_int_equal(pthread_create(&producer, NULL, produce_and_end, &ring), 0);
		assert_int_equal(pthread_join(producer, &result), 0);
		assert_ptr_equal(result, PTHREAD_CANCELED);
		assert_true(readable(&ring));
		assert_int_equal(take(&ring, &got), 1);
		assert_false(settled(&ring));
	}
	/* All CPUs were given back. */
	bpf_run_begin(&ctx, &rt);
	bpf_run_end(&ctx);
	alarm(0);
	end_ring(&ring);
}

/* --- many producers ---------------------------------------------------------------------- */

#define PRODUCERS 4
#define RECORDS 20000

struct producer {
	struct bpf_map *map;
	u64 number, sent, sum;
};

struct record {
	u64 producer, value;
	u8 fill[];
};

static void *produce(void *arg)
{
	struct producer *producer = arg;
	unsigned int seed = producer->number + 1;

	while (producer->sent < RECORDS) {
		u32 fill = rand_r(&seed) % 100;
		struct record *record =
			bpf_ringbuf_reserve(producer->map, sizeof(*record) + fill, 0);

		if (!record) {
			sched_yield();
			continue;
		}
		record->producer = producer->number;
		record->value = producer->sent;
		memset(record->fill, producer->sent, fill);
		if (rand_r(&seed) % 8) {
			producer->sum += producer->sent++;
			bpf_ringbuf_submit(record, 0);
		} else {
			bpf_ringbuf_discard(record, 0);
		}
	}
	return NULL;
}

static void producers_and_a_consumer(void **state)
{
	struct ring ring = new_ring(4 * SIZE);
	struct producer producers[PRODUCERS] = {0};
	u64 seen[PRODUCERS] = {0}, sums[PRODUCERS] = {0}, left = PRODUCERS * RECORDS;
	pthread_t threads[PRODUCERS];

	for (u32 i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){.map = ring.map, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
	}
	while (left) {
		struct pollfd fd = {.fd = ring.map->ops->map_poll_fd(ring.map), .events = POLLIN};
		const struct record *record;
		unsigned long end;
		int len;

		/* Lost wakeups would be seen here. */
		if (!ring.map->ops->map_poll(ring.map))
			assert_int_equal(poll(&fd, 1, 10000), 1);
		for (; (len = look_at_next(&ring, (const void **)&record, &end)) >= 0; left--) {
			assert_true(len >= (int)sizeof(*record));
			assert_true(record->producer < PRODUCERS);
			/* Of one producer: in its order, nothing missing. */
			assert_int_equal(record->value, seen[record->producer]++);
			sums[record->producer] += record->value;
			give_back(&ring, end);
		}
	}
	for (u32 i = 0; i < PRODUCERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(producers[i].sum, sums[i]);
		assert_int_equal(seen[i], RECORDS);
	}
	end_ring(&ring);
}

/* --- a hostile consumer ------------------------------------------------------------------ */

/* Whatever the consumer says, a record that is being written is not given to anybody else. */
static void positions_that_lie(void **state)
{
	static const unsigned long lies[] = {
		1,	   7,	      8,	 SIZE - 1, SIZE, SIZE + 8,
		1ul << 31, 1ul << 32, 1ul << 63, -1ul,	   -8ul, -(unsigned long)SIZE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		struct ring ring = new_ring(SIZE);
		u8 *busy[SIZE / 8 + 1], *first = reserve(&ring, 100);
		u32 count = 0;

		memset(first, 0x5a, 100);
		for (u32 n = 0; n < SIZE / 8; n++) {
			*ring.consumer = lies[i] + n * 8;
			busy[count] = reserve(&ring, 24);
			if (!busy[count])
				continue;
			memset(busy[count], count, 24);
			count++;
		}
		for (u32 n = 0; n < 100; n++)
			assert_int_equal(first[n], 0x5a);
		for (u32 n = 0; n < count; n++)
			for (u32 b = 0; b < 24; b++)
				assert_int_equal(busy[n][b], (u8)n);
		assert_true(count * 32 < SIZE);
		assert_null(reserve(&ring, SIZE - 16));
		for (u32 n = 0; n < count; n++)
			bpf_ringbuf_submit(busy[n], 0);
		bpf_ringbuf_discard(first, 0);
		/* The ring is good again with the next honest consumer. */
		*ring.consumer = *ring.producer;
		assert_int_equal(query(&ring, BPF_RB_AVAIL_DATA), 0);
		assert_int_equal(bpf_ringbuf_output(ring.map, "x", 1, 0), 0);
		end_ring(&ring);
	}
}

static void *lie(void *arg)
{
	struct ring *ring = arg;
	unsigned int seed = 9;

	for (int i = 0; i < 300000; i++)
		__atomic_store_n(ring->consumer, (unsigned long)rand_r(&seed) * rand_r(&seed),
				 __ATOMIC_RELAXED);
	return NULL;
}

static void a_position_that_changes_all_the_time(void **state)
{
	struct ring ring = new_ring(SIZE);
	pthread_t liar;
	u8 *sample;

	pthread_create(&liar, NULL, lie, &ring);
	for (int i = 0; i < 100000; i++) {
		sample = reserve(&ring, i % 200);
		if (!sample)
			continue;
		memset(sample, i, i % 200);
		bpf_ringbuf_submit(sample, i % 3);
	}
	pthread_join(liar, NULL);
	end_ring(&ring);
}

/* --- fork -------------------------------------------------------------------------------- */

/* The memory is one, and so are the lock and what is committed. */
static void a_child_produces_for_its_parent(void **state)
{
	struct ring ring = new_ring(SIZE);
	const void *got;
	int status;
	pid_t child;

	bpf_ringbuf_output(ring.map, "1", 1, 0);
	child = fork();
	if (!child)
		_exit(bpf_ringbuf_output(ring.map, "2", 1, 0));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	bpf_ringbuf_output(ring.map, "3", 1, 0);
	for (char c = '1'; c <= '3'; c++) {
		assert_int_equal(take(&ring, &got), 1);
		assert_int_equal(*(const char *)got, c);
	}
	end_ring(&ring);
}

/* A child that is killed while it reserves leaves the lock: its parent gets no room, but goes on.
 */
static void a_child_leaves_the_lock(void **state)
{
	struct ring ring = new_ring(SIZE);
	u8 *sample = reserve(&ring, 8);
	/* In the page before the consumer's, of which three lie before the first record. */
	u32 *lock = (u32 *)(sample - BPF_RINGBUF_HDR_SZ - 3 * page + 64);
	const void *got;

	alarm(60);
	bpf_ringbuf_discard(sample, 0);
	__atomic_store_n(lock, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 1000; i++) /* only the first one waits */
		assert_null(reserve(&ring, 8));
	assert_int_equal(bpf_ringbuf_output(ring.map, "x", 1, 0), -EAGAIN);
	assert_int_equal(query(&ring, BPF_RB_PROD_POS), 16);
	/* It was only slow, and comes back. */
	__atomic_store_n(lock, 0, __ATOMIC_SEQ_CST);
	assert_int_equal(bpf_ringbuf_output(ring.map, "x", 1, 0), 0);
	assert_int_equal(take(&ring, &got), 1);
	alarm(0);
	end_ring(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_made),
		cmocka_unit_test(what_can_be_mapped),
		cmocka_unit_test(no_elements),
		cmocka_unit_test(a_record_and_its_header),
		cmocka_unit_test(flags),
		cmocka_unit_test(full),
		cmocka_unit_test(wraps_around),
		cmocka_unit_test(order_of_commits),
		cmocka_unit_test(wakeups),
		cmocka_unit_test(a_producer_is_cancelled),
		cmocka_unit_test(producers_and_a_consumer),
		cmocka_unit_test(positions_that_lie),
		cmocka_unit_test(a_position_that_changes_all_the_time),
		cmocka_unit_test(a_child_produces_for_its_parent),
		cmocka_unit_test(a_child_leaves_the_lock),
	};

	page = sysconf(_SC_PAGESIZE);
	return cmocka_run_group_tests(tests, rt_set_up, rt_tear_down);
}
