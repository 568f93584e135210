/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Tail calls as they are executed: instructions as verification leaves them. */
#include "execute.h"
#include "insn.h"
#include "map/map.h"
#include "prog/kfunc.h"
#include "prog/prog_array.h"
#include "runtime.h"

#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "base/rcu.h"

#define TAIL_CALL(map, index)                                                                      \
	LD64(R2, (unsigned long)(map)), MOV(R3, index), INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0)
#define PROG(...)                                                                                  \
	prog_of((const struct bpf_insn[]){__VA_ARGS__},                                            \
		sizeof((const struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn))

static struct trek_runtime rt;
static struct bpf_map *progs;

static int set_up(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_PROG_ARRAY,
			       .key_size = 4,
			       .value_size = 4,
			       .max_entries = 4};

	new_runtime(&rt);
	if (nofault_init())
		return -1;
	bpf_map_register_type(BPF_MAP_TYPE_PROG_ARRAY, &prog_array_map_ops);
	progs = bpf_map_create(&rt, &attr, NULL, NULL);
	return IS_ERR(progs);
}

static int tear_down(void **state)
{
	bpf_map_put_with_uref(progs);
	for (int i = 0; i < 2; i++)
		rcu_barrier();
	free_runtime(&rt);
	return 0;
}

static struct bpf_prog *prog_of(const struct bpf_insn *insns, u32 len)
{
	struct bpf_prog *prog = bpf_prog_alloc(&rt, len);

	assert_non_null(prog);
	memcpy(prog->insnsi, insns, len * sizeof(*insns));
	assert_int_equal(bpf_prog_alloc_id(prog), 0);
	return prog;
}

/* As the last step of loading. */
static void select_runtime(struct bpf_prog *prog)
{
#ifdef COMPILED
	if (!prog->jited)
		assert_int_equal(bpf_jit_compile(prog), 0);
#else
	if (prog->aux->reads_unwritten_stack)
		prog->bpf_func = bpf_interp_run_cleared;
#endif
}

/* Takes the reference over. */
static void put_at(u32 index, struct bpf_prog *prog)
{
	select_runtime(prog);
	rcu_read_lock();
	assert_int_equal(progs->ops->map_set_object(progs, &index, prog, 0), 0);
	rcu_read_unlock();
}

static u32 run(struct bpf_prog *prog, void *ctx)
{
	const struct bpf_prog *outer;
	struct bpf_run_ctx run;
	u32 ret;

	select_runtime(prog);
	bpf_run_begin(&run, &rt);
	outer = run.prog;
	ret = bpf_prog_run(prog, ctx);
	/* Whatever was called instead, who ran it goes on. */
	assert_ptr_equal(run.prog, outer);
	assert_null(run.callback);
	assert_int_equal(run.tail_calls, 0);
	bpf_run_end(&run);
	bpf_prog_put(prog);
	return ret;
}

static void gets_the_context(void **state)
{
	u32 ctx = 41;

	put_at(0, PROG(LDX(W, R0, R1, 0), ALU64_K(ADD, R0, 1), EXIT));
	assert_int_equal(run(PROG(TAIL_CALL(progs, 0), MOV(R0, 7), EXIT), &ctx), 42);
}

static void goes_on_without_one(void **state)
{
	put_at(0, PROG(MOV(R0, 100), EXIT));
	assert_int_equal(run(PROG(TAIL_CALL(progs, 3), MOV(R0, 7), EXIT), NULL), 7);
	assert_int_equal(run(PROG(TAIL_CALL(progs, 4), MOV(R0, 7), EXIT), NULL), 7);
	assert_int_equal(run(PROG(TAIL_CALL(progs, -1), MOV(R0, 7), EXIT), NULL), 7);
	/* An index has 32 bits. */
	assert_int_equal(run(PROG(LD64(R2, (unsigned long)progs), LD64(R3, 1ull << 32),
				  INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0), MOV(R0, 7), EXIT),
			     NULL),
			 100);
}

static void is_counted(void **state)
{
	u64 count = 0;
	struct bpf_prog *self = PROG(LDX(DW, R2, R1, 0), ALU64_K(ADD, R2, 1), STX(DW, R1, 0, R2),
				     TAIL_CALL(progs, 0), MOV(R0, 3), EXIT);

	bpf_prog_inc(self);
	put_at(0, self);
	assert_int_equal(run(self, &count), 3);
	assert_int_equal(count, 1 + MAX_TAIL_CALL_CNT);
}

/* What the called program returns, all of it, is what the function returns that called. */
static void from_a_function(void **state)
{
	put_at(1, PROG(LD64(R0, 5 | 1ull << 40), EXIT));
	assert_int_equal(
		run(PROG(CALL_SUB(2), ALU64_K(RSH, R0, 32), EXIT, TAIL_CALL(progs, 1), EXIT), NULL),
		256);
	/* The count is one for all of the program's functions. */
	put_at(0, PROG(TAIL_CALL(progs, 0), MOV(R0, 3), EXIT));
	assert_int_equal(
		run(PROG(MOVR(R6, R1), CALL_SUB(5), MOVR(R7, R0), MOVR(R1, R6), CALL_SUB(2),
			 ALU64_X(ADD, R0, R7), EXIT, TAIL_CALL(progs, 0), MOV(R0, 1000), EXIT),
		    NULL),
		1003);
}

static u64 returns_1(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return 1;
}

static u64 returns_2(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return 2;
}

static void give_kfunc(struct bpf_prog *prog, u64 (*func)(u64, u64, u64, u64, u64))
{
	struct bpf_kfunc_desc_tab *tab = calloc(1, sizeof(*tab) + sizeof(tab->descs[0]));

	assert_non_null(tab);
	tab->nr_descs = 1;
	tab->descs[0].func = func;
	prog->aux->kfunc_tab = tab;
}

/* Each has kfuncs of its own, the one that waits again when it goes on. */
static void kfuncs_of_each(void **state)
{
	struct bpf_prog *called = PROG(CALL_KFUNC(0), EXIT);
	struct bpf_prog *caller =
		PROG(CALL_SUB(5), MOVR(R6, R0), ALU64_K(MUL, R6, 10), CALL_KFUNC(0),
		     ALU64_X(ADD, R0, R6), EXIT, TAIL_CALL(progs, 0), EXIT);

	give_kfunc(called, returns_2);
	give_kfunc(caller, returns_1);
	put_at(0, called);
	assert_int_equal(run(caller, NULL), 21);
}

static u64 call_back(u64 func, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return bpf_current->callback(func, 1, 2, 3, 4, 5);
}

/* One that hands a function of its own to what it calls, a kfunc for once. */
static struct bpf_prog *with_callback(s32 result)
{
	struct bpf_prog *prog = PROG(LD64_SRC(R1, BPF_PSEUDO_FUNC, 0, 0), CALL_KFUNC(0), EXIT,
				     MOV(R0, result), EXIT);
	u64 addr = (unsigned long)&prog->insnsi[4];

	prog->insnsi[0].imm = addr;
	prog->insnsi[1].imm = addr >> 32;
	give_kfunc(prog, call_back);
	return prog;
}

/* The called one's callbacks are in force while it runs, its caller's afterwards. */
static void callbacks_of_each(void **state)
{
	struct bpf_prog *caller =
		PROG(CALL_SUB(7), MOVR(R6, R0), LD64_SRC(R1, BPF_PSEUDO_FUNC, 0, 0), CALL_KFUNC(0),
		     ALU64_X(ADD, R0, R6), EXIT, MOV(R0, 0), TAIL_CALL(progs, 0), EXIT, MOV(R0, 30),
		     EXIT);
	u64 addr = (unsigned long)&caller->insnsi[13];

	caller->insnsi[2].imm = addr;
	caller->insnsi[3].imm = addr >> 32;
	give_kfunc(caller, call_back);
	put_at(0, with_callback(12));
	assert_int_equal(run(caller, NULL), 42);
	/* Who has none is called by one that has, and calls one. */
	put_at(1, PROG(TAIL_CALL(progs, 0), EXIT));
	assert_int_equal(run(PROG(TAIL_CALL(progs, 1), EXIT), NULL), 12);
}

#define PROBE(d, s, o) INSN(BPF_LDX | BPF_PROBE_MEM | BPF_DW, d, s, o, 0)

/* Loads from where nothing is give 0: in the called one, and in its caller when it goes on. */
static void bad_loads_of_each(void **state)
{
	struct bpf_prog *called =
		PROG(MOV(R2, 1), PROBE(R2, R2, 7), MOV(R0, 40), ALU64_X(ADD, R0, R2), EXIT);

	put_at(0, called);
	assert_int_equal(run(PROG(MOV(R6, 1), PROBE(R6, R6, 15), CALL_SUB(5), MOV(R7, 2),
				  PROBE(R7, R7, -2), ALU64_X(ADD, R0, R7), ALU64_K(ADD, R0, 2),
				  EXIT, TAIL_CALL(progs, 0), EXIT),
			     NULL),
			 42);
}

/* A program that reads stack which it has not written finds none of the one before it. */
static void stack_is_not_handed_on(void **state)
{
	struct bpf_prog *reads = PROG(LDX(DW, R0, R10, -8), EXIT);

	reads->aux->reads_unwritten_stack = true;
	put_at(0, reads);
	assert_int_equal(run(PROG(ST(DW, R10, -8, 77), TAIL_CALL(progs, 0), EXIT), NULL), 0);
}

static void taken_out_while_it_runs(void **state)
{
	struct bpf_prog *prog;
	struct bpf_run_ctx ctx;
	u32 index = 0;

	put_at(0, PROG(MOV(R0, 9), EXIT));
	prog = PROG(TAIL_CALL(progs, 0), MOV(R0, 7), EXIT);
	select_runtime(prog);
	bpf_run_begin(&ctx, &rt);
	assert_int_equal(bpf_prog_run(prog, NULL), 9);
	progs->ops->map_set_object(progs, &index, NULL, 0);
	assert_int_equal(bpf_prog_run(prog, NULL), 7);
	bpf_run_end(&ctx);
	bpf_prog_put(prog);
}

/* Only those who can still change the array keep programs in it. */
static void circle_is_broken(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_PROG_ARRAY,
			       .key_size = 4,
			       .value_size = 4,
			       .max_entries = 4};
	struct bpf_map *map = bpf_map_create(&rt, &attr, NULL, NULL);
	struct bpf_prog *prog = PROG(MOV(R0, 0), EXIT);
	u32 index = 2, id = map->id;

	prog->aux->used_maps = malloc(sizeof(map));
	prog->aux->used_maps[0] = map;
	prog->aux->used_map_cnt = 1;
	bpf_map_inc(map);
	rcu_read_lock();
	assert_int_equal(map->ops->map_set_object(map, &index, prog, 0), 0);
	rcu_read_unlock();
	bpf_map_put_with_uref(map);
	assert_int_equal(PTR_ERR(bpf_map_get_by_id(&rt, id)), -ENOENT);
}

/* One who reads key or value of an element says how far when it is attached, and only then. */
static void reaching_into_buffers(void **state)
{
	struct bpf_prog *prog = PROG(MOV(R0, 0), EXIT);
	u32 index = 0;

	prog->aux->max_rdonly_access = 4;
	assert_int_equal(progs->ops->map_set_object(progs, &index, prog, 0), -EINVAL);
	prog->aux->max_rdonly_access = 0;
	prog->aux->max_rdwr_access = 1;
	assert_int_equal(progs->ops->map_set_object(progs, &index, prog, 0), -EINVAL);
	bpf_prog_put(prog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets_the_context),
		cmocka_unit_test(goes_on_without_one),
		cmocka_unit_test(is_counted),
		cmocka_unit_test(from_a_function),
		cmocka_unit_test(kfuncs_of_each),
		cmocka_unit_test(callbacks_of_each),
		cmocka_unit_test(bad_loads_of_each),
		cmocka_unit_test(stack_is_not_handed_on),
		cmocka_unit_test(taken_out_while_it_runs),
		cmocka_unit_test(circle_is_broken),
		cmocka_unit_test(reaching_into_buffers),
	};

	return cmocka_run_group_tests_name("tail calls", tests, set_up, tear_down);
}
