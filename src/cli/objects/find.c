/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Objects by id, and what belongs to one object: searches in sorted arrays. */
#include <stdlib.h>

#include "objects.h"

/* Every sort of object begins with its id. */
static int compare_id(const void *id, const void *object)
{
	const __u32 x = *(const __u32 *)id, y = *(const __u32 *)object;

	return (x > y) - (x < y);
}

static const void *find(__u32 id, const void *array, size_t nr, size_t size)
{
	return nr ? bsearch(&id, array, nr, size, compare_id) : NULL;
}

const struct program *objects_program(const struct objects *objects, __u32 id)
{
	return find(id, objects->programs, objects->nr_programs, sizeof(*objects->programs));
}

const struct map *objects_map(const struct objects *objects, __u32 id)
{
	return find(id, objects->maps, objects->nr_maps, sizeof(*objects->maps));
}

const struct link *objects_link(const struct objects *objects, __u32 id)
{
	return find(id, objects->links, objects->nr_links, sizeof(*objects->links));
}

const struct btf_object *objects_btf(const struct objects *objects, __u32 id)
{
	return find(id, objects->btfs, objects->nr_btfs, sizeof(*objects->btfs));
}

/* The entries of one object: those for which @before is neither true of them nor of the object. */
#define FIND_RANGE(array, count, kind_member, id_member)                                           \
	({                                                                                         \
		size_t low = 0, high = (count), middle, end;                                       \
		while (low < high) {                                                               \
			middle = low + (high - low) / 2;                                           \
			if ((array)[middle].kind_member < kind ||                                  \
			    ((array)[middle].kind_member == kind &&                                \
			     (array)[middle].id_member < id))                                      \
				low = middle + 1;                                                  \
			else                                                                       \
				high = middle;                                                     \
		}                                                                                  \
		for (end = low; end < (count) && (array)[end].kind_member == kind &&               \
				(array)[end].id_member == id;                                      \
		     end++)                                                                        \
			;                                                                          \
		*nr = end - low;                                                                   \
		end > low ? &(array)[low] : NULL;                                                  \
	})

const struct reference *objects_references(const struct objects *objects, enum object_kind kind,
					   __u32 id, size_t *nr)
{
	return FIND_RANGE(objects->references, objects->nr_references, to, to_id);
}

const struct holder *objects_holders(const struct objects *objects, enum object_kind kind, __u32 id,
				     size_t *nr)
{
	return FIND_RANGE(objects->holders, objects->nr_holders, kind, id);
}

const struct pin *objects_pins(const struct objects *objects, enum object_kind kind, __u32 id,
			       size_t *nr)
{
	return FIND_RANGE(objects->pins, objects->nr_pins, kind, id);
}
