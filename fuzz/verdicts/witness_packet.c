/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The witness: packets. Each time the head moves there is a new region. */
#include <errno.h>
#include <string.h>

#include "witness.h"

#define LEAST_PACKET 14 /* an Ethernet header */

void set_up_packet(uint64_t input)
{
	struct region *r;

	vm.packet = new_region(PACKET_HEADROOM + packet_size(input));
	r = &vm.region[vm.packet];
	r->start = PACKET_HEADROOM;
	memset(r->taint, 1, r->start);
	make_packet(input, r->data + r->start);
}

/* Of struct xdp_md and struct __sk_buff. */
struct val load_field(uint64_t off, uint32_t size)
{
	bool xdp = vm.p->target == T_XDP;
	struct val at = pointer(vm.packet);

	if (size == 4 &&
	    off == (xdp ? offsetof(struct xdp_md, data) : offsetof(struct __sk_buff, data)))
		at.v = vm.region[vm.packet].start;
	else if (size == 4 && off == (xdp ? offsetof(struct xdp_md, data_end)
					  : offsetof(struct __sk_buff, data_end)))
		at.v = vm.region[vm.packet].size;
	else
		vm.stopped = true;
	return at;
}

/* an Ethernet header */

static void needs_context(const struct val *r)
{
	if (r[1].is != MEMORY || r[1].v)
		wrong("no context as an argument");
}

/* Pointers into the packet as it was are good for nothing. */
struct val adjust_head(const struct val *r)
{
	const struct region *old = &vm.region[vm.packet];
	int64_t start = (int64_t)old->start + (int32_t)r[2].v;
	int moved;

	needs_context(r);
	if (start < 0) /* Linux has more room */
		vm.stopped = true;
	if (r[2].is != NUMBER)
		vm.tainted = true;
	if (over())
		return number(0);
	if (start > (int64_t)old->size - LEAST_PACKET)
		start = old->start;
	moved = new_region(0);
	if (over())
		return number(0);
	old = &vm.region[vm.packet];
	vm.region[moved] = *old;
	vm.region[vm.packet].gone = true;
	vm.packet = moved;
	if (start == vm.region[moved].start && (int32_t)r[2].v)
		return number((uint64_t)-EINVAL);
	vm.region[moved].start = (uint32_t)start;
	return number(0);
}

struct val skb_load_bytes(const struct val *r)
{
	const struct region *packet = &vm.region[vm.packet];
	uint32_t off = (uint32_t)r[2].v, size = (uint32_t)r[4].v;

	needs_context(r);
	vm.tainted |= r[2].is != NUMBER;
	written_by_helper(r[3], size);
	if (over())
		return number(0);
	if (off > packet->size - packet->start || size > packet->size - packet->start - off)
		return number((uint64_t)-EFAULT);
	for (uint32_t i = 0; i < size; i++) {
		vm.region[r[3].is - MEMORY].data[r[3].v + i] =
			packet->data[packet->start + off + i];
		vm.region[r[3].is - MEMORY].taint[r[3].v + i] =
			packet->taint[packet->start + off + i];
	}
	return number(0);
}

/* LD_ABS and LD_IND: the program ends where the packet does. */
void step_packet_load(const struct bpf_insn *i, struct val *reg)
{
	const struct region *packet = &vm.region[vm.packet];
	uint32_t size = BPF_SIZE(i->code) == BPF_B ? 1 : BPF_SIZE(i->code) == BPF_H ? 2 : 4;
	int64_t off = i->imm;
	struct val value = number(0);

	if (!reg[6].init || reg[6].is != MEMORY || reg[6].v)
		wrong("loads from a packet without a context");
	if (BPF_MODE(i->code) == BPF_IND) {
		if (!reg[i->src_reg].init)
			wrong("uninitialised register is used");
		vm.tainted |= reg[i->src_reg].taint || reg[i->src_reg].is != NUMBER;
		off = (int32_t)(reg[i->src_reg].v + (uint64_t)off);
	}
	if (off < 0)
		vm.stopped = true; /* headers that were pulled */
	if (over())
		return;
	for (int r = 1; r < 6; r++)
		reg[r].init = false;
	if (off + size > packet->size - packet->start) {
		free_of_everything();
		vm.replaced = true;
		return;
	}
	for (uint32_t b = 0; b < size; b++) {
		value.v = value.v << 8 | packet->data[packet->start + (uint32_t)off + b];
		value.taint |= packet->taint[packet->start + (uint32_t)off + b];
	}
	reg[0] = value;
}
