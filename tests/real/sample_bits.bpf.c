// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Samples taken for hardware descriptors: bit-fields, unions, packed and nested structures. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sample.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum kind { KIND_NONE, KIND_DATA, KIND_CONTROL, KIND_ERROR };

struct descriptor {
	union {
		__u64 raw;
		struct {
			__u64 address : 40;
			__u64 length : 12;
			__u64 kind : 2;
			__u64 last : 1;
			__s64 credit : 9;
		};
		struct {
			__u32 low, high;
		};
		__u8 bytes[8];
	};
};

struct packed {
	__u8 tag;
	__u32 value;
	__u16 check;
	struct {
		__u8 major : 3;
		__u8 minor : 5;
	} version;
} __attribute__((packed));

struct tally {
	__u32 by_kind[4];
	struct {
		__s64 credit;
		__u64 length;
	} sum;
} tally;

static __noinline __u16 fold16(__u64 raw)
{
	__u32 sum = 0;

	for (int i = 0; i < 4; i++)
		sum += raw >> (16 * i) & 0xffff;
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return ~sum;
}

static __always_inline __u64 reverse_bits(__u64 x)
{
	x = (x >> 1 & 0x5555555555555555ull) | (x & 0x5555555555555555ull) << 1;
	x = (x >> 2 & 0x3333333333333333ull) | (x & 0x3333333333333333ull) << 2;
	x = (x >> 4 & 0x0f0f0f0f0f0f0f0full) | (x & 0x0f0f0f0f0f0f0f0full) << 4;
	return __builtin_bswap64(x);
}

SEC("iter/bpf_map_elem")
int sample_bits(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct descriptor *value = ctx->value, d;
	__u32 *index = ctx->key;
	struct packed packed = {};
	__u8 window[11] = {};
	__s64 credit;
	__u64 at;

	if (!value || !index) {
		BPF_SEQ_PRINTF(seq, "kinds %u %u %u %u credit %lld length %llu\n",
			       tally.by_kind[KIND_NONE], tally.by_kind[KIND_DATA],
			       tally.by_kind[KIND_CONTROL], tally.by_kind[KIND_ERROR],
			       tally.sum.credit, tally.sum.length);
		return 0;
	}
	d = *value;
	credit = d.credit;
	tally.by_kind[d.kind]++;
	tally.sum.credit += credit;
	tally.sum.length += d.length;
	__builtin_memcpy(window + 3, d.bytes, 8);
	/* Or else it is an OR of the pointer, which it cannot be for the verifier. */
	at = *index & 7;
	barrier_var(at);
	packed.tag = window[at + 3];
	packed.value = d.high ^ d.low;
	packed.check = fold16(d.raw);
	packed.version.major = d.kind + 3;
	packed.version.minor = d.length;
	if (d.last)
		d.length--;
	d.credit = -credit;
	switch ((enum kind)d.kind) {
	case KIND_DATA:
		d.address += 0x1000;
		break;
	case KIND_CONTROL:
		d.low = __builtin_bswap32(d.low);
		d.bytes[5] ^= 0xff;
		break;
	case KIND_ERROR:
		d.raw = reverse_bits(d.raw);
		break;
	default:
		d.kind = KIND_DATA;
	}
	BPF_SEQ_PRINTF(seq, "%u %llx credit %lld ", *index, d.raw, credit);
	for (int i = 0; i < sizeof(packed); i++)
		BPF_SEQ_PRINTF(seq, "%02x", ((__u8 *)&packed)[i]);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
