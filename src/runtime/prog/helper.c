/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The helpers by number: one array of functions that execution indexes, one of entries that the
 * verifier asks. Filled while the first runtime opens, by one thread, and read only after that.
 */
#include "prog/helper.h"

#include <stdlib.h>

u64 (*bpf_helper_funcs[BPF_HELPERS_MAX])(u64, u64, u64, u64, u64);
static const struct bpf_helper *helpers_by_id[BPF_HELPERS_MAX];

void bpf_helpers_register(const struct bpf_helper *helpers, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		u32 id = helpers[i].id;

		/* Tables are constants of the library: a number out of range is a bug in it. */
		if (id >= BPF_HELPERS_MAX)
			abort();
		helpers_by_id[id] = &helpers[i];
		bpf_helper_funcs[id] = helpers[i].proto.func;
	}
}

const struct bpf_helper *bpf_helper_by_id(u32 id)
{
	return id < BPF_HELPERS_MAX ? helpers_by_id[id] : NULL;
}
