/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* BTF written by hand, and the kernel's opinion of it. */
#ifndef TESTS_BTF_BLOB_H
#define TESTS_BTF_BLOB_H

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

#include "base/kernel_errno.h"
#include "base/idr.h"
#include "base/log.h"
#include "base/rcu.h"
#include "base/runtime.h"
#include "btf/btf.h"

/* struct btf_type in words: name offset, info, size or type. */
#define TYPE(name, kind, kflag, vlen, size)                                                        \
	(name), ((u32)(kflag) << 31 | (u32)BTF_KIND_##kind << 24 | (vlen)), (size)
#define INT(name, bytes, data) TYPE(name, INT, 0, 0, bytes), (data)
#define INT32 INT(1, 4, 32)
#define REF(kind, type) TYPE(0, kind, 0, 0, type)
#define NAMED(kind, name, type) TYPE(name, kind, 0, 0, type)
#define STRUCT(name, size, vlen) TYPE(name, STRUCT, 0, vlen, size)
#define UNION(name, size, vlen) TYPE(name, UNION, 0, vlen, size)
#define BITS(size, offset) ((u32)(size) << 24 | (offset))
#define ARRAY(elem, index, nr) TYPE(0, ARRAY, 0, 0, 0), (elem), (index), (nr)
#define PROTO(result, nr) TYPE(0, FUNC_PROTO, 0, nr, result)

/* Written into the words where the blob ends. */
#define END 0xfeedf00d

/* Strings at their offsets: 0 "", 1 "a", 3 "b", 5 "c.d", 9 ".e", 12 "\xe9t", 15 "9x", 18 "a-b". */
static const char blob_strings[] = "\0a\0b\0c.d\0.e\0\xe9t\0"
				   "9x\0a-b";

struct blob {
	u32 size;
	_Alignas(8) unsigned char bytes[4096];
};

static inline u32 words_len(const u32 *words)
{
	u32 nr = 0;

	while (words[nr] != END)
		nr++;
	return nr * sizeof(u32);
}

static inline void blob_make(struct blob *blob, const u32 *words, const char *strings, u32 len)
{
	struct btf_header hdr = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(hdr),
		.type_len = words_len(words),
		.str_off = words_len(words),
		.str_len = len,
	};

	blob->size = sizeof(hdr) + hdr.type_len + len;
	assert_true(blob->size <= sizeof(blob->bytes));
	memcpy(blob->bytes, &hdr, sizeof(hdr));
	memcpy(blob->bytes + sizeof(hdr), words, hdr.type_len);
	memcpy(blob->bytes + sizeof(hdr) + hdr.type_len, strings, len);
}

/* 0 or -errno, as BPF_BTF_LOAD says. */
static inline int kernel_load(const void *data, u32 size)
{
	union bpf_attr attr = {.btf = (unsigned long)data, .btf_size = size};
	int fd = syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Can the kernel be asked at all? */
static inline bool kernel_usable(void)
{
	static const u32 words[] = {INT32, END};
	struct blob blob;

	blob_make(&blob, words, blob_strings, sizeof(blob_strings));
	return kernel_load(blob.bytes, blob.size) == 0;
}

/* 0 or -errno, as btf_parse() says. The bytes are copied, so that reading past them is seen. */
static inline int parse_verdict(const void *data, u32 size, struct bpf_verifier_log *log)
{
	void *copy = malloc(size ? size : 1);
	struct btf *btf;

	assert_non_null(copy);
	memcpy(copy, data, size);
	btf = btf_parse(NULL, copy, size, NULL, log);
	free(copy);
	if (IS_ERR(btf))
		return PTR_ERR(btf);
	btf_put(btf);
	return 0;
}

/* A runtime with what BTF needs. */
static inline void runtime_begin(struct trek_runtime *rt)
{
	memset(rt, 0, sizeof(*rt));
	assert_int_equal(idr_init(&rt->btf_idr), 0);
}

static inline void runtime_end(struct trek_runtime *rt)
{
	rcu_barrier();
	idr_destroy(&rt->btf_idr);
}

#endif /* TESTS_BTF_BLOB_H */
