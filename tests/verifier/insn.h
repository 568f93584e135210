/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions as the cases write them, registers as R0 to R10, and the stand-ins that the loader
 * replaces for the engine at hand: maps, fields of the built-in types, kfuncs.
 */
#ifndef TESTS_VERIFIER_INSN_H
#define TESTS_VERIFIER_INSN_H

#include <linux/bpf.h>
#include <stddef.h>

/* Newer than some <linux/bpf.h>. */
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };

#define RAW(code_, dst_, src_, off_, imm_)                                                         \
	{                                                                                          \
		.code = (code_), .dst_reg = (dst_), .src_reg = (src_), .off = (off_),              \
		.imm = (imm_)                                                                      \
	}

/* r = number, r = r; w: 32 bits */
#define MOV(dst, imm) RAW(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define MOVW(dst, imm) RAW(BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define MOVX(dst, src) RAW(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOVXW(dst, src) RAW(BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOVSX(dst, src, bits) RAW(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, bits, 0)
#define MOVSXW(dst, src, bits) RAW(BPF_ALU | BPF_MOV | BPF_X, dst, src, bits, 0)

#define OP(op, dst, imm) RAW(BPF_ALU64 | BPF_##op | BPF_K, dst, 0, 0, imm)
#define OPX(op, dst, src) RAW(BPF_ALU64 | BPF_##op | BPF_X, dst, src, 0, 0)
#define OPW(op, dst, imm) RAW(BPF_ALU | BPF_##op | BPF_K, dst, 0, 0, imm)
#define OPXW(op, dst, src) RAW(BPF_ALU | BPF_##op | BPF_X, dst, src, 0, 0)
#define NEG(dst) RAW(BPF_ALU64 | BPF_NEG, dst, 0, 0, 0)
#define SWAP(dst, bits) RAW(BPF_ALU64 | BPF_END, dst, 0, 0, bits)
#define TO_BE(dst, bits) RAW(BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, bits)
#define TO_LE(dst, bits) RAW(BPF_ALU | BPF_END | BPF_TO_LE, dst, 0, 0, bits)

/* LDX(DW, R0, R1, 8): r0 = *(u64 *)(r1 + 8) */
#define LDX(size, dst, src, off) RAW(BPF_LDX | BPF_MEM | BPF_##size, dst, src, off, 0)
/* r0 = what is at this offset of the packet that r6 stands for */
#define LD_ABS(size, imm) RAW(BPF_LD | BPF_ABS | BPF_##size, 0, 0, 0, imm)
#define LD_IND(size, src, imm) RAW(BPF_LD | BPF_IND | BPF_##size, 0, src, 0, imm)
#define LDSX(size, dst, src, off) RAW(BPF_LDX | BPF_MEMSX | BPF_##size, dst, src, off, 0)
#define STX(size, dst, off, src) RAW(BPF_STX | BPF_MEM | BPF_##size, dst, src, off, 0)
#define ST(size, dst, off, imm) RAW(BPF_ST | BPF_MEM | BPF_##size, dst, 0, off, imm)
#define ATOMIC(size, op, dst, off, src) RAW(BPF_STX | BPF_ATOMIC | BPF_##size, dst, src, off, op)

#define JA(off) RAW(BPF_JMP | BPF_JA, 0, 0, off, 0)
#define GOTOL(imm) RAW(BPF_JMP32 | BPF_JA, 0, 0, 0, imm)
/* IF(JEQ, R1, 0, 2): if r1 == 0 skip 2 instructions */
#define IF(op, dst, imm, off) RAW(BPF_JMP | BPF_##op | BPF_K, dst, 0, off, imm)
#define IFX(op, dst, src, off) RAW(BPF_JMP | BPF_##op | BPF_X, dst, src, off, 0)
#define IFW(op, dst, imm, off) RAW(BPF_JMP32 | BPF_##op | BPF_K, dst, 0, off, imm)
#define IFXW(op, dst, src, off) RAW(BPF_JMP32 | BPF_##op | BPF_X, dst, src, off, 0)
#define EXIT RAW(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Jump when the program has gone on often enough. */
#define MAY_GOTO(off) RAW(BPF_JMP | 0xe0, 0, 0, off, 0)
#define CALL(helper) RAW(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##helper)
#define CALL_ID(id) RAW(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define CALL_SUB(off) RAW(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, off)
/* KFUNC(bpf_iter_num_new): one of case_kfuncs[], by name */
#define KFUNC(name) RAW(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, KFUNC_##name)
/* its address, as of a variable */
#define LD_KFUNC(dst, name)                                                                        \
	RAW(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_BTF_ID, 0, KFUNC_##name), RAW(0, 0, 0, 0, 0)
#define CALL_KFUNC KFUNC(bpf_map_sum_elem_count)
/* r = the id of the structure of this name in the engine's types */
#define MOV_TYPE(dst, name) MOV(dst, TYPE_##name)

/* Two instructions each. */
#define LD64(dst, low, high) RAW(BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, low), RAW(0, 0, 0, 0, high)
#define LD_MAP(dst, map)                                                                           \
	RAW(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, map), RAW(0, 0, 0, 0, 0)
#define LD_VALUE(dst, map, off)                                                                    \
	RAW(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_VALUE, 0, map), RAW(0, 0, 0, 0, off)
#define LD_FUNC(dst, off)                                                                          \
	RAW(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_FUNC, 0, off), RAW(0, 0, 0, 0, 0)

/* Maps that every engine has for the cases. */
enum {
	MAP_ARRAY,	/* 4 elements of 48 bytes */
	MAP_HASH,	/* 8-byte keys, 16-byte values, room for 8 */
	MAP_CONST,	/* one value of 64 bytes, frozen, BPF_F_RDONLY_PROG */
	MAP_DATA,	/* one value of 64 bytes */
	MAP_RDONLY,	/* as MAP_ARRAY, BPF_F_RDONLY_PROG, not frozen */
	MAP_WRONLY,	/* as MAP_ARRAY, BPF_F_WRONLY_PROG */
	MAP_RING,	/* a ring buffer of 64 KiB */
	MAP_USER_RING,	/* one of 4 KiB that user space writes */
	MAP_ARRAY_ANY,	/* as MAP_ARRAY, BPF_F_INNER_MAP */
	MAP_OUTER,	/* an array of maps that are as MAP_ARRAY */
	MAP_OUTER_HASH, /* a hash of maps that are as MAP_HASH; keys of 4 bytes */
	MAP_ARRAY_PERCPU,
	MAP_OUTER_PERCPU, /* an array of those, of which each may have another size */
	MAP_OUTER_ANY,	  /* an array of maps that are as MAP_ARRAY_ANY */
	MAP_PROGS,	  /* an array of programs, another one for each case */
	MAP_PERF,	  /* perf events of 4 CPUs, of which there are none */
	/* Values of struct kptrs: see value_types() in engine.c. */
	MAP_KPTRS,	  /* an array of 4 */
	MAP_KPTRS_ONE,	  /* of 1 */
	MAP_KPTRS_PERCPU, /* a per-CPU array of 4 */
	MAP_KPTRS_LRU,	  /* keys of 4 bytes */
	MAP_KPTRS_OUTER,  /* an array of maps that are as MAP_KPTRS */
	MAP_LOCKED,	  /* a hash, of values with a lock and a pointer; keys of 4 bytes */
	NR_MAPS
};
/* Of a value of MAP_KPTRS ...: a number, pointers, a number. */
#define KPTRS_MASK 8   /* a bpf_cpumask that is held */
#define KPTRS_MAP 16   /* any bpf_map */
#define KPTRS_SOME 24  /* any bpf_cpumask */
#define KPTRS_TAIL 32
#define KPTRS_SIZE 40
/* Of one of MAP_LOCKED: a lock, 4 bytes, a bpf_cpumask that is held, a number. */
#define LOCKED_MASK 8
#define LOCKED_SIZE 24
/* What MAP_CONST holds. */
#define CONST_FORMAT 0	 /* "%d %s": two arguments */
#define CONST_BAD 8	 /* "%y": no format */
#define CONST_TEXT 16	 /* "abc" */
#define CONST_NUMBER 24	 /* the u64 40 */
#define CONST_ENDLESS 60 /* "abcd", without an end */

/* Offsets of fields, of loads and stores and to be added: the size is the case's business. */
enum {
	FIELD_META_SEQ = 0x7000,
	FIELD_META_SEQ_NUM,
	FIELD_MAP_ID,
	FIELD_MAP_INNER, /* inner_map_meta */
	FIELD_MAP_NAME,
	FIELD_MAP_BTF,
	FIELD_MAP_OPS,
	FIELD_MAP_ELEM_COUNT,
	FIELD_MAP_FROZEN,
	FIELD_PROG_AUX,
	FIELD_PROG_STATS,
	FIELD_PROG_FUNC, /* bpf_func, a pointer to a function */
	FIELD_PROG_TAG,
	FIELD_PROG_JITED, /* the bitfields */
	FIELD_PROG_LEN,
	FIELD_AUX_PROG,
	FIELD_AUX_USED_MAPS, /* a pointer to pointers */
	FIELD_AUX_NAME,
	FIELD_AUX_FUNC_NAME, /* a pointer to characters */
	FIELD_AUX_OPS,
	FIELD_LINK_PROG,
	FIELD_LINK_REFCNT, /* a structure of one number */
	FIELD_SEQ_BUF,
	FIELD_SEQ_PRIVATE, /* a pointer to void */
	FIELD_BTF_HDR,	   /* a structure of several members */
	FIELD_BTF_TYPES,
	FIELD_SKB_LEN,
	NR_FIELDS_END
};

/* Structures by name: see type_names[] in engine.c. */
enum {
	TYPE_FIRST = 0x7a000000,
	TYPE_bpf_map = TYPE_FIRST,
	TYPE_bpf_prog,
	TYPE_bpf_prog_aux,
	TYPE_bpf_attr,	 /* a union */
	TYPE_u64,	 /* no structure */
	TYPE_bpf_iter_meta,
	TYPE_END
};

/* Fields of contexts of packets: struct xdp_md, struct __sk_buff. */
#define MD(field) ((short)offsetof(struct xdp_md, field))
#define SKB(field) ((short)offsetof(struct __sk_buff, field))

/* Contexts of iterators. */
#define CTX_META 0
#define CTX_MAP 8
#define CTX_PROG 8
#define CTX_LINK 8
#define CTX_KEY 16
#define CTX_VALUE 24

/* Kfuncs that cases call. */
#define CASE_KFUNCS(K)                                                                             \
	K(bpf_map_sum_elem_count)                                                                  \
	K(bpf_rcu_read_lock)                                                                       \
	K(bpf_rcu_read_unlock)                                                                     \
	K(bpf_preempt_disable)                                                                     \
	K(bpf_preempt_enable)                                                                      \
	K(bpf_rdonly_cast)                                                                         \
	K(bpf_cast_to_kern_ctx)                                                                    \
	K(bpf_copy_from_user_str)                                                                  \
	K(bpf_local_irq_save)                                                                      \
	K(bpf_local_irq_restore)                                                                   \
	K(bpf_cpumask_create)                                                                      \
	K(bpf_cpumask_acquire)                                                                     \
	K(bpf_cpumask_release)                                                                     \
	K(bpf_cpumask_first)                                                                       \
	K(bpf_cpumask_set_cpu)                                                                     \
	K(bpf_cpumask_test_cpu)                                                                    \
	K(bpf_cpumask_and)                                                                         \
	K(bpf_cpumask_copy)                                                                        \
	K(bpf_cpumask_populate)                                                                    \
	K(bpf_cpumask_empty)                                                                       \
	K(bpf_iter_num_new)                                                                        \
	K(bpf_iter_num_next)                                                                       \
	K(bpf_iter_num_destroy)                                                                    \
	K(bpf_iter_bits_new)                                                                       \
	K(bpf_iter_bits_next)                                                                      \
	K(bpf_iter_bits_destroy)                                                                   \
	K(bpf_dynptr_slice)                                                                        \
	K(bpf_dynptr_slice_rdwr)                                                                   \
	K(bpf_dynptr_adjust)                                                                       \
	K(bpf_dynptr_is_null)                                                                      \
	K(bpf_dynptr_is_rdonly)                                                                    \
	K(bpf_dynptr_size)                                                                         \
	K(bpf_dynptr_clone)                                                                        \
	K(bpf_dynptr_copy)                                                                         \
	K(bpf_dynptr_memset)                                                                       \
	K(bpf_strcmp)                                                                              \
	K(bpf_strlen)                                                                              \
	K(bpf_strchr)                                                                              \
	K(bpf_dynptr_from_skb)                                                                     \
	K(bpf_dynptr_from_xdp)                                                                     \
	K(bpf_probe_read_user_dynptr)                                                              \
	K(bpf_probe_read_kernel_str_dynptr)                                                        \
	K(bpf_copy_from_user_dynptr)
#define KFUNC_NUMBER(name) KFUNC_##name,
enum { KFUNCS_BEGIN = 0x7f000000, CASE_KFUNCS(KFUNC_NUMBER) KFUNCS_END };

#define RETURN(n) MOV(R0, n), EXIT

#endif /* TESTS_VERIFIER_INSN_H */
