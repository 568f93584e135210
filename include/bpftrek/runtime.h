/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A BPF subsystem inside this process.
 *
 * A runtime is what the kernel's BPF subsystem is to a machine: maps, programs, links and BTF
 * objects with ids, a verifier, and iterators. Several runtimes may live in one process; they
 * share nothing. No privilege is needed and no kernel BPF is used.
 *
 * The contract is bpf(2). trek_bpf() takes the commands, attributes and sizes that the system
 * call takes and answers with its results; what it calls a file descriptor is a *handle* here: a
 * small number that is valid in one runtime only, made by trek_bpf(), ended by trek_close().
 *
 * Threads: every function may be called from any thread at any time, but for trek_runtime_close(),
 * which must be the last call on a runtime. Signals: see trek_runtime_open(); a signal handler must
 * call none of them. fork(): a child has a copy of every runtime, as it has of all memory, but for
 * the values of BPF_F_MMAPABLE maps, which are shared. It may go on with its copy if no other
 * thread was in a call when it was made. What fork() has to do for that, liburcu's "bp" flavour
 * included, the library does; an application that uses that flavour, too, does not do it again.
 *
 * Errors: every function returns a negative errno value on failure and leaves errno alone.
 */
#ifndef BPFTREK_RUNTIME_H
#define BPFTREK_RUNTIME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TREK_API __attribute__((visibility("default")))

struct trek_runtime;
union bpf_attr; /* <linux/bpf.h> */

/*
 * Where handle numbers come from. A program that has file descriptors of its own beside the
 * runtime's handles (the preloadable shim is one) lends real descriptors, so that a number means
 * one thing in the process. Without it, handles are the smallest free numbers from 3 on.
 */
struct trek_handle_ops {
	/*
	 * A number for a new handle, or negative errno. @descriptor is one for the number to be a
	 * duplicate of: a memfd that holds the memory of a BPF_F_MMAPABLE map, or what can be
	 * waited for of a ring buffer (see trek_poll()); -1 where there is none.
	 */
	int (*reserve)(void *arg, int descriptor);
	/* The number @handle, which reserve() returned, means nothing to the runtime any more. */
	void (*release)(void *arg, int handle);
	/* What a command that was given @handle, which is none, returns: -EBADF or -EINVAL. */
	int (*unknown)(void *arg, int handle);
	void *arg;
};

/* Zero-initialise; a field that is zero has its default. */
struct trek_runtime_opts {
	size_t size;		    /* sizeof(struct trek_runtime_opts), for later growth */
	uint32_t num_possible_cpus; /* virtual CPUs; default: the host's possible CPUs */
	const struct trek_handle_ops *handles; /* copied; arg must outlive the runtime */
	uint32_t interpret; /* 1: run programs in the interpreter, make no native code of them */
	uint32_t perf_map;  /* 1: write where native code is to /tmp/perf-PID.map, for perf(1) */
};

/*
 * Open a runtime. @opts may be NULL. The first runtime of a process installs a SIGSEGV and SIGBUS
 * handler that takes only faults of the runtime's own guarded loads and hands every other one to
 * the handler that was there before. It has to stay: who installs another later hands what is not
 * his to the one he found. The first call in each thread unblocks both signals there; a thread that
 * blocks them again can end by a fault.
 *
 * Returns 0 and the runtime in @rt, which the caller ends with trek_runtime_close().
 * -EINVAL: opts->size or num_possible_cpus is out of range. -ENOMEM. With opts->perf_map also what
 * open(2) says of that file, and -EPERM: it is another user's, or no plain file.
 */
TREK_API int trek_runtime_open(const struct trek_runtime_opts *opts, struct trek_runtime **rt);

/* Close every handle and pin, free every object, wait until nothing of the runtime is in use. */
TREK_API void trek_runtime_close(struct trek_runtime *rt);

/*
 * bpf(2). @attr is @size bytes that the call reads and, for some commands, writes; pointers in it
 * are addresses in this process (-EFAULT where there is no memory). A bad size, flag, count,
 * string, handle or BTF gives the errno that Linux gives.
 *
 * Returns a handle, or 0, or what the command returns; negative errno on failure.
 */
TREK_API int trek_bpf(struct trek_runtime *rt, int cmd, union bpf_attr *attr, uint32_t size);

/*
 * read(2) of an iterator's handle (BPF_ITER_CREATE). Returns the number of bytes, 0 at the end.
 * -EAGAIN: nothing yet, call again. -E2BIG: one object's output does not fit the buffer.
 * -EINVAL: @handle is not readable. -EBADF.
 */
TREK_API ssize_t trek_read(struct trek_runtime *rt, int handle, void *buf, size_t size);

/*
 * trek_read() without a copy: *@chunk is what the iterator's program has written, as many bytes as
 * the call returns, 24 to 32 KiB but for the last one. It is the iterator's own memory, to be read
 * only, and there until the next read of the iterator by any handle of it, or until the last of
 * these is closed; so one thread at a time reads an iterator this way. What a trek_read() left over
 * comes first. Returns and errors are those of trek_read(); with an error *@chunk is as before.
 */
TREK_API ssize_t trek_iter_next_chunk(struct trek_runtime *rt, int handle, const void **chunk);

/* close(2): end @handle and drop its reference. -EBADF. */
TREK_API int trek_close(struct trek_runtime *rt, int handle);

/*
 * dup(2): another handle of the same object. An iterator's two handles share one position.
 * Returns the handle; -EBADF, -EMFILE, or what reserve() said.
 */
TREK_API int trek_dup(struct trek_runtime *rt, int handle);

/*
 * open(2), read-only, of a path that BPF_OBJ_PIN made. A pinned iterator link opens a session, to
 * be read with trek_read(). Returns a handle. -ENOENT; -EIO: what is pinned there is no iterator.
 */
TREK_API int trek_open(struct trek_runtime *rt, const char *path);

/* unlink(2) of a pinned path: drop the reference that the pin holds. -ENOENT; -EISDIR; -ENOTDIR. */
TREK_API int trek_unlink(struct trek_runtime *rt, const char *path);

/*
 * The text that /proc/PID/fdinfo/FD has for @handle after its first lines, NUL-terminated in
 * @buf. Returns the length without the NUL. -ENOSPC: @size is too small. -EBADF.
 */
TREK_API ssize_t trek_fdinfo(struct trek_runtime *rt, int handle, char *buf, size_t size);

/*
 * mmap(2) of a BPF_F_MMAPABLE array: @len bytes from @offset (a multiple of the page size),
 * with PROT_* @prot, always MAP_SHARED. The caller ends it with munmap(2).
 * A ring buffer has the kernel's layout: the page of the consumer's position at 0, which alone may
 * be mapped to be written; that of the producer's position; the data, twice.
 * -EINVAL, -EPERM (frozen or read-only map and PROT_WRITE), -EBADF, -ENOTSUP (not mmapable).
 */
TREK_API int trek_mmap(struct trek_runtime *rt, int handle, size_t len, int prot, off_t offset,
		       void **addr);

/*
 * poll(2) of a ring buffer: wait up to @timeout milliseconds (0: not at all, negative: without end)
 * until it holds a record that its consumer has not taken, committed or not; of a USER_RINGBUF, until
 * there is room for what user space writes. 1: so it is; 0: not yet; -EINTR; -EBADF; -ENOTSUP:
 * @handle is nothing to wait for. A thread may be cancelled here (pthread_cancel(3)) while it waits.
 *
 * As in Linux, what ends a wait is a wakeup: BPF_RB_FORCE_WAKEUP, or a record at which the consumer
 * has arrived, unless it came with BPF_RB_NO_WAKEUP. That of a USER_RINGBUF is a drain that found
 * something, with the same flags.
 *
 * Who lends descriptors for handles (struct trek_handle_ops) may wait with those, in an event loop,
 * and call this before each wait: a wakeup makes the descriptor readable (POLLIN), where it stays
 * until trek_poll() finds nothing. When trek_poll() returns, the descriptor is readable if it
 * returned 1, and not if it returned 0 and no wakeup came since. Of a USER_RINGBUF: it can be written
 * to (POLLOUT).
 */
TREK_API int trek_poll(struct trek_runtime *rt, int handle, int timeout);

/*
 * The types of the runtime: its "vmlinux" BTF, in the raw format of /sys/kernel/btf/vmlinux.
 * The bytes are @size long and live as long as the library is loaded.
 */
TREK_API const void *trek_vmlinux_btf(size_t *size);

/*
 * Run a loaded BPF_PROG_TYPE_SYSCALL or BPF_PROG_TYPE_SOCKET_FILTER program once, with @ctx_size
 * bytes at @ctx as its context (SYSCALL) or packet (SOCKET_FILTER). r0 goes to @retval.
 * -EBADF, -EINVAL: no such program; -ENOTSUP: a program type that is not run this way (an
 * iterator runs when it is read).
 */
TREK_API int trek_prog_run(struct trek_runtime *rt, int prog, void *ctx, size_t ctx_size,
			   uint32_t *retval);

/* The library's version, "MAJOR.MINOR.PATCH". */
TREK_API const char *trek_version(void);

#ifdef __cplusplus
}
#endif

#endif /* BPFTREK_RUNTIME_H */
