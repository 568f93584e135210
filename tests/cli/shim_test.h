/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What tests of the shim have in common: each enables a runtime of its own. */
#ifndef TESTS_CLI_SHIM_TEST_H
#define TESTS_CLI_SHIM_TEST_H

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"
#include "test.h"

#define assert_errno(error, call)                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		assert_int_equal((long)(call), -1);                                                \
		assert_int_equal(errno, error);                                                    \
	} while (0)

static inline int setup(void **state)
{
	const struct trek_runtime_opts opts = {.size = sizeof(opts), .handles = &shim_handle_ops};
	struct trek_runtime *rt;

	if (trek_runtime_open(&opts, &rt) || shim_enable(rt))
		return -1;
	*state = rt;
	return 0;
}

static inline int teardown(void **state)
{
	shim_disable();
	trek_runtime_close(*state);
	return 0;
}

static inline long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* An array of 1,024 values of 8 bytes. */
static inline int make_map(unsigned int flags)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1024,
		.map_flags = flags,
	};
	long fd = bpf(BPF_MAP_CREATE, &attr);

	assert_true(fd >= 3);
	return (int)fd;
}

#define on_runtime(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif /* TESTS_CLI_SHIM_TEST_H */
