/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The map of network flows that several of the programs walk: 16-byte keys, 24-byte values. */
#ifndef REAL_FLOW_H
#define REAL_FLOW_H

struct flow_key {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 dir;
	__u16 zone;
};

struct flow {
	__u64 bytes;
	__u32 packets;
	__u32 first_ms;
	__u32 last_ms;
	__u16 flags;
	__u8 tos;
	__u8 state;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

#endif /* REAL_FLOW_H */
