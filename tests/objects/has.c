/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
#include "has.h"

#include <bpf/btf.h>

bool has_function(const char *name)
{
	struct btf *types = btf__load_vmlinux_btf();
	const bool has = types && btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;

	btf__free(types);
	return has;
}
