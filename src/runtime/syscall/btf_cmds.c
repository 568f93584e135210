/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* BPF_BTF_LOAD, and BTF objects as files (kernel/bpf/btf.c, btf_new_fd and btf_get_info_by_fd). */
#include "btf/btf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "iter/seq_file.h"
#include "syscall/command.h"

static struct btf *btf_parse_user(struct bpf_call *call, struct bpf_verifier_log *log)
{
	void *data = memdup_user(call->attr.btf, call->attr.btf_size);
	struct btf *btf;

	if (IS_ERR(data))
		return data;
	btf = btf_parse(call->rt, data, call->attr.btf_size, NULL, log);
	free(data);
	return btf;
}

int btf_load(struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	struct bpf_verifier_log log;
	struct btf *btf;
	u32 log_true_size, flags;
	int err;

	memcpy(&flags, call->attr_bytes + BTF_FLAGS_OFFSET, sizeof(flags));
	if (flags)
		return -EINVAL;
	if (attr->btf_size > BTF_MAX_SIZE)
		return -E2BIG;
	err = bpf_vlog_init(&log, attr->btf_log_level, attr->btf_log_buf, attr->btf_log_size);
	if (err)
		return err;
	btf = btf_parse_user(call, &log);
	/* What is wrong with the log hides what is wrong with the types. */
	err = bpf_vlog_finalize(&log, &log_true_size);
	if (call->size >= BTF_LOG_TRUE_SIZE_OFFSET + sizeof(log_true_size) &&
	    bpf_call_write(call, BTF_LOG_TRUE_SIZE_OFFSET, &log_true_size, sizeof(log_true_size)))
		err = -EFAULT;
	if (IS_ERR(btf))
		return err ? err : PTR_ERR(btf);
	if (!err)
		err = btf_alloc_id(btf);
	if (err) {
		btf_put(btf);
		return err;
	}
	return fd_install(call->rt, &btf_fops, btf, FMODE_READ | FMODE_WRITE);
}

const void *trek_vmlinux_btf(size_t *size)
{
	*size = trek_vmlinux_btf_len;
	return trek_vmlinux_btf_data;
}

static void btf_file_take(void *object)
{
	btf_get(object);
}

static void btf_file_release(void *object)
{
	btf_put(object);
}

static void btf_show_fdinfo(const void *object, struct seq_file *seq)
{
	seq_printf(seq, "btf_id:\t%u\n", ((const struct btf *)object)->id);
}

/* What does not fit of the name is cut, with a NUL, and said so at the end. */
static int btf_copy_name(const struct btf *btf, u64 uname, u32 size)
{
	u32 len = strlen(btf->name) + 1;

	if (size >= len)
		return copy_to_user(uname, btf->name, len);
	if (copy_to_user(uname, btf->name, size - 1) || copy_to_user(uname + size - 1, "", 1))
		return -EFAULT;
	return -ENOSPC;
}

static int btf_get_info(struct bpf_call *call, void *object)
{
	struct btf *btf = object;
	struct bpf_btf_info info;
	int err, name_err = 0;
	u32 len;

	err = info_begin(call, &info, sizeof(info), &len);
	if (err)
		return err;
	if (copy_to_user(info.btf, btf->data, min_of(info.btf_size, btf->data_size)))
		return -EFAULT;
	if (!info.name != !info.name_len)
		return -EINVAL;
	if (info.name)
		name_err = btf_copy_name(btf, info.name, info.name_len);
	if (name_err == -EFAULT)
		return name_err;
	info.id = btf->id;
	info.btf_size = btf->data_size;
	info.kernel_btf = btf->kernel_btf;
	info.name_len = strlen(btf->name);
	err = info_end(call, &info, len);
	return err ? err : name_err;
}

const struct file_operations btf_fops = {
	.name = "btf",
	.get = btf_file_take,
	.release = btf_file_release,
	.get_info = btf_get_info,
	.show_fdinfo = btf_show_fdinfo,
};
