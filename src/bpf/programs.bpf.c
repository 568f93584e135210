/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every program: what BPF_OBJ_GET_INFO_BY_FD tells of it (kernel/bpf/syscall.c,
 * bpf_prog_get_info_by_fd()), its whole name, what it attaches to and the maps that it uses.
 */
#include "kernel.h"
#include "loop.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_USED_MAPS 64 /* of the kernel: as many as a program may use */

/*
 * More functions than this are left to bpf(2) where a loop costs verification for each of its
 * passes; all of them, where it does not.
 */
#ifdef WITH_BPF_LOOP
#define MAX_FUNCS 256
#else
#define MAX_FUNCS 16
#endif

/*
 * Pointers are read with bpf_core_read() and BPF_CORE_READ(), not by walking: for each pointer that
 * is reached by way of a trusted one the verifier of Linux looks through all types of the kernel,
 * which takes it 0.6 ms, and every start of the command waits for it.
 */

static __always_inline void write_text(struct seq_file *seq, __u8 kind, const char *from)
{
	struct text_record r = {};
	long len = bpf_probe_read_kernel_str(r.text, sizeof(r.text), from);

	if (len <= 1 || len > (long)sizeof(r.text))
		return;
	record_begin(&r.head, (sizeof(r.head) + len + 7) & 0xf8, kind);
	bpf_seq_write(seq, &r, r.head.size);
}

/* The name of the program's main function in its own types. */
static __always_inline const char *whole_name(const struct bpf_prog_aux *aux)
{
	struct btf *btf = BPF_CORE_READ(aux, btf);
	struct btf_type *type = NULL, **types;
	struct bpf_func_info main = {};
	__u32 name_off = 0;

	if (!btf || !BPF_CORE_READ(aux, func_info_cnt))
		return NULL;
	bpf_probe_read_kernel(&main, sizeof(main), BPF_CORE_READ(aux, func_info));
	if (main.type_id >= BPF_CORE_READ(btf, nr_types))
		return NULL;
	types = BPF_CORE_READ(btf, types);
	bpf_probe_read_kernel(&type, sizeof(type), types + main.type_id);
	bpf_probe_read_kernel(&name_off, sizeof(name_off), &type->name_off);
	if (name_off >= BPF_CORE_READ(btf, hdr.str_len))
		return NULL;
	return BPF_CORE_READ(btf, strings) + name_off;
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
	struct record head = {};
	struct used_maps used = {seq, BPF_CORE_READ(aux, used_maps)};
	__u32 count = BPF_CORE_READ(aux, used_map_cnt);

	if (!count || count > MAX_USED_MAPS)
		return;
	record_begin(&head, sizeof(head) + (count + 1) / 2 * 8, RECORD_USED_MAPS);
	head.present = count;
	bpf_seq_write(seq, &head, sizeof(head));
	loop(count, MAX_USED_MAPS, write_used_map, &used);
	if (count % 2)
		bpf_seq_write(seq, &count, sizeof(count));
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
static __always_inline void read_bytes_jited(const struct bpf_prog *prog,
					     const struct bpf_prog_aux *aux,
					     struct program_record *r)
{
	__u32 count = BPF_CORE_READ(aux, func_cnt);
	struct funcs funcs = {};

	r->bytes_jited = prog->jited_len;
	if (count && bpf_core_field_exists(aux->func)) {
		if (count > MAX_FUNCS)
			return;
		funcs.funcs = BPF_CORE_READ(aux, func);
		loop(count, MAX_FUNCS, add_func, &funcs);
		r->bytes_jited = funcs.bytes_jited;
	}
	r->head.present |= PROGRAM_HAS_BYTES_JITED;
}

static __always_inline void read_attachment(const struct bpf_prog_aux *aux,
					    struct program_record *r)
{
	struct bpf_prog *target;

	r->attach_btf_id = BPF_CORE_READ(aux, attach_btf_id);
	if (!bpf_core_field_exists(aux->attach_btf) || !bpf_core_field_exists(aux->dst_prog))
		return;
	r->head.present |= PROGRAM_HAS_ATTACH;
	target = BPF_CORE_READ(aux, dst_prog);
	if (target) {
		r->attach_prog_id = BPF_CORE_READ(target, aux, id);
		r->attach_btf_obj_id = BPF_CORE_READ(target, aux, btf, id);
	} else if (r->attach_btf_id) {
		r->attach_btf_obj_id = BPF_CORE_READ(aux, attach_btf, id);
	}
}

static __always_inline void read_sleepable(const struct bpf_prog *prog,
					   const struct bpf_prog_aux *aux, struct program_record *r)
{
	if (bpf_core_field_exists(prog->sleepable))
		r->sleepable = BPF_CORE_READ_BITFIELD(prog, sleepable);
	else if (bpf_core_field_exists(aux->sleepable))
		r->sleepable = BPF_CORE_READ(aux, sleepable);
	else
		return;
	r->head.present |= PROGRAM_HAS_SLEEPABLE;
}

static __always_inline void read_aux(const struct bpf_prog_aux *aux, struct program_record *r)
{
	r->id = BPF_CORE_READ(aux, id);
	r->btf_id = BPF_CORE_READ(aux, btf, id);
	r->load_time = BPF_CORE_READ(aux, load_time);
	r->refcnt = BPF_CORE_READ(aux, refcnt.counter) - 1;
	r->uid = BPF_CORE_READ(aux, user, uid.val);
	bpf_core_read(r->name, sizeof(r->name), &aux->name);
	if (bpf_core_field_exists(aux->verified_insns)) {
		r->verified_insns = BPF_CORE_READ(aux, verified_insns);
		r->head.present |= PROGRAM_HAS_VERIFIED_INSNS;
	}
	if (bpf_core_field_exists(aux->offload_requested) && BPF_CORE_READ(aux, offload_requested))
		r->head.present |= PROGRAM_IS_OFFLOADED;
}

SEC("iter/bpf_prog")
int write_programs(struct bpf_iter__bpf_prog *ctx)
{
	struct program_record r = {};
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;
	struct seq_file *seq;
	const char *attach_to;

	if (!prog)
		return 0;
	record_begin(&r.head, sizeof(r), RECORD_PROGRAM);
	seq = ctx->meta->seq;
	aux = BPF_CORE_READ(prog, aux);
	r.head.present =
		PROGRAM_HAS_ATTACH_TYPE | PROGRAM_HAS_REFCNT | PROGRAM_HAS_PAGES | PROGRAM_HAS_UID;
	r.type = prog->type;
	r.attach_type = prog->expected_attach_type;
	r.gpl_compatible = BPF_CORE_READ_BITFIELD(prog, gpl_compatible);
	r.jited = BPF_CORE_READ_BITFIELD(prog, jited);
	r.insns = prog->len;
	r.pages = prog->pages;
	bpf_core_read(r.tag, sizeof(r.tag), &prog->tag);
	read_aux(aux, &r);
	read_sleepable(prog, aux, &r);
	read_bytes_jited(prog, aux, &r);
	read_attachment(aux, &r);
	bpf_seq_write(seq, &r, sizeof(r));

	if (r.name[RECORD_NAME_LEN - 2])
		write_text(seq, RECORD_NAME, whole_name(aux));
	attach_to = BPF_CORE_READ(aux, attach_func_name);
	if (attach_to)
		write_text(seq, RECORD_ATTACH_TO, attach_to);
	write_used_maps(seq, aux);
	return 0;
}
