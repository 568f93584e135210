/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Who may write into whose maps: programs of others that use a map, and processes of other users
 * that have it open for writing. Whose a map is, is told by the programs that use it: Linux does
 * not say who made it.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "audit/rules.h"
#include "audit/words.h"

/* The next program from @nth on that uses the map, if it is listed. */
static const struct program *next_user(const struct objects *objects, const struct map *map,
				       size_t *nth)
{
	const struct reference *references;
	const struct program *program = NULL;
	size_t nr;

	references = objects_references(objects, OBJECT_MAP, map->id, &nr);
	while (!program && *nth < nr) {
		if (references[*nth].why == USES_MAP)
			program = objects_program(objects, references[*nth].from_id);
		++*nth;
	}
	return program;
}

static bool share_a_process(const struct objects *objects, __u32 a, __u32 b)
{
	const struct holder *of_a, *of_b;
	size_t nr_a, nr_b;

	of_a = objects_holders(objects, OBJECT_PROGRAM, a, &nr_a);
	of_b = objects_holders(objects, OBJECT_PROGRAM, b, &nr_b);
	/* By id, both in the order of pids. */
	while (nr_a && nr_b) {
		if (of_a->pid == of_b->pid)
			return true;
		if (of_a->pid < of_b->pid)
			of_a++, nr_a--;
		else
			of_b++, nr_b--;
	}
	return false;
}

static const struct holder *first_holder(const struct objects *objects, __u32 prog_id)
{
	const struct holder *holders;
	size_t nr;

	holders = objects_holders(objects, OBJECT_PROGRAM, prog_id, &nr);
	return nr ? holders : NULL;
}

static void shared_by(struct audit *audit, const struct map *map, const struct program *a,
		      const struct program *b)
{
	const bool users = a->uid != b->uid;
	const struct holder *of_a = users ? NULL : first_holder(audit->objects, a->id);
	const struct holder *of_b = users ? NULL : first_holder(audit->objects, b->id);
	struct finding *f = found(audit, users ? MEDIUM : NOTE, OBJECT_MAP, map->id);
	char *comm_a = escaped(of_a ? of_a->comm : NULL);
	char *comm_b = escaped(of_b ? of_b->comm : NULL);

	evidence_json(audit, f, "prog_ids",
		      referring_ids(audit->objects, OBJECT_MAP, map->id, OBJECT_PROGRAM));
	if (users) {
		evidence_json(audit, f, "uids",
			      json_pack("[I,I]", (json_int_t)a->uid, (json_int_t)b->uid));
		finding_says(audit, f,
			     "programs of different users may write to it: %u of user %llu, %u of "
			     "user %llu",
			     a->id, (unsigned long long)a->uid, b->id, (unsigned long long)b->uid);
	} else {
		evidence_json(audit, f, "pids", json_pack("[i,i]", of_a->pid, of_b->pid));
		finding_says(audit, f,
			     "programs of different processes may write to it: %u of %s (process "
			     "%u), %u of %s (process %u)",
			     a->id, comm_a ? comm_a : "", of_a->pid, b->id, comm_b ? comm_b : "",
			     of_b->pid);
	}
	finding_command(audit, f, "bpftrek map show id %u", map->id);
	free(comm_b);
	free(comm_a);
}

/* Two programs of the map that have nothing to do with each other; users count more. */
static void look_for_shared_map(struct audit *audit, const struct map *map)
{
	const struct objects *objects = audit->objects;
	const struct program *first, *other, *apart = NULL;
	size_t nth = 0;

	if (map->flags & BPF_F_RDONLY_PROG)
		return;
	first = next_user(objects, map, &nth);
	while (first && (other = next_user(objects, map, &nth))) {
		if (first->uid != other->uid && first->uid != UNKNOWN && other->uid != UNKNOWN) {
			shared_by(audit, map, first, other);
			return;
		}
		if (!apart && first_holder(objects, first->id) &&
		    first_holder(objects, other->id) &&
		    !share_a_process(objects, first->id, other->id))
			apart = other;
	}
	if (apart)
		shared_by(audit, map, first, apart);
}

/* What /proc says behind @key in file @name of a process; -1: nothing. */
static long long read_proc(__u32 pid, const char *name, const char *key, int base)
{
	char path[64], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	at = strstr(text, key);
	if (!at)
		return -1;
	at += strlen(key);
	at += strspn(at, " \t");
	return isdigit((unsigned char)*at) ? strtoll(at, NULL, base) : -1;
}

/* Whether descriptor @name of a process is one of the map that may write. */
static bool may_write_by(__u32 pid, const char *name, __u32 map_id)
{
	char path[32];
	long long flags;

	snprintf(path, sizeof(path), "fdinfo/%.16s", name);
	if (read_proc(pid, path, "\nmap_id:", 10) != map_id)
		return false;
	flags = read_proc(pid, path, "flags:", 8);
	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

static bool may_write(__u32 pid, __u32 map_id)
{
	struct dirent *entry;
	bool found = false;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			found = may_write_by(pid, entry->d_name, map_id);
	if (dir)
		closedir(dir);
	return found;
}

static bool has_program_of(const struct objects *objects, const struct map *map, uint64_t uid)
{
	const struct program *program;
	size_t nth = 0;

	while ((program = next_user(objects, map, &nth)))
		if (program->uid == uid || program->uid == UNKNOWN)
			return true;
	return false;
}

static void look_at_holder(struct audit *audit, const struct map *map,
			   const struct program *program, const struct holder *holder)
{
	const long long uid = read_proc(holder->pid, "status", "\nUid:", 10);
	struct finding *f;
	char *comm;

	/* Root may write to whatever there is. */
	if (uid <= 0 || has_program_of(audit->objects, map, uid) ||
	    !may_write(holder->pid, map->id))
		return;
	f = found(audit, MEDIUM, OBJECT_MAP, map->id);
	comm = escaped(holder->comm);
	evidence_number(audit, f, "pid", holder->pid);
	evidence_text(audit, f, "comm", holder->comm);
	evidence_number(audit, f, "process_uid", uid);
	evidence_number(audit, f, "program_uid", program->uid);
	evidence_json(audit, f, "prog_ids",
		      referring_ids(audit->objects, OBJECT_MAP, map->id, OBJECT_PROGRAM));
	finding_says(audit, f,
		     "%s (process %u) of user %lld may write to it, which program %u of user %llu "
		     "uses",
		     comm ? comm : "", holder->pid, uid, program->id,
		     (unsigned long long)program->uid);
	finding_command(audit, f, "ls -l /proc/%u/fd", holder->pid);
	free(comm);
}

static void look_for_foreign_descriptor(struct audit *audit, const struct map *m)
{
	const struct objects *objects = audit->objects;
	const struct program *program;
	const struct holder *holders;
	size_t nr, nth = 0;

	program = next_user(objects, m, &nth);
	if (!program || m->frozen == 1)
		return;
	holders = objects_holders(objects, OBJECT_MAP, m->id, &nr);
	for (size_t i = 0; i < nr; i++)
		look_at_holder(audit, m, program, &holders[i]);
}

const struct rule shared_map_writer_rule = {
	.id = "shared-map-writer",
	.severity = MEDIUM,
	.title = "map that programs of others may write to",
	.meaning = "Programs that different users loaded use the same map, and programs may write "
		   "to it (it was made without BPF_F_RDONLY_PROG): each may change what the other "
		   "relies on. A note if they are of the same user, but are held by different "
		   "processes.",
	.remedy = "If they do not mean to share it, look for how the second one came to the map: "
		  "a pin, or a descriptor that was passed on.",
	.wanted = WANT_PROGRAMS | WANT_MAPS | WANT_HOLDERS,
	.look_twice = true,
	.look_at_map = look_for_shared_map,
};

const struct rule foreign_descriptor_rule = {
	.id = "foreign-descriptor",
	.severity = MEDIUM,
	.title = "map that a process of another user may write to",
	.meaning = "A process that is not root's has the map open for writing, while no program "
		   "that uses the map was loaded by its user: whoever controls the process "
		   "controls what these programs read. A service that gave up its privileges after "
		   "it loaded its programs looks the same.",
	.remedy = "If the process is no such service, find out who passed the descriptor to it.",
	.wanted = WANT_PROGRAMS | WANT_MAPS | WANT_HOLDERS,
	.look_twice = true,
	.look_at_map = look_for_foreign_descriptor,
};
