/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which descriptors are handles: one byte for each number, in pages that are made when they are
 * needed and stay, so that a look is two loads and may be had in a signal handler.
 *
 * A number is marked after its descriptor was made and unmarked before it is closed. As the
 * descriptor stands for the handle all that time, the kernel gives the number to nobody else.
 *
 * A child of vfork() has descriptors of its own, yet it runs in the memory of its parent: what it
 * closes before it execs must not end there. It is known by its process id, which a child of fork()
 * takes over as its own.
 *
 * The descriptor of a handle without memory is an epoll instance: it cannot be read or written
 * (EINVAL), which is what the kernel says of a map or a program, and it needs no path and no /dev.
 * That of a ring buffer has the ring's event in it; that of one that user space writes is the end
 * of a pipe, opened by its path in /proc. It is one for each handle, so that who waits for a handle
 * no longer does so when that is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "handles.h"
#include "next.h"

#define PAGE_FDS 4096
#define PAGES 1024 /* 4 million descriptors; fs.nr_open is 1 million unless it was raised */

typedef _Atomic(unsigned char) mark_t;

/* What a number can be. */
enum { NO_HANDLE, HANDLE, WAITABLE };

static _Atomic(mark_t *) pages[PAGES];
static _Atomic(struct trek_runtime *) runtime;
static _Atomic(pid_t) owner;
static _Atomic(int) waitable_end; /* no number from it on was ever something to wait for */
static pthread_once_t watch_forks = PTHREAD_ONCE_INIT;
static __thread const struct shim_place *wanted_place;

struct trek_runtime *shim_runtime(void)
{
	return atomic_load_explicit(&runtime, memory_order_acquire);
}

static mark_t *mark_of(int fd)
{
	mark_t *page;

	if (fd < 0 || fd >= PAGES * PAGE_FDS)
		return NULL;
	page = atomic_load_explicit(&pages[fd / PAGE_FDS], memory_order_acquire);
	return page ? &page[fd % PAGE_FDS] : NULL;
}

static int mark(int fd, unsigned char what)
{
	mark_t *page, *other = NULL;
	int end = atomic_load(&waitable_end);

	if (fd >= PAGES * PAGE_FDS)
		return -EMFILE;
	if (!mark_of(fd)) {
		page = calloc(PAGE_FDS, sizeof(*page));
		if (!page)
			return -ENOMEM;
		if (!atomic_compare_exchange_strong(&pages[fd / PAGE_FDS], &other, page))
			free(page);
	}
	if (what == WAITABLE)
		while (end <= fd && !atomic_compare_exchange_weak(&waitable_end, &end, fd + 1))
			;
	atomic_store_explicit(mark_of(fd), what, memory_order_release);
	return 0;
}

struct trek_runtime *shim_runtime_of(int fd)
{
	struct trek_runtime *rt = shim_runtime();
	mark_t *marked = rt ? mark_of(fd) : NULL;

	if (!marked || !atomic_load_explicit(marked, memory_order_acquire))
		return NULL;
	return atomic_load_explicit(&owner, memory_order_relaxed) == getpid() ? rt : NULL;
}

long shim_result(long result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

bool shim_waitable(int fd)
{
	mark_t *marked = mark_of(fd);

	return marked && atomic_load_explicit(marked, memory_order_acquire) == WAITABLE;
}

int shim_next_waitable(int from)
{
	int end = atomic_load_explicit(&waitable_end, memory_order_acquire);

	while (from < end && !shim_waitable(from))
		from++;
	return from < end ? from : -1;
}

/* A descriptor like @source at @place. */
static int place_descriptor(int source, const struct shim_place *place)
{
	int fd;

	if (place->at < 0)
		fd = next(fcntl)(source, place->cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, place->from);
	else if (place->at != source)
		fd = next(dup3)(source, place->at, place->cloexec ? O_CLOEXEC : 0);
	else
		fd = next(fcntl)(source, F_SETFD, place->cloexec ? FD_CLOEXEC : 0) < 0 ? -1
										       : source;
	return fd < 0 ? -errno : fd;
}

/* Memory has seals; of the kinds of descriptor that the runtime has, the others can wait. */
static unsigned char kind_of(int descriptor)
{
	if (descriptor < 0)
		return HANDLE;
	return next(fcntl)(descriptor, F_GET_SEALS) < 0 ? WAITABLE : HANDLE;
}

/* An epoll instance, which is ready while @event is, if that is one. */
static int new_instance(int event)
{
	struct epoll_event readable = {.events = EPOLLIN};
	int fd = epoll_create1(EPOLL_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if (event >= 0 && next(epoll_ctl)(fd, EPOLL_CTL_ADD, event, &readable)) {
		err = -errno;
		next(close)(fd);
		return err;
	}
	return fd;
}

/*
 * The end of a pipe, which is waited for to be written to, as an epoll instance is not: another
 * one, so that who closes it does not wait any more.
 */
static int new_end(int pipe)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe);
	fd = next(open)(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int new_waitable(int descriptor)
{
	bool pipe = descriptor >= 0 && next(fcntl)(descriptor, F_GETPIPE_SZ) >= 0;

	return pipe ? new_end(descriptor) : new_instance(descriptor);
}

static int reserve_descriptor(int descriptor, const struct shim_place *place)
{
	unsigned char kind = kind_of(descriptor);
	bool shared = descriptor >= 0 && kind == HANDLE; /* memory */
	int source = shared ? descriptor : new_waitable(descriptor), fd, err;

	if (source < 0)
		return source;
	fd = place_descriptor(source, place);
	if (!shared && fd != source)
		next(close)(source);
	if (fd < 0)
		return fd;
	err = mark(fd, kind);
	if (err) {
		next(close)(fd);
		return err;
	}
	return fd;
}

/* The runtime leaves errno alone, so must what it calls. */
static int reserve(void *arg, int descriptor)
{
	static const struct shim_place anywhere = {.at = -1, .from = 0, .cloexec = true};
	int saved = errno, fd;

	fd = reserve_descriptor(descriptor, wanted_place ? wanted_place : &anywhere);
	errno = saved;
	return fd;
}

static void release(void *arg, int handle)
{
	mark_t *marked = mark_of(handle);
	int saved = errno;

	if (marked)
		atomic_store_explicit(marked, NO_HANDLE, memory_order_release);
	next(close)(handle);
	errno = saved;
}

static int unknown(void *arg, int handle)
{
	int saved = errno, err;

	err = next(fcntl)(handle, F_GETFD) < 0 ? -EBADF : -EINVAL;
	errno = saved;
	return err;
}

int shim_dup(struct trek_runtime *rt, int fd, struct shim_place place)
{
	int duplicate;

	wanted_place = &place;
	duplicate = trek_dup(rt, fd);
	wanted_place = NULL;
	return duplicate;
}

static void own(void)
{
	atomic_store(&owner, getpid());
}

static void own_in_children(void)
{
	pthread_atfork(NULL, NULL, own);
}

struct trek_runtime_opts shim_runtime_opts(void)
{
	const char *perf_map = getenv("BPFTREK_PERF_MAP");

	return (struct trek_runtime_opts){
		.size = sizeof(struct trek_runtime_opts),
		.handles = &shim_handle_ops,
		.perf_map = perf_map && *perf_map && strcmp(perf_map, "0"),
	};
}

int shim_enable(struct trek_runtime *rt)
{
	struct trek_runtime *none = NULL;

	pthread_once(&watch_forks, own_in_children);
	own();
	return atomic_compare_exchange_strong(&runtime, &none, rt) ? 0 : -EBUSY;
}

void shim_disable(void)
{
	atomic_store(&runtime, NULL);
}

const struct trek_handle_ops shim_handle_ops = {
	.reserve = reserve,
	.release = release,
	.unknown = unknown,
};
