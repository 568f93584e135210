/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Copies from memory of a process, which in Linux may have to be brought in first, so that only
 * programs that may sleep can make them (kernel: kernel/bpf/helpers.c). Here the process is this
 * one, and nothing sleeps; a bad address is told from a good one as in every other place.
 */
#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "prog/helper.h"
#include "prog/kfunc.h"

#ifndef BPF_F_PAD_ZEROS
#define BPF_F_PAD_ZEROS (1ull << 0)
#endif

static u64 bpf_copy_from_user(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	void *dst = (void *)(unsigned long)r1;
	u32 size = r2;
	int err = copy_from_nofault(dst, (const void *)(unsigned long)r3, size);

	/* What a program reads of its buffer then must not be what was there before. */
	if (err)
		memset(dst, 0, size);
	return (s64)err;
}

int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags)
{
	long len;

	if (flags & ~(u64)BPF_F_PAD_ZEROS)
		return -EINVAL;
	if (!dst__sz)
		return 0;
	/* A program may pass a size with what may be NULL. */
	if (!dst)
		return -EFAULT;
	len = strncpy_from_nofault(dst, unsafe_ptr__ign, dst__sz);
	if (flags & BPF_F_PAD_ZEROS)
		memset((char *)dst + (len > 0 ? len : 0), 0, dst__sz - (len > 0 ? len : 0));
	return (int)len;
}

const struct bpf_helper bpf_copy_user_helpers[] = {
	{BPF_FUNC_copy_from_user,
	 "bpf_copy_from_user",
	 {.func = bpf_copy_from_user,
	  .might_sleep = true,
	  .ret_type = RET_INTEGER,
	  .arg_type = {ARG_PTR_TO_UNINIT_MEM, ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING}}},
};
const size_t bpf_copy_user_helpers_nr = ARRAY_SIZE(bpf_copy_user_helpers);

static const struct btf_kfunc kfuncs[] = {
	BTF_KFUNC(bpf_copy_from_user_str, KF_SLEEPABLE),
};
const struct btf_kfunc_id_set bpf_copy_user_kfunc_set = {kfuncs, ARRAY_SIZE(kfuncs)};
