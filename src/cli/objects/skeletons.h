/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Reading each sort of objects by its iterator, of which there is a skeleton of each kind:
 * programs_light, programs_skel ... READERS() makes a table of functions that load it, run it and
 * let it go; @fd_of gives the descriptor of a program of such a skeleton.
 */
#ifndef CLI_OBJECTS_SKELETONS_H
#define CLI_OBJECTS_SKELETONS_H

#include <errno.h>

#include "look.h"

#define READER(name, kind, fd_of)                                                                  \
	static int read_##name(struct look *look)                                                  \
	{                                                                                          \
		struct name##_##kind *skeleton = name##_##kind##__open();                          \
		int err;                                                                           \
                                                                                                   \
		if (!skeleton)                                                                     \
			return -errno;                                                             \
		err = name##_##kind##__load(skeleton);                                             \
		if (!err)                                                                          \
			err = look_iterate(look, fd_of(skeleton->progs.write_##name));             \
		name##_##kind##__destroy(skeleton);                                                \
		return err;                                                                        \
	}

#define READERS(kind, fd_of)                                                                       \
	READER(programs, kind, fd_of)                                                              \
	READER(maps, kind, fd_of)                                                                  \
	READER(links, kind, fd_of)                                                                 \
	READER(holders, kind, fd_of)                                                               \
	static int (*const readers[NR_SORTS])(struct look * look) = {                              \
		[SORT_PROGRAMS] = read_programs,                                                   \
		[SORT_MAPS] = read_maps,                                                           \
		[SORT_LINKS] = read_links,                                                         \
		[SORT_HOLDERS] = read_holders,                                                     \
	}

#endif /* CLI_OBJECTS_SKELETONS_H */
