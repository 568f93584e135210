/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf_strtol and bpf_strtoul: a number at the beginning of a buffer that need not end with a NUL,
 * and how many characters it takes (kernel: __bpf_strtoull() of kernel/bpf/helpers.c, and
 * lib/kstrtox.c). libc's functions know other spaces and bases, and ask the locale.
 */
#include <errno.h>
#include <limits.h>

#include "prog/helper.h"

#define BASE_MASK 0x1full
#define MAX_NUMBER_LEN 63 /* what stands behind is not looked at */

struct text {
	const char *p, *end;
};

static bool is_space(char c)
{
	/* 0xa0: the no-break space of Latin-1, which the kernel speaks. */
	return c == ' ' || (c >= '\t' && c <= '\r') || (u8)c == 0xa0;
}

/* 0 behind the end, as of a string. */
static char char_at(const struct text *text, size_t i)
{
	return i < (size_t)(text->end - text->p) ? text->p[i] : 0;
}

/* Above any base: no digit. */
static u32 digit_of(char c)
{
	char lower = c | 0x20;

	if (c >= '0' && c <= '9')
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? (u32)(lower - 'a' + 10) : UINT_MAX;
}

/* What is said by a leading 0 or 0x, which is taken. */
static u32 take_base(struct text *text, u32 base)
{
	bool hex = char_at(text, 0) == '0' && (char_at(text, 1) | 0x20) == 'x';

	if (!base) {
		base = 10;
		if (char_at(text, 0) == '0')
			base = hex && digit_of(char_at(text, 2)) < 16 ? 16 : 8;
	}
	if (base == 16 && hex)
		text->p += 2;
	return base;
}

static int take_digits(struct text *text, u32 base, u64 *number)
{
	const char *first = text->p;
	bool overflow = false;
	u64 n = 0;

	for (; digit_of(char_at(text, 0)) < base; text->p++) {
		overflow |= __builtin_mul_overflow(n, base, &n);
		overflow |= __builtin_add_overflow(n, digit_of(*text->p), &n);
	}
	*number = n;
	if (overflow)
		return -ERANGE;
	return text->p == first ? -EINVAL : 0;
}

/* The sign and the rest of the number; how many characters both take. */
static int parse(const char *buf, u32 size, u64 flags, u64 *number, bool *negative)
{
	struct text text = {buf, buf + size};
	u32 base = flags & BASE_MASK;
	int err;

	if ((flags & ~BASE_MASK) || (base && base != 8 && base != 10 && base != 16))
		return -EINVAL;
	while (text.p < text.end && is_space(*text.p))
		text.p++;
	*negative = char_at(&text, 0) == '-';
	text.p += *negative;
	if (text.end - text.p > MAX_NUMBER_LEN)
		text.end = text.p + MAX_NUMBER_LEN;
	base = take_base(&text, base);
	err = take_digits(&text, base, number);
	return err ? err : (int)(text.p - buf);
}

static u64 helper_strtol(u64 buf, u64 size, u64 flags, u64 result, u64 r5)
{
	s64 *res = (s64 *)(unsigned long)result;
	bool negative;
	u64 number;
	int taken = parse((const char *)(unsigned long)buf, size, flags, &number, &negative);

	*res = 0;
	if (taken < 0)
		return (s64)taken;
	if (number > (u64)LLONG_MAX + negative)
		return (s64)-ERANGE;
	*res = negative ? -number : number;
	return taken;
}

static u64 helper_strtoul(u64 buf, u64 size, u64 flags, u64 result, u64 r5)
{
	u64 *res = (u64 *)(unsigned long)result, number;
	bool negative;
	int taken = parse((const char *)(unsigned long)buf, size, flags, &number, &negative);

	*res = 0;
	if (taken < 0)
		return (s64)taken;
	if (negative)
		return (s64)-EINVAL;
	*res = number;
	return taken;
}

#define STRTOX_PROTO(func_)                                                                        \
	{                                                                                          \
		.func = func_, .ret_type = RET_INTEGER,                                            \
		.arg_type = {MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE, ARG_ANYTHING,            \
			     MEM_FIXED_SIZE | MEM_ALIGNED | ARG_PTR_TO_UNINIT_MEM},                \
		.arg_size = {[3] = sizeof(u64)},                                                   \
	}

const struct bpf_helper bpf_strtox_helpers[] = {
	{BPF_FUNC_strtol, "bpf_strtol", STRTOX_PROTO(helper_strtol)},
	{BPF_FUNC_strtoul, "bpf_strtoul", STRTOX_PROTO(helper_strtoul)},
};
const size_t bpf_strtox_helpers_nr = ARRAY_SIZE(bpf_strtox_helpers);
