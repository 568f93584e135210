/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* QUEUE, STACK and BLOOM_FILTER: plain models, threads, failing memory. */
#include "rt.h"

#include <limits.h>

#include "map/area.h"

/* Linked with --wrap: allocations fail when this has come down to 0; negative: never. */
static int areas_left = -1;
void *__real_bpf_map_area_alloc(u64 size);
void *__wrap_bpf_map_area_alloc(u64 size);

void *__wrap_bpf_map_area_alloc(u64 size)
{
	if (!areas_left)
		return NULL;
	if (areas_left > 0)
		areas_left--;
	return __real_bpf_map_area_alloc(size);
}

static long push(struct bpf_map *map, const void *value, u64 flags)
{
	return map->ops->map_push_elem(map, value, flags);
}

static long pop(struct bpf_map *map, void *value)
{
	return map->ops->map_pop_elem(map, value);
}

static long peek(struct bpf_map *map, void *value)
{
	return map->ops->map_peek_elem(map, value);
}

static u32 seed;

static u32 random_number(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

/* --- queues and stacks ------------------------------------------------------------------------ */

#define MODEL_MAX 9
#define VALUE_MAX 24

struct model {
	bool newest_first;
	u32 nr, max;
	u8 values[MODEL_MAX][VALUE_MAX]; /* the oldest first */
};

static long model_push(struct model *model, const void *value, u64 flags)
{
	if (flags != BPF_ANY && flags != BPF_EXIST)
		return -EINVAL;
	if (model->nr == model->max) {
		if (flags == BPF_ANY)
			return -E2BIG;
		memmove(model->values[0], model->values[1], --model->nr * VALUE_MAX);
	}
	memcpy(model->values[model->nr++], value, VALUE_MAX);
	return 0;
}

static long model_take(struct model *model, void *value, u32 size, bool keep)
{
	u32 at = model->newest_first ? model->nr - 1 : 0;

	memset(value, 0, size);
	if (!model->nr)
		return -ENOENT;
	memcpy(value, model->values[at], size);
	if (!keep)
		memmove(model->values[at], model->values[at + 1], (--model->nr - at) * VALUE_MAX);
	return 0;
}

static void they_agree_with_a_model(void **state)
{
	static const u32 sizes[] = {1, 4, 7, 8, 24};

	for (u32 row = 0; row < 2 * ARRAY_SIZE(sizes) * MODEL_MAX; row++) {
		struct model model = {.newest_first = row & 1, .max = row / 2 % MODEL_MAX + 1};
		u32 size = sizes[row / 2 / MODEL_MAX];
		struct bpf_map *map = new_map(row & 1 ? BPF_MAP_TYPE_STACK : BPF_MAP_TYPE_QUEUE, 0,
					      size, model.max, 0);

		seed = row;
		for (u32 i = 0; i < 300; i++) {
			u8 value[VALUE_MAX + 1], want[VALUE_MAX + 1];
			u64 flags = random_number() % 4;
			long err, expected;

			memset(value, random_number(), sizeof(value));
			memcpy(want, value, sizeof(want));
			switch (random_number() % 4) {
			case 0:
			case 1:
				err = push(map, value, flags);
				expected = model_push(&model, value, flags);
				break;
			case 2:
				err = pop(map, value);
				expected = model_take(&model, want, size, false);
				break;
			default:
				err = peek(map, value);
				expected = model_take(&model, want, size, true);
			}
			if (err != expected || memcmp(value, want, sizeof(value)))
				fail_msg("row %u, step %u: %ld, not %ld", row, i, err, expected);
		}
		bpf_map_put_with_uref(map);
	}
}

#define THREADS 4
#define EACH 20000

struct worker {
	struct bpf_map *map;
	u32 number;
	u32 *times; /* that each value was popped */
	u64 last[THREADS];
	bool out_of_order;
};

struct record {
	u64 from, n, check[3];
};

/* Push one's own values and pop whatever comes, in turns. */
static void *push_and_pop(void *arg)
{
	struct worker *w = arg;
	struct record record;
	u64 n = 0;

	while (n < EACH) {
		record = (struct record){w->number, n, {n, ~n, w->number}};
		n += push(w->map, &record, BPF_ANY) == 0;
		if (n % 3 && n < EACH)
			continue;
		if (pop(w->map, &record))
			continue;
		if (record.check[0] != record.n || record.check[1] != ~record.n ||
		    record.check[2] != record.from)
			w->out_of_order = true;
		__atomic_add_fetch(&w->times[record.from * EACH + record.n], 1, __ATOMIC_RELAXED);
		if (record.n + 1 <= w->last[record.from])
			w->out_of_order = true;
		w->last[record.from] = record.n + 1;
		while (n == EACH && !pop(w->map, &record))
			__atomic_add_fetch(&w->times[record.from * EACH + record.n], 1,
					   __ATOMIC_RELAXED);
	}
	return NULL;
}

/* What is pushed is popped once and whole; from a queue, each one's in the order of pushing. */
static void threads_lose_and_double_nothing(void **state)
{
	static const u32 types[] = {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK};

	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		struct bpf_map *map = new_map(types[t], 0, sizeof(struct record), 100000, 0);
		u32 *times = calloc(THREADS * EACH, sizeof(*times));
		struct worker workers[THREADS] = {0};
		pthread_t threads[THREADS];
		struct record record;

		assert_non_null(times);
		for (u32 i = 0; i < THREADS; i++) {
			workers[i] = (struct worker){.map = map, .number = i, .times = times};
			assert_int_equal(
				pthread_create(&threads[i], NULL, push_and_pop, &workers[i]), 0);
		}
		for (u32 i = 0; i < THREADS; i++) {
			pthread_join(threads[i], NULL);
			if (types[t] == BPF_MAP_TYPE_QUEUE)
				assert_false(workers[i].out_of_order);
		}
		while (!pop(map, &record))
			times[record.from * EACH + record.n]++;
		for (u32 i = 0; i < THREADS * EACH; i++)
			assert_int_equal(times[i], 1);
		free(times);
		bpf_map_put_with_uref(map);
	}
}

/* --- Bloom filters ---------------------------------------------------------------------------- */

static struct bpf_map *new_bloom(u32 value_size, u32 max_entries, u32 flags, u64 extra)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_BLOOM_FILTER,
			       .value_size = value_size,
			       .max_entries = max_entries,
			       .map_flags = flags,
			       .map_extra = extra};

	return bpf_map_create(&rt, &attr, NULL, NULL);
}

static void a_filter_has_the_bits_that_it_needs(void **state)
{
	static const struct {
		u32 max, hashes;
		u64 bytes;
	} rows[] = {
		{1, 1, 8},
		{5, 0, 8},		  /* 35 bits */
		{45, 1, 8},		  /* 63 */
		{46, 1, 8},		  /* 63: 46 / 5 * 7 */
		{50, 1, 16},		  /* 70 */
		{90, 1, 16},		  /* 126 */
		{100, 0, 128},		  /* 700 */
		{1000000, 3, 1u << 20},	  /* 4.2 million */
		{306783378, 5, 1u << 28}, /* just 2^31 */
		{306783381, 5, 1u << 29}, /* more */
		{UINT_MAX, 1, 1u << 29},
		{UINT_MAX, 15, 1u << 29},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpf_map *map = new_bloom(4, rows[i].max, 0, rows[i].hashes);
		u64 size;

		assert_false(IS_ERR(map));
		size = bpf_map_memory_usage(map);
		if (size < rows[i].bytes || size > rows[i].bytes + 512)
			fail_msg("row %zu: %llu", i, size);
		bpf_map_put_with_uref(map);
	}
}

static void a_filter_forgets_nothing_and_is_seldom_wrong(void **state)
{
	for (u64 hashes = 0; hashes <= 15; hashes++) {
		for (u32 size = 8; size <= 24; size += 5) {
			struct bpf_map *map = new_bloom(size, 500, 0, hashes);
			u8 value[24] = {0};
			u32 wrong = 0;

			for (u64 n = 0; n < 500; n++) {
				memcpy(value + size - 8, &n, 8);
				assert_int_equal(push(map, value, BPF_ANY), 0);
			}
			for (u64 n = 0; n < 1500; n++) {
				long err;

				memcpy(value + size - 8, &n, 8);
				err = peek(map, value);
				if (n < 500)
					assert_int_equal(err, 0);
				else
					wrong += !err;
			}
			/* 2^-hashes, and a lot for chance */
			assert_in_range(wrong, 0, (1000u >> (hashes ? hashes : 5)) * 3 / 2 + 40);
			bpf_map_put_with_uref(map);
		}
	}
}

static void *push_numbers(void *arg)
{
	struct worker *w = arg;

	for (u64 n = w->number; n < 4000; n += THREADS) {
		push(w->map, &n, BPF_ANY);
		if (peek(w->map, &n))
			w->out_of_order = true;
	}
	return NULL;
}

static void a_filter_is_filled_by_threads(void **state)
{
	struct bpf_map *map = new_bloom(8, 4000, BPF_F_ZERO_SEED, 0);
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (u32 i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.map = map, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, push_numbers, &workers[i]), 0);
	}
	for (u32 i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(workers[i].out_of_order);
	}
	for (u64 n = 0; n < 4000; n++)
		assert_int_equal(peek(map, &n), 0);
	bpf_map_put_with_uref(map);
}

static void failing_memory_makes_no_map(void **state)
{
	static const u32 types[] = {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK,
				    BPF_MAP_TYPE_BLOOM_FILTER};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		union bpf_attr attr = {.map_type = types[i], .value_size = 4, .max_entries = 9};

		areas_left = 0;
		assert_int_equal(PTR_ERR(bpf_map_create(&rt, &attr, NULL, NULL)), -ENOMEM);
		areas_left = -1;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_agree_with_a_model),
		cmocka_unit_test(threads_lose_and_double_nothing),
		cmocka_unit_test(a_filter_has_the_bits_that_it_needs),
		cmocka_unit_test(a_filter_forgets_nothing_and_is_seldom_wrong),
		cmocka_unit_test(a_filter_is_filled_by_threads),
		cmocka_unit_test(failing_memory_makes_no_map),
	};

	return cmocka_run_group_tests_name("keyless", tests, rt_set_up, rt_tear_down);
}
