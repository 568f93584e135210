/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a link attaches to. What a kernel did not tell, or does not know yet, is zero. The table is
 * at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/perf_event.h>

#include "link_info.h"
#include "link_target.h"

enum { NR_LINK_TYPES = LINK_SOCKMAP + 1 };

/* A link that is being described. */
struct target {
	struct view *view;
	const struct link *link;
	const struct program *program; /* NULL: it went */
	const struct link_info *is;
};

static void member(struct json *json, const char *name, __u64 number)
{
	json_name(json, name);
	json_put_number(json, number);
}

static void text_member(struct json *json, const char *name, const char *text)
{
	if (!text)
		return;
	json_name(json, name);
	json_put_text(json, text);
}

static void bool_member(struct json *json, const char *name, bool value)
{
	json_name(json, name);
	json_put_bool(json, value);
}

/* Those that newer kernels give, if one was given. */
static void cookie_member(struct json *json, __u64 cookie)
{
	if (cookie)
		member(json, "cookie", cookie);
}

static void text_target(const struct target *target, struct text *out)
{
	if (target->link->text)
		text_puts(out, target->link->text);
}

static void raw_tracepoint_json(const struct target *target, struct json *json)
{
	text_member(json, "tp_name", target->link->text);
	cookie_member(json, target->is->raw_tracepoint.cookie);
}

static void tracing_target(const struct target *target, struct text *out)
{
	if (target->link->text)
		text_puts(out, target->link->text);
	else if (target->program && target->program->attach_to)
		text_puts(out, target->program->attach_to);
}

static void tracing_json(const struct target *target, struct json *json)
{
	if (target->program)
		text_member(json, "prog_type", program_type_name(target->program->type));
	member(json, "target_obj_id", target->is->tracing.target_obj_id);
	member(json, "target_btf_id", target->is->tracing.target_btf_id);
	cookie_member(json, target->is->tracing.cookie);
}

/*
 * Where the cgroup is, by the number that is its file handle in kernfs. A kernel, or a user, that
 * does not do so leaves the number.
 */
static bool cgroup_path(__u64 id, char *path, size_t size)
{
	struct {
		struct file_handle handle;
		__u64 id;
	} file = {.handle = {.handle_bytes = sizeof(id), .handle_type = 0xfe}};
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	ssize_t len = -1;
	char fd_path[32];
	int root, fd;

	memcpy(file.handle.f_handle, &id, sizeof(id));
	for (size_t i = 0; i < 2 && len < 0; i++) {
		root = open(roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			continue;
		fd = open_by_handle_at(root, &file.handle, O_PATH | O_CLOEXEC);
		close(root);
		if (fd < 0)
			continue;
		snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
		len = readlink(fd_path, path, size - 1);
		close(fd);
	}
	if (len >= 0)
		path[len] = '\0';
	return len >= 0;
}

static void put_cgroup(struct text *out, __u64 id)
{
	char path[4096];

	if (cgroup_path(id, path, sizeof(path)))
		text_puts(out, path);
	else
		text_format(out, "cgroup %llu", id);
}

static void cgroup_target(const struct target *target, struct text *out)
{
	put_cgroup(out, target->is->cgroup.cgroup_id);
}

static void cgroup_json(const struct target *target, struct json *json)
{
	member(json, "cgroup_id", target->is->cgroup.cgroup_id);
}

/* enum bpf_cgroup_iter_order */
static const char *const cgroup_orders[] = {
	NULL, "self_only", "descendants_pre", "descendants_post", "ancestors_up", "children",
};

static const char *cgroup_order(const struct target *target)
{
	__u32 order = target->is->iter.cgroup.order;

	return order < sizeof(cgroup_orders) / sizeof(cgroup_orders[0]) ? cgroup_orders[order]
									: NULL;
}

static bool iterates(const struct target *target, const char *what)
{
	return target->link->text && !strncmp(target->link->text, what, strlen(what));
}

static bool iterates_map(const struct target *target)
{
	return iterates(target, "bpf_map_elem") || iterates(target, "bpf_sk_storage_map");
}

static void iter_target(const struct target *target, struct text *out)
{
	const struct map *map;

	text_target(target, out);
	if (iterates_map(target)) {
		map = objects_map(target->view->objects, target->is->iter.map_id);
		text_format(out, " of map %u", target->is->iter.map_id);
		if (map && *map->name) {
			text_char(out, ' ');
			text_puts(out, map->name);
		}
	} else if (iterates(target, "cgroup") && target->is->iter.cgroup.cgroup_id) {
		text_char(out, ' ');
		put_cgroup(out, target->is->iter.cgroup.cgroup_id);
	} else if (iterates(target, "task") && target->is->iter.task.tid) {
		text_format(out, " of tid %u", target->is->iter.task.tid);
	} else if (iterates(target, "task") && target->is->iter.task.pid) {
		text_format(out, " of pid %u", target->is->iter.task.pid);
	}
}

static void iter_json(const struct target *target, struct json *json)
{
	text_member(json, "target_name", target->link->text);
	if (iterates_map(target)) {
		member(json, "map_id", target->is->iter.map_id);
	} else if (iterates(target, "cgroup")) {
		member(json, "cgroup_id", target->is->iter.cgroup.cgroup_id);
		text_member(json, "order", cgroup_order(target));
	} else if (iterates(target, "task")) {
		if (target->is->iter.task.tid)
			member(json, "tid", target->is->iter.task.tid);
		else if (target->is->iter.task.pid)
			member(json, "pid", target->is->iter.task.pid);
	}
}

/* As /proc/PID/ns/net says it. */
static void netns_target(const struct target *target, struct text *out)
{
	text_format(out, "net:[%u]", target->is->netns.netns_ino);
}

static void netns_json(const struct target *target, struct json *json)
{
	member(json, "netns_ino", target->is->netns.netns_ino);
}

static const char *device_name(__u32 ifindex, char name[IF_NAMESIZE])
{
	if (!ifindex)
		return "(detached)";
	return if_indextoname(ifindex, name) ? name : "(unknown)";
}

/* Of XDP, TCX and netkit alike: it is the first thing that they have. */
static void device_target(const struct target *target, struct text *out)
{
	char name[IF_NAMESIZE];

	text_puts(out, device_name(target->is->xdp.ifindex, name));
}

static void device_json(const struct target *target, struct json *json)
{
	char name[IF_NAMESIZE];

	text_member(json, "devname", device_name(target->is->xdp.ifindex, name));
	member(json, "ifindex", target->is->xdp.ifindex);
}

/* Of struct_ops and sockmap alike. */
static void map_target(const struct target *target, struct text *out)
{
	const struct map *map = objects_map(target->view->objects, target->is->struct_ops.map_id);

	text_format(out, "map %u", target->is->struct_ops.map_id);
	if (map && *map->name) {
		text_char(out, ' ');
		text_puts(out, map->name);
	}
}

static void map_json(const struct target *target, struct json *json)
{
	member(json, "map_id", target->is->struct_ops.map_id);
}

static void netfilter_target(const struct target *target, struct text *out)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output",
					    "postrouting"};
	__u32 pf = target->is->netfilter.pf, hook = target->is->netfilter.hooknum;

	if (pf == 2 || pf == 10)
		text_puts(out, pf == 2 ? "ip" : "ip6");
	else
		text_format(out, "pf %u", pf);
	if (hook < sizeof(hooks) / sizeof(hooks[0]))
		text_format(out, " %s", hooks[hook]);
	else
		text_format(out, " hook %u", hook);
	text_format(out, " prio %d", target->is->netfilter.priority);
}

static void netfilter_json(const struct target *target, struct json *json)
{
	member(json, "pf", target->is->netfilter.pf);
	member(json, "hook", target->is->netfilter.hooknum);
	json_name(json, "prio");
	json_put_signed(json, target->is->netfilter.priority);
	member(json, "flags", target->is->netfilter.flags);
}

static void kprobe_multi_target(const struct target *target, struct text *out)
{
	if (target->link->text)
		text_puts(out, target->link->text);
	else
		text_format(out, "%u function%s", target->is->kprobe_multi.count,
			    target->is->kprobe_multi.count == 1 ? "" : "s");
}

static void kprobe_multi_json(const struct target *target, struct json *json)
{
	bool_member(json, "retprobe", target->is->kprobe_multi.flags & 1);
	member(json, "func_cnt", target->is->kprobe_multi.count);
	member(json, "missed", target->is->kprobe_multi.missed);
}

static void uprobe_multi_target(const struct target *target, struct text *out)
{
	text_target(target, out);
	text_format(out, "%s%u place%s", target->link->text ? ", " : "",
		    target->is->uprobe_multi.count, target->is->uprobe_multi.count == 1 ? "" : "s");
}

static void uprobe_multi_json(const struct target *target, struct json *json)
{
	bool_member(json, "retprobe", target->is->uprobe_multi.flags & 1);
	text_member(json, "path", target->link->text);
	member(json, "func_cnt", target->is->uprobe_multi.count);
	member(json, "pid", target->is->uprobe_multi.pid);
}

/* enum perf_type_id */
static const char *const event_types[] = {
	[PERF_TYPE_HARDWARE] = "hardware",
	[PERF_TYPE_SOFTWARE] = "software",
	[PERF_TYPE_TRACEPOINT] = "tracepoint",
	[PERF_TYPE_HW_CACHE] = "hw-cache",
	[PERF_TYPE_RAW] = "raw",
	[PERF_TYPE_BREAKPOINT] = "breakpoint",
};

static const char *event_type(const struct target *target)
{
	__u32 type = target->is->perf_event.event.type;

	return type < sizeof(event_types) / sizeof(event_types[0]) ? event_types[type] : NULL;
}

static void perf_event_target(const struct target *target, struct text *out)
{
	const struct link_info *is = target->is;
	__u32 offset = 0;

	switch (is->perf_event.type) {
	case LINK_PERF_OTHER:
		if (event_type(target))
			text_puts(out, event_type(target));
		else
			text_format(out, "event type %u", is->perf_event.event.type);
		text_format(out, ":%llu", is->perf_event.event.config);
		return;
	case LINK_PERF_KPROBE:
	case LINK_PERF_KRETPROBE:
		offset = is->perf_event.kprobe.offset;
		break;
	case LINK_PERF_UPROBE:
	case LINK_PERF_URETPROBE:
		offset = is->perf_event.uprobe.offset;
		break;
	}
	text_target(target, out);
	if (target->link->text && offset)
		text_format(out, "+0x%x", offset);
}

static void perf_event_json(const struct target *target, struct json *json)
{
	const struct link_info *is = target->is;

	switch (is->perf_event.type) {
	case LINK_PERF_OTHER:
		if (event_type(target))
			text_member(json, "event_type", event_type(target));
		else
			member(json, "event_type", is->perf_event.event.type);
		member(json, "event_config", is->perf_event.event.config);
		cookie_member(json, is->perf_event.event.cookie);
		break;
	case LINK_PERF_TRACEPOINT:
		text_member(json, "tracepoint", target->link->text);
		cookie_member(json, is->perf_event.tracepoint.cookie);
		break;
	case LINK_PERF_KPROBE:
	case LINK_PERF_KRETPROBE:
		bool_member(json, "retprobe", is->perf_event.type == LINK_PERF_KRETPROBE);
		member(json, "addr", is->perf_event.kprobe.addr);
		text_member(json, "func", target->link->text);
		member(json, "offset", is->perf_event.kprobe.offset);
		member(json, "missed", is->perf_event.kprobe.missed);
		cookie_member(json, is->perf_event.kprobe.cookie);
		break;
	case LINK_PERF_UPROBE:
	case LINK_PERF_URETPROBE:
		bool_member(json, "retprobe", is->perf_event.type == LINK_PERF_URETPROBE);
		text_member(json, "file", target->link->text);
		member(json, "offset", is->perf_event.uprobe.offset);
		cookie_member(json, is->perf_event.uprobe.cookie);
		if (is->perf_event.uprobe.ref_ctr_offset)
			member(json, "ref_ctr_offset", is->perf_event.uprobe.ref_ctr_offset);
		break;
	}
}

#define ATTACH_TYPE(kind) offsetof(struct link_info, kind.attach_type)

static const struct {
	void (*target)(const struct target *target, struct text *out);
	void (*json)(const struct target *target, struct json *json);
	size_t attach_type; /* where it is; 0: there is none */
} types[NR_LINK_TYPES] = {
	[LINK_RAW_TRACEPOINT] = {text_target, raw_tracepoint_json},
	[LINK_TRACING] = {tracing_target, tracing_json, ATTACH_TYPE(tracing)},
	[LINK_CGROUP] = {cgroup_target, cgroup_json, ATTACH_TYPE(cgroup)},
	[LINK_ITER] = {iter_target, iter_json},
	[LINK_NETNS] = {netns_target, netns_json, ATTACH_TYPE(netns)},
	[LINK_XDP] = {device_target, device_json},
	[LINK_PERF_EVENT] = {perf_event_target, perf_event_json},
	[LINK_KPROBE_MULTI] = {kprobe_multi_target, kprobe_multi_json},
	[LINK_STRUCT_OPS] = {map_target, map_json},
	[LINK_NETFILTER] = {netfilter_target, netfilter_json},
	[LINK_TCX] = {device_target, device_json, ATTACH_TYPE(tcx)},
	[LINK_UPROBE_MULTI] = {uprobe_multi_target, uprobe_multi_json},
	[LINK_NETKIT] = {device_target, device_json, ATTACH_TYPE(netkit)},
	[LINK_SOCKMAP] = {map_target, map_json, ATTACH_TYPE(sockmap)},
};

/* Nothing is known of it, or of its type. */
static bool is_dark(const struct link *link)
{
	return !link->info_size || link->type >= NR_LINK_TYPES || !types[link->type].target;
}

static void read_details(const struct link *link, struct link_info *details)
{
	size_t size = link->info_size;

	memset(details, 0, sizeof(*details));
	memcpy(details, link->info, size < sizeof(*details) ? size : sizeof(*details));
}

void put_link_target(struct view *view, const struct link *link, struct text *out)
{
	struct link_info details;
	const struct target target = {
		.view = view,
		.link = link,
		.program = objects_program(view->objects, link->prog_id),
		.is = &details,
	};

	if (is_dark(link)) {
		if (link->text)
			text_puts(out, link->text);
		return;
	}
	read_details(link, &details);
	types[link->type].target(&target, out);
}

void put_link_details(struct view *view, const struct link *link, struct json *json)
{
	struct link_info details;
	const struct target target = {
		.view = view,
		.link = link,
		.program = objects_program(view->objects, link->prog_id),
		.is = &details,
	};

	if (is_dark(link))
		return;
	read_details(link, &details);
	types[link->type].json(&target, json);
}

__u64 link_attach_type(const struct link *link)
{
	struct link_info details;

	if (is_dark(link) || !types[link->type].attach_type)
		return UNKNOWN;
	read_details(link, &details);
	return *(const __u32 *)((const char *)&details + types[link->type].attach_type);
}
