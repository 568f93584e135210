/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where a dump goes.
 *
 * A write to a pipe or terminal that nobody reads lasts for ever, and SIGINT wakes only the thread
 * that it meets. So standard output is opened once more, not to wait (others have the first one,
 * too, who do not expect that of it); where that cannot be, as for sockets, a write is made when
 * poll(2) says that it will not wait, and of no more bytes than that holds for. poll() wakes up
 * often enough to see that the dump is over.
 *
 * After SIGINT no elements are written any more but those that were begun, which have LAST_NS: a
 * reader may be slow. Few are begun at once, so that this mostly does. A value of many megabytes
 * takes longer to show than that; after LAST_CPU_US of work the process ends where it is, and says
 * so. (It is work that counts: a machine that is busy otherwise is no reason to cut anything.)
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "sink.h"

#define PIECE 4096		 /* what a pipe takes that is ready (PIPE_BUF) */
#define BEGIN_AT_ONCE (8u << 10) /* bytes, where a reader may be slow */
#define FILE_AT_ONCE (96u << 10)
#define LOOK_AFTER_MS 20    /* how long a wait lasts before one looks for SIGINT */
#define LAST_NS 40000000ull /* what is left after it */
#define LAST_CPU_US 60000
#define MESSAGE_US 20000 /* for a terminal to take the last line */

static unsigned long long interrupted_ns; /* 0: it was not */

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void cut(int signal_number)
{
	static const char why[] = "bpftrek: interrupted while a large value was shown, the output "
				  "is cut; run it again for the rest\n";

	if (write(STDERR_FILENO, why, sizeof(why) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(130);
}

static void limit_work(suseconds_t microseconds)
{
	const struct itimerval once = {.it_value.tv_usec = microseconds};

	setitimer(ITIMER_PROF, &once, NULL);
}

static void on_interrupt(int signal_number)
{
	limit_work(LAST_CPU_US);
	__atomic_store_n(&interrupted_ns, now_ns(), __ATOMIC_RELAXED);
}

static bool is_interrupted(void)
{
	return __atomic_load_n(&interrupted_ns, __ATOMIC_RELAXED);
}

static void open_again(struct sink *sink)
{
	int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	sink->never_waits = fd >= 0;
	if (fd >= 0)
		sink->fd = fd;
}

void sink_begin(struct sink *sink, const char *separator)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND}, before;
	struct stat stat;

	memset(sink, 0, sizeof(*sink));
	pthread_mutex_init(&sink->lock, NULL);
	sink->separator = separator;
	sink->fd = STDOUT_FILENO;
	sink->patient =
		!fstat(STDOUT_FILENO, &stat) &&
		(S_ISREG(stat.st_mode) || (S_ISCHR(stat.st_mode) && !isatty(STDOUT_FILENO)));
	sink->at_once = sink->patient ? FILE_AT_ONCE : BEGIN_AT_ONCE;
	if (!sink->patient)
		open_again(sink);
	/* A limit of the size of files (ulimit -f) is an error like that of a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	/* What nohup and a shell's & want stays. */
	if (!sigaction(SIGINT, NULL, &before) && before.sa_handler != SIG_IGN) {
		signal(SIGPROF, cut);
		sigaction(SIGINT, &action, NULL);
	}
}

bool sink_is_over(const struct sink *sink)
{
	return is_interrupted() || __atomic_load_n(&sink->gone, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&sink->err, __ATOMIC_RELAXED);
}

static bool is_late(void)
{
	return is_interrupted() &&
	       now_ns() - __atomic_load_n(&interrupted_ns, __ATOMIC_RELAXED) > LAST_NS;
}

/* Whether a write will not wait. */
static bool may_write(const struct sink *sink)
{
	struct pollfd fd = {.fd = sink->fd, .events = POLLOUT};

	while (!is_late())
		if (poll(&fd, 1, LOOK_AFTER_MS) > 0)
			return true;
	return false;
}

static void write_all(struct sink *sink, const char *bytes, size_t size)
{
	const size_t most = sink->patient || sink->never_waits ? SIZE_MAX : PIECE;
	ssize_t written;

	for (; size && !sink->gone && !sink->err && !sink->stuck;
	     bytes += written, size -= written) {
		sink->stuck = !sink->patient && !may_write(sink);
		if (sink->stuck)
			return;
		written = write(sink->fd, bytes, size < most ? size : most);
		if (written >= 0)
			continue;
		if (errno == EPIPE)
			__atomic_store_n(&sink->gone, true, __ATOMIC_RELAXED);
		else if (errno != EINTR && errno != EAGAIN)
			__atomic_store_n(&sink->err, errno, __ATOMIC_RELAXED);
		written = 0;
	}
}

void sink_write(struct sink *sink, struct text *text, unsigned long long elements)
{
	size_t skip;

	pthread_mutex_lock(&sink->lock);
	if (elements && is_interrupted())
		goto out;
	skip = !sink->begun && elements ? strlen(sink->separator) : 0;
	sink->begun |= elements;
	write_all(sink, text->start + skip, text_length(text) - skip);
	sink->elements += elements;
	if (sink->written)
		sink->written(sink);
out:
	pthread_mutex_unlock(&sink->lock);
	text->at = text->start;
}

static void end_silently(int signal_number)
{
	_exit(130);
}

/* A terminal that takes no output may take no message either. */
static void limit_message(suseconds_t microseconds)
{
	const struct itimerval once = {.it_value.tv_usec = microseconds};

	if (!isatty(STDERR_FILENO))
		return;
	signal(SIGALRM, end_silently);
	setitimer(ITIMER_REAL, &once, NULL);
}

int sink_end(struct sink *sink)
{
	int status = 0;

	if (is_interrupted())
		limit_work(0);
	if (sink->err)
		status = fail("standard output: %s; %s and run it again", strerror(sink->err),
			      sink->err == EFBIG ? "raise the limit of files (ulimit -f)"
						 : "make room");
	else if (sink->stuck) {
		limit_message(MESSAGE_US);
		fail("interrupted while the output was read too slowly or not at all, it is cut; "
		     "run it again for the rest");
		limit_message(0);
		status = 130;
	} else if (is_interrupted() && !sink->gone) {
		fail("interrupted after %llu elements; run it again for the rest", sink->elements);
		status = 130;
	}
	if (sink->fd != STDOUT_FILENO)
		close(sink->fd);
	pthread_mutex_destroy(&sink->lock);
	return status;
}
