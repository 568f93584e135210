/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The built-in BTF in a runtime. It goes through the parser that every other one goes through. */
#include <string.h>

#include "base/runtime.h"
#include "btf/btf.h"

int btf_vmlinux_init(struct trek_runtime *rt)
{
	struct btf *btf = btf_parse(rt, trek_vmlinux_btf_data, trek_vmlinux_btf_len, NULL, NULL);
	int err;

	if (IS_ERR(btf))
		return PTR_ERR(btf);
	strcpy(btf->name, "vmlinux");
	btf->kernel_btf = true;
	err = btf_alloc_id(btf);
	if (err) {
		btf_put(btf);
		return err;
	}
	rt->vmlinux = btf;
	return 0;
}
