// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Socket filters in the way of classic BPF: loads from the packet by absolute and by indirect
 * offset, as tcpdump's filters are. A load that fails ends the filter with 0.
 */
#include "packet.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long off) asm("llvm.bpf.load.word");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} protocols SEC(".maps");

const volatile __u16 wanted_port = 80;

/* Bytes for each protocol of IPv4. */
SEC("socket")
int count_protocols(struct __sk_buff *skb)
{
	__u32 proto;
	__u64 *bytes;

	if (load_half(skb, 12) != ETH_P_IP)
		return 0;
	proto = load_byte(skb, ETH_HLEN + 9);
	bytes = bpf_map_lookup_elem(&protocols, &proto);
	if (bytes)
		__sync_fetch_and_add(bytes, skb->len);
	return 0;
}

/* "tcp port 80", and no fragment but the first. */
SEC("socket")
int tcp_port(struct __sk_buff *skb)
{
	__u32 ihl;

	if (load_half(skb, 12) != ETH_P_IP || load_byte(skb, ETH_HLEN + 9) != IPPROTO_TCP)
		return 0;
	if (load_half(skb, ETH_HLEN + 6) & 0x1fff)
		return 0;
	ihl = (load_byte(skb, ETH_HLEN) & 15) * 4;
	if (load_half(skb, ETH_HLEN + ihl) != wanted_port &&
	    load_half(skb, ETH_HLEN + ihl + 2) != wanted_port)
		return 0;
	return skb->len;
}

/* "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420": requests that begin with "GET ". */
SEC("socket")
int http_get(struct __sk_buff *skb)
{
	__u32 at;

	if (load_half(skb, 12) != ETH_P_IP || load_byte(skb, ETH_HLEN + 9) != IPPROTO_TCP)
		return 0;
	at = ETH_HLEN + (load_byte(skb, ETH_HLEN) & 15) * 4;
	at += (load_byte(skb, at + 12) & 0xf0) >> 2;
	if (load_word(skb, at) != 0x47455420)
		return 0;
	return skb->len;
}
