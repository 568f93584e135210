/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs that follow pointers to where nothing is, on purpose: a load gives zero, a helper
 * -EFAULT, the process lives. Meanwhile the application's own faults are its own, in any thread.
 */
/* Before <sys/mman.h>, which takes one of its names. */
#include "verifier/insn.h"

#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpftrek/runtime.h>

#include "test.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))
#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define VALUE 0xf1e2d3c4b5a69788

/* The program's context: where to look, and what is there. */
struct look {
	uint64_t addr;
	uint64_t load[4];    /* of 1, 2, 4 and 8 bytes */
	uint64_t load_sx[3]; /* of 1, 2 and 4 bytes, with the sign */
	uint64_t walk;	     /* ((struct bpf_prog *)addr)->aux->id */
	int64_t helper[3];   /* what bpf_probe_read_kernel, _str and bpf_copy_from_user return */
};

static struct trek_runtime *engines[2]; /* compiled, interpreted */
static int progs[2];
static char *edge; /* the first byte of a page without access, which stays mapped */
static char *gone; /* of a file that was cut off: SIGBUS */
static long page;

/* --- the program ------------------------------------------------------------------------------ */

static struct btf *types;

static int kfunc(const char *name)
{
	int id = btf__find_by_name_kind(types, name, BTF_KIND_FUNC);

	assert_true(id > 0);
	return id;
}

static int offset_of(const char *type, const char *member)
{
	const struct btf_type *t =
		btf__type_by_id(types, btf__find_by_name_kind(types, type, BTF_KIND_STRUCT));
	const struct btf_member *m = btf_members(t);

	for (int i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(types, m[i].name_off), member))
			return btf_member_bit_offset(t, i) / 8;
	fail_msg("%s has no %s", type, member);
	return 0;
}

#define IN(member) offsetof(struct look, member)
/* r0 = what r7 points to, as memory or as this type; r8 is changed. */
#define CAST(type)                                                                                 \
	MOVX(R1, R7), MOV(R2, type),                                                               \
		RAW(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, kfunc("bpf_rdonly_cast"))
#define LOAD(to, size) CAST(0), LDX(size, R8, R0, 0), STX(DW, R6, to, R8)
#define LOAD_SX(to, size) CAST(0), LDSX(size, R8, R0, 0), STX(DW, R6, to, R8)
#define READ(to, helper)                                                                           \
	MOVX(R1, R10), OP(ADD, R1, -8), MOV(R2, 8), MOVX(R3, R7), CALL(helper), STX(DW, R6, to, R0)

static int load(struct trek_runtime *rt)
{
	const int prog_type = btf__find_by_name_kind(types, "bpf_prog", BTF_KIND_STRUCT);
	const struct bpf_insn insns[] = {
		MOVX(R6, R1),
		LDX(DW, R7, R6, IN(addr)),
		LOAD(IN(load[0]), B),
		LOAD(IN(load[1]), H),
		LOAD(IN(load[2]), W),
		LOAD(IN(load[3]), DW),
		LOAD_SX(IN(load_sx[0]), B),
		LOAD_SX(IN(load_sx[1]), H),
		LOAD_SX(IN(load_sx[2]), W),
		READ(IN(helper[0]), probe_read_kernel),
		READ(IN(helper[1]), probe_read_kernel_str),
		READ(IN(helper[2]), copy_from_user),
		OP(SUB, R7, offset_of("bpf_prog", "aux")),
		CAST(prog_type),
		LDX(DW, R8, R0, offset_of("bpf_prog", "aux")),
		/* The register of the pointer is that of the value, too. */
		LDX(W, R8, R8, offset_of("bpf_prog_aux", "id")),
		STX(DW, R6, IN(walk), R8),
		MOV(R0, 0),
		EXIT,
	};
	static char log[1 << 16];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = PTR(insns),
		.insn_cnt = NR(insns),
		.license = PTR("Dual BSD/GPL"),
		.log_level = 1,
		.log_buf = PTR(log),
		.log_size = sizeof(log),
	};
	int prog = trek_bpf(rt, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (prog < 0)
		print_message("%s", log);
	assert_true(prog >= 0);
	return prog;
}

static int look_at(int engine, uint64_t addr, struct look *look)
{
	uint32_t ret;

	memset(look, 0x77, sizeof(*look));
	look->addr = addr;
	return trek_prog_run(engines[engine], progs[engine], look, sizeof(*look), &ret);
}

/* Of the eight bytes from @addr on, @there are there, and are VALUE's first. */
static bool sees(int engine, uint64_t addr, size_t there)
{
	const int64_t value = VALUE, whole = there >= 8 ? 0 : -EFAULT;
	struct look look;
	bool ok;

	if (look_at(engine, addr, &look))
		return false;
	ok = look.load[0] == (there >= 1 ? (uint8_t)value : 0) &&
	     look.load[1] == (there >= 2 ? (uint16_t)value : 0) &&
	     look.load[2] == (there >= 4 ? (uint32_t)value : 0) &&
	     look.load[3] == (there >= 8 ? (uint64_t)value : 0) &&
	     look.load_sx[0] == (there >= 1 ? (uint64_t)(int8_t)value : 0) &&
	     look.load_sx[1] == (there >= 2 ? (uint64_t)(int16_t)value : 0) &&
	     look.load_sx[2] == (there >= 4 ? (uint64_t)(int32_t)value : 0);
	/* VALUE is no address, and has no end of a string in it. */
	return ok && !look.walk && look.helper[0] == whole && look.helper[2] == whole &&
	       look.helper[1] == (there >= 8 ? 8 : -EFAULT);
}

static void put_value(char *to)
{
	const uint64_t value = VALUE;

	memcpy(to, &value, sizeof(value));
}

/* --- addresses -------------------------------------------------------------------------------- */

static uint64_t bad_address(unsigned int i)
{
	const uint64_t rows[] = {
		0,	       /* NULL */
		1,	       /* not aligned */
		page - 8,      /* its page */
		PTR(edge),     /* PROT_NONE */
		PTR(edge) + 1, /* not aligned */
		PTR(edge) + page / 2,
		PTR(gone), /* past the end of a file */
		PTR(gone) + page - 8,
		0x00007fffffffeff8, /* the last page of a process, which is never mapped */
		0x00007ffffffff000, /* behind it */
		0x00007ffffffffffd, /* into what is not canonical */
		0x0000800000000000, /* not canonical */
		0x8000000000000000,
		0xdead000000000100,
		0xffff7fffffffffff, /* into the kernel's */
		0xffff800000000000, /* the kernel's */
		0xffff888000000000,
		0xffffffff81000000,
		0xfffffffffffff000,
		0xfffffffffffffff8, /* the last bytes */
		0xfffffffffffffffd, /* wraps around */
		0xffffffffffffffff,
	};

	return i < NR(rows) ? rows[i] : 1;
}
#define NR_BAD 22

static void test_bad_addresses(void **state)
{
	assert_int_not_equal(bad_address(NR_BAD - 1), 1);
	for (int engine = 0; engine < 2; engine++)
		for (int i = 0; i < NR_BAD; i++)
			if (!sees(engine, bad_address(i), 0))
				fail_msg("engine %d, address %#llx", engine,
					 (unsigned long long)bad_address(i));
}

static void test_edge_of_a_page(void **state)
{
	for (int engine = 0; engine < 2; engine++)
		for (int there = 0; there <= 12; there++) {
			memset(edge - 32, 'x', 32);
			for (int i = 0; i < there && i < 8; i++)
				edge[i - there] = (char)(VALUE >> 8 * i);
			assert_true(sees(engine, PTR(edge) - there, there));
		}
}

/* Pages that come and go, and change what they may. */
static void test_changing_pages(void **state)
{
	char *mem = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	put_value(mem + 3);
	for (int i = 0; i < 8; i++) {
		const int engine = i % 2;

		assert_true(sees(engine, PTR(mem) + 3, 8));
		assert_int_equal(mprotect(mem, page, PROT_NONE), 0);
		assert_true(sees(engine, PTR(mem) + 3, 0));
		assert_int_equal(mprotect(mem, page, PROT_READ), 0);
		assert_true(sees(engine, PTR(mem) + 3, 8));
	}
	assert_int_equal(mprotect(mem, page, PROT_NONE), 0);
	munmap(mem, page);
}

/* The second pointer is what leads nowhere; the first one is read from good memory. */
static void test_walk(void **state)
{
	static const char head[] = "as much as lies before the id of a program";
	uint32_t ids[256];
	struct look look;

	assert_true(sizeof(head) > 8);
	for (size_t i = 0; i < NR(ids); i++)
		ids[i] = 1000 + i;
	for (int engine = 0; engine < 2; engine++) {
		const unsigned int id = offset_of("bpf_prog_aux", "id") / sizeof(uint32_t);
		uint64_t aux = PTR(ids);

		assert_int_equal(look_at(engine, PTR(&aux), &look), 0);
		assert_int_equal(look.walk, 1000 + id);
		for (int i = 0; i < NR_BAD; i++) {
			/* The id of what lies there would be at the address of the row. */
			aux = bad_address(i) - offset_of("bpf_prog_aux", "id");
			assert_int_equal(look_at(engine, PTR(&aux), &look), 0);
			assert_true(look.load[3] == aux);
			assert_int_equal(look.walk, 0);
		}
	}
}

/* --- the application's own -------------------------------------------------------------------- */

struct expected {
	sigjmp_buf back;
	int sig, code;
	void *addr;
	unsigned int seen;
};

static __thread struct expected *expected __attribute__((tls_model("initial-exec")));
static volatile sig_atomic_t strange; /* faults that no thread waits for */

static void application_handler(int sig, siginfo_t *info, void *context)
{
	struct expected *e = expected;

	if (!e) {
		strange++;
		_exit(99);
	}
	if (sig == e->sig && info->si_signo == sig && info->si_code == e->code &&
	    info->si_addr == e->addr)
		e->seen++;
	siglongjmp(e->back, 1);
}

/* What the application does wrong is told to its handler, as it is. */
static bool application_fault(char *addr, int sig, int code, bool store)
{
	struct expected e = {.sig = sig, .code = code, .addr = addr};

	expected = &e;
	if (!sigsetjmp(e.back, 1)) {
		if (store)
			*(volatile char *)addr = 1;
		else
			(void)*(volatile char *)addr;
	}
	expected = NULL;
	return e.seen == 1;
}

static bool application_faults(void)
{
	return application_fault(edge, SIGSEGV, SEGV_ACCERR, false) &&
	       application_fault(edge + 1, SIGSEGV, SEGV_ACCERR, true) &&
	       application_fault((char *)16, SIGSEGV, SEGV_MAPERR, true) &&
	       application_fault(gone + 5, SIGBUS, BUS_ADRERR, false);
}

static void test_own_faults(void **state)
{
	struct look look;

	for (int engine = 0; engine < 2; engine++)
		for (int i = 0; i < NR_BAD; i++) {
			assert_int_equal(look_at(engine, bad_address(i), &look), 0);
			assert_true(application_faults());
		}
}

#define THREADS 4
#define ROUNDS 300

static bool ended;

static void *be_wrong(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		if (!application_faults())
			return NULL;
	return arg;
}

static void *follow_pointers(void *arg)
{
	const int engine = (int)(uintptr_t)arg % 2;

	for (int i = 0; !__atomic_load_n(&ended, __ATOMIC_RELAXED); i++)
		if (!sees(engine, bad_address(i % NR_BAD), 0) || !sees(engine, PTR(edge) - 8, 8))
			return NULL;
	return arg;
}

/* Half of the threads run programs, the other half do what faults. */
static void test_threads(void **state)
{
	pthread_t threads[2 * THREADS];
	bool all = true;
	void *ok;

	put_value(edge - 8);
	__atomic_store_n(&ended, false, __ATOMIC_RELAXED);
	for (uintptr_t i = 0; i < 2 * THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						i < THREADS ? be_wrong : follow_pointers,
						(void *)(i + 1)),
				 0);
	for (int i = 0; i < 2 * THREADS; i++) {
		if (i == THREADS)
			__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], &ok);
		all = all && ok;
	}
	assert_true(all);
}

static volatile sig_atomic_t ticks, good_ticks;

/* A signal handler of the application, in the middle of a program, say, has a fault of its own. */
static void on_tick(int sig)
{
	struct expected *outer = expected;

	ticks++;
	good_ticks += application_fault(edge + 2, SIGSEGV, SEGV_ACCERR, false);
	expected = outer;
}

static void test_interrupted(void **state)
{
	struct itimerval often = {{0, 500}, {0, 500}}, never = {{0}};
	struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_RESTART}, before;

	assert_int_equal(sigaction(SIGPROF, &tick, &before), 0);
	ticks = good_ticks = 0;
	assert_int_equal(setitimer(ITIMER_PROF, &often, NULL), 0);
	for (int i = 0; ticks < 20; i++)
		assert_true(sees(i % 2, bad_address(i % NR_BAD), 0));
	assert_int_equal(setitimer(ITIMER_PROF, &never, NULL), 0);
	sigaction(SIGPROF, &before, NULL);
	assert_int_equal(good_ticks, ticks);
}

/* --- ----------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
	struct sigaction app = {.sa_sigaction = application_handler, .sa_flags = SA_SIGINFO};
	char file[] = "/tmp/trek-faults-XXXXXX";
	int fd = mkstemp(file);
	size_t size;
	const void *raw = trek_vmlinux_btf(&size);

	page = sysconf(_SC_PAGESIZE);
	types = btf__new(raw, size);
	edge = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!types || fd < 0 || edge == MAP_FAILED || ftruncate(fd, page))
		return -1;
	edge += page;
	gone = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (gone == MAP_FAILED)
		return -1;
	put_value(gone);
	unlink(file);
	if (ftruncate(fd, 0) || mprotect(edge, page, PROT_NONE))
		return -1;
	close(fd);
	sigemptyset(&app.sa_mask);
	if (sigaction(SIGSEGV, &app, NULL) || sigaction(SIGBUS, &app, NULL))
		return -1;
	for (uint32_t i = 0; i < 2; i++) {
		const struct trek_runtime_opts opts = {.size = sizeof(opts), .interpret = i};

		if (trek_runtime_open(&opts, &engines[i]))
			return -1;
		progs[i] = load(engines[i]);
	}
	return 0;
}

static int tear_down(void **state)
{
	for (int i = 0; i < 2; i++)
		trek_runtime_close(engines[i]);
	btf__free(types);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_addresses),  cmocka_unit_test(test_edge_of_a_page),
		cmocka_unit_test(test_changing_pages), cmocka_unit_test(test_walk),
		cmocka_unit_test(test_own_faults),     cmocka_unit_test(test_threads),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests_name("faults", tests, set_up, tear_down);
}
