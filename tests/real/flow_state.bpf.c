// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A state machine driven by the bits of a flow's flags, by a table and by a switch. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum flow_state { CLOSED, SYN_SENT, ESTABLISHED, FIN_WAIT, TIME_WAIT, BROKEN, STATES };
enum flow_event { NOTHING, SYN, ACK, FIN, RST, EVENTS };

/* Square, and of a power of two, so that a mask is all the care an index needs. */
static const __u8 table[8][8] = {
	[CLOSED] = {CLOSED, SYN_SENT, CLOSED, CLOSED, CLOSED},
	[SYN_SENT] = {SYN_SENT, SYN_SENT, ESTABLISHED, BROKEN, CLOSED},
	[ESTABLISHED] = {ESTABLISHED, BROKEN, ESTABLISHED, FIN_WAIT, CLOSED},
	[FIN_WAIT] = {FIN_WAIT, BROKEN, TIME_WAIT, FIN_WAIT, CLOSED},
	[TIME_WAIT] = {TIME_WAIT, SYN_SENT, TIME_WAIT, TIME_WAIT, CLOSED},
	[BROKEN] = {BROKEN, BROKEN, BROKEN, BROKEN, CLOSED},
};

struct transition {
	__u8 from, event, to, pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STATES *EVENTS);
	__type(key, struct transition);
	__type(value, __u32);
} transitions SEC(".maps");

__u32 ends[STATES];

static __noinline enum flow_state by_table(__u32 state, __u32 event)
{
	return table[state & 7][event & 7];
}

static __noinline enum flow_state by_switch(enum flow_state state, enum flow_event event)
{
	if (event == RST)
		return CLOSED;
	switch (state) {
	case CLOSED:
		return event == SYN ? SYN_SENT : CLOSED;
	case SYN_SENT:
		return event == ACK ? ESTABLISHED : event == FIN ? BROKEN : SYN_SENT;
	case ESTABLISHED:
		return event == FIN ? FIN_WAIT : event == SYN ? BROKEN : ESTABLISHED;
	case FIN_WAIT:
		return event == ACK ? TIME_WAIT : event == SYN ? BROKEN : FIN_WAIT;
	case TIME_WAIT:
		return event == SYN ? SYN_SENT : TIME_WAIT;
	default:
		return BROKEN;
	}
}

static void note(__u8 from, __u8 event, __u8 to)
{
	struct transition transition = {.from = from, .event = event, .to = to};
	__u32 one = 1, *seen;

	seen = bpf_map_lookup_elem(&transitions, &transition);
	if (seen)
		__sync_fetch_and_add(seen, 1);
	else
		bpf_map_update_elem(&transitions, &transition, &one, BPF_NOEXIST);
}

static long show_transition(struct bpf_map *map, struct transition *t, __u32 *seen,
			    struct seq_file **seq)
{
	BPF_SEQ_PRINTF(*seq, "%u --%u--> %u: %u\n", t->from, t->event, t->to, *seen);
	return 0;
}

SEC("iter/bpf_map_elem")
int flow_state(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct flow_key *key = ctx->key;
	struct flow *flow = ctx->value;
	enum flow_state state = CLOSED, other = CLOSED, next;
	__u64 events;
	__u32 event;

	if (!key || !flow) {
		bpf_for_each_map_elem(&transitions, show_transition, &seq, 0);
		BPF_SEQ_PRINTF(seq, "closed %u established %u broken %u\n", ends[CLOSED],
			       ends[ESTABLISHED], ends[BROKEN]);
		return 0;
	}
	events = flow->bytes * 0x9e3779b97f4a7c15ull ^ flow->packets;
	for (int i = 0; i < 12; i++) {
		event = events % EVENTS;
		events /= EVENTS;
		if (event == RST && (events & 3))
			event = ACK;
		next = by_table(state, event);
		note(state, event, next);
		other = by_switch(other, event);
		state = next;
	}
	if (state < STATES)
		ends[state]++;
	BPF_SEQ_PRINTF(seq, "%u: %d %s\n", key->zone, state, state == other ? "agreed" : "differs");
	return 0;
}
