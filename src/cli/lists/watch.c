/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * --watch: see watch.h. A signal may come to a thread of the engine instead of the one that waits;
 * so its handler tells the latter through a descriptor.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "watch.h"

static int woken = -1;
static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	const __u64 one = 1;
	int saved = errno;

	if (signal != SIGWINCH)
		ended = 1;
	if (write(woken, &one, sizeof(one)) < 0)
		ended = ended; /* it is full of wake-ups already */
	errno = saved;
}

/* What a parent has ignored, as a shell SIGINT for what it runs with &, stays so. */
static void handle_ends(void (*handler)(int))
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_RESETHAND};
	struct sigaction before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

int watch_begin(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (woken < 0)
		return fail("--watch: %s; raise the limit of open files", strerror(errno));
	sigaction(SIGWINCH, &action, NULL);
	handle_ends(on_signal);
	return 0;
}

void watch_end(void)
{
	signal(SIGWINCH, SIG_DFL);
	handle_ends(SIG_DFL);
	close(woken);
	woken = -1;
}

__u64 monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

enum watch_event watch_wait(__u64 until)
{
	struct pollfd wake = {.fd = woken, .events = POLLIN};
	__u64 now = monotonic_ns(), count;
	int wait = until > now ? (until - now + 999999) / 1000000 : 0;

	/* A signal that interrupts it has written by then. */
	poll(&wake, 1, wait);
	if (ended)
		return WATCH_END;
	return read(woken, &count, sizeof(count)) == sizeof(count) ? WATCH_RESIZED : WATCH_NEXT;
}

bool samples_take(struct samples *samples, const struct objects *objects, __u64 now)
{
	struct sample *larger;

	larger = reallocarray(samples->samples, objects->nr_programs + 1, sizeof(*larger));
	if (!larger)
		return false;
	for (size_t i = 0; i < objects->nr_programs; i++)
		larger[i] = (struct sample){
			.id = objects->programs[i].id,
			.run_cnt = objects->programs[i].run_cnt,
			.run_time_ns = objects->programs[i].run_time_ns,
		};
	*samples = (struct samples){larger, objects->nr_programs, now};
	return true;
}
