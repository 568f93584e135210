/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which type of program may call which helper and which kfunc, and under which licence: every
 * helper that the runtime has, and every kfunc that the cases call, in every type of program that
 * it has, on both engines. A program is one call; what matters is whether it is the call as such
 * that is refused.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "engine.h"
#include "test.h"

#define PTR(p) ((unsigned long)(p))
#define MAX_HELPER 212
#define LOG_SIZE (1 << 16)

enum verdict {
	ALLOWED,
	ABSENT,
	NOT_THIS_TYPE,
	GPL_ONLY,
	MIGHT_SLEEP,
};

static const char *const verdict_names[] = {"allowed", "absent", "not for this type",
					    "for GPL programs", "for programs that may sleep"};

/* How each engine says it. */
static const struct {
	const char *text;
	enum verdict verdict;
} answers[] = {
	{"there is no helper", ABSENT},
	{"programs of this type may not call", NOT_THIS_TYPE},
	{"may be called by GPL programs only", GPL_ONLY},
	{"may sleep, and the program must not", MIGHT_SLEEP},
	{"program of this type cannot use helper", NOT_THIS_TYPE},
	{"cannot call GPL-restricted function", GPL_ONLY},
	{"helper call might sleep", MIGHT_SLEEP},
	{"calling kernel function", NOT_THIS_TYPE},
	{"cannot call kernel function from non-GPL compatible program", GPL_ONLY},
	{"program must be sleepable to call", MIGHT_SLEEP},
};

static const struct type {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	unsigned int flags;
} types[] = {
	{"SOCKET_FILTER", BPF_PROG_TYPE_SOCKET_FILTER, 0, 0},
	{"KPROBE", BPF_PROG_TYPE_KPROBE, 0, 0},
	{"KPROBE that may sleep", BPF_PROG_TYPE_KPROBE, 0, BPF_F_SLEEPABLE},
	{"SCHED_CLS", BPF_PROG_TYPE_SCHED_CLS, 0, 0},
	{"SCHED_ACT", BPF_PROG_TYPE_SCHED_ACT, 0, 0},
	{"TRACEPOINT", BPF_PROG_TYPE_TRACEPOINT, 0, 0},
	{"XDP", BPF_PROG_TYPE_XDP, 0, 0},
	{"PERF_EVENT", BPF_PROG_TYPE_PERF_EVENT, 0, 0},
	{"CGROUP_SKB", BPF_PROG_TYPE_CGROUP_SKB, 0, 0},
	{"CGROUP_SOCK", BPF_PROG_TYPE_CGROUP_SOCK, 0, 0},
	{"LWT_IN", BPF_PROG_TYPE_LWT_IN, 0, 0},
	{"LWT_OUT", BPF_PROG_TYPE_LWT_OUT, 0, 0},
	{"LWT_XMIT", BPF_PROG_TYPE_LWT_XMIT, 0, 0},
	{"SOCK_OPS", BPF_PROG_TYPE_SOCK_OPS, 0, 0},
	{"SK_SKB", BPF_PROG_TYPE_SK_SKB, 0, 0},
	{"CGROUP_DEVICE", BPF_PROG_TYPE_CGROUP_DEVICE, 0, 0},
	{"SK_MSG", BPF_PROG_TYPE_SK_MSG, 0, 0},
	{"RAW_TRACEPOINT", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0},
	{"CGROUP_SOCK_ADDR", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, 0},
	{"LWT_SEG6LOCAL", BPF_PROG_TYPE_LWT_SEG6LOCAL, 0, 0},
	{"SK_REUSEPORT", BPF_PROG_TYPE_SK_REUSEPORT, 0, 0},
	{"FLOW_DISSECTOR", BPF_PROG_TYPE_FLOW_DISSECTOR, 0, 0},
	{"CGROUP_SYSCTL", BPF_PROG_TYPE_CGROUP_SYSCTL, 0, 0},
	{"RAW_TRACEPOINT_WRITABLE", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, 0},
	{"CGROUP_SOCKOPT", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT, 0},
	{"iterators", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, 0},
	{"SK_LOOKUP", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 0},
	{"SYSCALL", BPF_PROG_TYPE_SYSCALL, 0, BPF_F_SLEEPABLE},
	{"NETFILTER", 32 /* Linux 6.4 */, 45 /* BPF_NETFILTER */, 0},
};
#define NR_TYPES (sizeof(types) / sizeof(types[0]))

/*
 * What is not for a type here on purpose: tracing programs get an xdp_buff as an argument of the
 * function that they are attached to, and there is none such; programs of two types act on packets,
 * but have no sk_buff for a context, and cannot be run.
 */
static bool left_out(const struct type *type, int helper)
{
	switch (type->type) {
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_SYSCALL:
		return helper == BPF_FUNC_xdp_get_buff_len;
	case BPF_PROG_TYPE_SK_REUSEPORT:
		return helper == BPF_FUNC_skb_load_bytes ||
		       helper == BPF_FUNC_skb_load_bytes_relative;
	case BPF_PROG_TYPE_SK_SKB:
		return helper == BPF_FUNC_skb_adjust_room; /* another function */
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
		return helper == BPF_FUNC_skb_load_bytes;
	default:
		return false;
	}
}

static const char *kernel_missing;
static char log_text[LOG_SIZE];

static int load(struct engine *engine, const struct type *type, const char *license,
		const struct bpf_insn *insns, unsigned int nr)
{
	union bpf_attr attr = {
		.prog_type = type->type,
		.expected_attach_type = type->attach_type,
		.prog_flags = type->flags,
		.insns = PTR(insns),
		.insn_cnt = nr,
		.license = PTR(license),
		.log_level = 1,
		.log_buf = PTR(log_text),
		.log_size = LOG_SIZE,
	};
	int prog;

	if (type->type == BPF_PROG_TYPE_TRACING)
		attr.attach_btf_id = engine->iter_map;
	log_text[0] = '\0';
	prog = engine->bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (prog >= 0)
		engine->close(prog);
	return prog < 0 ? prog : 0;
}

static enum verdict ask(struct engine *engine, const struct type *type, const char *license,
			struct bpf_insn call)
{
	const struct bpf_insn insns[] = {call, RETURN(0)};

	if (!load(engine, type, license, insns, 3))
		return ALLOWED;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strstr(log_text, answers[i].text))
			return answers[i].verdict;
	return ALLOWED; /* what it refuses is how it is called */
}

static bool has_type(struct engine *engine, const struct type *type)
{
	const struct bpf_insn nothing[] = {RETURN(0)};

	return !load(engine, type, "GPL", nothing, 2);
}

static void helpers_of_a_type(void **state)
{
	static const char *const licenses[] = {"GPL", "BSD"};
	const struct type *type = *state;
	unsigned int compared = 0, wrong = 0;

	if (!has_type(&embedded_engine, type))
		skip_because("the runtime has no such programs");
	if (kernel_missing)
		skip_because("of the kernel: %s", kernel_missing);
	if (!has_type(&kernel_engine, type))
		skip_because("the kernel has no such programs");
	for (int helper = 1; helper < MAX_HELPER; helper++) {
		for (int l = 0; l < 2; l++) {
			const struct bpf_insn call = CALL_ID(helper);
			enum verdict here = ask(&embedded_engine, type, licenses[l], call), there;

			if (here == ABSENT || (here == NOT_THIS_TYPE && left_out(type, helper)))
				continue;
			compared++;
			there = ask(&kernel_engine, type, licenses[l], call);
			if (here == there)
				continue;
			wrong++;
			print_message("# helper %d, %s: %s; the kernel: %s\n", helper, licenses[l],
				      verdict_names[here], verdict_names[there]);
		}
	}
	print_message("# %s: %u answers compared\n", type->name, compared);
	assert_int_equal(wrong, 0);
	assert_in_range(compared, 1, 2 * MAX_HELPER);
}

static struct bpf_insn kfunc_call(struct engine *engine, int kfunc)
{
	struct bpf_insn call = KFUNC(bpf_map_sum_elem_count);

	call.imm = kfunc_id(engine, kfunc);
	return call;
}

static void kfuncs(void **state)
{
	unsigned int compared = 0, wrong = 0;

	if (kernel_missing)
		skip_because("of the kernel: %s", kernel_missing);
	for (size_t t = 0; t < NR_TYPES; t++) {
		if (!has_type(&embedded_engine, &types[t]) || !has_type(&kernel_engine, &types[t]))
			continue;
		for (int kfunc = KFUNCS_BEGIN + 1; kfunc < KFUNCS_END; kfunc++) {
			const char *license = kfunc % 8 ? "GPL" : "BSD";
			enum verdict here, there;

			if (kfunc_id(&kernel_engine, kfunc) == 1)
				continue;
			compared++;
			here = ask(&embedded_engine, &types[t], license,
				   kfunc_call(&embedded_engine, kfunc));
			there = ask(&kernel_engine, &types[t], license,
				    kfunc_call(&kernel_engine, kfunc));
			/* Tracing programs get no sk_buff here. */
			if (here == there ||
			    (kfunc == KFUNC_bpf_dynptr_from_skb && here == NOT_THIS_TYPE))
				continue;
			wrong++;
			print_message("# %s, kfunc %d, %s: %s; the kernel: %s\n", types[t].name,
				      kfunc - KFUNCS_BEGIN - 1, license, verdict_names[here],
				      verdict_names[there]);
		}
	}
	print_message("# %u answers on kfuncs compared\n", compared);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct CMUnitTest tests[NR_TYPES + 1] = {[NR_TYPES] = cmocka_unit_test(kfuncs)};
	int failed;

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (engine_start(&embedded_engine))
		return 1;
	kernel_missing = engine_start(&kernel_engine);
	for (size_t i = 0; i < NR_TYPES; i++)
		tests[i] = (struct CMUnitTest){types[i].name, helpers_of_a_type, NULL, NULL,
					       (void *)&types[i]};
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	engine_stop(&kernel_engine);
	engine_stop(&embedded_engine);
	return failed;
}
