/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The iterators as libbpf loads them: on every engine that has types and iterators. On Linux that
 * takes 18 ms, most of it for reading the kernel's types; the embedded engine's are small.
 */
#include <errno.h>

#include <bpf/libbpf.h>

#include "holders.skel.h"
#include "links.skel.h"
#include "look.h"
#include "maps.skel.h"
#include "programs.skel.h"

static int iterate(struct look *look, int fd)
{
	own_add_fd(&look->own, OBJECT_PROGRAM, fd);
	return look_iterate(look, fd);
}

#define READ(name)                                                                                 \
	static int read_##name(struct look *look)                                                  \
	{                                                                                          \
		struct name##_skel *skeleton = name##_skel__open();                                \
		int err;                                                                           \
                                                                                                   \
		if (!skeleton)                                                                     \
			return -errno;                                                             \
		err = name##_skel__load(skeleton);                                                 \
		if (!err)                                                                          \
			err = iterate(look, bpf_program__fd(skeleton->progs.write_##name));        \
		name##_skel__destroy(skeleton);                                                    \
		return err;                                                                        \
	}

READ(programs)
READ(maps)
READ(links)
READ(holders)

static int read_sort(struct look *look, enum sort sort)
{
	static int (*const readers[NR_SORTS])(struct look * look) = {
		[SORT_PROGRAMS] = read_programs,
		[SORT_MAPS] = read_maps,
		[SORT_LINKS] = read_links,
		[SORT_HOLDERS] = read_holders,
	};

	return readers[sort](look);
}

const struct way skeleton_way = {.name = "libbpf", .read = read_sort};
