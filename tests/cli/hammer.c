// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/*
 * hammer KIND: a map of the kernel in which four threads insert, delete and update, until standard
 * input ends. Its id is written first, when all that stays is in it.
 *
 * Keys below STAY stay, others come and go. A value is eight times the same number, which is the
 * key's: whoever reads it sees a key with another's value, or parts of two values. In place of the
 * first one there may be a bpf_spin_lock, under which all of them are written at once.
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

enum { STAY = 20000, COME_AND_GO = 15000, MAX_ENTRIES = 40000, THREADS = 4, NUMBERS = 8 };

struct trie_key {
	__u32 prefixlen;
	__u32 address;
};

static const struct kind {
	const char *name;
	enum bpf_map_type type;
	__u32 flags;
	bool per_cpu, trie, locked;
} kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH},
	{"hash_no_prealloc", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, .per_cpu = true},
	{"locked_array", BPF_MAP_TYPE_ARRAY, .locked = true},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, .trie = true},
};

static const struct kind *kind;
static int map;
static size_t cpus = 1;
static bool over;

static __u64 number_of(__u32 n, size_t cpu)
{
	return (n + 1) * 0x9e3779b97f4a7c15ull + cpu;
}

static const void *key_of(__u32 *n, struct trie_key *key)
{
	if (!kind->trie)
		return n;
	key->prefixlen = 32;
	key->address = *n;
	return key;
}

static int update(__u32 n)
{
	__u64 value[NUMBERS * 1024];
	struct trie_key key;

	for (size_t i = 0; i < NUMBERS * cpus; i++)
		value[i] = number_of(n, i / NUMBERS);
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
		n = STAY + rand_r(&seed) % COME_AND_GO;
		if (rand_r(&seed) & 1)
			update(n);
		else
			bpf_map_delete_elem(map, key_of(&n, &key));
		update(rand_r(&seed) % STAY);
	}
	return NULL;
}

/* Of a value whose first number is a lock. */
static int add_types(struct bpf_map_create_opts *opts)
{
	struct btf *btf = btf__new_empty();
	__u32 number = btf__add_int(btf, "__u64", 8, 0), word = btf__add_int(btf, "__u32", 4, 0);
	__u32 lock = btf__add_struct(btf, "bpf_spin_lock", 4), numbers;

	btf__add_field(btf, "val", word, 0, 0);
	numbers = btf__add_array(btf, word, number, NUMBERS - 1);
	opts->btf_key_type_id = word;
	opts->btf_value_type_id = btf__add_struct(btf, "locked", NUMBERS * sizeof(__u64));
	btf__add_field(btf, "lock", lock, 0, 0);
	btf__add_field(btf, "numbers", numbers, 64, 0);
	if (btf__load_into_kernel(btf))
		return -1;
	opts->btf_fd = btf__fd(btf);
	return 0;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	pthread_t threads[THREADS];
	char byte;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (argc == 2 && !strcmp(argv[1], kinds[i].name))
			kind = &kinds[i];
	if (!kind)
		return 2;
	if (kind->per_cpu)
		cpus = libbpf_num_possible_cpus();
	opts.map_flags = kind->flags;
	if (kind->locked && add_types(&opts))
		return 1;
	map = bpf_map_create(kind->type, "hammered", kind->trie ? sizeof(struct trie_key) : 4,
			     NUMBERS * sizeof(__u64), MAX_ENTRIES, &opts);
	if (map < 0 || cpus > 1024 || bpf_obj_get_info_by_fd(map, &info, &size))
		return 1;
	for (__u32 n = 0; n < STAY; n++)
		if (update(n))
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
