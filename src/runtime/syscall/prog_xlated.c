/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The instructions of a program as they may be seen: those that run, but what they refer to instead
 * of addresses, and none that are only made after verification (kernel: bpf_insn_prepare_dump in
 * kernel/bpf/syscall.c). A reference to a function says how far it is and its number, as what the
 * kernel's compiler leaves, which is what disassemblers look for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "map/map.h"
#include "prog/kfunc.h"
#include "prog/prog.h"
#include "syscall/command.h"

struct dump {
	const struct bpf_prog *prog;
	struct bpf_insn *insns; /* a copy */
	u32 len;
	u32 *functions; /* by instruction: 1 where a function begins; then its number */
};

static bool is_ld_imm64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static u64 imm64_of(const struct bpf_insn *insn)
{
	return (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;
}

/* The instruction that instruction @i refers to as a function; false: it does not. */
static bool refers_to(const struct dump *dump, u32 i, u32 *target)
{
	const struct bpf_insn *insn = &dump->insns[i];

	if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL)
		*target = i + 1 + insn->imm;
	else if (is_ld_imm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC)
		*target =
			(const struct bpf_insn *)(unsigned long)imm64_of(insn) - dump->prog->insnsi;
	else
		return false;
	return true;
}

/* A function that nothing refers to is not there: it was dead code. */
static void number_functions(struct dump *dump)
{
	u32 target, nr = 0;

	for (u32 i = 0; i < dump->len; i++) {
		if (refers_to(dump, i, &target))
			dump->functions[target] = 1;
		i += is_ld_imm64(&dump->insns[i]);
	}
	for (u32 i = 0; i < dump->len; i++)
		if (dump->functions[i])
			dump->functions[i] = ++nr;
}

/* The map that an address is of, or is in; the numbers that stand for it. */
static void hide_map(const struct bpf_prog_aux *aux, struct bpf_insn *insn)
{
	u64 imm = imm64_of(insn), base;

	for (u32 j = 0; j < aux->used_map_cnt; j++) {
		struct bpf_map *map = aux->used_maps[j];
		u64 size = (u64)map->max_entries * map->value_size;
		bool is_map = imm == (unsigned long)map;

		if (!is_map && (!map->ops->map_direct_value_addr ||
				map->ops->map_direct_value_addr(map, &base, 0) || imm < base ||
				imm - base >= size))
			continue;
		insn[0].src_reg = is_map ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
		insn[0].imm = map->id;
		insn[1].imm = is_map ? 0 : imm - base;
		break;
	}
}

static void hide_function(const struct dump *dump, u32 i, u32 target)
{
	struct bpf_insn *insn = &dump->insns[i];
	u32 distance = target - i - 1, number = dump->functions[target];

	if (is_ld_imm64(insn)) {
		insn[0].imm = distance;
		insn[1].imm = number;
	} else {
		insn->off = distance;
		insn->imm = number;
	}
}

static void hide_addresses(struct dump *dump)
{
	const struct bpf_prog_aux *aux = dump->prog->aux;
	u32 target;

	for (u32 i = 0; i < dump->len; i++) {
		struct bpf_insn *insn = &dump->insns[i];

		if (refers_to(dump, i, &target)) {
			hide_function(dump, i, target);
		} else if (insn->code == (BPF_JMP | BPF_TAIL_CALL)) {
			insn->code = BPF_JMP | BPF_CALL;
		} else if (insn->code == (BPF_JMP | BPF_CALL)) {
			insn->off = 0;
			if (insn->src_reg == BPF_PSEUDO_CALL_FORMAT)
				insn->src_reg = 0;
			if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
				insn->imm = aux->kfunc_tab->descs[insn->imm].func_id;
		} else if (BPF_CLASS(insn->code) == BPF_LDX) {
			if (BPF_MODE(insn->code) == BPF_PROBE_MEM && insn->imm)
				insn->code = BPF_STX | BPF_SIZE(insn->code) | BPF_ATOMIC;
			else if (BPF_MODE(insn->code) == BPF_PROBE_MEM)
				insn->code = BPF_LDX | BPF_SIZE(insn->code) | BPF_MEM;
			else if (BPF_MODE(insn->code) == BPF_PROBE_MEMSX)
				insn->code = BPF_LDX | BPF_SIZE(insn->code) | BPF_MEMSX;
		} else if (is_ld_imm64(insn)) {
			hide_map(aux, insn);
		}
		i += is_ld_imm64(insn);
	}
}

int prog_copy_xlated(const struct bpf_prog *prog, struct bpf_prog_info *info)
{
	u32 room = info->xlated_prog_len, size = prog->len * sizeof(struct bpf_insn);
	struct dump dump = {.prog = prog, .len = prog->len};
	int err = -ENOMEM;

	info->xlated_prog_len = size;
	if (!room)
		return 0;
	dump.insns = malloc(size);
	dump.functions = calloc(prog->len, sizeof(*dump.functions));
	if (dump.insns && dump.functions) {
		memcpy(dump.insns, prog->insnsi, size);
		number_functions(&dump);
		used_maps_lock(prog);
		hide_addresses(&dump);
		used_maps_unlock(prog);
		err = copy_to_user(info->xlated_prog_insns, dump.insns, min_of(room, size));
	}
	free(dump.functions);
	free(dump.insns);
	return err;
}
