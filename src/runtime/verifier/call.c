/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Calls of helpers. Each argument is checked against what the helper's prototype asks for, by one
 * entry of arg_kinds[] (last); some arguments tell something to others: the map whose key and value
 * follow, the memory whose size follows.
 */
#include <string.h>

#include "verifier/call.h"
#include "verifier/prog_types.h"

static u32 arg_access(u32 arg_type)
{
	u32 or_null = arg_type & PTR_MAYBE_NULL ? ACCESS_OR_NULL : 0;

	if (arg_type & MEM_UNINIT)
		return or_null | ACCESS_UNINIT | ACCESS_WRITE;
	/* Memory that the prototype does not call read-only may come back changed. */
	if (base_type(arg_type) == ARG_PTR_TO_MEM && !(arg_type & MEM_RDONLY))
		return or_null | ACCESS_READ | ACCESS_WRITE;
	return or_null | ACCESS_READ | (arg_type & MEM_WRITE ? ACCESS_WRITE : 0);
}

static int need(struct bpf_verifier_env *env, u32 regno, const char *what)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (reg->type & PTR_MAYBE_NULL)
		return refuse(env, -EACCES, regno, "compare it with NULL first",
			      "the call needs %s in R%u, which may be NULL", what, regno);
	return refuse(env, -EACCES, regno, NULL, "the call needs %s in R%u, which is a %s", what,
		      regno, reg_type_name(reg->type));
}

static bool at_its_beginning(const struct bpf_reg_state *reg)
{
	return !reg->off && tnum_is_const(reg->var_off) && !reg->var_off.value;
}

static int arg_anything(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	return 0;
}

static int arg_map_ptr(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[i + 1];

	if (reg->type != CONST_PTR_TO_MAP || !at_its_beginning(reg))
		return need(env, i + 1, "a map");
	call->map = reg->map_ptr;
	return 0;
}

static int arg_map_key(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	u64 key;
	int err;

	if (!call->map)
		return need(env, i + 1, "a key of a map");
	if (!call->map->key_size)
		return refuse(env, -EACCES, -1,
			      "use the calls for queues: bpf_map_push_elem(), bpf_map_pop_elem()",
			      "the elements of map '%s' have no keys", call->map->name);
	err = check_call_mem(env, i + 1, call->map->key_size, call->map->key_size, ACCESS_READ);
	if (!err &&
	    (call->map->map_type == BPF_MAP_TYPE_ARRAY ||
	     call->map->map_type == BPF_MAP_TYPE_PERCPU_ARRAY) &&
	    !bpf_map_may_be_smaller(call->map))
		call->key_is_there =
			stack_const(env, i + 1, sizeof(u32), &key) && key < call->map->max_entries;
	return err;
}

static int arg_map_value(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	if (!call->map)
		return need(env, i + 1, "a value of a map");
	if (!call->map->value_size)
		return refuse(env, -EACCES, -1,
			      "use the calls for ring buffers: bpf_ringbuf_reserve()",
			      "map '%s' has no elements of one size", call->map->name);
	return check_call_mem(env, i + 1, call->map->value_size, call->map->value_size,
			      arg_access(call->helper->proto.arg_type[i]));
}

static int arg_mem(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	const struct bpf_func_proto *proto = &call->helper->proto;
	const struct bpf_reg_state *reg = &cur_regs(env)[i + 1];

	if (proto->arg_type[i] & MEM_RINGBUF)
		return reg->type == (PTR_TO_MEM | MEM_RINGBUF)
			       ? 0
			       : need(env, i + 1, "a sample that was reserved in a ring buffer");
	if ((proto->arg_type[i] & MEM_OF_MAP) && cur_regs(env)[i + 1].type != PTR_TO_MAP_VALUE)
		return need(env, i + 1, "a value of a map");
	if (!(proto->arg_type[i] & MEM_FIXED_SIZE))
		return 0; /* with its size, the next argument */
	if ((proto->arg_type[i] & MEM_ALIGNED) &&
	    !tnum_is_aligned(tnum_add(reg->var_off, tnum_const(reg->off)), proto->arg_size[i]))
		return refuse(env, -EACCES, i + 1, "align it to its size",
			      "the call needs %u bytes in R%u that are aligned", proto->arg_size[i],
			      i + 1);
	return check_call_mem(env, i + 1, proto->arg_size[i], proto->arg_size[i],
			      arg_access(proto->arg_type[i]));
}

static int check_size(struct bpf_verifier_env *env, struct helper_call *call, u32 i, bool zero)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[i + 1], *mem = &cur_regs(env)[i];
	u32 mem_type = i ? call->helper->proto.arg_type[i - 1] : 0;

	if (reg->type != SCALAR_VALUE)
		return need(env, i + 1, "a size");
	if (reg->smin_value < 0)
		return refuse(env, -EACCES, i + 1,
			      "check that it is not negative, or mask it with '&'",
			      "the size in R%u may be negative", i + 1);
	if (!reg->umin_value && !zero)
		return refuse(env, -EACCES, i + 1, "check that it is at least 1",
			      "the size in R%u may be 0", i + 1);
	if (reg->umax_value >= BPF_MAX_VAR_SIZ)
		return refuse(env, -EACCES, i + 1, "compare it with the size of the memory first",
			      "the size in R%u has no upper bound", i + 1);
	call->max_size = reg->umax_value;
	if (reg_is_null(mem) && (mem_type & PTR_MAYBE_NULL)) {
		if (!reg->umax_value)
			return 0;
		return refuse(env, -EACCES, i, "pass 0 as the size of what is not there",
			      "NULL with a size that may be %llu",
			      (unsigned long long)reg->umax_value);
	}
	return check_call_mem(env, i, reg->umin_value, reg->umax_value, arg_access(mem_type));
}

static int arg_size(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	return check_size(env, call, i, false);
}

static int arg_size_or_zero(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	return check_size(env, call, i, true);
}

static int arg_alloc_size(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[i + 1];

	/* Of one that does not fit into 32 bits, which no allocation gives, less is known. */
	if (!reg_is_const(reg))
		return need(env, i + 1, "a constant size");
	call->alloc_size = reg->var_off.value;
	return 0;
}

static int arg_ctx(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[i + 1];

	if (reg->type != PTR_TO_CTX || !at_its_beginning(reg))
		return need(env, i + 1, "the context");
	return 0;
}

static int arg_func(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	return cur_regs(env)[i + 1].type == PTR_TO_FUNC ? 0 : need(env, i + 1, "a function");
}

static int arg_stack(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	return cur_regs(env)[i + 1].type == PTR_TO_STACK
		       ? 0
		       : need(env, i + 1, "a pointer to the stack");
}

static int arg_const_str(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	if (cur_regs(env)[i + 1].type != PTR_TO_MAP_VALUE)
		return need(env, i + 1, "a constant string");
	return check_const_str(env, i + 1);
}

static enum bpf_dynptr_type dynptr_type_of(u32 arg_type)
{
	return arg_type & DYNPTR_TYPE_RINGBUF ? BPF_DYNPTR_TYPE_RINGBUF : BPF_DYNPTR_TYPE_LOCAL;
}

static int arg_dynptr(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	u32 type = call->helper->proto.arg_type[i];
	int err = check_dynptr_pointer(env, i + 1, -EACCES);

	if (err)
		return err;
	if (type & MEM_UNINIT) {
		call->new_dynptr = i + 1;
		return check_new_dynptr(env, i + 1);
	}
	call->releases_dynptr = type & OBJ_RELEASE;
	return check_dynptr(env, i + 1, type, &call->dynptr);
}

static int arg_btf(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const char *name = call->helper->proto.arg_btf[i];
	s32 id = btf && name ? btf_find_by_name_kind(btf, name, BTF_KIND_STRUCT) : -ENOENT;

	if (id < 0)
		return need(env, i + 1, "a structure that does not exist");
	return check_btf_arg(env, i + 1, id, false);
}

static int arg_percpu_btf(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	call->percpu = cur_regs(env)[i + 1];
	return check_percpu_arg(env, i + 1);
}

static int arg_spin_lock(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	return call->helper->proto.unlocks ? check_spin_unlock(env, i + 1)
					   : check_spin_lock(env, i + 1);
}

static int arg_kptr_dest(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	return check_kptr_field(env, i + 1, &call->kptr);
}

static int arg_kptr(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[i + 1];

	if (reg->type & PTR_MAYBE_NULL)
		return need(env, i + 1, "an object that is there, or NULL,");
	return check_kptr_value(env, i + 1, reg, call->kptr);
}

/* By enum bpf_arg_type. */
static int (*const arg_kinds[])(struct bpf_verifier_env *env, struct helper_call *call, u32 i) = {
	[ARG_CONST_MAP_PTR] = arg_map_ptr,
	[ARG_PTR_TO_MAP_KEY] = arg_map_key,
	[ARG_PTR_TO_MAP_VALUE] = arg_map_value,
	[ARG_PTR_TO_MEM] = arg_mem,
	[ARG_CONST_SIZE] = arg_size,
	[ARG_CONST_SIZE_OR_ZERO] = arg_size_or_zero,
	[ARG_CONST_ALLOC_SIZE_OR_ZERO] = arg_alloc_size,
	[ARG_PTR_TO_CTX] = arg_ctx,
	[ARG_ANYTHING] = arg_anything,
	[ARG_PTR_TO_FUNC] = arg_func,
	[ARG_PTR_TO_STACK] = arg_stack,
	[ARG_PTR_TO_CONST_STR] = arg_const_str,
	[ARG_PTR_TO_DYNPTR] = arg_dynptr,
	[ARG_PTR_TO_BTF_ID] = arg_btf,
	[ARG_PTR_TO_SPIN_LOCK] = arg_spin_lock,
	[ARG_PTR_TO_PERCPU_BTF_ID] = arg_percpu_btf,
	[ARG_KPTR_XCHG_DEST] = arg_kptr_dest,
	[ARG_KPTR] = arg_kptr,
};

/* What is given back has to be what was got, at its beginning. */
static int check_released_arg(struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (reg->off)
		return refuse(env, -EINVAL, regno, "pass the pointer that was got",
			      "R%u, which is given back, points %d bytes past its beginning", regno,
			      reg->off);
	if (!at_its_beginning(reg))
		return refuse(env, -EACCES, regno, "pass the pointer that was got",
			      "R%u, which is given back, was moved", regno);
	if (!reg->ref_obj_id)
		return refuse(env, -EINVAL, regno, "give back once what was got, and nothing else",
			      "R%u is to be given back, and the program does not hold it", regno);
	return 0;
}

/* Of what an argument points to, if the program holds it. */
static int note_reference(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[i + 1];
	int err;

	if (call->helper->proto.arg_type[i] & OBJ_RELEASE) {
		err = check_released_arg(env, i + 1);
		if (err)
			return err;
		call->releases = true;
	}
	if (!reg->ref_obj_id)
		return 0;
	if (call->ref_obj_id)
		return refuse(env, -EACCES, i + 1, "pass one of them at a time",
			      "two arguments point to what the program has to give back");
	call->ref_obj_id = reg->ref_obj_id;
	return 0;
}

/* Packets are read only by some helpers, and for some types of program. */
static int check_packet_arg(struct bpf_verifier_env *env, const struct helper_call *call, u32 i)
{
	if (!is_packet_pointer(cur_regs(env)[i + 1].type) ||
	    (call->helper->proto.pkt_access && env->type->packet_read))
		return 0;
	return refuse(env, -EACCES, i + 1, "copy what is needed to the stack",
		      "%s is given a pointer into the packet in R%u", call->helper->name, i + 1);
}

static int check_arg(struct bpf_verifier_env *env, struct helper_call *call, u32 i)
{
	u32 type = call->helper->proto.arg_type[i];
	int err = check_reg_read(env, i + 1);

	if (!err && base_type(type) != ARG_ANYTHING)
		err = check_packet_arg(env, call, i);
	if (err)
		return err;
	/* A number that may be anything is not looked at; any other is. */
	if (base_type(type) != ARG_ANYTHING)
		mark_reg_precise(env, &cur_regs(env)[i + 1]);
	if ((type & PTR_MAYBE_NULL) && reg_is_null(&cur_regs(env)[i + 1]))
		return 0;
	if (base_type(type) >= ARRAY_SIZE(arg_kinds) || !arg_kinds[base_type(type)])
		return need(env, i + 1, "something that is not supported");
	err = arg_kinds[base_type(type)](env, call, i);
	if (err || base_type(type) == ARG_ANYTHING || base_type(type) == ARG_PTR_TO_DYNPTR)
		return err;
	return note_reference(env, call, i);
}

static int check_map_use(struct bpf_verifier_env *env, const struct helper_call *call)
{
	struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];
	struct bpf_map *map = call->map;

	if (!map)
		return 0;
	aux->several_maps |= aux->map && aux->map != map;
	aux->map = aux->several_maps ? NULL : map;
	if ((map->map_flags & BPF_F_RDONLY_PROG) && call->helper->proto.writes_map)
		return refuse(env, -EACCES, -1, "make the map without BPF_F_RDONLY_PROG",
			      "%s with map '%s', which programs may only read", call->helper->name,
			      map->name);
	return check_map_helper(env, map, call->helper);
}

void clear_caller_saved(struct bpf_verifier_env *env)
{
	u32 i;

	for (i = BPF_REG_0; i <= BPF_REG_5; i++)
		cur_regs(env)[i] = (struct bpf_reg_state){.type = NOT_INIT};
}

int check_helper_call(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct helper_call call = {.helper = env->aux[env->insn_idx].helper};
	const struct bpf_func_proto *proto;
	int err;
	u32 i;

	err = check_helper_allowed(env);
	if (err)
		return err;
	proto = &call.helper->proto;
	err = proto->unlocks ? 0 : check_not_locked(env, "a call of a helper");
	if (err)
		return err;
	if (proto->might_sleep) {
		err = check_may_sleep(env, call.helper->name, -EINVAL, -EINVAL);
		if (err)
			return err;
	}
	for (i = 0; i < 5 && proto->arg_type[i] != ARG_DONTCARE; i++) {
		err = check_arg(env, &call, i);
		if (err)
			return err;
	}
	err = check_map_use(env, &call);
	if (!err)
		err = check_format(env, proto);
	if (!err && call.releases)
		err = release_reference(env, call.ref_obj_id);
	if (!err && call.releases_dynptr)
		err = release_dynptr(env, call.dynptr.ref_obj_id);
	if (!err && call.new_dynptr)
		err = make_dynptr(env, call.new_dynptr,
				  dynptr_type_of(proto->arg_type[call.new_dynptr - 1]));
	if (!err && proto->tail_calls)
		err = check_tail_call(env);
	if (!err && proto->callback != BPF_CALLBACK_NONE)
		err = push_callback(env, proto);
	if (err)
		return err;
	clear_caller_saved(env);
	if (proto->changes_pkt_data || (call.helper->id == BPF_FUNC_dynptr_write &&
					call.dynptr.dynptr_type == BPF_DYNPTR_TYPE_SKB))
		forget_packet_pointers(env, env->cur);
	return set_call_result(env, &call);
}
