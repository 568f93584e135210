// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/* Who holds an object: pins (two of one, with names that have to be escaped), and nothing but a
 * pin, a link or a program; two processes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "zoo.h"

#define BPF_FS "/sys/fs/bpf"
#define OTHER_FS BPF_FS "/an other\tone"

static int load(__u32 type, __u32 attach, const char *name, const struct bpf_insn *program,
		size_t nr)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach);
	int fd = bpf_prog_load(type, name, "GPL", program, nr, &options);

	if (fd < 0)
		zoo_fail("%s: %s", name, strerror(errno));
	return fd;
}

static json_t *tell(struct zoo *zoo, int fd, __u32 type, __u32 attach, const char *name)
{
	json_t *told = zoo_program(zoo, fd, name);

	json_object_set_new(told, "type", json_integer(type));
	json_object_set_new(told, "attach_type", json_integer(attach));
	json_object_set_new(told, "sleepable", json_false());
	json_object_set_new(told, "btf", json_false());
	return told;
}

static const struct bpf_insn returns_one[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
	{.code = BPF_JMP | BPF_EXIT},
};

static void make_pins(struct zoo *zoo)
{
	int twice = zoo_program_fd(zoo, "socket_filter_with_many_maps");
	int map = bpf_object__find_map_fd_by_name(zoo->object, "visits_of_programs");
	int prog = load(BPF_PROG_TYPE_XDP, 0, "only.pinned", returns_one, 2);
	int pinned_map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "only.pinned", 4, 4, 2, NULL);
	int link;

	if (mkdir(BPF_FS "/deep", 0700) || mkdir(BPF_FS "/deep/er", 0755) ||
	    mkdir(OTHER_FS, 0755) || mount("bpf", OTHER_FS, "bpf", 0, NULL))
		zoo_fail(BPF_FS ": %s", strerror(errno));
	zoo_pin(zoo, twice, "prog", BPF_FS "/prog");
	zoo_pin(zoo, twice, "prog", BPF_FS "/deep/er/prog again");
	zoo_pin(zoo, map, "map", BPF_FS "/deep/map");
	zoo_pin(zoo, map, "map", OTHER_FS "/\033[31m\"map\"\\");
	zoo_pin(zoo, prog, "prog", BPF_FS "/w\303\266rld");
	chmod(BPF_FS "/w\303\266rld", 0666);
	tell(zoo, prog, BPF_PROG_TYPE_XDP, 0, "only.pinned");
	close(prog);
	zoo_pin(zoo, pinned_map, "map", BPF_FS "/deep/only");
	zoo_map(zoo, pinned_map, "only.pinned");
	close(pinned_map);

	link = bpf_link_create(zoo_program_fd(zoo, "iterator_over_tasks_of_the_zoo"), 0,
			       BPF_TRACE_ITER, NULL);
	if (link < 0)
		zoo_fail("a link to pin: %s", strerror(errno));
	zoo_pin(zoo, link, "link", BPF_FS "/link");
	json_object_set_new(zoo_link(zoo, link, "only.pinned"), "type",
			    json_integer(BPF_LINK_TYPE_ITER));
	close(link);
}

static void make_held_by_link(struct zoo *zoo)
{
	int prog, link;

	if (zoo->cgroup < 0)
		return;
	prog = load(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, "only.linked", returns_one,
		    2);
	link = bpf_link_create(prog, zoo->cgroup, BPF_CGROUP_INET_EGRESS, NULL);
	if (link < 0)
		zoo_fail("a link to hold a program: %s", strerror(errno));
	tell(zoo, prog, BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, "only.linked");
	json_object_set_new(zoo_link(zoo, link, "holds.a.prog"), "type",
			    json_integer(BPF_LINK_TYPE_CGROUP));
	zoo_keep(zoo, link);
	close(prog);
}

static void make_held_by_program(struct zoo *zoo)
{
	int map = bpf_map_create(BPF_MAP_TYPE_HASH, "only.used", 4, 4, 2, NULL), prog;
	const struct bpf_insn program[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = 1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = map},
		{},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	if (map < 0)
		zoo_fail("a map: %s", strerror(errno));
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, 0, "holds.a.map", program, 4);
	tell(zoo, prog, BPF_PROG_TYPE_SOCKET_FILTER, 0, "holds.a.map");
	zoo_map(zoo, map, "only.used");
	zoo_keep(zoo, prog);
	close(map);
}

void zoo_held(struct zoo *zoo)
{
	make_pins(zoo);
	make_held_by_link(zoo);
	make_held_by_program(zoo);
}
