# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""What the sources have in common that tests give to compile_object()."""

HEAD = """\
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
"""


def map_source(name, kind="HASH", entries=4, value="__u64"):
    return f"""\
struct {{
	__uint(type, BPF_MAP_TYPE_{kind});
	__uint(max_entries, {entries});
	__type(key, __u32);
	__type(value, {value});
}} {name} SEC(".maps");
"""


def iterator_with(name, program, **options):
    """An iterator over maps that uses one of its own, which is as map_source() makes it."""
    return HEAD + map_source(name, **options) + f"""\
SEC("iter/bpf_map")
int {program}(struct bpf_iter__bpf_map *ctx)
{{
	__u32 key = 1;

	return ctx->map && bpf_map_lookup_elem(&{name}, &key) ? 0 : 0;
}}
"""
