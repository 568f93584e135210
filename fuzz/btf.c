/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Random BTF, and what is done with it when it parses: names, sizes, walks. The first byte says
 * whether it extends the built-in BTF.
 */
#include <stdlib.h>

#include "base/rcu.h"
#include "btf/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct btf *btf)
{
	const struct btf_type *t;
	struct btf_walk walk;
	u32 id, sized, off, bytes;

	for (id = 0; id < btf_nr_types(btf); id++) {
		t = btf_type_by_id(btf, id);
		btf_find_by_name_kind(btf, btf_type_name(btf, t), btf_kind(t));
		btf_type_skip_modifiers(btf, id, &sized);
		btf_type_resolve_ptr(btf, id, &sized);
		sized = id;
		btf_type_id_size(btf, &sized, &bytes);
		if (!btf_type_is_struct(t))
			continue;
		for (off = 0; off < min_of(t->size + 16, 128u); off++) {
			btf_struct_walk(btf, t, off, 0, &walk, NULL);
			btf_struct_walk(btf, t, off, 1u << off % 4, &walk, NULL);
			btf_struct_walk(btf, t, off, 8, &walk, NULL);
			btf_struct_ids_match(btf, id, off, btf, 1, false);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct btf *builtin;
	struct btf *btf;

	if (!builtin) {
		builtin = btf_parse(NULL, trek_vmlinux_btf_data, trek_vmlinux_btf_len, NULL, NULL);
		if (IS_ERR(builtin))
			abort();
	}
	if (!size)
		return 0;
	btf = btf_parse(NULL, data + 1, size - 1, data[0] & 1 ? builtin : NULL, NULL);
	if (IS_ERR(btf))
		return 0;
	use(btf);
	btf_put(btf);
	return 0;
}
