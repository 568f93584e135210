/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * From bytes to a struct btf: header, strings, and the list of types with what each says of itself
 * (kernel: btf_parse). Nothing is looked at before its bounds are known. The two sections must
 * cover everything behind the header, without overlap, the strings last.
 */
#include <stdlib.h>
#include <string.h>

#include "base/runtime.h"
#include "btf/parse.h"

#define BTF_INFO_MASK 0x9f00ffffu

static int bad_header(struct btf_verifier_env *env, const char *reason)
{
	if (env->log && env->log->level)
		bpf_log(env->log, "BTF header: %s\n", reason);
	return -EINVAL;
}

static int check_sections(struct btf_verifier_env *env, const struct btf_header *hdr, u32 left)
{
	struct section {
		u32 off, len;
	} sec[2] = {{hdr->type_off, hdr->type_len}, {hdr->str_off, hdr->str_len}}, first;
	u32 i, total = 0;

	if (sec[0].off > sec[1].off || (sec[0].off == sec[1].off && sec[0].len > sec[1].len)) {
		first = sec[1];
		sec[1] = sec[0];
		sec[0] = first;
	}
	for (i = 0; i < ARRAY_SIZE(sec); i++) {
		if (sec[i].off > left)
			return bad_header(env, "a section lies beyond the end");
		if (sec[i].off > total)
			return bad_header(env, "there is a gap before a section");
		if (sec[i].off < total)
			return bad_header(env, "sections overlap");
		if (sec[i].len > left - total)
			return bad_header(env, "a section is longer than what is there");
		total += sec[i].len;
	}
	if (total != left)
		return bad_header(env, "something follows the sections");
	return 0;
}

static int parse_header(struct btf_verifier_env *env, const unsigned char *data, u32 size)
{
	struct btf *btf = env->btf;
	struct btf_header *hdr = &btf->hdr;
	u32 i, hdr_len;

	if (size < offsetofend(struct btf_header, hdr_len))
		return bad_header(env, "cut off");
	memcpy(&hdr_len, data + offsetof(struct btf_header, hdr_len), sizeof(hdr_len));
	if (size < hdr_len)
		return bad_header(env, "its length is more than what is there");
	for (i = sizeof(*hdr); i < hdr_len; i++) {
		if (data[i]) {
			bad_header(env, "a field that is not known is not zero");
			return -E2BIG;
		}
	}
	memcpy(hdr, data, min_of(hdr_len, (u32)sizeof(*hdr)));
	if (hdr->magic != BTF_MAGIC)
		return bad_header(env, "no BTF of this byte order: wrong magic number");
	if (hdr->version != BTF_VERSION) {
		bad_header(env, "unknown version");
		return -ENOTSUPP;
	}
	if (hdr->flags) {
		bad_header(env, "unknown flags");
		return -ENOTSUPP;
	}
	if (!btf->base_btf && size == hdr_len)
		return bad_header(env, "nothing follows");
	return check_sections(env, hdr, size - hdr_len);
}

/* Types are read in place, so they must be aligned, which a header of odd length would prevent. */
static u32 padding(u32 hdr_len)
{
	return -hdr_len & 3;
}

static int copy_data(struct btf *btf, const void *data, u32 size)
{
	u32 pad = padding(btf->hdr.hdr_len);
	char *copy = malloc((size_t)pad + size);

	if (!copy)
		return -ENOMEM;
	btf->data = copy + pad;
	memcpy(btf->data, data, size);
	btf->data_size = size;
	btf->nohdr_data = (char *)btf->data + btf->hdr.hdr_len;
	return 0;
}

static int parse_strings(struct btf_verifier_env *env)
{
	struct btf *btf = env->btf;
	const struct btf_header *hdr = &btf->hdr;
	const char *strings = (const char *)btf->nohdr_data + hdr->str_off;
	const char *end = strings + hdr->str_len;

	if (end != (const char *)btf->data + btf->data_size)
		return bad_header(env, "the strings are not at the end");
	btf->strings = strings;
	if (btf->base_btf && !hdr->str_len)
		return 0;
	if (!hdr->str_len || hdr->str_len - 1 > BTF_MAX_NAME_OFFSET || end[-1] ||
	    (!btf->base_btf && strings[0]))
		return bad_header(env, "the strings do not begin or end with an empty one");
	return 0;
}

static int add_type(struct btf_verifier_env *env, struct btf_type *t)
{
	struct btf *btf = env->btf;
	struct btf_type **types;
	u32 size;

	if (btf->nr_types == btf->types_size) {
		if (btf->start_id + btf->nr_types >= BTF_MAX_TYPE) {
			bad_header(env, "too many types follow");
			return -E2BIG;
		}
		size = max_of(16u, btf->types_size + btf->types_size / 2);
		size = min_of(size, BTF_MAX_TYPE - btf->start_id);
		types = realloc(btf->types, size * sizeof(*types));
		if (!types)
			return -ENOMEM;
		btf->types = types;
		btf->types_size = size;
	}
	btf->types[btf->nr_types++] = t;
	return 0;
}

/* Check the type at @t, of which @left bytes are there. Its length in bytes; -errno. */
static int parse_type(struct btf_verifier_env *env, struct btf_type *t, u32 left)
{
	u32 id = btf_nr_types(env->btf);
	const struct btf_kind_operations *ops;
	u32 needed = sizeof(*t);
	int err;

	if (left < needed)
		return btf_invalid(env, id, "cut off after %u bytes", left);
	ops = btf_kind_ops(btf_kind(t));
	if (!ops)
		return btf_invalid(env, id, "unknown kind %u", btf_kind(t));
	needed += ops->extra + btf_vlen(t) * ops->extra_each;
	if (left < needed)
		return btf_invalid(env, id, "%u bytes are left, but %s with vlen %u has %u", left,
				   ops->name, btf_vlen(t), needed);
	if (!btf_name_offset_valid(env->btf, t->name_off))
		return btf_invalid(env, id, "name offset %u is beyond the strings", t->name_off);

	err = add_type(env, t);
	if (err)
		return err;
	if (t->info & ~BTF_INFO_MASK)
		return btf_invalid(env, id, "unknown bits in info 0x%x", t->info);
	if (!ops->has_vlen && btf_vlen(t))
		return btf_invalid(env, id, "vlen is %u, not 0", btf_vlen(t));
	if (!ops->has_kflag && btf_kflag(t))
		return btf_invalid(env, id, "kind_flag is set");
	if (!btf_name_allowed(env->btf, t->name_off, ops->name_rule))
		return btf_invalid(env, id, "no such name for this kind");
	if (ops->check_meta) {
		err = ops->check_meta(env, id, t);
		if (err)
			return err;
	}
	return needed;
}

static int parse_types(struct btf_verifier_env *env)
{
	struct btf *btf = env->btf;
	const struct btf_header *hdr = &btf->hdr;
	char *at = (char *)btf->nohdr_data + hdr->type_off;
	u32 left = hdr->type_len;
	int used;

	if (hdr->type_off & (sizeof(u32) - 1))
		return bad_header(env, "the types are not aligned");
	if (!btf->base_btf && !hdr->type_len)
		return bad_header(env, "there are no types");
	for (; left; left -= used, at += used) {
		used = parse_type(env, (struct btf_type *)(void *)at, left);
		if (used < 0)
			return used;
	}
	return 0;
}

static struct btf *btf_new(struct trek_runtime *rt, struct btf *base)
{
	struct btf *btf = calloc(1, sizeof(*btf));

	if (!btf)
		return NULL;
	atomic64_set(&btf->refcnt, 1);
	btf->rt = rt;
	if (base) {
		btf_get(base);
		btf->base_btf = base;
		btf->start_id = btf_nr_types(base);
		btf->start_str_off = base->start_str_off + base->hdr.str_len;
	}
	return btf;
}

void btf_free(struct btf *btf)
{
	btf_lookup_free(btf);
	free(btf->types);
	if (btf->data)
		free((char *)btf->data - padding(btf->hdr.hdr_len));
	btf_put(btf->base_btf);
	if (btf->id)
		atomic64_dec(&btf->rt->objects);
	free(btf);
}

static int parse(struct btf_verifier_env *env, const void *data, u32 size)
{
	static struct btf_type void_type;
	struct btf *btf = env->btf;
	int err;

	err = parse_header(env, data, size);
	if (!err)
		err = copy_data(btf, data, size);
	if (!err)
		err = parse_strings(env);
	if (!err && !btf->base_btf)
		err = add_type(env, &void_type);
	if (!err)
		err = parse_types(env);
	if (!err)
		err = btf_lookup_alloc(btf);
	if (err)
		return err;

	env->visit_states = calloc((size_t)btf->nr_types + 1, 1);
	if (!env->visit_states)
		return -ENOMEM;
	err = btf_resolve_all(env);
	free(env->visit_states);
	if (!err)
		err = btf_lookup_index(btf);
	return err;
}

struct btf *btf_parse(struct trek_runtime *rt, const void *data, u32 size, struct btf *base,
		      struct bpf_verifier_log *log)
{
	struct btf_verifier_env env = {.log = log};
	int err;

	if (size > BTF_MAX_SIZE)
		return ERR_PTR(-E2BIG);
	env.btf = btf_new(rt, base);
	if (!env.btf)
		return ERR_PTR(-ENOMEM);
	err = parse(&env, data, size);
	if (err) {
		btf_free(env.btf);
		return ERR_PTR(err);
	}
	return env.btf;
}
