/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Fields of values that are no plain data: a lock, and pointers to objects (kernel: struct
 * btf_record, bpf_obj_free_fields). Programs alone write to them, by helpers, at any time: so
 * copies go around them, and they are taken out by one atomic exchange.
 *
 * An object that a value holds goes with it: when its memory is about to be used for another one or
 * freed, or when the value is written over. Who has read the pointer in an RCU section may go on
 * using it until that ends: destructors wait for that long.
 */
#include "map/map.h"
#include "map/spinlock.h"
#include "map/value.h"

void bpf_map_fields_load(const struct bpf_map *map, void *dst, const void *value, u32 size)
{
	const struct btf_record *record = map->record;

	bpf_map_value_load(dst, value, size);
	for (u32 i = 0; i < record->nr; i++)
		memset((u8 *)dst + record->fields[i].off, 0, record->fields[i].size);
}

/* [@pos, @end): words are whole where they can be. A lock has half of one. */
static void store_part(u8 *out, const u8 *in, u32 pos, u32 end)
{
	const u32 half = min_of(end, round_up(pos, 8));

	bpf_map_value_store(out + pos, in + pos, half - pos);
	bpf_map_value_store(out + half, in + half, end - half);
}

void bpf_map_fields_store(const struct bpf_map *map, void *value, const void *src)
{
	const struct btf_record *record = map->record;
	u32 pos = 0;

	for (u32 i = 0; i < record->nr; i++) {
		store_part(value, src, pos, record->fields[i].off);
		pos = record->fields[i].off + record->fields[i].size;
	}
	store_part(value, src, pos, map->value_size);
}

void bpf_map_fields_clear(const struct bpf_map *map, void *value)
{
	const struct btf_record *record = map->record;
	u32 pos = 0;

	for (u32 i = 0; i < record->nr; i++) {
		memset((u8 *)value + pos, 0, record->fields[i].off - pos);
		pos = record->fields[i].off + record->fields[i].size;
	}
	memset((u8 *)value + pos, 0, round_up(map->value_size, 8) - pos);
}

void bpf_map_copy_out_locked(const struct bpf_map *map, void *dst, void *value, u64 flags)
{
	if (flags & BPF_F_LOCK)
		spin_lock(bpf_map_value_lock(map, value));
	bpf_map_fields_load(map, dst, value, map->value_size);
	if (flags & BPF_F_LOCK)
		spin_unlock(bpf_map_value_lock(map, value));
}

void bpf_map_copy_in_locked(const struct bpf_map *map, void *value, const void *src, u64 flags)
{
	if (flags & BPF_F_LOCK)
		spin_lock(bpf_map_value_lock(map, value));
	bpf_map_fields_store(map, value, src);
	if (flags & BPF_F_LOCK)
		spin_unlock(bpf_map_value_lock(map, value));
}

void bpf_map_release_fields(const struct bpf_map *map, void *value)
{
	const struct btf_record *record = map->record;

	for (u32 i = 0; i < record->nr; i++) {
		const struct btf_field *field = &record->fields[i];
		u64 *word = (void *)((u8 *)value + field->off);
		u64 object;

		if (field->type == BPF_SPIN_LOCK)
			continue;
		object = __atomic_exchange_n(word, 0, __ATOMIC_ACQ_REL);
		if (object && field->type == BPF_KPTR_REF)
			field->dtor((void *)(unsigned long)object);
	}
}
