/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The files in which the kernel shows BPF, of the enabled runtime: its types, the fdinfo of its
 * handles, and what is pinned below /sys/fs/bpf.
 */
#ifndef SHIM_FILES_H
#define SHIM_FILES_H

#include <stdbool.h>

/* A path that is the runtime's and not the host's. */
enum shim_path {
	SHIM_PATH_HOST,	  /* none of these, or no runtime is enabled */
	SHIM_PATH_BTF,	  /* /sys/kernel/btf/vmlinux */
	SHIM_PATH_FDINFO, /* /proc/self/fdinfo/N or /proc/PID/fdinfo/N of a handle */
	SHIM_PATH_BPFFS,  /* /sys/fs/bpf, where directories are not needed */
	SHIM_PATH_PIN,	  /* a name below it */
};

enum shim_path shim_path(const char *path);

/* Open @path, which is a @kind other than HOST, to read it. The descriptor; negative errno. */
int shim_open(enum shim_path kind, const char *path, int flags);

/* Whether something is pinned at @path: 0 or -ENOENT. */
int shim_pin_exists(const char *path);

#endif /* SHIM_FILES_H */
