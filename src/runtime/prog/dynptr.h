/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What programs do with dynptrs, whoever made them.
 */
#ifndef PROG_DYNPTR_H
#define PROG_DYNPTR_H

#include "base/dynptr.h"
#include "base/func.h"

/* bpf_dynptr_from_mem, _read, _write, _data: for bpf_helper_register(). */
extern const struct bpf_helper bpf_dynptr_helpers[];
extern const size_t bpf_dynptr_helpers_nr;

#endif /* PROG_DYNPTR_H */
