// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Maps to be dumped: large ones, and one of each kind that is read in its own way. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAP(name, kind, flags, k, v, max)                                                          \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, max);                                                          \
		__uint(map_flags, flags);                                                          \
		__type(key, k);                                                                    \
		__type(value, v);                                                                  \
	} name SEC(".maps")

struct dumped_prefix {
	__u32 prefixlen;
	__u8 address[4];
};

struct dumped_text {
	__u8 kind;
	char text[15];
};

MAP(large, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, __u32, __u64, 1000000);
MAP(list, BPF_MAP_TYPE_ARRAY, 0, __u32, __u64, 5000);
MAP(counters, BPF_MAP_TYPE_PERCPU_HASH, 0, __u32, __u64, 16);
MAP(slots, BPF_MAP_TYPE_PERCPU_ARRAY, 0, __u32, __s32, 2);
MAP(prefixes, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, struct dumped_prefix, __u32, 10000);
MAP(texts, BPF_MAP_TYPE_HASH, 0, __u32, struct dumped_text, 16);

/* One element takes more than a batch has room for; the other is many. */
struct dumped_page {
	__u8 bytes[300000];
};
MAP(pages, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, __u32, struct dumped_page, 8);

/* Four buckets at most: more of a bucket than is read at once. */
struct dumped_block {
	__u64 numbers[8192];
};
MAP(blocks, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, __u32, struct dumped_block, 64);

/* Elements of which one may take much more text than the one before it. */
MAP(growing, BPF_MAP_TYPE_ARRAY, 0, __u32, struct dumped_block, 4);
