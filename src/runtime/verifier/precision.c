/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which numbers of a kept state mattered. Two paths that differ in a number which decides nothing
 * do the same, so a comparison of states may pass over it; but whether it decides something is
 * known only when the paths from the state have been walked.
 *
 * So every number carries its origin (bpf_reg_state.origin): a set of places - a register or a slot
 * of one kept state - from which what is known of it was worked out. A set is a node of
 * env->origins:
 *
 *   0                nothing: the number comes from an instruction or from memory
 *   {a}              a place of a kept state, where the number in it had origin a; made by
 *                    new_origins() when the state is kept
 *   {a, b}           the union of two sets: arithmetic, comparisons, equal registers
 *
 * Origins travel with the registers, through copies, spills, calls and returns. Where what is known
 * of a number is used - it decides a jump, moves a pointer, is a size, is a zero that makes stack
 * zero, is a result within bounds - mark_precise() marks its origin and all that this was made of.
 * A place whose node is not marked when all paths from the state have ended was never needed.
 *
 * A slot of the stack has a second origin, .place, that is marked when any byte of it is read. A
 * slot that is not read before it is written again is not compared at all, whatever it holds.
 *
 * Why it is right to pass over such a place. Walked again with "any number" in the unmarked places,
 * the paths from a kept state would be the same: a number without such a place in its origin does
 * not change, one with it only becomes wider, and every check and every decided jump rests on
 * marked places alone. A jump that was not decided is not decided by less knowledge either: both
 * ways were walked.
 *
 * Marks are complete when the last path from a state has ended, and only then does the state cover
 * others as far as it was used. A path ends at an exit; or at a state that was complete before:
 * what is marked there is then marked in the number that came by, too, and so in the places that
 * this was made of. Or, in the rounds of a loop that need not be unrolled (rounds.c), it ends at a
 * state that is still open, or that waits for such a one: then every number is compared, and the
 * places there are linked to what came by, which is marked when they are. So marks go round a loop
 * as often as they need to, and are complete when its first state is.
 *
 * Numbers that are equal (of one id): what one learns from the other has the origins of both, so
 * that relying on it marks both, and what is marked is compared with its id.
 *
 * Behaviour: what mark_chain_precision() of kernel/bpf/verifier.c finds by going back over the
 * history of instructions.
 */
#include <stdlib.h>

#include "verifier/env.h"

#define NO_NODE 0x1fffffffu
#define MARKED_NODE 1u /* stands for all that are marked, once they were collected */

struct bpf_origin {
	u32 a, b;
	u32 next : 29;	 /* to mark, in mark() */
	u32 linked : 1;	 /* b is not a part, but the first of its links */
	u32 precise : 1; /* to be compared */
	u32 relied : 1;	 /* because it was relied on */
};

/* Of a place, which has one part at most: what else is marked when it is. */
struct bpf_origin_link {
	u32 to, next; /* 0: the last one */
};
/* When there are more, it is marked at once. */
#define MAX_LINKS (1u << 20)

/* 0 and env->no_memory where there is no memory: the walk ends then. */
static u32 new_origin(struct bpf_verifier_env *env, u32 a, u32 b)
{
	u32 nr = env->nr_origins ? env->nr_origins : MARKED_NODE + 1, room;
	struct bpf_origin *grown;

	if (nr == env->max_origins || !env->max_origins) {
		room = env->max_origins ? 2 * env->max_origins : 1024;
		grown = room > MAX_ORIGINS ? NULL : realloc(env->origins, room * sizeof(*grown));
		if (!grown) {
			env->no_memory = true;
			return 0;
		}
		env->origins = grown;
		env->max_origins = room;
	}
	env->origins[nr] = (struct bpf_origin){.a = a, .b = b};
	env->nr_origins = nr + 1;
	return nr;
}

bool is_precise(const struct bpf_verifier_env *env, u32 origin)
{
	return origin && env->origins[origin].precise;
}

/* Is @set the union of @part and another one? Numbers that are equal tell each other often. */
static bool is_part(const struct bpf_verifier_env *env, u32 part, u32 set)
{
	const struct bpf_origin *o = &env->origins[set];

	return o->a == part || (o->b == part && !o->linked);
}

bool is_relied_on(const struct bpf_verifier_env *env, u32 origin)
{
	return origin && env->origins[origin].relied;
}

u32 join_origins(struct bpf_verifier_env *env, u32 a, u32 b)
{
	/* All that a marked set is made of is marked: it adds nothing. */
	if (!a || a == b || is_relied_on(env, a))
		return b;
	if (!b || is_relied_on(env, b) || is_part(env, b, a))
		return a;
	if (is_part(env, a, b))
		return b;
	return new_origin(env, a, b);
}

static bool is_marked(const struct bpf_origin *origin, bool relied)
{
	return relied ? origin->relied : origin->precise;
}

static void set_mark(struct bpf_origin *origin, bool relied, u32 next)
{
	origin->precise = true;
	origin->relied |= relied;
	origin->next = next;
}

static void mark_one_of(struct bpf_verifier_env *env, u32 origin, bool relied, u32 *todo)
{
	if (!origin || is_marked(&env->origins[origin], relied))
		return;
	set_mark(&env->origins[origin], relied, *todo);
	*todo = origin;
}

/* With all that it was made of, and all that is linked to it. */
static void mark(struct bpf_verifier_env *env, u32 origin, bool relied)
{
	u32 todo = NO_NODE, link;

	mark_one_of(env, origin, relied, &todo);
	while (todo != NO_NODE) {
		const struct bpf_origin o = env->origins[todo];

		todo = o.next;
		mark_one_of(env, o.a, relied, &todo);
		if (!o.linked)
			mark_one_of(env, o.b, relied, &todo);
		for (link = o.linked ? o.b : 0; link; link = env->links[link].next)
			mark_one_of(env, env->links[link].to, relied, &todo);
	}
}

void mark_precise(struct bpf_verifier_env *env, u32 origin)
{
	mark(env, origin, true);
}

void mark_like(struct bpf_verifier_env *env, u32 origin, u32 other)
{
	if (is_precise(env, other))
		mark(env, origin, is_relied_on(env, other));
}

void mark_reg_precise(struct bpf_verifier_env *env, const struct bpf_reg_state *reg)
{
	if (reg->type == SCALAR_VALUE)
		mark_precise(env, reg->origin);
}

/* A free link; 0: there is none, and if it is for want of memory the walk ends. */
static u32 new_link(struct bpf_verifier_env *env)
{
	u32 room = env->max_links ? 2 * env->max_links : 1024;
	struct bpf_origin_link *grown;

	if (env->nr_links + 1 < env->max_links)
		return ++env->nr_links;
	if (room > MAX_LINKS)
		return 0;
	grown = realloc(env->links, room * sizeof(*grown));
	if (!grown) {
		env->no_memory = true;
		return 0;
	}
	env->links = grown;
	env->max_links = room;
	return ++env->nr_links;
}

void link_origin(struct bpf_verifier_env *env, u32 origin, u32 place)
{
	struct bpf_origin *from = &env->origins[place];
	u32 link;

	mark_like(env, origin, place);
	if (!origin || !place || origin == place || from->relied || env->origins[origin].relied)
		return;
	link = from->linked || !from->b ? new_link(env) : 0;
	if (!link) {
		mark_precise(env, origin);
		return;
	}
	env->links[link] = (struct bpf_origin_link){.to = origin, .next = from->b};
	from->b = link;
	from->linked = true;
}

static void mark_one(const struct bpf_reg_state *reg, void *arg)
{
	if (reg->type == SCALAR_VALUE)
		mark(arg, reg->origin, false);
}

void mark_all_compared(struct bpf_verifier_env *env)
{
	u32 f, i;

	for_each_reg(env->cur, mark_one, env);
	for (f = 0; f <= env->cur->curframe; f++)
		for (i = 0; i < env->cur->frame[f]->nr_slots; i++)
			mark(env, env->cur->frame[f]->stack[i].place, false);
}

static u32 place_of(struct bpf_verifier_env *env, u32 origin)
{
	return new_origin(env, is_relied_on(env, origin) ? 0 : origin, 0);
}

static void begin_origin(struct bpf_verifier_env *env, struct bpf_reg_state *reg)
{
	if (reg->type == SCALAR_VALUE)
		reg->origin = place_of(env, reg->origin);
}

static bool never_written(const struct bpf_stack_state *slot)
{
	u32 i;

	for (i = 0; i < BPF_REG_SIZE; i++)
		if (slot->type[i] != STACK_INVALID)
			return false;
	return true;
}

static void place_frame(struct bpf_verifier_env *env, struct bpf_func_state *frame)
{
	u32 i;

	for (i = 0; i < MAX_BPF_REG; i++)
		begin_origin(env, &frame->regs[i]);
	for (i = 0; i < frame->nr_slots; i++) {
		struct bpf_stack_state *slot = &frame->stack[i];

		if (slot->type[0] == STACK_SPILL)
			begin_origin(env, &slot->spilled);
		if (!never_written(slot))
			slot->place = place_of(env, slot->place);
	}
}

/*
 * A frame that waits keeps the places that it got when the first state of those that share it was
 * kept. They are then those of the later ones, too: what matters there matters in the first.
 */
void new_origins(struct bpf_verifier_env *env)
{
	u32 f;

	for (f = 0; f < env->cur->curframe; f++) {
		if (env->cur->frame[f]->placed)
			continue;
		place_frame(env, env->cur->frame[f]);
		env->cur->frame[f]->placed = true;
	}
	place_frame(env, cur_frame(env));
}

/* --- forgetting ------------------------------------------------------------------------------- */

/*
 * A node that no state refers to is there only to lead from others to what it was made of: one of
 * a single part can be left out, and one that no other needs can go. All that are marked are one.
 * Parts are older than what is made of them, so one walk down finds what is needed, and one up
 * gives the new numbers, which are not above the old ones.
 */
enum { ORIGIN_REFERRED = 1, ORIGIN_NEEDED = 2 };

#define COLLECT_AT (1u << 19) /* nodes */

struct collection {
	struct bpf_verifier_env *env;
	u8 *use;		       /* by node */
	u32 *now;		       /* by node: its new number; NULL: none yet */
	struct bpf_origin_link *links; /* those that stay */
	u32 nr_links;
};

static void collect_origin(const struct collection *c, u32 *origin)
{
	if (c->now)
		*origin = c->now[*origin];
	else
		c->use[*origin] = ORIGIN_REFERRED;
}

static void collect_frame(const struct collection *c, struct bpf_func_state *frame)
{
	u32 i;

	if (frame->collected == c->env->collect_rounds)
		return;
	frame->collected = c->env->collect_rounds;
	for (i = 0; i < MAX_BPF_REG; i++)
		collect_origin(c, &frame->regs[i].origin);
	for (i = 0; i < frame->nr_slots; i++) {
		collect_origin(c, &frame->stack[i].place);
		/* What was in a slot before it was written over. */
		if (frame->stack[i].type[0] != STACK_SPILL)
			frame->stack[i].spilled.origin = 0;
		collect_origin(c, &frame->stack[i].spilled.origin);
	}
}

static void collect_state(const struct collection *c, const struct bpf_verifier_state *state)
{
	u32 f;

	for (f = 0; f <= state->curframe; f++)
		collect_frame(c, state->frame[f]);
}

/* Every state that is there and was not put aside. */
static void collect_states(const struct collection *c)
{
	const struct bpf_verifier_env *env = c->env;
	const struct bpf_verifier_state *kept;
	const struct bpf_pending_path *path;
	u32 i;

	c->env->collect_rounds++;
	collect_state(c, env->cur);
	for (path = env->pending; path; path = path->next)
		collect_state(c, path->state);
	for (i = 0; i < env->nr_insns; i++)
		for (kept = env->kept[i]; kept; kept = kept->next)
			collect_state(c, kept);
}

static bool leads_on(const struct collection *c, u32 node)
{
	const struct bpf_origin *o = &c->env->origins[node];

	return c->use[node] == ORIGIN_NEEDED && !o->relied && !o->linked && !(o->a && o->b);
}

/* Links lead to newer ones: true if one is needed that was passed. */
static bool find_linked(const struct collection *c, u32 node)
{
	const struct bpf_origin_link *links = c->env->links;
	u32 link = c->env->origins[node].b;
	bool passed = false;

	for (; link; link = links[link].next) {
		passed |= !c->use[links[link].to] && links[link].to > node;
		c->use[links[link].to] |= ORIGIN_NEEDED;
	}
	return passed;
}

static bool find_needed(const struct collection *c)
{
	bool again = false;
	u32 node;

	for (node = c->env->nr_origins - 1; node > MARKED_NODE; node--) {
		const struct bpf_origin *o = &c->env->origins[node];

		if (!c->use[node] || o->relied)
			continue;
		c->use[o->a] |= ORIGIN_NEEDED;
		if (o->linked)
			again |= find_linked(c, node);
		else
			c->use[o->b] |= ORIGIN_NEEDED;
	}
	return again;
}

/* A part that is marked adds nothing. */
static u32 part_now(const struct collection *c, u32 part)
{
	return c->now[part] == MARKED_NODE ? 0 : c->now[part];
}

/* With the new numbers of all. */
static u32 renumber_links(struct collection *c, u32 link)
{
	u32 first = 0;

	for (; link; link = c->env->links[link].next) {
		u32 to = part_now(c, c->env->links[link].to);

		if (!to)
			continue;
		c->links[++c->nr_links] = (struct bpf_origin_link){.to = to, .next = first};
		first = c->nr_links;
	}
	return first;
}

static void renumber(struct collection *c)
{
	struct bpf_origin *origins = c->env->origins;
	u32 node, nr = MARKED_NODE + 1;

	origins[MARKED_NODE] = (struct bpf_origin){.precise = true, .relied = true};
	c->now[0] = 0;
	c->now[MARKED_NODE] = MARKED_NODE;
	for (node = MARKED_NODE + 1; node < c->env->nr_origins; node++) {
		struct bpf_origin o = origins[node];

		if (!c->use[node])
			continue;
		if (o.relied) {
			c->now[node] = MARKED_NODE;
		} else if (leads_on(c, node)) {
			c->now[node] = c->now[o.a ? o.a : o.b];
		} else {
			c->now[node] = nr;
			origins[nr++] = (struct bpf_origin){.a = part_now(c, o.a),
							    .b = o.linked ? o.b : part_now(c, o.b),
							    .linked = o.linked,
							    .precise = o.precise};
		}
	}
	c->env->nr_origins = nr;
	for (node = MARKED_NODE + 1; node < nr; node++) {
		if (!origins[node].linked)
			continue;
		origins[node].b = renumber_links(c, origins[node].b);
		origins[node].linked = origins[node].b != 0;
	}
	free(c->env->links);
	c->env->links = c->links;
	c->env->nr_links = c->nr_links;
}

int collect_origins(struct bpf_verifier_env *env)
{
	struct collection c = {.env = env};
	u32 *now;

	if (env->nr_origins < max_of(env->collect_at, COLLECT_AT))
		return 0;
	c.use = calloc(env->nr_origins, sizeof(*c.use));
	now = malloc(env->nr_origins * sizeof(*now));
	c.links = malloc((env->max_links + 1) * sizeof(*c.links));
	if (!c.use || !now || !c.links) {
		free(c.use);
		free(now);
		free(c.links);
		return -ENOMEM;
	}
	collect_states(&c);
	while (find_needed(&c))
		;
	c.now = now;
	renumber(&c);
	collect_states(&c);
	env->collect_at = 2 * env->nr_origins;
	free(c.use);
	free(now);
	return 0;
}

void free_origins(struct bpf_verifier_env *env)
{
	free(env->origins);
	env->origins = NULL;
	env->nr_origins = env->max_origins = env->collect_at = 0;
	free(env->links);
	env->links = NULL;
	env->nr_links = env->max_links = 0;
}
