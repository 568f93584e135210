/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Reading an iterator to its end.
 *
 * A read that says EAGAIN is made again: after a million objects without output the engine lets go
 * of the CPU, and a program may ask for a while to be shown the same object again. A program that
 * asks so for ever would never end. It is told from the first case by time: a million objects take
 * a millisecond or more. So 10,000 quick EAGAINs without a byte in between end the run, and so do
 * ten minutes without a byte.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "drain.h"

#define MAX_QUICK_EAGAIN 10000
#define QUICK_NS 1000000ull
#define MAX_SILENT_NS (600 * 1000000000ull)

#define READ_SIZE (64u << 10) /* more than a read can return */
#define WRITE_SIZE (1u << 20)

/* A reader that goes away is no error, and there is nothing left to do: @gone. */
static int write_all(const char *bytes, size_t size, bool *gone)
{
	ssize_t written;

	for (; size; bytes += written, size -= written) {
		written = write(STDOUT_FILENO, bytes, size);
		*gone = written < 0 && errno == EPIPE;
		if (*gone)
			return 0;
		if (written < 0 && errno == EINTR)
			written = 0;
		else if (written < 0)
			return output_failed(errno);
	}
	return 0;
}

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Whether reads have said EAGAIN for so long that there is no hope; see the head of this file. */
struct patience {
	unsigned long long last_byte_ns, read_ns;
	unsigned int quick;
};

static void patience_renew(struct patience *patience)
{
	patience->quick = 0;
	patience->last_byte_ns = now_ns();
}

static bool patience_ends(struct patience *patience)
{
	unsigned long long now = now_ns();

	if (now - patience->read_ns < QUICK_NS)
		patience->quick++;
	return patience->quick > MAX_QUICK_EAGAIN || now - patience->last_byte_ns > MAX_SILENT_NS;
}

static int explain_read(const char *program, int err)
{
	switch (err) {
	case EAGAIN:
		return fail("program %s: it never lets the walk advance; return 0 from it, 1 asks "
			    "for the same object again",
			    program);
	case E2BIG:
		return fail("program %s: its output for one object does not fit the 32 KiB of an "
			    "iterator; print less in one call",
			    program);
	default:
		return fail("program %s: reading it: %s; --verbose shows what libbpf said", program,
			    strerror(err));
	}
}

int drain_iterator(int iterator, const char *program)
{
	char *buf = malloc(WRITE_SIZE);
	struct patience patience = {0};
	bool gone = false;
	size_t used = 0;
	int status = 0, err = 0;
	ssize_t got = 1;

	if (!buf)
		return fail("out of memory; free some and run it again");
	patience_renew(&patience);
	while (got && !err && !status && !gone) {
		patience.read_ns = now_ns();
		got = read(iterator, buf + used, READ_SIZE);
		if (got > 0) {
			used += got;
			patience_renew(&patience);
		} else if (got < 0 && errno == EAGAIN) {
			err = patience_ends(&patience) ? EAGAIN : 0;
		} else if (got < 0 && errno != EINTR) {
			err = errno;
		}
		/* Whoever waits sees all there is before the engine goes on in silence. */
		if (used > WRITE_SIZE - READ_SIZE || got <= 0) {
			status = write_all(buf, used, &gone);
			used = 0;
		}
	}
	free(buf);
	return err && !status && !gone ? explain_read(program, err) : status;
}
