/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Formats and arguments at random: all conversions, flags and widths, text with %% and UTF-8, and
 * now and then what is no format. The same ones for the same seed.
 */
#ifndef PRINTF_RANDOM_FORMAT_H
#define PRINTF_RANDOM_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#define FMT_SIZE 256
#define MAX_ARGS 13 /* one more than may be */
#define OUT_SIZE 4096
#define MEM_SIZE 2048

/* Bytes that pointers point to: strings of several lengths, addresses. */
void fill_mem(char mem[MEM_SIZE]);

/* An argument that stands for the address of mem[@arg & 0xffff]. */
static inline bool is_pointer(uint64_t arg)
{
	return arg >> 48 == 0xbeef;
}

struct random_format {
	char fmt[FMT_SIZE];
	uint32_t nr_args;
	uint64_t args[MAX_ARGS];
	uint32_t fmt_size; /* as bpf_seq_printf is told */
	uint32_t size;	   /* of bpf_snprintf's output */
};

void random_format(uint64_t *seed, struct random_format *f);

#endif /* PRINTF_RANDOM_FORMAT_H */
