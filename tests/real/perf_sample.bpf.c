// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Perf events: where samples fall, by the instruction's page, weighted by the period. */
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct place {
	__u64 page;
	__u32 process;
	__u32 user;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 2048);
	__type(key, struct place);
	__type(value, __u64);
} places SEC(".maps");

__u64 idle;

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *event)
{
	struct place place = {.page = event->regs.rip >> 12};
	__u64 *weight, first = event->sample_period;

	place.process = bpf_get_current_pid_tgid() >> 32;
	place.user = (event->regs.cs & 3) == 3;
	if (!place.process && !place.user) {
		__sync_fetch_and_add(&idle, 1);
		return 0;
	}
	weight = bpf_map_lookup_elem(&places, &place);
	if (weight)
		*weight += event->sample_period;
	else
		bpf_map_update_elem(&places, &place, &first, BPF_NOEXIST);
	return 0;
}
