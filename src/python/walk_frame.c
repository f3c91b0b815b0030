/*
 * walk_frame.c - 2.7 and 3.6 to 3.10: chains of frame objects (Include/frameobject.h).
 *
 *	thread state -> frame -> f_back -> f_back ... -> NULL
 *
 * Each frame is an object of its own, so the prediction is the chain of the last tick and
 * what was on the stack shortly before: all of it is read in one vectored call and the
 * links are checked in the copies. The pointer is read first, and the frames one after
 * the other up to microseconds later, so it is the pointer that is believed: a frame that
 * has returned since has lost its link, but keeps its code; its link is remembered, and
 * what it says of a call is judged later. Whether the links are of one moment is asked of
 * the depth that CPython counts (walk_depth.c).
 */
#include "python/walk_impl.h"

#include "base/alloc.h"

enum {
	LOCALS =
		64, /* bytes of them that are read too: they show that a frame moved on */
	NEWEST = WALK_LEAF_FRAMES,
	OLDEST = WALK_ROOT_FRAMES,
	ASIDE_MAX = 24,   /* frames of the recent past that are read along */
	DOUBTED_MAX = 16, /* read one by one, where the links may be of many moments */
	EITHER_SIDE = 1   /* a call is counted a moment before it is linked */
};
enum { CODE_GENERATOR = 0x20 }; /* co_flags */

static size_t frame_len(const struct walker *w)
{
	return w->abi->frame.localsplus + LOCALS;
}

/* Frames of the prediction that are read: all, or those next to either end. */
static bool in_window(const struct wthread *t, uint32_t i)
{
	return i < OLDEST || i + NEWEST >= t->n_slots;
}

static uint32_t place_of(const struct wthread *t, uint32_t i)
{
	return t->n_slots <= OLDEST + NEWEST || i < OLDEST
		       ? i
		       : i - (t->n_slots - NEWEST) + OLDEST;
}

static void reserve(struct walker *w, struct wthread *t, uint32_t places)
{
	size_t need = places * frame_len(w) + places;
	size_t cap = t->cap_slot_bytes;
	int side;

	if (need <= cap)
		return;
	cap = grow_capacity(cap, need);
	for (side = 0; side < 2; side++) {
		t->slot_bytes[side] = xreallocarray(t->slot_bytes[side], cap, 1);
		memset(t->slot_bytes[side] + t->cap_slot_bytes, 0,
			cap - t->cap_slot_bytes);
	}
	t->cap_slot_bytes = cap;
}

static uint8_t *copy_of(
	const struct walker *w, const struct wthread *t, uint32_t place, int side)
{
	return t->slot_bytes[side] + place * frame_len(w);
}

static void frame_plan(struct walker *w, struct wthread *t)
{
	uint32_t n = t->n_slots < OLDEST + NEWEST ? t->n_slots : OLDEST + NEWEST, i;
	size_t from = w->n_seg;

	reserve(w, t, n);
	t->n_slots_read = n;
	/* Leaf first: what moves most is copied right after the pointer. */
	for (i = t->n_slots; i-- > 0;) {
		if (in_window(t, i))
			plan_add(w, t->slots[i].addr,
				copy_of(w, t, place_of(t, i), t->side), frame_len(w),
				&t->slots[i].ok);
	}
	for (i = 0; i < t->n_aside; i++)
		plan_add(w, t->aside[i].was.addr, t->aside[i].bytes,
			w->abi->frame.localsplus, &t->aside[i].ok);
	plan_gather(w, from);
	t->after_ok = false;
	if (!t->first)
		plan_add(w, t->pub.tstate_addr + w->abi->tstate.frame, &t->top_after, 8,
			&t->after_ok);
}

static void parse(const struct walker *w, const uint8_t *at, struct slot *s)
{
	const struct abi *a = w->abi;

	s->back = ld64(at + a->frame.back);
	s->code = ld64(at + a->frame.code);
	s->lasti = (int32_t)ld32(at + a->frame.lasti);
	s->executing = true;
	if (a->frame.executing != ABI_NONE)
		s->executing = at[a->frame.executing] != 0;
	else if (a->frame.state != ABI_NONE)
		s->executing = (int8_t)at[a->frame.state] == a->value.gen_executing;
	s->generator = a->frame.gen != ABI_NONE && ld64(at + a->frame.gen);
	s->live = ld32(at + a->obj.refcnt) != 0;
}

void push_slot(struct walker *w, const struct slot *s)
{
	struct raw_frame *f = chain_push(w);

	*f = (struct raw_frame){
		.addr = s->addr,
		.code_addr = s->code,
		.instr = (uint64_t)(int64_t)s->lasti,
		.flags = (s->generator ? RAW_GENERATOR : 0) |
			 (s->guessed ? RAW_GUESSED : 0),
	};
}

/* The place of a frame in the prediction, counted from the root, + 1; 0: not there. */
static uint32_t find_slot(const struct wthread *t, uint64_t addr, uint32_t below)
{
	uint32_t i, n = below < t->n_slots ? below : t->n_slots;

	for (i = n; i > 0; i--) {
		if (t->slots[i - 1].addr == addr)
			return i;
		if (n - i > 4096)
			break;
	}
	return 0;
}

/* *near: where to look first, for frames that left together stand together. */
static struct aside *find_aside(struct wthread *t, uint64_t addr, uint32_t *near)
{
	uint32_t i, k;

	for (i = 0; i < t->n_aside; i++) {
		k = (*near + i) % t->n_aside;
		if (t->aside[k].was.addr == addr) {
			*near = k + 1;
			return &t->aside[k];
		}
	}
	return NULL;
}

/* A frame left the stack: it is read along for a while. The one that was away for the
 * longest makes room. */
static void put_aside(struct walker *w, struct wthread *t, const struct slot *s)
{
	struct aside *a;
	uint32_t i;

	if (w->abi->frame.localsplus > TS_MAX)
		return;
	a = find_aside(t, s->addr, &t->near_aside);
	if (!a && t->n_aside < ASIDE_MAX) {
		GROW(t->aside, t->cap_aside, t->n_aside + 1);
		a = &t->aside[t->n_aside++];
	} else if (!a) {
		a = t->aside;
		for (i = 1; i < t->n_aside; i++) {
			if (t->aside[i].used_tick < a->used_tick)
				a = &t->aside[i];
		}
	}
	a->was = *s;
	a->ok = false;
	a->used_tick = t->tick;
}

/* A frame that has returned since the pointer was read is put back to where it was. */
static bool restore(struct walker *w, struct slot *s, const struct slot *was)
{
	bool knows =
		w->abi->frame.executing != ABI_NONE || w->abi->frame.state != ABI_NONE;

	if (!was->back || s->code != was->code || (knows && s->executing))
		return false;
	if (s->back && s->live) /* a free one is linked to another that is free */
		return false;
	s->back = was->back;
	s->guessed = true;
	if (w->n_slots) /* not the leaf: it stood at its call */
		s->lasti = was->lasti;
	return true;
}

/* The locals of a frame at the end of its mapping may be fewer than we ask for. */
static bool read_frame(struct walker *w, uint64_t addr, uint8_t *copy)
{
	return chase(w, addr, copy, frame_len(w)) ||
	       chase(w, addr, copy, w->abi->frame.localsplus);
}

/* Is the frame a generator's that CPython counts callers of? 2.7 does not say which frame runs,
 * and a generator is linked to its caller only while it does. */
static bool has_lost_caller(struct walker *w, const struct wthread *t, uint64_t code)
{
	uint32_t flags;

	return depth_missing(w, t) > EITHER_SIDE &&
	       chase(w, code + w->abi->code.flags, &flags, sizeof(flags)) &&
	       flags & CODE_GENERATOR;
}

/* A chain that ends elsewhere than the last one may have been led astray, by a frame that was
 * freed and now begins another call: a root stands when it is looked at again. (Greenlets
 * have roots of their own, so that the last one still runs says nothing.) */
static bool is_root(struct walker *w, const struct wthread *t, uint64_t addr)
{
	uint8_t scratch[TS_MAX];
	struct slot s = { .addr = addr };

	if (t->n_slots && t->slots[0].addr == addr)
		return true;
	if (!chase(w, addr, scratch, w->abi->frame.localsplus))
		return false;
	parse(w, scratch, &s);
	return s.live && s.executing && !s.back && !has_lost_caller(w, t, s.code);
}

/* No frame is below itself: where one is met again, two copies are of different moments, or
 * a link that is remembered is not true. */
static bool has_twice(struct walker *w)
{
	uint32_t i;

	if (w->n_slots > WALK_MAX_FRAMES)
		return false; /* its middle is not shown anyway */
	GROW(w->gather_keys, w->cap_gather_keys, w->n_slots);
	for (i = 0; i < w->n_slots; i++)
		w->gather_keys[i] = w->slots[i].addr;
	sort_keys(w->gather_keys, w->n_slots);
	for (i = 1; i < w->n_slots; i++) {
		if (w->gather_keys[i] == w->gather_keys[i - 1])
			return true;
	}
	return false;
}

/*
 * Follows the links from the leaf: through the copies where the prediction holds, by
 * reading where it does not, so many times (ST_FAULT: no more). The new prediction is
 * collected leaf first in w->slots.
 */
static enum status follow(
	struct walker *w, struct wthread *t, uint64_t addr, uint32_t max_read)
{
	uint8_t scratch[TS_MAX + LOCALS];
	uint32_t at = UINT32_MAX, hare = 1;
	uint64_t tortoise = 0;
	struct aside *aside;
	uint32_t near = 0;

	w->n_slots = 0;
	w->chain_patched = false;
	while (addr && w->n_slots < CHAIN_MAX) {
		struct slot s = { .addr = addr, .ok = true };

		if (addr == tortoise)
			return ST_CYCLE;
		if (w->n_slots ==
			hare) { /* Brent: compare with one twice as far each time */
			tortoise = addr;
			hare *= 2;
		}

		at = at && at <= t->n_slots && t->slots[at - 1].addr == addr
			     ? at
			     : find_slot(t, addr, at ? at : 0);
		aside = at ? NULL : find_aside(t, addr, &near);
		if (at && in_window(t, at - 1) && t->slots[at - 1].ok) {
			parse(w, copy_of(w, t, place_of(t, at - 1), t->side), &s);
			w->chain_patched |= restore(w, &s, &t->slots[at - 1]);
		} else if (at && !in_window(t, at - 1)) {
			s = t->slots[at - 1]; /* the middle of a very deep stack */
			s.ok = true;
		} else if (aside && aside->ok) {
			parse(w, aside->bytes, &s);
			w->chain_patched |= restore(w, &s, &aside->was);
			aside->used_tick = t->tick;
		} else {
			if (!max_read--)
				return ST_FAULT;
			if (addr % 8 || !read_frame(w, addr, scratch))
				return ST_TORN;
			parse(w, scratch, &s);
		}
		if (!s.back && !(s.executing && s.live))
			return ST_TORN; /* freed since, and nobody knows where it was */
		GROW(w->slots, w->cap_slots, w->n_slots + 1);
		w->slots[w->n_slots++] = s;
		addr = s.back;
		if (at)
			at--;
		else
			at = t->n_slots;
	}
	if (addr)
		return ST_LIMIT;
	return !w->n_slots || is_root(w, t, w->slots[w->n_slots - 1].addr) ? ST_OK
									   : ST_TORN;
}

/* How many frames, from the root, are those of the prediction. */
static uint32_t n_in_common(const struct walker *w, const struct wthread *t)
{
	uint32_t n = w->n_slots < t->n_slots ? w->n_slots : t->n_slots, i;

	for (i = 0; i < n; i++) {
		if (t->slots[i].addr != w->slots[w->n_slots - 1 - i].addr)
			break;
	}
	return i;
}

/* The chain of this tick is the prediction for the next. */
static void predict(struct walker *w, struct wthread *t, uint32_t same)
{
	uint32_t n = w->n_slots, i;

	for (i = t->n_slots; i > same && t->n_slots - i < ASIDE_MAX; i--)
		put_aside(w, t, &t->slots[i - 1]);
	GROW(t->slots, t->cap_slots, n);
	for (i = 0; i < n; i++)
		t->slots[i] = w->slots[n - 1 - i];
	t->n_slots = n;
}

/* Did the frame of the prediction stand where it stood? */
static bool stands(struct walker *w, const struct wthread *t, uint32_t i)
{
	const struct slot *was = &t->slots[i];
	struct slot now = { .addr = was->addr };

	if (!in_window(t, i) || !was->ok)
		return false;
	parse(w, copy_of(w, t, place_of(t, i), t->side), &now);
	return now.executing && now.live && now.code == was->code &&
	       now.lasti == was->lasti && now.back == (i ? t->slots[i - 1].addr : 0);
}

static uint32_t n_standing(struct walker *w, const struct wthread *t)
{
	uint32_t i = 0;

	while (i < t->n_slots && stands(w, t, i))
		i++;
	return i;
}

/* w->slots becomes w->chain. */
static void push_chain(struct walker *w)
{
	uint32_t i;

	for (i = 0; i < w->n_slots; i++) {
		if (i == NEWEST && w->n_slots - i > OLDEST) {
			w->chain_skip_at = i;
			w->chain_skipped = w->n_slots - i - OLDEST;
			i = w->n_slots - OLDEST;
		}
		push_slot(w, &w->slots[i]);
	}
}

static enum status frame_decode(struct walker *w, struct wthread *t)
{
	uint64_t pointer = ts_u64(w, t, w->abi->tstate.frame);
	bool moved = t->after_ok && t->top_after != pointer, bridged = false;
	bool doubted = depth_is_doubted(t, moved), agrees;
	int32_t missing = INT32_MAX;
	enum status st;
	uint32_t same;

	t->pub.flags &= ~(uint32_t)(WALK_TORN | WALK_REPAIRED | WALK_DOUBTED);
	chain_clear(w);
	st = follow(w, t, pointer, doubted ? DOUBTED_MAX : UINT32_MAX);
	if (st == ST_OK) {
		missing = depth_missing(w, t);
		depth_learn(w, t, moved);
	}
	agrees = -EITHER_SIDE <= missing && missing <= EITHER_SIDE;
	if (doubted && missing) {
		if (!agrees)
			t->pub.flags |= WALK_DOUBTED;
		bridged = depth_bridge(w, t, n_standing(w, t));
		if (bridged)
			st = ST_OK;
		else if (st == ST_FAULT)
			st = follow(w, t, pointer, UINT32_MAX);
	}
	if (st != ST_OK && st != ST_LIMIT)
		return st;
	same = n_in_common(w, t);
	t->moved = same != t->n_slots || same != w->n_slots;
	if (t->moved && has_twice(w))
		return ST_TORN;
	if (!bridged)
		push_chain(w);
	if (t->still)
		t->still_tick = t->tick;
	if (!moved || t->tick - t->still_tick > 1) { /* else the better one is kept */
		predict(w, t, same);
		if (agrees && !bridged)
			t->n_vouched = t->n_slots;
		else if (t->n_vouched > same)
			t->n_vouched = same;
	}
	t->top[t->side] = pointer;
	if (w->chain_patched || bridged) {
		t->pub.flags |= WALK_REPAIRED;
		w->stats.n_repaired++;
	}
	if (w->chain_patched || moved) {
		t->pub.flags |= WALK_TORN;
		w->stats.n_torn++;
	}
	return st;
}

static uint32_t frame_first_changed(const struct walker *w, const struct wthread *t)
{
	uint32_t i;

	if (t->moved)
		return 0;
	for (i = 0; i < t->n_slots_read; i++) {
		if (memcmp(copy_of(w, t, i, 0) + 8, copy_of(w, t, i, 1) + 8,
			    frame_len(w) - 8))
			return i;
	}
	return UINT32_MAX;
}

/* Frames that are freed are used again at once: where calls are made all the time, the
 * copies of those near the leaf are of different moments and may lead in a circle. */
static uint32_t frame_sound(struct walker *w, const struct wthread *t)
{
	const struct wcode *code;
	uint32_t i;

	for (i = 0; i < t->pub.n_frames && i < t->n_slots && i < t->n_slots_read; i++) {
		const struct raw_frame *was = &t->pub.frames[i];

		code = codes_find(w, was->code_addr);
		if (was->addr != t->slots[i].addr || !stands(w, t, i) || !code ||
			code->addr != t->slots[i].code || code->number != was->code)
			break;
	}
	return i;
}

static void frame_release(struct wthread *t)
{
	free(t->slots);
	free(t->aside);
	free(t->slot_bytes[0]);
	free(t->slot_bytes[1]);
}

const struct walk_era walk_era_frame = {
	.plan = frame_plan,
	.decode = frame_decode,
	.first_changed = frame_first_changed,
	.sound = frame_sound,
	.release = frame_release,
};
