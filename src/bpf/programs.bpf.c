/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every program: what BPF_OBJ_GET_INFO_BY_FD tells of it (kernel/bpf/syscall.c,
 * bpf_prog_get_info_by_fd()), its whole name, what it attaches to and the maps that it uses.
 */
#include "kernel.h"
#include "loop.h"
#include "sleepable.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * More functions than this are left to bpf(2) where a loop costs verification for each of its
 * passes; all of them, where it does not.
 */
#ifdef LIGHT
#define MAX_FUNCS 256
#else
#define MAX_FUNCS 16
#endif

/*
 * Where there are many programs, each costs what is done here for it; every start of the command
 * waits for the verifier to be done with this. So it is written for both:
 *
 * One pointer, prog->aux, is walked from a trusted one, for which the verifier of Linux looks
 * through all types of the kernel, half a millisecond; all behind it are walked from one that is
 * not, for which it does not. What is read so is a load of a nanosecond, zero by way of NULL; with
 * bpf_core_read() it would be a call of 20 to 30 for each pointer on the way, a quarter of the time
 * that it takes to list ten thousand programs.
 *
 * There are few branches, as what follows one is verified for each of its ways: those there are
 * spare calls of most programs.
 */

static __always_inline void write_text(struct seq_file *seq, __u8 kind, const char *from)
{
	struct text_record r = {};
	long len;

	if (!from)
		return;
	len = bpf_probe_read_kernel_str(r.text, RECORD_TEXT_MAX, from);
	if (len <= 1 || len > RECORD_TEXT_MAX)
		return;
	record_begin(&r.head, (sizeof(r.head) + len + 7) & 0xf8, kind);
	bpf_seq_write(seq, &r, r.head.size);
}

/*
 * The name of the program's main function in its own types. The kernel has checked the numbers in
 * them; with no types, or no functions in them, this leads to no text.
 */
static __always_inline const char *whole_name(const struct bpf_prog_aux *aux)
{
	struct btf_type *type = NULL, **types = aux->btf->types;
	__u32 name_off = 0;

	bpf_probe_read_kernel(&type, sizeof(type), types + aux->func_info->type_id);
	bpf_probe_read_kernel(&name_off, sizeof(name_off), &type->name_off);
	return aux->btf->strings + name_off;
}

struct used_maps {
	struct seq_file *seq;
	struct bpf_map **maps;
};

static long write_used_map(__u32 i, struct used_maps *used)
{
	struct bpf_map *map = NULL;
	__u32 id;

	bpf_probe_read_kernel(&map, sizeof(map), used->maps + i);
	id = BPF_CORE_READ(map, id);
	bpf_seq_write(used->seq, &id, sizeof(id));
	return 0;
}

static __always_inline void write_used_maps(struct seq_file *seq, const struct bpf_prog_aux *aux)
{
	struct used_maps used = {seq, aux->used_maps};
	__u32 count = aux->used_map_cnt, padding = 0;
	struct record head = {};

	if (!count || count > RECORD_MAPS_MAX)
		return;
	record_begin(&head, sizeof(head) + (count + 1) / 2 * 8, RECORD_USED_MAPS);
	head.present = count;
	bpf_seq_write(seq, &head, sizeof(head));
	loop(count, RECORD_MAPS_MAX, write_used_map, &used);
	bpf_seq_write(seq, &padding, count % 2 * sizeof(padding));
}

struct funcs {
	struct bpf_prog **funcs;
	__u32 bytes_jited;
};

static long add_func(__u32 i, struct funcs *funcs)
{
	struct bpf_prog *func = NULL;

	bpf_probe_read_kernel(&func, sizeof(func), funcs->funcs + i);
	funcs->bytes_jited += BPF_CORE_READ(func, jited_len);
	return 0;
}

/* A program of several functions has native code for each of them. */
static __always_inline void read_funcs(const struct bpf_prog_aux *aux, struct program_record *r)
{
	struct funcs funcs = {};

	if (!bpf_core_field_exists(aux->func))
		return;
	r->funcs = aux->func_cnt;
	funcs.funcs = aux->func;
	loop(r->funcs, MAX_FUNCS, add_func, &funcs);
	r->funcs_jited = funcs.bytes_jited;
	r->max_funcs = MAX_FUNCS;
}

static __always_inline void read_attachment(const struct bpf_prog_aux *aux,
					    struct program_record *r)
{
	r->head.present |= PROGRAM_HAS_ATTACH_ID;
	r->attach_btf_id = aux->attach_btf_id;
	if (r->attach_btf_id &&
	    (!bpf_core_field_exists(aux->attach_btf) || !bpf_core_field_exists(aux->dst_prog)))
		return;
	r->head.present |= PROGRAM_HAS_ATTACH;
	if (!r->attach_btf_id)
		return;
	r->attach_btf_obj_id = aux->attach_btf->id;
	r->attach_prog_id = aux->dst_prog->aux->id;
	r->attach_prog_btf_id = aux->dst_prog->aux->btf->id;
}

static __always_inline void read_aux(const struct bpf_prog_aux *aux, struct program_record *r)
{
	r->id = aux->id;
	r->btf_id = aux->btf->id;
	r->load_time = aux->load_time;
	r->refcnt = aux->refcnt.counter - 1;
	r->uid = aux->user->uid.val;
	bpf_core_read(r->name, sizeof(r->name), &aux->name);
	if (bpf_core_field_exists(aux->verified_insns)) {
		r->verified_insns = aux->verified_insns;
		r->head.present |= PROGRAM_HAS_VERIFIED_INSNS;
	}
	if (bpf_core_field_exists(aux->offload_requested))
		r->offloaded = aux->offload_requested;
}

SEC("iter/bpf_prog")
int write_programs(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	struct program_record r = {};
	struct bpf_prog_aux *aux;
	struct seq_file *seq;

	if (!prog)
		return 0;
	record_begin(&r.head, sizeof(r), RECORD_PROGRAM);
	seq = ctx->meta->seq;
	aux = prog->aux;
	r.head.present = PROGRAM_HAS_ATTACH_TYPE | PROGRAM_HAS_REFCNT | PROGRAM_HAS_PAGES |
			 PROGRAM_HAS_UID | PROGRAM_HAS_BYTES_JITED;
	r.type = prog->type;
	r.attach_type = prog->expected_attach_type;
	r.gpl_compatible = BPF_CORE_READ_BITFIELD_PROBED(prog, gpl_compatible);
	r.jited = BPF_CORE_READ_BITFIELD_PROBED(prog, jited);
	r.insns = prog->len;
	r.pages = prog->pages;
	r.bytes_jited = prog->jited_len;
	bpf_core_read(r.tag, sizeof(r.tag), &prog->tag);
	read_aux(aux, &r);
	if (read_sleepable(prog, aux, &r.sleepable))
		r.head.present |= PROGRAM_HAS_SLEEPABLE;
	if (aux->used_map_cnt > RECORD_MAPS_MAX)
		r.head.present |= PROGRAM_HAS_MANY_MAPS;
	read_funcs(aux, &r);
	read_attachment(aux, &r);
	bpf_seq_write(seq, &r, sizeof(r));
	write_used_maps(seq, aux);
	write_text(seq, RECORD_ATTACH_TO, aux->attach_func_name);
	/* What is not that long is not cut. */
	if (r.name[RECORD_NAME_LEN - 2])
		write_text(seq, RECORD_NAME, whole_name(aux));
	return 0;
}
