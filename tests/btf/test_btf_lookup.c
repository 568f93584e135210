/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What is done with a BTF that parsed: names, references, ids, split BTF; limits; real BTF. */
#include <stdlib.h>
#include <time.h>

#include "blob.h"

/* Words and strings that grow. */
struct big {
	u32 nr;
	u32 *words;
};

static void big_add(struct big *big, const u32 *words, u32 nr)
{
	big->words = realloc(big->words, (big->nr + nr + 1) * sizeof(u32));
	assert_non_null(big->words);
	memcpy(big->words + big->nr, words, nr * sizeof(u32));
	big->nr += nr;
}

#define big_type(big, ...)                                                                         \
	do {                                                                                       \
		const u32 words_[] = {__VA_ARGS__};                                                \
		big_add(big, words_, ARRAY_SIZE(words_));                                          \
	} while (0)

static unsigned char *big_bytes(const struct big *big, u32 *size)
{
	struct btf_header hdr = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(hdr),
		.type_len = big->nr * sizeof(u32),
		.str_off = big->nr * sizeof(u32),
		.str_len = sizeof(blob_strings),
	};
	unsigned char *bytes;

	*size = sizeof(hdr) + hdr.type_len + hdr.str_len;
	bytes = malloc(*size);
	assert_non_null(bytes);
	memcpy(bytes, &hdr, sizeof(hdr));
	memcpy(bytes + sizeof(hdr), big->words, hdr.type_len);
	memcpy(bytes + sizeof(hdr) + hdr.type_len, blob_strings, hdr.str_len);
	return bytes;
}

static void expect_big(struct big *big, int expected, bool ask)
{
	unsigned char *bytes;
	u32 size;
	int err;

	bytes = big_bytes(big, &size);
	err = parse_verdict(bytes, size, NULL);
	if (ask && kernel_usable())
		assert_int_equal(kernel_load(bytes, size), expected);
	free(bytes);
	free(big->words);
	*big = (struct big){0};
	assert_int_equal(err, expected);
}

static void test_depth(void **state)
{
	struct big big = {0};
	u32 i;

	/* Each refers to the next: 32 wait for the last. */
	for (i = 1; i <= 32; i++)
		big_type(&big, REF(CONST, i + 1));
	big_type(&big, INT32);
	expect_big(&big, 0, true);
	for (i = 1; i <= 33; i++)
		big_type(&big, REF(CONST, i + 1));
	big_type(&big, INT32);
	expect_big(&big, -E2BIG, true);
	/* Each refers to the one before, which is resolved: any number. */
	big_type(&big, INT32);
	for (i = 1; i <= 10000; i++)
		big_type(&big, REF(CONST, i));
	expect_big(&big, 0, true);
}

/*
 * Ids end before BTF_MAX_TYPE. Linux says so in its log, then loads the BTF without the types that
 * are too many; we refuse it.
 */
static void test_number_of_types(void **state)
{
	struct big big = {0};
	unsigned char *bytes;
	struct btf *btf;
	u32 size, i;

	big.words = malloc((3 * (BTF_MAX_TYPE + 1) + 1) * sizeof(u32));
	assert_non_null(big.words);
	for (i = 0; i < BTF_MAX_TYPE - 1; i++, big.nr += 3)
		memcpy(&big.words[big.nr], (const u32[]){REF(PTR, 0)}, 3 * sizeof(u32));
	bytes = big_bytes(&big, &size);
	btf = btf_parse(NULL, bytes, size, NULL, NULL);
	assert_false(IS_ERR(btf));
	assert_int_equal(btf_nr_types(btf), BTF_MAX_TYPE);
	btf_put(btf);
	free(bytes);
	memcpy(&big.words[big.nr], (const u32[]){REF(PTR, 0)}, 3 * sizeof(u32));
	big.nr += 3;
	expect_big(&big, -E2BIG, false);
}

static void test_size(void **state)
{
	unsigned char *bytes = calloc(1, BTF_MAX_SIZE + 1);
	int err;

	assert_non_null(bytes);
	err = parse_verdict(bytes, BTF_MAX_SIZE, NULL);
	assert_int_equal(err, -EINVAL);
	err = parse_verdict(bytes, BTF_MAX_SIZE + 1, NULL);
	assert_int_equal(err, -E2BIG);
	free(bytes);
}

/* An identifier has at most 512 characters. */
static void test_name_length(void **state)
{
	static const u32 words[] = {NAMED(FWD, 1, 0), END};
	char strings[515];
	struct blob blob;
	struct btf *btf;

	memset(strings, 'n', sizeof(strings));
	strings[0] = 0;
	strings[513] = 0;
	blob_make(&blob, words, strings, 514);
	if (kernel_usable())
		assert_int_equal(kernel_load(blob.bytes, blob.size), 0);
	btf = btf_parse(NULL, blob.bytes, blob.size, NULL, NULL);
	assert_false(IS_ERR(btf));
	assert_int_equal(btf_find_by_name_kind(btf, strings + 1, BTF_KIND_FWD), 1);
	btf_put(btf);

	strings[513] = 'n';
	strings[514] = 0;
	blob_make(&blob, words, strings, 515);
	if (kernel_usable())
		assert_int_equal(kernel_load(blob.bytes, blob.size), -EINVAL);
	assert_int_equal(parse_verdict(blob.bytes, blob.size, NULL), -EINVAL);
}

/* What is shared is looked at once: functions with one prototype of many arguments. */
static void test_shared_prototype(void **state)
{
	struct big big = {0};
	u32 i, *params;

	big_type(&big, INT32, PROTO(0, 65535));
	params = malloc(65535 * 8);
	assert_non_null(params);
	for (i = 0; i < 65535; i++)
		memcpy(&params[2 * i], (const u32[]){1, 1}, 8);
	big_add(&big, params, 2 * 65535);
	free(params);
	big.words = realloc(big.words, (big.nr + 3 * 100000 + 1) * sizeof(u32));
	assert_non_null(big.words);
	for (i = 0; i < 100000; i++, big.nr += 3)
		memcpy(&big.words[big.nr], (const u32[]){NAMED(FUNC, 3, 2)}, 12);
	expect_big(&big, 0, false);
}

static const u32 sample_words[] = {
	/* 1 */ INT32,
	/* 2 */ STRUCT(3, 8, 2),
	1,
	1,
	0,
	3,
	1,
	32,
	/* 3 */ NAMED(TYPEDEF, 3, 2),
	/* 4 */ REF(CONST, 3),
	/* 5 */ REF(PTR, 4),
	/* 6 */ ARRAY(4, 1, 6),
	/* 7 */ STRUCT(3, 4, 0),
	/* 8 */ PROTO(1, 1),
	1,
	5,
	/* 9 */ NAMED(FUNC, 3, 8),
	/* 10 */ REF(PTR, 8),
	/* 11 */ ARRAY(6, 1, 2),
	/* 12 */ REF(CONST, 0),
	END,
};

static struct btf *sample(struct trek_runtime *rt)
{
	struct blob blob;
	struct btf *btf;

	blob_make(&blob, sample_words, blob_strings, sizeof(blob_strings));
	btf = btf_parse(rt, blob.bytes, blob.size, NULL, NULL);
	assert_false(IS_ERR(btf));
	return btf;
}

static void test_types(void **state)
{
	struct btf *btf = sample(NULL);
	u32 id, size;

	assert_int_equal(btf_nr_types(btf), 13);
	assert_null(btf_type_by_id(btf, 13));
	assert_null(btf_type_by_id(btf, 0xffffffff));
	assert_true(btf_type_is_void(btf_type_by_id(btf, 0)));
	assert_string_equal(btf_name_by_offset(btf, 5), "c.d");
	assert_null(btf_name_by_offset(btf, sizeof(blob_strings)));
	assert_string_equal(btf_type_name(btf, btf_type_by_id(btf, 5)), "");

	assert_int_equal(btf_find_by_name_kind(btf, "a", BTF_KIND_INT), 1);
	assert_int_equal(btf_find_by_name_kind(btf, "b", BTF_KIND_STRUCT), 2);
	assert_int_equal(btf_find_by_name_kind(btf, "b", BTF_KIND_TYPEDEF), 3);
	assert_int_equal(btf_find_by_name_kind(btf, "b", BTF_KIND_FUNC), 9);
	assert_int_equal(btf_find_by_name_kind(btf, "b", BTF_KIND_INT), -ENOENT);
	assert_int_equal(btf_find_by_name_kind(btf, "", BTF_KIND_PTR), -ENOENT);

	assert_ptr_equal(btf_type_skip_modifiers(btf, 4, &id), btf_type_by_id(btf, 2));
	assert_int_equal(id, 2);
	assert_true(btf_type_is_void(btf_type_skip_modifiers(btf, 12, &id)));
	assert_int_equal(id, 0);
	assert_ptr_equal(btf_type_resolve_ptr(btf, 5, &id), btf_type_by_id(btf, 2));
	assert_int_equal(id, 2);
	assert_null(btf_type_resolve_ptr(btf, 4, &id));

	id = 11;
	assert_ptr_equal(btf_type_id_size(btf, &id, &size), btf_type_by_id(btf, 11));
	assert_int_equal(size, 96);
	id = 4;
	assert_ptr_equal(btf_type_id_size(btf, &id, &size), btf_type_by_id(btf, 2));
	assert_int_equal(id, 2);
	assert_int_equal(size, 8);
	id = 8;
	assert_null(btf_type_id_size(btf, &id, &size));
	id = 99;
	assert_null(btf_type_id_size(btf, &id, &size));
	btf_put(btf);
}

static void test_ids(void **state)
{
	struct trek_runtime rt;
	struct btf *btf, *other;

	runtime_begin(&rt);
	assert_int_equal(btf_vmlinux_init(&rt), 0);
	assert_int_equal(rt.vmlinux->id, 1);
	assert_string_equal(rt.vmlinux->name, "vmlinux");
	assert_true(rt.vmlinux->kernel_btf);

	btf = sample(&rt);
	assert_int_equal(btf->id, 0);
	assert_int_equal(btf_alloc_id(btf), 0);
	assert_int_equal(btf->id, 2);
	other = btf_get_by_id(&rt, 2);
	assert_ptr_equal(other, btf);
	btf_put(btf);
	other = btf_get_by_id(&rt, 2);
	assert_ptr_equal(other, btf);
	btf_put(other);
	btf_put(btf);
	assert_int_equal(PTR_ERR(btf_get_by_id(&rt, 2)), -ENOENT);
	assert_int_equal(PTR_ERR(btf_get_by_id(&rt, 0)), -ENOENT);
	assert_int_equal(PTR_ERR(btf_get_by_id(&rt, 0xffffffff)), -ENOENT);
	btf_put(NULL);
	btf_put(rt.vmlinux);
	runtime_end(&rt);
}

static void test_split(void **state)
{
	static const u32 words[] = {
		/* 13 */ STRUCT(sizeof(blob_strings) + 1, 16, 2),
		1,
		2,
		0,
		3,
		5,
		64,
		/* 14 */ NAMED(TYPEDEF, 3, 13),
		/* 15 */ ARRAY(6, 1, 3),
		END,
	};
	static const u32 beyond[] = {REF(PTR, 14), END};
	static const u32 bad_name[] = {NAMED(TYPEDEF, sizeof(blob_strings) + 9, 1), END};
	struct btf *base = sample(NULL), *btf;
	struct blob blob;
	u32 id, size;

	blob_make(&blob, words, "\0extra", 7);
	btf = btf_parse(NULL, blob.bytes, blob.size, base, NULL);
	assert_false(IS_ERR(btf));
	assert_int_equal(btf_nr_types(btf), 16);
	assert_string_equal(btf_type_name(btf, btf_type_by_id(btf, 13)), "extra");
	assert_int_equal(btf_find_by_name_kind(btf, "extra", BTF_KIND_STRUCT), 13);
	assert_int_equal(btf_find_by_name_kind(btf, "a", BTF_KIND_INT), 1);
	assert_int_equal(btf_find_by_name_kind(btf, "b", BTF_KIND_TYPEDEF), 3);
	assert_int_equal(btf_find_by_name_kind(base, "extra", BTF_KIND_STRUCT), -ENOENT);
	assert_ptr_equal(btf_type_skip_modifiers(btf, 14, &id), btf_type_by_id(btf, 13));
	assert_ptr_equal(btf_type_skip_modifiers(btf, 4, &id), btf_type_by_id(base, 2));
	id = 15;
	assert_non_null(btf_type_id_size(btf, &id, &size));
	assert_int_equal(size, 144);
	/* The same structure, whichever of the two it is asked of. */
	assert_true(btf_struct_ids_match(btf, 2, 0, base, 2, true));
	assert_true(btf_struct_ids_match(btf, 13, 0, base, 2, false));

	blob_make(&blob, beyond, "", 1);
	assert_int_equal(PTR_ERR(btf_parse(NULL, blob.bytes, blob.size, base, NULL)), -EINVAL);
	blob_make(&blob, bad_name, "", 1);
	assert_int_equal(PTR_ERR(btf_parse(NULL, blob.bytes, blob.size, base, NULL)), -EINVAL);
	/* No types, and no strings. */
	blob_make(&blob, words + ARRAY_SIZE(words) - 1, "", 0);
	btf_put(btf);
	btf = btf_parse(NULL, blob.bytes, blob.size, base, NULL);
	assert_false(IS_ERR(btf));
	assert_int_equal(btf_nr_types(btf), 13);
	/* It keeps its base. */
	btf_put(base);
	assert_int_equal(btf_find_by_name_kind(btf, "a", BTF_KIND_INT), 1);
	btf_put(btf);
	rcu_barrier();
}

static void test_log(void **state)
{
	static const u32 words[] = {INT32, STRUCT(3, 4, 1), 1, 1, 8, END};
	static const char *const parts[] = {
		"type 2", "STRUCT", "'b'", "'a'", "bit 8", "ends beyond the structure",
	};
	struct bpf_verifier_log log;
	char text[256] = "?";
	struct blob blob;
	u32 actual;
	size_t i;

	blob_make(&blob, words, blob_strings, sizeof(blob_strings));
	assert_int_equal(bpf_vlog_init(&log, 1, (unsigned long)text, sizeof(text)), 0);
	assert_int_equal(parse_verdict(blob.bytes, blob.size, &log), -EINVAL);
	assert_int_equal(bpf_vlog_finalize(&log, &actual), 0);
	/* Which type, which member, and why. */
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strstr(text, parts[i]))
			fail_msg("no \"%s\" in: %s", parts[i], text);
}

static unsigned char *read_file(const char *path, u32 *size)
{
	unsigned char *bytes = malloc(BTF_MAX_SIZE);
	FILE *file = fopen(path, "rb");

	assert_non_null(bytes);
	*size = 0;
	if (file) {
		*size = fread(bytes, 1, BTF_MAX_SIZE, file);
		fclose(file);
	}
	return bytes;
}

static const char *shapes_path;

/* Every name of a real BTF is found again, and every structure can be walked over. */
static void parse_real(const char *what, const unsigned char *bytes, u32 size)
{
	struct timespec a, b;
	struct btf_walk walk;
	struct btf *btf;
	u32 id, off;
	s32 found;

	clock_gettime(CLOCK_MONOTONIC, &a);
	btf = btf_parse(NULL, bytes, size, NULL, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_false(IS_ERR(btf));
	print_message("# %s: %u types, %u bytes, %.1f ms\n", what, btf_nr_types(btf), size,
		      (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6);
	for (id = 1; id < btf_nr_types(btf); id++) {
		const struct btf_type *t = btf_type_by_id(btf, id);
		const char *name = btf_type_name(btf, t);

		if (*name) {
			found = btf_find_by_name_kind(btf, name, btf_kind(t));
			assert_true(found > 0 && found <= (s32)id);
			assert_string_equal(btf_type_name(btf, btf_type_by_id(btf, found)), name);
		}
		if (btf_type_is_struct(t))
			for (off = 0; off < min_of(t->size, 64u); off += 8)
				btf_struct_walk(btf, t, off, 8, &walk, NULL);
	}
	btf_put(btf);
}

static void test_builtin(void **state)
{
	parse_real("built-in", trek_vmlinux_btf_data, trek_vmlinux_btf_len);
	assert_int_equal((unsigned long)trek_vmlinux_btf_data % 16, 0);
	if (kernel_usable())
		assert_int_equal(kernel_load(trek_vmlinux_btf_data, trek_vmlinux_btf_len), 0);
}

static void test_object(void **state)
{
	unsigned char *bytes;
	u32 size;

	assert_non_null(shapes_path);
	bytes = read_file(shapes_path, &size);
	assert_true(size > 0);
	parse_real("object file", bytes, size);
	free(bytes);
}

static void test_kernel(void **state)
{
	unsigned char *bytes;
	u32 size;

	bytes = read_file("/sys/kernel/btf/vmlinux", &size);
	if (size)
		parse_real("kernel", bytes, size);
	free(bytes);
	if (!size)
		skip_because("there is no /sys/kernel/btf/vmlinux");
}

/* @argv[1]: raw BTF of an object file. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_number_of_types),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_name_length),
		cmocka_unit_test(test_shared_prototype),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_object),
		cmocka_unit_test(test_kernel),
	};
	int failed;

	shapes_path = argc > 1 ? argv[1] : NULL;
	failed = cmocka_run_group_tests_name("btf_lookup", tests, NULL, NULL);
	rcu_barrier();
	return failed;
}
