/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The helpers of the process, by number. Rooms register tables of them (base/func.h) when the
 * first runtime opens; after that the table does not change.
 */
#ifndef PROG_HELPER_H
#define PROG_HELPER_H

#include "base/func.h"

#define BPF_HELPERS_MAX 256
#define BPF_MAX_LOOPS (8u << 20) /* of one bpf_loop */

/* Code by number, for execution; NULL where there is none. */
extern u64 (*bpf_helper_funcs[BPF_HELPERS_MAX])(u64, u64, u64, u64, u64);

void bpf_helpers_register(const struct bpf_helper *helpers, size_t nr);
/* NULL: no such helper. Whether @prog may call it is helper->allowed's to say. */
const struct bpf_helper *bpf_helper_by_id(u32 id);

/*
 * bpf_ktime_get_ns, bpf_loop, bpf_strncmp, bpf_probe_read_kernel ... (prog/helpers.c).
 * bpf_trace_printk and bpf_trace_vprintk write a line "bpf_trace_printk: TEXT" to standard error.
 * bpf_probe_read_* of any bad address is -EFAULT; Linux tells -ERANGE where it never looks.
 */
extern const struct bpf_helper bpf_base_helpers[];
extern const size_t bpf_base_helpers_nr;
/* bpf_copy_from_user (prog/copy_user.c). */
extern const struct bpf_helper bpf_copy_user_helpers[];
extern const size_t bpf_copy_user_helpers_nr;
/* bpf_strtol and bpf_strtoul (prog/strtox.c). */
extern const struct bpf_helper bpf_strtox_helpers[];
extern const size_t bpf_strtox_helpers_nr;
/* The ends of XDP packets and the bytes between them (prog/xdp_helpers.c). */
extern const struct bpf_helper bpf_xdp_helpers[];
extern const size_t bpf_xdp_helpers_nr;
/* bpf_redirect (prog/redirect.c): the program's result is to say where the packet goes. */
extern const struct bpf_helper bpf_redirect_helpers[];
extern const size_t bpf_redirect_helpers_nr;
/* Perf events, of which there are none, and what probes are asked for (prog/trace_helpers.c). */
extern const struct bpf_helper bpf_trace_helpers[];
extern const size_t bpf_trace_helpers_nr;

#endif /* PROG_HELPER_H */
