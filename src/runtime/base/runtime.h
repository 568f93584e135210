/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One BPF subsystem: what the kernel keeps in globals. Each member belongs to the room that is
 * named beside it; lower floors see only the names of what upper floors put here.
 *
 * It stays for as long as there are objects that point to it: each is counted before it does, and no
 * more when it is freed, which is a grace period after its last reference went. With one that never
 * is, it stays for good.
 */
#ifndef BASE_RUNTIME_H
#define BASE_RUNTIME_H

#include "base/idr.h"
#include "base/types.h"

struct vcpus;
struct btf;
struct fdtable;
struct pinfs;

struct trek_runtime {
	u32 num_possible_cpus;
	bool interpret;			/* no native code */
	bool perf_map;			/* say where native code is: jit/perf_map.h */
	struct vcpus *cpus;		/* base/vcpu.h */
	atomic64_t objects;		/* maps, programs, BTFs with an id: not freed yet */
	struct idr map_idr;		/* map/ */
	struct idr prog_idr;		/* prog/ */
	struct idr btf_idr;		/* btf/ */
	struct idr link_idr;		/* iter/ */
	struct btf *vmlinux;		/* btf/: the built-in types, a reference; id 1 */
	atomic64_t session_id;		/* iter/ */
	pthread_mutex_t link_lock;	/* iter/: BPF_LINK_UPDATE */
	struct fdtable *files;		/* syscall/: handles */
	pthread_mutex_t used_maps_lock; /* syscall/: which maps a program has */
	struct pinfs *pins;		/* syscall/: pinned paths */
};

#endif /* BASE_RUNTIME_H */
