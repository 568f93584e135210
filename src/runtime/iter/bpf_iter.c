/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Sessions: an iterator program being read (kernel/bpf/bpf_iter.c).
 *
 * A read fills a bounded buffer with the output of one object after the other, and gives the reader
 * what it asked for, or shows it where it is. Objects are atomic: output of one that does not fit
 * is undone, and the object is shown again by the next read; the target's start finds it again. So
 * between two reads a target keeps a position, never a pointer.
 *
 * The thread holds a virtual CPU and an RCU section while the program runs. It leaves and enters
 * again, before the target moves on, as soon as anybody waits for either.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/nofault.h"
#include "iter/session.h"

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
		s->meta.seq_num--; /* the next object has the number of the skipped one */
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
		s->meta.seq_num++;
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
	const struct bpf_iter_seq_info *info = s->seq_info;
	u32 shown = 0;
	void *obj;
	int err;

	seq->from = 0;
	s->section++;
	obj = seq->op->start(seq, &seq->index);
	if (!obj)
		return show_end(s);
	if (IS_ERR(obj)) {
		seq->op->stop(seq, obj);
		return PTR_ERR(obj);
	}
	err = show_object(s, obj);
	while (!err) {
		shown++;
		if (info->show_ahead) {
			err = info->show_ahead(seq, obj, size, MAX_ITER_OBJECTS - shown, &shown);
			if (err)
				break;
		}
		if (bpf_run_is_awaited(run)) {
			bpf_run_renew(run);
			s->section++;
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

/* What a chunk has at least, unless the objects end: the rest is room for the last one. */
#define CHUNK_SIZE (BPF_ITER_BUFFER_SIZE / 4 * 3)

/* Have something in the buffer to give out: @size bytes or more, or what there is. */
static int fill(struct bpf_iter_session *s, size_t size)
{
	struct bpf_run_ctx run;
	int err;

	if (s->seq.count)
		return 0;
	bpf_run_begin(&run, s->rt);
	err = fill_buffer(s, size, &run);
	bpf_run_end(&run);
	return err;
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
	ssize_t ret;

	pthread_mutex_lock(&s->lock);
	ret = fill(s, size);
	if (!ret)
		ret = give_out(&s->seq, buf, size);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

ssize_t bpf_seq_next_chunk(struct bpf_iter_session *s, const void **chunk)
{
	ssize_t ret;

	pthread_mutex_lock(&s->lock);
	ret = fill(s, CHUNK_SIZE);
	if (!ret) {
		*chunk = s->seq.buf + s->seq.from;
		ret = s->seq.count;
		s->seq.count = 0;
	}
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
	s->meta.seq = &s->seq;
	s->seq_info = info;
	s->rt = prog->aux->rt;
	err = info->init_seq_private ? info->init_seq_private(s->target_private, aux, prog) : 0;
	if (err)
		goto free;
	bpf_prog_inc(prog);
	s->prog = prog;
	pthread_mutex_init(&s->lock, NULL);
	s->meta.session_id = atomic64_add_return(1, &s->rt->session_id);
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
