/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The witness: dynptrs. Two slots of the stack have the same number; any write takes it away. */
#include <errno.h>
#include <string.h>

#include "witness.h"

#define SECOND_HALF (1ull << 32)

static struct val *dynptr_slots(struct val at)
{
	struct region *r = reach(at, 0, 16, true);

	if (r && (!r->stack || at.v % 8))
		wrong("no place for a dynptr as an argument");
	return over() ? NULL : &r->slot[at.v / 8];
}

static struct dynptr *dynptr_at(struct val at)
{
	struct val *slot = dynptr_slots(at);

	if (slot && (!slot[0].init || slot[0].is != DYNPTR || !slot[1].init ||
		     slot[1].is != DYNPTR || slot[1].v != (slot[0].v | SECOND_HALF)))
		wrong("no dynptr as an argument");
	return over() ? NULL : &vm.dynptrs[slot[0].v];
}

static struct dynptr *make_dynptr(struct val at)
{
	struct val *slot = dynptr_slots(at);

	if (vm.nr_dynptrs == MAX_DYNPTRS)
		vm.stopped = true;
	if (!slot || over())
		return NULL;
	if (slot[0].is == ITER || slot[1].is == ITER)
		wrong("a dynptr over an iterator");
	slot[0] = (struct val){.is = DYNPTR, .v = vm.nr_dynptrs, .init = true};
	slot[1] = slot[0];
	slot[1].v |= SECOND_HALF;
	vm.dynptrs[vm.nr_dynptrs] = (struct dynptr){0};
	return &vm.dynptrs[vm.nr_dynptrs++];
}

struct val dynptr_from_mem(const struct val *r)
{
	struct region *memory = reach(r[1], 0, r[2].v, true);
	struct dynptr *dynptr = make_dynptr(r[4]);

	if (!dynptr || !memory)
		return number(0);
	if (r[3].is != NUMBER || r[3].v)
		return number((uint64_t)-EINVAL);
	dynptr->memory = r[1];
	dynptr->size = (uint32_t)r[2].v;
	return number(0);
}

struct val dynptr_reserve(const struct val *r)
{
	struct dynptr *dynptr;
	struct val sample;

	sample = reserve(r);
	dynptr = make_dynptr(r[4]);
	if (!dynptr)
		return number(0);
	dynptr->reserved = true;
	vm.open++;
	if (sample.is < MEMORY)
		return number((uint64_t)-EINVAL);
	dynptr->memory = sample;
	dynptr->size = vm.region[sample.is - MEMORY].size;
	return number(0);
}

void dynptr_release(const struct val *r)
{
	struct dynptr *dynptr = dynptr_at(r[1]);
	struct val *slot = dynptr_slots(r[1]);

	if (!dynptr || !slot)
		return;
	if (!dynptr->reserved)
		wrong("gives back a dynptr that is no sample");
	vm.open--;
	if (dynptr->memory.is >= MEMORY)
		release_sample(dynptr->memory);
	slot[0].init = slot[1].init = false;
	memset(vm.region[r[1].is - MEMORY].taint + r[1].v, 1, 16);
}

static bool something(const struct dynptr *dynptr)
{
	return dynptr->memory.is >= MEMORY;
}

/* Where @size bytes at @off of it are; false: not in it. */
static bool part_of(const struct dynptr *dynptr, uint64_t off, uint64_t size, struct val *part)
{
	if ((uint32_t)off > dynptr->size || (uint32_t)size > dynptr->size - (uint32_t)off)
		return false;
	*part = dynptr->memory;
	part->v += (uint32_t)off;
	return true;
}

struct val dynptr_data(const struct val *r)
{
	const struct dynptr *dynptr = dynptr_at(r[1]);
	struct val part;

	if (!dynptr || !something(dynptr) || !part_of(dynptr, r[2].v, r[3].v, &part))
		return number(0);
	return part;
}

static struct val copy(struct val to, struct val from, uint64_t size)
{
	struct region *source = reach(from, 0, size, false);
	uint8_t data[REGION_SIZE], taint[REGION_SIZE];

	if (!source)
		return number(0);
	for (uint64_t i = 0; i < size; i++) {
		data[i] = source->data[from.v + i];
		taint[i] = source->taint[from.v + i] || source->slot[(from.v + i) / 8].init;
	}
	written_by_helper(to, size);
	if (over())
		return number(0);
	memcpy(vm.region[to.is - MEMORY].data + to.v, data, size);
	memcpy(vm.region[to.is - MEMORY].taint + to.v, taint, size);
	return number(0);
}

struct val dynptr_read(const struct val *r)
{
	const struct dynptr *dynptr = dynptr_at(r[3]);
	struct val part;

	reach(r[1], 0, r[2].v, true);
	if (!dynptr || over())
		return number(0);
	if (!something(dynptr) || r[5].is != NUMBER || r[5].v)
		written_by_helper(r[1], r[2].v);
	if (!something(dynptr) || r[5].is != NUMBER || r[5].v)
		return number((uint64_t)-EINVAL);
	if (!part_of(dynptr, r[4].v, r[2].v, &part)) {
		written_by_helper(r[1], r[2].v);
		return number((uint64_t)-E2BIG);
	}
	return copy(r[1], part, r[2].v);
}

struct val dynptr_write(const struct val *r)
{
	const struct dynptr *dynptr = dynptr_at(r[1]);
	struct val part;

	reach(r[3], 0, r[4].v, false);
	if (!dynptr || over())
		return number(0);
	if (!something(dynptr))
		return number((uint64_t)-EINVAL);
	if (!part_of(dynptr, r[2].v, r[4].v, &part))
		return number((uint64_t)-E2BIG);
	if (r[5].is != NUMBER || r[5].v)
		return number((uint64_t)-EINVAL);
	return copy(part, r[3], r[4].v);
}
