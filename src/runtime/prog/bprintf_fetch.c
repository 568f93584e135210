/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What arguments stand for: numbers cut to their size, strings and addresses read from memory that
 * may not be there (kernel: bpf_bprintf_prepare).
 *
 * Strings and addresses share BIN_ARGS_SIZE bytes with the numbers, as in Linux, where that is how
 * arguments travel: a long string is cut, one argument too many is -ENOSPC.
 */
#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "prog/bprintf_steps.h"
#include "prog/digits.h"

u32 format_symbol(char buf[CONV_SIZE], u64 address)
{
	memcpy(buf, "0x", 2);
	return put_hex(buf + 2, address, false) - buf;
}

u32 format_ip4(char buf[CONV_SIZE], const u8 ip[4], bool padded)
{
	char *out = buf;

	for (int i = 0; i < 4; i++) {
		if (i)
			*out++ = '.';
		if (padded || ip[i] >= 100)
			*out++ = '0' + ip[i] / 100;
		if (padded || ip[i] >= 10)
			*out++ = '0' + ip[i] / 10 % 10;
		*out++ = '0' + ip[i] % 10;
	}
	return out - buf;
}

u32 format_ip6(char buf[CONV_SIZE], const u8 ip[16], bool padded)
{
	char *out = buf;

	for (int i = 0; i < 16; i += 4) {
		u32 word;
		u64 digits;

		memcpy(&word, ip + i, sizeof(word));
		digits = htobe64(hex_digits(be32toh(word), false));
		memcpy(out, &digits, sizeof(digits));
		if (padded) {
			out += 8;
		} else {
			memcpy(out + 5, (const char *)&digits + 4, 4);
			out[4] = out[9] = ':';
			out += 10;
		}
	}
	return out - buf - !padded;
}

static int fetch_number(const struct format_step *step, u64 arg, struct bin_args *bin,
			struct fetched *fetched)
{
	int used = reserve_number(bin->used, step->flags & FLAG_WIDE ? 8 : 4);

	if (used < 0)
		return used;
	bin->used = used;
	fetched->value = number_of(step, arg);
	return 0;
}

static int fetch_string(u64 arg, struct bin_args *bin, struct fetched *fetched)
{
	char *str = bin->buf + bin->used;
	long len;

	if (bin->used == BIN_ARGS_SIZE)
		return -ENOSPC;
	len = strncpy_from_nofault(str, (const void *)(unsigned long)arg,
				   BIN_ARGS_SIZE - bin->used);
	if (len <= 0) {
		*str = 0;
		len = 1;
	}
	fetched->string = str;
	fetched->len = len - 1;
	bin->used += len;
	return 0;
}

/* Text that is made here and cut to the room there is. */
static int fetch_text(const struct format_step *step, u64 arg, struct bin_args *bin,
		      struct fetched *fetched)
{
	char *str = bin->buf + bin->used;
	u32 room = BIN_ARGS_SIZE - bin->used;
	bool padded = step->flags & FLAG_PADDED_IP;
	char text[CONV_SIZE];
	u8 ip[16];
	u32 size = step->kind == CONV_TEXT_IP4 ? 4 : sizeof(ip), len = 0;

	if (step->kind == CONV_TEXT_SYMBOL) {
		len = format_symbol(text, arg);
		size = 1;
	} else if (copy_from_nofault(ip, (const void *)(unsigned long)arg, size)) {
		memset(ip, 0, sizeof(ip));
	}
	if (room < size)
		return -ENOSPC;
	if (step->kind == CONV_TEXT_IP4)
		len = format_ip4(text, ip, padded);
	else if (step->kind == CONV_TEXT_IP6)
		len = format_ip6(text, ip, padded);
	len = min_of(len, room - 1);
	memcpy(str, text, len);
	fetched->string = str;
	fetched->len = len;
	bin->used += len + 1;
	return 0;
}

int fetch_arg(const struct format_step *step, u64 arg, struct bin_args *bin,
	      struct fetched *fetched)
{
	switch (step->kind) {
	case CONV_CHAR:
		if (bin->used == BIN_ARGS_SIZE)
			return -ENOSPC;
		bin->used++;
		fetched->value = (u8)arg;
		return 0;
	case CONV_STRING:
	case CONV_TEXT_STRING:
		return fetch_string(arg, bin, fetched);
	case CONV_TEXT_SYMBOL:
	case CONV_TEXT_IP4:
	case CONV_TEXT_IP6:
		return fetch_text(step, arg, bin, fetched);
	default:
		return fetch_number(step, arg, bin, fetched);
	}
}
