/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Verdicts: the same random program for two verifiers. A program is abstract: maps, types, fields
 * and functions are named, and each engine gets it with its own descriptors, ids and offsets.
 *
 * The kernel is asked, and never runs a program: its verifier has been wrong (it took a callback's
 * own stack for its caller's after `number += r10`), and then removes checks of right programs as
 * dead code. What a result has to be is the witness's to say.
 *
 *   random.c, world.c  numbers; maps, structures and helpers that programs know
 *   gen.c, gen_*.c     a program from a seed and a number (gen.h)
 *   mutate.c           a program that is nearly another one
 *   insn.c             emitting for an engine, text, taking instructions out
 *   engine.c           the kernel and the runtime: maps, loading, running
 *   witness.c, witness_*.c  a program step by step: what it does that must not be (witness.h)
 *   beliefs.c          what the verifier believed at each of its steps
 *   judge.c            what the two answers mean; making a finding small
 *   verdicts.c         the command
 */
#ifndef FUZZ_VERDICTS_H
#define FUZZ_VERDICTS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Newer than some <linux/bpf.h>. */
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif
#ifndef BPF_LOAD_ACQ
#define BPF_LOAD_ACQ 0x100
#define BPF_STORE_REL 0x110
#endif

#ifndef BPF_JCOND
#define BPF_JCOND 0xe0
#endif

/* --- random numbers: splitmix64 ----------------------------------------------------------- */

struct rng {
	uint64_t state;
};

uint64_t rnd(struct rng *r);
uint64_t below(struct rng *r, uint64_t n); /* 0 .. n-1 */
bool chance(struct rng *r, unsigned int percent);
int64_t interesting(struct rng *r); /* numbers at which things change */

/* --- what programs are made of ------------------------------------------------------------ */

enum target {
	T_SYSCALL, /* BPF_PROG_TYPE_SYSCALL, a context of CTX_SIZE bytes */
	T_ELEM,	   /* iterator over the elements of M_ITER */
	T_MAP,	   /* iterator over maps: loaded, not run */
	T_XDP,	   /* on a packet of its own */
	T_TC,	   /* the same, SCHED_CLS */
	NR_TARGETS
};
static inline bool is_iterator(enum target target)
{
	return target == T_ELEM || target == T_MAP;
}
static inline bool has_packet(enum target target)
{
	return target == T_XDP || target == T_TC;
}
/* Of a packet: as long as the input says; what a program may do to the front of it. */
#define PACKET_MIN 16
#define PACKET_MAX 64
#define PACKET_HEADROOM 64
uint32_t packet_size(uint64_t input);
#define CTX_SIZE 64

enum map {
	M_ARRAY,  /* 4 elements of 48 bytes */
	M_HASH,	  /* 8-byte keys, 16-byte values, room for 8 */
	M_ODD,	  /* HASH, 12-byte keys, 20-byte values */
	M_RODATA, /* one value of strings; frozen, BPF_F_RDONLY_PROG */
	M_DATA,	  /* one value of 64 bytes, addressed directly */
	M_ITER,	  /* what T_ELEM walks: 4 elements of 24 bytes */
	M_LOCK,	  /* 4 elements of 24 bytes with a lock at LOCK_OFFSET */
	NR_DATA_MAPS,
	M_RING = NR_DATA_MAPS,
	M_PROGS, /* programs of the target at hand: at 0 one that returns 0 */
	NR_MAPS
};
#define LOCK_OFFSET 8
#define LOCK_SIZE 4

struct map_shape {
	enum bpf_map_type type;
	uint32_t key, value, max, flags;
};
extern const struct map_shape map_shapes[NR_MAPS];

/* Strings in M_RODATA. */
#define RODATA_SIZE 128
#define RODATA_FORMAT 0 /* "%llu %x\n": two numbers */
#define RODATA_FORMAT_SIZE 9
#define RODATA_PLAIN 16	   /* "abc", to compare with */
#define RODATA_FORMAT_S 32 /* "%d-%s" would need a pointer: "%d|%lx" */
#define RODATA_FORMAT_S_SIZE 7
extern const char rodata[RODATA_SIZE];

enum structure { S_MAP, S_META, S_SEQ, S_BTF, NR_STRUCTURES };

struct field {
	enum structure of;
	const char *name;
	uint8_t size;
	int8_t to; /* the structure it points to, -1: a number */
};
extern const struct field fields[];
extern const unsigned int nr_fields;
enum { FIELD_META_SEQ, FIELD_META_SEQ_NUM }; /* their places in fields[] */

enum function { /* of the programs' BTF, by FUNC */
		FN_MAIN,
		FN_STATIC,
		FN_LOOP,
		FN_ELEM,
		FN_GLOBAL_NUMBERS,
		FN_GLOBAL_MEMORY,
		NR_FUNCTIONS
};

enum reloc {
	RELOC_NONE,
	RELOC_FIELD,	 /* off += the offset of fields[what] */
	RELOC_MAP,	 /* ld_imm64: a map's descriptor */
	RELOC_MAP_VALUE, /* ld_imm64: inside a map's value */
	RELOC_KFUNC	 /* enum kfunc */
};

enum kfunc { KFUNC_COUNT, KFUNC_NUM_NEW, KFUNC_NUM_NEXT, KFUNC_NUM_DESTROY, NR_KFUNCS };
extern const char *const kfunc_names[NR_KFUNCS];

struct ins {
	struct bpf_insn insn;
	uint8_t reloc;
	uint8_t what;
	bool locked; /* not to be mutated: what bounds the program's run */
};

#define MAX_INS 1024
#define MAX_FUNCS 12

struct program {
	uint64_t seed, number;
	enum target target;
	struct ins ins[MAX_INS];
	unsigned int n;
	struct {
		unsigned int at;
		enum function fn;
	} funcs[MAX_FUNCS];
	unsigned int nr_funcs; /* with the main one; func_info only if with_btf */
	bool with_btf;
	unsigned int mutations;
	/* Two instructions near the end of the main function that do nothing; 0: none. There the
	 * judge has a program do what must not be, if a register holds what it is seen to hold. */
	unsigned int question;
};

void generate(struct program *p, uint64_t seed, uint64_t number);
void mutate(struct program *p, struct rng *r);

/* May this be run on somebody's kernel? No call but of the helpers that the generator uses, loops
 * of helpers bounded and not nested. Every program is asked before it goes anywhere. */
bool harmless(const struct program *p);
/* Helpers that mutation may exchange for each other; ends with 0. */
extern const int known_helpers[];

/* Take instructions [at, at + n) out, all offsets mended. False: not possible. */
bool take_out(struct program *p, unsigned int at, unsigned int n);
static inline bool is_wide(const struct ins *i)
{
	return i->insn.code == (BPF_LD | BPF_IMM | BPF_DW);
}
void print_program(FILE *out, const struct program *p);

/* --- engines ------------------------------------------------------------------------------ */

struct btf;

struct engine {
	const char *name;
	/* NULL, or why it cannot be had here. */
	const char *(*open)(struct engine *e);
	void (*close)(struct engine *e);
	int (*bpf)(struct engine *e, int cmd, union bpf_attr *attr, uint32_t size);
	int (*end)(struct engine *e, int fd);
	/* NULL: only loads. */
	ssize_t (*read)(struct engine *e, int fd, void *buf, size_t size);
	int (*run)(struct engine *e, int prog, void *ctx, uint32_t size, uint32_t *ret);
	/* On a packet, which @out (PACKET_MAX + PACKET_HEADROOM bytes) gets afterwards. */
	int (*run_packet)(struct engine *e, int prog, const void *packet, uint32_t size, void *out,
			  uint32_t *out_size, uint32_t *ret);
	void *rt;
	struct btf *types;
	int offset[64]; /* of fields[]; -1: has none */
	int target_id[NR_TARGETS];
	int kfunc_id[NR_KFUNCS];
	int btf;
	int maps[NR_MAPS];
	int progs[NR_TARGETS]; /* M_PROGS */
};
extern const struct engine kernel_engine, embedded_engine;

const char *engine_open(struct engine *e);
void engine_close(struct engine *e);
/* Fields that not both engines have are not used by programs. */
void agree_on_fields(const struct engine *a, const struct engine *b);
extern bool field_usable[];

#define LOG_SIZE (1 << 18)
/* A descriptor or negative errno; with @log (LOG_SIZE bytes) what the verifier says. */
int engine_load(struct engine *e, const struct program *p, char *log);

struct outcome {
	int err; /* of attaching or running */
	uint32_t ret;
	uint32_t out_len;
	uint8_t ctx[CTX_SIZE];
	uint8_t out[16384];
	uint32_t maps_len;
	uint8_t maps[2048];
};
/* Run it: maps as they are at first, input from @input. */
void engine_run(struct engine *e, const struct program *p, int prog, uint64_t input,
		struct outcome *o);

/* What maps hold before a run, and the context of one. */
void make_element(enum map map, uint32_t index, uint8_t *key, uint8_t *value);
void make_input(uint64_t input, uint8_t *ctx);
/* packet_size(@input) bytes. */
void make_packet(uint64_t input, uint8_t *packet);

/* --- the witness -------------------------------------------------------------------------- */

enum witness {
	WITNESS_FINE,
	WITNESS_TAINTED, /* fine, but the results are no function of the input */
	WITNESS_NOTHING, /* too long */
	WITNESS_WRONG,	 /* *what happens at instruction *at */
};
/* @reached: NULL, or MAX_INS flags that are set where it came by. @expected: NULL, or what the
 * program does, if WITNESS_FINE. */
enum witness witness(const struct program *p, uint64_t input, const char **what, unsigned int *at,
		     uint8_t *reached, struct outcome *expected);

/* Whether it also holds every register and the stack against beliefs.h, at every instruction. */
void witness_believes(bool believes);

/* The number that register @reg held at the question, when the last witness() came by; false: it
 * did not, or there was none that is certain. */
bool witnessed(const struct program *p, unsigned int reg, uint64_t *value);

/* --- judging ------------------------------------------------------------------------------ */

enum verdict {
	UNSOUND,      /* accepted here, and does what must not be: shown by the witness */
	BOTH_UNSOUND, /* the same, but the kernel accepts it, too */
	OURS_ONLY, /* accepted here, refused by the kernel, not for a bound; nothing wrong seen */
	CLEVERER,  /* the same, and the kernel misses a bound, or looks at what is never run, or it
		    * is so on purpose */
	DIFFERENT, /* run, and the result is not what the witness says */
	KERNEL_ONLY, /* refused here, accepted by the kernel */
	NR_VERDICTS
};

struct tally {
	uint64_t programs, unloadable, both, neither, by[NR_VERDICTS];
	uint64_t compared, questions;
};

struct judge {
	struct tally tally;
	bool use_kernel, use_embedded;
	unsigned int examples; /* of each class of findings, printed in full */
	unsigned int inputs;   /* to try a program on that is accepted */
#define SOME_INPUTS 8
	bool only_wrong; /* no examples of what is merely refused, or merely understood better */
	FILE *out;
};

/* NULL, or why an engine that is wanted cannot be had. */
const char *judge_open(struct judge *j, bool want_kernel, bool want_embedded);
void judge_close(struct judge *j);
void judge_program(struct judge *j, const struct program *p);
void judge_summary(const struct judge *j, FILE *out);
/* For crash handlers: what is being judged. */
extern const struct program *under_judgement;

#endif /* FUZZ_VERDICTS_H */
