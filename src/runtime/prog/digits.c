/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Of numbers the long ones. */
#include "prog/digits.h"

u32 long_decimal_len(u64 v)
{
	u32 len = 0;

	for (; v >= 100000000; v /= 100000000)
		len += 8;
	return len + decimal_len(v);
}

char *put_long_decimal(char *out, u64 v)
{
	const u32 eight_digits = 100000000;
	u64 high = v / eight_digits;

	if (high < eight_digits) {
		out = put_decimal_below_100000000(out, high);
	} else {
		out = put_decimal_below_100000000(out, high / eight_digits);
		out = put_decimal_digits(out, decimal_digits(high % eight_digits), 8);
	}
	return put_decimal_digits(out, decimal_digits(v % eight_digits), 8);
}
