/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Names of the kernel's C dialect that the runtime is written in. Safe to include from code that
 * is compiled for the BPF target, too (btf/vmlinux.c).
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#ifndef __cplusplus
#include <stdbool.h>
#include <stddef.h>
#endif

typedef struct {
	s64 counter;
} atomic64_t;

/* What call_rcu_head() needs of an object; see base/rcu.h. */
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))
#define round_up(x, to) ((((x) + (to)-1) / (to)) * (to))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#ifndef container_of
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#endif
#define min_of(a, b) ((a) < (b) ? (a) : (b))
#define max_of(a, b) ((a) > (b) ? (a) : (b))

static inline s64 atomic64_read(const atomic64_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);
}

static inline void atomic64_set(atomic64_t *v, s64 i)
{
	__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);
}

static inline s64 atomic64_add_return(s64 i, atomic64_t *v)
{
	return __atomic_add_fetch(&v->counter, i, __ATOMIC_ACQ_REL);
}

#define atomic64_inc(v) ((void)atomic64_add_return(1, v))
#define atomic64_dec(v) ((void)atomic64_add_return(-1, v))
#define atomic64_dec_and_test(v) (atomic64_add_return(-1, v) == 0)

/* Add one unless the value is zero, which it then stays: false. */
static inline bool atomic64_inc_not_zero(atomic64_t *v)
{
	s64 old = __atomic_load_n(&v->counter, __ATOMIC_RELAXED);

	while (old && !__atomic_compare_exchange_n(&v->counter, &old, old + 1, true,
						   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	return old != 0;
}

/* A pointer that holds a negative errno instead, as in the kernel's err.h. */
#define MAX_ERRNO 4095
static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (unsigned long)ptr >= (unsigned long)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

#endif /* BASE_TYPES_H */
