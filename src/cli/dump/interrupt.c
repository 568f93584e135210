/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Noting that a signal asked for the end: see interrupt.h. */
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "interrupt.h"

static const struct {
	int signal;
	const char *word;
} signals[] = {
	{SIGINT, "interrupted"},
	{SIGTERM, "terminated"},
	{SIGHUP, "hung up"},
};
#define NR_SIGNALS (sizeof(signals) / sizeof(signals[0]))

int interrupt_signal;
static unsigned long long came_ns;

/* What is ignored stays so. */
static void handle(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler}, before;

	for (size_t i = 0; i < NR_SIGNALS; i++)
		if (!sigaction(signals[i].signal, NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(signals[i].signal, &action, NULL);
}

static void on_signal(int signal)
{
	struct timespec now;

	if (is_interrupted()) /* another thread has been told at the same time */
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	came_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	__atomic_store_n(&interrupt_signal, signal, __ATOMIC_RELEASE);
	handle(SIG_DFL);
}

unsigned long long interrupt_ns(void)
{
	return came_ns;
}

const char *interrupt_word(void)
{
	for (size_t i = 0; i < NR_SIGNALS; i++)
		if (signals[i].signal == interrupt_signal)
			return signals[i].word;
	return NULL;
}

int interrupt_status(void)
{
	return 128 + interrupt_signal;
}

void interrupt_begin(void)
{
	handle(on_signal);
}

void interrupt_end(void)
{
	handle(SIG_DFL);
}
