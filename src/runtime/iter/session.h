/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* An open session, and what targets use of it while objects are shown (kernel/bpf/bpf_iter.c). */
#ifndef ITER_SESSION_H
#define ITER_SESSION_H

#include <errno.h>
#include <pthread.h>

#include "base/runtime.h"
#include "iter/bpf_iter.h"
#include "prog/prog.h"

struct bpf_iter_session {
	pthread_mutex_t lock; /* one read at a time */
	struct seq_file seq;
	struct bpf_iter_meta meta; /* as the program sees it: &seq, and the number of the object */
	struct trek_runtime *rt;
	const struct bpf_iter_seq_info *seq_info;
	struct bpf_prog *prog; /* the link's when the session was opened; a reference */
	u64 section;	       /* counts the RCU sections that objects were shown in */
	bool done_stop; /* the call after the last object has been made, and its output kept */
	u64 target_private[] __attribute__((aligned(16)));
};

static inline struct bpf_iter_session *bpf_iter_session_of(const struct seq_file *seq)
{
	return container_of((struct seq_file *)seq, struct bpf_iter_session, seq);
}

/* @priv: its target_private. */
static inline struct bpf_iter_session *bpf_iter_session_of_private(void *priv)
{
	return container_of(priv, struct bpf_iter_session, target_private);
}

/* The runtime whose objects the session walks. */
static inline struct trek_runtime *bpf_iter_runtime(const struct seq_file *seq)
{
	return bpf_iter_session_of(seq)->rt;
}

/* As long as it is the same number, what was found under RCU is good. */
static inline u64 bpf_iter_section(const struct seq_file *seq)
{
	return bpf_iter_session_of(seq)->section;
}

static inline struct bpf_iter_meta *bpf_iter_meta(const struct seq_file *seq)
{
	return &bpf_iter_session_of(seq)->meta;
}

/* The program of this session; NULL: show is called in stop, and has been before. */
static inline struct bpf_prog *bpf_iter_prog(const struct seq_file *seq, bool in_stop)
{
	const struct bpf_iter_session *s = bpf_iter_session_of(seq);

	return in_stop && s->done_stop ? NULL : s->prog;
}

/* Run it on @ctx; -EAGAIN: it asked for the same object again. */
static inline int bpf_iter_run_prog(const struct bpf_prog *prog, const void *ctx)
{
	return bpf_prog_run(prog, ctx) ? -EAGAIN : 0;
}

#endif /* ITER_SESSION_H */
