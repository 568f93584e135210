/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs that are attached without a link, which nothing lists: the places are asked one by one,
 * those where a program may be that nobody else is seen to use. Not all places can be asked.
 */
#ifndef CLI_AUDIT_ATTACHED_H
#define CLI_AUDIT_ATTACHED_H

#include <stddef.h>

#include <jansson.h>
#include <linux/types.h>

#include "audit/usage.h"

enum place {
	IN_CGROUPS = 1 << 0,	 /* BPF_PROG_ATTACH, below where cgroup2 is mounted */
	AT_DEVICES = 1 << 1,	 /* XDP, of this network namespace */
	IN_TC = 1 << 2,		 /* filters and actions of tc, of this network namespace */
	IN_NETNS = 1 << 3,	 /* the flow dissector of this network namespace */
	IN_SOCKET_MAPS = 1 << 4, /* BPF_PROG_ATTACH to a SOCKMAP or SOCKHASH */
	IN_PERF_EVENTS = 1 << 5, /* PERF_EVENT_IOC_SET_BPF, of the processes in /proc */
	IN_ITERATORS = 1 << 6, /* open ones, which outlive their link and tell nothing: if any is */
};

struct attachments {
	unsigned int looked; /* a set of enum place */
	__u32 *prog_ids;     /* unordered, some twice */
	size_t nr, room;
};

/*
 * Look where programs that are UNSEEN in @usage may be, and say so there. The kernel's: of another
 * engine nothing is known. -ENOMEM; attachments_end() is due in any case.
 */
int attachments_find(struct attachments *attachments, struct usage *usage);
void attachments_end(struct attachments *attachments);

/* One that was found. */
int attachments_add(struct attachments *attachments, __u32 prog_id);

/* Where else a program of @type may be; NULL: nowhere. */
const char *unseen_places(const struct attachments *attachments, __u32 type);

/* The places of a program of @type that were looked at. */
json_t *places_looked_at(const struct attachments *attachments, __u32 type);

/* attached_tc.c: those of tc, in this network namespace. Negative errno. */
int attachments_find_tc(struct attachments *attachments);

#endif /* CLI_AUDIT_ATTACHED_H */
