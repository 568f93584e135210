/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Objects that values hold, from several threads at once: each is given back once, and not as long
 * as somebody in an RCU section may have found it. The types that say where pointers are are
 * tests/facts' concern: here a map is told.
 */
#include "rt.h"

#include "failing_areas.h"

#define KEYS 8
#define WORDS 5
/* Where in a value the pointers are, and that to anything. */
#define FIRST 1
#define SECOND 3

#define ALIVE 0x600d600d600d600dull
#define GONE 0xdeaddeaddeaddeadull

struct object {
	u64 state;
	struct callback_head rcu;
};

static u64 made, given_back;

static struct object *make_object(void)
{
	struct object *object = calloc(1, sizeof(*object));

	assert_non_null(object);
	object->state = ALIVE;
	__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
	return object;
}

static void free_object(struct callback_head *head)
{
	struct object *object = container_of(head, struct object, rcu);

	object->state = GONE;
	free(object);
	__atomic_add_fetch(&given_back, 1, __ATOMIC_RELAXED);
}

static void give_back(void *object)
{
	call_rcu_head(&((struct object *)object)->rcu, free_object);
}

static const struct {
	u32 type, flags;
	bool scarce; /* there is memory for the elements that the map may have, and no more */
} kinds[] = {
	{BPF_MAP_TYPE_HASH, 0, false},
	{BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, false},
	{BPF_MAP_TYPE_LRU_HASH, 0, false},
	{BPF_MAP_TYPE_PERCPU_HASH, 0, false},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, false},
	{BPF_MAP_TYPE_ARRAY, 0, false},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 0, false},
	{BPF_MAP_TYPE_LRU_HASH, 0, true},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, true},
};

static struct bpf_map *map_of_objects(size_t kind)
{
	struct bpf_map *map = new_map(kinds[kind].type, 4, WORDS * 8, KEYS, kinds[kind].flags);

	map->record = calloc(1, sizeof(*map->record));
	assert_non_null(map->record);
	map->record->spin_lock_off = -1;
	map->record->nr = 2;
	map->record->fields[0] = (struct btf_field){
		.type = BPF_KPTR_REF, .off = FIRST * 8, .size = 8, .dtor = give_back};
	map->record->fields[1] = (struct btf_field){
		.type = BPF_KPTR_REF, .off = SECOND * 8, .size = 8, .dtor = give_back};
	if (kinds[kind].scarce)
		areas_left = 0;
	return map;
}

static bool is_array(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_ARRAY || map->map_type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static void *value_of(struct bpf_map *map, u32 key, u32 cpu)
{
	return map->ops->map_lookup_percpu_elem ? map->ops->map_lookup_percpu_elem(map, &key, cpu)
						: map->ops->map_lookup_elem(map, &key);
}

static void put(struct bpf_map *map, u32 key, u32 cpu, u32 word)
{
	u64 *value, old;

	rcu_read_lock();
	value = value_of(map, key, cpu);
	if (value) {
		old = __atomic_exchange_n(&value[word], (unsigned long)make_object(),
					  __ATOMIC_SEQ_CST);
		if (old)
			give_back((void *)(unsigned long)old);
	}
	rcu_read_unlock();
}

static bool look(struct bpf_map *map, u32 key, u32 cpu, u32 word)
{
	const struct object *object = NULL;
	u64 *value;
	bool ok = true;

	rcu_read_lock();
	value = value_of(map, key, cpu);
	if (value)
		object = (void *)(unsigned long)__atomic_load_n(&value[word], __ATOMIC_ACQUIRE);
	for (int i = 0; object && i < 20; i++)
		ok &= object->state == ALIVE;
	rcu_read_unlock();
	return ok;
}

static void update(struct bpf_map *map, u32 key)
{
	u64 value[CPUS * WORDS];

	memset(value, 0xff, sizeof(value));
	if (map->ops->map_set_value) {
		rcu_read_lock();
		map->ops->map_set_value(map, &key, value, 0);
		rcu_read_unlock();
	} else {
		map_update(map, &key, value, 0);
	}
}

/* A key that comes while others look is seen with nothing in it, or with what they put there. */
static bool read_out(struct bpf_map *map, u32 key)
{
	u64 value[CPUS * WORDS];
	bool ok = true;

	memset(value, 0xee, sizeof(value));
	rcu_read_lock();
	if (!map->ops->map_copy_value(map, &key, value, 0))
		for (u32 i = 0; i < bpf_map_value_size(map) / 8; i += WORDS)
			ok &= !value[i + FIRST] && !value[i + SECOND];
	rcu_read_unlock();
	return ok;
}

/* Nothing that was there before, in whatever memory the value is. */
static bool is_empty(struct bpf_map *map, u32 key)
{
	bool empty = true;

	rcu_read_lock();
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		const u64 *value = value_of(map, key, cpu);

		empty &= !value || (!value[FIRST] && !value[SECOND]);
	}
	rcu_read_unlock();
	return empty;
}

/* All of what was made, in the end. */
static void finish(struct bpf_map *map)
{
	areas_left = -1;
	bpf_map_put_with_uref(map);
	for (int i = 0; i < 4; i++)
		rcu_barrier();
	assert_int_equal(made, given_back);
}

static void each_goes_once(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct bpf_map *map = map_of_objects(k);
		const u64 before = made;

		for (u32 round = 0; round < 3; round++) {
			for (u32 key = 0; key < 3 * KEYS; key++) {
				update(map, key);
				assert_true(is_empty(map, key));
				for (u32 cpu = 0; cpu < CPUS; cpu++) {
					put(map, key, cpu, FIRST);
					put(map, key, cpu, SECOND);
				}
				assert_true(read_out(map, key));
			}
			for (u32 key = 0; key < KEYS && !is_array(map); key += 2)
				map->ops->map_delete_elem(map, &key);
			/* What was waiting is used again. */
			if (round)
				rcu_barrier();
		}
		assert_true(made > before);
		finish(map);
	}
}

static struct bpf_map *shared;

static void *work(void *arg)
{
	u32 random = (u32)(unsigned long)arg * 7919 + 1;

	for (int i = 0; i < 20000; i++) {
		u32 key, cpu, word;

		random = random * 1664525 + 1013904223;
		key = (random >> 8) % (KEYS + 4);
		cpu = (random >> 16) % CPUS;
		word = random >> 20 & 1 ? FIRST : SECOND;
		switch ((random >> 24) % 8) {
		case 0:
		case 1:
		case 2:
			put(shared, key, cpu, word);
			break;
		case 3:
		case 4:
			assert_true(look(shared, key, cpu, word));
			break;
		case 5:
			update(shared, key);
			break;
		case 6:
			assert_true(read_out(shared, key));
			break;
		case 7:
			rcu_read_lock();
			shared->ops->map_delete_elem(shared, &key);
			rcu_read_unlock();
		}
	}
	return NULL;
}

static void from_several_threads(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		pthread_t threads[4];

#ifdef __SANITIZE_THREAD__
		/* Elements that are used early are read until nobody wrote meanwhile: a race. */
		if (kinds[k].scarce)
			continue;
#endif
		shared = map_of_objects(k);
		for (unsigned long i = 0; i < ARRAY_SIZE(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			pthread_join(threads[i], NULL);
		finish(shared);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_goes_once),
		cmocka_unit_test(from_several_threads),
	};

	return cmocka_run_group_tests_name("objects in values", tests, rt_set_up, rt_tear_down);
}
