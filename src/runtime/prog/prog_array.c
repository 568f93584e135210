/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * PROG_ARRAY (kernel: prog_array_map_ops in kernel/bpf/arraymap.c, bpf_prog_map_compatible in
 * core.c).
 *
 * A program has a reference on each map that it uses, and an array on each program in it, which may
 * use that very array. What keeps such a circle from living for ever is that only those who can
 * still change an array, by a handle or a pin, keep it filled: with the last of them its entries
 * go.
 */
#include "prog/prog_array.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "btf/btf.h"
#include "map/fd_array.h"
#include "prog/helper.h"

struct prog_array {
	struct fd_array array;
	pthread_mutex_t owner_lock;
	struct {
		bool set;
		bool jited;
		enum bpf_prog_type type;
		enum bpf_attach_type attach_type;
		struct btf *attach_btf; /* which the prototype is in */
		const struct btf_type *attach_func_proto;
	} owner;
};

static struct prog_array *to_prog_array(const struct bpf_map *map)
{
	return container_of(to_fd_array(map), struct prog_array, array);
}

static struct bpf_map *prog_array_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct prog_array *progs = calloc(1, sizeof(*progs));
	int err = progs ? fd_array_init(&progs->array, rt, attr) : -ENOMEM;

	if (err) {
		free(progs);
		return ERR_PTR(err);
	}
	pthread_mutex_init(&progs->owner_lock, NULL);
	return &progs->array.map;
}

static void put_prog(void *prog)
{
	bpf_prog_put(prog);
}

static void prog_array_clear(struct bpf_map *map)
{
	fd_array_clear(map, put_prog);
}

static void prog_array_free(struct bpf_map *map)
{
	struct prog_array *progs = to_prog_array(map);

	prog_array_clear(map);
	btf_put(progs->owner.attach_btf);
	fd_array_destroy(&progs->array);
	pthread_mutex_destroy(&progs->owner_lock);
	free(progs);
}

/* --- who may be in it ------------------------------------------------------------------------- */

static int prog_array_check(struct bpf_map *map, const struct bpf_prog *prog)
{
	struct prog_array *progs = to_prog_array(map);
	const struct bpf_prog_aux *aux = prog->aux;
	bool fits = true;

	pthread_mutex_lock(&progs->owner_lock);
	if (!progs->owner.set) {
		progs->owner.set = true;
		progs->owner.jited = prog->jited;
		progs->owner.type = prog->type;
		progs->owner.attach_type = prog->expected_attach_type;
		progs->owner.attach_func_proto = aux->attach_func_proto;
		if (aux->attach_btf)
			btf_get(aux->attach_btf);
		progs->owner.attach_btf = aux->attach_btf;
	} else {
		fits = progs->owner.type == prog->type && progs->owner.jited == prog->jited &&
		       progs->owner.attach_type == prog->expected_attach_type &&
		       progs->owner.attach_func_proto == aux->attach_func_proto;
	}
	pthread_mutex_unlock(&progs->owner_lock);
	return fits ? 0 : -EINVAL;
}

int bpf_check_tail_call(const struct bpf_prog *prog)
{
	const struct bpf_prog_aux *aux = prog->aux;
	int err = 0;

	for (u32 i = 0; i < aux->used_map_cnt && !err; i++)
		if (aux->used_maps[i]->ops == &prog_array_map_ops)
			err = prog_array_check(aux->used_maps[i], prog);
	return err;
}

bool bpf_prog_array_owner(const struct bpf_map *map, u32 *type, bool *jited)
{
	struct prog_array *progs = to_prog_array(map);
	bool set;

	pthread_mutex_lock(&progs->owner_lock);
	set = progs->owner.set;
	*type = progs->owner.type;
	*jited = progs->owner.jited;
	pthread_mutex_unlock(&progs->owner_lock);
	return set;
}

/*
 * What was checked when an iterator was attached is how far its own program reaches into key and
 * value. One that is called by it must not reach at all.
 */
static bool reaches_into_buffers(const struct bpf_prog *prog)
{
	return prog->aux->max_rdonly_access || prog->aux->max_rdwr_access;
}

static int prog_array_set(struct bpf_map *map, const void *key, void *object, u64 flags)
{
	struct bpf_prog *prog = object, *old;
	u32 index = array_index_of(key);
	int err = fd_array_check_set(map, index, flags);

	if (!err && IS_ERR(prog))
		err = PTR_ERR(prog);
	if (!err && prog)
		err = reaches_into_buffers(prog) ? -EINVAL : prog_array_check(map, prog);
	if (err)
		return err;
	old = fd_array_exchange(map, index, prog);
	if (old)
		bpf_prog_put(old);
	return old || prog ? 0 : -ENOENT;
}

static int prog_array_id(struct bpf_map *map, const void *key, u32 *id)
{
	const struct bpf_prog *prog = fd_array_object(map, array_index_of(key));

	if (!prog)
		return -ENOENT;
	*id = prog->aux->id;
	return 0;
}

static u64 prog_array_mem_usage(const struct bpf_map *map)
{
	return fd_array_mem_usage(map) + sizeof(struct prog_array) - sizeof(struct fd_array);
}

const struct bpf_map_ops prog_array_map_ops = {
	.map_alloc_check = fd_array_alloc_check,
	.map_alloc = prog_array_alloc,
	.map_free = prog_array_free,
	.map_get_next_key = array_map_get_next_key,
	.holds = BPF_MAP_HOLDS_PROGS,
	.map_set_object = prog_array_set,
	.map_object_id = prog_array_id,
	.map_release_uref = prog_array_clear,
	.map_mem_usage = prog_array_mem_usage,
};

/* --- tail calls ------------------------------------------------------------------------------- */

const struct bpf_prog *bpf_prog_array_next(const struct bpf_map *map, u32 index)
{
	const struct bpf_prog *prog = fd_array_object(map, index);

	if (!prog || bpf_current->tail_calls >= MAX_TAIL_CALL_CNT)
		return NULL;
	bpf_current->tail_calls++;
	return prog;
}

const struct bpf_helper bpf_prog_array_helpers[] = {
	{
		.id = BPF_FUNC_tail_call,
		.name = "bpf_tail_call",
		.proto =
			{
				.ret_type = RET_VOID,
				.arg_type = {ARG_PTR_TO_CTX, ARG_CONST_MAP_PTR, ARG_ANYTHING},
				.tail_calls = true,
			},
	},
};

const size_t bpf_prog_array_helpers_nr = ARRAY_SIZE(bpf_prog_array_helpers);
