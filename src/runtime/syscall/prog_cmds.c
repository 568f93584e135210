/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Commands on loaded programs, and programs as files (kernel/bpf/syscall.c, net/bpf/test_run.c). */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "btf/btf.h"
#include "iter/seq_file.h"
#include "map/map.h"
#include "prog/packet.h"
#include "prog/prog.h"
#include "syscall/command.h"

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

/* What an Ethernet header says that follows, unless it is a length. */
static u16 protocol_of(const u8 *header)
{
	u16 type;

	memcpy(&type, header + ETH_HLEN - sizeof(type), sizeof(type));
	return ntohs(type) < ETH_P_802_3_MIN ? htons(ETH_P_802_2) : type;
}

/* @data: a packet, of which the program sees what is behind the Ethernet header. */
static int run_socket_filter(struct bpf_prog *prog, void *data, size_t size, u32 *retval)
{
	u8 *head = data;
	struct sk_buff skb = {
		.head = head,
		.data = head + ETH_HLEN,
		.tail = head + size,
		.end = head + size,
		.data_meta = head + ETH_HLEN,
		.mac_header = head,
		.network_header = head + ETH_HLEN,
		.len = size - ETH_HLEN,
		.protocol = protocol_of(head),
	};

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

/* The packet comes back as it went in, but for its header, which these programs do not see. */
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
	memset(packet, 0, ETH_HLEN);
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
