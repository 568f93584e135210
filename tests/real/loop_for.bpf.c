// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Loops over open-coded iterators, for which a body is verified once for all rounds: a sieve, a
 * matrix product, a search that ends early, numbers of a map added up.
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SIEVE_SIZE 1024
#define ORDER 8 /* a power of 2: what masks an index bounds it */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

__u8 composite[SIEVE_SIZE];
__u32 matrix_a[ORDER][ORDER], matrix_b[ORDER][ORDER], product[ORDER][ORDER];
__u32 primes, found_at, rounds;
__u64 sum;

static __always_inline void mark_multiples(__u32 of)
{
	bpf_for (i, 2, SIEVE_SIZE / 2) {
		__u32 at = i * of;

		if (at >= SIEVE_SIZE)
			break;
		asm volatile("" : "+r"(at)); /* else no mask: the compiler knows the bound */
		composite[at & (SIEVE_SIZE - 1)] = 1;
	}
}

SEC("syscall")
int sieve(void *ctx)
{
	primes = 0;
	bpf_for (i, 2, SIEVE_SIZE) {
		__u32 n = i & (SIEVE_SIZE - 1);

		if (composite[n])
			continue;
		primes++;
		mark_multiples(n);
	}
	return primes;
}

SEC("syscall")
int multiply(void *ctx)
{
	bpf_for (i, 0, ORDER) {
		__u32 row = i & (ORDER - 1);

		bpf_for (j, 0, ORDER) {
			__u32 column = j & (ORDER - 1), cell = 0;

			bpf_for (k, 0, ORDER)
				cell += matrix_a[row][k & (ORDER - 1)] *
					matrix_b[k & (ORDER - 1)][column];
			product[row][column] = cell;
		}
	}
	return 0;
}

SEC("syscall")
int search(void *ctx)
{
	__u64 *number;

	found_at = -1;
	sum = 0;
	bpf_for (i, 0, 512) {
		__u32 key = i;

		number = bpf_map_lookup_elem(&numbers, &key);
		if (!number)
			return -1;
		if (*number == 0xdead) {
			found_at = key;
			break;
		}
		sum += *number;
	}
	return found_at;
}

SEC("syscall")
int collatz(__u64 *ctx)
{
	__u64 n = 97;

	rounds = 0;
	bpf_repeat (1000) {
		if (n == 1)
			break;
		n = n & 1 ? 3 * n + 1 : n / 2;
		rounds++;
	}
	return rounds;
}
