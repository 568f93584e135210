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

bool step_reads_memory(const struct format_step *step)
{
	return step->kind == CONV_STRING || step->kind == CONV_TEXT_STRING ||
	       step->kind == CONV_TEXT_IP4 || step->kind == CONV_TEXT_IP6;
}

u32 format_symbol(char buf[CONV_SIZE], u64 address)
{
	memcpy(buf, "0x", 2);
	return put_hex(buf + 2, address, false) - buf;
}

static u32 format_ip4(char *buf, const u8 ip[4], bool padded)
{
	u32 len = 0;

	for (int i = 0; i < 4; i++) {
		if (i)
			buf[len++] = '.';
		if (padded || ip[i] >= 100)
			buf[len++] = '0' + ip[i] / 100;
		if (padded || ip[i] >= 10)
			buf[len++] = '0' + ip[i] / 10 % 10;
		buf[len++] = '0' + ip[i] % 10;
	}
	return len;
}

static u32 format_ip6(char *buf, const u8 ip[16], bool padded)
{
	u32 len = 0;

	for (int i = 0; i < 16; i++) {
		if (i && !(i % 2) && !padded)
			buf[len++] = ':';
		buf[len++] = "0123456789abcdef"[ip[i] >> 4];
		buf[len++] = "0123456789abcdef"[ip[i] & 15];
	}
	return len;
}

static int fetch_number(const struct format_step *step, u64 arg, struct bin_args *bin,
			struct fetched *fetched)
{
	bool wide = step->flags & FLAG_WIDE;
	int used = reserve_number(bin->used, wide ? 8 : 4);

	if (used < 0)
		return used;
	bin->used = used;
	if (wide)
		fetched->value = arg;
	else
		fetched->value = step->flags & FLAG_SIGNED ? (u64)(s32)arg : (u32)arg;
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
