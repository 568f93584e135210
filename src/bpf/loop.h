/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Loops. Where there is bpf_loop() (Linux 5.17, which is also what light skeletons need), a loop is
 * verified in one pass; each pass of another kind of loop is, which takes the start of the command
 * 10 microseconds. So the light skeletons are compiled with LIGHT.
 */
#ifndef BPF_LOOP_H
#define BPF_LOOP_H

#ifdef LIGHT
#define loop(count, max, body, ctx) bpf_loop(count, body, ctx, 0)
#else
#define loop(count, max, body, ctx)                                                                \
	do {                                                                                       \
		for (__u32 i = 0; i < (max) && i < (count); i++)                                   \
			body(i, ctx);                                                              \
	} while (0)
#endif

#endif /* BPF_LOOP_H */
