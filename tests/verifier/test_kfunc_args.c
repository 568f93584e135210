/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the ends of arguments' names ask for, "__k", "__str" and the like, of kfuncs that exist here
 * alone: of those that the runtime has, none uses all of them. The rules are those of
 * check_kfunc_args() in kernel/bpf/verifier.c.
 */
#include <stdlib.h>

#include "../btf/blob.h"
#include "test.h"

#include "verifier/kfunc_call.h"
#include "verifier/prog_types.h"

/* The names of arguments, at their offsets in the strings below. */
enum {
	PLAIN = 1,
	K = 3,
	IGN = 8,
	NULLABLE = 15,
	STR = 27,
	SIZED = 34,
	SZ = 36,
	SZK = 42,
	OPT = 49,
};
static const char names[] = "\0p\0p__k\0p__ign\0p__nullable\0p__str\0m\0n__sz\0n__szk\0b__opt";

/* Types of the blob. */
enum { NUMBER = 1, THING, TO_THING, TO_NUMBER, TO_VOID, PROTO_ID };

/* What is in a register. */
enum held {
	NOTHING,
	SEVEN, /* a constant */
	ANY,   /* a number */
	ZERO,
	STACK8, /* 8 bytes of stack that were written */
	OBJECT, /* trusted */
	OLD,	/* found by following pointers */
	MAYBE,	/* trusted, or NULL */
	TEXT,	/* a constant string */
	ENDLESS,
	VALUE, /* of a map that programs may write to */
};

static const struct row {
	u16 name[2];
	u8 type[2]; /* 0: there is no second argument */
	u32 flags;
	enum held held[2];
	int result;
	u64 constant; /* that the call gets to know */
} rows[] = {
	{{PLAIN}, {NUMBER}, 0, {ANY}, 0},
	{{PLAIN}, {NUMBER}, 0, {OBJECT}, -EINVAL},
	{{PLAIN}, {NUMBER}, 0, {NOTHING}, -EINVAL},

	{{K}, {NUMBER}, 0, {SEVEN}, 0, 7},
	{{K}, {NUMBER}, 0, {ANY}, -EINVAL},
	{{K}, {NUMBER}, 0, {OBJECT}, -EINVAL},

	{{IGN}, {TO_THING}, KF_TRUSTED_ARGS, {NOTHING}, 0},
	{{IGN}, {TO_THING}, KF_TRUSTED_ARGS, {OLD}, 0},
	{{IGN}, {NUMBER}, 0, {STACK8}, 0},

	{{PLAIN}, {TO_THING}, KF_TRUSTED_ARGS, {OBJECT}, 0},
	{{PLAIN}, {TO_THING}, KF_TRUSTED_ARGS, {OLD}, -EINVAL},
	{{PLAIN}, {TO_THING}, KF_TRUSTED_ARGS, {MAYBE}, -EACCES},
	{{PLAIN}, {TO_THING}, KF_TRUSTED_ARGS, {ZERO}, -EACCES},
	{{PLAIN}, {TO_THING}, KF_RCU, {MAYBE}, -EACCES},
	{{NULLABLE}, {TO_THING}, KF_TRUSTED_ARGS, {ZERO}, 0},
	{{NULLABLE}, {TO_THING}, KF_TRUSTED_ARGS, {OBJECT}, 0},
	{{NULLABLE}, {TO_THING}, KF_TRUSTED_ARGS, {OLD}, -EINVAL},

	{{STR}, {TO_NUMBER}, 0, {TEXT}, 0},
	{{STR}, {TO_NUMBER}, 0, {ENDLESS}, -EINVAL},
	{{STR}, {TO_NUMBER}, 0, {VALUE}, -EACCES},
	{{STR}, {TO_NUMBER}, 0, {STACK8}, -EINVAL},
	{{STR}, {TO_NUMBER}, KF_TRUSTED_ARGS, {ZERO}, -EACCES},

	{{SIZED, SZ}, {TO_VOID, NUMBER}, 0, {STACK8, SEVEN}, 0},
	{{SIZED, SZ}, {TO_VOID, NUMBER}, 0, {STACK8, ANY}, -EACCES},
	{{SIZED, SZ}, {TO_VOID, NUMBER}, 0, {ZERO, ZERO}, 0},
	{{SIZED, SZ}, {TO_VOID, NUMBER}, 0, {ZERO, SEVEN}, -EACCES},
	{{SIZED, SZK}, {TO_VOID, NUMBER}, 0, {STACK8, SEVEN}, 0, 7},
	{{SIZED, SZK}, {TO_VOID, NUMBER}, 0, {STACK8, ANY}, -EACCES},
	{{OPT, SZK}, {TO_VOID, NUMBER}, 0, {ZERO, SEVEN}, 0, 7},
	{{OPT, SZK}, {TO_VOID, NUMBER}, 0, {STACK8, SEVEN}, 0, 7},
	{{SIZED, SZK}, {TO_VOID, NUMBER}, 0, {ZERO, SEVEN}, -EACCES},
};

static char text[8] = "abc", endless[8] = "12345678";

static int value_addr(const struct bpf_map *map, u64 *addr, u32 off);

static const struct bpf_map_ops ops = {.map_direct_value_addr = value_addr};
static struct bpf_map maps[] = {
	{.ops = &ops, .map_flags = BPF_F_RDONLY_PROG, .frozen = true, .value_size = 8},
	{.ops = &ops, .map_flags = BPF_F_RDONLY_PROG, .frozen = true, .value_size = 8},
	{.ops = &ops, .value_size = 8},
};

static int value_addr(const struct bpf_map *map, u64 *addr, u32 off)
{
	*addr = (u64)(unsigned long)((map == &maps[1] ? endless : text) + off);
	return 0;
}

static struct bpf_insn_aux_data insn_aux;
static struct bpf_insn insn;
static struct bpf_subprog_info subprog = {.end = 1};
static struct bpf_prog_aux prog_aux;
static struct bpf_prog prog = {.aux = &prog_aux, .gpl_compatible = 1, .len = 1};
static const struct bpf_check_input input;
static struct trek_runtime runtime;
static const struct bpf_prog_type_ops type;

static void hold(struct bpf_verifier_env *env, const struct btf *btf, u32 regno, enum held held)
{
	const struct bpf_insn write = {
		.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8};
	struct bpf_reg_state *reg = &cur_regs(env)[regno];

	switch (held) {
	case NOTHING:
		reg->type = NOT_INIT;
		break;
	case SEVEN:
		reg_mark_const(reg, 7);
		break;
	case ANY:
		reg_mark_unknown(reg);
		break;
	case ZERO:
		reg_mark_const(reg, 0);
		break;
	case STACK8:
		assert_int_equal(check_store(env, &write), 0);
		reg_mark_pointer(reg, PTR_TO_STACK);
		reg->off = -8;
		break;
	case OBJECT:
	case OLD:
	case MAYBE:
		reg_mark_pointer(reg, PTR_TO_BTF_ID | (held == OLD ? 0u : PTR_TRUSTED) |
					      (held == MAYBE ? PTR_MAYBE_NULL : 0u));
		reg->btf = btf;
		reg->btf_id = THING;
		break;
	default:
		reg_mark_pointer(reg, PTR_TO_MAP_VALUE);
		reg->map_ptr = &maps[held - TEXT];
	}
}

static struct btf *make_types(const struct row *row)
{
	const u32 words[] = {
		/* 1 */ INT(PLAIN, 8, 64),
		/* 2 */ STRUCT(PLAIN, 8, 1),
		PLAIN,
		NUMBER,
		0,
		/* 3 */ REF(PTR, THING),
		/* 4 */ REF(PTR, NUMBER),
		/* 5 */ REF(PTR, 0),
		/* 6 */ PROTO(0, row->type[1] ? 2 : 1),
		row->name[0],
		row->type[0],
		row->type[1] ? row->name[1] : END,
		row->type[1],
		END,
	};
	struct blob blob;

	blob_make(&blob, words, names, sizeof(names));
	return btf_parse(NULL, blob.bytes, blob.size, NULL, NULL);
}

static int check_row(const struct row *row, u64 *constant)
{
	const struct btf_kfunc kfunc = {.name = "tried", .flags = row->flags};
	struct bpf_verifier_env env = {
		.prog = &prog,
		.in = &input,
		.type = &type,
		.insns = &insn,
		.nr_insns = 1,
		.aux = &insn_aux,
		.subprogs = &subprog,
		.nr_subprogs = 1,
	};
	struct btf *btf = make_types(row);
	struct kfunc_call call = {.kfunc = &kfunc, .btf = btf};
	int result;

	assert_false(IS_ERR(btf));
	runtime.vmlinux = btf;
	prog_aux.rt = &runtime;
	call.proto = btf_type_by_id(btf, PROTO_ID);
	env.cur = new_state(&env);
	assert_non_null(env.cur);
	reg_mark_pointer(&cur_regs(&env)[BPF_REG_10], PTR_TO_STACK);
	for (u32 i = 0; i < 2; i++)
		hold(&env, btf, i + 1, row->held[i]);
	result = check_kfunc_args(&env, &call);
	*constant = call.has_constant ? call.constant : 0;
	free_state(&env, env.cur);
	env.cur = NULL;
	free_all_states(&env);
	btf_put(btf);
	return result;
}

static void arguments(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 constant;
		int result = check_row(&rows[i], &constant);

		if (result != rows[i].result || constant != rows[i].constant)
			fail_msg("row %u: %d, not %d; constant %llu, not %llu", i, result,
				 rows[i].result, (unsigned long long)constant,
				 (unsigned long long)rows[i].constant);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
