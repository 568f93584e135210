/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* native [FIRST [NUMBER]]: as many programs as said, or for ever; stops at the first that differs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "native.h"

int main(int argc, char **argv)
{
	u64 first = argc > 1 ? strtoull(argv[1], NULL, 0) : 0, insns = 0, i;
	u64 number = argc > 2 ? strtoull(argv[2], NULL, 0) : ~0ull;
	struct differ *differ = differ_new();

	for (i = 0; i < number; i++) {
		u32 nr = differ_check(differ, first + i);

		if (!nr)
			return 1;
		insns += nr;
		if (i % 65536 == 65535)
			fprintf(stderr, "%llu programs, %llu instructions\n", i + 1, insns);
	}
	differ_free(differ);
	printf("%llu programs of %llu instructions\n", i, insns);
	return 0;
}
