/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Elements as a table for people, as CSV (RFC 4180, with lines that end as lines do here), and as
 * the bytes that they are.
 *
 * A table's columns are as wide as the elements need that are read first, a few hundred; one that
 * comes later and needs more moves its line to the right, so that nothing is kept.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "dump.h"
#include "interrupt.h"

#define LOOKED_AT 256	  /* elements, for the widths */
#define PIECE (64u << 10) /* bytes that are gone through between two looks for a signal */
#define CPU_NAME "cpu"

static int prepare(struct dump *dump)
{
	const struct elements *e = &dump->elements;
	int err = 0;

	if (e->has_key)
		err = columns_add(&dump->columns, true, dump->btf, dump->key_type, e->key_size,
				  e->has_index, &dump->why);
	if (!err)
		err = columns_add(&dump->columns, false, dump->btf, dump->value_type,
				  e->info.value_size, e->gives_ids || dump->per_cpu != EACH_CPU,
				  &dump->why);
	return err;
}

static void put(struct text *text, char c)
{
	if (text_room(text, 1))
		*text->at++ = c;
}

static void pad(struct text *text, size_t count)
{
	if (!text_room(text, count))
		return;
	memset(text->at, ' ', count);
	text->at += count;
}

/* Of what was written from @from on. */
static size_t width_since(const struct text *text, size_t from)
{
	const size_t end = text_length(text);
	size_t width = 0;

	for (size_t next; from < end && !is_interrupted(); from = next) {
		next = end - from < PIECE ? end : from + PIECE;
		while (next < end && (text->start[next] & 0xc0) == 0x80) /* within a character */
			next--;
		width += text_width(text->start + from, next - from);
	}
	return width;
}

static void cell(struct dump *dump, struct text *text, const struct column *column,
		 const unsigned char *key, const unsigned char *value, unsigned int cpu)
{
	struct source source = {.bytes = key, .count = 1};

	if (!column->of_key)
		source = dump_source(dump, value, cpu);
	plan_run(column->plan, text, &source);
}

/* --- A table ---------------------------------------------------------------------------------- */

/* What was written from @from on takes its place in a column. */
static void align(struct text *text, size_t from, const struct column *column, bool last)
{
	const size_t length = text_length(text) - from;
	const size_t width = column->number ? length : width_since(text, from);
	const size_t missing = width < column->width ? column->width - width : 0;

	if (!missing || (last && !column->number))
		return;
	pad(text, missing);
	if (text->failed || !column->number)
		return;
	memmove(text->start + from + missing, text->start + from, length);
	memset(text->start + from, ' ', missing);
}

static void cpu_cell(struct text *text, unsigned int cpu)
{
	static const struct column column = {.number = true, .width = sizeof(CPU_NAME) - 1};
	const size_t from = text_length(text);

	if (text_room(text, TEXT_SPARE))
		text->at = put_u64(text->at, cpu);
	align(text, from, &column, false);
	pad(text, 2);
}

static void row(struct dump *dump, struct text *text, const unsigned char *key,
		const unsigned char *value, unsigned int cpu)
{
	const struct columns *columns = &dump->columns;
	size_t from;

	for (size_t i = 0; i < columns->count; i++) {
		if (dump_has_cpus(dump) && !columns->all[i].of_key &&
		    (!i || columns->all[i - 1].of_key))
			cpu_cell(text, cpu);
		from = text_length(text);
		cell(dump, text, &columns->all[i], key, value, cpu);
		align(text, from, &columns->all[i], i + 1 == columns->count);
		if (i + 1 < columns->count)
			pad(text, 2);
	}
	put(text, '\n');
}

static void table_element(struct dump *dump, struct text *text, const unsigned char *key,
			  const unsigned char *value)
{
	for (unsigned int cpu = 0; cpu < (dump_has_cpus(dump) ? dump->elements.cpus : 1); cpu++)
		row(dump, text, key, value, cpu);
}

/* Most are of the value, and a line is only so long. */
static const char *head_of(const struct column *column)
{
	static const char of_value[] = "value.";
	const size_t length = sizeof(of_value) - 1;

	return strncmp(column->name, of_value, length) ? column->name : column->name + length;
}

static void head(struct dump *dump, struct text *text)
{
	const struct columns *columns = &dump->columns;
	const char *name;
	size_t from;

	for (size_t i = 0; i < columns->count; i++) {
		if (dump_has_cpus(dump) && !columns->all[i].of_key &&
		    (!i || columns->all[i - 1].of_key))
			text_add(text, "CPU  ", 5);
		from = text_length(text);
		name = head_of(&columns->all[i]);
		text_plain_string(text, name, strlen(name));
		for (char *c = text->start + from; c < text->at; c++)
			if (*c >= 'a' && *c <= 'z')
				*c -= 'a' - 'A';
		align(text, from, &columns->all[i], i + 1 == columns->count);
		if (i + 1 < columns->count)
			pad(text, 2);
	}
	put(text, '\n');
}

/* The widths that the elements read first ask for, whose cells are written to nowhere. */
static void begin_table(struct dump *dump, struct text *text, const struct reader *first)
{
	const struct elements *e = &dump->elements;
	const __u32 count = first->count < LOOKED_AT ? first->count : LOOKED_AT;
	const unsigned int cpus = dump_has_cpus(dump) ? e->cpus : 1;
	const size_t from = text_length(text);
	struct column *column;
	size_t width;

	for (size_t i = 0; i < dump->columns.count; i++) {
		column = &dump->columns.all[i];
		column->width = strlen(head_of(column));
		for (__u32 n = 0; n < count * cpus && !text->failed && !is_interrupted(); n++) {
			cell(dump, text, column, first->keys + n / cpus * e->key_size,
			     first->values + n / cpus * e->value_size, n % cpus);
			width = width_since(text, from);
			if (width > column->width)
				column->width = width;
			text->at = text->start + from;
		}
	}
	if (!options.quiet)
		head(dump, text);
}

/* --- CSV -------------------------------------------------------------------------------------- */

/* Put quotes around what was written from @from on, if it needs them. */
static void quote(struct text *text, size_t from)
{
	const size_t end = text_length(text);
	size_t quotes = 0, length;
	bool commas = false;
	char *start, *rest, *write, *last;

	for (size_t at = from, next; at < end; at = next) {
		if (is_interrupted())
			return;
		next = end - at < PIECE ? end : at + PIECE;
		for (const char *c = text->start + at; c < text->start + next; c++) {
			commas |= *c == ',';
			quotes += *c == '"';
		}
	}
	if ((!commas && !quotes) || !text_room(text, quotes + 2))
		return;
	/* From the last one on, each with what is behind it goes to its place. */
	start = text->start + from;
	rest = text->start + end;
	text->at = write = rest + quotes + 2;
	*--write = '"';
	for (; quotes && !is_interrupted(); quotes--, rest = last) {
		last = memrchr(start, '"', rest - start);
		length = rest - last;
		write -= length;
		memmove(write, last, length);
		*--write = '"';
	}
	memmove(start + 1, start, rest - start);
	*start = '"';
}

static void csv_row(struct dump *dump, struct text *text, const unsigned char *key,
		    const unsigned char *value, unsigned int cpu)
{
	const struct columns *columns = &dump->columns;
	size_t from;

	for (size_t i = 0; i < columns->count; i++) {
		if (i)
			put(text, ',');
		if (dump_has_cpus(dump) && !columns->all[i].of_key &&
		    (!i || columns->all[i - 1].of_key)) {
			if (text_room(text, TEXT_SPARE))
				text->at = put_u64(text->at, cpu);
			put(text, ',');
		}
		from = text_length(text);
		cell(dump, text, &columns->all[i], key, value, cpu);
		if (!columns->all[i].number)
			quote(text, from);
	}
	put(text, '\n');
}

static void csv_element(struct dump *dump, struct text *text, const unsigned char *key,
			const unsigned char *value)
{
	for (unsigned int cpu = 0; cpu < (dump_has_cpus(dump) ? dump->elements.cpus : 1); cpu++)
		csv_row(dump, text, key, value, cpu);
}

static void begin_csv(struct dump *dump, struct text *text, const struct reader *first)
{
	const struct columns *columns = &dump->columns;
	size_t from;

	if (options.quiet)
		return;
	for (size_t i = 0; i < columns->count; i++) {
		if (i)
			put(text, ',');
		if (dump_has_cpus(dump) && !columns->all[i].of_key &&
		    (!i || columns->all[i - 1].of_key))
			text_add(text, CPU_NAME ",", sizeof(CPU_NAME));
		from = text_length(text);
		text_plain_string(text, columns->all[i].name, strlen(columns->all[i].name));
		quote(text, from);
	}
	put(text, '\n');
}

/* --- Bytes ------------------------------------------------------------------------------------ */

static int prepare_nothing(struct dump *dump)
{
	return 0;
}

static void raw_element(struct dump *dump, struct text *text, const unsigned char *key,
			const unsigned char *value)
{
	if (dump->elements.has_key)
		text_add(text, (const char *)key, dump->elements.key_size);
	text_add(text, (const char *)value, dump->elements.value_size);
}

static const struct format table_format = {
	.name = "table",
	.per_cpu = SUM_OF_CPUS,
	.separator = "",
	.prepare = prepare,
	.begin = begin_table,
	.element = table_element,
};

static const struct format csv_format = {
	.name = "csv",
	.per_cpu = SUM_OF_CPUS,
	.separator = "",
	.prepare = prepare,
	.begin = begin_csv,
	.element = csv_element,
};

static const struct format raw_format = {
	.name = "raw",
	.per_cpu = EACH_CPU,
	.separator = "",
	.prepare = prepare_nothing,
	.element = raw_element,
};

extern const struct format json_format, jsonl_format;

const struct format *const formats[] = {&table_format, &json_format, &jsonl_format,
					&csv_format,   &raw_format,  NULL};
