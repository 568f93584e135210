/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Elements as JSON: {"key":...,"value":...}, what --fill takes. Those of CPUs are {"key":...,
 * "values":[{"cpu":0,"value":...},...]}, as bpftool has them, where they are not made one.
 *
 * One document has an element on each line, so that it can be looked at; all texts around keys and
 * values are here, by what is asked for.
 */
#include <stdio.h>

#include "dump.h"

struct frame {
	const char *before_key, *before_value, *before_cpus, *before_cpu, *before_cpu_value,
		*after_cpu, *after_cpus, *after_element;
	int key_level, cpu_level; /* how far what is in it stands to the right */
};

static const struct frame compact = {
	.before_key = "{\"key\":",
	.before_value = "\"value\":",
	.before_cpus = "\"values\":[",
	.before_cpu = "{\"cpu\":",
	.before_cpu_value = ",\"value\":",
	.after_cpu = "}",
	.after_cpus = "]",
	.after_element = "}",
};

static const struct frame pretty = {
	.before_key = "  {\n    \"key\": ",
	.before_value = "\n    \"value\": ",
	.before_cpus = "\n    \"values\": [",
	.before_cpu = "\n      {\n        \"cpu\": ",
	.before_cpu_value = ",\n        \"value\": ",
	.after_cpu = "\n      }",
	.after_cpus = "\n    ]",
	.after_element = "\n  }",
	.key_level = 2,
	.cpu_level = 4,
};

static const struct frame *frame_of(const struct dump *dump)
{
	return dump->pretty ? &pretty : &compact;
}

static int prepare(struct dump *dump)
{
	const struct frame *frame = frame_of(dump);
	const struct elements *e = &dump->elements;
	const struct place key = {.untyped = !dump->key_type, .type = dump->key_type};
	const struct place value = {.untyped = !dump->value_type, .type = dump->value_type};
	struct style style = {.number = e->has_index,
			      .whole = true,
			      .pretty = dump->pretty,
			      .level = frame->key_level};
	int err = 0;

	if (e->has_key)
		err = plan_make(&dump->key, dump->btf, &key, e->key_size, &style, &dump->why);
	style.whole = false;
	style.number = e->gives_ids || dump->per_cpu != EACH_CPU;
	style.level = dump_has_cpus(dump) ? frame->cpu_level : frame->key_level;
	if (!err && e->has_value)
		err = plan_make(&dump->value, dump->btf, &value, e->info.value_size, &style,
				&dump->why);
	return err;
}

static void add(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

static void cpus(struct dump *dump, struct text *text, const unsigned char *value)
{
	const struct frame *frame = frame_of(dump);
	struct source source;

	add(text, frame->before_cpus);
	for (unsigned int cpu = 0; cpu < dump->elements.cpus; cpu++) {
		if (cpu)
			add(text, ",");
		add(text, frame->before_cpu);
		if (text_room(text, TEXT_SPARE))
			text->at = put_u64(text->at, cpu);
		add(text, frame->before_cpu_value);
		source = dump_source(dump, value, cpu);
		plan_run(dump->value, text, &source);
		add(text, frame->after_cpu);
	}
	add(text, frame->after_cpus);
}

static void element(struct dump *dump, struct text *text, const unsigned char *key,
		    const unsigned char *value)
{
	const struct frame *frame = frame_of(dump);
	struct source source = {.bytes = key, .count = 1};

	add(text, dump->format->separator);
	if (dump->elements.has_key) {
		add(text, frame->before_key);
		plan_run(dump->key, text, &source);
	} else {
		add(text, dump->pretty ? "  {" : "{");
	}
	if (dump->elements.has_key && dump->elements.has_value)
		add(text, ",");
	if (dump_has_cpus(dump)) {
		cpus(dump, text, value);
	} else if (dump->elements.has_value) {
		add(text, frame->before_value);
		source = dump_source(dump, value, 0);
		plan_run(dump->value, text, &source);
	}
	add(text, frame->after_element);
}

/* --- One document ----------------------------------------------------------------------------- */

static void begin_document(struct dump *dump, struct text *text, const struct reader *first)
{
	add(text, dump->pretty && first->count && dump->limit ? "[\n" : "[");
}

static void end_document(struct dump *dump, struct text *text)
{
	add(text, dump->pretty && dump->sink.elements ? "\n]\n" : "]\n");
}

/* --- An element a line ------------------------------------------------------------------------ */

static void line(struct dump *dump, struct text *text, const unsigned char *key,
		 const unsigned char *value)
{
	element(dump, text, key, value);
	add(text, "\n");
}

const struct format json_format = {
	.name = "json",
	.per_cpu = EACH_CPU,
	.separator = ",\n",
	.prepare = prepare,
	.begin = begin_document,
	.element = element,
	.end = end_document,
};

const struct format jsonl_format = {
	.name = "jsonl",
	.per_cpu = EACH_CPU,
	.separator = "",
	.prepare = prepare,
	.element = line,
};
