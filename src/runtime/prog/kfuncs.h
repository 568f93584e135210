/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The kfuncs of the runtime: K(result, name, arguments). The prototypes and the built-in BTF
 * (btf/vmlinux.c) come from this list; the file that defines a kfunc also registers it, with its
 * flags, in a set (prog/kfunc.h).
 */
#ifndef PROG_KFUNCS_H
#define PROG_KFUNCS_H

#include "base/bpf_types.h"

#define BPF_CPUMASK_KFUNCS(K)                                                                      \
	K(struct bpf_cpumask *, bpf_cpumask_create, void)                                          \
	K(struct bpf_cpumask *, bpf_cpumask_acquire, struct bpf_cpumask *cpumask)                  \
	K(void, bpf_cpumask_release, struct bpf_cpumask *cpumask)                                  \
	K(u32, bpf_cpumask_first, const struct cpumask *cpumask)                                   \
	K(u32, bpf_cpumask_first_zero, const struct cpumask *cpumask)                              \
	K(u32, bpf_cpumask_first_and, const struct cpumask *src1, const struct cpumask *src2)      \
	K(void, bpf_cpumask_set_cpu, u32 cpu, struct bpf_cpumask *cpumask)                         \
	K(void, bpf_cpumask_clear_cpu, u32 cpu, struct bpf_cpumask *cpumask)                       \
	K(bool, bpf_cpumask_test_cpu, u32 cpu, const struct cpumask *cpumask)                      \
	K(bool, bpf_cpumask_test_and_set_cpu, u32 cpu, struct bpf_cpumask *cpumask)                \
	K(bool, bpf_cpumask_test_and_clear_cpu, u32 cpu, struct bpf_cpumask *cpumask)              \
	K(void, bpf_cpumask_setall, struct bpf_cpumask *cpumask)                                   \
	K(void, bpf_cpumask_clear, struct bpf_cpumask *cpumask)                                    \
	K(bool, bpf_cpumask_and, struct bpf_cpumask *dst, const struct cpumask *src1,              \
	  const struct cpumask *src2)                                                              \
	K(void, bpf_cpumask_or, struct bpf_cpumask *dst, const struct cpumask *src1,               \
	  const struct cpumask *src2)                                                              \
	K(void, bpf_cpumask_xor, struct bpf_cpumask *dst, const struct cpumask *src1,              \
	  const struct cpumask *src2)                                                              \
	K(bool, bpf_cpumask_equal, const struct cpumask *src1, const struct cpumask *src2)         \
	K(bool, bpf_cpumask_intersects, const struct cpumask *src1, const struct cpumask *src2)    \
	K(bool, bpf_cpumask_subset, const struct cpumask *src1, const struct cpumask *src2)        \
	K(bool, bpf_cpumask_empty, const struct cpumask *cpumask)                                  \
	K(bool, bpf_cpumask_full, const struct cpumask *cpumask)                                   \
	K(void, bpf_cpumask_copy, struct bpf_cpumask *dst, const struct cpumask *src)              \
	K(int, bpf_cpumask_populate, struct cpumask *cpumask, void *src, size_t src__sz)           \
	K(u32, bpf_cpumask_any_distribute, const struct cpumask *cpumask)                          \
	K(u32, bpf_cpumask_any_and_distribute, const struct cpumask *src1,                         \
	  const struct cpumask *src2)                                                              \
	K(u32, bpf_cpumask_weight, const struct cpumask *cpumask)

#define BPF_ITERATOR_KFUNCS(K)                                                                     \
	K(int, bpf_iter_num_new, struct bpf_iter_num *it, int start, int end)                      \
	K(int *, bpf_iter_num_next, struct bpf_iter_num *it)                                       \
	K(void, bpf_iter_num_destroy, struct bpf_iter_num *it)                                     \
	K(int, bpf_iter_bits_new, struct bpf_iter_bits *it, const u64 *unsafe_ptr__ign,            \
	  u32 nr_words)                                                                            \
	K(int *, bpf_iter_bits_next, struct bpf_iter_bits *it)                                     \
	K(void, bpf_iter_bits_destroy, struct bpf_iter_bits *it)

#define BPF_DYNPTR_KFUNCS(K)                                                                       \
	K(void *, bpf_dynptr_slice, const struct bpf_dynptr *p, u32 offset, void *buffer__opt,     \
	  u32 buffer__szk)                                                                         \
	K(void *, bpf_dynptr_slice_rdwr, const struct bpf_dynptr *p, u32 offset,                   \
	  void *buffer__opt, u32 buffer__szk)                                                      \
	K(int, bpf_dynptr_adjust, const struct bpf_dynptr *p, u32 start, u32 end)                  \
	K(bool, bpf_dynptr_is_null, const struct bpf_dynptr *p)                                    \
	K(bool, bpf_dynptr_is_rdonly, const struct bpf_dynptr *p)                                  \
	K(u32, bpf_dynptr_size, const struct bpf_dynptr *p)                                        \
	K(int, bpf_dynptr_clone, const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit)     \
	K(int, bpf_dynptr_copy, struct bpf_dynptr *dst_ptr, u32 dst_off,                           \
	  struct bpf_dynptr *src_ptr, u32 src_off, u32 size)                                       \
	K(int, bpf_dynptr_memset, struct bpf_dynptr *p, u32 offset, u32 size, u8 val)              \
	K(int, bpf_dynptr_from_skb, struct __sk_buff *s, u64 flags,                                \
	  struct bpf_dynptr *ptr__uninit)                                                          \
	K(int, bpf_dynptr_from_xdp, struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)   \
	K(int, bpf_probe_read_user_dynptr, struct bpf_dynptr *dptr, u32 off, u32 size,             \
	  const void *unsafe_ptr__ign)                                                             \
	K(int, bpf_probe_read_kernel_dynptr, struct bpf_dynptr *dptr, u32 off, u32 size,           \
	  const void *unsafe_ptr__ign)                                                             \
	K(int, bpf_copy_from_user_dynptr, struct bpf_dynptr *dptr, u32 off, u32 size,              \
	  const void *unsafe_ptr__ign)                                                             \
	K(int, bpf_probe_read_user_str_dynptr, struct bpf_dynptr *dptr, u32 off, u32 size,         \
	  const void *unsafe_ptr__ign)                                                             \
	K(int, bpf_probe_read_kernel_str_dynptr, struct bpf_dynptr *dptr, u32 off, u32 size,       \
	  const void *unsafe_ptr__ign)                                                             \
	K(int, bpf_copy_from_user_str_dynptr, struct bpf_dynptr *dptr, u32 off, u32 size,          \
	  const void *unsafe_ptr__ign)

#define BPF_STRING_KFUNCS(K)                                                                       \
	K(int, bpf_strcmp, const char *s1__ign, const char *s2__ign)                               \
	K(int, bpf_strcasecmp, const char *s1__ign, const char *s2__ign)                           \
	K(int, bpf_strchr, const char *s__ign, char c)                                             \
	K(int, bpf_strchrnul, const char *s__ign, char c)                                          \
	K(int, bpf_strnchr, const char *s__ign, size_t count, char c)                              \
	K(int, bpf_strrchr, const char *s__ign, int c)                                             \
	K(int, bpf_strlen, const char *s__ign)                                                     \
	K(int, bpf_strnlen, const char *s__ign, size_t count)                                      \
	K(int, bpf_strspn, const char *s__ign, const char *accept__ign)                            \
	K(int, bpf_strcspn, const char *s__ign, const char *reject__ign)                           \
	K(int, bpf_strstr, const char *s1__ign, const char *s2__ign)                               \
	K(int, bpf_strnstr, const char *s1__ign, const char *s2__ign, size_t len)

#define BPF_MARKER_KFUNCS(K)                                                                       \
	K(void, bpf_rcu_read_lock, void)                                                           \
	K(void, bpf_rcu_read_unlock, void)                                                         \
	K(void, bpf_preempt_disable, void)                                                         \
	K(void, bpf_preempt_enable, void)                                                          \
	K(void, bpf_local_irq_save, unsigned long *flags__irq_flag)                                \
	K(void, bpf_local_irq_restore, unsigned long *flags__irq_flag)                             \
	K(void *, bpf_rdonly_cast, const void *obj__ign, u32 btf_id__k)                            \
	K(void *, bpf_cast_to_kern_ctx, void *obj)

#define BPF_COPY_USER_KFUNCS(K)                                                                    \
	K(int, bpf_copy_from_user_str, void *dst, u32 dst__sz, const void *unsafe_ptr__ign,        \
	  u64 flags)

#define BPF_KFUNCS(K)                                                                              \
	K(s64, bpf_map_sum_elem_count, const struct bpf_map *map)                                  \
	BPF_CPUMASK_KFUNCS(K)                                                                      \
	BPF_ITERATOR_KFUNCS(K)                                                                     \
	BPF_DYNPTR_KFUNCS(K)                                                                       \
	BPF_STRING_KFUNCS(K)                                                                       \
	BPF_MARKER_KFUNCS(K)                                                                       \
	BPF_COPY_USER_KFUNCS(K)

#endif /* PROG_KFUNCS_H */
