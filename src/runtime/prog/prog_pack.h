/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Memory for native code (kernel: bpf_prog_pack in kernel/bpf/core.c). A page is writable until it
 * is sealed and executable from then on, never both.
 */
#ifndef PROG_PROG_PACK_H
#define PROG_PROG_PACK_H

#include "base/types.h"

/*
 * Writable memory for at least @size bytes of code; ERR_PTR(-ENOMEM). To be given to
 * prog_pack_seal() once, and to prog_pack_free() in the end, with the same @size. Any thread.
 */
void *prog_pack_alloc(u32 size);
/* Executable from here on. 0; -EACCES or -EPERM where the system does not let memory become so. */
int prog_pack_seal(void *code, u32 size);
/* Nobody runs it any more. NULL: nothing. */
void prog_pack_free(void *code, u32 size);

#endif /* PROG_PROG_PACK_H */
