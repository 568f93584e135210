/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Functions that programs call: prototypes for the verifier, code for execution, and who may call,
 * in one entry. A room defines a table of its helpers and registers it (prog/helper.h). The type
 * names are the kernel's (include/linux/bpf.h).
 */
#ifndef BASE_FUNC_H
#define BASE_FUNC_H

#include "base/bpf_types.h"

/* Flags that combine with a base type of an argument, a result or a register. */
#define BPF_BASE_TYPE_BITS 8
#define BPF_BASE_TYPE_MASK ((1u << BPF_BASE_TYPE_BITS) - 1)
enum bpf_type_flag {
	PTR_MAYBE_NULL = 1u << (0 + BPF_BASE_TYPE_BITS),
	MEM_RDONLY = 1u << (1 + BPF_BASE_TYPE_BITS),
	MEM_UNINIT = 1u << (2 + BPF_BASE_TYPE_BITS), /* may be uninitialised: the call writes it */
	MEM_WRITE = 1u << (3 + BPF_BASE_TYPE_BITS),
	PTR_UNTRUSTED = 1u << (4 + BPF_BASE_TYPE_BITS), /* may point anywhere: probe reads only */
	PTR_TRUSTED = 1u << (5 + BPF_BASE_TYPE_BITS),
	MEM_RCU = 1u << (6 + BPF_BASE_TYPE_BITS),
	OBJ_RELEASE = 1u << (7 + BPF_BASE_TYPE_BITS),
	MEM_FIXED_SIZE = 1u << (8 + BPF_BASE_TYPE_BITS), /* arg_size says how long */
	MEM_ALIGNED = 1u << (9 + BPF_BASE_TYPE_BITS),
	MEM_RINGBUF = 1u << (10 + BPF_BASE_TYPE_BITS), /* a sample that was reserved */
	/* Which dynptr a call makes, or takes back; of memory: which it is of. */
	DYNPTR_TYPE_LOCAL = 1u << (11 + BPF_BASE_TYPE_BITS),
	DYNPTR_TYPE_RINGBUF = 1u << (12 + BPF_BASE_TYPE_BITS),
	MEM_OF_MAP = 1u << (13 + BPF_BASE_TYPE_BITS), /* of a value, and no other memory */
	MEM_USER = 1u << (14 + BPF_BASE_TYPE_BITS),    /* in the address space of a process */
	MEM_PERCPU = 1u << (15 + BPF_BASE_TYPE_BITS),  /* each CPU has its own */
	DYNPTR_TYPE_SKB = 1u << (16 + BPF_BASE_TYPE_BITS),
	DYNPTR_TYPE_XDP = 1u << (17 + BPF_BASE_TYPE_BITS),
};
static inline u32 base_type(u32 type)
{
	return type & BPF_BASE_TYPE_MASK;
}

static inline u32 type_flag(u32 type)
{
	return type & ~BPF_BASE_TYPE_MASK;
}

enum bpf_arg_type {
	ARG_DONTCARE = 0,
	ARG_CONST_MAP_PTR,
	ARG_PTR_TO_MAP_KEY,
	ARG_PTR_TO_MAP_VALUE,
	ARG_PTR_TO_MEM,
	ARG_CONST_SIZE,              /* of the memory in the argument before; not 0 */
	ARG_CONST_SIZE_OR_ZERO,
	ARG_CONST_ALLOC_SIZE_OR_ZERO,
	ARG_PTR_TO_CTX,
	ARG_ANYTHING,
	ARG_PTR_TO_FUNC,             /* a static subprogram: a callback */
	ARG_PTR_TO_STACK,
	ARG_PTR_TO_CONST_STR,        /* NUL-terminated string in a read-only, frozen map */
	ARG_PTR_TO_DYNPTR,           /* MEM_UNINIT: the call makes it */
	ARG_PTR_TO_BTF_ID,           /* arg_btf names the structure */
	ARG_PTR_TO_SPIN_LOCK,        /* the lock in a value of a map */
	ARG_PTR_TO_PERCPU_BTF_ID,    /* a structure of which each CPU has its own */
	ARG_KPTR_XCHG_DEST,          /* a field of a map's value that holds an object */
	ARG_KPTR,                    /* an object that it may hold */
};
#define ARG_PTR_TO_MEM_OR_NULL (PTR_MAYBE_NULL | ARG_PTR_TO_MEM)
#define ARG_PTR_TO_STACK_OR_NULL (PTR_MAYBE_NULL | ARG_PTR_TO_STACK)
#define ARG_PTR_TO_RINGBUF_MEM (MEM_RINGBUF | ARG_PTR_TO_MEM)
#define ARG_PTR_TO_UNINIT_MEM (MEM_UNINIT | MEM_WRITE | ARG_PTR_TO_MEM)
#define ARG_PTR_TO_UNINIT_MAP_VALUE (MEM_UNINIT | MEM_WRITE | ARG_PTR_TO_MAP_VALUE)

enum bpf_return_type {
	RET_INTEGER,
	RET_VOID,
	RET_LENGTH, /* of what was written to the memory argument, or a negative errno */
	RET_CPU,    /* a number below num_possible_cpus */
	RET_PTR_TO_MAP_VALUE,
	RET_PTR_TO_MEM,
	RET_PTR_TO_DYNPTR_MEM, /* memory of the dynptr argument */
	RET_PTR_TO_BTF_ID,
	RET_PTR_TO_BTF_ID_OF_CPU, /* that of one CPU, of the ARG_PTR_TO_PERCPU_BTF_ID */
};
#define RET_PTR_TO_MAP_VALUE_OR_NULL (PTR_MAYBE_NULL | RET_PTR_TO_MAP_VALUE)
#define RET_PTR_TO_RINGBUF_MEM_OR_NULL (PTR_MAYBE_NULL | MEM_RINGBUF | RET_PTR_TO_MEM)
#define RET_PTR_TO_BTF_ID_OR_NULL (PTR_MAYBE_NULL | RET_PTR_TO_BTF_ID)

/* A printf's format that was parsed when the program was loaded (prog/bprintf.h). */
struct bpf_format;

struct bpf_func_proto {
	u64 (*func)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);
	bool gpl_only;
	u32 ret_type; /* enum bpf_return_type with flags */
	u32 arg_type[5]; /* enum bpf_arg_type with flags */
	const char *arg_btf[5];      /* ARG_PTR_TO_BTF_ID: name of the structure in the built-in BTF */
	u32 arg_size[5];             /* MEM_FIXED_SIZE */
	u32 ret_size;                /* RET_PTR_TO_MEM */
	const char *ret_btf; /* RET_PTR_TO_BTF_ID: its name; NULL: that of the ARG_KPTR_XCHG_DEST */
	bool acquires; /* the result is the program's to give back, to one with OBJ_RELEASE */
	bool pkt_access; /* memory arguments may be in a packet */
	bool changes_pkt_data; /* no pointer into the packet is good after it */
	bool writes_map; /* adds, changes or removes elements */
	bool finds_key;	 /* never NULL for a key of an array that is in bounds */
	bool unlocks;	 /* the ARG_PTR_TO_SPIN_LOCK, which is held */
	bool might_sleep;
	bool tail_calls; /* another program may run instead of what follows */
	/*
	 * The format string of a printf-like helper: 1 + argument number of the format (CONST_STR, or
	 * PTR_TO_MEM with its size behind it), so that the verifier can check a constant one; 0: none.
	 */
	u32 fmt_arg;
	u32 fmt_data_arg; /* 1 + argument number of the u64 array of a format's data */
	/* What func does, where the format is always @format; NULL: func parses it each time. */
	u64 (*func_of_format)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5,
			      const struct bpf_format *format);
	/* ARG_PTR_TO_FUNC: which of the verifier's callback contracts the callee keeps to. */
	enum bpf_callback_kind {
		BPF_CALLBACK_NONE,
		BPF_CALLBACK_LOOP,    /* long f(u64 index, void *ctx): bpf_loop; returns 0 or 1 */
		BPF_CALLBACK_MAP_ELEM, /* long f(map, key, value, ctx): bpf_for_each_map_elem; 0 or 1 */
		BPF_CALLBACK_DYNPTR /* long f(dynptr, ctx): bpf_user_ringbuf_drain; 0 or 1 */
	} callback;
};

/* Sets of types of programs. */
#define BPF_TYPE(name) (1ull << BPF_PROG_TYPE_##name)
/* What Linux calls tracing, and programs that may do what tracing may. */
#define BPF_TYPES_TRACING                                                                          \
	(BPF_TYPE(KPROBE) | BPF_TYPE(TRACEPOINT) | BPF_TYPE(PERF_EVENT) |                          \
	 BPF_TYPE(RAW_TRACEPOINT) | BPF_TYPE(RAW_TRACEPOINT_WRITABLE) | BPF_TYPE(TRACING) |        \
	 BPF_TYPE(SYSCALL))

/* One helper. */
struct bpf_helper {
	enum bpf_func_id id;
	const char *name; /* "bpf_map_lookup_elem" */
	struct bpf_func_proto proto;
	u64 types; /* of programs that may call it, BPF_TYPE() of each; 0: every one */
	/* What else decides; NULL: nothing. */
	bool (*allowed)(const struct bpf_prog *prog);
};

#endif /* BASE_FUNC_H */
