/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a pointer may do that was found by following another one: by what is known of that one, by
 * the tag of the member, and by where the program is. Kernels that GCC built have no tags to
 * compare with; the rows are those of check_ptr_to_btf_access() in kernel/bpf/verifier.c.
 */
#include <stdlib.h>

#include "../btf/blob.h"
#include "test.h"

#include "verifier/env.h"

/* Offsets of the members of struct a, pointers to struct a all of them. */
enum { NO_TAG = 0, RCU = 8, USER = 16, PERCPU = 24, SIZE = 32 };

enum place {
	ATOMIC,	   /* a program that may not sleep */
	SLEEPABLE, /* outside of any section of one that may */
	SECTION,   /* inside */
};

#define REFUSED 1 /* instead of flags */

static const struct row {
	u32 owner; /* flags */
	enum place place;
	s16 member;
	u32 found;
	bool held;
} rows[] = {
	{PTR_TRUSTED, ATOMIC, NO_TAG, 0},
	{PTR_TRUSTED, SLEEPABLE, NO_TAG, PTR_UNTRUSTED},
	{PTR_TRUSTED, SECTION, NO_TAG, 0},
	{PTR_TRUSTED, ATOMIC, RCU, MEM_RCU | PTR_MAYBE_NULL},
	{PTR_TRUSTED, SLEEPABLE, RCU, PTR_UNTRUSTED},
	{PTR_TRUSTED, SECTION, RCU, MEM_RCU | PTR_MAYBE_NULL},
	{PTR_TRUSTED, ATOMIC, PERCPU, MEM_PERCPU},
	{PTR_TRUSTED, SLEEPABLE, PERCPU, PTR_UNTRUSTED},
	{PTR_TRUSTED, SECTION, PERCPU, MEM_PERCPU},
	{PTR_TRUSTED, ATOMIC, USER, MEM_USER},
	{PTR_TRUSTED, SLEEPABLE, USER, PTR_UNTRUSTED},
	{MEM_RCU, ATOMIC, NO_TAG, 0},
	{MEM_RCU, SECTION, NO_TAG, 0},
	{MEM_RCU, SECTION, RCU, MEM_RCU | PTR_MAYBE_NULL},
	{MEM_RCU, SECTION, PERCPU, MEM_PERCPU},
	{MEM_RCU | PTR_MAYBE_NULL, SECTION, RCU, REFUSED},
	{0, ATOMIC, NO_TAG, 0},
	{0, SLEEPABLE, NO_TAG, 0},
	{0, ATOMIC, RCU, 0},
	{0, SECTION, RCU, 0},
	{0, ATOMIC, PERCPU, MEM_PERCPU},
	{0, SLEEPABLE, USER, MEM_USER},
	{0, ATOMIC, RCU, MEM_RCU | PTR_MAYBE_NULL, true},
	{0, SLEEPABLE, RCU, PTR_UNTRUSTED, true},
	{PTR_UNTRUSTED, ATOMIC, NO_TAG, PTR_UNTRUSTED},
	{PTR_UNTRUSTED, ATOMIC, RCU, PTR_UNTRUSTED},
	{PTR_UNTRUSTED, SECTION, RCU, PTR_UNTRUSTED},
	{PTR_UNTRUSTED, ATOMIC, PERCPU, PTR_UNTRUSTED},
	{PTR_TRUSTED | PTR_MAYBE_NULL, ATOMIC, NO_TAG, REFUSED},
	{MEM_PERCPU, ATOMIC, NO_TAG, REFUSED},
	{MEM_USER, ATOMIC, NO_TAG, REFUSED},
};

static const struct btf_kfunc lock = {.name = "lock", .flags = KF_RCU_LOCK};
static const struct btf_kfunc unlock = {.name = "unlock", .flags = KF_RCU_UNLOCK};

static struct bpf_insn_aux_data insn_aux;
static struct bpf_insn insn;
static struct bpf_subprog_info subprog = {.end = 1};
static struct bpf_prog_aux prog_aux;
static struct bpf_prog prog = {.aux = &prog_aux, .gpl_compatible = 1, .len = 1};
static const struct bpf_check_input input;
static struct btf *btf;

static void begin(struct bpf_verifier_env *env, enum place place)
{
	prog.sleepable = place != ATOMIC;
	*env = (struct bpf_verifier_env){
		.prog = &prog,
		.in = &input,
		.insns = &insn,
		.nr_insns = 1,
		.aux = &insn_aux,
		.subprogs = &subprog,
		.nr_subprogs = 1,
	};
	env->cur = new_state(env);
	assert_non_null(env->cur);
	reg_mark_pointer(&cur_regs(env)[BPF_REG_10], PTR_TO_STACK);
	if (place == SECTION)
		assert_int_equal(check_region_call(env, &lock), 0);
}

static void end(struct bpf_verifier_env *env)
{
	free_state(env, env->cur);
	env->cur = NULL;
	free_all_states(env);
}

static void set_owner(struct bpf_verifier_env *env, const struct row *row)
{
	struct bpf_reg_state *reg = &cur_regs(env)[BPF_REG_1];

	reg_mark_pointer(reg, PTR_TO_BTF_ID | row->owner);
	reg->btf = btf;
	reg->btf_id = 1;
	reg->id = 7;
	reg->ref_obj_id = row->held ? 7 : 0;
}

static void found_pointers(void **state)
{
	struct bpf_verifier_env env;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct bpf_insn load = {.code = BPF_LDX | BPF_MEM | BPF_DW,
					      .dst_reg = BPF_REG_2,
					      .src_reg = BPF_REG_1,
					      .off = rows[i].member};
		u32 want = rows[i].found;
		int err;

		begin(&env, rows[i].place);
		set_owner(&env, &rows[i]);
		insn_aux = (struct bpf_insn_aux_data){0};
		err = check_load(&env, &load);
		if (want == REFUSED) {
			assert_int_equal(err, -EACCES);
		} else if (err || cur_regs(&env)[BPF_REG_2].type != (PTR_TO_BTF_ID | want)) {
			fail_msg("row %u: %d, flags %#x, not %#x", i, err,
				 type_flag(cur_regs(&env)[BPF_REG_2].type), want);
		} else {
			assert_true(insn_aux.probe_load);
			assert_int_equal(!!cur_regs(&env)[BPF_REG_2].id, !!(want & PTR_MAYBE_NULL));
		}
		end(&env);
	}
}

/* Where the section ends, in registers, on the stack, and in the functions that wait. */
static void the_end_of_a_section(void **state)
{
	static const struct row rcu = {.owner = MEM_RCU}, or_null = {MEM_RCU | PTR_MAYBE_NULL},
				trusted = {PTR_TRUSTED};
	const struct bpf_insn spill = {.code = BPF_STX | BPF_MEM | BPF_DW,
				       .dst_reg = BPF_REG_10,
				       .src_reg = BPF_REG_1,
				       .off = -8};
	struct bpf_verifier_env env;

	begin(&env, SECTION);
	set_owner(&env, &rcu);
	cur_regs(&env)[BPF_REG_6] = cur_regs(&env)[BPF_REG_1];
	assert_int_equal(check_store(&env, &spill), 0);
	set_owner(&env, &or_null);
	cur_regs(&env)[BPF_REG_7] = cur_regs(&env)[BPF_REG_1];
	set_owner(&env, &trusted);
	assert_true(in_rcu_section(&env));
	assert_int_equal(check_region_call(&env, &unlock), 0);
	assert_false(in_rcu_section(&env));
	assert_int_equal(cur_regs(&env)[BPF_REG_6].type, PTR_TO_BTF_ID | PTR_UNTRUSTED);
	assert_int_equal(cur_regs(&env)[BPF_REG_7].type, PTR_TO_BTF_ID | PTR_UNTRUSTED);
	assert_int_equal(cur_frame(&env)->stack[0].spilled.type, PTR_TO_BTF_ID | PTR_UNTRUSTED);
	assert_int_equal(cur_regs(&env)[BPF_REG_1].type, PTR_TO_BTF_ID | PTR_TRUSTED);
	assert_int_equal(check_region_call(&env, &unlock), -EINVAL);
	end(&env);
}

static int make_types(void **state)
{
	/* 1 "a", 3 "rcu", 7 "user", 12 "percpu". */
	static const char strings[] = "\0a\0rcu\0user\0percpu";
	const u32 words[] = {
		/* 1 */ STRUCT(1, SIZE, 4),
		1,
		2,
		NO_TAG * 8,
		1,
		4,
		RCU * 8,
		1,
		6,
		USER * 8,
		1,
		8,
		PERCPU * 8,
		/* 2 */ REF(PTR, 1),
		/* 3 */ NAMED(TYPE_TAG, 3, 1),
		/* 4 */ REF(PTR, 3),
		/* 5 */ NAMED(TYPE_TAG, 7, 1),
		/* 6 */ REF(PTR, 5),
		/* 7 */ NAMED(TYPE_TAG, 12, 1),
		/* 8 */ REF(PTR, 7),
		END,
	};
	struct blob blob;

	blob_make(&blob, words, strings, sizeof(strings));
	btf = btf_parse(NULL, blob.bytes, blob.size, NULL, NULL);
	return IS_ERR(btf) ? -1 : 0;
}

static int drop_types(void **state)
{
	btf_put(btf);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_pointers),
		cmocka_unit_test(the_end_of_a_section),
	};

	return cmocka_run_group_tests(tests, make_types, drop_types);
}
