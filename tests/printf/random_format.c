/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
#include "random_format.h"

#include <string.h>

/* Offsets in mem. */
enum {
	M_EMPTY = 0,
	M_HELLO = 8,
	M_HIGH = 24,
	M_IP = 40,
	M_LONG = 64,
	M_HALF = 704,
	M_NEARLY = 1024
};

void fill_mem(char mem[MEM_SIZE])
{
	static const unsigned char ip[16] = {0x20, 0x01, 0x0d, 0xb8, 0,	  1,   0,   10,
					     0xff, 0xfe, 7,    0,    100, 200, 255, 0};

	memset(mem, 0, MEM_SIZE);
	strcpy(mem + M_HELLO, "hello");
	strcpy(mem + M_HIGH, "a\x01\xff\tz%d");
	memcpy(mem + M_IP, ip, sizeof(ip));
	memset(mem + M_LONG, 'L', 600);
	memset(mem + M_HALF, 'h', 300);
	memset(mem + M_NEARLY, 'n', 503);
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return *seed >> 32;
}

static uint32_t below(uint64_t *seed, uint32_t n)
{
	return next(seed) % n;
}

static const char *pick(uint64_t *seed, const char *const *list, uint32_t nr)
{
	return list[below(seed, nr)];
}
#define PICK(...)                                                                                  \
	pick(seed, (const char *const[]){__VA_ARGS__},                                             \
	     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static uint64_t random_number(uint64_t *seed)
{
	uint64_t power = 1, n = next(seed) << 32 | next(seed);

	switch (below(seed, 6)) {
	case 0:
		return n;
	case 1:
		return n >> below(seed, 64);
	case 2:
		return below(seed, 1000);
	case 3:
		return -(uint64_t)below(seed, 5000);
	case 4:
		for (uint32_t i = below(seed, 20); i; i--)
			power *= 10;
		return power - below(seed, 3) + 1;
	default:
		return (1ull << below(seed, 64)) - below(seed, 2);
	}
}

/* Long strings take the room of others only with @cut. */
static uint64_t random_pointer(uint64_t *seed, bool cut)
{
	static const uint32_t mem[] = {M_EMPTY,	     M_HELLO, M_HELLO + 2, M_HIGH,  M_IP,
				       M_HALF + 285, M_HALF,  M_LONG,	   M_NEARLY};

	if (!below(seed, 12))
		return 0;
	return 0xbeefull << 48 | mem[below(seed, cut ? 9 : 6)];
}

static void random_text(uint64_t *seed, char *fmt)
{
	static const char *const invalid[] = {"\x01", "\a", "\x7f", "\x1b"};

	if (!below(seed, 80))
		strcat(fmt, pick(seed, invalid, 4));
	else
		strcat(fmt,
		       PICK("", "", "", " ", ",", "a", "7", "%%", ": ", "\n", "|", "%%%%", "x%%y",
			    "\t\v", "\xc3\xa9", "\xe2\x86\x92", "\xa0", "\xd7", "\x80", "(", "-",
			    "0123456789abcde", "0123456789abcdef", "0123456789abcdef0",
			    "some text of more than sixteen bytes and twice that"));
}

/*
 * A conversion and its argument. What Linux makes text of before it prints, %pI4 and the like, it
 * does not count where the output is full, and where its own buffer is full it goes on behind it:
 * with @cut, when one of them may be, there are none of those.
 */
static void random_conv(uint64_t *seed, char *fmt, uint64_t *arg, bool cut)
{
	strcat(fmt, "%");
	for (uint32_t n = below(seed, 3); n; n--)
		strcat(fmt, PICK("0", "-", "+", " "));
	if (!below(seed, 3))
		strcat(fmt, PICK("0", "1", "3", "8", "12", "16", "17", "25", "40", "130"));
	else if (cut && !below(seed, 20))
		strcat(fmt, PICK("900", "4000", "33000", "8388607", "4294967295", "4294967301"));
	*arg = random_number(seed);
	switch (below(seed, 18)) {
	case 0:
	case 1:
	case 2:
		strcat(fmt, cut ? "s" : PICK("s", "s", "s", "pks", "pus"));
		*arg = strstr(fmt, "pus") ? 0 : random_pointer(seed, cut);
		break;
	case 3:
		strcat(fmt, cut ? "s" : PICK("pI4", "pi4", "pI6", "pi6", "pI4x", "pI6c"));
		*arg = random_pointer(seed, cut);
		break;
	case 4:
		strcat(fmt, "c");
		break;
	case 5: /* what is no secret: others print another number each */
		strcat(fmt, PICK("p", "pK"));
		*arg = below(seed, 2) ? 0 : -(uint64_t)below(seed, 4095);
		break;
	case 6:
		strcat(fmt, PICK("px", "ps", "pS", cut ? "ps" : "pB"));
		*arg = below(seed, 1 << 16);
		break;
	case 7:
		strcat(fmt, "px");
		break;
	case 8:
		if (!below(seed, 3))
			strcat(fmt,
			       PICK("pxq", "hd", "hhu", "o", "#x", "%", "llld", "zu", ".3d", "*d",
				    "ls", "n", "pM", "pa", "pI5", "f", "1$d", "", "l", "e", "pk"));
		else
			strcat(fmt, "d");
		break;
	default:
		strcat(fmt, PICK("", "", "l", "ll"));
		strcat(fmt, PICK("d", "i", "u", "u", "x", "X"));
	}
}

void random_format(uint64_t *seed, struct random_format *f)
{
	static const uint32_t sizes[] = {1, 2, 7, 16, 40, 100, 512, 1024};
	uint32_t convs = below(seed, 8) ? below(seed, 5) : below(seed, 15);
	bool cut = !below(seed, 3);

	memset(f, 0, sizeof(*f));
	f->size = cut ? sizes[below(seed, 8)] : OUT_SIZE;
	random_text(seed, f->fmt);
	for (uint32_t i = 0; i < convs && strlen(f->fmt) < FMT_SIZE - 100; i++) {
		uint64_t arg;

		random_conv(seed, f->fmt, &arg, cut);
		random_text(seed, f->fmt);
		if (f->nr_args < MAX_ARGS)
			f->args[f->nr_args++] = arg;
	}
	if (!below(seed, 12) && f->nr_args)
		f->nr_args--;
	else if (!below(seed, 12) && f->nr_args < MAX_ARGS)
		f->args[f->nr_args++] = random_number(seed);
	f->fmt_size = (uint32_t)strlen(f->fmt) + 1;
	if (!below(seed, 20))
		f->fmt_size = 1 + below(seed, FMT_SIZE - 1);
}
