/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The kfuncs of the runtime: K(result, name, arguments). The prototypes and the built-in BTF
 * (btf/vmlinux.c) come from this list; the file that defines a kfunc also registers it, with its
 * flags, in a set (prog/kfunc.h).
 */
#ifndef PROG_KFUNCS_H
#define PROG_KFUNCS_H

#include "base/bpf_types.h"

#define BPF_KFUNCS(K) K(s64, bpf_map_sum_elem_count, const struct bpf_map *map)

#endif /* PROG_KFUNCS_H */
