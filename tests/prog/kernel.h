/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The kernel as the oracle: a few commands of bpf(2), each a plain call. */
#ifndef TESTS_PROG_KERNEL_H
#define TESTS_PROG_KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

/* May this process load programs, and is the kernel the one whose behaviour the runtime has? */
bool kernel_usable(void);
/* Why not, for skip_because(). */
const char *kernel_unusable_reason(void);

/* An ARRAY of one value of @size bytes, set to @value unless NULL; the fd, -errno. */
int kernel_array(size_t size, __u32 flags, const void *value);
int kernel_array_set(int fd, const void *value);
int kernel_array_get(int fd, void *value);
int kernel_map_freeze(int fd);

/* Load a SYSCALL program; the fd, -errno. @fds: for BPF_PSEUDO_MAP_IDX, or NULL. */
int kernel_load(const struct bpf_insn *insns, size_t nr, const int *fds);
/* Run it: its result, 32 bits, in @ret; 0, -errno. */
int kernel_run(int fd, __u32 *ret);
int kernel_tag(int fd, __u8 tag[BPF_TAG_SIZE]);

#endif /* TESTS_PROG_KERNEL_H */
