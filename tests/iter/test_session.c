/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The rules of bpf_seq_read, against a target that exists in this file only: its objects write what
 * a table says, its program is a C function.
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
#include "prog/prog.h"

#define FULL BPF_ITER_BUFFER_SIZE
#define MAX_CALLS 64
#define END 1234567

/* What an object does when it is shown. */
struct act {
	u32 bytes; /* it writes so many, of the letter 'a' + its number */
	int show;  /* > 0: to be skipped; < 0: an error */
	u32 again; /* its program asks so many times to be shown the same again */
};

static struct {
	const struct act *acts; /* NULL: every object is silent */
	u32 nr;
	struct act last;      /* the call after the last one */
	int start_err;	      /* start fails with it */
	u32 next_err_at;      /* next fails for object N, with EIO; 0: never */
	bool stuck;	      /* next does not move the index */
	u32 asked[MAX_CALLS]; /* how often each object asked to be shown again */
	/* Which object was shown with which seq_num, in order; nr stands for the last call. */
	struct call {
		u32 object;
		u64 seq_num;
	} calls[MAX_CALLS];
	u32 nr_calls;
	u32 shown, held; /* objects shown, references held */
	u64 session_id;
} fake;

struct fake_ctx {
	struct bpf_iter_meta *meta;
	u32 object;
};

/* The program. */
static unsigned int fake_prog(const void *c, const struct bpf_insn *insn)
{
	const struct fake_ctx *ctx = c;
	const struct act none = {0};
	const struct act *act = ctx->object == fake.nr ? &fake.last
				: fake.acts	       ? &fake.acts[ctx->object]
						       : &none;
	char letter = 'a' + ctx->object % 26;
	u32 i;

	assert_non_null(bpf_current);
	if (fake.nr_calls < MAX_CALLS)
		fake.calls[fake.nr_calls++] = (struct call){ctx->object, ctx->meta->seq_num};
	fake.session_id = ctx->meta->session_id;
	for (i = 0; i < act->bytes; i++)
		if (seq_write(ctx->meta->seq, &letter, 1))
			break;
	if (act->again && fake.asked[ctx->object] < act->again) {
		fake.asked[ctx->object]++;
		return 1;
	}
	return 0;
}

/* The target: private data is the number of the object. */
static void *fake_get(u32 *pos)
{
	if (*pos >= fake.nr)
		return NULL;
	if (fake.next_err_at && *pos == fake.next_err_at)
		return ERR_PTR(-EIO);
	fake.held++;
	return pos;
}

static void *fake_start(struct seq_file *seq, s64 *pos)
{
	return fake.start_err ? ERR_PTR(fake.start_err) : fake_get(seq->private);
}

static void *fake_next(struct seq_file *seq, void *v, s64 *pos)
{
	u32 *object = v;

	assert_true(fake.held-- == 1);
	if (!fake.stuck)
		++*pos;
	++*object;
	return fake_get(object);
}

static int fake_run(struct seq_file *seq, u32 object, bool in_stop)
{
	struct fake_ctx ctx = {bpf_iter_meta(seq), object};
	const struct bpf_prog *prog = bpf_iter_prog(seq, in_stop);

	return prog ? bpf_iter_run_prog(prog, &ctx) : 0;
}

static int fake_show(struct seq_file *seq, void *v)
{
	u32 object = *(u32 *)v;
	int err = fake_run(seq, object, false);

	fake.shown++;
	return fake.acts && fake.acts[object].show ? fake.acts[object].show : err;
}

static void fake_stop(struct seq_file *seq, void *v)
{
	if (!v)
		fake_run(seq, fake.nr, true);
	else if (!IS_ERR(v))
		fake.held--;
}

/* A target whose first object has a thread wait for a grace period; each object takes a while. */
static void *wait_for_readers(void *done)
{
	synchronize_rcu();
	__atomic_store_n((bool *)done, true, __ATOMIC_RELEASE);
	return NULL;
}

static struct {
	pthread_t thread;
	bool done;     /* the grace period is over */
	u32 seen_done; /* objects shown since */
} grace;

static int grace_show(struct seq_file *seq, void *v)
{
	if (!fake.shown++)
		pthread_create(&grace.thread, NULL, wait_for_readers, &grace.done);
	if (__atomic_load_n(&grace.done, __ATOMIC_ACQUIRE))
		grace.seen_done++;
	else
		usleep(500);
	return 0;
}

static const struct seq_operations grace_ops = {fake_start, fake_stop, fake_next, grace_show};
static const struct bpf_iter_seq_info grace_info = {.seq_ops = &grace_ops,
						    .seq_priv_size = sizeof(u32)};

static const struct seq_operations fake_ops = {fake_start, fake_stop, fake_next, fake_show};
static const struct bpf_iter_seq_info fake_info = {.seq_ops = &fake_ops,
						   .seq_priv_size = sizeof(u32)};

static struct trek_runtime rt;
static struct bpf_prog *prog;
static char out[4 * FULL];

static int set_up(void **state)
{
	rt.cpus = vcpus_new(2);
	rt.num_possible_cpus = 2;
	if (!rt.cpus || idr_init(&rt.prog_idr) || nofault_init())
		return -1;
	prog = bpf_prog_alloc(&rt, 1);
	prog->bpf_func = fake_prog;
	return 0;
}

static int tear_down(void **state)
{
	bpf_prog_put(prog);
	rcu_barrier();
	idr_destroy(&rt.prog_idr);
	vcpus_free(rt.cpus);
	return 0;
}

static struct bpf_iter_session *open_over(const struct act *acts, u32 nr)
{
	struct bpf_iter_session *s;

	memset(&fake, 0, sizeof(fake));
	fake.acts = acts;
	fake.nr = nr;
	s = bpf_iter_session_new(prog, &fake_info, NULL);
	assert_false(IS_ERR(s));
	return s;
}

static void close_session(struct bpf_iter_session *s)
{
	assert_int_equal(fake.held, 0);
	bpf_iter_session_close(s);
}

static ssize_t rd(struct bpf_iter_session *s, size_t size)
{
	memset(out, 0, sizeof(out));
	return bpf_seq_read(s, (unsigned long)out, size);
}

/* What @nr reads of @size bytes return, and how many times each object is shown. */
struct reads {
	const char *what;
	struct act acts[6];
	u32 nr;
	struct act last;
	size_t size;
	ssize_t results[8]; /* up to END */
	const char *calls;  /* object numbers in the order shown, 'z' for the last call */
	const char *seq_nums;
};

static const struct reads reads[] = {
	{"no object: one last call, numbered 0",
	 {{0}},
	 0,
	 {3, 0, 0},
	 100,
	 {3, 0, 0, END},
	 "z",
	 "0"},
	{"all in one read; the last call has the last number",
	 {{1, 0, 0}, {2, 0, 0}, {3, 0, 0}},
	 3,
	 {4, 0, 0},
	 100,
	 {10, 0, 0, END},
	 "012z",
	 "0122"},
	{"a read ends when it has what was asked for",
	 {{10, 0, 0}, {10, 0, 0}, {10, 0, 0}},
	 3,
	 {0},
	 10,
	 {10, 10, 10, 0, END},
	 "012z",
	 "0122"},
	{"what is left over is given out first",
	 {{10, 0, 0}, {10, 0, 0}},
	 2,
	 {0},
	 7,
	 {7, 3, 7, 3, 0, END},
	 "01z",
	 "011"},
	{"a small read visits no more than it needs",
	 {{5, 0, 0}, {5, 0, 0}, {5, 0, 0}},
	 3,
	 {0},
	 6,
	 {6, 4, 5, 0, END},
	 "012z",
	 "0122"},
	{"an object that does not fit waits for the next read, whole",
	 {{15000, 0, 0}, {15000, 0, 0}, {15000, 0, 0}},
	 3,
	 {0},
	 4 * FULL,
	 {30000, 15000, 0, END},
	 "0122z",
	 "01222"},
	{"a buffer is full when one byte is left",
	 {{FULL - 1, 0, 0}},
	 1,
	 {0},
	 4 * FULL,
	 {FULL - 1, 0, END},
	 "0z",
	 "00"},
	{"an object that fits no buffer",
	 {{FULL, 0, 0}},
	 1,
	 {0},
	 4 * FULL,
	 {-E2BIG, -E2BIG, END},
	 "00",
	 "00"},
	{"the same behind another",
	 {{5, 0, 0}, {FULL, 0, 0}},
	 2,
	 {0},
	 4 * FULL,
	 {5, -E2BIG, -E2BIG, END},
	 "0111",
	 "0111"},
	{"a skipped object leaves neither output nor number",
	 {{5, 0, 0}, {7, 1, 0}, {5, 0, 0}},
	 3,
	 {0},
	 100,
	 {10, 0, END},
	 "012z",
	 "0111"},
	{"skipped first", {{7, 1, 0}, {5, 0, 0}}, 2, {0}, 100, {5, 0, END}, "01z", "000"},
	{"show fails with nothing to give",
	 {{7, -EIO, 0}},
	 1,
	 {0},
	 100,
	 {-EIO, -EIO, END},
	 "00",
	 "00"},
	{"show fails with something to give",
	 {{5, 0, 0}, {7, -EIO, 0}},
	 2,
	 {0},
	 100,
	 {5, -EIO, END},
	 "011",
	 "011"},
	{"again, with nothing in the buffer",
	 {{5, 0, 2}},
	 1,
	 {0},
	 100,
	 {-EAGAIN, -EAGAIN, 5, 0, END},
	 "000z",
	 "0000"},
	{"again, with something in the buffer",
	 {{5, 0, 0}, {6, 0, 1}},
	 2,
	 {0},
	 100,
	 {5, 6, 0, END},
	 "011z",
	 "0111"},
	{"the last call's overflow: called again",
	 {{20000, 0, 0}},
	 1,
	 {20000, 0, 0},
	 4 * FULL,
	 {20000, 20000, 0, 0, END},
	 "0zz",
	 "000"},
	{"the last call fits no buffer",
	 {{3, 0, 0}},
	 1,
	 {FULL, 0, 0},
	 4 * FULL,
	 {3, -E2BIG, -E2BIG, END},
	 "0zzz",
	 "0000"},
	{"the last call cannot ask for another",
	 {{3, 0, 0}},
	 1,
	 {4, 0, 5},
	 100,
	 {7, 0, 0, END},
	 "0z",
	 "00"},
	{"nothing asked for, nothing given",
	 {{3, 0, 0}, {4, 0, 0}},
	 2,
	 {0},
	 0,
	 {0, 0, END},
	 "0",
	 "0"},
};

static void test_reads(void **state)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		const struct reads *t = &reads[i];
		struct bpf_iter_session *s = open_over(t->acts, t->nr);

		fake.last = t->last;
		for (j = 0; t->results[j] != END; j++) {
			ssize_t ret = rd(s, t->size);

			if (ret != t->results[j])
				fail_msg("%s: read %zu returned %zd, not %zd", t->what, j, ret,
					 t->results[j]);
		}
		for (j = 0; j < strlen(t->calls); j++) {
			u32 object = t->calls[j] == 'z' ? t->nr : (u32)(t->calls[j] - '0');

			if (j >= fake.nr_calls || fake.calls[j].object != object ||
			    fake.calls[j].seq_num != (u64)(t->seq_nums[j] - '0'))
				fail_msg("%s: call %zu is for another object or number", t->what,
					 j);
		}
		if (fake.nr_calls != j)
			fail_msg("%s: %u calls, not %zu", t->what, fake.nr_calls, j);
		close_session(s);
	}
}

static void test_output_is_whole_and_in_order(void **state)
{
	static const struct act acts[] = {{3, 0, 0}, {2, 0, 0}};
	struct bpf_iter_session *s = open_over(acts, 2);

	fake.last.bytes = 1;
	assert_int_equal(rd(s, 4), 4);
	assert_string_equal(out, "aaab");
	assert_int_equal(rd(s, 4), 2);
	assert_string_equal(out, "bc");
	assert_int_equal(rd(s, 4), 0);
	close_session(s);
}

static void test_a_million_silent_objects_at_a_time(void **state)
{
	struct bpf_iter_session *s = open_over(NULL, 2500000);

	fake.last.bytes = 9;
	assert_int_equal(rd(s, 100), -EAGAIN);
	assert_int_equal(fake.shown, 1000000);
	assert_int_equal(rd(s, 100), -EAGAIN);
	assert_int_equal(rd(s, 100), 9);
	assert_int_equal(rd(s, 100), 0);
	assert_int_equal(fake.shown, 2500000);
	close_session(s);
}

static void test_the_limit_with_output_is_no_error(void **state)
{
	struct act *acts = calloc(1500000, sizeof(*acts));
	struct bpf_iter_session *s = open_over(acts, 1500000);

	acts[1].bytes = 5;
	assert_int_equal(rd(s, 100), 5);
	assert_int_equal(fake.shown, 1000000);
	assert_int_equal(rd(s, 100), 0);
	assert_int_equal(fake.shown, 1500000);
	close_session(s);
	free(acts);
}

static void test_errors_of_start_and_next(void **state)
{
	static const struct act acts[] = {{3, 0, 0}, {2, 0, 0}};
	struct bpf_iter_session *s = open_over(acts, 2);

	fake.start_err = -ENOMEM;
	assert_int_equal(rd(s, 100), -ENOMEM);
	fake.start_err = 0;
	fake.next_err_at = 1;
	assert_int_equal(rd(s, 100), 3);
	assert_int_equal(rd(s, 100), -EIO);
	fake.next_err_at = 0;
	assert_int_equal(rd(s, 100), 2);
	assert_int_equal(rd(s, 100), 0);
	close_session(s);
}

static void test_a_next_that_forgets_the_index(void **state)
{
	static const struct act acts[] = {{3, 0, 0}, {2, 0, 0}};
	struct bpf_iter_session *s = open_over(acts, 2);

	fake.stuck = true;
	assert_int_equal(rd(s, 100), 5);
	assert_int_equal(rd(s, 100), 0);
	close_session(s);
}

static void test_a_bad_buffer_loses_nothing(void **state)
{
	static const struct act acts[] = {{3, 0, 0}};
	struct bpf_iter_session *s = open_over(acts, 1);

	assert_int_equal(bpf_seq_read(s, 8, 100), -EFAULT);
	assert_int_equal(rd(s, 100), 3);
	assert_string_equal(out, "aaa");
	close_session(s);
}

static void test_sessions_have_numbers(void **state)
{
	struct bpf_iter_session *a = open_over(NULL, 1), *b = open_over(NULL, 1);
	u64 id;

	assert_int_equal(rd(a, 100), 0);
	id = fake.session_id;
	assert_int_equal(rd(b, 100), 0);
	assert_int_equal(fake.session_id, id + 1);
	bpf_iter_session_close(a);
	close_session(b);
}

/* A read that goes on and on does not hold up what is to be freed. */
static void test_a_long_read_lets_a_grace_period_end(void **state)
{
	struct bpf_iter_session *s;

	memset(&fake, 0, sizeof(fake));
	fake.nr = 2000;
	s = bpf_iter_session_new(prog, &grace_info, NULL);
	assert_false(IS_ERR(s));
	assert_int_equal(rd(s, 100), 0);
	pthread_join(grace.thread, NULL);
	assert_true(grace.seen_done > 0);
	close_session(s);
}

struct reader {
	struct bpf_iter_session *session;
	size_t bytes;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	char buf[1000];
	ssize_t ret;

	while ((ret = bpf_seq_read(r->session, (unsigned long)buf, sizeof(buf))) > 0)
		r->bytes += ret;
	return (void *)(long)ret;
}

static void test_readers_share_a_session(void **state)
{
	enum { NR = 5000, BYTES = 100, READERS = 4 };
	struct act *acts = calloc(NR, sizeof(*acts));
	struct bpf_iter_session *s = open_over(acts, NR);
	struct reader readers[READERS];
	pthread_t threads[READERS];
	size_t total = 0;
	void *ret;
	int i;

	for (i = 0; i < NR; i++)
		acts[i].bytes = BYTES;
	for (i = 0; i < READERS; i++) {
		readers[i] = (struct reader){s, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
	}
	for (i = 0; i < READERS; i++) {
		pthread_join(threads[i], &ret);
		assert_null(ret);
		total += readers[i].bytes;
	}
	assert_int_equal(total, NR * BYTES);
	close_session(s);
	free(acts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_output_is_whole_and_in_order),
		cmocka_unit_test(test_a_million_silent_objects_at_a_time),
		cmocka_unit_test(test_the_limit_with_output_is_no_error),
		cmocka_unit_test(test_errors_of_start_and_next),
		cmocka_unit_test(test_a_next_that_forgets_the_index),
		cmocka_unit_test(test_a_bad_buffer_loses_nothing),
		cmocka_unit_test(test_sessions_have_numbers),
		cmocka_unit_test(test_a_long_read_lets_a_grace_period_end),
		cmocka_unit_test(test_readers_share_a_session),
	};

	return cmocka_run_group_tests_name("session", tests, set_up, tear_down);
}
