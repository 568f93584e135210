/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What an engine has: programs, maps, links and BTFs, which of them refer to which, where they are
 * pinned, and which processes hold them. One look at it, taken at once; what comes or goes
 * meanwhile may be missed or be there in part (a reference to an id that is not listed).
 *
 * Most of it is read from the shipped iterators (src/bpf), one read(2) for hundreds of objects.
 * What an iterator cannot tell, or an engine without iterators, is asked with bpf(2), object by
 * object; what cannot be found out at all is UNKNOWN, and objects->left_out says why.
 */
#ifndef CLI_OBJECTS_H
#define CLI_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/types.h>

/* A number that is not known; names and texts are NULL then. */
#define UNKNOWN UINT64_MAX

enum object_kind { OBJECT_PROGRAM, OBJECT_MAP, OBJECT_LINK, OBJECT_BTF, NR_OBJECT_KINDS };

/* "prog", "map", "link", "btf": as the commands are called. */
extern const char *const object_kind_names[NR_OBJECT_KINDS];

struct program {
	__u32 id;
	__u32 type;	   /* BPF_PROG_TYPE_* */
	__u64 attach_type; /* BPF_*: expected_attach_type */
	const char *name;  /* of the function in its BTF, else what the engine cut at 15 bytes */
	__u8 tag[8];
	bool gpl_compatible;
	bool jited;
	__u64 sleepable; /* 0, 1 */
	__u64 bytes_xlated;
	__u64 bytes_jited;
	__u64 bytes_memlock;
	__u64 verified_insns; /* instructions that the verifier went through */
	__u64 load_time;      /* nanoseconds since the engine's host started */
	__u64 uid;
	__u64 btf_id; /* 0: none */
	__u64 attach_btf_id, attach_btf_obj_id;
	const char *attach_to; /* the function, hook or target that it is made for; NULL: none */
	__u64 attach_prog_id;  /* the program that it traces or replaces; 0: none, or one that only
				* its link says, where links are not wanted */
	const __u32 *map_ids;  /* of the maps that it uses, as the engine orders them */
	size_t nr_map_ids;
	bool has_many_maps; /* more than the record could hold */
	__u64 ifindex;	    /* of the device that it is offloaded to; 0: none */
	__u64 run_cnt, run_time_ns, recursion_misses; /* counted while statistics are on */
	__u64 refcnt; /* references that the engine counts, those of this look not */
};

struct map {
	__u32 id;
	__u32 type; /* BPF_MAP_TYPE_* */
	const char *name;
	__u32 key_size, value_size, max_entries;
	__u32 flags;
	__u64 frozen;		 /* 0, 1 */
	__u64 elements;		 /* now */
	bool counted_by_reading; /* not by the engine; objects_gather() never does */
	__u64 bytes_memlock;
	__u64 btf_id; /* 0: none */
	__u64 btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
	__u64 ifindex;
	__u64 map_extra;
	__u64 owner_prog_type, owner_jited; /* of a PROG_ARRAY */
	__u64 refcnt, usercnt;
};

struct link {
	__u32 id;
	__u32 type;    /* BPF_LINK_TYPE_* */
	__u32 prog_id; /* 0: none */
	/* As bpf(2) tells it; size 0: not asked for, or not known. */
	const void *info; /* struct link_info, or as much of it as there is: link_info.h */
	size_t info_size;
	const char *text;     /* tp_name, target_name, function names ...; NULL: none */
	__u64 target_prog_id; /* that it traces or replaces; 0: none */
	__u64 map_id; /* whose elements it iterates over, that it registers or is on; 0: none */
};

struct btf_object {
	__u32 id;
	const char *name; /* "vmlinux", of a module; "": of a program */
	__u64 size;	  /* bytes */
	bool kernel;	  /* the kernel's own, or a module's */
};

/* Why an object is there: another one refers to it. */
struct reference {
	enum object_kind from, to;
	__u32 from_id, to_id;
	enum reference_reason {
		USES_MAP,    /* program -> map */
		ATTACHES,    /* link -> program; link -> map of struct_ops or sockets */
		ITERATES,    /* link -> map: an iterator of its elements */
		TARGETS,     /* program -> program: which it traces or replaces */
		HAS_ELEMENT, /* map -> program, map or link: a tail call, an inner map, struct_ops
			      */
		HAS_TYPES,   /* program or map -> BTF */
	} why;
};

/* A process that has descriptors of an object. */
struct holder {
	enum object_kind kind;
	__u32 id;
	__u32 pid;
	__u32 fds; /* how many */
	char comm[16];
};

struct pin {
	enum object_kind kind;
	__u32 id;
	const char *path;
	mode_t mode; /* of the file */
	uid_t uid;
	gid_t gid;
};

/* What to gather; each costs time. */
enum objects_wanted {
	WANT_PROGRAMS = 1 << 0,
	WANT_MAPS = 1 << 1,
	WANT_LINKS = 1 << 2,
	WANT_BTFS = 1 << 3,
	WANT_HOLDERS = 1 << 4,	    /* goes through all descriptors of all processes */
	WANT_PINS = 1 << 5,	    /* goes through all bpf file systems that are mounted here */
	WANT_ELEMENTS = 1 << 6,	    /* map.elements */
	WANT_MEMORY = 1 << 7,	    /* bytes_memlock */
	WANT_LINK_INFO = 1 << 8,    /* link.info: asks for each link */
	WANT_HELD_BY_MAPS = 1 << 9, /* references HAS_ELEMENT: reads program arrays, maps of maps */
	WANT_STATISTICS = 1 << 10,  /* run_cnt and the like also where there are hundreds of
				       programs and statistics are off */
	WANT_HOLDERS_OF_FEW = 1 << 11, /* WANT_HOLDERS, where no more than 1,000 programs, maps and
					  links are wanted and found;
					  otherwise WANT_HOLDERS is missing */
	WANT_FOR_LINKS = 1 << 12,      /* links, and of programs and maps no more than those that
					  links name, and where there is no link, no holder either:
					  on a small host that is quicker */
	WANT_INSIDE = 1 << 13,	       /* what only an iterator sees: attach_type, sleepable, refcnt
					  and attach_prog_id of programs, target_prog_id of links.
					  Where there are few, all else is quicker without one */
	WANT_ATTACH_TO = 1 << 14,      /* attach_to of programs; known without where an iterator
					  looks at them */
};

/* All arrays are in the order of their first members: by id, or as said. */
struct objects {
	struct program *programs;
	struct map *maps;
	struct link *links;
	struct btf_object *btfs;
	size_t nr_programs, nr_maps, nr_links, nr_btfs;

	struct reference *references; /* by to, to_id */
	struct holder *holders;	      /* by kind, id, pid */
	struct pin *pins;	      /* by kind, id, path */
	size_t nr_references, nr_holders, nr_pins;

	bool statistics;    /* run_cnt and run_time_ns are being counted now */
	__u64 boot_time_ns; /* when load_time was 0, since 1970 */

	/* What could not be found out, and why: lines for standard error. */
	const char **left_out;
	size_t nr_left_out;
	/*
	 * What was wanted and is not known or not whole, as a set of enum objects_wanted: that
	 * nothing of it is listed for an object says nothing. WANT_HOLDERS: which processes hold
	 * what is not known here. An engine in this process has neither holders nor pins that are
	 * worth a line in left_out.
	 */
	unsigned int missing;

	struct arena *arena; /* where names and arrays live */
};

/*
 * Look at the engine that is started (engine.h). @wanted: a set of enum objects_wanted. The exit
 * status; what could be found out is in @objects, which is given up with objects_free() in any
 * case.
 */
int objects_gather(unsigned int wanted, struct objects *objects);
void objects_free(struct objects *objects);

/* Those with this id, or NULL. */
const struct program *objects_program(const struct objects *objects, __u32 id);
const struct map *objects_map(const struct objects *objects, __u32 id);
const struct link *objects_link(const struct objects *objects, __u32 id);
const struct btf_object *objects_btf(const struct objects *objects, __u32 id);

/* Those of one object: the first, and how many there are. */
const struct reference *objects_references(const struct objects *objects, enum object_kind kind,
					   __u32 id, size_t *nr);
const struct holder *objects_holders(const struct objects *objects, enum object_kind kind, __u32 id,
				     size_t *nr);
const struct pin *objects_pins(const struct objects *objects, enum object_kind kind, __u32 id,
			       size_t *nr);

/*
 * A program array without a reference of user space has been emptied (prog_array_map_clear()). It
 * is better not opened: with the descriptor goes the last such reference once more, and of two that
 * go shortly after each other Linux 6.18 loses a reference to the map, which then never goes.
 */
bool map_is_emptied(const struct map *map);

/* "hash", "xdp", "tracing": as libbpf and bpftool write them; "type 99" if they do not know it. */
const char *map_type_name(__u32 type);
const char *program_type_name(__u32 type);
const char *link_type_name(__u32 type);
const char *attach_type_name(__u32 type);

#endif /* CLI_OBJECTS_H */
