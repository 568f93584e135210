// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A service that answers requests, one at a time, and tells about them through ring buffers: the
 * maps of a program that is not a test. Each tenant has a map of its own.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "rings.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct tenant_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} first_tenant SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, TENANTS);
	__type(key, __u32);
	__array(values, struct tenant_map);
} tenants SEC(".maps") = {
	.values = {[0] = &first_tenant},
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16384);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} notes SEC(".maps");

const volatile __u64 factor = 1;
__u64 handled = 0, refused = 0, dropped = 0;
__u64 limit = 1000;

static void add(void *map, __u32 key, __u64 value)
{
	__u64 none = 0, *sum;

	bpf_map_update_elem(map, &key, &none, BPF_NOEXIST);
	sum = bpf_map_lookup_elem(map, &key);
	if (sum)
		__sync_fetch_and_add(sum, value);
}

SEC("syscall")
int handle(struct service_request *request)
{
	__u32 tenant = request->tenant, key = request->key;
	struct service_event *event;
	struct service_note note = {};
	void *map;

	map = bpf_map_lookup_elem(&tenants, &tenant);
	if (!map) {
		__sync_fetch_and_add(&refused, 1);
		return REFUSED;
	}
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&dropped, 1);
		return DROPPED;
	}
	event->tenant = tenant;
	event->key = key;
	event->value = request->value * factor;
	if (event->value > limit) {
		note.tenant = tenant;
		note.value = event->value;
		bpf_ringbuf_discard(event, 0);
		bpf_ringbuf_output(&notes, &note, sizeof(note), 0);
		return LIMITED;
	}
	add(map, key, event->value);
	add(&totals, tenant, event->value);
	bpf_ringbuf_submit(event, request->quiet ? BPF_RB_NO_WAKEUP : 0);
	__sync_fetch_and_add(&handled, 1);
	return 0;
}

SEC("syscall")
int backlog(struct service_request *request)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
}
