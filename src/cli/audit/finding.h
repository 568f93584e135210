/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What an audit finds: a rule, the object, the evidence, and what to do. A rule is an entry of the
 * table in rules.c with functions that look at one object and report it with found().
 *
 * What a rule reports owns its texts: they outlive the look at the objects. Whatever runs out of
 * memory is said once, at the end (audit->no_memory); rules need not look.
 */
#ifndef CLI_AUDIT_FINDING_H
#define CLI_AUDIT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "objects/objects.h"

struct allow_list;
struct attachments;
struct audit;
struct elsewhere;
struct usage;

enum severity { NOTE, LOW, MEDIUM, HIGH, NR_SEVERITIES };

extern const char *const severity_names[NR_SEVERITIES]; /* "note", "low", "medium", "high" */

struct rule {
	const char *id;		/* "stale-pin" */
	enum severity severity; /* the highest that it reports */
	const char *title;	/* of a finding, as a noun */
	const char *meaning;	/* what it says about the host */
	const char *remedy;	/* what to do */
	unsigned int wanted;	/* a set of enum objects_wanted, without which it cannot run */
	unsigned int useful;	/* and what its evidence shows, if it can be had */
	/*
	 * Whether what comes or goes at the time may look like a finding: it counts only if a
	 * second look has it, too.
	 */
	bool look_twice;
	/* Why the rule cannot run, beyond what is missing of @wanted; NULL: it can. */
	const char *(*not_checked)(const struct audit *audit);
	/* Whether there is anything to look for, by all objects; NULL: there is. */
	bool (*applies)(const struct objects *objects);
	/* What it makes of one object, or of one place where an object is pinned; NULL: nothing. */
	void (*look_at_program)(struct audit *audit, const struct program *program);
	void (*look_at_map)(struct audit *audit, const struct map *map);
	void (*look_at_link)(struct audit *audit, const struct link *link);
	void (*look_at_pin)(struct audit *audit, const struct pin *pin);
};

/* NULL after the last. */
extern const struct rule *const rules[];

const struct rule *rule_by_id(const char *id);

struct finding {
	const struct rule *rule;
	enum severity severity;
	enum object_kind kind;
	__u32 id;
	char *name;	  /* of the object, shown escaped; "" if it has none */
	char *path;	  /* the pin that it is about, byte by byte; NULL: none */
	char *text;	  /* one sentence, escaped */
	char *command;	  /* what to do: a line for the shell; NULL: nothing that is one line */
	json_t *evidence; /* names and values */
};

/* An audit: what it looks at, what it shall tell from, and what it found. */
struct audit {
	const struct objects *objects;
	bool on_kernel;

	/* What share of its room a map may fill, and of one CPU a program may take, in percent. */
	uint64_t full_percent, cpu_percent;
	/* Programs before the time over which run time is measured, and how long that was. */
	const struct objects *before;
	uint64_t sample_ns;
	uint64_t now_ns; /* since the host started, as load_time */
	const struct allow_list *allow;

	const struct usage *usage; /* for the rules about what nobody uses */
	const struct attachments *attachments;
	const struct elsewhere *elsewhere;

	const struct rule *rule; /* that runs */
	struct finding *findings;
	size_t nr_findings, room;
	bool no_memory;
};

/*
 * Report one for the rule that runs. The pointer is good until the next one is reported; NULL for
 * want of memory, which all functions below take as well.
 */
struct finding *found(struct audit *audit, enum severity severity, enum object_kind kind, __u32 id);

/* The sentence: begins small, ends without a full stop. Names in it are escaped by the caller. */
void finding_says(struct audit *audit, struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_command(struct audit *audit, struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_path(struct audit *audit, struct finding *finding, const char *path);

/* Evidence; UNKNOWN is null in it. */
void evidence_number(struct audit *audit, struct finding *finding, const char *name,
		     uint64_t value);
void evidence_text(struct audit *audit, struct finding *finding, const char *name,
		   const char *value);
void evidence_json(struct audit *audit, struct finding *finding, const char *name, json_t *value);

/* Ids of what refers to an object, holders of it, paths of its pins: as JSON arrays. */
json_t *referring_ids(const struct objects *objects, enum object_kind kind, __u32 id,
		      enum object_kind from);
json_t *pin_paths(const struct objects *objects, enum object_kind kind, __u32 id);

/* Run these rules, NULL after the last, upon audit->objects. */
void audit_run(struct audit *audit, const struct rule *const *selected);

/* Why @rule cannot run; NULL: it can. */
const char *rule_not_checked(const struct audit *audit, const struct rule *rule);

/* The gravest first; among equals by object, then by rule. */
void findings_sort(struct audit *audit);

/* Keep those of rules that look twice only if @again has them, too. */
void findings_confirm(struct audit *audit, struct audit *again);

/* Give up the findings. */
void audit_clear(struct audit *audit);

#endif /* CLI_AUDIT_FINDING_H */
