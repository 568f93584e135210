/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Iterator programs, attached and read to the end.
 */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "engine.h"

#define READ_SIZE 65536

/* Attach an iterator; @map: to the elements of this one, -1: it needs none. The link, or negative
 * errno. */
int session_attach(const struct engine *engine, int prog, int map);

/* Open a session, read it to the end into @buf (READ_SIZE bytes), close it. How many bytes there
 * were. */
ssize_t session_read(const struct engine *engine, int link, char *buf);

/* The same, each part of it where the iterator has it: of a runtime. */
ssize_t session_read_in_place(const struct engine *engine, int link);

/* Open a session and close it. 0, or negative errno. */
int session_open_only(const struct engine *engine, int link);

#endif /* BENCH_SESSION_H */
