// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Dotted quads parsed by hand, strictly; and printed back. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "name.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum why { WHY_OK, WHY_CHAR, WHY_RANGE, WHY_EMPTY, WHY_ZERO, WHY_FEW, WHY_MANY, WHY_COUNT };

static const char why_names[WHY_COUNT][12] = {
	[WHY_OK] = "ok",	   [WHY_CHAR] = "character",
	[WHY_RANGE] = "range",	   [WHY_EMPTY] = "empty part",
	[WHY_ZERO] = "zero first", [WHY_FEW] = "too few",
	[WHY_MANY] = "too many",
};
__u32 whys[WHY_COUNT];

union addr {
	__u32 word;
	__u8 part[4];
};

static __noinline enum why parse_part(const char *text, __u32 from, __u32 *end, __u8 *out)
{
	__u32 value = 0, digits = 0, i = from;
	char c;

	for (int n = 0; n < 4; n++) {
		c = text[i & 15];
		if (!c || c == '.')
			break;
		if (c < '0' || c > '9')
			return WHY_CHAR;
		if (digits && !value)
			return WHY_ZERO;
		value = value * 10 + c - '0';
		digits++;
		i++;
	}
	if (!digits)
		return WHY_EMPTY;
	if (value > 255)
		return WHY_RANGE;
	*out = value;
	*end = i;
	return WHY_OK;
}

static __always_inline enum why parse(const char *text, union addr *out)
{
	__u32 at = 0;
	enum why why;

	for (int i = 0; i < 4; i++) {
		why = parse_part(text, at, &at, &out->part[i]);
		if (why)
			return why;
		if (i == 3)
			break;
		if (text[at & 15] != '.')
			return text[at & 15] ? WHY_CHAR : WHY_FEW;
		at++;
	}
	return text[at & 15] ? WHY_MANY : WHY_OK;
}

SEC("iter/bpf_map_elem")
int name_parse(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *number = ctx->value;
	char *name = ctx->key, text[16], back[20];
	union addr addr = {};
	enum why why;

	if (!name || !number) {
		for (int i = 0; i < WHY_COUNT; i++)
			BPF_SEQ_PRINTF(seq, "%s: %u\n", why_names[i], whys[i]);
		return 0;
	}
	__builtin_memcpy(text, name, sizeof(text));
	text[15] = 0;
	why = parse(text, &addr);
	whys[why < WHY_COUNT ? why : 0]++;
	if (why) {
		BPF_SEQ_PRINTF(seq, "%s: %d\n", text, why);
		return 0;
	}
	BPF_SNPRINTF(back, sizeof(back), "%d.%d.%d.%d", addr.part[0], addr.part[1], addr.part[2],
		     addr.part[3]);
	BPF_SEQ_PRINTF(seq, "%s = %08x, %pI4 %s, local %d, next %u\n", text, bpf_ntohl(addr.word),
		       &addr.word, back, bpf_strncmp(back, sizeof(back), "192.168.0.254") == 0,
		       *number + 1);
	return 0;
}
