/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Sessions: an iterator program being read (kernel/bpf/bpf_iter.c).
 *
 * A read fills a bounded buffer with the output of one object after the other, and gives the reader
 * what it asked for. Objects are atomic: output of one that does not fit is undone, and the object
 * is shown again by the next read; the target's start finds it again. So between two reads a target
 * keeps a position, never a pointer.
 *
 * The thread holds a virtual CPU and an RCU section while the program runs. It leaves and enters
 * again every BPF_ITER_RUN_BATCH objects, before the target moves on, so that a long walk holds up
 * neither what is to be freed nor other threads that want to run; once for each object would cost
 * more than many a program.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/nofault.h"
#include "base/runtime.h"
#include "base/vcpu.h"
#include "iter/bpf_iter.h"
#include "prog/prog.h"

#define BPF_ITER_RUN_BATCH 64

struct bpf_iter_session {
	pthread_mutex_t lock; /* one read at a time */
	struct seq_file seq;
	struct trek_runtime *rt;
	const struct bpf_iter_seq_info *seq_info;
	struct bpf_prog *prog; /* the link's when the session was opened; a reference */
	u64 session_id;
	u64 seq_num;
	bool done_stop; /* the call after the last object has been made, and its output kept */
	u64 target_private[];
};

static struct bpf_iter_session *to_session(const struct seq_file *seq)
{
	return container_of((struct seq_file *)seq, struct bpf_iter_session, seq);
}

/* --- what the targets' show uses -------------------------------------------------------------- */

struct trek_runtime *bpf_iter_runtime(const struct seq_file *seq)
{
	return to_session(seq)->rt;
}

struct bpf_prog *bpf_iter_get_info(struct bpf_iter_meta *meta, bool in_stop)
{
	struct bpf_iter_session *s = to_session(meta->seq);

	if (in_stop && s->done_stop)
		return NULL;
	meta->session_id = s->session_id;
	meta->seq_num = s->seq_num;
	return s->prog;
}

int bpf_iter_run_prog(struct bpf_prog *prog, void *ctx)
{
	return bpf_prog_run(prog, ctx) ? -EAGAIN : 0;
}

/* --- read ------------------------------------------------------------------------------------- */

/*
 * Show @obj. What it wrote stays only if it fits and nothing went wrong: 0. Otherwise the buffer is
 * as before. -E2BIG: did not fit; another error: what show said; 1: to be skipped.
 */
static int show_object(struct bpf_iter_session *s, void *obj)
{
	struct seq_file *seq = &s->seq;
	size_t before = seq->count;
	int err = seq->op->show(seq, obj);

	if (!err && seq_has_overflowed(seq))
		err = -E2BIG;
	if (err)
		seq->count = before;
	if (err > 0)
		s->seq_num--; /* the next object has the number of the skipped one */
	return err > 0 ? 0 : err;
}

/* The object after @obj; NULL or an error pointer at the end. */
static void *next_object(struct bpf_iter_session *s, void *obj)
{
	struct seq_file *seq = &s->seq;
	s64 index = seq->index;

	obj = seq->op->next(seq, obj, &seq->index);
	if (seq->index == index)
		seq->index++;
	if (!IS_ERR_OR_NULL(obj))
		s->seq_num++;
	return obj;
}

/* The end: let the target call the program a last time, with no object. */
static int show_end(struct bpf_iter_session *s)
{
	struct seq_file *seq = &s->seq;
	size_t before = seq->count;

	seq->op->stop(seq, NULL);
	if (!seq_has_overflowed(seq)) {
		s->done_stop = true;
		return 0;
	}
	seq->count = before;
	return before ? 0 : -E2BIG;
}

/*
 * Visit objects until the buffer holds @size bytes, they end, one does not fit, or the limit is
 * reached. 0: what the buffer holds, be it nothing, is to be given out; else nothing is.
 */
static int fill_buffer(struct bpf_iter_session *s, size_t size, struct bpf_run_ctx *run)
{
	struct seq_file *seq = &s->seq;
	u32 shown = 0;
	void *obj;
	int err;

	seq->from = 0;
	obj = seq->op->start(seq, &seq->index);
	if (!obj)
		return show_end(s);
	if (IS_ERR(obj)) {
		seq->op->stop(seq, obj);
		return PTR_ERR(obj);
	}
	err = show_object(s, obj);
	while (!err) {
		if (++shown % BPF_ITER_RUN_BATCH == 0) {
			bpf_run_end(run);
			bpf_run_begin(run, s->rt);
		}
		obj = next_object(s, obj);
		if (!obj)
			return show_end(s);
		if (IS_ERR(obj)) {
			err = PTR_ERR(obj);
			break;
		}
		if (seq->count >= size)
			break;
		err = shown < MAX_ITER_OBJECTS ? show_object(s, obj) : -EAGAIN;
	}
	seq->op->stop(seq, obj);
	/* An object that has to wait is no error while there is something to give out. */
	return seq->count ? 0 : err;
}

static ssize_t give_out(struct seq_file *seq, u64 buf, size_t size)
{
	size_t n = min_of(seq->count, size);

	if (copy_to_user(buf, seq->buf + seq->from, n))
		return -EFAULT;
	seq->from += n;
	seq->count -= n;
	return n;
}

ssize_t bpf_seq_read(struct bpf_iter_session *s, u64 buf, size_t size)
{
	struct bpf_run_ctx run;
	ssize_t ret = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->seq.count) {
		bpf_run_begin(&run, s->rt);
		ret = fill_buffer(s, size, &run);
		bpf_run_end(&run);
	}
	if (!ret)
		ret = give_out(&s->seq, buf, size);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

/* --- open and close --------------------------------------------------------------------------- */

struct bpf_iter_session *bpf_iter_session_new(struct bpf_prog *prog,
					      const struct bpf_iter_seq_info *info,
					      const struct bpf_iter_aux_info *aux)
{
	struct bpf_iter_session *s = calloc(1, sizeof(*s) + info->seq_priv_size);
	int err = -ENOMEM;

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->seq.buf = malloc(BPF_ITER_BUFFER_SIZE);
	if (!s->seq.buf)
		goto free;
	s->seq.size = BPF_ITER_BUFFER_SIZE;
	s->seq.op = info->seq_ops;
	s->seq.private = s->target_private;
	s->seq_info = info;
	s->rt = prog->aux->rt;
	err = info->init_seq_private ? info->init_seq_private(s->target_private, aux, prog) : 0;
	if (err)
		goto free;
	bpf_prog_inc(prog);
	s->prog = prog;
	pthread_mutex_init(&s->lock, NULL);
	s->session_id = atomic64_add_return(1, &s->rt->session_id);
	return s;
free:
	free(s->seq.buf);
	free(s);
	return ERR_PTR(err);
}

struct bpf_iter_session *bpf_iter_session_open(struct bpf_link *link)
{
	const struct bpf_iter_aux_info *aux;
	const struct bpf_iter_reg *target;
	struct bpf_iter_session *s;
	struct bpf_prog *prog;

	if (!bpf_link_is_iter(link))
		return ERR_PTR(-EINVAL);
	target = bpf_iter_link_target(link, &aux);
	prog = bpf_link_prog_get(link);
	s = bpf_iter_session_new(prog, target->seq_info, aux);
	bpf_prog_put(prog);
	return s;
}

void bpf_iter_session_close(struct bpf_iter_session *s)
{
	if (s->seq_info->fini_seq_private)
		s->seq_info->fini_seq_private(s->target_private);
	bpf_prog_put(s->prog);
	pthread_mutex_destroy(&s->lock);
	free(s->seq.buf);
	free(s);
}
