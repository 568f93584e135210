/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* All rules, in the order in which they are told of. */
#include "audit/rules.h"

const struct rule *const rules[] = {
	&unused_program_rule,
	&unused_map_rule,
	&stale_pin_rule,
	&orphan_map_rule,
	&map_without_program_rule,
	&dead_link_rule,
	&unknown_program_rule,
	&shared_map_writer_rule,
	&foreign_descriptor_rule,
	&world_open_pin_rule,
	&group_open_pin_rule,
	&replaceable_pin_rule,
	&map_nearly_full_rule,
	&run_time_dominator_rule,
	&missed_runs_rule,
	&interpreted_program_rule,
	NULL,
};
