/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The maps that sequences run on, and what keys and values of each look like. */
#include "op.h"

static const struct kind array = {"array", BPF_MAP_TYPE_ARRAY, FAMILY_ARRAY},
			 percpu_array = {"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, FAMILY_ARRAY,
					 .percpu = true},
			 array_of_maps = {"array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, FAMILY_ARRAY,
					  .of_maps = true},
			 hash = {"hash", BPF_MAP_TYPE_HASH, FAMILY_HASH},
			 percpu_hash = {"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, FAMILY_HASH,
					.percpu = true},
			 lru_hash = {"lru_hash", BPF_MAP_TYPE_LRU_HASH, FAMILY_HASH, .lru = true},
			 lru_percpu_hash = {"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH,
					    FAMILY_HASH, .percpu = true, .lru = true},
			 hash_of_maps = {"hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, FAMILY_HASH,
					 .of_maps = true},
			 lpm_trie = {"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, FAMILY_TRIE},
			 queue = {"queue", BPF_MAP_TYPE_QUEUE, FAMILY_QUEUE},
			 stack = {"stack", BPF_MAP_TYPE_STACK, FAMILY_QUEUE, .lifo = true},
			 bloom = {"bloom_filter", BPF_MAP_TYPE_BLOOM_FILTER, FAMILY_BLOOM};

/* The first of each kind runs for long, the others show what their flags and sizes change. */
#define SHORT 1000

const struct variant variants[] = {
	{&array, 0, 4, 8, 16},
	{&array, BPF_F_MMAPABLE, 4, 12, 16, SHORT},
	{&array, BPF_F_RDONLY, 4, 1, 16, SHORT},
	{&array, BPF_F_WRONLY | BPF_F_RDONLY_PROG, 4, 72, 16, SHORT},
	{&array, BPF_F_INNER_MAP, 4, 3, 1, SHORT},
	{&array, 0, 4, 16, 16, SHORT, .lock = true},
	{&percpu_array, 0, 4, 8, 16},
	{&percpu_array, BPF_F_WRONLY_PROG, 4, 13, 16, SHORT},
	{&array_of_maps, 0, 4, 4, 16},
	{&hash, 0, 4, 8, 16},
	{&hash, BPF_F_NO_PREALLOC, 1, 1, 16},
	{&hash, BPF_F_ZERO_SEED, 7, 72, 13, SHORT},
	{&hash, BPF_F_RDONLY, 8, 8, 16, SHORT},
	{&hash, BPF_F_WRONLY, 65, 3, 16, SHORT},
	{&hash, BPF_F_NO_PREALLOC | BPF_F_ZERO_SEED, 64, 64, 1, SHORT},
	{&hash, 0, 4, 16, 16, SHORT, .lock = true},
	{&hash, BPF_F_NO_PREALLOC, 4, 16, 16, SHORT, .lock = true},
	{&percpu_hash, 0, 4, 8, 16},
	{&percpu_hash, BPF_F_NO_PREALLOC, 12, 20, 16},
	{&percpu_hash, BPF_F_RDONLY_PROG | BPF_F_ZERO_SEED, 3, 1, 9, SHORT},
	{&lru_hash, 0, 4, 8, 16},
	{&lru_hash, BPF_F_NO_COMMON_LRU, 8, 16, 16, SHORT},
	{&lru_hash, BPF_F_ZERO_SEED, 5, 65, 2, SHORT},
	{&lru_percpu_hash, 0, 4, 8, 16},
	{&lru_percpu_hash, BPF_F_ZERO_SEED, 16, 3, 16, SHORT},
	{&hash_of_maps, 0, 4, 4, 16},
	{&hash_of_maps, BPF_F_NO_PREALLOC, 9, 4, 16, SHORT},
	{&lpm_trie, BPF_F_NO_PREALLOC, 8, 8, 16},
	{&lpm_trie, BPF_F_NO_PREALLOC, 5, 1, 16, SHORT},
	{&lpm_trie, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG, 20, 70, 14, SHORT},
	{&queue, 0, 0, 8, 8},
	{&queue, BPF_F_WRONLY, 0, 3, 5, SHORT},
	{&stack, 0, 0, 8, 8},
	{&stack, BPF_F_RDONLY, 0, 72, 1, SHORT},
	{&bloom, 0, 0, 8, 16},
	{&bloom, BPF_F_ZERO_SEED, 0, 37, 16, SHORT},
};
const unsigned int variants_count = ARRAY_SIZE(variants);

/* --- keys and values -------------------------------------------------------------------------- */

/* Few bits that differ, in prefixes of any length, some of them longer than a key. */
static void make_prefix(const struct variant *variant, unsigned int number, __u8 *key)
{
	unsigned int bits = (variant->key_size - 4) * 8, mix = number * 2654435761u;
	__u32 length = number % 8 == 7 ? bits + number % 3 : (mix >> 8) % (bits + 1);

	memset(key, 0, variant->key_size);
	memcpy(key, &length, sizeof(length));
	for (unsigned int i = 4; i < variant->key_size; i++)
		key[i] = (__u8)((mix >> 16 & 1 ? 0x80 : 0) | (mix >> 17 & 1 ? 0x11 : 0));
}

void make_key(const struct variant *variant, unsigned int number, __u8 *key)
{
	if (variant->kind->family == FAMILY_TRIE) {
		make_prefix(variant, number, key);
	} else if (variant->kind->family == FAMILY_ARRAY) {
		__u32 index = number == KEYS - 1 ? UINT32_MAX : number;

		memcpy(key, &index, sizeof(index));
	} else {
		for (unsigned int i = 0; i < variant->key_size; i++)
			key[i] = (__u8)(number + i * 7);
	}
}

static void make_bytes(const struct side *side, unsigned int number, __u8 *value)
{
	for (unsigned int i = 0; i < side->size; i++)
		value[i] = (__u8)(number * 11 + (number >> 8) + i * 3);
}

void make_value(const struct side *side, unsigned int number, __u8 *value)
{
	if (side->variant->kind->of_maps)
		memcpy(value, &side->inner[number % INNER], sizeof(int));
	else
		make_bytes(side, number, value);
}

void stored_value(const struct side *side, unsigned int number, __u8 *value)
{
	if (side->variant->kind->of_maps)
		memcpy(value, &side->inner_id[number % INNER], sizeof(__u32));
	else
		make_bytes(side, number, value);
	/* No part of the value. */
	if (side->variant->lock)
		memset(value + LOCK_OFFSET, 0, sizeof(struct bpf_spin_lock));
}

/* --- sides ------------------------------------------------------------------------------------ */

/* Three that fit, a map that does not, a descriptor of something else, and none at all. */
static void make_inner(struct side *side)
{
	for (int i = 0; i < 4; i++) {
		side->inner[i] = map_new(BPF_MAP_TYPE_HASH, 4, i == 3 ? 16 : 8, 4, 0);
		side->inner_id[i] = id_of(side->inner[i]);
	}
	side->inner[4] = load(BPF_PROG_TYPE_SOCKET_FILTER, CODE(MOV64_IMM(0, 0), EXIT()));
	assert_true(side->inner[4] >= 0);
	side->inner[5] = 0x7ffffff;
}

static void add_types(const struct variant *variant, union bpf_attr *attr)
{
	struct btf *btf = btf__new_empty();
	union bpf_attr load = {0};
	int u32 = btf__add_int(btf, "u32", 4, 0), u64 = btf__add_int(btf, "u64", 8, 0), lock;
	__u32 size;

	lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	btf__add_field(btf, "val", u32, 0, 0);
	attr->btf_key_type_id = (__u32)u32;
	attr->btf_value_type_id = (__u32)btf__add_struct(btf, "value", variant->value_size);
	btf__add_field(btf, "a", u64, 0, 0);
	btf__add_field(btf, "b", u32, 64, 0);
	btf__add_field(btf, "lock", lock, LOCK_OFFSET * 8, 0);
	load.btf = PTR(btf__raw_data(btf, &size));
	load.btf_size = size;
	attr->btf_fd = (__u32)own(bpf(BPF_BTF_LOAD, &load));
	btf__free(btf);
	assert_in_range(attr->btf_fd, 0, INT32_MAX);
}

/* An iterator that writes the bytes of keys and values, one after the other. */
static int attach_elements(const struct side *side)
{
	struct code code = {.n = 0};
	int prog, link;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_KEY), JMP_IMM(BPF_JEQ, 2, 0, 8));
	emit_seq_write(&code, (int)side->variant->key_size);
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 3));
	emit_seq_write(&code, (int)side->size);
	emit_return(&code, 0);
	prog = load_iter("bpf_map_elem", &code);
	if (prog < 0)
		fail_msg("the iterator does not load: %s\n%s", strerror(-prog), load_log);
	link = attach_map(prog, side->whole);
	end(prog);
	if (link < 0)
		fail_msg("%s attaches no iterator: %s", E->name, strerror(-link));
	return link;
}

static unsigned int value_bytes(const struct variant *variant)
{
	return variant->kind->percpu ? (variant->value_size + 7) / 8 * 8 * E->cpus()
				     : variant->value_size;
}

static bool has_elements(const struct kind *kind)
{
	return (kind->family == FAMILY_ARRAY || kind->family == FAMILY_HASH) && !kind->of_maps;
}

int side_begin(struct side *side, const struct variant *variant)
{
	union bpf_attr attr = {
		.map_type = variant->kind->type,
		.key_size = variant->key_size,
		.value_size = variant->value_size,
		.max_entries = variant->max,
		.map_flags = variant->flags,
	};

	side->variant = variant;
	side->size = value_bytes(variant);
	if (variant->kind->of_maps) {
		make_inner(side);
		attr.inner_map_fd = (__u32)side->inner[0];
	}
	if (variant->lock)
		add_types(variant, &attr);
	side->map = own(bpf(BPF_MAP_CREATE, &attr));
	if (side->map < 0)
		return side->map;
	memset(&attr, 0, sizeof(attr));
	attr.map_id = id_of(side->map);
	side->whole = own(bpf(BPF_MAP_GET_FD_BY_ID, &attr));
	assert_true(side->whole >= 0);
	side->elements = has_elements(variant->kind) ? attach_elements(side) : -ENOENT;

	memset(&side->model, 0, sizeof(side->model));
	for (unsigned int i = 0; i < ARRAY_SIZE(side->model.entries); i++)
		side->model.entries[i].value = calloc(1, side->size);
	if (variant->kind->family == FAMILY_ARRAY && !variant->kind->of_maps)
		for (unsigned int i = 0; i < variant->max; i++)
			make_key(variant, i, side->model.entries[side->model.n++].key);
	for (int i = 0; i < 2; i++) {
		struct outcome *outcome = i ? &side->want : &side->got;

		outcome->keys = malloc(BATCH * KEY_MAX);
		outcome->values = malloc(BATCH * side->size);
		assert_true(outcome->keys && outcome->values);
	}
	return 0;
}

void side_end(struct side *side)
{
	E = side->engine;
	close_owned(NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(side->model.entries); i++)
		free(side->model.entries[i].value);
	free(side->got.keys);
	free(side->got.values);
	free(side->want.keys);
	free(side->want.values);
	memset(&side->got, 0, sizeof(side->got));
	memset(&side->want, 0, sizeof(side->want));
	memset(&side->model, 0, sizeof(side->model));
}
