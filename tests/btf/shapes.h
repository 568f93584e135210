/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Structures to walk: compiled for BPF (their BTF) and for the test (their offsets). */
#ifndef TESTS_BTF_SHAPES_H
#define TESTS_BTF_SHAPES_H

struct target {
	long a;
};

struct inner {
	int x;
	short y;
	char c[6];
};

struct deep {
	struct inner first;
	struct target *ptr;
};

struct unknown;
typedef struct target *target_ptr;
enum colour { RED, GREEN };

struct shapes {
	int number;
	/* a hole */
	long wide;
	struct inner inner;
	struct inner many[3];
	int grid[2][3];
	struct target *ptr;
	void *nothing;
	int *to_int;
	const struct target *const to_const;
	target_ptr to_typedef;
	struct target *ptrs[4];
	struct target *(*matrix[2])(int);
	unsigned int bits_a : 3;
	unsigned int bits_b : 13;
	unsigned int : 8;
	unsigned int bits_c : 8;
	union {
		int small;
		long large;
		struct target *ptr_in_union;
	} u;
	union {
		struct target *only;
	} single;
	struct unknown *declared;
	enum colour colour;
	struct {
		int anonymous;
	};
	struct deep deep;
	char tail;
};

struct flex_struct {
	int nr;
	struct inner items[];
};

struct flex_int {
	int nr;
	int items[];
};

struct flex_ptr {
	long nr;
	void *items[];
};

struct nothing {
};

#endif /* TESTS_BTF_SHAPES_H */
