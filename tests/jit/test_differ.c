/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Random programs, interpreted and native: the same registers, memory and stack. See fuzz/native.
 */
#include "native.h"
#include "test.h"

#define PROGRAMS 4000

static void test_differ(void **state)
{
	struct differ *differ = differ_new();
	u64 insns = 0;

	for (u64 seed = 0; seed < PROGRAMS; seed++) {
		u32 nr = differ_check(differ, seed);

		assert_true(nr);
		insns += nr;
	}
	differ_free(differ);
	print_message("# %llu instructions\n", insns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_differ)};

	return cmocka_run_group_tests_name("native code beside the interpreter", tests, NULL, NULL);
}
