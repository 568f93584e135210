// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What takes the place of a function of another program. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("freplace/replaceable_function")
int freplace_of_a_function_of_the_zoo(struct __sk_buff *ctx)
{
	return 2;
}
