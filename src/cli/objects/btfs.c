/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* BTFs, which no iterator goes through: by bpf(2), one by one. */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "arena.h"
#include "details.h"

#define MAX_NAME 64

/* Before Linux 5.11 types had no names, and to ask for one was an error. */
static int ask(int fd, struct bpf_btf_info *info, char name[MAX_NAME])
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	info->name = (uintptr_t)name;
	info->name_len = MAX_NAME;
	if (!bpf_obj_get_info_by_fd(fd, info, &size))
		return 0;
	if (errno != E2BIG)
		return -errno;
	memset(info, 0, sizeof(*info));
	size = sizeof(*info);
	return bpf_obj_get_info_by_fd(fd, info, &size) ? -errno : 0;
}

static int add_btf(struct look *look, int fd)
{
	struct objects *objects = look->objects;
	struct bpf_btf_info info;
	char name[MAX_NAME] = "";
	int err = ask(fd, &info, name);

	if (err)
		return err;
	if (own_has(&look->own, OBJECT_BTF, info.id))
		return 0;
	if (!look_grow(&objects->btfs, objects->nr_btfs, &look->room_btfs, sizeof(*objects->btfs)))
		return -ENOMEM;
	objects->btfs[objects->nr_btfs] = (struct btf_object){
		.id = info.id,
		.name = arena_text(objects->arena, name, sizeof(name)),
		.size = info.btf_size,
		.kernel = info.kernel_btf,
	};
	if (!objects->btfs[objects->nr_btfs].name)
		return -ENOMEM;
	objects->nr_btfs++;
	return 0;
}

int btfs_read(struct look *look)
{
	__u32 id = 0;
	int fd, err = 0;

	while (!err) {
		if (bpf_btf_get_next_id(id, &id))
			return errno == ENOENT ? 0 : -errno;
		fd = bpf_btf_get_fd_by_id(id);
		if (fd < 0 && errno == ENOENT)
			continue; /* it went meanwhile */
		if (fd < 0)
			return -errno;
		err = add_btf(look, fd);
		close(fd);
	}
	return err;
}
