/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Iterators that a program keeps on its stack: the numbers of a range, the bits of a bitmap
 * (kernel: bpf_iter_num in kernel/bpf/bpf_iter.c, bpf_iter_bits in kernel/bpf/helpers.c). The
 * verifier sees to it that nobody else writes to them from _new to _destroy, whatever _new
 * returned.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/nofault.h"
#include "prog/helper.h"
#include "prog/kfunc.h"

/* --- numbers ---------------------------------------------------------------------------------- */

/* The last one that was given, and the first one that will not be. */
struct num_iter {
	s32 cur, end;
};
_Static_assert(sizeof(struct num_iter) == sizeof(struct bpf_iter_num), "the same place");

int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)
{
	struct num_iter *num = (struct num_iter *)it;

	*num = (struct num_iter){0};
	if (start > end)
		return -EINVAL;
	if ((s64)end - start > BPF_MAX_LOOPS)
		return -E2BIG;
	num->cur = (s32)((u32)start - 1);
	num->end = end;
	return 0;
}

int *bpf_iter_num_next(struct bpf_iter_num *it)
{
	struct num_iter *num = (struct num_iter *)it;
	s32 next = (s32)((u32)num->cur + 1);

	if (next >= num->end) {
		*num = (struct num_iter){0};
		return NULL;
	}
	num->cur = next;
	return &num->cur;
}

void bpf_iter_num_destroy(struct bpf_iter_num *it)
{
	*(struct num_iter *)it = (struct num_iter){0};
}

/* --- bits ------------------------------------------------------------------------------------- */

#define MAX_BITS_WORDS 511

/* The words, or a single one itself; how many bits, the last one that was given. */
struct bits_iter {
	union {
		u64 *words;
		u64 word;
	};
	s32 nr_bits, bit;
};
_Static_assert(sizeof(struct bits_iter) == sizeof(struct bpf_iter_bits), "the same place");

static const u64 *bits_words(const struct bits_iter *bits)
{
	return bits->nr_bits > 64 ? bits->words : &bits->word;
}

int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *unsafe_ptr__ign, u32 nr_words)
{
	struct bits_iter *bits = (struct bits_iter *)it;
	u64 *words;

	*bits = (struct bits_iter){.bit = -1};
	if (!unsafe_ptr__ign || !nr_words)
		return -EINVAL;
	if (nr_words > MAX_BITS_WORDS)
		return -E2BIG;
	if (nr_words == 1) {
		if (copy_from_nofault(&bits->word, unsafe_ptr__ign, sizeof(u64)))
			return -EFAULT;
	} else {
		words = malloc(nr_words * sizeof(u64));
		if (!words)
			return -ENOMEM;
		if (copy_from_nofault(words, unsafe_ptr__ign, nr_words * sizeof(u64))) {
			free(words);
			return -EFAULT;
		}
		bits->words = words;
	}
	bits->nr_bits = (s32)nr_words * 64;
	return 0;
}

int *bpf_iter_bits_next(struct bpf_iter_bits *it)
{
	struct bits_iter *bits = (struct bits_iter *)it;
	const u64 *words = bits_words(bits);
	s32 bit = bits->bit + 1;

	while (bit < bits->nr_bits) {
		u64 left = words[bit / 64] >> bit % 64;

		if (left) {
			bits->bit = bit + __builtin_ctzll(left);
			return &bits->bit;
		}
		bit = (bit / 64 + 1) * 64;
	}
	/* It stays at its end. */
	bits->bit = bits->nr_bits - 1;
	return NULL;
}

void bpf_iter_bits_destroy(struct bpf_iter_bits *it)
{
	struct bits_iter *bits = (struct bits_iter *)it;

	if (bits->nr_bits > 64)
		free(bits->words);
	*bits = (struct bits_iter){0};
}

#define ITERATOR(name)                                                                             \
	BTF_KFUNC(bpf_iter_##name##_new, KF_ITER_NEW),                                             \
		BTF_KFUNC(bpf_iter_##name##_next, KF_ITER_NEXT | KF_RET_NULL),                     \
		BTF_KFUNC(bpf_iter_##name##_destroy, KF_ITER_DESTROY)

static const struct btf_kfunc bpf_iterator_kfuncs[] = {
	ITERATOR(num),
	ITERATOR(bits),
};

const struct btf_kfunc_id_set bpf_iterator_kfunc_set = {
	.set = bpf_iterator_kfuncs,
	.nr = ARRAY_SIZE(bpf_iterator_kfuncs),
};
