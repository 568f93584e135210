// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Maps whose elements mean something, and a program that nobody runs. */
#include "vmlinux.h"

#include "shapes.h"
#include "zoo.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

MAP(numbers_of_every_size, BPF_MAP_TYPE_HASH, __u32, struct zoo_numbers, 8);
MAP(bits_of_every_size, BPF_MAP_TYPE_ARRAY, __u32, struct zoo_bits, 3);
MAP(texts, BPF_MAP_TYPE_HASH, struct zoo_key, struct zoo_texts, 8);
MAP(nests, BPF_MAP_TYPE_LRU_HASH, __s64, struct zoo_nest, 100);
MAP(pointers, BPF_MAP_TYPE_ARRAY, __u32, struct zoo_pointers, 2);
MAP(plain_arrays, BPF_MAP_TYPE_ARRAY, __u32, __u16[2][3], 2);
MAP(signed_numbers, BPF_MAP_TYPE_HASH, __s32, __s64, 8);
MAP(texts_alone, BPF_MAP_TYPE_HASH, char[8], char[16], 8);
MAP(moods, BPF_MAP_TYPE_HASH, enum zoo_mood, enum zoo_degrees, 8);
MAP(flexible, BPF_MAP_TYPE_ARRAY, __u32, struct zoo_flexible, 2);
MAP(hash_of_nests_by_cpu, BPF_MAP_TYPE_PERCPU_HASH, struct zoo_key, struct zoo_nest, 8);
MAP(array_of_numbers_by_cpu, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct zoo_numbers, 2);
MAP(bytes_by_cpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, __u32, __u8, 16);
MAP(nothing_in_it, BPF_MAP_TYPE_HASH, struct zoo_key, struct zoo_nest, 8);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 8);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct zoo_prefix);
	__type(value, enum zoo_mood);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 12);
} without_types SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, struct zoo_numbers);
} queue_of_numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring_of_values SEC(".maps");

struct locked {
	struct bpf_spin_lock lock;
	__u32 counter;
};

MAP(locked_values, BPF_MAP_TYPE_HASH, __u32, struct locked, 4);

const volatile struct zoo_numbers constants = {.u8 = 8, .s64 = -64, .mood = CURIOUS};
struct zoo_nest zeroes;
__u32 preset[3] = {1, 2, 3};
char greeting[16] = "hello";

/* All of them are its maps. */
SEC("socket")
int uses_the_globals_of_the_zoo(struct __sk_buff *ctx)
{
	__u32 key = 0;

	zeroes.number += constants.u8 + preset[key & 1] + greeting[0];
	return 0;
}

SEC("iter/bpf_map")
int iterates_over_maps_of_the_zoo(struct bpf_iter__bpf_map *ctx)
{
	return 0;
}

SEC("iter/bpf_map_elem")
int iterates_over_nests_of_the_zoo(struct bpf_iter__bpf_map_elem *ctx)
{
	return 0;
}
