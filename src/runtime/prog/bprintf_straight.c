/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Printing where the longest text has room, of a format that was parsed before: each argument is
 * fetched and printed at once, digits and strings to where they belong, and nothing is copied.
 * Short pieces are stored with whatever lies behind them (PRINT_SLACK), which the next piece writes
 * over. An error leaves anything in the output.
 *
 * The text is what printing with care makes (bprintf.c), but for strings that lie where it is
 * printed to: they are left to that.
 *
 * Measured on an AMD EPYC, in processor time, with numbers of 6 digits and strings of 12 bytes;
 * beside it with the format parsed each time, and libc's snprintf:
 *
 *   %u: %llu\n      14 ns   56 ns   63 ns (a loop in C that divides by 10 and copies: 17 ns)
 *   %8u|%-8llu\n    23 ns   59 ns   80 ns
 *   %s %s\n         27 ns   60 ns   57 ns
 *   %pI4 %pI6\n     38 ns   70 ns
 */
#include "base/nofault.h"
#include "prog/bprintf_steps.h"
#include "prog/digits.h"
#include "prog/ptr_hash.h"

static inline char *put_straight_literal(char *out, const struct format_step *step)
{
	memcpy(out, step->literal, PRINT_SLACK);
	if (unlikely(step->literal_len > PRINT_SLACK))
		memcpy(out + PRINT_SLACK, step->literal + PRINT_SLACK,
		       step->literal_len - PRINT_SLACK);
	return out + step->literal_len;
}

static char *fill(char *out, char c, u32 len)
{
	for (u32 i = 0; i < len; i += PRINT_SLACK)
		memset(out + i, c, PRINT_SLACK);
	return out + len;
}

/* How much of the width @len bytes leave. */
static u32 fill_of(const struct format_step *step, u32 len)
{
	return step->width > (s32)len ? step->width - len : 0;
}

static inline char *put_straight_signed(char *out, s64 value)
{
	*out = '-';
	return put_decimal(out + (value < 0), value < 0 ? -(u64)value : (u64)value);
}

static char *put_straight_number(char *out, const struct format_step *step, u64 value)
{
	char sign = take_sign(step, &value);
	bool hex = step->flags & FLAG_HEX;
	u32 padding = fill_of(step, (hex ? hex_len(value) : long_decimal_len(value)) + !!sign);

	if (!(step->flags & (FLAG_ZERO | FLAG_LEFT)))
		out = fill(out, ' ', padding);
	*out = sign;
	out += !!sign;
	if (pads_with_zeroes(step))
		out = fill(out, '0', padding);
	out = hex ? put_hex(out, value, step->flags & FLAG_UPPER) : put_decimal(out, value);
	if (step->flags & FLAG_LEFT)
		out = fill(out, ' ', padding);
	return out;
}

static char *put_straight_string(char *out, const struct format_step *step, u64 arg, u32 *used)
{
	u32 len, padding;
	long size;

	if (*used == BIN_ARGS_SIZE)
		return ERR_PTR(-ENOSPC);
	size = strncpy_from_nofault(out, (const void *)(unsigned long)arg, BIN_ARGS_SIZE - *used);
	len = max_of(size, 1l) - 1;
	*used += len + 1;
	padding = step->kind == CONV_STRING ? fill_of(step, len) : 0;
	if (likely(!padding))
		return out + len;
	if (step->flags & FLAG_LEFT)
		return fill(out + len, ' ', padding);
	memmove(out + padding, out, len);
	memset(out, ' ', padding);
	return out + padding + len;
}

static char *put_straight_ip(char *out, const struct format_step *step, u64 arg, u32 *used)
{
	bool padded = step->flags & FLAG_PADDED_IP;
	u32 size = step->kind == CONV_TEXT_IP4 ? 4 : 16, len;
	u8 ip[16];

	if (copy_from_nofault(ip, (const void *)(unsigned long)arg, size))
		memset(ip, 0, sizeof(ip));
	if (BIN_ARGS_SIZE - *used < size)
		return ERR_PTR(-ENOSPC);
	len = size == 4 ? format_ip4(out, ip, padded) : format_ip6(out, ip, padded);
	len = min_of(len, BIN_ARGS_SIZE - *used - 1);
	*used += len + 1;
	return out + len;
}

/* What is printed through a copy. */
static char *put_straight_copy(const struct bpf_format *format, const struct format_step *step,
			       u64 arg, char *buf, char *out, u32 *used)
{
	struct text text = {.buf = buf, .size = format->room, .len = out - buf};
	struct fetched fetched;
	struct bin_args bin;
	int err;

	bin.used = *used;
	err = fetch_arg(step, arg, &bin, &fetched);
	if (err)
		return ERR_PTR(err);
	*used = bin.used;
	put_conv(&text, step, &fetched);
	return buf + text.len;
}

/* What is not plain. @used: of the BIN_ARGS_SIZE. Returns where the text ends; -ENOSPC, -EINVAL. */
static __attribute__((noinline)) char *put_other(const struct bpf_format *format,
						 const struct format_step *step, u64 arg, char *buf,
						 char *out, u32 *used)
{
	int end;

	switch (step->kind) {
	case CONV_INVALID:
		return ERR_PTR(-EINVAL);
	case CONV_NUMBER:
	case CONV_POINTER:
		end = reserve_number(*used, step->flags & FLAG_WIDE ? 8 : 4);
		if (end < 0)
			return ERR_PTR(end);
		*used = end;
		return put_straight_number(out, step,
					   step->kind == CONV_POINTER ? ptr_hash(arg)
								      : number_of(step, arg));
	case CONV_STRING:
	case CONV_TEXT_STRING:
		return put_straight_string(out, step, arg, used);
	case CONV_TEXT_IP4:
	case CONV_TEXT_IP6:
		return put_straight_ip(out, step, arg, used);
	default:
		return put_straight_copy(format, step, arg, buf, out, used);
	}
}

static inline char *put_plain(char *out, const struct format_step *step, u64 arg)
{
	if (likely(step->plain == PLAIN_UNSIGNED))
		return put_decimal(out, step->wide ? arg : (u32)arg);
	if (step->plain == PLAIN_SIGNED)
		return put_straight_signed(out, step->wide ? (s64)arg : (s32)arg);
	return put_hex(out, step->wide ? arg : (u32)arg, false);
}

/* In these two the arguments are there, and format->room bytes from @buf on. The length is
 * returned. Numbers alone cannot take more than BIN_ARGS_SIZE. */
static long print_plain(const struct format_step *step, char *buf, const u64 *args)
{
	char *out = buf;

	for (u32 i = 0;; i++, step++) {
		out = put_straight_literal(out, step);
		if (step->plain == PLAIN_END)
			return out - buf;
		out = put_plain(out, step, arg_at(args, i));
	}
}

/* -ENOSPC, -EINVAL. */
static long print_straight(const struct bpf_format *format, char *buf, const u64 *args)
{
	const struct format_step *step = format->steps;
	char *out = buf;
	u32 used = 0;
	int end;

	for (u32 i = 0;; i++, step++) {
		out = put_straight_literal(out, step);
		if (step->plain == PLAIN_END)
			return out - buf;
		if (step->plain == PLAIN_NOT) {
			out = put_other(format, step, arg_at(args, i), buf, out, &used);
			if (unlikely(IS_ERR(out)))
				return PTR_ERR(out);
			continue;
		}
		end = reserve_number(used, step->wide ? 8 : 4);
		if (end < 0)
			return end;
		used = end;
		out = put_plain(out, step, arg_at(args, i));
	}
}

/* May a string that is to be printed lie where it is printed to? */
static bool prints_output(const struct bpf_format *format, const char *buf, const u64 *args)
{
	for (u32 i = 0; i < format->nr_convs; i++)
		if (step_reads_memory(&format->steps[i]) &&
		    arg_at(args, i) + BIN_ARGS_SIZE - (unsigned long)buf <
			    format->room + BIN_ARGS_SIZE)
			return true;
	return false;
}

long bpf_format_print_over(const struct bpf_format *format, char *buf, size_t size, const u64 *args,
			   u32 nr_args)
{
	if (unlikely(nr_args > MAX_BPRINTF_VARARGS))
		return -EINVAL;
	if (likely(can_be_straight(format, size, nr_args))) {
		if (likely(format->plain))
			return print_plain(format->steps, buf, args);
		if (!prints_output(format, buf, args))
			return print_straight(format, buf, args);
	}
	return print_with_care(format->steps, buf, size, args, nr_args);
}
