/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Commands on links, and the sessions that are opened on iterator links (kernel/bpf/syscall.c). */
#include <errno.h>

#include "iter/bpf_iter.h"
#include "prog/prog.h"
#include "syscall/command.h"

static struct bpf_map *map_get(void *rt, int fd)
{
	return bpf_map_get(rt, fd);
}

int link_create(struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	struct bpf_prog *prog = bpf_prog_get(call->rt, attr->link_create.prog_fd);
	struct bpf_link *link = ERR_PTR(-EINVAL);

	if (IS_ERR(prog))
		return PTR_ERR(prog);
	if (prog->type == BPF_PROG_TYPE_TRACING && prog->expected_attach_type == BPF_TRACE_ITER &&
	    attr->link_create.attach_type == BPF_TRACE_ITER)
		link = bpf_iter_link_attach(prog, attr, map_get, call->rt);
	bpf_prog_put(prog);
	if (IS_ERR(link))
		return PTR_ERR(link);
	return fd_install(call->rt, &bpf_link_fops, link, FMODE_READ | FMODE_WRITE);
}

int link_update(struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	struct bpf_prog *new_prog, *old_prog = NULL;
	struct bpf_link *link;
	int err;

	if (attr->link_update.flags & ~(u32)BPF_F_REPLACE)
		return -EINVAL;
	link = bpf_link_get_from_fd(call->rt, attr->link_update.link_fd);
	if (IS_ERR(link))
		return PTR_ERR(link);
	new_prog = bpf_prog_get(call->rt, attr->link_update.new_prog_fd);
	err = PTR_ERR(new_prog);
	if (IS_ERR(new_prog))
		goto put_link;
	if (attr->link_update.flags & BPF_F_REPLACE) {
		old_prog = bpf_prog_get(call->rt, attr->link_update.old_prog_fd);
		err = PTR_ERR(old_prog);
		if (IS_ERR(old_prog))
			goto put_new;
	}
	err = -EINVAL;
	if (old_prog || !attr->link_update.old_prog_fd)
		err = link->ops->update_prog(link, new_prog, old_prog);
	bpf_prog_put(old_prog);
put_new:
	bpf_prog_put(new_prog);
put_link:
	bpf_link_put(link);
	return err;
}

int link_detach(struct bpf_call *call)
{
	struct bpf_link *link = bpf_link_get_from_fd(call->rt, call->attr.link_detach.link_fd);
	int err;

	if (IS_ERR(link))
		return PTR_ERR(link);
	err = link->ops->detach ? link->ops->detach(link) : -EOPNOTSUPP;
	bpf_link_put(link);
	return err;
}

int iter_create(struct bpf_call *call)
{
	struct bpf_iter_session *session;
	struct bpf_link *link;

	if (call->attr.iter_create.flags)
		return -EINVAL;
	link = bpf_link_get_from_fd(call->rt, call->attr.iter_create.link_fd);
	if (IS_ERR(link))
		return PTR_ERR(link);
	session = bpf_iter_session_open(link);
	bpf_link_put(link);
	if (IS_ERR(session))
		return PTR_ERR(session);
	return fd_install(call->rt, &bpf_iter_fops, session, FMODE_READ);
}

/* --- the files -------------------------------------------------------------------------------- */

static void link_file_take(void *object)
{
	bpf_link_inc(object);
}

static void link_file_release(void *object)
{
	bpf_link_put(object);
}

static void link_show_fdinfo(const void *object, struct seq_file *seq)
{
	bpf_link_show_fdinfo(object, seq);
}

static int link_get_info(struct bpf_call *call, void *object)
{
	struct bpf_link *link = object;
	struct bpf_link_info info;
	struct bpf_prog *prog;
	u32 len;
	int err = info_begin(call, &info, sizeof(info), &len);

	if (err)
		return err;
	prog = bpf_link_prog_get(link);
	info.type = link->type;
	info.id = link->id;
	info.prog_id = prog->aux->id;
	bpf_prog_put(prog);
	err = link->ops->fill_link_info ? link->ops->fill_link_info(link, &info) : 0;
	return err ? err : info_end(call, &info, len);
}

const struct file_operations bpf_link_fops = {
	.name = "bpf_link",
	.get = link_file_take,
	.release = link_file_release,
	.pinnable = true,
	.get_info = link_get_info,
	.show_fdinfo = link_show_fdinfo,
};

static void iter_file_release(void *object)
{
	bpf_iter_session_close(object);
}

static ssize_t iter_file_read(void *object, u64 buf, size_t size)
{
	return bpf_seq_read(object, buf, size);
}

static ssize_t iter_file_next_chunk(void *object, const void **chunk)
{
	return bpf_seq_next_chunk(object, chunk);
}

const struct file_operations bpf_iter_fops = {
	.name = "bpf_iter",
	.release = iter_file_release,
	.read = iter_file_read,
	.next_chunk = iter_file_next_chunk,
};
