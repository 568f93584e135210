/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Guarded copies at the edge of memory, and faults that are none of ours. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/nofault.h"

static char *edge;     /* the first byte of a page without access; a page lies before */
static char *past_eof; /* mapped, and no file behind it: SIGBUS */
static char *readonly;
static long page;

/* The application's handler, which was there first. */
static volatile sig_atomic_t app_faults;
static sigjmp_buf app_jump;

static void app_handler(int sig, siginfo_t *info, void *context)
{
	app_faults++;
	siglongjmp(app_jump, 1);
}

static void copies_stop_at_the_edge(void **state)
{
	static const size_t sizes[] = {1,  2,  3,  4,  5,  7,	8,   9,	  15,
				       16, 17, 31, 32, 33, 255, 256, 257, 4000};
	char *good = edge - page;
	char buf[4096];

	for (long i = 0; i < page; i++)
		good[i] = 'a' + i % 23;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		memset(buf, 0, sizeof(buf));
		assert_int_equal(copy_from_nofault(buf, edge - size, size), 0);
		assert_memory_equal(buf, edge - size, size);
		assert_int_equal(buf[size], 0);
		assert_int_equal(copy_from_nofault(buf, edge - size + 1, size), -EFAULT);
		assert_int_equal(copy_from_nofault(buf, edge, size), -EFAULT);

		memset(buf, 'Z', size);
		assert_int_equal(copy_to_nofault(edge - size, buf, size), 0);
		assert_memory_equal(edge - size, buf, size);
		assert_int_equal(copy_to_nofault(edge - size + 1, buf, size), -EFAULT);
		assert_int_equal(copy_to_nofault(readonly, buf, size), -EFAULT);
		assert_int_equal(copy_from_nofault(buf, readonly, size), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		u64 at = (unsigned long)edge - size;

		memset(buf, 0, sizeof(buf));
		assert_int_equal(__copy_from_user(buf, at, size), 0);
		assert_memory_equal(buf, edge - size, size);
		assert_int_equal(buf[size], 0);
		assert_int_equal(__copy_from_user(buf, at + 1, size), -EFAULT);
		memset(buf, 'Y', size);
		assert_int_equal(__copy_to_user(at, buf, size), 0);
		assert_memory_equal(edge - size, buf, size);
		assert_int_equal(__copy_to_user(at + 1, buf, size), -EFAULT);
		assert_int_equal(__copy_to_user((unsigned long)readonly, buf, size), -EFAULT);
	}
	assert_int_equal(copy_from_nofault(buf, edge, 0), 0);
	assert_int_equal(copy_from_nofault(buf, NULL, 0), 0);
}

static void bad_addresses_of_all_kinds(void **state)
{
	const unsigned long rows[] = {
		0,			 /* NULL */
		4095,			 /* its page */
		(unsigned long)edge,	 /* unmapped */
		(unsigned long)past_eof, /* past the end of a file */
		0x7ffffffff000,		 /* end of user space */
		0x800000000000,		 /* non-canonical */
		0xdead000000000100,
		0xffff888000000000, /* kernel */
		~0ul,		    /* last byte, wraps around */
		~0ul - 2,
	};
	char buf[600];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *p = (void *)rows[i];

		for (size_t size = 1; size <= sizeof(buf); size += size < 20 ? 1 : 290) {
			assert_int_equal(copy_from_nofault(buf, p, size), -EFAULT);
			assert_int_equal(copy_to_nofault(p, buf, size), -EFAULT);
		}
		for (u32 size = 1; size <= 8; size *= 2)
			assert_true(load_nofault(p, size) == 0);
		assert_int_equal(strncpy_from_nofault(buf, p, sizeof(buf)), -EFAULT);
		assert_int_equal(PTR_ERR(memdup_user(rows[i], 16)), -EFAULT);
		assert_int_equal(check_zeroed_user(rows[i], 16), -EFAULT);
	}
}

static void loads_extend_with_zeros(void **state)
{
	u64 word = 0xfedcba9876543210;

	assert_true(load_nofault(&word, 1) == 0x10);
	assert_true(load_nofault(&word, 2) == 0x3210);
	assert_true(load_nofault(&word, 4) == 0x76543210);
	assert_true(load_nofault(&word, 8) == word);
	memset(edge - 8, 0xff, 8);
	for (u32 size = 1; size <= 8; size *= 2) {
		assert_true(load_nofault(edge - size, size) == ~0ull >> (64 - 8 * size));
		assert_true(size == 1 || load_nofault(edge - size + 1, size) == 0);
	}
}

static void strings_are_cut_and_ended(void **state)
{
	static const char text[] = "a string of some length";
	char buf[64];

	for (u32 shift = 0; shift < 9; shift++) {
		char *s = edge - sizeof(text) - shift;

		memset(edge - 64, 'x', 64);
		memcpy(s, text, sizeof(text));
		for (long size = 1; size < (long)sizeof(buf); size++) {
			long len = min_of(size, (long)sizeof(text));

			memset(buf, '#', sizeof(buf));
			assert_int_equal(strncpy_from_nofault(buf, s, size), len);
			assert_memory_equal(buf, text, len - 1);
			assert_int_equal(buf[len - 1], 0);
			assert_int_equal(buf[len], '#');
		}
	}
	/* Bytes that are nearly zero, or have a high bit. */
	for (u32 i = 0; i < 4096; i++) {
		static const char bytes[] = {1, (char)0x80, (char)0xff, 0x7f};
		char s[16] = "";

		for (u32 k = 0; k < 6; k++)
			s[i % 8 + k] = bytes[i >> 2 * k & 3];
		assert_int_equal(strncpy_from_nofault(buf, s + i % 8, sizeof(buf)), 7);
		assert_memory_equal(buf, s + i % 8, 7);
	}
	/* No end before the edge. */
	memset(edge - 16, 'x', 16);
	assert_int_equal(strncpy_from_nofault(buf, edge - 16, 16), 16);
	assert_int_equal(strncpy_from_nofault(buf, edge - 16, 17), -EFAULT);
}

static void every_byte_is_compared_with_zero(void **state)
{
	memset(edge - page, 0, page);
	for (size_t size = 0; size < 300; size += size < 40 ? 1 : 4) {
		const u64 at = (unsigned long)edge - size;

		assert_int_equal(check_zeroed_user(at, size), 0);
		assert_int_equal(__check_zeroed_user(at, size), 0);
		edge[-(long)size - 1] = 1;
		assert_int_equal(__check_zeroed_user(at, size), 0);
		edge[-(long)size - 1] = 0;
		assert_int_equal(__check_zeroed_user(at + 1, size), size ? -EFAULT : 0);
		for (size_t i = 0; i < size; i++) {
			edge[(long)(i - size)] = 0x80;
			assert_int_equal(check_zeroed_user(at, size), 1);
			assert_int_equal(__check_zeroed_user(at, size), 1);
			edge[(long)(i - size)] = 0;
		}
	}
	/* As when attributes are copied: a fault comes first. */
	edge[-8] = 1;
	assert_int_equal(__check_zeroed_user((unsigned long)edge - 64, 128), -EFAULT);
}

static void user_memory(void **state)
{
	char *copy;

	memset(edge - page, 0, page);
	assert_int_equal(check_zeroed_user((unsigned long)edge - page, page), 0);
	assert_int_equal(check_zeroed_user((unsigned long)edge - page, page + 1), -EFAULT);
	assert_int_equal(check_zeroed_user(0, 0), 0);
	edge[-1] = 1;
	assert_int_equal(check_zeroed_user((unsigned long)edge - page, page), 1);
	assert_int_equal(check_zeroed_user((unsigned long)edge - page, page - 1), 0);

	copy = memdup_user((unsigned long)edge - 10, 10);
	assert_false(IS_ERR(copy));
	assert_memory_equal(copy, edge - 10, 10);
	free(copy);
	copy = memdup_user(0, 0);
	assert_false(IS_ERR_OR_NULL(copy));
	free(copy);
}

static void other_faults_go_to_the_application(void **state)
{
	app_faults = 0;
	if (!sigsetjmp(app_jump, 1))
		*(volatile char *)edge = 1;
	assert_int_equal(app_faults, 1);
	if (!sigsetjmp(app_jump, 1))
		(void)*(volatile char *)past_eof;
	assert_int_equal(app_faults, 2);
	/* Sent, not caused. */
	if (!sigsetjmp(app_jump, 1))
		raise(SIGSEGV);
	assert_int_equal(app_faults, 3);
	/* And ours do not. */
	assert_true(load_nofault(edge, 8) == 0);
	assert_int_equal(app_faults, 3);
}

static void *load_with_signals_blocked(void *arg)
{
	sigset_t all;
	char buf[8];

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	return copy_from_nofault(buf, edge, sizeof(buf)) == -EFAULT ? arg : NULL;
}

static void threads_that_block_signals_survive(void **state)
{
	pthread_t thread;
	void *ok;

	assert_int_equal(pthread_create(&thread, NULL, load_with_signals_blocked, edge), 0);
	pthread_join(thread, &ok);
	assert_ptr_equal(ok, edge);
}

static void count_only(int sig)
{
	app_faults++;
}

/* In a process of its own, for each disposition that may be there before ours. */
static int child(const struct sigaction *first, bool send)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		sigaction(SIGSEGV, first, NULL);
		if (nofault_init())
			_exit(9);
		app_faults = 0;
		if (load_nofault(edge, 8))
			_exit(8);
		if (send)
			raise(SIGSEGV);
		else
			*(volatile char *)edge = 1;
		_exit(app_faults);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void the_old_disposition_holds(void **state)
{
	static const struct sigaction dfl = {.sa_handler = SIG_DFL}, ign = {.sa_handler = SIG_IGN},
				      plain = {.sa_handler = count_only},
				      once = {.sa_handler = count_only, .sa_flags = SA_RESETHAND};

	assert_int_equal(child(&dfl, false), -SIGSEGV);
	assert_int_equal(child(&dfl, true), -SIGSEGV);
	assert_int_equal(child(&ign, false), -SIGSEGV);
	assert_int_equal(child(&ign, true), 0);
	assert_int_equal(child(&plain, true), 1);
	/* Returns, faults again, and the second time it is gone. */
	assert_int_equal(child(&once, false), -SIGSEGV);
}

static void the_handler_is_installed_once(void **state)
{
	struct sigaction app = {.sa_sigaction = app_handler, .sa_flags = SA_SIGINFO}, now;

	sigemptyset(&app.sa_mask);
	assert_int_equal(sigaction(SIGSEGV, &app, NULL), 0);
	assert_int_equal(sigaction(SIGBUS, &app, NULL), 0);
	assert_int_equal(nofault_init(), 0);
	/* Only once: an application that replaces it later has its reasons. */
	assert_int_equal(sigaction(SIGSEGV, &app, &now), 0);
	assert_int_equal(nofault_init(), 0);
	assert_int_equal(sigaction(SIGSEGV, &now, &app), 0);
	assert_ptr_equal(app.sa_sigaction, app_handler);
}

static int set_up(void **state)
{
	char file[] = "/tmp/trek-nofault-XXXXXX";
	int fd = mkstemp(file);

	page = sysconf(_SC_PAGESIZE);
	edge = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	readonly = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	past_eof = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || edge == MAP_FAILED || readonly == MAP_FAILED || past_eof == MAP_FAILED)
		return -1;
	unlink(file);
	close(fd);
	edge += page;
	/* Kept, so that nothing else can come to lie there. */
	return mprotect(edge, page, PROT_NONE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		/* First: it needs a process without the handler. */
		cmocka_unit_test(the_old_disposition_holds),
		cmocka_unit_test(the_handler_is_installed_once),
		cmocka_unit_test(copies_stop_at_the_edge),
		cmocka_unit_test(bad_addresses_of_all_kinds),
		cmocka_unit_test(loads_extend_with_zeros),
		cmocka_unit_test(strings_are_cut_and_ended),
		cmocka_unit_test(every_byte_is_compared_with_zero),
		cmocka_unit_test(user_memory),
		cmocka_unit_test(other_faults_go_to_the_application),
		cmocka_unit_test(threads_that_block_signals_survive),
	};

	return cmocka_run_group_tests_name("nofault", tests, set_up, NULL);
}
