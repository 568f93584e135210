/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What links are attached to, for each type of link: as people read it, and the members of JSON,
 * which are those of bpftool.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#undef fail /* the command has its own */
#include "link_info.h"
#include "lists/column.h"

static struct program programs[] = {
	{.id = 4, .type = BPF_PROG_TYPE_TRACING, .name = "on_exec", .attach_to = "do_execve"},
};

static struct map maps[] = {{.id = 9, .name = "sessions"}};

static const struct link_case {
	__u32 type;
	const char *text;
	struct link_info info;
	const char *target, *json; /* of `target`: with the members that are before it */
} cases[] = {
	{
		LINK_RAW_TRACEPOINT,
		"sched_switch",
		{0},
		"sched_switch",
		"\"tp_name\":\"sched_switch\",\"target\":\"sched_switch\"",
	},
	{
		LINK_RAW_TRACEPOINT,
		"bad\033[m",
		{.raw_tracepoint.cookie = 7},
		"bad\\x1b[m",
		"\"tp_name\":\"bad\\u001b[m\",\"cookie\":7,\"target\":\"bad\\u001b[m\"",
	},
	{
		LINK_TRACING,
		NULL,
		{.tracing = {.attach_type = BPF_TRACE_FENTRY,
			     .target_obj_id = 1,
			     .target_btf_id = 77}},
		"do_execve",
		"\"prog_type\":\"tracing\",\"target_obj_id\":1,\"target_btf_id\":77,"
		"\"target\":\"do_execve\"",
	},
	{
		LINK_CGROUP,
		NULL,
		{.cgroup = {.cgroup_id = ~0ull >> 1, .attach_type = BPF_CGROUP_INET_EGRESS}},
		"cgroup 9223372036854775807", /* which there is not */
		"\"cgroup_id\":9223372036854775807,\"target\":\"cgroup 9223372036854775807\"",
	},
	{
		LINK_ITER,
		"bpf_map_elem",
		{.iter.map_id = 9},
		"bpf_map_elem of map 9 sessions",
		"\"target_name\":\"bpf_map_elem\",\"map_id\":9,"
		"\"target\":\"bpf_map_elem of map 9 sessions\"",
	},
	{
		LINK_ITER,
		"bpf_map_elem",
		{.iter.map_id = 10},
		"bpf_map_elem of map 10",
		"\"target_name\":\"bpf_map_elem\",\"map_id\":10,"
		"\"target\":\"bpf_map_elem of map 10\"",
	},
	{
		LINK_ITER,
		"task_file",
		{.iter.task.pid = 12},
		"task_file of pid 12",
		"\"target_name\":\"task_file\",\"pid\":12,\"target\":\"task_file of pid 12\"",
	},
	{
		LINK_ITER,
		"task",
		{.iter.task.tid = 13},
		"task of tid 13",
		"\"target_name\":\"task\",\"tid\":13,\"target\":\"task of tid 13\"",
	},
	{
		LINK_ITER,
		"cgroup",
		{.iter.cgroup = {.cgroup_id = ~0ull >> 1, .order = 2}},
		"cgroup cgroup 9223372036854775807",
		"\"target_name\":\"cgroup\",\"cgroup_id\":9223372036854775807,"
		"\"order\":\"descendants_pre\",\"target\":\"cgroup cgroup 9223372036854775807\"",
	},
	{
		LINK_ITER,
		"bpf_prog",
		{0},
		"bpf_prog",
		"\"target_name\":\"bpf_prog\",\"target\":\"bpf_prog\"",
	},
	{
		LINK_NETNS,
		NULL,
		{.netns = {.netns_ino = 4026531840u, .attach_type = BPF_SK_LOOKUP}},
		"net:[4026531840]",
		"\"netns_ino\":4026531840,\"target\":\"net:[4026531840]\"",
	},
	{
		LINK_XDP,
		NULL,
		{.xdp.ifindex = 1},
		"lo",
		"\"devname\":\"lo\",\"ifindex\":1,\"target\":\"lo\"",
	},
	{
		LINK_TCX,
		NULL,
		{.tcx.attach_type = 46},
		"(detached)",
		"\"devname\":\"(detached)\",\"ifindex\":0,\"target\":\"(detached)\"",
	},
	{
		LINK_NETKIT,
		NULL,
		{.netkit = {.ifindex = 0x7ffffff0, .attach_type = 54}},
		"(unknown)",
		"\"devname\":\"(unknown)\",\"ifindex\":2147483632,\"target\":\"(unknown)\"",
	},
	{
		LINK_PERF_EVENT,
		"tcp_connect",
		{.perf_event = {.type = LINK_PERF_KPROBE,
				.kprobe = {.offset = 16, .addr = 5, .missed = 2}}},
		"tcp_connect+0x10",
		"\"retprobe\":false,\"addr\":5,\"func\":\"tcp_connect\",\"offset\":16,\"missed\":2,"
		"\"target\":\"tcp_connect+0x10\"",
	},
	{
		LINK_PERF_EVENT,
		"/bin/sh",
		{.perf_event = {.type = LINK_PERF_URETPROBE,
				.uprobe = {.offset = 255, .cookie = 3}}},
		"/bin/sh+0xff",
		"\"retprobe\":true,\"file\":\"/bin/sh\",\"offset\":255,\"cookie\":3,"
		"\"target\":\"/bin/sh+0xff\"",
	},
	{
		LINK_PERF_EVENT,
		"sys_enter_open",
		{.perf_event.type = LINK_PERF_TRACEPOINT},
		"sys_enter_open",
		"\"tracepoint\":\"sys_enter_open\",\"target\":\"sys_enter_open\"",
	},
	{
		LINK_PERF_EVENT,
		NULL,
		{.perf_event = {.type = LINK_PERF_OTHER, .event = {.type = 1, .config = 2}}},
		"software:2",
		"\"event_type\":\"software\",\"event_config\":2,\"target\":\"software:2\"",
	},
	{
		LINK_PERF_EVENT,
		NULL,
		{.perf_event = {.type = LINK_PERF_OTHER, .event = {.type = 100, .config = 2}}},
		"event type 100:2",
		"\"event_type\":100,\"event_config\":2,\"target\":\"event type 100:2\"",
	},
	{
		LINK_KPROBE_MULTI,
		NULL,
		{.kprobe_multi = {.count = 3, .flags = 1, .missed = 4}},
		"3 functions",
		"\"retprobe\":true,\"func_cnt\":3,\"missed\":4,\"target\":\"3 functions\"",
	},
	{
		LINK_UPROBE_MULTI,
		"/bin/sh",
		{.uprobe_multi = {.count = 2, .pid = 5}},
		"/bin/sh, 2 places",
		"\"retprobe\":false,\"path\":\"/bin/sh\",\"func_cnt\":2,\"pid\":5,"
		"\"target\":\"/bin/sh, 2 places\"",
	},
	{
		LINK_UPROBE_MULTI,
		"/bin/sh",
		{.uprobe_multi.count = 1},
		"/bin/sh, 1 place",
		"\"retprobe\":false,\"path\":\"/bin/sh\",\"func_cnt\":1,\"pid\":0,"
		"\"target\":\"/bin/sh, 1 place\"",
	},
	{
		LINK_STRUCT_OPS,
		NULL,
		{.struct_ops.map_id = 9},
		"map 9 sessions",
		"\"map_id\":9,\"target\":\"map 9 sessions\"",
	},
	{
		LINK_SOCKMAP,
		NULL,
		{.sockmap = {.map_id = 8, .attach_type = BPF_SK_SKB_VERDICT}},
		"map 8",
		"\"map_id\":8,\"target\":\"map 8\"",
	},
	{
		LINK_NETFILTER,
		NULL,
		{.netfilter = {.pf = 2, .hooknum = 1, .priority = -5}},
		"ip input prio -5",
		"\"pf\":2,\"hook\":1,\"prio\":-5,\"flags\":0,\"target\":\"ip input prio -5\"",
	},
	{
		LINK_NETFILTER,
		NULL,
		{.netfilter = {.pf = 7, .hooknum = 100, .flags = 1}},
		"pf 7 hook 100 prio 0",
		"\"pf\":7,\"hook\":100,\"prio\":0,\"flags\":1,\"target\":\"pf 7 hook 100 prio 0\"",
	},
	{99, "something", {0}, "something", "\"target\":\"something\""},
	{99, NULL, {0}, "-", ""},
};

static const struct column *column_of(const char *name)
{
	return column_find(&link_kind, name, strlen(name));
}

static void check_link(const struct link *link, const char *target, const char *json_expected)
{
	struct objects objects = {
		.programs = programs, .nr_programs = 1, .maps = maps, .nr_maps = 1};
	struct view view = {.objects = &objects};
	struct text out = {0};
	struct json json = {.out = &out};
	struct cell cell;

	column_get(column_of("target"), &view, link, &cell);
	cell_put(&out, &cell, false);
	assert_string_equal(text_string(&out), target);
	text_clear(&out);
	column_put_json(column_of("target"), &view, link, &json);
	assert_string_equal(text_string(&out), json_expected);
	text_end(&out);
	text_end(&view.scratch);
}

static void test_targets(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct link link = {
			.id = 1,
			.type = cases[i].type,
			.prog_id = 4,
			.info = &cases[i].info,
			.info_size = sizeof(cases[i].info),
			.text = cases[i].text,
		};

		check_link(&link, cases[i].target, cases[i].json);
	}
}

static void test_nothing_is_known(void **state)
{
	for (__u32 type = 0; type < 20; type++) {
		const struct link link = {.id = 1, .type = type, .prog_id = 5};

		check_link(&link, "-", "");
	}
}

/* An older kernel tells less: no more is read than there is, the rest is zero. */
static void test_of_each_size(void **state)
{
	struct objects objects = {0};
	struct view view = {.objects = &objects};
	struct text out = {0};
	struct json json = {.out = &out};
	struct link link = {.id = 1};
	unsigned char *info;

	for (link.type = 1; link.type < 16; link.type++) {
		for (size_t size = 1; size <= sizeof(struct link_info); size++) {
			info = malloc(size);
			assert_non_null(info);
			memset(info, 0xff, size);
			link.info = info;
			link.info_size = size;
			text_clear(&out);
			json = (struct json){.out = &out};
			column_put_json(column_of("target"), &view, &link, &json);
			column_put_json(column_of("attach_type"), &view, &link, &json);
			free(info);
		}
	}
	text_end(&out);
	text_end(&view.scratch);
}

static void test_attach_types(void **state)
{
	struct objects objects = {0};
	struct view view = {.objects = &objects};
	struct link_info info = {.cgroup.attach_type = BPF_CGROUP_INET_EGRESS};
	struct link link = {.type = LINK_CGROUP, .info = &info, .info_size = sizeof(info)};
	struct cell cell;

	column_get(column_of("attach_type"), &view, &link, &cell);
	assert_string_equal(cell.text, "cgroup_inet_egress");
	link.type = LINK_XDP;
	column_get(column_of("attach_type"), &view, &link, &cell);
	assert_int_equal(cell.kind, CELL_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_nothing_is_known),
		cmocka_unit_test(test_of_each_size),
		cmocka_unit_test(test_attach_types),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
