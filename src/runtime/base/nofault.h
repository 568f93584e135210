/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Memory that may not be there. The copies below stop at the first byte that cannot be read or
 * written instead of ending the process: for pointers that programs follow, and for those that
 * callers of bpf(2) hand in.
 *
 * How: the copy loops are a few instructions whose addresses are known. A SIGSEGV or SIGBUS there
 * continues at their error exit; every other fault goes to the handler that was installed before.
 * (x86-64; elsewhere process_vm_readv(2) and process_vm_writev(2) on ourselves.)
 */
#ifndef BASE_NOFAULT_H
#define BASE_NOFAULT_H

#include "base/types.h"
#ifdef __x86_64__
#include "base/nofault_x86.h"
#endif

/* Install the handler, once a process. Idempotent, from any thread. */
int nofault_init(void);

/*
 * A fault in a thread that blocks its signal ends the process. The copies and bpf_run_begin() call
 * this, which unblocks both the first time in each thread; a thread that blocks them again later is
 * on its own.
 */
extern __thread bool nofault_thread_ready __attribute__((tls_model("initial-exec")));
void nofault_unblock(void);

static inline void nofault_thread_init(void)
{
	if (unlikely(!nofault_thread_ready))
		nofault_unblock();
}

/* 0, or -EFAULT. On a fault the destination's contents are unspecified. Any address may be given:
 * NULL, unmapped, non-canonical, wrapping around. */
int copy_from_nofault(void *dst, const void *unsafe_src, size_t size);
int copy_to_nofault(void *unsafe_dst, const void *src, size_t size);

/*
 * Copy a string of at most @size bytes with its NUL, cutting it if need be: what is in @dst always
 * ends with a NUL (size > 0). Returns the length with the NUL, or -EFAULT.
 */
long strncpy_from_nofault(char *dst, const void *unsafe_src, long size);

/* Load 1, 2, 4 or 8 bytes, zero-extended; 0 where the address is bad. The hot path of
 * BPF_PROBE_MEM. */
u64 load_nofault(const void *unsafe_src, u32 size);

/* Who is asked about faults in code that was made at run time: where to go on after one at @ip, 0
 * if it is none of theirs, and in @clear which register, by the processor's number, is to be 0
 * then. From the signal handler, on the thread that faulted. */
void nofault_set_made_code(unsigned long (*resume)(unsigned long ip, u32 *clear));

/* bpf(2)'s user pointers: addresses in this process as u64. */
static inline int copy_from_user(void *dst, u64 src, size_t size)
{
	return copy_from_nofault(dst, (const void *)(unsigned long)src, size);
}

static inline int copy_to_user(u64 dst, const void *src, size_t size)
{
	return copy_to_nofault((void *)(unsigned long)dst, src, size);
}

/* The same where most sizes are those of a small key or value. The caller has called
 * nofault_thread_init() before. */
static inline int __copy_from_user(void *dst, u64 src, size_t size)
{
#ifdef __x86_64__
	if (likely(size == 4 || size == 8 || size == 16 || size == 32))
		return copy_nofault_small(dst, (const void *)(unsigned long)src, size);
#endif
	return copy_from_user(dst, src, size);
}

static inline int __copy_to_user(u64 dst, const void *src, size_t size)
{
#ifdef __x86_64__
	if (likely(size == 4 || size == 8 || size == 16 || size == 32))
		return copy_nofault_small((void *)(unsigned long)dst, src, size);
#endif
	return copy_to_user(dst, src, size);
}

/* copy_from_user into malloc'd memory, which the caller frees; ERR_PTR(-ENOMEM or -EFAULT). */
void *memdup_user(u64 src, size_t size);

/* 0 if the @size bytes at @src are zero, 1 if one is not, -EFAULT. The second is quick where @size
 * is what the attributes of bpf(2) have behind those of a command; see __copy_from_user(). */
int check_zeroed_user(u64 src, size_t size);

static inline int __check_zeroed_user(u64 src, size_t size)
{
#ifdef __x86_64__
	u64 seen;

	if (likely(size < 256 && size % 8 == 0))
		return or_words(src, size, &seen) ? -EFAULT : seen != 0;
#endif
	return check_zeroed_user(src, size);
}

#endif /* BASE_NOFAULT_H */
