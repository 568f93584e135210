// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What ps shows: a header, columns, a letter for the state, times as minutes and seconds. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 only_uid = ~0u;
const volatile bool with_cmdline = true;
__u32 shown;

static __always_inline char state_letter(__u8 state)
{
	static const char letters[] = "RSDTtXZPI";
	__u8 bit = 0;

	while (state && bit < sizeof(letters) - 2) {
		bit++;
		state >>= 1;
	}
	return letters[bit < sizeof(letters) - 1 ? bit : 0];
}

static __noinline void show_time(struct seq_file *seq, __u32 ms)
{
	__u32 s = ms / 1000;

	if (s >= 3600)
		BPF_SEQ_PRINTF(seq, "%3u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		BPF_SEQ_PRINTF(seq, "    %2u:%02u", s / 60, s % 60);
}

SEC("iter/bpf_map_elem")
int task_list(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task *task = ctx->value;
	__u32 *pid = ctx->key;
	char comm[17] = {};
	char cmdline[65];
	__u64 kib;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "    PID    PPID   UID S  NI     RSS     TIME COMMAND\n");
	if (!pid || !task) {
		BPF_SEQ_PRINTF(seq, "%u tasks\n", shown);
		return 0;
	}
	if (only_uid != ~0u && task->uid != only_uid)
		return 0;
	shown++;
	kib = (__u64)task->pages << 2;
	__builtin_memcpy(comm, task->comm, sizeof(task->comm));
	BPF_SEQ_PRINTF(seq, "%7u %7u %5u %c %3d ", *pid, task->ppid, task->uid,
		       state_letter(task->state), (__s16)task->nice);
	if (kib >= 1 << 20)
		BPF_SEQ_PRINTF(seq, "%4llu.%lluG ", kib >> 20, (kib >> 10) % 1024 * 10 / 1024);
	else
		BPF_SEQ_PRINTF(seq, "%6lluK ", kib);
	show_time(seq, task->time_ms);
	if (with_cmdline && task->cmdline[0]) {
		if (bpf_probe_read_kernel_str(cmdline, sizeof(cmdline), task->cmdline) > 1)
			BPF_SEQ_PRINTF(seq, " %s\n", cmdline);
		else
			BPF_SEQ_PRINTF(seq, " [%s]?\n", comm);
	} else {
		BPF_SEQ_PRINTF(seq, " [%s]\n", comm);
	}
	return 0;
}
