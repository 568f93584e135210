/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Bad attributes for the embedded engine, from a fixed seed: truncated, oversized, random, with
 * pointers to each other's memory and to the attr itself. There is nothing to expect but that the
 * calls return, and that what they made can be closed; the sanitizers say what leaks.
 */
#include <stdio.h>

#include "facts.h"
#include "good_attrs.h"

#define ROUNDS 1000 /* of every command */

static __u64 seed;

static __u64 next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)(next() >> 33) % n;
}

static struct objects o;
static struct arena *arena;
static char attr_bytes[ATTR_MAX] __attribute__((aligned(8)));
static union bpf_attr *attr = (void *)attr_bytes;

static int start(void **state)
{
	seed = 0x9e3779b97f4a7c15;
	arena = arena_map();
	return !arena || objects_make(&o, E, types) ? -1 : 0;
}

static int finish(void **state)
{
	objects_close(&o);
	arena_unmap();
	return 0;
}

/*
 * Put into the upper half of a pointer to the arena, none of these makes an address that is in use,
 * also not by AddressSanitizer, whose shadow has upper halves from 0x200 to 0x1000.
 */
static __u32 some_number(void)
{
	const __u32 numbers[] = {0,
				 1,
				 2,
				 3,
				 4,
				 8,
				 16,
				 64,
				 255,
				 256,
				 512,
				 65536,
				 0x7fffffff,
				 0x80000000,
				 0xffffffff,
				 0xfffffff8,
				 (__u32)o.map,
				 (__u32)o.prog,
				 (__u32)o.elem_prog,
				 (__u32)o.link,
				 (__u32)o.btf,
				 o.map_id,
				 o.prog_id,
				 o.link_id,
				 o.btf_id};

	return below(8) ? numbers[below(ARRAY_SIZE(numbers))] : (__u32)next();
}

/* Never an address that a call could write to by luck. */
static __u64 some_pointer(void)
{
	switch (below(6)) {
	case 0:
		return 0;
	case 1:
		return 8;
	case 2:
		return 0xffff800000000000 | next();
	case 3:
		return PTR(attr_bytes) + below(sizeof(union bpf_attr));
	default: /* up to and over its end, where there is no memory */
		return PTR(arena) + below(sizeof(*arena) + 64);
	}
}

static unsigned int some_size(void)
{
	switch (below(8)) {
	case 0:
		return below(sizeof(union bpf_attr));
	case 1:
		return below(ATTR_MAX);
	case 2:
		return 4090 + below(16);
	case 3:
		return (unsigned int)next();
	default:
		return sizeof(union bpf_attr);
	}
}

static void spoil_arena(void)
{
	char *bytes = (char *)arena;

	for (unsigned int i = below(8); i; i--)
		bytes[below(sizeof(*arena))] = (char)next();
}

/* A map may be as large as it likes, but not larger than a test is patient. */
static void keep_small(int cmd)
{
	if (cmd != BPF_MAP_CREATE)
		return;
	if (attr->max_entries > 65536 && attr->max_entries < 0x80000000)
		attr->max_entries = 65536;
	if (attr->value_size > 4096 && attr->value_size < 0x80000000)
		attr->value_size = 4096;
	if (attr->key_size > 4096 && attr->key_size < 0x80000000)
		attr->key_size = 4096;
}

static void spoil_attr(int cmd)
{
	const unsigned int known = sizeof(union bpf_attr);

	for (unsigned int i = 1 + below(3); i; i--) {
		__u64 pointer = some_pointer();
		__u32 number = some_number();

		switch (below(4)) {
		case 0:
			memcpy(attr_bytes + below(known / 8) * 8, &pointer, sizeof(pointer));
			break;
		case 1:
			attr_bytes[below(below(8) ? known : ATTR_MAX)] ^= (char)(1u << below(8));
			break;
		default:
			memcpy(attr_bytes + below(known / 4) * 4, &number, sizeof(number));
		}
	}
	keep_small(cmd);
}

static void call(int cmd)
{
	static char out[4096];
	int ret = E->bpf(cmd, attr, some_size());

	/* What it made is used as what it may be. */
	if (ret > 2 && (cmd == BPF_ITER_CREATE || cmd == BPF_OBJ_GET)) {
		E->read(ret, out, below(sizeof(out)));
		E->fdinfo(ret, out, below(sizeof(out)));
	}
	undo(&o, cmd, ret);
}

/* A test may have deleted what others need. */
static void renew(void)
{
	objects_close(&o);
	assert_int_equal(objects_make(&o, E, types), 0);
}

static void changed_attrs(void **state)
{
	for (int cmd = 0; cmd <= LAST_CMD; cmd++) {
		for (int round = 0; round < ROUNDS; round++) {
			good_attr(&o, cmd, attr);
			if (below(2))
				spoil_arena();
			spoil_attr(cmd);
			call(cmd);
		}
		renew();
	}
}

static void random_attrs(void **state)
{
	for (int cmd = 0; cmd <= LAST_CMD; cmd++)
		for (int round = 0; round < ROUNDS; round++) {
			memset(attr, 0, ATTR_MAX);
			for (unsigned int i = 0; i < sizeof(union bpf_attr); i += 8) {
				__u64 value = below(2) ? some_pointer() : next() | 1ULL << 63;

				memcpy(attr_bytes + i, &value, sizeof(value));
			}
			keep_small(cmd);
			call(cmd);
		}
}

/* Programs of random instructions; whatever the verifier takes of them is closed again. */
static void random_programs(void **state)
{
	static struct bpf_insn insns[32];

	for (int round = 0; round < 4000; round++) {
		unsigned int n = 1 + below(ARRAY_SIZE(insns));

		good_attr(&o, BPF_PROG_LOAD, attr);
		for (unsigned int i = 0; i < n; i++) {
			insns[i] = INSN((__u8)next(), below(11), below(11),
					(__s16)(below(4) ? (int)below(16) - 8 : (int)next()),
					(__s32)some_number());
			if (below(4))
				insns[i] = MOV64_IMM(below(10), (__s32)some_number());
		}
		insns[n - 1] = EXIT();
		attr->insns = PTR(insns);
		attr->insn_cnt = n;
		undo(&o, BPF_PROG_LOAD, E->bpf(BPF_PROG_LOAD, attr, sizeof(*attr)));
	}
}

/* BTF with bytes changed: header, types and strings alike. */
static void changed_types(void **state)
{
	for (int round = 0; round < 4000; round++) {
		good_attr(&o, BPF_BTF_LOAD, attr);
		for (unsigned int i = 1 + below(4); i; i--)
			((char *)&arena->hdr)[below(attr->btf_size)] = (char)next();
		undo(&o, BPF_BTF_LOAD, E->bpf(BPF_BTF_LOAD, attr, sizeof(*attr)));
	}
}

#define FUZZ(name) cmocka_unit_test_setup_teardown(name, start, finish)
static const struct CMUnitTest tests[] = {
	FUZZ(changed_attrs),
	FUZZ(random_attrs),
	FUZZ(random_programs),
	FUZZ(changed_types),
};
const struct section fuzz_section = {"bad attributes", tests, ARRAY_SIZE(tests)};
