/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Programs as objects: ids, references, what goes with the last one, and tags. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rcu.h"
#include "insn.h"
#include "kernel.h"
#include "map/map.h"
#include "prog/prog.h"
#include "prog/sha256.h"
#include "runtime.h"
#include "test.h"

static struct trek_runtime rt;

static struct bpf_prog *new_prog(void)
{
	struct bpf_prog *prog = bpf_prog_alloc(&rt, 2);

	assert_non_null(prog);
	prog->insnsi[0] = MOV(R0, 1);
	prog->insnsi[1] = EXIT;
	assert_int_equal(bpf_prog_alloc_id(prog), 0);
	return prog;
}

static void test_alloc(void **state)
{
	struct bpf_prog *prog = bpf_prog_alloc(&rt, 600);

	assert_non_null(prog);
	assert_int_equal(prog->len, 600);
	assert_int_equal(prog->pages, 2);
	assert_int_equal(prog->aux->id, 0);
	assert_ptr_equal(prog->aux->prog, prog);
	assert_ptr_equal(prog->aux->rt, &rt);
	assert_int_equal(prog->stats->cnt, 0);
	assert_ptr_equal(prog->bpf_func, bpf_interp_run);
	/* One that never got an id takes none away. */
	bpf_prog_put(prog);
	bpf_prog_put(NULL);
}

static void test_ids(void **state)
{
	struct bpf_prog *a = new_prog(), *b = new_prog(), *c = new_prog(), *found;
	u32 id;

	assert_true(a->aux->id < b->aux->id && b->aux->id < c->aux->id);
	found = bpf_prog_by_id(&rt, b->aux->id);
	assert_ptr_equal(found, b);
	bpf_prog_put(found);
	assert_int_equal(PTR_ERR(bpf_prog_by_id(&rt, c->aux->id + 1)), -ENOENT);
	assert_int_equal(PTR_ERR(bpf_prog_by_id(&rt, 0)), -ENOENT);

	id = a->aux->id + 1;
	found = bpf_prog_get_curr_or_next(&rt, &id);
	assert_ptr_equal(found, b);
	assert_int_equal(id, b->aux->id);
	/* The reference that was found keeps it where it is. */
	bpf_prog_put(b);
	assert_ptr_equal(bpf_prog_by_id(&rt, id), b);
	bpf_prog_put(b);
	bpf_prog_put(found);
	assert_int_equal(PTR_ERR(bpf_prog_by_id(&rt, id)), -ENOENT);
	found = bpf_prog_get_curr_or_next(&rt, &id);
	assert_ptr_equal(found, c);
	bpf_prog_put(found);
	id = c->aux->id + 1;
	assert_null(bpf_prog_get_curr_or_next(&rt, &id));
	id = UINT32_MAX;
	assert_null(bpf_prog_get_curr_or_next(&rt, &id));
	bpf_prog_put(a);
	bpf_prog_put(c);
}

/* The last reference drops what the program holds: a map, and another program. */
static void test_holds(void **state)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	struct bpf_map *map = bpf_map_create(&rt, &attr, NULL, NULL);
	struct bpf_prog *prog = new_prog(), *dst = new_prog();
	u32 dst_id = dst->aux->id;

	assert_false(IS_ERR(map));
	bpf_map_inc(map);
	prog->aux->used_maps = malloc(sizeof(map));
	prog->aux->used_maps[0] = map;
	prog->aux->used_map_cnt = 1;
	prog->aux->dst_prog = dst;
	prog->aux->func_info = calloc(1, sizeof(*prog->aux->func_info));
	prog->aux->func_info_aux = calloc(1, sizeof(*prog->aux->func_info_aux));
	prog->aux->linfo = calloc(1, sizeof(*prog->aux->linfo));
	prog->aux->kfunc_tab = calloc(1, 16);
	assert_int_equal(atomic64_read(&map->refcnt), 2);
	bpf_prog_inc(prog);
	bpf_prog_put(prog);
	assert_int_equal(atomic64_read(&map->refcnt), 2);
	bpf_prog_put(prog);
	assert_int_equal(atomic64_read(&map->refcnt), 1);
	assert_int_equal(PTR_ERR(bpf_prog_by_id(&rt, dst_id)), -ENOENT);
	bpf_map_put_with_uref(map);
}

/* A reader without a reference finds the program's memory until it leaves its section. */
static void test_grace_period(void **state)
{
	struct bpf_prog *prog = new_prog();
	struct bpf_run_ctx run;

	bpf_run_begin(&run, &rt);
	bpf_prog_put(prog);
	usleep(20000);
	assert_int_equal(bpf_prog_run(prog, NULL), 1);
	bpf_run_end(&run);
}

static volatile bool stop;
static void *walk(void *arg)
{
	while (!stop) {
		struct bpf_prog *prog;
		u32 id = 1;

		while ((prog = bpf_prog_get_curr_or_next(&rt, &id))) {
			id++;
			bpf_prog_put(prog);
		}
	}
	return NULL;
}

static void test_walk_and_free(void **state)
{
	pthread_t thread;
	u32 id = 1;

	stop = false;
	assert_int_equal(pthread_create(&thread, NULL, walk, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		struct bpf_prog *a = new_prog(), *b = new_prog();

		bpf_prog_put(a);
		bpf_prog_put(b);
	}
	stop = true;
	pthread_join(thread, NULL);
	assert_null(bpf_prog_get_curr_or_next(&rt, &id));
}

static void test_sha256(void **state)
{
	/* FIPS 180-4's examples, and lengths around a block's. */
	static const struct {
		size_t len;
		const char *data;
		const char *digest;
	} cases[] = {
		{0, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{3, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{56, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sha256_ctx sha;
		u8 digest[SHA256_DIGEST_SIZE];
		char hex[65];

		sha256_init(&sha);
		sha256_update(&sha, cases[i].data, cases[i].len / 2);
		sha256_update(&sha, cases[i].data + cases[i].len / 2,
			      cases[i].len - cases[i].len / 2);
		sha256_final(&sha, digest);
		for (int k = 0; k < SHA256_DIGEST_SIZE; k++)
			sprintf(hex + 2 * k, "%02x", digest[k]);
		assert_string_equal(hex, cases[i].digest);
	}
}

static void tag_of(const struct bpf_insn *insns, u32 nr, u8 tag[BPF_TAG_SIZE])
{
	struct bpf_prog *prog = bpf_prog_alloc(&rt, nr);

	memcpy(prog->insnsi, insns, nr * sizeof(*insns));
	assert_int_equal(bpf_prog_calc_tag(prog), 0);
	memcpy(tag, prog->tag, BPF_TAG_SIZE);
	bpf_prog_put(prog);
}

static void test_tag(void **state)
{
	static const u8 known[] = {0xb1, 0x14, 0x59, 0xa0, 0xe1, 0x1c, 0xa1, 0x4c};
	const struct bpf_insn insns[] = {MOV(R0, 1), EXIT};
	u8 tag[BPF_TAG_SIZE];

	tag_of(insns, 2, tag);
	assert_memory_equal(tag, known, sizeof(known));
}

/* Tags do not depend on handles of maps and offsets beside them, and do on everything else. */
static void test_tag_of_maps(void **state)
{
	static const struct {
		u32 src, lo, hi, other_lo, other_hi;
		bool same;
	} cases[] = {
		{0, 1, 2, 1, 3, false},
		{0, 1, 2, 4, 2, false},
		{BPF_PSEUDO_MAP_FD, 5, 0, 6, 0, true},
		{BPF_PSEUDO_MAP_VALUE, 5, 0, 6, 0, true},
		{BPF_PSEUDO_MAP_VALUE, 5, 0, 5, 8, true},
		{BPF_PSEUDO_MAP_IDX, 0, 0, 1, 0, false},
		{BPF_PSEUDO_MAP_IDX_VALUE, 0, 0, 0, 8, false},
		{BPF_PSEUDO_BTF_ID, 10, 0, 11, 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bpf_insn a[] = {LD64_SRC(R1, cases[i].src, cases[i].lo, cases[i].hi),
					     MOV(R0, 1), EXIT};
		const struct bpf_insn b[] = {
			LD64_SRC(R1, cases[i].src, cases[i].other_lo, cases[i].other_hi),
			MOV(R0, 1), EXIT};
		u8 a_tag[BPF_TAG_SIZE], b_tag[BPF_TAG_SIZE];

		tag_of(a, ARRAY_SIZE(a), a_tag);
		tag_of(b, ARRAY_SIZE(b), b_tag);
		assert_int_equal(!memcmp(a_tag, b_tag, BPF_TAG_SIZE), cases[i].same);
	}
}

static void compare_tag(const struct bpf_insn *insns, u32 nr, const int *fds)
{
	u8 ours[BPF_TAG_SIZE], theirs[BPF_TAG_SIZE];
	int fd = kernel_load(insns, nr, fds);

	assert_true(fd >= 0);
	assert_int_equal(kernel_tag(fd, theirs), 0);
	close(fd);
	tag_of(insns, nr, ours);
	assert_memory_equal(ours, theirs, BPF_TAG_SIZE);
}

static void test_tag_kernel(void **state)
{
	static const u32 sources[] = {BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, BPF_PSEUDO_MAP_IDX,
				      BPF_PSEUDO_MAP_IDX_VALUE};
	const struct bpf_insn plain[] = {LD64(R1, 0x123456789), MOV(R0, 1), EXIT};
	int fds[2];

	if (!kernel_usable())
		skip_because("%s", kernel_unusable_reason());
	compare_tag(plain, ARRAY_SIZE(plain), NULL);
	for (int i = 0; i < 2; i++)
		assert_true((fds[i] = kernel_array(16, 0, NULL)) >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		bool idx =
			sources[i] == BPF_PSEUDO_MAP_IDX || sources[i] == BPF_PSEUDO_MAP_IDX_VALUE;
		bool value = sources[i] == BPF_PSEUDO_MAP_VALUE ||
			     sources[i] == BPF_PSEUDO_MAP_IDX_VALUE;

		for (int k = 0; k < 2; k++) {
			const struct bpf_insn insns[] = {
				LD64_SRC(R1, sources[i], idx ? k : fds[k], value ? 8 * k : 0),
				MOV(R0, 1), EXIT};

			compare_tag(insns, ARRAY_SIZE(insns), fds);
		}
	}
	close(fds[0]);
	close(fds[1]);
}

static int setup(void **state)
{
	new_runtime(&rt);
	return 0;
}

static int teardown(void **state)
{
	rcu_barrier();
	free_runtime(&rt);
	return 0;
}

static void test_short(void **state)
{
	static const struct {
		struct bpf_insn insns[4];
		u32 len;
		bool is_short;
	} t[] = {
		{{{.code = BPF_JMP | BPF_EXIT}}, 1, true},
		{{{.code = BPF_JMP | BPF_JA, .off = 1}, {0}, {.code = BPF_JMP | BPF_EXIT}},
		 3,
		 true},
		{{{0}, {.code = BPF_JMP | BPF_JA, .off = -1}}, 2, false},
		{{{0}, {.code = BPF_JMP32 | BPF_JA, .imm = -1}}, 2, false},
		{{{0}, {.code = BPF_JMP32 | BPF_JEQ | BPF_K, .off = -1, .imm = 1}}, 2, false},
		{{{.code = BPF_JMP | BPF_JNE | BPF_K, .off = 1, .imm = -1}}, 1, true},
		{{CALL(BPF_FUNC_seq_write)}, 1, true},
		{{{.code = BPF_JMP | BPF_CALL,
		   .src_reg = BPF_PSEUDO_CALL_FORMAT,
		   .imm = BPF_FUNC_seq_printf}},
		 1,
		 true},
		{{CALL(BPF_FUNC_probe_read_kernel)}, 1, false},
		{{{.code = BPF_JMP | BPF_CALL,
		   .src_reg = BPF_PSEUDO_KFUNC_CALL,
		   .imm = BPF_FUNC_seq_write}},
		 1,
		 false},
		{{{.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 1}}, 1, false},
		{{{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = BPF_PSEUDO_FUNC}}, 2, false},
		{{{.code = BPF_LD | BPF_IMM | BPF_DW, .imm = 1}, {.imm = -1}}, 2, true},
		/* How long it is says nothing of the rest here. */
		{{{0}}, 513, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct bpf_prog_aux aux = {0};
		struct bpf_prog prog = {
			.aux = &aux, .insnsi = (struct bpf_insn *)t[i].insns, .len = t[i].len};

		assert_int_equal(bpf_prog_is_short(&prog), t[i].is_short);
		aux.tail_call_reachable = true;
		assert_false(bpf_prog_is_short(&prog));
	}
}

/* A few calls: some print or hash. */
static void test_short_with_calls(void **state)
{
	struct bpf_insn insns[40];

	for (u32 calls = 0; calls <= 20; calls++) {
		struct bpf_prog_aux aux = {0};
		struct bpf_prog prog = {.aux = &aux, .insnsi = insns, .len = ARRAY_SIZE(insns)};

		for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
			insns[i] = i < calls ? CALL(BPF_FUNC_ktime_get_ns) : MOV(R0, 0);
		assert_int_equal(bpf_prog_is_short(&prog), calls <= 14);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),	      cmocka_unit_test(test_ids),
		cmocka_unit_test(test_holds),	      cmocka_unit_test(test_grace_period),
		cmocka_unit_test(test_walk_and_free), cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_tag),	      cmocka_unit_test(test_tag_of_maps),
		cmocka_unit_test(test_short),	      cmocka_unit_test(test_short_with_calls),
		cmocka_unit_test(test_tag_kernel),
	};

	return cmocka_run_group_tests_name("prog", tests, setup, teardown);
}
