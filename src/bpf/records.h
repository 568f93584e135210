/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the shipped iterators write: binary records, one or more for each object. An object's record
 * comes first, its texts and lists follow it. All of one object are written in one call of the
 * program, so that a read(2) of the iterator ends between two objects.
 *
 * A record says how long it is, and a reader steps over kinds that it does not know. Fields of an
 * object that not every engine has are there if their bit is set in @present. What is written in
 * another version is not to be read at all. Numbers are in the order of the host.
 */
#ifndef BPF_RECORDS_H
#define BPF_RECORDS_H

#define RECORDS_VERSION 1

/* The longest text, with its NUL; the rest is cut. */
#define RECORD_TEXT_MAX 192

/* BPF_OBJ_NAME_LEN, of <linux/bpf.h>, which BPF programs include or not. */
#define RECORD_NAME_LEN 16

enum record_kind {
	RECORD_PROGRAM = 1,
	RECORD_MAP = 2,
	RECORD_LINK = 3,
	RECORD_HOLDER = 4,
	RECORD_BTF = 5,	   /* only in a holder_record: BTFs have no iterator */
	RECORD_INSIDE = 6, /* more of a program that is known */
	/* Of the program before it. */
	RECORD_NAME = 16,      /* text: the whole name, where the engine cuts it */
	RECORD_ATTACH_TO = 17, /* text */
	RECORD_USED_MAPS = 18, /* list of ids, @present of them */
};

/* A program may use as many when it is loaded. More can be bound to it then. */
#define RECORD_MAPS_MAX 64

struct record {
	__u16 size; /* bytes of all of it, a multiple of 8 */
	__u8 version;
	__u8 kind;
	__u32 present;
};

/* Bits of program_record.head.present. */
enum {
	PROGRAM_HAS_SLEEPABLE = 1 << 0,
	PROGRAM_HAS_VERIFIED_INSNS = 1 << 1,
	PROGRAM_HAS_BYTES_JITED = 1 << 2,
	PROGRAM_HAS_ATTACH = 1 << 3, /* attach_btf_obj_id, attach_prog_id */
	PROGRAM_HAS_STATS = 1 << 4,
	PROGRAM_HAS_MISSES = 1 << 5,
	PROGRAM_HAS_REFCNT = 1 << 6,
	PROGRAM_HAS_PAGES = 1 << 7,
	PROGRAM_HAS_ATTACH_TYPE = 1 << 8,
	PROGRAM_HAS_UID = 1 << 9,
	PROGRAM_HAS_IFINDEX = 1 << 10,
	/* By whom the types of attach_btf_obj_id are, the kernel or a program, is not told. */
	PROGRAM_HIDES_ATTACH_PROG = 1 << 11,
	PROGRAM_HAS_ATTACH_ID = 1 << 12, /* attach_btf_id */
	/* RECORD_USED_MAPS does not follow, for there are too many. */
	PROGRAM_HAS_MANY_MAPS = 1 << 13,
};

struct program_record {
	struct record head;
	__u32 id;
	__u32 type;
	__u32 attach_type;
	__u8 gpl_compatible, jited, sleepable;
	__u8 offloaded; /* to a device, which only bpf(2) names */
	__u32 insns;	/* after verification */
	__u32 bytes_jited;
	/* Of its functions, if it has several: those are its native code then. */
	__u32 funcs, funcs_jited;
	__u32 max_funcs; /* with more of them, funcs_jited is not all */
	__u32 pages;
	__u32 verified_insns;
	__u32 uid;
	__u32 btf_id;
	__u32 attach_btf_id;
	__u32 attach_btf_obj_id;
	__u32 attach_prog_id, attach_prog_btf_id; /* what it traces or replaces, and its types */
	__u32 ifindex;
	__u8 tag[8];
	char name[RECORD_NAME_LEN];
	__u64 load_time;
	__u64 refcnt; /* without the one of the iterator */
	__u64 run_cnt, run_time_ns, recursion_misses;
};

/* What bpf(2) does not tell. The only bit of @head.present is PROGRAM_HAS_SLEEPABLE. */
struct inside_record {
	struct record head;
	__u32 id;
	__u32 attach_type;
	__u32 attach_prog_id;
	__u32 pages;
	__u64 refcnt; /* without the one of the iterator */
	__u8 sleepable;
	char attach_to[RECORD_TEXT_MAX + 7]; /* "": to nothing that has a name */
};

/* Bits of map_record.head.present. */
enum {
	MAP_HAS_ELEMENTS = 1 << 0,
	MAP_HAS_EXTRA = 1 << 1,
	MAP_HAS_FROZEN = 1 << 2,
	MAP_HAS_COUNTS = 1 << 3, /* refcnt, usercnt */
	MAP_HAS_BTF = 1 << 4,	 /* btf_key_type_id, btf_value_type_id and vmlinux' */
	MAP_HAS_IFINDEX = 1 << 5,
};

struct map_record {
	struct record head;
	__u32 id;
	__u32 type;
	__u32 key_size, value_size, max_entries;
	__u32 flags;
	__u32 frozen;
	__u32 btf_id;
	__u32 btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
	__u32 ifindex;
	char name[RECORD_NAME_LEN];
	__u64 map_extra;
	__u64 elements;
	__u64 refcnt, usercnt; /* without those of the iterator */
};

/* Bits of link_record.head.present. */
enum {
	LINK_HAS_TARGET_PROG = 1 << 0,
	LINK_HAS_MAP = 1 << 1,
};

struct link_record {
	struct record head;
	__u32 id;
	__u32 type;
	__u32 prog_id;
	__u32 target_prog_id; /* that it traces or replaces; 0: none */
	__u32 map_id;	      /* whose elements it iterates over; 0: none */
	__u32 unused;
};

/* One open file; a process has one for each of its descriptors. */
struct holder_record {
	struct record head;
	__u32 object; /* RECORD_PROGRAM, RECORD_MAP, RECORD_LINK, or RECORD_BTF */
	__u32 id;
	__u32 pid;
	__u32 unused;
	char comm[16];
};

/* RECORD_NAME, RECORD_ATTACH_TO: the text with its NUL, and what fills it up to head.size. */
struct text_record {
	struct record head;
	char text[RECORD_TEXT_MAX + 8];
};

/* RECORD_USED_MAPS: head.present ids, and what fills it up to head.size. */
struct list_record {
	struct record head;
	__u32 ids[];
};

#endif /* BPF_RECORDS_H */
