/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where a dump goes.
 *
 * A write to a pipe or terminal that nobody reads lasts for ever, and SIGINT wakes only the thread
 * that it meets. So such a write is made when poll(2) says that it will not wait, and of no more
 * bytes than that holds for; poll() wakes up often enough to see that the dump is over.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "sink.h"

#define PIECE 4096	 /* what a pipe takes that is ready (PIPE_BUF) */
#define LOOK_AFTER_MS 20 /* how long a wait lasts before one looks for SIGINT */
#define LAST_WAITS 2	 /* how often after it */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
	interrupted = 1;
}

bool sink_is_interrupted(void)
{
	return interrupted;
}

void sink_begin(struct sink *sink, const char *separator)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND}, before;
	struct stat stat;

	memset(sink, 0, sizeof(*sink));
	pthread_mutex_init(&sink->lock, NULL);
	sink->separator = separator;
	sink->patient =
		!fstat(STDOUT_FILENO, &stat) &&
		(S_ISREG(stat.st_mode) || (S_ISCHR(stat.st_mode) && !isatty(STDOUT_FILENO)));
	/* What nohup and a shell's & want stays. */
	if (!sigaction(SIGINT, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(SIGINT, &action, NULL);
}

bool sink_is_over(const struct sink *sink)
{
	return interrupted || __atomic_load_n(&sink->gone, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&sink->err, __ATOMIC_RELAXED);
}

/* Whether a write will not wait. */
static bool may_write(void)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

	for (int waits = 0; waits < LAST_WAITS; waits += interrupted)
		if (poll(&fd, 1, LOOK_AFTER_MS) > 0)
			return true;
	return false;
}

static void write_all(struct sink *sink, const char *bytes, size_t size)
{
	ssize_t written;

	for (; size && !sink->gone && !sink->err && !sink->stuck;
	     bytes += written, size -= written) {
		sink->stuck = !sink->patient && !may_write();
		if (sink->stuck)
			return;
		written = write(STDOUT_FILENO, bytes, sink->patient || size < PIECE ? size : PIECE);
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
	skip = !sink->begun && elements ? strlen(sink->separator) : 0;
	sink->begun |= elements;
	write_all(sink, text->start + skip, text_length(text) - skip);
	sink->elements += elements;
	if (sink->written)
		sink->written(sink);
	pthread_mutex_unlock(&sink->lock);
	text->at = text->start;
}

int sink_end(struct sink *sink)
{
	int status = 0;

	if (sink->err)
		status = fail("standard output: %s; make room and run it again",
			      strerror(sink->err));
	else if (sink->stuck) {
		fail("interrupted while nobody read the output, which is cut; run it again for the "
		     "rest");
		status = 130;
	} else if (interrupted && !sink->gone) {
		fail("interrupted after %llu elements; run it again for the rest", sink->elements);
		status = 130;
	}
	pthread_mutex_destroy(&sink->lock);
	return status;
}
