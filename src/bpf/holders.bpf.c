/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every descriptor of every process that is of a program, map, link or BTF. The kernel gives each
 * of these a file of its own inode-less file system, and a name by its kind (kernel/bpf/syscall.c,
 * btf.c; fs/anon_inodes.c): the "anon_inode:bpf-map" of /proc/PID/fd. Names, unlike the addresses
 * of what the files do, need no table of symbols, which a kernel may lack or hide.
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ANON_INODE_FS_MAGIC 0x09041934

/* The name as a number: "bpf-prog", and what is shorter with its NUL. */
#define NAME(a, b, c, d, e, f, g, h)                                                               \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FILE_NAME(...) NAME(__VA_ARGS__)
#else
#define FILE_NAME(...) __builtin_bswap64(NAME(__VA_ARGS__))
#endif

static __always_inline __u32 read_id(__u64 name, void *object, __u32 *kind)
{
	if (name == FILE_NAME('b', 'p', 'f', '-', 'm', 'a', 'p', 0)) {
		*kind = RECORD_MAP;
		return BPF_CORE_READ((struct bpf_map *)object, id);
	}
	if (name == FILE_NAME('b', 'p', 'f', '-', 'p', 'r', 'o', 'g')) {
		*kind = RECORD_PROGRAM;
		return BPF_CORE_READ((struct bpf_prog *)object, aux, id);
	}
	/* As it was made; as it was opened by its id or pin. */
	if (name == FILE_NAME('b', 'p', 'f', '_', 'l', 'i', 'n', 'k') ||
	    name == FILE_NAME('b', 'p', 'f', '-', 'l', 'i', 'n', 'k')) {
		*kind = RECORD_LINK;
		return BPF_CORE_READ((struct bpf_link *)object, id);
	}
	if (name == FILE_NAME('b', 't', 'f', 0, 0, 0, 0, 0)) {
		*kind = RECORD_BTF;
		return BPF_CORE_READ((struct btf *)object, id);
	}
	return 0;
}

SEC("iter/task_file")
int write_holders(struct bpf_iter__task_file *ctx)
{
	struct holder_record r = {};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	char name[16] = {};
	struct dentry *dentry;

	if (!file || !task)
		return 0;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	if (BPF_CORE_READ(dentry, d_sb, s_magic) != ANON_INODE_FS_MAGIC)
		return 0;
	/* Up to the NUL: what is behind stays 0, and a longer name does not end after 8. */
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	if (name[8])
		return 0;
	r.id = read_id(*(__u64 *)name, BPF_CORE_READ(file, private_data), &r.object);
	if (!r.id)
		return 0;
	record_begin(&r.head, sizeof(r), RECORD_HOLDER);
	r.pid = task->tgid;
	BPF_CORE_READ_STR_INTO(&r.comm, task, group_leader, comm);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
