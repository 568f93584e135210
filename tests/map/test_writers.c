/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Writers of different keys do not wait for each other beyond their bucket: a writer is stopped
 * wherever it is, and writers of keys in other buckets have to come to their end meanwhile. There
 * is one of them for each virtual CPU, so that each part of what writers share is somebody's.
 */
#include "rt.h"

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/rcu.h"
#include "map/htab.h"

#define KEYS 256u
#define STOPS 100
#define PATIENCE 20000 /* milliseconds for what takes microseconds: who waits, waits for ever */

struct kind {
	u32 type, value_size, flags;
};

static const struct kind kinds[] = {
	{BPF_MAP_TYPE_HASH, 8},	       {BPF_MAP_TYPE_HASH, 8, BPF_F_NO_PREALLOC},
	{BPF_MAP_TYPE_HASH, 256},      {BPF_MAP_TYPE_LRU_HASH, 8},
	{BPF_MAP_TYPE_PERCPU_HASH, 8}, {BPF_MAP_TYPE_LRU_PERCPU_HASH, 8},
};

static struct bpf_map *map;
static int stopped[2], go_on[2]; /* pipes: all that a signal handler may do */
static bool done;
static u64 changes;  /* of the one that is stopped */
static u32 round_nr; /* of the others */
static u32 rounds_done[CPUS];

/* Keys of the stopped writer's are in the lower half of the buckets, the others' in the upper one.
 */
static u32 keys_of[2][KEYS];

static void find_keys(void)
{
	struct bpf_htab *htab = to_htab(map);
	u32 n[2] = {0};

	for (u32 key = 0; n[0] < KEYS || n[1] < KEYS; key++) {
		u64 i = bucket_of(htab, hash_key(htab, &key)) - htab->buckets;
		int half = i >= htab->nr_buckets / 2;

		if (n[half] < KEYS)
			keys_of[half][n[half]++] = key;
	}
}

/* So many elements wait meanwhile that there is little need of more memory later. */
static void make_elements(void)
{
	static const u64 value[64];

	rcu_read_lock();
	for (u32 i = 0; i < 20 * KEYS; i++) {
		map_update(map, &keys_of[1][i % KEYS], value, BPF_ANY);
		map_delete(map, &keys_of[1][i % KEYS]);
	}
	rcu_read_unlock();
	rcu_barrier();
}

/* This program, with the runtime in it. Who is in a library may be in the middle of malloc(), and
 * others need that, too. */
extern const char __executable_start[], etext[];

static bool in_a_library(const ucontext_t *context)
{
#ifdef __x86_64__
	const char *at = (const char *)context->uc_mcontext.gregs[REG_RIP];

	return at < __executable_start || at >= etext;
#else
	return false;
#endif
}

enum { STOPPED, ELSEWHERE };

static void stop_here(int sig, siginfo_t *info, void *context)
{
	char byte = in_a_library(context) ? ELSEWHERE : STOPPED;

	if (write(stopped[1], &byte, 1) != 1)
		abort();
	if (byte == STOPPED && read(go_on[0], &byte, 1) != 1)
		abort();
}

/* Wherever it is in the runtime after so many changes more. */
static void stop(pthread_t writer, u32 more)
{
	char byte = ELSEWHERE;

	while (byte == ELSEWHERE) {
		const u64 before = __atomic_load_n(&changes, __ATOMIC_RELAXED);

		while (__atomic_load_n(&changes, __ATOMIC_RELAXED) < before + more)
			sched_yield();
		pthread_kill(writer, SIGUSR1);
		assert_int_equal(read(stopped[0], &byte, 1), 1);
	}
}

static void change_one(u32 key, u32 random)
{
	static u64 value[64];

	if (random & 1)
		map_update(map, &key, value, BPF_ANY);
	else
		map_delete(map, &key);
}

static void *change(void *arg)
{
	unsigned int seed = 7;

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		change_one(keys_of[0][rand_r(&seed) % KEYS], rand_r(&seed) >> 4);
		__atomic_add_fetch(&changes, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *change_others(void *arg)
{
	const u32 self = (unsigned long)arg;
	unsigned int seed = self;
	u32 round = 0;

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(&round_nr, __ATOMIC_ACQUIRE) == round) {
			sched_yield();
			continue;
		}
		for (int i = 0; i < 20; i++)
			change_one(keys_of[1][rand_r(&seed) % KEYS], rand_r(&seed) >> 4);
		__atomic_store_n(&rounds_done[self], ++round, __ATOMIC_RELEASE);
	}
	return NULL;
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool others_are_done(u32 round)
{
	for (u32 i = 0; i < CPUS; i++)
		if (__atomic_load_n(&rounds_done[i], __ATOMIC_ACQUIRE) < round)
			return false;
	return true;
}

static void writers_end_while_another_stands(void **state)
{
	const struct kind *kind = *state;
	pthread_t writer, others[CPUS];
	bool stuck = false;
	char byte = 0;

	map = new_map(kind->type, 4, kind->value_size, 4 * KEYS, kind->flags);
	find_keys();
	make_elements();
	done = false;
	round_nr = 0;
	memset(rounds_done, 0, sizeof(rounds_done));
	assert_int_equal(pthread_create(&writer, NULL, change, NULL), 0);
	for (unsigned long i = 0; i < CPUS; i++)
		assert_int_equal(pthread_create(&others[i], NULL, change_others, (void *)i), 0);
	for (u32 n = 1; n <= STOPS && !stuck; n++) {
		long end;

		stop(writer, 20 + n % 7);
		__atomic_store_n(&round_nr, n, __ATOMIC_RELEASE);
		for (end = now() + PATIENCE; !others_are_done(n) && now() < end;)
			sched_yield();
		stuck = !others_are_done(n);
		assert_int_equal(write(go_on[1], &byte, 1), 1);
		while (!others_are_done(n))
			sched_yield();
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	for (int i = 0; i < CPUS; i++)
		pthread_join(others[i], NULL);
	bpf_map_put_with_uref(map);
	assert_false(stuck);
}

#define STANDS(what, i)                                                                            \
	{                                                                                          \
		what, writers_end_while_another_stands, NULL, NULL, (void *)&kinds[i]              \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STANDS("hash", 0),     STANDS("hash, no prealloc", 1), STANDS("hash of 256", 2),
		STANDS("lru_hash", 3), STANDS("percpu_hash", 4),       STANDS("lru_percpu_hash", 5),

	};
	struct sigaction action = {.sa_sigaction = stop_here, .sa_flags = SA_RESTART | SA_SIGINFO};

	if (pipe(stopped) || pipe(go_on) || sigaction(SIGUSR1, &action, NULL))
		return 1;
	return cmocka_run_group_tests_name("writers", tests, rt_set_up, rt_tear_down);
}
