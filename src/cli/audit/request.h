/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the line of `bpftrek audit` asks for. */
#ifndef CLI_AUDIT_REQUEST_H
#define CLI_AUDIT_REQUEST_H

#include "audit/allow.h"
#include "audit/finding.h"

enum { MAX_RULES = 32, FAILED_ON_FINDINGS = 3 };

struct request {
	const struct rule *selected[MAX_RULES + 1];
	unsigned int wanted;
	unsigned long long full_percent, cpu_percent, sample_seconds;
	struct allow_list list;
	const struct allow_list *allow; /* NULL: none was given */
	enum severity fail_on;		/* NR_SEVERITIES: never */
	bool sarif, print_allow;
};

/* Do it on the engine that is started. The exit status. */
int audit_engine(const struct request *request);

#endif /* CLI_AUDIT_REQUEST_H */
