/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Printing with care: first everything is fetched, so that an error leaves the output alone; then
 * it is printed, and what has no room is counted only. That is how a format is printed that was not
 * known before, or where there is little room; otherwise see bprintf_straight.c.
 *
 * Otherwise than in Linux: %ps, %pS and %pB print the address, as Linux prints one that it has no
 * symbol for; %pI4 and its kin count in the length also where the buffer is full already; where one
 * of them or %pB was cut for want of room, what follows is -ENOSPC, and not behind the buffer.
 */
#include "prog/bprintf.h"

#include <errno.h>
#include <string.h>

#include "prog/bprintf_steps.h"

long print_with_care(const struct format_step *steps, char *buf, size_t size, const u64 *args,
		     u32 nr_args)
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

long bpf_bprintf(char *buf, size_t size, const char *fmt, u32 fmt_size, const u64 *args,
		 u32 nr_args)
{
	struct format_step steps[MAX_BPRINTF_VARARGS + 1];

	if (nr_args > MAX_BPRINTF_VARARGS)
		return -EINVAL;
	parse_format(fmt, fmt_size, steps);
	return print_with_care(steps, buf, size, args, nr_args);
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
