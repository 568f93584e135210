/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * USER_RINGBUF: what can be made and mapped, and what bpf_user_ringbuf_drain() makes of what a
 * process wrote, which here is written by hand: samples as they should be, and as they should not.
 */
#include "rings.h"

#define USER_RING BPF_MAP_TYPE_USER_RINGBUF
#define BUSY BPF_RINGBUF_BUSY_BIT
#define DISCARD BPF_RINGBUF_DISCARD_BIT
#define MOST (128 * 1024) /* samples of one drain */

static int new_ring(unsigned int size)
{
	return ring_new(USER_RING, size);
}

/* --- the map ---------------------------------------------------------------------------------- */

static void user_ring_create(void **state)
{
	static const struct ring_create cases[] = {
		{0, 0, 4096, 0, 0},
		{0, 0, 1 << 20, 0, 0},
		{0, 0, 4096, BPF_F_NUMA_NODE, 0},
		{4, 0, 4096, 0, -EINVAL},
		{0, 4, 4096, 0, -EINVAL},
		{0, 0, 0, 0, -EINVAL},
		{0, 0, 2048, 0, -EINVAL},
		{0, 0, 12288, 0, -EINVAL},
		{0, 0, 0xfffff000, 0, -EINVAL},
		{0, 0, 4096, BPF_F_MMAPABLE, -EINVAL},
		{0, 0, 4096, BPF_F_RDONLY, -EINVAL},
		{0, 0, 4096, BPF_F_WRONLY, -EINVAL},
		{0, 0, 4096, BPF_F_RDONLY_PROG, -EINVAL},
		{0, 0, 4096, BPF_F_NO_PREALLOC, -EINVAL},
	};

	ring_creates(USER_RING, cases, ARRAY_SIZE(cases));
}

static void user_ring_elements(void **state)
{
	int ring = new_ring(SIZE);
	__u64 key = 0, value = 0;
	union bpf_attr attr = {.map_fd = ring, .value = PTR(&value)};

	assert_int_equal(map_lookup(ring, &key, &value), -EINVAL);
	assert_int_equal(map_lookup(ring, NULL, &value), -ENOTSUPP);
	assert_int_equal(map_update(ring, NULL, &value, BPF_ANY), -ENOTSUPP);
	assert_int_equal(map_delete(ring, NULL), -ENOTSUPP);
	assert_int_equal(map_next_key(ring, NULL, &value), -ENOTSUPP);
	assert_int_equal(bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr), -ENOTSUPP);
}

static void user_ring_info(void **state)
{
	ring_tells(USER_RING);
}

static void user_ring_mmap(void **state)
{
	const size_t all = 2 * page + 2 * SIZE;
	const struct ring_mmap cases[] = {
		{page, 0, R, 0},
		{all, 0, R, 0},
		{page, page, R | W, 0},
		{page, page, W, 0},
		{all - page, page, R | W, 0},
		{SIZE, 2 * page, R | W, 0},
		{page, all - page, R | W, 0},
		{page, page, R, 0},
		{page, 0, R | W, -EPERM},
		{page, 0, W, -EPERM},
		{all, 0, R | W, -EPERM},
		{all + 1, 0, R | W, -EPERM},
		{all + 1, 0, R, -EINVAL},
		{all, page, R | W, -EINVAL},
		{page, all, R | W, -EINVAL},
		{page, all, R, -EINVAL},
		{page, 1, R, -EINVAL},
		{0, page, R, -EINVAL},
	};
	int ring = new_ring(SIZE);
	void *addr;

	ring_mmaps(USER_RING, cases, ARRAY_SIZE(cases), CONSUMER_PAGE);
	assert_int_equal(map_freeze(ring), 0);
	assert_int_equal(E->mmap(ring, page, R | W, page, &addr), -EPERM);
}

/* --- a process that writes -------------------------------------------------------------------- */

struct producer {
	struct ring ring;
	int out; /* of what the callback found: see emit_callback() */
};

#define OUT 8

struct found {
	__u64 error; /* of reading it */
	__u64 bytes; /* its first 8; BEFORE if it has none */
};
#define BEFORE 0xeeeeeeeu

static struct producer new_producer(unsigned int size)
{
	return (struct producer){
		.ring = ring_map(new_ring(size), size, ALL_BUT_CONSUMER_PAGE),
		.out = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct found), OUT, 0),
	};
}

/* A sample, or what is not one: a header at @pos, and 8 bytes that are @bytes after it. */
static void put(const struct producer *p, unsigned long pos, unsigned int header, __u64 bytes)
{
	unsigned char *at = p->ring.data + pos % p->ring.size;

	memcpy(at + BPF_RINGBUF_HDR_SZ, &bytes, sizeof(bytes));
	__atomic_store_n((unsigned int *)at, header, __ATOMIC_RELEASE);
}

static void publish(const struct producer *p, unsigned long pos)
{
	__atomic_store_n(p->ring.produced, pos, __ATOMIC_RELEASE);
}

/* main: drains @ring; a number at fp - 8, which begins as 0, is the callback's context. */
#define MAIN_LENGTH 10u
static void emit_drain(struct code *code, int ring, int flags, unsigned int start)
{
	EMIT(code, ST_MEM(DW, 10, -8, 0), MOV64_REG(3, 10), ALU64_IMM(BPF_ADD, 3, -8),
	     LD_MAP_FD(1, ring));
	EMIT(code, LD_IMM64(2, BPF_PSEUDO_FUNC, 0, 0));
	code->insn[code->n - 2].imm = (__s32)start - (__s32)(code->n - 2) - 1;
	EMIT(code, MOV64_IMM(4, flags), CALL(BPF_FUNC_user_ringbuf_drain));
}

/* Notes in map @out what it finds, writes 0x77 to byte 7, and stops at the sample with bytes @stop.
 */
static void emit_callback(struct code *code, int out, int stop)
{
	EMIT(code, MOV64_REG(6, 1), LDX_MEM(DW, 1, 2, 0), STX_MEM(W, 10, 1, -4),
	     ALU64_IMM(BPF_ADD, 1, 1), STX_MEM(DW, 2, 1, 0));
	EMIT(code, ST_MEM(DW, 10, -16, BEFORE), MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -16),
	     MOV64_IMM(2, 8), MOV64_REG(3, 6), MOV64_IMM(4, 0), MOV64_IMM(5, 0),
	     CALL(BPF_FUNC_dynptr_read), MOV64_REG(7, 0));
	EMIT(code, LD_MAP_FD(1, out), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
	     CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 3), STX_MEM(DW, 0, 7, 0),
	     LDX_MEM(DW, 1, 10, -16), STX_MEM(DW, 0, 1, 8));
	EMIT(code, ST_MEM(DW, 10, -24, 0x77), MOV64_REG(1, 6), MOV64_IMM(2, 7), MOV64_REG(3, 10),
	     ALU64_IMM(BPF_ADD, 3, -24), MOV64_IMM(4, 1), MOV64_IMM(5, 0),
	     CALL(BPF_FUNC_dynptr_write));
	EMIT(code, LDX_MEM(DW, 1, 10, -16), MOV64_IMM(0, 0), JMP_IMM(BPF_JNE, 1, stop, 1),
	     MOV64_IMM(0, 1), EXIT());
}

static int drainer(const struct producer *p, int flags, int stop)
{
	static const unsigned int starts[] = {0, MAIN_LENGTH};
	struct code code = {.n = 0};

	emit_drain(&code, p->ring.fd, flags, MAIN_LENGTH);
	EMIT(&code, EXIT());
	assert_int_equal(code.n, MAIN_LENGTH);
	emit_callback(&code, p->out, stop);
	return load_functions(&code, starts, ARRAY_SIZE(starts));
}

static struct found found(const struct producer *p, __u32 index)
{
	struct found what;

	assert_int_equal(map_lookup(p->out, &index, &what), 0);
	return what;
}

/* --- what is drained -------------------------------------------------------------------------- */

static void user_ring_samples(void **state)
{
	struct producer p = new_producer(SIZE);
	int prog = drainer(&p, 0, -1);

	assert_int_equal(run(prog), 0);
	put(&p, 0, 8, 0x1111);
	put(&p, 16, 8 | DISCARD, 0x2222);
	put(&p, 32, 0, 0);
	put(&p, 40, 7, 0x3333);
	put(&p, 56, 16, 0x4444);
	put(&p, 80, 8 | BUSY, 0x5555);
	publish(&p, 96);
	assert_int_equal(run(prog), 4);
	assert_int_equal(*p.ring.consumed, 80);
	assert_int_equal(found(&p, 0).error, 0);
	assert_int_equal(found(&p, 0).bytes, 0x1111);
	assert_int_equal((int)found(&p, 1).error, -E2BIG);
	assert_int_equal((int)found(&p, 2).error, -E2BIG);
	assert_int_equal(found(&p, 2).bytes, BEFORE);
	assert_int_equal(found(&p, 3).bytes, 0x4444);
	/* The program writes to samples, and not past them. */
	assert_int_equal(p.ring.data[8 + 7], 0x77);
	assert_int_equal(p.ring.data[48 + 7], 0);
	assert_int_equal(p.ring.data[64 + 7], 0x77);
	/* The last one, when it is written. */
	assert_int_equal(run(prog), 0);
	put(&p, 80, 8, 0x5555);
	assert_int_equal(run(prog), 1);
	assert_int_equal(*p.ring.consumed, 96);
	assert_int_equal(found(&p, 0).bytes, 0x5555);
	/* A position that goes back. */
	publish(&p, 16);
	assert_int_equal(run(prog), 0);
	assert_int_equal(*p.ring.consumed, 96);
	ring_unmap(&p.ring);
}

static void user_ring_stops(void **state)
{
	struct producer p = new_producer(SIZE);

	for (unsigned int i = 0; i < 4; i++)
		put(&p, 16 * i, 8 | (i == 1 ? DISCARD : 0), i);
	publish(&p, 64);
	assert_int_equal(run(drainer(&p, 0, 2)), 2);
	assert_int_equal(*p.ring.consumed, 48);
	assert_int_equal(found(&p, 1).bytes, 2);
	assert_int_equal(run(drainer(&p, 0, 3)), 1);
	assert_int_equal(*p.ring.consumed, 64);
	ring_unmap(&p.ring);
}

/* Of the last sample the second part is where the ring begins. */
static void user_ring_end(void **state)
{
	struct producer p = new_producer(SIZE);
	int prog = drainer(&p, 0, -1);

	put(&p, 0, SIZE - 24, 1);
	put(&p, SIZE - 16, 24, 2);
	publish(&p, SIZE + 16);
	assert_int_equal(run(prog), 2);
	assert_int_equal(*p.ring.consumed, SIZE + 16);
	assert_int_equal(found(&p, 1).bytes, 2);
	/* As long as the ring; and a header that is the last 8 bytes. */
	put(&p, SIZE + 16, SIZE - 8, 3);
	publish(&p, 2 * SIZE + 16);
	assert_int_equal(run(prog), 1);
	put(&p, 2 * SIZE + 16, SIZE - 32, 4);
	put(&p, 3 * SIZE - 8, 8, 5);
	publish(&p, 3 * SIZE + 8);
	assert_int_equal(run(prog), 2);
	assert_int_equal(found(&p, 1).bytes, 5);
	assert_int_equal(*p.ring.consumed, 3 * SIZE + 8);
	assert_int_equal(p.ring.data[7], 0x77);
	ring_unmap(&p.ring);
}

static void user_ring_malformed(void **state)
{
	static const struct {
		unsigned long produced;
		unsigned int header;
		int result;
		unsigned long consumed;
	} cases[] = {
		{4, 8, -EINVAL, 0},
		{1, 0, -EINVAL, 0},
		{~0ul, 8, -EINVAL, 0},
		{8, 8, -EINVAL, 0},
		{16, 9, -EINVAL, 0},
		{16, SIZE, -EINVAL, 0},
		{16, 0x3fffffff, -EINVAL, 0},
		{SIZE, SIZE - 7, -EINVAL, 0},
		{2 * SIZE, SIZE - 7, -E2BIG, 0},
		{2 * SIZE, SIZE, -E2BIG, 0},
		{1ul << 40, 0x3fffffff, -E2BIG, 0},
		{-8ul, 0x3fffffff, -E2BIG, 0},
		/* What is wrong is, also while it is written, and where it is given up. */
		{8, 8 | BUSY, -EINVAL, 0},
		{8, 8 | DISCARD, -EINVAL, 0},
		{2 * SIZE, SIZE | BUSY, -E2BIG, 0},
		{2 * SIZE, SIZE | DISCARD, -E2BIG, 0},
		{16, 8 | BUSY, 0, 0},
		{16, 8 | BUSY | DISCARD, 0, 16},
		{8, DISCARD, 0, 8},
		{8, BUSY, 0, 0},
		{0, 8, 0, 0},
		/* The one after it. */
		{24, 8, -EINVAL, 16},
		{4 * SIZE, 8, -E2BIG, 16},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct producer p = new_producer(SIZE);
		int ret;

		put(&p, 0, cases[i].header, 0);
		put(&p, 16, SIZE, 0);
		publish(&p, cases[i].produced);
		ret = run(drainer(&p, 0, -1));
		if (ret != cases[i].result || *p.ring.consumed != cases[i].consumed)
			fail_msg("case %zu: %d, not %d; %lu consumed", i, ret, cases[i].result,
				 *p.ring.consumed);
		/* It can be drained again, and finds the same. */
		if (ret < 0)
			assert_int_equal(run(drainer(&p, 0, -1)), ret);
		ring_unmap(&p.ring);
	}
}

/* More than a dynptr is of. */
static void user_ring_large(void **state)
{
	struct producer p = new_producer(1u << 25);
	int prog = drainer(&p, 0, -1);

	put(&p, 0, 1u << 24, 0);
	publish(&p, 1ul << 25);
	assert_int_equal(run(prog), -E2BIG);
	put(&p, 0, (1u << 24) - 1, 0x99);
	publish(&p, (1u << 24) + 8);
	assert_int_equal(run(prog), 1);
	assert_int_equal(found(&p, 0).bytes, 0x99);
	ring_unmap(&p.ring);
}

/* A ring that never ends: samples of no bytes, round and round. */
static void user_ring_most(void **state)
{
	struct producer p = new_producer(SIZE);
	int prog = drainer(&p, 0, -1);

	publish(&p, -8ul);
	for (unsigned long round = 1; round < 4; round++) {
		assert_int_equal(run(prog), MOST);
		assert_int_equal(*p.ring.consumed, round * MOST * 8);
	}
	/* What is discarded counts. */
	for (unsigned int pos = 0; pos < SIZE; pos += 8)
		put(&p, pos, DISCARD, 0);
	put(&p, 0, 0, DISCARD);
	assert_int_equal(run(prog), MOST / (SIZE / 8));
	assert_int_equal(*p.ring.consumed, 4ul * MOST * 8);
	ring_unmap(&p.ring);
}

static void user_ring_flags(void **state)
{
	static const struct {
		int flags, result;
	} cases[] = {
		{BPF_RB_NO_WAKEUP, 1},
		{BPF_RB_FORCE_WAKEUP, 1},
		{BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP, 1},
		{4, -EINVAL},
		{-1, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct producer p = new_producer(SIZE);

		put(&p, 0, 8, 0);
		publish(&p, 16);
		assert_int_equal(run(drainer(&p, cases[i].flags, -1)), cases[i].result);
		assert_int_equal(*p.ring.consumed, cases[i].result == 1 ? 16 : 0);
		ring_unmap(&p.ring);
	}
}

/* The callback drains the ring that is being drained: the result of that is the program's. */
static void user_ring_busy(void **state)
{
	struct producer p = new_producer(SIZE);
	unsigned int starts[] = {0, 11, 0};
	struct code code = {.n = 0};

	put(&p, 0, 8, 0);
	publish(&p, 16);
	emit_drain(&code, p.ring.fd, 0, starts[1]);
	EMIT(&code, LDX_MEM(DW, 0, 10, -8), EXIT());
	assert_int_equal(code.n, starts[1]);
	EMIT(&code, MOV64_REG(6, 2));
	starts[2] = starts[1] + 1 + MAIN_LENGTH - 1 + 3;
	emit_drain(&code, p.ring.fd, 0, starts[2]);
	EMIT(&code, STX_MEM(DW, 6, 0, 0), MOV64_IMM(0, 0), EXIT());
	assert_int_equal(code.n, starts[2]);
	EMIT(&code, MOV64_IMM(0, 0), EXIT());
	assert_int_equal(run(load_functions(&code, starts, 3)), -EBUSY);
	assert_int_equal(*p.ring.consumed, 16);
	assert_int_equal(run(drainer(&p, 0, -1)), 0);
	ring_unmap(&p.ring);
}

static void user_ring_poll(void **state)
{
	struct producer p = new_producer(SIZE);
	int prog = drainer(&p, 0, 0);

	assert_int_equal(E->poll(p.ring.fd), 1);
	for (unsigned int i = 0; i < SIZE / 16; i++)
		put(&p, 16 * i, 8, i);
	publish(&p, SIZE - 16);
	assert_int_equal(E->poll(p.ring.fd), 1);
	publish(&p, SIZE);
	assert_int_equal(E->poll(p.ring.fd), 0);
	assert_int_equal(E->poll(p.ring.fd), 0);
	assert_int_equal(run(prog), 1);
	assert_int_equal(E->poll(p.ring.fd), 1);
	/* Positions that cannot be. */
	publish(&p, 8 * SIZE);
	assert_int_equal(E->poll(p.ring.fd), 0);
	publish(&p, 8);
	assert_int_equal(E->poll(p.ring.fd), 0);
	ring_unmap(&p.ring);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(user_ring_create),  cmocka_unit_test(user_ring_elements),
	cmocka_unit_test(user_ring_info),    cmocka_unit_test(user_ring_mmap),
	cmocka_unit_test(user_ring_samples), cmocka_unit_test(user_ring_stops),
	cmocka_unit_test(user_ring_end),     cmocka_unit_test(user_ring_malformed),
	cmocka_unit_test(user_ring_large),   cmocka_unit_test(user_ring_most),
	cmocka_unit_test(user_ring_flags),   cmocka_unit_test(user_ring_busy),
	cmocka_unit_test(user_ring_poll),
};
const struct section user_ringbuf_section = {"user_ringbuf", tests, ARRAY_SIZE(tests)};
