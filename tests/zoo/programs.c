// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/*
 * Programs: of every type and attach type twice, once from C with BTF and a long name, once as two
 * instructions with neither. The two instructions are loaded first: where they are refused, this
 * kernel lacks the type. Where they are not, the other has to load, too.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "newer.h"
#include "zoo.h"

static const struct kind {
	const char *name; /* in programs.bpf.c */
	__u32 type;
	__u32 attach;
	int result;
	const char *target; /* in the kernel's BTF */
	__u32 flags;
} kinds[] = {
	{"socket_filter_with_many_maps", BPF_PROG_TYPE_SOCKET_FILTER, 0, 0},
	{"kprobe_or_uprobe_of_the_zoo", BPF_PROG_TYPE_KPROBE, 0, 0},
	{"uprobe_multi_of_the_zoo", BPF_PROG_TYPE_KPROBE, NEWER_TRACE_UPROBE_MULTI, 0},
	{"kprobe_multi_of_the_zoo", BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI, 0},
	{"sched_cls_with_replaceable_function", BPF_PROG_TYPE_SCHED_CLS, 0, 0},
	{"tcx_ingress_of_the_zoo", BPF_PROG_TYPE_SCHED_CLS, NEWER_TCX_INGRESS, 0},
	{"netkit_primary_of_the_zoo", BPF_PROG_TYPE_SCHED_CLS, NEWER_NETKIT_PRIMARY, 0},
	{"sched_act_of_the_zoo", BPF_PROG_TYPE_SCHED_ACT, 0, 0},
	{"tracepoint_of_the_zoo", BPF_PROG_TYPE_TRACEPOINT, 0, 0},
	{"xdp_that_passes_everything", BPF_PROG_TYPE_XDP, BPF_XDP, 2},
	{"xdp_that_knows_fragments", BPF_PROG_TYPE_XDP, BPF_XDP, 2, NULL, BPF_F_XDP_HAS_FRAGS},
	{"xdp_in_a_slot_of_a_devmap", BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, 2},
	{"xdp_in_a_slot_of_a_cpumap", BPF_PROG_TYPE_XDP, BPF_XDP_CPUMAP, 2},
	{"perf_event_of_the_zoo", BPF_PROG_TYPE_PERF_EVENT, 0, 0},
	{"cgroup_ingress_with_storages", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, 1},
	{"cgroup_egress_of_the_zoo", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, 1},
	{"cgroup_sock_create_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
	 1},
	{"cgroup_sock_release_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE,
	 1},
	{"cgroup_post_bind4_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND, 1},
	{"cgroup_post_bind6_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET6_POST_BIND, 1},
	{"lwt_in_of_the_zoo_program", BPF_PROG_TYPE_LWT_IN, 0, 0},
	{"lwt_out_of_the_zoo_program", BPF_PROG_TYPE_LWT_OUT, 0, 0},
	{"lwt_xmit_of_the_zoo_program", BPF_PROG_TYPE_LWT_XMIT, 0, 0},
	{"lwt_seg6local_of_the_zoo", BPF_PROG_TYPE_LWT_SEG6LOCAL, 0, 0},
	{"sock_ops_of_the_zoo_program", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS, 1},
	{"sk_skb_parser_of_the_zoo", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_PARSER, 1},
	{"sk_skb_stream_verdict_of_the_zoo", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_VERDICT, 1},
	{"sk_skb_verdict_of_the_zoo", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_VERDICT, 1},
	{"sk_msg_verdict_of_the_zoo", BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT, 1},
	{"cgroup_device_of_the_zoo", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, 1},
	{"raw_tracepoint_that_takes_stacks", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0},
	{"raw_tracepoint_writable_of_the_zoo", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, 0},
	{"cgroup_bind4_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, 1},
	{"cgroup_bind6_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND, 1},
	{"cgroup_connect4_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, 1},
	{"cgroup_connect6_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT, 1},
	{"cgroup_connect_unix_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	 NEWER_CGROUP_UNIX_CONNECT, 1},
	{"cgroup_sendmsg4_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG, 1},
	{"cgroup_recvmsg4_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG, 1},
	{"cgroup_getpeername4_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	 BPF_CGROUP_INET4_GETPEERNAME, 1},
	{"cgroup_getsockname6_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	 BPF_CGROUP_INET6_GETSOCKNAME, 1},
	{"lirc_mode2_of_the_zoo", BPF_PROG_TYPE_LIRC_MODE2, BPF_LIRC_MODE2, 0},
	{"sk_reuseport_of_the_zoo", BPF_PROG_TYPE_SK_REUSEPORT, BPF_SK_REUSEPORT_SELECT, 1},
	{"sk_reuseport_migrate_of_the_zoo", BPF_PROG_TYPE_SK_REUSEPORT,
	 BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, 1},
	{"flow_dissector_of_the_zoo", BPF_PROG_TYPE_FLOW_DISSECTOR, BPF_FLOW_DISSECTOR, 0},
	{"cgroup_sysctl_of_the_zoo", BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL, 1},
	{"cgroup_getsockopt_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT, 1},
	{"cgroup_setsockopt_of_the_zoo", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT, 1},
	{"fentry_on_a_test_function", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, 0,
	 "bpf_fentry_test1"},
	{"fentry_that_recurs_into_itself", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, 0,
	 "bloom_map_push_elem"},
	{"fexit_on_a_test_function", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, 0, "bpf_fentry_test2"},
	{"fmod_ret_on_a_test_function", BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, 0,
	 "bpf_modify_return_test"},
	{"fsession_on_a_test_function", BPF_PROG_TYPE_TRACING, NEWER_TRACE_FSESSION, 0,
	 "bpf_fentry_test5"},
	/* What it is loaded for is not what it is attached to. */
	{"fentry_on_many_functions", BPF_PROG_TYPE_TRACING, NEWER_TRACE_FENTRY_MULTI, 0,
	 "bpf_multi_func"},
	{"tp_btf_of_the_zoo_program", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, 0,
	 "bpf_test_finish"},
	{"iterator_over_tasks_of_the_zoo", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, 0, "task"},
	{"iterator_over_programs_of_the_zoo", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, 0, "bpf_prog"},
	{"iterator_over_elements_of_the_zoo", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, 0,
	 "bpf_map_elem"},
	{"iterator_over_cgroups_of_the_zoo", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, 0, "cgroup"},
	{"iterator_over_files_of_the_zoo", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, 0, "task_file",
	 BPF_F_SLEEPABLE},
	{"lsm_on_a_hook_that_hardly_runs", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, "quotactl"},
	{"lsm_that_may_sleep_of_the_zoo", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, "settime",
	 BPF_F_SLEEPABLE},
	{"lsm_cgroup_of_the_zoo", BPF_PROG_TYPE_LSM, BPF_LSM_CGROUP, 1, "socket_post_create"},
	{"sk_lookup_of_the_zoo_program", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 1},
	{"syscall_that_may_sleep_of_the_zoo", BPF_PROG_TYPE_SYSCALL, 0, 0, NULL, BPF_F_SLEEPABLE},
	{"netfilter_hook_of_the_zoo", NEWER_PROG_TYPE_NETFILTER, NEWER_NETFILTER, 1},
};

/* The function, hook or iterator by the name that the kernel has for it. */
static int find_target(const struct btf *kernel, const struct kind *kind)
{
	const char *before = "";
	char name[128];

	if (kind->attach == BPF_TRACE_RAW_TP && kind->type == BPF_PROG_TYPE_TRACING) {
		snprintf(name, sizeof(name), "btf_trace_%s", kind->target);
		return btf__find_by_name_kind(kernel, name, BTF_KIND_TYPEDEF);
	}
	if (kind->attach == BPF_TRACE_ITER)
		before = "bpf_iter_";
	if (kind->type == BPF_PROG_TYPE_LSM)
		before = "bpf_lsm_";
	snprintf(name, sizeof(name), "%s%s", before, kind->target);
	return btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC);
}

/* One of two has another licence. @device: what it is bound to, or 0. */
static int load_plain(const struct kind *kind, int nr, int device, const struct btf *kernel,
		      const char *name)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = kind->result},
		{.code = BPF_JMP | BPF_EXIT},
	};
	bool needs_gpl = kind->type == BPF_PROG_TYPE_LSM || kind->type == BPF_PROG_TYPE_TRACING;
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = kind->attach,
		    .prog_flags = kind->flags, .prog_ifindex = device);

	if (kind->target) {
		int target = find_target(kernel, kind);

		if (target < 0)
			return target;
		options.attach_btf_id = target;
	}
	return bpf_prog_load(kind->type, name, needs_gpl || nr % 2 ? "GPL" : "Proprietary", program,
			     sizeof(program) / sizeof(*program), &options);
}

static json_t *tell(struct zoo *zoo, const struct kind *kind, int fd, const char *name)
{
	json_t *program = zoo_program(zoo, fd, name);

	json_object_set_new(program, "type", json_integer(kind->type));
	json_object_set_new(program, "attach_type", json_integer(kind->attach));
	json_object_set_new(program, "sleepable", json_boolean(kind->flags & BPF_F_SLEEPABLE));
	if (kind->target)
		json_object_set_new(program, "target", json_string(kind->target));
	return program;
}

static void load_replacement(struct zoo *zoo)
{
	int target = zoo_program_fd(zoo, "sched_cls_with_replaceable_function");
	struct bpf_program *replacement;
	struct bpf_object *object;
	char path[4096];
	json_t *told;

	snprintf(path, sizeof(path), "%s/replacement.bpf.o", zoo->objects);
	object = bpf_object__open(path);
	if (!object || target < 0)
		zoo_fail("%s: %s", path, strerror(errno));
	replacement = bpf_object__next_program(object, NULL);
	if (bpf_program__set_attach_target(replacement, target, "replaceable_function") ||
	    bpf_object__load(object)) {
		json_object_set_new(zoo_skip(zoo, bpf_program__name(replacement), errno),
				    "program_type", json_integer(BPF_PROG_TYPE_EXT));
		return;
	}
	told = zoo_program(zoo, bpf_program__fd(replacement), bpf_program__name(replacement));
	json_object_set_new(told, "type", json_integer(BPF_PROG_TYPE_EXT));
	json_object_set_new(told, "attach_type", json_integer(0));
	json_object_set_new(told, "sleepable", json_false());
	json_object_set_new(told, "btf", json_true());
	json_object_set_new(told, "target", json_string("replaceable_function"));
	json_object_set_new(told, "target_program", json_integer(zoo_id(target)));
}

int zoo_program_fd(const struct zoo *zoo, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(zoo->object, name);

	if (!program)
		zoo_fail("there is no program %s", name);
	return bpf_program__autoload(program) ? bpf_program__fd(program) : -EOPNOTSUPP;
}

/* For one device only. */
static void load_bound(struct zoo *zoo)
{
	static const struct kind kind = {
		"bound.to.device", BPF_PROG_TYPE_XDP, BPF_XDP, 2, NULL, NEWER_F_XDP_DEV_BOUND_ONLY};
	int device = zoo_device("veth", "zoo_veth"), fd = device;

	if (device >= 0)
		fd = load_plain(&kind, 1, device, NULL, "bound.to.device");
	if (fd < 0) {
		json_object_set_new(zoo_skip(zoo, kind.name, fd), "program_type",
				    json_integer(kind.type));
		return;
	}
	json_object_set_new(tell(zoo, &kind, fd, kind.name), "btf", json_false());
}

/* Runs that are counted, as long as they are: three of a socket filter, and one that recurs. */
static void make_statistics(struct zoo *zoo)
{
	char packet[64] = {}, out[256];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet),
		    .data_out = out, .data_size_out = sizeof(out), .repeat = 3);
	LIBBPF_OPTS(bpf_test_run_opts, once);
	int statistics = bpf_enable_stats(BPF_STATS_RUN_TIME), recurs, link;
	__u32 value = 5;
	int bloom;

	if (statistics < 0) {
		zoo_skip(zoo, "statistics", errno);
		return;
	}
	if (bpf_prog_test_run_opts(zoo_program_fd(zoo, "socket_filter_with_many_maps"), &run))
		zoo_fail("cannot run a program: %s", strerror(errno));
	if (bpf_prog_test_run_opts(zoo_program_fd(zoo, "raw_tracepoint_that_takes_stacks"), &once))
		zoo_fail("cannot run a raw tracepoint: %s", strerror(errno));
	recurs = zoo_program_fd(zoo, "fentry_that_recurs_into_itself");
	link = recurs < 0 ? recurs : bpf_raw_tracepoint_open(NULL, recurs);
	bloom = bpf_object__find_map_fd_by_name(zoo->object, "pushed_recursively");
	if (link < 0)
		zoo_skip(zoo, "recursion that is counted", errno);
	else if (bpf_map_update_elem(bloom, NULL, &value, 0))
		zoo_fail("cannot push: %s", strerror(errno));
	if (link >= 0)
		close(link);
	close(statistics);
}

static json_t *enum_values(const struct btf *kernel, const char *name)
{
	__s32 id = btf__find_by_name_kind(kernel, name, BTF_KIND_ENUM);
	const struct btf_type *type = btf__type_by_id(kernel, id);
	json_t *values = json_object();

	if (id < 0)
		zoo_fail("this kernel has no enum %s", name);
	for (int i = 0; i < btf_vlen(type); i++)
		json_object_set_new(values, btf__name_by_offset(kernel, btf_enum(type)[i].name_off),
				    json_integer(btf_enum(type)[i].val));
	return values;
}

/* How this kernel calls its types, newer ones than this system's headers have; and what it does not
 * do for all.
 */
static void tell_types(struct zoo *zoo, const struct btf *kernel)
{
	static const char *const enums[] = {"bpf_prog_type", "bpf_map_type", "bpf_link_type",
					    "bpf_attach_type"};

	for (size_t i = 0; i < sizeof(enums) / sizeof(*enums); i++)
		json_object_set_new(zoo->enums, enums[i], enum_values(kernel, enums[i]));
	zoo->iterates_links =
		btf__find_by_name_kind(kernel, "bpf_iter_bpf_link", BTF_KIND_FUNC) >= 0;
	zoo->counts_hashes =
		btf__find_by_name_kind(kernel, "bpf_map_sum_elem_count", BTF_KIND_FUNC) >= 0;
}

/* Not every type of programs is asked whether there is what it is said to attach to. */
bool zoo_has_attach_type(const struct zoo *zoo, __u32 attach)
{
	const json_t *types = json_object_get(zoo->enums, "bpf_attach_type");

	return attach < json_integer_value(json_object_get(types, "__MAX_BPF_ATTACH_TYPE"));
}

/* All its bytes are set, but those of the members that bpf(2) does not write. */
static void put_special(struct zoo *zoo)
{
	int map = bpf_object__find_map_fd_by_name(zoo->object, "special_members");
	__u32 key = 1, value[8];

	memset(value, 1, sizeof(value));
	if (bpf_map_update_elem(map, &key, value, 0))
		zoo_fail("special_members: %s", strerror(errno));
}

/* A map that this kernel does not make; the programs that use such a one do not load, either. */
static void leave_out(struct zoo *zoo, struct bpf_map *map)
{
	if (libbpf_probe_bpf_map_type(bpf_map__type(map), NULL))
		return;
	bpf_map__set_autocreate(map, false);
	json_object_set_new(zoo_skip(zoo, bpf_map__name(map), EINVAL), "map_type",
			    json_integer(bpf_map__type(map)));
}

void zoo_programs(struct zoo *zoo)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	struct bpf_map *map;
	char path[4096];

	if (!kernel)
		zoo_fail("the kernel's types: %s", strerror(errno));
	tell_types(zoo, kernel);
	snprintf(path, sizeof(path), "%s/programs.bpf.o", zoo->objects);
	zoo->object = bpf_object__open(path);
	if (!zoo->object)
		zoo_fail("%s: %s", path, strerror(errno));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct kind *kind = &kinds[i];
		struct bpf_program *program =
			bpf_object__find_program_by_name(zoo->object, kind->name);
		char name[BPF_OBJ_NAME_LEN] = "";
		int fd;

		/* Every third has no name. */
		if (i % 3)
			snprintf(name, sizeof(name), "plain.%zu", i);
		fd = zoo_has_attach_type(zoo, kind->attach) ? load_plain(kind, i, 0, kernel, name)
							    : -EINVAL;
		if (!program)
			zoo_fail("there is no program %s", kind->name);
		if (fd < 0) {
			json_object_set_new(zoo_skip(zoo, kind->name, fd), "program_type",
					    json_integer(kind->type));
			bpf_program__set_autoload(program, false);
			continue;
		}
		json_object_set_new(tell(zoo, kind, fd, name), "btf", json_false());
		bpf_program__set_type(program, kind->type);
		bpf_program__set_expected_attach_type(program, kind->attach);
	}
	bpf_object__for_each_map(map, zoo->object) leave_out(zoo, map);
	if (bpf_object__load(zoo->object))
		zoo_fail("%s: %s", path, strerror(errno));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		int fd = zoo_program_fd(zoo, kinds[i].name);

		if (fd >= 0)
			json_object_set_new(tell(zoo, &kinds[i], fd, kinds[i].name), "btf",
					    json_true());
	}
	bpf_object__for_each_map(map, zoo->object) if (bpf_map__autocreate(map))
		zoo_map(zoo, bpf_map__fd(map), bpf_map__name(map));
	put_special(zoo);
	load_replacement(zoo);
	load_bound(zoo);
	make_statistics(zoo);
	btf__free(kernel);
}
