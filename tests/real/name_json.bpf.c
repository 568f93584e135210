// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Lines of JSON made by hand in a global buffer: escapes, hexadecimal, decimal; one write each. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "name.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ROOM 256

struct text {
	__u32 used;
	char bytes[ROOM];
} text;

__u32 shown;
const volatile bool hexadecimal = false;
const volatile char digits[] = "0123456789abcdef";

static __always_inline void put(char c)
{
	text.bytes[text.used++ & (ROOM - 1)] = c;
}

#define PUT_TEXT(constant)                                                                         \
	do {                                                                                       \
		for (int i_ = 0; i_ < sizeof(constant) - 1; i_++)                                  \
			put((constant)[i_]);                                                       \
	} while (0)

static __noinline int put_hex(__u64 value, __u32 width)
{
	for (int i = 15; i >= 0; i--)
		if (i < width)
			put(digits[value >> (4 * i) & 15]);
	return width;
}

static __noinline int put_decimal(__u32 value)
{
	char reversed[10];
	int count = 0;

	for (int i = 0; i < 10; i++) {
		reversed[i] = '0' + value % 10;
		value /= 10;
		count = i + 1;
		if (!value)
			break;
	}
	for (int i = 9; i >= 0; i--)
		if (i < count)
			put(reversed[i]);
	return count;
}

static __noinline int put_escaped(char c)
{
	switch (c) {
	case '"':
	case '\\':
		put('\\');
		put(c);
		return 2;
	case '\n':
		put('\\');
		put('n');
		return 2;
	default:
		if ((__u8)c >= 0x20) {
			put(c);
			return 1;
		}
		PUT_TEXT("\\u");
		return put_hex((__u8)c, 4);
	}
}

/* Of the name that is shown now; points become tabs, and zeros quotes, to be escaped. */
static char current[16];

static long put_char(__u32 i, void *unused)
{
	char c = current[i & 15];

	if (!c)
		return 1;
	shown += put_escaped(c == '.' ? '\t' : c == '0' ? '"' : c);
	return 0;
}

SEC("iter/bpf_map_elem")
int name_json(struct bpf_iter__bpf_map_elem *ctx)
{
	char *name = ctx->key;
	__u32 *number = ctx->value;

	if (!name || !number)
		return 0;
	text.used = 0;
	shown = 0;
	PUT_TEXT("{\"name\":\"");
	__builtin_memcpy(current, name, sizeof(current));
	bpf_loop(sizeof(current), put_char, NULL, 0);
	PUT_TEXT("\",\"number\":");
	if (hexadecimal)
		shown += put_hex(*number, 8);
	else
		shown += put_decimal(*number);
	PUT_TEXT(",\"shown\":\"");
	put(digits[shown & 15]);
	put('"');
	PUT_TEXT("}\n");
	bpf_seq_write(ctx->meta->seq, text.bytes, text.used & (ROOM - 1));
	return 0;
}
