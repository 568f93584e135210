/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the log says. A refusal begins with one line that says where in the source and what, and
 * goes on with the instruction, what the register holds and since when, and what would be accepted.
 * With log level 2 the walk is told: each instruction, and the state where paths meet.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verifier/env.h"

#define BTF_NAME_MAX 256 /* of a name that is told: what is longer is cut */

const char *reg_type_name(u32 type)
{
	static const char *const names[] = {
		[NOT_INIT] = "register that was not set",
		[SCALAR_VALUE] = "number",
		[PTR_TO_CTX] = "pointer to the context",
		[CONST_PTR_TO_MAP] = "pointer to a map",
		[PTR_TO_MAP_VALUE] = "map value",
		[PTR_TO_MAP_KEY] = "map key",
		[PTR_TO_STACK] = "pointer to the stack",
		[PTR_TO_PACKET] = "pointer into a packet",
		[PTR_TO_PACKET_META] = "pointer to what is before a packet",
		[PTR_TO_PACKET_END] = "pointer to the end of a packet",
		[PTR_TO_TP_BUFFER] = "buffer of a tracepoint",
		[PTR_TO_BTF_ID] = "pointer to a structure",
		[PTR_TO_MEM] = "memory area",
		[PTR_TO_BUF] = "buffer",
		[PTR_TO_FUNC] = "pointer to a function",
		[CONST_PTR_TO_DYNPTR] = "pointer to a dynptr of the caller",
	};

	return base_type(type) < ARRAY_SIZE(names) ? names[base_type(type)] : "pointer";
}

static void append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf + len, size - len, fmt, args);
	va_end(args);
}

/* What is known of its bits and does not follow from its range. */
static void describe_bits(const struct bpf_reg_state *reg, char *buf, size_t size)
{
	u64 different = reg->umin_value ^ reg->umax_value;
	u32 high = different ? __builtin_clzll(different) : 63;
	u64 known = ~reg->var_off.mask & ~0ull >> high;

	if (!known)
		return;
	if (!(reg->var_off.value & known) && !(known & (known + 1)))
		append(buf, size, ", a multiple of %llu", (unsigned long long)known + 1);
	else
		append(buf, size, ", bits %#llx are %#llx", (unsigned long long)known,
		       (unsigned long long)(reg->var_off.value & known));
}

static void describe_scalar(const struct bpf_reg_state *reg, char *buf, size_t size)
{
	if (tnum_is_const(reg->var_off)) {
		append(buf, size, "%lld", (long long)reg->var_off.value);
		return;
	}
	if (!reg->umin_value && reg->umax_value == ~0ull && reg->var_off.mask == ~0ull &&
	    reg->smin_value == INT64_MIN && reg->smax_value == INT64_MAX) {
		append(buf, size, "any number");
		return;
	}
	append(buf, size, "a number");
	if (reg->smin_value < 0 && (reg->smin_value != INT64_MIN || reg->smax_value != INT64_MAX))
		append(buf, size, " from %lld to %lld", (long long)reg->smin_value,
		       (long long)reg->smax_value);
	else if (reg->umin_value || reg->umax_value != ~0ull)
		append(buf, size, " from %llu to %llu", (unsigned long long)reg->umin_value,
		       (unsigned long long)reg->umax_value);
	describe_bits(reg, buf, size);
}

/* What may be done with a pointer to a structure, by its flags (btf_access.c). */
static const char *standing(u32 type)
{
	if (type & MEM_PERCPU)
		return " of each CPU";
	if (type & MEM_USER)
		return " of a process";
	if (type & PTR_TRUSTED)
		return "";
	if (type & MEM_RCU)
		return " (until the RCU section ends)";
	return " (found by following others: only to be read)";
}

void describe_reg(const struct bpf_verifier_env *env, const struct bpf_reg_state *reg, char *buf,
		  size_t size)
{
	const struct btf_type *t;

	buf[0] = '\0';
	if (reg->type == SCALAR_VALUE) {
		describe_scalar(reg, buf, size);
		return;
	}
	append(buf, size, "a %s", reg_type_name(reg->type));
	switch (base_type(reg->type)) {
	case PTR_TO_BTF_ID:
		t = btf_type_by_id(reg->btf, reg->btf_id);
		append(buf, size, " %s", t ? btf_type_name(reg->btf, t) : "?");
		append(buf, size, "%s", standing(reg->type));
		break;
	case CONST_PTR_TO_MAP:
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MAP_KEY:
		append(buf, size, " '%s'", reg->map_ptr->name);
		break;
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
		append(buf, size, " of which %d bytes are known to be there",
		       max_of(reg->range, 0));
		break;
	case PTR_TO_MEM:
		if (reg->type & PTR_UNTRUSTED)
			append(buf, size, " anywhere");
		else
			append(buf, size, " of %u bytes", reg->mem_size);
		break;
	}
	if (reg->type & MEM_RDONLY)
		append(buf, size, ", read-only");
	if (reg->type & PTR_MAYBE_NULL)
		append(buf, size, ", or NULL");
	if (reg->off)
		append(buf, size, ", offset %d", reg->off);
	if (!tnum_is_const(reg->var_off)) {
		append(buf, size, " plus ");
		describe_scalar(reg, buf, size);
	} else if (reg->var_off.value) {
		append(buf, size, " plus %lld", (long long)reg->var_off.value);
	}
}

/* The line_info that instruction @idx belongs to: 1 + its index; 0: none. */
static u32 line_of(const struct bpf_verifier_env *env, u32 idx)
{
	const struct bpf_prog_aux *aux = env->prog->aux;
	u32 low = 0, high = aux->btf ? aux->nr_linfo : 0;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (aux->linfo[mid].insn_off <= idx)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const char *text_of(const struct bpf_verifier_env *env, u32 offset)
{
	const char *text = btf_name_by_offset(env->prog->aux->btf, offset);

	if (!text)
		return "";
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

static void place_of(const struct bpf_verifier_env *env, u32 idx, char *buf, size_t size)
{
	u32 line = line_of(env, idx);

	buf[0] = '\0';
	if (!line) {
		append(buf, size, "instruction %u", idx);
		return;
	}
	append(buf, size, "%s:%u", text_of(env, env->prog->aux->linfo[line - 1].file_name_off),
	       BPF_LINE_INFO_LINE_NUM(env->prog->aux->linfo[line - 1].line_col));
}

/* "in parse(): " for an instruction of a function whose name is known. */
static void function_of(const struct bpf_verifier_env *env, u32 idx, char *buf, size_t size)
{
	const struct btf_type *func = env->subprogs ? subprog_at(env, idx)->func : NULL;

	buf[0] = '\0';
	if (func)
		append(buf, size, "in %s(): ", btf_type_name(env->prog->aux->btf, func));
}

/* The source line of an instruction; "": not known. */
static const char *source_of(const struct bpf_verifier_env *env, u32 idx)
{
	u32 line = line_of(env, idx);

	return line ? text_of(env, env->prog->aux->linfo[line - 1].line_off) : "";
}

static void disasm_alu(const struct bpf_insn *insn, char *buf, size_t size)
{
	static const char *const op[16] = {"+=",  "-=", "*=", "/=", "|=",   "&=",   "<<=", ">>=",
					   "neg", "%=", "^=", "=",  "s>>=", "swap", "?",   "?"};
	char r = BPF_CLASS(insn->code) == BPF_ALU64 ? 'r' : 'w';
	u8 code = BPF_OP(insn->code) >> 4;

	if (BPF_OP(insn->code) == BPF_NEG || BPF_OP(insn->code) == BPF_END)
		append(buf, size, "%c%u = %s %c%u", r, insn->dst_reg, op[code], r, insn->dst_reg);
	else if (BPF_SRC(insn->code) == BPF_X)
		append(buf, size, "%c%u %s %c%u", r, insn->dst_reg, op[code], r, insn->src_reg);
	else
		append(buf, size, "%c%u %s %d", r, insn->dst_reg, op[code], insn->imm);
}

static void disasm_call(const struct bpf_verifier_env *env, u32 idx, char *buf, size_t size)
{
	const struct bpf_insn *insn = &env->insns[idx];

	if (insn_calls_subprog(insn))
		append(buf, size, "call instruction %lld", (long long)idx + insn->imm + 1);
	else if (insn_calls_kfunc(insn))
		append(buf, size, "call %s",
		       env->aux[idx].kfunc ? env->aux[idx].kfunc->name : "kernel function");
	else
		append(buf, size, "call %s",
		       env->aux[idx].helper ? env->aux[idx].helper->name : "helper");
	if (!env->aux[idx].helper && !env->aux[idx].kfunc && !insn_calls_subprog(insn))
		append(buf, size, " #%d", insn->imm);
}

static void disasm_jmp(const struct bpf_verifier_env *env, u32 idx, char *buf, size_t size)
{
	static const char *const op[16] = {"", "==", ">", ">=", "&",  "!=",  "s>", "s>=",
					   "", "",   "<", "<=", "s<", "s<=", "",   ""};
	const struct bpf_insn *insn = &env->insns[idx];
	char r = BPF_CLASS(insn->code) == BPF_JMP ? 'r' : 'w';

	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
		disasm_call(env, idx, buf, size);
		return;
	case BPF_EXIT:
		append(buf, size, "exit");
		return;
	case BPF_JCOND:
		append(buf, size, "may_goto %lld", (long long)idx + 1 + insn->off);
		return;
	case BPF_JA:
		append(buf, size, "goto %lld",
		       (long long)idx + 1 +
			       (BPF_CLASS(insn->code) == BPF_JMP32 ? insn->imm : insn->off));
		return;
	}
	append(buf, size, "if %c%u %s ", r, insn->dst_reg, op[BPF_OP(insn->code) >> 4]);
	if (BPF_SRC(insn->code) == BPF_X)
		append(buf, size, "%c%u", r, insn->src_reg);
	else
		append(buf, size, "%d", insn->imm);
	append(buf, size, " goto %lld", (long long)idx + 1 + insn->off);
}

static void disasm(const struct bpf_verifier_env *env, u32 idx, char *buf, size_t size)
{
	const struct bpf_insn *insn = &env->insns[idx];
	u32 bits = insn_size(insn) * 8;

	buf[0] = '\0';
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		disasm_alu(insn, buf, size);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		disasm_jmp(env, idx, buf, size);
		break;
	case BPF_LDX:
		append(buf, size, "r%u = *(%c%u *)(r%u %+d)", insn->dst_reg,
		       BPF_MODE(insn->code) == BPF_MEMSX ? 's' : 'u', bits, insn->src_reg,
		       insn->off);
		break;
	case BPF_ST:
		append(buf, size, "*(u%u *)(r%u %+d) = %d", bits, insn->dst_reg, insn->off,
		       insn->imm);
		break;
	case BPF_STX:
		if (insn_is_load_acquire(insn)) {
			append(buf, size, "r%u = acquire *(u%u *)(r%u %+d)", insn->dst_reg, bits,
			       insn->src_reg, insn->off);
			break;
		}
		append(buf, size, "%s*(u%u *)(r%u %+d) = r%u",
		       insn_is_store_release(insn) ? "release "
		       : insn_is_atomic(insn)	   ? "atomic "
						   : "",
		       bits, insn->dst_reg, insn->off, insn->src_reg);
		break;
	default:
		append(buf, size, "r%u = %#llx ll", insn->dst_reg,
		       (unsigned long long)(u32)insn->imm);
	}
}

/* Where instruction @idx is, for who looks at @here: the file only if it is another one. */
static void describe_place(const struct bpf_verifier_env *env, u32 idx, u32 here, char *buf,
			   size_t size)
{
	const struct bpf_line_info *lines = env->prog->aux->linfo;
	u32 line = line_of(env, idx), other = line_of(env, here);

	buf[0] = '\0';
	if (!line || !other ||
	    strcmp(text_of(env, lines[line - 1].file_name_off),
		   text_of(env, lines[other - 1].file_name_off))) {
		place_of(env, idx, buf, size);
		return;
	}
	line = BPF_LINE_INFO_LINE_NUM(lines[line - 1].line_col);
	if (line == BPF_LINE_INFO_LINE_NUM(lines[other - 1].line_col))
		append(buf, size, "this line, instruction %u", idx);
	else
		append(buf, size, "line %u: %s", line, source_of(env, idx));
}

void say_place(const struct bpf_verifier_env *env, u32 idx, char *buf, size_t size)
{
	describe_place(env, idx, env->insn_idx, buf, size);
}

bool was_given_back(const struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	/* A call that did not set it made a number of it. */
	return reg->type == SCALAR_VALUE && regno != BPF_REG_0 &&
	       insn_is_call(&env->insns[reg->since]);
}

/* What register @regno holds, and which line made it so. */
static void tell_reg(const struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	char text[512], place[256];

	say_place(env, reg->since, place, sizeof(place));
	if (reg->type == NOT_INIT) {
		if (insn_is_call(&env->insns[reg->since]))
			bpf_log(env->log, "  R%u was cleared by a call (%s)\n", regno, place);
	} else if (was_given_back(env, regno)) {
		bpf_log(env->log, "  R%u points to what was given back (%s)\n", regno, place);
	} else {
		describe_reg(env, reg, text, sizeof(text));
		bpf_log(env->log, "  R%u is %s (since %s)\n", regno, text, place);
	}
}

int refuse(struct bpf_verifier_env *env, int err, int regno, const char *advice, const char *fmt,
	   ...)
{
	char what[512], place[256], function[BTF_NAME_MAX], text[512];
	va_list args;

	if (!env->log || !env->log->level)
		return err;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (env->insn_idx >= env->nr_insns) {
		bpf_log(env->log, "refused: %s\n", what);
	} else {
		place_of(env, env->insn_idx, place, sizeof(place));
		function_of(env, env->insn_idx, function, sizeof(function));
		bpf_log(env->log, "%s: %srefused: %s\n", place, function, what);
		if (line_of(env, env->insn_idx))
			bpf_log(env->log, "  source: %s\n", source_of(env, env->insn_idx));
		disasm(env, env->insn_idx, text, sizeof(text));
		bpf_log(env->log, "  instruction %u: %s\n", env->insn_idx, text);
		if (regno >= 0 && regno < MAX_BPF_REG && env->cur)
			tell_reg(env, regno);
	}
	if (advice)
		bpf_log(env->log, "  to be accepted: %s\n", advice);
	return err;
}

void log_insn(struct bpf_verifier_env *env, u32 idx)
{
	u32 line = line_of(env, idx);
	char text[256];

	if (line && line != env->last_line) {
		place_of(env, idx, text, sizeof(text));
		bpf_log(env->log, "; %s: %s\n", text,
			text_of(env, env->prog->aux->linfo[line - 1].line_off));
	}
	env->last_line = line;
	disasm(env, idx, text, sizeof(text));
	bpf_log(env->log, "%u: %s\n", idx, text);
}

void log_state(struct bpf_verifier_env *env, const struct bpf_verifier_state *state)
{
	const struct bpf_func_state *frame = state->frame[state->curframe];
	char text[256];
	u32 i;

	for (i = 0; i < BPF_REG_10; i++) {
		if (frame->regs[i].type == NOT_INIT)
			continue;
		describe_reg(env, &frame->regs[i], text, sizeof(text));
		bpf_log(env->log, "   R%u: %s\n", i, text);
	}
	for (i = 0; i < frame->nr_slots; i++) {
		if (frame->stack[i].type[0] != STACK_SPILL)
			continue;
		describe_reg(env, &frame->stack[i].spilled, text, sizeof(text));
		bpf_log(env->log, "   r10-%u: %s\n", (i + 1) * BPF_REG_SIZE, text);
	}
}
