// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Command lines taken apart: words, options, numbers with unit suffixes. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define LINE 64

struct parsed {
	__u32 words;
	__u32 options;
	__u64 number;
	__u32 numbers;
	__u16 longest;
	__u16 program_len;
	char program[16];
};

static __always_inline bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static __always_inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static __noinline __u64 scale(__u64 number, char unit)
{
	switch (unit) {
	case 'k':
	case 'K':
		return number << 10;
	case 'm':
	case 'M':
		return number << 20;
	case 'g':
	case 'G':
		return number << 30;
	case 's':
		return number * 1000;
	case '%':
		return number * 10;
	default:
		return number;
	}
}

/* Global, so that the verifier need not follow what each way through a line leaves in it. */
struct scan {
	char line[LINE];
	struct parsed parsed;
	__u64 number;
	__u16 length;
	bool in_word, in_number;
} scan;

static __always_inline void end_word(void)
{
	if (scan.in_number)
		scan.parsed.number += scan.number;
	if (scan.length > scan.parsed.longest)
		scan.parsed.longest = scan.length;
	scan.in_word = scan.in_number = false;
	scan.length = 0;
}

static __always_inline void add_to_program(struct parsed *parsed, char c)
{
	if (c == '/')
		parsed->program_len = 0;
	else if (parsed->program_len < sizeof(parsed->program) - 1)
		parsed->program[parsed->program_len++ & 15] = c;
}

static long scan_char(__u32 i, void *unused)
{
	struct parsed *parsed = &scan.parsed;
	char c;

	if (i >= LINE)
		return 1;
	c = scan.line[i];
	if (!c || is_space(c)) {
		end_word();
		return !c;
	}
	if (!scan.in_word) {
		parsed->words++;
		parsed->options += c == '-';
		scan.in_word = true;
	}
	scan.length++;
	if (parsed->words == 1)
		add_to_program(parsed, c);
	if (is_digit(c)) {
		if (!scan.in_number) {
			parsed->numbers++;
			scan.number = 0;
		}
		scan.in_number = true;
		scan.number = scan.number * 10 + (c - '0');
	} else if (scan.in_number) {
		parsed->number += scale(scan.number, c);
		scan.in_number = false;
	}
	return 0;
}

SEC("iter/bpf_map_elem")
int task_args(struct bpf_iter__bpf_map_elem *ctx)
{
	struct parsed *parsed = &scan.parsed;
	struct task *task = ctx->value;
	__u32 *pid = ctx->key;

	if (!pid || !task)
		return 0;
	__builtin_memset(&scan, 0, sizeof(scan));
	__builtin_memcpy(scan.line, task->cmdline, LINE);
	bpf_loop(LINE, scan_char, NULL, 0);
	parsed->program[parsed->program_len & 15] = 0;
	BPF_SEQ_PRINTF(ctx->meta->seq, "%u %s: %u words %u options longest %u, %u numbers %llu\n",
		       *pid, parsed->program, parsed->words, parsed->options, parsed->longest,
		       parsed->numbers, parsed->number);
	return 0;
}
