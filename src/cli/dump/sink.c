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
 * After a signal that ends the dump (interrupt.h) no elements are written any more but those that
 * were begun, which have LAST_NS: a reader may be slow, and an element may have many megabytes. Few
 * are begun at once, so that this mostly does; where it does not, the output is cut, and that said.
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
#include "interrupt.h"
#include "sink.h"

#define PIECE 4096		 /* what a pipe takes that is ready (PIPE_BUF) */
#define FILE_PIECE (1u << 20)	 /* what a file takes in a millisecond */
#define BEGIN_AT_ONCE (8u << 10) /* bytes, where a reader may be slow */
#define FILE_AT_ONCE (96u << 10)
#define LOOK_AFTER_MS 20    /* how long a wait lasts before one looks for signals */
#define LAST_NS 40000000ull /* what is left after one */
#define MESSAGE_US 20000    /* for a terminal to take the last line */

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
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
	interrupt_begin();
}

bool sink_is_over(const struct sink *sink)
{
	return is_interrupted() || __atomic_load_n(&sink->gone, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&sink->err, __ATOMIC_RELAXED);
}

static bool is_late(void)
{
	return is_interrupted() && now_ns() - interrupt_ns() > LAST_NS;
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
	const size_t most = sink->patient || sink->never_waits ? FILE_PIECE : PIECE;
	ssize_t written;

	for (; size && !sink->gone && !sink->err && !sink->stuck;
	     bytes += written, size -= written) {
		sink->stuck = sink->patient ? is_late() : !may_write(sink);
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
	_exit(interrupt_status());
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

static void say_end(const struct sink *sink)
{
	if (sink->stuck)
		fail("%s while the output was %s, it is cut; run it again for the rest",
		     interrupt_word(), sink->patient ? "written" : "read too slowly or not at all");
	else
		fail("%s after %llu elements; run it again for the rest", interrupt_word(),
		     sink->elements);
}

int sink_end(struct sink *sink)
{
	int status = 0;

	interrupt_end();
	if (sink->err)
		status = output_failed(sink->err);
	if (is_interrupted() && !sink->gone) {
		if (!sink->err) {
			limit_message(MESSAGE_US);
			say_end(sink);
			limit_message(0);
		}
		status = interrupt_status();
	}
	if (sink->fd != STDOUT_FILENO)
		close(sink->fd);
	pthread_mutex_destroy(&sink->lock);
	return status;
}
