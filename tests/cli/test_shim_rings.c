/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Ring buffers through the shim: waiting for them in each of the ways that there are, beside other
 * descriptors, and mapping them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim_test.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

static int make_ring(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096};
	long fd = bpf(BPF_MAP_CREATE, &attr);

	assert_true(fd >= 3);
	return (int)fd;
}

/* SOCKET_FILTER: bpf_ringbuf_output(@ring, stack, 8, @flags). */
static int make_producer(int ring, int flags)
{
	struct bpf_insn code[] = {
		{.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8, .imm = 77},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = ring},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = flags},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t) "GPL",
	};
	long fd = bpf(BPF_PROG_LOAD, &attr);

	assert_true(fd >= 3);
	return (int)fd;
}

static int produce(int producer)
{
	char packet[64] = {0};
	union bpf_attr attr = {.test = {.prog_fd = producer,
					.data_in = (uintptr_t)packet,
					.data_size_in = sizeof(packet)}};

	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	return (int)attr.test.retval;
}

struct consumer {
	unsigned long *consumed, *produced;
	size_t page;
};

static struct consumer map_ring(int ring)
{
	struct consumer consumer = {.page = (size_t)sysconf(_SC_PAGESIZE)};

	consumer.consumed = mmap(NULL, consumer.page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	assert_true(consumer.consumed != MAP_FAILED);
	consumer.produced =
		mmap(NULL, consumer.page + 8192, PROT_READ, MAP_SHARED, ring, (off_t)consumer.page);
	assert_true(consumer.produced != MAP_FAILED);
	return consumer;
}

static void unmap_ring(const struct consumer *consumer)
{
	munmap(consumer->consumed, consumer->page);
	munmap(consumer->produced, consumer->page + 8192);
}

static void consume(const struct consumer *consumer)
{
	*consumer->consumed = *consumer->produced;
}

/* Each way to wait, without doing so: is @ring, or the epoll instance that it is in, ready? */
static int by_epoll_wait(int epoll, int ring)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, 0);
}

static int by_epoll_pwait(int epoll, int ring)
{
	struct epoll_event event;

	return epoll_pwait(epoll, &event, 1, 0, NULL);
}

static int by_system_call(int epoll, int ring)
{
	struct epoll_event event;

	return (int)syscall(SYS_epoll_pwait, (long)epoll, &event, 1L, 0L, NULL, 0L);
}

static int by_poll_of_epoll(int epoll, int ring)
{
	struct pollfd fd = {.fd = epoll, .events = POLLIN};

	return poll(&fd, 1, 0);
}

static int by_poll(int epoll, int ring)
{
	struct pollfd fd = {.fd = ring, .events = POLLIN};

	return poll(&fd, 1, 0);
}

static int by_ppoll(int epoll, int ring)
{
	struct pollfd fd = {.fd = ring, .events = POLLIN};

	return ppoll(&fd, 1, &(struct timespec){0}, NULL);
}

static int by_select(int epoll, int ring)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ring, &set);
	return select(ring + 1, &set, NULL, NULL, &(struct timeval){0});
}

static int by_pselect(int epoll, int ring)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ring, &set);
	return pselect(ring + 1, &set, NULL, NULL, &(struct timespec){0}, NULL);
}

static void waiting_for_a_ring(void **state)
{
	static const struct {
		int (*ready)(int epoll, int ring);
		bool looks; /* at what came without a wakeup, too */
	} ways[] = {
		{by_epoll_wait, false},	   {by_epoll_pwait, false}, {by_system_call, false},
		{by_poll_of_epoll, false}, {by_poll, true},	    {by_ppoll, true},
		{by_select, true},	   {by_pselect, true},
	};
	int ring = make_ring(), epoll = epoll_create1(EPOLL_CLOEXEC), duplicate = dup(ring);
	int wakes = make_producer(ring, 0), quiet = make_producer(ring, BPF_RB_NO_WAKEUP);
	struct epoll_event event = {.events = EPOLLIN};
	struct consumer consumer = map_ring(ring);
	uint64_t word = 1;

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, duplicate, &event), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		/* By either descriptor of the map; level triggered. */
		int fd = i % 2 ? ring : duplicate;

		assert_int_equal(ways[i].ready(epoll, fd), 0);
		assert_int_equal(produce(wakes), 0);
		assert_int_equal(ways[i].ready(epoll, fd), 1);
		assert_int_equal(ways[i].ready(epoll, fd), 1);
		consume(&consumer);
		assert_int_equal(ways[i].ready(epoll, fd), 0);
		assert_int_equal(produce(quiet), 0);
		assert_int_equal(ways[i].ready(epoll, fd), ways[i].looks);
		consume(&consumer);
		assert_int_equal(ways[i].ready(epoll, fd), 0);
	}
	/* Added when there is something already. */
	assert_int_equal(produce(quiet), 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 1);
	/* Who closes it does not wait for it any more, whoever else has the map. */
	close(duplicate);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 1);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_DEL, ring, NULL), 0);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	/* It cannot be read or written. */
	assert_errno(EINVAL, read(ring, &word, 8));
	assert_errno(EINVAL, write(ring, &word, 8));
	unmap_ring(&consumer);
	close(epoll);
	close(ring);
	close(wakes);
	close(quiet);
}

/* The end of memory: @size bytes before it can be used, and nothing after it. */
static void *end_of_memory(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(pages != MAP_FAILED && size <= page);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	return pages + page - size;
}

/* A bad address is EFAULT, also where there is a ring to look for. */
static void waiting_with_bad_addresses(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
	skip_because("AddressSanitizer looks at what poll() is given itself");
#else
	struct pollfd *end = end_of_memory(0);
	int ring = make_ring();

	assert_errno(EFAULT, poll(end, 1, 0));
	assert_errno(EFAULT, poll(end - 1, 2, 0));
	assert_errno(EFAULT, ppoll(end, 1, &(struct timespec){0}, NULL));
	assert_errno(EINVAL, poll(end, 1u << 30, 0));
	assert_int_equal(poll(NULL, 0, 0), 0);
	assert_errno(EFAULT, select(ring + 1, (fd_set *)end, NULL, NULL, &(struct timeval){0}));
	assert_errno(EFAULT,
		     pselect(ring + 1, (fd_set *)end, NULL, NULL, &(struct timespec){0}, NULL));
	assert_errno(EINVAL, select(-1, (fd_set *)end, NULL, NULL, &(struct timeval){0}));
	close(ring);
#endif
}

/* One of a set that ends with its last word, and the last of many. */
static void waiting_among_others(void **state)
{
	int ring = make_ring(), producer = make_producer(ring, BPF_RB_NO_WAKEUP);
	struct pollfd *fds = end_of_memory(200 * sizeof(*fds));
	unsigned char *set = end_of_memory(8);

	assert_true(ring < 64);
	assert_int_equal(produce(producer), 0);
	set[ring / 8] = (unsigned char)(1 << ring % 8);
	assert_int_equal(select(ring + 1, (fd_set *)set, NULL, NULL, &(struct timeval){0}), 1);
	memset(fds, 0xff, 200 * sizeof(*fds));
	fds[199] = (struct pollfd){.fd = ring, .events = POLLIN};
	assert_int_equal(poll(fds, 200, 0), 1);
	close(ring);
	close(producer);
}

/* Who waits for edges is told once of what is there, however often he asks. */
static void waiting_for_edges(void **state)
{
	int ring = make_ring(), epoll = epoll_create1(EPOLL_CLOEXEC);
	int wakes = make_producer(ring, 0), quiet = make_producer(ring, BPF_RB_NO_WAKEUP);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	struct consumer consumer = map_ring(ring);

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(produce(wakes), 0);
		assert_int_equal(by_epoll_wait(epoll, ring), 1);
		assert_int_equal(by_epoll_wait(epoll, ring), 0);
		assert_int_equal(by_poll(epoll, ring), 1);
		assert_int_equal(by_epoll_wait(epoll, ring), 0);
		/* The consumer is not there yet. */
		assert_int_equal(produce(wakes), 0);
		assert_int_equal(by_epoll_wait(epoll, ring), 0);
		consume(&consumer);
		if (i % 2)
			assert_int_equal(by_epoll_wait(epoll, ring), 0);
	}
	assert_int_equal(produce(quiet), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_MOD, ring, &event), 0);
	assert_int_equal(by_epoll_wait(epoll, ring), 1);
	assert_int_equal(by_epoll_wait(epoll, ring), 0);
	unmap_ring(&consumer);
	close(epoll);
	close(ring);
	close(wakes);
	close(quiet);
}

static void *produce_later(void *arg)
{
	usleep(20000);
	produce(*(int *)arg);
	return NULL;
}

static void a_waiter_is_woken(void **state)
{
	int ring = make_ring(), epoll = epoll_create1(EPOLL_CLOEXEC);
	int producer = make_producer(ring, 0);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
	struct consumer consumer = map_ring(ring);
	pthread_t thread;

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event), 0);
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, produce_later, &producer);
		memset(&event, 0, sizeof(event));
		assert_int_equal(epoll_wait(epoll, &event, 1, 10000), 1);
		assert_int_equal(event.data.u64, 5);
		pthread_join(thread, NULL);
		assert_int_equal(*consumer.produced - *consumer.consumed, 16);
		consume(&consumer);
	}
	assert_int_equal(epoll_wait(epoll, &event, 1, 1), 0);
	unmap_ring(&consumer);
	close(epoll);
	close(ring);
	close(producer);
}

/* What an embedding application calls; it needs no descriptor for it. */
static void waiting_in_the_runtime(void **state)
{
	int ring = make_ring(), map = make_map(0), producer = make_producer(ring, 0);
	struct consumer consumer = map_ring(ring);
	pthread_t thread;

	assert_int_equal(trek_poll(*state, ring, 0), 0);
	assert_int_equal(trek_poll(*state, ring, 2), 0);
	for (int timeout = -1; timeout <= 10000; timeout += 10001) {
		pthread_create(&thread, NULL, produce_later, &producer);
		assert_int_equal(trek_poll(*state, ring, timeout), 1);
		assert_int_equal(trek_poll(*state, ring, 0), 1);
		pthread_join(thread, NULL);
		consume(&consumer);
	}
	assert_int_equal(trek_poll(*state, ring, 0), 0);
	assert_int_equal(trek_poll(*state, map, 0), -ENOTSUP);
	assert_int_equal(trek_poll(*state, producer, -1), -ENOTSUP);
	assert_int_equal(trek_poll(*state, 9999, 0), -EBADF);
	unmap_ring(&consumer);
	close(ring);
	close(map);
	close(producer);
}

/* MAP_FIXED of what is made of several parts. */
static void map_ring_at_an_address(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all = 2 * page + 8192;
	int ring = make_ring(), producer = make_producer(ring, 0);
	char *at = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	assert_int_equal(produce(producer), 0);
	assert_true(mmap(at, all, PROT_READ, MAP_SHARED | MAP_FIXED, ring, 0) == at);
	assert_int_equal(*(unsigned long *)(at + page), 16);
	assert_int_equal(*(uint64_t *)(at + 2 * page + 8), 77);
	assert_int_equal(*(uint64_t *)(at + 2 * page + 4096 + 8), 77);
	assert_errno(EPERM,
		     mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0) == MAP_FAILED
			     ? -1
			     : 0);
	assert_errno(EINVAL,
		     mmap(NULL, all + page, PROT_READ, MAP_SHARED, ring, 0) == MAP_FAILED ? -1 : 0);
	munmap(at, all);
	close(ring);
	close(producer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_runtime(waiting_for_a_ring),	    on_runtime(waiting_with_bad_addresses),
		on_runtime(waiting_among_others),   on_runtime(waiting_for_edges),
		on_runtime(a_waiter_is_woken),	    on_runtime(waiting_in_the_runtime),
		on_runtime(map_ring_at_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
