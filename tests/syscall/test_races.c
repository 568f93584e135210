/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Threads that make, find, change, read and drop the same objects. What each call returns depends
 * on who was first; that nothing is used after it is gone, or left over at the end, does not.
 */
#include "test.h"

#include <pthread.h>
#include <stdlib.h>

#include "call.h"

enum { THREADS = 4, ROUNDS = 6000, HANDLES = 48 };

static int set_up(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

static int some(unsigned int *seed)
{
	return 3 + rand_r(seed) % HANDLES;
}

static void make(unsigned int *seed)
{
	switch (rand_r(seed) % 6) {
	case 0:
		map_new(BPF_MAP_TYPE_ARRAY, 8, 4, 0);
		break;
	case 1:
		map_new(BPF_MAP_TYPE_HASH, 8, 64, 0);
		break;
	case 2:
		iter_prog_new(rand_r(seed) % 2 ? "bpf_iter_bpf_map" : "bpf_iter_bpf_link");
		break;
	case 3:
		link_new(some(seed));
		break;
	case 4:
		BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = some(seed)});
		break;
	default:
		trek_dup(rt, some(seed));
	}
}

static void find(unsigned int *seed)
{
	static const int next[] = {BPF_MAP_GET_NEXT_ID, BPF_PROG_GET_NEXT_ID, BPF_LINK_GET_NEXT_ID,
				   BPF_BTF_GET_NEXT_ID};
	static const int get[] = {BPF_MAP_GET_FD_BY_ID, BPF_PROG_GET_FD_BY_ID,
				  BPF_LINK_GET_FD_BY_ID, BPF_BTF_GET_FD_BY_ID};
	int kind = rand_r(seed) % 4;
	union bpf_attr attr = {.start_id = 0};

	if (!trek_bpf(rt, next[kind], &attr, sizeof(attr)))
		BPF(get[kind], .map_id = attr.next_id);
}

static void change(unsigned int *seed)
{
	uint32_t key = rand_r(seed) % 4;
	uint64_t value[8] = {1};

	switch (rand_r(seed) % 7) {
	case 0:
		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = some(seed), .key = PTR(&key),
		    .value = PTR(value));
		break;
	case 4:
		BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = some(seed), .key = PTR(&key),
		    .value = PTR(value));
		break;
	case 5:
		BPF(BPF_MAP_LOOKUP_AND_DELETE_ELEM, .map_fd = some(seed), .key = PTR(&key),
		    .value = PTR(value));
		break;
	case 6:
		BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = some(seed), .key = PTR(&key),
		    .next_key = PTR(value));
		break;
	case 1:
		BPF(BPF_MAP_DELETE_ELEM, .map_fd = some(seed), .key = PTR(&key));
		break;
	case 2:
		BPF(BPF_LINK_UPDATE,
		    .link_update = {.link_fd = some(seed), .new_prog_fd = some(seed)});
		break;
	default:
		BPF(BPF_PROG_BIND_MAP,
		    .prog_bind_map = {.prog_fd = some(seed), .map_fd = some(seed)});
	}
}

static void look(unsigned int *seed)
{
	char buf[512] = {0};

	switch (rand_r(seed) % 3) {
	case 0:
		trek_read(rt, some(seed), buf, sizeof(buf));
		break;
	case 1:
		trek_fdinfo(rt, some(seed), buf, sizeof(buf));
		break;
	default:
		BPF(BPF_OBJ_GET_INFO_BY_FD,
		    .info = {.bpf_fd = some(seed), .info_len = 48, .info = PTR(buf)});
	}
}

static void pin(unsigned int *seed)
{
	char path[] = "/sys/fs/bpf/a";

	path[sizeof(path) - 2] += rand_r(seed) % 4;
	switch (rand_r(seed) % 4) {
	case 0:
		BPF(BPF_OBJ_PIN, .bpf_fd = some(seed), .pathname = PTR(path));
		break;
	case 1:
		BPF(BPF_OBJ_GET, .pathname = PTR(path));
		break;
	case 2:
		trek_open(rt, path);
		break;
	default:
		trek_unlink(rt, path);
	}
}

static void drop(unsigned int *seed)
{
	trek_close(rt, some(seed));
	trek_close(rt, some(seed));
}

static void *work(void *arg)
{
	static void (*const acts[])(unsigned int *) = {make, make, find, change, look, pin, drop};
	unsigned int seed = (unsigned long)arg;
	int i;

	for (i = 0; i < ROUNDS; i++)
		acts[rand_r(&seed) % (sizeof(acts) / sizeof(acts[0]))](&seed);
	return NULL;
}

static void test_everything_at_once(void **state)
{
	pthread_t threads[THREADS];
	unsigned long i;
	char path[] = "/sys/fs/bpf/a";

	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 4; i++, path[sizeof(path) - 2]++)
		trek_unlink(rt, path);
	for (i = 0; i < THREADS * ROUNDS; i++)
		trek_close(rt, i);
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_ID, .start_id = 0), -ENOENT);
	assert_int_equal(BPF(BPF_PROG_GET_NEXT_ID, .start_id = 0), -ENOENT);
	assert_int_equal(BPF(BPF_LINK_GET_NEXT_ID, .start_id = 0), -ENOENT);
}

/* The runtime is closed with all that is open, pinned and half read. */
static void test_closing_with_everything_open(void **state)
{
	unsigned int seed = 7;
	int i;

	for (i = 0; i < 300; i++) {
		make(&seed);
		change(&seed);
		pin(&seed);
		look(&seed);
	}
}

/* Integers of 4 and of 16 bytes. */
static const struct {
	struct btf_header header;
	uint32_t types[8];
	char strings[3];
} types = {
	.header = {.magic = BTF_MAGIC,
		   .version = BTF_VERSION,
		   .hdr_len = sizeof(types.header),
		   .type_len = sizeof(types.types),
		   .str_off = sizeof(types.types),
		   .str_len = sizeof(types.strings)},
	.types = {1, BTF_KIND_INT << 24, 4, 32, 1, BTF_KIND_INT << 24, 16, 128},
	.strings = "\0i",
};

/* An update in place of the last one, whose element waits for a grace period; the map waits behind
 * its outer map, its types behind the map. */
static int use_runtime(struct trek_runtime *own, uint32_t turn)
{
	struct trek_runtime *const rt = own; /* of BPF() */
	uint64_t value[2] = {0};
	uint32_t key = 0;
	int btf = BPF(BPF_BTF_LOAD, .btf = PTR(&types),
		      .btf_size = offsetof(typeof(types), strings) + sizeof(types.strings));
	int hash = BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_HASH, .key_size = 4,
		       .value_size = sizeof(value), .max_entries = 8, .btf_fd = btf,
		       .btf_key_type_id = 1, .btf_value_type_id = 2);
	int outer = BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_HASH_OF_MAPS, .key_size = 4,
			.value_size = 4, .max_entries = 8, .inner_map_fd = hash);
	int prog = BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		       .insns = PTR(return_0), .insn_cnt = 2, .license = PTR("GPL"));
	int err = 0;

	for (int i = 0; i < 20 && !err; i++)
		err = BPF(BPF_MAP_UPDATE_ELEM, .map_fd = hash, .key = PTR(&key),
			  .value = PTR(value));
	if (!err)
		err = BPF(BPF_MAP_UPDATE_ELEM, .map_fd = outer, .key = PTR(&key),
			  .value = PTR(&hash));
	if (!err)
		err = BPF(BPF_PROG_BIND_MAP, .prog_bind_map = {.prog_fd = prog, .map_fd = outer});
	if (!err)
		err = BPF(BPF_OBJ_PIN, .bpf_fd = prog, .pathname = PTR("/sys/fs/bpf/prog"));
	if (!err)
		err = trek_close(rt, btf);
	/* Some of it is let go before the runtime is closed, some not. */
	if (!err && turn & 1)
		err = trek_close(rt, hash);
	if (!err && turn & 2)
		err = trek_close(rt, outer);
	if (!err && turn & 4)
		err = trek_close(rt, prog);
	return err;
}

static void *open_and_close(void *arg)
{
	struct trek_runtime *own;
	long failed = 0;

	for (uint32_t turn = 0; turn < 200 && !failed; turn++) {
		failed = trek_runtime_open(NULL, &own);
		if (failed)
			break;
		failed = use_runtime(own, turn);
		trek_runtime_close(own);
	}
	return (void *)failed;
}

/* What waits to be freed in one runtime is freed by whoever closes another. */
static void test_runtimes_come_and_go(void **state)
{
	pthread_t threads[THREADS];
	void *failed;
	int i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_int_equal((long)failed, 0);
	}
}

enum { LINKS = 3000 };

static void *make_links(void *arg)
{
	int i;

	for (i = 0; i < LINKS; i++)
		link_new(*(int *)arg);
	return NULL;
}

/* Whoever finds an object by its id, as early as may be, finds that it has that id. */
static void test_found_by_id(void **state)
{
	int prog = iter_prog_new("bpf_iter_bpf_link"), link;
	struct bpf_link_info info;
	pthread_t thread;
	uint32_t id;

	assert_int_equal(pthread_create(&thread, NULL, make_links, &prog), 0);
	for (id = 1; id <= LINKS; id++) {
		do
			link = BPF(BPF_LINK_GET_FD_BY_ID, .link_id = id);
		while (link == -ENOENT);
		assert_true(link > 0);
		memset(&info, 0, sizeof(info));
		assert_int_equal(
			BPF(BPF_OBJ_GET_INFO_BY_FD,
			    .info = {.bpf_fd = link, .info_len = sizeof(info), .info = PTR(&info)}),
			0);
		assert_int_equal(info.id, id);
		trek_close(rt, link);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_everything_at_once),
		TEST(test_closing_with_everything_open),
		TEST(test_found_by_id),
		TEST(test_runtimes_come_and_go),
	};

	return cmocka_run_group_tests_name("races", tests, NULL, NULL);
}
