/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The shim: bpf(2) of this process goes to a runtime instead of the kernel.
 *
 * libbpf, skeletons and other programs of the field call libc: syscall(SYS_bpf, ...) to make maps,
 * programs and links, then close(), dup(), read(), mmap() or epoll_wait() on the descriptors that
 * they got, and open(), fopen() or unlink() on the few files in which the kernel shows BPF. The
 * shim defines these functions itself, in front of libc's. While no runtime is enabled, and for
 * every descriptor and path that is not the runtime's, they do exactly what libc's do.
 *
 * What it does not see:
 *  - bpf(2) made by a system call instruction outside libc, and every call of a statically linked
 *    program;
 *  - what libc does inside: a descriptor of the runtime under posix_spawn() file actions, or
 *    sendfile() and splice() on one; passing one to another process with SCM_RIGHTS;
 *  - paths that are relative to a directory: the files of the runtime are known by absolute path;
 *  - stat() and directory listings of /sys/fs/bpf;
 *  - poll() on a handle that is no ring buffer's, which is never ready (Linux: always, or POLLERR for
 *    a map), nor refused by epoll_ctl();
 *  - io_uring.
 *
 * fork(): the child goes on with a copy of the runtime and of its descriptors, as they were; what
 * it does is not seen by the parent (memory of a map that is mapped is shared by both). Only the
 * thread that forked lives in the child, so it may use the runtime only if no other thread was in
 * a bpf(2) call at that moment; fork() followed by exec is always safe. exec ends all.
 * A child that is killed while its program writes a record leaves the ring, which is shared, with a
 * record that nobody ends.
 * A child of vfork(), or of a clone that is made by system call, has no handles: in it they are
 * descriptors that it can close and nothing else.
 *
 * close_range() and closefrom() end the handles in their range one after the other, not at once.
 * dup2() onto one of the runtime's descriptors ends that one first: not atomically.
 *
 * The same source is a part of the command, which enables it when it needs it, and a library to
 * preload (preload.c), which enables it before main().
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <bpftrek/runtime.h>

/* Descriptors of this process for trek_runtime_opts.handles of the runtime that will be enabled. */
extern const struct trek_handle_ops shim_handle_ops;

/*
 * The options of that runtime: those handles, and what the environment asks for. BPFTREK_PERF_MAP=1:
 * say in /tmp/perf-PID.map where native code is, for perf(1).
 */
struct trek_runtime_opts shim_runtime_opts(void);

/*
 * Send bpf(2) of this process to @rt, which was opened with shim_handle_ops, until shim_disable().
 * -EBUSY: another one is enabled.
 */
int shim_enable(struct trek_runtime *rt);

/* Back to the kernel. No call to the runtime may be under way in another thread. */
void shim_disable(void);

#endif /* SHIM_SHIM_H */
