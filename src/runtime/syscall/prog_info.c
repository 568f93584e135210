/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What BPF_OBJ_GET_INFO_BY_FD tells of a program (kernel: bpf_prog_get_info_by_fd). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "btf/btf.h"
#include "map/map.h"
#include "prog/prog.h"
#include "syscall/command.h"

/* Instructions as they may be seen: what a map's address stands for, not the address itself; none
 * that are only made after verification. */
static void hide_addresses(const struct bpf_prog_aux *aux, struct bpf_insn *insns, u32 len)
{
	u32 i, j, off;
	u64 imm, base;

	for (i = 0; i + 1 < len; i++) {
		if (insns[i].code == (BPF_JMP | BPF_TAIL_CALL))
			insns[i].code = BPF_JMP | BPF_CALL;
		if (insns[i].code == (BPF_JMP | BPF_CALL))
			insns[i].off = 0;
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		imm = (u32)insns[i].imm | (u64)(u32)insns[i + 1].imm << 32;
		if (insns[i].src_reg == BPF_PSEUDO_FUNC) {
			/* As it was given: how far from the next instruction. */
			insns[i].imm = (const struct bpf_insn *)(unsigned long)imm -
				       aux->prog->insnsi - i - 1;
			insns[i + 1].imm = 0;
		}
		for (j = 0; j < aux->used_map_cnt; j++) {
			struct bpf_map *map = aux->used_maps[j];
			u64 size = (u64)map->max_entries * map->value_size;
			bool is_map = imm == (unsigned long)map;

			off = 0;
			if (!is_map && (!map->ops->map_direct_value_addr ||
					map->ops->map_direct_value_addr(map, &base, 0) ||
					imm < base || imm - base >= size))
				continue;
			if (!is_map)
				off = imm - base;
			insns[i].src_reg = is_map ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
			insns[i].imm = map->id;
			insns[i + 1].imm = off;
			break;
		}
		i++;
	}
}

static int copy_xlated(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	u32 room = info->xlated_prog_len, size = prog->len * sizeof(struct bpf_insn);
	struct bpf_insn *insns;
	int err;

	info->xlated_prog_len = size;
	if (!room)
		return 0;
	insns = malloc(size);
	if (!insns)
		return -ENOMEM;
	memcpy(insns, prog->insnsi, size);
	used_maps_lock();
	hide_addresses(prog->aux, insns, prog->len);
	used_maps_unlock();
	err = copy_to_user(info->xlated_prog_insns, insns, min_of(room, size));
	free(insns);
	return err;
}

static int copy_map_ids(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	u32 *ids, i, nr;
	int err = -ENOMEM;

	used_maps_lock();
	nr = prog->aux->used_map_cnt;
	ids = calloc((size_t)nr + 1, sizeof(*ids));
	for (i = 0; ids && i < nr; i++)
		ids[i] = prog->aux->used_maps[i]->id;
	used_maps_unlock();
	if (ids)
		err = info_copy_array(info->map_ids, &info->nr_map_ids, ids, nr, sizeof(*ids));
	free(ids);
	return err;
}

/* Record sizes that the caller gives must be ours, unless it gives none and wants none. */
static int set_info_rec_size(struct bpf_prog_info *info)
{
	if ((info->nr_func_info || info->func_info_rec_size) &&
	    info->func_info_rec_size != sizeof(struct bpf_func_info))
		return -EINVAL;
	if ((info->nr_line_info || info->line_info_rec_size) &&
	    info->line_info_rec_size != sizeof(struct bpf_line_info))
		return -EINVAL;
	if ((info->nr_jited_line_info || info->jited_line_info_rec_size) &&
	    info->jited_line_info_rec_size != sizeof(u64))
		return -EINVAL;
	info->func_info_rec_size = sizeof(struct bpf_func_info);
	info->line_info_rec_size = sizeof(struct bpf_line_info);
	info->jited_line_info_rec_size = sizeof(u64);
	return 0;
}

/* Addresses of the places in @offs. */
static int copy_addresses(u64 ubuf, u32 *nr, const u8 *code, const u32 *offs, u32 have)
{
	u64 *addresses = calloc((size_t)have + 1, sizeof(*addresses));
	int err;

	if (!addresses)
		return -ENOMEM;
	for (u32 i = 0; i < have; i++)
		addresses[i] = (unsigned long)code + offs[i];
	err = info_copy_array(ubuf, nr, addresses, have, sizeof(*addresses));
	free(addresses);
	return err;
}

static int copy_func_lens(const struct bpf_jit_image *image, struct bpf_prog_info *info)
{
	u32 *lens = calloc(image->nr_funcs, sizeof(*lens));
	int err;

	if (!lens)
		return -ENOMEM;
	for (u32 i = 0; i < image->nr_funcs; i++)
		lens[i] = (i + 1 < image->nr_funcs ? image->offs[i + 1] : image->used) -
			  image->offs[i];
	err = info_copy_array(info->jited_func_lens, &info->nr_jited_func_lens, lens,
			      image->nr_funcs, sizeof(*lens));
	free(lens);
	return err;
}

/* The native code, one function after the other; where functions and lines are in it. */
static int copy_jited(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	const struct bpf_jit_image *image = prog->aux->jit;
	int err;

	if (!image) {
		info->jited_prog_len = 0;
		info->nr_jited_ksyms = 0;
		info->nr_jited_func_lens = 0;
		info->nr_jited_line_info = 0;
		return 0;
	}
	err = info_copy_array(info->jited_prog_insns, &info->jited_prog_len, image->code,
			      image->used, 1);
	if (!err)
		err = copy_addresses(info->jited_ksyms, &info->nr_jited_ksyms, image->code,
				     image->offs, image->nr_funcs);
	if (!err)
		err = copy_func_lens(image, info);
	if (!err)
		err = copy_addresses(info->jited_line_info, &info->nr_jited_line_info, image->code,
				     image->offs + image->nr_funcs, prog->aux->nr_linfo);
	return err;
}

static int fill_prog_lists(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	struct bpf_prog_aux *aux = prog->aux;
	int err;

	err = copy_map_ids(prog, info);
	if (!err)
		err = set_info_rec_size(info);
	if (!err)
		err = copy_xlated(prog, info);
	if (!err)
		err = info_copy_array(info->func_info, &info->nr_func_info, aux->func_info,
				      aux->func_info_cnt, sizeof(struct bpf_func_info));
	if (!err)
		err = info_copy_array(info->line_info, &info->nr_line_info, aux->linfo,
				      aux->nr_linfo, sizeof(struct bpf_line_info));
	if (!err)
		err = info_copy_array(info->prog_tags, &info->nr_prog_tags, prog->tag, 1,
				      BPF_TAG_SIZE);
	return err ? err : copy_jited(prog, info);
}

int prog_get_info(struct bpf_call *call, void *object)
{
	struct bpf_prog *prog = object;
	struct bpf_prog_aux *aux = prog->aux;
	struct bpf_prog_info info;
	u32 len;
	int err = info_begin(call, &info, sizeof(info), &len);

	if (err)
		return err;
	info.type = prog->type;
	info.id = aux->id;
	info.load_time = aux->load_time;
	info.created_by_uid = aux->uid;
	info.gpl_compatible = prog->gpl_compatible;
	memcpy(info.tag, prog->tag, sizeof(info.tag));
	memcpy(info.name, aux->name, sizeof(info.name));
	info.ifindex = 0;
	info.run_time_ns = prog->stats->nsecs;
	info.run_cnt = prog->stats->cnt;
	info.recursion_misses = prog->stats->misses;
	info.verified_insns = aux->verified_insns;
	info.btf_id = aux->btf ? aux->btf->id : 0;
	info.attach_btf_id = aux->attach_btf_id;
	info.attach_btf_obj_id = aux->attach_btf ? aux->attach_btf->id : 0;
	err = fill_prog_lists(prog, &info);
	return err ? err : info_end(call, &info, len);
}
