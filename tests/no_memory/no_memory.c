/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * No memory, for any test program: linked into it (see meson.build), this comes between the program
 * and the runtime, and lets each allocation of each call fail before the call is let through. The
 * program sees nothing of that, unless a call that failed was not without effect: then what it
 * expects does not come.
 *
 *   call, its n-th allocation failing, for n = 1, 2 ... until it makes fewer:
 *     the n-th and all after it, then the n-th alone: -ENOMEM, and
 *       an element command has left the elements (keys, values and their order) as they were;
 *       one that makes an object has left no id of a map, program, link or BTF;
 *       a batch that changes has done what it counts: the next call goes on from there
 *   call with memory, whose result is the test's.
 *
 * What ends or waits (close, unlink, poll, fdinfo, closing the runtime) has to do without memory.
 * At the end nothing is left of what was allocated: memory, mappings, descriptors.
 *
 * The allocators are those of the runtime alone. liburcu allocates one thread and what it keeps for
 * each thread that reads, and ends the process where it cannot; libc allocates in fopen, when the
 * runtime asks for the number of CPUs, and does without. A program that runs gets its memory: what
 * its helpers do without it is in test_programs.c.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include <bpftrek/runtime.h>

#include "no_memory.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A load makes thousands: from here on some are left out, more and more. */
#define EACH_OF_THE_FIRST 200

#define fail(...)                                                                                  \
	do {                                                                                       \
		fprintf(stderr, "no memory: " __VA_ARGS__);                                        \
		abort();                                                                           \
	} while (0)

/* --- what there is ---------------------------------------------------------------------------- */

/*
 * What calls have allocated and nobody has freed, by address; descriptors, too, which are small
 * numbers. Inverted, so that LeakSanitizer does not find them here.
 */
#define SLOTS (1u << 22)
static uintptr_t kept[SLOTS];
static unsigned long nr_kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t slot_of(uintptr_t entry)
{
	return (uint32_t)((entry * 0x9e3779b97f4a7c15ull) >> 42);
}

static void keep(uintptr_t what)
{
	const uintptr_t entry = ~what;
	uint32_t i;

	pthread_mutex_lock(&kept_lock);
	if (++nr_kept > SLOTS / 2)
		fail("more is kept than can be remembered\n");
	for (i = slot_of(entry); kept[i]; i = (i + 1) % SLOTS)
		;
	kept[i] = entry;
	pthread_mutex_unlock(&kept_lock);
}

/* What was allocated out of a call is not known. */
static bool forget(uintptr_t what)
{
	const uintptr_t entry = ~what;
	uint32_t i, hole;

	pthread_mutex_lock(&kept_lock);
	for (i = slot_of(entry); kept[i] && kept[i] != entry; i = (i + 1) % SLOTS)
		;
	if (!kept[i]) {
		pthread_mutex_unlock(&kept_lock);
		return false;
	}
	/* Whoever was pushed past the hole moves into it. */
	for (hole = i;;) {
		i = (i + 1) % SLOTS;
		if (!kept[i])
			break;
		if (((i - slot_of(kept[i])) & (SLOTS - 1)) >= ((i - hole) & (SLOTS - 1))) {
			kept[hole] = kept[i];
			hole = i;
		}
	}
	kept[hole] = 0;
	nr_kept--;
	pthread_mutex_unlock(&kept_lock);
	return true;
}

/* --- allocators ------------------------------------------------------------------------------- */

static __thread bool inside;	     /* a call of the runtime's */
static __thread long countdown = -1; /* allocations until the one that fails; negative: none does */
static __thread bool and_all_after;
static __thread bool failed; /* one has */
static unsigned long nr_failed;

static bool fails(void)
{
	if (countdown < 0 || (countdown > 0 && countdown--))
		return false;
	if (!and_all_after)
		countdown = -1;
	failed = true;
	__atomic_add_fetch(&nr_failed, 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return true;
}

void no_memory_begin(long n, bool all_after)
{
	countdown = n;
	and_all_after = all_after;
	failed = false;
	inside = true;
}

bool no_memory_end(void)
{
	inside = false;
	countdown = -1;
	return failed;
}

static void *kept_memory(void *p)
{
	if (p && inside)
		keep((uintptr_t)p);
	return p;
}

#define WRAP_MEMORY(type, name, params, args)                                                      \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails() ? NULL : kept_memory(__real_##name args);                           \
	}
WRAP_MEMORY(void *, malloc, (size_t n), (n))
WRAP_MEMORY(void *, calloc, (size_t n, size_t size), (n, size))
WRAP_MEMORY(void *, aligned_alloc, (size_t align, size_t n), (align, n))
WRAP_MEMORY(char *, strdup, (const char *s), (s))

#define WRAP_LARGER(name, params, args)                                                            \
	void *__real_##name params;                                                                \
	void *__wrap_##name params;                                                                \
	void *__wrap_##name params                                                                 \
	{                                                                                          \
		bool was_kept;                                                                     \
		void *larger;                                                                      \
                                                                                                   \
		if (fails())                                                                       \
			return NULL;                                                               \
		was_kept = p && forget((uintptr_t)p);                                              \
		larger = __real_##name args;                                                       \
		if (was_kept && !larger)                                                           \
			keep((uintptr_t)p);                                                        \
		return kept_memory(larger);                                                        \
	}
WRAP_LARGER(realloc, (void *p, size_t n), (p, n))
WRAP_LARGER(reallocarray, (void *p, size_t n, size_t size), (p, n, size))

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
	if (p)
		forget((uintptr_t)p);
	__real_free(p);
}

void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	void *p;

	if (fails())
		return MAP_FAILED;
	p = __real_mmap(at, len, prot, flags, fd, off);
	/* What is fixed lies in what was mapped before. */
	return p == MAP_FAILED || flags & MAP_FIXED ? p : kept_memory(p);
}

int __real_munmap(void *p, size_t len);
int __wrap_munmap(void *p, size_t len);
int __wrap_munmap(void *p, size_t len)
{
	forget((uintptr_t)p);
	return __real_munmap(p, len);
}

#define WRAP_DESCRIPTOR(name, params, args)                                                        \
	int __real_##name params;                                                                  \
	int __wrap_##name params;                                                                  \
	int __wrap_##name params                                                                   \
	{                                                                                          \
		int fd = fails() ? -1 : __real_##name args;                                        \
                                                                                                   \
		if (fd >= 0 && inside)                                                             \
			keep((uintptr_t)fd + 1);                                                   \
		return fd;                                                                         \
	}
WRAP_DESCRIPTOR(memfd_create, (const char *name, unsigned int flags), (name, flags))
WRAP_DESCRIPTOR(eventfd, (unsigned int count, int flags), (count, flags))

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	forget((uintptr_t)fd + 1);
	return __real_close(fd);
}

/* --- what a call must leave as it was --------------------------------------------------------- */

int __real_trek_bpf(struct trek_runtime *rt, int cmd, union bpf_attr *attr, uint32_t size);
int __real_trek_close(struct trek_runtime *rt, int handle);

#define REAL(rt, cmd, ...)                                                                         \
	({                                                                                         \
		union bpf_attr real_attr_ = {__VA_ARGS__};                                         \
		__real_trek_bpf(rt, cmd, &real_attr_, sizeof(real_attr_));                         \
	})

static uint32_t cpus; /* of the runtime that was opened last */

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash;
}

struct sizes {
	uint32_t type, id, key, value; /* value: for bpf(2) */
};

static bool sizes_of(struct trek_runtime *rt, int map, struct sizes *sizes)
{
	struct bpf_map_info info = {0};
	union bpf_attr attr = {
		.info = {.bpf_fd = map, .info_len = sizeof(info), .info = PTR(&info)}};

	if (__real_trek_bpf(rt, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ||
	    attr.info.info_len != sizeof(info))
		return false;
	*sizes = (struct sizes){info.type, info.id, info.key_size, info.value_size};
	switch (info.type) {
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		sizes->value = (info.value_size + 7) / 8 * 8 * cpus;
	}
	return true;
}

#define ELEMENTS_MAX 48 /* of a larger map these are looked at */

/* Another handle: whoever made the map may have kept less than all rights. */
static int open_map(struct trek_runtime *rt, uint32_t id)
{
	return REAL(rt, BPF_MAP_GET_FD_BY_ID, .map_id = id);
}

/* The first elements of a walk, with their values; of a queue or a stack, what comes next. */
static uint64_t elements_of(struct trek_runtime *rt, int map)
{
	static __thread uint8_t keys[2][1024], value[65536];
	uint64_t hash = 0xcbf29ce484222325ull;
	struct sizes sizes;
	int whole, err;

	if (!sizes_of(rt, map, &sizes) || sizes.key > sizeof(keys[0]) ||
	    sizes.value > sizeof(value))
		return 0;
	whole = open_map(rt, sizes.id);
	if (whole < 0)
		return 0;
	for (int i = 0; i < ELEMENTS_MAX; i++) {
		uint8_t *key = keys[i % 2];

		err = REAL(rt, BPF_MAP_GET_NEXT_KEY, .map_fd = whole,
			   .key = i ? PTR(keys[!(i % 2)]) : 0, .next_key = PTR(key));
		hash = mix(hash, &err, sizeof(err));
		if (err)
			break;
		hash = mix(hash, key, sizes.key);
		memset(value, 0, sizes.value);
		err = REAL(rt, BPF_MAP_LOOKUP_ELEM, .map_fd = whole, .key = PTR(key),
			   .value = PTR(value));
		hash = mix(hash, &err, sizeof(err));
		hash = mix(hash, value, sizes.value);
	}
	if (!sizes.key) {
		memset(value, 0, sizes.value);
		err = REAL(rt, BPF_MAP_LOOKUP_ELEM, .map_fd = whole, .value = PTR(value));
		hash = mix(mix(hash, &err, sizeof(err)), value, sizes.value);
	}
	__real_trek_close(rt, whole);
	return hash;
}

#define OBJECTS_MAX 4096

/* The ids of everything, those of a sort ascending. */
struct objects {
	uint32_t n;
	uint64_t ids[OBJECTS_MAX]; /* with the sort in the upper half */
};

static void find_objects(struct trek_runtime *rt, struct objects *objects)
{
	static const int next_id[] = {BPF_MAP_GET_NEXT_ID, BPF_PROG_GET_NEXT_ID,
				      BPF_LINK_GET_NEXT_ID, BPF_BTF_GET_NEXT_ID};

	objects->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(next_id); i++) {
		union bpf_attr attr = {0};

		while (!__real_trek_bpf(rt, next_id[i], &attr, sizeof(attr))) {
			if (objects->n == OBJECTS_MAX)
				fail("more objects than can be remembered\n");
			objects->ids[objects->n++] = (uint64_t)i << 32 | attr.next_id;
			attr = (union bpf_attr){.start_id = attr.next_id};
		}
	}
}

/* Some may go meanwhile: what was closed before is freed in its time. */
static bool has_no_more(const struct objects *now, const struct objects *before)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < now->n; i++, k++) {
		while (k < before->n && before->ids[k] < now->ids[i])
			k++;
		if (k == before->n || before->ids[k] != now->ids[i])
			return false;
	}
	return true;
}

enum effect { READS, CHANGES_MAP, MAKES_OBJECT, RUNS };

static enum effect effect_of(int cmd)
{
	switch (cmd) {
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
	case BPF_MAP_FREEZE:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		return CHANGES_MAP;
	case BPF_MAP_CREATE:
	case BPF_PROG_LOAD:
	case BPF_BTF_LOAD:
	case BPF_LINK_CREATE:
	case BPF_ITER_CREATE:
		return MAKES_OBJECT;
	case BPF_PROG_TEST_RUN:
		return RUNS;
	default:
		return READS;
	}
}

static int map_of(int cmd, const union bpf_attr *attr)
{
	switch (cmd) {
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		return (int)attr->batch.map_fd;
	default:
		return (int)attr->map_fd;
	}
}

/* --- calls ------------------------------------------------------------------------------------ */

/* The ways in which a call is made to fail, one after the other. */
struct trial {
	long n;
	bool all_after;
};

#define FIRST_TRIAL ((struct trial){0, true})

static void next_trial(struct trial *trial)
{
	if (trial->all_after) {
		trial->all_after = false;
		return;
	}
	trial->n += 1 + (trial->n < EACH_OF_THE_FIRST ? 0 : trial->n / 8);
	trial->all_after = trial->n < EACH_OF_THE_FIRST;
}

struct view {
	uint64_t elements;
	struct objects objects;
};

static void look(struct trek_runtime *rt, int cmd, const union bpf_attr *attr, struct view *view)
{
	if (effect_of(cmd) == CHANGES_MAP)
		view->elements = elements_of(rt, map_of(cmd, attr));
	else if (effect_of(cmd) == MAKES_OBJECT)
		find_objects(rt, &view->objects);
}

static bool is_unchanged(struct trek_runtime *rt, int cmd, const union bpf_attr *attr,
			 const struct view *before)
{
	static __thread struct view now;

	look(rt, cmd, attr, &now);
	switch (effect_of(cmd)) {
	case CHANGES_MAP:
		return now.elements == before->elements;
	case MAKES_OBJECT:
		return has_no_more(&now.objects, &before->objects);
	default:
		return true;
	}
}

/* An update of a hash: LRU kinds take what would have been evicted next, the others wait for what
 * was deleted, or write over the value of a key that is there. */
static bool does_without(struct trek_runtime *rt, int cmd, const union bpf_attr *attr, int ret)
{
	struct sizes sizes;

	/* A batch went on, and may have stopped for another reason. */
	if (ret == -ENOMEM || (ret && cmd != BPF_MAP_UPDATE_BATCH) ||
	    (cmd != BPF_MAP_UPDATE_ELEM && cmd != BPF_MAP_UPDATE_BATCH) ||
	    !sizes_of(rt, map_of(cmd, attr), &sizes))
		return false;
	switch (sizes.type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return true;
	default:
		return false;
	}
}

/* What becomes of the log of a load stands above the rest, as in Linux. */
static bool refuses(int cmd, int ret)
{
	return ret == -ENOMEM || (ret < 0 && (cmd == BPF_PROG_LOAD || cmd == BPF_BTF_LOAD));
}

static bool is_batch_of_changes(int cmd)
{
	return cmd == BPF_MAP_UPDATE_BATCH || cmd == BPF_MAP_DELETE_BATCH;
}

/* Let @attr begin with what comes after the first @done. */
static void go_on(struct trek_runtime *rt, union bpf_attr *attr, uint32_t done)
{
	struct sizes sizes;

	if (!sizes_of(rt, (int)attr->batch.map_fd, &sizes) || done >= attr->batch.count)
		fail("a batch of %u did %u\n", attr->batch.count, done);
	attr->batch.keys += (uint64_t)done * sizes.key;
	if (attr->batch.values)
		attr->batch.values += (uint64_t)done * sizes.value;
	attr->batch.count -= done;
}

static int bpf(struct trek_runtime *rt, int cmd, union bpf_attr *attr)
{
	static __thread struct view before;
	union bpf_attr given = *attr;
	uint32_t done = 0;

	look(rt, cmd, attr, &before);
	for (struct trial trial = FIRST_TRIAL;; next_trial(&trial)) {
		bool was_short;
		int ret;

		*attr = given;
		no_memory_begin(trial.n, trial.all_after);
		ret = __real_trek_bpf(rt, cmd, attr, sizeof(*attr));
		was_short = no_memory_end();
		if (!was_short || does_without(rt, cmd, &given, ret)) {
			if (is_batch_of_changes(cmd))
				attr->batch.count += done;
			return ret;
		}
		if (!refuses(cmd, ret))
			fail("command %d, allocation %ld: %d\n", cmd, trial.n, ret);
		if (is_batch_of_changes(cmd) && attr->batch.count &&
		    attr->batch.count < given.batch.count) {
			done += attr->batch.count;
			go_on(rt, &given, attr->batch.count);
			look(rt, cmd, &given, &before);
			trial = FIRST_TRIAL;
			continue;
		}
		if (!is_unchanged(rt, cmd, &given, &before))
			fail("command %d, allocation %ld: it had an effect\n", cmd, trial.n);
	}
}

/* Attributes of another size are there to be refused. */
int __wrap_trek_bpf(struct trek_runtime *rt, int cmd, union bpf_attr *attr, uint32_t size);
int __wrap_trek_bpf(struct trek_runtime *rt, int cmd, union bpf_attr *attr, uint32_t size)
{
	int ret;

	if (effect_of(cmd) == RUNS || size != sizeof(*attr)) {
		no_memory_begin(-1, false);
		ret = __real_trek_bpf(rt, cmd, attr, size);
		no_memory_end();
		return ret;
	}
	return bpf(rt, cmd, attr);
}

/* A call without effect when it fails. */
#define WRAP_CALL(type, name, params, args)                                                        \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		for (struct trial trial = FIRST_TRIAL;; next_trial(&trial)) {                      \
			type ret;                                                                  \
                                                                                                   \
			no_memory_begin(trial.n, trial.all_after);                                 \
			ret = __real_##name args;                                                  \
			if (!no_memory_end())                                                      \
				return ret;                                                        \
			if (ret != -ENOMEM)                                                        \
				fail(#name ", allocation %ld: %ld\n", trial.n, (long)ret);         \
		}                                                                                  \
	}
WRAP_CALL(int, trek_dup, (struct trek_runtime * rt, int handle), (rt, handle))
WRAP_CALL(int, trek_open, (struct trek_runtime * rt, const char *path), (rt, path))
WRAP_CALL(int, trek_mmap,
	  (struct trek_runtime * rt, int handle, size_t len, int prot, off_t offset, void **addr),
	  (rt, handle, len, prot, offset, addr))

/* A call that has to do without: whatever it allocates fails. */
#define WRAP_FREE_CALL(type, name, params, args)                                                   \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		type ret;                                                                          \
                                                                                                   \
		no_memory_begin(0, true);                                                          \
		ret = __real_##name args;                                                          \
		if (no_memory_end())                                                               \
			fail(#name " allocates\n");                                                \
		return ret;                                                                        \
	}
WRAP_FREE_CALL(int, trek_close, (struct trek_runtime * rt, int handle), (rt, handle))
WRAP_FREE_CALL(int, trek_unlink, (struct trek_runtime * rt, const char *path), (rt, path))
WRAP_FREE_CALL(int, trek_poll, (struct trek_runtime * rt, int handle, int timeout),
	       (rt, handle, timeout))
WRAP_FREE_CALL(ssize_t, trek_fdinfo, (struct trek_runtime * rt, int handle, char *buf, size_t size),
	       (rt, handle, buf, size))

/* Programs run here: with memory, which their helpers may need, unless the test has begun. */
#define WRAP_RUN(type, name, params, args)                                                         \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		type ret;                                                                          \
                                                                                                   \
		if (inside)                                                                        \
			return __real_##name args;                                                 \
		no_memory_begin(-1, false);                                                        \
		ret = __real_##name args;                                                          \
		no_memory_end();                                                                   \
		return ret;                                                                        \
	}
WRAP_RUN(ssize_t, trek_read, (struct trek_runtime * rt, int handle, void *buf, size_t size),
	 (rt, handle, buf, size))
WRAP_RUN(ssize_t, trek_iter_next_chunk,
	 (struct trek_runtime * rt, int handle, const void **chunk), (rt, handle, chunk))
WRAP_RUN(int, trek_prog_run,
	 (struct trek_runtime * rt, int prog, void *ctx, size_t ctx_size, uint32_t *retval),
	 (rt, prog, ctx, ctx_size, retval))

/* --- a runtime's life ------------------------------------------------------------------------- */

static int runtimes;

int __real_trek_runtime_open(const struct trek_runtime_opts *opts, struct trek_runtime **rt);
int __wrap_trek_runtime_open(const struct trek_runtime_opts *opts, struct trek_runtime **rt);
int __wrap_trek_runtime_open(const struct trek_runtime_opts *opts, struct trek_runtime **rt)
{
	for (struct trial trial = FIRST_TRIAL;; next_trial(&trial)) {
		int ret;

		no_memory_begin(trial.n, trial.all_after);
		ret = __real_trek_runtime_open(opts, rt);
		if (!no_memory_end()) {
			if (!ret) {
				runtimes++;
				cpus = opts && opts->num_possible_cpus ? opts->num_possible_cpus
								       : get_nprocs_conf();
			}
			return ret;
		}
		if (ret != -ENOMEM)
			fail("opening, allocation %ld: %d\n", trial.n, ret);
		if (!runtimes && nr_kept)
			fail("opening, allocation %ld: %lu are left\n", trial.n, nr_kept);
	}
}

void __real_trek_runtime_close(struct trek_runtime *rt);
void __wrap_trek_runtime_close(struct trek_runtime *rt);
void __wrap_trek_runtime_close(struct trek_runtime *rt)
{
	no_memory_begin(0, true);
	__real_trek_runtime_close(rt);
	if (no_memory_end())
		fail("closing allocates\n");
	if (rt && !--runtimes) {
		if (nr_kept)
			fail("%lu allocations are left\n", nr_kept);
		printf("# allocations that failed: %lu\n", nr_failed);
	}
}
