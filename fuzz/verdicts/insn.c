/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Programs as lists of instructions: text, cutting, and what may be loaded at all. */
#include <stdlib.h>
#include <string.h>

#include "verdicts.h"

/* --- text --------------------------------------------------------------------------------- */

static const char *const alu_names[16] = {"+=",	 "-=", "*=", "/=", "|=",   "&=",  "<<=", ">>=",
					  "neg", "%=", "^=", "=",  "s>>=", "end", "?e",	 "?f"};
static const char *const jmp_names[16] = {"goto", "==",	  ">", ">=", "&",  "!=",  "s>", "s>=",
					  "call", "exit", "<", "<=", "s<", "s<=", "?e", "?f"};
static const char *const size_names[4] = {"u32", "u16", "u8", "u64"};
static const char *const map_names[NR_MAPS] = {"array", "hash", "odd",	"rodata", "data",
					       "iter",	"lock", "ring", "progs"};

static void print_alu(FILE *out, const struct bpf_insn *i)
{
	char w = BPF_CLASS(i->code) == BPF_ALU ? 'w' : 'r';
	int op = BPF_OP(i->code);
	const char *name = alu_names[op >> 4];

	if (op == BPF_NEG) {
		fprintf(out, "%c%d = -%c%d", w, i->dst_reg, w, i->dst_reg);
	} else if (op == BPF_END) {
		fprintf(out, "r%d = %s%d r%d", i->dst_reg,
			w == 'r'			? "bswap"
			: BPF_SRC(i->code) == BPF_TO_BE ? "be"
							: "le",
			i->imm, i->dst_reg);
	} else {
		fprintf(out, "%c%d %s%s ", w, i->dst_reg,
			i->off && (op == BPF_DIV || op == BPF_MOD) ? "s" : "", name);
		if (i->off && op == BPF_MOV)
			fprintf(out, "(s%d)", i->off);
		if (BPF_SRC(i->code) == BPF_X)
			fprintf(out, "%c%d", w, i->src_reg);
		else
			fprintf(out, "%d", i->imm);
	}
}

static void print_jmp(FILE *out, const struct ins *ins, unsigned int at)
{
	const struct bpf_insn *i = &ins->insn;
	char w = BPF_CLASS(i->code) == BPF_JMP32 ? 'w' : 'r';
	int op = BPF_OP(i->code);

	if (op == BPF_EXIT) {
		fprintf(out, "exit");
	} else if (op == BPF_CALL) {
		if (ins->reloc == RELOC_KFUNC)
			fprintf(out, "call kfunc %s", kfunc_names[ins->what]);
		else if (i->src_reg == BPF_PSEUDO_CALL)
			fprintf(out, "call subprogram at %d", (int)at + 1 + i->imm);
		else
			fprintf(out, "call helper %d", i->imm);
	} else if (op == BPF_JCOND) {
		fprintf(out, "may_goto %d", (int)at + 1 + i->off);
	} else if (op == BPF_JA) {
		fprintf(out, "goto %d", (int)at + 1 + (w == 'w' ? i->imm : i->off));
	} else {
		fprintf(out, "if %c%d %s ", w, i->dst_reg, jmp_names[op >> 4]);
		if (BPF_SRC(i->code) == BPF_X)
			fprintf(out, "%c%d", w, i->src_reg);
		else
			fprintf(out, "%d", i->imm);
		fprintf(out, " goto %d", (int)at + 1 + i->off);
	}
}

static void print_offset(FILE *out, int reg, const struct ins *ins)
{
	fprintf(out, "(r%d %+d", reg, ins->insn.off);
	if (ins->reloc == RELOC_FIELD)
		fprintf(out, " + offsetof(%s)", fields[ins->what].name);
	fprintf(out, ")");
}

static void print_ins(FILE *out, const struct program *p, unsigned int at)
{
	const struct ins *ins = &p->ins[at];
	const struct bpf_insn *i = &ins->insn;
	const char *size = size_names[BPF_SIZE(i->code) >> 3];

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		if (BPF_MODE(i->code) != BPF_IMM) {
			fprintf(out, "r0 = packet (%s)", size);
			if (BPF_MODE(i->code) == BPF_IND)
				fprintf(out, " r%d", i->src_reg);
			fprintf(out, " %+d", i->imm);
			break;
		}
		fprintf(out, "r%d = ", i->dst_reg);
		if (ins->reloc == RELOC_MAP)
			fprintf(out, "map %s", map_names[ins->what]);
		else if (ins->reloc == RELOC_MAP_VALUE)
			fprintf(out, "value of map %s + %d", map_names[ins->what], ins[1].insn.imm);
		else if (i->src_reg == BPF_PSEUDO_FUNC)
			fprintf(out, "function at %d", (int)at + 1 + i->imm);
		else
			fprintf(out, "0x%llx ll",
				(unsigned long long)(uint32_t)i->imm |
					(unsigned long long)(uint32_t)ins[1].insn.imm << 32);
		break;
	case BPF_LDX:
		fprintf(out, "r%d = *(%s%s *)", i->dst_reg,
			BPF_MODE(i->code) == BPF_MEMSX ? "signed " : "", size);
		print_offset(out, i->src_reg, ins);
		break;
	case BPF_ST:
		fprintf(out, "*(%s *)", size);
		print_offset(out, i->dst_reg, ins);
		fprintf(out, " = %d", i->imm);
		break;
	case BPF_STX:
		if (BPF_MODE(i->code) == BPF_ATOMIC)
			fprintf(out, "atomic 0x%x ", (unsigned int)i->imm);
		fprintf(out, "*(%s *)", size);
		print_offset(out, i->dst_reg, ins);
		fprintf(out, " = r%d", i->src_reg);
		break;
	case BPF_ALU:
	case BPF_ALU64:
		print_alu(out, i);
		break;
	default:
		print_jmp(out, ins, at);
	}
}

void print_program(FILE *out, const struct program *p)
{
	static const char *const targets[NR_TARGETS] = {"syscall", "iter/bpf_map_elem",
							"iter/bpf_map", "xdp", "tc"};
	static const char *const fn_names[NR_FUNCTIONS] = {"main",
							   "static sub",
							   "static loop callback",
							   "static element callback",
							   "global sub of numbers",
							   "global sub of memory"};

	fprintf(out, "program --seed %llu --only %llu: %s, %u instructions, %u mutations\n",
		(unsigned long long)p->seed, (unsigned long long)p->number, targets[p->target],
		p->n, p->mutations);
	for (unsigned int i = 0; i < p->n; i++) {
		for (unsigned int f = 0; f < p->nr_funcs; f++)
			if (p->funcs[f].at == i && p->nr_funcs > 1)
				fprintf(out, "  %s:\n", fn_names[p->funcs[f].fn]);
		fprintf(out, "  %3u: (%02x) ", i, p->ins[i].insn.code);
		print_ins(out, p, i);
		fprintf(out, "\n");
		if (is_wide(&p->ins[i]))
			i++;
	}
}

/* --- cutting ------------------------------------------------------------------------------ */

/* The place that instruction @i refers to, in *@to; false: none. */
static bool refers(const struct program *p, unsigned int i, int *to)
{
	const struct bpf_insn *insn = &p->ins[i].insn;
	int class = BPF_CLASS(insn->code);
	int op = BPF_OP(insn->code);

	if (is_wide(&p->ins[i]) && insn->src_reg == BPF_PSEUDO_FUNC) {
		*to = (int)i + 1 + insn->imm;
		return true;
	}
	if (class != BPF_JMP && class != BPF_JMP32)
		return false;
	if (op == BPF_EXIT || (op == BPF_CALL && insn->src_reg != BPF_PSEUDO_CALL))
		return false;
	if (op == BPF_CALL || (op == BPF_JA && class == BPF_JMP32))
		*to = (int)i + 1 + insn->imm;
	else
		*to = (int)i + 1 + insn->off;
	return true;
}

static void refer(struct program *p, unsigned int i, int by)
{
	struct bpf_insn *insn = &p->ins[i].insn;
	int class = BPF_CLASS(insn->code);

	if (is_wide(&p->ins[i]) || BPF_OP(insn->code) == BPF_CALL ||
	    (BPF_OP(insn->code) == BPF_JA && class == BPF_JMP32))
		insn->imm += by;
	else
		insn->off = (int16_t)(insn->off + by);
}

bool take_out(struct program *p, unsigned int at, unsigned int n)
{
	int cut = (int)n;

	if (at + n > p->n)
		return false;
	/* A function's first instruction may go only with a successor that takes its place. */
	for (unsigned int f = 0; f < p->nr_funcs; f++) {
		unsigned int end = f + 1 < p->nr_funcs ? p->funcs[f + 1].at : p->n;

		if (at < end && at >= p->funcs[f].at && at + n >= end && at == p->funcs[f].at)
			return false;
		if (f && p->funcs[f].at > at && p->funcs[f].at < at + n)
			return false;
	}
	for (unsigned int i = 0; i < p->n; i++) {
		bool wide = is_wide(&p->ins[i]);
		int to, from_shift = i >= at + n ? cut : 0, to_shift;

		if ((i < at || i >= at + n) && refers(p, i, &to)) {
			to_shift = to >= (int)(at + n) ? cut : to > (int)at ? to - (int)at : 0;
			refer(p, i, from_shift - to_shift);
		}
		if (wide)
			i++;
	}
	if (p->question && at < p->question + 2)
		p->question = at + n <= p->question ? p->question - n : 0;
	memmove(p->ins + at, p->ins + at + n, (p->n - at - n) * sizeof(p->ins[0]));
	p->n -= n;
	for (unsigned int f = 0; f < p->nr_funcs; f++)
		if (p->funcs[f].at > at)
			p->funcs[f].at -= n;
	return true;
}

/* --- what may be loaded ------------------------------------------------------------------- */

static bool helper_known(int id)
{
	for (const int *h = known_helpers; *h; h++)
		if (*h == id)
			return true;
	return false;
}

static bool is_target(const struct program *p, unsigned int at)
{
	int to;

	for (unsigned int i = 0; i < p->n; i++) {
		if (refers(p, i, &to) && to == (int)at)
			return true;
		if (is_wide(&p->ins[i]))
			i++;
	}
	return false;
}

/* A helper that loops is called by the main function alone, at most twice, and bpf_loop directly
 * behind a mask of its count. */
static bool loops_little(const struct program *p, unsigned int at, unsigned int *loops)
{
	const struct bpf_insn *mask;

	if (p->nr_funcs > 1 && at >= p->funcs[1].at)
		return false;
	if (++*loops > 2)
		return false;
	if (p->ins[at].insn.imm == BPF_FUNC_for_each_map_elem)
		return true;
	if (!at || is_target(p, at))
		return false;
	mask = &p->ins[at - 1].insn;
	return mask->code == (BPF_ALU64 | BPF_AND | BPF_K) && mask->dst_reg == BPF_REG_1 &&
	       mask->imm >= 0 && mask->imm < 64;
}

bool harmless(const struct program *p)
{
	unsigned int loops = 0;

	for (unsigned int i = 0; i < p->n; i++) {
		const struct ins *ins = &p->ins[i];
		const struct bpf_insn *insn = &ins->insn;
		int class = BPF_CLASS(insn->code);

		if (class == BPF_LD && BPF_MODE(insn->code) != BPF_IMM)
			continue;
		if (class == BPF_LD) {
			if (!is_wide(ins) || i + 1 >= p->n || p->ins[i + 1].insn.code)
				return false;
			if (insn->src_reg != 0 && insn->src_reg != BPF_PSEUDO_FUNC &&
			    ins->reloc != RELOC_MAP && ins->reloc != RELOC_MAP_VALUE)
				return false;
			i++;
			continue;
		}
		if ((class != BPF_JMP && class != BPF_JMP32) || BPF_OP(insn->code) != BPF_CALL)
			continue;
		if (insn->src_reg == BPF_PSEUDO_CALL || ins->reloc == RELOC_KFUNC)
			continue;
		if (insn->src_reg != 0 || !helper_known(insn->imm))
			return false;
		if ((insn->imm == BPF_FUNC_loop || insn->imm == BPF_FUNC_for_each_map_elem) &&
		    !loops_little(p, i, &loops))
			return false;
	}
	return true;
}
