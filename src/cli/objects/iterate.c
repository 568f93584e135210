/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Running an iterator program that writes records. */
#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "look.h"

/*
 * An engine lets go of the CPU with EAGAIN after a million objects without output; the shipped
 * programs write something for each.
 */
#define MAX_EAGAIN 1000

static int drain(struct look *look, int iterator)
{
	size_t room;
	ssize_t got;
	int err = 0, again = 0;

	do {
		room = LOOK_BUFFER_SIZE - look->used;
		got = read(iterator, look->buffer + look->used, room);
		if (got > 0)
			err = look_take(look, got);
		else if (got < 0 && errno != EINTR && (errno != EAGAIN || ++again > MAX_EAGAIN))
			err = -errno;
	} while (got && !err);
	return err ? err : look_end(look);
}

int look_iterate(struct look *look, int prog_fd)
{
	int link, iterator = -1, err = 0;

	own_add_fd(&look->own, OBJECT_PROGRAM, prog_fd);
	link = bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, NULL);
	if (link < 0)
		return -errno;
	own_add_fd(&look->own, OBJECT_LINK, link);
	iterator = bpf_iter_create(link);
	err = iterator < 0 ? -errno : drain(look, iterator);
	if (iterator >= 0)
		close(iterator);
	close(link);
	return err;
}
