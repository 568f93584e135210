/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * RINGBUF: what can be made and mapped, what bpf(2) says of a map without elements, and what a
 * consumer finds after a program has written.
 */
#include "rings.h"

#define RING BPF_MAP_TYPE_RINGBUF

static int new_ring(unsigned int size)
{
	return ring_new(RING, size);
}

static void ring_create(void **state)
{
	static const struct ring_create cases[] = {
		{0, 0, 4096, 0, 0},
		{0, 0, 8192, 0, 0},
		{0, 0, 1 << 20, 0, 0},
		{0, 0, 4096, BPF_F_NUMA_NODE, 0},
		{4, 0, 4096, 0, -EINVAL},
		{0, 4, 4096, 0, -EINVAL},
		{4, 8, 4096, 0, -EINVAL},
		{0, 0, 0, 0, -EINVAL},
		{0, 0, 1, 0, -EINVAL},
		{0, 0, 2048, 0, -EINVAL},
		{0, 0, 4097, 0, -EINVAL},
		{0, 0, 12288, 0, -EINVAL},
		{0, 0, 0xffffffff, 0, -EINVAL},
		{0, 0, 0xfffff000, 0, -EINVAL},
		{0, 0, 4096, BPF_F_MMAPABLE, -EINVAL},
		{0, 0, 4096, BPF_F_RDONLY, -EINVAL},
		{0, 0, 4096, BPF_F_WRONLY, -EINVAL},
		{0, 0, 4096, BPF_F_RDONLY_PROG, -EINVAL},
		{0, 0, 4096, BPF_F_WRONLY_PROG, -EINVAL},
		{0, 0, 4096, BPF_F_NO_PREALLOC, -EINVAL},
		{0, 0, 4096, BPF_F_INNER_MAP, -EINVAL},
		{0, 0, 4096, 1u << 31, -EINVAL},
	};

	ring_creates(RING, cases, ARRAY_SIZE(cases));
}

static void ring_map_extra(void **state)
{
	union bpf_attr attr = {.map_type = RING, .max_entries = SIZE, .map_extra = 1};

	assert_int_equal(bpf(BPF_MAP_CREATE, &attr), -EINVAL);
}

static void ring_elements(void **state)
{
	int ring = new_ring(SIZE);
	__u64 key = 0, value = 0;
	union bpf_attr attr = {.map_fd = ring, .value = PTR(&value)};
	union bpf_attr batch = {
		.batch = {.map_fd = ring, .count = 1, .keys = PTR(&key), .values = PTR(&value)}};

	/* There are no keys: who gives one is wrong, who gives none asks for what cannot be. */
	assert_int_equal(map_lookup(ring, &key, &value), -EINVAL);
	assert_int_equal(map_update(ring, &key, &value, BPF_ANY), -EINVAL);
	assert_int_equal(map_delete(ring, &key), -EINVAL);
	assert_int_equal(map_next_key(ring, &key, &value), -EINVAL);
	assert_int_equal(map_lookup(ring, NULL, &value), -ENOTSUPP);
	assert_int_equal(map_update(ring, NULL, &value, BPF_ANY), -ENOTSUPP);
	assert_int_equal(map_delete(ring, NULL), -ENOTSUPP);
	assert_int_equal(map_next_key(ring, NULL, &value), -ENOTSUPP);
	assert_int_equal(bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr), -ENOTSUPP);
	assert_int_equal(bpf(BPF_MAP_LOOKUP_BATCH, &batch), -ENOTSUPP);
	assert_int_equal(bpf(BPF_MAP_UPDATE_BATCH, &batch), -ENOTSUPP);
	assert_int_equal(bpf(BPF_MAP_DELETE_BATCH, &batch), -ENOTSUPP);
	assert_int_equal(bpf(BPF_MAP_LOOKUP_AND_DELETE_BATCH, &batch), -ENOTSUPP);
	assert_int_equal(attach_map(load_trivial_iter("bpf_map_elem"), ring), -EINVAL);
}

static void ring_info(void **state)
{
	ring_tells(RING);
}

static void ring_mmap(void **state)
{
	const size_t all = 2 * page + 2 * SIZE;
	const struct ring_mmap cases[] = {
		{page, 0, R | W, 0},
		{page, 0, W, 0},
		{1, 0, R | W, 0},
		{all, 0, R, 0},
		{all - page, page, R, 0},
		{SIZE, 2 * page, R, 0},
		{page, all - page, R, 0},
		{page, 0, R, 0},
		{page + 1, 0, R | W, -EPERM},
		{2 * page, 0, R | W, -EPERM},
		{page, page, R | W, -EPERM},
		{page, 2 * page, W, -EPERM},
		{page, all, R | W, -EPERM},
		{all + 1, 0, R, -EINVAL},
		{page, all, R, -EINVAL},
		{2 * page, all - page, R, -EINVAL},
		{page, 16 * all, R, -EINVAL},
		{page, 1, R, -EINVAL},
		{0, 0, R, -EINVAL},
	};

	/* A consumer's page of our engine may be made writable, as it may be mapped so. */
	ring_mmaps(RING, cases, ARRAY_SIZE(cases), ALL_BUT_CONSUMER_PAGE);
}

static void ring_freeze(void **state)
{
	int ring = new_ring(SIZE);
	void *addr;

	assert_int_equal(map_freeze(ring), 0);
	assert_int_equal(E->mmap(ring, page, R | W, 0, &addr), -EPERM);
	assert_int_equal(E->mmap(ring, page, R, 0, &addr), 0);
	munmap(addr, page);
}

/* --- what a program writes --------------------------------------------------------------- */

static struct ring consumer_of(int ring, unsigned int size)
{
	return ring_map(ring, size, CONSUMER_PAGE);
}

/* bpf_ringbuf_output(@ring, 16 bytes of stack, @size, @flags): its result is returned. */
static int producer(int ring, int size, int flags)
{
	const struct code code =
		*CODE(ST_MEM(DW, 10, -16, 0x1234), ST_MEM(DW, 10, -8, 0x5678), LD_MAP_FD(1, ring),
		      MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -16), MOV64_IMM(3, size),
		      MOV64_IMM(4, flags), CALL(BPF_FUNC_ringbuf_output), EXIT());

	return load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
}

static void ring_output(void **state)
{
	static const struct {
		int size, flags, result;
	} cases[] = {
		{16, 0, 0},
		{8, BPF_RB_NO_WAKEUP, 0},
		{1, BPF_RB_FORCE_WAKEUP, 0},
		{0, 0, 0},
		{13, 3, 0},
		{16, 4, -EINVAL},
		{16, 8, -EINVAL},
		{16, -1, -EINVAL},
	};
	const unsigned char bytes[16] = {0x34, 0x12, 0, 0, 0, 0, 0, 0, 0x78, 0x56};
	int ring = new_ring(SIZE);
	struct ring consumer = consumer_of(ring, SIZE);
	unsigned long pos = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const unsigned int *header = (const void *)(consumer.data + pos);

		assert_int_equal(run(producer(ring, cases[i].size, cases[i].flags)),
				 cases[i].result);
		if (!cases[i].result) {
			assert_int_equal(header[0], cases[i].size);
			assert_int_equal(header[1], 3); /* pages before it */
			assert_memory_equal(header + 2, bytes, cases[i].size);
			pos += (8 + cases[i].size + 7) / 8 * 8;
		}
		assert_int_equal(*consumer.produced, pos);
	}
	ring_unmap(&consumer);
}

static void ring_full(void **state)
{
	int ring = new_ring(SIZE), prog = producer(ring, 8, 0);
	struct ring consumer = consumer_of(ring, SIZE);

	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < SIZE / 16 - 1; i++)
			assert_int_equal(run(prog), 0);
		assert_int_equal(run(prog), -EAGAIN);
		*consumer.consumed += 16;
		assert_int_equal(run(prog), 0);
		assert_int_equal(run(prog), -EAGAIN);
		*consumer.consumed = *consumer.produced;
	}
	/* A consumer that is ahead of what there is has no room. */
	*consumer.consumed += 4096;
	assert_int_equal(run(prog), -EAGAIN);
	*consumer.consumed += 1ul << 63;
	assert_int_equal(run(prog), -EAGAIN);
	ring_unmap(&consumer);
}

static int query(int ring, int what)
{
	const struct code code =
		*CODE(LD_MAP_FD(1, ring), MOV64_IMM(2, what), CALL(BPF_FUNC_ringbuf_query), EXIT());

	return run(load(BPF_PROG_TYPE_SOCKET_FILTER, &code));
}

static void ring_query(void **state)
{
	int ring = new_ring(2 * SIZE), prog = producer(ring, 16, 0);
	struct ring consumer = consumer_of(ring, 2 * SIZE);

	for (int i = 0; i < 3; i++)
		run(prog);
	*consumer.consumed = 24;
	assert_int_equal(query(ring, BPF_RB_AVAIL_DATA), 48);
	assert_int_equal(query(ring, BPF_RB_RING_SIZE), 2 * SIZE);
	assert_int_equal(query(ring, BPF_RB_CONS_POS), 24);
	assert_int_equal(query(ring, BPF_RB_PROD_POS), 72);
	assert_int_equal(query(ring, 99), 0);
	assert_int_equal(query(ring, -1), 0);
	*consumer.consumed = 100;
	assert_int_equal(query(ring, BPF_RB_AVAIL_DATA), 72 - 100);
	ring_unmap(&consumer);
}

/*
 * A dynptr of @size bytes, reserved with @flags; 8 bytes written at @offset with @write_flags;
 * submitted. The result is that of reserving if @reserving, else that of writing.
 */
struct dynptr_case {
	int size, flags, offset, write_flags, reserving, result;
};

static int use_dynptr(int ring, const struct dynptr_case *c)
{
	const struct code code = *CODE(
		LD_MAP_FD(1, ring), MOV64_IMM(2, c->size), MOV64_IMM(3, c->flags), MOV64_REG(4, 10),
		ALU64_IMM(BPF_ADD, 4, -16), CALL(BPF_FUNC_ringbuf_reserve_dynptr), MOV64_REG(6, 0),
		ST_MEM(DW, 10, -24, 0x4321), MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -16),
		MOV64_IMM(2, c->offset), MOV64_REG(3, 10), ALU64_IMM(BPF_ADD, 3, -24),
		MOV64_IMM(4, 8), MOV64_IMM(5, c->write_flags), CALL(BPF_FUNC_dynptr_write),
		MOV64_REG(7, 0), MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -16), MOV64_IMM(2, 0),
		CALL(BPF_FUNC_ringbuf_submit_dynptr), MOV64_REG(0, c->reserving ? 6 : 7), EXIT());

	return run(load(BPF_PROG_TYPE_SOCKET_FILTER, &code));
}

static void ring_dynptr(void **state)
{
	static const struct dynptr_case cases[] = {
		{16, 0, 0, 0, 0, 0},
		{16, 0, 8, 0, 0, 0},
		{8, 0, 0, 0, 0, 0},
		{16, 0, 9, 0, 0, -E2BIG},
		{16, 0, -1, 0, 0, -E2BIG},
		{7, 0, 0, 0, 0, -E2BIG},
		{16, 0, 0, 1, 0, -EINVAL},
		{16, 0, 0, 0, 1, 0},
		/* None to be had: it is null, and given back like any other. */
		{16, 1, 0, 0, 1, -EINVAL},
		{16, 1, 0, 0, 0, -EINVAL},
		{SIZE, 0, 0, 0, 1, -EINVAL},
		{SIZE, 0, 0, 0, 0, -EINVAL},
		{1 << 24, 0, 0, 0, 1, -E2BIG},
		{1 << 24, 0, 0, 0, 0, -EINVAL},
		{-1, 0, 0, 0, 1, -E2BIG},
	};
	int ring = new_ring(SIZE);
	struct ring consumer = consumer_of(ring, SIZE);
	unsigned long pos = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct dynptr_case *c = &cases[i];
		const unsigned int *header = (const void *)(consumer.data + pos);
		int ret = use_dynptr(ring, c);

		if (ret != c->result)
			fail_msg("case %zu: %d, not %d", i, ret, c->result);
		if (c->flags || c->size >= (int)SIZE || c->size < 0) {
			assert_int_equal(*consumer.produced, pos);
			continue;
		}
		assert_int_equal(header[0], c->size);
		if (!c->result)
			assert_int_equal(
				*(const unsigned int *)((const char *)(header + 2) + c->offset),
				0x4321);
		pos += (8 + c->size + 7) / 8 * 8;
		assert_int_equal(*consumer.produced, pos);
	}
	ring_unmap(&consumer);
}

static void ring_poll(void **state)
{
	int ring = new_ring(SIZE), prog = producer(ring, 8, BPF_RB_NO_WAKEUP);
	struct ring consumer = consumer_of(ring, SIZE);

	assert_int_equal(E->poll(ring), 0);
	assert_int_equal(run(prog), 0);
	assert_int_equal(E->poll(ring), 1);
	assert_int_equal(E->poll(ring), 1);
	*consumer.consumed = *consumer.produced;
	assert_int_equal(E->poll(ring), 0);
	/* Nothing is looked at but whether the positions differ. */
	*consumer.consumed += 8;
	assert_int_equal(E->poll(ring), 1);
	ring_unmap(&consumer);
}

/* The consumer's mapping keeps the memory when all else is gone. */
static void ring_outlived(void **state)
{
	int ring = new_ring(SIZE), prog = producer(ring, 16, 0);
	struct ring consumer = consumer_of(ring, SIZE);

	assert_int_equal(run(prog), 0);
	end(prog);
	end(ring);
	assert_int_equal(*consumer.produced, 24);
	assert_int_equal(*(const unsigned int *)consumer.data, 16);
	ring_unmap(&consumer);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ring_create),	 cmocka_unit_test(ring_map_extra),
	cmocka_unit_test(ring_elements), cmocka_unit_test(ring_info),
	cmocka_unit_test(ring_mmap),	 cmocka_unit_test(ring_freeze),
	cmocka_unit_test(ring_output),	 cmocka_unit_test(ring_full),
	cmocka_unit_test(ring_query),	 cmocka_unit_test(ring_poll),
	cmocka_unit_test(ring_dynptr),	 cmocka_unit_test(ring_outlived),
};
const struct section ringbuf_section = {"ringbuf", tests, ARRAY_SIZE(tests)};
