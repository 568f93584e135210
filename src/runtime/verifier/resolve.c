/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What instructions refer to by number: maps by handle or by index of fd_array, helpers by their
 * number, kfuncs by their type in the built-in BTF. Each is looked up once, before the walk.
 */
#include <stdlib.h>

#include "base/nofault.h"
#include "verifier/env.h"

/* Types of programs that use no map with locks: in Linux they may interrupt who holds one. */
#define NO_LOCKS                                                                                   \
	(BPF_TYPE(SOCKET_FILTER) | (BPF_TYPES_TRACING & ~(BPF_TYPE(TRACING) | BPF_TYPE(SYSCALL))))

/* The program keeps one reference to each map, however often it names it. */
static int use_map(struct bpf_verifier_env *env, struct bpf_map *map)
{
	struct bpf_prog_aux *aux = env->prog->aux;
	u32 i;

	for (i = 0; i < aux->used_map_cnt; i++) {
		if (aux->used_maps[i] == map) {
			bpf_map_put(map);
			return 0;
		}
	}
	if (aux->used_map_cnt == MAX_USED_MAPS) {
		bpf_map_put(map);
		return refuse(env, -E2BIG, -1, "use fewer: maps in a map count as one",
			      "the program uses more than %u maps", MAX_USED_MAPS);
	}
	if (!aux->used_maps) {
		aux->used_maps = calloc(MAX_USED_MAPS, sizeof(*aux->used_maps));
		if (!aux->used_maps) {
			bpf_map_put(map);
			return -ENOMEM;
		}
	}
	aux->used_maps[aux->used_map_cnt++] = map;
	return 0;
}

static int map_handle(struct bpf_verifier_env *env, const struct bpf_insn *insn, int *fd)
{
	*fd = insn->imm;
	if (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE)
		return 0;
	if (!env->in->fd_array)
		return refuse(env, -EPROTO, -1, "give the load an fd_array",
			      "a map by index, and no fd_array");
	if (insn->imm < 0 ||
	    copy_from_user(fd, env->in->fd_array + (u64)insn->imm * sizeof(*fd), sizeof(*fd)))
		return refuse(env, -EFAULT, -1, "let fd_array be as long as the indices say",
			      "entry %d of fd_array cannot be read", insn->imm);
	return 0;
}

static int resolve_map(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];
	bool value =
		insn->src_reg == BPF_PSEUDO_MAP_VALUE || insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
	struct bpf_map *map;
	int err, fd;
	u64 addr;

	if (!value && insn[1].imm)
		return refuse(env, -EINVAL, -1, NULL, "a map with an offset");
	err = map_handle(env, insn, &fd);
	if (err)
		return err;
	map = env->in->map_get(env->in->arg, fd);
	if (IS_ERR(map))
		return refuse(env, PTR_ERR(map), -1, "make the map first, and keep its handle open",
			      "handle %d is no map", fd);
	err = use_map(env, map);
	if (err)
		return err;
	aux->map = map;
	err = check_map_sleepable(env, map);
	if (err)
		return err;
	if (bpf_map_has_spin_lock(map) && (NO_LOCKS >> env->prog->type & 1))
		return refuse(env, -EINVAL, -1,
			      "keep a value without a lock for it, and use atomic operations",
			      "map '%s' has locks in its values, which this type of program may "
			      "not use",
			      map->name);
	if (!value)
		return 0;
	aux->map_off = insn[1].imm;
	if (aux->map_off >= BPF_MAX_VAR_OFF || !map->ops->map_direct_value_addr ||
	    map->max_entries != 1 || aux->map_off >= map->value_size ||
	    map->ops->map_direct_value_addr(map, &addr, aux->map_off))
		return refuse(env, -EINVAL, -1,
			      "only values of arrays of one element have addresses",
			      "offset %u of the value of map '%s' has no address", aux->map_off,
			      map->name);
	return 0;
}

/* The address of a kernel function: a program asks by it whether a weak one exists. */
static int resolve_kernel_symbol(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const struct btf_type *t = btf && insn->imm > 0 ? btf_type_by_id(btf, insn->imm) : NULL;

	if (insn[1].imm)
		return refuse(env, -EINVAL, -1, NULL, "there are no modules here");
	if (!t || !btf_type_is_func(t))
		return refuse(env, -EINVAL, -1, "declare it __weak, and check that it exists",
			      "variables of the kernel do not exist here (type %d)", insn->imm);
	return 0;
}

static int resolve_ld_imm64(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	switch (insn->src_reg) {
	case 0:
		return 0;
	case BPF_PSEUDO_FUNC:
		if (insn[1].imm)
			return refuse(env, -EINVAL, -1, NULL, "a function pointer with an offset");
		return 0;
	case BPF_PSEUDO_BTF_ID:
		return resolve_kernel_symbol(env, insn);
	}
	return resolve_map(env, insn);
}

static int resolve_helper(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	const struct bpf_helper *helper = insn->imm < 0 ? NULL : bpf_helper_by_id(insn->imm);

	env->aux[env->insn_idx].helper = helper;
	if (helper && helper->proto.callback != BPF_CALLBACK_NONE) {
		env->aux[env->insn_idx].calls_back = true;
		env->aux[env->insn_idx].prune_point = true;
	}
	return helper && helper->proto.tail_calls ? note_tail_call(env) : 0;
}

/* Asked where a path comes to the call: programs may have calls that never run on this engine. */
int check_helper_allowed(struct bpf_verifier_env *env)
{
	const struct bpf_helper *helper = env->aux[env->insn_idx].helper;

	if (!helper)
		return refuse(env, -EINVAL, -1, "check that it exists before it is called",
			      "there is no helper %d", env->insns[env->insn_idx].imm);
	if ((helper->types && !(helper->types >> env->prog->type & 1)) ||
	    (helper->allowed && !helper->allowed(env->prog)))
		return refuse(env, -EINVAL, -1, "do without it, or use another type of program",
			      "programs of this type may not call %s", helper->name);
	if (helper->proto.gpl_only && !env->prog->gpl_compatible)
		return refuse(env, -EINVAL, -1,
			      "give the program a licence that is compatible with it",
			      "%s may be called by GPL programs only", helper->name);
	return 0;
}

static bool gives_bool(const struct btf *btf, u32 kfunc_id)
{
	const struct btf_type *proto = btf_type_by_id(btf, btf_type_by_id(btf, kfunc_id)->type);
	const struct btf_type *result = btf_type_skip_modifiers(btf, proto->type, NULL);

	return result && btf_type_is_int(result) && result->size == sizeof(bool);
}

static int add_kfunc(struct bpf_verifier_env *env, u32 id, const struct btf_kfunc *kfunc,
		     u32 *index)
{
	struct bpf_kfunc_desc_tab *tab = env->prog->aux->kfunc_tab;
	u32 nr = tab ? tab->nr_descs : 0, i;

	for (i = 0; i < nr; i++) {
		if (tab->descs[i].func_id == id) {
			*index = i;
			return 0;
		}
	}
	tab = realloc(tab, sizeof(*tab) + (nr + 1) * sizeof(tab->descs[0]));
	if (!tab)
		return -ENOMEM;
	tab->descs[nr] = (struct bpf_kfunc_desc){id, kfunc->func,
						 gives_bool(env->prog->aux->rt->vmlinux, id)};
	tab->nr_descs = nr + 1;
	env->prog->aux->kfunc_tab = tab;
	*index = nr;
	return 0;
}

static int resolve_kfunc(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const struct btf_type *t = btf && insn->imm > 0 ? btf_type_by_id(btf, insn->imm) : NULL;

	/* A weak one that is not there has number 0, and a path around it. */
	if (!insn->imm)
		return 0;
	if (!env->prog->gpl_compatible)
		return refuse(env, -EINVAL, -1,
			      "give the program a licence that is compatible with it",
			      "kernel functions may be called by GPL programs only");
	if (!t || !btf_type_is_func(t))
		return refuse(env, -EINVAL, -1,
			      "load the program with libbpf, which finds the function by its name",
			      "type %d of the built-in types is no function", insn->imm);
	aux->kfunc = btf_kfunc_find(env->prog->type, btf_type_name(btf, t));
	if (aux->kfunc && (aux->kfunc->flags & KF_ITER_NEXT)) {
		aux->iter_next = true;
		aux->prune_point = true;
	}
	return aux->kfunc ? add_kfunc(env, insn->imm, aux->kfunc, &aux->kfunc_index) : 0;
}

int check_kfunc_allowed(struct bpf_verifier_env *env)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const struct bpf_insn *insn = &env->insns[env->insn_idx];

	if (!insn->imm)
		return refuse(env, -EINVAL, -1, "check that it exists before it is called",
			      "a kernel function that does not exist here");
	if (!env->aux[env->insn_idx].kfunc)
		return refuse(env, -EACCES, -1, "do without it, or use another type of program",
			      "programs of this type may not call %s",
			      btf_type_name(btf, btf_type_by_id(btf, insn->imm)));
	return 0;
}

int resolve_references(struct bpf_verifier_env *env)
{
	u32 i;
	int err;

	for (i = 0; i < env->nr_insns; i++) {
		const struct bpf_insn *insn = &env->insns[i];

		env->insn_idx = i;
		err = 0;
		if (insn_is_ld_imm64(insn))
			err = resolve_ld_imm64(env, insn);
		else if (insn_loads_packet(insn))
			err = check_ends_with_number(env, "a load that may end it,");
		else if (insn_calls_kfunc(insn))
			err = resolve_kfunc(env, insn);
		else if (insn_is_call(insn) && !insn->src_reg)
			err = resolve_helper(env, insn);
		if (err)
			return err;
		i += insn_is_ld_imm64(insn);
	}
	return 0;
}
