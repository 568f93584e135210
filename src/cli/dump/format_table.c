/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Elements as a table for people, as CSV (RFC 4180, with lines that end as lines do here), and as
 * the bytes that they are.
 *
 * A table's columns are as wide as the elements need that are read first, a few hundred; one that
 * comes later and needs more moves its line to the right, so that nothing is kept. Where a terminal
 * has not that many columns, whose lines would be broken anywhere, an element is a block of lines,
 * one for each column.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "dump.h"
#include "interrupt.h"
#include "terminal.h"

#define LOOKED_AT 256	  /* elements, for the widths */
#define PIECE (64u << 10) /* bytes that are gone through between two looks for a signal */
#define CPU_NAME "cpu"

static int prepare_columns(struct dump *dump)
{
	const struct elements *e = &dump->elements;
	int err = 0;

	if (e->has_key)
		err = columns_add(&dump->columns, true, dump->btf, dump->key_type, e->key_size,
				  e->has_index, &dump->why);
	if (!err && e->has_value)
		err = columns_add(&dump->columns, false, dump->btf, dump->value_type,
				  e->info.value_size, e->gives_ids || dump->per_cpu != EACH_CPU,
				  &dump->why);
	return err;
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
	text_fill(text, ' ', missing);
	if (text->failed || !column->number)
		return;
	memmove(text->start + from + missing, text->start + from, length);
	memset(text->start + from, ' ', missing);
}

/* Whether the values of CPUs begin with column @i: their number stands in front of it. */
static bool begins_cpu(const struct dump *dump, size_t i)
{
	const struct column *all = dump->columns.all;

	return dump_has_cpus(dump) && !all[i].of_key && (!i || all[i - 1].of_key);
}

static void cpu_cell(struct text *text, unsigned int cpu)
{
	static const struct column column = {.number = true, .width = sizeof(CPU_NAME) - 1};
	const size_t from = text_length(text);

	if (text_room(text, TEXT_SPARE))
		text->at = put_u64(text->at, cpu);
	align(text, from, &column, false);
	text_fill(text, ' ', 2);
}

static void row(struct dump *dump, struct text *text, const unsigned char *key,
		const unsigned char *value, unsigned int cpu)
{
	const struct columns *columns = &dump->columns;
	size_t from;

	for (size_t i = 0; i < columns->count; i++) {
		if (begins_cpu(dump, i))
			cpu_cell(text, cpu);
		from = text_length(text);
		cell(dump, text, &columns->all[i], key, value, cpu);
		align(text, from, &columns->all[i], i + 1 == columns->count);
		if (i + 1 < columns->count)
			text_fill(text, ' ', 2);
	}
	text_char(text, '\n');
}

/* Most are of the value, and a line is only so long. */
static const char *head_of(const struct column *column)
{
	static const char of_value[] = "value.";
	const size_t length = sizeof(of_value) - 1;

	return strncmp(column->name, of_value, length) ? column->name : column->name + length;
}

static void label(const struct dump *dump, struct text *text, const char *name)
{
	const size_t from = text_length(text);

	text_name(text, name);
	text_char(text, ':');
	text_fill(text, ' ', dump->label_width + 2 - width_since(text, from));
}

/* A line for each column, and an empty one. */
static void block(struct dump *dump, struct text *text, const unsigned char *key,
		  const unsigned char *value, unsigned int cpu)
{
	const struct column *column = dump->columns.all;

	for (size_t i = 0; i < dump->columns.count; i++, column++) {
		if (begins_cpu(dump, i)) {
			label(dump, text, CPU_NAME);
			text_number(text, cpu);
			text_char(text, '\n');
		}
		label(dump, text, head_of(column));
		cell(dump, text, column, key, value, cpu);
		text_char(text, '\n');
	}
	text_char(text, '\n');
}

static void table_element(struct dump *dump, struct text *text, const unsigned char *key,
			  const unsigned char *value)
{
	for (unsigned int cpu = 0; cpu < (dump_has_cpus(dump) ? dump->elements.cpus : 1); cpu++)
		if (dump->label_width)
			block(dump, text, key, value, cpu);
		else
			row(dump, text, key, value, cpu);
}

static void head(struct dump *dump, struct text *text)
{
	const struct columns *columns = &dump->columns;
	const char *name;
	size_t from;

	for (size_t i = 0; i < columns->count; i++) {
		if (begins_cpu(dump, i))
			text_add(text, "CPU  ", 5);
		from = text_length(text);
		name = head_of(&columns->all[i]);
		text_plain_string(text, name, strlen(name));
		for (char *c = text->start + from; c < text->at; c++)
			if (*c >= 'a' && *c <= 'z')
				*c -= 'a' - 'A';
		align(text, from, &columns->all[i], i + 1 == columns->count);
		if (i + 1 < columns->count)
			text_fill(text, ' ', 2);
	}
	text_char(text, '\n');
}

/* What is written is only to be measured, and goes nowhere. */
static size_t measured(struct text *text, size_t from)
{
	const size_t width = width_since(text, from);

	text->at = text->start + from;
	return width;
}

/* The width that the elements which were read first ask for. */
static void measure_column(struct dump *dump, struct text *text, struct column *column,
			   const struct reader *first)
{
	const struct elements *e = &dump->elements;
	const unsigned int cpus = dump_has_cpus(dump) ? e->cpus : 1;
	const size_t from = text_length(text);
	__u32 count = first->count < LOOKED_AT ? first->count : LOOKED_AT;
	size_t width;

	if (count > dump->limit)
		count = dump->limit;
	for (__u32 n = 0; n < count * cpus && !text->failed && !is_interrupted(); n++) {
		cell(dump, text, column, first->keys + n / cpus * e->key_size,
		     first->values + n / cpus * e->value_size, n % cpus);
		width = measured(text, from);
		if (width > column->width)
			column->width = width;
	}
}

static void begin_table(struct dump *dump, struct text *text, const struct reader *first)
{
	size_t width = dump_has_cpus(dump) ? sizeof(CPU_NAME) + 1 : 0;
	size_t labels = sizeof(CPU_NAME) - 1;
	struct column *column = dump->columns.all;
	const size_t room = terminal_size().width, from = text_length(text);

	for (size_t i = 0; i < dump->columns.count; i++, column++) {
		text_name(text, head_of(column));
		column->width = measured(text, from);
		if (column->width > labels)
			labels = column->width;
		measure_column(dump, text, column, first);
		width += (i ? 2 : 0) + column->width;
	}
	if (room && width > room)
		dump->label_width = labels;
	else if (!options.quiet)
		head(dump, text);
}

/* --- CSV -------------------------------------------------------------------------------------- */

static int prepare_csv(struct dump *dump)
{
	dump->columns.quoted = true;
	return prepare_columns(dump);
}

/* Put quotes around what was written from @from on, if it needs them. */
static void quote(struct text *text, size_t from)
{
	const size_t end = text_length(text);
	size_t quotes = 0, length;
	bool needed = false;
	char *start, *rest, *write, *last;

	for (size_t at = from, next; at < end; at = next) {
		if (is_interrupted())
			return;
		next = end - at < PIECE ? end : at + PIECE;
		for (const char *c = text->start + at; c < text->start + next; c++) {
			needed |= *c == ',' || *c == '\n';
			quotes += *c == '"';
		}
	}
	if ((!needed && !quotes) || !text_room(text, quotes + 2))
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
			text_char(text, ',');
		if (dump_has_cpus(dump) && !columns->all[i].of_key &&
		    (!i || columns->all[i - 1].of_key)) {
			if (text_room(text, TEXT_SPARE))
				text->at = put_u64(text->at, cpu);
			text_char(text, ',');
		}
		from = text_length(text);
		cell(dump, text, &columns->all[i], key, value, cpu);
		if (!columns->all[i].number)
			quote(text, from);
	}
	text_char(text, '\n');
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
			text_char(text, ',');
		if (begins_cpu(dump, i))
			text_add(text, CPU_NAME ",", sizeof(CPU_NAME));
		from = text_length(text);
		text_plain_string(text, columns->all[i].name, strlen(columns->all[i].name));
		quote(text, from);
	}
	text_char(text, '\n');
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
	.prepare = prepare_columns,
	.begin = begin_table,
	.element = table_element,
};

static const struct format csv_format = {
	.name = "csv",
	.per_cpu = SUM_OF_CPUS,
	.separator = "",
	.prepare = prepare_csv,
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
