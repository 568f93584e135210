/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Commands on loaded programs, and programs as files (kernel/bpf/syscall.c). */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/rcu.h"
#include "btf/btf.h"
#include "iter/seq_file.h"
#include "map/map.h"
#include "prog/prog.h"
#include "syscall/command.h"

/* --- BPF_PROG_BIND_MAP ------------------------------------------------------------------------ */

void used_maps_lock(const struct bpf_prog *prog)
{
	pthread_mutex_lock(&prog->aux->rt->used_maps_lock);
}

void used_maps_unlock(const struct bpf_prog *prog)
{
	pthread_mutex_unlock(&prog->aux->rt->used_maps_lock);
}

/* Put @map, whose reference goes with it on success, into a larger array; the old one in *@old, to
 * be freed when no program that looks at aux can still see it. With the lock. */
static int used_maps_add(struct bpf_prog_aux *aux, struct bpf_map *map, struct bpf_map ***old)
{
	struct bpf_map **maps = calloc((size_t)aux->used_map_cnt + 1, sizeof(*maps));

	if (!maps)
		return -ENOMEM;
	if (aux->used_map_cnt)
		memcpy(maps, aux->used_maps, aux->used_map_cnt * sizeof(*maps));
	maps[aux->used_map_cnt] = map;
	*old = aux->used_maps;
	WRITE_ONCE(aux->used_maps, maps);
	aux->used_map_cnt++;
	return 0;
}

static int bind_map(struct bpf_prog_aux *aux, struct bpf_map *map)
{
	struct bpf_map **old = NULL;
	bool bound = false;
	int err = 0;
	u32 i;

	used_maps_lock(aux->prog);
	for (i = 0; i < aux->used_map_cnt; i++)
		bound |= aux->used_maps[i] == map;
	if (!bound) {
		bpf_map_inc(map);
		err = used_maps_add(aux, map, &old);
		if (err)
			bpf_map_put(map);
	}
	used_maps_unlock(aux->prog);
	if (old) {
		synchronize_rcu();
		free(old);
	}
	return err;
}

int prog_bind_map(struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	struct bpf_prog *prog;
	struct bpf_map *map;
	int err;

	if (attr->prog_bind_map.flags)
		return -EINVAL;
	prog = bpf_prog_get(call->rt, attr->prog_bind_map.prog_fd);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	map = bpf_map_get(call->rt, attr->prog_bind_map.map_fd);
	err = PTR_ERR(map);
	if (!IS_ERR(map)) {
		err = bind_map(prog->aux, map);
		bpf_map_put(map);
	}
	bpf_prog_put(prog);
	return err;
}

/* --- the file --------------------------------------------------------------------------------- */

static void prog_file_take(void *object)
{
	bpf_prog_inc(object);
}

static void prog_file_release(void *object)
{
	bpf_prog_put(object);
}

static void prog_show_fdinfo(const void *object, struct seq_file *seq)
{
	const struct bpf_prog *prog = object;
	const u8 *tag = prog->tag;

	seq_printf(seq, "prog_type:\t%u\n", prog->type);
	seq_printf(seq, "prog_jited:\t%u\n", prog->jited);
	seq_printf(seq, "prog_tag:\t%02x%02x%02x%02x%02x%02x%02x%02x\n", tag[0], tag[1], tag[2],
		   tag[3], tag[4], tag[5], tag[6], tag[7]);
	seq_printf(seq, "memlock:\t%llu\n", (u64)prog->pages * 4096);
	seq_printf(seq, "prog_id:\t%u\n", prog->aux->id);
	seq_printf(seq, "run_time_ns:\t%llu\n", prog->stats->nsecs);
	seq_printf(seq, "run_cnt:\t%llu\n", prog->stats->cnt);
	seq_printf(seq, "recursion_misses:\t%llu\n", prog->stats->misses);
	seq_printf(seq, "verified_insns:\t%u\n", prog->aux->verified_insns);
}

const struct file_operations bpf_prog_fops = {
	.name = "bpf-prog",
	.get = prog_file_take,
	.release = prog_file_release,
	.pinnable = true,
	.get_info = prog_get_info,
	.show_fdinfo = prog_show_fdinfo,
};
