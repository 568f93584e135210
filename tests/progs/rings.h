/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What rings.bpf.c and the program that loads it share. */
#ifndef TESTS_PROGS_RINGS_H
#define TESTS_PROGS_RINGS_H

#define TENANTS 4

/* Results. */
#define REFUSED 1 /* no such tenant */
#define DROPPED 2 /* no room in the ring */
#define LIMITED 3 /* too much */

struct service_request {
	__u32 tenant, key;
	__u64 value;
	__u64 quiet;
};

struct service_event {
	__u32 tenant, key;
	__u64 value;
};

struct service_note {
	__u64 tenant, value;
};

#endif /* TESTS_PROGS_RINGS_H */
