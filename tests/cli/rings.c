/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A service as libbpf's users write it, with a skeleton: requests go to a BPF program, events come
 * back through ring buffers, each tenant has a map of its own in a map of maps, totals are read by
 * batches, and there is global data. It knows nothing of bpftrek.
 *
 * What it prints depends on nothing but its input, so two engines can be compared.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "rings.h"
#include "rings.skel.h"

#define THREADS 4
#define REQUESTS 2000

/* Stop with what went wrong unless @condition holds. */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,         \
				strerror(errno));                                                  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static struct rings_bpf *skel;

static int run(struct bpf_program *prog, struct service_request request)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &request, .ctx_size_in = sizeof(request));

	must(!bpf_prog_test_run_opts(bpf_program__fd(prog), &opts));
	return (int)opts.retval;
}

static int ask(struct service_request request)
{
	return run(skel->progs.handle, request);
}

static int backlog(void)
{
	return run(skel->progs.backlog, (struct service_request){0});
}

/* What came through the rings since the last look. */
static struct {
	bool show;
	__u64 count[TENANTS], sum[TENANTS], notes;
} seen;

static int on_event(void *ctx, void *data, size_t size)
{
	const struct service_event *event = data;

	must(size == sizeof(*event) && event->tenant < TENANTS);
	seen.count[event->tenant]++;
	seen.sum[event->tenant] += event->value;
	if (seen.show)
		printf("event: tenant %u key %u value %llu\n", event->tenant, event->key,
		       event->value);
	return 0;
}

static int on_note(void *ctx, void *data, size_t size)
{
	const struct service_note *note = data;

	must(size == sizeof(*note));
	seen.notes++;
	if (seen.show)
		printf("note: tenant %llu asked for %llu\n", note->tenant, note->value);
	return 0;
}

/* Tenants beside the first get maps that are made here. */
static void add_tenants(void)
{
	int tenants = bpf_map__fd(skel->maps.tenants), map;
	__u32 id, wrong = 2;

	for (__u32 i = 1; i < TENANTS - 1; i++) {
		map = bpf_map_create(BPF_MAP_TYPE_HASH, "tenant", sizeof(__u32), sizeof(__u64), 64,
				     NULL);
		must(map >= 0);
		must(!bpf_map_update_elem(tenants, &i, &map, BPF_ANY));
		must(!bpf_map_lookup_elem(tenants, &i, &id));
		must(!close(map));
		/* The outer map keeps it. */
		map = bpf_map_get_fd_by_id(id);
		must(map >= 0 && !close(map));
	}
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "wrong", sizeof(__u32), sizeof(__u64), 64, NULL);
	must(bpf_map_update_elem(tenants, &wrong, &map, BPF_ANY) == -EINVAL);
	close(map);
}

static void one_by_one(struct ring_buffer *rings)
{
	int fd = ring_buffer__epoll_fd(rings), consumed;
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct epoll_event event;

	seen.show = true;
	must(ring_buffer__poll(rings, 0) == 0);
	must(poll(&ready, 1, 0) == 0);
	for (__u32 i = 0; i < 6; i++)
		printf("request %u: %d\n", i,
		       ask((struct service_request){
			       .tenant = i % TENANTS, .key = i, .value = 10 * i}));
	printf("backlog %d\n", backlog());
	must(poll(&ready, 1, 1000) == 1);
	consumed = ring_buffer__poll(rings, 1000);
	printf("consumed %d, backlog %d\n", consumed, backlog());
	must(ring_buffer__poll(rings, 0) == 0);
	must(poll(&ready, 1, 0) == 0);
	/* Too much: a note instead of an event. */
	printf("request: %d\n", ask((struct service_request){.tenant = 1, .value = 5000}));
	must(epoll_wait(fd, &event, 1, 1000) == 1);
	consumed = ring_buffer__poll(rings, 1000);
	printf("consumed %d\n", consumed);
	/* One that wakes nobody is there for who looks. */
	printf("request: %d\n", ask((struct service_request){.tenant = 2, .value = 7, .quiet = 1}));
	printf("consumed %d\n", ring_buffer__consume(rings));
	must(ring_buffer__poll(rings, 0) == 0);
	seen.show = false;
}

/* Nobody consumes until the ring is full. */
static void fill_up(struct ring_buffer *rings)
{
	int accepted = 0, consumed;

	while (!ask((struct service_request){.tenant = 0, .key = 9, .value = 1}))
		accepted++;
	printf("full after %d, backlog %d, dropped %llu\n", accepted, backlog(),
	       skel->bss->dropped);
	consumed = ring_buffer__consume(rings);
	printf("consumed %d, backlog %d\n", consumed, backlog());
	skel->bss->dropped = 0;
}

static void *ask_often(void *arg)
{
	__u32 tenant = *(__u32 *)arg % (TENANTS - 1);

	for (__u32 i = 0; i < REQUESTS; i++)
		while (ask(
			(struct service_request){.tenant = tenant, .key = i % 50, .value = i % 90}))
			usleep(100);
	return NULL;
}

static void from_many_threads(struct ring_buffer *rings)
{
	__u32 numbers[THREADS];
	pthread_t threads[THREADS];
	__u64 left = (__u64)THREADS * REQUESTS;
	int consumed;

	memset(&seen, 0, sizeof(seen));
	for (__u32 i = 0; i < THREADS; i++) {
		numbers[i] = i;
		must(!pthread_create(&threads[i], NULL, ask_often, &numbers[i]));
	}
	while (left) {
		/* None: it woke up for a record that was not committed yet. */
		consumed = ring_buffer__poll(rings, 10000);
		must(consumed >= 0);
		left -= consumed;
	}
	for (__u32 i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (__u32 i = 0; i < TENANTS; i++)
		printf("tenant %u: %llu events, sum %llu\n", i, seen.count[i], seen.sum[i]);
	must(ring_buffer__poll(rings, 0) == 0);
}

static int by_value(const void *a, const void *b)
{
	__u32 left = *(const __u32 *)a, right = *(const __u32 *)b;

	return (left > right) - (left < right);
}

/* All of @map, by key, by batches of @size. */
static void print_by_batches(const char *name, int map, __u32 size)
{
	__u32 keys[256], token, count, all = 0;
	__u64 values[256], value;
	void *in = NULL;
	int err;

	do {
		count = size;
		err = bpf_map_lookup_batch(map, in, &token, keys + all, values + all, &count, NULL);
		must(!err || err == -ENOENT);
		all += count;
		in = &token;
	} while (!err);
	qsort(keys, all, sizeof(*keys), by_value);
	printf("%s:", name);
	for (__u32 i = 0; i < all; i++) {
		must(!bpf_map_lookup_elem(map, &keys[i], &value));
		printf(" %u=%llu", keys[i], value);
	}
	puts("");
}

static void by_batches(void)
{
	int totals = bpf_map__fd(skel->maps.totals), map;
	int tenants = bpf_map__fd(skel->maps.tenants);
	__u32 keys[100], count = 100, id, second = 1, first;
	__u64 values[100];

	print_by_batches("totals", totals, 64);
	must(!bpf_map_lookup_elem(tenants, &second, &id));
	map = bpf_map_get_fd_by_id(id);
	must(map >= 0);
	print_by_batches("second tenant", map, 64);
	must(!close(map));
	for (__u32 i = 0; i < count; i++) {
		keys[i] = 1000 + i;
		values[i] = i;
	}
	must(!bpf_map_update_batch(totals, keys, values, &count, NULL) && count == 100);
	must(!bpf_map_delete_batch(totals, keys, &count, NULL) && count == 100);
	first = 0;
	must(!bpf_map_delete_elem(tenants, &second));
	printf("without its map: %d\n", ask((struct service_request){.tenant = 1}));
	must(!bpf_map_lookup_elem(tenants, &first, &id));
	print_by_batches("totals", totals, 256);
	count = 256;
	must(bpf_map_lookup_and_delete_batch(totals, NULL, &first, keys, values, &count, NULL) ==
	     -ENOENT);
	printf("taken %u\n", count);
	print_by_batches("totals", totals, 256);
}

int main(void)
{
	struct ring_buffer *rings;

	/* A wakeup that is lost shall not hang the tests. */
	alarm(60);
	skel = rings_bpf__open();
	must(skel);
	skel->rodata->factor = 2;
	skel->data->limit = 200;
	must(!rings_bpf__load(skel));
	add_tenants();
	rings = ring_buffer__new(bpf_map__fd(skel->maps.events), on_event, NULL, NULL);
	must(rings);
	must(!ring_buffer__add(rings, bpf_map__fd(skel->maps.notes), on_note, NULL));
	one_by_one(rings);
	fill_up(rings);
	from_many_threads(rings);
	by_batches();
	printf("handled %llu, refused %llu, notes %llu\n", skel->bss->handled, skel->bss->refused,
	       seen.notes);
	ring_buffer__free(rings);
	rings_bpf__destroy(skel);
	puts("done");
	return 0;
}
