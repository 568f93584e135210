/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * From records to objects. Records come from programs of our own, but through an engine: nothing in
 * them is taken for granted but what is checked here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engine.h"
#include "look.h"
#include "records.h"

#define WHOLE(type) _Static_assert(sizeof(type) % 8 == 0, "a record is a multiple of 8 bytes")
WHOLE(struct program_record);
WHOLE(struct inside_record);
WHOLE(struct map_record);
WHOLE(struct link_record);
WHOLE(struct holder_record);
WHOLE(struct text_record);

bool look_grow(void *array, size_t nr, size_t *room, size_t size)
{
	void **entries = array, *larger;
	size_t want = *room ? *room * 2 : 64;

	if (nr < *room)
		return true;
	larger = reallocarray(*entries, want, size);
	if (!larger)
		return false;
	*entries = larger;
	*room = want;
	return true;
}

static __u64 known(__u32 present, __u32 bit, __u64 value)
{
	return present & bit ? value : UNKNOWN;
}

/* The engine's: that of this process is counted as on most machines. */
static __u64 page_size(void)
{
	return engine_is_kernel() ? sysconf(_SC_PAGESIZE) : 4096;
}

static __u64 bytes_jited(const struct program_record *r)
{
	if (!(r->head.present & PROGRAM_HAS_BYTES_JITED) || r->funcs > r->max_funcs)
		return UNKNOWN;
	return r->funcs ? r->funcs_jited : r->bytes_jited;
}

/* No iterator knows the device of a program that has one. */
static __u64 ifindex(const struct program_record *r)
{
	if (r->head.present & PROGRAM_HAS_IFINDEX)
		return r->ifindex;
	return r->offloaded ? UNKNOWN : 0;
}

static int take_program(struct look *look, const void *record)
{
	const struct program_record *r = record;
	struct objects *objects = look->objects;
	const __u32 present = r->head.present;
	struct program *program;

	look->program = NULL;
	if (own_has(&look->own, OBJECT_PROGRAM, r->id))
		return 0;
	if (!look_grow(&objects->programs, objects->nr_programs, &look->room_programs,
		       sizeof(*program)))
		return -ENOMEM;
	program = &objects->programs[objects->nr_programs];
	*program = (struct program){
		.id = r->id,
		.type = r->type,
		.attach_type = known(present, PROGRAM_HAS_ATTACH_TYPE, r->attach_type),
		.name = arena_text(objects->arena, r->name, sizeof(r->name)),
		.gpl_compatible = r->gpl_compatible,
		.jited = r->jited,
		.sleepable = known(present, PROGRAM_HAS_SLEEPABLE, r->sleepable),
		.bytes_xlated = r->insns * 8ull,
		.bytes_jited = bytes_jited(r),
		.bytes_memlock = known(present, PROGRAM_HAS_PAGES, r->pages * page_size()),
		.verified_insns = known(present, PROGRAM_HAS_VERIFIED_INSNS, r->verified_insns),
		.load_time = r->load_time,
		.uid = known(present, PROGRAM_HAS_UID, r->uid),
		.btf_id = r->btf_id,
		.attach_btf_id = known(present, PROGRAM_HAS_ATTACH_ID, r->attach_btf_id),
		.attach_btf_obj_id =
			known(present, PROGRAM_HAS_ATTACH,
			      r->attach_prog_id ? r->attach_prog_btf_id : r->attach_btf_obj_id),
		.attach_prog_id = present & PROGRAM_HIDES_ATTACH_PROG
					  ? UNKNOWN
					  : known(present, PROGRAM_HAS_ATTACH, r->attach_prog_id),
		.ifindex = ifindex(r),
		.run_cnt = known(present, PROGRAM_HAS_STATS, r->run_cnt),
		.run_time_ns = known(present, PROGRAM_HAS_STATS, r->run_time_ns),
		.recursion_misses = known(present, PROGRAM_HAS_MISSES, r->recursion_misses),
		.refcnt = known(present, PROGRAM_HAS_REFCNT, r->refcnt),
		.has_many_maps = present & PROGRAM_HAS_MANY_MAPS,
	};
	memcpy(program->tag, r->tag, sizeof(program->tag));
	if (!program->name)
		return -ENOMEM;
	look->program = program;
	objects->nr_programs++;
	return 0;
}

/* Of a program that is there. Others have come since, or are not to be shown. */
static int take_inside(struct look *look, const void *record)
{
	const struct inside_record *r = record;
	struct objects *objects = look->objects;
	struct program *program = NULL;

	for (size_t i = 0; i < objects->nr_programs && !program; i++)
		if (objects->programs[i].id == r->id)
			program = &objects->programs[i];
	if (!program)
		return 0;
	program->attach_type = r->attach_type;
	program->attach_prog_id = r->attach_prog_id;
	program->bytes_memlock = r->pages * page_size();
	program->refcnt = r->refcnt;
	program->sleepable = known(r->head.present, PROGRAM_HAS_SLEEPABLE, r->sleepable);
	if (!*r->attach_to)
		return 0;
	program->attach_to = arena_text(objects->arena, r->attach_to, sizeof(r->attach_to));
	return program->attach_to ? 0 : -ENOMEM;
}

static int take_map(struct look *look, const void *record)
{
	const struct map_record *r = record;
	struct objects *objects = look->objects;
	const __u32 present = r->head.present;
	struct map *map;

	if (own_has(&look->own, OBJECT_MAP, r->id))
		return 0;
	if (!look_grow(&objects->maps, objects->nr_maps, &look->room_maps, sizeof(*map)))
		return -ENOMEM;
	map = &objects->maps[objects->nr_maps];
	*map = (struct map){
		.id = r->id,
		.type = r->type,
		.name = arena_text(objects->arena, r->name, sizeof(r->name)),
		.key_size = r->key_size,
		.value_size = r->value_size,
		.max_entries = r->max_entries,
		.flags = r->flags,
		.frozen = known(present, MAP_HAS_FROZEN, r->frozen),
		.elements = known(present, MAP_HAS_ELEMENTS, r->elements),
		.bytes_memlock = UNKNOWN,
		.btf_id = r->btf_id,
		.btf_key_type_id = known(present, MAP_HAS_BTF, r->btf_key_type_id),
		.btf_value_type_id = known(present, MAP_HAS_BTF, r->btf_value_type_id),
		.btf_vmlinux_value_type_id =
			known(present, MAP_HAS_BTF, r->btf_vmlinux_value_type_id),
		.ifindex = known(present, MAP_HAS_IFINDEX, r->ifindex),
		.map_extra = known(present, MAP_HAS_EXTRA, r->map_extra),
		.owner_prog_type = UNKNOWN,
		.owner_jited = UNKNOWN,
		.refcnt = known(present, MAP_HAS_COUNTS, r->refcnt),
		.usercnt = known(present, MAP_HAS_COUNTS, r->usercnt),
	};
	if (!map->name)
		return -ENOMEM;
	objects->nr_maps++;
	return 0;
}

static int take_link(struct look *look, const void *record)
{
	const struct link_record *r = record;
	struct objects *objects = look->objects;

	if (own_has(&look->own, OBJECT_LINK, r->id))
		return 0;
	if (!look_grow(&objects->links, objects->nr_links, &look->room_links,
		       sizeof(*objects->links)))
		return -ENOMEM;
	objects->links[objects->nr_links++] = (struct link){
		.id = r->id,
		.type = r->type,
		.prog_id = r->prog_id,
		.target_prog_id = known(r->head.present, LINK_HAS_TARGET_PROG, r->target_prog_id),
		.map_id = known(r->head.present, LINK_HAS_MAP, r->map_id),
	};
	return 0;
}

static int take_holder(struct look *look, const void *record)
{
	static const enum object_kind objects_of[] = {
		[RECORD_PROGRAM] = OBJECT_PROGRAM,
		[RECORD_MAP] = OBJECT_MAP,
		[RECORD_LINK] = OBJECT_LINK,
		[RECORD_BTF] = OBJECT_BTF,
	};
	const struct holder_record *r = record;
	struct objects *objects = look->objects;
	struct holder holder = {.id = r->id, .pid = r->pid, .fds = 1};

	if (r->object < RECORD_PROGRAM || r->object > RECORD_BTF || r->object == RECORD_HOLDER)
		return -EBADMSG;
	holder.kind = objects_of[r->object];
	if (own_has(&look->own, holder.kind, r->id))
		return 0;
	memcpy(holder.comm, r->comm, sizeof(holder.comm) - 1);
	if (!look_grow(&objects->holders, objects->nr_holders, &look->room_holders, sizeof(holder)))
		return -ENOMEM;
	objects->holders[objects->nr_holders++] = holder;
	return 0;
}

static int take_text(struct look *look, const void *record, const char **text)
{
	const struct record *head = record;

	*text = arena_text(look->objects->arena, record + sizeof(*head),
			   head->size - sizeof(*head));
	return *text ? 0 : -ENOMEM;
}

static int take_name(struct look *look, const void *record)
{
	return look->program ? take_text(look, record, &look->program->name) : 0;
}

static int take_attach_to(struct look *look, const void *record)
{
	return look->program ? take_text(look, record, &look->program->attach_to) : 0;
}

static int take_used_maps(struct look *look, const void *record)
{
	const struct list_record *r = record;
	const size_t nr = r->head.present, size = nr * sizeof(r->ids[0]);
	__u32 *ids;

	if (!look->program || !nr)
		return 0;
	if (nr > (r->head.size - sizeof(r->head)) / sizeof(r->ids[0]))
		return -EBADMSG;
	ids = arena_take(look->objects->arena, size);
	if (!ids)
		return -ENOMEM;
	look->program->map_ids = memcpy(ids, r->ids, size);
	look->program->nr_map_ids = nr;
	return 0;
}

static const struct {
	size_t size; /* at least */
	int (*take)(struct look *look, const void *record);
} kinds[] = {
	[RECORD_PROGRAM] = {sizeof(struct program_record), take_program},
	[RECORD_MAP] = {sizeof(struct map_record), take_map},
	[RECORD_LINK] = {sizeof(struct link_record), take_link},
	[RECORD_HOLDER] = {sizeof(struct holder_record), take_holder},
	[RECORD_INSIDE] = {sizeof(struct inside_record), take_inside},
	[RECORD_NAME] = {sizeof(struct record), take_name},
	[RECORD_ATTACH_TO] = {sizeof(struct record), take_attach_to},
	[RECORD_USED_MAPS] = {sizeof(struct record), take_used_maps},
};

static int take_record(struct look *look, const struct record *head)
{
	if (head->version != RECORDS_VERSION)
		return -ENOTSUP;
	if (head->kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[head->kind].take)
		return 0;
	return head->size < kinds[head->kind].size ? -EBADMSG : kinds[head->kind].take(look, head);
}

int look_take(struct look *look, size_t size)
{
	const char *from = look->buffer;
	const struct record *head;
	int err = 0;

	look->used += size;
	while (!err && look->used >= sizeof(*head)) {
		head = (const void *)from;
		if (head->size < sizeof(*head) || head->size % 8)
			return -EBADMSG;
		if (head->size > look->used)
			break;
		err = take_record(look, head);
		from += head->size;
		look->used -= head->size;
	}
	memmove(look->buffer, from, look->used);
	return err;
}

int look_put(struct look *look, const void *record, size_t size)
{
	if (size > LOOK_BUFFER_SIZE - look->used)
		return -EBADMSG;
	memcpy(look->buffer + look->used, record, size);
	return look_take(look, size);
}

int look_end(struct look *look)
{
	const bool cut = look->used;

	look->used = 0;
	look->program = NULL;
	return cut ? -EBADMSG : 0;
}
