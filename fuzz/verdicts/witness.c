/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A witness: executes a program step by step, knows of every value whether it is a number or a
 * pointer into which memory, and stops at the first access that must not be. A verifier that
 * accepted such a program is wrong, whatever another one says; if many inputs show nothing, it may
 * only be cleverer than the other.
 *
 * It also tells whether results are a function of the input: not so where uninitialised memory, the
 * address of something or an id went into them (tainted).
 *
 * Small maps, helpers by what they do to memory. What is not followed exactly (formats, ids,
 * objects) is tainted; a result that no taint reached is what the program has to do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "beliefs.h"
#include "verdicts.h"

enum { NUMBER, OBJECT, MAP, SEQ, MEMORY }; /* what a value is; MEMORY + n: region n */

struct val {
	uint64_t v; /* a number, or the offset in a region */
	int is;
	bool init, taint;
	bool buffer; /* how much of it there is turns out when the program is attached */
};

#define REGION_SIZE 512
#define MAX_REGIONS 96
#define MAX_STEPS 400000
struct region {
	uint32_t size;
	bool readonly, dead, stack;
	bool held, gone; /* of a ring buffer: reserved; given back */
	int map;	 /* whose element; -1 */
	uint8_t key[16];
	uint8_t data[REGION_SIZE];
	uint8_t taint[REGION_SIZE];
	struct val slot[REGION_SIZE / 8]; /* spilled pointers; init: there is one */
};

static struct vm {
	const struct program *p;
	struct region region[MAX_REGIONS];
	int nr_regions;
	const char *wrong; /* what must not be; NULL */
	unsigned int at;   /* where */
	bool stopped;	   /* out of steps or room: no verdict */
	bool tainted;
	unsigned int steps;
	struct val ctx[4]; /* of an iterator */
	int depth;
	int held, locked;     /* so many samples; 1 + the region whose lock is held */
	bool replaced;	      /* by a tail call */
	bool leaves;	      /* now and then, by may_goto */
	bool believes;	      /* hold what is there against beliefs.h */
	int stack;	      /* the region of the frame that runs */
	struct val asked[11]; /* registers at the question */
	uint8_t *reached;     /* by instruction; NULL */
	uint8_t out[8192];
	uint32_t out_len;
} vm;

static struct val number(uint64_t v)
{
	return (struct val){.v = v, .init = true};
}

static struct val unknown(uint64_t v)
{
	return (struct val){.v = v, .init = true, .taint = true};
}

static void wrong(const char *what)
{
	if (!vm.wrong && !vm.stopped)
		vm.wrong = what;
}

static bool over(void)
{
	return vm.wrong || vm.stopped;
}

static int new_region(uint32_t size)
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

static struct val pointer(int region)
{
	return (struct val){.is = MEMORY + region, .init = true};
}

/* The region that @size bytes at @ptr are in; NULL, and what is wrong. */
static struct region *reach(struct val ptr, int64_t off, uint64_t size, bool write)
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
	if (at < 0 || at > (int64_t)r->size || size > (uint64_t)((int64_t)r->size - at)) {
		wrong(r->stack	    ? "outside of the stack"
		      : r->map >= 0 ? "outside of a map's value or key"
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

static void forget_slots(struct region *r, int64_t at, uint64_t size)
{
	for (int64_t s = at / 8; size && s <= (at + (int64_t)size - 1) / 8; s++) {
		if (r->slot[s].init)
			memset(r->taint + s * 8, 1, 8);
		r->slot[s].init = false;
	}
}

static void store(struct val ptr, int64_t off, uint32_t size, struct val value)
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

static struct val load(struct val ptr, int64_t off, uint32_t size)
{
	struct region *r = reach(ptr, off, size, false);
	int64_t at = (int64_t)ptr.v + off;
	struct val value = number(0);

	if (!r)
		return value;
	if (size == 8 && at % 8 == 0 && r->slot[at / 8].init)
		return r->slot[at / 8];
	memcpy(&value.v, r->data + at, size);
	for (uint32_t i = 0; i < size; i++)
		value.taint |= r->taint[at + i] || r->slot[(at + i) / 8].init;
	return value;
}

/* --- maps --------------------------------------------------------------------------------- */

static int find(enum map map, const uint8_t *key)
{
	for (int i = 0; i < vm.nr_regions; i++)
		if (vm.region[i].map == (int)map && !vm.region[i].dead &&
		    !memcmp(vm.region[i].key, key, map_shapes[map].key))
			return i;
	return -1;
}

static int insert(enum map map, const uint8_t *key, const uint8_t *value)
{
	int i = new_region(map_shapes[map].value);

	vm.region[i].map = (int)map;
	vm.region[i].readonly = map == M_RODATA;
	memcpy(vm.region[i].key, key, map_shapes[map].key);
	memcpy(vm.region[i].data, value, map_shapes[map].value);
	return i;
}

/* @size bytes of an argument; taint of any of them taints. */
static bool argument(struct val ptr, uint64_t size, uint8_t *out, bool *taint)
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

static struct val update(enum map map, struct val key_ptr, struct val value_ptr, uint64_t flags)
{
	uint8_t key[16], value[REGION_SIZE];
	bool taint = false, hash = map_shapes[map].type == BPF_MAP_TYPE_HASH;
	bool value_taint = false;
	unsigned int n = 0;
	int old, i;

	if (!argument(key_ptr, map_shapes[map].key, key, &taint) ||
	    !argument(value_ptr, map_shapes[map].value, value, &value_taint))
		return number(0);
	if (map == M_RODATA) {
		wrong("write to a read-only map");
		return number(0);
	}
	vm.tainted |= taint;
	old = find(map, key);
	if (flags > BPF_EXIST)
		return number((uint64_t)-EINVAL);
	if (!hash && old < 0)
		return number((uint64_t)-E2BIG);
	if (old >= 0 && flags == BPF_NOEXIST)
		return number((uint64_t)-EEXIST);
	if (old < 0 && flags == BPF_EXIST)
		return number((uint64_t)-ENOENT);
	for (i = 0; i < vm.nr_regions; i++)
		n += vm.region[i].map == (int)map && !vm.region[i].dead;
	if (hash && old < 0 && n >= map_shapes[map].max)
		return number((uint64_t)-E2BIG);
	if (hash) {
		if (old >= 0)
			vm.region[old].dead = true;
		i = insert(map, key, value);
	} else {
		i = old;
		memcpy(vm.region[i].data, value, map_shapes[map].value);
	}
	memset(vm.region[i].taint, value_taint, map_shapes[map].value);
	if (map == M_LOCK) {
		memset(vm.region[i].data + LOCK_OFFSET, 0, LOCK_SIZE);
		memset(vm.region[i].taint + LOCK_OFFSET, 0, LOCK_SIZE);
	}
	return number(0);
}

/* --- execution ---------------------------------------------------------------------------- */

static struct val execute(unsigned int pc, const struct val *args);

static void written_by_helper(struct val ptr, uint64_t size)
{
	struct region *r = reach(ptr, 0, size, true);

	if (!r)
		return;
	forget_slots(r, (int64_t)ptr.v, size);
	/* What exactly is not followed. */
	memset(r->data + ptr.v, 0, size);
	memset(r->taint + ptr.v, 1, size);
}

static void read_by_helper(struct val ptr, uint64_t size)
{
	reach(ptr, 0, size, false);
}

static struct val compare_strings(const struct val *r)
{
	uint8_t a[REGION_SIZE];
	const struct region *b = reach(r[3], 0, 1, false);

	if (r[2].v > sizeof(a)) {
		reach(r[1], 0, r[2].v, false);
		return unknown(0);
	}
	if (!b || !argument(r[1], r[2].v, a, &vm.tainted))
		return number(0);
	for (uint64_t i = 0; i < r[2].v && r[3].v + i < b->size; i++) {
		uint8_t c = b->data[r[3].v + i];

		if (a[i] != c)
			return number(a[i] < c ? UINT64_MAX : 1);
		if (!c)
			break;
	}
	return number(0);
}

static struct val probe_read(const struct val *r)
{
	const struct region *from = r[3].is >= MEMORY ? &vm.region[r[3].is - MEMORY] : NULL;
	uint64_t size = r[2].v;

	if (!size)
		return unknown(0);
	/* How a bad address is bad, an object's bytes, and overlapping copies differ. */
	written_by_helper(r[1], size);
	if (over() || !from || r[3].is == r[1].is || r[3].v > from->size ||
	    size > from->size - r[3].v)
		return unknown(0);
	memcpy(vm.region[r[1].is - MEMORY].data + r[1].v, from->data + r[3].v, size);
	for (uint64_t i = 0; i < size; i++)
		vm.region[r[1].is - MEMORY].taint[r[1].v + i] =
			from->taint[r[3].v + i] || from->slot[(r[3].v + i) / 8].init;
	return number(0);
}

/* --- what a program holds ----------------------------------------------------------------- */

static void free_of_everything(void)
{
	if (vm.held)
		wrong("ends and holds a sample of a ring buffer");
	if (vm.locked)
		wrong("ends and holds a lock");
}

/* Whether there is room is no function of the input; here there is, three times in four. */
static struct val reserve(const struct val *r)
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

static void give_back(struct val sample)
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

static void lock(struct val at, bool take)
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

static void tail_call(const struct val *r)
{
	if (r[2].is != MAP || r[2].v != M_PROGS)
		wrong("no array of programs as an argument");
	if (r[1].is != MEMORY || r[1].v)
		wrong("no context as an argument");
	vm.tainted |= r[3].taint || r[3].is != NUMBER;
	free_of_everything();
	vm.replaced = !(uint32_t)r[3].v;
}

static struct val helper(int id, struct val *r)
{
	uint8_t key[16];
	bool taint = false;
	int map = (int)r[1].v, i;
	uint64_t count = 0;
	struct val ret;

	for (i = 1; i < 6; i++)
		vm.tainted |= r[i].init && r[i].taint;
	if (vm.locked && id != BPF_FUNC_spin_unlock)
		wrong("a call while a lock is held");
	switch (id) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_for_each_map_elem:
		if (r[1].is != MAP) {
			wrong("no map as an argument");
			return number(0);
		}
	}
	switch (id) {
	case BPF_FUNC_map_lookup_elem:
		if (!argument(r[2], map_shapes[map].key, key, &taint))
			return number(0);
		vm.tainted |= taint;
		i = find((enum map)map, key);
		return i < 0 ? number(0) : pointer(i);
	case BPF_FUNC_map_update_elem:
		vm.tainted |= r[4].is != NUMBER;
		return update((enum map)map, r[2], r[3], r[4].v);
	case BPF_FUNC_map_delete_elem:
		if (!argument(r[2], map_shapes[map].key, key, &taint))
			return number(0);
		vm.tainted |= taint;
		if (map_shapes[map].type != BPF_MAP_TYPE_HASH)
			return number((uint64_t)-EINVAL);
		i = find((enum map)map, key);
		if (i < 0)
			return number((uint64_t)-ENOENT);
		vm.region[i].dead = true;
		return number(0);
	case BPF_FUNC_for_each_map_elem:
		if (r[4].v || r[4].is != NUMBER) /* flags */
			return number((uint64_t)-EINVAL);
		if (map_shapes[map].type == BPF_MAP_TYPE_HASH)
			vm.tainted = true; /* in what order? */
		for (i = 0; i < vm.nr_regions && !over(); i++) {
			struct val args[5] = {r[1], number(0), pointer(i), r[3]};
			int at = vm.nr_regions;

			if (vm.region[i].map != map || vm.region[i].dead)
				continue;
			new_region(map_shapes[map].key);
			memcpy(vm.region[at].data, vm.region[i].key, map_shapes[map].key);
			vm.region[at].readonly = true;
			args[1] = pointer(at);
			ret = execute((unsigned int)r[2].v, args);
			if (!ret.init)
				wrong("uninitialised result");
			vm.tainted |= ret.taint || ret.is != NUMBER;
			count++;
			if (ret.v)
				break;
		}
		return number(count);
	case BPF_FUNC_loop:
		if (r[4].v || r[4].is != NUMBER)
			return number((uint64_t)-EINVAL);
		for (uint64_t n = 0; n < r[1].v && n < 64 && !over(); n++) {
			struct val args[5] = {number(n), r[3]};

			ret = execute((unsigned int)r[2].v, args);
			if (!ret.init)
				wrong("uninitialised result");
			vm.tainted |= ret.taint || ret.is != NUMBER;
			if (ret.v)
				return number(n + 1);
		}
		return number(r[1].v);
	case BPF_FUNC_seq_write:
		if (r[1].is != SEQ)
			wrong("no seq_file as an argument");
		if (r[3].v > sizeof(vm.out) - vm.out_len)
			vm.stopped = true;
		if (over() || !r[3].v || !argument(r[2], r[3].v, vm.out + vm.out_len, &vm.tainted))
			return number(0);
		vm.out_len += (uint32_t)r[3].v;
		return number(0);
	case BPF_FUNC_seq_printf:
		if (r[1].is != SEQ)
			wrong("no seq_file as an argument");
		read_by_helper(r[2], r[3].v);
		if (r[4].is != NUMBER || r[4].v) /* else it returns -EINVAL */
			read_by_helper(r[4], r[5].v);
		vm.tainted = true;
		return unknown(0);
	case BPF_FUNC_snprintf:
		if (r[4].is != NUMBER || r[4].v)
			read_by_helper(r[4], r[5].v);
		if (r[2].v)
			written_by_helper(r[1], r[2].v);
		return unknown(0);
	case BPF_FUNC_strncmp:
		return compare_strings(r);
	case BPF_FUNC_ringbuf_reserve:
		return reserve(r);
	case BPF_FUNC_ringbuf_submit:
	case BPF_FUNC_ringbuf_discard:
		give_back(r[1]);
		return (struct val){0};
	case BPF_FUNC_spin_lock:
	case BPF_FUNC_spin_unlock:
		lock(r[1], id == BPF_FUNC_spin_lock);
		return (struct val){0};
	case BPF_FUNC_tail_call:
		tail_call(r);
		return (struct val){0};
	case BPF_FUNC_probe_read_kernel:
		return probe_read(r);
	}
	vm.stopped = true;
	return number(0);
}

static uint64_t alu(int op, bool wide, int off, uint64_t a, uint64_t b, int32_t imm)
{
	unsigned int bits = wide ? 64 : 32;

	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_ADD:
		a += b;
		break;
	case BPF_SUB:
		a -= b;
		break;
	case BPF_MUL:
		a *= b;
		break;
	case BPF_OR:
		a |= b;
		break;
	case BPF_AND:
		a &= b;
		break;
	case BPF_XOR:
		a ^= b;
		break;
	case BPF_LSH:
		a <<= b & (bits - 1);
		break;
	case BPF_RSH:
		a >>= b & (bits - 1);
		break;
	case BPF_ARSH:
		a = wide ? (uint64_t)((int64_t)a >> (b & 63)) : (uint64_t)((int32_t)a >> (b & 31));
		break;
	case BPF_NEG:
		a = -a;
		break;
	case BPF_MOV:
		a = off == 8	? (uint64_t)(int8_t)b
		    : off == 16 ? (uint64_t)(int16_t)b
		    : off == 32 ? (uint64_t)(int32_t)b
				: b;
		break;
	case BPF_DIV:
	case BPF_MOD:
		if (!off) {
			a = op == BPF_DIV ? (b ? a / b : 0) : b ? a % b : a;
		} else {
			int64_t x = wide ? (int64_t)a : (int32_t)a,
				y = wide ? (int64_t)b : (int32_t)b;

			if (y == -1)
				a = op == BPF_DIV ? -(uint64_t)x : 0;
			else
				a = op == BPF_DIV ? (y ? (uint64_t)(x / y) : 0)
						  : (uint64_t)(y ? x % y : x);
		}
		break;
	}
	(void)imm;
	return wide ? a : (uint32_t)a;
}

static uint64_t swap(const struct bpf_insn *i, uint64_t v)
{
	bool to_big = BPF_CLASS(i->code) == BPF_ALU64 || BPF_SRC(i->code) == BPF_TO_BE;

	switch (i->imm) {
	case 16:
		return to_big ? __builtin_bswap16((uint16_t)v) : (uint16_t)v;
	case 32:
		return to_big ? __builtin_bswap32((uint32_t)v) : (uint32_t)v;
	default:
		return to_big ? __builtin_bswap64(v) : v;
	}
}

static void step_alu(const struct bpf_insn *i, struct val *d, struct val s)
{
	bool wide = BPF_CLASS(i->code) == BPF_ALU64;
	int op = BPF_OP(i->code);

	if (op == BPF_END) {
		d->v = swap(i, d->v);
		d->taint |= d->is != NUMBER;
		d->is = NUMBER;
		return;
	}
	if (op == BPF_MOV && wide && !i->off) {
		*d = s;
		return;
	}
	/* A pointer plus a number stays one. What else is made of addresses is noise. */
	if (wide && op == BPF_ADD && d->is == NUMBER && s.is != NUMBER) {
		struct val n = *d;

		*d = s;
		d->v += n.v;
		d->taint |= n.taint;
		return;
	}
	if (wide && (op == BPF_ADD || op == BPF_SUB) && d->is >= MEMORY && s.is == NUMBER) {
		d->v = alu(op, true, 0, d->v, s.v, 0);
		d->taint |= s.taint;
		return;
	}
	if (op == BPF_MOV)
		d->taint = s.taint || s.is != NUMBER;
	else
		d->taint |= s.taint || s.is != NUMBER || d->is != NUMBER;
	d->v = alu(op, wide, i->off, d->v, s.v, i->imm);
	d->is = NUMBER;
	d->init = true;
}

static bool holds(const struct bpf_insn *i, const struct val *d, const struct val *s)
{
	bool wide = BPF_CLASS(i->code) == BPF_JMP;
	uint64_t a = d->v, b = s->v;

	if (d->is != NUMBER || s->is != NUMBER) {
		/* Whether a pointer is 0 is certain; all else is a matter of addresses. */
		bool equality = BPF_OP(i->code) == BPF_JEQ || BPF_OP(i->code) == BPF_JNE;

		if (d->is == NUMBER || s->is != NUMBER || s->v || !equality)
			vm.tainted = true;
		a = (d->is != NUMBER) * 0x100000ull + (d->is == NUMBER ? d->v : 0);
	}
	vm.tainted |= d->taint || s->taint;
	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return a & b;
	case BPF_JSGT:
		return wide ? (int64_t)a > (int64_t)b : (int32_t)a > (int32_t)b;
	case BPF_JSGE:
		return wide ? (int64_t)a >= (int64_t)b : (int32_t)a >= (int32_t)b;
	case BPF_JSLT:
		return wide ? (int64_t)a < (int64_t)b : (int32_t)a < (int32_t)b;
	default:
		return wide ? (int64_t)a <= (int64_t)b : (int32_t)a <= (int32_t)b;
	}
}

static struct val load_object(const struct ins *ins)
{
	const struct field *f = &fields[ins->what];

	if (ins->reloc != RELOC_FIELD) { /* what is there differs from engine to engine */
		vm.stopped = true;
		return unknown(0);
	}
	if (f->to == S_SEQ)
		return (struct val){.is = SEQ, .init = true};
	if (f->to >= 0)
		return (struct val){.is = OBJECT, .init = true, .v = 1};
	return unknown(0);
}

static void step_memory(const struct ins *ins, struct val *reg)
{
	const struct bpf_insn *i = &ins->insn;
	uint32_t size = BPF_SIZE(i->code) == BPF_B   ? 1
			: BPF_SIZE(i->code) == BPF_H ? 2
			: BPF_SIZE(i->code) == BPF_W ? 4
						     : 8;
	struct val *d = &reg[i->dst_reg], *s = &reg[i->src_reg], old;
	bool atomic = BPF_MODE(i->code) == BPF_ATOMIC;

	if (BPF_CLASS(i->code) == BPF_LDX) {
		if (s->init && s->is == MEMORY && vm.p->target != T_SYSCALL) {
			if (s->v + i->off > 24 || (s->v + i->off) % 8 || size != 8)
				wrong("outside of the context");
			else
				*d = vm.ctx[(s->v + i->off) / 8];
			return;
		}
		if (s->init && (s->is == OBJECT || s->is == MAP || s->is == SEQ)) {
			*d = s->is == OBJECT ? load_object(ins) : unknown(0);
			return;
		}
		*d = load(*s, i->off, size);
		if (BPF_MODE(i->code) == BPF_MEMSX && d->is == NUMBER)
			d->v = size == 1   ? (uint64_t)(int8_t)d->v
			       : size == 2 ? (uint64_t)(int16_t)d->v
					   : (uint64_t)(int32_t)d->v;
		return;
	}
	if (atomic && i->imm == BPF_LOAD_ACQ) {
		*d = load(*s, i->off, size);
		return;
	}
	if (BPF_CLASS(i->code) == BPF_ST || !atomic || i->imm == BPF_STORE_REL) {
		store(*d, i->off, size,
		      BPF_CLASS(i->code) == BPF_ST ? number((uint64_t)(int64_t)i->imm) : *s);
		return;
	}
	old = load(*d, i->off, size);
	if (i->imm == BPF_CMPXCHG) {
		uint64_t expected = size == 8 ? reg[0].v : (uint32_t)reg[0].v;

		vm.tainted |= reg[0].taint || reg[0].is != NUMBER || old.taint;
		store(*d, i->off, size, old.v == expected ? *s : old);
		reg[0] = old;
		return;
	}
	if (i->imm == BPF_XCHG) {
		store(*d, i->off, size, *s);
	} else {
		struct val sum = number(alu(i->imm & 0xf0, size == 8, 0, old.v, s->v, 0));

		sum.taint = old.taint || s->taint || s->is != NUMBER;
		store(*d, i->off, size, sum);
	}
	if (i->imm & BPF_FETCH)
		*s = old;
}

static bool step_call(unsigned int pc, const struct ins *ins, struct val *reg)
{
	const struct bpf_insn *i = &ins->insn;

	if (ins->reloc == RELOC_KFUNC) {
		if (!reg[1].init || (reg[1].is != MAP && reg[1].is != OBJECT))
			wrong("no map as an argument of a kfunc");
		reg[0] = unknown(0);
	} else if (i->src_reg == BPF_PSEUDO_CALL) {
		struct val args[5] = {reg[1], reg[2], reg[3], reg[4], reg[5]};

		reg[0] = execute((unsigned int)((int)pc + 1 + i->imm), args);
	} else {
		reg[0] = helper(i->imm, reg);
	}
	for (int r = 1; r < 6; r++)
		reg[r].init = false;
	return !over();
}

static void load_wide(unsigned int pc, struct val *d)
{
	const struct ins *ins = &vm.p->ins[pc];
	uint8_t key[16] = {0};
	uint64_t v = (uint32_t)ins->insn.imm | (uint64_t)(uint32_t)ins[1].insn.imm << 32;

	*d = number(v);
	if (ins->reloc == RELOC_MAP) {
		*d = (struct val){.is = MAP, .init = true, .v = ins->what};
	} else if (ins->reloc == RELOC_MAP_VALUE) {
		*d = pointer(find((enum map)ins->what, key));
		d->v = (uint64_t)(int64_t)ins[1].insn.imm;
	} else if (ins->insn.src_reg == BPF_PSEUDO_FUNC) {
		d->v = pc + 1 + (unsigned int)ins->insn.imm;
	}
}

/* --- beliefs ------------------------------------------------------------------------------ */

static struct held as_held(const struct val *val)
{
	const struct region *r;

	if (!val->init || val->taint || val->buffer)
		return (struct held){.kind = HELD_NOTHING};
	if (val->is == NUMBER)
		return (struct held){.kind = HELD_NUMBER, .v = val->v};
	if (val->is <= MEMORY)
		return (struct held){.kind = HELD_POINTER};
	r = &vm.region[val->is - MEMORY];
	return r->stack ? (struct held){.kind = HELD_STACK, .v = val->v - r->size}
			: (struct held){.kind = HELD_MEMORY, .v = val->v, .size = r->size};
}

static struct held slot_of_stack(unsigned int slot)
{
	const struct region *r = &vm.region[vm.stack];
	struct held held = {.kind = HELD_NUMBER};
	unsigned int at = REGION_SIZE / 8 - 1 - slot;

	if (r->slot[at].init)
		return as_held(&r->slot[at]);
	for (unsigned int i = 0; i < 8; i++)
		if (r->taint[at * 8 + i])
			held.kind = HELD_NOTHING;
	memcpy(&held.v, r->data + at * 8, 8);
	return held;
}

static void hold_against_beliefs(unsigned int pc, const struct val *reg)
{
	static char text[64];
	struct held held[10];
	int misfit;

	for (int i = 0; i < 10; i++)
		held[i] = as_held(&reg[i]);
	misfit = beliefs_fit(pc, held, slot_of_stack);
	if (misfit < 0 || over())
		return;
	snprintf(text, sizeof(text), "%s%d holds what is believed impossible",
		 misfit < 10 ? "r" : "stack slot ", misfit < 10 ? misfit : misfit - 10);
	wrong(text);
}

/* One function, from @pc to its exit; r0. */
static struct val execute(unsigned int pc, const struct val *args)
{
	struct val reg[11] = {0};
	int stack, regions = vm.nr_regions, caller = vm.stack;

	if (++vm.depth > 16) {
		wrong("calls without end");
		return number(0);
	}
	stack = new_region(512);
	vm.region[stack].stack = true;
	vm.stack = stack;
	memset(vm.region[stack].taint, 1, 512);
	memcpy(reg + 1, args, 5 * sizeof(*args));
	reg[10] = pointer(stack);
	reg[10].v = 512;
	while (!over()) {
		const struct ins *ins = &vm.p->ins[pc];
		const struct bpf_insn *i = &ins->insn;
		int class = BPF_CLASS(i->code), op = BPF_OP(i->code);
		struct val s = BPF_SRC(i->code) == BPF_X ? reg[i->src_reg]
							 : number((uint64_t)(int64_t)i->imm);

		if (pc >= vm.p->n) {
			wrong("runs off the end");
			break;
		}
		vm.at = pc;
		if (pc == vm.p->question && pc)
			memcpy(vm.asked, reg, sizeof(vm.asked));
		if (vm.reached)
			vm.reached[pc] = 1;
		if (vm.believes)
			hold_against_beliefs(pc, reg);
		if (++vm.steps > MAX_STEPS) {
			vm.stopped = true;
			break;
		}
		if (class == BPF_ALU || class == BPF_ALU64) {
			if ((op != BPF_MOV && !reg[i->dst_reg].init) ||
			    (op != BPF_END && op != BPF_NEG && !s.init))
				wrong("uninitialised register is used");
			step_alu(i, &reg[i->dst_reg], s);
		} else if (class == BPF_LD) {
			load_wide(pc++, &reg[i->dst_reg]);
		} else if (class == BPF_LDX || class == BPF_ST || class == BPF_STX) {
			step_memory(ins, reg);
		} else if (op == BPF_EXIT) {
			break;
		} else if (op == BPF_CALL) {
			step_call(pc, ins, reg);
			if (vm.replaced) {
				vm.replaced = false;
				reg[0] = number(0);
				break;
			}
		} else if (op == BPF_JA) {
			pc = (unsigned int)((int)pc + (class == BPF_JMP ? i->off : i->imm));
		} else if (op == BPF_JCOND) {
			/* No loop of these programs has as many rounds; but nobody knows that. */
			if (vm.leaves && vm.steps % 3 == 0) {
				vm.tainted = true;
				pc = (unsigned int)((int)pc + i->off);
			}
		} else {
			if (!reg[i->dst_reg].init || !s.init)
				wrong("uninitialised register is compared");
			if (holds(i, &reg[i->dst_reg], &s))
				pc = (unsigned int)((int)pc + i->off);
		}
		pc++;
	}
	vm.depth--;
	vm.stack = caller;
	/* Regions are given back only if nothing was inserted behind the stack. */
	if (vm.nr_regions == stack + 1)
		vm.nr_regions = regions;
	return reg[0];
}

/* --- the whole ---------------------------------------------------------------------------- */

static void set_up(const struct program *p, uint64_t input)
{
	uint8_t key[16], value[RODATA_SIZE];

	vm.p = p;
	vm.nr_regions = 0;
	vm.wrong = NULL;
	vm.stopped = vm.tainted = false;
	vm.out_len = 0;
	vm.steps = 0;
	vm.depth = vm.held = vm.locked = 0;
	vm.replaced = false;
	vm.leaves = input & 1;
	memset(vm.asked, 0, sizeof(vm.asked));
	new_region(CTX_SIZE); /* region 0: the context */
	make_input(input, vm.region[0].data);
	for (int map = 0; map < NR_DATA_MAPS; map++) {
		bool hash = map_shapes[map].type == BPF_MAP_TYPE_HASH;

		for (uint32_t i = 0; i < (hash ? 2 : map_shapes[map].max); i++) {
			make_element((enum map)map, i, key, value);
			insert((enum map)map, key, value);
		}
	}
}

static int by_key(const void *a, const void *b)
{
	const struct region *x = *(const struct region *const *)a;
	const struct region *y = *(const struct region *const *)b;

	return memcmp(x->key, y->key, sizeof(x->key));
}

/* As engine_run() tells it. */
static void tell(const struct val *ret, struct outcome *o)
{
	const struct region *rows[MAX_REGIONS];

	memset(o, 0, sizeof(*o));
	o->ret = vm.p->target == T_SYSCALL ? (uint32_t)ret->v : 0;
	memcpy(o->ctx, vm.region[0].data, CTX_SIZE);
	memcpy(o->out, vm.out, vm.out_len);
	o->out_len = vm.out_len;
	for (int map = 0; map < NR_DATA_MAPS; map++) {
		uint32_t key = map_shapes[map].key, value = map_shapes[map].value;
		size_t n = 0;

		for (int i = 0; i < vm.nr_regions; i++)
			if (vm.region[i].map == map && !vm.region[i].dead)
				rows[n++] = &vm.region[i];
		qsort(rows, n, sizeof(rows[0]), by_key);
		for (size_t i = 0; i < n && o->maps_len + key + value <= sizeof(o->maps); i++) {
			memcpy(o->maps + o->maps_len, rows[i]->key, key);
			memcpy(o->maps + o->maps_len + key, rows[i]->data, value);
			o->maps_len += key + value;
		}
	}
}

void witness_believes(bool believes)
{
	vm.believes = believes;
}

enum witness witness(const struct program *p, uint64_t input, const char **what, unsigned int *at,
		     uint8_t *reached, struct outcome *expected)
{
	struct val args[5] = {0}, object = {.is = OBJECT, .init = true, .v = 1};
	struct val ret = {0};
	bool range;

	set_up(p, input);
	vm.reached = reached;
	range = p->target != T_SYSCALL;
	args[0] = pointer(0);
	for (int i = 0; i < 5 && !over(); i++) {
		vm.ctx[0] = vm.ctx[1] = object;
		vm.ctx[2] = vm.ctx[3] = number(0);
		if (p->target == T_MAP && i)
			vm.ctx[1] = number(0);
		if (p->target == T_ELEM && i < 4) {
			uint8_t key[16] = {(uint8_t)i};
			int at_key = new_region(4);

			vm.region[at_key].readonly = true;
			vm.region[at_key].data[0] = (uint8_t)i;
			vm.ctx[2] = pointer(at_key);
			vm.ctx[3] = pointer(find(M_ITER, key));
			vm.ctx[2].buffer = vm.ctx[3].buffer = true;
		}
		ret = execute(0, args);
		free_of_everything();
		if (!over() && !ret.init)
			wrong("uninitialised result");
		if (!over() && range && (ret.is != NUMBER || ret.v > 1))
			wrong("result of an iterator is not 0 or 1");
		vm.tainted |= ret.taint || ret.is != NUMBER;
		if (range && ret.v) /* shown again, as often as it is read */
			vm.stopped = true;
		if (p->target == T_SYSCALL)
			break;
	}
	for (int r = 0; r < vm.nr_regions; r++) /* what is left in maps and the context */
		if (!r || vm.region[r].map >= 0)
			for (uint32_t b = 0; b < vm.region[r].size; b++)
				vm.tainted |= vm.region[r].taint[b];
	if (expected && !over() && !vm.tainted)
		tell(&ret, expected);
	*what = vm.wrong;
	*at = vm.at;
	return vm.wrong	    ? WITNESS_WRONG
	       : vm.stopped ? WITNESS_NOTHING
	       : vm.tainted ? WITNESS_TAINTED
			    : WITNESS_FINE;
}

bool witnessed(const struct program *p, unsigned int reg, uint64_t *value)
{
	const struct val *v = &vm.asked[reg];

	*value = v->v;
	return p->question && v->init && !v->taint && v->is == NUMBER;
}
