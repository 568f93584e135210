/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The witness: what a program holds and has to give back: samples, a lock, open iterators.
 */
#include <errno.h>
#include <string.h>

#include "witness.h"

void free_of_everything(void)
{
	if (vm.held)
		wrong("ends and holds a sample of a ring buffer");
	if (vm.locked)
		wrong("ends and holds a lock");
	if (vm.open)
		wrong("ends with an open iterator, or a dynptr of a ring buffer");
}

/* Whether there is room is no function of the input; here there is, three times in four. */
struct val reserve(const struct val *r)
{
	int i;

	if (r[1].is != MAP || r[1].v != M_RING)
		wrong("no ring buffer as an argument");
	vm.tainted = true;
	if (r[2].v > REGION_SIZE)
		vm.stopped = true;
	if (over() || r[3].is != NUMBER || r[3].v || vm.steps % 4 == 0)
		return number(0);
	i = new_region((uint32_t)r[2].v);
	memset(vm.region[i].taint, 1, vm.region[i].size);
	vm.region[i].held = true;
	vm.held++;
	return pointer(i);
}

void release_sample(struct val sample)
{
	struct region *r = sample.is >= MEMORY ? &vm.region[sample.is - MEMORY] : NULL;

	if (!r || !r->held || sample.v) {
		wrong("gives back what is no sample");
		return;
	}
	r->held = false;
	r->gone = true;
	vm.held--;
}

void take_lock(struct val at, bool take)
{
	struct region *r = at.is >= MEMORY ? &vm.region[at.is - MEMORY] : NULL;

	if (!r || r->map != M_LOCK || at.v != LOCK_OFFSET)
		wrong("no lock as an argument");
	else if (take && vm.locked)
		wrong("a second lock");
	else if (!take && vm.locked != 1 + at.is - MEMORY)
		wrong("unlocks what is not locked");
	else
		vm.locked = take ? 1 + at.is - MEMORY : 0;
}

void tail_call(const struct val *r)
{
	if (r[2].is != MAP || r[2].v != M_PROGS)
		wrong("no array of programs as an argument");
	if (r[1].is != MEMORY || r[1].v)
		wrong("no context as an argument");
	vm.tainted |= r[3].taint || r[3].is != NUMBER;
	free_of_everything();
	vm.replaced = !(uint32_t)r[3].v;
}

/* The slot of the stack that @at points to; NULL: none. */
static struct val *slot_at(struct val at)
{
	struct region *r = reach(at, 0, 8, true);

	if (r && (!r->stack || at.v % 8))
		wrong("no slot of the stack as an argument");
	return over() ? NULL : &r->slot[at.v / 8];
}

struct val iter_new(const struct val *r)
{
	int64_t start = (int32_t)r[2].v, end = (int32_t)r[3].v;
	struct val *slot = slot_at(r[1]);
	struct iter *iter;

	if (!slot)
		return number(0);
	if (slot->init && slot->is == ITER)
		wrong("an iterator over an open one");
	if (vm.nr_iters == MAX_ITERS)
		vm.stopped = true;
	vm.tainted |= r[2].is != NUMBER || r[3].is != NUMBER;
	if (over())
		return number(0);
	iter = &vm.iters[vm.nr_iters];
	*iter = (struct iter){.cur = start - 1, .end = end, .open = true, .region = new_region(4)};
	vm.region[iter->region].readonly = true;
	*slot = (struct val){.is = ITER, .v = vm.nr_iters++, .init = true};
	vm.open++;
	if (start <= end && end - start <= 8 << 20)
		return number(0);
	iter->cur = iter->end = 0;
	return number((uint64_t)(start > end ? -EINVAL : -E2BIG));
}

static struct iter *iter_at(struct val at)
{
	struct val *slot = slot_at(at);

	if (slot && (!slot->init || slot->is != ITER))
		wrong("no iterator as an argument");
	return over() ? NULL : &vm.iters[slot->v];
}

struct val iter_next(const struct val *r)
{
	struct iter *iter = iter_at(r[1]);

	if (!iter || iter->cur + 1 >= iter->end) {
		if (iter)
			iter->cur = iter->end = 0;
		return number(0);
	}
	iter->cur++;
	memcpy(vm.region[iter->region].data, &(int32_t){(int32_t)iter->cur}, 4);
	return pointer(iter->region);
}

struct val iter_destroy(const struct val *r)
{
	struct iter *iter = iter_at(r[1]);

	if (!iter)
		return number(0);
	*slot_at(r[1]) = (struct val){0};
	memset(vm.region[r[1].is - MEMORY].taint + r[1].v, 1, 8);
	vm.region[iter->region].dead = true;
	vm.open--;
	return (struct val){0};
}
