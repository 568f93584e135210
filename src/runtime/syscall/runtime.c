/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A runtime's life, and the public calls on its handles. What is the same for every runtime of the
 * process (helpers, kfuncs, the fault handler) is set up once; the rest in the order in which the
 * parts need each other, and taken down in the opposite order.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "base/vcpu.h"
#include "btf/btf.h"
#include "iter/bpf_iter.h"
#include "jit/perf_map.h"
#include "map/map.h"
#include "map/ringbuf.h"
#include "prog/dynptr.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "prog/prog_array.h"
#include "prog/skb.h"
#include "syscall/command.h"
#include "syscall/pinfs.h"

static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static int process_err;

static void init_process(void)
{
	process_err = nofault_init();
	if (!process_err)
		process_err = rcu_watch_forks();
	bpf_helpers_register(bpf_base_helpers, bpf_base_helpers_nr);
	bpf_helpers_register(bpf_copy_user_helpers, bpf_copy_user_helpers_nr);
	bpf_helpers_register(bpf_strtox_helpers, bpf_strtox_helpers_nr);
	bpf_helpers_register(bpf_trace_helpers, bpf_trace_helpers_nr);
	bpf_helpers_register(bpf_skb_load_helpers, bpf_skb_load_helpers_nr);
	bpf_helpers_register(bpf_skb_store_helpers, bpf_skb_store_helpers_nr);
	bpf_helpers_register(bpf_skb_resize_helpers, bpf_skb_resize_helpers_nr);
	bpf_helpers_register(bpf_skb_vlan_helpers, bpf_skb_vlan_helpers_nr);
	bpf_helpers_register(bpf_skb_hash_helpers, bpf_skb_hash_helpers_nr);
	bpf_helpers_register(bpf_skb_room_helpers, bpf_skb_room_helpers_nr);
	bpf_helpers_register(bpf_skb_fields_helpers, bpf_skb_fields_helpers_nr);
	bpf_helpers_register(bpf_xdp_helpers, bpf_xdp_helpers_nr);
	bpf_helpers_register(bpf_redirect_helpers, bpf_redirect_helpers_nr);
	bpf_helpers_register(bpf_map_helpers, bpf_map_helpers_nr);
	bpf_helpers_register(bpf_ringbuf_helpers, bpf_ringbuf_helpers_nr);
	bpf_helpers_register(bpf_ringbuf_dynptr_helpers, bpf_ringbuf_dynptr_helpers_nr);
	bpf_helpers_register(bpf_user_ringbuf_helpers, bpf_user_ringbuf_helpers_nr);
	bpf_helpers_register(bpf_dynptr_helpers, bpf_dynptr_helpers_nr);
	bpf_dynptr_register_kfuncs();
	bpf_helpers_register(bpf_seq_helpers, bpf_seq_helpers_nr);
	bpf_helpers_register(bpf_prog_array_helpers, bpf_prog_array_helpers_nr);
	bpf_map_register_type(BPF_MAP_TYPE_PROG_ARRAY, &prog_array_map_ops);
	register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &bpf_map_iter_kfunc_set);
	register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &bpf_iterator_kfunc_set);
	register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &bpf_string_kfunc_set);
	register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &bpf_marker_kfunc_set);
	register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &bpf_copy_user_kfunc_set);
	register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &bpf_cpumask_kfunc_set);
	register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &bpf_cpumask_kfunc_set);
	bpf_map_register_dtor("bpf_cpumask", bpf_cpumask_release_dtor);
}

/*
 * The number of possible CPUs as libbpf finds it, which sizes the values of per-CPU maps by it: one
 * more than the last of a list such as "0-3,8".
 */
static u32 host_possible_cpus(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned int first, last, num = 0;
	int found;
	long conf;

	while (file && (found = fscanf(file, "%u-%u", &first, &last)) > 0) {
		num = (found == 2 ? last : first) + 1;
		if (fgetc(file) != ',')
			break;
	}
	if (file)
		fclose(file);
	conf = sysconf(_SC_NPROCESSORS_CONF);
	if (!num && conf > 0)
		num = conf;
	return num && num <= NR_CPUS ? num : 1;
}

/* The caller's options may be of an older or newer library's size. */
static int copy_opts(struct trek_runtime_opts *opts, const struct trek_runtime_opts *user)
{
	const char *bytes = (const char *)user;
	size_t i;

	memset(opts, 0, sizeof(*opts));
	if (!user)
		return 0;
	if (user->size < sizeof(user->size) || user->size > 4096)
		return -EINVAL;
	for (i = sizeof(*opts); i < user->size; i++)
		if (bytes[i])
			return -EINVAL;
	memcpy(opts, user, min_of(user->size, sizeof(*opts)));
	return opts->num_possible_cpus > NR_CPUS || opts->interpret > 1 || opts->perf_map > 1
		       ? -EINVAL
		       : 0;
}

static int init_ids(struct trek_runtime *rt)
{
	struct idr *idrs[] = {&rt->map_idr, &rt->prog_idr, &rt->btf_idr, &rt->link_idr};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(idrs) && !err; i++)
		err = idr_init(idrs[i]);
	if (err)
		for (i--; i-- > 0;)
			idr_destroy(idrs[i]);
	return err;
}

static void destroy_ids(struct trek_runtime *rt)
{
	idr_destroy(&rt->link_idr);
	idr_destroy(&rt->btf_idr);
	idr_destroy(&rt->prog_idr);
	idr_destroy(&rt->map_idr);
}

/*
 * Free what was let go, of which nobody lets go of more: an object drops some of its references
 * only after its grace period, so that what it held is freed in the next round. After the last
 * object, what elements were waits for at most two rounds, so that in a few more nothing is left,
 * whatever others in the process defer. False: something has a reference that it will never drop,
 * and what that is of must not go.
 */
static bool drain(struct trek_runtime *rt)
{
	s64 before = atomic64_read(&rt->objects), left;

	for (int idle = 0; idle < 4 && rcu_run_deferred(); before = left) {
		left = atomic64_read(&rt->objects);
		idle = left == before ? idle + 1 : 0;
	}
	return !atomic64_read(&rt->objects);
}

/* The last part, when nobody has an object. */
static void free_runtime(struct trek_runtime *rt)
{
	destroy_ids(rt);
	vcpus_free(rt->cpus);
	pthread_mutex_destroy(&rt->used_maps_lock);
	pthread_mutex_destroy(&rt->link_lock);
	free(rt);
}

int trek_runtime_open(const struct trek_runtime_opts *user, struct trek_runtime **res)
{
	LEAVE_ERRNO_ALONE;
	struct trek_runtime_opts opts;
	struct trek_runtime *rt;
	int err = copy_opts(&opts, user);

	if (err)
		return err;
	pthread_once(&process_once, init_process);
	if (process_err)
		return process_err;
	if (opts.perf_map)
		err = perf_map_check();
	if (err)
		return err;
	rt = calloc(1, sizeof(*rt));
	if (!rt)
		return -ENOMEM;
	rt->num_possible_cpus =
		opts.num_possible_cpus ? opts.num_possible_cpus : host_possible_cpus();
	rt->interpret = opts.interpret;
	rt->perf_map = opts.perf_map;
	pthread_mutex_init(&rt->link_lock, NULL);
	pthread_mutex_init(&rt->used_maps_lock, NULL);
	err = -ENOMEM;
	rt->cpus = vcpus_new(rt->num_possible_cpus);
	if (!rt->cpus)
		goto free_rt;
	err = init_ids(rt);
	if (err)
		goto free_cpus;
	err = -ENOMEM;
	rt->pins = pinfs_new();
	if (!rt->pins)
		goto free_ids;
	err = fdtable_init(rt, opts.handles);
	if (err)
		goto free_pins;
	err = btf_vmlinux_init(rt);
	if (err)
		goto free_files;
	*res = rt;
	return 0;

free_files:
	fdtable_destroy(rt);
free_pins:
	pinfs_free(rt->pins);
free_ids:
	drain(rt);
	free_runtime(rt);
	return err;
free_cpus:
	vcpus_free(rt->cpus);
free_rt:
	pthread_mutex_destroy(&rt->used_maps_lock);
	pthread_mutex_destroy(&rt->link_lock);
	free(rt);
	return err;
}

void trek_runtime_close(struct trek_runtime *rt)
{
	LEAVE_ERRNO_ALONE;
	if (!rt)
		return;
	fdtable_destroy(rt);
	pinfs_free(rt->pins);
	btf_put(rt->vmlinux);
	if (drain(rt))
		free_runtime(rt);
}

/* --- handles ---------------------------------------------------------------------------------- */

ssize_t trek_read(struct trek_runtime *rt, int handle, void *buf, size_t size)
{
	LEAVE_ERRNO_ALONE;
	struct file *file = file_get(rt, handle);
	ssize_t ret = -EINVAL;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (file_ops(file)->read)
		ret = file_ops(file)->read(file_object(file), (unsigned long)buf, size);
	file_put(file);
	return ret;
}

ssize_t trek_iter_next_chunk(struct trek_runtime *rt, int handle, const void **chunk)
{
	LEAVE_ERRNO_ALONE;
	struct file *file = file_get(rt, handle);
	ssize_t ret = -EINVAL;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (file_ops(file)->next_chunk)
		ret = file_ops(file)->next_chunk(file_object(file), chunk);
	file_put(file);
	return ret;
}

int trek_close(struct trek_runtime *rt, int handle)
{
	LEAVE_ERRNO_ALONE;
	return fd_close(rt, handle);
}

int trek_dup(struct trek_runtime *rt, int handle)
{
	LEAVE_ERRNO_ALONE;
	return fd_dup(rt, handle);
}

ssize_t trek_fdinfo(struct trek_runtime *rt, int handle, char *buf, size_t size)
{
	LEAVE_ERRNO_ALONE;
	struct file *file = file_get(rt, handle);
	/* A buffer that is full to the last byte has overflowed, which leaves room for the NUL. */
	struct seq_file seq = {.buf = buf, .size = size};
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (size && file_ops(file)->show_fdinfo)
		file_ops(file)->show_fdinfo(file_object(file), &seq);
	ret = seq_has_overflowed(&seq) ? -ENOSPC : (ssize_t)seq.count;
	if (size)
		buf[ret < 0 ? size - 1 : (size_t)ret] = '\0';
	file_put(file);
	return ret;
}

const char *trek_version(void)
{
	return TREK_VERSION;
}
