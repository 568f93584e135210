/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The context of each type of program, byte by byte: what may be read and written at every offset
 * with every size, on the runtime and on the kernel. Both have to say the same.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "cases.h"
#include "engine.h"
#include "test.h"

#define END 256 /* of every context */

static const char *missing;

/* Fields that only Linux has: they give a socket or the keys of a flow. */
static const struct {
	enum case_kind kind;
	short off;
} sockets[] = {
	{TC, SKB(sk)},
	{TC_STRICT, SKB(sk)},
	{TC_ACTION, SKB(sk)},
	{FILTER, SKB(sk)},
	{CGROUP_INGRESS, SKB(sk)},
	{CGROUP_EGRESS, SKB(sk)},
	{LWT_IN, SKB(sk)},
	{LWT_OUT, SKB(sk)},
	{LWT_XMIT, SKB(sk)},
	{LWT_SEG6LOCAL, SKB(sk)},
	{SK_SKB, SKB(sk)},
	{FLOW_DISSECTOR, SKB(flow_keys)},
	{SK_MSG, 72},
	{SK_REUSEPORT, offsetof(struct sk_reuseport_md, sk)},
	{SK_REUSEPORT, offsetof(struct sk_reuseport_md, migrating_sk)},
	{SK_LOOKUP, offsetof(struct bpf_sk_lookup, sk)},
	{SOCK_OPS, offsetof(struct bpf_sock_ops, sk)},
	{SOCK_BIND4, offsetof(struct bpf_sock_addr, sk)},
	{SOCK_CONNECT4, offsetof(struct bpf_sock_addr, sk)},
	{SOCK_CONNECT6, offsetof(struct bpf_sock_addr, sk)},
	{SOCK_SENDMSG4, offsetof(struct bpf_sock_addr, sk)},
	{SOCK_SENDMSG6, offsetof(struct bpf_sock_addr, sk)},
	{SOCK_RECVMSG4, offsetof(struct bpf_sock_addr, sk)},
	{SOCK_GETPEERNAME4, offsetof(struct bpf_sock_addr, sk)},
	{GETSOCKOPT, offsetof(struct bpf_sockopt, sk)},
	{SETSOCKOPT, offsetof(struct bpf_sockopt, sk)},
};

static bool is_left_out(enum case_kind kind, int off, unsigned int size)
{
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (sockets[i].kind == kind && sockets[i].off == off && size == 8)
			return true;
	/* What is before a tracepoint's record Linux lets through by mistake. */
	return off < 0 && kind == TRACEPOINT;
}

enum access { READ, READ_SIGNED, WRITE, WRITE_CONSTANT, NR_ACCESSES };

static void fill(struct verifier_case *c, enum access access, unsigned char size, int off)
{
	const struct bpf_insn accesses[NR_ACCESSES] = {
		[READ] = RAW(BPF_LDX | BPF_MEM | size, R2, R1, (short)off, 0),
		[READ_SIGNED] = RAW(BPF_LDX | BPF_MEMSX | size, R2, R1, (short)off, 0),
		[WRITE] = RAW(BPF_STX | BPF_MEM | size, R1, R0, (short)off, 0),
		[WRITE_CONSTANT] = RAW(BPF_ST | BPF_MEM | size, R1, 0, (short)off, 1),
	};

	/* Every type may return 1. */
	c->insns[0] = (struct bpf_insn)MOV(R0, 1);
	c->insns[1] = accesses[access];
	c->insns[2] = (struct bpf_insn)EXIT;
}

static unsigned int compare(enum case_kind kind, enum access access, unsigned int size, int off)
{
	static const unsigned char codes[] = {[1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};
	struct verifier_case c = {.kind = kind};
	int ours, kernels;

	fill(&c, access, codes[size], off);
	ours = engine_load(&embedded_engine, &c);
	kernels = engine_load(&kernel_engine, &c);
	if (is_left_out(kind, off, size)) {
		if (ours == -EACCES)
			return 0;
	} else if (ours == kernels) {
		return 0;
	}
	print_message("# kind %d, access %d of %u bytes at %d: %d, the kernel %d\n", kind, access,
		      size, off, ours, kernels);
	return 1;
}

static void every_access(void **state)
{
	unsigned int wrong = 0, compared = 0;

	if (missing)
		skip_because("of the kernel: %s", missing);
	for (int kind = FILTER; kind < NR_KINDS; kind++) {
		struct verifier_case any = {.insns = {RETURN(1)}, .kind = (enum case_kind)kind};

		/* Iterators have another test; some kinds are there to be refused. */
		if (engine_load(&kernel_engine, &any) || engine_is_tracing((enum case_kind)kind))
			continue;
		for (int access = READ; access < NR_ACCESSES; access++)
			for (unsigned int size = 1; size <= (access == READ_SIGNED ? 4 : 8);
			     size *= 2)
				for (int off = -8; off < END; off++, compared++)
					wrong += compare((enum case_kind)kind, (enum access)access,
							 size, off);
	}
	print_message("# %u accesses\n", compared);
	assert_true(compared > 100000);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_access)};
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	int failed;

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (engine_start(&embedded_engine))
		return 1;
	missing = engine_start(&kernel_engine);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	engine_stop(&kernel_engine);
	engine_stop(&embedded_engine);
	return failed;
}
