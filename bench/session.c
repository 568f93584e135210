/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What `bpftrek run` and bpf_iter(7) do, without libbpf.
 */
#include <errno.h>

#include <bpftrek/runtime.h>

#include "session.h"

#define PTR(p) ((unsigned long)(p))

int session_attach(const struct engine *engine, int prog, int map)
{
	union bpf_iter_link_info info = {.map.map_fd = map};
	union bpf_attr attr = {
		.link_create = {.prog_fd = prog, .attach_type = BPF_TRACE_ITER},
	};

	if (map >= 0) {
		attr.link_create.iter_info = PTR(&info);
		attr.link_create.iter_info_len = sizeof(info);
	}
	return engine_bpf(engine, BPF_LINK_CREATE, &attr);
}

ssize_t session_read(const struct engine *engine, int link, char *buf)
{
	union bpf_attr attr = {.iter_create.link_fd = link};
	int session = engine_bpf(engine, BPF_ITER_CREATE, &attr);
	ssize_t bytes = 0, ret;

	if (session < 0)
		return session;
	do {
		ret = engine_read(engine, session, buf, READ_SIZE);
		bytes += ret > 0 ? ret : 0;
	} while (ret > 0 || ret == -EAGAIN); /* a million elements and not a byte: call again */
	engine_close(engine, session);
	return ret < 0 ? ret : bytes;
}

ssize_t session_read_in_place(const struct engine *engine, int link)
{
	union bpf_attr attr = {.iter_create.link_fd = link};
	int session = engine_bpf(engine, BPF_ITER_CREATE, &attr);
	const void *chunk;
	ssize_t bytes = 0, ret;

	if (session < 0)
		return session;
	do {
		ret = trek_iter_next_chunk(engine->rt, session, &chunk);
		bytes += ret > 0 ? ret : 0;
	} while (ret > 0 || ret == -EAGAIN);
	engine_close(engine, session);
	return ret < 0 ? ret : bytes;
}

int session_open_only(const struct engine *engine, int link)
{
	union bpf_attr attr = {.iter_create.link_fd = link};
	int session = engine_bpf(engine, BPF_ITER_CREATE, &attr);

	return session < 0 ? session : engine_close(engine, session);
}
