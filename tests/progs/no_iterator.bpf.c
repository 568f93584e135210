// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* An object without iterator programs. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("socket")
int drop(void *ctx)
{
	return 0;
}
