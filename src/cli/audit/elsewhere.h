/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Who may have objects of the kernel without being seen from here: processes of other pid
 * namespaces, and bpf file systems that are mounted in other mount namespaces alone.
 */
#ifndef CLI_AUDIT_ELSEWHERE_H
#define CLI_AUDIT_ELSEWHERE_H

#include <stdbool.h>
#include <sys/types.h>

struct elsewhere {
	bool processes;	  /* this pid namespace is not the one that has all */
	pid_t mounted_by; /* a process that sees a bpf file system which is not mounted here; or 0
			   */
};

void elsewhere_find(struct elsewhere *elsewhere);

/* "a process of another pid namespace may have it"; NULL: nobody is elsewhere. */
const char *elsewhere_text(const struct elsewhere *elsewhere);

#endif /* CLI_AUDIT_ELSEWHERE_H */
