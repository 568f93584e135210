/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What bpf(2) does not tell of a program, or not by name. */
#ifndef BPF_PROGRAM_H
#define BPF_PROGRAM_H

#include "kernel.h"

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

static __always_inline void write_attach_to(struct seq_file *seq, const struct bpf_prog_aux *aux)
{
	write_text(seq, RECORD_ATTACH_TO, aux->attach_func_name);
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

static __always_inline void read_sleepable(const struct bpf_prog *prog,
					   const struct bpf_prog_aux *aux, struct program_record *r)
{
	if (bpf_core_field_exists(prog->sleepable))
		r->sleepable = BPF_CORE_READ_BITFIELD_PROBED(prog, sleepable);
	else if (bpf_core_field_exists(aux->sleepable))
		r->sleepable = aux->sleepable;
	else
		return;
	r->head.present |= PROGRAM_HAS_SLEEPABLE;
}

static __always_inline void read_inside(const struct bpf_prog *prog, const struct bpf_prog_aux *aux,
					struct program_record *r)
{
	r->id = aux->id;
	r->attach_type = prog->expected_attach_type;
	r->pages = prog->pages;
	r->refcnt = aux->refcnt.counter - 1;
	r->head.present |= PROGRAM_HAS_ATTACH_TYPE | PROGRAM_HAS_PAGES | PROGRAM_HAS_REFCNT;
	read_sleepable(prog, aux, r);
	read_attachment(aux, r);
}

#endif /* BPF_PROGRAM_H */
