/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Reading a map and writing it, in one thread, or in two that take half of a hash's buckets each
 * where the kernel has enough of them: what is read and what is written stays a batch for each
 * thread, whatever the map holds. Arrays come in the order of their keys, hashes in none.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "dump.h"
#include "engine.h"

#define TEXT_ROOM (128u << 10)

#define MAX_READERS 2

struct worker {
	struct dump *dump;
	struct reader reader;
	struct text text;
	unsigned long long pending, done; /* elements in the text; written */
	__u32 from, reached; /* buckets; the other thread looks at the second, for the progress */
	int err;
};

bool dump_has_cpus(const struct dump *dump)
{
	return dump->elements.per_cpu && dump->per_cpu == EACH_CPU;
}

struct source dump_source(const struct dump *dump, const unsigned char *value, unsigned int cpu)
{
	const struct elements *e = &dump->elements;

	if (dump->per_cpu == EACH_CPU)
		return (struct source){.bytes = value + cpu * e->stride, .count = 1};
	return (struct source){
		.bytes = value,
		.stride = e->stride,
		.count = e->cpus,
		.max = dump->per_cpu == MAX_OF_CPUS,
	};
}

static void flush(struct worker *worker)
{
	const __u32 reached = reader_bucket(&worker->reader);

	__atomic_store_n(&worker->reached,
			 reached > worker->reader.until ? worker->reader.until : reached,
			 __ATOMIC_RELAXED);
	sink_write(&worker->dump->sink, &worker->text, worker->pending);
	worker->done += worker->pending;
	worker->pending = 0;
}

/*
 * Whether memory ended within what came after the first @whole bytes, which stay: there is room for
 * what closes them, for it is little.
 */
static bool is_cut_off(struct worker *worker, size_t whole)
{
	struct text *text = &worker->text;

	if (!text->failed)
		return false;
	text->failed = false;
	text->at = text->start + whole;
	worker->err = -ENOMEM;
	return true;
}

/* The elements that were read last. */
static void show(struct worker *worker)
{
	struct dump *dump = worker->dump;
	const struct reader *reader = &worker->reader;
	const struct elements *e = &dump->elements;
	size_t whole;

	for (__u32 i = 0; i < reader->count; i++) {
		if (worker->done + worker->pending == dump->limit)
			break;
		whole = text_length(&worker->text);
		dump->format->element(dump, &worker->text, reader->keys + i * e->key_size,
				      reader->values + i * e->value_size);
		if (is_cut_off(worker, whole))
			break;
		worker->pending++;
		if (text_length(&worker->text) < dump->sink.at_once)
			continue;
		flush(worker);
		if (sink_is_over(&dump->sink))
			return;
	}
	flush(worker);
}

static void read_on(struct worker *worker)
{
	struct dump *dump = worker->dump;
	int more = 1;

	while (more > 0 && !worker->err && !sink_is_over(&dump->sink) &&
	       worker->done < dump->limit) {
		more = reader_next(&worker->reader);
		if (more > 0)
			show(worker);
	}
	if (more < 0)
		worker->err = more;
}

static void *other_half(void *arg)
{
	read_on(arg);
	return NULL;
}

static int begin_worker(struct worker *worker, struct dump *dump, __u32 from)
{
	worker->dump = dump;
	worker->from = from;
	if (!text_begin(&worker->text, TEXT_ROOM))
		return -ENOMEM;
	return reader_begin(&worker->reader, &dump->elements, from);
}

static void end_worker(struct worker *worker)
{
	text_end(&worker->text);
	reader_end(&worker->reader);
}

/* Two threads, unless there is little to do, or someone wants the first elements only. */
static bool pays_twice(const struct dump *dump, const struct reader *reader)
{
	return dump->elements.buckets && reader_bucket(reader) < dump->elements.buckets / 4 &&
	       dump->limit == UNLIMITED && sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

static void read_in_two(struct dump *dump, struct worker *workers)
{
	const __u32 middle = dump->elements.buckets / 2;
	pthread_t thread;

	workers[1].err = begin_worker(&workers[1], dump, middle);
	if (workers[1].err || pthread_create(&thread, NULL, other_half, &workers[1])) {
		workers[1].err = 0;
		read_on(&workers[0]);
		return;
	}
	workers[0].reader.until = middle;
	read_on(&workers[0]);
	pthread_join(thread, NULL);
}

static int read_all(struct dump *dump)
{
	struct worker workers[MAX_READERS] = {0};
	int err, more;

	dump->workers = workers;
	err = begin_worker(&workers[0], dump, 0);
	more = err ? err : reader_next(&workers[0].reader);
	if (more < 0)
		err = more;
	if (err)
		goto out;
	if (dump->format->begin)
		dump->format->begin(dump, &workers[0].text, &workers[0].reader);
	if (is_cut_off(&workers[0], 0)) {
		err = workers[0].err;
		goto out;
	}
	flush(&workers[0]);
	show(&workers[0]);
	if (more && !workers[0].err && pays_twice(dump, &workers[0].reader))
		read_in_two(dump, workers);
	else if (more)
		read_on(&workers[0]);
	if (dump->format->end)
		dump->format->end(dump, &workers[0].text);
	flush(&workers[0]);
	err = workers[0].err ? workers[0].err : workers[1].err;
out:
	for (int i = 0; i < MAX_READERS; i++)
		end_worker(&workers[i]);
	return err;
}

/* How much of all was read: by buckets, where they are, for a hash need not be full. */
static double part_done(const struct dump *dump)
{
	const struct elements *e = &dump->elements;
	__u64 buckets = 0;
	__u32 reached;

	if (!e->buckets)
		return e->info.max_entries ? (double)dump->sink.elements / e->info.max_entries : 0;
	for (int i = 0; i < MAX_READERS; i++) {
		reached = __atomic_load_n(&dump->workers[i].reached, __ATOMIC_RELAXED);
		if (reached > e->buckets)
			reached = e->buckets;
		if (reached > dump->workers[i].from)
			buckets += reached - dump->workers[i].from;
	}
	return (double)buckets / e->buckets;
}

static void step(struct sink *sink)
{
	struct dump *dump = (struct dump *)((char *)sink - offsetof(struct dump, sink));

	progress_step(&dump->progress, sink->elements, part_done(dump));
}

int dump_run(struct dump *dump, const char *map)
{
	int err, status;

	sink_begin(&dump->sink, dump->format->separator);
	dump->sink.written = step;
	progress_begin(&dump->progress);
	err = read_all(dump);
	progress_end(&dump->progress);
	status = sink_end(&dump->sink);
	if (!err || status)
		return status;
	return elements_failed(&dump->elements, map, err);
}
