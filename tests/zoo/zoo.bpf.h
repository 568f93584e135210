/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How the maps of the zoo are written, and programs that do nothing. */
#ifndef ZOO_BPF_H
#define ZOO_BPF_H

#include <bpf/bpf_helpers.h>

#define MAP(name, kind, k, v, max)                                                                 \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, max);                                                          \
		__type(key, k);                                                                    \
		__type(value, v);                                                                  \
	} name SEC(".maps")

#define UNTYPED(name, kind, k, v, max, flags)                                                      \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, max);                                                          \
		__uint(key_size, k);                                                               \
		__uint(value_size, v);                                                             \
		__uint(map_flags, flags);                                                          \
	} name SEC(".maps")

#define NOTHING(section, name, context, result)                                                    \
	SEC(section) int name(context *ctx)                                                        \
	{                                                                                          \
		return result;                                                                     \
	}

#endif /* ZOO_BPF_H */
