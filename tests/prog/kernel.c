/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
#include "kernel.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "insn.h"

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 18

static __u64 user(const void *ptr)
{
	return (uintptr_t)ptr;
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	long ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

int kernel_load(const struct bpf_insn *insns, size_t nr, const int *fds)
{
	union bpf_attr attr = {0};

	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.insns = user(insns);
	attr.insn_cnt = nr;
	attr.license = user("GPL");
	attr.fd_array = user(fds);
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

static char reason[128];

bool kernel_usable(void)
{
	const struct bpf_insn insns[] = {MOV(R0, 1), EXIT};
	unsigned int major = 0, minor = 0;
	struct utsname name;
	int fd;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	if (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR)) {
		snprintf(reason, sizeof(reason), "Linux %u.%u is older than %u.%u", major, minor,
			 KERNEL_MAJOR, KERNEL_MINOR);
		return false;
	}
	fd = kernel_load(insns, 2, NULL);
	if (fd < 0) {
		snprintf(reason, sizeof(reason), "the kernel loads no program: %s", strerror(-fd));
		return false;
	}
	close(fd);
	return true;
}

const char *kernel_unusable_reason(void)
{
	return reason;
}

int kernel_array_set(int fd, const void *value)
{
	union bpf_attr attr = {0};
	__u32 key = 0;

	attr.map_fd = fd;
	attr.key = user(&key);
	attr.value = user(value);
	return sys_bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

int kernel_array_get(int fd, void *value)
{
	union bpf_attr attr = {0};
	__u32 key = 0;

	attr.map_fd = fd;
	attr.key = user(&key);
	attr.value = user(value);
	return sys_bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

int kernel_map_freeze(int fd)
{
	union bpf_attr attr = {0};

	attr.map_fd = fd;
	return sys_bpf(BPF_MAP_FREEZE, &attr);
}

int kernel_array(size_t size, __u32 flags, const void *value)
{
	union bpf_attr attr = {0};
	int fd, err;

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(__u32);
	attr.value_size = size;
	attr.max_entries = 1;
	attr.map_flags = flags;
	fd = sys_bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0 || !value)
		return fd;
	err = kernel_array_set(fd, value);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int kernel_run(int fd, __u32 *ret)
{
	union bpf_attr attr = {0};
	int err;

	attr.test.prog_fd = fd;
	err = sys_bpf(BPF_PROG_TEST_RUN, &attr);
	*ret = attr.test.retval;
	return err;
}

int kernel_tag(int fd, __u8 tag[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {0};
	int err;

	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = user(&info);
	err = sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return err;
}
