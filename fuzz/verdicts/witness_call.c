/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The witness: calls. */
#include <errno.h>
#include <string.h>

#include "witness.h"

static struct val compare_strings(const struct val *r)
{
	uint8_t a[REGION_SIZE];
	const struct region *b = reach(r[3], 0, 1, false);

	if (r[2].v > sizeof(a)) {
		reach(r[1], 0, r[2].v, false);
		return unknown(0);
	}
	if (!b || !argument(r[1], r[2].v, a, &vm.tainted))
		return number(0);
	for (uint64_t i = 0; i < r[2].v && r[3].v + i < b->size; i++) {
		uint8_t c = b->data[r[3].v + i];

		if (a[i] != c)
			return number(a[i] < c ? UINT64_MAX : 1);
		if (!c)
			break;
	}
	return number(0);
}

static struct val probe_read(const struct val *r)
{
	const struct region *from = r[3].is >= MEMORY ? &vm.region[r[3].is - MEMORY] : NULL;
	uint64_t size = r[2].v;

	if (!size)
		return unknown(0);
	/* How a bad address is bad, an object's bytes, and overlapping copies differ. */
	written_by_helper(r[1], size);
	if (over() || !from || r[3].is == r[1].is || r[3].v > from->size ||
	    size > from->size - r[3].v)
		return unknown(0);
	memcpy(vm.region[r[1].is - MEMORY].data + r[1].v, from->data + r[3].v, size);
	for (uint64_t i = 0; i < size; i++)
		vm.region[r[1].is - MEMORY].taint[r[1].v + i] =
			from->taint[r[3].v + i] || from->slot[(r[3].v + i) / 8].init;
	return number(0);
}

static struct val helper(int id, struct val *r)
{
	uint8_t key[16];
	bool taint = false;
	int map = (int)r[1].v, i;
	uint64_t count = 0;
	struct val ret;

	for (i = 1; i < 6; i++)
		vm.tainted |= r[i].init && r[i].taint;
	if (vm.locked && id != BPF_FUNC_spin_unlock)
		wrong("a call while a lock is held");
	switch (id) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_for_each_map_elem:
		if (r[1].is != MAP) {
			wrong("no map as an argument");
			return number(0);
		}
	}
	switch (id) {
	case BPF_FUNC_map_lookup_elem:
		if (!argument(r[2], map_shapes[map].key, key, &taint))
			return number(0);
		vm.tainted |= taint;
		i = find_element((enum map)map, key);
		return i < 0 ? number(0) : pointer(i);
	case BPF_FUNC_map_update_elem:
		vm.tainted |= r[4].is != NUMBER;
		return update((enum map)map, r[2], r[3], r[4].v);
	case BPF_FUNC_map_delete_elem:
		if (!argument(r[2], map_shapes[map].key, key, &taint))
			return number(0);
		vm.tainted |= taint;
		if (map_shapes[map].type != BPF_MAP_TYPE_HASH)
			return number((uint64_t)-EINVAL);
		i = find_element((enum map)map, key);
		if (i < 0)
			return number((uint64_t)-ENOENT);
		vm.region[i].dead = true;
		return number(0);
	case BPF_FUNC_for_each_map_elem:
		if (r[4].v || r[4].is != NUMBER) /* flags */
			return number((uint64_t)-EINVAL);
		if (map_shapes[map].type == BPF_MAP_TYPE_HASH)
			vm.tainted = true; /* in what order? */
		for (i = 0; i < vm.nr_regions && !over(); i++) {
			struct val args[5] = {r[1], number(0), pointer(i), r[3]};
			int at;

			if (vm.region[i].map != map || vm.region[i].dead)
				continue;
			at = new_region(map_shapes[map].key);
			if (over())
				break;
			memcpy(vm.region[at].data, vm.region[i].key, map_shapes[map].key);
			vm.region[at].readonly = true;
			args[1] = pointer(at);
			ret = execute((unsigned int)r[2].v, args);
			if (!ret.init)
				wrong("uninitialised result");
			vm.tainted |= ret.taint || ret.is != NUMBER;
			count++;
			if (ret.v)
				break;
		}
		return number(count);
	case BPF_FUNC_loop:
		if (r[4].v || r[4].is != NUMBER)
			return number((uint64_t)-EINVAL);
		for (uint64_t n = 0; n < r[1].v && n < 64 && !over(); n++) {
			struct val args[5] = {number(n), r[3]};

			ret = execute((unsigned int)r[2].v, args);
			if (!ret.init)
				wrong("uninitialised result");
			vm.tainted |= ret.taint || ret.is != NUMBER;
			if (ret.v)
				return number(n + 1);
		}
		return number(r[1].v);
	case BPF_FUNC_seq_write:
		if (r[1].is != SEQ)
			wrong("no seq_file as an argument");
		if (r[3].v > sizeof(vm.out) - vm.out_len)
			vm.stopped = true;
		if (over() || !r[3].v || !argument(r[2], r[3].v, vm.out + vm.out_len, &vm.tainted))
			return number(0);
		vm.out_len += (uint32_t)r[3].v;
		return number(0);
	case BPF_FUNC_seq_printf:
		if (r[1].is != SEQ)
			wrong("no seq_file as an argument");
		read_by_helper(r[2], r[3].v);
		if (r[4].is != NUMBER || r[4].v) /* else it returns -EINVAL */
			read_by_helper(r[4], r[5].v);
		vm.tainted = true;
		return unknown(0);
	case BPF_FUNC_snprintf:
		if (r[4].is != NUMBER || r[4].v)
			read_by_helper(r[4], r[5].v);
		if (r[2].v && (r[1].is != NUMBER || r[1].v)) /* or there is nowhere to write to */
			written_by_helper(r[1], r[2].v);
		return unknown(0);
	case BPF_FUNC_strncmp:
		return compare_strings(r);
	case BPF_FUNC_ringbuf_reserve:
		return reserve(r);
	case BPF_FUNC_ringbuf_submit:
	case BPF_FUNC_ringbuf_discard:
		release_sample(r[1]);
		return (struct val){0};
	case BPF_FUNC_spin_lock:
	case BPF_FUNC_spin_unlock:
		take_lock(r[1], id == BPF_FUNC_spin_lock);
		return (struct val){0};
	case BPF_FUNC_tail_call:
		tail_call(r);
		return (struct val){0};
	case BPF_FUNC_dynptr_from_mem:
		return dynptr_from_mem(r);
	case BPF_FUNC_ringbuf_reserve_dynptr:
		return dynptr_reserve(r);
	case BPF_FUNC_ringbuf_submit_dynptr:
	case BPF_FUNC_ringbuf_discard_dynptr:
		dynptr_release(r);
		return (struct val){0};
	case BPF_FUNC_dynptr_data:
		return dynptr_data(r);
	case BPF_FUNC_dynptr_read:
		return dynptr_read(r);
	case BPF_FUNC_dynptr_write:
		return dynptr_write(r);
	case BPF_FUNC_xdp_adjust_head:
		return adjust_head(r);
	case BPF_FUNC_skb_load_bytes:
		return skb_load_bytes(r);
	case BPF_FUNC_probe_read_kernel:
		return probe_read(r);
	}
	vm.stopped = true;
	return number(0);
}

static struct val kfunc(enum kfunc kfunc, const struct val *r)
{
	if (!r[1].init)
		wrong("no argument of a kfunc");
	switch (kfunc) {
	case KFUNC_COUNT:
		if (vm.locked)
			wrong("a call while a lock is held");
		if (r[1].is != MAP && r[1].is != OBJECT)
			wrong("no map as an argument of a kfunc");
		return unknown(0);
	case KFUNC_NUM_NEW:
		vm.tainted |= r[2].taint || r[3].taint;
		return iter_new(r);
	case KFUNC_NUM_NEXT:
		return iter_next(r);
	default:
		return iter_destroy(r);
	}
}

bool step_call(unsigned int pc, const struct ins *ins, struct val *reg)
{
	const struct bpf_insn *i = &ins->insn;

	if (ins->reloc == RELOC_KFUNC) {
		reg[0] = kfunc(ins->what, reg);
	} else if (i->src_reg == BPF_PSEUDO_CALL) {
		struct val args[5] = {reg[1], reg[2], reg[3], reg[4], reg[5]};

		reg[0] = execute((unsigned int)((int)pc + 1 + i->imm), args);
	} else {
		reg[0] = helper(i->imm, reg);
	}
	for (int r = 1; r < 6; r++)
		reg[r].init = false;
	return !over();
}
