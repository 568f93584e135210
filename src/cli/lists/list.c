/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Lists of objects: read what is asked for, gather no more than that takes, select, sort, write;
 * and again with --watch.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "block.h"
#include "chosen.h"
#include "count.h"
#include "engine.h"
#include "list.h"
#include "load.h"
#include "table.h"
#include "watch.h"

enum { WRITE_AT = 64 << 10 }; /* bytes of JSON */

struct list {
	const struct kind *kind;
	bool one; /* one object, of which everything is said */
	bool json;
	struct selection selection;
	const char *columns; /* --columns, or NULL */
	struct sort sort;
	unsigned int wants;
	struct loads loads;
	__u64 interval; /* of --watch in nanoseconds; 0: look once */
	bool count;	/* --stats */
	struct samples before;
	size_t looks;
};

/* Those that are shown, which depends on whether the engine counts. */
static int choose_columns(const struct list *list, bool statistics, unsigned int missing,
			  struct columns *columns)
{
	unsigned int traits = list->json ? IN_JSON : IN_TABLE;
	int status;

	if (list->one)
		traits = ~0u;
	else if (list->interval && statistics && list->kind->kind == OBJECT_PROGRAM)
		traits = list->json ? IN_JSON | IN_WATCH : IN_WATCH;
	else if (statistics)
		traits |= IN_COUNTED; /* in JSON they are anyway */
	columns_with(list->kind, traits, columns);
	/* Columns of nothing but "-" are shown if they were asked for. */
	columns_leave_out(columns, missing);
	status = list->columns ? columns_choose(list->kind, list->columns, columns) : 0;
	if (!status && !columns->nr && !missing)
		status = usage_error("--columns: none is left to show");
	return status;
}

static int read_interval(struct list *list, const char *text)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (!*text || *end || !isfinite(seconds) || seconds < 0.1 || seconds > 86400)
		return usage_error("--watch: '%s' is no number of seconds from 0.1 to 86400", text);
	list->interval = seconds * 1e9;
	return 0;
}

static int read_arguments(struct list *list, const struct arguments *arguments)
{
	const char *watch = option_text(arguments, "watch"), *sort = option_text(arguments, "sort");
	struct columns columns;
	int status;

	list->json = options.json || options.jsonl;
	list->columns = option_text(arguments, "columns");
	list->count = list->kind->kind == OBJECT_PROGRAM && option_count(arguments, "stats");
	status = selection_read(&list->selection, list->kind, arguments);
	if (!status && watch)
		status = read_interval(list, watch);
	if (!status && list->count && !watch)
		status = usage_error("--stats counts while --watch watches; give --watch SECONDS");
	if (!status && sort)
		status = sort_choose(list->kind, sort, &list->sort);
	if (!status)
		status = choose_columns(list, list->count, 0, &columns);
	if (status)
		return status;
	list->wants = list->kind->wants | columns_want(&columns) | sort_wants(&list->sort) |
		      selection_wants(&list->selection) | (list->count ? WANT_STATISTICS : 0);
	if (list->one)
		list->wants = ~(unsigned int)WANT_FOR_LINKS;
	return loads_read(&list->loads, NULL, arguments);
}

static void put_time_member(struct json *json)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_name(json, "time");
	json_put_real(json, now.tv_sec + now.tv_nsec / 1e9);
}

static void put_object(const struct list *list, const struct columns *columns, struct view *view,
		       const void *object, struct json *json)
{
	json_begin_object(json);
	if (list->interval)
		put_time_member(json);
	for (size_t c = 0; c < columns->nr; c++)
		column_put_json(columns->columns[c], view, object, json);
	json_end_object(json);
	if (options.jsonl)
		json_end_line(json);
}

static void put_json(const struct list *list, const struct columns *columns, struct view *view,
		     const struct rows *rows, struct text *out)
{
	struct json json = {.out = out, .pretty = options.pretty && !options.jsonl};
	bool array = !options.jsonl && !list->one;

	if (array)
		json_begin_array(&json);
	for (size_t i = 0; i < rows->nr; i++) {
		put_object(list, columns, view, rows->objects[i], &json);
		if (text_length(out) > WRITE_AT)
			text_write(out, stdout);
	}
	if (array)
		json_end_array(&json);
	if (!options.jsonl)
		json_end_line(&json);
}

/* What stands above a table that is drawn again and again: a line, and an empty one. */
static void put_title(const struct list *list, const struct rows *rows, size_t total, size_t width,
		      struct text *out)
{
	const size_t start = text_length(out);
	time_t now = time(NULL);
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	text_format(out, "%s  %s engine, %zu %s%s", text, engine_name(), total, list->kind->name,
		    total == 1 ? "" : "s");
	if (rows->nr != total)
		text_format(out, ", %zu shown", rows->nr);
	if (text_length(out) - start > width)
		out->at = out->start + start + width;
	text_puts(out, "\033[K\n\033[K\n");
}

/* For people: a terminal that can is drawn anew, elsewhere an empty line is between two looks. */
static void put_text(const struct list *list, const struct columns *columns, struct view *view,
		     const struct rows *rows, struct text *out)
{
	struct terminal_size size = terminal_size();
	bool redraw = list->interval && size.width && !terminal_is_plain();

	size.height = !redraw ? 0 : size.height > 4 ? size.height - 3 : 1;
	if (redraw) {
		/* A table over what is there: a screen that is cleared first flickers. */
		text_puts(out, list->looks && !list->one ? "\033[H" : "\033[H\033[2J");
		if (!options.quiet)
			put_title(list, rows, kind_count(list->kind, view->objects), size.width,
				  out);
	} else if (list->looks) {
		text_char(out, '\n');
	}
	if (list->one)
		block_put(out, columns, view, list->kind, rows->objects[0], size.width);
	else
		table_put(out, columns, view, rows, size, !options.quiet,
			  redraw ? "\033[K\n" : "\n", stdout);
	if (redraw)
		text_puts(out, "\033[J");
}

/* Of what nothing was found; of some it may be that only others could not be. */
static unsigned int nothing_of(const struct objects *objects)
{
	return objects->missing &
	       ((objects->nr_holders ? 0 : WANT_HOLDERS) | (objects->nr_pins ? 0 : WANT_PINS));
}

static int put_rows(const struct list *list, struct view *view, const struct rows *rows)
{
	struct text out = {0};
	struct columns columns;
	bool failed;
	int status;

	/* Read once already, but which are there anyway depends on whether the engine counts. */
	status = choose_columns(list, view->objects->statistics, nothing_of(view->objects),
				&columns);
	if (!status && !columns.nr) /* nothing but those */
		status = choose_columns(list, view->objects->statistics, 0, &columns);
	if (status)
		return status;
	if (list->json)
		put_json(list, &columns, view, rows, &out);
	else
		put_text(list, &columns, view, rows, &out);
	text_write(&out, stdout);
	failed = out.failed || view->scratch.failed;
	text_end(&out);
	return failed ? fail("out of memory; free some and run it again") : finish_output();
}

/* Nothing hangs on links that are not there, which is the rule on small hosts. */
static bool are_none(const struct list *list)
{
	__u32 id = 0;

	return list->kind->kind == OBJECT_LINK && bpf_link_get_next_id(0, &id) && errno == ENOENT;
}

static int look(struct list *list)
{
	struct objects objects = {0};
	struct view view = {.objects = &objects};
	struct rows rows = {0};
	int status;

	status = objects_gather(are_none(list) ? list->kind->wants : list->wants, &objects);
	view.now = monotonic_ns();
	/* What the engine counts for this command only, nobody else is told of. */
	objects.statistics |= list->count;
	if (list->looks)
		view.before = &list->before;
	for (size_t i = 0; !status && !list->looks && i < objects.nr_left_out; i++)
		remark("%s", objects.left_out[i]);
	if (!status)
		status = selection_rows(&list->selection, &view, &rows);
	if (!status && list->one)
		status = selection_only(&list->selection, &view, &rows);
	if (!status && list->kind->kind == OBJECT_MAP && list->wants & WANT_READING)
		count_unknown_elements(&objects, &rows);
	else if (!status && list->kind->kind == OBJECT_MAP && list->wants & WANT_ELEMENTS &&
		 !list->looks)
		remark_on_uncounted(&objects, &rows);
	if (!status && list->sort.nr)
		status = sort_rows(&list->sort, &view, &rows);
	if (!status)
		status = put_rows(list, &view, &rows);
	if (!status && list->interval && !samples_take(&list->before, &objects, view.now))
		status = fail("out of memory; free some and run it again");
	list->looks++;
	free(rows.objects);
	text_end(&view.scratch);
	objects_free(&objects);
	return status;
}

static int watch(struct list *list)
{
	enum watch_event event = WATCH_NEXT;
	__u64 next = monotonic_ns();
	int status;

	status = watch_begin();
	if (status)
		return status;
	while (!status && event != WATCH_END) {
		status = look(list);
		if (event == WATCH_NEXT)
			next += list->interval;
		if (next < monotonic_ns())
			next = monotonic_ns();
		if (!status)
			event = watch_wait(next);
	}
	watch_end();
	return status;
}

static int list_on_engine(struct list *list)
{
	int statistics = -1, status;

	status = loads_make(&list->loads);
	if (!status)
		status = selection_resolve(&list->selection);
	if (!status && list->count) {
		statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
		if (statistics < 0 && (errno == EPERM || errno == EACCES))
			status = engine_refused(DEED_ASK, "--stats");
		else if (statistics < 0)
			status =
				fail("--stats: the %s engine does not count runs: %s; leave it out",
				     engine_name(), strerror(errno));
	}
	if (!status)
		status = list->interval ? watch(list) : look(list);
	if (statistics >= 0)
		close(statistics);
	loads_close(&list->loads);
	return status;
}

int list_objects(const struct kind *kind, const struct arguments *arguments, bool one)
{
	struct list list = {.kind = kind, .one = one && operand(arguments, 0)};
	int status;

	status = read_arguments(&list, arguments);
	if (!status)
		status = engine_start_to_look(list.loads.count);
	if (!status) {
		status = list_on_engine(&list);
		engine_stop();
	}
	free(list.before.samples);
	loads_end(&list.loads);
	selection_end(&list.selection);
	return status;
}
