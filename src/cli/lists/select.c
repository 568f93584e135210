/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which objects are shown: see chosen.h. A user's programs are those that it loaded; its maps,
 * links and BTFs are those that its programs use, or its processes hold.
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chosen.h"
#include "commands.h"
#include "engine.h"

static bool is_number(const char *text)
{
	char *end;

	errno = 0;
	return isdigit((unsigned char)*text) && strtoul(text, &end, 10) <= UINT32_MAX && !*end &&
	       !errno;
}

static int read_users(struct selection *selection)
{
	size_t count = option_count(selection->arguments, "user");
	const struct passwd *entry;
	const char *text;
	__u32 uid;

	selection->users = calloc(count + 1, sizeof(*selection->users));
	if (!selection->users)
		return fail("--user: out of memory; free some and run it again");
	for (size_t i = 0; i < count; i++) {
		text = option_nth(selection->arguments, "user", i)->text;
		entry = getpwnam(text);
		if (entry)
			uid = entry->pw_uid;
		else if (is_number(text))
			uid = strtoul(text, NULL, 10);
		else
			return usage_error("--user: no user is called '%s'", text);
		selection->users[selection->nr_users++] = uid;
	}
	return 0;
}

int selection_read(struct selection *selection, const struct kind *kind,
		   const struct arguments *arguments)
{
	const struct word *word = operand(arguments, 0);
	int status = 0;

	*selection = (struct selection){.kind = kind, .arguments = arguments};
	if (word)
		status = read_object_name(kind->name, kind->kind, word, &selection->named);
	return status ? status : read_users(selection);
}

void selection_end(struct selection *selection)
{
	free(selection->users);
}

int selection_resolve(struct selection *selection)
{
	struct object_name *named = &selection->named;

	return named->text && named->by == BY_PATH ? find_pinned(named, &named->id) : 0;
}

unsigned int selection_wants(const struct selection *selection)
{
	unsigned int wants = 0;

	if (option_count(selection->arguments, "name") && selection->kind->kind == OBJECT_LINK)
		wants |= WANT_PROGRAMS;
	if (selection->nr_users && selection->kind->kind != OBJECT_PROGRAM)
		wants |= WANT_PROGRAMS | WANT_HOLDERS;
	return wants;
}

/* A link is called as its program. */
static const char *name_of(const struct selection *selection, const struct view *view,
			   const void *object)
{
	const struct program *program;

	switch (selection->kind->kind) {
	case OBJECT_PROGRAM:
		return ((const struct program *)object)->name;
	case OBJECT_MAP:
		return ((const struct map *)object)->name;
	case OBJECT_BTF:
		return ((const struct btf_object *)object)->name;
	default:
		program = objects_program(view->objects, ((const struct link *)object)->prog_id);
		return program ? program->name : NULL;
	}
}

static __u32 type_of(const struct selection *selection, const void *object)
{
	switch (selection->kind->kind) {
	case OBJECT_PROGRAM:
		return ((const struct program *)object)->type;
	case OBJECT_MAP:
		return ((const struct map *)object)->type;
	default:
		return ((const struct link *)object)->type;
	}
}

static bool has_tag(const struct program *program, const char *tag)
{
	char text[2 * sizeof(program->tag) + 1];

	for (size_t i = 0; i < sizeof(program->tag); i++)
		sprintf(text + 2 * i, "%02x", program->tag[i]);
	return !strcasecmp(text, tag);
}

static bool is_named(const struct selection *selection, const struct view *view, const void *object)
{
	const char *name;

	if (!selection->named.text)
		return true;
	switch (selection->named.by) {
	case BY_ID:
	case BY_PATH:
		return object_id(object) == selection->named.id;
	case BY_TAG:
		return has_tag(object, selection->named.text);
	default:
		name = name_of(selection, view, object);
		return name && is_called(name, selection->named.text);
	}
}

/* Whether @text is one of the words, with commas between them, of a list. */
static bool is_in_list(const char *list, const char *text)
{
	size_t len = strlen(text);

	for (;; list += strcspn(list, ",") + 1) {
		if (!strncmp(list, text, len) && (!list[len] || list[len] == ','))
			return true;
		if (!list[strcspn(list, ",")])
			return false;
	}
}

static bool has_type(const struct selection *selection, const void *object)
{
	const struct word *given;
	const char *type;
	size_t n = 0;

	if (!selection->kind->type_name || !option_count(selection->arguments, "type"))
		return true;
	type = selection->kind->type_name(type_of(selection, object));
	while ((given = option_nth(selection->arguments, "type", n++)))
		if (is_in_list(given->text, type))
			return true;
	return false;
}

static bool has_name(const struct selection *selection, const struct view *view, const void *object)
{
	const struct word *glob;
	const char *name;
	size_t n = 0;

	if (!option_count(selection->arguments, "name"))
		return true;
	name = name_of(selection, view, object);
	while ((glob = option_nth(selection->arguments, "name", n++)))
		if (!fnmatch(glob->text, name ? name : "", 0))
			return true;
	return false;
}

static bool is_user(const struct selection *selection, __u64 uid)
{
	for (size_t i = 0; i < selection->nr_users; i++)
		if (selection->users[i] == uid)
			return true;
	return false;
}

static bool is_users_program(const struct selection *selection, const struct view *view, __u32 id)
{
	const struct program *program = objects_program(view->objects, id);

	return program && is_user(selection, program->uid);
}

static bool is_users_process(const struct selection *selection, __u32 pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return !stat(path, &st) && is_user(selection, st.st_uid);
}

static bool has_user(const struct selection *selection, const struct view *view, const void *object)
{
	enum object_kind kind = selection->kind->kind;
	const struct reference *reference;
	const struct holder *holder;
	size_t nr;

	if (!option_count(selection->arguments, "user"))
		return true;
	if (kind == OBJECT_PROGRAM)
		return is_user(selection, ((const struct program *)object)->uid);
	if (kind == OBJECT_LINK &&
	    is_users_program(selection, view, ((const struct link *)object)->prog_id))
		return true;
	reference = objects_references(view->objects, kind, object_id(object), &nr);
	for (size_t i = 0; i < nr; i++)
		if (reference[i].from == OBJECT_PROGRAM &&
		    is_users_program(selection, view, reference[i].from_id))
			return true;
	holder = objects_holders(view->objects, kind, object_id(object), &nr);
	for (size_t i = 0; i < nr; i++)
		if (is_users_process(selection, holder[i].pid))
			return true;
	return false;
}

int selection_rows(const struct selection *selection, struct view *view, struct rows *rows)
{
	const struct kind *kind = selection->kind;
	size_t count = kind_count(kind, view->objects);
	const void *object;

	rows->nr = 0;
	rows->objects = calloc(count + 1, sizeof(*rows->objects));
	if (!rows->objects)
		return fail("out of memory; free some and run it again");
	for (size_t i = 0; i < count; i++) {
		object = kind_object(kind, view->objects, i);
		if (is_named(selection, view, object) && has_type(selection, object) &&
		    has_name(selection, view, object) && has_user(selection, view, object))
			rows->objects[rows->nr++] = object;
	}
	return 0;
}

/* Nothing that is selected is called as the operand says; what is nearly is named. */
static int none_is_called(const struct selection *selection, const struct view *view)
{
	const struct kind *kind = selection->kind;
	struct nearest nearest = {.word = selection->named.text};
	const char *name, *command = object_kind_names[kind->kind];

	for (size_t i = 0; i < kind_count(kind, view->objects); i++) {
		name = name_of(selection, view, kind_object(kind, view->objects, i));
		if (name && is_called(name, nearest.word))
			return fail("%s name %s: it is not what --type, --name or --user selects; "
				    "leave them out to see it",
				    kind->name, nearest.word);
		if (name)
			nearest_consider(&nearest, name);
	}
	if (nearest.best)
		return fail("%s name %s: no such %s on the %s engine, did you mean '%s'?; 'bpftrek "
			    "%s list' shows those it has",
			    kind->name, nearest.word, kind->name, engine_name(), nearest.best,
			    command);
	return fail("%s name %s: no such %s on the %s engine; 'bpftrek %s list' shows those it has",
		    kind->name, nearest.word, kind->name, engine_name(), command);
}

int selection_only(const struct selection *selection, const struct view *view,
		   const struct rows *rows)
{
	static const char *const ways[] = {
		[BY_NAME] = "name", [BY_ID] = "id", [BY_PATH] = "pinned", [BY_TAG] = "tag"};
	const char *kind = selection->kind->name, *text = selection->named.text;
	const char *command = object_kind_names[selection->kind->kind];
	const char *way = ways[selection->named.by];
	struct text ids = {0};
	int status;

	if (rows->nr == 1)
		return 0;
	if (!rows->nr && selection->named.by == BY_NAME && is_number(text))
		return fail("%s %s: none is called that on the %s engine; if it is the id, say "
			    "'id %s'",
			    kind, text, engine_name(), text);
	if (!rows->nr && selection->named.by == BY_NAME)
		return none_is_called(selection, view);
	if (!rows->nr)
		return fail("%s %s %s: no such %s on the %s engine; 'bpftrek %s list' shows those "
			    "it has",
			    kind, way, text, kind, engine_name(), command);
	for (size_t i = 0; i < rows->nr && i < 8; i++)
		text_format(&ids, "%s%u", i ? ", " : "", object_id(rows->objects[i]));
	status = fail("%s %s %s: %zu have it, ids %s%s; name one of them by 'id N', or list them "
		      "with 'bpftrek %s list %s %s'",
		      kind, way, text, rows->nr, text_string(&ids), rows->nr > 8 ? " ..." : "",
		      command, way, text);
	text_end(&ids);
	return status;
}
