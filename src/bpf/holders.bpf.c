/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every descriptor of every process that is of a program, map, link or BTF. What a file is, its
 * release() says: the functions are found by name (kernel/bpf/syscall.c, btf.c). The structures
 * that hold them, such as bpf_map_fops, are data, whose names a kernel may lack
 * (CONFIG_KALLSYMS_ALL).
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

extern const void bpf_prog_release __ksym __weak;
extern const void bpf_map_release __ksym __weak;
extern const void bpf_link_release __ksym __weak;
extern const void btf_release __ksym __weak;

SEC("iter/task_file")
int write_holders(struct bpf_iter__task_file *ctx)
{
	struct holder_record r = {};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	const void *release;
	void *object;

	if (!file || !task)
		return 0;
	record_begin(&r.head, sizeof(r), RECORD_HOLDER);
	release = BPF_CORE_READ(file, f_op, release);
	if (!release)
		return 0;
	object = BPF_CORE_READ(file, private_data);
	if (release == &bpf_prog_release) {
		r.object = RECORD_PROGRAM;
		r.id = BPF_CORE_READ((struct bpf_prog *)object, aux, id);
	} else if (release == &bpf_map_release) {
		r.object = RECORD_MAP;
		r.id = BPF_CORE_READ((struct bpf_map *)object, id);
	} else if (release == &bpf_link_release) {
		r.object = RECORD_LINK;
		r.id = BPF_CORE_READ((struct bpf_link *)object, id);
	} else if (release == &btf_release) {
		r.object = RECORD_BTF;
		r.id = BPF_CORE_READ((struct btf *)object, id);
	} else {
		return 0;
	}
	r.pid = task->tgid;
	BPF_CORE_READ_STR_INTO(&r.comm, task, group_leader, comm);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
