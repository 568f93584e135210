/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs on packets, here and in the kernel. `test_packets native` compiles them here,
 * `interpreted` does not.
 */
#include <string.h>

#include "run.h"
#include "test.h"

static const char *missing;

#define TEST(name)                                                                                 \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		if (missing)                                                                       \
			skip_because("of the kernel: %s", missing);                                \
		compared = 0;                                                                      \
		name(state);                                                                       \
		print_message("# %u runs compared\n", compared);                                   \
	}
TEST(loads)
TEST(grids)
TEST(sequences)
TEST(dynptrs)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_grids),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_dynptrs),
	};
	int failed;

	missing = start_engines(argc > 1 && !strcmp(argv[1], "interpreted"));
	make_packets();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	stop_engines();
	return failed;
}
