/*
 * walk_depth.c - to 3.10: the chain that was read, against the depth that CPython counts.
 *
 * Beside its pointer to the leaf a thread state counts the calls that it is in
 * (recursion_depth, Include/pystate.h): those of Python, and those of C that guard against
 * recursion. Both are copied at one instant, the frame objects up to tens of microseconds
 * later. A recursion that winds and unwinds meanwhile is followed over links of many
 * moments, all of them real, to a depth at which it never was. So what the count has
 * beyond the frames (the excess) is learnt from reads in which nothing moved. Where
 * something did, the count decides: between the part next to the root, which stood and of
 * which that excess is known, and the leaf lie so many frames of the functions that call
 * each other there.
 */
#include "python/walk_impl.h"

#include "base/alloc.h"

enum {
	CALM = 4,   /* reads in a row in which nothing moved, to believe their chain */
	ENOUGH = 8, /* of them, each of another moment, to believe what they count */
	AT_FIRST =
		16, /* reads that say of a main thread that no C that counts is below it */
	RECENT = 64, /* reads that are remembered */
	SURE = 2, /* times as many speak against what is believed, to believe another */
	LEAF_MAX = 64, /* frames next to the leaf that are looked at */
	KEPT = 8       /* frames of the recursion that are read along next time */
};

bool depth_is_doubted(const struct wthread *t, bool moved)
{
	return !t->still && t->after_ok && (moved || t->n_calm < CALM);
}

static bool knows_excess(const struct wthread *t)
{
	return t->excess[0].n >= ENOUGH;
}

static uint32_t place_of(const struct wthread *t, int32_t calls)
{
	uint32_t i, least = 0;

	for (i = 0; i < N_EXCESS; i++) {
		if (t->excess[i].n && t->excess[i].calls == calls)
			return i;
		if (t->excess[i].n <= t->excess[least].n)
			least = i;
	}
	return least;
}

static void forget_half(struct wthread *t)
{
	uint32_t i;

	for (i = 0; i < N_EXCESS; i++)
		t->excess[i].n /= 2;
}

/*
 * The pointer may have come back to where it was: a read in which it did not move, amid
 * others in which it did, may still have frames of several moments. Those show now this
 * and now that, the true ones the same each time: what most show is believed.
 */
static void learn(struct wthread *t, int32_t calls)
{
	uint32_t i = place_of(t, calls), sum = 0, k;
	struct excess now = t->excess[i];

	now.n = now.n && now.calls == calls ? now.n + 1 : 1;
	now.calls = calls;
	t->excess[i] = now;
	if (i && now.n >= SURE * t->excess[0].n) {
		t->excess[i] = t->excess[0];
		t->excess[0] = now;
	}
	for (k = 0; k < N_EXCESS; k++)
		sum += t->excess[k].n;
	if (sum >= RECENT)
		forget_half(t);
}

/* What the count has more than frames in w->slots. */
static int32_t calls_seen(const struct walker *w, const struct wthread *t)
{
	return (int32_t)(ts_u32(w, t, w->abi->tstate.recursion_depth) - w->n_slots);
}

int32_t depth_missing(const struct walker *w, const struct wthread *t)
{
	return calls_seen(w, t) - (knows_excess(t) ? t->excess[0].calls : 0);
}

void depth_learn(const struct walker *w, struct wthread *t, bool moved)
{
	uint32_t depth = ts_u32(w, t, w->abi->tstate.recursion_depth);
	uint64_t top = ts_u64(w, t, w->abi->tstate.frame);
	int32_t seen = calls_seen(w, t);

	if (t->pub.flags & WALK_MAIN && !knows_excess(t))
		t->excess[0] = (struct excess){ .calls = 0, .n = AT_FIRST };
	if (moved || w->chain_patched || !(t->after_ok || t->still)) {
		t->n_calm = 0;
		return;
	}
	t->n_calm++;
	/* A thread that the kernel puts aside between the count and the link of a call shows
	 * the same untruth until it runs again: that counts once. */
	if (seen >= 0 && (depth != t->calm_depth || top != t->calm_top))
		learn(t, seen);
	t->calm_depth = depth;
	t->calm_top = top;
}

static bool is_in(const struct slot *v, uint32_t n, uint64_t addr)
{
	while (n-- > 0) {
		if (v[n].addr == addr)
			return true;
	}
	return false;
}

/* What of w->slots is next to the leaf, and how it goes on: leaf first, n_leaf frames, then
 * n_run of a recursion, each of the function of the one `period` before it. */
struct tail {
	uint32_t n_leaf, n_run, period;
};

static bool same_code(const struct walker *w, uint32_t i, uint32_t k)
{
	return w->slots[i].code == w->slots[k].code;
}

static bool is_of_run(const struct walker *w, const struct tail *l, uint32_t i)
{
	uint32_t k;

	for (k = l->n_leaf; k < l->n_leaf + l->period; k++) {
		if (same_code(w, i, k))
			return true;
	}
	return false;
}

/* The frames until one that stood, or was met before, end in a recursion. */
static bool find_run(
	const struct walker *w, const struct wthread *t, uint32_t n_root, struct tail *l)
{
	uint32_t n = 0, i, p;

	while (n < w->n_slots && n < LEAF_MAX &&
		!is_in(t->slots, n_root, w->slots[n].addr) &&
		!is_in(w->slots, n, w->slots[n].addr))
		n++;
	for (p = 1; p <= RUN_PERIOD_MAX && p < n; p++) {
		for (i = n - p; i > 0 && same_code(w, i - 1, i - 1 + p); i--)
			;
		if (n - i > p)
			break;
	}
	if (p > RUN_PERIOD_MAX || p >= n)
		return false;
	*l = (struct tail){ i, n - i, p };
	while (i-- > 0) {
		if (is_of_run(w, l, i))
			return false;
	}
	if (l->n_run > KEPT)
		l->n_run = KEPT;
	return true;
}

/* The frame so many after the tail, if the recursion goes on. */
static const struct slot *next_of_run(
	const struct walker *w, const struct tail *l, uint32_t i)
{
	return &w->slots[l->n_leaf + l->n_run - l->period + i % l->period];
}

/* The chain, and what is read along next time: the same without what was filled in, but
 * with what the root part was seen to call. */
static void put_together(struct walker *w, const struct wthread *t, uint32_t n_root,
	const struct tail *l, uint32_t n_filled)
{
	uint32_t n = l->n_leaf + l->n_run, i;

	chain_clear(w);
	for (i = 0; i < n; i++)
		push_slot(w, &w->slots[i]);
	w->chain[n - 1].flags |= RAW_GUESSED; /* nothing read says who called it */
	for (i = 0; i < n_filled; i++) {
		push_slot(w, next_of_run(w, l, i));
		w->chain[w->n_chain - 1].addr = 0;
		w->chain[w->n_chain - 1].flags |= RAW_GUESSED;
	}
	GROW(w->slots, w->cap_slots, n + n_root + 1);
	w->n_slots = n;
	for (i = 0; i <= n_root; i++)
		w->slots[w->n_slots++] = t->slots[n_root - i];
	for (i = 0; i < n_root; i++)
		push_slot(w, &t->slots[n_root - 1 - i]);
}

/* Was the last of so many frames seen to call the next of the prediction? */
static bool calls_next(const struct wthread *t, uint32_t n)
{
	return n < t->n_slots && t->slots[n].back == t->slots[n - 1].addr;
}

/* If so many frames lie between leaf and root part: does it call what it was seen to call? */
static bool fits(const struct walker *w, const struct wthread *t, uint32_t n_root,
	const struct tail *l, int64_t between)
{
	const struct slot *last;

	if (between < 1)
		return false;
	last = between > l->n_run ? next_of_run(w, l, (uint32_t)between - l->n_run - 1)
				  : &w->slots[l->n_leaf + between - 1];
	return last->code == t->slots[n_root].code;
}

bool depth_bridge(struct walker *w, struct wthread *t, uint32_t n_root)
{
	int64_t want = (int64_t)ts_u32(w, t, w->abi->tstate.recursion_depth) -
		       t->excess[0].calls;
	int64_t between;
	struct tail l;

	if (n_root > t->n_vouched)
		n_root = t->n_vouched;
	if (!knows_excess(t) || want > WALK_MAX_FRAMES || !find_run(w, t, n_root, &l))
		return false;
	while (n_root && !(n_root + l.n_leaf < want && calls_next(t, n_root)))
		n_root--;
	if (!n_root)
		return false;
	between = want - n_root - l.n_leaf;
	if (!fits(w, t, n_root, &l, between)) {
		between += fits(w, t, n_root, &l, between - 1) ? -1 : 1;
		if (!fits(w, t, n_root, &l, between))
			return false;
	}
	if (l.n_run > between) {
		l.n_run = (uint32_t)between;
		between = l.n_run;
	}
	put_together(w, t, n_root, &l, (uint32_t)between - l.n_run);
	return true;
}
