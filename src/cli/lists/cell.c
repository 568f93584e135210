/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Kinds of cells: see cell.h. The table is at the end. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cell.h"

static void put_number(struct text *out, const struct cell *cell, bool whole)
{
	text_number(out, cell->number);
}

/* @number of @units, each @step times the one before, with two digits at least: "9.5K", "12K". */
static void put_scaled(struct text *out, __u64 number, const char *const *units, __u64 step)
{
	__u64 unit = 1, tenths;

	for (; number / step >= unit && units[1]; units++)
		unit *= step;
	tenths = (__u64)(((unsigned __int128)number * 10 + unit / 2) / unit);
	if (unit == 1 || tenths >= 100) {
		text_number(out, (__u64)(((unsigned __int128)number + unit / 2) / unit));
	} else {
		text_number(out, tenths / 10);
		text_char(out, '.');
		text_char(out, '0' + tenths % 10);
	}
	text_puts(out, *units);
}

static void put_size(struct text *out, const struct cell *cell, bool whole)
{
	static const char *const units[] = {"", "K", "M", "G", "T", "P", "E", NULL};

	if (!whole || cell->number >= 1024)
		put_scaled(out, cell->number, units, 1024);
	if (whole && cell->number >= 1024)
		text_format(out, " (%llu bytes)", cell->number);
	else if (whole)
		text_format(out, "%llu bytes", cell->number);
}

static void put_duration(struct text *out, const struct cell *cell, bool whole)
{
	static const char *const units[] = {"ns", "us", "ms", "s", NULL};

	put_scaled(out, cell->number, units, 1000);
	if (whole && cell->number >= 1000)
		text_format(out, " (%llu ns)", cell->number);
}

static void put_age(struct text *out, time_t age)
{
	static const struct {
		time_t seconds;
		const char *name;
	} units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
	size_t i = 0;

	while (i < 3 && age < 2 * units[i].seconds)
		i++;
	text_format(out, ", %lld %s ago", (long long)(age / units[i].seconds), units[i].name);
}

static void put_whole_time(struct text *out, time_t seconds, time_t age)
{
	char text[64];
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return text_char(out, '-');
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
	text_puts(out, text);
	if (age >= 0)
		put_age(out, age);
}

/*
 * As `ls -l` does: the time of day where it is recent, else the year. Many are of the same minute,
 * which is made once.
 */
static void put_time(struct text *out, const struct cell *cell, bool whole)
{
	static char text[32];
	static time_t minute = -1;
	time_t seconds = cell->number / 1000000000, age = time(NULL) - seconds;
	struct tm tm;

	if (whole)
		return put_whole_time(out, seconds, age);
	if (seconds / 60 != minute) {
		minute = seconds / 60;
		strcpy(text, "-");
		if (localtime_r(&seconds, &tm))
			strftime(text, sizeof(text),
				 age >= -60 && age < 182 * 86400 ? "%b %e %H:%M" : "%b %e  %Y",
				 &tm);
	}
	text_puts(out, text);
}

/*
 * Of the file that has nearly all of them, which takes no time; getpwuid() loads the libraries that
 * know others, for half a millisecond.
 */
static bool find_in_passwd(__u64 uid, char *name, size_t size)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry = NULL;

	while (file && (entry = fgetpwent(file)) && entry->pw_uid != uid)
		;
	if (entry)
		snprintf(name, size, "%s", entry->pw_name);
	if (file)
		fclose(file);
	return entry;
}

/* The last one that was asked for: lists are of few users. */
static const char *user_name(__u64 uid)
{
	static __u64 last = UNKNOWN;
	static char name[64];
	const struct passwd *entry;

	if (uid == last)
		return name;
	last = uid;
	if (find_in_passwd(uid, name, sizeof(name)))
		return name;
	entry = getpwuid(uid);
	if (entry)
		snprintf(name, sizeof(name), "%s", entry->pw_name);
	else
		snprintf(name, sizeof(name), "%llu", uid);
	return name;
}

static void put_user(struct text *out, const struct cell *cell, bool whole)
{
	text_name(out, user_name(cell->number));
	if (whole)
		text_format(out, " (%llu)", cell->number);
}

static void put_flag(struct text *out, const struct cell *cell, bool whole)
{
	text_puts(out, cell->number ? "yes" : "no");
}

/* With a decimal if it is below @few. Not by printf(), which takes most of the time of a table. */
static void put_real(struct text *out, double real, double few)
{
	__u64 tenths;

	if (!(real >= 0 && real < 1e15))
		return text_format(out, "%.0f", real);
	if (!real || real >= few)
		return text_number(out, (__u64)(real + 0.5));
	tenths = real * 10 + 0.5;
	text_number(out, tenths / 10);
	text_char(out, '.');
	text_char(out, '0' + tenths % 10);
}

static void put_percent(struct text *out, const struct cell *cell, bool whole)
{
	put_real(out, cell->real, 9.95);
	text_char(out, '%');
}

static void put_rate(struct text *out, const struct cell *cell, bool whole)
{
	put_real(out, cell->real, 99.5);
}

static void put_text(struct text *out, const struct cell *cell, bool whole)
{
	text_name(out, cell->text);
}

static void put_bytes(struct text *out, const struct cell *cell, bool whole)
{
	text_hex(out, cell->list, cell->nr);
}

static const struct reference *source(const struct cell *cell, size_t i)
{
	const struct reference *reference = (const struct reference *)cell->list + i;

	return reference->from == cell->from && reference->why == cell->why ? reference : NULL;
}

static void put_list(struct text *out, const struct cell *cell, bool whole,
		     void (*put_item)(struct text *out, const struct cell *cell, size_t i))
{
	bool first = true;

	for (size_t i = 0; i < cell->nr; i++) {
		if (cell->kind == CELL_SOURCES && !source(cell, i))
			continue;
		if (!first)
			text_add(out, ", ", whole ? 2 : 1);
		first = false;
		put_item(out, cell, i);
	}
}

static void put_id_item(struct text *out, const struct cell *cell, size_t i)
{
	text_number(out, ((const __u32 *)cell->list)[i]);
}

static void put_ids(struct text *out, const struct cell *cell, bool whole)
{
	put_list(out, cell, whole, put_id_item);
}

static void put_word_item(struct text *out, const struct cell *cell, size_t i)
{
	text_name(out, ((const char *const *)cell->list)[i]);
}

static void put_words(struct text *out, const struct cell *cell, bool whole)
{
	put_list(out, cell, whole, put_word_item);
}

static void put_source_item(struct text *out, const struct cell *cell, size_t i)
{
	text_number(out, source(cell, i)->from_id);
}

static void put_sources(struct text *out, const struct cell *cell, bool whole)
{
	put_list(out, cell, whole, put_source_item);
}

static void put_holder_item(struct text *out, const struct cell *cell, size_t i)
{
	const struct holder *holder = (const struct holder *)cell->list + i;
	char comm[sizeof(holder->comm) + 1] = "";

	memcpy(comm, holder->comm, sizeof(holder->comm));
	text_name(out, comm);
	text_format(out, "(%u)", holder->pid);
}

static void put_holders(struct text *out, const struct cell *cell, bool whole)
{
	put_list(out, cell, whole, put_holder_item);
}

static void put_pin_item(struct text *out, const struct cell *cell, size_t i)
{
	text_name(out, ((const struct pin *)cell->list)[i].path);
}

static void put_pins(struct text *out, const struct cell *cell, bool whole)
{
	put_list(out, cell, whole, put_pin_item);
}

static void json_of_number(struct json *json, const struct cell *cell)
{
	json_put_number(json, cell->number);
}

static void json_of_time(struct json *json, const struct cell *cell)
{
	json_put_number(json, cell->number / 1000000000);
}

static void json_of_flag(struct json *json, const struct cell *cell)
{
	json_put_bool(json, cell->number);
}

static void json_of_real(struct json *json, const struct cell *cell)
{
	json_put_real(json, cell->real);
}

static void json_of_text(struct json *json, const struct cell *cell)
{
	json_put_text(json, cell->text);
}

static void json_of_bytes(struct json *json, const struct cell *cell)
{
	json_put_hex(json, cell->list, cell->nr);
}

static void json_of_ids(struct json *json, const struct cell *cell)
{
	json_begin_array(json);
	for (size_t i = 0; i < cell->nr; i++)
		json_put_number(json, ((const __u32 *)cell->list)[i]);
	json_end_array(json);
}

static void json_of_words(struct json *json, const struct cell *cell)
{
	json_begin_array(json);
	for (size_t i = 0; i < cell->nr; i++)
		json_put_text(json, ((const char *const *)cell->list)[i]);
	json_end_array(json);
}

static void json_of_sources(struct json *json, const struct cell *cell)
{
	const struct reference *reference;

	json_begin_array(json);
	for (size_t i = 0; i < cell->nr; i++) {
		reference = source(cell, i);
		if (reference)
			json_put_number(json, reference->from_id);
	}
	json_end_array(json);
}

static void json_of_holders(struct json *json, const struct cell *cell)
{
	const struct holder *holder = cell->list;
	char comm[sizeof(holder->comm) + 1] = "";

	json_begin_array(json);
	for (size_t i = 0; i < cell->nr; i++, holder++) {
		memcpy(comm, holder->comm, sizeof(holder->comm));
		json_begin_object(json);
		json_name(json, "pid");
		json_put_number(json, holder->pid);
		json_name(json, "comm");
		json_put_text(json, comm);
		json_name(json, "fds");
		json_put_number(json, holder->fds);
		json_end_object(json);
	}
	json_end_array(json);
}

static void json_of_pins(struct json *json, const struct cell *cell)
{
	const struct pin *pin = cell->list;

	json_begin_array(json);
	for (size_t i = 0; i < cell->nr; i++)
		json_put_text(json, pin[i].path);
	json_end_array(json);
}

static int compare_numbers(const struct cell *a, const struct cell *b)
{
	return a->number < b->number ? -1 : a->number > b->number;
}

static int compare_reals(const struct cell *a, const struct cell *b)
{
	return a->real < b->real ? -1 : a->real > b->real;
}

static int compare_texts(const struct cell *a, const struct cell *b)
{
	return strcmp(a->text, b->text);
}

static int compare_bytes(const struct cell *a, const struct cell *b)
{
	return memcmp(a->list, b->list, a->nr < b->nr ? a->nr : b->nr);
}

static int compare_lengths(const struct cell *a, const struct cell *b)
{
	return a->nr < b->nr ? -1 : a->nr > b->nr;
}

static size_t count_sources(const struct cell *cell)
{
	size_t count = 0;

	for (size_t i = 0; i < cell->nr; i++)
		count += source(cell, i) != NULL;
	return count;
}

static int compare_sources(const struct cell *a, const struct cell *b)
{
	size_t of_a = count_sources(a), of_b = count_sources(b);

	return of_a < of_b ? -1 : of_a > of_b;
}

enum { RIGHT = 1, LIST = 2 };

static const struct {
	unsigned int traits;
	void (*put)(struct text *out, const struct cell *cell, bool whole);
	void (*json)(struct json *json, const struct cell *cell);
	int (*compare)(const struct cell *a, const struct cell *b);
} kinds[NR_CELL_KINDS] = {
	[CELL_ID] = {RIGHT, put_number, json_of_number, compare_numbers},
	[CELL_NUMBER] = {RIGHT, put_number, json_of_number, compare_numbers},
	[CELL_SIZE] = {RIGHT, put_size, json_of_number, compare_numbers},
	[CELL_DURATION] = {RIGHT, put_duration, json_of_number, compare_numbers},
	[CELL_TIME] = {0, put_time, json_of_time, compare_numbers},
	[CELL_USER] = {0, put_user, json_of_number, compare_numbers},
	[CELL_FLAG] = {0, put_flag, json_of_flag, compare_numbers},
	[CELL_NUMERIC_FLAG] = {0, put_flag, json_of_number, compare_numbers},
	[CELL_PERCENT] = {RIGHT, put_percent, json_of_real, compare_reals},
	[CELL_RATE] = {RIGHT, put_rate, json_of_real, compare_reals},
	[CELL_TEXT] = {0, put_text, json_of_text, compare_texts},
	[CELL_BYTES] = {0, put_bytes, json_of_bytes, compare_bytes},
	[CELL_IDS] = {LIST, put_ids, json_of_ids, compare_lengths},
	[CELL_WORDS] = {LIST, put_words, json_of_words, compare_lengths},
	[CELL_SOURCES] = {LIST, put_sources, json_of_sources, compare_sources},
	[CELL_HOLDERS] = {LIST, put_holders, json_of_holders, compare_lengths},
	[CELL_PINS] = {LIST, put_pins, json_of_pins, compare_lengths},
};

bool cell_is_right_aligned(enum cell_kind kind)
{
	return kinds[kind].traits & RIGHT;
}

bool cell_is_list(enum cell_kind kind)
{
	return kinds[kind].traits & LIST;
}

bool cell_is_empty(const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_UNKNOWN:
		return true;
	case CELL_TEXT:
		return !*cell->text;
	case CELL_SOURCES:
		return !count_sources(cell);
	default:
		return cell_is_list(cell->kind) && !cell->nr;
	}
}

void cell_put(struct text *out, const struct cell *cell, bool whole)
{
	if (cell_is_empty(cell))
		return text_char(out, '-');
	if (cell->approximate)
		text_char(out, '~');
	kinds[cell->kind].put(out, cell, whole);
}

void cell_put_json(struct json *json, const struct cell *cell)
{
	kinds[cell->kind].json(json, cell);
}

int cell_compare(const struct cell *a, const struct cell *b)
{
	if (a->kind == CELL_UNKNOWN || b->kind == CELL_UNKNOWN)
		return (a->kind == CELL_UNKNOWN) - (b->kind == CELL_UNKNOWN);
	return kinds[a->kind].compare(a, b);
}
