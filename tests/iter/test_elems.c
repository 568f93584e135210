/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Reading the elements of a map: which are shown, in what order and number, whatever the size of
 * reads and records, and whatever the program does to the map meanwhile. The program is a C
 * function.
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "base/runtime.h"
#include "base/vcpu.h"
#include "iter/session.h"
#include "map/map.h"
#include "prog/helper.h"
#include "prog/prog.h"

#define ENTRIES 1000
#define CHUNK SIZE_MAX /* instead of a read */

static struct trek_runtime rt;
static struct bpf_prog *prog;
static struct bpf_map *map;

/* What the program does, and saw. */
static struct {
	size_t record;	/* bytes it writes for an element, the key first */
	u32 again_each; /* it asks for each element whose key is a multiple once more; 0: none */
	void (*act)(u32 key);
	u32 calls, shown;
	u32 asked; /* 1 + the key that was asked for again */
	u64 last_seq_num;
	s64 last_index;
	bool numbers_wrong;
	u8 seen[ENTRIES];
} elems;

static unsigned int elems_prog(const void *c, const struct bpf_insn *insn)
{
	const struct bpf_iter__bpf_map_elem *ctx = c;
	struct seq_file *seq = ctx->meta->seq;
	u8 record[8192] = {0};
	u32 key;

	elems.calls++;
	if (!ctx->key)
		return 0;
	memcpy(&key, ctx->key, sizeof(key));
	assert_in_range(key, 0, ENTRIES - 1);
	assert_ptr_equal(ctx->map, map);
	assert_int_equal(bpf_current->tail_calls, 0);
	assert_ptr_equal(bpf_current->prog, prog);
	if (prog->aux->tail_call_reachable)
		bpf_current->tail_calls = 5;
	if (elems.again_each && !(key % elems.again_each) && elems.asked != key + 1) {
		elems.asked = key + 1;
		seq_write(seq, "undone", 6);
		return 1;
	}
	memcpy(record, &key, sizeof(key));
	if (elems.record && seq_write(seq, record, elems.record))
		return 0; /* it is shown again */
	if (elems.act)
		elems.act(key);
	if (elems.shown &&
	    (ctx->meta->seq_num != elems.last_seq_num + 1 || seq->index != elems.last_index + 1))
		elems.numbers_wrong = true;
	elems.last_seq_num = ctx->meta->seq_num;
	elems.last_index = seq->index;
	elems.shown++;
	elems.seen[key]++;
	return 0;
}

static int set_up(void **state)
{
	rt.cpus = vcpus_new(2);
	rt.num_possible_cpus = 2;
	if (!rt.cpus || idr_init(&rt.map_idr) || idr_init(&rt.prog_idr) || nofault_init())
		return -1;
	prog = bpf_prog_alloc(&rt, 1);
	prog->bpf_func = elems_prog;
	return 0;
}

static int tear_down(void **state)
{
	bpf_prog_put(prog);
	rcu_barrier();
	rcu_barrier();
	idr_destroy(&rt.prog_idr);
	idr_destroy(&rt.map_idr);
	vcpus_free(rt.cpus);
	return 0;
}

/* Values of 16 bytes: an update puts another element in the place of the one that is there. */
static void make_map(enum bpf_map_type type)
{
	union bpf_attr attr = {
		.map_type = type, .key_size = 4, .value_size = 16, .max_entries = ENTRIES};

	map = bpf_map_create(&rt, &attr, NULL, NULL);
	assert_false(IS_ERR(map));
	for (u32 key = 0; key < ENTRIES; key++) {
		const u64 value[2] = {key, key};

		rcu_read_lock();
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_ANY), 0);
		rcu_read_unlock();
	}
}

static void put_map(void)
{
	bpf_map_put_with_uref(map);
	rcu_barrier();
}

static struct bpf_iter_session *open_elems(size_t record)
{
	const struct bpf_iter_aux_info aux = {.map = map};
	struct bpf_iter_session *s =
		bpf_iter_session_new(prog, bpf_map_elem_reg_info.seq_info, &aux);

	assert_false(IS_ERR(s));
	memset(&elems, 0, sizeof(elems));
	elems.record = record;
	return s;
}

/* Reads of @size bytes until there is nothing more; the output, whose length is in @len. */
static u8 *read_all(struct bpf_iter_session *s, size_t size, size_t *len)
{
	size_t room = 64u << 20;
	u8 *out = malloc(room);
	ssize_t n;

	*len = 0;
	do {
		const void *chunk;

		if (size == CHUNK) {
			n = bpf_seq_next_chunk(s, &chunk);
			if (n > 0)
				memcpy(out + *len, chunk, n);
		} else {
			n = bpf_seq_read(s, (unsigned long)out + *len, size);
		}
		assert_true(n >= 0 || n == -EAGAIN);
		*len += n > 0 ? n : 0;
		assert_in_range(*len, 0, room / 2);
	} while (n);
	return out;
}

static void check_all_shown_once(const char *what)
{
	for (u32 key = 0; key < ENTRIES; key++)
		if (elems.seen[key] != 1)
			fail_msg("%s: element %u was shown %u times", what, key, elems.seen[key]);
	assert_int_equal(elems.shown, ENTRIES);
	assert_false(elems.numbers_wrong);
}

static const enum bpf_map_type types[] = {BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH,
					  BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_HASH};

static void test_sizes(void **state)
{
	static const size_t sizes[] = {1, 8, 100, 4096, 32767, 32768, 65536, CHUNK};
	static const size_t records[] = {0, 4, 8, 13, 16, 24, 1000, 5000};

	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		make_map(types[t]);
		for (size_t i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(records); i++) {
			size_t size = sizes[i / ARRAY_SIZE(records)];
			size_t record = records[i % ARRAY_SIZE(records)], len;
			struct bpf_iter_session *s = open_elems(record);
			u8 *out;

			/* It would be as many reads as bytes. */
			if (size < 100 && record > 100)
				record /= 50;
			elems.record = record;
			elems.again_each = i % 2 ? 7 : 0;
			prog->aux->tail_call_reachable = i % 3 == 0;
			out = read_all(s, size, &len);
			check_all_shown_once("sizes");
			assert_int_equal(len, ENTRIES * record);
			for (u32 n = 0; record && n < ENTRIES; n++)
				assert_memory_equal(out + n * record, &n, sizeof(n));
			free(out);
			bpf_iter_session_close(s);
		}
		put_map();
	}
	prog->aux->tail_call_reachable = false;
}

static u32 nr_counted;

static unsigned int count_calls(const void *c, const struct bpf_insn *insn)
{
	const struct bpf_iter__bpf_map_elem *ctx = c;

	nr_counted += ctx->key != NULL;
	return 0;
}

static void test_a_million_at_a_time(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 8,
			       .max_entries = 2000005};
	struct bpf_iter_session *s;
	char byte;

	map = bpf_map_create(&rt, &attr, NULL, NULL);
	assert_false(IS_ERR(map));
	prog->bpf_func = count_calls;
	s = open_elems(0);
	for (u32 i = 1; i <= 2; i++) {
		assert_int_equal(bpf_seq_read(s, (unsigned long)&byte, 1), -EAGAIN);
		assert_int_equal(nr_counted, i * 1000000);
	}
	assert_int_equal(bpf_seq_read(s, (unsigned long)&byte, 1), 0);
	assert_int_equal(nr_counted, 2000005);
	bpf_iter_session_close(s);
	prog->bpf_func = elems_prog;
	put_map();
}

/* --- nothing for a long way --------------------------------------------------------------------
 */

#define MANY 200000u

static struct {
	u32 shown;
	u64 key_sum, seq_num_sum, last_seq_num;
} sparse;

static unsigned int sum_keys(const void *c, const struct bpf_insn *insn)
{
	const struct bpf_iter__bpf_map_elem *ctx = c;

	if (ctx->key) {
		sparse.shown++;
		sparse.key_sum += *(u32 *)ctx->key;
		sparse.seq_num_sum += ctx->meta->seq_num;
	}
	sparse.last_seq_num = ctx->meta->seq_num;
	return 0;
}

static void make_sparse(enum bpf_map_type type, const u32 *kept, u32 nr)
{
	union bpf_attr attr = {
		.map_type = type, .key_size = 4, .value_size = 8, .max_entries = MANY};
	const u64 value = 0;

	map = bpf_map_create(&rt, &attr, NULL, NULL);
	assert_false(IS_ERR(map));
	for (u32 key = 0; key < MANY; key++) {
		rcu_read_lock();
		assert_int_equal(map->ops->map_update_elem(map, &key, &value, BPF_ANY), 0);
		rcu_read_unlock();
	}
	for (u32 key = 0, i = 0; key < MANY; key++) {
		if (i < nr && key == kept[i]) {
			i++;
			continue;
		}
		rcu_read_lock();
		assert_int_equal(map->ops->map_delete_elem(map, &key), 0);
		rcu_read_unlock();
	}
}

/* How many times a walk says that there is nothing for a long way. */
static u32 count_breaks(void)
{
	struct bpf_map_walk walks[2] = {{.pos = 0}};
	u32 breaks = 0, n;

	rcu_read_lock();
	while ((n = map->ops->map_walk(map, walks[0].pos, walks, ARRAY_SIZE(walks)))) {
		u64 pos = walks[n - 1].pos;

		assert_true(walks[0].key || n == 1);
		breaks += !walks[0].key;
		walks[0].pos = pos;
	}
	rcu_read_unlock();
	return breaks;
}

static u64 count_key(u64 func, u64 map, u64 key, u64 value, u64 ctx, u64 r5)
{
	assert_true(key && value);
	sparse.key_sum += *(u32 *)(unsigned long)key;
	return 0;
}

static u64 for_each(void)
{
	const struct bpf_helper *helper = bpf_map_helpers;
	struct bpf_run_ctx run;
	u64 shown;

	while (helper->id != BPF_FUNC_for_each_map_elem)
		helper++;
	bpf_run_begin(&run, &rt);
	run.callback = count_key;
	shown = helper->proto.func((unsigned long)map, 0, 0, 0, 0);
	bpf_run_end(&run);
	return shown;
}

/* Others get their turn there, and nobody sees that. */
static void test_far_between(void **state)
{
	static const u32 kept[] = {70000, 70001, 199999};
	static const u64 key_sums[] = {0, 70000, 140001, 340000}, seq_num_sums[] = {0, 0, 1, 3};

	prog->bpf_func = sum_keys;
	for (size_t i = 0; i < ARRAY_SIZE(types) * ARRAY_SIZE(key_sums); i++) {
		const u32 nr = i % ARRAY_SIZE(key_sums);
		struct bpf_map_walk walk = {0};
		struct bpf_iter_session *s;
		u32 walked = 0;
		char byte;

		if (types[i / ARRAY_SIZE(key_sums)] == BPF_MAP_TYPE_ARRAY)
			continue;
		make_sparse(types[i / ARRAY_SIZE(key_sums)], kept, nr);
		assert_in_range(count_breaks(), 3, 100);
		rcu_read_lock();
		while (bpf_map_walk(map, &walk))
			walked++;
		rcu_read_unlock();
		assert_int_equal(walked, nr);
		memset(&sparse, 0, sizeof(sparse));
		s = open_elems(0);
		assert_int_equal(bpf_seq_read(s, (unsigned long)&byte, 1), 0);
		assert_int_equal(sparse.shown, nr);
		assert_int_equal(sparse.key_sum, key_sums[nr]);
		assert_int_equal(sparse.seq_num_sum, seq_num_sums[nr]);
		assert_int_equal(sparse.last_seq_num, nr ? nr - 1 : 0);
		bpf_iter_session_close(s);
		sparse.key_sum = 0;
		assert_int_equal(for_each(), nr);
		assert_int_equal(sparse.key_sum, key_sums[nr]);
		put_map();
	}
	prog->bpf_func = elems_prog;
}

/* --- somebody waits --------------------------------------------------------------------------- */

static struct {
	pthread_t thread;
	bool done;
	u32 after; /* elements shown since */
} waiter;

static void *wait_for_readers(void *arg)
{
	synchronize_rcu();
	__atomic_store_n(&waiter.done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Who waits for a CPU: all the others are taken, by the test. */
static void *wait_for_a_cpu(void *arg)
{
	struct bpf_run_ctx run;

	bpf_run_begin(&run, &rt);
	bpf_run_end(&run);
	__atomic_store_n(&waiter.done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void let_wait(u32 key)
{
	if (__atomic_load_n(&waiter.done, __ATOMIC_ACQUIRE))
		waiter.after++;
	else
		usleep(500);
}

static void check_waiter(void *(*wait)(void *))
{
	struct bpf_iter_session *s;
	size_t len;

	memset(&waiter, 0, sizeof(waiter));
	make_map(BPF_MAP_TYPE_HASH);
	s = open_elems(0);
	elems.act = let_wait;
	assert_int_equal(pthread_create(&waiter.thread, NULL, wait, NULL), 0);
	free(read_all(s, 4096, &len));
	pthread_join(waiter.thread, NULL);
	check_all_shown_once("waited for");
	assert_true(waiter.after > 0);
	bpf_iter_session_close(s);
	put_map();
}

static void test_a_grace_period_ends_meanwhile(void **state)
{
	check_waiter(wait_for_readers);
}

/* Where the reader is in a section of his own, no end of the session's lets anybody go on. */
static void test_within_a_section(void **state)
{
	struct bpf_iter_session *s;
	unsigned long section;
	size_t len;

	make_map(BPF_MAP_TYPE_HASH);
	memset(&waiter, 0, sizeof(waiter));
	rcu_read_lock();
	section = rcu_section();
	assert_int_equal(pthread_create(&waiter.thread, NULL, wait_for_readers, NULL), 0);
	while (!rcu_is_awaited(section))
		usleep(100);
	s = open_elems(0);
	free(read_all(s, 4096, &len));
	check_all_shown_once("within a section");
#ifndef BASE_RCU_TSAN_H
	assert_int_equal(s->section, 1);
#endif
	assert_false(__atomic_load_n(&waiter.done, __ATOMIC_ACQUIRE));
	bpf_iter_session_close(s);
	rcu_read_unlock();
	pthread_join(waiter.thread, NULL);
	put_map();
}

static void test_others_run_meanwhile(void **state)
{
	struct vcpus *two = rt.cpus;

	rt.cpus = vcpus_new(1);
	assert_non_null(rt.cpus);
	check_waiter(wait_for_a_cpu);
	rcu_barrier();
	vcpus_free(rt.cpus);
	rt.cpus = two;
}

/* --- a program that changes the map ----------------------------------------------------------- */

static void delete_next(u32 key)
{
	u32 next = key + 1;

	if (next < ENTRIES && map->ops->map_delete_elem(map, &next))
		elems.numbers_wrong = true;
}

static void test_deleted_before_their_turn(void **state)
{
	static const size_t sizes[] = {1, 4096, CHUNK};

	for (size_t t = 1; t < 3 * ARRAY_SIZE(sizes); t++) {
		struct bpf_iter_session *s;
		size_t len;

		make_map(types[1 + t % 3]);
		s = open_elems(8);
		elems.act = delete_next;
		free(read_all(s, sizes[t / 3], &len));
		assert_int_equal(elems.shown, ENTRIES / 2);
		for (u32 key = 0; key < ENTRIES; key++)
			assert_int_equal(elems.seen[key], key % 2 ? 0 : 1);
		bpf_iter_session_close(s);
		put_map();
	}
}

static void replace_next(u32 key)
{
	u32 next = key + 1;
	const u64 value[2] = {key, 0};

	if (next < ENTRIES && map->ops->map_update_elem(map, &next, value, BPF_EXIST))
		elems.numbers_wrong = true;
}

static void test_replaced_before_their_turn(void **state)
{
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		struct bpf_iter_session *s;
		size_t len;

		make_map(types[t]);
		s = open_elems(8);
		elems.act = replace_next;
		free(read_all(s, 4096, &len));
		check_all_shown_once("replaced");
		bpf_iter_session_close(s);
		put_map();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_a_million_at_a_time),
		cmocka_unit_test(test_far_between),
		cmocka_unit_test(test_a_grace_period_ends_meanwhile),
		cmocka_unit_test(test_within_a_section),
		cmocka_unit_test(test_others_run_meanwhile),
		cmocka_unit_test(test_deleted_before_their_turn),
		cmocka_unit_test(test_replaced_before_their_turn),
	};

	return cmocka_run_group_tests_name("elems", tests, set_up, tear_down);
}
