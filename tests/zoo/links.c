// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/*
 * Links, of every kind: to the loopback device and hooks of the zoo's own network namespace, to its
 * own cgroup, to a function of its own program, to kernel functions and tracepoints that hardly
 * ever run (those of BPF_PROG_TEST_RUN, settimeofday(2), quotactl(2)). Their programs return at
 * once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/perf_event.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "newer.h"
#include "zoo.h"

enum { LOOPBACK = 1, COOKIE = 0xc00c1e };

typedef int link_fn(struct zoo *zoo, int prog);

/* The kernel's own BPF_LINK_CREATE. Negative: errno. */
static int link_create(int prog, int target, __u32 attach, struct newer_link_create *more)
{
	more->prog_fd = prog;
	more->target_fd = target;
	more->attach_type = attach;
	return zoo_bpf(BPF_LINK_CREATE, more, sizeof(*more));
}

static int plain_link(int prog, int target, __u32 attach)
{
	return link_create(prog, target, attach, &(struct newer_link_create){});
}

static int own_netns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int trace(struct zoo *zoo, int prog)
{
	int fd = bpf_raw_tracepoint_open(NULL, prog);

	return fd < 0 ? -errno : fd;
}

/* By its own command, where the kernel has it for such programs: with a cookie. */
static int fexit(struct zoo *zoo, int prog)
{
	int fd = link_create(prog, 0, BPF_TRACE_FEXIT,
			     &(struct newer_link_create){.tracing = {.cookie = COOKIE}});

	return fd < 0 ? trace(zoo, prog) : fd;
}

static int raw_tracepoint(struct zoo *zoo, int prog)
{
	int fd = bpf_raw_tracepoint_open("bpf_test_finish", prog);

	return fd < 0 ? -errno : fd;
}

static int ingress(struct zoo *zoo, int prog)
{
	return plain_link(prog, zoo->cgroup, BPF_CGROUP_INET_INGRESS);
}

static int connect4(struct zoo *zoo, int prog)
{
	return plain_link(prog, zoo->cgroup, BPF_CGROUP_INET4_CONNECT);
}

static int connect_unix(struct zoo *zoo, int prog)
{
	return plain_link(prog, zoo->cgroup, NEWER_CGROUP_UNIX_CONNECT);
}

static int sysctl(struct zoo *zoo, int prog)
{
	return plain_link(prog, zoo->cgroup, BPF_CGROUP_SYSCTL);
}

static int lsm_cgroup(struct zoo *zoo, int prog)
{
	return plain_link(prog, zoo->cgroup, BPF_LSM_CGROUP);
}

static int iterate(int prog, const union bpf_iter_link_info *info)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = (void *)info,
		    .iter_info_len = info ? sizeof(*info) : 0);
	int fd = bpf_link_create(prog, 0, BPF_TRACE_ITER, &options);

	return fd < 0 ? -errno : fd;
}

static int iterate_all(struct zoo *zoo, int prog)
{
	return iterate(prog, NULL);
}

static int iterate_elements(struct zoo *zoo, int prog)
{
	int map = bpf_object__find_map_fd_by_name(zoo->object, "visits_of_programs");

	return iterate(prog, &(union bpf_iter_link_info){.map.map_fd = map});
}

static int iterate_cgroups(struct zoo *zoo, int prog)
{
	return iterate(prog, &(union bpf_iter_link_info){
				     .cgroup = {.order = BPF_CGROUP_ITER_DESCENDANTS_POST,
						.cgroup_fd = zoo->cgroup}});
}

static int iterate_own_files(struct zoo *zoo, int prog)
{
	return iterate(prog, &(union bpf_iter_link_info){.task.pid = getpid()});
}

static int iterate_own_thread(struct zoo *zoo, int prog)
{
	return iterate(prog, &(union bpf_iter_link_info){.task.tid = getpid()});
}

static int lookup(struct zoo *zoo, int prog)
{
	return plain_link(prog, own_netns(), BPF_SK_LOOKUP);
}

static int dissector(struct zoo *zoo, int prog)
{
	return plain_link(prog, own_netns(), BPF_FLOW_DISSECTOR);
}

/* On a device whose name has to be escaped, if one can be made. */
static int xdp(struct zoo *zoo, int prog)
{
	int device = zoo_device("veth", "zoo\033[31m");

	return plain_link(prog, device < 0 ? LOOPBACK : device, BPF_XDP);
}

static int tcx(struct zoo *zoo, int prog)
{
	return plain_link(prog, LOOPBACK, NEWER_TCX_INGRESS);
}

static int netkit(struct zoo *zoo, int prog)
{
	int device = zoo_device("netkit", "zoo_netkit");

	return device < 0 ? device : plain_link(prog, device, NEWER_NETKIT_PRIMARY);
}

static int netfilter(struct zoo *zoo, int prog)
{
	return link_create(prog, 0, NEWER_NETFILTER,
			   &(struct newer_link_create){.netfilter = {.pf = NFPROTO_IPV4,
								     .hooknum = NF_INET_LOCAL_OUT,
								     .priority = -128}});
}

static int sockmap(struct zoo *zoo, int prog)
{
	static int map;

	if (!map) {
		map = bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "sockmap.linked", 4, 4, 2, NULL);
		if (map < 0)
			return -errno;
		zoo_map(zoo, map, "sockmap.linked");
	}
	return plain_link(prog, map, BPF_SK_MSG_VERDICT);
}

static int software_event(__u64 config)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = config,
	};
	int fd = syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int perf_event(struct zoo *zoo, int prog)
{
	int event = software_event(PERF_COUNT_SW_DUMMY);

	return event < 0 ? event : plain_link(prog, event, BPF_PERF_EVENT);
}

/*
 * Those that libbpf makes are kept by the link that it makes; which on kernels without links of
 * events is none.
 */
static int link_of(struct bpf_link *link)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (!link)
		return -errno;
	if (!bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &size))
		return bpf_link__fd(link);
	bpf_link__destroy(link);
	return -EOPNOTSUPP;
}

static struct bpf_program *program_of(const struct zoo *zoo, const char *name)
{
	return bpf_object__find_program_by_name(zoo->object, name);
}

__attribute__((noinline, noclone)) void zoo_probed(void);
void zoo_probed(void)
{
	asm volatile("nop");
}

/* Where it is in the file that this process runs. */
static size_t probed_offset(void)
{
	size_t address = (size_t)zoo_probed, from, to, offset = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096], mode[8];
	unsigned long at;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%zx-%zx %7s %lx", &from, &to, mode, &at) == 4 &&
		    address >= from && address < to)
			offset = address - from + at;
	if (maps)
		fclose(maps);
	return offset;
}

static int any_uprobe(struct zoo *zoo, bool at_return)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = COOKIE, .retprobe = at_return);

	return link_of(bpf_program__attach_uprobe_opts(
		program_of(zoo, "kprobe_or_uprobe_of_the_zoo"), getpid(), "/proc/self/exe",
		probed_offset(), &options));
}

static int uprobe(struct zoo *zoo, int prog)
{
	return any_uprobe(zoo, false);
}

static int uretprobe(struct zoo *zoo, int prog)
{
	return any_uprobe(zoo, true);
}

static int uprobe_multi(struct zoo *zoo, int prog)
{
	static __u64 offset;
	char path[4096] = "";

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return -errno;
	offset = probed_offset();
	return link_create(
		prog, 0, NEWER_TRACE_UPROBE_MULTI,
		&(struct newer_link_create){.uprobe_multi = {.path = (unsigned long)path,
							     .offsets = (unsigned long)&offset,
							     .cnt = 1,
							     .pid = getpid()}});
}

static int any_kprobe(struct zoo *zoo, bool at_return)
{
	LIBBPF_OPTS(bpf_kprobe_opts, options, .bpf_cookie = COOKIE, .retprobe = at_return);

	return link_of(bpf_program__attach_kprobe_opts(
		program_of(zoo, "kprobe_or_uprobe_of_the_zoo"), "bpf_fentry_test3", &options));
}

static int kprobe(struct zoo *zoo, int prog)
{
	return any_kprobe(zoo, false);
}

static int kretprobe(struct zoo *zoo, int prog)
{
	return any_kprobe(zoo, true);
}

static int tracepoint(struct zoo *zoo, int prog)
{
	LIBBPF_OPTS(bpf_tracepoint_opts, options, .bpf_cookie = COOKIE);

	return link_of(bpf_program__attach_tracepoint_opts(program_of(zoo, "tracepoint_of_the_zoo"),
							   "syscalls", "sys_enter_settimeofday",
							   &options));
}

static int replacement(struct zoo *zoo, int prog)
{
	json_t *program;
	size_t i;
	int fd = -EOPNOTSUPP;

	/* freplace is of another object. */
	json_array_foreach (zoo->programs, i, program)
		if (json_integer_value(json_object_get(program, "type")) == BPF_PROG_TYPE_EXT)
			fd = bpf_prog_get_fd_by_id(
				json_integer_value(json_object_get(program, "id")));
	return fd < 0 ? fd : trace(zoo, fd);
}

static int kprobe_multi(struct zoo *zoo, int prog)
{
	const char *symbol = "bpf_fentry_test4";
	LIBBPF_OPTS(bpf_link_create_opts, options, .kprobe_multi = {.cnt = 1, .syms = &symbol});
	int fd = bpf_link_create(prog, 0, BPF_TRACE_KPROBE_MULTI, &options);

	return fd < 0 ? -errno : fd;
}

static int tracing_multi(struct zoo *zoo, int prog)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	__u32 ids[] = {
		btf__find_by_name_kind(kernel, "bpf_fentry_test6", BTF_KIND_FUNC),
		btf__find_by_name_kind(kernel, "bpf_fentry_test7", BTF_KIND_FUNC),
	};
	int fd = link_create(prog, 0, NEWER_TRACE_FENTRY_MULTI,
			     &(struct newer_link_create){
				     .tracing_multi = {.ids = (unsigned long)ids, .cnt = 2}});

	btf__free(kernel);
	return fd;
}

static const struct kind {
	const char *name;
	const char *program;
	__u32 type;
	link_fn *make;
} kinds[] = {
	{"raw_tp", "raw_tracepoint_that_takes_stacks", BPF_LINK_TYPE_RAW_TRACEPOINT,
	 raw_tracepoint},
	{"fentry", "fentry_on_a_test_function", BPF_LINK_TYPE_TRACING, trace},
	{"fexit", "fexit_on_a_test_function", BPF_LINK_TYPE_TRACING, fexit},
	{"fmod_ret", "fmod_ret_on_a_test_function", BPF_LINK_TYPE_TRACING, trace},
	{"fsession", "fsession_on_a_test_function", BPF_LINK_TYPE_TRACING, trace},
	{"tp_btf", "tp_btf_of_the_zoo_program", BPF_LINK_TYPE_RAW_TRACEPOINT, trace},
	{"lsm", "lsm_on_a_hook_that_hardly_runs", BPF_LINK_TYPE_TRACING, trace},
	{"lsm.s", "lsm_that_may_sleep_of_the_zoo", BPF_LINK_TYPE_TRACING, trace},
	{"freplace", "sched_cls_with_replaceable_function", BPF_LINK_TYPE_TRACING, replacement},
	{"cgroup_skb", "cgroup_ingress_with_storages", BPF_LINK_TYPE_CGROUP, ingress},
	{"connect4", "cgroup_connect4_of_the_zoo", BPF_LINK_TYPE_CGROUP, connect4},
	{"connect_unix", "cgroup_connect_unix_of_the_zoo", BPF_LINK_TYPE_CGROUP, connect_unix},
	{"sysctl", "cgroup_sysctl_of_the_zoo", BPF_LINK_TYPE_CGROUP, sysctl},
	{"lsm_cgroup", "lsm_cgroup_of_the_zoo", BPF_LINK_TYPE_CGROUP, lsm_cgroup},
	{"iter/task", "iterator_over_tasks_of_the_zoo", BPF_LINK_TYPE_ITER, iterate_all},
	{"iter/task tid", "iterator_over_tasks_of_the_zoo", BPF_LINK_TYPE_ITER, iterate_own_thread},
	{"iter/bpf_prog", "iterator_over_programs_of_the_zoo", BPF_LINK_TYPE_ITER, iterate_all},
	{"iter/bpf_map_elem", "iterator_over_elements_of_the_zoo", BPF_LINK_TYPE_ITER,
	 iterate_elements},
	{"iter/cgroup", "iterator_over_cgroups_of_the_zoo", BPF_LINK_TYPE_ITER, iterate_cgroups},
	{"iter/task_file", "iterator_over_files_of_the_zoo", BPF_LINK_TYPE_ITER, iterate_own_files},
	{"sk_lookup", "sk_lookup_of_the_zoo_program", BPF_LINK_TYPE_NETNS, lookup},
	{"flow_dissector", "flow_dissector_of_the_zoo", BPF_LINK_TYPE_NETNS, dissector},
	{"xdp", "xdp_that_passes_everything", BPF_LINK_TYPE_XDP, xdp},
	{"perf_event", "perf_event_of_the_zoo", BPF_LINK_TYPE_PERF_EVENT, perf_event},
	{"uprobe", "kprobe_or_uprobe_of_the_zoo", BPF_LINK_TYPE_PERF_EVENT, uprobe},
	{"kprobe", "kprobe_or_uprobe_of_the_zoo", BPF_LINK_TYPE_PERF_EVENT, kprobe},
	{"uretprobe", "kprobe_or_uprobe_of_the_zoo", BPF_LINK_TYPE_PERF_EVENT, uretprobe},
	{"kretprobe", "kprobe_or_uprobe_of_the_zoo", BPF_LINK_TYPE_PERF_EVENT, kretprobe},
	{"tracepoint", "tracepoint_of_the_zoo", BPF_LINK_TYPE_PERF_EVENT, tracepoint},
	{"kprobe_multi", "kprobe_multi_of_the_zoo", BPF_LINK_TYPE_KPROBE_MULTI, kprobe_multi},
	{"netfilter", "netfilter_hook_of_the_zoo", 10, netfilter},
	{"tcx", "tcx_ingress_of_the_zoo", 11, tcx},
	{"uprobe_multi", "uprobe_multi_of_the_zoo", 12, uprobe_multi},
	{"netkit", "netkit_primary_of_the_zoo", 13, netkit},
	{"tracing_multi", "fentry_on_many_functions", 15, tracing_multi},
	{"sockmap", "sk_msg_verdict_of_the_zoo", 14, sockmap},
};

/* As long as the name that it has in the object. */
static void rename_congestion(char *image, size_t size, const char *name)
{
	static const char original[] = "zoo_cong_000000";
	char *at = memmem(image, size, original, sizeof(original));

	if (!at)
		zoo_fail("the congestion control has another name");
	memcpy(at, name, strlen(name));
}

static struct bpf_object *load_congestion(const char *image, size_t size, __u32 flags)
{
	struct bpf_object *object = bpf_object__open_mem(image, size, NULL);
	struct bpf_map *map = object ? bpf_object__next_map(object, NULL) : NULL;
	int why;

	if (!map || bpf_map__set_map_flags(map, flags))
		zoo_fail("the congestion control: %s", strerror(errno));
	if (!bpf_object__load(object))
		return object;
	why = errno;
	bpf_object__close(object);
	errno = why;
	return NULL;
}

/* struct_ops: a TCP congestion control of its own name, which nobody asks for. */
static void congestion(struct zoo *zoo)
{
	static char image[256 * 1024], path[4096], name[32];
	struct newer_link_create attr = {.attach_type = NEWER_STRUCT_OPS};
	struct bpf_program *program;
	struct bpf_object *object;
	struct bpf_map *map;
	bool has_links = true;
	json_t *told;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/congestion.bpf.o", zoo->objects);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = read(fd, image, sizeof(image));
	if (size <= 0 || size == sizeof(image))
		zoo_fail("%s: %s", path, strerror(errno));
	close(fd);
	snprintf(name, sizeof(name), "zoo_cong_%06d", getpid() % 1000000);
	rename_congestion(image, size, name);
	object = load_congestion(image, size, NEWER_F_LINK);
	if (!object) {
		has_links = false;
		object = load_congestion(image, size, 0);
	}
	if (!object) {
		told = zoo_skip(zoo, "struct_ops", errno);
		json_object_set_new(told, "program_type", json_integer(BPF_PROG_TYPE_STRUCT_OPS));
		json_object_set_new(told, "map_type", json_integer(BPF_MAP_TYPE_STRUCT_OPS));
		json_object_set_new(told, "link_type", json_integer(BPF_LINK_TYPE_STRUCT_OPS));
		return;
	}
	map = bpf_object__next_map(object, NULL);
	told = zoo_map(zoo, bpf_map__fd(map), bpf_map__name(map));
	json_object_set_new(told, "congestion", json_boolean(has_links));
	bpf_object__for_each_program(program, object)
	{
		told = zoo_program(zoo, bpf_program__fd(program), bpf_program__name(program));
		json_object_set_new(told, "type", json_integer(BPF_PROG_TYPE_STRUCT_OPS));
		json_object_set_new(told, "btf", json_true());
		json_object_set_new(told, "sleepable", json_false());
	}
	/* Gives the kernel the functions; with BPF_F_LINK that does not register them yet. Without,
	 * it does, until somebody takes it back: a zoo that is killed would leave it there.
	 */
	if (has_links && !bpf_map__attach_struct_ops(map))
		zoo_fail("struct_ops: %s", strerror(errno));
	attr.prog_fd = bpf_map__fd(map);
	fd = has_links ? zoo_bpf(BPF_LINK_CREATE, &attr, sizeof(attr)) : -EOPNOTSUPP;
	if (fd < 0)
		json_object_set_new(zoo_skip(zoo, "a link of struct_ops", fd), "link_type",
				    json_integer(BPF_LINK_TYPE_STRUCT_OPS));
	else
		json_object_set_new(zoo_link(zoo, fd, "struct_ops"), "type",
				    json_integer(BPF_LINK_TYPE_STRUCT_OPS));
}

void zoo_links(struct zoo *zoo)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct kind *kind = &kinds[i];
		int prog = zoo_program_fd(zoo, kind->program), fd;
		json_t *told;

		fd = prog < 0 ? prog : kind->make(zoo, prog);
		if (fd < 0) {
			char what[64];

			snprintf(what, sizeof(what), "a link of %s", kind->name);
			json_object_set_new(zoo_skip(zoo, what, fd), "link_type",
					    json_integer(kind->type));
			continue;
		}
		told = zoo_link(zoo, fd, kind->name);
		json_object_set_new(told, "type", json_integer(kind->type));
		json_object_set_new(told, "program", json_string(kind->program));
	}
	congestion(zoo);
}
