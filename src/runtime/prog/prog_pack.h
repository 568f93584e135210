/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Memory for native code, which programs share (kernel: bpf_prog_pack in kernel/bpf/core.c).
 *
 * No mapping is ever writable and executable. What is to run is made elsewhere and copied in, by
 * way of another mapping of the same pages that can be written, lies at an address of its own, and
 * is gone when the copy is done (kernel: text_poke). What nobody uses is filled with traps.
 *
 * All is shared by the runtimes of a process and may be called from any thread. A child of fork(2)
 * shares what is there with its parent, so neither writes to it from then on: both have new memory
 * for new code, and what a program of before leaves is used again by none.
 */
#ifndef PROG_PROG_PACK_H
#define PROG_PROG_PACK_H

#include "base/types.h"

/*
 * Where @size bytes of code may come to lie. To be given to prog_pack_write() once, and to
 * prog_pack_free() in the end. ERR_PTR(-ENOTSUP): there is no executable memory to be had, by the
 * system's rules or limits; ERR_PTR(-ENOMEM).
 */
void *prog_pack_alloc(u32 size);
/*
 * Put @used bytes of @bytes at @code, of the @size that were asked for; the room behind them goes
 * back, and @used is the size from here on. Nobody runs it yet. 0; -ENOTSUP as above, then @size is
 * still the size.
 */
int prog_pack_write(void *code, const void *bytes, u32 used, u32 size);
/* Nobody runs it any more. NULL: nothing. */
void prog_pack_free(void *code, u32 size);

#endif /* PROG_PROG_PACK_H */
