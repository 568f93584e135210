/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The log buffer: rolling and fixed, against what the whole text would be. */
#include "test.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nofault.h"

static u64 addr(const void *p)
{
	return (unsigned long)p;
}

static void attributes_must_fit_together(void **state)
{
	static const struct {
		u32 level;
		bool buf;
		u32 len;
		int err;
	} rows[] = {
		{0, false, 0, 0},
		{1, true, 16, 0},
		{1, false, 0, 0},
		{BPF_LOG_FIXED, true, 16, 0},
		{BPF_LOG_MASK, true, 1, 0},
		{1, true, UINT_MAX >> 2, 0},
		{0, true, 16, -EINVAL},
		{1, false, 16, -EINVAL},
		{1, true, 0, -EINVAL},
		{0, false, 16, -EINVAL},
		{16, true, 16, -EINVAL},
		{1, true, (UINT_MAX >> 2) + 1, -EINVAL},
		{1, true, UINT_MAX, -EINVAL},
	};
	char buf[16];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpf_verifier_log log;
		int err = bpf_vlog_init(&log, rows[i].level, rows[i].buf ? addr(buf) : 0,
					rows[i].len);

		assert_int_equal(err, rows[i].err);
		if (!err && rows[i].len <= sizeof(buf)) {
			u32 actual;

			assert_int_equal(bpf_vlog_finalize(&log, &actual), 0);
		} else if (!err) {
			free(log.kbuf);
		}
	}
}

/* Every length of buffer, texts in pieces: rolling holds the end, fixed the beginning. */
static void the_end_or_the_beginning_is_kept(void **state)
{
	static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	const size_t all = sizeof(text) - 1;

	for (int fixed = 0; fixed < 2; fixed++) {
		for (u32 len = 1; len < sizeof(text) + 4; len++) {
			for (size_t piece = 1; piece <= all; piece += 5) {
				struct bpf_verifier_log log;
				char buf[64];
				u32 actual;
				size_t kept = min_of(all, (size_t)len - 1);

				memset(buf, '#', sizeof(buf));
				assert_int_equal(bpf_vlog_init(&log,
							       1 | (fixed ? BPF_LOG_FIXED : 0),
							       addr(buf), len),
						 0);
				for (size_t at = 0; at < all; at += piece)
					bpf_log(&log, "%.*s", (int)min_of(piece, all - at),
						text + at);
				assert_int_equal(bpf_vlog_finalize(&log, &actual),
						 len < sizeof(text) ? -ENOSPC : 0);
				assert_int_equal(actual, sizeof(text));
				assert_memory_equal(buf, fixed ? text : text + all - kept, kept);
				assert_int_equal(buf[kept], '\0');
				for (size_t i = max_of((size_t)len, kept + 1); i < sizeof(buf); i++)
					assert_int_equal(buf[i], '#');
			}
		}
	}
}

static void without_a_buffer_the_text_is_counted(void **state)
{
	struct bpf_verifier_log log;
	u32 actual;

	assert_int_equal(bpf_vlog_init(&log, 1, 0, 0), 0);
	bpf_log(&log, "%s %d\n", "register", 7);
	assert_int_equal(bpf_vlog_finalize(&log, &actual), 0);
	assert_int_equal(actual, strlen("register 7\n") + 1);

	assert_int_equal(bpf_vlog_init(&log, 0, 0, 0), 0);
	bpf_log(&log, "nothing");
	assert_int_equal(bpf_vlog_finalize(&log, &actual), 0);
	assert_int_equal(actual, 0);
	bpf_log(NULL, "nothing");
	assert_int_equal(bpf_vlog_finalize(NULL, &actual), 0);
}

static void an_empty_log_is_an_empty_string(void **state)
{
	struct bpf_verifier_log log;
	char buf[4] = "###";
	u32 actual;

	assert_int_equal(bpf_vlog_init(&log, 1, addr(buf), sizeof(buf)), 0);
	assert_int_equal(bpf_vlog_finalize(&log, &actual), 0);
	assert_int_equal(actual, 0);
	assert_string_equal(buf, "");
}

static void a_long_message_is_whole(void **state)
{
	static char message[5000], buf[6000];
	struct bpf_verifier_log log;
	u32 actual;

	memset(message, 'x', sizeof(message) - 1);
	assert_int_equal(bpf_vlog_init(&log, 2, addr(buf), sizeof(buf)), 0);
	bpf_log(&log, "%s", message);
	assert_int_equal(bpf_vlog_finalize(&log, &actual), 0);
	assert_string_equal(buf, message);
	assert_int_equal(actual, sizeof(message));
}

static void a_bad_buffer_is_a_fault(void **state)
{
	struct bpf_verifier_log log;
	u32 actual;

	assert_int_equal(bpf_vlog_init(&log, 1, 8, 4096), 0);
	bpf_log(&log, "text");
	assert_int_equal(bpf_vlog_finalize(&log, &actual), -EFAULT);
	assert_int_equal(actual, 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_must_fit_together),
		cmocka_unit_test(the_end_or_the_beginning_is_kept),
		cmocka_unit_test(without_a_buffer_the_text_is_counted),
		cmocka_unit_test(an_empty_log_is_an_empty_string),
		cmocka_unit_test(a_long_message_is_whole),
		cmocka_unit_test(a_bad_buffer_is_a_fault),
	};

	if (nofault_init())
		return 1;
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
