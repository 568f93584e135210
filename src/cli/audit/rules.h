/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The rules, each in the file of its theme. */
#ifndef CLI_AUDIT_RULES_H
#define CLI_AUDIT_RULES_H

#include "audit/finding.h"

/* rules_unused.c */
extern const struct rule unused_program_rule, unused_map_rule, stale_pin_rule, orphan_map_rule,
	map_without_program_rule, dead_link_rule;

/* rules_pins.c */
extern const struct rule world_open_pin_rule, group_open_pin_rule, replaceable_pin_rule;

/* rules_writers.c */
extern const struct rule shared_map_writer_rule, foreign_descriptor_rule;

/* rules_load.c */
extern const struct rule map_nearly_full_rule, run_time_dominator_rule, missed_runs_rule,
	interpreted_program_rule;

/* rules_origin.c */
extern const struct rule unknown_program_rule;

#endif /* CLI_AUDIT_RULES_H */
