// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A report over all flows in one walk: services by name out of a table of text that is parsed here,
 * states with directions and types of service, a histogram of ages, flows that look odd. All of it
 * is printed after the last flow.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_SERVICES 8
#define NAME_SIZE 12
#define STATES 8 /* a power of 2 */
#define AGES 12
#define TABLE_SIZE 96

/* "NAME PORT[,...]" of each service, as /etc/services has it, but on one line. */
const volatile char service_table[TABLE_SIZE] = "http 80,https 443,dns 53,proxy 8080";
const volatile __u32 odd_packets = 900000;

struct service {
	char name[NAME_SIZE];
	__u32 port;
	__u32 flows;
	__u64 bytes;
};

struct state {
	__u32 in, out;
	__u64 largest;
	__u32 tos[8]; /* how often each bit */
};

struct service services[MAX_SERVICES];
struct state states[STATES];
__u32 ages[AGES];
__u32 service_count, others, odd, total;
__u64 total_bytes;

static __always_inline int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One pass over the table: a name up to the blank, a number up to the comma. */
static __noinline int parse_table(void)
{
	struct service *service;
	__u32 at = 0, number = 0, filled = 0;
	int in_number = 0;
	char c;

	for (__u32 i = 0; i < TABLE_SIZE; i++) {
		c = service_table[i];
		if (filled >= MAX_SERVICES)
			break;
		service = &services[filled];
		if (c == ',' || c == '\0') {
			service->port = number;
			filled += number != 0;
			at = number = in_number = 0;
			if (c == '\0')
				break;
		} else if (c == ' ') {
			in_number = 1;
		} else if (in_number && is_digit(c)) {
			number = number * 10 + (c - '0');
		} else if (at < NAME_SIZE - 1) {
			service->name[at++] = c;
		}
	}
	return filled;
}

static __noinline void count_service(const struct flow_key *key, const struct flow *flow)
{
	__u16 port = bpf_ntohs(key->dport);

	for (int i = 0; i < MAX_SERVICES; i++) {
		if (i >= service_count)
			break;
		if (services[i].port != port)
			continue;
		services[i].flows++;
		services[i].bytes += flow->bytes;
		return;
	}
	others++;
}

/* Flows of each state by direction, and the largest of them. */
static __noinline void count_state(const struct flow_key *key, const struct flow *flow)
{
	struct state *state = &states[flow->state & (STATES - 1)];

	if (key->dir)
		state->in++;
	else
		state->out++;
	if (flow->bytes > state->largest)
		state->largest = flow->bytes;
	for (int i = 0; i < 8; i++)
		if (flow->tos >> i & 1)
			state->tos[i]++;
}

static __always_inline void count_age(const struct flow *flow)
{
	__u32 ms = flow->last_ms - flow->first_ms, slot = 0;

	for (; slot < AGES - 1; slot++)
		if (ms >> 8 >> slot == 0)
			break;
	ages[slot]++;
}

static __always_inline int is_odd(const struct flow_key *key, const struct flow *flow)
{
	if (flow->packets > odd_packets)
		return 1;
	if (key->proto == 6 && !(flow->flags & 0x12))
		return flow->bytes / flow->packets > 1 << 20;
	return 0;
}

static __always_inline void bar(struct seq_file *seq, __u32 value)
{
	for (__u32 i = 0; i < 32; i++) {
		if (i * 4 >= value)
			break;
		bpf_seq_write(seq, "#", 1);
	}
	BPF_SEQ_PRINTF(seq, "\n");
}

static __noinline int print_report(struct seq_file *seq)
{
	BPF_SEQ_PRINTF(seq, "%u flows, %llu bytes, %u odd\n", total, total_bytes, odd);
	for (int i = 0; i < MAX_SERVICES; i++) {
		if (i >= service_count)
			break;
		BPF_SEQ_PRINTF(seq, "%-12s %5u: %4u flows %16llu bytes\n", services[i].name,
			       services[i].port, services[i].flows, services[i].bytes);
	}
	BPF_SEQ_PRINTF(seq, "others: %u flows\n", others);
	for (int i = 0; i < STATES; i++) {
		if (!states[i].in && !states[i].out)
			continue;
		BPF_SEQ_PRINTF(seq, "state %d: %u in, %u out, largest %llu, tos", i, states[i].in,
			       states[i].out, states[i].largest);
		for (int bit = 0; bit < 8; bit++)
			BPF_SEQ_PRINTF(seq, " %u", states[i].tos[bit]);
		BPF_SEQ_PRINTF(seq, "\n");
	}
	for (int i = 0; i < AGES; i++) {
		BPF_SEQ_PRINTF(seq, "%6u ms %4u ", 256u << i, ages[i]);
		bar(seq, ages[i]);
	}
	return 0;
}

SEC("iter/bpf_map_elem")
int flow_report(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct flow_key *key = ctx->key;
	struct flow *flow = ctx->value;

	if (ctx->meta->seq_num == 0 && !service_count)
		service_count = parse_table();
	if (!key || !flow)
		return print_report(seq);
	total++;
	total_bytes += flow->bytes;
	count_service(key, flow);
	count_state(key, flow);
	count_age(flow);
	if (is_odd(key, flow))
		odd++;
	return 0;
}
