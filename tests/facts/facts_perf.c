/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* PERF_EVENT_ARRAY, as far as it goes: it is made, and holds nothing. */
#include "kinds.h"

static void perf_events(void **state)
{
	static const struct {
		int cmd;
		__u32 index, in;
		__u64 flags;
		int result;
	} steps[] = {
		{PUSH, 0, 0xffffffff, 0, -EBADF}, {PUSH, 0, 9999, 0, -EBADF},
		{PUSH, 0, 9999, 1, -EINVAL},	  {PUSH, 4, 9999, 0, -E2BIG},
		{PUSH, 4, 9999, 1, -EINVAL},	  {PEEK, 0, SAME, 0, -ENOTSUPP},
		{PEEK, 4, SAME, 0, -ENOTSUPP},	  {DELETE, 0, SAME, 0, -ENOENT},
		{DELETE, 4, SAME, 0, -E2BIG},	  {POP, 0, SAME, 0, -ENOTSUPP},
	};
	int map = map_new(PERF, 4, 4, 4, 0), prog = load_trivial_iter("bpf_map_elem");
	__u32 index, next;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		__u32 value = steps[i].in;
		int err = map_command(steps[i].cmd, map, &steps[i].index, &value, steps[i].flags);

		if (err != steps[i].result)
			fail_msg("step %zu: %d, not %d", i, err, steps[i].result);
	}
	index = 0;
	assert_int_equal(map_command(PUSH, map, &index, &map, 0), -EBADF); /* of something else */
	assert_int_equal(map_command(NEXT, map, NULL, &next, 0), 0);
	assert_int_equal(next, 0);
	index = 3;
	assert_int_equal(map_command(NEXT, map, &index, &next, 0), -ENOENT);
	no_batches(map);
	assert_int_equal(attach_map(prog, map), -EINVAL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(perf_events),
};
const struct section perf_section = {"perf", tests, ARRAY_SIZE(tests)};
