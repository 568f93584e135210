/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs in filters and actions of tc, of this network namespace: rtnetlink(7). Filters are
 * dumped for each queueing discipline (RTM_GETQDISC lists them) and, of clsact, for both its hooks.
 *
 * Messages come from the kernel (their sender is checked); lengths in them are checked all the
 * same.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_bpf.h>

#include "audit/attached.h"

struct parent {
	int ifindex;
	__u32 handle;
};

struct dump {
	struct attachments *attachments;
	int fd;
	__u32 sequence;
	struct parent *parents;
	size_t nr, room;
};

/* The next attribute of a message or of an attribute; @rest bytes are left at @at. */
static const struct rtattr *next_attribute(const void **at, size_t *rest)
{
	const struct rtattr *a = *at;
	size_t step;

	if (*rest < sizeof(*a) || a->rta_len < sizeof(*a) || a->rta_len > *rest)
		return NULL;
	step = RTA_ALIGN(a->rta_len);
	step = step < *rest ? step : *rest;
	*at = (const char *)*at + step;
	*rest -= step;
	return a;
}

static const struct rtattr *find_attribute(const void *at, size_t rest, int type)
{
	const struct rtattr *a;

	while ((a = next_attribute(&at, &rest)))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static const struct rtattr *find_within(const struct rtattr *outer, int type)
{
	return outer ? find_attribute(RTA_DATA(outer), RTA_PAYLOAD(outer), type) : NULL;
}

static bool is_called(const struct rtattr *kind, const char *name)
{
	return kind && RTA_PAYLOAD(kind) > strlen(name) &&
	       !memcmp(RTA_DATA(kind), name, strlen(name) + 1);
}

static int add_id(struct dump *dump, const struct rtattr *id)
{
	__u32 prog_id;

	if (!id || RTA_PAYLOAD(id) < sizeof(prog_id))
		return 0;
	memcpy(&prog_id, RTA_DATA(id), sizeof(prog_id));
	return attachments_add(dump->attachments, prog_id);
}

/* Actions of any filter, numbered from 1. */
static int add_actions(struct dump *dump, const struct rtattr *actions)
{
	const struct rtattr *action, *options;
	const void *at;
	size_t rest;
	int err = 0;

	if (!actions)
		return 0;
	at = RTA_DATA(actions);
	rest = RTA_PAYLOAD(actions);
	while (!err && (action = next_attribute(&at, &rest))) {
		if (!is_called(find_within(action, TCA_ACT_KIND), "bpf"))
			continue;
		options = find_within(action, TCA_ACT_OPTIONS);
		err = add_id(dump, find_within(options, TCA_ACT_BPF_ID));
	}
	return err;
}

/* In which attribute of its options each kind of filter has its actions. */
static const struct {
	const char *kind;
	int actions;
} filters[] = {
	{"bpf", TCA_BPF_ACT},	{"u32", TCA_U32_ACT},		{"flower", TCA_FLOWER_ACT},
	{"fw", TCA_FW_ACT},	{"route", TCA_ROUTE4_ACT},	{"basic", TCA_BASIC_ACT},
	{"flow", TCA_FLOW_ACT}, {"matchall", TCA_MATCHALL_ACT}, {"cgroup", TCA_CGROUP_ACT},
};

static int take_filter(struct dump *dump, const struct tcmsg *tc, const void *at, size_t rest)
{
	const struct rtattr *kind = find_attribute(at, rest, TCA_KIND);
	const struct rtattr *options = find_attribute(at, rest, TCA_OPTIONS);
	int err = 0;

	if (is_called(kind, "bpf"))
		err = add_id(dump, find_within(options, TCA_BPF_ID));
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]) && !err; i++)
		if (is_called(kind, filters[i].kind))
			err = add_actions(dump, find_within(options, filters[i].actions));
	return err;
}

static int add_parent(struct dump *dump, int ifindex, __u32 handle)
{
	const size_t room = dump->room ? 2 * dump->room : 32;
	struct parent *more;

	if (dump->nr == dump->room) {
		more = reallocarray(dump->parents, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		dump->parents = more;
		dump->room = room;
	}
	dump->parents[dump->nr++] = (struct parent){ifindex, handle};
	return 0;
}

static int take_qdisc(struct dump *dump, const struct tcmsg *tc, const void *at, size_t rest)
{
	const struct rtattr *kind = find_attribute(at, rest, TCA_KIND);
	const __u32 block = TC_H_MAKE(TC_H_CLSACT, 0);
	int err;

	if (!is_called(kind, "clsact"))
		return add_parent(dump, tc->tcm_ifindex, tc->tcm_handle);
	err = add_parent(dump, tc->tcm_ifindex, block | TC_H_MIN(TC_H_MIN_INGRESS));
	return err ? err : add_parent(dump, tc->tcm_ifindex, block | TC_H_MIN(TC_H_MIN_EGRESS));
}

typedef int take_message(struct dump *dump, const struct tcmsg *tc, const void *at, size_t rest);

/* The messages of one datagram: 1: there are more, 0: it was the last one, or negative errno. */
static int take_all(struct dump *dump, const struct nlmsghdr *message, size_t len, int type,
		    take_message *take)
{
	const struct nlmsgerr *error;
	const struct tcmsg *tc;
	int err = 0;

	for (; NLMSG_OK(message, len) && !err; message = NLMSG_NEXT(message, len)) {
		if (message->nlmsg_seq != dump->sequence)
			continue;
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EAGAIN;
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		error = NLMSG_DATA(message);
		tc = NLMSG_DATA(message);
		if (message->nlmsg_type == NLMSG_ERROR)
			return message->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) ? -EBADMSG
										 : error->error;
		if (message->nlmsg_type != type || message->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)))
			continue;
		err = take(dump, tc, (const char *)tc + NLMSG_ALIGN(sizeof(*tc)),
			   message->nlmsg_len - NLMSG_LENGTH(sizeof(*tc)));
	}
	return err ? err : 1;
}

static int receive(struct dump *dump, int type, take_message *take)
{
	const size_t size = 1 << 16;
	struct sockaddr_nl from;
	struct iovec part = {malloc(size), size};
	struct msghdr header = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
	int err = part.iov_base ? 1 : -ENOMEM;
	ssize_t len;

	while (err > 0) {
		header.msg_namelen = sizeof(from);
		len = recvmsg(dump->fd, &header, 0);
		if (len < 0 && errno != EINTR)
			err = -errno;
		else if (len >= 0 && header.msg_flags & MSG_TRUNC)
			err = -EMSGSIZE;
		else if (len >= 0 && !from.nl_pid)
			err = take_all(dump, part.iov_base, len, type, take);
	}
	free(part.iov_base);
	return err;
}

static int ask(struct dump *dump, int request, int answer, const struct parent *of,
	       take_message *take)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} message = {
		.header.nlmsg_len = sizeof(message),
		.header.nlmsg_type = request,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.header.nlmsg_seq = ++dump->sequence,
		.tc.tcm_family = AF_UNSPEC,
		.tc.tcm_ifindex = of ? of->ifindex : 0,
		.tc.tcm_parent = of ? of->handle : 0,
	};

	if (send(dump->fd, &message, sizeof(message), 0) < 0)
		return -errno;
	return receive(dump, answer, take);
}

int attachments_find_tc(struct attachments *attachments)
{
	struct dump dump = {.attachments = attachments};
	int err = 0;

	dump.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (dump.fd < 0)
		return -errno;
	err = ask(&dump, RTM_GETQDISC, RTM_NEWQDISC, NULL, take_qdisc);
	for (size_t i = 0; i < dump.nr && !err; i++) {
		err = ask(&dump, RTM_GETTFILTER, RTM_NEWTFILTER, &dump.parents[i], take_filter);
		/* One that takes no filters, or is gone. */
		if (err == -EINVAL || err == -ENODEV || err == -EOPNOTSUPP || err == -ENOENT)
			err = 0;
	}
	free(dump.parents);
	close(dump.fd);
	return err;
}
