/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every program: what BPF_OBJ_GET_INFO_BY_FD tells of it (kernel/bpf/syscall.c,
 * bpf_prog_get_info_by_fd()), its whole name, what it attaches to and the maps that it uses.
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_USED_MAPS 64 /* of the kernel: as many as a program may use */

/*
 * More subprograms than this are left to bpf(2): each pass of a loop costs verification, which
 * every start of the command waits for.
 */
#define MAX_FUNCS 16

static __always_inline void write_text(struct seq_file *seq, __u8 kind, const char *from)
{
	struct text_record r = {.head = {.version = RECORDS_VERSION, .kind = kind}};
	long len = bpf_probe_read_kernel_str(r.text, sizeof(r.text), from);

	if (len <= 1 || len > (long)sizeof(r.text))
		return;
	r.head.size = (sizeof(r.head) + len + 7) & 0xf8;
	bpf_seq_write(seq, &r, r.head.size);
}

/* The name of the program's main function in its own types. */
static __always_inline const char *whole_name(const struct bpf_prog_aux *aux)
{
	struct btf_type *type = NULL;
	struct btf *btf = aux->btf;
	__u32 type_id, name_off = 0;

	if (!btf || !aux->func_info_cnt)
		return NULL;
	type_id = aux->func_info->type_id;
	if (type_id >= btf->nr_types)
		return NULL;
	bpf_probe_read_kernel(&type, sizeof(type), btf->types + type_id);
	bpf_probe_read_kernel(&name_off, sizeof(name_off), &type->name_off);
	return name_off < btf->hdr.str_len ? btf->strings + name_off : NULL;
}

static __always_inline void write_used_maps(struct seq_file *seq, const struct bpf_prog_aux *aux)
{
	struct record head = {.version = RECORDS_VERSION, .kind = RECORD_USED_MAPS};
	__u32 count = aux->used_map_cnt;

	if (!count || count > MAX_USED_MAPS)
		return;
	head.size = sizeof(head) + (count + 1) / 2 * 8;
	head.present = count;
	bpf_seq_write(seq, &head, sizeof(head));
	for (__u32 i = 0; i < MAX_USED_MAPS && i < count; i++) {
		struct bpf_map *map = NULL;
		__u32 id = 0;

		bpf_probe_read_kernel(&map, sizeof(map), aux->used_maps + i);
		bpf_probe_read_kernel(&id, sizeof(id), &map->id);
		bpf_seq_write(seq, &id, sizeof(id));
	}
	if (count % 2)
		bpf_seq_write(seq, &count, sizeof(count));
}

/* A program of several functions has native code for each of them. */
static __always_inline void read_bytes_jited(const struct bpf_prog *prog,
					     const struct bpf_prog_aux *aux,
					     struct program_record *r)
{
	__u32 count = aux->func_cnt, total = 0;

	if (count > MAX_FUNCS)
		return;
	r->head.present |= PROGRAM_HAS_BYTES_JITED;
	r->bytes_jited = prog->jited_len;
	if (!count || !bpf_core_field_exists(aux->func))
		return;
	for (__u32 i = 0; i < MAX_FUNCS && i < count; i++) {
		struct bpf_prog *func = NULL;
		__u32 len = 0;

		bpf_probe_read_kernel(&func, sizeof(func), aux->func + i);
		bpf_probe_read_kernel(&len, sizeof(len), &func->jited_len);
		total += len;
	}
	r->bytes_jited = total;
}

static __always_inline void read_attachment(const struct bpf_prog_aux *aux,
					    struct program_record *r)
{
	r->attach_btf_id = aux->attach_btf_id;
	if (!bpf_core_field_exists(aux->attach_btf) || !bpf_core_field_exists(aux->dst_prog))
		return;
	r->head.present |= PROGRAM_HAS_ATTACH;
	if (aux->dst_prog) {
		r->attach_prog_id = aux->dst_prog->aux->id;
		r->attach_btf_obj_id = aux->dst_prog->aux->btf->id;
	} else if (aux->attach_btf) {
		r->attach_btf_obj_id = aux->attach_btf->id;
	}
}

static __always_inline void read_sleepable(const struct bpf_prog *prog,
					   const struct bpf_prog_aux *aux, struct program_record *r)
{
	if (bpf_core_field_exists(prog->sleepable))
		r->sleepable = BPF_CORE_READ_BITFIELD(prog, sleepable);
	else if (bpf_core_field_exists(aux->sleepable))
		r->sleepable = aux->sleepable;
	else
		return;
	r->head.present |= PROGRAM_HAS_SLEEPABLE;
}

SEC("iter/bpf_prog")
int write_programs(struct bpf_iter__bpf_prog *ctx)
{
	struct program_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_PROGRAM}};
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;

	if (!prog)
		return 0;
	aux = prog->aux;
	r.id = aux->id;
	r.type = prog->type;
	r.head.present = PROGRAM_HAS_ATTACH_TYPE | PROGRAM_HAS_REFCNT | PROGRAM_HAS_PAGES;
	r.attach_type = prog->expected_attach_type;
	r.gpl_compatible = BPF_CORE_READ_BITFIELD(prog, gpl_compatible);
	r.jited = BPF_CORE_READ_BITFIELD(prog, jited);
	r.insns = prog->len;
	r.pages = prog->pages;
	r.btf_id = aux->btf->id;
	r.load_time = aux->load_time;
	r.refcnt = aux->refcnt.counter - 1;
	bpf_probe_read_kernel(r.tag, sizeof(r.tag), prog->tag);
	bpf_probe_read_kernel(r.name, sizeof(r.name), aux->name);
	if (bpf_core_field_exists(aux->user)) {
		r.uid = aux->user->uid.val;
		r.head.present |= PROGRAM_HAS_UID;
	}
	if (bpf_core_field_exists(aux->verified_insns)) {
		r.verified_insns = aux->verified_insns;
		r.head.present |= PROGRAM_HAS_VERIFIED_INSNS;
	}
	if (bpf_core_field_exists(aux->offload_requested) && aux->offload_requested)
		r.head.present |= PROGRAM_IS_OFFLOADED;
	read_sleepable(prog, aux, &r);
	read_bytes_jited(prog, aux, &r);
	read_attachment(aux, &r);
	bpf_seq_write(seq, &r, sizeof(r));

	if (r.name[RECORD_NAME_LEN - 2])
		write_text(seq, RECORD_NAME, whole_name(aux));
	if (aux->attach_func_name)
		write_text(seq, RECORD_ATTACH_TO, aux->attach_func_name);
	write_used_maps(seq, aux);
	return 0;
}
