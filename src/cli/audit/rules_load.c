/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What is under load: maps that are nearly full, programs that take much time, that miss events,
 * or that are interpreted.
 *
 * Run time is what Linux counts while statistics are on. With --sample it is the difference of two
 * looks. Without, it is what was counted since the program was loaded, divided by all that time: if
 * statistics were off for a part of it the program takes more than that, never less.
 */
#include <linux/bpf.h>

#include "audit/rules.h"

/*
 * Kinds that refuse a new element when they are full. LRU kinds drop an old one instead and are
 * meant to be full; arrays always are.
 */
static bool fills_up(const struct map *map)
{
	switch (map->type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_SOCKHASH:
	case BPF_MAP_TYPE_DEVMAP_HASH:
		return true;
	default:
		return false;
	}
}

static const char *not_counted(const struct audit *audit)
{
	const struct objects *objects = audit->objects;

	for (size_t i = 0; i < objects->nr_maps; i++)
		if (objects->maps[i].type == BPF_MAP_TYPE_HASH &&
		    objects->maps[i].elements == UNKNOWN)
			return "this kernel does not count the elements of hashes (Linux 6.6 does)";
	return NULL;
}

static void look_for_full(struct audit *audit, const struct map *m)
{
	struct finding *f;
	uint64_t percent;

	/* So many are UNKNOWN. */
	if (!fills_up(m) || !m->max_entries || m->elements > UINT64_MAX / 100)
		return;
	percent = m->elements * 100 / m->max_entries;
	if (percent < audit->full_percent)
		return;
	f = found(audit, m->elements >= m->max_entries ? HIGH : MEDIUM, OBJECT_MAP, m->id);
	evidence_text(audit, f, "type", map_type_name(m->type));
	evidence_number(audit, f, "elements", m->elements);
	evidence_number(audit, f, "max_entries", m->max_entries);
	evidence_number(audit, f, "percent", percent);
	evidence_json(audit, f, "prog_ids",
		      referring_ids(audit->objects, OBJECT_MAP, m->id, OBJECT_PROGRAM));
	finding_says(audit, f, "%llu of %u elements (%llu %%)%s", (unsigned long long)m->elements,
		     m->max_entries, (unsigned long long)percent,
		     m->elements >= m->max_entries ? ": new ones are refused" : "");
	finding_command(audit, f, "bpftrek map dump id %u --limit 20", m->id);
}

static const char *no_statistics(const struct audit *audit)
{
	if (audit->before || audit->objects->statistics)
		return NULL;
	return audit->on_kernel
		       ? "run-time statistics are off (kernel.bpf_stats_enabled); --sample "
			 "SECONDS turns them on for that time"
		       : "run-time statistics are off";
}

/* How long a program ran, out of how long, and how often. false: that is not known. */
static bool run_time(const struct audit *audit, const struct program *p, uint64_t *ran,
		     uint64_t *elapsed, uint64_t *runs)
{
	const struct program *before;

	if (p->run_time_ns == UNKNOWN || p->run_cnt == UNKNOWN)
		return false;
	if (!audit->before) {
		*elapsed = audit->now_ns > p->load_time ? audit->now_ns - p->load_time : 0;
		*ran = p->run_time_ns;
		*runs = p->run_cnt;
		return p->load_time != UNKNOWN && *elapsed;
	}
	before = objects_program(audit->before, p->id);
	/* One that came meanwhile has run only since. */
	*elapsed = audit->sample_ns;
	*ran = p->run_time_ns - (before ? before->run_time_ns : 0);
	*runs = p->run_cnt - (before ? before->run_cnt : 0);
	return *elapsed && (!before || (before->run_time_ns <= p->run_time_ns &&
					before->run_cnt <= p->run_cnt));
}

static void look_for_dominator(struct audit *audit, const struct program *p)
{
	uint64_t ran, elapsed, runs;
	struct finding *f;
	double percent;

	if (!run_time(audit, p, &ran, &elapsed, &runs))
		return;
	percent = 100.0 * ran / elapsed;
	if (!runs || percent < audit->cpu_percent)
		return;
	f = found(audit, MEDIUM, OBJECT_PROGRAM, p->id);
	evidence_text(audit, f, "type", program_type_name(p->type));
	evidence_json(audit, f, "percent_of_a_cpu", json_real(percent));
	evidence_number(audit, f, "run_time_ns", ran);
	evidence_number(audit, f, "run_cnt", runs);
	evidence_number(audit, f, "elapsed_ns", elapsed);
	finding_says(audit, f,
		     "%.1f %% of one CPU: %llu runs of %llu ns on average within %.1f s%s", percent,
		     (unsigned long long)runs, (unsigned long long)(ran / runs), elapsed / 1e9,
		     audit->before ? "" : ", since it was loaded");
	finding_command(audit, f, "bpftrek prog show id %u", p->id);
}

static void look_for_missed_runs(struct audit *audit, const struct program *p)
{
	struct finding *f;

	if (!p->recursion_misses || p->recursion_misses == UNKNOWN)
		return;
	f = found(audit, LOW, OBJECT_PROGRAM, p->id);
	evidence_text(audit, f, "type", program_type_name(p->type));
	evidence_number(audit, f, "recursion_misses", p->recursion_misses);
	evidence_number(audit, f, "run_cnt", p->run_cnt);
	finding_says(audit, f, "did not run %llu times, as it was running on that CPU",
		     (unsigned long long)p->recursion_misses);
	finding_command(audit, f, "bpftrek prog show id %u", p->id);
}

/* Where no program is compiled nothing can be said of one. */
static bool any_compiled(const struct objects *objects)
{
	for (size_t i = 0; i < objects->nr_programs; i++)
		if (objects->programs[i].jited)
			return true;
	return false;
}

static void look_for_interpreted(struct audit *audit, const struct program *p)
{
	struct finding *f;

	if (p->jited || (p->ifindex && p->ifindex != UNKNOWN))
		return;
	f = found(audit, LOW, OBJECT_PROGRAM, p->id);
	evidence_text(audit, f, "type", program_type_name(p->type));
	evidence_number(audit, f, "bytes_xlated", p->bytes_xlated);
	finding_says(audit, f, "interpreted, while other programs are native code");
	finding_command(audit, f, "sysctl net.core.bpf_jit_enable");
}

const struct rule map_nearly_full_rule = {
	.id = "map-nearly-full",
	.severity = HIGH,
	.title = "map that is nearly full",
	.meaning = "The map has at least --full PERCENT (90) of its max_entries elements. Once it "
		   "is full, high instead of medium, programs and processes that add an element "
		   "get an error (E2BIG), and what they count or track is lost. LRU maps, which "
		   "drop what was "
		   "not used for long, and arrays are never a finding.",
	.remedy = "Find out why elements are not deleted, or have its owner make it with a larger "
		  "max_entries.",
	.wanted = WANT_MAPS | WANT_ELEMENTS,
	.useful = WANT_PROGRAMS,
	.not_checked = not_counted,
	.look_at_map = look_for_full,
};

const struct rule run_time_dominator_rule = {
	.id = "run-time-dominator",
	.severity = MEDIUM,
	.title = "program that takes much of a CPU",
	.meaning =
		"The program ran for at least --cpu PERCENT (5) of the time of one CPU, over "
		"--sample SECONDS, during which statistics are on, which makes all programs a bit "
		"slower. Without --sample, over all the time since it was loaded, if statistics "
		"are on anyhow.",
	.remedy = "Look at how often it runs and how long a run takes: filter earlier, attach to a "
		  "rarer event, or look up less.",
	.wanted = WANT_PROGRAMS | WANT_STATISTICS,
	.not_checked = no_statistics,
	.look_at_program = look_for_dominator,
};

const struct rule missed_runs_rule = {
	.id = "missed-runs",
	.severity = LOW,
	.title = "program that missed events",
	.meaning = "The kernel did not run the program for some events, because it was running "
		   "already on that CPU: what it counts is too low.",
	.remedy = "If it counts, take its counters for lower bounds; have its owner attach it to "
		  "what it does not itself cause.",
	.wanted = WANT_PROGRAMS | WANT_STATISTICS,
	.look_at_program = look_for_missed_runs,
};

const struct rule interpreted_program_rule = {
	.id = "interpreted-program",
	.severity = LOW,
	.title = "program that is interpreted",
	.meaning = "The program is not native code, although others are: it was loaded while the "
		   "compiler was off, or could not be compiled. It is several times slower.",
	.remedy = "Turn the compiler on (net.core.bpf_jit_enable=1) and have its owner load the "
		  "program anew.",
	.wanted = WANT_PROGRAMS,
	.applies = any_compiled,
	.look_at_program = look_for_interpreted,
};
