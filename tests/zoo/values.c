// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/* The maps of values.bpf.c, filled. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "shapes.h"
#include "zoo.h"

enum { MAX_CPUS = 1024 };

static const struct zoo_numbers lowest = {
	.s8 = -128,
	.s16 = -32768,
	.s32 = -2147483647 - 1,
	.s64 = -9223372036854775807 - 1,
	.letter = 'z',
	.no_mood = 99,
	.degrees = FREEZING,
};
static const struct zoo_numbers highest = {
	.u8 = 255,
	.s8 = 127,
	.u16 = 65535,
	.s16 = 32767,
	.u32 = 4294967295,
	.s32 = 2147483647,
	.u64 = 18446744073709551615u,
	.s64 = 9223372036854775807,
	.yes = true,
	.letter = '\n',
	.typed = 4000000000,
	.mood = ANGRY,
	.no_mood = -1,
	.degrees = MILD,
};
static const struct zoo_bits some_bits = {
	.one = 1,
	.five = 21,
	.negative = -64,
	.to_the_end = 0x7fffe,
	.wide = 0x1fffffffe,
	.top = 0xabcdef0,
	.low = 5,
	.high = 10,
	.mood = CURIOUS,
	.flag = true,
};
static const struct zoo_bits other_bits = {.five = 31, .negative = 63, .high = 15, .mood = ANGRY};
static const struct zoo_texts some_texts = {
	.text = "hello, zoo",
	.full = {'f', 'u', 'l', 'l'},
	.escaped = "\033[1m\"\\\t/",
	.after_end = "ab\0cdef",
	.octets = {1, 0, 255},
	.octets_signed = {-1, 0, 1},
	.lines = {"ab", "cd"},
};
static const struct zoo_texts foreign_texts = {
	.text = "h\xc3\xa9llo",
	.full = {'\xff', '\xfe', 'x', 0},
	.escaped = "<&'>\n\r\x7f",
};
static const struct zoo_nest some_nest = {
	.nested = {.at = {{{1, -1}, {2, -2}, {3, -3}}, {{4, -4}, {5, -5}, {6, -6}}},
		   .numbers = {7, 8}},
	.number = 0x04030201,
	.anonymous = 9,
	.deep = 0xffffffffffffff00,
	.named = {.a = 0x8000},
};
static const struct zoo_pointers some_pointers = {
	.to_itself = (void *)0x1234,
	.to_text = (void *)0xffff888000001000,
	.function = (void *)0xffffffff81000000,
	.array = {(void *)1, (void *)2},
};

static const struct zoo_key first_key = {.row = 1, .column = "a", .mood = CALM};
static const struct zoo_key second_key = {.row = 65535, .column = {'b', 'c'}, .mood = ANGRY};
static const struct zoo_key third_key = {.row = 7, .column = {0, 'd'}, .mood = 50};
static const __u32 zero, one = 1, two = 2;

#define ELEMENT(map, key, value)                                                                   \
	{                                                                                          \
		map, &(key), &(value), sizeof(value)                                               \
	}
#define LITERAL(map, key_type, key, value_type, ...)                                               \
	{                                                                                          \
		map, &(key_type){key}, &(value_type)__VA_ARGS__, sizeof(value_type)                \
	}

static const struct element {
	const char *map;
	const void *key, *value;
	size_t value_size;
} elements[] = {
	ELEMENT("numbers_of_every_size", one, lowest),
	ELEMENT("numbers_of_every_size", two, highest),
	ELEMENT("bits_of_every_size", zero, some_bits),
	ELEMENT("bits_of_every_size", two, other_bits),
	ELEMENT("texts", first_key, some_texts),
	ELEMENT("texts", second_key, foreign_texts),
	LITERAL("nests", __s64, -5, struct zoo_nest, {}),
	LITERAL("nests", __s64, 1ll << 40, struct zoo_nest, {.named = {.a = 77}}),
	{"nests", &(__s64){0}, &some_nest, sizeof(some_nest)},
	ELEMENT("pointers", one, some_pointers),
	LITERAL("plain_arrays", __u32, 0, struct { __u16 n[2][3]; }, {{{1, 2, 3}, {4, 5, 65535}}}),
	LITERAL("signed_numbers", __s32, -1, __s64, {-1}),
	LITERAL("signed_numbers", __s32, 2147483647, __s64, {1ll << 62}),
	LITERAL(
		"texts_alone", struct { char text[8]; }, "a key", struct { char text[16]; },
		{"a value"}),
	LITERAL(
		"texts_alone", struct { char text[8]; }, "longest", struct { char text[16]; },
		{""}),
	LITERAL("moods", enum zoo_mood, CURIOUS, enum zoo_degrees, {FREEZING}),
	LITERAL("moods", enum zoo_mood, 1234, enum zoo_degrees, {-7}),
	LITERAL("flexible", __u32, 1, __u32, {11}),
	ELEMENT("hash_of_nests_by_cpu", first_key, some_nest),
	ELEMENT("hash_of_nests_by_cpu", third_key, some_nest),
	ELEMENT("array_of_numbers_by_cpu", one, highest),
	LITERAL("bytes_by_cpu", __u32, 5, __u8, {250}),
	LITERAL("bytes_by_cpu", __u32, 6, __u8, {1}),
	LITERAL("prefixes", struct zoo_prefix, , enum zoo_mood, {CALM}),
	{"prefixes", &(struct zoo_prefix){24, {192, 168, 7, 0}}, &(enum zoo_mood){ANGRY}, 4},
	{"prefixes", &(struct zoo_prefix){32, {192, 168, 7, 9}}, &(enum zoo_mood){CURIOUS}, 4},
	LITERAL("without_types", __u32, 3, struct { __u32 n[3]; }, {{1, 2, 0xffffffff}}),
	{"queue_of_numbers", NULL, &lowest, sizeof(lowest)},
	LITERAL("locked_values", __u32, 9, struct { __u32 n[2]; }, {{0, 42}}),
};

static bool percpu(__u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* The same for each CPU, but the first byte, which counts. */
static int put_by_cpu(int fd, const struct element *element)
{
	static __u8 values[MAX_CPUS * 256];
	size_t step = (element->value_size + 7) / 8 * 8;

	memset(values, 0, sizeof(values));
	for (int cpu = 0; cpu < libbpf_num_possible_cpus() && cpu < MAX_CPUS; cpu++) {
		memcpy(values + cpu * step, element->value, element->value_size);
		values[cpu * step] += cpu;
	}
	return bpf_map_update_elem(fd, element->key, values, 0);
}

void zoo_values(struct zoo *zoo)
{
	struct bpf_program *program;
	struct bpf_object *object;
	struct bpf_map *map;
	char path[4096];

	snprintf(path, sizeof(path), "%s/values.bpf.o", zoo->objects);
	object = bpf_object__open(path);
	if (!object || bpf_object__load(object))
		zoo_fail("%s: %s", path, strerror(errno));
	for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++) {
		const struct element *element = &elements[i];
		int failed;

		map = bpf_object__find_map_by_name(object, element->map);
		if (!map || bpf_map__value_size(map) != element->value_size)
			zoo_fail("%s: not a map of such values", element->map);
		if (percpu(bpf_map__type(map)))
			failed = put_by_cpu(bpf_map__fd(map), element);
		else
			failed = bpf_map_update_elem(bpf_map__fd(map), element->key, element->value,
						     0);
		if (failed)
			zoo_fail("%s: cannot put an element: %s", element->map, strerror(errno));
	}
	bpf_object__for_each_map(map, object)
		json_object_set_new(zoo_map(zoo, bpf_map__fd(map), bpf_map__name(map)), "object",
				    json_string("values"));
	bpf_object__for_each_program(program, object)
	{
		json_t *told =
			zoo_program(zoo, bpf_program__fd(program), bpf_program__name(program));

		json_object_set_new(told, "type", json_integer(bpf_program__type(program)));
		json_object_set_new(told, "attach_type",
				    json_integer(bpf_program__expected_attach_type(program)));
		json_object_set_new(told, "sleepable", json_false());
		json_object_set_new(told, "btf", json_true());
		if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING)
			json_object_set_new(
				told, "target",
				json_string(strchr(bpf_program__section_name(program), '/') + 1));
	}
}
