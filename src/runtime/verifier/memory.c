/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Memory: loads, stores, atomics, and memory that a call is given. What a pointer points to decides
 * (mem_kinds[], last): whether it may be read and written, within which bounds, and what is read.
 *
 * Loads through a pointer that may be bad are marked, and run guarded (see btf_access.c).
 * Everything else is in bounds, or refused here.
 */
#include <stdio.h>
#include <string.h>

#include "verifier/memory.h"
#include "verifier/prog_types.h"

struct mem_kind {
	/* NULL: no load or store. */
	int (*access)(struct bpf_verifier_env *env, struct mem_access *a);
	/* Memory of @min to @max bytes for a call. NULL: none. */
	int (*call)(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
		    u32 access);
};

int check_reg_read(struct bpf_verifier_env *env, u32 regno)
{
	if (cur_regs(env)[regno].type != NOT_INIT)
		return 0;
	if (env->insns[env->insn_idx].code == (BPF_JMP | BPF_EXIT))
		return refuse(env, -EACCES, regno, "return a number on every way that leads here",
			      "the function ends, and R0, its result, was not set");
	return refuse(env, -EACCES, regno,
		      "set it on every way that leads here; a call clears R1 to R5",
		      "R%u is read, and was not set", regno);
}

/* The whole of an access of @size bytes, wherever the variable part puts it, is in [0, @region). */
static int check_region(struct bpf_verifier_env *env, const struct mem_access *a, u32 size,
			u32 region)
{
	const struct bpf_reg_state *reg = a->reg;
	const char *verb = a->write ? "a write" : "a read";
	s64 room = (s64)region - a->off - size;
	char advice[64];

	if (reg->smin_value < -BPF_MAX_VAR_OFF || reg->smin_value + a->off < 0)
		return refuse(env, -EACCES, a->regno,
			      "check that what is added is not negative, or make it unsigned",
			      "%s through R%u may be before the %s", verb, a->regno,
			      reg_type_name(reg->type));
	if (reg->smax_value >= BPF_MAX_VAR_OFF)
		return refuse(env, -EACCES, a->regno,
			      "compare what is added with a constant, as an unsigned number, first",
			      "%s through R%u at an offset without an upper bound", verb, a->regno);
	snprintf(advice, sizeof(advice),
		 room < 0 ? "access less at once" : "check that what is added is at most %lld",
		 (long long)room);
	if (reg->smax_value + a->off + size > region)
		return refuse(
			env, -EACCES, a->regno, advice,
			"%s of %u bytes through R%u may reach offset %lld of a %s of %u bytes",
			verb, size, a->regno, (long long)(reg->smax_value + a->off + size),
			reg_type_name(reg->type), region);
	return 0;
}

int check_fixed_offset(struct bpf_verifier_env *env, const struct mem_access *a)
{
	if (!tnum_is_const(a->reg->var_off) || a->reg->var_off.value)
		return refuse(env, -EACCES, a->regno, "use a constant offset",
			      "R%u, a %s, with a variable offset", a->regno,
			      reg_type_name(a->reg->type));
	if (a->off < 0)
		return refuse(env, -EACCES, a->regno, "do not go back from the beginning",
			      "offset %d of R%u is before the %s", a->off, a->regno,
			      reg_type_name(a->reg->type));
	return 0;
}

static int check_alignment(struct bpf_verifier_env *env, const struct mem_access *a)
{
	/* Drivers put a packet where what follows its Ethernet header is aligned. */
	s64 off = a->off + (is_packet_pointer(a->reg->type) ? 2 : 0);
	struct tnum where = tnum_add(a->reg->var_off, tnum_const(off));

	if (tnum_is_aligned(where, a->size))
		return 0;
	return refuse(env, -EACCES, a->regno, "align it to its size",
		      "an access of %u bytes through R%u at offset %d, which is not aligned",
		      a->size, a->regno, a->off);
}

static int no_write(struct bpf_verifier_env *env, const struct mem_access *a)
{
	return refuse(env, -EACCES, a->regno, "change a copy of it",
		      "a write through R%u, a read-only %s", a->regno, reg_type_name(a->reg->type));
}

/* --- the stack --- */

static int stack_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	int err = check_alignment(env, a);

	if (err)
		return err;
	if (a->write)
		return stack_write(env, a->regno, a->off, a->size, a->value);
	return stack_read(env, a->regno, a->off, a->size, a->result);
}

static int stack_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
		      u32 access)
{
	return stack_call_mem(env, a->regno, min, max, access);
}

/* --- the context --- */

static int ctx_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	int err = check_fixed_offset(env, a);

	if (err)
		return err;
	if (a->reg->off)
		return refuse(env, -EACCES, a->regno, "use the offset in the instruction",
			      "an access to the context through a pointer that was moved");
	if (env->type->ctx)
		err = check_ctx_field(env, a->off, a->size, a->write, a->result);
	else
		err = env->type->ctx_access(env, a->off, a->size, a->write, a->result);
	if (!err)
		aux->max_ctx_offset = max_of(aux->max_ctx_offset, a->off + a->size);
	return err;
}

/* How large it is shows when the program is run. */
static int ctx_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
		    u32 access)
{
	struct bpf_reg_state byte;
	struct mem_access last = *a;

	if (!env->type->ctx_is_memory || !(access & ACCESS_FUNC))
		return refuse(env, -EACCES, a->regno, "copy what is needed of it to the stack",
			      "the call is given the context in R%u as memory", a->regno);
	last.off = a->off + (s32)max - 1;
	last.size = 1;
	last.result = &byte;
	return ctx_access(env, &last);
}

/* --- packets --- */

static int packet_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	if (a->write && !env->type->packet_write)
		return refuse(env, -EACCES, a->regno, "change a copy of it on the stack",
			      "a write into the packet, which this type of program may only read");
	return check_packet_range(env, a->regno, a->off, a->size, a->write);
}

static int packet_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
		       u32 access)
{
	return check_packet_range(env, a->regno, a->off, max, a->write);
}

/* --- map values and keys --- */

bool map_is_rdonly(const struct bpf_map *map)
{
	/* A map is frozen only when no write is under way, and none can begin afterwards. */
	return (map->map_flags & BPF_F_RDONLY_PROG) && READ_ONCE(map->frozen);
}

/* The value at offset @off of @map, if it can never change; false if it can. */
static bool map_const_value(const struct bpf_map *map, u32 off, u32 size, u64 *value)
{
	u64 addr;

	if (!map_is_rdonly(map) || !map->ops->map_direct_value_addr ||
	    (u64)off + size > map->value_size || map->ops->map_direct_value_addr(map, &addr, off))
		return false;
	*value = 0;
	memcpy(value, (const void *)(unsigned long)addr, size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	*value >>= (8 - size) * 8;
#endif
	return true;
}

static int check_map_flags(struct bpf_verifier_env *env, const struct mem_access *a, bool write,
			   bool read)
{
	u32 flags = a->reg->map_ptr->map_flags;

	if (write && (flags & BPF_F_RDONLY_PROG))
		return refuse(env, -EACCES, a->regno,
			      "keep what changes in a map without BPF_F_RDONLY_PROG, not a const",
			      "a write into map '%s', which programs may only read",
			      a->reg->map_ptr->name);
	if (read && (flags & BPF_F_WRONLY_PROG))
		return refuse(env, -EACCES, a->regno, "make the map without BPF_F_WRONLY_PROG",
			      "a read of map '%s', which programs may only write",
			      a->reg->map_ptr->name);
	return 0;
}

/* The offset is known to be within the value. */
static int check_value_range(struct bpf_verifier_env *env, const struct mem_access *a, u32 size)
{
	return check_lock_untouched(env, a->regno, a->off + a->reg->smin_value,
				    a->off + a->reg->smax_value + size);
}

static int check_value_call(struct bpf_verifier_env *env, const struct mem_access *a, u32 size)
{
	int err = check_value_range(env, a, size);

	return err ? err
		   : check_kptrs_untouched(env, a->regno, a->off + a->reg->smin_value,
					   a->off + a->reg->smax_value + size);
}

static int map_value_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	const struct bpf_map *map = a->reg->map_ptr;
	int err = check_map_flags(env, a, a->write, !a->write);
	const struct btf_field *kptr = NULL;
	u64 value;

	if (!err)
		err = check_region(env, a, a->size, map->value_size);
	if (!err)
		err = check_value_range(env, a, a->size);
	if (!err)
		err = find_kptr(env, a, &kptr);
	if (!err && kptr)
		return kptr_access(env, a, kptr);
	if (err || a->write)
		return err;
	if (tnum_is_const(a->reg->var_off) &&
	    map_const_value(map, a->off + a->reg->var_off.value, a->size, &value)) {
		reg_mark_const(a->result, value);
		a->constant = true;
	}
	return 0;
}

static int map_value_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
			  u32 access)
{
	int err = check_map_flags(env, a, access & ACCESS_WRITE, access & ACCESS_READ);

	if (!err)
		err = check_region(env, a, max, a->reg->map_ptr->value_size);
	return err ? err : check_value_call(env, a, max);
}

static int map_key_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	if (a->write)
		return no_write(env, a);
	return check_region(env, a, a->size, a->reg->map_ptr->key_size);
}

static int map_key_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
			u32 access)
{
	if (a->write)
		return no_write(env, a);
	return check_region(env, a, max, a->reg->map_ptr->key_size);
}

/* --- memory of a known size --- */

static int mem_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	if (a->write && (a->reg->type & MEM_RDONLY))
		return no_write(env, a);
	if (a->reg->type & PTR_UNTRUSTED) {
		env->aux[env->insn_idx].probe_load = true;
		return 0;
	}
	return check_region(env, a, a->size, a->reg->mem_size);
}

static int mem_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
		    u32 access)
{
	if (a->write && (a->reg->type & MEM_RDONLY))
		return no_write(env, a);
	if (a->reg->type & PTR_UNTRUSTED)
		return refuse(env, -EACCES, a->regno, "copy it with bpf_probe_read_kernel first",
			      "the call is given R%u, which may point anywhere", a->regno);
	return check_region(env, a, max, a->reg->mem_size);
}

/* --- buffers whose size is known when the program is attached --- */

static int buf_range(struct bpf_verifier_env *env, struct mem_access *a, u32 size)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	bool rdonly = a->reg->type & MEM_RDONLY;
	u32 *max_access = rdonly ? &aux->max_rdonly_access : &aux->max_rdwr_access;
	int err;

	if (a->write && rdonly)
		return no_write(env, a);
	err = check_fixed_offset(env, a);
	if (err)
		return err;
	*max_access = max_of(*max_access, a->off + size);
	if (a->write)
		aux->writes_rdwr_buf = true;
	return 0;
}

static int buf_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	return buf_range(env, a, a->size);
}

static int buf_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max,
		    u32 access)
{
	return buf_range(env, a, max);
}

/* How large it is shows when the program is attached. */
static int tp_buffer_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	return check_fixed_offset(env, a);
}

static const struct mem_kind mem_kinds[] = {
	[PTR_TO_STACK] = {stack_access, stack_call},
	[PTR_TO_CTX] = {ctx_access, ctx_call},
	[PTR_TO_MAP_VALUE] = {map_value_access, map_value_call},
	[PTR_TO_MAP_KEY] = {map_key_access, map_key_call},
	[PTR_TO_MEM] = {mem_access, mem_call},
	[PTR_TO_BUF] = {buf_access, buf_call},
	[PTR_TO_BTF_ID] = {btf_access, btf_call},
	[PTR_TO_PACKET] = {packet_access, packet_call},
	[PTR_TO_PACKET_META] = {packet_access, packet_call},
	[PTR_TO_PACKET_END] = {NULL, NULL},
	[PTR_TO_TP_BUFFER] = {tp_buffer_access, NULL},
	[CONST_PTR_TO_MAP] = {map_ptr_access, NULL},
	[PTR_TO_FUNC] = {NULL, NULL},
};

static const struct mem_kind *mem_kind_of(u32 type)
{
	static const struct mem_kind none;

	return base_type(type) < ARRAY_SIZE(mem_kinds) ? &mem_kinds[base_type(type)] : &none;
}

static const char *no_access_advice(u32 type, bool write)
{
	switch (base_type(type)) {
	case SCALAR_VALUE:
		return write ? "write through a pointer to a map value or the stack"
			     : "copy what is at an address with bpf_probe_read_kernel()";
	case CONST_PTR_TO_MAP:
		return "bpf_map_lookup_elem() gives a pointer to a value";
	}
	return NULL;
}

/* Its kind does not allow loads and stores, of a number because it was a pointer once, maybe. */
static int refuse_access(struct bpf_verifier_env *env, const struct mem_access *a)
{
	const char *verb = a->write ? "a write" : "a read";

	if (was_given_back(env, a->regno))
		return refuse(env, -EACCES, a->regno, "use it before it is given back",
			      "%s through R%u, and what it points to was given back", verb,
			      a->regno);
	return refuse(env, -EACCES, a->regno, no_access_advice(a->reg->type, a->write),
		      "%s through R%u, which is a %s", verb, a->regno, reg_type_name(a->reg->type));
}

static int check_mem_access(struct bpf_verifier_env *env, struct mem_access *a, bool strict)
{
	const struct mem_kind *kind;
	int err;

	a->reg = &cur_regs(env)[a->regno];
	err = check_reg_read(env, a->regno);
	if (err)
		return err;
	if (a->reg->type & PTR_MAYBE_NULL)
		return refuse(env, -EACCES, a->regno, "compare it with NULL first",
			      "%s through R%u, which may be NULL", a->write ? "a write" : "a read",
			      a->regno);
	kind = mem_kind_of(a->reg->type);
	if (!kind->access)
		return refuse_access(env, a);
	a->off += a->reg->off;
	if (strict || (env->in->prog_flags & BPF_F_STRICT_ALIGNMENT)) {
		err = check_alignment(env, a);
		if (err)
			return err;
	}
	return kind->access(env, a);
}

/* The load at hand gives the constant @value, or (@constant not set) something else. */
static void note_constant(struct bpf_verifier_env *env, bool constant, u64 value)
{
	struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];

	if (!constant || (aux->loads_constant && aux->constant != value))
		aux->loads_others = true;
	aux->loads_constant |= constant;
	aux->constant = value;
}

/* What the instruction becomes depends on what it goes through. Loads through pointers to
 * structures and through memory may share one, which is then a guarded one. */
static bool may_share_insn(u32 a, u32 b)
{
	bool structure = a == PTR_TO_BTF_ID || b == PTR_TO_BTF_ID;

	if (a == b)
		return true;
	if (a == PTR_TO_CTX || b == PTR_TO_CTX)
		return false;
	return !structure || a == PTR_TO_MEM || b == PTR_TO_MEM;
}

static int note_pointer_type(struct bpf_verifier_env *env, u32 regno, u32 type)
{
	struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];

	if (aux->ptr_type != NOT_INIT && !may_share_insn(base_type(aux->ptr_type), base_type(type)))
		return refuse(env, -EINVAL, regno, "use an instruction for each of them",
			      "one instruction goes through a %s and, on another way, a %s",
			      reg_type_name(type), reg_type_name(aux->ptr_type));
	aux->ptr_type = type;
	return 0;
}

static int do_load(struct bpf_verifier_env *env, const struct bpf_insn *insn, bool strict)
{
	struct bpf_reg_state result;
	struct mem_access a = {
		.regno = insn->src_reg,
		.off = insn->off,
		.size = insn_size(insn),
		.result = &result,
	};
	int err;

	reg_mark_unknown(&result);
	err = check_mem_access(env, &a, strict);
	if (!err)
		err = note_pointer_type(env, insn->src_reg, cur_regs(env)[insn->src_reg].type);
	if (err)
		return err;
	if (result.type == SCALAR_VALUE && a.size < 8) {
		if (result.umax_value >> (a.size * 8 - 1))
			result.id = 0; /* cut, or its sign moves: no longer the number it was */
		if (BPF_MODE(insn->code) == BPF_MEMSX)
			reg_sign_extend(&result, a.size);
		else
			reg_zero_extend(&result, a.size);
	}
	note_constant(env, a.constant, result.var_off.value);
	cur_regs(env)[insn->dst_reg] = result;
	return 0;
}

static int do_store(struct bpf_verifier_env *env, const struct bpf_insn *insn, bool strict)
{
	struct bpf_reg_state constant, *value = &constant;
	struct mem_access a = {
		.regno = insn->dst_reg,
		.off = insn->off,
		.size = insn_size(insn),
		.write = true,
	};
	int err;

	if (BPF_CLASS(insn->code) == BPF_STX) {
		err = check_reg_read(env, insn->src_reg);
		if (err)
			return err;
		value = &cur_regs(env)[insn->src_reg];
		/* What is told of the register later holds for the copy in memory as well. */
		if (value->type == SCALAR_VALUE && !value->id && !tnum_is_const(value->var_off))
			value->id = ++env->next_id;
	} else {
		reg_mark_const(&constant, (u64)(s64)insn->imm);
	}
	a.value = value;
	err = check_mem_access(env, &a, strict);
	return err ? err : note_pointer_type(env, insn->dst_reg, cur_regs(env)[insn->dst_reg].type);
}

int check_load(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	return do_load(env, insn, false);
}

int check_store(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	return do_store(env, insn, false);
}

static bool atomic_allowed(u32 type, bool load)
{
	/* Guarded accesses are loads. */
	if ((type & PTR_UNTRUSTED) && !load)
		return false;
	switch (base_type(type)) {
	case PTR_TO_STACK:
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MEM:
	case PTR_TO_BUF:
		return true;
	case PTR_TO_BTF_ID:
	case CONST_PTR_TO_MAP:
		return load;
	}
	return false;
}

/* Of a pointer that may be NULL the access itself says what is wrong. */
static int check_atomic_pointer(struct bpf_verifier_env *env, u32 regno, bool load)
{
	u32 type = cur_regs(env)[regno].type;
	int err = check_reg_read(env, regno);

	if (err || (type & PTR_MAYBE_NULL) || atomic_allowed(type, load))
		return err;
	return refuse(env, -EACCES, regno, "do it to a map value",
		      "an atomic operation on a %s; they work on map values, memory and the stack",
		      reg_type_name(type));
}

/* Loads and stores that order others around them. */
static int check_ordered(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	bool load = insn_is_load_acquire(insn);
	int err = load ? 0 : check_reg_read(env, insn->src_reg);

	if (!err)
		err = check_atomic_pointer(env, load ? insn->src_reg : insn->dst_reg, load);
	if (err)
		return err;
	return load ? do_load(env, insn, true) : do_store(env, insn, true);
}

int check_atomic(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state anything, result;
	struct mem_access load = {
		.regno = insn->dst_reg,
		.off = insn->off,
		.size = insn_size(insn),
		.result = &result,
	};
	struct mem_access store = load;
	int err;

	if (insn_is_load_acquire(insn) || insn_is_store_release(insn))
		return check_ordered(env, insn);
	err = check_reg_read(env, insn->src_reg);
	if (!err && insn->imm == BPF_CMPXCHG)
		err = check_reg_read(env, BPF_REG_0);
	if (!err)
		err = check_atomic_pointer(env, insn->dst_reg, false);
	if (err)
		return err;
	reg_mark_unknown(&result);
	err = check_mem_access(env, &load, true);
	if (err)
		return err;
	reg_mark_unknown(&anything);
	store.write = true;
	store.value = &anything;
	err = check_mem_access(env, &store, true);
	if (err || !(insn->imm & BPF_FETCH))
		return err;
	if (result.type != SCALAR_VALUE)
		reg_mark_unknown(&result);
	result.id = 0;
	reg_zero_extend(&result, load.size);
	cur_regs(env)[insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg] = result;
	return 0;
}

int check_call_mem(struct bpf_verifier_env *env, u32 regno, u32 min, u32 max, u32 access)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	const struct mem_kind *kind = mem_kind_of(reg->type);
	struct mem_access a = {
		.regno = regno,
		.reg = reg,
		.off = reg->off,
		.size = max,
		.write = access & ACCESS_WRITE,
	};

	if ((reg->type & PTR_MAYBE_NULL) && !(access & ACCESS_OR_NULL))
		return refuse(env, -EACCES, regno, "compare it with NULL first",
			      "the call is given R%u, which may be NULL", regno);
	if (!kind->call)
		return refuse(env, -EACCES, regno,
			      "pass the address of a local variable or of a map value",
			      "the call needs memory in R%u, which is a %s", regno,
			      reg_type_name(reg->type));
	return kind->call(env, &a, min, max, access);
}
