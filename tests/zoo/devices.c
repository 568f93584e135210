// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/* Network devices of the zoo's own network namespace: one rtnetlink(7) message makes one. */
#include <errno.h>
#include <string.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "zoo.h"

struct request {
	struct nlmsghdr header;
	struct ifinfomsg device;
	char attributes[128];
};

/* @length of data, or what is added until end(). */
static struct rtattr *begin(struct request *request, unsigned short type, const void *data,
			    size_t length)
{
	struct rtattr *attribute =
		(void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(attribute), data, length);
	request->header.nlmsg_len =
		NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
	return attribute;
}

static void end(const struct request *request, struct rtattr *attribute)
{
	attribute->rta_len = (char *)request + request->header.nlmsg_len - (char *)attribute;
}

int zoo_device(const char *kind, const char *name)
{
	struct request request = {
		.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			   .nlmsg_type = RTM_NEWLINK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL},
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer = {.error.error = -EIO};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct rtattr *info;

	begin(&request, IFLA_IFNAME, name, strlen(name) + 1);
	info = begin(&request, IFLA_LINKINFO, NULL, 0);
	begin(&request, IFLA_INFO_KIND, kind, strlen(kind));
	end(&request, info);
	if (fd < 0 || send(fd, &request, request.header.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		answer.error.error = -errno;
	if (fd >= 0)
		close(fd);
	if (answer.error.error)
		return answer.error.error;
	return if_nametoindex(name);
}
