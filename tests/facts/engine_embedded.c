/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The runtime in this process as an engine, through its public interface alone. */
#include <bpftrek/runtime.h>

#include "engine.h"

#define EMBEDDED_CPUS 2

static struct trek_runtime *runtime;

static const char *start(bool interpret)
{
	struct trek_runtime_opts opts = {
		.size = sizeof(opts),
		.num_possible_cpus = EMBEDDED_CPUS,
		.interpret = interpret,
	};

	return trek_runtime_open(&opts, &runtime) ? "no runtime can be opened" : NULL;
}

static const char *embedded_start(void)
{
	return start(false);
}

static const char *interpreted_start(void)
{
	return start(true);
}

static void embedded_stop(void)
{
	trek_runtime_close(runtime);
	runtime = NULL;
}

static int embedded_bpf(int cmd, void *attr, unsigned int size)
{
	return trek_bpf(runtime, cmd, attr, size);
}

static ssize_t embedded_read(int fd, void *buf, size_t size)
{
	return trek_read(runtime, fd, buf, size);
}

static int embedded_close(int fd)
{
	return trek_close(runtime, fd);
}

static int embedded_dup(int fd)
{
	return trek_dup(runtime, fd);
}

static int embedded_open(const char *path)
{
	return trek_open(runtime, path);
}

static int embedded_unlink(const char *path)
{
	return trek_unlink(runtime, path);
}

static ssize_t embedded_fdinfo(int fd, char *buf, size_t size)
{
	return trek_fdinfo(runtime, fd, buf, size);
}

static int embedded_mmap(int fd, size_t size, int prot, off_t offset, void **addr)
{
	return trek_mmap(runtime, fd, size, prot, offset, addr);
}

static int embedded_poll(int fd)
{
	return trek_poll(runtime, fd, 0);
}

static int embedded_run(int prog, unsigned int *retval)
{
	char packet[64] = {0};

	return trek_prog_run(runtime, prog, packet, sizeof(packet), retval);
}

static unsigned int embedded_cpus(void)
{
	return EMBEDDED_CPUS;
}

static const char *embedded_pin_dir(void)
{
	return "/sys/fs/bpf";
}

#define ENGINE(name_, start_)                                                                      \
	{                                                                                          \
		.name = name_, .is_private = true, .start = start_, .stop = embedded_stop,         \
		.bpf = embedded_bpf, .read = embedded_read, .close = embedded_close,               \
		.dup = embedded_dup, .open = embedded_open, .unlink = embedded_unlink,             \
		.fdinfo = embedded_fdinfo, .mmap = embedded_mmap, .poll = embedded_poll,           \
		.run = embedded_run, .vmlinux = trek_vmlinux_btf, .cpus = embedded_cpus,           \
		.pin_dir = embedded_pin_dir,                                                       \
	}

const struct engine embedded_engine = ENGINE("embedded", embedded_start);
const struct engine interpreted_engine = ENGINE("interpreted", interpreted_start);
