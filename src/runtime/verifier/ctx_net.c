/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs that act on packets. They see struct xdp_md or struct __sk_buff and run with struct
 * xdp_buff and struct sk_buff (prog/packet.h). Fields that give a socket or the keys of a flow are
 * left out: there are none.
 */
#include "prog/packet.h"
#include "verifier/prog_types.h"

/* --- struct xdp_md --- */

enum {
	XDP_ANY = 1,
	XDP_DEVMAP = 2,
};

#define XDP(field, inner, readers_, type)                                                          \
	{                                                                                          \
		.off = offsetof(struct xdp_md, field), .end = offsetofend(struct xdp_md, field),   \
		.reads = CTX_BYTES_4, .readers = (readers_), .reg_type = (type),                   \
		.inner_off = offsetof(struct xdp_buff, inner),                                     \
	}

static const struct bpf_ctx_field xdp_fields[] = {
	XDP(data, data, CTX_EVERYBODY, PTR_TO_PACKET),
	XDP(data_end, data_end, CTX_EVERYBODY, PTR_TO_PACKET_END),
	XDP(data_meta, data_meta, CTX_EVERYBODY, PTR_TO_PACKET_META),
	XDP(ingress_ifindex, ingress_ifindex, CTX_EVERYBODY, 0),
	XDP(rx_queue_index, rx_queue_index, CTX_EVERYBODY, 0),
	XDP(egress_ifindex, egress_ifindex, XDP_DEVMAP, 0),
};
static const struct bpf_ctx_table xdp_ctx = {"xdp_md", xdp_fields, ARRAY_SIZE(xdp_fields), true};

static const struct bpf_prog_attach xdp_attach[] = {
	{.attach_type = BPF_XDP_DEVMAP, .role = XDP_DEVMAP},
	{.attach_type = BPF_ATTACH_ANY, .role = XDP_ANY},
};

/* --- struct __sk_buff --- */

enum {
	SKB_FILTER = 1,
	SKB_TC = 2,
	SKB_CGROUP = 4,
	SKB_LWT = 8,
	SKB_STREAM = 16, /* SK_SKB */
	SKB_FLOW = 32,	 /* FLOW_DISSECTOR, which sees nothing but the packet */
	SKB_ALL = SKB_FILTER | SKB_TC | SKB_CGROUP | SKB_LWT | SKB_STREAM,
};

#define SKB(field, inner)                                                                          \
	.off = offsetof(struct __sk_buff, field), .end = offsetofend(struct __sk_buff, field),     \
	.inner_off = offsetof(struct sk_buff, inner)
#define SKB_READ(field, sizes, readers_)                                                           \
	{                                                                                          \
		SKB(field, field), .reads = (sizes), .readers = (readers_),                        \
	}
#define SKB_WRITE(field, sizes, readers_, write_sizes, writers_)                                   \
	{                                                                                          \
		SKB(field, field), .reads = (sizes), .readers = (readers_),                        \
				   .writes = (write_sizes), .writers = (writers_),                 \
	}
/* Linux has 16 bits of it. */
#define SKB_WRITE_16(field, readers_, writers_)                                                    \
	{                                                                                          \
		SKB(field, field), .reads = CTX_NARROW, .readers = (readers_),                     \
				   .writes = CTX_BYTES_4, .writers = (writers_),                   \
				   .stored = sizeof(u16),                                          \
	}
#define SKB_POINTER(field, inner, readers_, type)                                                  \
	{                                                                                          \
		SKB(field, inner), .reads = CTX_BYTES_4, .readers = (readers_),                    \
				   .reg_type = (type),                                             \
	}

static const struct bpf_ctx_field skb_fields[] = {
	SKB_READ(len, CTX_NARROW, SKB_ALL),
	SKB_READ(pkt_type, CTX_NARROW, SKB_ALL),
	SKB_WRITE(mark, CTX_NARROW, SKB_ALL & ~SKB_STREAM, CTX_BYTES_4,
		  SKB_TC | SKB_CGROUP | SKB_LWT),
	SKB_WRITE_16(queue_mapping, SKB_ALL, SKB_TC),
	SKB_READ(protocol, CTX_NARROW, SKB_ALL),
	SKB_READ(vlan_present, CTX_NARROW, SKB_ALL),
	SKB_READ(vlan_tci, CTX_NARROW, SKB_ALL),
	SKB_READ(vlan_proto, CTX_NARROW, SKB_ALL),
	SKB_WRITE(priority, CTX_NARROW, SKB_ALL, CTX_BYTES_4, SKB_ALL & ~SKB_FILTER),
	SKB_READ(ingress_ifindex, CTX_NARROW, SKB_ALL),
	SKB_READ(ifindex, CTX_NARROW, SKB_ALL),
	SKB_WRITE_16(tc_index, SKB_ALL, SKB_TC | SKB_STREAM),
	SKB_WRITE(cb, CTX_ANY, SKB_ALL, CTX_ANY, SKB_ALL & ~SKB_STREAM),
	SKB_READ(hash, CTX_NARROW, SKB_ALL),
	SKB_WRITE_16(tc_classid, SKB_TC, SKB_TC),
	SKB_POINTER(data, data, (SKB_ALL & ~SKB_FILTER) | SKB_FLOW, PTR_TO_PACKET),
	SKB_POINTER(data_end, tail, (SKB_ALL & ~SKB_FILTER) | SKB_FLOW, PTR_TO_PACKET_END),
	SKB_READ(napi_id, CTX_NARROW, SKB_ALL),
	SKB_READ(family, CTX_NARROW, SKB_CGROUP | SKB_STREAM),
	SKB_READ(remote_ip4, CTX_BYTES_4, SKB_CGROUP | SKB_STREAM),
	SKB_READ(local_ip4, CTX_BYTES_4, SKB_CGROUP | SKB_STREAM),
	SKB_READ(remote_ip6, CTX_BYTES_4, SKB_CGROUP | SKB_STREAM),
	SKB_READ(local_ip6, CTX_BYTES_4, SKB_CGROUP | SKB_STREAM),
	SKB_READ(remote_port, CTX_NARROW, SKB_CGROUP | SKB_STREAM),
	SKB_READ(local_port, CTX_NARROW, SKB_CGROUP | SKB_STREAM),
	SKB_POINTER(data_meta, data_meta, SKB_TC, PTR_TO_PACKET_META),
	SKB_WRITE(tstamp, CTX_BYTES_8, SKB_TC | SKB_CGROUP, CTX_BYTES_8, SKB_TC | SKB_CGROUP),
	SKB_READ(wire_len, CTX_NARROW, SKB_TC),
	SKB_READ(gso_segs, CTX_NARROW, SKB_ALL),
	SKB_READ(gso_size, CTX_NARROW, SKB_ALL),
	SKB_READ(tstamp_type, 1, SKB_TC),
	SKB_READ(hwtstamp, CTX_BYTES_8, SKB_TC | SKB_CGROUP),
};
static const struct bpf_ctx_table skb_ctx = {"__sk_buff", skb_fields, ARRAY_SIZE(skb_fields), true};

#define ATTACH_ANY(name, role_)                                                                    \
	static const struct bpf_prog_attach name[] = {                                             \
		{.attach_type = BPF_ATTACH_ANY, .role = (role_)}}
ATTACH_ANY(filter_attach, SKB_FILTER);
ATTACH_ANY(tc_attach, SKB_TC);
ATTACH_ANY(lwt_attach, SKB_LWT);
ATTACH_ANY(stream_attach, SKB_STREAM);
ATTACH_ANY(flow_attach, SKB_FLOW);
/* Egress may say with 2 and 3 that the queue is congested. */
static const struct bpf_prog_attach cgroup_attach[] = {
	{BPF_CGROUP_INET_INGRESS, true, 0, 1, SKB_CGROUP},
	{BPF_CGROUP_INET_EGRESS, true, 0, 3, SKB_CGROUP},
};

/* --- the types --- */

#define ATTACH(array) .attach = (array), .nr_attach = ARRAY_SIZE(array)
#define SKB_TYPE(type_, attach_, read, write)                                                      \
	{                                                                                          \
		.type = BPF_PROG_TYPE_##type_, .ctx = &skb_ctx, .ctx_name = "__sk_buff",           \
		.kern_ctx = "sk_buff", .packet_read = (read), .packet_write = (write),             \
		ATTACH(attach_),                                                                   \
	}

static const struct bpf_prog_type_ops net_types[] = {
	{
		.type = BPF_PROG_TYPE_XDP,
		.ctx = &xdp_ctx,
		.ctx_name = "xdp_md",
		.kern_ctx = "xdp_buff",
		.packet_read = true,
		.packet_write = true,
		ATTACH(xdp_attach),
	},
	SKB_TYPE(SOCKET_FILTER, filter_attach, false, false),
	SKB_TYPE(SCHED_CLS, tc_attach, true, true),
	SKB_TYPE(SCHED_ACT, tc_attach, true, true),
	SKB_TYPE(CGROUP_SKB, cgroup_attach, true, false),
	SKB_TYPE(LWT_IN, lwt_attach, true, false),
	SKB_TYPE(LWT_OUT, lwt_attach, true, false),
	SKB_TYPE(LWT_XMIT, lwt_attach, true, true),
	SKB_TYPE(LWT_SEG6LOCAL, lwt_attach, true, false),
	SKB_TYPE(SK_SKB, stream_attach, true, true),
	{
		.type = BPF_PROG_TYPE_FLOW_DISSECTOR,
		.ctx = &skb_ctx,
		.ctx_name = "__sk_buff",
		.packet_read = true,
		ATTACH(flow_attach),
	},
};
const struct bpf_prog_family bpf_net_family = {net_types, ARRAY_SIZE(net_types)};
