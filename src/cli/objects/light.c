/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The iterators as light skeletons: a program of type SYSCALL that loads them from within the
 * kernel, which has its types at hand. Since Linux 5.17; 1.3 ms, where libbpf takes 18.
 *
 * What bpftool writes calls bpf_load_and_run() of libbpf's skel_internal.h. Here it calls
 * load_and_run(), which does the same and notes the map of the loader: freed with the loading
 * program, after a grace period, it is seen by the very iterator that was loaded, and by others for
 * a fraction of a second more. So it gets a name that says whose it is, and by which later looks
 * know it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/skel_internal.h>

#include "look.h"

static __thread struct own *own; /* what is being loaded belongs to */

static int run_loader(int fd, struct bpf_loader_ctx *ctx)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = fd;
	attr.test.ctx_in = (uintptr_t)ctx;
	attr.test.ctx_size_in = ctx->sz;
	if (skel_sys_bpf(BPF_PROG_RUN, &attr, offsetofend(union bpf_attr, test)) < 0)
		return -errno;
	return (int)attr.test.retval < 0 ? (int)attr.test.retval : 0;
}

static int load_loader(const struct bpf_load_and_run_opts *opts, int map)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.insns = (uintptr_t)opts->insns;
	attr.insn_cnt = opts->insns_sz / sizeof(struct bpf_insn);
	attr.license = (uintptr_t) "Dual BSD/GPL";
	attr.fd_array = (uintptr_t)&map;
	strcpy(attr.prog_name, LOADER_NAME);
	fd = skel_sys_bpf(BPF_PROG_LOAD, &attr, offsetofend(union bpf_attr, fd_array));
	return fd < 0 ? -errno : fd;
}

static int load_and_run(const struct bpf_load_and_run_opts *opts)
{
	int map = skel_map_create(BPF_MAP_TYPE_ARRAY, LOADER_NAME, 4, opts->data_sz, 1);
	int prog = -1, key = 0, err = 0;

	if (map < 0)
		return -errno;
	own_add_fd(own, OBJECT_MAP, map);
	if (skel_map_update_elem(map, &key, opts->data, 0))
		err = -errno;
	if (!err) {
		prog = load_loader(opts, map);
		err = prog < 0 ? prog : run_loader(prog, opts->ctx);
	}
	if (prog >= 0)
		close(prog);
	close(map);
	return err;
}

#define bpf_load_and_run load_and_run
#include "holders.light.h"
#include "links.light.h"
#include "maps.light.h"
#include "programs.light.h"

#define LIGHT(name)                                                                                \
	static void *open_##name(void)                                                             \
	{                                                                                          \
		return name##_light__open();                                                       \
	}                                                                                          \
                                                                                                   \
	/* The descriptor of its program. */                                                       \
	static int load_##name(void *opened)                                                       \
	{                                                                                          \
		struct name##_light *skeleton = opened;                                            \
		int fd = name##_light__load(skeleton);                                             \
                                                                                                   \
		if (fd)                                                                            \
			return fd;                                                                 \
		fd = skeleton->progs.write_##name.prog_fd;                                         \
		skeleton->progs.write_##name.prog_fd = 0;                                          \
		return fd;                                                                         \
	}                                                                                          \
                                                                                                   \
	static void destroy_##name(void *opened)                                                   \
	{                                                                                          \
		name##_light__destroy(opened);                                                     \
	}

LIGHT(programs)
LIGHT(maps)
LIGHT(links)
LIGHT(holders)

#define OPERATIONS(name)                                                                           \
	{                                                                                          \
		open_##name, load_##name, destroy_##name                                           \
	}
static const struct {
	void *(*open)(void);
	int (*load)(void *skeleton);
	void (*destroy)(void *skeleton);
} skeletons[NR_SORTS] = {
	[SORT_PROGRAMS] = OPERATIONS(programs),
	[SORT_MAPS] = OPERATIONS(maps),
	[SORT_LINKS] = OPERATIONS(links),
	[SORT_HOLDERS] = OPERATIONS(holders),
};

/* Allocates nothing: a thread that does begins with mapping memory for it. */
static void *load(void *arg)
{
	struct light *light = arg;

	own = &light->own;
	light->fd = skeletons[light->sort].load(light->skeleton);
	if (light->fd >= 0)
		own_add_fd(own, OBJECT_PROGRAM, light->fd);
	return NULL;
}

/*
 * The kernel verifies them side by side. Nothing is read before all are there: what they are made
 * of must be known first, as the first of them sees it.
 */
void light_begin(struct look *look, unsigned int sorts)
{
	pthread_t threads[NR_SORTS];
	bool started[NR_SORTS] = {0};

	for (enum sort sort = 0; sort < NR_SORTS; sort++) {
		struct light *light = &look->lights[sort];

		light->sort = sort;
		if (!(sorts >> sort & 1))
			continue;
		light->skeleton = skeletons[sort].open();
		light->fd = light->skeleton ? 0 : -ENOMEM;
		/* The last one is for this thread. */
		if (light->skeleton && sorts >> (sort + 1))
			started[sort] = !pthread_create(&threads[sort], NULL, load, light);
	}
	for (enum sort sort = 0; sort < NR_SORTS; sort++)
		if (look->lights[sort].skeleton && !started[sort])
			load(&look->lights[sort]);
	for (enum sort sort = 0; sort < NR_SORTS; sort++) {
		if (started[sort])
			pthread_join(threads[sort], NULL);
		if (look->lights[sort].skeleton)
			skeletons[sort].destroy(look->lights[sort].skeleton);
		look->lights[sort].skeleton = NULL;
		own_merge(&look->own, &look->lights[sort].own);
		memset(&look->lights[sort].own, 0, sizeof(look->lights[sort].own));
	}
}

void light_end(struct look *look)
{
	for (enum sort sort = 0; sort < NR_SORTS; sort++)
		if (look->lights[sort].fd > 0)
			close(look->lights[sort].fd);
}

static int read_sort(struct look *look, enum sort sort)
{
	int fd, err;

	if (!look->lights[sort].fd)
		light_begin(look, 1u << sort);
	fd = look->lights[sort].fd;
	look->lights[sort].fd = 0;
	if (fd < 0)
		return fd;
	err = look_iterate(look, fd);
	close(fd);
	return err;
}

const struct way light_way = {.name = "light skeleton", .read = read_sort};
