// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Subprograms: static ones verified where they are called, global ones on their own, with memory,
 * a context and numbers as arguments; a chain of calls several frames deep.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct limits {
	__u32 low;
	__u32 high;
	__u64 seen;
};

struct request {
	__u32 op;
	__u32 count;
	__s64 values[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct limits);
} table SEC(".maps");

__s64 result;

__noinline int clamp_value(__s64 value, const struct limits *limits)
{
	if (!limits || limits->low > limits->high)
		return 0;
	if (value < (__s64)limits->low)
		return limits->low;
	return value > (__s64)limits->high ? limits->high : value;
}

__noinline __u64 power(__u32 base, __u32 exponent)
{
	__u64 product = 1, square = base;

	for (int bit = 0; bit < 32; bit++) {
		if (!(exponent >> bit))
			break;
		if (exponent >> bit & 1)
			product *= square;
		square *= square;
	}
	return product;
}

static __noinline struct limits *limits_of(__u32 op)
{
	__u32 key = op & 3;

	return bpf_map_lookup_elem(&table, &key);
}

static __noinline __s64 sum_clamped(const struct request *request, struct limits *limits)
{
	__s64 sum = 0;

	for (int i = 0; i < 8; i++) {
		if (i >= request->count)
			break;
		sum += clamp_value(request->values[i], limits);
	}
	limits->seen++;
	return sum;
}

static __noinline void sort(__s64 *values)
{
	__s64 swapped;

	for (int round = 0; round < 7; round++)
		for (int i = 0; i < 7; i++) {
			if (values[i] <= values[i + 1])
				continue;
			swapped = values[i];
			values[i] = values[i + 1];
			values[i + 1] = swapped;
		}
}

__noinline int median(struct request *request)
{
	__s64 copy[8];

	if (!request)
		return -1;
	__builtin_memcpy(copy, request->values, sizeof(copy));
	sort(copy);
	return (copy[3] + copy[4]) >> 1;
}

static __noinline __s64 dispatch(struct request *request)
{
	struct limits *limits = limits_of(request->op);

	if (!limits)
		return -1;
	switch (request->op) {
	case 0:
		return sum_clamped(request, limits);
	case 1:
		return median(request);
	case 2:
		return power(request->count, limits->low);
	}
	return power(limits->high, 3) + sum_clamped(request, limits);
}

SEC("syscall")
int calculate(struct request *ctx)
{
	struct request request = {.op = ctx->op, .count = ctx->count};

	__builtin_memcpy(request.values, ctx->values, sizeof(request.values));
	result = dispatch(&request);
	return 0;
}
