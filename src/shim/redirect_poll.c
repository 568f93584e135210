/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The functions of libc that wait for descriptors, in front of libc's: a consumer of a ring buffer
 * waits for the map's, and so does who writes to one that programs drain. The descriptor that the
 * shim lends is readable, or can be written to, from a wakeup on; that there is nothing, or no
 * room, any more is known only when the runtime looks, which it does here, before each wait.
 *
 * Linux looks when a descriptor is added to an epoll instance and in poll() and select(), and what
 * it finds then counts whether there was a wakeup or not: shim_look(). In epoll_wait() it looks
 * again at those that were ready, and only at them: shim_settle().
 *
 * One difference is left: where a wakeup ends a wait and there is nothing to consume (it was
 * forced, or another thread was faster), Linux goes on waiting, and here the caller sees an event.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <unistd.h>

#include "handles.h"
#include "next.h"

/* Let the runtime look at @fd, if that is something to wait for. */
static void shim_look(int fd)
{
	struct trek_runtime *rt = shim_waitable(fd) ? shim_runtime_of(fd) : NULL;

	if (rt)
		trek_poll(rt, fd, 0);
}

/* Look at those that are readable: perhaps they no longer are. */
void shim_settle(void)
{
	/* What room in a ring is waited for with is a pipe, and the only one of which that is said.
	 */
	struct pollfd one = {.events = POLLIN | POLLWRNORM};
	int saved = errno;

	for (one.fd = shim_next_waitable(0); one.fd >= 0; one.fd = shim_next_waitable(one.fd + 1))
		if (next(poll)(&one, 1, 0) == 1)
			shim_look(one.fd);
	errno = saved;
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD || op == EPOLL_CTL_MOD)
		shim_look(fd);
	return next(epoll_ctl)(epfd, op, fd, event);
}

int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	shim_settle();
	return next(epoll_wait)(epfd, events, max, timeout);
}

int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
	shim_settle();
	return next(epoll_pwait)(epfd, events, max, timeout, mask);
}

int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
		 const sigset_t *mask)
{
	shim_settle();
	return next(epoll_pwait2)(epfd, events, max, timeout, mask);
}

/* Copy from memory of the caller's, of which libc does not say that it is there: false. */
static bool copy_in(void *to, const void *from, size_t size)
{
	struct iovec local = {.iov_base = to, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)from, .iov_len = size};
	int saved = errno;
	ssize_t copied = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
	bool faulted = copied >= 0 || errno == EFAULT;

	errno = saved;
	if (copied == (ssize_t)size)
		return true;
	if (faulted)
		return false;
	/* Where that call is forbidden, a bad address is the caller's end. */
	memcpy(to, from, size);
	return true;
}

/* The instance of an epoll_wait() may be among them: settle, too. */
static void look_at_polled(struct pollfd *fds, nfds_t count)
{
	struct pollfd some[64];
	nfds_t n;

	shim_settle();
	if (shim_next_waitable(0) < 0)
		return;
	/* Where there is no memory, poll() itself says so. */
	for (; count; fds += n, count -= n) {
		n = count < 64 ? count : 64;
		if (!copy_in(some, fds, n * sizeof(*fds)))
			return;
		for (nfds_t i = 0; i < n; i++)
			shim_look(some[i].fd);
	}
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	look_at_polled(fds, count);
	return next(poll)(fds, count, timeout);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	look_at_polled(fds, count);
	return next(ppoll)(fds, count, timeout, mask);
}

/* The two of a program that was compiled with _FORTIFY_SOURCE. */
extern void __chk_fail(void) __attribute__((noreturn));
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t size);

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
	if (size / sizeof(*fds) < count)
		__chk_fail();
	return poll(fds, count, timeout);
}

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t size)
{
	if (size / sizeof(*fds) < count)
		__chk_fail();
	return ppoll(fds, count, timeout, mask);
}

static void look_at_selected(int count, const fd_set *reading)
{
	fd_set set;
	int fd;

	shim_settle();
	fd = shim_next_waitable(0);
	/* Sets larger than FD_SETSIZE are not what select() is for; smaller ones end with a word.
	 */
	count = count < FD_SETSIZE ? count : FD_SETSIZE;
	if (!reading || fd < 0 || count <= 0 ||
	    !copy_in(&set, reading, (size_t)(count + NFDBITS - 1) / NFDBITS * sizeof(fd_mask)))
		return;
	for (; fd >= 0 && fd < count; fd = shim_next_waitable(fd + 1))
		if (FD_ISSET(fd, &set))
			shim_look(fd);
}

int select(int count, fd_set *reading, fd_set *writing, fd_set *except, struct timeval *timeout)
{
	look_at_selected(count, reading);
	return next(select)(count, reading, writing, except, timeout);
}

int pselect(int count, fd_set *reading, fd_set *writing, fd_set *except,
	    const struct timespec *timeout, const sigset_t *mask)
{
	look_at_selected(count, reading);
	return next(pselect)(count, reading, writing, except, timeout, mask);
}
