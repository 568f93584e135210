/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Programs that are not in the list of those that are known. */
#include "audit/allow.h"
#include "audit/rules.h"

static const char *no_list(const struct audit *audit)
{
	return audit->allow ? NULL
			    : "there is no list of known programs; give one with --allow "
			      "FILE, as --print-allow writes it";
}

static void look_for_unknown(struct audit *audit, const struct program *p)
{
	struct finding *f;
	char tag[TAG_TEXT];

	if (allow_list_has(audit->allow, p->tag))
		return;
	tag_text(p->tag, tag);
	f = found(audit, HIGH, OBJECT_PROGRAM, p->id);
	evidence_text(audit, f, "tag", tag);
	evidence_text(audit, f, "type", program_type_name(p->type));
	evidence_number(audit, f, "uid", p->uid);
	evidence_text(audit, f, "attach_to", p->attach_to);
	evidence_json(audit, f, "pinned", pin_paths(audit->objects, OBJECT_PROGRAM, p->id));
	finding_says(audit, f, "its tag %s is not in the list of known programs", tag);
	finding_command(audit, f, "bpftrek prog show id %u", p->id);
}

const struct rule unknown_program_rule = {
	.id = "unknown-program",
	.severity = HIGH,
	.title = "program that is not known",
	.meaning = "The program's tag, a digest of its instructions, is not in the list given with "
		   "--allow. The same source compiled by another compiler, or loaded by another "
		   "libbpf on another kernel, has another tag.",
	.remedy =
		"If it belongs to the host, add its tag to the list (--print-allow); if not, find "
		"out who loaded it: user, time, processes, pins.",
	.wanted = WANT_PROGRAMS,
	.useful = WANT_PINS,
	.look_twice = true,
	.not_checked = no_list,
	.look_at_program = look_for_unknown,
};
