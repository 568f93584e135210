/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What no iterator tells: asked object by object, of those that have been found. An object that is
 * gone by then stays as it was found.
 */
#ifndef CLI_OBJECTS_DETAILS_H
#define CLI_OBJECTS_DETAILS_H

#include <linux/bpf.h>

#include "look.h"

/* Each: 0, -ENOMEM, or why it cannot be asked. */

/* One object as a record of what bpf(2) tells; none of one that is gone. */
int object_put(struct look *look, enum sort sort, __u32 id);
/* The same of a program, of which this is a descriptor. */
int program_put(struct look *look, int fd);

/*
 * Of *@sorts (a set of 1 << enum sort) those that bpf(2) tells as well as an iterator, and sooner:
 * no more than @few objects, or none. Those that are left are in *@sorts then. 0 or -ENOMEM.
 */
int few_read(struct look *look, unsigned int wanted, size_t few, unsigned int *sorts);

/* program->attach_to of those with an attach_btf_id, which is of the kernel's own types. */
int attach_names_find(struct look *look);

/* objects->btfs */
int btfs_read(struct look *look);
/* link->info, link->text of @all links; link->map_id of those that register one. */
int link_details(struct look *look, bool all);
/* Of a program: what its record did not have; with @statistics, its statistics. */
int program_details(struct look *look, bool statistics);
/* program->bytes_memlock where it is not known; of one, of which @fd is a descriptor. */
int program_memory(struct look *look);
int program_memory_of(struct look *look, struct program *program, int fd);
/* map->bytes_memlock with @memory; owner_prog_type and owner_jited. */
int map_details(struct look *look, bool memory);
/* objects->pins */
int pins_find(struct look *look);
/* References HAS_ELEMENT. */
int elements_find(struct look *look);
/* Whether a map of maps has this one, or may have it, as it cannot be read: 1, 0, or -ENOMEM. */
int elements_have_map(const struct objects *objects, __u32 id);

#endif /* CLI_OBJECTS_DETAILS_H */
