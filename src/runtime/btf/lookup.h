/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What is remembered of each BTF beside its bytes: the type behind each modifier, names by hash. */
#ifndef BTF_LOOKUP_H
#define BTF_LOOKUP_H

#include "btf/btf.h"

/* The longest identifier, without its NUL (kernel: KSYM_NAME_LEN). */
#define BTF_NAME_MAX 512

struct btf_lookup {
	/* By type id - start_id. Filled while the types are resolved (btf_resolve.c). */
	u32 *resolved_ids;   /* what a modifier, pointer or variable comes down to */
	u32 *resolved_sizes; /* of arrays, in bytes */
	/* Open addressing; the ids of this BTF, without the base's. 0: free. */
	u32 *slots;
	u32 mask;
	u64 key[2];
};

/* Room for @btf's types; -ENOMEM. What it has goes with btf_lookup_free(). */
int btf_lookup_alloc(struct btf *btf);
/* Enter the names, when the types are known to be good; -ENOMEM. */
int btf_lookup_index(struct btf *btf);
void btf_lookup_free(struct btf *btf);

/* The resolved id of @id, which a modifier, pointer, variable or function has. */
u32 btf_resolved_id(const struct btf *btf, u32 id);

#endif /* BTF_LOOKUP_H */
