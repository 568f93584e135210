/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The witness: memory. Every access is held against the region that the pointer points into.
 */
#include <string.h>

#include "witness.h"

struct val number(uint64_t v)
{
	return (struct val){.v = v, .init = true};
}

struct val unknown(uint64_t v)
{
	return (struct val){.v = v, .init = true, .taint = true};
}

void wrong(const char *what)
{
	if (!vm.wrong && !vm.stopped)
		vm.wrong = what;
}

bool over(void)
{
	return vm.wrong || vm.stopped;
}

int new_region(uint32_t size)
{
	struct region *r;

	if (vm.nr_regions == MAX_REGIONS) {
		vm.stopped = true;
		return 0;
	}
	r = &vm.region[vm.nr_regions];
	memset(r, 0, sizeof(*r));
	r->size = size;
	r->map = -1;
	return vm.nr_regions++;
}

struct val pointer(int region)
{
	return (struct val){.is = MEMORY + region, .init = true};
}

/* The region that @size bytes at @ptr are in; NULL, and what is wrong. */
struct region *reach(struct val ptr, int64_t off, uint64_t size, bool write)
{
	int64_t at = (int64_t)ptr.v + off;
	struct region *r;

	if (over())
		return NULL;
	if (!ptr.init) {
		wrong("uninitialised register as a pointer");
		return NULL;
	}
	/* A helper may read an object that is trusted; how large it is is not known here. */
	if (ptr.is == OBJECT && !write) {
		vm.stopped = true;
		return NULL;
	}
	if (ptr.is < MEMORY) {
		wrong(ptr.is == NUMBER	 ? "a number as a pointer"
		      : ptr.is == OBJECT ? "access to an object"
					 : "access to a map or seq_file");
		return NULL;
	}
	r = &vm.region[ptr.is - MEMORY];
	/* How large the context of a syscall program is turns out when it is run; the
	 * same for keys and values of an iterator. */
	if (at >= 0 && at + (int64_t)size > r->size &&
	    (ptr.buffer || (r == &vm.region[0] && vm.p->target == T_SYSCALL))) {
		vm.stopped = true;
		return NULL;
	}
	if (at < (int64_t)r->start || at > (int64_t)r->size ||
	    size > (uint64_t)((int64_t)r->size - at)) {
		wrong(r->stack			   ? "outside of the stack"
		      : r == &vm.region[vm.packet] ? "outside of the packet"
		      : r->map >= 0		   ? "outside of a map's value or key"
						   : "outside of the context");
		return NULL;
	}
	if (r->gone) {
		wrong("memory that was given back");
		return NULL;
	}
	if (r->map == M_LOCK && at < LOCK_OFFSET + LOCK_SIZE && at + (int64_t)size > LOCK_OFFSET) {
		wrong("access to a lock");
		return NULL;
	}
	if (write && r->readonly) {
		wrong("write to read-only memory");
		return NULL;
	}
	if (r->dead || ptr.taint)
		vm.tainted = true;
	return r;
}

void forget_slots(struct region *r, int64_t at, uint64_t size)
{
	for (int64_t s = at / 8; size && s <= (at + (int64_t)size - 1) / 8; s++) {
		if (r->slot[s].init)
			memset(r->taint + s * 8, 1, 8);
		r->slot[s].init = false;
	}
}

void store(struct val ptr, int64_t off, uint32_t size, struct val value)
{
	struct region *r = reach(ptr, off, size, true);
	int64_t at = (int64_t)ptr.v + off;

	if (!r)
		return;
	if (!value.init) {
		wrong("uninitialised register is stored");
		return;
	}
	forget_slots(r, at, size);
	if (r->stack && size == 8 && at % 8 == 0 && value.is != NUMBER) {
		r->slot[at / 8] = value;
		return;
	}
	memcpy(r->data + at, &value.v, size);
	memset(r->taint + at, value.taint || value.is != NUMBER, size);
}

struct val load(struct val ptr, int64_t off, uint32_t size)
{
	struct region *r = reach(ptr, off, size, false);
	int64_t at = (int64_t)ptr.v + off;
	struct val value = number(0);

	if (!r)
		return value;
	if (r->slot[at / 8].init && (r->slot[at / 8].is == ITER || r->slot[at / 8].is == DYNPTR))
		wrong("looks into an iterator or a dynptr");
	if (size == 8 && at % 8 == 0 && r->slot[at / 8].init)
		return r->slot[at / 8];
	memcpy(&value.v, r->data + at, size);
	for (uint32_t i = 0; i < size; i++)
		value.taint |= r->taint[at + i] || r->slot[(at + i) / 8].init;
	return value;
}

/* @size bytes of an argument; taint of any of them taints. */
bool argument(struct val ptr, uint64_t size, uint8_t *out, bool *taint)
{
	struct region *r = reach(ptr, 0, size, false);

	if (!r)
		return false;
	for (uint64_t i = 0; i < size; i++) {
		out[i] = r->data[ptr.v + i];
		*taint |= r->taint[ptr.v + i] || r->slot[(ptr.v + i) / 8].init;
	}
	return true;
}

void written_by_helper(struct val ptr, uint64_t size)
{
	struct region *r = reach(ptr, 0, size, true);

	if (!r)
		return;
	forget_slots(r, (int64_t)ptr.v, size);
	/* What exactly is not followed. */
	memset(r->data + ptr.v, 0, size);
	memset(r->taint + ptr.v, 1, size);
}

void read_by_helper(struct val ptr, uint64_t size)
{
	reach(ptr, 0, size, false);
}
