/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The witness: one instruction that is no call. */
#include "witness.h"

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

void step_alu(const struct bpf_insn *i, struct val *d, struct val s)
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
	/* Where in an object is not followed; it is read through all the same. */
	if (wide && (op == BPF_ADD || op == BPF_SUB) && d->is == OBJECT && s.is == NUMBER)
		return;
	if (op == BPF_MOV)
		d->taint = s.taint || s.is != NUMBER;
	else
		d->taint |= s.taint || s.is != NUMBER || d->is != NUMBER;
	d->v = alu(op, wide, i->off, d->v, s.v, i->imm);
	d->is = NUMBER;
	d->init = true;
}

bool holds(const struct bpf_insn *i, const struct val *d, const struct val *s)
{
	bool wide = BPF_CLASS(i->code) == BPF_JMP;
	uint64_t a = d->v, b = s->v;

	if (d->is == s->is && d->is == MEMORY + vm.packet && vm.packet && wide) {
		/* How far they are apart is certain; neither is near either end of all addresses.
		 */
		a += 1ull << 40;
		b += 1ull << 40;
	} else if (d->is != NUMBER || s->is != NUMBER) {
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

void step_memory(const struct ins *ins, struct val *reg)
{
	const struct bpf_insn *i = &ins->insn;
	uint32_t size = BPF_SIZE(i->code) == BPF_B   ? 1
			: BPF_SIZE(i->code) == BPF_H ? 2
			: BPF_SIZE(i->code) == BPF_W ? 4
						     : 8;
	struct val *d = &reg[i->dst_reg], *s = &reg[i->src_reg], old;
	bool atomic = BPF_MODE(i->code) == BPF_ATOMIC;

	/* What is stored in struct __sk_buff is somebody else's. */
	if (BPF_CLASS(i->code) != BPF_LDX && has_packet(vm.p->target) && d->is == MEMORY)
		vm.stopped = true;
	if (BPF_CLASS(i->code) == BPF_LDX) {
		if (s->init && s->is == MEMORY && has_packet(vm.p->target)) {
			*d = load_field(s->v + (uint64_t)i->off, size);
			return;
		}
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

		sum.taint = old.taint || old.is != NUMBER || s->taint || s->is != NUMBER;
		store(*d, i->off, size, sum);
	}
	if (i->imm & BPF_FETCH)
		*s = old;
}

void load_wide(unsigned int pc, struct val *d)
{
	const struct ins *ins = &vm.p->ins[pc];
	uint8_t key[16] = {0};
	uint64_t v = (uint32_t)ins->insn.imm | (uint64_t)(uint32_t)ins[1].insn.imm << 32;

	*d = number(v);
	if (ins->reloc == RELOC_MAP) {
		*d = (struct val){.is = MAP, .init = true, .v = ins->what};
	} else if (ins->reloc == RELOC_MAP_VALUE) {
		*d = pointer(find_element((enum map)ins->what, key));
		d->v = (uint64_t)(int64_t)ins[1].insn.imm;
	} else if (ins->insn.src_reg == BPF_PSEUDO_FUNC) {
		d->v = pc + 1 + (unsigned int)ins->insn.imm;
	}
}
