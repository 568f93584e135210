/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Generated sequences of bpf(2) operations, applied in step to a map of the kernel, to a map of the
 * runtime and to a model of each: results, errno, and memory that the call writes to or must leave
 * alone. Always the same sequences: the generator has a fixed seed. What a kind of map is that the
 * runtime does not make, is said and skipped.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "op.h"

#define STEPS 10000
#define COMPARE_EVERY 500

static struct side kernel = {.engine = &kernel_engine}, embedded = {.engine = &embedded_engine};
static struct side *sides[3]; /* what there is of them, then NULL */
static unsigned long done;

/* --- the generator ---------------------------------------------------------------------------- */

static __u64 random_state;

static __u32 any(__u32 below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (__u32)((random_state >> 33) % below);
}

/* One of several, as often as each stands there. */
#define one_of(...) ((const __u64[]){__VA_ARGS__}[any(ARRAY_SIZE(((const __u64[]){__VA_ARGS__})))])

static enum pointer any_pointer(void)
{
	return any(24) ? POINTER_GOOD : one_of(POINTER_NULL, POINTER_BAD);
}

static enum pointer key_pointer(const struct variant *variant, int cmd)
{
	if (!variant->key_size)
		return any(24) ? POINTER_NULL : one_of(POINTER_GOOD, POINTER_BAD);
	if (cmd == BPF_MAP_GET_NEXT_KEY && !any(4))
		return POINTER_NULL;
	return any_pointer();
}

static __u64 flags_for(int cmd)
{
	switch (cmd) {
	case BPF_MAP_UPDATE_ELEM:
		return one_of(BPF_ANY, BPF_ANY, BPF_ANY, BPF_ANY, BPF_NOEXIST, BPF_NOEXIST,
			      BPF_EXIST, BPF_EXIST, 3, BPF_F_LOCK, BPF_F_LOCK | BPF_EXIST, 8,
			      1ull << 40);
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		return any(16) ? 0 : one_of(BPF_NOEXIST, BPF_EXIST, BPF_F_LOCK, 8, 1ull << 40);
	default:
		return any(16) ? 0 : one_of(BPF_NOEXIST, BPF_F_LOCK, 1ull << 40);
	}
}

static int any_command(void)
{
	static const struct {
		int cmd;
		__u32 weight;
	} commands[] = {
		{BPF_MAP_UPDATE_ELEM, 300},	      {BPF_MAP_LOOKUP_ELEM, 250},
		{BPF_MAP_DELETE_ELEM, 120},	      {BPF_MAP_LOOKUP_AND_DELETE_ELEM, 80},
		{BPF_MAP_GET_NEXT_KEY, 150},	      {BPF_MAP_LOOKUP_BATCH, 40},
		{BPF_MAP_UPDATE_BATCH, 35},	      {BPF_MAP_DELETE_BATCH, 20},
		{BPF_MAP_LOOKUP_AND_DELETE_BATCH, 5},
	};
	__u32 all = 0, pick;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		all += commands[i].weight;
	pick = any(all);
	for (size_t i = 0;; i++) {
		if (pick < commands[i].weight)
			return commands[i].cmd;
		pick -= commands[i].weight;
	}
}

static bool changes(int cmd)
{
	return cmd != BPF_MAP_LOOKUP_ELEM && cmd != BPF_MAP_GET_NEXT_KEY &&
	       cmd != BPF_MAP_LOOKUP_BATCH;
}

static struct op any_op(const struct variant *variant)
{
	struct op op = {.cmd = any_command()};

	/* Linux waits for a grace period after each change of a map of maps, and so would the
	 * test. */
	if (variant->kind->of_maps && changes(op.cmd) && any(8))
		op.cmd = (int)one_of(BPF_MAP_LOOKUP_ELEM, BPF_MAP_GET_NEXT_KEY);
	op.key = any(KEYS);
	op.value = any(BATCH);
	op.key_at = key_pointer(variant, op.cmd);
	op.value_at = any_pointer();
	op.flags = flags_for(op.cmd);
	op.count = (unsigned int)one_of(0, 1, 2, 3, 5, 8, BATCH);
	op.batch_flags = any(16) ? 0 : 1;
	op.resume = any(2);
	/* What a hash has lost when its batch fails in the middle, depends on its order: then
	 * everything at once. */
	if (variant->kind->family == FAMILY_HASH && op.cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH) {
		op.key_at = op.value_at = POINTER_GOOD;
		op.count = op.count ? BATCH : 0;
		op.resume = false;
	}
	return op;
}

/* --- in step ---------------------------------------------------------------------------------- */

static const char *const names[] = {
	[BPF_MAP_LOOKUP_ELEM] = "lookup",
	[BPF_MAP_UPDATE_ELEM] = "update",
	[BPF_MAP_DELETE_ELEM] = "delete",
	[BPF_MAP_GET_NEXT_KEY] = "get_next_key",
	[BPF_MAP_LOOKUP_AND_DELETE_ELEM] = "lookup_and_delete",
	[BPF_MAP_FREEZE] = "freeze",
	[BPF_MAP_LOOKUP_BATCH] = "lookup_batch",
	[BPF_MAP_LOOKUP_AND_DELETE_BATCH] = "lookup_and_delete_batch",
	[BPF_MAP_UPDATE_BATCH] = "update_batch",
	[BPF_MAP_DELETE_BATCH] = "delete_batch",
};

static void describe(const struct side *side, unsigned int step, const struct op *op)
{
	static const char *const pointers[] = {"good", "NULL", "bad"};

	print_error("%s, step %u: %s(key %u %s, value %u %s, flags 0x%llx", side->engine->name,
		    step, names[op->cmd], op->key, pointers[op->key_at], op->value,
		    pointers[op->value_at], op->flags);
	print_error("; batch: count %u, flags %llu, %s), the map has %u\n", op->count,
		    op->batch_flags, op->resume ? "resumed" : "begun", side->model.n);
	print_error("got %d, count %u; want %d, count %u\n", side->got.ret, side->got.count,
		    side->want.ret, side->want.count);
}

static bool same(const struct outcome *a, const struct outcome *b, unsigned int size)
{
	return a->ret == b->ret && a->count == b->count &&
	       !memcmp(a->cursor, b->cursor, sizeof(a->cursor)) &&
	       !memcmp(a->keys, b->keys, a->items * KEY_MAX) &&
	       !memcmp(a->values, b->values, a->items * size);
}

/* Everything comes out at once, and nothing is left. */
static bool emptied(struct side *side)
{
	struct outcome *got = &side->got;
	const unsigned int key_size = side->variant->key_size;

	for (__u32 i = 0; i < got->count; i++) {
		struct entry *entry = model_find(side, got->keys + i * key_size);

		if (!entry || memcmp(entry->value, got->values + i * side->size, side->size))
			return false;
		model_drop(side, entry);
	}
	return !side->model.n && got->ret == -ENOENT;
}

static void step(struct side *side, unsigned int number, const struct op *op)
{
	bool right;

	apply(side, op);
	right = expect(side, op);
	if (!right || !same(&side->got, &side->want, side->size)) {
		describe(side, number, op);
		fail_msg("%s: %s", side->engine->name,
			 right ? "another outcome" : "not one of the right outcomes");
	}
	if (side->variant->kind->family == FAMILY_HASH &&
	    op->cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH && op->count && side->got.ret != -EPERM &&
	    side->got.ret != -EINVAL && !emptied(side)) {
		describe(side, number, op);
		fail_msg("%s: a batch that deletes all does not give all", side->engine->name);
	}
	if (side->variant->kind->lru &&
	    (op->cmd == BPF_MAP_UPDATE_ELEM || op->cmd == BPF_MAP_UPDATE_BATCH) &&
	    !forgive_evictions(side, op)) {
		describe(side, number, op);
		fail_msg("%s: lost what was just put in, or holds too much", side->engine->name);
	}
	done++;
}

/* Where Linux has an order, it is its order that is meant, though the model knows it not. */
static void step_of_all(unsigned int number, const struct op *op)
{
	const struct kind *kind = sides[0]->variant->kind;

	for (int i = 0; sides[i]; i++)
		step(sides[i], number, op);
	if (!sides[1] || kind->family == FAMILY_HASH || kind->family == FAMILY_BLOOM ||
	    kind->of_maps || sides[0]->size != sides[1]->size ||
	    same(&sides[0]->got, &sides[1]->got, sides[0]->size))
		return;
	describe(sides[0], number, op);
	describe(sides[1], number, op);
	fail_msg("%s and %s differ", sides[0]->engine->name, sides[1]->engine->name);
}

static void compare(struct side *side, unsigned int number)
{
	const char *how = compare_contents(side);

	if (how)
		fail_msg("%s, step %u: read by %s the map is not what it has to be (%u entries)",
			 side->engine->name, number, how, side->model.n);
}

/* What a sequence does is decided before anything is known of sides. */
static void run_sequence(const struct variant *variant)
{
	const unsigned int steps = variant->steps ? variant->steps : STEPS;
	unsigned int freeze_at = steps - steps / 20;

	random_state = 20251;
	for (unsigned int number = 0; number < steps; number++) {
		struct op op = any_op(variant);

		if (number == freeze_at || number == freeze_at + 1)
			op = (struct op){.cmd = BPF_MAP_FREEZE};
		step_of_all(number, &op);
		if (number % COMPARE_EVERY == COMPARE_EVERY - 1)
			for (int i = 0; sides[i]; i++)
				compare(sides[i], number);
	}
}

static int begin(struct side *side, const struct variant *variant)
{
	E = side->engine;
	types = side->types;
	return side_begin(side, variant);
}

static void sequence(void **state)
{
	const struct variant *variant = *state;

	for (int i = 0; sides[i]; i++) {
		int err = begin(sides[i], variant);

		/* A kernel may be without a kind; the runtime has them all. */
		if (err == -EINVAL && sides[i]->engine != &embedded_engine)
			skip_because("%s makes no %s", sides[i]->engine->name, variant->kind->name);
		assert_int_equal(err, 0);
	}
	run_sequence(variant);
}

static int end_sides(void **state)
{
	for (int i = 0; sides[i]; i++)
		side_end(sides[i]);
	return 0;
}

/* --- the table -------------------------------------------------------------------------------- */

/* What the model is of. Older ones differ, in tries for one. */
#define LINUX "6.18"

static bool linux_is_older(void)
{
	struct utsname name;

	return uname(&name) || strverscmp(name.release, LINUX) < 0;
}

static const char *start(struct side *side)
{
	const char *why = side->engine->start();
	const void *data;
	size_t size;

	if (!why && !side->engine->is_private && linux_is_older())
		why = "it is older than Linux " LINUX;
	if (why) {
		side->engine->stop();
		return why;
	}
	data = side->engine->vmlinux(&size);
	side->types = btf__new(data, (__u32)size);
	return side->types ? NULL : "its types do not parse";
}

static void stop(struct side *side)
{
	btf__free(side->types);
	side->engine->stop();
}

static int run_all(void)
{
	struct CMUnitTest *tests = calloc(variants_count, sizeof(*tests));
	int failed;

	if (!tests)
		return 1;
	for (unsigned int i = 0; i < variants_count; i++) {
		const struct variant *v = &variants[i];
		char *name = NULL;

		if (asprintf(&name, "%s of %u, key %u, value %u%s, flags 0x%x", v->kind->name,
			     v->max, v->key_size, v->value_size, v->lock ? " with a lock" : "",
			     v->flags) < 0)
			return 1;
		tests[i] = (struct CMUnitTest){.name = name,
					       .test_func = sequence,
					       .teardown_func = end_sides,
					       .initial_state = (void *)v};
	}
	failed = _cmocka_run_group_tests("sequences", tests, variants_count, NULL, NULL);
	for (unsigned int i = 0; i < variants_count; i++)
		free((char *)tests[i].name);
	free(tests);
	return failed;
}

/* Both engines, or the one that the argument names. */
int main(int argc, char **argv)
{
	struct side *all[] = {&embedded, &kernel};
	unsigned int n = 0;
	int failed;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *name = all[i]->engine->name, *why;

		if (argc > 1 && strcmp(argv[1], name))
			continue;
		why = start(all[i]);
		if (why)
			printf("# without %s: %s\n", name, why);
		else
			sides[n++] = all[i];
	}
	if (!n) {
		printf("Bail out! no engine\n");
		return 1;
	}
	failed = run_all();
	printf("# %lu operations\n", done);
	for (unsigned int i = 0; i < n; i++)
		stop(sides[i]);
	return failed != 0;
}
