/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Who may open or replace what is pinned: the mode of the file, and of all directories on the way
 * to it.
 *
 * BPF_OBJ_GET needs no capability, only what the file's mode allows (kernel/bpf/inode.c): a map
 * for reading, writing or both, by the flags of the call; a program if the mode allows anything at
 * all; a link for both or not at all. The pin of an iterator's link may be read like a file, which
 * runs the iterator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/bpf.h>

#include "audit/rules.h"
#include "audit/words.h"

/* Bits of a mode as those of "others" are written. */
enum { MAY_READ = 4, MAY_WRITE = 2, MAY_SEARCH = 1 };

/* What a user may do who is not the owner, and is in group @gid if it is not -1. */
static unsigned int allowed(mode_t mode, gid_t of, gid_t gid)
{
	return gid != (gid_t)-1 && of == gid ? mode >> 3 & 7 : mode & 7;
}

/*
 * Whether such a user may search all directories on the way to @path; @open is the first one in
 * which that user may replace what others put there, its length in @path, or 0.
 */
static bool may_reach(const char *path, gid_t gid, size_t *open)
{
	char *dir = strdup(path);
	bool reached = dir && *dir == '/';
	unsigned int may;
	struct stat st;

	*open = 0;
	for (char *slash = dir; reached && slash; slash = strchr(slash + 1, '/')) {
		/* The root is the empty word before the first slash. */
		*slash = '\0';
		reached = !stat(slash == dir ? "/" : dir, &st);
		*slash = '/';
		if (!reached)
			break;
		may = allowed(st.st_mode, st.st_gid, gid);
		if (!*open && may & MAY_SEARCH && may & MAY_WRITE && !(st.st_mode & S_ISVTX))
			*open = slash == dir ? 1 : slash - dir;
		reached = may & MAY_SEARCH;
	}
	free(dir);
	return reached;
}

/* What somebody can do with the pin who has the rights @may to the file. */
static const char *danger_of_map(const struct objects *objects, __u32 id, unsigned int may,
				 enum severity *severity)
{
	const struct map *map = objects_map(objects, id);

	*severity = may & MAY_WRITE ? HIGH : MEDIUM;
	if (!map || !(may & (MAY_READ | MAY_WRITE)))
		return NULL;
	if (may & MAY_WRITE && map->frozen == 1) {
		*severity = MEDIUM;
		return "open the map, which is frozen, for reading";
	}
	if (!(may & MAY_WRITE))
		return "read the map";
	return may & MAY_READ ? "read and write the map" : "write to the map";
}

static const char *danger_of_program(const struct objects *objects, __u32 id, unsigned int may,
				     enum severity *severity)
{
	*severity = MEDIUM;
	return objects_program(objects, id) && may & (MAY_READ | MAY_WRITE)
		       ? "open the program and attach it to sockets of their own"
		       : NULL;
}

static const char *danger_of_link(const struct objects *objects, __u32 id, unsigned int may,
				  enum severity *severity)
{
	const struct link *link = objects_link(objects, id);

	if (!link)
		return NULL;
	*severity = HIGH;
	if (may & MAY_READ && may & MAY_WRITE)
		return "open the link and detach it";
	*severity = MEDIUM;
	if (may & MAY_READ && link->type == BPF_LINK_TYPE_ITER)
		return "run the iterator and read what it prints";
	return NULL;
}

static const char *(*const dangers[NR_OBJECT_KINDS])(const struct objects *, __u32, unsigned int,
						     enum severity *) = {
	[OBJECT_PROGRAM] = danger_of_program,
	[OBJECT_MAP] = danger_of_map,
	[OBJECT_LINK] = danger_of_link,
};

static const char *danger(const struct audit *audit, const struct pin *pin, unsigned int may,
			  enum severity *severity)
{
	return dangers[pin->kind] ? dangers[pin->kind](audit->objects, pin->id, may, severity)
				  : NULL;
}

static void report(struct audit *audit, const struct pin *pin, enum severity severity,
		   const char *who, const char *may, const char *command)
{
	struct finding *f = found(audit, severity, pin->kind, pin->id);
	char *path = escaped(pin->path), *word = shell_word(pin->path), mode[16];

	snprintf(mode, sizeof(mode), "%04o", pin->mode & 07777);
	if (f)
		finding_path(audit, f, pin->path);
	evidence_text(audit, f, "path", pin->path);
	evidence_text(audit, f, "mode", mode);
	evidence_number(audit, f, "uid", pin->uid);
	evidence_number(audit, f, "gid", pin->gid);
	if (!path || !word)
		audit->no_memory = true;
	finding_says(audit, f, "%s may %s: %s has mode %s", who, may, path ? path : "", mode);
	finding_command(audit, f, "%s %s", command, word ? word : "");
	free(word);
	free(path);
}

static void look_for_world_open(struct audit *audit, const struct pin *pin)
{
	enum severity severity;
	const char *may;
	size_t open;

	may = danger(audit, pin, allowed(pin->mode, pin->gid, -1), &severity);
	if (may && may_reach(pin->path, -1, &open))
		report(audit, pin, severity, "any user", may, "chmod o-rw");
}

static void look_for_group_open(struct audit *audit, const struct pin *pin)
{
	unsigned int group, others;
	enum severity severity;
	const char *may;
	char who[32];
	size_t open;

	group = allowed(pin->mode, pin->gid, pin->gid);
	others = allowed(pin->mode, pin->gid, -1);
	may = danger(audit, pin, group, &severity);
	if (!may || !may_reach(pin->path, pin->gid, &open))
		return;
	/* What all may do is the finding of another rule. */
	if ((others & group) == group && may_reach(pin->path, -1, &open))
		return;
	/* Group 0 is root's own, as a rule. */
	severity = !pin->gid ? NOTE : severity == HIGH ? MEDIUM : LOW;
	snprintf(who, sizeof(who), "group %u", pin->gid);
	report(audit, pin, severity, who, may, "chmod g-rw");
}

static void look_for_replaceable(struct audit *audit, const struct pin *pin)
{
	struct finding *f;
	char *dir, *shown, *word;
	size_t open;

	may_reach(pin->path, -1, &open);
	if (!open)
		return;
	f = found(audit, HIGH, pin->kind, pin->id);
	dir = strndup(pin->path, open);
	shown = escaped(dir);
	word = dir ? shell_word(dir) : NULL;
	if (!dir || !shown || !word)
		audit->no_memory = true;
	finding_path(audit, f, pin->path);
	evidence_text(audit, f, "path", pin->path);
	evidence_text(audit, f, "directory", dir);
	finding_says(audit, f,
		     "any user may put something else in its place: all may "
		     "write to %s, and it is not sticky",
		     shown ? shown : "");
	finding_command(audit, f, "chmod o-w %s", word ? word : "");
	free(word);
	free(shown);
	free(dir);
}

const struct rule world_open_pin_rule = {
	.id = "world-open-pin",
	.severity = HIGH,
	.title = "pinned object that any user may open",
	.meaning = "The mode of the pin, and of all directories on the way to it, let any user of "
		   "the host open the object; no capability is needed for that. High: they may "
		   "write to the map or detach the link. Medium: they may read the map, run the "
		   "iterator or use the program.",
	.remedy = "Take the rights away from others (chmod o-rw), or close a directory above.",
	.wanted = WANT_PROGRAMS | WANT_MAPS | WANT_LINKS | WANT_PINS,
	.look_twice = true,
	.look_at_pin = look_for_world_open,
};

const struct rule group_open_pin_rule = {
	.id = "group-open-pin",
	.severity = MEDIUM,
	.title = "pinned object that a group may open",
	.meaning = "The mode of the pin, and of all directories on the way to it, let members of "
		   "its group open the object. A note for group 0, whose members are root's own.",
	.remedy = "If the group is not meant to, take the rights away (chmod g-rw).",
	.wanted = WANT_PROGRAMS | WANT_MAPS | WANT_LINKS | WANT_PINS,
	.look_twice = true,
	.look_at_pin = look_for_group_open,
};

const struct rule replaceable_pin_rule = {
	.id = "replaceable-pin",
	.severity = HIGH,
	.title = "pin that any user may replace",
	.meaning = "Any user may write to a directory on the way to the pin, and the directory is "
		   "not sticky: they may remove the pin or put another object in its place, which "
		   "the service that opens it by this path will take for its own.",
	.remedy = "Take the right to write to the directory away from others.",
	.wanted = WANT_PROGRAMS | WANT_MAPS | WANT_LINKS | WANT_PINS,
	.look_twice = true,
	.look_at_pin = look_for_replaceable,
};
