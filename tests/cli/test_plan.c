/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Plans (src/cli/dump/plan.h) of types that no compiler writes: the BTF may be anything. What those
 * of compilers look like is held against bpftool in tests/zoo.
 *
 * Values end where their pages do, so that a step that reads behind one ends the test.
 */
#include "../test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "dump/columns.h"
#include "dump/interrupt.h"
#include "dump/plan.h"

static struct btf *btf;
static __u32 u8, u32, u64;

static unsigned char *value_of(size_t size)
{
	static unsigned char *pages;
	const size_t room = 1u << 20, page = sysconf(_SC_PAGESIZE);

	if (!pages) {
		pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
		assert_true(pages != MAP_FAILED);
		assert_int_equal(mprotect(pages + room, page, PROT_NONE), 0);
		for (size_t i = 0; i < room; i++)
			pages[i] = i * 7 + (i >> 8);
	}
	assert_true(size <= room);
	return pages + room - size;
}

static int begin(void **state)
{
	btf = btf__new_empty();
	assert_non_null(btf);
	u8 = btf__add_int(btf, "unsigned char", 1, 0);
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	u64 = btf__add_int(btf, "unsigned long long", 8, 0);
	return 0;
}

static int end(void **state)
{
	btf__free(btf);
	return 0;
}

/* What the value shows, which the caller frees; NULL: there is no plan, *@why says why. */
static char *shown(__u32 type, const void *value, size_t size, const char **why)
{
	const struct place place = {.type = type};
	const struct style style = {0};
	struct source source = {.bytes = value_of(size), .count = 1};
	struct plan *plan = NULL;
	struct text text;
	int err;

	memcpy((void *)source.bytes, value, size);
	*why = NULL;
	err = plan_make(&plan, btf, &place, size, &style, why);
	if (err) {
		assert_int_equal(err, -EINVAL);
		assert_non_null(*why);
		return NULL;
	}
	assert_true(text_begin(&text, 1));
	plan_run(plan, &text, &source);
	text_add(&text, "", 1);
	assert_false(text.failed);
	plan_free(plan);
	return text.start;
}

static void shows(__u32 type, const void *value, size_t size, const char *expected)
{
	const char *why;
	char *text = shown(type, value, size, &why);

	if (!text)
		fail_msg("no plan: %s", why);
	assert_string_equal(text, expected);
	free(text);
}

static void refuses(__u32 type, size_t size, const char *expected)
{
	char *value = calloc(1, size + 1);
	const char *why;
	char *text = shown(type, value, size, &why);

	if (text)
		fail_msg("it shows %.100s", text);
	if (!strstr(why, expected))
		fail_msg("it says: %s", why);
	free(value);
}

static void test_a_struct(void **state)
{
	const unsigned char value[8] = {1, 0, 0, 0, 0xab};
	__u32 type = btf__add_struct(btf, "s", 8);

	btf__add_field(btf, "first", u32, 0, 0);
	btf__add_field(btf, "low", u32, 32, 4);
	btf__add_field(btf, "high", u32, 36, 4);
	shows(type, value, 8, "{\"first\":1,\"low\":11,\"high\":10}");
}

static void test_sums_of_cpus(void **state)
{
	const struct place place = {.type = u32};
	const struct style style = {.plain = true};
	__u32 values[6] = {0xffffffff, 9, 0xffffffff, 9, 2, 9};
	struct source source = {.bytes = (void *)values, .stride = 8, .count = 3};
	struct plan *plan;
	struct text text;

	assert_int_equal(plan_make(&plan, btf, &place, 4, &style, NULL), 0);
	assert_true(plan_is_number(plan));
	assert_true(text_begin(&text, 1));
	plan_run(plan, &text, &source);
	source.max = true;
	plan_run(plan, &text, &source);
	text_add(&text, "", 1);
	assert_string_equal(text.start, "85899345924294967295");
	text_end(&text);
	plan_free(plan);
}

static void test_floats(void **state)
{
	const double numbers[3] = {0.1, -1e300, -0.0}, none = __builtin_inf();
	const float number = 3.4e38f;
	__u32 wide = btf__add_float(btf, "double", 8), type;

	shows(wide, numbers, 8, "0.1");
	shows(wide, numbers + 1, 8, "-1e+300");
	shows(wide, numbers + 2, 8, "-0.0");
	shows(wide, &none, 8, "\"0x000000000000f07f\"");
	shows(btf__add_float(btf, "float", 4), &number, 4, "3.4e+38");
	type = btf__add_float(btf, "long double", 16);
	shows(type, "0123456789abcdef", 16, "\"0x30313233343536373839616263646566\"");
}

/* No value of one CPU is shown as the sum. */
static void test_sums_of_floats_that_are_no_number(void **state)
{
	const double large[2] = {1e308, 1e308};
	const float mixed[2] = {1, __builtin_inff()};
	const struct style style = {0};
	const struct place wide = {.type = btf__add_float(btf, "double", 8)};
	const struct place narrow = {.type = btf__add_float(btf, "float", 4)};
	struct source source = {.bytes = (void *)large, .stride = 8, .count = 2};
	struct plan *plan;
	struct text text;

	assert_true(text_begin(&text, 1));
	assert_int_equal(plan_make(&plan, btf, &wide, 8, &style, NULL), 0);
	plan_run(plan, &text, &source);
	plan_free(plan);
	source = (struct source){.bytes = (void *)mixed, .stride = 4, .count = 2};
	assert_int_equal(plan_make(&plan, btf, &narrow, 4, &style, NULL), 0);
	plan_run(plan, &text, &source);
	plan_free(plan);
	text_add(&text, "", 1);
	assert_string_equal(text.start, "\"0x000000000000f07f\"\"0x0000807f\"");
	text_end(&text);
}

static void test_parts_outside(void **state)
{
	__u32 type = btf__add_struct(btf, "outside", 8);

	btf__add_field(btf, "wide", u64, 32, 0);
	refuses(type, 8, "lies outside");
	/* The struct says more than the value has. */
	type = btf__add_struct(btf, "long", 16);
	btf__add_field(btf, "last", u64, 64, 0);
	refuses(type, 8, "lies outside");
	type = btf__add_struct(btf, "far", 8);
	btf__add_field(btf, "far", u8, 0x00fffff8, 0);
	refuses(type, 8, "lies outside");
	type = btf__add_array(btf, u32, u64, 0x20000001);
	refuses(type, 8, "outside");
	type = btf__add_array(btf, u32, btf__add_array(btf, u32, u64, 0xffffffff), 0xffffffff);
	refuses(type, 8, "without a size");
}

static void test_bit_fields_outside(void **state)
{
	__u32 type = btf__add_struct(btf, "s", 4);
	struct btf_type *t;

	btf__add_field(btf, "bits", u32, 20, 12);
	shows(type, "\0\0\x10\x20", 4, "{\"bits\":513}");
	t = (struct btf_type *)btf__type_by_id(btf, type);
	btf_members(t)[0].offset = 21 | 12 << 24;
	refuses(type, 4, "lies outside");
	btf_members(t)[0].offset = 0 | 40 << 24;
	refuses(type, 4, "larger than its type");
	type = btf__add_struct(btf, "s", 8);
	btf__add_field(btf, "number", u32, 0, 0);
	btf_members(btf__type_by_id(btf, type))[0].offset = 4;
	refuses(type, 8, "within a byte");
}

static void test_cycles(void **state)
{
	__u32 type = btf__add_struct(btf, "itself", 8), word;

	btf__add_field(btf, "itself", type, 0, 0);
	refuses(type, 8, "nested too deeply");
	type = btf__add_struct(btf, "anonymous", 8);
	btf__add_field(btf, NULL, type, 0, 0);
	refuses(type, 8, "nested too deeply");
	word = btf__add_typedef(btf, "word", btf__type_cnt(btf));
	refuses(word, 8, "no type with values");
	type = btf__add_array(btf, u32, btf__type_cnt(btf), 1);
	refuses(type, 8, "without a size");
}

static void test_no_types_with_values(void **state)
{
	refuses(btf__add_fwd(btf, "fwd", BTF_FWD_STRUCT), 8, "no type with values");
	refuses(btf__add_func_proto(btf, 0), 8, "no type with values");
	refuses(0xfffff, 8, "no type with values");
	refuses(btf__add_typedef(btf, "nothing", 0), 8, "no type with values");
}

/* Each holds the one before it twice, in the same place: 2^30 parts of one byte. */
static void test_too_many_parts(void **state)
{
	__u32 named = u8, anonymous = u8, empty = btf__add_struct(btf, "empty", 0), type;

	for (int i = 0; i < 30; i++) {
		type = btf__add_union(btf, "u", 1);
		btf__add_field(btf, "a", named, 0, 0);
		btf__add_field(btf, "b", named, 0, 0);
		named = type;
	}
	refuses(named, 1, "more parts than can be shown");
	for (int i = 0; i < 30; i++) {
		type = btf__add_union(btf, "", 1);
		btf__add_field(btf, i ? "" : "a", anonymous, 0, 0);
		btf__add_field(btf, i ? "" : "b", anonymous, 0, 0);
		anonymous = type;
	}
	refuses(anonymous, 1, "more parts than can be shown");
	for (int i = 0; i < 30; i++) {
		type = btf__add_struct(btf, "s", 0);
		btf__add_field(btf, "", empty, 0, 0);
		btf__add_field(btf, "", empty, 0, 0);
		empty = type;
	}
	refuses(empty, 1, "more parts than can be shown");
	/* As many elements as there can be, which take no room. */
	type = btf__add_array(btf, u32, btf__add_struct(btf, "none", 0), 0xffffffff);
	shows(type, "", 0, "[]");
	/* A union of large arrays: its text would be a thousand times the value. */
	type = btf__add_array(btf, u32, u8, 100000);
	named = btf__add_union(btf, "u", 100000);
	for (int i = 0; i < 1000; i++)
		btf__add_field(btf, "all", type, 0, 0);
	refuses(named, 100000, "more parts than can be shown");
}

static void test_enums(void **state)
{
	__u32 type = btf__add_enum(btf, "e", 2);

	btf__add_enum_value(btf, "ONE", 1);
	btf__add_enum_value(btf, "ALSO_ONE", 1);
	btf__add_enum_value(btf, "\033[1m\"", 2);
	shows(type, "\1\0", 2, "\"ONE\"");
	shows(type, "\2\0", 2, "\"\\u001b[1m\\\"\"");
	shows(type, "\xff\xff", 2, "65535");
	((struct btf_type *)btf__type_by_id(btf, type))->size = 3;
	refuses(type, 3, "no enum has");
}

/* Columns are made of the same types. */
static void make_columns(__u32 type, size_t size)
{
	struct columns columns = {0};
	struct source source = {.bytes = value_of(size), .count = 1};
	struct text text;
	const char *why;

	if (!columns_add(&columns, false, btf, type, size, false, &why)) {
		assert_true(text_begin(&text, 1));
		for (size_t i = 0; i < columns.count; i++)
			plan_run(columns.all[i].plan, &text, &source);
		text_end(&text);
	}
	columns_free(&columns);
}

static __u32 random_state;

static __u32 next_random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

/* A type of each kind, referring to those before it. */
static void add_types(void)
{
	__u32 type;

	for (int i = 0; i < 3; i++) {
		const __u32 some = 1 + next_random() % (btf__type_cnt(btf) - 1);

		type = btf__add_struct(btf, "s", 16);
		btf__add_field(btf, "a", u32, 0, 0);
		btf__add_field(btf, "bits", u64, 32, 13);
		btf__add_field(btf, "b", some, 64, 0);
		btf__add_union(btf, "u", 8);
		btf__add_field(btf, "", some, 0, 0);
		btf__add_field(btf, "c", u64, 0, 0);
		btf__add_array(btf, u32, some, next_random() % 5);
		btf__add_array(btf, u32, btf__add_int(btf, "char", 1, BTF_INT_SIGNED), 8);
		btf__add_enum(btf, "e", 4);
		btf__add_enum_value(btf, "X", next_random());
		btf__add_enum64(btf, "f", 8, true);
		btf__add_enum64_value(btf, "Y", next_random());
		btf__add_typedef(btf, "t", type);
		btf__add_const(btf, some);
		btf__add_ptr(btf, some);
		btf__add_int(btf, "wide", 16, BTF_INT_SIGNED);
		btf__add_int(btf, "bool", 1, BTF_INT_BOOL);
		btf__add_float(btf, "double", 8);
		btf__add_datasec(btf, ".data", 16);
		btf__add_datasec_var_info(btf, btf__add_var(btf, "v", 0, some), 4, 8);
	}
}

/* BTF of which some words are others; that of libbpf's which it takes to be sound. */
static void test_damaged_types(void **state)
{
	size_t shown_values = 0;
	const char *why;

	for (int round = 0; round < 3000; round++) {
		struct btf *sound = btf;
		const void *raw;
		__u32 *words, size;
		char *text;

		random_state = round;
		btf = btf__new_empty();
		u8 = btf__add_int(btf, "unsigned char", 1, 0);
		u32 = btf__add_int(btf, "unsigned int", 4, 0);
		u64 = btf__add_int(btf, "unsigned long long", 8, 0);
		add_types();
		raw = btf__raw_data(btf, &size);
		words = malloc(size);
		memcpy(words, raw, size);
		btf__free(btf);
		for (int i = 0; i < 1 + round % 4; i++) {
			const struct btf_header *header = (void *)words;
			__u32 *word = words + header->hdr_len / 4 +
				      next_random() % (header->type_len / 4);

			switch (next_random() % 4) {
			case 0:
				*word = next_random() % 64;
				break;
			case 1:
				*word ^= 1u << next_random() % 32;
				break;
			case 2:
				*word = next_random() << 8 | next_random();
				break;
			default:
				*word += next_random() % 9 - 4;
			}
		}
		btf = btf__new(words, size);
		free(words);
		for (__u32 type = 0; btf && type < btf__type_cnt(btf); type++) {
			for (size_t room = 1; room <= 64; room *= 4) {
				text = shown(type, value_of(room), room, &why);
				shown_values += !!text;
				free(text);
				make_columns(type, room);
			}
		}
		btf__free(btf);
		btf = sound;
	}
	assert_true(shown_values > 100000);
}

/* A signal ends the showing of a value, whatever it is made of. */
static void test_interrupted(void **state)
{
	const size_t size = 1u << 20;
	const __u32 c = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	const __u32 numbers = btf__add_array(btf, u32, u64, size / 8);
	const __u32 text = btf__add_array(btf, u32, c, size);
	const __u32 lines = btf__add_array(btf, u32, btf__add_array(btf, u32, c, 64), size / 64);
	const struct {
		struct place place;
		unsigned char fill;
	} values[] = {
		{{.type = numbers}, 1}, {{.type = text}, 'a'},	{{.type = text}, 0xff},
		{{.type = lines}, 'a'}, {{.untyped = true}, 1},
	};
	const unsigned char *value = value_of(size);
	const struct source source = {.bytes = value, .count = 1};
	const char *why;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		memset((void *)value, values[i].fill, size);
		for (int plain = 0; plain < 2; plain++) {
			const struct style style = {.plain = plain};
			struct plan *plan = NULL;
			struct text whole, part;

			assert_int_equal(
				plan_make(&plan, btf, &values[i].place, size, &style, &why), 0);
			assert_true(text_begin(&whole, 1) && text_begin(&part, 1));
			plan_run(plan, &whole, &source);
			assert_true(text_length(&whole) >= size / 4);
			interrupt_signal = SIGINT;
			plan_run(plan, &part, &source);
			interrupt_signal = 0;
			assert_true(text_length(&part) < 100);
			text_end(&whole);
			text_end(&part);
			plan_free(plan);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_struct, begin, end),
		cmocka_unit_test_setup_teardown(test_sums_of_cpus, begin, end),
		cmocka_unit_test_setup_teardown(test_floats, begin, end),
		cmocka_unit_test_setup_teardown(test_sums_of_floats_that_are_no_number, begin, end),
		cmocka_unit_test_setup_teardown(test_parts_outside, begin, end),
		cmocka_unit_test_setup_teardown(test_bit_fields_outside, begin, end),
		cmocka_unit_test_setup_teardown(test_cycles, begin, end),
		cmocka_unit_test_setup_teardown(test_no_types_with_values, begin, end),
		cmocka_unit_test_setup_teardown(test_too_many_parts, begin, end),
		cmocka_unit_test_setup_teardown(test_enums, begin, end),
		cmocka_unit_test_setup_teardown(test_interrupted, begin, end),
		cmocka_unit_test_setup_teardown(test_damaged_types, begin, end),
	};

	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
