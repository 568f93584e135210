/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What programs do with a struct sk_buff (prog/packet.h) by calls. Its memory at head comes from
 * malloc(), and may be another one after a call that makes the packet longer. Results and errors
 * are those of net/core/filter.c for a packet that is linear, is nobody else's, and whose checksum
 * no device has verified.
 *
 *   skb_load.c    reads
 *   skb_store.c   writes, checksums
 *   skb_resize.c  longer and shorter packets
 *   skb_vlan.c    VLAN tags
 *   skb_room.c    room within the packet, for tunnels
 *   skb_hash.c    the hash of the flow
 *   skb_fields.c  what is known beside the bytes
 */
#ifndef PROG_SKB_H
#define PROG_SKB_H

#include <errno.h>

#include "base/func.h"
#include "prog/packet.h"

/* Types of programs whose context is one: all, and those that act on traffic control. */
#define BPF_TYPES_TC (BPF_TYPE(SCHED_CLS) | BPF_TYPE(SCHED_ACT))
#define BPF_TYPES_LWT                                                                              \
	(BPF_TYPE(LWT_IN) | BPF_TYPE(LWT_OUT) | BPF_TYPE(LWT_XMIT) | BPF_TYPE(LWT_SEG6LOCAL))
#define BPF_TYPES_SKB                                                                              \
	(BPF_TYPES_TC | BPF_TYPES_LWT | BPF_TYPE(SOCKET_FILTER) | BPF_TYPE(CGROUP_SKB) |           \
	 BPF_TYPE(SK_SKB))

/*
 * LD_ABS and LD_IND: the number of @size bytes in network byte order at @off of the packet; of a
 * negative one, as classic BPF has it, from SKF_LL_OFF or SKF_NET_OFF on. -EFAULT: not in it.
 */
s64 bpf_skb_load(u64 skb, u32 off, u32 size);

/* -ENOMEM: the packet has not that many bytes. */
static inline int skb_ensure_writable(const struct sk_buff *skb, u32 size)
{
	return size > skb->len ? -ENOMEM : 0;
}

/* What a helper makes no packet longer than: four pages less what Linux keeps behind it. */
#define BPF_SKB_MAX_LEN (4 * 4096 - SKB_SHARED_INFO_SIZE)

/* Room for @before bytes more before the packet and @behind bytes more behind it; -ENOMEM. */
int skb_make_room(struct sk_buff *skb, u32 before, u32 behind);

extern const struct bpf_helper bpf_skb_load_helpers[], bpf_skb_store_helpers[],
	bpf_skb_resize_helpers[], bpf_skb_vlan_helpers[], bpf_skb_hash_helpers[],
	bpf_skb_room_helpers[], bpf_skb_fields_helpers[];
extern const size_t bpf_skb_load_helpers_nr, bpf_skb_store_helpers_nr, bpf_skb_resize_helpers_nr,
	bpf_skb_vlan_helpers_nr, bpf_skb_hash_helpers_nr, bpf_skb_room_helpers_nr,
	bpf_skb_fields_helpers_nr;

#endif /* PROG_SKB_H */
