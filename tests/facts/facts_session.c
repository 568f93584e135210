/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * FACTS.md, "A session". Programs count their calls in a map, so that a test can say not only what
 * a read returned but which objects were shown for it.
 */
#include <fcntl.h>
#include <unistd.h>

#include "facts.h"

#define BUFFER 32768 /* bytes that a session holds */

static char out[256 * 1024];

static int counters(void)
{
	return map_new(BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0);
}

static __u64 counter(int map, unsigned int which)
{
	__u64 values[8];
	__u32 key = 0;

	assert_int_equal(map_lookup(map, &key, values), 0);
	return values[which];
}

/* Write the first @size bytes of each value; count calls in @calls. */
static struct code element_bytes(int size, int calls)
{
	struct code code = {.n = 0};

	emit_prologue(&code);
	emit_count(&code, calls, 0);
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 3));
	emit_seq_write(&code, size);
	emit_return(&code, 0);
	return code;
}

static void read_returns_no_more_than_the_buffer(void **state)
{
	const size_t n = 3000, size = sizeof(struct element_record);
	/* A write that would fill the buffer to its last byte does not fit. */
	const size_t first = (BUFFER - 1) / size * size;
	struct code code = element_records();
	int fd = session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_ARRAY, n));
	const struct element_record *r = (const void *)out;
	size_t len = 0;
	ssize_t got;

	assert_int_equal(E->read(fd, out, sizeof(out)), first);
	for (len = first; (got = E->read(fd, out + len, sizeof(out) - len)) > 0; len += got)
		assert_true(got <= BUFFER);
	assert_int_equal(got, 0);
	assert_int_equal(len, (n + 1) * size);
	for (size_t i = 0; i < n; i++)
		if (r[i].key != i || r[i].value != 100 + i || r[i].seq_num != i)
			fail_msg("element %zu is not in its place", i);
	assert_int_equal(r[n].key, NONE);
}

static void leftover_comes_first(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3), calls = counters();
	struct code code = element_bytes(8, calls);
	int fd = session("bpf_map_elem", &code, map);
	__u64 value;

	assert_int_equal(E->read(fd, out, 1), 1);
	assert_int_equal(counter(calls, 0), 1);
	assert_int_equal(E->read(fd, out + 1, sizeof(out) - 1), 7);
	assert_int_equal(counter(calls, 0), 1);
	memcpy(&value, out, sizeof(value));
	assert_int_equal(value, 100);
	assert_int_equal(E->read(fd, out, sizeof(out)), 16);
	assert_int_equal(E->read(fd, out, sizeof(out)), 0);
}

static void read_stops_when_it_has_enough(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 10), calls = counters();
	struct code code = element_bytes(8, calls);
	int fd = session("bpf_map_elem", &code, map);

	assert_int_equal(E->read(fd, out, 20), 20);
	assert_int_equal(counter(calls, 0), 3);
	assert_int_equal(E->read(fd, out, 20), 4);
	assert_int_equal(counter(calls, 0), 3);
	assert_int_equal(E->read(fd, out, 8), 8);
	assert_int_equal(counter(calls, 0), 4);
}

static void read_of_nothing(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 2), calls = counters();
	struct code code = element_bytes(8, calls);
	int fd = session("bpf_map_elem", &code, map);

	assert_int_equal(E->read(fd, out, 0), 0);
	assert_int_equal(read_all(fd, out, sizeof(out)), 16);
}

static void bad_buffer(void **state)
{
	struct code code = element_records();
	int fd = session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_ARRAY, 2));

	assert_int_equal(E->read(fd, (void *)8, 64), -EFAULT);
	/* What was produced is not lost. */
	assert_int_equal(read_all(fd, out, sizeof(out)), 3 * sizeof(struct element_record));
}

static void what_does_not_fit_is_shown_again_whole(void **state)
{
	enum { SIZE = 12000, N = 5 };
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, SIZE, N, 0), calls = counters();
	struct code code = element_bytes(SIZE, calls);
	int fd = session("bpf_map_elem", &code, map);
	static char value[SIZE];

	for (__u32 i = 0; i < N; i++) {
		memset(value, 'a' + (int)i, SIZE);
		assert_int_equal(map_update(map, &i, value, BPF_ANY), 0);
	}
	assert_int_equal(E->read(fd, out, sizeof(out)), 2 * SIZE);
	assert_int_equal(counter(calls, 0), 3);
	assert_int_equal(E->read(fd, out + 2 * SIZE, sizeof(out) - 2 * SIZE), 2 * SIZE);
	assert_int_equal(counter(calls, 0), 6);
	assert_int_equal(E->read(fd, out + 4 * SIZE, sizeof(out) - 4 * SIZE), SIZE);
	assert_int_equal(counter(calls, 0), 8);
	assert_int_equal(E->read(fd, out, 1), 0);
	for (int i = 0; i < N * SIZE; i++)
		if (out[i] != 'a' + i / SIZE)
			fail_msg("byte %d is not of its element", i);
}

/* The same of seq_num: the element that is shown again keeps its own. */
static void seq_num_of_what_is_shown_again(void **state)
{
	const size_t n = 1500;
	struct code code = element_records();
	int fd = session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_ARRAY, n));
	const struct element_record *r = (const void *)out;

	assert_int_equal(read_all(fd, out, sizeof(out)), (n + 1) * sizeof(*r));
	assert_int_equal(r[1023].seq_num, 1023);
	assert_int_equal(r[n - 1].seq_num, n - 1);
}

static void one_element_larger_than_the_buffer(void **state)
{
	enum { SIZE = 35840 };
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, SIZE, 3, 0), calls = counters();
	struct code code = element_bytes(SIZE, calls);
	int fd = session("bpf_map_elem", &code, map);

	assert_int_equal(E->read(fd, out, sizeof(out)), -E2BIG);
	assert_int_equal(counter(calls, 0), 1);
}

/* The buffer is full with BUFFER bytes and one less is the most that it takes. */
static void largest_element(void **state)
{
	static const struct {
		int size;
		ssize_t result;
	} cases[] = {{BUFFER - 1, BUFFER - 1}, {BUFFER, -E2BIG}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int map = map_new(BPF_MAP_TYPE_ARRAY, 4, BUFFER, 1, 0);
		struct code code = element_bytes(cases[i].size, counters());
		int fd = session("bpf_map_elem", &code, map);

		assert_int_equal(E->read(fd, out, sizeof(out)), cases[i].result);
	}
}

/* What came before it is handed out first. Element 1 writes @size bytes, the others 8. */
static void element_that_never_fits_after_one_that_did(void **state)
{
	enum { SIZE = 40000 };
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, SIZE, 3, 0);
	struct code code = {.n = 0};
	int fd;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 8),
	     LDX_MEM(DW, 3, 7, field("bpf_iter_meta", "seq_num")), MOV64_REG(1, 8),
	     JMP_IMM(BPF_JEQ, 3, 1, 3), MOV64_IMM(3, 8), CALL(BPF_FUNC_seq_write),
	     JMP_IMM(BPF_JA, 0, 0, 2), MOV64_IMM(3, SIZE), CALL(BPF_FUNC_seq_write));
	emit_return(&code, 0);
	fd = session("bpf_map_elem", &code, map);
	assert_int_equal(E->read(fd, out, sizeof(out)), 8);
	assert_int_equal(E->read(fd, out, sizeof(out)), -E2BIG);
}

/* Silent but in the last call, which writes the number of calls. */
static struct code only_the_end(int calls)
{
	struct code code = {.n = 0};

	emit_prologue(&code);
	emit_count(&code, calls, 0);
	EMIT(&code, LDX_MEM(DW, 1, 6, CTX_VALUE), JMP_IMM(BPF_JNE, 1, 0, 5),
	     LD_MAP_VALUE(2, calls, 0));
	emit_seq_write(&code, 8);
	emit_return(&code, 0);
	return code;
}

static void a_read_visits_a_million(void **state)
{
	const __u32 n = 2500000;
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 1, n, 0), calls = counters();
	struct code code = only_the_end(calls);
	int fd = session("bpf_map_elem", &code, map);
	__u64 value = 0;

	assert_int_equal(E->read(fd, &value, sizeof(value)), -EAGAIN);
	assert_int_equal(counter(calls, 0), 1000000);
	assert_int_equal(E->read(fd, &value, sizeof(value)), -EAGAIN);
	assert_int_equal(counter(calls, 0), 2000000);
	assert_int_equal(E->read(fd, &value, sizeof(value)), 8);
	assert_int_equal(value, n + 1);
	assert_int_equal(E->read(fd, &value, sizeof(value)), 0);
}

/* Element 0 and the last call write. */
static void a_million_with_output_so_far(void **state)
{
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1500000, 0);
	struct code code = {.n = 0};
	int fd;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 1, 7, field("bpf_iter_meta", "seq_num")), JMP_IMM(BPF_JNE, 1, 0, 7),
	     ST_MEM(DW, 10, -8, 7), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8));
	emit_seq_write(&code, 8);
	EMIT(&code, JMP_IMM(BPF_JA, 0, 0, 0));
	emit_return(&code, 0);
	fd = session("bpf_map_elem", &code, map);
	assert_int_equal(E->read(fd, out, 4096), 8);
	assert_int_equal(E->read(fd, out, 4096), 0);
}

/* Write 8 bytes of the value, but return 1 at seq_num @at, for the first @times calls there. */
static struct code retry_at(int at, int times, int calls)
{
	struct code code = {.n = 0};

	emit_prologue(&code);
	emit_count(&code, calls, 0);
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 3));
	emit_seq_write(&code, 8);
	EMIT(&code, LDX_MEM(DW, 9, 7, field("bpf_iter_meta", "seq_num")),
	     JMP_IMM(BPF_JNE, 9, at, 9));
	emit_count(&code, calls, 8);
	EMIT(&code, LD_MAP_VALUE(1, calls, 8), LDX_MEM(DW, 2, 1, 0), JMP_IMM(BPF_JLE, 2, times, 1));
	/* Not that element, or it was shown often enough. */
	EMIT(&code, JMP_IMM(BPF_JA, 0, 0, 2));
	emit_return(&code, 1);
	emit_return(&code, 0);
	return code;
}

static void one_asks_for_the_same_object(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3), calls = counters();
	struct code code = retry_at(0, 2, calls);
	int fd = session("bpf_map_elem", &code, map);
	const __u64 *value = (const void *)out;

	/* What it wrote is dropped. */
	assert_int_equal(E->read(fd, out, sizeof(out)), -EAGAIN);
	assert_int_equal(E->read(fd, out, sizeof(out)), -EAGAIN);
	assert_int_equal(counter(calls, 0), 2);
	assert_int_equal(E->read(fd, out, sizeof(out)), 24);
	assert_int_equal(value[0], 100);
	assert_int_equal(value[1], 101);
	assert_int_equal(value[2], 102);
}

static void one_with_output_so_far(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3), calls = counters();
	struct code code = retry_at(1, 2, calls);
	int fd = session("bpf_map_elem", &code, map);
	const __u64 *value = (const void *)out;

	assert_int_equal(E->read(fd, out, sizeof(out)), 8);
	assert_int_equal(value[0], 100);
	assert_int_equal(E->read(fd, out, sizeof(out)), -EAGAIN);
	assert_int_equal(E->read(fd, out, sizeof(out)), 16);
	assert_int_equal(value[0], 101);
	assert_int_equal(value[1], 102);
}

static void one_for_ever(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3), calls = counters();
	struct code code = retry_at(0, INT32_MAX, calls);
	int fd = session("bpf_map_elem", &code, map);

	for (int i = 0; i < 10; i++)
		assert_int_equal(E->read(fd, out, sizeof(out)), -EAGAIN);
	assert_int_equal(counter(calls, 0), 10);
}

static void last_call(void **state)
{
	static const unsigned int sizes[] = {0, 1, 3};
	struct element_record r[4];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned int n = sizes[i];
		struct code code = element_records();
		int fd = session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_HASH, n));

		assert_int_equal(read_all(fd, r, sizeof(r)), (n + 1) * sizeof(r[0]));
		assert_int_equal(r[n].key, NONE);
		assert_int_equal(r[n].value, NONE);
		assert_int_equal(r[n].seq_num, n ? n - 1 : 0);
		assert_int_equal(E->read(fd, r, sizeof(r)), 0);
	}
}

/* bpf_map_elem: map is there in the last call too. */
static void last_call_has_the_map(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 0);
	struct code code = {.n = 0};
	__u32 id = 0;
	int fd;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 1, 6, CTX_OBJECT), LDX_MEM(W, 1, 1, field("bpf_map", "id")),
	     STX_MEM(W, 10, 1, -8), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8));
	emit_seq_write(&code, 4);
	emit_return(&code, 0);
	fd = session("bpf_map_elem", &code, map);
	assert_int_equal(E->read(fd, &id, sizeof(id)), sizeof(id));
	assert_int_equal(id, id_of(map));
}

/* Each call writes @size bytes of a map's value; those with an element 12,000. */
static struct code end_of(int size, int bytes, int calls)
{
	struct code code = {.n = 0};

	emit_prologue(&code);
	emit_count(&code, calls, 0);
	EMIT(&code, MOV64_REG(1, 8), LD_MAP_VALUE(2, bytes, 0), MOV64_IMM(3, 12000),
	     LDX_MEM(DW, 4, 6, CTX_VALUE), JMP_IMM(BPF_JNE, 4, 0, 1), MOV64_IMM(3, size),
	     CALL(BPF_FUNC_seq_write));
	emit_return(&code, 0);
	return code;
}

static void last_call_overflows(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), calls = counters();
	int bytes = map_new(BPF_MAP_TYPE_ARRAY, 4, 40000, 1, 0);
	struct code code = end_of(30000, bytes, calls);
	int fd = session("bpf_map_elem", &code, map);

	assert_int_equal(E->read(fd, out, sizeof(out)), 12000);
	assert_int_equal(counter(calls, 0), 2);
	assert_int_equal(E->read(fd, out, sizeof(out)), 30000);
	assert_int_equal(counter(calls, 0), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(E->read(fd, out, sizeof(out)), 0);
	assert_int_equal(counter(calls, 0), 3);
}

static void last_call_never_fits(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), calls = counters();
	int bytes = map_new(BPF_MAP_TYPE_ARRAY, 4, 40000, 1, 0);
	struct code code = end_of(40000, bytes, calls);
	int fd = session("bpf_map_elem", &code, map);

	assert_int_equal(E->read(fd, out, sizeof(out)), 12000);
	assert_int_equal(E->read(fd, out, sizeof(out)), -E2BIG);
}

/* The end is remembered: an element that comes after it is not seen. */
static void the_end_stays(void **state)
{
	struct code code = element_records();
	int map = map_new(BPF_MAP_TYPE_HASH, 4, 8, 8, 0);
	int fd = session("bpf_map_elem", &code, map);
	__u32 key = 1;
	__u64 value = 2;

	assert_int_equal(E->read(fd, out, sizeof(out)), sizeof(struct element_record));
	assert_int_equal(E->read(fd, out, sizeof(out)), 0);
	assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
	assert_int_equal(E->read(fd, out, sizeof(out)), 0);
}

static void the_file_is_read_only_and_has_no_position(void **state)
{
	struct code code = element_records();
	int fd = session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_ARRAY, 1));

	if (!E->lseek)
		skip_because("the public interface has neither lseek nor write");
	assert_int_equal(E->lseek(fd, 0, SEEK_SET), -ESPIPE);
	assert_int_equal(E->lseek(fd, 0, SEEK_CUR), -ESPIPE);
	assert_int_equal(E->write(fd, "x", 1), -EBADF);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
}

/* What is no session cannot be read. */
static void only_sessions_are_read(void **state)
{
	int prog = load_trivial_iter("bpf_map"), link = attach(prog);
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);

	assert_int_equal(E->read(prog, out, 8), -EINVAL);
	assert_int_equal(E->read(link, out, 8), -EINVAL);
	assert_int_equal(E->read(map, out, 8), -EINVAL);
}

static void two_descriptors_of_a_session(void **state)
{
	struct code code = element_records();
	int fd = session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_ARRAY, 3));
	int second = own(E->dup(fd));
	struct element_record r;

	assert_int_equal(E->read(fd, &r, sizeof(r)), sizeof(r));
	assert_int_equal(r.seq_num, 0);
	assert_int_equal(E->read(second, &r, sizeof(r)), sizeof(r));
	assert_int_equal(r.seq_num, 1);
	end(fd);
	assert_int_equal(E->read(second, &r, sizeof(r)), sizeof(r));
	assert_int_equal(r.seq_num, 2);
}

static struct code constant(int value)
{
	struct code code = {.n = 0};

	emit_prologue(&code);
	EMIT(&code, ST_MEM(DW, 10, -8, value), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8));
	emit_seq_write(&code, 8);
	emit_return(&code, 0);
	return code;
}

/* The first of the values that session @fd writes, one for each object. */
static __u64 first_of(int fd)
{
	__u64 value = 0;

	assert_int_equal(E->read(fd, &value, sizeof(value)), sizeof(value));
	return value;
}

static void a_session_keeps_its_program(void **state)
{
	struct code one = constant(1), two = constant(2);
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 4);
	int first = load_iter("bpf_map_elem", &one), second = load_iter("bpf_map_elem", &two);
	int link = attach_map(first, map), before, after;

	before = iter_create(link);
	assert_int_equal(link_update(link, second, 0, 0), 0);
	end(first);
	after = iter_create(link);
	assert_int_equal(first_of(before), 1);
	assert_int_equal(first_of(after), 2);
	end(link);
	end(second);
	assert_int_equal(first_of(before), 1);
	assert_int_equal(first_of(after), 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(read_returns_no_more_than_the_buffer),
	cmocka_unit_test(leftover_comes_first),
	cmocka_unit_test(read_stops_when_it_has_enough),
	cmocka_unit_test(read_of_nothing),
	cmocka_unit_test(bad_buffer),
	cmocka_unit_test(what_does_not_fit_is_shown_again_whole),
	cmocka_unit_test(seq_num_of_what_is_shown_again),
	cmocka_unit_test(one_element_larger_than_the_buffer),
	cmocka_unit_test(largest_element),
	cmocka_unit_test(element_that_never_fits_after_one_that_did),
	cmocka_unit_test(a_read_visits_a_million),
	cmocka_unit_test(a_million_with_output_so_far),
	cmocka_unit_test(one_asks_for_the_same_object),
	cmocka_unit_test(one_with_output_so_far),
	cmocka_unit_test(one_for_ever),
	cmocka_unit_test(last_call),
	cmocka_unit_test(last_call_has_the_map),
	cmocka_unit_test(last_call_overflows),
	cmocka_unit_test(last_call_never_fits),
	cmocka_unit_test(the_end_stays),
	cmocka_unit_test(the_file_is_read_only_and_has_no_position),
	cmocka_unit_test(only_sessions_are_read),
	cmocka_unit_test(two_descriptors_of_a_session),
	cmocka_unit_test(a_session_keeps_its_program),
};
const struct section session_section = {"session", tests, ARRAY_SIZE(tests)};
