/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The registry of kfunc sets (kernel: kernel/bpf/btf.c, register_btf_kfunc_id_set). It is filled
 * while the first runtime opens, by one thread, and read only after that, so it needs no lock.
 */
#include "prog/kfunc.h"

#include <stdlib.h>
#include <string.h>

#define KFUNC_SETS_MAX 64

static struct kfunc_set_entry {
	enum bpf_prog_type type;
	const struct btf_kfunc_id_set *set;
} kfunc_sets[KFUNC_SETS_MAX];
static size_t kfunc_sets_nr;

void register_btf_kfunc_id_set(enum bpf_prog_type type, const struct btf_kfunc_id_set *set)
{
	for (size_t i = 0; i < kfunc_sets_nr; i++)
		if (kfunc_sets[i].type == type && kfunc_sets[i].set == set)
			return;
	/* The number of sets is fixed when the library is compiled: an overflow is a bug in it. */
	if (kfunc_sets_nr == KFUNC_SETS_MAX)
		abort();
	kfunc_sets[kfunc_sets_nr++] = (struct kfunc_set_entry){type, set};
}

/* Types that share the sets of another one (kernel: bpf_prog_type_to_kfunc_hook). */
static enum bpf_prog_type kfunc_hook(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_LSM:
		return BPF_PROG_TYPE_TRACING;
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_SOCK_OPS:
		return BPF_PROG_TYPE_CGROUP_SKB;
	default:
		return type;
	}
}

const struct btf_kfunc *btf_kfunc_find(enum bpf_prog_type type, const char *name)
{
	for (size_t i = 0; i < kfunc_sets_nr; i++) {
		const struct kfunc_set_entry *entry = &kfunc_sets[i];

		if (entry->type != BPF_PROG_TYPE_UNSPEC && entry->type != kfunc_hook(type))
			continue;
		for (size_t j = 0; j < entry->set->nr; j++)
			if (!strcmp(entry->set->set[j].name, name))
				return &entry->set->set[j];
	}
	return NULL;
}
