/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * PROG_ARRAY, and the tail calls that are made through it: bpf_tail_call() leaves a program for
 * another one, which gets the same context, or goes on if there is none.
 *
 * Verification leaves an instruction of its own in the place of the call (BPF_TAIL_CALL), since no
 * function could leave the one that called it. Whatever executes programs asks here for the next
 * one, so that tail calls are counted alike.
 */
#ifndef PROG_PROG_ARRAY_H
#define PROG_PROG_ARRAY_H

#include "map/map.h"
#include "prog/prog.h"

extern const struct bpf_map_ops prog_array_map_ops;

/*
 * The programs of an array fit each other and those that call them: one type, attached to one kind
 * of function, executed in one way. The first one decides, be it put in or one that uses the map,
 * and for as long as the map lives. Whether @prog fits all that it uses is part of loading it. 0;
 * -EINVAL.
 */
int bpf_check_tail_call(const struct bpf_prog *prog);
/* False: no program has had to do with the array yet. */
bool bpf_prog_array_owner(const struct bpf_map *map, u32 *type, bool *jited);

/* The program at @index, for the run under way, which counts it; NULL: there is none, or it would
 * be one call more than MAX_TAIL_CALL_CNT. */
const struct bpf_prog *bpf_prog_array_next(const struct bpf_map *map, u32 index);

extern const struct bpf_helper bpf_prog_array_helpers[];
extern const size_t bpf_prog_array_helpers_nr;

#endif /* PROG_PROG_ARRAY_H */
