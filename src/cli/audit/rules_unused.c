/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What nobody uses. usage.c tells what is dead, what is used, and what somebody has who is not
 * seen; each object is the finding of at most one of these rules:
 *
 *		pinned		not pinned
 *	DEAD	stale-pin	unused-program, orphan-map: other dead objects keep it
 *	UNSEEN	-		unused-program, unused-map: nobody is seen to have it
 *	USED	-		map-without-program: but by processes alone
 *
 * What is pinned and has references that are not seen is no finding: it may well be in use.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "audit/attached.h"
#include "audit/elsewhere.h"
#include "audit/rules.h"
#include "audit/usage.h"
#include "audit/words.h"
#include "objects/link_info.h"

static size_t nr_pins_of(const struct objects *objects, enum object_kind kind, __u32 id)
{
	size_t nr;

	objects_pins(objects, kind, id, &nr);
	return nr;
}

static size_t nr_references_to(const struct objects *objects, enum object_kind kind, __u32 id)
{
	size_t nr;

	objects_references(objects, kind, id, &nr);
	return nr;
}

static void add_program_evidence(struct audit *audit, struct finding *f,
				 const struct program *program)
{
	evidence_text(audit, f, "type", program_type_name(program->type));
	evidence_number(audit, f, "refcnt", program->refcnt);
	evidence_number(audit, f, "references_seen",
			references_seen(audit->objects, OBJECT_PROGRAM, program->id));
	evidence_number(audit, f, "uid", program->uid);
	if (program->load_time != UNKNOWN && audit->now_ns > program->load_time)
		evidence_number(audit, f, "seconds_since_load",
				(audit->now_ns - program->load_time) / 1000000000);
	evidence_number(audit, f, "bytes_memlock", program->bytes_memlock);
}

static void add_map_evidence(struct audit *audit, struct finding *f, const struct map *map)
{
	evidence_text(audit, f, "type", map_type_name(map->type));
	evidence_number(audit, f, "refcnt", map->refcnt);
	evidence_number(audit, f, "references_seen",
			references_seen(audit->objects, OBJECT_MAP, map->id));
	evidence_number(audit, f, "bytes_memlock", map->bytes_memlock);
	evidence_json(audit, f, "prog_ids",
		      referring_ids(audit->objects, OBJECT_MAP, map->id, OBJECT_PROGRAM));
}

/* Dead, and no pin keeps it: it is in a map that is dead. */
static void program_in_dead_map(struct audit *audit, const struct program *program)
{
	struct finding *f = found(audit, LOW, OBJECT_PROGRAM, program->id);

	add_program_evidence(audit, f, program);
	evidence_json(audit, f, "map_ids",
		      referring_ids(audit->objects, OBJECT_PROGRAM, program->id, OBJECT_MAP));
	finding_says(audit, f,
		     "attached to nothing and held by no process; only maps that nobody uses "
		     "refer to it");
	finding_command(audit, f, "bpftrek prog show id %u", program->id);
}

/* "3 references are counted". */
static const char *counted(uint64_t refcnt, char *text, size_t size)
{
	if (refcnt == UNKNOWN)
		return "something has";
	snprintf(text, size, "%llu reference%s counted", (unsigned long long)refcnt,
		 refcnt == 1 ? " is" : "s are");
	return text;
}

/* The sentence about an object that @nobody is seen to have; @where it may be, or NULL. */
static void held_unseen(struct audit *audit, struct finding *f, const char *nobody, uint64_t refcnt,
			const char *where)
{
	const pid_t mounted_by = audit->elsewhere->mounted_by;
	char text[64];

	if (where)
		evidence_text(audit, f, "perhaps", where);
	finding_says(audit, f, "%s is seen to have it, but %s%s%s", nobody,
		     counted(refcnt, text, sizeof(text)), where ? "; " : "", where ? where : "");
	if (where && where == elsewhere_text(audit->elsewhere) && mounted_by)
		finding_command(audit, f, "nsenter --target %d --mount bpftrek audit", mounted_by);
	else if (f)
		finding_command(audit, f, "bpftrek %s show id %u", object_kind_names[f->kind],
				f->id);
}

static void program_held_unseen(struct audit *audit, const struct program *program)
{
	const char *where = unseen_places(audit->attachments, program->type);
	struct finding *f;

	if (!where)
		where = elsewhere_text(audit->elsewhere);
	f = found(audit, where ? NOTE : MEDIUM, OBJECT_PROGRAM, program->id);
	add_program_evidence(audit, f, program);
	evidence_json(audit, f, "looked_at", places_looked_at(audit->attachments, program->type));
	held_unseen(audit, f, "no link, pin, process or map", program->refcnt, where);
}

static void look_for_unused_program(struct audit *audit, const struct program *p)
{
	const struct objects *objects = audit->objects;
	enum use use = program_use(audit->usage, p->id);

	if (use == USED || nr_pins_of(objects, OBJECT_PROGRAM, p->id))
		return;
	if (use == DEAD)
		program_in_dead_map(audit, p);
	else if (!nr_references_to(objects, OBJECT_PROGRAM, p->id))
		program_held_unseen(audit, p);
}

static void look_for_unused_map(struct audit *audit, const struct map *m)
{
	const struct objects *objects = audit->objects;
	const char *where = elsewhere_text(audit->elsewhere);
	struct finding *f;

	if (map_use(audit->usage, m->id) != UNSEEN || nr_pins_of(objects, OBJECT_MAP, m->id) ||
	    nr_references_to(objects, OBJECT_MAP, m->id))
		return;
	/* One that is registered (struct_ops) is held by the kernel itself. */
	if (m->type == BPF_MAP_TYPE_STRUCT_OPS)
		return;
	f = found(audit, where ? NOTE : MEDIUM, OBJECT_MAP, m->id);
	add_map_evidence(audit, f, m);
	held_unseen(audit, f, "no program, pin, process or other map", m->refcnt, where);
}

static void look_for_orphan(struct audit *audit, const struct map *m)
{
	const struct objects *objects = audit->objects;
	struct finding *f;
	size_t nr;

	nr = nr_references_to(objects, OBJECT_MAP, m->id);
	if (map_use(audit->usage, m->id) != DEAD || !nr || nr_pins_of(objects, OBJECT_MAP, m->id))
		return;
	f = found(audit, LOW, OBJECT_MAP, m->id);
	add_map_evidence(audit, f, m);
	evidence_json(audit, f, "map_ids", referring_ids(objects, OBJECT_MAP, m->id, OBJECT_MAP));
	finding_says(audit, f,
		     "only what is itself used by nobody refers to it: %zu "
		     "%s of programs or maps",
		     nr, nr == 1 ? "reference" : "references");
	finding_command(audit, f, "bpftrek map show id %u", m->id);
}

/* rm and all paths of an object. */
static void remove_pins(struct audit *audit, struct finding *f)
{
	const struct pin *pins;
	char *word, *line = NULL, *more;
	size_t nr;

	if (!f)
		return;
	pins = objects_pins(audit->objects, f->kind, f->id, &nr);
	for (size_t i = 0; i < nr; i++) {
		word = shell_word(pins[i].path);
		if (!word || asprintf(&more, "%s %s", line ? line : "rm", word) < 0) {
			free(word);
			audit->no_memory = true;
			break;
		}
		free(word);
		free(line);
		line = more;
	}
	f->command = line;
	finding_path(audit, f, pins->path);
}

static void stale_pin(struct audit *audit, struct finding *f, const char *unused_by)
{
	char *first;

	if (!f)
		return;
	remove_pins(audit, f);
	evidence_json(audit, f, "pinned", pin_paths(audit->objects, f->kind, f->id));
	first = escaped(f->path);
	finding_says(audit, f, "only its pin keeps it: %s; %s", first ? first : "", unused_by);
	free(first);
}

static void look_for_stale_program(struct audit *audit, const struct program *p)
{
	struct finding *f;

	if (program_use(audit->usage, p->id) != DEAD ||
	    !nr_pins_of(audit->objects, OBJECT_PROGRAM, p->id))
		return;
	f = found(audit, MEDIUM, OBJECT_PROGRAM, p->id);
	add_program_evidence(audit, f, p);
	stale_pin(audit, f, "it is attached to nothing and no process has it");
}

static void look_for_stale_map(struct audit *audit, const struct map *m)
{
	struct finding *f;

	if (map_use(audit->usage, m->id) != DEAD || !nr_pins_of(audit->objects, OBJECT_MAP, m->id))
		return;
	f = found(audit, MEDIUM, OBJECT_MAP, m->id);
	add_map_evidence(audit, f, m);
	stale_pin(audit, f, "no program that runs uses it and no process has it");
}

static void look_for_no_program(struct audit *audit, const struct map *m)
{
	const struct objects *objects = audit->objects;
	const struct holder *holders;
	struct finding *f;
	char *comm;
	size_t nr;

	holders = objects_holders(objects, OBJECT_MAP, m->id, &nr);
	if (!nr || nr_references_to(objects, OBJECT_MAP, m->id) ||
	    nr_pins_of(objects, OBJECT_MAP, m->id) || m->type == BPF_MAP_TYPE_STRUCT_OPS)
		return;
	f = found(audit, NOTE, OBJECT_MAP, m->id);
	comm = escaped(holders->comm);
	add_map_evidence(audit, f, m);
	evidence_number(audit, f, "pid", holders->pid);
	evidence_text(audit, f, "comm", holders->comm);
	evidence_number(audit, f, "processes", nr);
	finding_says(audit, f, "no program uses it; only %s (process %u)%s it", comm ? comm : "",
		     holders->pid, nr > 1 ? " and others have" : " has");
	finding_command(audit, f, "ls -l /proc/%u/fd", holders->pid);
	free(comm);
}

/* Whether what the link was attached to is gone, by its kind; the kernel clears it then. */
static bool is_detached(const struct link *link)
{
	const struct link_info *info = link->info;

	if (!info || link->info_size < offsetof(struct link_info, cgroup) + sizeof(info->cgroup))
		return false;
	switch (link->type) {
	case LINK_CGROUP:
		return !info->cgroup.cgroup_id;
	case LINK_XDP:
		return !info->xdp.ifindex;
	case LINK_NETNS:
		return !info->netns.netns_ino;
	case LINK_TCX:
		return !info->tcx.ifindex;
	case LINK_NETKIT:
		return !info->netkit.ifindex;
	default:
		return false;
	}
}

static void look_for_dead_link(struct audit *audit, const struct link *l)
{
	const struct objects *objects = audit->objects;
	const struct pin *pins;
	struct finding *f;
	size_t nr;

	if (!is_detached(l))
		return;
	pins = objects_pins(objects, OBJECT_LINK, l->id, &nr);
	f = found(audit, LOW, OBJECT_LINK, l->id);
	evidence_text(audit, f, "type", link_type_name(l->type));
	evidence_number(audit, f, "prog_id", l->prog_id);
	evidence_json(audit, f, "pinned", pin_paths(objects, OBJECT_LINK, l->id));
	finding_says(audit, f,
		     "what it was attached to is gone: program %u does not run "
		     "by it any more",
		     l->prog_id);
	if (nr && pins)
		remove_pins(audit, f);
	else
		finding_command(audit, f, "bpftrek link show id %u", l->id);
}

const struct rule unused_program_rule = {
	.id = "unused-program",
	.severity = MEDIUM,
	.title = "program that nobody is seen to use",
	.meaning = "No link attaches the program, no pin, process or map has it, and it was not "
		   "found among what cgroups, network devices, socket maps and perf events have "
		   "attached. As it still exists, something has a reference: an attachment that "
		   "cannot be listed (a socket's filter), a file descriptor in flight, or a leak. "
		   "It is a note where its type may be attached unseen.",
	.remedy = "Find out by name, user and time of loading who loaded it; end or restart that "
		  "service, which gives its references up.",
	.wanted = USAGE_WANTS,
	.useful = WANT_MEMORY,
	.look_twice = true,
	.look_at_program = look_for_unused_program,
};

const struct rule unused_map_rule = {
	.id = "unused-map",
	.severity = MEDIUM,
	.title = "map that nobody is seen to use",
	.meaning = "No program uses the map, and no pin, process or other map has it. As it still "
		   "exists, something has a reference that cannot be listed: memory that is "
		   "mapped, a file descriptor in flight or registered in a ring, or a leak. "
		   "It is a note where processes or bpf file systems cannot all be seen from here.",
	.remedy = "Look at what it holds to find out whose it is; end or restart that service.",
	.wanted = USAGE_WANTS,
	.useful = WANT_MEMORY,
	.look_twice = true,
	.look_at_map = look_for_unused_map,
};

const struct rule stale_pin_rule = {
	.id = "stale-pin",
	.severity = MEDIUM,
	.title = "object that only a pin keeps",
	.meaning = "The program is attached to nothing, or the map is used by no program that may "
		   "run; no process has it, and its count of references says that its pins (and "
		   "objects that are as dead) are all there is. It takes memory until the pins are "
		   "removed or the host restarts. What a service pins for its next start looks the "
		   "same while it is stopped.",
	.remedy = "If no service comes back to it, remove the pins.",
	.wanted = USAGE_WANTS,
	.useful = WANT_MEMORY,
	.look_twice = true,
	.look_at_program = look_for_stale_program,
	.look_at_map = look_for_stale_map,
};

const struct rule orphan_map_rule = {
	.id = "orphan-map",
	.severity = LOW,
	.title = "map of programs that nobody uses",
	.meaning = "Programs use the map or a map holds it, but nobody uses any of them: they are "
		   "kept by pins or by each other. The map goes when they go.",
	.remedy = "Remove what keeps them: see the findings stale-pin of these programs and maps.",
	.wanted = USAGE_WANTS,
	.useful = WANT_MEMORY,
	.look_twice = true,
	.look_at_map = look_for_orphan,
};

const struct rule map_without_program_rule = {
	.id = "map-without-program",
	.severity = NOTE,
	.title = "map that only a process has",
	.meaning = "A process has the map open, but no program uses it, no other map holds it and "
		   "it is not pinned. That is so while a service starts, and for maps that serve "
		   "processes alone; otherwise a descriptor was left open.",
	.remedy =
		"If it stays so, ask the maintainers of the process whether it leaks descriptors.",
	.wanted = USAGE_WANTS,
	.useful = WANT_MEMORY,
	.look_twice = true,
	.look_at_map = look_for_no_program,
};

const struct rule dead_link_rule = {
	.id = "dead-link",
	.severity = LOW,
	.title = "link whose target is gone",
	.meaning = "The cgroup, network device or network namespace that the link was attached to "
		   "does not exist any more. The link keeps its program and that one's maps.",
	.remedy = "Remove its pin, or have the process that holds it close it.",
	.wanted = WANT_PROGRAMS | WANT_LINKS | WANT_LINK_INFO,
	.useful = WANT_PINS,
	.look_twice = true,
	.look_at_link = look_for_dead_link,
};
