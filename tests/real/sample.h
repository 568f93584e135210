/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The array of samples that several of the programs walk: 8-byte values. */
#ifndef REAL_SAMPLE_H
#define REAL_SAMPLE_H

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 300);
	__type(key, __u32);
	__type(value, __u64);
} samples SEC(".maps");

#endif /* REAL_SAMPLE_H */
