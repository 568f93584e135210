/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What libbpf says. It is kept, not printed: the commands make one line of it. Commands run in one
 * thread.
 */
#ifndef CLI_LIBBPF_LOG_H
#define CLI_LIBBPF_LOG_H

#include <stddef.h>

/* Keep what libbpf says from now on. */
void libbpf_log_start(void);

/* Forget what was said so far. */
void libbpf_log_clear(void);

/* The first warning since then that holds @word (NULL: any), without "libbpf: "; or NULL. */
const char *libbpf_log_find(const char *word);

/*
 * The first CO-RE relocation since then that libbpf replaced by an instruction no verifier accepts,
 * because the engine's types have no such field, type or value; or NULL. In code that is never
 * reached it does no harm.
 */
const char *libbpf_log_unresolved(void);

/* Print all that is kept on standard error (--verbose), and forget it. */
void libbpf_log_print(void);

/* Keep @text, which is long, for libbpf_log_print(). */
void libbpf_log_attach(const char *text);

#endif /* CLI_LIBBPF_LOG_H */
