/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Opening and loading BPF objects with libbpf, and saying in one line why it did not work. */
#ifndef CLI_OBJECT_H
#define CLI_OBJECT_H

#include <bpf/libbpf.h>

/* Open @path, which the caller closes with bpf_object__close(). */
int open_object(const char *path, struct bpf_object **obj);

/* Whether the types in @path may be worked with: 0, or the exit status. */
int check_object_btf(const char *path);

/* Load it into the engine: its maps, and the programs whose autoload is set. */
int load_object(struct bpf_object *obj, const char *path);

/* How that went. */
struct load_error {
	int err;		  /* errno; 0: it is loaded */
	struct bpf_program *prog; /* which @why is about; NULL: @why says it itself */
	char why[768];		  /* one line: the reason, and what to do */
	char verdict[256]; /* the verifier's reason; "": it is not the verifier that refused */
	const char *told;  /* where in @log the verifier tells it; NULL: it does not */
	char *log;	   /* of the verifier, the caller's to free */
};

/* bpf(2)'s levels of the log. */
enum { LOG_ERROR = 1, LOG_WALK = 2, LOG_NUMBERS = 4 };

/*
 * The same, without saying it. @log_level: of those above; 0: of a refusal only. -ENOMEM: no room
 * for the log, nothing was loaded.
 */
int try_load(struct bpf_object *obj, __u32 log_level, struct load_error *error);

/* The target of iterator program @prog ("bpf_map_elem"), or NULL if it is none. */
const char *iterator_target(const struct bpf_program *prog);

#endif /* CLI_OBJECT_H */
