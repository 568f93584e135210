// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Calls: of functions of the program, of helpers, of helpers that look something up or call back.
 */
#include "kernel.h"

#define COUNT 1024

u32 call_keys[COUNT];

#ifdef __bpf__
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, COUNT);
	__type(key, u32);
	__type(value, u64);
} array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COUNT);
	__type(key, u32);
	__type(value, u64);
} hash SEC(".maps");
#else
/* So that results can be compared: no helper in C is what a helper of an engine is. */
static u64 array[COUNT], hash[COUNT];

enum { BPF_ANY };

static inline int bpf_map_update_elem(u64 (*map)[COUNT], const u32 *key, const u64 *value,
				      int flags)
{
	(*map)[*key] = *value;
	return 0;
}

#define bpf_map_lookup_elem(map, key) (&(*(map))[*(key)])
#define bpf_get_smp_processor_id() 1u
#define bpf_get_prandom_u32() 4u
#define bpf_ktime_get_ns() 5ull
#define bpf_loop(times, step, data, flags)                                                         \
	do {                                                                                       \
		for (u32 i_ = 0; i_ < (times) && !step(i_, data); i_++)                            \
			;                                                                          \
	} while (0)
#endif

FILL
{
	u64 random = 7;

	for (u32 i = 0; i < COUNT; i++) {
		u32 key = i;
		u64 value;

		call_keys[i] = NEXT(random) >> 54;
		value = call_keys[i] * 3;
		bpf_map_update_elem(&array, &key, &value, BPF_ANY);
		bpf_map_update_elem(&hash, &key, &value, BPF_ANY);
	}
	return 0;
}

static __noinline u32 mix(u32 a, u32 b)
{
	return (a ^ b) * 0x9e3779b1;
}

static __noinline u32 twice(u32 a, u32 b)
{
	return mix(a, b) + mix(b, a);
}

KERNEL(functions)
{
	u32 result = 0;

	for (u32 i = 0; i < COUNT; i++)
		result = twice(result, call_keys[i]);
	return result;
}

/* Where it runs and what it draws differ from run to run: not in the result. */
KERNEL(helper_cpu)
{
	u32 last = bpf_get_smp_processor_id(), same = 0;

	for (u32 i = 0; i < COUNT; i++)
		same += bpf_get_smp_processor_id() == last;
	return same;
}

KERNEL(helper_random)
{
	u64 sum = 0;

	for (u32 i = 0; i < COUNT; i++)
		sum += bpf_get_prandom_u32();
	return sum < (u64)COUNT << 32;
}

KERNEL(helper_time)
{
	u64 last = 0;
	u32 forth = 0;

	for (u32 i = 0; i < COUNT; i++) {
		u64 now = bpf_ktime_get_ns();

		forth += now >= last;
		last = now;
	}
	return forth;
}

KERNEL(lookup_array)
{
	u64 sum = 0;

	for (u32 i = 0; i < COUNT; i++) {
		u32 key = call_keys[i];
		u64 *value = bpf_map_lookup_elem(&array, &key);

		if (value)
			sum += *value;
	}
	return sum;
}

KERNEL(lookup_hash)
{
	u64 sum = 0;

	for (u32 i = 0; i < COUNT; i++) {
		u32 key = call_keys[i];
		u64 *value = bpf_map_lookup_elem(&hash, &key);

		if (value)
			sum += *value;
	}
	return sum;
}

KERNEL(update_hash)
{
	u64 sum = 0;

	for (u32 i = 0; i < COUNT; i++) {
		u32 key = call_keys[i];
		u64 value = key * 3;

		sum += bpf_map_update_elem(&hash, &key, &value, BPF_ANY) == 0;
	}
	return sum;
}

struct state {
	u32 hash;
};

static long step(u32 i, struct state *state)
{
	state->hash = state->hash * 31 + call_keys[i & (COUNT - 1)];
	return 0;
}

KERNEL(loop)
{
	struct state state = {0};

	bpf_loop(COUNT, step, &state, 0);
	return state.hash;
}
