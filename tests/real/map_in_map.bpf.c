// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Maps in maps: each tenant has a hash of its sessions and a histogram; the tenant is looked up in
 * a hash of hashes, its histogram in an array of arrays.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define BUCKETS 32

struct session {
	__u64 bytes;
	__u32 requests;
	__u32 errors;
};

struct sessions {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct session)); /* its type would be lost in a map of maps */
} tenant_sessions SEC(".maps");

struct histogram {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} tenant_histogram SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 64);
	__type(key, __u32);
	__array(values, struct sessions);
} tenants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, __u32);
	__array(values, struct histogram);
} histograms SEC(".maps") = {
	.values = {[0] = &tenant_histogram, [3] = &tenant_histogram},
};

struct request {
	__u32 tenant;
	__u32 failed;
	__u64 session;
	__u64 bytes;
};

__u64 unknown_tenants;

static __always_inline __u32 log2(__u64 value)
{
	__u32 log = 0;

	for (__u32 step = 32; step; step >>= 1)
		if (value >> step) {
			value >>= step;
			log += step;
		}
	return log;
}

static __noinline int count_size(__u32 tenant, __u64 bytes)
{
	__u32 slot = tenant & 7, bucket = log2(bytes);
	void *histogram = bpf_map_lookup_elem(&histograms, &slot);
	__u64 *count;

	if (!histogram)
		return -1;
	if (bucket >= BUCKETS)
		bucket = BUCKETS - 1;
	count = bpf_map_lookup_elem(histogram, &bucket);
	if (!count)
		return -1;
	__sync_fetch_and_add(count, 1);
	return bucket;
}

SEC("syscall")
int account(struct request *request)
{
	struct session fresh = {.bytes = request->bytes, .requests = 1, .errors = request->failed};
	__u32 tenant = request->tenant;
	__u64 id = request->session;
	struct session *session;
	void *sessions;

	sessions = bpf_map_lookup_elem(&tenants, &tenant);
	if (!sessions) {
		__sync_fetch_and_add(&unknown_tenants, 1);
		return -1;
	}
	session = bpf_map_lookup_elem(sessions, &id);
	if (session) {
		__sync_fetch_and_add(&session->bytes, request->bytes);
		__sync_fetch_and_add(&session->requests, 1);
		if (request->failed)
			__sync_fetch_and_add(&session->errors, 1);
	} else if (bpf_map_update_elem(sessions, &id, &fresh, BPF_NOEXIST)) {
		return -1;
	}
	return count_size(tenant, request->bytes);
}

SEC("syscall")
int forget(struct request *request)
{
	__u32 tenant = request->tenant;
	__u64 id = request->session;
	void *sessions = bpf_map_lookup_elem(&tenants, &tenant);

	return sessions ? bpf_map_delete_elem(sessions, &id) : -1;
}
