/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* One dump of a map: what is read, how it is shown, where it goes. */
#ifndef CLI_DUMP_DUMP_H
#define CLI_DUMP_DUMP_H

#include "columns.h"
#include "elements.h"
#include "plan.h"
#include "progress.h"
#include "sink.h"

enum per_cpu { EACH_CPU, SUM_OF_CPUS, MAX_OF_CPUS };

struct dump;

#define UNLIMITED UINT64_MAX

/* A form of output. */
struct format {
	const char *name;
	enum per_cpu per_cpu;  /* unless it is asked for */
	const char *separator; /* between elements, and in front of each */
	/* 0; -ENOMEM; -EINVAL: the types do not fit, as dump->why says. */
	int (*prepare)(struct dump *dump);
	/* The start, for which the elements that come first can be looked at. */
	void (*begin)(struct dump *dump, struct text *text, const struct reader *first);
	void (*element)(struct dump *dump, struct text *text, const unsigned char *key,
			const unsigned char *value);
	void (*end)(struct dump *dump, struct text *text);
};

struct dump {
	struct elements elements;
	const struct format *format;
	enum per_cpu per_cpu;
	bool per_cpu_asked;
	unsigned long long limit; /* elements; UNLIMITED: all */
	bool pretty;
	/* Their types; btf NULL or a type 0: none. */
	struct btf *btf;
	__u32 key_type, value_type;
	const char *why;

	struct plan *key, *value; /* JSON */
	struct columns columns;	  /* tables */
	size_t label_width;	  /* a table too wide for the terminal: a line for each column */

	struct sink sink;
	struct progress progress;
	struct worker *workers; /* who read */
};

extern const struct format *const formats[];

/* Whether an element has a value for each CPU, in the output, too. */
bool dump_has_cpus(const struct dump *dump);

/* The values of an element as the format wants one: those of CPU @cpu, or of all. */
struct source dump_source(const struct dump *dump, const unsigned char *value, unsigned int cpu);

/* Read and write all. The exit status. */
int dump_run(struct dump *dump, const char *map);

#endif /* CLI_DUMP_DUMP_H */
