// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/* Maps whose BTF is made by hand: what this compiler does not make (64-bit enums), what bpftool
 * does not show (floats), what does not fit the map; and a BTF that nothing uses.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "zoo.h"

/* What the maps have: ids of types in one BTF. */
struct types {
	struct btf *btf;
	int number, enums, floats, wrapped, wide, chain, int128;
};

static void check(int failed, const char *what)
{
	if (failed < 0)
		zoo_fail("%s: %s", what, strerror(-failed));
}

/* struct enums { enum huge huge, unnamed; enum deep deep; enum deep array[2]; enum negative small;
 * } */
static int add_enums(struct btf *btf, int number)
{
	int huge, deep, small, array, id;

	huge = btf__add_enum64(btf, "huge", 8, false);
	check(btf__add_enum64_value(btf, "HUGE_NONE", 0), "a value");
	check(btf__add_enum64_value(btf, "HUGE_TOP", 0x8000000000000001), "a value");
	check(btf__add_enum64_value(btf, "HUGE_MAX", 0xffffffffffffffff), "a value");
	deep = btf__add_enum64(btf, "deep", 8, true);
	check(btf__add_enum64_value(btf, "DEEP", -0x100000001ll), "a value");
	check(btf__add_enum64_value(btf, "HIGH", 0x7fffffffffffffff), "a value");
	small = btf__add_enum(btf, "small", 1);
	check(btf__add_enum_value(btf, "MINUS_ONE", -1), "a value");
	check(btf__add_enum_value(btf, "PLUS_ONE", 1), "a value");
	array = btf__add_array(btf, number, deep, 2);
	id = btf__add_struct(btf, "enums", 48);
	check(btf__add_field(btf, "huge", huge, 0, 0), "a field");
	check(btf__add_field(btf, "unnamed", huge, 64, 0), "a field");
	check(btf__add_field(btf, "deep", deep, 128, 0), "a field");
	check(btf__add_field(btf, "array", array, 192, 0), "a field");
	check(btf__add_field(btf, "small", small, 320, 0), "a field");
	return id;
}

static int add_floats(struct btf *btf)
{
	int f = btf__add_float(btf, "float", 4), d = btf__add_float(btf, "double", 8);
	int id = btf__add_struct(btf, "floats", 16);

	check(btf__add_field(btf, "single", f, 0, 0), "a field");
	check(btf__add_field(btf, "wide", d, 64, 0), "a field");
	return id;
}

static int add_wide(struct btf *btf, int wide)
{
	int id = btf__add_struct(btf, "wide_numbers", 32);

	check(btf__add_field(btf, "low", wide, 0, 0), "a field");
	check(btf__add_field(btf, "high", wide, 128, 0), "a field");
	return id;
}

/* @all: also kinds of types that are newer than BTF: floats (Linux 5.13), tags (5.16), enums of 64
 * bits (6.0).
 */
static int make_types(struct types *types, bool all)
{
	struct btf *btf = btf__new_empty();
	int field;

	if (!btf)
		zoo_fail("no memory");
	types->btf = btf;
	types->number = btf__add_int(btf, "unsigned int", 4, 0);
	types->int128 = btf__add_int(btf, "unsigned __int128", 16, 0);
	types->enums = all ? add_enums(btf, types->number) : 0;
	types->floats = all ? add_floats(btf) : 0;
	types->wide = add_wide(btf, types->int128);
	/* A number behind everything that only qualifies. */
	types->chain = btf__add_const(
		btf, btf__add_typedef(btf, "outer_name",
				      btf__add_volatile(btf, btf__add_typedef(btf, "inner_name",
									      types->number))));
	types->wrapped = btf__add_struct(btf, "wrapped", 8);
	field = btf__add_field(btf, "chain", types->chain, 0, 0);
	check(field, "a field");
	check(btf__add_field(btf, "chain2", types->chain, 32, 0), "a field");
	if (all)
		check(btf__add_decl_tag(btf, "a tag", types->wrapped, 0), "a tag");
	return btf__load_into_kernel(btf);
}

static void make_map(struct zoo *zoo, const struct types *types, const char *name, int key_type,
		     int value_type, const void *value, __u32 value_size)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = btf__fd(types->btf),
		    .btf_key_type_id = key_type, .btf_value_type_id = value_type);
	__u32 key = 3;
	int fd;

	if (!key_type || !value) {
		json_object_set_new(zoo_skip(zoo, name, EINVAL), "of_types", json_true());
		return;
	}
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, name, 4, value_size, 8, &options);
	if (fd < 0) {
		zoo_skip(zoo, name, errno);
		return;
	}
	check(bpf_map_update_elem(fd, &key, value, 0), name);
	json_object_set_new(zoo_map(zoo, fd, name), "put", json_integer(1));
}

static void make_unused(struct zoo *zoo)
{
	struct btf *btf = btf__new_empty();

	if (!btf)
		zoo_fail("no memory");
	btf__add_int(btf, "nobody_uses_this", 4, 0);
	check(btf__load_into_kernel(btf), "a BTF");
	json_object_set_new(zoo_btf(zoo, btf__fd(btf), "unused"), "unused", json_true());
	zoo_keep(zoo, btf__fd(btf));
}

void zoo_types(struct zoo *zoo)
{
	static const struct {
		__u64 huge, unnamed;
		__s64 deep, array[2];
		__s8 small;
	} enums = {0x8000000000000001, 5, -0x100000001, {0x7fffffffffffffff, -1}, -1};
	static const struct {
		float single;
		double wide;
	} floats = {1.5, -0.1};
	static const __u64 wide[4] = {1, 0, 0xfedcba9876543210, 0x8000000000000000};
	static const __u32 wrapped[2] = {4, 4294967295};
	struct types types;

	if (make_types(&types, true)) {
		btf__free(types.btf);
		check(make_types(&types, false), "the BTF of the maps");
	}
	json_object_set_new(zoo_btf(zoo, btf__fd(types.btf), "made by hand"), "maps", json_true());
	make_map(zoo, &types, "enums.64", types.number, types.enums, types.enums ? &enums : NULL,
		 sizeof(enums));
	make_map(zoo, &types, "floats", types.number, types.floats, types.floats ? &floats : NULL,
		 sizeof(floats));
	make_map(zoo, &types, "int128", types.number, types.wide, wide, sizeof(wide));
	make_map(zoo, &types, "wrapped", types.chain, types.wrapped, wrapped, sizeof(wrapped));
	/* A key of another size, without a type of values: the kernel looks at neither. */
	make_map(zoo, &types, "btf.key_only", types.wide, 0, wrapped, sizeof(wrapped));
	make_map(zoo, &types, "btf.mismatch", types.number, types.int128, wrapped, sizeof(wrapped));
	make_unused(zoo);
}
