/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a link over the elements of a map checks: how far the program reaches, and whether it may
 * write. The programs are C functions; what the verifier would have found out about them is set.
 */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "base/runtime.h"
#include "base/vcpu.h"
#include "iter/bpf_iter.h"
#include "map/map.h"
#include "prog/prog.h"

enum { KEY_SIZE = 4, VALUE_SIZE = 8, ENTRIES = 200 };

static struct trek_runtime rt;
static struct bpf_map *map;

static int set_up(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_HASH,
			       .key_size = KEY_SIZE,
			       .value_size = VALUE_SIZE,
			       .max_entries = ENTRIES};

	rt.num_possible_cpus = 2;
	rt.cpus = vcpus_new(2);
	pthread_mutex_init(&rt.link_lock, NULL);
	if (!rt.cpus || nofault_init() || idr_init(&rt.map_idr) || idr_init(&rt.prog_idr) ||
	    idr_init(&rt.link_idr))
		return -1;
	map = bpf_map_create(&rt, &attr, NULL, NULL);
	return IS_ERR(map);
}

static int tear_down(void **state)
{
	if (map)
		bpf_map_put_with_uref(map);
	rcu_barrier();
	rcu_barrier();
	idr_destroy(&rt.link_idr);
	idr_destroy(&rt.prog_idr);
	idr_destroy(&rt.map_idr);
	pthread_mutex_destroy(&rt.link_lock);
	vcpus_free(rt.cpus);
	return 0;
}

/* What the verifier leaves. */
struct reach {
	u32 rdonly, rdwr;
	bool writes;
};

static struct bpf_prog *prog_new(const char *func, struct reach reach)
{
	struct bpf_prog *prog = bpf_prog_alloc(&rt, 1);

	prog->type = BPF_PROG_TYPE_TRACING;
	prog->expected_attach_type = BPF_TRACE_ITER;
	prog->aux->attach_func_name = func;
	prog->aux->max_rdonly_access = reach.rdonly;
	prog->aux->max_rdwr_access = reach.rdwr;
	prog->aux->writes_rdwr_buf = reach.writes;
	return prog;
}

static struct bpf_map *the_map(void *arg, int fd)
{
	bpf_map_inc(map);
	return map;
}

static struct bpf_link *attach(struct bpf_prog *prog)
{
	union bpf_iter_link_info info = {.map = {.map_fd = 5}};
	union bpf_attr attr = {
		.link_create = {.iter_info = (unsigned long)&info, .iter_info_len = sizeof(info)}};
	struct bpf_link *link = bpf_iter_link_attach(prog, &attr, the_map, NULL);

	bpf_prog_put(prog);
	return link;
}

static void test_reach(void **state)
{
	static const struct {
		struct reach reach;
		int err;
	} t[] = {
		{{0, 0, false}, 0},
		{{KEY_SIZE, VALUE_SIZE, true}, 0},
		{{KEY_SIZE + 1, 0, false}, -EACCES},
		{{0, VALUE_SIZE + 1, false}, -EACCES},
		{{0, 0xffffffff, true}, -EACCES},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct bpf_link *link = attach(prog_new("bpf_iter_bpf_map_elem", t[i].reach));

		assert_int_equal(IS_ERR(link) ? PTR_ERR(link) : 0, t[i].err);
		if (!t[i].err)
			bpf_link_put(link);
	}
}

/* An update must not get a program in that would not have been attached. */
static void test_update_asks_again(void **state)
{
	struct bpf_link *link =
		attach(prog_new("bpf_iter_bpf_map_elem", (struct reach){KEY_SIZE, 0, false}));
	struct bpf_prog *far = prog_new("bpf_iter_bpf_map_elem", (struct reach){KEY_SIZE + 1});
	struct bpf_prog *near = prog_new("bpf_iter_bpf_map_elem", (struct reach){1});

	assert_int_equal(link->ops->update_prog(link, far, NULL), -EACCES);
	assert_int_equal(link->ops->update_prog(link, near, far), -EPERM);
	assert_int_equal(link->ops->update_prog(link, near, NULL), 0);
	assert_ptr_equal(link->prog, near);
	assert_int_equal(link->ops->update_prog(link, far, near), -EACCES);
	bpf_prog_put(far);
	bpf_prog_put(near);
	bpf_link_put(link);
}

static void test_frozen_maps_are_not_written(void **state)
{
	const struct reach writes = {0, VALUE_SIZE, true}, reads = {0, VALUE_SIZE, false};
	struct bpf_link *writer = attach(prog_new("bpf_iter_bpf_map_elem", writes));
	struct bpf_link *reader = attach(prog_new("bpf_iter_bpf_map_elem", reads));
	struct bpf_iter_session *s = bpf_iter_session_open(writer);
	struct bpf_prog *prog;

	/* While it is read by a program that writes, a map cannot become constant. */
	assert_int_equal(bpf_map_freeze(map), -EBUSY);
	bpf_iter_session_close(s);
	assert_int_equal(bpf_map_freeze(map), 0);
	assert_int_equal(PTR_ERR(bpf_iter_session_open(writer)), -EPERM);
	assert_int_equal(PTR_ERR(attach(prog_new("bpf_iter_bpf_map_elem", writes))), -EPERM);
	prog = prog_new("bpf_iter_bpf_map_elem", writes);
	assert_int_equal(reader->ops->update_prog(reader, prog, NULL), -EPERM);
	bpf_prog_put(prog);
	s = bpf_iter_session_open(reader);
	assert_false(IS_ERR(s));
	bpf_iter_session_close(s);
	bpf_link_put(reader);
	bpf_link_put(writer);
}

static void test_read_only_maps_are_not_written(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = KEY_SIZE,
			       .value_size = VALUE_SIZE,
			       .max_entries = 1,
			       .map_flags = BPF_F_RDONLY_PROG};
	struct bpf_map *other = map;

	map = bpf_map_create(&rt, &attr, NULL, NULL);
	assert_false(IS_ERR(map));
	assert_int_equal(PTR_ERR(attach(prog_new("bpf_iter_bpf_map_elem",
						 (struct reach){0, VALUE_SIZE, true}))),
			 -EPERM);
	bpf_map_put_with_uref(map);
	map = other;
}

static void test_programs_of_no_target(void **state)
{
	static const char *const names[] = {"bpf_iter_", "bpf_iter_bpf_map_elem2",
					    "bpf_iter_nosuch", "bpf_map", ""};
	struct bpf_prog *prog;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		prog = prog_new(names[i], (struct reach){0});
		assert_int_equal(bpf_iter_prog_supported(prog), -EINVAL);
		assert_int_equal(PTR_ERR(attach(prog)), -ENOENT);
	}
	prog = prog_new("bpf_iter_bpf_map_elem", (struct reach){0});
	assert_int_equal(bpf_iter_prog_supported(prog), 0);
	assert_int_equal(prog->aux->ctx_arg_info_size, 2);
	prog->sleepable = 1;
	assert_int_equal(PTR_ERR(attach(prog)), -EINVAL);
}

/* Show every key, as 4 bytes; behind a big element in front, so that reads overflow. */
static unsigned int write_key(const void *c, const struct bpf_insn *insn)
{
	const struct bpf_iter__bpf_map_elem *ctx = c;
	char pad[1000] = {0};

	if (!ctx->key) {
		assert_null(ctx->value);
		assert_non_null(ctx->map);
		return 0;
	}
	assert_int_equal(*(u64 *)ctx->value, *(u32 *)ctx->key * 3ull);
	memcpy(pad, ctx->key, KEY_SIZE);
	seq_write(ctx->meta->seq, pad, sizeof(pad));
	return 0;
}

/* Elements that stay are seen once each, however the reads fall, and whatever else is deleted. */
static void test_every_element_once(void **state)
{
	struct bpf_prog *prog = prog_new("bpf_iter_bpf_map_elem", (struct reach){4, 8, false});
	struct bpf_iter_session *s;
	struct bpf_link *link;
	u32 key, seen[ENTRIES] = {0}, nr = 0;
	char buf[1000];
	ssize_t len;

	prog->bpf_func = write_key;
	link = attach(prog);
	for (key = 0; key < ENTRIES; key++) {
		u64 value = key * 3ull;

		rcu_read_lock();
		assert_int_equal(map->ops->map_update_elem(map, &key, &value, 0), 0);
		rcu_read_unlock();
	}
	s = bpf_iter_session_open(link);
	while ((len = bpf_seq_read(s, (unsigned long)buf, sizeof(buf))) > 0) {
		assert_int_equal(len, sizeof(buf));
		memcpy(&key, buf, KEY_SIZE);
		assert_true(key < ENTRIES);
		seen[key]++;
		/* One in three goes, also the one that is to be shown next. */
		key = nr++ / 3 * 3 + 1;
		rcu_read_lock();
		map->ops->map_delete_elem(map, &key);
		rcu_read_unlock();
	}
	assert_int_equal(len, 0);
	for (key = 0; key < ENTRIES; key++)
		assert_true(key % 3 == 1 ? seen[key] <= 1 : seen[key] == 1);
	bpf_iter_session_close(s);
	bpf_link_put(link);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reach),
		TEST(test_update_asks_again),
		TEST(test_frozen_maps_are_not_written),
		TEST(test_read_only_maps_are_not_written),
		TEST(test_programs_of_no_target),
		TEST(test_every_element_once),
	};

	return cmocka_run_group_tests_name("iter links", tests, NULL, NULL);
}
