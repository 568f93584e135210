/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Walking through the headers of a packet: a cursor that never passes the end, as XDP and TC
 * programs share it. Types are those of the kernel's user API.
 */
#ifndef REAL_PACKET_H
#define REAL_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct cursor {
	void *at;
	void *end;
};

struct vlan_tag {
	__be16 tci;
	__be16 proto;
};

/*
 * The next @size bytes, or NULL; the cursor goes behind them. The pointer that is compared with the
 * end is the one that is used, whatever the compiler knows of how it came about.
 */
static __always_inline void *take(struct cursor *cursor, __u32 size)
{
	void *taken = cursor->at;

	asm volatile("" : "+r"(taken));
	if (taken + size > cursor->end)
		return NULL;
	cursor->at = taken + size;
	return taken;
}

/* The protocol behind the Ethernet header and up to two VLAN tags, host order; -1: cut off. */
static __always_inline int take_ethernet(struct cursor *cursor, struct ethhdr **eth)
{
	struct vlan_tag *tag;
	__be16 proto;

	*eth = take(cursor, sizeof(**eth));
	if (!*eth)
		return -1;
	proto = (*eth)->h_proto;
	for (int i = 0; i < 2; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		tag = take(cursor, sizeof(*tag));
		if (!tag)
			return -1;
		proto = tag->proto;
	}
	return bpf_ntohs(proto);
}

/* The IPv4 header with its options; NULL: cut off or none. */
static __always_inline struct iphdr *take_ipv4(struct cursor *cursor)
{
	struct cursor whole = *cursor;
	struct iphdr *ip = take(cursor, sizeof(*ip));
	__u32 len;

	if (!ip || ip->version != 4)
		return NULL;
	len = ip->ihl * 4; /* at most 60: a length that is a difference would have no bound */
	if (len < sizeof(*ip) || !take(&whole, len))
		return NULL;
	cursor->at = whole.at;
	return ip;
}

/* One's complement: what is above 16 bits goes below. */
static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

#endif /* REAL_PACKET_H */
