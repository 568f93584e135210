/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a format is parsed into: steps, each a text and the conversion behind it. Between the files
 * that parse (bprintf_parse.c), fetch what arguments stand for (bprintf_fetch.c), and print.
 */
#ifndef PROG_BPRINTF_STEPS_H
#define PROG_BPRINTF_STEPS_H

#include <errno.h>
#include <string.h>

#include "prog/bprintf.h"

/* Room that fetched strings, and numbers, share. */
#define BIN_ARGS_SIZE 512
/* The longest number is 20 digits, the longest address an IPv6 one. */
#define CONV_SIZE 40

enum conv_kind {
	CONV_END,     /* of the format: text only */
	CONV_INVALID, /* Linux knows no such one: there is nothing behind it */
	CONV_NUMBER,
	CONV_CHAR,
	CONV_STRING,
	CONV_SYMBOL,  /* an address by name, with the width */
	CONV_POINTER, /* a number, hashed */
	/* Linux makes text of these before it prints, and forgets the width. */
	CONV_TEXT_STRING,
	CONV_TEXT_SYMBOL,
	CONV_TEXT_IP4,
	CONV_TEXT_IP6,
};

#define FLAG_LEFT 1u
#define FLAG_PLUS 2u
#define FLAG_SPACE 4u
#define FLAG_ZERO 8u
#define FLAG_SIGNED 16u
#define FLAG_HEX 32u
#define FLAG_UPPER 64u
#define FLAG_WIDE 128u	    /* 8 bytes, not 4 */
#define FLAG_PADDED_IP 256u /* %pi4 and %pi6 */

/* What is printed without looking at flags. */
enum plain_kind {
	PLAIN_NOT,
	PLAIN_END,
	PLAIN_UNSIGNED,
	PLAIN_SIGNED,
	PLAIN_HEX,
};

struct format_step {
	const char *literal; /* the text before */
	u32 literal_len;
	s32 width; /* < 0: none */
	u16 flags;
	u8 kind;
	u8 plain;
	bool wide;
	bool literal_percent; /* it has a %% in it */
};

struct bpf_format {
	/* Bytes that the longest text takes, and some more that printing may write on: PRINT_SLACK.
	 * 0: too many to know. */
	u32 room;
	bool plain;   /* all of it */
	bool strings; /* some are to be read: see BIN_ARGS_SIZE */
	u32 nr_convs;
	struct format_step steps[]; /* as of parse_format(); the literals are behind them */
};

/* As many bytes may be written to where fewer are left of a literal or a number. */
#define PRINT_SLACK 16

/* The last step is a CONV_END or CONV_INVALID, the only one of that kind. Returns its index, which
 * is the number of conversions. Literals lie in @fmt, which others may change meanwhile: what is
 * printed then is nonsense, and no more. */
u32 parse_format(const char *fmt, u32 fmt_size, struct format_step steps[MAX_BPRINTF_VARARGS + 1]);

/* The strings that arguments pointed to. */
struct bin_args {
	u32 used;
	char buf[BIN_ARGS_SIZE];
};

/* What is to be printed of an argument. */
struct fetched {
	u64 value;
	const char *string;
	u32 len; /* of the string */
};

static inline bool step_reads_memory(const struct format_step *step)
{
	return step->kind == CONV_STRING || step->kind == CONV_TEXT_STRING ||
	       step->kind == CONV_TEXT_IP4 || step->kind == CONV_TEXT_IP6;
}

/* What is before the digits of *@value, which loses its sign; 0: nothing. */
static inline char take_sign(const struct format_step *step, u64 *value)
{
	if (!(step->flags & FLAG_SIGNED))
		return 0;
	if ((s64)*value < 0) {
		*value = -*value;
		return '-';
	}
	return step->flags & FLAG_PLUS ? '+' : step->flags & FLAG_SPACE ? ' ' : 0;
}

static inline bool pads_with_zeroes(const struct format_step *step)
{
	return (step->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO;
}

/* 0, -ENOSPC. */
int fetch_arg(const struct format_step *step, u64 arg, struct bin_args *bin,
	      struct fetched *fetched);
u32 format_symbol(char buf[CONV_SIZE], u64 address);
u32 format_ip4(char buf[CONV_SIZE], const u8 ip[4], bool padded);
u32 format_ip6(char buf[CONV_SIZE], const u8 ip[16], bool padded);

static inline u64 arg_at(const u64 *args, u32 i)
{
	u64 arg;

	/* A program may have its arguments anywhere. */
	memcpy(&arg, (const u8 *)args + i * sizeof(arg), sizeof(arg));
	return arg;
}

/* Bytes that @size more take of the BIN_ARGS_SIZE, of which @used are taken: up to where they end;
 * -ENOSPC. Numbers are aligned. */
static inline int reserve_number(u32 used, u32 size)
{
	u32 at = round_up(used, 4);

	return BIN_ARGS_SIZE - at < size ? -ENOSPC : (int)(at + size);
}

/* The value of a number of which @arg has 8 bytes. */
static inline u64 number_of(const struct format_step *step, u64 arg)
{
	if (step->flags & FLAG_WIDE)
		return arg;
	return step->flags & FLAG_SIGNED ? (u64)(s32)arg : (u32)arg;
}

/* The output: what does not fit is counted only. */
struct text {
	char *buf;
	size_t size;
	size_t len;
};

/* bprintf.c: as bpf_format_print(). */
long print_with_care(const struct format_step *steps, char *buf, size_t size, const u64 *args,
		     u32 nr_args);

/* Where the longest text has room: see bpf_format_print_over(). */
static inline bool can_be_straight(const struct bpf_format *format, size_t size, u32 nr_args)
{
	return format->room && format->room <= size && format->nr_convs <= nr_args;
}

void put_literal(struct text *text, const struct format_step *step);
void put_conv(struct text *text, const struct format_step *step, const struct fetched *fetched);

#endif /* PROG_BPRINTF_STEPS_H */
