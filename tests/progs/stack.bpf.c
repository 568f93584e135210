// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A map whose elements cannot be walked. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 8);
	__uint(value_size, 8);
} stack SEC(".maps");

SEC("iter/bpf_map_elem")
int walk_stack(struct bpf_iter__bpf_map_elem *ctx)
{
	return 0;
}
