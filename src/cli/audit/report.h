/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* An audit that is done, for people and for programs. */
#ifndef CLI_AUDIT_REPORT_H
#define CLI_AUDIT_REPORT_H

#include "audit/finding.h"

struct report {
	const struct audit *audit;
	const struct rule *const *selected; /* NULL after the last */
	char time[32];			    /* when it began: RFC 3339, UTC */
	int exit_status;
};

/* A table. The exit status. */
int print_findings(const struct report *report);

/* What there is to say about a rule, on standard output. The exit status. */
int explain_rule(const struct rule *rule);

/* One JSON document; NULL for want of memory. */
json_t *audit_document(const struct report *report);

/* The findings alone, an array. */
json_t *audit_findings(const struct report *report);

/* SARIF 2.1.0, the OASIS standard for what analyzers find. */
json_t *audit_sarif(const struct report *report);

#endif /* CLI_AUDIT_REPORT_H */
