/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Whatever the application has done about SIGSEGV, before it opened a runtime or afterwards, a
 * program's loads of nothing give zero, and its own faults do what they would do without one: the
 * handler is called with what the kernel says, with the signals blocked that it asked for, on its
 * stack, and as often as it asked for. Each row is a process of its own.
 */
#include "verifier/insn.h"

#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpftrek/runtime.h>

#include "test.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))
#define NR(array) (sizeof(array) / sizeof((array)[0]))

enum kind { DEFAULT, IGNORE, PLAIN, INFO };

static const struct row {
	const char *name;
	enum kind kind;
	bool after; /* the runtime was opened; it hands on what is not its own */
	int flags;
	int status; /* of the process: what it exits with, or minus the signal that ends it */
} rows[] = {
	{"default", DEFAULT, false, 0, -SIGSEGV},
	{"ignored", IGNORE, false, 0, -SIGSEGV},
	{"handler", PLAIN, false, 0, 0},
	{"handler, restart", PLAIN, false, SA_RESTART, 0},
	{"handler, not blocked", PLAIN, false, SA_NODEFER, 0},
	{"handler, once", PLAIN, false, SA_RESETHAND, -SIGSEGV},
	{"handler with info", INFO, false, 0, 0},
	{"handler with info, not blocked", INFO, false, SA_NODEFER, 0},
	{"handler with info, own stack", INFO, false, SA_ONSTACK, 0},
	{"handler with info, own stack, not blocked", INFO, false, SA_ONSTACK | SA_NODEFER, 0},
	{"handler with info, once", INFO, false, SA_RESETHAND, -SIGSEGV},
	{"handler with info, afterwards", INFO, true, 0, 0},
	{"handler with info, afterwards, own stack", INFO, true, SA_ONSTACK, 0},
	{"handler with info, afterwards, not blocked", INFO, true, SA_NODEFER, 0},
};

/* What goes wrong in the child, as its status. */
enum { NO_RUNTIME = 1, NO_PROGRAM, NO_ZERO, NOT_SEEN, BAD_INFO, BAD_MASK, BAD_STACK, NO_THREAD };

static const struct row *row;
static struct sigaction found; /* by who came afterwards */
static char stack[1 << 16];
static char *own; /* a page of the application */
static long page;
static volatile sig_atomic_t seen;

/* --- the application -------------------------------------------------------------------------- */

/* Make the page accessible, so that what was tried can be tried again. */
static void repair(void)
{
	/* The address of a variable may be elsewhere, in a sanitizer's memory. */
	const char *here = __builtin_frame_address(0);
	sigset_t now;

	pthread_sigmask(SIG_BLOCK, NULL, &now);
	if (sigismember(&now, SIGSEGV) != !(row->flags & SA_NODEFER) ||
	    !sigismember(&now, SIGUSR1) || sigismember(&now, SIGUSR2))
		_exit(BAD_MASK);
	if (row->flags & SA_ONSTACK && (here < stack || here >= stack + sizeof(stack)))
		_exit(BAD_STACK);
	mprotect(own, page, PROT_READ | PROT_WRITE);
	seen++;
}

static void plain_handler(int sig)
{
	if (sig != SIGSEGV)
		_exit(BAD_INFO);
	repair();
}

static void info_handler(int sig, siginfo_t *info, void *context)
{
	if (row->after && info->si_addr != own) {
		found.sa_sigaction(sig, info, context);
		return;
	}
	if (sig != SIGSEGV || info->si_signo != SIGSEGV || info->si_code != SEGV_ACCERR ||
	    info->si_addr != own || !context)
		_exit(BAD_INFO);
	repair();
}

static void dispose(void)
{
	struct sigaction act = {.sa_flags = row->flags};

	sigemptyset(&act.sa_mask);
	sigaddset(&act.sa_mask, SIGUSR1);
	if (row->kind == INFO) {
		act.sa_flags |= SA_SIGINFO;
		act.sa_sigaction = info_handler;
	} else {
		act.sa_handler = row->kind == PLAIN    ? plain_handler
				 : row->kind == IGNORE ? SIG_IGN
						       : SIG_DFL;
	}
	sigaction(SIGSEGV, &act, &found);
}

static void *fault(void *arg)
{
	const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	const sig_atomic_t before = seen;
	stack_t was;

	sigaltstack(&other, &was);
	mprotect(own, page, PROT_NONE);
	*(volatile char *)own = 1;
	sigaltstack(&was, NULL);
	return seen == before + 1 ? arg : NULL;
}

/* --- the program ------------------------------------------------------------------------------ */

struct look {
	uint64_t addr, value;
};

static int load(struct trek_runtime *rt, int cast)
{
	const struct bpf_insn insns[] = {
		MOVX(R6, R1),	    LDX(DW, R1, R6, 0),
		MOV(R2, 0),	    RAW(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, cast),
		LDX(DW, R1, R0, 0), STX(DW, R6, 8, R1),
		MOV(R0, 0),	    EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = PTR(insns),
		.insn_cnt = NR(insns),
		.license = PTR("Dual BSD/GPL"),
	};

	return trek_bpf(rt, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static bool sees_zero(struct trek_runtime *rt, int prog, uint64_t addr)
{
	struct look look = {.addr = addr, .value = 1};
	uint32_t ret;

	return !trek_prog_run(rt, prog, &look, sizeof(look), &ret) && !look.value;
}

static int child(uint32_t interpret, int cast)
{
	const struct trek_runtime_opts opts = {.size = sizeof(opts), .interpret = interpret};
	struct trek_runtime *rt;
	pthread_t thread;
	void *ok;
	int prog;

	if (!row->after)
		dispose();
	if (trek_runtime_open(&opts, &rt))
		return NO_RUNTIME;
	if (row->after)
		dispose();
	prog = load(rt, cast);
	if (prog < 0)
		return NO_PROGRAM;
	for (int i = 0; i < 2; i++) {
		if (!sees_zero(rt, prog, 8) || !sees_zero(rt, prog, ~7ull << 32))
			return NO_ZERO;
		/* The last one in a thread of its own. */
		if (!i && !fault(own))
			return NOT_SEEN;
	}
	if (pthread_create(&thread, NULL, fault, own) || pthread_join(thread, &ok))
		return NO_THREAD;
	return ok ? 0 : NOT_SEEN;
}

static void test_dispositions(void **state)
{
	size_t size;
	const void *raw = trek_vmlinux_btf(&size);
	struct btf *types = btf__new(raw, size);
	const int cast = btf__find_by_name_kind(types, "bpf_rdonly_cast", BTF_KIND_FUNC);

	btf__free(types);
	for (size_t i = 0; i < 2 * NR(rows); i++) {
		int status;
		pid_t pid;

		row = &rows[i / 2];
		pid = fork();
		if (!pid)
			_exit(child(i % 2, cast));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		status = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
		if (status != row->status)
			fail_msg("%s%s: %d, not %d", row->name, i % 2 ? ", interpreted" : "",
				 status, row->status);
	}
}

static int set_up(void **state)
{
	page = sysconf(_SC_PAGESIZE);
	own = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return own == MAP_FAILED;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dispositions)};

	return cmocka_run_group_tests_name("handlers of faults", tests, set_up, NULL);
}
