/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The elements of a map, many at a time, whatever its kind and the engine. */
#ifndef CLI_DUMP_ELEMENTS_H
#define CLI_DUMP_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>

#include "trie.h"

struct elements {
	int fd;
	struct bpf_map_info info;
	const struct way *way;
	size_t key_size;
	size_t stride;	   /* bytes of one value as it is read; of one CPU's, if there are many */
	unsigned int cpus; /* how many values an element has: 1, or one for each possible CPU */
	size_t value_size; /* bytes of all of them */
	bool per_cpu;
	bool gives_ids; /* values are 32-bit ids of other objects */
	bool has_key, has_value;
	bool has_index;	  /* the key is a number, whether a type says so or not */
	bool always_full; /* an array: whatever max_entries says is there */
	bool only_next;	  /* a queue or stack: the element that is taken next is all that is seen */
	__u64 flags;	  /* of bpf(2): BPF_F_LOCK, which is given up if the engine has it not */
	__u32 buckets;	  /* that a reader can begin at; 0: it can begin at the start only */
};

/* The place of one who reads. */
struct reader {
	const struct elements *elements;
	__u32 until; /* the first bucket that is not its own */
	/* What was read last: that many keys and values, one after the other. */
	unsigned char *keys, *values;
	__u32 count;

	__u32 room; /* elements that the two can hold */
	bool begun, nearly_over, over;
	bool walks; /* element by element: the engine has no batches for this map */
	bool lockless;
	__u64 given;		 /* elements so far */
	unsigned char *in, *out; /* where the last batch began, and where the next one does */
	size_t cursor_size;
	struct trie_place trie;
};

/* Learn what there is to know of map @fd. 0; -EOPNOTSUPP: @why says why nobody can read
 * it, and what to do. */
int elements_of(struct elements *elements, int fd, const char **why);

/* Begin at bucket @from. 0 or -ENOMEM; reader_end() is due in any case. */
int reader_begin(struct reader *reader, const struct elements *elements, __u32 from);
void reader_end(struct reader *reader);

/* Read more: 1; 0: there is no more; negative errno. */
int reader_next(struct reader *reader);

/* The bucket that it reached; UINT32_MAX at its end, 0 where there are none. */
__u32 reader_bucket(const struct reader *reader);

/* How many there are, by reading them all: 0 or negative errno. */
int count_by_reading(const struct elements *elements, unsigned long long *count);

/* Say why they could not be read. The exit status. */
int elements_failed(const struct elements *elements, const char *map, int err);

#endif /* CLI_DUMP_ELEMENTS_H */
