// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/* Programs that are attached without links: what a link tells of others is not known of these. Each
 * is one of its own, that only what it is attached to holds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "zoo.h"

enum { LOOPBACK = 1 };

static int by_socket(struct zoo *zoo, int prog)
{
	int socket_fd = socket(AF_INET, SOCK_DGRAM, 0);

	return setsockopt(socket_fd, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog));
}

static int by_group(struct zoo *zoo, int prog)
{
	int socket_fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	setsockopt(socket_fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	return setsockopt(socket_fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &prog, sizeof(prog));
}

static int by_cgroup(struct zoo *zoo, int prog)
{
	return bpf_prog_attach(prog, zoo->cgroup, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI);
}

static int by_sockmap(struct zoo *zoo, int prog)
{
	int map = bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "sockmap.parsed", 4, 8, 2, NULL);

	if (map < 0)
		return -1;
	zoo_map(zoo, map, "sockmap.parsed");
	return bpf_prog_attach(prog, map, BPF_SK_SKB_STREAM_VERDICT, 0);
}

/* Nobody is told what a socket map has, before Linux 5.18. */
static bool hides_programs(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "sockmap.asked", 4, 8, 2, NULL);
	__u32 nr = 0;
	bool hides = bpf_prog_query(map, BPF_SK_SKB_STREAM_VERDICT, 0, NULL, NULL, &nr) != 0;

	close(map);
	return hides;
}

static int by_filter(struct zoo *zoo, int prog)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = LOOPBACK, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = prog);
	int failed = bpf_tc_hook_create(&hook);

	return failed ? failed : bpf_tc_attach(&hook, &filter);
}

static int by_device(struct zoo *zoo, int prog)
{
	int device = zoo_device("veth", "zoo_xdp");

	return device < 0 ? device : bpf_xdp_attach(device, prog, 0, NULL);
}

static int by_event(struct zoo *zoo, int prog)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
	};
	int event = syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, PERF_FLAG_FD_CLOEXEC);

	return event < 0 ? event : ioctl(event, PERF_EVENT_IOC_SET_BPF, prog);
}

static const struct kind {
	const char *name;
	__u32 type, attach;
	int (*attach_it)(struct zoo *zoo, int prog);
} kinds[] = {
	{"by_socket", BPF_PROG_TYPE_SOCKET_FILTER, 0, by_socket},
	{"by_group", BPF_PROG_TYPE_SK_REUSEPORT, BPF_SK_REUSEPORT_SELECT, by_group},
	{"by_cgroup", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, by_cgroup},
	{"by_sockmap", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_VERDICT, by_sockmap},
	{"by_filter", BPF_PROG_TYPE_SCHED_CLS, 0, by_filter},
	{"by_device", BPF_PROG_TYPE_XDP, BPF_XDP, by_device},
	{"by_event", BPF_PROG_TYPE_PERF_EVENT, 0, by_event},
};

void zoo_attached(struct zoo *zoo)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct kind *kind = &kinds[i];
		const __u32 attach = zoo_has_attach_type(zoo, kind->attach) ? kind->attach : 0;
		LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach);
		int fd = bpf_prog_load(kind->type, kind->name, "GPL", program, 2, &options);
		int failed = fd < 0 ? fd : kind->attach_it(zoo, fd);
		json_t *told;

		if (failed) {
			json_object_set_new(
				zoo_skip(zoo, kind->name, failed == -1 ? errno : failed),
				"program_type", json_integer(kind->type));
		} else {
			told = zoo_program(zoo, fd, kind->name);
			json_object_set_new(told, "type", json_integer(kind->type));
			json_object_set_new(told, "attach_type", json_integer(attach));
			json_object_set_new(told, "sleepable", json_false());
			json_object_set_new(told, "btf", json_false());
			json_object_set_new(told, "attached", json_true());
			if (kind->attach_it == by_sockmap)
				json_object_set_new(told, "hidden", json_boolean(hides_programs()));
		}
		if (fd >= 0)
			close(fd);
	}
}
