/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Two passes over the instructions. The first finds out where everything is at most, with all
 * distances wide; in the second, jumps whose distance was small enough even so are short, and all
 * distances are filled in at its end, when everything is where it is.
 *
 * Measured: see the architecture's files.
 */
#include "jit/jit.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "jit/flow.h"
#include "prog/prog_pack.h"

#define R6_TO_R9 0x3c0u

static bool is_ld_imm64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool calls_function(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

static bool loads_function(const struct bpf_insn *insn)
{
	return is_ld_imm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC;
}

/* --- functions -------------------------------------------------------------------------------- */

/* The instruction that @insn calls or refers to as a function. */
static u32 function_of(const struct jit *jit, const struct bpf_insn *insn)
{
	u64 addr;

	if (calls_function(insn))
		return insn - jit->insns + insn->imm + 1;
	addr = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;
	return (const struct bpf_insn *)(unsigned long)addr - jit->insns;
}

static bool calls_loop(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg && insn->imm == BPF_FUNC_loop;
}

/* A call of the instruction set, or made by its code. */
static bool calls(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) || insn->code == (BPF_JMP | BPF_TAIL_CALL) ||
	       (BPF_CLASS(insn->code) == BPF_LD && !is_ld_imm64(insn));
}

/* What the function's code will need of its frame. The second half of a ld_imm64 names nothing. */
static void look_over(const struct jit *jit, struct jit_func *func)
{
	u32 size;

	for (u32 i = func->start; i < func->end; i += size) {
		const struct bpf_insn *insn = &jit->insns[i];

		size = is_ld_imm64(insn) ? 2 : 1; /* the second half is no instruction */
		/* Of a ld_imm64, what was src_reg says what kind it is. */
		func->saved |= 1u << insn->dst_reg | (size == 1 ? 1u << insn->src_reg : 0);
		func->loops |= calls_loop(insn);
		func->may_goto |= insn->code == (BPF_JMP | BPF_MAY_GOTO);
		func->calls |= calls(insn);
	}
	func->stack = func->saved & 1u << BPF_REG_10;
	func->saved &= R6_TO_R9;
}

static int find_functions(struct jit *jit)
{
	bool *starts = calloc(jit->nr + 1, sizeof(*starts)), has_callbacks = false;
	u32 nr = 0, n = 0;

	if (!starts)
		return -ENOMEM;
	starts[0] = true;
	/* Also one that nothing calls: whoever knows the types counts on it. */
	for (u32 i = 0; i < jit->prog->aux->func_info_cnt; i++)
		starts[jit->prog->aux->func_info[i].insn_off] = true;
	for (u32 i = 0; i < jit->nr; i++) {
		if (calls_function(&jit->insns[i]) || loads_function(&jit->insns[i]))
			starts[function_of(jit, &jit->insns[i])] = true;
		has_callbacks |= loads_function(&jit->insns[i]);
	}
	for (u32 i = 0; i < jit->nr; i++)
		nr += starts[i];
	jit->funcs = calloc(nr, sizeof(*jit->funcs));
	if (jit->funcs) {
		for (u32 i = 0; i < jit->nr; i++)
			if (starts[i])
				jit->funcs[n++].start = i;
		for (u32 i = 0; i < nr; i++) {
			jit->funcs[i].end = i + 1 < nr ? jit->funcs[i + 1].start : jit->nr;
			jit->funcs[i].sets_callback = !i && has_callbacks;
			look_over(jit, &jit->funcs[i]);
		}
		jit->nr_funcs = nr;
	}
	free(starts);
	return jit->funcs ? 0 : -ENOMEM;
}

static struct jit_func *func_at(const struct jit *jit, u32 insn)
{
	u32 low = 0, high = jit->nr_funcs;

	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (jit->funcs[mid].start <= insn)
			low = mid;
		else
			high = mid;
	}
	return &jit->funcs[low];
}

struct jit_func *jit_func_of(const struct jit *jit, const struct bpf_insn *insn)
{
	return func_at(jit, function_of(jit, insn));
}

/* --- jumps ------------------------------------------------------------------------------------ */

bool jit_is_far(const struct jit *jit, u32 insn)
{
	s64 distance = (s64)jit->laid_out[insn] - jit->laid_out[jit->idx];

	/* It is less by now than when all were wide, and this instruction has a few bytes. */
	return !jit->out || distance < -100 || distance > 100;
}

void jit_distance(struct jit *jit, const u32 *to, bool wide)
{
	jit_bytes(jit, 0, wide ? sizeof(s32) : sizeof(s8));
	if (jit->out)
		jit->jumps[jit->nr_jumps++] = (struct jit_jump){jit->pos, to, wide};
}

static void fill_in_distances(struct jit *jit)
{
	for (u32 i = 0; i < jit->nr_jumps; i++) {
		const struct jit_jump *jump = &jit->jumps[i];
		s32 distance = *jump->to - jump->from;

		if (jump->wide)
			memcpy(jit->out + jump->from - sizeof(s32), &distance, sizeof(s32));
		else
			jit->out[jump->from - 1] = distance;
	}
}

/* --- loads that may fault --------------------------------------------------------------------- */

void jit_may_fault(struct jit *jit, u32 at, u8 reg)
{
	if (jit->out)
		jit->faults[jit->nr_faults] = (struct jit_fault){at, jit->pos, reg};
	jit->nr_faults++;
}

static struct jit_fault *faults_of(const struct bpf_prog_aux *aux, struct bpf_jit_image *image)
{
	return (struct jit_fault *)(image->offs + image->nr_funcs + aux->nr_linfo);
}

/* In a signal handler. What this thread runs stays where it is while it does. */
static unsigned long resume_after_load(unsigned long ip, u32 *clear)
{
	const struct bpf_prog *prog = bpf_current ? bpf_current->prog : NULL;
	struct bpf_jit_image *image = prog ? prog->aux->jit : NULL;
	const struct jit_fault *faults;
	unsigned long off;
	u32 low = 0, high;

	if (!image)
		return 0;
	off = ip - (unsigned long)image->code;
	faults = faults_of(prog->aux, image);
	high = image->nr_faults;
	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (faults[mid].at == off) {
			*clear = faults[mid].reg;
			return (unsigned long)image->code + faults[mid].resume;
		}
		if (faults[mid].at < off)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}

/* --- passes ----------------------------------------------------------------------------------- */

static int pass(struct jit *jit, u8 *out, u32 *at)
{
	jit->out = out;
	jit->pos = jit->nr_faults = 0;
	for (u32 f = 0; f < jit->nr_funcs; f++) {
		jit->func = &jit->funcs[f];
		jit->func->entry = jit->pos;
		jit_emit_entry(jit);
		for (jit->idx = jit->func->start; jit->idx < jit->func->end;) {
			int nr;

			if (jit->flow[jit->idx].head)
				jit_emit_head(jit);
			at[jit->idx] = jit->pos;
			nr = jit_emit_insn(jit, &jit->insns[jit->idx]);
			if (nr < 0)
				return nr;
			/* Nothing leads to the others; lines may begin there. */
			for (int i = 1; i < nr; i++)
				at[jit->idx + i] = at[jit->idx];
			jit->idx += nr;
		}
	}
	return jit->pos <= INT_MAX ? 0 : -ENOTSUP;
}

/* Where functions and lines are, for who asks. */
static struct bpf_jit_image *new_image(const struct jit *jit, u32 size)
{
	const struct bpf_prog_aux *aux = jit->prog->aux;
	struct bpf_jit_image *image =
		malloc(sizeof(*image) + (jit->nr_funcs + aux->nr_linfo) * sizeof(u32) +
		       jit->nr_faults * sizeof(struct jit_fault));

	if (!image)
		return NULL;
	*image = (struct bpf_jit_image){
		.size = size, .nr_funcs = jit->nr_funcs, .nr_faults = jit->nr_faults};
	return image;
}

/* Each of @nr lines of a function, whose code ends at @end, begins behind the one before, though
 * there be no code for it: libbpf looks for that. */
static void tell_apart(u32 *lines, u32 nr, u32 end)
{
	for (u32 i = 1; i < nr; i++)
		if (lines[i] <= lines[i - 1])
			lines[i] = lines[i - 1] + 1;
	for (u32 i = nr; i-- > 1 && lines[i] >= end && end > lines[0] + 1; end = lines[i])
		lines[i] = end - 1;
}

/* The first line of a function begins where the function does, which libbpf looks for, too. */
static void note_places(const struct jit *jit, struct bpf_jit_image *image)
{
	const struct bpf_prog_aux *aux = jit->prog->aux;
	u32 *lines = image->offs + jit->nr_funcs, line = 0;

	for (u32 f = 0; f < jit->nr_funcs; f++) {
		const struct jit_func *func = &jit->funcs[f];
		const u32 first = line;

		image->offs[f] = func->entry;
		for (; line < aux->nr_linfo && aux->linfo[line].insn_off < func->end; line++) {
			const u32 insn = aux->linfo[line].insn_off;

			lines[line] = insn == func->start ? func->entry : jit->at[insn];
		}
		tell_apart(lines + first, line - first,
			   f + 1 < jit->nr_funcs ? func[1].entry : jit->pos);
	}
}

/* Made in a buffer, for where it will run: memory that is executable is not to be written to. */
static int compile_into(struct jit *jit, struct bpf_jit_image *image)
{
	u8 *buf = malloc((size_t)image->size + JIT_ROOM);
	int err;

	if (!buf)
		return -ENOMEM;
	jit->home = image->code;
	jit->faults = faults_of(jit->prog->aux, image);
	err = pass(jit, buf, jit->at);
	if (!err) {
		fill_in_distances(jit);
		note_places(jit, image);
		err = prog_pack_write(image->code, buf, jit->pos, image->size);
	}
	if (!err)
		image->size = jit->pos;
	free(buf);
	return err;
}

static int compile(struct jit *jit, struct bpf_jit_image **result)
{
	struct bpf_jit_image *image;
	int err = pass(jit, NULL, jit->laid_out);

	if (err)
		return err;
	image = new_image(jit, jit->pos);
	if (!image)
		return -ENOMEM;
	image->code = prog_pack_alloc(image->size);
	if (IS_ERR(image->code)) {
		err = PTR_ERR(image->code);
		free(image);
		return err;
	}
	err = compile_into(jit, image);
	if (err)
		bpf_jit_image_free(image);
	else
		*result = image;
	return err;
}

int bpf_jit_compile(struct bpf_prog *prog)
{
	struct bpf_jit_image *image = NULL;
	struct jit jit = {.prog = prog, .insns = prog->insnsi, .nr = prog->len};
	int err = -ENOMEM;

	jit.at = calloc(2 * (size_t)jit.nr, sizeof(*jit.at));
	jit.jumps = calloc(jit.nr, sizeof(*jit.jumps));
	if (jit.at && jit.jumps) {
		jit.laid_out = jit.at + jit.nr;
		err = find_functions(&jit);
	}
	if (!err)
		err = jit_find_flow(&jit);
	if (!err)
		err = compile(&jit, &image);
	if (!err) {
		nofault_set_made_code(resume_after_load);
		prog->aux->jit = image;
		prog->bpf_func = (unsigned int (*)(const void *, const struct bpf_insn *))(
					 void (*)(void))image->code;
		prog->jited = true;
		prog->jited_len = image->size;
	}
	free(jit.flow);
	free(jit.funcs);
	free(jit.jumps);
	free(jit.at);
	return err;
}

/* --- what the code calls ---------------------------------------------------------------------- */

u64 bpf_jit_callback(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return ((u64(*)(u64, u64, u64, u64, u64))(unsigned long)func)(r1, r2, r3, r4, r5);
}

/* As in the interpreter. All the programs of an array are native or none is. */
u64 bpf_jit_run_instead(const struct bpf_prog *next, u64 ctx)
{
	struct bpf_run_ctx *run = bpf_current;
	const struct bpf_prog *prog = run->prog;
	u64 ret;

	run->prog = next;
	ret = ((u64(*)(u64))(void (*)(void))next->bpf_func)(ctx);
	run->prog = prog;
	return ret;
}
