/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One look at an engine, while it is being taken.
 *
 * What there is of a sort of objects comes as records (src/bpf/records.h), in one of several ways:
 * from an iterator that is loaded as a light skeleton, from the same iterator loaded by libbpf, or
 * made here from what bpf(2) tells object by object. All end in look_take().
 */
#ifndef CLI_OBJECTS_LOOK_H
#define CLI_OBJECTS_LOOK_H

#include "objects.h"

enum sort { SORT_PROGRAMS, SORT_MAPS, SORT_LINKS, SORT_HOLDERS, NR_SORTS };

/* What the look itself makes in the engine, which is not to be shown. */
#define MAX_OWN 32

struct own {
	__u32 ids[NR_OBJECT_KINDS][MAX_OWN];
	size_t nr[NR_OBJECT_KINDS];
};

#define LOOK_BUFFER_SIZE (128u << 10) /* twice the longest record */

struct look {
	struct objects *objects;
	struct own own;
	size_t room_programs, room_maps, room_links, room_btfs, room_references, room_holders,
		room_pins, room_left_out;
	struct program *program; /* what texts and lists are of that come next; NULL: not shown */
	size_t used;		 /* of the buffer */
	char buffer[LOOK_BUFFER_SIZE];
};

/* A way to get the records of a sort: 0 or -errno. */
struct way {
	const char *name;
	int (*read)(struct look *look, enum sort sort);
};

extern const struct way light_way, skeleton_way, syscall_way;

/* What WANT_INSIDE says of the programs that were taken. Linux from 5.17 on; 0 or -errno. */
int look_inside(struct look *look);

/*
 * Take what was put behind look->buffer + look->used, @size bytes, up to the last record that is
 * whole. -EBADMSG: that is no stream of records; -ENOTSUP: one of another version; -ENOMEM.
 */
int look_take(struct look *look, size_t size);

/* The end of a stream. -EBADMSG: it ends within a record. */
int look_end(struct look *look);

/* Put @size bytes behind what is in the buffer, and take them. */
int look_put(struct look *look, const void *record, size_t size);

/* Run the iterator program @prog_fd and take what it writes; closes nothing. */
int look_iterate(struct look *look, int prog_fd);

/* What was taken of a sort is not to be there. */
void look_forget(struct look *look, enum sort sort);

/*
 * What is not known, of those that @wanted says, and why: for objects->left_out. 0, or -ENOMEM.
 */
int look_leave_out(struct look *look, unsigned int wanted, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* How the map of the loader of light skeletons is called. */
#define LOADER_NAME "bpftrek_loader"

/*
 * Do not show what earlier looks, of this process or another, have left to a grace period. Which
 * programs there are is asked, if the look @has_programs not. 0 or -ENOMEM.
 */
int own_drop_leftovers(struct look *look, bool has_programs);

/* Do not show this object. */
void own_add(struct own *own, enum object_kind kind, __u32 id);
bool own_has(const struct own *own, enum object_kind kind, __u32 id);

/* Do not show what this is a descriptor of. */
void own_add_fd(struct own *own, enum object_kind kind, int fd);

/* Room for one more behind @nr entries of @size bytes in *@array. false: no memory. */
bool look_grow(void *array, size_t nr, size_t *room, size_t size);

#endif /* CLI_OBJECTS_LOOK_H */
