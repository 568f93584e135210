/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The two engines held against each other: the same attr, of every size and with one field changed
 * at a time, gives the same errno on both. Descriptor 0 is closed meanwhile, as it means nothing to
 * the embedded engine.
 */
#include <fcntl.h>
#include <unistd.h>

#include "facts.h"
#include "good_attrs.h"

/* Commands that are not compared. What a runtime has not answers EINVAL or EOPNOTSUPP. */
static const struct {
	int cmd;
	const char *why;
} unsupported[] = {
	{BPF_PROG_ATTACH, "attaches to cgroups and sockets, which a process has none of"},
	{BPF_PROG_DETACH, "the same"},
	{BPF_PROG_QUERY, "the same"},
	{BPF_PROG_TEST_RUN,
	 "runs types that the runtime has none of; trek_prog_run() runs the others"},
	{BPF_RAW_TRACEPOINT_OPEN, "attaches to the kernel's tracepoints"},
	{BPF_TASK_FD_QUERY, "asks for the perf events of another process"},
	{BPF_ENABLE_STATS, "switches on statistics of the whole machine"},
	{BPF_MAP_LOOKUP_AND_DELETE_ELEM, "no kind of map of the runtime has it: ENOTSUPP"},
	{BPF_MAP_LOOKUP_BATCH, "the same"},
	{BPF_MAP_LOOKUP_AND_DELETE_BATCH, "the same"},
	{BPF_MAP_UPDATE_BATCH, "the same"},
	{BPF_MAP_DELETE_BATCH, "the same"},
	{36, "BPF_TOKEN_CREATE: delegates privileges; the runtime needs none"},
	{37, "BPF_PROG_STREAM_READ_BY_FD: the runtime has no streams"},
};

static bool is_unsupported(int cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
		if (unsupported[i].cmd == cmd)
			return true;
	return false;
}

/* Where the engines are known to differ, in attrs with the bytes from @from to @to changed. */
static const struct {
	int cmd;
	unsigned int from, to;
	const char *why;
} differing_fields[] = {
	{BPF_MAP_CREATE, 28, 44, "Linux takes bytes that are letters in Latin-1 into names"},
	{BPF_PROG_LOAD, 48, 64, "the same"},
};
/* The same of attrs shorter than @size: Linux writes its result behind the end. */
static const struct {
	int cmd;
	unsigned int size;
} differing_sizes[] = {
	{BPF_PROG_GET_NEXT_ID, 8}, {BPF_MAP_GET_NEXT_ID, 8},	{BPF_BTF_GET_NEXT_ID, 8},
	{BPF_LINK_GET_NEXT_ID, 8}, {BPF_OBJ_GET_INFO_BY_FD, 8},
};

static bool differs_here(int cmd, unsigned int at)
{
	for (size_t i = 0; i < ARRAY_SIZE(differing_fields); i++)
		if (differing_fields[i].cmd == cmd && at >= differing_fields[i].from &&
		    at < differing_fields[i].to)
			return true;
	return false;
}

static bool differs_at_size(int cmd, unsigned int size)
{
	for (size_t i = 0; i < ARRAY_SIZE(differing_sizes); i++)
		if (differing_sizes[i].cmd == cmd && size < differing_sizes[i].size)
			return true;
	return false;
}

static struct objects embedded, kernel;
static struct btf *kernel_types;
static char attr_bytes[ATTR_MAX] __attribute__((aligned(8)));
static union bpf_attr *attr = (void *)attr_bytes;
static unsigned int differences;

static int open_both(void **state)
{
	const char *why = kernel_engine.start();
	const void *data;
	size_t size;

	differences = 0;
	if (why) {
		kernel_engine.stop();
		print_message("# no kernel to compare with: %s\n", why);
		return 0;
	}
	data = kernel_engine.vmlinux(&size);
	kernel_types = btf__new(data, (__u32)size);
	if (!kernel_types || !arena_map())
		return -1;
	if (objects_make(&kernel, &kernel_engine, kernel_types) ||
	    objects_make(&embedded, &embedded_engine, types))
		return -1;
	close(0);
	return 0;
}

static int close_both(void **state)
{
	if (!kernel_types)
		return 0;
	if (open("/dev/null", O_RDONLY) < 0)
		return -1;
	objects_close(&embedded);
	objects_close(&kernel);
	arena_unmap();
	btf__free(kernel_types);
	kernel_types = NULL;
	kernel_engine.stop();
	return 0;
}

static void needs_the_kernel(void)
{
	if (!kernel_types)
		skip_because("there is no kernel to compare with");
}

typedef void change_fn(int cmd, unsigned int a, __u32 b);

/* Make the attr, change it, call: a result above 0 is a descriptor, or nothing to compare. */
static int result_of(struct objects *o, int cmd, bool good, change_fn *change, unsigned int a,
		     __u32 b, unsigned int size)
{
	int ret;

	if (!good_attr(o, cmd, attr) || !good)
		memset(attr, 0, ATTR_MAX);
	if (change)
		change(cmd, a, b);
	ret = o->engine->bpf(cmd, attr, size);
	undo(o, cmd, ret);
	return ret > 0 ? 0 : ret;
}

static void compare(int cmd, bool good, change_fn *change, unsigned int a, __u32 b,
		    unsigned int size)
{
	int on_kernel = result_of(&kernel, cmd, good, change, a, b, size);
	int on_embedded = result_of(&embedded, cmd, good, change, a, b, size);

	if (on_kernel == on_embedded || differs_at_size(cmd, size))
		return;
	differences++;
	print_message("# command %d, %s attr of %u bytes, %#x at %u: kernel %d, embedded %d\n", cmd,
		      good ? "good" : "zero", size, b, a, on_kernel, on_embedded);
}

#define KNOWN sizeof(union bpf_attr)

static void put(int cmd, unsigned int offset, __u32 value)
{
	memcpy(attr_bytes + offset, &value, sizeof(value));
}

static void sizes(void **state)
{
	static const unsigned int longer[] = {KNOWN + 8, 512, 4095, 4096, 4097, 5000, 0xffffffff};

	needs_the_kernel();
	for (int cmd = 0; cmd <= LAST_CMD; cmd++) {
		if (is_unsupported(cmd))
			continue;
		compare(cmd, false, NULL, 0, 0, 1);
		compare(cmd, false, NULL, 0, 0, 2);
		for (int good = 0; good <= 1; good++) {
			for (unsigned int size = 0; size <= KNOWN; size += 4)
				compare(cmd, good, NULL, 0, 0, size);
			for (size_t i = 0; i < ARRAY_SIZE(longer); i++)
				compare(cmd, good, NULL, 0, 0, longer[i]);
		}
	}
	assert_int_equal(differences, 0);
}

/* A byte past all that either engine knows. */
static void nonzero_tail(void **state)
{
	static const unsigned int lengths[] = {512, 2048, 4096};

	needs_the_kernel();
	for (int cmd = 0; cmd <= LAST_CMD; cmd++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths) && !is_unsupported(cmd); i++) {
			compare(cmd, true, put, lengths[i] - 4, 1u << 24, lengths[i]);
			compare(cmd, true, put, 400, 1, lengths[i]);
		}
	assert_int_equal(differences, 0);
}

/* Fields that say how much memory a map takes: what a large one gives is the machine's. */
static bool takes_memory(int cmd, unsigned int offset)
{
	return cmd == BPF_MAP_CREATE && offset >= offsetof(union bpf_attr, key_size) &&
	       offset <= offsetof(union bpf_attr, max_entries);
}

/* Ids that are not in use here may be on the kernel. */
static bool names_an_id(int cmd, unsigned int offset)
{
	switch (cmd) {
	case BPF_PROG_GET_NEXT_ID:
	case BPF_MAP_GET_NEXT_ID:
	case BPF_BTF_GET_NEXT_ID:
	case BPF_LINK_GET_NEXT_ID:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
		return offset == 0;
	}
	return false;
}

static void one_field(void **state)
{
	static const __u32 values[] = {0, 0x7000, 0x7ffffff0, 0xffffffff};

	needs_the_kernel();
	for (int cmd = 0; cmd <= LAST_CMD; cmd++) {
		if (is_unsupported(cmd))
			continue;
		for (unsigned int at = 0; at + 4 <= KNOWN; at += 4)
			for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
				if (takes_memory(cmd, at) && values[i] > 0x7000)
					continue;
				if (names_an_id(cmd, at) && values[i] == 0x7000)
					continue;
				if (!differs_here(cmd, at))
					compare(cmd, true, put, at, values[i], KNOWN);
			}
	}
	assert_int_equal(differences, 0);
}

/* They answer, but not always as Linux does. */
static bool implemented_in_part(int cmd)
{
	return cmd == BPF_PROG_TEST_RUN || cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM ||
	       (cmd >= BPF_MAP_LOOKUP_BATCH && cmd <= BPF_MAP_DELETE_BATCH);
}

static void what_is_not_there(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++) {
		int ret;

		if (implemented_in_part(unsupported[i].cmd))
			continue;
		memset(attr, 0, ATTR_MAX);
		ret = embedded_engine.bpf(unsupported[i].cmd, attr, KNOWN);
		if (ret != -EINVAL && ret != -EOPNOTSUPP)
			fail_msg("command %d: %d", unsupported[i].cmd, ret);
	}
	assert_int_equal(embedded_engine.bpf(-1, attr, KNOWN), -EINVAL);
	assert_int_equal(embedded_engine.bpf(INT32_MAX, attr, KNOWN), -EINVAL);
	assert_int_equal(embedded_engine.bpf(INT32_MIN, attr, KNOWN), -EINVAL);
}

static void no_attr(void **state)
{
	for (int cmd = 0; cmd <= LAST_CMD; cmd++) {
		assert_int_equal(embedded_engine.bpf(cmd, NULL, KNOWN), -EFAULT);
		assert_int_equal(embedded_engine.bpf(cmd, (void *)8, KNOWN), -EFAULT);
	}
}

#define BOTH(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)
static const struct CMUnitTest tests[] = {
	BOTH(sizes),
	BOTH(nonzero_tail),
	BOTH(one_field),
	cmocka_unit_test(what_is_not_there),
	cmocka_unit_test(no_attr),
};
const struct section attrs_section = {"attrs", tests, ARRAY_SIZE(tests)};
