/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A zoo: BPF objects of every kind that the kernel makes, for what lists them to be held against.
 *
 * All of it lives in a network namespace, a mount namespace and a cgroup of its own, and goes with
 * the process. What this kernel lacks is skipped with a reason: a number of a kind that it does not
 * know, an option that it was built without.
 *
 * Each file fills one house, and tells what it made: zoo_program() and so on return the JSON object
 * of the one that was made, for more to be said of it. The kernel's own words on it (struct
 * bpf_*_info) are added at the end.
 */
#ifndef ZOO_H
#define ZOO_H

#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>

#include <linux/bpf.h>

#include <bpf/libbpf.h>
#include <jansson.h>

struct zoo {
	json_t *programs, *maps, *links, *btfs; /* arrays of objects, each with "id" */
	json_t *pins;				/* {"path", "kind", "id"} */
	json_t *skipped;			/* {"what", "why"} */
	json_t *enums;				/* the kernel's types, numbers by names */
	bool iterates_links;			/* the kernel has an iterator over links */
	bool counts_hashes;			/* the kernel counts the elements of hashes */
	bool keeps_info;     /* bpf(2) leaves in a struct bpf_map_info what it has no value for */
	const char *objects; /* directory of the .bpf.o */
	int cgroup;	     /* an empty one: descriptor, and its id */
	__u64 cgroup_id;
	int kept[16]; /* what the second process holds, too */
	int nr_kept;
	struct bpf_object *object; /* of programs.bpf.c, loaded */
};

/* What is wrong with the zoo itself, not with this kernel: ends it. */
_Noreturn __attribute__((format(printf, 1, 2))) void zoo_fail(const char *format, ...);

/* For libbpf to warn with. */
int zoo_note(enum libbpf_print_level level, const char *format, va_list args);

/* This kernel does not make it. @error: negative or positive errno. */
json_t *zoo_skip(struct zoo *zoo, const char *what, int error);

/* The object goes into the listing. @fd stays the caller's. */
json_t *zoo_program(struct zoo *zoo, int fd, const char *name);
json_t *zoo_map(struct zoo *zoo, int fd, const char *name);
json_t *zoo_link(struct zoo *zoo, int fd, const char *name);
json_t *zoo_btf(struct zoo *zoo, int fd, const char *name);
void zoo_pin(struct zoo *zoo, int fd, const char *kind, const char *path);
void zoo_keep(struct zoo *zoo, int fd);

/* What the kernel says of each object; opens it by its id. */
void zoo_infos(struct zoo *zoo);

__u32 zoo_id(int fd);

/* A program of programs.bpf.c; negative: this kernel does not load it. */
int zoo_program_fd(const struct zoo *zoo, const char *name);

/* Whether the kernel knows this attach type. */
bool zoo_has_attach_type(const struct zoo *zoo, __u32 attach);

/* A network device of this kind in the zoo's own network: its index, or negative errno. */
int zoo_device(const char *kind, const char *name);

/* bpf(2), with what this system's headers do not declare yet (newer.h). */
long zoo_bpf(int cmd, const void *attr, unsigned int size);

/* The houses. */
void zoo_programs(struct zoo *zoo);
void zoo_maps(struct zoo *zoo);
void zoo_values(struct zoo *zoo);
void zoo_types(struct zoo *zoo);
void zoo_links(struct zoo *zoo);
void zoo_attached(struct zoo *zoo);
void zoo_held(struct zoo *zoo);

#endif /* ZOO_H */
