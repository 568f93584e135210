/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The columns of programs. Names and values of JSON are bpftool's (prog.c) where it has them: type,
 * tag, gpl_compatible, loaded_at, uid, bytes_*, map_ids, run_time_ns ...
 */
#include <linux/bpf.h>

#include "column.h"

static const struct program *of(const void *object)
{
	return object;
}

static void get_type(struct view *view, const void *object, struct cell *cell)
{
	get_text(cell, program_type_name(of(object)->type));
}

static void json_type(struct view *view, const void *object, struct json *json)
{
	put_type(json, "type", program_type_name(of(object)->type), of(object)->type);
}

static void get_tag(struct view *view, const void *object, struct cell *cell)
{
	cell->list = of(object)->tag;
	cell->nr = sizeof(of(object)->tag);
}

static void get_license(struct view *view, const void *object, struct cell *cell)
{
	cell->text = of(object)->gpl_compatible ? "GPL" : "other";
}

static void get_attach_type(struct view *view, const void *object, struct cell *cell)
{
	const struct program *program = of(object);

	/*
	 * 0 is a real one of cgroup_skb only; with others it says that none was given. A program
	 * of struct_ops has the number of its member there.
	 */
	if (program->attach_type == UNKNOWN || program->type == BPF_PROG_TYPE_STRUCT_OPS ||
	    (!program->attach_type && program->type != BPF_PROG_TYPE_CGROUP_SKB))
		cell->kind = CELL_UNKNOWN;
	else
		get_text(cell, attach_type_name(program->attach_type));
}

static void get_loaded_at(struct view *view, const void *object, struct cell *cell)
{
	__u64 load_time = of(object)->load_time;

	if (!load_time || load_time == UNKNOWN)
		cell->kind = CELL_UNKNOWN;
	else
		cell->number = view->objects->boot_time_ns + load_time;
}

/* bpftool's seconds, and all there is to know. */
static void json_loaded_at(struct view *view, const void *object, struct json *json)
{
	struct cell cell = {.kind = CELL_TIME};

	get_loaded_at(view, object, &cell);
	if (cell.kind == CELL_UNKNOWN)
		return;
	json_name(json, "loaded_at");
	json_put_number(json, cell.number / 1000000000);
	json_name(json, "loaded_at_ns");
	json_put_number(json, cell.number);
}

static void get_maps(struct view *view, const void *object, struct cell *cell)
{
	cell->list = of(object)->map_ids;
	cell->nr = of(object)->nr_map_ids;
	if (view->objects->missing & WANT_PROGRAMS && !cell->nr)
		cell->kind = CELL_UNKNOWN;
}

static void get_links(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_PROGRAM, of(object)->id, OBJECT_LINK, ATTACHES, cell);
}

static void get_callers(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_PROGRAM, of(object)->id, OBJECT_MAP, HAS_ELEMENT, cell);
}

static void get_tracers(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_PROGRAM, of(object)->id, OBJECT_PROGRAM, TARGETS, cell);
}

static void get_program_pins(struct view *view, const void *object, struct cell *cell)
{
	get_pins(view, OBJECT_PROGRAM, of(object)->id, cell);
}

static void get_program_holders(struct view *view, const void *object, struct cell *cell)
{
	get_holders(view, OBJECT_PROGRAM, of(object)->id, cell);
}

static void get_average(struct view *view, const void *object, struct cell *cell)
{
	const struct program *program = of(object);

	if (!program->run_cnt || program->run_cnt == UNKNOWN || program->run_time_ns == UNKNOWN)
		cell->kind = CELL_UNKNOWN;
	else
		cell->number = program->run_time_ns / program->run_cnt;
}

static const struct sample *sample_of(const struct view *view, __u32 id)
{
	size_t low = 0, high = view->before ? view->before->nr : 0, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (view->before->samples[middle].id == id)
			return &view->before->samples[middle];
		if (view->before->samples[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What one counter gained each second since the sample; counts may be reset, never negative. */
static void get_gain(const struct view *view, struct cell *cell, __u64 before, __u64 now)
{
	double seconds = (view->now - view->before->taken_at) / 1e9;

	if (before == UNKNOWN || now == UNKNOWN || now < before || seconds <= 0)
		cell->kind = CELL_UNKNOWN;
	else
		cell->real = (now - before) / seconds;
}

static void get_runs_per_second(struct view *view, const void *object, struct cell *cell)
{
	const struct sample *sample = sample_of(view, of(object)->id);

	if (!sample || !view->objects->statistics)
		cell->kind = CELL_UNKNOWN;
	else
		get_gain(view, cell, sample->run_cnt, of(object)->run_cnt);
}

static void get_cpu(struct view *view, const void *object, struct cell *cell)
{
	const struct sample *sample = sample_of(view, of(object)->id);

	if (!sample || !view->objects->statistics)
		cell->kind = CELL_UNKNOWN;
	else
		get_gain(view, cell, sample->run_time_ns, of(object)->run_time_ns);
	if (cell->kind != CELL_UNKNOWN)
		cell->real /= 1e7;
}

static const struct column columns[] = {
	{"id", "ID", CELL_ID, IN_TABLE | IN_JSON | IN_WATCH, MEMBER(program, id),
	 .stays = STAYS_ALWAYS, .help = "its number, given out once"},
	{"type", "TYPE", CELL_TEXT, IN_TABLE | IN_JSON | IN_WATCH, .get = get_type,
	 .json = json_type, .stays = 8, .help = "program type"},
	{"name", "NAME", CELL_TEXT, IN_TABLE | IN_JSON | IN_WATCH | OMIT_EMPTY,
	 MEMBER(program, name), .least = NAME_LEAST, .stays = STAYS_ALWAYS,
	 .help = "name, as a whole where BTF has it"},
	{"runs_per_s", "RUNS/S", CELL_RATE, IN_WATCH, .wants_named = WANT_STATISTICS,
	 .get = get_runs_per_second, .stays = 8,
	 .help = "runs a second since the last look (--watch, statistics)"},
	{"cpu_percent", "CPU", CELL_PERCENT, IN_WATCH, .wants_named = WANT_STATISTICS,
	 .get = get_cpu, .stays = 8,
	 .help = "share of one CPU since the last look (--watch, statistics)"},
	{"average_ns", "AVERAGE", CELL_DURATION, IN_WATCH | IN_JSON, .wants_named = WANT_STATISTICS,
	 .get = get_average, .stays = 7, .help = "time that a run took on average (statistics)"},
	{"run_cnt", "RUNS", CELL_NUMBER, IN_COUNTED | IN_JSON | OMIT_ZERO,
	 .wants_named = WANT_STATISTICS, MEMBER(program, run_cnt), .stays = 7,
	 .help = "how often it ran (statistics)"},
	{"run_time_ns", "RUN_TIME", CELL_DURATION, IN_COUNTED | IN_JSON | OMIT_ZERO,
	 .wants_named = WANT_STATISTICS, MEMBER(program, run_time_ns), .stays = 7,
	 .help = "time that its runs took (statistics)"},
	{"attach_type", "ATTACH_TYPE", CELL_TEXT, IN_JSON, WANT_INSIDE, .get = get_attach_type,
	 .help = "attach type that it was loaded for"},
	{"attach_to", "ATTACH_TO", CELL_TEXT, IN_TABLE | IN_JSON | CUT_INSIDE, WANT_ATTACH_TO,
	 MEMBER(program, attach_to), .least = TARGET_LEAST, .stays = 7,
	 .help = "function, hook or target that it is made for"},
	{"uid", "USER", CELL_USER, IN_TABLE | IN_JSON, MEMBER(program, uid), .stays = 2,
	 .help = "user that loaded it; a number in JSON"},
	{"pids", "PIDS", CELL_HOLDERS, IN_TABLE | IN_JSON | OMIT_EMPTY, WANT_HOLDERS_OF_FEW,
	 WANT_HOLDERS, .get = get_program_holders, .least = HOLDER_LEAST, .stays = 6,
	 .help = "processes that hold it; of more than 1,000 objects only if it is asked for by "
		 "name"},
	{"bytes_memlock", "MEMORY", CELL_SIZE, IN_TABLE | IN_JSON, WANT_MEMORY,
	 MEMBER(program, bytes_memlock), .stays = 5, .help = "memory that it takes"},
	{"loaded_at", "LOADED", CELL_TIME, IN_TABLE | IN_JSON, .get = get_loaded_at,
	 .json = json_loaded_at, .stays = 4,
	 .help = "when it was loaded; seconds since 1970 in JSON, with loaded_at_ns"},
	{"map_ids", "MAPS", CELL_IDS, IN_TABLE | IN_JSON | OMIT_EMPTY, .get = get_maps, .stays = 3,
	 .help = "maps that it uses"},
	{"tag", "TAG", CELL_BYTES, IN_JSON, .get = get_tag, .help = "hash of its instructions"},
	{"gpl_compatible", "GPL", CELL_FLAG, IN_JSON, MEMBER(program, gpl_compatible),
	 .help = "whether its licence is compatible with the GPL"},
	{"license", "LICENSE", CELL_TEXT, IN_JSON, .get = get_license,
	 .help = "GPL (or compatible) or other"},
	{"bytes_xlated", "XLATED", CELL_SIZE, IN_JSON, MEMBER(program, bytes_xlated),
	 .help = "size of its instructions"},
	{"jited", "JITED", CELL_FLAG, IN_JSON, MEMBER(program, jited),
	 .help = "whether it runs as machine code"},
	{"bytes_jited", "CODE", CELL_SIZE, IN_JSON | OMIT_ZERO, MEMBER(program, bytes_jited),
	 .help = "size of its machine code"},
	{"verified_insns", "VERIFIED", CELL_NUMBER, IN_JSON, MEMBER(program, verified_insns),
	 .help = "instructions that the verifier went through"},
	{"sleepable", "SLEEPABLE", CELL_FLAG, IN_JSON, WANT_INSIDE, MEMBER(program, sleepable),
	 .help = "whether it may sleep"},
	{"btf_id", "BTF", CELL_NUMBER, IN_JSON | OMIT_ZERO, MEMBER(program, btf_id),
	 .help = "BTF of its types"},
	{"attach_btf_obj_id", "ATTACH_BTF", CELL_NUMBER, IN_JSON | OMIT_ZERO,
	 MEMBER(program, attach_btf_obj_id), .help = "BTF of what it attaches to"},
	{"attach_btf_id", "ATTACH_BTF_TYPE", CELL_NUMBER, IN_JSON | OMIT_ZERO,
	 MEMBER(program, attach_btf_id), .help = "type in it"},
	{"attach_prog_id", "ATTACH_PROG", CELL_NUMBER, IN_JSON | OMIT_ZERO,
	 WANT_INSIDE | WANT_LINKS, MEMBER(program, attach_prog_id),
	 .help = "program that it traces or replaces"},
	{"ifindex", "IFINDEX", CELL_NUMBER, IN_JSON | OMIT_ZERO, MEMBER(program, ifindex),
	 .help = "device that it is offloaded to"},
	{"recursion_misses", "MISSES", CELL_NUMBER, IN_JSON | OMIT_ZERO,
	 .wants_named = WANT_STATISTICS, MEMBER(program, recursion_misses),
	 .help = "runs left out, as it was running already"},
	{"links", "LINKS", CELL_SOURCES, IN_JSON, WANT_LINKS, .get = get_links,
	 .help = "links that attach it"},
	{"traced_by", "TRACED_BY", CELL_SOURCES, IN_JSON | OMIT_EMPTY, WANT_INSIDE | WANT_LINKS,
	 .get = get_tracers, .help = "programs that trace or replace it"},
	{"tail_called_by", "TAIL_CALLED_BY", CELL_SOURCES, OMIT_EMPTY,
	 WANT_MAPS | WANT_HELD_BY_MAPS, .get = get_callers,
	 .help = "maps that have it as an element"},
	{"refcnt", "REFS", CELL_NUMBER, IN_JSON, WANT_INSIDE, MEMBER(program, refcnt),
	 .help = "references to it"},
	{"pinned", "PINNED", CELL_PINS, OMIT_EMPTY, WANT_PINS, .get = get_program_pins,
	 .least = PATH_LEAST, .help = "where it is pinned"},
	{0},
};

const struct kind program_kind = {
	.kind = OBJECT_PROGRAM,
	.name = "program",
	.wants = WANT_PROGRAMS,
	.columns = columns,
	.object_size = sizeof(struct program),
	.first = offsetof(struct objects, programs),
	.count = offsetof(struct objects, nr_programs),
	.type_name = program_type_name,
};
