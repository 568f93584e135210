/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Choosing the engine.
 *
 * Whether this user may use the kernel is asked of the kernel itself: capabilities tell nothing in
 * a user namespace, under seccomp or lockdown. It is asked to load an iterator program for no
 * target. Permission is what it checks first (EPERM), and whether there is memory that may be
 * locked and what security modules say; that there is no such target comes after.
 *
 * Who only wants to look asks with a number that no type has, which the kernel minds (EINVAL) as
 * soon as it has checked permission: a tenth of a millisecond sooner.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpftrek/runtime.h>

#include "cli.h"
#include "engine.h"
#include "shim.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

static struct trek_runtime *runtime;

const char *engine_name(void)
{
	return runtime ? "embedded" : "kernel";
}

bool engine_is_kernel(void)
{
	return !runtime;
}

enum purpose { TO_RUN, TO_LOOK };

/* 0 if the kernel takes iterator programs from this user, else errno. */
static int try_kernel(enum purpose purpose)
{
	static const struct bpf_insn return_0[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;
	int fd;

	if (access(KERNEL_TYPES, R_OK))
		return errno;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_TRACING;
	attr.expected_attach_type = BPF_TRACE_ITER;
	attr.attach_btf_id = purpose == TO_LOOK ? UINT32_MAX : 0;
	attr.insns = (uintptr_t)return_0;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t) "GPL";
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	return errno == EINVAL ? 0 : errno;
}

/*
 * Before Linux 5.11 all objects of a user count as its locked memory, of which little is allowed:
 * what others have loaded leaves no room for one more. libbpf raises the limit, too, but not before
 * it is called.
 */
static int ask_kernel(enum purpose purpose)
{
	static const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	int err = try_kernel(purpose);

	if (err == EPERM && !setrlimit(RLIMIT_MEMLOCK, &unlimited))
		err = try_kernel(purpose);
	return err;
}

static int start_embedded(void)
{
	const struct trek_runtime_opts opts = shim_runtime_opts();
	int err;

	err = trek_runtime_open(&opts, &runtime);
	if (err && opts.perf_map && err != -ENOMEM)
		return fail("/tmp/perf-%d.map: %s; unset $BPFTREK_PERF_MAP", getpid(),
			    strerror(-err));
	if (err)
		return fail("embedded engine: %s; free some memory and run it again",
			    strerror(-err));
	shim_enable(runtime);
	return 0;
}

static int start_kernel(void)
{
	int err = ask_kernel(TO_RUN);

	if (err == EPERM || err == EACCES)
		return engine_refused(DEED_RUN, "kernel engine");
	if (err == ENOENT)
		return fail("kernel engine: " KERNEL_TYPES ": %s, and without types programs do "
			    "not run; mount sysfs, or take a kernel that was built with "
			    "CONFIG_DEBUG_INFO_BTF, or --on embedded",
			    strerror(err));
	if (err == ENOSYS)
		return fail("kernel engine: there is no bpf(2) (CONFIG_BPF_SYSCALL is off, or "
			    "seccomp hides it); use --on embedded");
	if (err)
		return fail(
			"kernel engine: this kernel has no BPF iterators (%s); use --on embedded",
			strerror(err));
	return 0;
}

int engine_asked(const char **name)
{
	const char *on = options.on, *origin = "--on";

	if (!on) {
		on = getenv("BPFTREK_ON");
		origin = "$BPFTREK_ON";
	}
	*name = on && *on ? on : NULL;
	if (!*name || !strcmp(on, "kernel") || !strcmp(on, "embedded"))
		return 0;
	return usage_error("%s: unknown engine '%s', it is kernel or embedded", origin, on);
}

int engine_start_on(const char *name)
{
	return !strcmp(name, "kernel") ? start_kernel() : start_embedded();
}

int engine_start(void)
{
	const char *name;
	int status = engine_asked(&name);

	if (status || name)
		return status ? status : engine_start_on(name);
	return ask_kernel(TO_RUN) ? start_embedded() : 0;
}

/* Whether the kernel tells this user of its objects, one by one. */
static bool may_list(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	return !syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr)) || errno == ENOENT;
}

static int start_to_look(bool brings, bool by_pin)
{
	const char *name;
	int status = engine_asked(&name), err;

	if (status || (name && strcmp(name, "kernel")))
		return status ? status : start_embedded();
	if (!name && brings)
		return engine_start();
	err = ask_kernel(TO_LOOK);
	if (err == EPERM || err == EACCES)
		return by_pin || may_list() ? 0 : start_kernel();
	return err == ENOSYS ? start_kernel() : 0;
}

int engine_start_to_look(bool brings)
{
	return start_to_look(brings, false);
}

int engine_start_to_open(bool brings)
{
	return start_to_look(brings, true);
}

bool engine_tells(void)
{
	return runtime || !ask_kernel(TO_LOOK) || may_list();
}

void engine_stop(void)
{
	if (!runtime)
		return;
	shim_disable();
	trek_runtime_close(runtime);
	runtime = NULL;
}
