/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs about sockets, devices and settings. Nothing here runs them: they are verified, and
 * their contexts stay as programs see them. Fields that give a socket are left out.
 */
#include "verifier/prog_types.h"

#define FIELDS(structure, first, last)                                                             \
	.off = offsetof(structure, first), .end = offsetofend(structure, last)
#define READ(sizes, who) .reads = (sizes), .readers = (who)
#define WRITE(sizes, who) .writes = (sizes), .writers = (who)
#define READ_ALL(sizes) READ(sizes, CTX_EVERYBODY)
#define WRITE_ALL(sizes) WRITE(sizes, CTX_EVERYBODY)
/* The first byte, or two, of a field that is not to be read otherwise in parts. */
#define READ_LOW(structure, field, who)                                                            \
	{offsetof(structure, field), offsetof(structure, field) + 1, READ(1, who)},                \
	{                                                                                          \
		offsetof(structure, field), offsetof(structure, field) + 2, READ(2, who)           \
	}

#define TABLE(var, name)                                                                           \
	static const struct bpf_ctx_table var##_ctx = {name, var##_fields,                         \
						       ARRAY_SIZE(var##_fields), false}

/* --- struct bpf_sock: CGROUP_SOCK --- */

enum {
	SOCK_CREATE = 1, /* or release */
	SOCK_BIND4 = 2,	 /* after bind(2) */
	SOCK_BIND6 = 4,
	SOCK_BIND = SOCK_BIND4 | SOCK_BIND6,
};

static const struct bpf_ctx_field sock_fields[] = {
	{FIELDS(struct bpf_sock, bound_dev_if, bound_dev_if), READ(4, SOCK_CREATE),
	 WRITE(4, SOCK_CREATE)},
	{FIELDS(struct bpf_sock, family, protocol), READ_ALL(4)},
	READ_LOW(struct bpf_sock, family, CTX_EVERYBODY),
	READ_LOW(struct bpf_sock, type, CTX_EVERYBODY),
	READ_LOW(struct bpf_sock, protocol, CTX_EVERYBODY),
	{FIELDS(struct bpf_sock, mark, priority), READ(4, SOCK_CREATE), WRITE(4, SOCK_CREATE)},
	{FIELDS(struct bpf_sock, src_ip4, src_ip4), READ(CTX_NARROW, SOCK_BIND4)},
	{FIELDS(struct bpf_sock, src_ip6, src_ip6), READ(CTX_NARROW, SOCK_BIND6)},
	{FIELDS(struct bpf_sock, src_port, src_port), READ(4, SOCK_BIND)},
	READ_LOW(struct bpf_sock, src_port, SOCK_BIND),
	{FIELDS(struct bpf_sock, dst_port, dst_port), READ_ALL(1 | 2)},
	{offsetof(struct bpf_sock, dst_port), offsetof(struct bpf_sock, dst_ip4), READ_ALL(4)},
	{FIELDS(struct bpf_sock, dst_ip4, dst_ip6), READ_ALL(CTX_NARROW)},
	{FIELDS(struct bpf_sock, state, rx_queue_mapping), READ_ALL(4)},
	READ_LOW(struct bpf_sock, state, CTX_EVERYBODY),
	READ_LOW(struct bpf_sock, rx_queue_mapping, CTX_EVERYBODY),
};
TABLE(sock, "bpf_sock");

/* 0 stands for the first of them, as it did before there were others. */
static const struct bpf_prog_attach sock_attach[] = {
	{0, true, 0, 1, SOCK_CREATE},
	{BPF_CGROUP_INET_SOCK_CREATE, true, 0, 1, SOCK_CREATE},
	{BPF_CGROUP_INET_SOCK_RELEASE, true, 0, 1, SOCK_CREATE},
	{BPF_CGROUP_INET4_POST_BIND, true, 0, 1, SOCK_BIND4},
	{BPF_CGROUP_INET6_POST_BIND, true, 0, 1, SOCK_BIND6},
};

/* --- struct bpf_sock_addr --- */

enum {
	ADDR_V4 = 1,
	ADDR_V6 = 2,
	ADDR_UNIX = 4,
	ADDR_SEND4 = 8,
	ADDR_SEND6 = 16,
	ADDR_ANY_V4 = ADDR_V4 | ADDR_SEND4,
	ADDR_ANY_V6 = ADDR_V6 | ADDR_SEND6,
};

/* Linux 6.7. */
enum {
	CGROUP_UNIX_CONNECT = 49,
	CGROUP_UNIX_SENDMSG,
	CGROUP_UNIX_RECVMSG,
	CGROUP_UNIX_GETPEERNAME,
	CGROUP_UNIX_GETSOCKNAME,
};

static const struct bpf_ctx_field sock_addr_fields[] = {
	{FIELDS(struct bpf_sock_addr, user_family, user_family), READ_ALL(4)},
	{FIELDS(struct bpf_sock_addr, user_ip4, user_ip4), READ(CTX_NARROW, ADDR_ANY_V4),
	 WRITE(4, ADDR_ANY_V4)},
	{FIELDS(struct bpf_sock_addr, user_ip6, user_ip6), READ(CTX_ANY, ADDR_ANY_V6),
	 WRITE(4 | 8, ADDR_ANY_V6)},
	{FIELDS(struct bpf_sock_addr, user_port, user_port), READ_ALL(CTX_NARROW), WRITE_ALL(4)},
	{FIELDS(struct bpf_sock_addr, family, protocol), READ_ALL(4)},
	{FIELDS(struct bpf_sock_addr, msg_src_ip4, msg_src_ip4), READ(CTX_NARROW, ADDR_SEND4),
	 WRITE(4, ADDR_SEND4)},
	{FIELDS(struct bpf_sock_addr, msg_src_ip6, msg_src_ip6), READ(CTX_ANY, ADDR_SEND6),
	 WRITE(4 | 8, ADDR_SEND6)},
};
TABLE(sock_addr, "bpf_sock_addr");

static const struct bpf_prog_attach sock_addr_attach[] = {
	{BPF_CGROUP_INET4_BIND, true, 0, 3, ADDR_V4},
	{BPF_CGROUP_INET6_BIND, true, 0, 3, ADDR_V6},
	{BPF_CGROUP_INET4_CONNECT, true, 0, 1, ADDR_V4},
	{BPF_CGROUP_INET6_CONNECT, true, 0, 1, ADDR_V6},
	{BPF_CGROUP_UDP4_SENDMSG, true, 0, 1, ADDR_SEND4},
	{BPF_CGROUP_UDP6_SENDMSG, true, 0, 1, ADDR_SEND6},
	{BPF_CGROUP_UDP4_RECVMSG, true, 1, 1, ADDR_V4},
	{BPF_CGROUP_UDP6_RECVMSG, true, 1, 1, ADDR_V6},
	{BPF_CGROUP_INET4_GETPEERNAME, true, 1, 1, ADDR_V4},
	{BPF_CGROUP_INET6_GETPEERNAME, true, 1, 1, ADDR_V6},
	{BPF_CGROUP_INET4_GETSOCKNAME, true, 1, 1, ADDR_V4},
	{BPF_CGROUP_INET6_GETSOCKNAME, true, 1, 1, ADDR_V6},
	{CGROUP_UNIX_CONNECT, true, 0, 1, ADDR_UNIX},
	{CGROUP_UNIX_SENDMSG, true, 0, 1, ADDR_UNIX},
	{CGROUP_UNIX_RECVMSG, true, 1, 1, ADDR_UNIX},
	{CGROUP_UNIX_GETPEERNAME, true, 1, 1, ADDR_UNIX},
	{CGROUP_UNIX_GETSOCKNAME, true, 1, 1, ADDR_UNIX},
};

/* --- struct bpf_sock_ops --- */

static const struct bpf_ctx_field sock_ops_fields[] = {
	{FIELDS(struct bpf_sock_ops, op, sk_txhash), READ_ALL(4)},
	{FIELDS(struct bpf_sock_ops, reply, reply), WRITE_ALL(4)},
	{FIELDS(struct bpf_sock_ops, sk_txhash, sk_txhash), WRITE_ALL(4)},
	{FIELDS(struct bpf_sock_ops, bytes_received, bytes_acked), READ_ALL(8)},
	{FIELDS(struct bpf_sock_ops, skb_data, skb_data), READ_ALL(8), .reg_type = PTR_TO_PACKET},
	{FIELDS(struct bpf_sock_ops, skb_data_end, skb_data_end), READ_ALL(8),
	 .reg_type = PTR_TO_PACKET_END},
	{FIELDS(struct bpf_sock_ops, skb_len, skb_tcp_flags), READ_ALL(4)},
	READ_LOW(struct bpf_sock_ops, skb_tcp_flags, CTX_EVERYBODY),
	/* skb_hwtstamp: Linux 6.2. */
	{offsetofend(struct bpf_sock_ops, skb_tcp_flags),
	 offsetofend(struct bpf_sock_ops, skb_tcp_flags) + 8, READ_ALL(8)},
};
TABLE(sock_ops, "bpf_sock_ops");

/* --- struct sk_msg_md, sk_reuseport_md, bpf_sk_lookup --- */

static const struct bpf_ctx_field sk_msg_fields[] = {
	{FIELDS(struct sk_msg_md, data, data), READ_ALL(8), .reg_type = PTR_TO_PACKET},
	{FIELDS(struct sk_msg_md, data_end, data_end), READ_ALL(8), .reg_type = PTR_TO_PACKET_END},
	{FIELDS(struct sk_msg_md, family, size), READ_ALL(4)},
};
TABLE(sk_msg, "sk_msg_md");

static const struct bpf_ctx_field sk_reuseport_fields[] = {
	{FIELDS(struct sk_reuseport_md, data, data), READ_ALL(8), .reg_type = PTR_TO_PACKET},
	{FIELDS(struct sk_reuseport_md, data_end, data_end), READ_ALL(8),
	 .reg_type = PTR_TO_PACKET_END},
	{FIELDS(struct sk_reuseport_md, len, len), READ_ALL(CTX_NARROW)},
	{FIELDS(struct sk_reuseport_md, eth_protocol, eth_protocol), READ_ALL(2 | 4)},
	{FIELDS(struct sk_reuseport_md, ip_protocol, bind_inany), READ_ALL(CTX_NARROW)},
	{FIELDS(struct sk_reuseport_md, hash, hash), READ_ALL(4)},
};
TABLE(sk_reuseport, "sk_reuseport_md");

static const struct bpf_prog_attach sk_reuseport_attach[] = {
	{.attach_type = 0, .role = 1},
	{.attach_type = BPF_SK_REUSEPORT_SELECT, .role = 1},
	{.attach_type = BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, .role = 1},
};

static const struct bpf_ctx_field sk_lookup_fields[] = {
	{FIELDS(struct bpf_sk_lookup, family, ingress_ifindex), READ_ALL(CTX_NARROW)},
};
TABLE(sk_lookup, "bpf_sk_lookup");

static const struct bpf_prog_attach sk_lookup_attach[] = {{BPF_SK_LOOKUP, true, 0, 1, 1}};

/* --- struct bpf_sockopt, bpf_sysctl, bpf_cgroup_dev_ctx --- */

enum {
	SOCKOPT_GET = 1,
	SOCKOPT_SET = 2,
};

static const struct bpf_ctx_field sockopt_fields[] = {
	{FIELDS(struct bpf_sockopt, optval, optval), READ_ALL(8), .reg_type = PTR_TO_PACKET},
	{FIELDS(struct bpf_sockopt, optval_end, optval_end), READ_ALL(8),
	 .reg_type = PTR_TO_PACKET_END},
	{FIELDS(struct bpf_sockopt, level, optname), READ_ALL(4), WRITE(4, SOCKOPT_SET)},
	{FIELDS(struct bpf_sockopt, optlen, optlen), READ_ALL(4), WRITE_ALL(4)},
	{FIELDS(struct bpf_sockopt, retval, retval), READ(4, SOCKOPT_GET), WRITE(4, SOCKOPT_GET)},
};
TABLE(sockopt, "bpf_sockopt");

static const struct bpf_prog_attach sockopt_attach[] = {
	{BPF_CGROUP_GETSOCKOPT, true, 0, 1, SOCKOPT_GET},
	{BPF_CGROUP_SETSOCKOPT, true, 0, 1, SOCKOPT_SET},
};

static const struct bpf_ctx_field sysctl_fields[] = {
	{FIELDS(struct bpf_sysctl, write, file_pos), READ_ALL(CTX_NARROW)},
	{FIELDS(struct bpf_sysctl, file_pos, file_pos), WRITE_ALL(4)},
};
TABLE(sysctl, "bpf_sysctl");

static const struct bpf_ctx_field device_fields[] = {
	{FIELDS(struct bpf_cgroup_dev_ctx, access_type, access_type), READ_ALL(CTX_NARROW)},
	{FIELDS(struct bpf_cgroup_dev_ctx, major, minor), READ_ALL(4)},
};
TABLE(device, "bpf_cgroup_dev_ctx");

/* --- the types --- */

static const struct bpf_prog_attach any_0_or_1[] = {{BPF_ATTACH_ANY, true, 0, 1, 1}};
static const struct bpf_prog_attach any[] = {{.attach_type = BPF_ATTACH_ANY, .role = 1}};

#define SOCK_TYPE(type_, attach_, table, name, read, write)                                        \
	{                                                                                          \
		.type = BPF_PROG_TYPE_##type_, .ctx = &(table), .ctx_name = (name),                \
		.attach = (attach_), .nr_attach = ARRAY_SIZE(attach_), .packet_read = (read),      \
		.packet_write = (write),                                                           \
	}

static const struct bpf_prog_type_ops sock_types[] = {
	SOCK_TYPE(CGROUP_SOCK, sock_attach, sock_ctx, "bpf_sock", false, false),
	SOCK_TYPE(CGROUP_SOCK_ADDR, sock_addr_attach, sock_addr_ctx, "bpf_sock_addr", false, false),
	SOCK_TYPE(SOCK_OPS, any_0_or_1, sock_ops_ctx, "bpf_sock_ops", false, false),
	SOCK_TYPE(SK_MSG, any, sk_msg_ctx, "sk_msg_md", true, true),
	SOCK_TYPE(SK_REUSEPORT, sk_reuseport_attach, sk_reuseport_ctx, "sk_reuseport_md", true,
		  false),
	SOCK_TYPE(SK_LOOKUP, sk_lookup_attach, sk_lookup_ctx, "bpf_sk_lookup", false, false),
	SOCK_TYPE(CGROUP_SOCKOPT, sockopt_attach, sockopt_ctx, "bpf_sockopt", true, true),
	SOCK_TYPE(CGROUP_SYSCTL, any_0_or_1, sysctl_ctx, "bpf_sysctl", false, false),
	SOCK_TYPE(CGROUP_DEVICE, any_0_or_1, device_ctx, "bpf_cgroup_dev_ctx", false, false),
};
const struct bpf_prog_family bpf_sock_family = {sock_types, ARRAY_SIZE(sock_types)};
