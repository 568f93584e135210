/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a format is parsed into: steps, each a text and the conversion behind it. Between the files
 * that parse (bprintf_parse.c), fetch what arguments stand for (bprintf_fetch.c), and print.
 */
#ifndef PROG_BPRINTF_STEPS_H
#define PROG_BPRINTF_STEPS_H

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
	CONV_POINTER, /* hashed */
	CONV_ADDRESS, /* raw */
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

/* Conversions that need nothing but their argument. */
enum plain_kind {
	PLAIN_NOT,
	PLAIN_END,
	PLAIN_U32,
	PLAIN_U64,
	PLAIN_S32,
	PLAIN_S64,
	PLAIN_HEX32,
	PLAIN_HEX64,
	PLAIN_STRING,
};

struct format_step {
	const char *literal; /* the text before */
	u32 literal_len;
	s32 width; /* -1: none */
	u16 flags;
	u8 kind;
	u8 plain : 7;
	u8 literal_percent : 1; /* it has a %% in it */
};

struct bpf_format {
	/* Bytes that the longest text takes, and some more that printing may write on: PRINT_SLACK.
	 * 0: too many to know. */
	u32 room;
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

bool step_reads_memory(const struct format_step *step);
/* 0, -ENOSPC. */
int fetch_arg(const struct format_step *step, u64 arg, struct bin_args *bin,
	      struct fetched *fetched);
u32 format_symbol(char buf[CONV_SIZE], u64 address);

/* Bytes that @size more take of the BIN_ARGS_SIZE, of which @used are taken: up to where they end;
 * -ENOSPC. Numbers are aligned. */
int reserve_number(u32 used, u32 size);

/* The output: what does not fit is counted only. */
struct text {
	char *buf;
	size_t size;
	size_t len;
};

void put_literal(struct text *text, const struct format_step *step);
void put_conv(struct text *text, const struct format_step *step, const struct fetched *fetched);

#endif /* PROG_BPRINTF_STEPS_H */
