/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Every instruction below that may fault has an entry in a table, in a section of its own, that
 * says where to go on if it does (kernel: arch/x86/mm/extable.c). The handler changes nothing but
 * the instruction pointer; what was reached is told by values that the instructions leave. Native
 * code of programs has tables of its own.
 *
 * Addresses are checked by the processor alone, so a bad one costs a signal and a good one nothing.
 * The instructions are assembler, which the sanitizers do not see.
 */
#include "base/nofault.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

__thread bool nofault_thread_ready __attribute__((tls_model("initial-exec")));

#ifdef __x86_64__

/* See FAULT_ENTRY(). */
struct fault_entry {
	s32 fault;
	s32 resume;
};

extern const struct fault_entry fault_table[] __asm__("__start_trek_nofault")
	__attribute__((visibility("hidden")));
extern const struct fault_entry fault_table_end[] __asm__("__stop_trek_nofault")
	__attribute__((visibility("hidden")));

static struct sigaction old_segv, old_bus;
static pthread_once_t handler_once = PTHREAD_ONCE_INIT;
static int handler_error;

static const struct fault_entry *find_entry(unsigned long ip)
{
	for (const struct fault_entry *e = fault_table; e < fault_table_end; e++)
		if ((unsigned long)&e->fault + e->fault == ip)
			return e;
	return NULL;
}

#define KERNEL_SIGSET_SIZE 8 /* of what libc calls 128 bytes; the rest is not the kernel's */

/* What the kernel blocks while it calls @act where @interrupted was blocked. */
static sigset_t blocked_in(const struct sigaction *act, int sig, const sigset_t *interrupted)
{
	u64 mask, more;
	sigset_t blocked;

	memcpy(&mask, interrupted, KERNEL_SIGSET_SIZE);
	memcpy(&more, &act->sa_mask, KERNEL_SIGSET_SIZE);
	mask |= more;
	if (!(act->sa_flags & SA_NODEFER))
		mask |= 1ull << (sig - 1);
	sigemptyset(&blocked);
	memcpy(&blocked, &mask, KERNEL_SIGSET_SIZE);
	return blocked;
}

/* As if @old had been called by the kernel. */
static void call_old_handler(struct sigaction *old, int sig, siginfo_t *info, void *context)
{
	sigset_t saved, blocked;
	struct sigaction now = *old;
	bool sent = info->si_code <= 0; /* by kill(2) and the like: returning does not repeat it */

	if (now.sa_handler == SIG_IGN && sent)
		return;
	if (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN) {
		/* Die of it as without us: on return the instruction faults again. */
		now.sa_handler = SIG_DFL;
		sigaction(sig, &now, NULL);
		if (sent)
			raise(sig);
		return;
	}
	if (now.sa_flags & SA_RESETHAND)
		old->sa_handler = SIG_DFL;
	blocked = blocked_in(&now, sig, &((ucontext_t *)context)->uc_sigmask);
	pthread_sigmask(SIG_SETMASK, &blocked, &saved);
	if (now.sa_flags & SA_SIGINFO)
		now.sa_sigaction(sig, info, context);
	else
		now.sa_handler(sig);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
}

static unsigned long (*resume_made_code)(unsigned long ip, u32 *clear);

void nofault_set_made_code(unsigned long (*resume)(unsigned long ip, u32 *clear))
{
	__atomic_store_n(&resume_made_code, resume, __ATOMIC_RELEASE);
}

/* Go on after a fault where @regs are, if it is one of ours. */
static bool resume(greg_t *regs)
{
	static const u8 numbers[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
				     REG_RSI, REG_RDI, REG_R8,	REG_R9,	 REG_R10, REG_R11,
				     REG_R12, REG_R13, REG_R14, REG_R15};
	unsigned long (*made_code)(unsigned long ip, u32 *clear);
	const struct fault_entry *e = find_entry(regs[REG_RIP]);
	unsigned long at;
	u32 clear;

	if (e) {
		regs[REG_RIP] = (unsigned long)&e->resume + e->resume;
		return true;
	}
	made_code = __atomic_load_n(&resume_made_code, __ATOMIC_ACQUIRE);
	at = made_code ? made_code(regs[REG_RIP], &clear) : 0;
	if (!at)
		return false;
	regs[REG_RIP] = at;
	regs[numbers[clear]] = 0;
	return true;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	int saved_errno = errno;

	/* A signal that was sent may arrive at any instruction, also at one of ours. */
	if (info->si_code <= 0 || !resume(((ucontext_t *)context)->uc_mcontext.gregs))
		call_old_handler(sig == SIGBUS ? &old_bus : &old_segv, sig, info, context);
	errno = saved_errno;
}

static int install(int sig, struct sigaction *old)
{
	struct sigaction new = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	/* No other handler runs within ours: it could have a fault, which is blocked there. */
	sigfillset(&new.sa_mask);
	/* First read, then replace: the handler may run before sigaction() returns. */
	if (sigaction(sig, NULL, old) || sigaction(sig, &new, NULL))
		return -errno;
	return 0;
}

static void install_handlers(void)
{
	handler_error = install(SIGSEGV, &old_segv);
	if (!handler_error)
		handler_error = install(SIGBUS, &old_bus);
}

int nofault_init(void)
{
	pthread_once(&handler_once, install_handlers);
	return handler_error;
}

__attribute__((noinline, cold)) void nofault_unblock(void)
{
	sigset_t faults;

	sigemptyset(&faults);
	sigaddset(&faults, SIGSEGV);
	sigaddset(&faults, SIGBUS);
	pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
	nofault_thread_ready = true;
}

/* Small ones in words: `rep movsb` has 30 cycles before its first byte. */
#define REP_MOVSB_FROM 256

/* No two stores overlap: a load of what two of them wrote has to wait for both. */
static int copy_nofault(char *dst, const char *src, size_t size)
{
	nofault_thread_init();
	if (unlikely(size >= REP_MOVSB_FROM)) {
		/* Stopped by a fault, it leaves what it has not copied in %rcx. */
		__asm__ volatile("1: rep movsb\n"
				 "2:\n" FAULT_ENTRY("1b", "2b")
				 : "+c"(size), "+D"(dst), "+S"(src)
				 :
				 : "memory");
		return size ? -EFAULT : 0;
	}
	for (; size >= 16; size -= 16, dst += 16, src += 16)
		COPY16(dst, src, fault);
	if (size & 8) {
		COPY8(dst, src, fault);
		dst += 8, src += 8;
	}
	if (size & 4) {
		COPY4(dst, src, fault);
		dst += 4, src += 4;
	}
	if (size & 2) {
		COPY2(dst, src, fault);
		dst += 2, src += 2;
	}
	if (size & 1)
		COPY1(dst, src, fault);
	return 0;
fault:
	return -EFAULT;
}

int copy_from_nofault(void *dst, const void *unsafe_src, size_t size)
{
	return copy_nofault(dst, unsafe_src, size);
}

int copy_to_nofault(void *unsafe_dst, const void *src, size_t size)
{
	return copy_nofault(unsafe_dst, src, size);
}

/* The result is 0 already when a faulting load is left. */
#define LOAD(insn)                                                                                 \
	__asm__ volatile("xorl %k0, %k0\n"                                                         \
			 "1: " insn "\n"                                                           \
			 "2:\n" FAULT_ENTRY("1b", "2b")                                            \
			 : "=&r"(value)                                                            \
			 : "r"(unsafe_src)                                                         \
			 : "memory", "cc")

u64 load_nofault(const void *unsafe_src, u32 size)
{
	u64 value = 0;

	switch (size) {
	case 1:
		LOAD("movzbl (%1), %k0");
		break;
	case 2:
		LOAD("movzwl (%1), %k0");
		break;
	case 4:
		LOAD("movl (%1), %k0");
		break;
	case 8:
		LOAD("movq (%1), %0");
		break;
	}
	return value;
}

/* A word that lies in one page: either all of it is there or nothing. */
static bool load_word(const void *unsafe_src, u64 *word)
{
	u64 value;
	u32 failed = 1;

	__asm__ volatile("1: movq (%2), %0\n"
			 "xorl %1, %1\n"
			 "2:\n" FAULT_ENTRY("1b", "2b")
			 : "=&r"(value), "+&r"(failed)
			 : "r"(unsafe_src)
			 : "memory", "cc");
	*word = failed ? 0 : value;
	return !failed;
}

#else /* !__x86_64__ */

void nofault_set_made_code(unsigned long (*resume)(unsigned long ip, u32 *clear))
{
}

int nofault_init(void)
{
	return 0;
}

void nofault_unblock(void)
{
	nofault_thread_ready = true;
}

/* The kernel stops a transfer where memory ends, and after about two gigabytes. */
static int copy_nofault(void *dst, const void *src, size_t size,
			ssize_t (*transfer)(pid_t, const struct iovec *, unsigned long,
					    const struct iovec *, unsigned long, unsigned long),
			bool to)
{
	while (size) {
		size_t part = min_of(size, (size_t)1 << 30);
		struct iovec ours = {to ? (void *)src : dst, part};
		struct iovec theirs = {to ? dst : (void *)src, part};
		int saved_errno = errno;
		ssize_t done = transfer(getpid(), &ours, 1, &theirs, 1, 0);

		errno = saved_errno;
		if (done != (ssize_t)part)
			return -EFAULT;
		dst = (char *)dst + part;
		src = (const char *)src + part;
		size -= part;
	}
	return 0;
}

int copy_from_nofault(void *dst, const void *unsafe_src, size_t size)
{
	return copy_nofault(dst, unsafe_src, size, process_vm_readv, false);
}

int copy_to_nofault(void *unsafe_dst, const void *src, size_t size)
{
	return copy_nofault(unsafe_dst, src, size, process_vm_writev, true);
}

u64 load_nofault(const void *unsafe_src, u32 size)
{
	union {
		u8 b1;
		u16 b2;
		u32 b4;
		u64 b8;
	} v;

	if (size > sizeof(v) || copy_from_nofault(&v, unsafe_src, size))
		return 0;
	return size == 1 ? v.b1 : size == 2 ? v.b2 : size == 4 ? v.b4 : v.b8;
}

static bool load_word(const void *unsafe_src, u64 *word)
{
	return !copy_from_nofault(word, unsafe_src, sizeof(*word));
}

#endif /* __x86_64__ */

#define EACH_BYTE 0x0101010101010101ull

/* The lowest @len bytes of @word, 8 at most, and no others. */
static inline void store_bytes(char *dst, u64 word, u32 len)
{
	if (likely(len == sizeof(word))) {
		word = htole64(word);
		memcpy(dst, &word, sizeof(word));
		return;
	}
	for (u32 size = 4; size; size /= 2) {
		u64 bytes = htole64(word);

		if (!(len & size))
			continue;
		memcpy(dst, &bytes, size);
		dst += size;
		word >>= 8 * size;
	}
}

long strncpy_from_nofault(char *dst, const void *unsafe_src, long size)
{
	unsigned long addr = (unsigned long)unsafe_src;
	long done = 0;

	nofault_thread_init();
	while (done < size) {
		u32 skip = (addr + done) % sizeof(u64);
		u32 len = min_of((long)(sizeof(u64) - skip), size - done);
		u64 word, zeroes;

		if (!load_word((const void *)(addr + done - skip), &word)) {
			dst[0] = '\0';
			return -EFAULT;
		}
		/* The first byte is the lowest one then; the lowest zero has its high bit set. */
		word = le64toh(word) >> 8 * skip;
		zeroes = (word - EACH_BYTE) & ~word & EACH_BYTE << 7;
		if (zeroes && __builtin_ctzll(zeroes) / 8 < len) {
			len = __builtin_ctzll(zeroes) / 8 + 1;
			store_bytes(dst + done, word, len);
			return done + len;
		}
		store_bytes(dst + done, word, len);
		done += len;
	}
	dst[size - 1] = '\0';
	return size;
}

void *memdup_user(u64 src, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, src, size)) {
		free(copy);
		return ERR_PTR(-EFAULT);
	}
	return copy;
}

int check_zeroed_user(u64 src, size_t size)
{
	u64 part[32]; /* one copy for attributes, as in Linux */

	for (; size; size -= min_of(size, sizeof(part)), src += sizeof(part)) {
		memset(part, 0, sizeof(part));
		if (copy_from_user(part, src, min_of(size, sizeof(part))))
			return -EFAULT;
		for (size_t i = 1; i < ARRAY_SIZE(part); i++)
			part[0] |= part[i];
		if (part[0])
			return 1;
	}
	return 0;
}
