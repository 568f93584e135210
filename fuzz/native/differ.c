/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One program, run both ways from the same memory. Native code runs in what prog_pack_alloc() of
 * this file gives, in place of the library's: in turn near the helpers and far away from them, for
 * calls look different there. The same is done with what the processor can do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "base/runtime.h"
#include "base/vcpu.h"
#include "jit/jit.h"
#include "map/map.h"
#include "native.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "prog/prog_array.h"
#include "prog/prog_pack.h"
#ifdef __x86_64__
#include "jit/x86_64/insn.h"
#endif

#define AREA_SIZE (AREA_HIGH - AREA_LOW + 1 + 8)
#define RUNS 3 /* of a program, each from memory of its own */

struct differ {
	struct trek_runtime rt;
	struct bpf_map *arrays[NR_ARRAYS], *progs;
	u8 *edge;
	struct bpf_kfunc_desc_tab *kfuncs;
	u8 interpreted[AREA_SIZE], native[AREA_SIZE]; /* afterwards */
	u8 area[AREA_SIZE] __attribute__((aligned(16)));
	struct program program;
};

/* What is used of the area, from its begin on. */
static const struct {
	u32 off, len;
	const char *name;
} parts[] = {
	{0, 32, "memory at the lowest offsets"},
	{-AREA_LOW - NEAR, 2 * NEAR, "memory"},
	{-AREA_LOW + REGS_IN, 80, "what the registers were"},
	{-AREA_LOW + REGS_OUT, 80, "registers"},
	{-AREA_LOW + STACK_OUT, STACK_USED, "stack"},
	{AREA_SIZE - 40, 40, "memory at the highest offsets"},
};

/* --- memory for code -------------------------------------------------------------------------- */

static bool far_away;

#define PAGE 4096ul

/* Libraries lie near what is mapped without a wish, this program does not. */
void *prog_pack_alloc(u32 size)
{
	unsigned long wish = round_up((unsigned long)&prog_pack_write, 1ul << 24);
	void *code = MAP_FAILED;

	for (u32 i = 0; i < 64 && !far_away && code == MAP_FAILED; i++, wish += 1 << 24)
		code = mmap((void *)wish, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (code == MAP_FAILED)
		code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return code == MAP_FAILED ? ERR_PTR(-ENOMEM) : code;
}

int prog_pack_write(void *code, const void *bytes, u32 used, u32 size)
{
	const size_t left = round_up(used, PAGE), all = round_up(size, PAGE);

	memcpy(code, bytes, used);
	if (mprotect(code, left, PROT_READ | PROT_EXEC))
		return -errno;
	if (all > left)
		munmap((u8 *)code + left, all - left);
	return 0;
}

void prog_pack_free(void *code, u32 size)
{
	munmap(code, size);
}

/* Without the newer instructions as often as with them. */
static bool old_processor;

#ifdef __x86_64__
bool x86_has_bmi2(void)
{
	return !old_processor && __builtin_cpu_supports("bmi2");
}
#endif

/* --- what programs call ----------------------------------------------------------------------- */

/* As code does that uses vectors on its stack, and none of the registers that calls change keeps
 * its value. */
static u64 mix(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	u64 words[2] __attribute__((aligned(16))) = {r1 * 3 + r2, r3 ^ r4 << 7 ^ r5};

#ifdef __x86_64__
	__asm__ volatile("movaps (%0), %%xmm0\n"
			 "movq $-0x5555, %%rax\n movq %%rax, %%rcx\n movq %%rax, %%rdx\n"
			 "movq %%rax, %%rsi\n movq %%rax, %%rdi\n movq %%rax, %%r8\n"
			 "movq %%rax, %%r9\n movq %%rax, %%r10\n movq %%rax, %%r11\n"
			 :
			 : "r"(words)
			 : "memory", "cc", "xmm0", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
			   "r10", "r11");
#endif
	return words[0] ^ words[1];
}

/* Two turns of function @r2. */
static u64 call_back(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	u64 (*callback)(u64, u64, u64, u64, u64, u64) = bpf_current->callback;
	u64 first = callback(r2, r1, r3, r4, r5, 1);

	return mix(first, callback(r2, first, r3, r4, r5, 2), r3, r4, r5);
}

static const struct bpf_helper helpers[] = {
	{.id = HELPER_MIX, .name = "mix", .proto.func = mix},
	{.id = HELPER_CALL_BACK, .name = "call_back", .proto.func = call_back},
};

/* --- the world -------------------------------------------------------------------------------- */

static void need(bool ok)
{
	if (!ok)
		abort();
}

static void make_arrays(struct differ *d)
{
	static const struct {
		enum bpf_map_type type;
		u32 value_size;
	} kinds[NR_ARRAYS] = {
		{BPF_MAP_TYPE_ARRAY, 8},
		{BPF_MAP_TYPE_ARRAY, 40},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 16},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 24},
	};

	for (u32 i = 0; i < NR_ARRAYS; i++) {
		union bpf_attr attr = {.map_type = kinds[i].type,
				       .key_size = 4,
				       .value_size = kinds[i].value_size,
				       .max_entries = ARRAY_ENTRIES};

		d->arrays[i] = bpf_map_create(&d->rt, &attr, NULL, NULL);
		need(!IS_ERR(d->arrays[i]));
	}
}

/*
 * Programs that others leave themselves for: one with all bits of its result used, one that writes
 * to memory and goes on to the first, one that goes on to itself for as long as it can.
 */
static void make_progs(struct differ *d)
{
#define TO(index)                                                                                  \
	{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 2, .imm = (u32)(unsigned long)d->progs},    \
		{.imm = (unsigned long)d->progs >> 32},                                            \
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = index},                 \
	{                                                                                          \
		.code = BPF_JMP | BPF_TAIL_CALL                                                    \
	}
#define RETURN(value)                                                                              \
	{.code = BPF_LD | BPF_IMM | BPF_DW, .imm = (u32)(value)}, {.imm = (u64)(value) >> 32},     \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}
#define COUNT                                                                                      \
	{                                                                                          \
		.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 1, .src_reg = 1, .imm = BPF_ADD  \
	}
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_PROG_ARRAY,
			       .key_size = 4,
			       .value_size = 4,
			       .max_entries = PROG_ENTRIES};
	struct bpf_insn insns[3][8] = {{RETURN(0x123456789abcdef0)}};

	bpf_map_register_type(BPF_MAP_TYPE_PROG_ARRAY, &prog_array_map_ops);
	d->progs = bpf_map_create(&d->rt, &attr, NULL, NULL);
	need(!IS_ERR(d->progs));
	memcpy(insns[1], (struct bpf_insn[]){COUNT, TO(0), RETURN(1)}, sizeof(insns[1]));
	memcpy(insns[2], (struct bpf_insn[]){COUNT, TO(2), RETURN(-2)}, sizeof(insns[2]));
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		struct bpf_prog *prog = bpf_prog_alloc(&d->rt, ARRAY_SIZE(insns[i]));

		need(prog);
		memcpy(prog->insnsi, insns[i], sizeof(insns[i]));
		if (!i)
			prog->len = 3;
		need(!bpf_jit_compile(prog));
		rcu_read_lock();
		need(!d->progs->ops->map_set_object(d->progs, &i, prog, 0));
		rcu_read_unlock();
	}
}

/* A page with something in it before one that cannot be read. */
static void make_edge(struct differ *d)
{
	u8 *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(pages != MAP_FAILED);
	for (u32 i = 0; i < PAGE; i++)
		pages[i] = i * 37 + 11;
	d->edge = pages + PAGE;
	need(!mprotect(d->edge, PAGE, PROT_NONE));
}

struct differ *differ_new(void)
{
	struct differ *d = calloc(1, sizeof(*d));

	need(d && !nofault_init());
	d->rt = (struct trek_runtime){.num_possible_cpus = 2, .cpus = vcpus_new(2)};
	need(d->rt.cpus && !idr_init(&d->rt.map_idr));
	bpf_helpers_register(bpf_base_helpers, bpf_base_helpers_nr);
	bpf_helpers_register(bpf_map_helpers, bpf_map_helpers_nr);
	bpf_helpers_register(helpers, ARRAY_SIZE(helpers));
	make_arrays(d);
	make_progs(d);
	make_edge(d);
	d->kfuncs = calloc(1, sizeof(*d->kfuncs) + sizeof(d->kfuncs->descs[0]));
	need(d->kfuncs);
	d->kfuncs->nr_descs = 1;
	d->kfuncs->descs[0].func = mix;
	return d;
}

void differ_free(struct differ *d)
{
	for (u32 i = 0; i < NR_ARRAYS; i++)
		bpf_map_put_with_uref(d->arrays[i]);
	bpf_map_put_with_uref(d->progs);
	/* The array first, and then what was in it. */
	for (u32 i = 0; i < 2; i++)
		rcu_barrier();
	munmap(d->edge - PAGE, 2 * PAGE);
	idr_destroy(&d->rt.map_idr);
	vcpus_free(d->rt.cpus);
	free(d->kfuncs);
	free(d);
}

/* --- running ---------------------------------------------------------------------------------- */

#ifdef __x86_64__
/* func(r1), in between registers that a function has to keep. Writes whether it did to @kept. */
__attribute__((naked)) static u64 call_native(const void *func, void *r1, u64 *kept)
{
	__asm__("push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
		"push %rdx\n"
		"movq $0x1b1b1b, %rbx\n movq $0x1c1c1c, %r12\n movq $0x1d1d1d, %r13\n"
		"movq $0x1e1e1e, %r14\n movq $0x1f1f1f, %r15\n leaq 64(%rsp), %rbp\n"
		"movq %rdi, %rax\n movq %rsi, %rdi\n"
		"call *%rax\n"
		"subq $0x1b1b1b, %rbx\n subq $0x1c1c1c, %r12\n subq $0x1d1d1d, %r13\n"
		"subq $0x1e1e1e, %r14\n subq $0x1f1f1f, %r15\n leaq -64(%rbp), %rbp\n"
		"subq %rsp, %rbp\n"
		"orq %rbp, %rbx\n orq %r12, %rbx\n orq %r13, %rbx\n orq %r14, %rbx\n"
		"orq %r15, %rbx\n"
		"sete %cl\n movzbl %cl, %ecx\n"
		"pop %rdx\n movq %rcx, (%rdx)\n"
		"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
		"ret");
}
#else
static u64 call_native(const void *func, void *r1, u64 *kept)
{
	*kept = true;
	return ((u64(*)(u64))(unsigned long)func)((unsigned long)r1);
}
#endif

/* Memory that two runs begin with. */
static void fill(struct differ *d, u64 seed)
{
	u64 random = seed;

	for (u32 p = 0; p < ARRAY_SIZE(parts); p++)
		for (u32 i = 0; i < parts[p].len; i += sizeof(u64)) {
			u64 word = random_u64(&random), some = random_u64(&random);

			/* Small, or of 32 bits, as often as not. */
			word = some & 1 ? word : (s64)word >> (some >> 1 & 63);
			memcpy(d->area + parts[p].off + i, &word, sizeof(word));
		}
}

static void keep(const struct differ *d, u8 *copy)
{
	for (u32 p = 0; p < ARRAY_SIZE(parts); p++)
		memcpy(copy + parts[p].off, d->area + parts[p].off, parts[p].len);
}

static bool same(const struct differ *d, u64 seed)
{
	bool ok = true;

	for (u32 p = 0; p < ARRAY_SIZE(parts); p++)
		for (u32 i = 0; i < parts[p].len; i += sizeof(u64)) {
			const u8 *a = d->interpreted + parts[p].off + i;
			const u8 *b = d->native + parts[p].off + i;
			u64 words[2];

			memcpy(&words[0], a, sizeof(u64));
			memcpy(&words[1], b, sizeof(u64));
			if (words[0] == words[1])
				continue;
			ok = false;
			fprintf(stderr,
				"program %llu: %s, word %u: interpreted %#llx, native %#llx\n",
				seed, parts[p].name, (u32)(i / sizeof(u64)), words[0], words[1]);
		}
	return ok;
}

static bool run_both(struct differ *d, struct bpf_prog *prog, u64 seed, u64 memory)
{
	void *middle = d->area - AREA_LOW;
	u64 r0, native_r0, kept;
	struct bpf_run_ctx run;
	bool ok = true;

	bpf_run_begin(&run, &d->rt);
	run.prog = prog;
	fill(d, memory);
	if (d->program.clear)
		r0 = bpf_interp_run_cleared(middle, prog->insnsi);
	else
		r0 = bpf_interp(prog->insnsi, (unsigned long)middle, 0);
	keep(d, d->interpreted);
	fill(d, memory);
	run.tail_calls = 0;
	native_r0 = call_native((const void *)prog->bpf_func, middle, &kept);
	keep(d, d->native);
	if (d->program.clear)
		native_r0 = (u32)native_r0;
	if (r0 != native_r0 || run.callback || !kept) {
		ok = false;
		fprintf(stderr, "program %llu: interpreted %#llx, native %#llx%s%s\n", seed, r0,
			native_r0, run.callback ? ", leaves its callback" : "",
			kept ? "" : ", does not keep registers");
	}
	bpf_run_end(&run);
	return same(d, seed) && ok;
}

static void print(const struct program *program)
{
	for (u32 i = 0; i < program->nr; i++) {
		const struct bpf_insn *insn = &program->insns[i];

		fprintf(stderr, "%4u: %#04x dst %2u src %2u off %6d imm %d\n", i, insn->code,
			insn->dst_reg, insn->src_reg, insn->off, insn->imm);
	}
}

u32 differ_check(struct differ *d, u64 seed)
{
	struct bpf_prog_aux aux = {
		.used_maps = d->arrays, .used_map_cnt = NR_ARRAYS, .kfunc_tab = d->kfuncs};
	struct bpf_prog prog = {.aux = &aux, .insnsi = d->program.insns};
	struct world world = {.middle = d->area - AREA_LOW, .progs = d->progs, .edge = d->edge};
	bool ok;

	memcpy(world.arrays, d->arrays, sizeof(world.arrays));
	generate(&world, seed, &d->program);
	prog.len = d->program.nr;
	aux.reads_unwritten_stack = d->program.clear;
	far_away = seed & 1;
	old_processor = seed & 2;
	ok = !bpf_jit_compile(&prog);
	if (!ok)
		fprintf(stderr, "program %llu: does not compile\n", seed);
	for (u32 i = 0; i < RUNS && ok; i++)
		ok = run_both(d, &prog, seed, seed * RUNS + i);
	bpf_jit_image_free(aux.jit);
	if (!ok)
		print(&d->program);
	return ok ? d->program.nr : 0;
}
