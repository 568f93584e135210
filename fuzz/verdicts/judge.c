/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What two verdicts on one program mean. Findings are grouped in classes, by what the engine that
 * refused says, numbers left out; the first of each class is made small and printed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "beliefs.h"
#include "verdicts.h"

const struct program *under_judgement;

static struct engine linux_kernel, runtime;
static char kernel_log[LOG_SIZE], our_log[LOG_SIZE];

const char *judge_open(struct judge *j, bool want_kernel, bool want_embedded)
{
	const char *why = NULL;

	j->use_kernel = want_kernel;
	j->use_embedded = want_embedded;
	linux_kernel = kernel_engine;
	runtime = embedded_engine;
	if (want_kernel)
		why = engine_open(&linux_kernel);
	if (!why && want_embedded)
		why = engine_open(&runtime);
	if (!why)
		agree_on_fields(want_kernel ? &linux_kernel : NULL,
				want_embedded ? &runtime : NULL);
	return why;
}

void judge_close(struct judge *j)
{
	if (j->use_kernel)
		engine_close(&linux_kernel);
	if (j->use_embedded)
		engine_close(&runtime);
}

/* --- classes -------------------------------------------------------------------------------------
 */

#define CLASS_TEXT 160
#define MAX_CLASSES 4096
static struct class
{
	enum verdict verdict;
	char text[CLASS_TEXT];
	uint64_t count, first;
} classes[MAX_CLASSES];
static unsigned int nr_classes;

/* The line of a log that says why, numbers as #: the last but for statistics. */
static void reason(const char *log, int err, char *text)
{
	char line[CLASS_TEXT] = "", *o = text, *told;

	while (*log) {
		size_t len = strcspn(log, "\n"),
		       use = len < sizeof(line) - 1 ? len : sizeof(line) - 1;

		bool statistics = !strncmp(log, "processed ", 10) ||
				  !strncmp(log, "verification time", 17) ||
				  !strncmp(log, "stack depth", 11);

		if (len && !statistics) {
			memcpy(line, log, use);
			line[use] = '\0';
			told = strstr(line, ": refused: ");
			if (told) { /* ours: where it is does not matter, and reasons follow */
				memmove(line, told + 2, strlen(told + 2) + 1);
				break;
			}
		}
		log += len + (log[len] == '\n');
	}
	if (!*line)
		snprintf(line, sizeof(line), "(%s)", strerror(-err));
	for (const char *i = line; *i && o < text + CLASS_TEXT - 1;) {
		if (*i >= '0' && *i <= '9') {
			*o++ = '#';
			i += strspn(i, "0123456789abcdefx");
		} else {
			*o++ = *i++;
		}
	}
	*o = '\0';
}

/* The last instruction that the kernel's log names: "12: (85) call". */
static unsigned int last_instruction(const char *log)
{
	unsigned int at = 0, n;
	int end;

	for (; log; log = strchr(log, '\n')) {
		log += *log == '\n';
		end = 0;
		if (sscanf(log, "%u: (%*2x)%n", &n, &end) == 1 && end)
			at = n;
	}
	return at;
}

/* What is accepted here on purpose: docs/deviations.md. */
static bool on_purpose(const char *text)
{
	return strstr(text, "type=rdonly_buf expected=fp");
}

/* Does the kernel refuse for what it believes of a number? */
static bool about_a_bound(const char *text)
{
	static const char *const words[] = {"unbounded",
					    "min value",
					    "max value",
					    "math between",
					    "outside",
					    "smin=",
					    "variable",
					    "var_off",
					    "off (#; #)",
					    "invalid access to map value",
					    "invalid write to stack",
					    "invalid read from stack"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

static struct class *class_of(enum verdict verdict, const char *text, uint64_t number)
{
	struct class *class;

	for (unsigned int i = 0; i < nr_classes; i++)
		if (classes[i].verdict == verdict && !strcmp(classes[i].text, text))
			return &classes[i];
	if (nr_classes == MAX_CLASSES)
		return &classes[MAX_CLASSES - 1];
	class = &classes[nr_classes++];
	class->verdict = verdict;
	class->first = number;
	strcpy(class->text, text);
	return class;
}

/* --- asking ------------------------------------------------------------------------------- */

struct answers {
	int kernel, ours; /* 0, or negative errno */
};

/* Load, and end at once. */
static int ask(struct engine *e, const struct program *p, char *log)
{
	int prog = engine_load(e, p, log);

	if (prog < 0)
		return prog;
	e->end(e, prog);
	return 0;
}

/* Inputs to try before a program that only we accept is called harmless. */
#define MANY_INPUTS 300

static uint8_t reached[MAX_INS]; /* by any of them */

/* Have the runtime verify @p once more, and remember what it believes; false: it does not. */
static bool believe(const struct program *p)
{
	int err;

	if (!runtime.rt)
		return false;
	beliefs_begin();
	err = ask(&runtime, p, NULL);
	beliefs_end();
	return !err;
}

/* Does @p do what must not be, on some input? What, where, on which input. Every register counts
 * as an access does: it must be what the verifier believes. */
static const char *does_wrong(const struct program *p, unsigned int inputs, uint64_t *input,
			      unsigned int *at)
{
	const char *what, *wrong = NULL;

	memset(reached, 0, sizeof(reached));
	witness_believes(believe(p));
	for (uint64_t i = 0; i < inputs && !wrong; i++) {
		*input = i;
		if (witness(p, i, &what, at, reached, NULL) == WITNESS_WRONG)
			wrong = what;
	}
	witness_believes(false);
	return wrong;
}

/* Run @p on the runtime; false if that is not what the witness expects. */
static bool as_expected(struct judge *j, const struct program *p, uint64_t input,
			struct outcome *expected, struct outcome *o)
{
	const char *what;
	unsigned int at;
	enum witness seen = witness(p, input, &what, &at, NULL, expected);
	int prog = p->target == T_MAP ? -1 : engine_load(&runtime, p, NULL);

	if (prog < 0)
		return true;
	engine_run(&runtime, p, prog, input, o);
	runtime.end(&runtime, prog);
	/* A context, key or value that is too small is refused when it is met: EACCES, EINVAL. */
	if (seen != WITNESS_FINE || o->err == -EACCES || o->err == -EINVAL)
		return true;
	if (j)
		j->tally.compared++;
	return !memcmp(expected, o, sizeof(*o));
}

/* --- making it small ---------------------------------------------------------------------- */

struct finding {
	enum verdict verdict;
	char text[CLASS_TEXT];
	uint64_t input;
	unsigned int at;
	struct outcome expected, o;
};

static bool still(const struct program *p, struct finding *f)
{
	char text[CLASS_TEXT];
	int err;

	if (!harmless(p))
		return false;
	switch (f->verdict) {
	case BOTH_UNSOUND:
		return !ask(&runtime, p, NULL) && !ask(&linux_kernel, p, NULL) &&
		       does_wrong(p, MANY_INPUTS, &f->input, &f->at);
	case UNSOUND:
		return !ask(&runtime, p, NULL) && does_wrong(p, MANY_INPUTS, &f->input, &f->at);
	case OURS_ONLY:
	case CLEVERER:
		if (ask(&runtime, p, NULL))
			return false;
		err = ask(&linux_kernel, p, kernel_log);
		if (!err)
			return false;
		reason(kernel_log, err, text);
		return !strcmp(text, f->text);
	case KERNEL_ONLY:
		if (ask(&linux_kernel, p, NULL))
			return false;
		err = ask(&runtime, p, our_log);
		if (!err)
			return false;
		reason(our_log, err, text);
		return !strcmp(text, f->text);
	default:
		return !as_expected(NULL, p, f->input, &f->expected, &f->o);
	}
}

static void make_small(struct program *p, struct finding *f)
{
	static struct program try;
	bool less = true;

	for (int rounds = 0; less && rounds < 4; rounds++) {
		less = false;
		for (unsigned int n = p->n / 2; n; n /= 2) {
			for (unsigned int at = 0; at < p->n;) {
				unsigned int count = n;

				if (at && is_wide(&p->ins[at - 1])) {
					at++;
					continue;
				}
				if (n == 1 && is_wide(&p->ins[at]))
					count = 2;
				try = *p;
				if (take_out(&try, at, count) && still(&try, f)) {
					*p = try;
					less = true;
				} else {
					at += n;
				}
			}
		}
	}
}

static void print_bytes(FILE *out, const char *what, const uint8_t *a, const uint8_t *b,
			uint32_t size)
{
	uint32_t at = 0;

	while (at < size && a[at] == b[at])
		at++;
	if (at == size)
		return;
	at &= ~7u;
	fprintf(out, "%s differs at %u: expected", what, at);
	for (uint32_t i = at; i < at + 16 && i < size; i++)
		fprintf(out, " %02x", a[i]);
	fprintf(out, ", ours");
	for (uint32_t i = at; i < at + 16 && i < size; i++)
		fprintf(out, " %02x", b[i]);
	fprintf(out, "\n");
}

static void print_difference(FILE *out, const struct finding *f)
{
	const struct outcome *k = &f->expected, *o = &f->o;

	fprintf(out, "result: expected %d r0 %#x, %u bytes; ours %d r0 %#x, %u bytes\n", k->err,
		k->ret, k->out_len, o->err, o->ret, o->out_len);
	print_bytes(out, "context", k->ctx, o->ctx, CTX_SIZE);
	print_bytes(out, "output", k->out, o->out,
		    k->out_len < o->out_len ? k->out_len : o->out_len);
	if (k->maps_len != o->maps_len)
		fprintf(out, "maps hold other elements: %u and %u bytes\n", k->maps_len,
			o->maps_len);
	else
		print_bytes(out, "maps", k->maps, o->maps, k->maps_len);
}

/* The last lines of a log. */
static void print_tail(FILE *out, const char *whose, const char *log)
{
	const char *at = log + strlen(log);

	for (int lines = 0; at > log && lines < 14; at--)
		lines += at[-1] == '\n';
	fprintf(out, "--- %s:\n%s\n", whose, at);
}

static void report(struct judge *j, const struct program *p, struct finding *f)
{
	static const char *const names[NR_VERDICTS] = {
		"UNSOUND: OURS ACCEPTS, AND THE WITNESS SEES",
		"UNSOUND: BOTH ACCEPT, AND THE WITNESS SEES",
		"OURS ACCEPTS, KERNEL REFUSES",
		"OURS ACCEPTS, KERNEL SEES NO BOUND",
		"RESULTS DIFFER",
		"KERNEL ACCEPTS, OURS REFUSES"};
	struct class *class = class_of(f->verdict, f->text, p->number);
	static struct program small;

	j->tally.by[f->verdict]++;
	if (class->count++ >= j->examples ||
	    (j->only_wrong && (f->verdict == KERNEL_ONLY || f->verdict == CLEVERER)))
		return;
	small = *p;
	make_small(&small, f);
	fprintf(j->out, "\n=== %s: %s\n", names[f->verdict], f->text);
	print_program(j->out, &small);
	if (f->verdict == DIFFERENT) {
		as_expected(NULL, &small, f->input, &f->expected, &f->o);
		print_difference(j->out, f);
		return;
	}
	if (f->verdict <= BOTH_UNSOUND) {
		const char *what = does_wrong(&small, MANY_INPUTS, &f->input, &f->at);

		fprintf(j->out, "at %u on input %llu: %s\n", f->at, (unsigned long long)f->input,
			what ? what : "?");
	}
	if (j->use_kernel) {
		ask(&linux_kernel, &small, kernel_log);
		print_tail(j->out, "kernel", kernel_log);
	}
	ask(&runtime, &small, our_log);
	print_tail(j->out, "ours", our_log);
	fflush(j->out);
}

/* --- judging ------------------------------------------------------------------------------ */

static void judge_results(struct judge *j, const struct program *p)
{
	static struct finding f;
	const struct outcome *k = &f.expected, *o = &f.o;

	f.verdict = DIFFERENT;
	f.input = p->number;
	if (as_expected(j, p, f.input, &f.expected, &f.o))
		return;
	strcpy(f.text, k->err != o->err				? "error"
		       : k->ret != o->ret			? "r0"
		       : memcmp(k->ctx, o->ctx, sizeof(k->ctx)) ? "context"
		       : k->out_len != o->out_len		? "length of the output"
		       : memcmp(k->out, o->out, k->out_len)	? "output"
								: "maps");
	report(j, p, &f);
}

/*
 * A register was seen to hold a number. The same program, if it does what must not be when the
 * register holds that number, has to be refused: whoever accepts it believes too much of it.
 */
static void ask_questions(struct judge *j, const struct program *p)
{
	/* Comparisons of a number with itself that are false. */
	static const uint8_t never[] = {BPF_JNE, BPF_JNE, BPF_JGT, BPF_JLT, BPF_JSGT, BPF_JSLT};
	static struct program changed;
	static struct finding f;
	struct rng r = {p->seed ^ p->number};
	const char *what;
	unsigned int at;
	uint64_t value;

	for (uint64_t input = 0; input < j->inputs; input++) {
		unsigned int reg = (unsigned int)below(&r, 10);
		bool wide;

		if (witness(p, input, &what, &at, NULL, NULL) == WITNESS_WRONG ||
		    !witnessed(p, reg, &value))
			continue;
		wide = (int64_t)value == (int32_t)value && chance(&r, 70);
		changed = *p;
		changed.ins[p->question].insn = (struct bpf_insn){
			.code = (uint8_t)((wide ? BPF_JMP : BPF_JMP32) |
					  never[below(&r, ARRAY_SIZE(never))] | BPF_K),
			.dst_reg = reg & 15,
			.off = 1,
			.imm = (int32_t)value};
		changed.ins[p->question + 1].insn = (struct bpf_insn){
			.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = 8};
		j->tally.questions++;
		if (ask(&runtime, &changed, NULL))
			continue;
		f.verdict = UNSOUND;
		strcpy(f.text, "a number that was seen is believed impossible");
		report(j, &changed, &f);
		return;
	}
}

/* One engine alone: its verdict, and running what it accepts. */
static void judge_alone(struct judge *j, struct engine *e, const struct program *p)
{
	int err = ask(e, p, NULL);
	struct class *class;
	char text[CLASS_TEXT];

	if (!err) {
		uint64_t input;
		unsigned int at;
		const char *wrong = does_wrong(p, j->inputs, &input, &at);

		j->tally.both++;
		if (wrong) {
			j->tally.by[UNSOUND]++;
			class = class_of(UNSOUND, wrong, p->number);
			if (class->count++ < j->examples) {
				print_program(j->out, p);
				fprintf(j->out, "UNSOUND at %u on input %llu: %s\n", at,
					(unsigned long long)input, wrong);
				fflush(j->out);
			}
			return;
		}
		if (!j->use_kernel) {
			judge_results(j, p);
			ask_questions(j, p);
		}
		return;
	}
	j->tally.neither++;
	if (j->only_wrong)
		return;
	ask(e, p, our_log);
	reason(our_log, err, text);
	class = class_of(KERNEL_ONLY, text, p->number);
	class->count++;
}

void judge_program(struct judge *j, const struct program *p)
{
	static struct finding f;
	int k, o;

	under_judgement = p;
	j->tally.programs++;
	if (!harmless(p)) {
		j->tally.unloadable++;
		return;
	}
	if (!j->use_kernel || !j->use_embedded) {
		judge_alone(j, j->use_kernel ? &linux_kernel : &runtime, p);
		return;
	}
	o = ask(&runtime, p, NULL);
	k = ask(&linux_kernel, p, NULL);
	/* Out of room is no verdict. Linux takes half a minute to walk a million instructions. */
	if (k == -ENOMEM || o == -ENOMEM || k == -E2BIG)
		return;
	if (k && o) {
		j->tally.neither++;
	} else if (!k && !o) {
		j->tally.both++;
		if (does_wrong(p, j->inputs, &f.input, &f.at)) {
			f.verdict = BOTH_UNSOUND;
			strcpy(f.text, "both accept it");
			report(j, p, &f);
		} else {
			judge_results(j, p);
			ask_questions(j, p);
		}
	} else if (k) {
		f.verdict = OURS_ONLY;
		k = ask(&linux_kernel, p, kernel_log);
		reason(kernel_log, k, f.text);
		if (strstr(f.text, "verifier bug")) /* its own word for it: no verdict */
			return;
		if (does_wrong(p, MANY_INPUTS, &f.input, &f.at))
			f.verdict = UNSOUND;
		else if (about_a_bound(f.text) || on_purpose(f.text) ||
			 !reached[last_instruction(kernel_log) % MAX_INS])
			f.verdict = CLEVERER;
		if (f.verdict != UNSOUND) {
			judge_results(j, p);
			ask_questions(j, p);
		}
		report(j, p, &f);
	} else {
		f.verdict = KERNEL_ONLY;
		o = ask(&runtime, p, our_log);
		reason(our_log, o, f.text);
		report(j, p, &f);
	}
}

static int by_count(const void *a, const void *b)
{
	const struct class *x = a, *y = b;

	if (x->verdict != y->verdict)
		return (int)x->verdict - (int)y->verdict;
	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

void judge_summary(const struct judge *j, FILE *out)
{
	const struct tally *t = &j->tally;
	uint64_t kernel = t->both + t->by[KERNEL_ONLY],
		 ours = t->both + t->by[OURS_ONLY] + t->by[CLEVERER] + t->by[UNSOUND];
	uint64_t asked = t->programs - t->unloadable;

	fprintf(out, "\n%llu programs, %llu not loaded\n", (unsigned long long)t->programs,
		(unsigned long long)t->unloadable);
	if (!asked)
		return;
	fprintf(out,
		"accepted by the kernel %llu%%, by ours %llu%%, by both %llu, by neither %llu\n",
		(unsigned long long)(kernel * 100 / asked),
		(unsigned long long)(ours * 100 / asked), (unsigned long long)t->both,
		(unsigned long long)t->neither);
	fprintf(out,
		"unsound %llu, ours alone %llu and %llu for bounds, the kernel alone %llu\n"
		"compared with what the witness expects: %llu, different %llu; questions: %llu\n",
		(unsigned long long)(t->by[UNSOUND] + t->by[BOTH_UNSOUND]),
		(unsigned long long)t->by[OURS_ONLY], (unsigned long long)t->by[CLEVERER],
		(unsigned long long)t->by[KERNEL_ONLY], (unsigned long long)t->compared,
		(unsigned long long)t->by[DIFFERENT], (unsigned long long)t->questions);
	qsort(classes, nr_classes, sizeof(classes[0]), by_count);
	for (unsigned int i = 0; i < nr_classes; i++)
		fprintf(out, "%-12s %7llu  first %llu  %s\n",
			classes[i].verdict == UNSOUND	  ? "UNSOUND"
			: classes[i].verdict == CLEVERER  ? "CLEVERER"
			: classes[i].verdict == OURS_ONLY ? "OURS ONLY"
			: classes[i].verdict == DIFFERENT ? "DIFFERENT"
							  : "refused",
			(unsigned long long)classes[i].count, (unsigned long long)classes[i].first,
			classes[i].text);
}
