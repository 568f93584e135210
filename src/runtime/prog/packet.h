/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What programs that act on packets run with: one packet, linear in memory of its own, with room
 * before and behind it, and what is known of it. It belongs to the run, which one thread does.
 *
 * A program sees struct xdp_md or struct __sk_buff; the verifier turns each access to one of those
 * fields into one to a field here (verifier/ctx_net.c), so a field that programs know with 4 bytes
 * has 4 bytes here, and pointers have 8. Programs keep pointers into the packet: who moves, frees
 * or cuts it (a helper with changes_pkt_data) makes them forget those.
 *
 * Fields: include/net/xdp.h, include/linux/skbuff.h.
 */
#ifndef PROG_PACKET_H
#define PROG_PACKET_H

#include "base/types.h"

/* What Linux keeps free before and behind the packets of a test run, bytes; 64-byte cache lines. */
#define XDP_PACKET_HEADROOM 256
#define SKB_SHARED_INFO_SIZE 320
#define NET_SKB_PAD 64
#define ETH_HLEN 14

/* data_hard_start <= data_meta <= data <= data_end <= xdp_data_hard_end(). */
struct xdp_buff {
	u8 *data;
	u8 *data_end;
	u8 *data_meta; /* data + 1: there can be none */
	u8 *data_hard_start;
	u32 frame_sz; /* from data_hard_start, SKB_SHARED_INFO_SIZE included */
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

static inline u8 *xdp_data_hard_end(const struct xdp_buff *xdp)
{
	return xdp->data_hard_start + xdp->frame_sz - SKB_SHARED_INFO_SIZE;
}

/* head <= data_meta <= data <= tail <= end, and len == tail - data: all of it is linear. */
struct sk_buff {
	u8 *head;
	u8 *data;
	u8 *tail; /* "data_end" of a program */
	u8 *end;
	u8 *data_meta;
	/* The Ethernet header, before data or at it, and what follows it. */
	u8 *mac_header;
	u8 *network_header;
	u64 tstamp;   /* nanoseconds */
	u64 hwtstamp; /* the same */
	u32 len;
	u32 pkt_type;
	u32 mark;
	u32 queue_mapping;
	u32 protocol; /* in network byte order, as a 16-bit number */
	u32 vlan_present;
	u32 vlan_tci;
	u32 vlan_proto;
	u32 priority;
	u32 ingress_ifindex;
	u32 ifindex;
	u32 tc_index;
	u32 cb[5];
	u32 hash;
	u32 tc_classid;
	u32 napi_id;
	/* Of the socket, 0: there is none. Addresses and remote_port in network byte order. */
	u32 family;
	u32 remote_ip4;
	u32 local_ip4;
	u32 remote_ip6[4];
	u32 local_ip6[4];
	u32 remote_port;
	u32 local_port;
	u32 wire_len;
	u32 gso_segs;
	u32 gso_size;
	u32 tstamp_type;
	bool encapsulation; /* a program has put it into a tunnel */
};

#endif /* PROG_PACKET_H */
