/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Keys and values of the maps of values.bpf.c: whoever includes this has __u8 and so on. */
#ifndef ZOO_SHAPES_H
#define ZOO_SHAPES_H

enum zoo_mood { CALM, CURIOUS = 3, ANGRY = 7 };
enum zoo_degrees { FREEZING = -40, MILD = 20 };

typedef __u32 zoo_number;
typedef const volatile zoo_number zoo_number_of_numbers;

struct zoo_numbers {
	__u8 u8;
	__s8 s8;
	__u16 u16;
	__s16 s16;
	__u32 u32;
	__s32 s32;
	__u64 u64;
	__s64 s64;
	_Bool yes;
	_Bool no;
	char letter;
	zoo_number_of_numbers typed;
	enum zoo_mood mood;
	enum zoo_mood no_mood; /* a number without a name */
	enum zoo_degrees degrees;
};

struct zoo_bits {
	__u32 one : 1;
	__u32 five : 5;
	__s32 negative : 7;
	__u32 to_the_end : 19;
	__u64 wide : 33;
	__u64 : 3;
	__u64 top : 28;
	__u8 low : 4, high : 4;
	enum zoo_mood mood : 3;
	_Bool flag : 1;
};

struct zoo_texts {
	char text[12];
	char full[4];	   /* to the last byte */
	char escaped[10];  /* controls, quotes */
	char after_end[8]; /* bytes behind the end */
	char none[4];
	unsigned char octets[3];
	signed char octets_signed[3];
	char lines[2][4];
};

struct zoo_nest {
	struct {
		struct {
			__s16 x, y;
		} at[2][3];
		__u32 numbers[2];
	} nested;
	union {
		__u32 number;
		__u8 octets[4];
		struct {
			__u16 low, high;
		};
	};
	struct {
		__u32 anonymous;
		union {
			__u64 deep;
			__s64 deep_signed;
		};
	};
	union {
		__u32 a;
		__s16 b;
	} named;
	struct {
	} nothing;
};

struct zoo_pointers {
	void *to_nothing;
	struct zoo_pointers *to_itself;
	const char *to_text;
	int (*function)(int, void *);
	void *array[2];
};

struct zoo_key {
	__u16 row;
	char column[2];
	enum zoo_mood mood;
};

struct zoo_prefix {
	__u32 prefixlen;
	__u8 address[4];
};

struct zoo_flexible {
	__u32 nr;
	__u32 items[];
};

#endif /* ZOO_SHAPES_H */
