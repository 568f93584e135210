/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Lookups and walks take no lock: a writer is stopped wherever it is, in the middle of a change and
 * with what locks it has, and everything that reads has to come to its end meanwhile. How often a
 * bucket was locked then is seen in the hashes, so that there is something to wait for.
 */
#include "rt.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "map/htab.h"

#define KEYS 64u
#define STOPS 200
#define STOPS_WITH_LOCK 3
#define TOO_LONG 60 /* seconds, of which it takes none */

struct kind {
	u32 type, key_size, flags;
	bool hash; /* its buckets can be looked at */
	bool all_stay;
	bool percpu; /* programs look up in their CPU's values, and this is none */
};

static const struct kind kinds[] = {
	{BPF_MAP_TYPE_HASH, 4, 0, .hash = true},
	{BPF_MAP_TYPE_HASH, 4, BPF_F_NO_PREALLOC, .hash = true},
	{BPF_MAP_TYPE_LRU_HASH, 4, 0, .hash = true},
	{BPF_MAP_TYPE_PERCPU_HASH, 4, 0, .percpu = true, .hash = true},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 0, .percpu = true, .hash = true},
	{BPF_MAP_TYPE_ARRAY, 4, 0, .all_stay = true},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0, .percpu = true, .all_stay = true},
	{BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC},
};

static struct bpf_map *map;
static const struct kind *kind;
static int stopped[2], go_on[2]; /* pipes: all that a signal handler may do */
static bool done;
static u64 changes;

static void make_key(u32 number, u32 *key)
{
	if (kind->type == BPF_MAP_TYPE_LPM_TRIE) {
		key[0] = 8 + number % 24;
		key[1] = number / 4;
	} else {
		key[0] = number;
	}
}

static void stop_here(int sig)
{
	char byte = 0;

	if (write(stopped[1], &byte, 1) != 1 || read(go_on[0], &byte, 1) != 1)
		abort();
}

static void *change(void *arg)
{
	static u64 value[CPUS * 2];
	unsigned int seed = 7;

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		const u32 random = rand_r(&seed);
		u32 key[2];

		make_key(random % KEYS, key);
		value[0] = random;
		if (random & 1024 || kind->all_stay)
			map_update(map, key, value, BPF_ANY);
		else
			map_delete(map, key);
		__atomic_add_fetch(&changes, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool bucket_is_locked(void)
{
	const struct bpf_htab *htab = to_htab(map);
	bool locked = false;

	for (u64 i = 0; kind->hash && i < htab->nr_buckets; i++)
		locked |= __atomic_load_n(&htab->buckets[i].tags, __ATOMIC_RELAXED) & BUCKET_LOCKED;
	return locked;
}

/* In each way that there is. */
static void read_all(void)
{
	static u64 value[CPUS * 2];
	struct bpf_map_walk walk = {0};
	u32 key[2], next[2];

	for (u32 number = 0; number < KEYS; number++) {
		make_key(number, key);
		map_get(map, key, value);
		map_next(map, key, next);
		rcu_read_lock();
		if (!kind->percpu)
			map->ops->map_lookup_elem(map, key);
		rcu_read_unlock();
	}
	rcu_read_lock();
	while (map->ops->map_walk && bpf_map_walk(map, &walk))
		bpf_map_walk_copy(map, &walk, value, 0);
	rcu_read_unlock();
}

/* Until it has gone on, and is no one knows where. */
static void let_it_go_on(int n)
{
	const u64 before = __atomic_load_n(&changes, __ATOMIC_RELAXED);

	while (__atomic_load_n(&changes, __ATOMIC_RELAXED) < before + 20 + n % 7)
		sched_yield();
}

static void readers_end_while_a_writer_stands(void **state)
{
	int locked = 0;
	pthread_t writer;
	char byte = 0;

	kind = *state;
	map = new_map(kind->type, kind->key_size, 8, KEYS, kind->flags);
	done = false;
	/* Nothing is to be allocated while the writer stands, which may be in malloc. */
	read_all();
	assert_int_equal(pthread_create(&writer, NULL, change, NULL), 0);
	alarm(TOO_LONG);
	for (int n = 0; n < STOPS || (kind->hash && locked < STOPS_WITH_LOCK); n++) {
		let_it_go_on(n);
		pthread_kill(writer, SIGUSR1);
		assert_int_equal(read(stopped[0], &byte, 1), 1);
		locked += bucket_is_locked();
		read_all();
		assert_int_equal(write(go_on[1], &byte, 1), 1);
	}
	alarm(0);
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	bpf_map_put_with_uref(map);
}

#define STANDS(what, i)                                                                            \
	{                                                                                          \
		what, readers_end_while_a_writer_stands, NULL, NULL, (void *)&kinds[i]             \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STANDS("hash", 0),	   STANDS("hash, no prealloc", 1), STANDS("lru_hash", 2),
		STANDS("percpu_hash", 3),  STANDS("lru_percpu_hash", 4),   STANDS("array", 5),
		STANDS("percpu_array", 6), STANDS("lpm_trie", 7),
	};
	struct sigaction action = {.sa_handler = stop_here, .sa_flags = SA_RESTART};

	if (pipe(stopped) || pipe(go_on) || sigaction(SIGUSR1, &action, NULL))
		return 1;
	return cmocka_run_group_tests_name("no lock", tests, rt_set_up, rt_tear_down);
}
