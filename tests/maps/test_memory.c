/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What maps need of memory. A map that is filled and emptied over and over, and one that is made,
 * filled and given back, let the process grow no further after the first rounds; and an element
 * takes no more than Linux says (memlock, in the map's fdinfo) for the same map.
 *
 *   test_memory [--elements N] [--rounds N] [--beside-linux N]
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "../facts/facts.h"

/* They keep what is freed, so that nothing can be said of growth. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define BATCH 1000u
#define WARM_UP 2	 /* rounds until there is memory for what waits for a grace period, too */
#define SLACK (2l << 20) /* of what others in the process do: the allocator, liburcu */
#define PATIENCE 1000	 /* milliseconds until memory has to be back */
#define LATE_GRACES 4

static unsigned int elements = 200000, rounds = 5;
static unsigned int beside = 20000; /* for memory per element */

struct memory_kind {
	const char *name;
	enum bpf_map_type type;
	unsigned int flags, key_size, value_size;
	bool no_batch, fixed; /* fixed: nothing is deleted from it */
	bool of_maps;	      /* all its values are one inner map */
};

static const struct memory_kind kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH, 0, 4, 8},
	{"hash, no prealloc", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 4, 8},
	{"hash of 16 + 64 bytes", BPF_MAP_TYPE_HASH, 0, 16, 64},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 0, 4, 8},
	{"percpu_hash, no prealloc", BPF_MAP_TYPE_PERCPU_HASH, BPF_F_NO_PREALLOC, 4, 8},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 0, 4, 8},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, 4, 8},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, 8, 8},
	{"queue", BPF_MAP_TYPE_QUEUE, 0, 0, 8, .no_batch = true},
	{"stack", BPF_MAP_TYPE_STACK, 0, 0, 8, .no_batch = true},
	{"bloom_filter", BPF_MAP_TYPE_BLOOM_FILTER, 0, 0, 8, .no_batch = true, .fixed = true},
	{"array", BPF_MAP_TYPE_ARRAY, 0, 4, 8, .fixed = true},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 0, 4, 8, .fixed = true},
	{"hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, 0, 4, 4, .of_maps = true},
	{"array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, 0, 4, 4, .of_maps = true, .fixed = true},
};

static int inner = -1; /* of maps of maps */

/* --- elements --------------------------------------------------------------------------------- */

static void make_key(const struct memory_kind *kind, __u32 number, __u8 *key)
{
	const __u32 prefix = 32;

	memset(key, 0, kind->key_size);
	if (kind->type == BPF_MAP_TYPE_LPM_TRIE) {
		memcpy(key, &prefix, 4);
		memcpy(key + 4, &number, 4);
	} else if (kind->key_size) {
		memcpy(key, &number, 4);
	}
}

static void one_by_one(const struct memory_kind *kind, int map, int cmd, __u32 n)
{
	__u8 value[1024] = {0};

	for (__u32 i = 0; i < n; i++) {
		union bpf_attr attr = {.map_fd = (__u32)map, .value = PTR(value)};

		memcpy(value, &i, sizeof(i));
		assert_int_equal(bpf(cmd, &attr), 0);
	}
}

static void by_batches(const struct memory_kind *kind, int map, int cmd, __u32 n)
{
	static __u8 keys[BATCH * 16], values[BATCH * 1024];

	memset(values, 0, sizeof(values));
	for (__u32 i = 0; kind->of_maps && i < BATCH; i++)
		memcpy(values + i * sizeof(inner), &inner, sizeof(inner));
	for (__u32 i = 0; i < n; i += BATCH) {
		union bpf_attr attr = {0};

		attr.batch.map_fd = (__u32)map;
		attr.batch.count = n - i < BATCH ? n - i : BATCH;
		attr.batch.keys = PTR(keys);
		attr.batch.values = cmd == BPF_MAP_UPDATE_BATCH ? PTR(values) : 0;
		for (__u32 k = 0; k < attr.batch.count; k++)
			make_key(kind, i + k, keys + k * kind->key_size);
		assert_int_equal(bpf(cmd, &attr), 0);
	}
}

static void fill(const struct memory_kind *kind, int map, __u32 n)
{
	if (kind->no_batch)
		one_by_one(kind, map, BPF_MAP_UPDATE_ELEM, n);
	else
		by_batches(kind, map, BPF_MAP_UPDATE_BATCH, n);
}

static void empty(const struct memory_kind *kind, int map, __u32 n)
{
	__u8 value[1024];

	if (kind->fixed)
		return;
	if (kind->no_batch) {
		one_by_one(kind, map, BPF_MAP_LOOKUP_AND_DELETE_ELEM, n);
		assert_int_equal(map_lookup(map, NULL, value), -ENOENT);
	} else if (kind->type == BPF_MAP_TYPE_LRU_HASH ||
		   kind->type == BPF_MAP_TYPE_LRU_PERCPU_HASH) {
		/* Some may have been evicted. */
		for (__u32 i = 0; i < n; i++)
			map_delete(map, &i);
	} else {
		by_batches(kind, map, BPF_MAP_DELETE_BATCH, n);
	}
}

static int new_map(const struct memory_kind *kind, __u32 n)
{
	union bpf_attr attr = {.map_type = kind->type,
			       .key_size = kind->key_size,
			       .value_size = kind->value_size,
			       .max_entries = n,
			       .map_flags = kind->flags};
	int map;

	if (kind->of_maps) {
		inner = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
		attr.inner_map_fd = (__u32)inner;
	}
	map = own(bpf(BPF_MAP_CREATE, &attr));
	if (map == -EINVAL && E != &embedded_engine)
		skip_because("%s makes no %s", E->name, kind->name);
	assert_true(map >= 0);
	return map;
}

/* --- the process ------------------------------------------------------------------------------ */

static long resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*s %ld", &pages), 1);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Freed memory comes back when a grace period is over: what is resident within some time. */
static long settled(long limit)
{
	const long end = now() + PATIENCE;
	long bytes;

	while ((bytes = resident()) > limit && now() < end)
		usleep(1000);
	return bytes;
}

static void round_of(const struct memory_kind *kind, bool anew, int *map)
{
	const unsigned int n = anew ? elements / 4 : elements;

	if (anew)
		*map = new_map(kind, n);
	fill(kind, *map, n);
	empty(kind, *map, n);
	if (anew)
		end(*map);
	if (anew && kind->of_maps)
		end(inner);
}

/* Does the process hold more after the last round than after the first ones? */
static bool grows(const struct memory_kind *kind, bool anew, int *map)
{
	long before = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		round_of(kind, anew, map);
		if (i < WARM_UP && resident() > before)
			before = resident();
	}
	return settled(before + SLACK) > before + SLACK;
}

/*
 * A round that a grace period is late for takes memory for what waits meanwhile. The map keeps it,
 * so that this ends; a leak does not.
 */
static void no_growth(const struct memory_kind *kind, bool anew)
{
	int map = -1;

	if (!anew)
		map = new_map(kind, elements);
	for (int i = 0; grows(kind, anew, &map); i++)
		if (i == LATE_GRACES)
			fail_msg("%s: %ld bytes are resident, and more each time", kind->name,
				 resident());
}

static void filled_and_emptied(void **state)
{
	no_growth(*state, false);
}

static void made_and_given_back(void **state)
{
	no_growth(*state, true);
}

/* --- beside Linux ----------------------------------------------------------------------------- */

static double memlock_of(const struct memory_kind *kind)
{
	int map = new_map(kind, beside);
	unsigned long long bytes;
	char info[1024], *line;

	/* Linux waits for a grace period after each map that is put in. */
	if (!kind->of_maps || E == &embedded_engine)
		fill(kind, map, beside);
	assert_true(E->fdinfo(map, info, sizeof(info)) > 0);
	line = strstr(info, "memlock:");
	assert_non_null(line);
	assert_int_equal(sscanf(line, "memlock:\t%llu", &bytes), 1);
	end(map);
	return (double)bytes / beside;
}

static const char *no_kernel;

static void no_more_than_linux(void **state)
{
	const struct memory_kind *kind = *state;
	double ours = memlock_of(kind), theirs;

	if (no_kernel)
		skip_because("%s", no_kernel);
	if (E->cpus() != kernel_engine.cpus() &&
	    (kind->type == BPF_MAP_TYPE_PERCPU_HASH || kind->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	     kind->type == BPF_MAP_TYPE_LRU_PERCPU_HASH))
		skip_because("the runtime of the tests has another number of CPUs");
	E = &kernel_engine;
	theirs = memlock_of(kind);
	E = &embedded_engine;
	printf("# %s: %.1f bytes an element, Linux %.1f\n", kind->name, ours, theirs);
	assert_true(ours <= theirs);
}

static int end_test(void **state)
{
	close_owned(state);
	E = &embedded_engine;
	return 0;
}

static unsigned long number(int argc, char **argv, const char *option, unsigned long otherwise)
{
	for (int i = 1; i < argc - 1; i++)
		if (!strcmp(argv[i], option))
			return strtoul(argv[i + 1], NULL, 10);
	return otherwise;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*func)(void **state);
	} checks[] = {
		{"filled and emptied", filled_and_emptied},
		{"made and given back", made_and_given_back},
		{"beside Linux", no_more_than_linux},
	};
	struct CMUnitTest tests[ARRAY_SIZE(checks) * ARRAY_SIZE(kinds)];
	size_t n = 0;
	int failed;

	elements = (unsigned int)number(argc, argv, "--elements", elements);
	rounds = (unsigned int)number(argc, argv, "--rounds", rounds);
	beside = (unsigned int)number(argc, argv, "--beside-linux", beside);
	E = &embedded_engine;
	if (E->start()) {
		printf("Bail out! the runtime does not start\n");
		return 1;
	}
	no_kernel = kernel_engine.start();
	if (SANITIZED)
		printf("# growth is not looked at: a sanitizer keeps what is freed\n");
	for (size_t c = SANITIZED ? ARRAY_SIZE(checks) - 1 : 0; c < ARRAY_SIZE(checks); c++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			char *name;

			if (asprintf(&name, "%s: %s", kinds[k].name, checks[c].name) < 0)
				return 1;
			tests[n++] = (struct CMUnitTest){.name = name,
							 .test_func = checks[c].func,
							 .teardown_func = end_test,
							 .initial_state = (void *)&kinds[k]};
		}
	failed = _cmocka_run_group_tests("memory", tests, n, NULL, NULL);
	while (n)
		free((char *)tests[--n].name);
	kernel_engine.stop();
	embedded_engine.stop();
	return failed != 0;
}
