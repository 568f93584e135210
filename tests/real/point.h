/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The array of points that several of the programs walk: 12-byte values. */
#ifndef REAL_POINT_H
#define REAL_POINT_H

#define POINT_COUNT 64

struct point {
	__s32 x, y, z;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POINT_COUNT);
	__type(key, __u32);
	__type(value, struct point);
} points SEC(".maps");

#endif /* REAL_POINT_H */
