// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Producers of ring buffers: records reserved, filled and submitted or discarded; records copied
 * out; records of a size that is known when they are made only, by dynptr.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { EVENT_PLAIN = 1, EVENT_LONG, EVENT_COPIED };

struct event {
	__u32 kind;
	__u32 len;
	__u64 time_ns;
	__u64 args[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[512]);
} bodies SEC(".maps");

struct args {
	__u64 args[4];
	__u32 body_len;
	__u32 skip_odd;
};

__u64 lost, submitted;

SEC("syscall")
int plain_event(struct args *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return 1;
	}
	event->kind = EVENT_PLAIN;
	event->len = 0;
	event->time_ns = bpf_ktime_get_ns();
	/* As a loop the context would be read at an offset that is none of the instruction's. */
#pragma clang loop unroll(full)
	for (int i = 0; i < 4; i++)
		event->args[i] = ctx->args[i];
	if (ctx->skip_odd && event->args[0] & 1) {
		bpf_ringbuf_discard(event, 0);
		return 0;
	}
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	__sync_fetch_and_add(&submitted, 1);
	return 0;
}

SEC("syscall")
int copied_event(struct args *ctx)
{
	struct event event = {.kind = EVENT_COPIED};

	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > 48 * 1024)
		return 1;
	event.time_ns = bpf_ktime_get_ns();
	event.args[0] = ctx->args[0];
	return bpf_ringbuf_output(&events, &event, sizeof(event), 0) ? 1 : 0;
}

static __always_inline int fill(struct bpf_dynptr *record, const struct event *head,
				const char *body)
{
	char *last;

	if (bpf_dynptr_write(record, 0, (void *)head, sizeof(*head), 0))
		return -1;
	if (bpf_dynptr_write(record, sizeof(*head), (void *)body, 64, 0))
		return -1;
	last = bpf_dynptr_data(record, sizeof(*head) + 63, 1);
	if (!last)
		return -1;
	*last = '\0';
	return 0;
}

SEC("syscall")
int long_event(struct args *ctx)
{
	struct event head = {.kind = EVENT_LONG};
	struct bpf_dynptr record;
	__u32 zero = 0, len;
	char *body;

	body = bpf_map_lookup_elem(&bodies, &zero);
	if (!body)
		return 1;
	len = ctx->body_len < 64 ? 64 : ctx->body_len;
	head.len = len;
	if (bpf_ringbuf_reserve_dynptr(&events, sizeof(head) + len, 0, &record)) {
		bpf_ringbuf_discard_dynptr(&record, 0);
		__sync_fetch_and_add(&lost, 1);
		return 1;
	}
	if (fill(&record, &head, body)) {
		bpf_ringbuf_discard_dynptr(&record, 0);
		return 1;
	}
	bpf_ringbuf_submit_dynptr(&record, 0);
	__sync_fetch_and_add(&submitted, 1);
	return 0;
}
