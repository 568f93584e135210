/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The iterators as libbpf loads them: on every engine that has types and iterators. On Linux that
 * takes 18 ms, most of it for reading the kernel's types; the embedded engine's are small.
 */
#include <bpf/libbpf.h>

#include "holders.skel.h"
#include "links.skel.h"
#include "maps.skel.h"
#include "programs.skel.h"
#include "skeletons.h"

READERS(skel, bpf_program__fd);

static int read_sort(struct look *look, enum sort sort)
{
	return readers[sort](look);
}

const struct way skeleton_way = {.name = "libbpf", .read = read_sort};
