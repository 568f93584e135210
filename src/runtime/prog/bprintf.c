/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Printing, in one of two ways that give the same text.
 *
 * With care: first everything is fetched, so that an error leaves the output alone; then it is
 * printed, and what has no room is counted only. That is how a format is printed that was not known
 * before, or where there is little room.
 *
 * Straight: where the longest text has room, each argument is fetched and printed at once, digits
 * and strings to where they belong. Short texts and numbers are stored with what is behind them.
 *
 * Measured on an AMD EPYC, in processor time: "%u: %llu\n" with numbers of 6 digits takes 14 ns, as
 * long as a loop in C that divides by 10 and copies (17 ns); parsed each time, 54 ns; libc's
 * snprintf 64 ns.
 *
 * Otherwise than in Linux: %ps, %pS and %pB print the address, as Linux prints one that it has no
 * symbol for; %pI4 and its kin count in the length also where the buffer is full already.
 */
#include "prog/bprintf.h"

#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "prog/bprintf_steps.h"
#include "prog/digits.h"

int reserve_number(u32 used, u32 size)
{
	u32 at = round_up(used, 4);

	return BIN_ARGS_SIZE - at < size ? -ENOSPC : (int)(at + size);
}

/* A program may have its arguments anywhere. */
static u64 arg_at(const u64 *args, u32 i)
{
	u64 arg;

	memcpy(&arg, (const u8 *)args + i * sizeof(arg), sizeof(arg));
	return arg;
}

static long print_with_care(const struct format_step *steps, char *buf, size_t size,
			    const u64 *args, u32 nr_args)
{
	struct fetched fetched[MAX_BPRINTF_VARARGS];
	struct text text = {.buf = buf, .size = size};
	struct bin_args bin;
	u32 i;
	int err;

	bin.used = 0;
	for (i = 0; steps[i].kind != CONV_END; i++) {
		if (steps[i].kind == CONV_INVALID || i == nr_args)
			return -EINVAL;
		err = fetch_arg(&steps[i], arg_at(args, i), &bin, &fetched[i]);
		if (err)
			return err;
	}
	for (i = 0;; i++) {
		put_literal(&text, &steps[i]);
		if (steps[i].kind == CONV_END)
			break;
		put_conv(&text, &steps[i], &fetched[i]);
	}
	if (size)
		buf[min_of(text.len, size - 1)] = 0;
	return text.len;
}

/* See PRINT_SLACK. */
static inline char *put_straight_literal(char *out, const struct format_step *step)
{
	memcpy(out, step->literal, PRINT_SLACK);
	if (unlikely(step->literal_len > PRINT_SLACK))
		memcpy(out + PRINT_SLACK, step->literal + PRINT_SLACK,
		       step->literal_len - PRINT_SLACK);
	return out + step->literal_len;
}

static inline char *put_straight_signed(char *out, s64 value)
{
	*out = '-';
	return put_decimal(out + (value < 0), value < 0 ? -(u64)value : (u64)value);
}

/* Any other conversion. @used: of the BIN_ARGS_SIZE. Returns where the text ends; errors as below.
 */
static __attribute__((noinline)) char *put_other(const struct bpf_format *format, u32 i, u64 arg,
						 char *buf, char *out, u32 *used)
{
	const struct format_step *step = &format->steps[i];
	struct text text = {.buf = buf, .size = format->room, .len = out - buf};
	struct fetched fetched;
	struct bin_args bin;
	int err;

	if (step->kind == CONV_INVALID)
		return ERR_PTR(-EINVAL);
	bin.used = *used;
	err = fetch_arg(step, arg, &bin, &fetched);
	if (err)
		return ERR_PTR(err);
	*used = bin.used;
	put_conv(&text, step, &fetched);
	return buf + text.len;
}

/*
 * The arguments are there, and format->room bytes from @buf on. Returns the length; -ENOSPC and
 * -EINVAL as above. Where there are no @strings, numbers cannot be too many.
 */
static inline __attribute__((always_inline)) long
print_straight(const struct bpf_format *format, char *buf, const u64 *args, bool strings)
{
	const struct format_step *step = format->steps;
	char *out = buf;
	u32 used = 0, i;

	for (i = 0;; i++, step++) {
		int taken = 0;
		u64 arg;

		out = put_straight_literal(out, step);
		if (step->plain == PLAIN_END)
			return out - buf;
		arg = arg_at(args, i);
		switch (step->plain) {
		case PLAIN_U32:
			out = put_decimal(out, (u32)arg);
			break;
		case PLAIN_U64:
			out = put_decimal(out, arg);
			break;
		case PLAIN_S32:
			out = put_straight_signed(out, (s32)arg);
			break;
		case PLAIN_S64:
			out = put_straight_signed(out, arg);
			break;
		case PLAIN_HEX32:
			out = put_hex(out, (u32)arg, false);
			break;
		case PLAIN_HEX64:
			out = put_hex(out, arg, false);
			break;
		default:
			out = put_other(format, i, arg, buf, out, &used);
			if (IS_ERR(out))
				return PTR_ERR(out);
			continue;
		}
		if (strings) {
			taken = reserve_number(used, step->flags & FLAG_WIDE ? 8 : 4);
			if (taken < 0)
				return taken;
			used = taken;
		}
	}
}

long bpf_bprintf(char *buf, size_t size, const char *fmt, u32 fmt_size, const u64 *args,
		 u32 nr_args)
{
	struct format_step steps[MAX_BPRINTF_VARARGS + 1];

	if (nr_args > MAX_BPRINTF_VARARGS)
		return -EINVAL;
	parse_format(fmt, fmt_size, steps);
	return print_with_care(steps, buf, size, args, nr_args);
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

static bool can_be_straight(const struct bpf_format *format, size_t size, u32 nr_args)
{
	return format->room && format->room <= size && format->nr_convs <= nr_args;
}

long bpf_format_print_over(const struct bpf_format *format, char *buf, size_t size, const u64 *args,
			   u32 nr_args)
{
	if (unlikely(nr_args > MAX_BPRINTF_VARARGS))
		return -EINVAL;
	if (likely(can_be_straight(format, size, nr_args))) {
		if (!format->strings)
			return print_straight(format, buf, args, false);
		if (!prints_output(format, buf, args))
			return print_straight(format, buf, args, true);
	}
	return print_with_care(format->steps, buf, size, args, nr_args);
}

/* The arguments, and what they point to, may lie where the text goes. */
long bpf_format_print(const struct bpf_format *format, char *buf, size_t size, const u64 *args,
		      u32 nr_args)
{
	char text[MAX_BPRINTF_BUF];
	long len;

	if (nr_args > MAX_BPRINTF_VARARGS)
		return -EINVAL;
	if (!can_be_straight(format, sizeof(text), nr_args))
		return print_with_care(format->steps, buf, size, args, nr_args);
	len = bpf_format_print_over(format, text, sizeof(text), args, nr_args);
	if (len >= 0 && size) {
		size_t shown = min_of((size_t)len, size - 1);

		memcpy(buf, text, shown);
		buf[shown] = 0;
	}
	return len;
}
