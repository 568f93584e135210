// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/*
 * hammer KIND: a map of the kernel in which four threads insert, delete and update, until standard
 * input ends. Its id is written first, when all that stays is in it.
 *
 * Keys below 20000 (64 of what is locked) stay, others come and go. A value is 8 times (512 times)
 * the same number: its low half is the key (and the CPU, at bit 20), the other one is another with
 * each update. Whoever reads it sees a key with another's value, or parts of two values. In place
 * of the first one there may be a bpf_spin_lock, under which all of them are written at once.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

enum { STAY = 20000, COME_AND_GO = 15000, MAX_ENTRIES = 40000, NUMBERS = 8 };
enum { LOCKED_STAY = 64, LOCKED_NUMBERS = 512 };
enum { THREADS = 4, MAX_CPUS = 1024 };

struct trie_key {
	__u32 prefixlen;
	__u32 address;
};

static const struct kind {
	const char *name;
	enum bpf_map_type type;
	__u32 flags;
	bool per_cpu, trie, locked, lru;
} kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH},
	{"hash_no_prealloc", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, .per_cpu = true},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, .lru = true},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, .per_cpu = true, .lru = true},
	{"locked_array", BPF_MAP_TYPE_ARRAY, .locked = true},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, .trie = true},
};

static const struct kind *kind;
static int map;
static size_t cpus = 1, numbers = NUMBERS;
static __u32 stay = STAY;
static bool over;

static const void *key_of(__u32 *n, struct trie_key *key)
{
	if (!kind->trie)
		return n;
	key->prefixlen = 32;
	key->address = *n;
	return key;
}

static int update(__u32 n, __u32 random)
{
	__u64 value[NUMBERS * MAX_CPUS];
	struct trie_key key;

	for (size_t i = 0; i < numbers * cpus; i++)
		value[i] = (__u64)random << 32 | i / numbers << 20 | n;
	if (kind->locked)
		value[0] = 0;
	return bpf_map_update_elem(map, key_of(&n, &key), value, kind->locked ? BPF_F_LOCK : 0);
}

static void *hammer(void *arg)
{
	unsigned int seed = (size_t)arg;
	struct trie_key key;
	__u32 n;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		n = stay + rand_r(&seed) % COME_AND_GO;
		if (rand_r(&seed) & 1)
			update(n, rand_r(&seed));
		else
			bpf_map_delete_elem(map, key_of(&n, &key));
		update(rand_r(&seed) % stay, rand_r(&seed));
	}
	return NULL;
}

/* Of a value whose first number is a lock. */
static struct btf *add_types(struct bpf_map_create_opts *opts)
{
	struct btf *btf = btf__new_empty();
	__u32 number = btf__add_int(btf, "__u64", 8, 0), word = btf__add_int(btf, "__u32", 4, 0);
	__u32 lock = btf__add_struct(btf, "bpf_spin_lock", 4), rest;

	btf__add_field(btf, "val", word, 0, 0);
	rest = btf__add_array(btf, word, number, LOCKED_NUMBERS - 1);
	opts->btf_key_type_id = word;
	opts->btf_value_type_id = btf__add_struct(btf, "locked", LOCKED_NUMBERS * sizeof(__u64));
	btf__add_field(btf, "lock", lock, 0, 0);
	btf__add_field(btf, "numbers", rest, 64, 0);
	if (btf__load_into_kernel(btf))
		exit(1);
	opts->btf_fd = btf__fd(btf);
	return btf;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	struct bpf_map_info info = {0};
	struct btf *btf = NULL;
	__u32 size = sizeof(info), max_entries = MAX_ENTRIES;
	pthread_t threads[THREADS];
	char byte;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (argc == 2 && !strcmp(argv[1], kinds[i].name))
			kind = &kinds[i];
	if (!kind)
		return 2;
	if (kind->locked) {
		numbers = LOCKED_NUMBERS;
		stay = max_entries = LOCKED_STAY;
	}
	if (kind->per_cpu)
		cpus = libbpf_num_possible_cpus();
	if (kind->lru) /* nothing is to be evicted */
		max_entries *= 2;
	opts.map_flags = kind->flags;
	if (kind->locked)
		btf = add_types(&opts);
	map = bpf_map_create(kind->type, "hammered", kind->trie ? sizeof(struct trie_key) : 4,
			     numbers * sizeof(__u64), max_entries, &opts);
	btf__free(btf);
	if (map < 0 || cpus > MAX_CPUS || bpf_obj_get_info_by_fd(map, &info, &size))
		return 1;
	for (__u32 n = 0; n < stay; n++)
		if (update(n, 0))
			return 1;
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)))
			return 1;
	printf("%u\n", info.id);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
