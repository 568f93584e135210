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

static int copy_map_ids(struct bpf_prog *prog, struct bpf_prog_info *info)
{
	u32 *ids, i, nr;
	int err = -ENOMEM;

	used_maps_lock(prog);
	nr = prog->aux->used_map_cnt;
	ids = calloc((size_t)nr + 1, sizeof(*ids));
	for (i = 0; ids && i < nr; i++)
		ids[i] = prog->aux->used_maps[i]->id;
	used_maps_unlock(prog);
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
		lens[i] = (i + 1 < image->nr_funcs ? image->offs[i + 1] : image->size) -
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
			      image->size, 1);
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
		err = prog_copy_xlated(prog, info);
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
	info.created_by_uid = aux->owner.uid.val;
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
