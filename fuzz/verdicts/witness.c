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
#include <stdlib.h>
#include <string.h>

#include "beliefs.h"
#include "witness.h"

struct vm vm;

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
struct val execute(unsigned int pc, const struct val *args)
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
		} else if (class == BPF_LD && BPF_MODE(i->code) != BPF_IMM) {
			step_packet_load(i, reg);
			if (vm.replaced) {
				vm.replaced = false;
				reg[0] = number(0);
				break;
			}
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
	vm.depth = vm.held = vm.locked = vm.open = vm.packet = 0;
	vm.nr_iters = vm.nr_dynptrs = 0;
	vm.replaced = false;
	vm.leaves = input & 1;
	memset(vm.asked, 0, sizeof(vm.asked));
	new_region(CTX_SIZE); /* region 0: the context */
	if (has_packet(p->target))
		set_up_packet(input);
	else
		make_input(input, vm.region[0].data);
	for (int map = 0; map < NR_DATA_MAPS; map++) {
		bool hash = map_shapes[map].type == BPF_MAP_TYPE_HASH;

		for (uint32_t i = 0; i < (hash ? 2 : map_shapes[map].max); i++) {
			make_element((enum map)map, i, key, value);
			insert_element((enum map)map, key, value);
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
	o->ret = is_iterator(vm.p->target) ? 0 : (uint32_t)ret->v;
	memcpy(o->ctx, vm.region[0].data, CTX_SIZE);
	memcpy(o->out, vm.out, vm.out_len);
	o->out_len = vm.out_len;
	if (vm.packet) {
		const struct region *r = &vm.region[vm.packet];

		o->out_len = r->size - r->start;
		memcpy(o->out, r->data + r->start, o->out_len);
	}
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
	range = is_iterator(p->target);
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
			vm.ctx[3] = pointer(find_element(M_ITER, key));
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
		if (!range)
			break;
	}
	/* What is left in maps, the context and the packet. */
	for (int r = 0; r < vm.nr_regions; r++)
		if (!r || vm.region[r].map >= 0 || r == vm.packet)
			for (uint32_t b = vm.region[r].start; b < vm.region[r].size; b++)
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
