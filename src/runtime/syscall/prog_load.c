/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BPF_PROG_LOAD: from attributes to a handle (kernel: bpf_prog_load in kernel/bpf/syscall.c, and
 * what check_btf_info in kernel/bpf/verifier.c copies in). The steps are: check the attributes,
 * find what the program attaches to, copy in what the caller gives, verify, publish. Until it is
 * published nobody else has seen the program, so a failure anywhere drops the one reference and
 * with it all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/nofault.h"
#include "base/obj_name.h"
#include "base/runtime.h"
#include "btf/btf.h"
#include "iter/bpf_iter.h"
#include "jit/jit.h"
#include "jit/perf_map.h"
#include "map/map.h"
#include "prog/prog.h"
#include "prog/prog_array.h"
#include "syscall/command.h"
#include "verifier/verifier.h"

/* Of newer headers than this may be compiled with. */
#define F_TEST_REG_INVARIANTS (1u << 7)

#define PROG_FLAGS                                                                                 \
	(BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT | BPF_F_TEST_STATE_FREQ | BPF_F_SLEEPABLE |  \
	 BPF_F_TEST_RND_HI32 | BPF_F_XDP_HAS_FRAGS | F_TEST_REG_INVARIANTS)

#define LICENSE_SIZE 128
/* Sizes that a caller's record may have (kernel: MIN_BPF_FUNCINFO_SIZE ...). */
#define MIN_FUNC_INFO_SIZE 8
#define MIN_LINE_INFO_SIZE offsetofend(struct bpf_line_info, line_col)
#define MAX_INFO_SIZE 252

/* --- attributes ------------------------------------------------------------------------------- */

static int check_attrs(const struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	s32 token;

	memcpy(&token, call->attr_bytes + PROG_TOKEN_FD_OFFSET, sizeof(token));
	if ((attr->prog_flags & ~PROG_FLAGS) || token)
		return -EINVAL;
	if (!attr->insn_cnt || attr->insn_cnt > BPF_COMPLEXITY_LIMIT_INSNS)
		return -E2BIG;
	if (!bpf_prog_type_known(attr->prog_type, attr->expected_attach_type))
		return -EINVAL;
	/* No program of the runtime is of a device, and CO-RE is libbpf's; Linux looks at
	 * relocations only of a program that has types. */
	if (attr->prog_ifindex ||
	    (attr->core_relo_cnt && (attr->func_info_cnt || attr->line_info_cnt)))
		return -EINVAL;
	/* Programs attach to functions of the runtime, or to no type at all. */
	if (attr->attach_btf_id &&
	    (attr->attach_btf_id > BTF_MAX_TYPE || attr->prog_type != BPF_PROG_TYPE_TRACING))
		return -EINVAL;
	if (attr->attach_btf_obj_fd && attr->prog_type != BPF_PROG_TYPE_TRACING)
		return -EINVAL;
	return 0;
}

/* The license decides which helpers a program may call (include/linux/license.h). */
static bool license_is_gpl_compatible(const char *license)
{
	static const char *const gpl[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gpl); i++)
		if (!strcmp(license, gpl[i]))
			return true;
	return false;
}

/* --- what the program attaches to ---------------------------------------------------------------
 */

/* A BTF that programs attach to by type id: the one of attr's handle, or the built-in one. */
static struct btf *attach_btf_get(struct bpf_call *call)
{
	struct btf *btf = call->rt->vmlinux;

	if (!call->attr.attach_btf_obj_fd) {
		btf_get(btf);
		return btf;
	}
	btf = btf_get_by_fd(call->rt, call->attr.attach_btf_obj_fd);
	if (IS_ERR(btf))
		return ERR_PTR(-EINVAL);
	if (!btf->kernel_btf) {
		btf_put(btf);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return btf;
}

/* Before verification: which BTF. A tracing program's function is looked at by resolve_attach. */
static int set_attach_btf(struct bpf_call *call, struct bpf_prog *prog)
{
	struct btf *btf;

	if (!call->attr.attach_btf_id && !call->attr.attach_btf_obj_fd)
		return 0;
	btf = attach_btf_get(call);
	if (IS_ERR(btf))
		return PTR_ERR(btf);
	prog->aux->attach_btf = btf;
	prog->aux->attach_btf_id = call->attr.attach_btf_id;
	return call->attr.attach_btf_id ? 0 : -EINVAL;
}

/* The function that a tracing program stands in for: its prototype says what the context is. */
static int resolve_attach(struct bpf_prog *prog, struct bpf_verifier_log *log)
{
	struct bpf_prog_aux *aux = prog->aux;
	const struct btf_type *func;
	int err;

	if (prog->type != BPF_PROG_TYPE_TRACING) {
		if (prog->type == BPF_PROG_TYPE_SYSCALL
			    ? prog->sleepable
			    : !prog->sleepable || bpf_prog_type_may_sleep(prog->type))
			return 0;
		bpf_log(log, "programs of type %u %s sleepable\n", prog->type,
			prog->sleepable ? "cannot be" : "must be");
		return -EINVAL;
	}
	if (!aux->attach_btf_id) {
		bpf_log(log, "a tracing program needs attach_btf_id, the type id of a function\n");
		return -EINVAL;
	}
	func = btf_type_by_id(aux->attach_btf, aux->attach_btf_id);
	if (!func || !btf_type_is_func(func)) {
		bpf_log(log, "attach_btf_id %u is not a function\n", aux->attach_btf_id);
		return -EINVAL;
	}
	aux->attach_func_name = btf_type_name(aux->attach_btf, func);
	aux->attach_func_proto = btf_type_by_id(aux->attach_btf, func->type);
	err = bpf_iter_prog_supported(prog);
	if (err)
		bpf_log(log, "nothing runs a program of attach type %u at function %s\n",
			prog->expected_attach_type, aux->attach_func_name);
	return err;
}

/* --- records ---------------------------------------------------------------------------------- */

struct records {
	u64 uaddr;
	u32 nr;
	u32 urec_size; /* of the caller's; more than known must be zero */
	u32 min_size;
	u32 krec_size;
	u32 rec_size_offset; /* in the attr: where to say what size is known */
};

/*
 * Copy records in that may be of another version's size; zero-filled. NULL: there are none.
 * ERR_PTR. An instruction has one at most: a function has an instruction, those of lines ascend.
 */
static void *copy_records(const struct bpf_call *call, const struct records *r)
{
	u32 size = min_of(r->krec_size, r->urec_size);
	char *records;
	u64 uaddr = r->uaddr;
	u32 i;
	int err;

	if (!r->nr)
		return NULL;
	if (r->nr > call->attr.insn_cnt || r->urec_size < r->min_size ||
	    r->urec_size > MAX_INFO_SIZE || r->urec_size % sizeof(u32))
		return ERR_PTR(-EINVAL);
	records = calloc(r->nr, r->krec_size);
	if (!records)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < r->nr; i++, uaddr += r->urec_size) {
		err = bpf_check_uarg_tail_zero(uaddr, r->krec_size, r->urec_size);
		if (err == -E2BIG &&
		    bpf_call_write(call, r->rec_size_offset, &r->krec_size, sizeof(r->krec_size)))
			err = -EFAULT;
		if (!err)
			err = copy_from_user(records + (size_t)i * r->krec_size, uaddr, size);
		if (err) {
			free(records);
			return ERR_PTR(err);
		}
	}
	return records;
}

static int copy_func_info(const struct bpf_call *call, struct bpf_prog_aux *aux)
{
	const union bpf_attr *attr = &call->attr;
	const struct records r = {
		.uaddr = attr->func_info,
		.nr = attr->func_info_cnt,
		.urec_size = attr->func_info_rec_size,
		.min_size = MIN_FUNC_INFO_SIZE,
		.krec_size = sizeof(struct bpf_func_info),
		.rec_size_offset = offsetof(union bpf_attr, func_info_rec_size),
	};
	void *records = copy_records(call, &r);

	if (!records || IS_ERR(records))
		return PTR_ERR(records);
	aux->func_info = records;
	aux->func_info_cnt = r.nr;
	aux->func_info_aux = calloc(r.nr, sizeof(*aux->func_info_aux));
	return aux->func_info_aux ? 0 : -ENOMEM;
}

static int copy_line_info(const struct bpf_call *call, struct bpf_prog_aux *aux)
{
	const union bpf_attr *attr = &call->attr;
	const struct records r = {
		.uaddr = attr->line_info,
		.nr = attr->line_info_cnt,
		.urec_size = attr->line_info_rec_size,
		.min_size = MIN_LINE_INFO_SIZE,
		.krec_size = sizeof(struct bpf_line_info),
		.rec_size_offset = offsetof(union bpf_attr, line_info_rec_size),
	};
	void *records = copy_records(call, &r);

	if (!records || IS_ERR(records))
		return PTR_ERR(records);
	aux->linfo = records;
	aux->nr_linfo = r.nr;
	return 0;
}

/* The program's own types, and what is said about its functions and lines in terms of them. */
static int copy_btf_info(struct bpf_call *call, struct bpf_prog_aux *aux)
{
	const union bpf_attr *attr = &call->attr;
	struct btf *btf;
	int err;

	if (!attr->func_info_cnt && !attr->line_info_cnt)
		return 0;
	btf = btf_get_by_fd(call->rt, attr->prog_btf_fd);
	if (IS_ERR(btf))
		return PTR_ERR(btf);
	aux->btf = btf;
	if (btf->kernel_btf)
		return -EACCES;
	err = copy_func_info(call, aux);
	return err ? err : copy_line_info(call, aux);
}

/* --- loading ---------------------------------------------------------------------------------- */

static u64 boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Everything that the caller gives but the types. */
static int copy_prog(struct bpf_call *call, struct bpf_prog *prog)
{
	const union bpf_attr *attr = &call->attr;
	char license[LICENSE_SIZE];

	prog->type = attr->prog_type;
	prog->expected_attach_type = attr->expected_attach_type;
	prog->sleepable = !!(attr->prog_flags & BPF_F_SLEEPABLE);
	if (copy_from_user(prog->insnsi, attr->insns, (size_t)prog->len * sizeof(struct bpf_insn)))
		return -EFAULT;
	if (strncpy_from_nofault(license, (const void *)(unsigned long)attr->license,
				 sizeof(license)) < 0)
		return -EFAULT;
	prog->gpl_compatible = license_is_gpl_compatible(license);
	prog->aux->load_time = boottime_ns();
	prog->aux->owner.uid.val = getuid();
	prog->aux->user = &prog->aux->owner;
	return bpf_obj_name_cpy(prog->aux->name, attr->prog_name, sizeof(attr->prog_name));
}

static struct bpf_map *map_get(void *rt, int fd)
{
	return bpf_map_get(rt, fd);
}

/* Verification and what belongs to it: the log is the caller's whatever comes of it. */
static int verify(struct bpf_call *call, struct bpf_prog *prog)
{
	const union bpf_attr *attr = &call->attr;
	struct bpf_verifier_log log;
	struct bpf_check_input in = {
		.log = &log,
		.map_get = map_get,
		.arg = call->rt,
		.fd_array = attr->fd_array,
		.prog_flags = attr->prog_flags,
	};
	u32 log_true_size;
	int err, log_err;

	err = bpf_vlog_init(&log, attr->log_level, attr->log_buf, attr->log_size);
	if (err)
		return err;
	err = resolve_attach(prog, &log);
	if (!err)
		err = copy_btf_info(call, prog->aux);
	if (!err)
		err = bpf_check(prog, &in);
	log_err = bpf_vlog_finalize(&log, &log_true_size);
	if (call->size >= PROG_LOG_TRUE_SIZE_OFFSET + sizeof(log_true_size) &&
	    bpf_call_write(call, PROG_LOG_TRUE_SIZE_OFFSET, &log_true_size, sizeof(log_true_size)))
		return -EFAULT;
	return log_err ? log_err : err;
}

/* Native code where it can be had, the interpreter where not. */
static int select_runtime(const struct trek_runtime *rt, struct bpf_prog *prog)
{
	int err = rt->interpret ? -ENOTSUP : bpf_jit_compile(prog);

	if (err != -ENOTSUP)
		return err;
	if (prog->aux->reads_unwritten_stack)
		prog->bpf_func = bpf_interp_run_cleared;
	return 0;
}

int prog_load(struct bpf_call *call)
{
	struct bpf_prog *prog;
	int err = check_attrs(call);

	if (err)
		return err;
	prog = bpf_prog_alloc(call->rt, call->attr.insn_cnt);
	if (!prog)
		return -ENOMEM;
	err = set_attach_btf(call, prog);
	if (!err)
		err = copy_prog(call, prog);
	if (!err)
		err = bpf_prog_calc_tag(prog);
	if (!err)
		err = verify(call, prog);
	if (!err)
		err = select_runtime(call->rt, prog);
	if (!err)
		err = bpf_check_tail_call(prog);
	if (!err)
		err = bpf_prog_alloc_id(prog);
	if (!err && call->rt->perf_map && prog->jited)
		perf_map_add(prog);
	if (err) {
		bpf_prog_put(prog);
		return err;
	}
	return fd_install(call->rt, &bpf_prog_fops, prog, FMODE_READ | FMODE_WRITE);
}
