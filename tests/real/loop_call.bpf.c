// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Loops by callback: bpf_loop over a string and over a table, bpf_for_each_map_elem over a hash,
 * with state on the caller's stack.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_map; /* what callbacks are shown of it */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct sample {
	__u64 value;
	__u32 weight;
	__u32 group;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct sample);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} groups SEC(".maps");

char text[256];
__u64 weighted, longest_word, crc;
__u32 removed;

struct mean {
	__u64 sum;
	__u64 weights;
	__u64 limit;
};

static long add_sample(struct bpf_map *map, __u32 *key, struct sample *sample, struct mean *mean)
{
	__u32 group = sample->group & 15;
	__u64 *total = bpf_map_lookup_elem(&groups, &group);

	if (total)
		*total += sample->value;
	if (sample->value > mean->limit)
		return 0;
	mean->sum += sample->value * sample->weight;
	mean->weights += sample->weight;
	return mean->weights > 1000000; /* enough */
}

static long remove_old(struct bpf_map *map, __u32 *key, struct sample *sample, __u32 *count)
{
	__u32 copy = *key;

	if (sample->weight)
		return 0;
	if (!bpf_map_delete_elem(&samples, &copy))
		*count += 1;
	return 0;
}

struct words {
	__u32 current;
	__u32 longest;
};

static long next_char(__u32 i, struct words *words)
{
	if (i >= sizeof(text) || !text[i])
		return 1;
	if (text[i] == ' ')
		words->current = 0;
	else if (++words->current > words->longest)
		words->longest = words->current;
	return 0;
}

static long crc_byte(__u32 i, __u32 *state)
{
	__u32 c = *state;

	if (i >= sizeof(text))
		return 1;
	c ^= (__u8)text[i];
	for (int bit = 0; bit < 8; bit++)
		c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
	*state = c;
	return 0;
}

SEC("syscall")
int walk_samples(void *ctx)
{
	struct mean mean = {.limit = 1 << 20};
	__u32 count = 0;

	bpf_for_each_map_elem(&samples, add_sample, &mean, 0);
	weighted = mean.weights ? mean.sum / mean.weights : 0;
	bpf_for_each_map_elem(&samples, remove_old, &count, 0);
	removed = count;
	return 0;
}

SEC("syscall")
int walk_text(void *ctx)
{
	struct words words = {};
	__u32 state = ~0u;

	bpf_loop(sizeof(text), next_char, &words, 0);
	longest_word = words.longest;
	bpf_loop(sizeof(text), crc_byte, &state, 0);
	crc = ~state;
	return 0;
}
