// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/* What the zoo says of its inhabitants: one JSON object for each, with the kernel's struct
 * bpf_*_info, field by field under the fields' names.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "zoo.h"

/* What libbpf warned of: of interest when the zoo fails, not when this kernel lacks something. */
static char notes[16384];

int zoo_note(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t at = strlen(notes);

	return level == LIBBPF_WARN ? vsnprintf(notes + at, sizeof(notes) - at, format, args) : 0;
}

void zoo_fail(const char *format, ...)
{
	va_list args;

	fputs(notes, stderr);
	fputs("zoo: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

long zoo_bpf(int cmd, const void *attr, unsigned int size)
{
	long done = syscall(SYS_bpf, cmd, attr, size);

	return done < 0 ? -errno : done;
}

json_t *zoo_skip(struct zoo *zoo, const char *what, int error)
{
	json_t *skipped = json_pack("{s:s, s:s}", "what", what, "why", strerror(abs(error)));

	if (!skipped || json_array_append_new(zoo->skipped, skipped))
		zoo_fail("%s: no memory", what);
	return skipped;
}

__u32 zoo_id(int fd)
{
	/* The id is the first member but of a program's and a BTF's. */
	union {
		struct bpf_prog_info prog;
		struct bpf_map_info map;
		struct bpf_link_info link;
		struct bpf_btf_info btf;
	} info = {};
	__u32 size = sizeof(info);
	char path[64], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		zoo_fail("%s: %s", path, strerror(errno));
	if (strstr(target, "bpf-map"))
		size = sizeof(info.map);
	else if (strstr(target, "btf"))
		size = sizeof(info.btf);
	else if (strstr(target, "bpf-prog"))
		size = sizeof(info.prog);
	else
		size = sizeof(info.link);
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		zoo_fail("%s: %s: %s", path, target, strerror(errno));
	if (strstr(target, "bpf-map"))
		return info.map.id;
	if (strstr(target, "btf"))
		return info.btf.id;
	if (strstr(target, "bpf-prog"))
		return info.prog.id;
	return info.link.id;
}

static json_t *add(json_t *list, int fd, const char *name)
{
	json_t *object = json_pack("{s:I, s:s}", "id", (json_int_t)zoo_id(fd), "name", name);

	if (!object || json_array_append_new(list, object))
		zoo_fail("%s: no memory", name);
	return object;
}

json_t *zoo_program(struct zoo *zoo, int fd, const char *name)
{
	return add(zoo->programs, fd, name);
}

json_t *zoo_map(struct zoo *zoo, int fd, const char *name)
{
	return add(zoo->maps, fd, name);
}

json_t *zoo_link(struct zoo *zoo, int fd, const char *name)
{
	return add(zoo->links, fd, name);
}

json_t *zoo_btf(struct zoo *zoo, int fd, const char *name)
{
	return add(zoo->btfs, fd, name);
}

void zoo_pin(struct zoo *zoo, int fd, const char *kind, const char *path)
{
	if (bpf_obj_pin(fd, path))
		zoo_fail("cannot pin at %s: %s", path, strerror(errno));
	json_array_append_new(zoo->pins, json_pack("{s:s, s:s, s:I}", "path", path, "kind", kind,
						   "id", (json_int_t)zoo_id(fd)));
}

void zoo_keep(struct zoo *zoo, int fd)
{
	if (zoo->nr_kept == sizeof(zoo->kept) / sizeof(*zoo->kept))
		zoo_fail("the second process holds too many objects");
	zoo->kept[zoo->nr_kept++] = fd;
}

static void put(json_t *info, const char *field, __u64 value)
{
	json_object_set_new(info, field, json_integer(value));
}

#define PUT(field) put(into, #field, info.field)

static json_t *hex(const __u8 *bytes, size_t nr)
{
	char text[129] = "";

	for (size_t i = 0; i < nr && i < 64; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return json_string(text);
}

static void program_info(int fd, json_t *into)
{
	__u32 map_ids[64] = {};
	struct bpf_prog_info info = {
		.nr_map_ids = sizeof(map_ids) / sizeof(*map_ids),
		.map_ids = (__u64)(unsigned long)map_ids,
	};
	__u32 size = sizeof(info);
	json_t *ids = json_array();

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		zoo_fail("no information on a program: %s", strerror(errno));
	PUT(type);
	PUT(load_time);
	PUT(created_by_uid);
	PUT(xlated_prog_len);
	PUT(jited_prog_len);
	put(into, "gpl_compatible", info.gpl_compatible);
	PUT(btf_id);
	PUT(run_time_ns);
	PUT(run_cnt);
	PUT(recursion_misses);
	PUT(verified_insns);
	PUT(attach_btf_obj_id);
	PUT(attach_btf_id);
	PUT(ifindex);
	json_object_set_new(into, "name", json_string(info.name));
	json_object_set_new(into, "tag", hex(info.tag, sizeof(info.tag)));
	for (__u32 i = 0; i < info.nr_map_ids; i++)
		json_array_append_new(ids, json_integer(map_ids[i]));
	json_object_set_new(into, "map_ids", ids);
}

/* Since it has a hash of a map to give (Linux 6.18), bpf(2) reads what is there before. */
static bool keeps_info(int fd)
{
	struct bpf_map_info info = {.btf_id = 1234567};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.btf_id == 1234567;
}

static void map_info(int fd, json_t *into)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		zoo_fail("no information on a map: %s", strerror(errno));
	PUT(type);
	PUT(key_size);
	PUT(value_size);
	PUT(max_entries);
	PUT(map_flags);
	PUT(ifindex);
	PUT(btf_vmlinux_value_type_id);
	PUT(btf_id);
	PUT(btf_key_type_id);
	PUT(btf_value_type_id);
	PUT(map_extra);
	json_object_set_new(into, "name", json_string(info.name));
}

static void link_info(int fd, json_t *into)
{
	/* Newer kernels have more than this system's headers. */
	union {
		struct bpf_link_info is;
		__u8 bytes[128];
	} info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info.is, &size))
		zoo_fail("no information on a link: %s", strerror(errno));
	put(into, "type", info.is.type);
	put(into, "prog_id", info.is.prog_id);
	/* What follows has another meaning for each type. */
	json_object_set_new(into, "rest",
			    hex(info.bytes + offsetof(struct bpf_link_info, tracing), 64));
}

static void btf_info(int fd, json_t *into)
{
	struct bpf_btf_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		zoo_fail("no information on a BTF: %s", strerror(errno));
	PUT(btf_size);
	put(into, "kernel_btf", info.kernel_btf);
}

void zoo_infos(struct zoo *zoo)
{
	static const struct {
		size_t list;
		int (*open)(__u32 id);
		void (*tell)(int fd, json_t *into);
	} kinds[] = {
		{offsetof(struct zoo, programs), bpf_prog_get_fd_by_id, program_info},
		{offsetof(struct zoo, maps), bpf_map_get_fd_by_id, map_info},
		{offsetof(struct zoo, links), bpf_link_get_fd_by_id, link_info},
		{offsetof(struct zoo, btfs), bpf_btf_get_fd_by_id, btf_info},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		json_t *list = *(json_t **)((char *)zoo + kinds[i].list), *object;
		size_t at;

		json_array_foreach (list, at, object) {
			json_t *info = json_object();
			int fd = kinds[i].open(json_integer_value(json_object_get(object, "id")));

			if (fd < 0)
				zoo_fail("%s is gone: %s",
					 json_string_value(json_object_get(object, "name")),
					 strerror(errno));
			kinds[i].tell(fd, info);
			if (kinds[i].tell == map_info)
				zoo->keeps_info |= keeps_info(fd);
			json_object_set_new(object, "info", info);
			close(fd);
		}
	}
}
