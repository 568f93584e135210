/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The map of names that several of the programs walk: keys of 16 characters. */
#ifndef REAL_NAME_H
#define REAL_NAME_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, char[16]);
	__type(value, __u32);
} names SEC(".maps");

#endif /* REAL_NAME_H */
