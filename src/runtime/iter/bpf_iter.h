/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BPF iterators: programs that are shown the objects of the runtime one by one and write what they
 * like. A target registers how its objects are walked; a link attaches a program to a target; a
 * session reads (kernel/bpf/bpf_iter.c; the names are its names).
 */
#ifndef ITER_BPF_ITER_H
#define ITER_BPF_ITER_H

#include <sys/types.h>

#include "base/bpf_types.h"
#include "iter/seq_file.h"
#include "iter/targets.h"
#include "prog/kfunc.h"
#include "verifier/verifier.h"

#define BPF_ITER_CTX_ARG_MAX 2
#define BPF_ITER_BUFFER_SIZE (8u * 4096)
#define MAX_ITER_OBJECTS 1000000

/* What a link is attached to beside its target. */
struct bpf_iter_aux_info {
	struct bpf_map *map; /* a reference */
};

struct bpf_iter_seq_info {
	const struct seq_operations *seq_ops;
	/* @prog: what the session will run. */
	int (*init_seq_private)(void *priv_data, const struct bpf_iter_aux_info *aux,
				const struct bpf_prog *prog);
	void (*fini_seq_private)(void *priv_data);
	/*
	 * @v has been shown. Go on, as next and show would, with what is at hand, @max objects at
	 * most: until the output has @size bytes, or anybody waits for this run. 0, or what show
	 * said, of an object whose output is undone then. How many were shown is added to *@shown.
	 * For targets whose objects are many and small. NULL: next and show do all.
	 */
	int (*show_ahead)(struct seq_file *seq, void *v, size_t size, u32 max, u32 *shown);
	u32 seq_priv_size;
};

struct bpf_iter_reg {
	const char *target;
	/* Check @linfo, fill @aux; 0 or -errno. @map_get turns linfo's handle into a map. */
	int (*attach_target)(struct bpf_prog *prog, union bpf_iter_link_info *linfo,
			     struct bpf_iter_aux_info *aux,
			     struct bpf_map *(*map_get)(void *arg, int fd), void *arg);
	void (*detach_target)(struct bpf_iter_aux_info *aux);
	/* May @prog run over what @aux names? Asked when a link gets its first or another program.
	 * NULL: any may. */
	int (*check_prog)(const struct bpf_prog *prog, const struct bpf_iter_aux_info *aux);
	void (*show_fdinfo)(const struct bpf_iter_aux_info *aux, struct seq_file *seq);
	int (*fill_link_info)(const struct bpf_iter_aux_info *aux, struct bpf_link_info *info);
	u32 ctx_arg_info_size;
	struct bpf_ctx_arg_aux ctx_arg_info[BPF_ITER_CTX_ARG_MAX];
	const struct bpf_iter_seq_info *seq_info;
};

#define BPF_ITER_REG_DECLARE(target, args) extern const struct bpf_iter_reg target##_reg_info;
#define BPF_ITER_NO_ARG(type, name)
BPF_ITER_TARGETS(BPF_ITER_REG_DECLARE, BPF_ITER_NO_ARG)

/* bpf_map_sum_elem_count (iter/map_iter.c), for programs of every type. */
extern const struct btf_kfunc_id_set bpf_map_iter_kfunc_set;

/* The target whose function bpf_iter_NAME is @prog's attach function; NULL. */
const struct bpf_iter_reg *bpf_iter_target_of(const struct bpf_prog *prog);
/* Does a target carry the name of @prog's attach function (bpf_iter_NAME)? Then give the program
 * the target's context argument types. -EINVAL if not. */
int bpf_iter_prog_supported(struct bpf_prog *prog);

/* --- links ---------------------------------------------------------------------------------- */

struct bpf_link_ops {
	/* The last reference is gone. Frees @link after a grace period. */
	void (*release)(struct bpf_link *link);
	int (*detach)(struct bpf_link *link);
	int (*update_prog)(struct bpf_link *link, struct bpf_prog *new_prog,
			   struct bpf_prog *old_prog);
	void (*show_fdinfo)(const struct bpf_link *link, struct seq_file *seq);
	/* @info holds what the caller gave, so that strings can be copied to its pointers. */
	int (*fill_link_info)(const struct bpf_link *link, struct bpf_link_info *info);
};

/* Set up a link: one reference, no id. Takes the caller's reference on @prog over. */
void bpf_link_init(struct bpf_link *link, enum bpf_link_type type, const struct bpf_link_ops *ops,
		   struct bpf_prog *prog);
/* Let it be found by id. */
int bpf_link_alloc_id(struct bpf_link *link);
/* Its program, with a reference. */
struct bpf_prog *bpf_link_prog_get(struct bpf_link *link);
/* The text of /proc/PID/fdinfo/FD. */
void bpf_link_show_fdinfo(const struct bpf_link *link, struct seq_file *seq);
void bpf_link_inc(struct bpf_link *link);
void bpf_link_put(struct bpf_link *link);
struct bpf_link *bpf_link_by_id(struct trek_runtime *rt, u32 id);
struct bpf_link *bpf_link_get_curr_or_next(struct trek_runtime *rt, u32 *id);

/* BPF_LINK_CREATE of an iterator program: a link with one reference and an id; ERR_PTR. Takes a
 * reference on @prog. attr->link_create.iter_info is a user pointer. */
struct bpf_link *bpf_iter_link_attach(struct bpf_prog *prog, const union bpf_attr *attr,
				      struct bpf_map *(*map_get)(void *arg, int fd), void *arg);
bool bpf_link_is_iter(const struct bpf_link *link);
/* The target of an iterator link and what it is attached to. */
const struct bpf_iter_reg *bpf_iter_link_target(const struct bpf_link *link,
						const struct bpf_iter_aux_info **aux);

/* --- sessions ------------------------------------------------------------------------------- */

/* Open one that runs @prog (a reference is taken) over the objects that @info walks, attached to
 * @aux; ERR_PTR(-ENOMEM, or what init_seq_private said). */
struct bpf_iter_session *bpf_iter_session_new(struct bpf_prog *prog,
					      const struct bpf_iter_seq_info *info,
					      const struct bpf_iter_aux_info *aux);
/* Open one on @link; ERR_PTR(-EINVAL: no iterator link, -ENOMEM). */
struct bpf_iter_session *bpf_iter_session_open(struct bpf_link *link);
/* read(2). One read at a time: others wait. @buf is caller memory (-EFAULT). */
ssize_t bpf_seq_read(struct bpf_iter_session *session, u64 buf, size_t size);
/* The same without a copy: how much there is at *@chunk, until the next call for this session. */
ssize_t bpf_seq_next_chunk(struct bpf_iter_session *session, const void **chunk);
void bpf_iter_session_close(struct bpf_iter_session *session);

#endif /* ITER_BPF_ITER_H */
