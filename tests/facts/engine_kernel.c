/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The Linux kernel as an engine. What is made here goes with the process: descriptors are real, and
 * pins live in a bpffs of its own, in a mount namespace of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "engine.h"

#define PINS "/tmp/bpftrek-facts-XXXXXX"
static char pins[sizeof(PINS)];
static bool pins_made, pins_mounted;
static char *types;
static size_t types_size;

static int kernel_bpf(int cmd, void *attr, unsigned int size)
{
	long ret = syscall(__NR_bpf, cmd, attr, size);

	return ret < 0 ? -errno : (int)ret;
}

static const char *read_types(void)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return "the kernel has no BTF (/sys/kernel/btf/vmlinux)";
	if (!fstat(fd, &st) && st.st_size > 0) {
		types_size = (size_t)st.st_size;
		types = malloc(types_size);
	}
	/* sysfs gives a page at a time. */
	while (types && len < types_size && (n = read(fd, types + len, types_size - len)) > 0)
		len += (size_t)n;
	close(fd);
	return types && len == types_size ? NULL : "the kernel's BTF cannot be read";
}

static const char *kernel_start(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	int fd = kernel_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));

	if (fd == -ENOSYS)
		return "the kernel has no bpf(2)";
	if (fd < 0)
		return "bpf(2) of the kernel is not permitted";
	close(fd);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return "no mount namespace for a bpffs may be made";
	strcpy(pins, PINS);
	pins_made = mkdtemp(pins) != NULL;
	if (!pins_made)
		return "no directory for a bpffs can be made";
	pins_mounted = !mount("bpf", pins, "bpf", 0, NULL);
	if (!pins_mounted)
		return "no bpffs can be mounted";
	return read_types();
}

static void kernel_stop(void)
{
	if (pins_mounted)
		umount2(pins, MNT_DETACH);
	if (pins_made)
		rmdir(pins);
	free(types);
	types = NULL;
}

static ssize_t kernel_read(int fd, void *buf, size_t size)
{
	ssize_t n = read(fd, buf, size);

	return n < 0 ? -errno : n;
}

static int kernel_close(int fd)
{
	return close(fd) ? -errno : 0;
}

static int kernel_dup(int fd)
{
	int ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return ret < 0 ? -errno : ret;
}

static int kernel_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int kernel_unlink(const char *path)
{
	return unlink(path) ? -errno : 0;
}

/* Lines that every file has, whatever it is. */
static bool of_every_file(const char *line)
{
	static const char *const names[] = {"pos:", "flags:", "mnt_id:", "ino:"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(line, names[i], strlen(names[i])))
			return true;
	return false;
}

static ssize_t kernel_fdinfo(int fd, char *buf, size_t size)
{
	char path[64], line[512];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return -EBADF;
	buf[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (of_every_file(line))
			continue;
		if (len + strlen(line) >= size) {
			fclose(file);
			return -ENOSPC;
		}
		strcpy(buf + len, line);
		len += strlen(line);
	}
	fclose(file);
	return (ssize_t)len;
}

static int kernel_mmap(int fd, size_t size, int prot, off_t offset, void **addr)
{
	*addr = mmap(NULL, size, prot, MAP_SHARED, fd, offset);
	return *addr == MAP_FAILED ? -errno : 0;
}

static int kernel_poll(int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
	int ret = poll(&one, 1, 0);

	return ret < 0 ? -errno : ret;
}

static off_t kernel_lseek(int fd, off_t offset, int whence)
{
	off_t ret = lseek(fd, offset, whence);

	return ret < 0 ? -errno : ret;
}

static ssize_t kernel_write(int fd, const void *buf, size_t size)
{
	ssize_t ret = write(fd, buf, size);

	return ret < 0 ? -errno : ret;
}

static int kernel_run(int prog, unsigned int *retval)
{
	char packet[64] = {0};
	union bpf_attr attr = {0};
	int err;

	attr.test.prog_fd = (__u32)prog;
	attr.test.data_in = (__u64)(uintptr_t)packet;
	attr.test.data_size_in = sizeof(packet);
	err = kernel_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	*retval = attr.test.retval;
	return err;
}

static const void *kernel_vmlinux(size_t *size)
{
	*size = types_size;
	return types;
}

static unsigned int kernel_cpus(void)
{
	return (unsigned int)libbpf_num_possible_cpus();
}

static const char *kernel_pin_dir(void)
{
	return pins;
}

const struct engine kernel_engine = {
	.name = "kernel",
	.start = kernel_start,
	.stop = kernel_stop,
	.bpf = kernel_bpf,
	.read = kernel_read,
	.close = kernel_close,
	.dup = kernel_dup,
	.open = kernel_open,
	.unlink = kernel_unlink,
	.fdinfo = kernel_fdinfo,
	.mmap = kernel_mmap,
	.poll = kernel_poll,
	.lseek = kernel_lseek,
	.write = kernel_write,
	.run = kernel_run,
	.vmlinux = kernel_vmlinux,
	.cpus = kernel_cpus,
	.pin_dir = kernel_pin_dir,
};
