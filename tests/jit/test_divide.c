/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Division by numbers that are known, compiled and interpreted: every kind of it, by all small
 * divisors, by those around powers of two and by random ones; of dividends where quotients change,
 * at the edges of what there is, and of random ones.
 */
#include "base/vcpu.h"
#include "jit/jit.h"
#include "prog/prog_pack.h"
#include "test.h"

#define KINDS 8 /* unsigned or signed, division or remainder, of 64 or 32 bits */
#define SMALL 300
#define RANDOM_DIVISORS 1000
#define RANDOM_DIVIDENDS 24

static u64 random_state = 1;

/* Of 32 bits and fewer as often as not. */
static u64 random_number(void)
{
	u64 z;

	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	z = random_state ^ random_state >> 29;
	return z >> (z >> 7 & 63);
}

struct memory {
	u64 dividend, results[KINDS];
};

struct divisions {
	struct bpf_prog_aux aux;
	struct bpf_prog prog;
	struct bpf_insn insns[3 * KINDS + 2];
};

static struct bpf_insn insn(u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	return (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

/* Each kind of it in another register. */
static void make(struct divisions *d, s32 divisor)
{
	static const u8 regs[KINDS] = {0, 2, 3, 4, 5, 2, 3, 4};
	struct bpf_insn *next = d->insns;

	for (u32 kind = 0; kind < KINDS; kind++) {
		u8 code = (kind & 1 ? BPF_MOD : BPF_DIV) | (kind & 2 ? BPF_ALU : BPF_ALU64);

		*next++ = insn(BPF_LDX | BPF_MEM | BPF_DW, regs[kind], 1, 0, 0);
		*next++ = insn(code | BPF_K, regs[kind], 0, kind >> 2, divisor);
		*next++ = insn(BPF_STX | BPF_MEM | BPF_DW, 1, regs[kind],
			       offsetof(struct memory, results) + 8 * kind, 0);
	}
	*next++ = insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	*next++ = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	d->aux = (struct bpf_prog_aux){0};
	d->prog = (struct bpf_prog){.aux = &d->aux, .insnsi = d->insns, .len = next - d->insns};
	assert_int_equal(bpf_jit_compile(&d->prog), 0);
}

static void check(const struct divisions *d, s32 divisor, u64 dividend)
{
	struct memory interpreted = {.dividend = dividend}, native = interpreted;

	bpf_interp(d->insns, (unsigned long)&interpreted, 0);
	((u64(*)(struct memory *))(unsigned long)d->prog.bpf_func)(&native);
	for (u32 kind = 0; kind < KINDS; kind++)
		if (interpreted.results[kind] != native.results[kind])
			fail_msg("%#llx by %d, kind %u: interpreted %#llx, native %#llx", dividend,
				 divisor, kind, interpreted.results[kind], native.results[kind]);
}

static void check_divisor(s32 divisor)
{
	static const u64 edges[] = {0,		1ull << 31, 1ull << 32, 1ull << 62,
				    1ull << 63, -(u64)1,    3ull << 31, 0x7fffffff00000000};
	struct divisions d;

	make(&d, divisor);
	for (u32 i = 0; i < ARRAY_SIZE(edges); i++)
		for (s64 j = -2; j <= 2; j++) {
			u64 near = edges[i] + j;
			u64 below = divisor ? near - near % (u64)(s64)divisor : near;
			u64 below32 = divisor ? near - (u32)near % (u32)divisor : near;

			check(&d, divisor, near);
			/* Where quotients change. */
			check(&d, divisor, below + j);
			check(&d, divisor, -(below + j));
			check(&d, divisor, below32 + j);
			check(&d, divisor, -(below32 + j));
		}
	for (u32 i = 0; i < RANDOM_DIVIDENDS; i++) {
		u64 dividend = random_number(), multiple = random_number() * (u64)(s64)divisor;

		check(&d, divisor, dividend);
		check(&d, divisor, -dividend);
		check(&d, divisor, multiple);
		check(&d, divisor, multiple - 1);
	}
	bpf_jit_image_free(d.aux.jit);
}

static void check_both(u32 divisor)
{
	check_divisor(divisor);
	check_divisor(-divisor);
}

static void test_small(void **state)
{
	for (u32 divisor = 0; divisor <= SMALL; divisor++)
		check_both(divisor);
}

static void test_around_powers(void **state)
{
	for (u32 bit = 8; bit < 32; bit++)
		for (s32 i = -3; i <= 3; i++) {
			check_both((1u << bit) + i);
			check_both((3u << bit) + i);
		}
}

static void test_common(void **state)
{
	static const u32 divisors[] = {365,	400,	    641,	1000,	   1460,
				       3600,	36524,	    86400,	146097,	   1000000,
				       6700417, 1000000000, 2147483629, 0x55555555};

	for (u32 i = 0; i < ARRAY_SIZE(divisors); i++)
		check_both(divisors[i]);
}

static void test_random(void **state)
{
	for (u32 i = 0; i < RANDOM_DIVISORS; i++)
		check_both(random_number());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_around_powers),
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("division by numbers", tests, NULL, NULL);
}
