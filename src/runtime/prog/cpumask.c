/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Sets of CPUs, which programs make, hold and give back (kernel: kernel/bpf/cpumask.c). The CPUs
 * are the virtual ones of the runtime: of num_possible_cpus there are bits, the rest of the
 * structure stays zero. A program that was verified gives back each set that it got, or leaves it
 * to a value of a map; so what is allocated ends with the run, or with the map. Who has read the
 * pointer from there may use the set, which others may give back, until the RCU section ends: it is
 * freed after a grace period. Bits are set and read by atomic operations, as in Linux.
 *
 * A set may also be plain memory of the program, at any address: words are read and written
 * unaligned, and atomic operations work on single bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rcu.h"
#include "base/runtime.h"
#include "prog/kfunc.h"
#include "prog/prog.h"

#define BITS_PER_LONG (8 * sizeof(unsigned long))

static u32 nr_cpus(void)
{
	return bpf_current->prog->aux->rt->num_possible_cpus;
}

static u32 nr_words(void)
{
	return round_up(nr_cpus(), BITS_PER_LONG) / BITS_PER_LONG;
}

/* Which bits of word @i are CPUs. */
static unsigned long word_mask(u32 i)
{
	u32 left = nr_cpus() - i * BITS_PER_LONG;

	return left >= BITS_PER_LONG ? ~0ul : (1ul << left) - 1;
}

struct unaligned_word {
	unsigned long word;
} __attribute__((packed));

static unsigned long read_word(const struct cpumask *mask, u32 i)
{
	return ((const struct unaligned_word *)mask)[i].word;
}

static void write_word(struct bpf_cpumask *mask, u32 i, unsigned long word)
{
	((struct unaligned_word *)mask)[i].word = word;
}

static u8 *byte_of(const void *mask, u32 cpu)
{
	u32 byte = cpu / 8;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		byte ^= sizeof(unsigned long) - 1;
	return (u8 *)mask + byte;
}

static u8 bit_of(u32 cpu)
{
	return (u8)(1u << cpu % 8);
}

struct counted_mask {
	struct bpf_cpumask mask;
	struct callback_head rcu;
};

static void free_mask(struct callback_head *head)
{
	free(container_of(head, struct counted_mask, rcu));
}

struct bpf_cpumask *bpf_cpumask_create(void)
{
	struct counted_mask *counted = calloc(1, sizeof(*counted));

	if (!counted)
		return NULL;
	counted->mask.usage.refs = 1;
	return &counted->mask;
}

struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *cpumask)
{
	__atomic_add_fetch(&cpumask->usage.refs, 1, __ATOMIC_RELAXED);
	return cpumask;
}

void bpf_cpumask_release(struct bpf_cpumask *cpumask)
{
	struct counted_mask *counted = container_of(cpumask, struct counted_mask, mask);

	if (!__atomic_sub_fetch(&cpumask->usage.refs, 1, __ATOMIC_ACQ_REL))
		call_rcu_head(&counted->rcu, free_mask);
}

void bpf_cpumask_release_dtor(void *cpumask)
{
	bpf_cpumask_release(cpumask);
}

/* --- one CPU ---------------------------------------------------------------------------------- */

void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	if (cpu < nr_cpus())
		__atomic_fetch_or(byte_of(cpumask, cpu), bit_of(cpu), __ATOMIC_RELAXED);
}

void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	if (cpu < nr_cpus())
		__atomic_fetch_and(byte_of(cpumask, cpu), (u8)~bit_of(cpu), __ATOMIC_RELAXED);
}

bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask)
{
	return cpu < nr_cpus() && (READ_ONCE(*byte_of(cpumask, cpu)) & bit_of(cpu));
}

bool bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	return cpu < nr_cpus() &&
	       (__atomic_fetch_or(byte_of(cpumask, cpu), bit_of(cpu), __ATOMIC_ACQ_REL) &
		bit_of(cpu));
}

bool bpf_cpumask_test_and_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	return cpu < nr_cpus() &&
	       (__atomic_fetch_and(byte_of(cpumask, cpu), (u8)~bit_of(cpu), __ATOMIC_ACQ_REL) &
		bit_of(cpu));
}

/* --- the first CPU of some, nr_cpus(): none --------------------------------------------------- */

/* Of those in both, at or after @from; @flip: 0, or ~0 for those that are not in the first. */
static u32 find_cpu(const struct cpumask *a, const struct cpumask *b, unsigned long flip, u32 from)
{
	unsigned long word;
	u32 i;

	for (i = from / BITS_PER_LONG; i < nr_words(); i++) {
		word = (read_word(a, i) ^ flip) & read_word(b, i) & word_mask(i);
		if (i == from / BITS_PER_LONG)
			word &= ~0ul << from % BITS_PER_LONG;
		if (word)
			return i * BITS_PER_LONG + (u32)__builtin_ctzl(word);
	}
	return nr_cpus();
}

u32 bpf_cpumask_first(const struct cpumask *cpumask)
{
	return find_cpu(cpumask, cpumask, 0, 0);
}

u32 bpf_cpumask_first_zero(const struct cpumask *cpumask)
{
	u32 i;

	for (i = 0; i < nr_words(); i++)
		if (~read_word(cpumask, i) & word_mask(i))
			return i * BITS_PER_LONG +
			       (u32)__builtin_ctzl(~read_word(cpumask, i) & word_mask(i));
	return nr_cpus();
}

u32 bpf_cpumask_first_and(const struct cpumask *src1, const struct cpumask *src2)
{
	return find_cpu(src1, src2, 0, 0);
}

/* Each thread goes round, from where it was last. */
u32 bpf_cpumask_any_and_distribute(const struct cpumask *src1, const struct cpumask *src2)
{
	static __thread u32 last;
	u32 cpu = last + 1 < nr_cpus() ? find_cpu(src1, src2, 0, last + 1) : nr_cpus();

	if (cpu == nr_cpus())
		cpu = find_cpu(src1, src2, 0, 0);
	if (cpu < nr_cpus())
		last = cpu;
	return cpu;
}

u32 bpf_cpumask_any_distribute(const struct cpumask *cpumask)
{
	return bpf_cpumask_any_and_distribute(cpumask, cpumask);
}

/* --- whole sets ------------------------------------------------------------------------------- */

void bpf_cpumask_setall(struct bpf_cpumask *cpumask)
{
	for (u32 i = 0; i < nr_words(); i++)
		write_word(cpumask, i, word_mask(i));
}

void bpf_cpumask_clear(struct bpf_cpumask *cpumask)
{
	for (u32 i = 0; i < nr_words(); i++)
		write_word(cpumask, i, 0);
}

bool bpf_cpumask_and(struct bpf_cpumask *dst, const struct cpumask *src1,
		     const struct cpumask *src2)
{
	unsigned long any = 0;

	for (u32 i = 0; i < nr_words(); i++) {
		unsigned long word = read_word(src1, i) & read_word(src2, i) & word_mask(i);

		write_word(dst, i, word);
		any |= word;
	}
	return any;
}

void bpf_cpumask_or(struct bpf_cpumask *dst, const struct cpumask *src1, const struct cpumask *src2)
{
	for (u32 i = 0; i < nr_words(); i++)
		write_word(dst, i, read_word(src1, i) | read_word(src2, i));
}

void bpf_cpumask_xor(struct bpf_cpumask *dst, const struct cpumask *src1,
		     const struct cpumask *src2)
{
	for (u32 i = 0; i < nr_words(); i++)
		write_word(dst, i, read_word(src1, i) ^ read_word(src2, i));
}

void bpf_cpumask_copy(struct bpf_cpumask *dst, const struct cpumask *src)
{
	for (u32 i = 0; i < nr_words(); i++)
		write_word(dst, i, read_word(src, i));
}

int bpf_cpumask_populate(struct cpumask *cpumask, void *src, size_t src__sz)
{
	if (src__sz < nr_words() * sizeof(unsigned long))
		return -EACCES;
	memmove(cpumask, src, nr_words() * sizeof(unsigned long));
	return 0;
}

bool bpf_cpumask_equal(const struct cpumask *src1, const struct cpumask *src2)
{
	for (u32 i = 0; i < nr_words(); i++)
		if ((read_word(src1, i) ^ read_word(src2, i)) & word_mask(i))
			return false;
	return true;
}

bool bpf_cpumask_intersects(const struct cpumask *src1, const struct cpumask *src2)
{
	return find_cpu(src1, src2, 0, 0) < nr_cpus();
}

/* Is each CPU of the first in the second? */
bool bpf_cpumask_subset(const struct cpumask *src1, const struct cpumask *src2)
{
	return find_cpu(src2, src1, ~0ul, 0) == nr_cpus();
}

bool bpf_cpumask_empty(const struct cpumask *cpumask)
{
	return bpf_cpumask_first(cpumask) == nr_cpus();
}

bool bpf_cpumask_full(const struct cpumask *cpumask)
{
	return bpf_cpumask_first_zero(cpumask) == nr_cpus();
}

u32 bpf_cpumask_weight(const struct cpumask *cpumask)
{
	u32 weight = 0;

	for (u32 i = 0; i < nr_words(); i++)
		weight += (u32)__builtin_popcountl(read_word(cpumask, i) & word_mask(i));
	return weight;
}

#define CPUMASK(name) BTF_KFUNC(bpf_cpumask_##name, KF_RCU)

static const struct btf_kfunc bpf_cpumask_kfuncs[] = {
	BTF_KFUNC(bpf_cpumask_create, KF_ACQUIRE | KF_RET_NULL),
	BTF_KFUNC(bpf_cpumask_release, KF_RELEASE),
	BTF_KFUNC(bpf_cpumask_acquire, KF_ACQUIRE | KF_TRUSTED_ARGS),
	CPUMASK(first),
	CPUMASK(first_zero),
	CPUMASK(first_and),
	CPUMASK(set_cpu),
	CPUMASK(clear_cpu),
	CPUMASK(test_cpu),
	CPUMASK(test_and_set_cpu),
	CPUMASK(test_and_clear_cpu),
	CPUMASK(setall),
	CPUMASK(clear),
	CPUMASK(and),
	CPUMASK(or),
	CPUMASK(xor),
	CPUMASK(equal),
	CPUMASK(intersects),
	CPUMASK(subset),
	CPUMASK(empty),
	CPUMASK(full),
	CPUMASK(copy),
	CPUMASK(populate),
	CPUMASK(any_distribute),
	CPUMASK(any_and_distribute),
	CPUMASK(weight),
};

const struct btf_kfunc_id_set bpf_cpumask_kfunc_set = {
	.set = bpf_cpumask_kfuncs,
	.nr = ARRAY_SIZE(bpf_cpumask_kfuncs),
};
