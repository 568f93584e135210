/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Walks of a map of the runtime's that others change meanwhile. Keys below HALF stay, and only
 * their values change; the others come and go. Walkers read the map in all the ways there are:
 * every key that stays exactly once in every walk, every other at most once in the same life.
 *
 * A value is the number of the entry's life in its upper half, which only its key's writer gives
 * out, and anything in its lower half. Each key that comes and goes has one writer.
 *
 * Of a map of maps values are descriptors, and ids when they are read: some inner maps are only
 * given to keys that stay, others only to those that come and go, whose lives nobody can tell apart
 * then.
 *
 * get_next_key knows no walks: a key that is gone leads to the first one, as in Linux. A walk that
 * this happens to begins anew, and is counted.
 *
 *   test_stress [--operations N]     of all writers together, over all kinds of maps
 */
#include <endian.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "../facts/facts.h"

#define HALF 1000u
#define KEYS (2 * HALF)
#define WRITERS 8
#define LIVES 16 /* of one key in one walk; one that has more is not looked at */
#define BATCH 64
#define NO_VALUE ~0ull

/* Sanitizers take long. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OPERATIONS 300000ul
#else
#define OPERATIONS 10000000ul
#endif

static unsigned long operations = OPERATIONS;

static struct stress {
	const struct stress_kind *kind;
	int map, link;
	unsigned int value_bytes;
	/* Of maps of maps: two for keys that stay, two for the others. */
	int inner[4];
	__u32 inner_id[4];
	bool done; /* no writer writes any more */
	int failures;
} s;

struct stress_kind {
	const char *name;
	enum bpf_map_type type;
	unsigned int flags;
	bool percpu;
	bool all_stay; /* an array */
	bool prefixes; /* a trie: no walk but by keys */
	bool of_maps;  /* no walk that shows elements */
};

/* Not an assertion: this is for threads. */
static void wrong(const char *way, const char *what, __u32 key, __u64 value)
{
	if (__atomic_fetch_add(&s.failures, 1, __ATOMIC_RELAXED) < 10)
		print_error("%s, %s: %s: key %u, value 0x%llx\n", s.kind->name, way, what, key,
			    value);
}

/* --- the map ---------------------------------------------------------------------------------- */

/* Of a trie, prefixes of which those that come and go stand above, below and beside those that
 * stay. */
#define GROUPS (HALF / 2)
static const struct {
	__u32 bits, beside;
} levels[] = {{20, 0}, {26, 0}, {14, 0}, {32, 1u << 10}};

static void make_key(__u32 number, __u32 *key)
{
	const __u32 level = number / GROUPS;

	key[0] = number;
	if (!s.kind->prefixes)
		return;
	key[0] = levels[level].bits;
	key[1] = htobe32((number % GROUPS) << 23 | levels[level].beside);
}

static __u32 number_of(const __u32 *key)
{
	if (!s.kind->prefixes)
		return key[0];
	for (__u32 level = 0; level < ARRAY_SIZE(levels); level++)
		if (levels[level].bits == key[0])
			return level * GROUPS + (be32toh(key[1]) >> 23);
	return UINT32_MAX;
}

static int element(int cmd, __u32 number, __u64 *values, __u64 flags)
{
	union bpf_attr attr = {0};
	__u32 key[2];

	make_key(number, key);
	attr.map_fd = (__u32)s.map;
	attr.key = PTR(key);
	attr.value = PTR(values);
	attr.flags = flags;
	return E->bpf(cmd, &attr, sizeof(attr));
}

static int put(__u32 key, __u32 life, __u32 version, __u64 flags)
{
	__u64 values[64];

	for (unsigned int i = 0; i < s.value_bytes / sizeof(__u64); i++)
		values[i] = (__u64)life << 32 | version;
	if (s.kind->of_maps)
		memcpy(values, &s.inner[(life ? 2 : 0) + version % 2], sizeof(int));
	/* What an array holds is not said to be there. */
	if (s.kind->of_maps && s.kind->all_stay)
		flags = BPF_ANY;
	return element(BPF_MAP_UPDATE_ELEM, key, values, flags);
}

/* A value that was read, as it was put. */
static __u64 value_at(const void *at)
{
	__u64 value = 0;

	if (!s.kind->of_maps) {
		memcpy(&value, at, sizeof(value));
		return value;
	}
	memcpy(&value, at, sizeof(__u32));
	for (__u64 i = 0; i < ARRAY_SIZE(s.inner_id); i++)
		if (s.inner_id[i] == value)
			return i / 2 << 32 | i % 2;
	return NO_VALUE;
}

/* --- writers ---------------------------------------------------------------------------------- */

struct writer {
	pthread_t thread;
	__u32 number;
	unsigned long left;
	__u64 random;
	__u32 life[HALF / WRITERS]; /* of the keys that are there; 0: not there */
	__u32 lives;
};

static __u32 next_random(struct writer *w)
{
	w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
	return (__u32)(w->random >> 32);
}

static void come_or_go(struct writer *w, __u32 random)
{
	__u32 i = random % (HALF / WRITERS), key = HALF + i * WRITERS + w->number;
	__u32 version = random >> 8;
	int err;

	if (!w->life[i]) {
		w->life[i] = ++w->lives;
		err = put(key, w->life[i], version, BPF_NOEXIST);
	} else if (version & 1) {
		err = put(key, w->life[i], version, BPF_EXIST);
	} else {
		w->life[i] = 0;
		err = element(BPF_MAP_DELETE_ELEM, key, NULL, 0);
	}
	if (err)
		wrong("writer", strerror(-err), key, w->life[i]);
}

static void *write_all(void *arg)
{
	struct writer *w = arg;
	int err;

	for (; w->left; w->left--) {
		__u32 random = next_random(w);

		if (!s.kind->all_stay && random >> 31) {
			come_or_go(w, random & 0x7fffffff);
			continue;
		}
		err = put(random % HALF, 0, random >> 16, BPF_EXIST);
		if (err)
			wrong("writer", strerror(-err), random % HALF, 0);
	}
	return NULL;
}

/* --- walkers ---------------------------------------------------------------------------------- */

struct tally {
	const char *way;
	__u32 stayed;
	bool seen[HALF];
	__u32 lives[HALF][LIVES];
	__u8 nr_lives[HALF];
};

struct walker {
	pthread_t thread;
	const struct way *way;
	struct tally tally;
	unsigned long walks, begun_anew;
	/* for_each's */
	int prog;
	struct record {
		__u64 key, value;
	} * records;
};

struct way {
	const char *name;
	bool (*walk)(struct walker *w);
	size_t read_size;
};

static void tally_begin(struct tally *t)
{
	t->stayed = 0;
	memset(t->seen, 0, sizeof(t->seen));
	memset(t->nr_lives, 0, sizeof(t->nr_lives));
}

/* False: it was seen before. */
static bool tally_add(struct tally *t, __u32 key, __u64 value)
{
	const __u32 i = key % HALF, life = (__u32)(value >> 32);

	if (key >= KEYS || value == NO_VALUE || (key < HALF && life) || (key >= HALF && !life)) {
		wrong(t->way, "never put in", key, value);
		return true;
	}
	if (key < HALF) {
		if (t->seen[i])
			return false;
		t->seen[i] = true;
		t->stayed++;
		return true;
	}
	if (s.kind->of_maps)
		return true;
	for (unsigned int n = 0; n < t->nr_lives[i]; n++)
		if (t->lives[i][n] == life)
			return false;
	if (t->nr_lives[i] < LIVES)
		t->lives[i][t->nr_lives[i]++] = life;
	return true;
}

static void count_once(struct tally *t, __u32 key, __u64 value)
{
	if (!tally_add(t, key, value))
		wrong(t->way, "seen twice", key, value);
}

static void tally_end(struct tally *t)
{
	if (t->stayed == HALF)
		return;
	for (__u32 key = 0; key < HALF; key++)
		if (!t->seen[key])
			wrong(t->way, "not seen", key, 0);
}

static bool walk_session(struct walker *w)
{
	const size_t record = sizeof(__u32) + s.value_bytes, room = 64 * 1024;
	union bpf_attr attr = {0};
	__u8 *buf = malloc(room);
	size_t have = 0;
	ssize_t n = -1;
	int fd;

	attr.iter_create.link_fd = (__u32)s.link;
	fd = E->bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
	while (buf && fd >= 0) {
		size_t left = room - have, taken = 0;

		n = E->read(fd, buf + have, left < w->way->read_size ? left : w->way->read_size);
		if (n == -EAGAIN)
			continue;
		if (n <= 0)
			break;
		for (have += (size_t)n; have - taken >= record; taken += record) {
			__u32 key;

			memcpy(&key, buf + taken, sizeof(key));
			count_once(&w->tally, key, value_at(buf + taken + sizeof(key)));
		}
		memmove(buf, buf + taken, have - taken);
		have -= taken;
	}
	if (n || have)
		wrong(w->way->name, n < 0 ? strerror((int)-n) : "half a record", 0, have);
	if (fd >= 0)
		E->close(fd);
	free(buf);
	return true;
}

static bool walk_next_keys(struct walker *w)
{
	__u64 values[64];
	__u32 keys[2][2], key = 0;
	union bpf_attr attr = {0};
	bool begun = false;

	attr.map_fd = (__u32)s.map;
	attr.next_key = PTR(keys[0]);
	while (!E->bpf(BPF_MAP_GET_NEXT_KEY, &attr, sizeof(attr))) {
		const __u32 next = number_of(keys[0]);
		int err = element(BPF_MAP_LOOKUP_ELEM, next, values, 0);

		/* Gone since: what a trie gives then is the shorter prefix around it, which stays.
		 */
		if (!err && s.kind->prefixes && next >= HALF && !(values[0] >> 32))
			err = -ENOENT;
		if (err && (err != -ENOENT || next < HALF))
			wrong(w->way->name, strerror(-err), next, 0);
		if (!err && !tally_add(&w->tally, next, value_at(values))) {
			if (begun && key >= HALF)
				return false;
			wrong(w->way->name, "seen twice", next, values[0]);
		}
		key = next;
		memcpy(keys[1], keys[0], sizeof(keys[0]));
		attr.key = PTR(keys[1]);
		begun = true;
	}
	return true;
}

static bool walk_batches(struct walker *w)
{
	__u32 keys[BATCH];
	__u8 cursor[64];
	__u8 *values = malloc(BATCH * s.value_bytes);
	union bpf_attr attr = {0};
	int err = values ? 0 : -ENOMEM;

	attr.batch.map_fd = (__u32)s.map;
	attr.batch.out_batch = PTR(cursor);
	attr.batch.keys = PTR(keys);
	attr.batch.values = PTR(values);
	while (!err) {
		attr.batch.count = BATCH;
		err = E->bpf(BPF_MAP_LOOKUP_BATCH, &attr, sizeof(attr));
		if (err && err != -ENOENT)
			break;
		for (__u32 i = 0; i < attr.batch.count; i++)
			count_once(&w->tally, keys[i], value_at(values + i * s.value_bytes));
		attr.batch.in_batch = PTR(cursor);
	}
	if (err != -ENOENT)
		wrong(w->way->name, strerror(-err), 0, 0);
	free(values);
	return true;
}

static bool walk_for_each(struct walker *w)
{
	unsigned int n = 0;
	int err = E->run(w->prog, &n);

	if (err)
		wrong(w->way->name, strerror(-err), 0, 0);
	for (unsigned int i = 0; i < n && i < 2 * KEYS; i++)
		count_once(&w->tally, (__u32)w->records[i].key, w->records[i].value);
	return true;
}

static const struct way ways[] = {
	{"a session, read byte by byte", walk_session, 1},
	{"a session, read by 4 KiB", walk_session, 4096},
	{"a session, read at once", walk_session, SIZE_MAX},
	{"get_next_key", walk_next_keys, 0},
	{"lookup_batch", walk_batches, 0},
	{"bpf_for_each_map_elem", walk_for_each, 0},
};

/* At least once when nothing changes any more, and until then. */
static void *walk_all(void *arg)
{
	struct walker *w = arg;
	bool last;

	w->tally.way = w->way->name;
	do {
		last = __atomic_load_n(&s.done, __ATOMIC_ACQUIRE);
		tally_begin(&w->tally);
		if (w->way->walk(w)) {
			tally_end(&w->tally);
			w->walks++;
		} else {
			w->begun_anew++;
		}
	} while (!last && !__atomic_load_n(&s.failures, __ATOMIC_RELAXED));
	return NULL;
}

/* --- programs --------------------------------------------------------------------------------- */

static int attach_elements(void)
{
	struct code code = {.n = 0};
	int prog;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_KEY), JMP_IMM(BPF_JEQ, 2, 0, 8));
	emit_seq_write(&code, sizeof(__u32));
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 3));
	emit_seq_write(&code, (int)s.value_bytes);
	emit_return(&code, 0);
	prog = load_iter("bpf_map_elem", &code);
	if (prog < 0)
		fail_msg("%s\n%s", strerror(-prog), load_log);
	return attach_map(prog, s.map);
}

/* A program whose callback writes keys and values into an array, which is mapped. */
static void load_for_each(struct walker *w)
{
	int out = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct record), 2 * KEYS, BPF_F_MMAPABLE);
	struct code code = {.n = 0};
	unsigned int starts[2] = {0};
	void *records;

	EMIT(&code, ST_MEM(DW, 10, -8, 0), LD_MAP_FD(1, s.map), LD_IMM64(2, BPF_PSEUDO_FUNC, 7, 0),
	     MOV64_REG(3, 10), ALU64_IMM(BPF_ADD, 3, -8), MOV64_IMM(4, 0),
	     CALL(BPF_FUNC_for_each_map_elem), LDX_MEM(DW, 0, 10, -8), EXIT());
	starts[1] = code.n;
	EMIT(&code, LDX_MEM(W, 7, 2, 0), LDX_MEM(DW, 8, 3, 0), LDX_MEM(DW, 1, 4, 0),
	     STX_MEM(W, 10, 1, -4), ALU64_IMM(BPF_ADD, 1, 1), STX_MEM(DW, 4, 1, 0));
	EMIT(&code, LD_MAP_FD(1, out), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
	     CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 2), STX_MEM(DW, 0, 7, 0),
	     STX_MEM(DW, 0, 8, 8), MOV64_IMM(0, 0), EXIT());
	w->prog = load_functions(&code, starts, 2);
	if (w->prog < 0)
		fail_msg("%s\n%s", strerror(-w->prog), load_log);
	assert_int_equal(E->mmap(out, 2 * KEYS * sizeof(struct record), PROT_READ, 0, &records), 0);
	w->records = records;
}

/* --- the test --------------------------------------------------------------------------------- */

static const struct stress_kind kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH},
	{"hash, no prealloc", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, .percpu = true},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, .percpu = true},
	{"array", BPF_MAP_TYPE_ARRAY, .all_stay = true},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, .percpu = true, .all_stay = true},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, .prefixes = true},
	{"array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, .of_maps = true, .all_stay = true},
	{"hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, .of_maps = true},
};

static bool has_way(const struct stress_kind *kind, const struct way *way)
{
	if (way->walk == walk_next_keys)
		return true;
	return !kind->prefixes && (!kind->of_maps || way->walk == walk_batches);
}

static int make_map(const struct stress_kind *kind)
{
	union bpf_attr attr = {.map_type = kind->type,
			       .key_size = kind->prefixes ? 8 : 4,
			       .value_size = kind->of_maps ? 4 : 8,
			       .max_entries = kind->all_stay ? HALF : KEYS,
			       .map_flags = kind->flags};

	for (size_t i = 0; kind->of_maps && i < ARRAY_SIZE(s.inner); i++) {
		s.inner[i] = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
		s.inner_id[i] = id_of(s.inner[i]);
		attr.inner_map_fd = (__u32)s.inner[i];
	}
	return own(bpf(BPF_MAP_CREATE, &attr));
}

static void walks_while_others_write(void **state)
{
	static struct walker walkers[ARRAY_SIZE(ways)];
	static struct writer writers[WRITERS];
	const struct stress_kind *kind = *state;
	struct timespec begin, end;

	memset(&s, 0, sizeof(s));
	memset(walkers, 0, sizeof(walkers));
	memset(writers, 0, sizeof(writers));
	s.kind = kind;
	s.value_bytes = kind->of_maps ? 4 : sizeof(__u64) * (kind->percpu ? E->cpus() : 1);
	s.map = make_map(kind);
	assert_true(s.map >= 0);
	s.link = has_way(kind, &ways[0]) ? attach_elements() : -1;
	assert_true(s.link >= 0 || !has_way(kind, &ways[0]));
	for (__u32 key = 0; key < HALF; key++)
		assert_int_equal(put(key, 0, key, BPF_ANY), 0);

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!has_way(kind, &ways[i]))
			continue;
		walkers[i].way = &ways[i];
		if (ways[i].walk == walk_for_each)
			load_for_each(&walkers[i]);
		assert_int_equal(pthread_create(&walkers[i].thread, NULL, walk_all, &walkers[i]),
				 0);
	}
	for (__u32 i = 0; i < WRITERS; i++) {
		writers[i].number = i;
		writers[i].random = i * 7919 + 17;
		writers[i].left = operations / ARRAY_SIZE(kinds) / WRITERS;
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_all, &writers[i]),
				 0);
	}
	for (__u32 i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	__atomic_store_n(&s.done, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (walkers[i].way)
			pthread_join(walkers[i].thread, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);

	printf("# %s: %.1f s; walks:", kind->name,
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!walkers[i].way)
			continue;
		printf(" %lu", walkers[i].walks);
		if (walkers[i].begun_anew)
			printf(" (begun anew: %lu)", walkers[i].begun_anew);
		if (walkers[i].records)
			munmap(walkers[i].records, 2 * KEYS * sizeof(struct record));
	}
	printf("\n");
	assert_int_equal(s.failures, 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(kinds)];
	const void *data;
	size_t size;
	int failed;

	if (argc == 3 && !strcmp(argv[1], "--operations")) {
		operations = strtoul(argv[2], NULL, 10);
	} else if (argc != 1) {
		fprintf(stderr, "usage: %s [--operations N]\n", argv[0]);
		return 2;
	}
	E = &embedded_engine;
	if (E->start()) {
		printf("Bail out! the runtime does not start\n");
		return 1;
	}
	data = E->vmlinux(&size);
	types = btf__new(data, (__u32)size);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		tests[i] = (struct CMUnitTest){.name = kinds[i].name,
					       .test_func = walks_while_others_write,
					       .teardown_func = close_owned,
					       .initial_state = (void *)&kinds[i]};
	failed = _cmocka_run_group_tests("stress", tests, ARRAY_SIZE(tests), NULL, NULL);
	btf__free(types);
	E->stop();
	return failed != 0;
}
