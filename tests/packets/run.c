/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Both engines, and one program on both. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpftrek/runtime.h>

#include "run.h"
#include "test.h"

#define PTR(p) ((unsigned long)(p))

struct answer {
	int err;
	unsigned int retval;
	unsigned int size;
	unsigned char data[2 * MAX_PACKET];
};

static struct trek_runtime *rt;

static int trek(int cmd, union bpf_attr *attr)
{
	return trek_bpf(rt, cmd, attr, sizeof(*attr));
}

static int trek_end(int fd)
{
	return trek_close(rt, fd);
}

static int kernel(int cmd, union bpf_attr *attr)
{
	int ret = (int)syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static struct side {
	const char *name;
	int (*bpf)(int cmd, union bpf_attr *attr);
	int (*close)(int fd);
	int perf;
	struct btf *vmlinux;
} sides[2] = {{"the runtime", trek, trek_end, -1, NULL}, {"the kernel", kernel, close, -1, NULL}};

unsigned int compared;

static int make_perf(const struct side *side)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 4,
	};

	return side->bpf(BPF_MAP_CREATE, &attr);
}

/* Whose behaviour the runtime has is Linux 6.18. */
static int kernel_is_old(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return major < 6 || (major == 6 && minor < 18);
}

const char *start_engines(int interpret)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct trek_runtime_opts opts = {.size = sizeof(opts), .interpret = interpret};

	const void *types;
	size_t size;

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (trek_runtime_open(&opts, &rt))
		return "no runtime can be opened";
	if (kernel_is_old())
		return "it is older than 6.18";
	types = trek_vmlinux_btf(&size);
	sides[0].vmlinux = btf__new(types, (unsigned int)size);
	sides[1].vmlinux = btf__load_vmlinux_btf();
	if (!sides[0].vmlinux || !sides[1].vmlinux)
		return "it has no BTF";
	for (int i = 0; i < 2; i++) {
		sides[i].perf = make_perf(&sides[i]);
		if (sides[i].perf < 0)
			return "this user may not create maps";
	}
	return NULL;
}

void stop_engines(void)
{
	for (int i = 0; i < 2; i++) {
		if (sides[i].perf >= 0)
			sides[i].close(sides[i].perf);
		btf__free(sides[i].vmlinux);
	}
	trek_runtime_close(rt);
}

void begin(struct program *p)
{
	p->nr = 0;
	EMIT(p, MOVX(R6, R1));
	for (int i = 0; i < 16; i++)
		EMIT(p, ST(W, R10, 4 * i - 64, 0x01020304 * (i + 1)));
}

/* r7 = r7 * 31 + r8 */
#define ADD_IN OP(MUL, R7, 31), OPX(ADD, R7, R8)

static void add_field(struct program *p, size_t field)
{
	EMIT(p, LDX(W, R8, R6, (short)field), ADD_IN);
}

void finish(struct program *p, enum bpf_prog_type type)
{
	EMIT(p, MOVX(R7, R0));
	for (int i = 0; i < 8; i++)
		EMIT(p, LDX(DW, R8, R10, 8 * i - 64), ADD_IN);
	if (type == BPF_PROG_TYPE_XDP) {
		EMIT(p, LDX(W, R8, R6, offsetof(struct xdp_md, data_end)),
		     LDX(W, R9, R6, offsetof(struct xdp_md, data)), OPX(SUB, R8, R9), ADD_IN);
		EMIT(p, LDX(W, R8, R6, offsetof(struct xdp_md, data)),
		     LDX(W, R9, R6, offsetof(struct xdp_md, data_meta)), OPX(SUB, R8, R9), ADD_IN);
	} else {
		add_field(p, offsetof(struct __sk_buff, len));
		add_field(p, offsetof(struct __sk_buff, protocol));
		add_field(p, offsetof(struct __sk_buff, vlan_present));
		add_field(p, offsetof(struct __sk_buff, vlan_tci));
		add_field(p, offsetof(struct __sk_buff, vlan_proto));
	}
	EMIT(p, MOVX(R0, R7), OP(RSH, R7, 32), OPX(XOR, R0, R7), EXIT);
}

/* The type of a kfunc, 1 (which is none) where there is no such function. */
static int kfunc_id(const struct side *side, int kfunc)
{
#define KFUNC_NAME(name) #name,
	static const char *const names[] = {CASE_KFUNCS(KFUNC_NAME)};
#undef KFUNC_NAME
	int id = btf__find_by_name_kind(side->vmlinux, names[kfunc - KFUNCS_BEGIN - 1],
					BTF_KIND_FUNC);

	return id < 0 ? 1 : id;
}

static void relocate(const struct side *side, struct bpf_insn *insn)
{
	if (insn->code == (BPF_LD | BPF_DW | BPF_IMM) && insn->src_reg == BPF_PSEUDO_MAP_FD)
		insn->imm = side->perf;
	if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
		insn->imm = kfunc_id(side, insn->imm);
}

static int load(const struct side *side, const struct program *p, enum bpf_prog_type type)
{
	struct bpf_insn insns[MAX_PROGRAM];
	char log[2048] = "";
	union bpf_attr attr = {
		.prog_type = type,
		.insns = PTR(insns),
		.insn_cnt = p->nr,
		.license = PTR("GPL"),
		.log_level = side == &sides[0],
		.log_buf = side == &sides[0] ? PTR(log) : 0,
		.log_size = side == &sides[0] ? sizeof(log) : 0,
	};
	int fd;

	memcpy(insns, p->insns, sizeof(insns));
	for (unsigned int i = 0; i < p->nr; i++)
		relocate(side, &insns[i]);
	fd = side->bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		print_message("# not loaded by %s: %s\n", side->name, log);
	return fd;
}

static void run(const struct side *side, int prog, const struct packet *packet,
		struct answer *answer)
{
	union bpf_attr attr = {
		.test.prog_fd = (unsigned int)prog,
		.test.data_in = PTR(packet->data),
		.test.data_size_in = (unsigned int)packet->size,
		.test.data_out = PTR(answer->data),
		.test.data_size_out = sizeof(answer->data),
		.test.repeat = 1,
	};

	memset(answer, 0, sizeof(*answer));
	answer->err = side->bpf(BPF_PROG_TEST_RUN, &attr);
	answer->retval = attr.test.retval;
	answer->size = attr.test.data_size_out;
}

void compare(const struct program *p, enum bpf_prog_type type, const struct packet *packet,
	     const char *what)
{
	static struct answer answers[2];
	int prog;

	for (int i = 0; i < 2; i++) {
		prog = load(&sides[i], p, type);
		if (prog < 0)
			fail_msg("%s, type %d: not loaded by %s: %d", what, type, sides[i].name,
				 prog);
		run(&sides[i], prog, packet, &answers[i]);
		sides[i].close(prog);
	}
	compared++;
	if (!memcmp(&answers[0], &answers[1], sizeof(answers[0])))
		return;
	for (int i = 0; i < 2; i++)
		print_message("# %s: error %d, result %#x, %u bytes\n", sides[i].name,
			      answers[i].err, answers[i].retval, answers[i].size);
	for (unsigned int i = 0; i < sizeof(answers[0].data); i++)
		if (answers[0].data[i] != answers[1].data[i]) {
			print_message("# byte %u: %#x and %#x\n", i, answers[0].data[i],
				      answers[1].data[i]);
			break;
		}
	fail_msg("%s, type %d, on %s", what, type, packet->name);
}
