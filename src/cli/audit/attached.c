/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where programs may be attached without a link, by type of program, and asking those places.
 *
 * A place that could not be asked, or not wholly, is not among those that were looked at; what is
 * there then remains unseen.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <mntent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "audit/attached.h"

/* How many programs one cgroup may have of an attach type (BPF_CGROUP_MAX_PROGS), and then some. */
enum { MAX_PROGRAMS = 128 };

/* BPF_CGROUP_UNIX_*, which older headers lack. */
enum { UNIX_CONNECT = 49, UNIX_SENDMSG, UNIX_RECVMSG, UNIX_GETPEERNAME, UNIX_GETSOCKNAME };

static const struct {
	const char *looked;
	const char *otherwise; /* where it may be if that could not be looked at */
} places[] = {
	{"cgroups", "a cgroup may have it"},
	{"XDP of the devices of this network namespace", "a network device may have it"},
	{"tc of this network namespace", "tc may have it"},
	{"the flow dissector of this network namespace", "a network namespace may have it"},
	{"socket maps", "a socket map may have it"},
	{"perf events of the processes in /proc", "a perf event may have it"},
	{"open iterators", "an iterator that is open may run it"},
};

#define NR_PLACES (sizeof(places) / sizeof(places[0]))

/* Types that may be attached without a link. All others may not. */
static const struct {
	__u32 type;
	unsigned int places; /* a set of enum place */
	const char *unseen;  /* where else, which cannot be asked; NULL: nowhere */
} types[] = {
	{BPF_PROG_TYPE_SOCKET_FILTER, 0,
	 "a socket may have it as its filter (SO_ATTACH_BPF), or an xt_bpf rule of iptables"},
	{BPF_PROG_TYPE_SK_REUSEPORT, 0,
	 "a group of sockets may have it (SO_ATTACH_REUSEPORT_EBPF)"},
	{BPF_PROG_TYPE_KPROBE, IN_PERF_EVENTS, NULL},
	{BPF_PROG_TYPE_TRACEPOINT, IN_PERF_EVENTS, NULL},
	{BPF_PROG_TYPE_TRACING, IN_ITERATORS, NULL},
	{BPF_PROG_TYPE_PERF_EVENT, 0, "a perf event may have it"},
	{BPF_PROG_TYPE_SCHED_CLS, IN_TC, "tc of another network namespace may have it"},
	{BPF_PROG_TYPE_SCHED_ACT, IN_TC, "tc of another network namespace may have it"},
	{BPF_PROG_TYPE_XDP, AT_DEVICES, "a device of another network namespace may have it"},
	{BPF_PROG_TYPE_LWT_IN, 0, "a route may have it"},
	{BPF_PROG_TYPE_LWT_OUT, 0, "a route may have it"},
	{BPF_PROG_TYPE_LWT_XMIT, 0, "a route may have it"},
	{BPF_PROG_TYPE_LWT_SEG6LOCAL, 0, "a route may have it"},
	{BPF_PROG_TYPE_LIRC_MODE2, 0, "an infrared receiver may have it"},
	{BPF_PROG_TYPE_FLOW_DISSECTOR, IN_NETNS, "another network namespace may have it"},
	{BPF_PROG_TYPE_SK_SKB, IN_SOCKET_MAPS, NULL},
	{BPF_PROG_TYPE_SK_MSG, IN_SOCKET_MAPS, NULL},
	{BPF_PROG_TYPE_CGROUP_SKB, IN_CGROUPS, NULL},
	{BPF_PROG_TYPE_CGROUP_SOCK, IN_CGROUPS, NULL},
	{BPF_PROG_TYPE_CGROUP_DEVICE, IN_CGROUPS, NULL},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, IN_CGROUPS, NULL},
	{BPF_PROG_TYPE_CGROUP_SYSCTL, IN_CGROUPS, NULL},
	{BPF_PROG_TYPE_CGROUP_SOCKOPT, IN_CGROUPS, NULL},
	{BPF_PROG_TYPE_SOCK_OPS, IN_CGROUPS, NULL},
	{BPF_PROG_TYPE_LSM, IN_CGROUPS, NULL},
};

/* What is attached to a cgroup, and the type of its programs. */
static const struct {
	__u32 type;
	__u32 attach;
} cgroup_attachments[] = {
	{BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS},
	{BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS},
	{BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE},
	{BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE},
	{BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND},
	{BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET6_POST_BIND},
	{BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, UNIX_CONNECT},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, UNIX_SENDMSG},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_RECVMSG},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, UNIX_RECVMSG},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETPEERNAME},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETPEERNAME},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, UNIX_GETPEERNAME},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETSOCKNAME},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETSOCKNAME},
	{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, UNIX_GETSOCKNAME},
	{BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL},
	{BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT},
	{BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT},
	{BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS},
	{BPF_PROG_TYPE_LSM, BPF_LSM_CGROUP},
};

/* Programs of these types are looked for. */
#define SET_OF(type) (1ull << (type))

static unsigned int places_of(__u32 type, const char **unseen)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type != type)
			continue;
		*unseen = types[i].unseen;
		return types[i].places;
	}
	*unseen = NULL;
	return 0;
}

int attachments_add(struct attachments *attachments, __u32 prog_id)
{
	const size_t room = attachments->room ? 2 * attachments->room : 64;
	__u32 *more;

	if (!prog_id)
		return 0;
	if (attachments->nr == attachments->room) {
		more = reallocarray(attachments->prog_ids, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		attachments->prog_ids = more;
		attachments->room = room;
	}
	attachments->prog_ids[attachments->nr++] = prog_id;
	return 0;
}

/*
 * What is attached to @fd. What has no programs of this kind, or knows nothing of it, has none; nor
 * has a socket map for one of two kinds of verdict if it has the other (EBUSY).
 */
static int query(struct attachments *attachments, int fd, enum bpf_attach_type attach)
{
	__u32 ids[MAX_PROGRAMS], nr = MAX_PROGRAMS;
	int err;

	if (bpf_prog_query(fd, attach, 0, NULL, ids, &nr))
		return errno == EINVAL || errno == EOPNOTSUPP || errno == ENOENT || errno == EBUSY
			       ? 0
			       : -errno;
	for (__u32 i = 0; i < nr; i++) {
		err = attachments_add(attachments, ids[i]);
		if (err)
			return err;
	}
	return 0;
}

static int query_cgroup(struct attachments *attachments, int fd, unsigned long long set)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(cgroup_attachments) / sizeof(cgroup_attachments[0]) && !err;
	     i++)
		if (set & SET_OF(cgroup_attachments[i].type))
			err = query(attachments, fd, cgroup_attachments[i].attach);
	return err;
}

/* nftw(3) hands nothing on. Commands run in one thread. */
static struct attachments *walking;
static unsigned long long walking_for;

static int visit_cgroup(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int fd, err;

	if (type != FTW_D)
		return type == FTW_DNR ? -EACCES : 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* One that is gone has nothing any more. */
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = query_cgroup(walking, fd, walking_for);
	close(fd);
	return err;
}

static int look_in_cgroups(struct attachments *attachments, const struct usage *usage,
			   unsigned long long set)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	int err = -ENOENT;

	walking = attachments;
	walking_for = set;
	while (mounts && err == -ENOENT && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			err = nftw(mount->mnt_dir, visit_cgroup, 16, FTW_PHYS | FTW_MOUNT);
	if (mounts)
		endmntent(mounts);
	return err;
}

static int look_at_devices(struct attachments *attachments, const struct usage *usage,
			   unsigned long long set)
{
	struct if_nameindex *devices = if_nameindex();
	int err = devices ? 0 : -errno;

	for (size_t i = 0; devices && devices[i].if_index && !err; i++) {
		LIBBPF_OPTS(bpf_xdp_query_opts, opts);

		if (bpf_xdp_query(devices[i].if_index, 0, &opts)) {
			err = errno == ENODEV || errno == ENOENT ? 0 : -errno;
			continue;
		}
		err = attachments_add(attachments, opts.prog_id);
		if (!err)
			err = attachments_add(attachments, opts.drv_prog_id);
		if (!err)
			err = attachments_add(attachments, opts.skb_prog_id);
		if (!err)
			err = attachments_add(attachments, opts.hw_prog_id);
	}
	if_freenameindex(devices);
	return err;
}

static int look_in_tc(struct attachments *attachments, const struct usage *usage,
		      unsigned long long set)
{
	return attachments_find_tc(attachments);
}

static int look_in_netns(struct attachments *attachments, const struct usage *usage,
			 unsigned long long set)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = query(attachments, fd, BPF_FLOW_DISSECTOR);
	close(fd);
	return err;
}

static int look_in_socket_maps(struct attachments *attachments, const struct usage *usage,
			       unsigned long long set)
{
	static const enum bpf_attach_type attach[] = {
		BPF_SK_SKB_STREAM_PARSER,
		BPF_SK_SKB_STREAM_VERDICT,
		BPF_SK_SKB_VERDICT,
		BPF_SK_MSG_VERDICT,
	};
	const struct objects *objects = usage->objects;
	__u32 none = 0;
	int fd, err = 0;

	for (size_t i = 0; i < objects->nr_maps && !err; i++) {
		if (objects->maps[i].type != BPF_MAP_TYPE_SOCKMAP &&
		    objects->maps[i].type != BPF_MAP_TYPE_SOCKHASH)
			continue;
		fd = bpf_map_get_fd_by_id(objects->maps[i].id);
		if (fd < 0)
			err = errno == ENOENT ? 0 : -errno;
		/* They can be asked since Linux 5.18. */
		else if (bpf_prog_query(fd, attach[1], 0, NULL, NULL, &none) && errno == EINVAL)
			err = -EOPNOTSUPP;
		for (size_t a = 0; a < sizeof(attach) / sizeof(attach[0]) && fd >= 0 && !err; a++)
			err = query(attachments, fd, attach[a]);
		if (fd >= 0)
			close(fd);
	}
	return err;
}

/* What descriptor @fd of a process is, behind "anon_inode:". */
typedef int visit_file(struct attachments *attachments, int pid, int fd, const char *kind);

/* Those of other kinds, and what is gone, have no program. */
static int visit_perf_event(struct attachments *attachments, int pid, int fd, const char *kind)
{
	__u64 offset, address;
	__u32 len, prog_id = 0, type;
	char name[256];

	len = sizeof(name);
	if (strcmp(kind, "[perf_event]") ||
	    (bpf_task_fd_query(pid, fd, 0, name, &len, &prog_id, &type, &offset, &address) &&
	     errno != ENOSPC))
		return 0;
	return attachments_add(attachments, prog_id);
}

/* Whose program it is cannot be asked. */
static int visit_iterator(struct attachments *attachments, int pid, int fd, const char *kind)
{
	return strcmp(kind, "bpf_iter") ? 0 : -EBUSY;
}

static int visit_process(struct attachments *attachments, const char *pid, visit_file *visit)
{
	static const char anon[] = "anon_inode:";
	char path[64], target[64];
	struct dirent *entry;
	ssize_t len;
	DIR *dir;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	while (!err && (entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (!strncmp(target, anon, strlen(anon)))
			err = visit(attachments, atoi(pid), atoi(entry->d_name),
				    target + strlen(anon));
	}
	closedir(dir);
	return err;
}

static int visit_processes(struct attachments *attachments, visit_file *visit)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = proc ? 0 : -errno;

	while (proc && !err && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			err = visit_process(attachments, entry->d_name, visit);
	if (proc)
		closedir(proc);
	return err;
}

static int look_at_perf_events(struct attachments *attachments, const struct usage *usage,
			       unsigned long long set)
{
	return visit_processes(attachments, visit_perf_event);
}

static int look_at_iterators(struct attachments *attachments, const struct usage *usage,
			     unsigned long long set)
{
	return visit_processes(attachments, visit_iterator);
}

/* In the order of enum place. */
static int (*const looks[NR_PLACES])(struct attachments *, const struct usage *,
				     unsigned long long) = {
	look_in_cgroups,     look_at_devices,	  look_in_tc,	     look_in_netns,
	look_in_socket_maps, look_at_perf_events, look_at_iterators,
};

int attachments_find(struct attachments *attachments, struct usage *usage)
{
	const struct objects *objects = usage->objects;
	unsigned long long set = 0;
	unsigned int wanted = 0;
	const char *unseen;
	int err;

	for (size_t i = 0; i < objects->nr_programs; i++) {
		if (usage->programs[i] != UNSEEN || objects->programs[i].type >= 64)
			continue;
		set |= SET_OF(objects->programs[i].type);
		wanted |= places_of(objects->programs[i].type, &unseen);
	}
	for (size_t i = 0; i < NR_PLACES; i++) {
		if (!(wanted & 1u << i))
			continue;
		err = looks[i](attachments, usage, set);
		if (err == -ENOMEM)
			return err;
		if (!err)
			attachments->looked |= 1u << i;
	}
	for (size_t i = 0; i < attachments->nr; i++)
		usage_attached(usage, attachments->prog_ids[i]);
	return 0;
}

void attachments_end(struct attachments *attachments)
{
	free(attachments->prog_ids);
}

const char *unseen_places(const struct attachments *attachments, __u32 type)
{
	const char *unseen;
	const unsigned int not_looked = places_of(type, &unseen) & ~attachments->looked;

	for (size_t i = 0; i < NR_PLACES; i++)
		if (not_looked & 1u << i)
			return places[i].otherwise;
	return unseen;
}

json_t *places_looked_at(const struct attachments *attachments, __u32 type)
{
	const char *unseen;
	const unsigned int looked = places_of(type, &unseen) & attachments->looked;
	json_t *list = json_array();

	for (size_t i = 0; i < NR_PLACES; i++)
		if (looked & 1u << i)
			json_array_append_new(list, json_string(places[i].looked));
	return list;
}
