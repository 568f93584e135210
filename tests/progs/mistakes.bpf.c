// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What people get wrong, each once, and what the verifier says to it: that the program is refused
 * at the line that is marked "here" (the next one behind the comment, in function "in" if that is
 * another one), how that line goes on, and what to "do"; "too" is said in the rest.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct counter {
	struct bpf_spin_lock lock;
	int index;
	__u64 address;
	__u32 length;
	__u64 sums[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

char text[64];
__u64 number;

static __always_inline struct counter *counter(__u32 key)
{
	return bpf_map_lookup_elem(&counters, &key);
}

/* says: a read through R0, which may be NULL
 * too: since line
 * too: return bpf_map_lookup_elem(&counters, &key);)
 * do: compare it with NULL first */
SEC("iter/bpf_map")
int no_null_check(struct bpf_iter__bpf_map *ctx)
{
	struct counter *c = counter(1);

	number = c->sums[0]; /* here */
	return 0;
}

/* says: a read through R0 at an offset without an upper bound
 * do: compare what is added with a constant, as an unsigned number, first */
SEC("iter/bpf_map")
int no_bounds_check(struct bpf_iter__bpf_map *ctx)
{
	struct counter *c = counter(1);

	if (c)
		number = c->sums[c->length]; /* here */
	return 0;
}

/* says: a read of 8 bytes through R0 may reach offset 160 of a map value of 152 bytes
 * too: a multiple of 8
 * do: check that what is added is at most 120 */
SEC("iter/bpf_map")
int one_too_many(struct bpf_iter__bpf_map *ctx)
{
	struct counter *c = counter(1);

	if (c && c->length <= 16)
		number = c->sums[c->length]; /* here */
	return 0;
}

/* says: a read through R0 may be before the map value
 * do: check that what is added is not negative, or make it unsigned */
SEC("iter/bpf_map")
int negative_index(struct bpf_iter__bpf_map *ctx)
{
	struct counter *c = counter(1);

	if (c && c->index < 16)
		number = c->sums[c->index]; /* here */
	return 0;
}

/* says: a loop without end: nothing changes from one round to the next
 * do: count the rounds up to a constant, or use bpf_for or bpf_loop */
SEC("iter/bpf_map")
int endless_loop(struct bpf_iter__bpf_map *ctx)
{
	struct counter *c = counter(1);

	while (c && *(volatile __u32 *)&c->length) /* here */
		;
	return 0;
}

static __noinline int deeper(struct seq_file *seq)
{
	volatile char line[320] = {};

	return line[number & 255];
}

/* says: functions that call each other need 640 bytes of stack together; 512 are there
 * do: keep less in local variables, or keep it in a map */
SEC("iter/bpf_map")
int large_stack(struct bpf_iter__bpf_map *ctx)
{
	volatile char line[320] = {};

	return line[number & 255] + deeper(ctx->meta->seq) ? 0 : 1; /* here */
}

/* says: the program ends and still holds what it got at line
 * do: give it back on every way that leads here */
SEC("iter/bpf_map")
int not_given_back(struct bpf_iter__bpf_map *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	if (number)
		return 0;
	*event = 1;
	bpf_ringbuf_submit(event, 0);
	return 0;
} /* here */

/* says: a write through R6, and what it points to was given back
 * too: bpf_ringbuf_submit(event, 0);)
 * do: use it before it is given back */
SEC("iter/bpf_map")
int used_after_it_was_given_back(struct bpf_iter__bpf_map *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	bpf_ringbuf_submit(event, 0);
	*event = 1; /* here */
	return 0;
}

/* says: a write into struct bpf_map, which programs may only read
 * do: change it by a kernel function, or keep a copy in a map */
SEC("iter/bpf_map")
int write_into_a_structure(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;

	if (map)
		map->max_entries = 0; /* here */
	return 0;
}

/* says: the size in R3 has no upper bound
 * do: compare it with the size of the memory first */
SEC("iter/bpf_map")
int size_without_a_bound(struct bpf_iter__bpf_map *ctx)
{
	struct counter *c = counter(1);

	if (c)
		bpf_seq_write(ctx->meta->seq, text, c->length); /* here */
	return 0;
}

/* says: a read through R1, which is a number
 * do: copy what is at an address with bpf_probe_read_kernel() */
SEC("iter/bpf_map")
int number_as_a_pointer(struct bpf_iter__bpf_map *ctx)
{
	struct counter *c = counter(1);

	if (c)
		number = *(__u64 *)c->address; /* here */
	return 0;
}

/* says: a call of a helper while a lock is held
 * do: call bpf_spin_unlock before */
SEC("tc")
int call_with_a_lock(struct __sk_buff *ctx)
{
	struct counter *c = counter(1);

	if (!c)
		return 0;
	bpf_spin_lock(&c->lock);
	c->sums[0] = bpf_ktime_get_ns(); /* here */
	bpf_spin_unlock(&c->lock);
	return 0;
}

/* says: the program returns 2; it must be 0 to 1
 * do: check the number before it is returned */
SEC("iter/bpf_map")
int result_out_of_range(struct bpf_iter__bpf_map *ctx)
{
	return ctx->map ? 2 : 0; /* here */
}

static int stop_at_ten(__u32 i, void *data)
{
	return i == 10 ? -1 : 0; /* here */
}

/* says: a callback returns neither 0 nor 1
 * in: stop_at_ten
 * do: return 0 to go on, 1 to stop */
SEC("iter/bpf_map")
int result_of_a_callback(struct bpf_iter__bpf_map *ctx)
{
	bpf_loop(100, stop_at_ten, NULL, 0);
	return 0;
}

/* says: programs of this type may not call bpf_seq_write */
SEC("socket")
int helper_of_another_type(struct __sk_buff *ctx)
{
	return bpf_seq_write((void *)ctx, text, sizeof(text)); /* here */
}

__noinline int read_it(__u64 *p)
{
	return *p > 3; /* here */
}

/* says: a read through R1, which may be NULL
 * in: read_it
 * do: compare it with NULL first */
SEC("iter/bpf_map")
int argument_of_a_global_function(struct bpf_iter__bpf_map *ctx)
{
	return read_it(&number) & 1;
}

/* says: a read of 1 bytes at offset 14 of a packet of which 0 bytes are known to be there
 * too: to be accepted: compare 'pointer + size' with the end of the packet */
SEC("xdp")
int packet_not_compared_with_its_end(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	return data[14] == 0x45 ? XDP_PASS : XDP_DROP; /* here */
}

/* says: a read of 1 bytes at offset 14 of a packet of which 14 bytes are known to be there */
SEC("xdp")
int packet_shorter_than_what_is_read(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 14 > end)
		return XDP_PASS;
	return data[14] == 0x45 ? XDP_PASS : XDP_DROP; /* here */
}

#pragma clang diagnostic ignored "-Wreturn-type"

/* says: the function ends, and R0, its result, was not set
 * do: return a number on every way that leads here */
SEC("iter/bpf_map")
int nothing_returned(struct bpf_iter__bpf_map *ctx)
{
	if (ctx->map)
		number++;
} /* here */
