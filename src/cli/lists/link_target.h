/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What a link attaches its program to, by type of link. */
#ifndef CLI_LISTS_LINK_TARGET_H
#define CLI_LISTS_LINK_TARGET_H

#include "column.h"

/* In a few words: "eth0", "tcp_connect+0x8", "/sys/fs/cgroup/a"; nothing if it is not known. */
void put_link_target(struct view *view, const struct link *link, struct text *out);

/* The members that bpftool's JSON has for this type. */
void put_link_details(struct view *view, const struct link *link, struct json *json);

/* As BPF_*; UNKNOWN: links of this type have none. */
__u64 link_attach_type(const struct link *link);

#endif /* CLI_LISTS_LINK_TARGET_H */
