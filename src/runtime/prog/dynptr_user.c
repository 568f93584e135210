/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Memory that may not be there, copied into a dynptr (kernel: __bpf_dynptr_copy and
 * __bpf_dynptr_copy_str in kernel/trace/bpf_trace.c). Programs and what they look at live in one
 * process: its memory is the user's as well as the kernel's, so a few names stand for one thing.
 */
#include "base/nofault.h"
#include "prog/dynptr.h"

/* At once where the dynptr can be written to; else what is wrong with that, or with @src. */
static int copy_data(struct bpf_dynptr *p, u32 off, u32 size, const void *src)
{
	const struct bpf_dynptr_kern *ptr = (struct bpf_dynptr_kern *)p;
	void *dst = bpf_dynptr_slice_rdwr(p, off, NULL, size);
	u8 buf[256];
	u32 done, n;
	int err;

	if (dst)
		return copy_from_nofault(dst, src, size);
	if (bpf_dynptr_check_off_len(ptr, off, size))
		return -E2BIG;
	for (done = 0; done < size; done += n) {
		n = min_of(size - done, (u32)sizeof(buf));
		err = copy_from_nofault(buf, (const u8 *)src + done, n);
		if (!err)
			err = bpf_dynptr_write(ptr, off + done, buf, n, 0);
		if (err)
			return err;
	}
	return 0;
}

/* The bytes copied, with the NUL that there always is; 0: there is no room. */
static int copy_str(struct bpf_dynptr *p, u32 off, u32 size, const void *src)
{
	const struct bpf_dynptr_kern *ptr = (struct bpf_dynptr_kern *)p;
	char *dst = bpf_dynptr_slice_rdwr(p, off, NULL, size);
	char buf[256];
	u32 done, n;
	long len;
	int err;

	if (dst)
		return size ? (int)strncpy_from_nofault(dst, src, size) : 0;
	if (bpf_dynptr_check_off_len(ptr, off, size))
		return -E2BIG;
	/* The NUL of one piece is where the next one begins. */
	for (done = 0; done < size; done += n - 1) {
		n = min_of(size - done, (u32)sizeof(buf));
		len = strncpy_from_nofault(buf, (const char *)src + done, n);
		err = len < 0 ? (int)len : bpf_dynptr_write(ptr, off + done, buf, len, 0);
		if (err)
			return err;
		if (len < n || n == 1)
			return done + len;
	}
	return done;
}

#define COPY_KFUNC(name, copy)                                                                     \
	int name(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign)          \
	{                                                                                          \
		return copy(dptr, off, size, unsafe_ptr__ign);                                     \
	}
COPY_KFUNC(bpf_probe_read_user_dynptr, copy_data)
COPY_KFUNC(bpf_probe_read_kernel_dynptr, copy_data)
COPY_KFUNC(bpf_copy_from_user_dynptr, copy_data)
COPY_KFUNC(bpf_probe_read_user_str_dynptr, copy_str)
COPY_KFUNC(bpf_probe_read_kernel_str_dynptr, copy_str)
COPY_KFUNC(bpf_copy_from_user_str_dynptr, copy_str)

static const struct btf_kfunc user_kfuncs[] = {
	BTF_KFUNC(bpf_probe_read_user_dynptr, 0),
	BTF_KFUNC(bpf_probe_read_kernel_dynptr, 0),
	BTF_KFUNC(bpf_probe_read_user_str_dynptr, 0),
	BTF_KFUNC(bpf_probe_read_kernel_str_dynptr, 0),
	BTF_KFUNC(bpf_copy_from_user_dynptr, KF_SLEEPABLE),
	BTF_KFUNC(bpf_copy_from_user_str_dynptr, KF_SLEEPABLE),
};
const struct btf_kfunc_id_set bpf_dynptr_user_kfunc_set = {user_kfuncs, ARRAY_SIZE(user_kfuncs)};
