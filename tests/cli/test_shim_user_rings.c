/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Rings that user space writes, through the shim: libbpf as it writes to them and waits for room,
 * and each way to wait.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "shim_test.h"

#define SIZE 4096u
#define SAMPLE 8u /* bytes of each, and as many before it */

static int make_ring(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_USER_RINGBUF, .max_entries = SIZE};
	long fd = bpf(BPF_MAP_CREATE, &attr);

	assert_true(fd >= 3);
	return (int)fd;
}

/* Types that say that there are two functions, the second of which is at @callback. */
static int make_types(struct bpf_func_info info[2], unsigned int callback)
{
	struct btf *btf = btf__new_empty();
	int proto = btf__add_func_proto(btf, btf__add_int(btf, "int", 4, BTF_INT_SIGNED));
	union bpf_attr attr = {0};
	long fd;

	info[0].type_id = (__u32)btf__add_func(btf, "drain", BTF_FUNC_GLOBAL, proto);
	info[1].type_id = (__u32)btf__add_func(btf, "callback", BTF_FUNC_STATIC, proto);
	info[0].insn_off = 0;
	info[1].insn_off = callback;
	attr.btf = (uintptr_t)btf__raw_data(btf, &attr.btf_size);
	fd = bpf(BPF_BTF_LOAD, &attr);
	btf__free(btf);
	assert_true(fd >= 3);
	return (int)fd;
}

/* SOCKET_FILTER: bpf_user_ringbuf_drain(@ring, a callback that stops if @stop is 1, NULL, @flags).
 */
static int make_drainer(int ring, int stop, int flags)
{
	struct bpf_insn code[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = ring},
		{0},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_2,
		 .src_reg = BPF_PSEUDO_FUNC,
		 .imm = 5},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = flags},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_user_ringbuf_drain},
		{.code = BPF_JMP | BPF_EXIT},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = stop},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_func_info info[2];
	int types = make_types(info, 8);
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t) "GPL",
		.prog_btf_fd = (__u32)types,
		.func_info = (uintptr_t)info,
		.func_info_cnt = 2,
		.func_info_rec_size = sizeof(info[0]),
	};
	long fd = bpf(BPF_PROG_LOAD, &attr);

	assert_true(fd >= 3);
	close(types);
	return (int)fd;
}

static int drain(int drainer)
{
	char packet[64] = {0};
	union bpf_attr attr = {.test = {.prog_fd = (__u32)drainer,
					.data_in = (uintptr_t)packet,
					.data_size_in = sizeof(packet)}};

	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	return (int)attr.test.retval;
}

static void *drain_later(void *arg)
{
	usleep(20000);
	drain(*(int *)arg);
	return NULL;
}

/* How many samples there is room for. */
static unsigned int fill(struct user_ring_buffer *ring)
{
	unsigned int n = 0;
	void *sample;

	while ((sample = user_ring_buffer__reserve(ring, SAMPLE)) != NULL) {
		memset(sample, 1, SAMPLE);
		user_ring_buffer__submit(ring, sample);
		n++;
	}
	assert_int_equal(errno, ENOSPC);
	return n;
}

static void libbpf_writes(void **state)
{
	int map = make_ring(), all = make_drainer(map, 0, 0), one = make_drainer(map, 1, 0);
	struct user_ring_buffer *ring = user_ring_buffer__new(map, NULL);
	pthread_t thread;
	void *sample;

	assert_non_null(ring);
	assert_int_equal(drain(all), 0);
	assert_int_equal(fill(ring), SIZE / 16);
	assert_int_equal(drain(one), 1);
	assert_int_equal(fill(ring), 1);
	assert_int_equal(drain(all), SIZE / 16);
	/* Discarded. */
	sample = user_ring_buffer__reserve(ring, SAMPLE);
	assert_non_null(sample);
	assert_int_equal(drain(all), 0);
	user_ring_buffer__discard(ring, sample);
	assert_int_equal(drain(all), 0);
	assert_int_equal(fill(ring), SIZE / 16);
	/* Waits, for nothing and for a drain. */
	assert_null(user_ring_buffer__reserve_blocking(ring, SAMPLE, 2));
	assert_int_equal(errno, ENOSPC);
	pthread_create(&thread, NULL, drain_later, &one);
	sample = user_ring_buffer__reserve_blocking(ring, SAMPLE, 10000);
	assert_non_null(sample);
	user_ring_buffer__submit(ring, sample);
	pthread_join(thread, NULL);
	assert_null(user_ring_buffer__reserve(ring, SAMPLE));
	user_ring_buffer__free(ring);
	close(map);
	close(all);
	close(one);
}

/* Each way to wait, without doing so: can @map, or the epoll instance that it is in, be written to?
 */
static int by_epoll_wait(int epoll, int map)
{
	struct epoll_event event;
	int ret = epoll_wait(epoll, &event, 1, 0);

	if (ret == 1)
		assert_int_equal(event.events, EPOLLOUT);
	return ret;
}

static int by_poll(int epoll, int map)
{
	struct pollfd fd = {.fd = map, .events = POLLIN | POLLOUT};
	int ret = poll(&fd, 1, 0);

	if (ret == 1)
		assert_int_equal(fd.revents, POLLOUT);
	return ret;
}

static int by_select(int epoll, int map)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(map, &set);
	return select(map + 1, NULL, &set, NULL, &(struct timeval){0});
}

static void waiting_for_room(void **state)
{
	static int (*const ways[])(int epoll, int map) = {by_epoll_wait, by_poll, by_select};
	int map = make_ring(), drainer = make_drainer(map, 0, 0);
	int quiet = make_drainer(map, 0, BPF_RB_NO_WAKEUP), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct user_ring_buffer *ring = user_ring_buffer__new(map, NULL);
	struct epoll_event event = {.events = EPOLLOUT};

	assert_non_null(ring);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, map, &event), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		assert_int_equal(ways[i](epoll, map), 1);
		assert_int_equal(fill(ring), SIZE / 16);
		assert_int_equal(ways[i](epoll, map), 0);
		assert_int_equal(drain(drainer), SIZE / 16);
		assert_int_equal(ways[i](epoll, map), 1);
		assert_int_equal(ways[i](epoll, map), 1);
	}
	assert_int_equal(fill(ring), SIZE / 16);
	assert_int_equal(by_poll(epoll, map), 0);
	assert_int_equal(drain(quiet), SIZE / 16);
	assert_int_equal(by_epoll_wait(epoll, map), 0);
	assert_int_equal(by_poll(epoll, map), 1);
	/* Who closes a handle does not wait for it any more; it cannot be read or written. */
	assert_errno(EINVAL, write(map, "", 1));
	assert_errno(EINVAL, read(map, &event, 1));
	user_ring_buffer__free(ring);
	close(map);
	assert_int_equal(by_epoll_wait(epoll, map), 0);
	close(epoll);
	close(drainer);
	close(quiet);
}

/* Each drain is one, also if there was room before. */
static void waiting_for_edges(void **state)
{
	int map = make_ring(), one = make_drainer(map, 1, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct user_ring_buffer *ring = user_ring_buffer__new(map, NULL);
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET};

	assert_non_null(ring);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, map, &event), 0);
	assert_int_equal(by_epoll_wait(epoll, map), 1);
	assert_int_equal(fill(ring), SIZE / 16);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(by_epoll_wait(epoll, map), 0);
		assert_int_equal(drain(one), 1);
		assert_int_equal(by_epoll_wait(epoll, map), 1);
	}
	user_ring_buffer__free(ring);
	close(epoll);
	close(map);
	close(one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_runtime(libbpf_writes),
		on_runtime(waiting_for_room),
		on_runtime(waiting_for_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
