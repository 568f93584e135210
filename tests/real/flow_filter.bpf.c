// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A small firewall of rules in constants: prefixes, port ranges, protocols, flags. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum action { ACTION_NONE, ACTION_ACCEPT, ACTION_DROP, ACTION_MARK, ACTION_COUNT };

struct rule {
	__u32 net;
	__u8 prefix;
	__u8 proto;
	__u16 port_from, port_to;
	__u16 flags_set;
	__u64 min_bytes;
	enum action action;
	union {
		__u32 mark;
		__u32 counter;
	};
};

#define RULES 6
const volatile struct rule rules[RULES] = {
	{.net = 0x0a000000, .prefix = 16, .proto = 6, .port_to = 65535, .action = ACTION_COUNT},
	{.net = 0x0a010000,
	 .prefix = 16,
	 .port_from = 1024,
	 .port_to = 9000,
	 .min_bytes = 5000,
	 .action = ACTION_MARK,
	 .mark = 0xbeef},
	{.prefix = 0, .proto = 17, .port_from = 53, .port_to = 53, .action = ACTION_ACCEPT},
	{.prefix = 0, .port_to = 65535, .flags_set = 0x12, .action = ACTION_COUNT, .counter = 1},
	{.net = 0x0a020300, .prefix = 24, .port_to = 65535, .action = ACTION_DROP},
	{.prefix = 0, .port_to = 65535, .action = ACTION_ACCEPT},
};
const volatile __u32 rule_count = RULES;
__u64 counters[4];
__u32 actions[5];

static __always_inline bool in_net(__u32 addr, __u32 net, __u8 prefix)
{
	__u32 mask = prefix ? ~0u << (32 - (prefix & 31)) : 0;

	return (addr & mask) == (net & mask);
}

static __always_inline bool matches(const struct flow_key *key, const struct flow *flow,
				    __u32 index)
{
	const volatile struct rule *rule;
	__u16 port = bpf_ntohs(key->dport);

	if (index >= RULES)
		return false;
	rule = &rules[index];
	if (rule->proto && rule->proto != key->proto)
		return false;
	if (!in_net(bpf_ntohl(key->saddr), rule->net, rule->prefix))
		return false;
	if (port < rule->port_from || port > rule->port_to)
		return false;
	if ((flow->flags & rule->flags_set) != rule->flags_set)
		return false;
	return flow->bytes >= rule->min_bytes;
}

SEC("iter/bpf_map_elem")
int flow_filter(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct flow_key *from = ctx->key, key;
	struct flow *value = ctx->value, flow;
	enum action verdict = ACTION_NONE;
	__u32 mark = 0, i;

	if (!from || !value) {
		BPF_SEQ_PRINTF(seq, "accepted %u dropped %u counters %llu %llu\n",
			       actions[ACTION_ACCEPT], actions[ACTION_DROP], counters[0],
			       counters[1]);
		return 0;
	}
	key = *from;
	flow = *value;
	for (i = 0; i < rule_count && i < RULES; i++) {
		if (!matches(&key, &flow, i))
			continue;
		switch (rules[i].action) {
		case ACTION_ACCEPT:
		case ACTION_DROP:
			verdict = rules[i].action;
			goto done;
		case ACTION_MARK:
			mark |= rules[i].mark;
			break;
		case ACTION_COUNT:
			counters[rules[i].counter & 3] += flow.bytes;
			break;
		default:
			goto done;
		}
	}
done:
	if (verdict < 5)
		actions[verdict]++;
	BPF_SEQ_PRINTF(seq, "%pI4 %u rule %u verdict %d mark %x\n", &key.saddr,
		       bpf_ntohs(key.dport), i, verdict, mark);
	return 0;
}
