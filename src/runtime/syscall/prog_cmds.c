/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Commands on loaded programs, and programs as files (kernel/bpf/syscall.c, net/bpf/test_run.c). */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "btf/btf.h"
#include "iter/seq_file.h"
#include "map/map.h"
#include "prog/prog.h"
#include "syscall/command.h"

#define ETH_HLEN 14

/* --- BPF_PROG_BIND_MAP ------------------------------------------------------------------------ */

static pthread_mutex_t used_maps_mutex = PTHREAD_MUTEX_INITIALIZER;

void used_maps_lock(void)
{
	pthread_mutex_lock(&used_maps_mutex);
}

void used_maps_unlock(void)
{
	pthread_mutex_unlock(&used_maps_mutex);
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

	used_maps_lock();
	for (i = 0; i < aux->used_map_cnt; i++)
		bound |= aux->used_maps[i] == map;
	if (!bound) {
		bpf_map_inc(map);
		err = used_maps_add(aux, map, &old);
		if (err)
			bpf_map_put(map);
	}
	used_maps_unlock();
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

/* --- BPF_PROG_TEST_RUN ------------------------------------------------------------------------ */

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

static u32 run_once(struct bpf_prog *prog, void *ctx)
{
	struct bpf_run_ctx run;
	u32 ret;

	bpf_run_begin(&run, prog->aux->rt);
	ret = bpf_prog_run(prog, ctx);
	bpf_run_end(&run);
	return ret;
}

/* @data: the context, which the program may write to. */
static int run_syscall_prog(struct bpf_prog *prog, void *data, size_t size, u32 *retval)
{
	u64 none[1] = {0};

	if (size < prog->aux->max_ctx_offset || size > UINT16_MAX)
		return -EINVAL;
	*retval = run_once(prog, size ? data : none);
	return 0;
}

/* @data: a packet; the program sees what is known of it, which is its length. */
static int run_socket_filter(struct bpf_prog *prog, const void *data, size_t size, u32 *retval)
{
	struct __sk_buff skb = {.len = size - ETH_HLEN};

	*retval = run_once(prog, &skb);
	return 0;
}

static int test_run_syscall(struct bpf_call *call, struct bpf_prog *prog)
{
	const union bpf_attr *attr = &call->attr;
	u32 size = attr->test.ctx_size_in, retval;
	void *ctx = NULL;
	int err;

	if (attr->test.data_in || attr->test.data_out || attr->test.ctx_out ||
	    attr->test.data_size_in || attr->test.data_size_out || attr->test.ctx_size_out ||
	    attr->test.duration || attr->test.repeat || attr->test.flags || attr->test.batch_size)
		return -EINVAL;
	if (size > UINT16_MAX)
		return -EINVAL;
	if (size) {
		ctx = memdup_user(attr->test.ctx_in, size);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	err = run_syscall_prog(prog, ctx, size, &retval);
	if (!err)
		err = bpf_call_write(call, offsetof(union bpf_attr, test.retval), &retval,
				     sizeof(retval));
	if (!err && size)
		err = copy_to_user(attr->test.ctx_in, ctx, size);
	free(ctx);
	return err;
}

/* The packet comes back as it went in: no program of this type changes it. */
static int give_packet_back(const struct bpf_call *call, const void *packet, u32 size)
{
	const union bpf_attr *attr = &call->attr;
	u32 room = attr->test.data_size_out, n = size;
	int err = 0;

	if (attr->test.data_out && room) {
		if (room < n) {
			n = room;
			err = -ENOSPC;
		}
		if (copy_to_user(attr->test.data_out, packet, n))
			return -EFAULT;
	}
	if (bpf_call_write(call, offsetof(union bpf_attr, test.data_size_out), &size, sizeof(size)))
		return -EFAULT;
	return err;
}

static int test_run_socket_filter(struct bpf_call *call, struct bpf_prog *prog)
{
	const union bpf_attr *attr = &call->attr;
	u32 size = attr->test.data_size_in, repeat = max_of(attr->test.repeat, 1u);
	u32 retval = 0, duration, i;
	u64 start;
	void *packet;
	int err;

	if (attr->test.flags || attr->test.cpu || attr->test.batch_size || attr->test.ctx_in ||
	    attr->test.ctx_out)
		return -EINVAL;
	if (size < ETH_HLEN || size > UINT16_MAX)
		return -EINVAL;
	packet = memdup_user(attr->test.data_in, size);
	if (IS_ERR(packet))
		return PTR_ERR(packet);
	start = now_ns();
	for (i = 0; i < repeat; i++)
		run_socket_filter(prog, packet, size, &retval);
	duration = (now_ns() - start) / repeat;
	err = give_packet_back(call, packet, size);
	free(packet);
	if (err && err != -ENOSPC)
		return err;
	if (bpf_call_write(call, offsetof(union bpf_attr, test.retval), &retval, sizeof(retval)) ||
	    bpf_call_write(call, offsetof(union bpf_attr, test.duration), &duration,
			   sizeof(duration)))
		return -EFAULT;
	return err;
}

int prog_test_run(struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	struct bpf_prog *prog;
	int err = -ENOTSUP;

	if (!attr->test.ctx_size_in != !attr->test.ctx_in ||
	    !attr->test.ctx_size_out != !attr->test.ctx_out)
		return -EINVAL;
	prog = bpf_prog_get(call->rt, attr->test.prog_fd);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	if (prog->type == BPF_PROG_TYPE_SYSCALL)
		err = test_run_syscall(call, prog);
	else if (prog->type == BPF_PROG_TYPE_SOCKET_FILTER)
		err = test_run_socket_filter(call, prog);
	bpf_prog_put(prog);
	return err;
}

int trek_prog_run(struct trek_runtime *rt, int handle, void *ctx, size_t ctx_size, uint32_t *retval)
{
	LEAVE_ERRNO_ALONE;
	struct bpf_prog *prog = bpf_prog_get(rt, handle);
	int err = -ENOTSUP;

	if (IS_ERR(prog))
		return PTR_ERR(prog);
	if (prog->type == BPF_PROG_TYPE_SYSCALL)
		err = run_syscall_prog(prog, ctx, ctx_size, retval);
	else if (prog->type == BPF_PROG_TYPE_SOCKET_FILTER)
		err = ctx_size < ETH_HLEN ? -EINVAL
					  : run_socket_filter(prog, ctx, ctx_size, retval);
	bpf_prog_put(prog);
	return err;
}

/* --- info ------------------------------------------------------------------------------------- */

/* Instructions as they may be seen: what a map's address stands for, not the address itself; none
 * that are only made after verification. */
static void hide_addresses(const struct bpf_prog_aux *aux, struct bpf_insn *insns, u32 len)
{
	u32 i, j, off;
	u64 imm, base;

	for (i = 0; i + 1 < len; i++) {
		if (insns[i].code == (BPF_JMP | BPF_TAIL_CALL))
			insns[i].code = BPF_JMP | BPF_CALL;
		if (insns[i].code == (BPF_JMP | BPF_CALL))
			insns[i].off = 0;
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		imm = (u32)insns[i].imm | (u64)(u32)insns[i + 1].imm << 32;
		if (insns[i].src_reg == BPF_PSEUDO_FUNC) {
			/* As it was given: how far from the next instruction. */
			insns[i].imm = (const struct bpf_insn *)(unsigned long)imm -
				       aux->prog->insnsi - i - 1;
			insns[i + 1].imm = 0;
		}
		for (j = 0; j < aux->used_map_cnt; j++) {
			struct bpf_map *map = aux->used_maps[j];
			u64 size = (u64)map->max_entries * map->value_size;
			bool is_map = imm == (unsigned long)map;

			off = 0;
			if (!is_map && (!map->ops->map_direct_value_addr ||
					map->ops->map_direct_value_addr(map, &base, 0) ||
					imm < base || imm - base >= size))
				continue;
			if (!is_map)
				off = imm - base;
			insns[i].src_reg = is_map ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
			insns[i].imm = map->id;
			insns[i + 1].imm = off;
			break;
		}
		i++;
	}
}

static int copy_xlated(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	u32 room = info->xlated_prog_len, size = prog->len * sizeof(struct bpf_insn);
	struct bpf_insn *insns;
	int err;

	info->xlated_prog_len = size;
	if (!room)
		return 0;
	insns = malloc(size);
	if (!insns)
		return -ENOMEM;
	memcpy(insns, prog->insnsi, size);
	used_maps_lock();
	hide_addresses(prog->aux, insns, prog->len);
	used_maps_unlock();
	err = copy_to_user(info->xlated_prog_insns, insns, min_of(room, size));
	free(insns);
	return err;
}

static int copy_map_ids(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	u32 *ids, i, nr;
	int err = -ENOMEM;

	used_maps_lock();
	nr = prog->aux->used_map_cnt;
	ids = calloc((size_t)nr + 1, sizeof(*ids));
	for (i = 0; ids && i < nr; i++)
		ids[i] = prog->aux->used_maps[i]->id;
	used_maps_unlock();
	if (ids)
		err = info_copy_array(info->map_ids, &info->nr_map_ids, ids, nr, sizeof(*ids));
	free(ids);
	return err;
}

/* Record sizes that the caller gives must be ours, unless it gives none and wants none. */
static int set_info_rec_size(struct bpf_prog_info *info)
{
	if ((info->nr_func_info || info->func_info_rec_size) &&
	    info->func_info_rec_size != sizeof(struct bpf_func_info))
		return -EINVAL;
	if ((info->nr_line_info || info->line_info_rec_size) &&
	    info->line_info_rec_size != sizeof(struct bpf_line_info))
		return -EINVAL;
	if ((info->nr_jited_line_info || info->jited_line_info_rec_size) &&
	    info->jited_line_info_rec_size != sizeof(u64))
		return -EINVAL;
	info->func_info_rec_size = sizeof(struct bpf_func_info);
	info->line_info_rec_size = sizeof(struct bpf_line_info);
	info->jited_line_info_rec_size = sizeof(u64);
	return 0;
}

static int fill_prog_lists(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	struct bpf_prog_aux *aux = prog->aux;
	int err;

	err = copy_map_ids(prog, info);
	if (!err)
		err = set_info_rec_size(info);
	if (!err)
		err = copy_xlated(prog, info);
	if (!err)
		err = info_copy_array(info->func_info, &info->nr_func_info, aux->func_info,
				      aux->func_info_cnt, sizeof(struct bpf_func_info));
	if (!err)
		err = info_copy_array(info->line_info, &info->nr_line_info, aux->linfo,
				      aux->nr_linfo, sizeof(struct bpf_line_info));
	if (!err)
		err = info_copy_array(info->prog_tags, &info->nr_prog_tags, prog->tag, 1,
				      BPF_TAG_SIZE);
	return err;
}

static int prog_get_info(struct bpf_call *call, void *object)
{
	struct bpf_prog *prog = object;
	struct bpf_prog_aux *aux = prog->aux;
	struct bpf_prog_info info;
	u32 len;
	int err = info_begin(call, &info, sizeof(info), &len);

	if (err)
		return err;
	info.type = prog->type;
	info.id = aux->id;
	info.load_time = aux->load_time;
	info.created_by_uid = aux->uid;
	info.gpl_compatible = prog->gpl_compatible;
	memcpy(info.tag, prog->tag, sizeof(info.tag));
	memcpy(info.name, aux->name, sizeof(info.name));
	info.ifindex = 0;
	info.run_time_ns = prog->stats->nsecs;
	info.run_cnt = prog->stats->cnt;
	info.recursion_misses = prog->stats->misses;
	info.verified_insns = aux->verified_insns;
	info.btf_id = aux->btf ? aux->btf->id : 0;
	info.attach_btf_id = aux->attach_btf_id;
	info.attach_btf_obj_id = aux->attach_btf ? aux->attach_btf->id : 0;
	/* Nothing is compiled to machine code. */
	info.jited_prog_len = 0;
	info.nr_jited_ksyms = 0;
	info.nr_jited_func_lens = 0;
	info.nr_jited_line_info = 0;
	err = fill_prog_lists(prog, &info);
	return err ? err : info_end(call, &info, len);
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
