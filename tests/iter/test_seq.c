/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* seq_file, and the helpers that write to it: what fits, what overflows, what is refused. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "iter/seq_file.h"

static char buf[16];
static struct seq_file seq;

static int set_up(void **state)
{
	memset(buf, '#', sizeof(buf));
	seq = (struct seq_file){.buf = buf, .size = sizeof(buf)};
	return nofault_init();
}

static const struct bpf_helper *helper(enum bpf_func_id id)
{
	size_t i;

	for (i = 0; i < bpf_seq_helpers_nr; i++)
		if (bpf_seq_helpers[i].id == id)
			return &bpf_seq_helpers[i];
	fail();
	return NULL;
}

static long helper_printf(const char *fmt, const u64 *data, u32 len)
{
	return helper(BPF_FUNC_seq_printf)
		->proto.func((unsigned long)&seq, (unsigned long)fmt, strlen(fmt) + 1,
			     (unsigned long)data, len);
}

static long helper_write(const char *data, u32 len)
{
	return helper(BPF_FUNC_seq_write)
		->proto.func((unsigned long)&seq, (unsigned long)data, len, 0, 0);
}

static void test_write(void **state)
{
	assert_int_equal(seq_write(&seq, "0123456789", 10), 0);
	assert_int_equal(seq_write(&seq, "abcde", 5), 0);
	assert_int_equal(seq.count, 15);
	assert_int_equal(seq_write(&seq, "", 0), 0);
	assert_false(seq_has_overflowed(&seq));
	assert_int_equal(seq_write(&seq, "!", 1), -1);
	assert_true(seq_has_overflowed(&seq));
	/* Once over, always over. */
	assert_int_equal(seq_write(&seq, "", 0), -1);
	assert_memory_equal(buf, "0123456789abcde#", 16);
}

static void test_write_of_any_length(void **state)
{
	assert_int_equal(seq_write(&seq, buf, 16), -1);
	seq.count = 3;
	assert_int_equal(seq_write(&seq, buf, (size_t)-1), -1);
	seq.count = 3;
	assert_int_equal(seq_write(&seq, buf, (size_t)-3), -1);
}

static void test_printf(void **state)
{
	seq_printf(&seq, "%d-%s", 12, "abcdefghijkl");
	assert_int_equal(seq.count, 15);
	assert_string_equal(buf, "12-abcdefghijkl");
	seq_printf(&seq, "%s", "");
	assert_int_equal(seq.count, 15);
	seq_printf(&seq, "%c", 'x');
	assert_true(seq_has_overflowed(&seq));
	seq_printf(&seq, "x");
	assert_true(seq_has_overflowed(&seq));
}

static void test_helper_printf(void **state)
{
	const u64 data[13] = {7, 8};

	assert_int_equal(helper_printf("%u: %llu\n", data, 16), 0);
	assert_int_equal(seq.count, 5);
	assert_memory_equal(buf, "7: 8\n", 5);
	assert_int_equal(helper_printf("plain", NULL, 0), 0);
	assert_int_equal(seq.count, 10);
	assert_int_equal(helper_printf("%u", data, 7), -EINVAL);
	assert_int_equal(helper_printf("%u", data, 13 * 8), -EINVAL);
	assert_int_equal(helper_printf("%u", NULL, 8), -EINVAL);
	assert_int_equal(helper_printf("%u", data, 0), -EINVAL);
	assert_int_equal(helper_printf("%q", data, 8), -EINVAL);
	assert_int_equal(seq.count, 10);
	assert_int_equal(helper_printf("123456", NULL, 0), -EOVERFLOW);
	assert_true(seq_has_overflowed(&seq));
	assert_int_equal(helper_printf("", NULL, 0), -EOVERFLOW);
}

static void test_helper_write(void **state)
{
	assert_int_equal(helper_write("abc", 3), 0);
	assert_int_equal(helper_write("abc", 0), 0);
	assert_int_equal(seq.count, 3);
	assert_int_equal(helper_write(buf, 13), -EOVERFLOW);
	assert_true(seq_has_overflowed(&seq));
}

static void test_who_may_call(void **state)
{
	struct bpf_prog iter = {.type = BPF_PROG_TYPE_TRACING,
				.expected_attach_type = BPF_TRACE_ITER};
	struct bpf_prog fentry = {.type = BPF_PROG_TYPE_TRACING,
				  .expected_attach_type = BPF_TRACE_FENTRY};
	struct bpf_prog filter = {.type = BPF_PROG_TYPE_SOCKET_FILTER,
				  .expected_attach_type = BPF_TRACE_ITER};
	size_t i;

	for (i = 0; i < bpf_seq_helpers_nr; i++) {
		const struct bpf_helper *h = &bpf_seq_helpers[i];

		assert_true(h->allowed(&iter));
		assert_false(h->allowed(&fentry));
		assert_false(h->allowed(&filter));
		assert_true(h->proto.gpl_only);
		assert_int_equal(h->proto.arg_type[0], ARG_PTR_TO_BTF_ID);
		assert_string_equal(h->proto.arg_btf[0], "seq_file");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_write, set_up),
		cmocka_unit_test_setup(test_write_of_any_length, set_up),
		cmocka_unit_test_setup(test_printf, set_up),
		cmocka_unit_test_setup(test_helper_printf, set_up),
		cmocka_unit_test_setup(test_helper_write, set_up),
		cmocka_unit_test_setup(test_who_may_call, set_up),
	};

	return cmocka_run_group_tests_name("seq", tests, NULL, NULL);
}
