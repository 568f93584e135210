/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* An attr of every command that succeeds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "good_attrs.h"

#define PTR(p) ((__u64)(uintptr_t)(p))
#define ARENA_ADDRESS 0x200010000000UL
#define ARENA_SIZE 8192UL

static struct arena *arena;
static int freezable = -1;

struct arena *arena_map(void)
{
	void *p = mmap((void *)ARENA_ADDRESS, ARENA_SIZE + 4096, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, ARENA_SIZE, PROT_READ | PROT_WRITE))
		return NULL;
	/* Its end is the end of the memory: what runs over it meets no other memory. */
	arena = (struct arena *)((char *)p + ARENA_SIZE - (sizeof(*arena) + 15) / 16 * 16);
	return arena;
}

void arena_unmap(void)
{
	munmap((void *)ARENA_ADDRESS, ARENA_SIZE + 4096);
	arena = NULL;
}

static void fill_arena(struct objects *o)
{
	memset(arena, 0, sizeof(*arena));
	arena->insn[0] = MOV64_IMM(0, 0);
	arena->insn[1] = EXIT();
	strcpy(arena->license, "GPL");
	snprintf(arena->path, sizeof(arena->path), "%s/attrs", o->engine->pin_dir());
	arena->hdr = (struct btf_header){.magic = BTF_MAGIC,
					 .version = BTF_VERSION,
					 .hdr_len = sizeof(struct btf_header),
					 .type_len = sizeof(arena->type),
					 .str_off = sizeof(arena->type),
					 .str_len = 5};
	arena->type[0] = 1;
	arena->type[1] = BTF_KIND_INT << 24;
	arena->type[2] = 4;
	arena->type[3] = BTF_INT_SIGNED << 24 | 32;
	memcpy(arena->strings, "\0int", 5);
	arena->link_info.map.map_fd = (__u32)o->map;
}

static int call(struct objects *o, int cmd, union bpf_attr *attr)
{
	return o->engine->bpf(cmd, attr, sizeof(*attr));
}

static void map_attr(union bpf_attr *attr, enum bpf_map_type type)
{
	attr->map_type = type;
	attr->key_size = 4;
	attr->value_size = 8;
	attr->max_entries = 4;
}

static void load_attr(const struct objects *o, union bpf_attr *attr)
{
	attr->prog_type = BPF_PROG_TYPE_TRACING;
	attr->expected_attach_type = BPF_TRACE_ITER;
	attr->attach_btf_id = o->attach_id;
	attr->insns = PTR(arena->insn);
	attr->insn_cnt = 2;
	attr->license = PTR(arena->license);
	attr->log_level = 1;
	attr->log_buf = PTR(arena->log);
	attr->log_size = sizeof(arena->log);
}

static void btf_attr(union bpf_attr *attr)
{
	attr->btf = PTR(&arena->hdr);
	attr->btf_size = sizeof(arena->hdr) + sizeof(arena->type) + 5;
}

static void element_attr(const struct objects *o, union bpf_attr *attr, void *value)
{
	attr->map_fd = (__u32)o->map;
	attr->key = PTR(arena->key);
	attr->value = PTR(value);
}

static void put_element(struct objects *o)
{
	union bpf_attr attr = {0};

	element_attr(o, &attr, arena->value);
	call(o, BPF_MAP_UPDATE_ELEM, &attr);
	*(__u32 *)arena->key = 1;
	call(o, BPF_MAP_UPDATE_ELEM, &attr);
	*(__u32 *)arena->key = 0;
}

static void unlink_path(struct objects *o)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/attrs", o->engine->pin_dir());
	o->engine->unlink(path);
}

static __u32 object_id(struct objects *o, int fd, size_t offset)
{
	union bpf_attr attr = {0};
	__u32 id;

	memset(arena->info, 0, sizeof(arena->info));
	attr.info.bpf_fd = (__u32)fd;
	attr.info.info_len = 32;
	attr.info.info = PTR(arena->info);
	if (call(o, BPF_OBJ_GET_INFO_BY_FD, &attr))
		return 0;
	memcpy(&id, arena->info + offset, sizeof(id));
	return id;
}

/* 0, where it is free, is not a number that an attr can name an object by. */
static int move_up(struct objects *o, int fd)
{
	int moved;

	if (fd < 0 || fd > 2)
		return fd;
	moved = o->engine->dup(fd);
	o->engine->close(fd);
	return moved;
}

bool good_attr(struct objects *o, int cmd, union bpf_attr *attr)
{
	memset(attr, 0, ATTR_MAX);
	fill_arena(o);
	put_element(o);
	switch (cmd) {
	case BPF_MAP_CREATE:
		map_attr(attr, BPF_MAP_TYPE_ARRAY);
		return true;
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		element_attr(o, attr, arena->value);
		return true;
	case BPF_MAP_DELETE_ELEM:
		element_attr(o, attr, NULL);
		return true;
	case BPF_MAP_GET_NEXT_KEY:
		/* After a key that is not there comes the first. */
		element_attr(o, attr, arena->next);
		*(__u32 *)arena->key = 99;
		return true;
	case BPF_PROG_LOAD:
		load_attr(o, attr);
		return true;
	case BPF_OBJ_PIN:
		unlink_path(o);
		attr->pathname = PTR(arena->path);
		attr->bpf_fd = (__u32)o->map;
		return true;
	case BPF_OBJ_GET:
		unlink_path(o);
		attr->pathname = PTR(arena->path);
		attr->bpf_fd = (__u32)o->map;
		call(o, BPF_OBJ_PIN, attr);
		attr->bpf_fd = 0;
		return true;
	case BPF_PROG_GET_NEXT_ID:
	case BPF_MAP_GET_NEXT_ID:
	case BPF_BTF_GET_NEXT_ID:
	case BPF_LINK_GET_NEXT_ID:
		return true;
	case BPF_PROG_GET_FD_BY_ID:
		attr->prog_id = o->prog_id;
		return true;
	case BPF_MAP_GET_FD_BY_ID:
		attr->map_id = o->map_id;
		return true;
	case BPF_BTF_GET_FD_BY_ID:
		attr->btf_id = o->btf_id;
		return true;
	case BPF_LINK_GET_FD_BY_ID:
		attr->link_id = o->link_id;
		return true;
	case BPF_OBJ_GET_INFO_BY_FD:
		attr->info.bpf_fd = (__u32)o->map;
		attr->info.info = PTR(arena->info);
		attr->info.info_len = 64;
		return true;
	case BPF_BTF_LOAD:
		btf_attr(attr);
		return true;
	case BPF_MAP_FREEZE:
		if (freezable >= 0)
			o->engine->close(freezable);
		map_attr(attr, BPF_MAP_TYPE_ARRAY);
		freezable = move_up(o, call(o, BPF_MAP_CREATE, attr));
		memset(attr, 0, ATTR_MAX);
		attr->map_fd = (__u32)freezable;
		return true;
	case BPF_LINK_CREATE:
		attr->link_create.prog_fd = (__u32)o->elem_prog;
		attr->link_create.attach_type = BPF_TRACE_ITER;
		attr->link_create.iter_info = PTR(&arena->link_info);
		attr->link_create.iter_info_len = sizeof(arena->link_info);
		return true;
	case BPF_LINK_UPDATE:
		attr->link_update.link_fd = (__u32)o->link;
		attr->link_update.new_prog_fd = (__u32)o->prog;
		attr->link_update.old_prog_fd = (__u32)o->prog;
		attr->link_update.flags = BPF_F_REPLACE;
		return true;
	case BPF_LINK_DETACH:
		attr->link_detach.link_fd = (__u32)o->link;
		return true;
	case BPF_ITER_CREATE:
		attr->iter_create.link_fd = (__u32)o->link;
		return true;
	case BPF_PROG_BIND_MAP:
		attr->prog_bind_map.prog_fd = (__u32)o->prog;
		attr->prog_bind_map.map_fd = (__u32)o->map;
		return true;
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		attr->batch.map_fd = (__u32)o->map;
		attr->batch.out_batch = PTR(arena->next);
		attr->batch.keys = PTR(arena->batch);
		attr->batch.values = PTR(arena->batch + 512);
		attr->batch.count = 2;
		return true;
	}
	return false;
}

static bool makes_descriptor(int cmd)
{
	switch (cmd) {
	case BPF_MAP_CREATE:
	case BPF_PROG_LOAD:
	case BPF_OBJ_GET:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
	case BPF_BTF_LOAD:
	case BPF_LINK_CREATE:
	case BPF_ITER_CREATE:
		return true;
	}
	return false;
}

void undo(struct objects *o, int cmd, int ret)
{
	if (ret >= 0 && makes_descriptor(cmd))
		o->engine->close(ret);
	if (cmd == BPF_OBJ_PIN || cmd == BPF_OBJ_GET)
		unlink_path(o);
	if (cmd == BPF_MAP_FREEZE && freezable >= 0) {
		o->engine->close(freezable);
		freezable = -1;
	}
}

static void close_one(struct objects *o, int *fd)
{
	if (*fd >= 0)
		o->engine->close(*fd);
	*fd = -1;
}

void objects_close(struct objects *o)
{
	close_one(o, &o->map);
	close_one(o, &o->link);
	close_one(o, &o->prog);
	close_one(o, &o->elem_prog);
	close_one(o, &o->btf);
}

int objects_make(struct objects *o, const struct engine *engine, const struct btf *types)
{
	union bpf_attr attr = {0};

	*o = (struct objects){
		.engine = engine, .map = -1, .prog = -1, .elem_prog = -1, .link = -1, .btf = -1};
	o->attach_id = (__u32)btf__find_by_name_kind(types, "bpf_iter_bpf_map", BTF_KIND_FUNC);
	o->elem_attach_id =
		(__u32)btf__find_by_name_kind(types, "bpf_iter_bpf_map_elem", BTF_KIND_FUNC);
	fill_arena(o);
	map_attr(&attr, BPF_MAP_TYPE_HASH);
	o->map = call(o, BPF_MAP_CREATE, &attr);

	memset(&attr, 0, sizeof(attr));
	load_attr(o, &attr);
	o->prog = call(o, BPF_PROG_LOAD, &attr);
	attr.attach_btf_id = o->elem_attach_id;
	o->elem_prog = call(o, BPF_PROG_LOAD, &attr);

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (__u32)o->prog;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	o->link = call(o, BPF_LINK_CREATE, &attr);

	memset(&attr, 0, sizeof(attr));
	btf_attr(&attr);
	o->btf = call(o, BPF_BTF_LOAD, &attr);
	if (o->map < 0 || o->prog < 0 || o->elem_prog < 0 || o->link < 0 || o->btf < 0) {
		objects_close(o);
		return -EIO;
	}
	o->map_id = object_id(o, o->map, 4);
	o->prog_id = object_id(o, o->prog, 4);
	o->link_id = object_id(o, o->link, 4);
	o->btf_id = object_id(o, o->btf, 12);
	return 0;
}
