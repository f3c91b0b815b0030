/*
 * walk_copies.c - 3.11 and newer: what a tick copies of a thread's stack.
 *
 * Where frames are (Include/internal/pycore_frame.h, pycore_interpframe_structs.h):
 *
 *	data stack chunk   [ header | frame | frame | frame |  stale ...   ]
 *	                            ^ root           ^ datastack_top
 *	generator object   [ ... state | frame ]       linked in while it runs
 *	C stack (3.12+)    shim: one below each evaluation loop; 3.11 has is_entry instead
 *
 * The used part of the newest chunk is copied as one stretch, so that its frames are some
 * nanoseconds apart. Frames elsewhere are "loose": each is a stretch of its own, predicted
 * from the ticks before.
 */
#include "python/walk_iframe.h"

#include "base/alloc.h"

enum {
	MIN_COPY = 4096, /* of a chunk: no dearer than 8 bytes, hardly */
	SLACK = 1024,    /* beyond what was used lately */
	NEWEST = 24,     /* chunks of a very deep stack that are read... */
	OLDEST = 8,      /* ...at either end */
	KEEP_TICKS = 32, /* a generator, a left chunk not met for so long is dropped */
	CHUNKS_MAX = 65536,
};

/* ---- what is read ------------------------------------------------------------------- */

int32_t chunk_at(const struct wthread *t, uint64_t addr)
{
	int32_t i = (int32_t)t->n_chunks;

	while (i-- > 0) {
		const struct chunk_copy *c = &t->chunks[i];

		if (addr - c->addr < (c->bytes ? c->bytes : c->len[t->side]))
			break;
	}
	return i;
}

bool in_window(const struct wthread *t, uint32_t i)
{
	return i < OLDEST || i + NEWEST >= t->n_chunks;
}

static void chunk_reserve(struct chunk_copy *c, uint32_t len)
{
	int side;

	if (len <= c->cap)
		return;
	len = (len + 4095) & ~4095u;
	for (side = 0; side < 2; side++) {
		c->buf[side] = xreallocarray(c->buf[side], len, 1);
		memset(c->buf[side] + c->cap, 0, len - c->cap);
	}
	c->cap = len;
}

static void chunk_drop(struct chunk_copy *c)
{
	free(c->buf[0]);
	free(c->buf[1]);
	*c = (struct chunk_copy){ 0 };
}

/* How much of a chunk to copy. */
static uint32_t chunk_want(const struct chunk_copy *c, bool newest)
{
	uint64_t want = newest ? (uint64_t)c->high + SLACK : c->high;

	want = want < MIN_COPY ? MIN_COPY : (want + 511) & ~511ull;
	if (c->bytes && want > c->bytes)
		want = c->bytes;
	return want < CHUNK_MAX_BYTES ? (uint32_t)want : CHUNK_MAX_BYTES;
}

static void plan_chunk(
	struct walker *w, struct wthread *t, struct chunk_copy *c, bool newest)
{
	uint32_t want = chunk_want(c, newest);

	chunk_reserve(c, want);
	c->len[t->side] = want;
	plan_add(w, c->addr, c->buf[t->side], want, &c->ok);
}

/* A shim that ends the chain stays where it is as long as the thread's first frame. One
 * that was not met in the last tick is dead stack, whatever its bytes look like. */
static bool is_bottom(
	const struct walker *w, const struct wthread *t, const struct loose *l)
{
	const uint8_t *at = l->bytes[!t->side] + LOOSE_BEFORE;

	return l->fresh && l->used_tick + 1 == t->tick && at[w->abi->iframe.owner] >= 3 &&
	       !ld64(at + w->abi->iframe.previous);
}

/* Nearest to the root first, so that whoever is copied later is the later evidence. */
static void sort_loose(struct wthread *t)
{
	uint32_t i, k;

	for (i = 1; i < t->n_loose; i++) {
		struct loose l = t->loose[i];

		if (t->loose[i - 1].from_leaf >= l.from_leaf)
			continue;
		for (k = i; k && t->loose[k - 1].from_leaf < l.from_leaf; k--)
			t->loose[k] = t->loose[k - 1];
		t->loose[k] = l;
	}
}

/* The stack may grow into it again between pointer and copy. */
static void plan_spare(struct walker *w, struct wthread *t)
{
	if (t->spare.addr && t->tick - t->spare_tick > KEEP_TICKS)
		chunk_drop(&t->spare);
	if (t->spare.addr)
		plan_chunk(w, t, &t->spare, false);
}

static void plan_loose(struct walker *w, struct wthread *t)
{
	uint32_t i, kept = 0;

	for (i = 0; i < t->n_loose; i++) {
		if (t->tick - t->loose[i].used_tick <= KEEP_TICKS) {
			if (kept != i)
				t->loose[kept] = t->loose[i];
			kept++;
		}
	}
	t->n_loose = kept;
	sort_loose(t);
	for (i = 0; i < t->n_loose; i++) {
		struct loose *l = &t->loose[i];

		if (is_bottom(w, t, l) && t->tick % 16) {
			memcpy(l->bytes[t->side], l->bytes[!t->side], LOOSE_LEN);
			l->ok = true;
			continue;
		}
		plan_add(w, l->addr - LOOSE_BEFORE, l->bytes[t->side], LOOSE_LEN, &l->ok);
	}
}

void copies_plan(struct walker *w, struct wthread *t)
{
	uint32_t i;

	for (i = 0; i < t->n_chunks; i++) {
		if (in_window(t, i))
			plan_chunk(w, t, &t->chunks[i], i + 1 == t->n_chunks);
	}
	plan_loose(w, t);
	plan_spare(w, t);
}

/* ---- chunks ------------------------------------------------------------------------- */

static bool read_chunk_now(
	struct walker *w, struct wthread *t, struct chunk_copy *c, bool newest)
{
	uint32_t want = chunk_want(c, newest);

	chunk_reserve(c, want);
	c->len[t->side] = want;
	c->ok = chase(w, c->addr, c->buf[t->side], want);
	return c->ok;
}

/* The chunk in the list that the first frame of another is linked to, + 1; 0: none. A chunk
 * that was left while it was read is kept for the next time (3.15), and names none. */
static uint32_t chunk_below(struct walker *w, const struct wthread *t, uint64_t addr)
{
	uint64_t frame;

	if (!t->n_chunks || !chase(w, addr + w->abi->chunk.data + w->abi->iframe.previous,
				    &frame, sizeof(frame)))
		return 0;
	return (uint32_t)(chunk_at(t, frame) + 1);
}

static bool is_size(uint64_t bytes)
{
	return bytes >= 64 && bytes <= 1ull << 32;
}

/* Collects the chunks from addr on that are not in the list; returns how many of the list
 * stay: those up to the first that was met. */
static uint32_t find_new_chunks(
	struct walker *w, struct wthread *t, uint64_t addr, uint32_t *n_fresh)
{
	const struct abi *a = w->abi;
	uint32_t n = 0, known = 0;

	while (addr && n < CHUNKS_MAX) {
		uint8_t head[32];
		struct chunk_copy c = { .addr = addr };

		for (known = t->n_chunks; known && t->chunks[known - 1].addr != addr;
			known--)
			;
		if (known || !chase(w, addr, head, sizeof(head)))
			break;
		c.bytes = ld64(head + a->chunk.bytes);
		if (!is_size(c.bytes))
			break;
		c.high = (uint32_t)(ld64(head + a->chunk.top) * 8 + a->chunk.data);
		if (c.high > c.bytes)
			c.high = 0;
		GROW(w->fresh, w->cap_fresh, n + 1);
		w->fresh[n++] = c;
		addr = ld64(head + a->chunk.previous);
		if (!addr)
			known = chunk_below(w, t, c.addr);
	}
	*n_fresh = n;
	return known;
}

static void note_used(
	const struct walker *w, const struct wthread *t, struct chunk_copy *c)
{
	uint64_t top = ts_u64(w, t, w->abi->tstate.datastack_top);
	uint32_t used;

	if (top <= c->addr || (c->bytes && top > c->addr + c->bytes) ||
		top - c->addr > UINT32_MAX)
		return;
	used = (uint32_t)(top - c->addr);
	c->high = used > c->high ? used : c->high - (c->high - used) / 64;
}

bool copies_enter_spare(struct walker *w, struct wthread *t)
{
	const struct chunk_copy *c = &t->spare;

	if (!c->addr || !c->ok || !t->n_chunks ||
		ld64(c->buf[t->side] + w->abi->chunk.previous) !=
			t->chunks[t->n_chunks - 1].addr)
		return false;
	GROW(t->chunks, t->cap_chunks, t->n_chunks + 1);
	t->chunks[t->n_chunks++] = *c;
	t->spare = (struct chunk_copy){ 0 };
	return true;
}

/* The first chunk of all is left when a greenlet takes over: its stack will not grow on. */
static void leave_chunk(struct wthread *t)
{
	bool was_read = in_window(t, t->n_chunks - 1);

	chunk_drop(&t->spare);
	t->spare = t->chunks[--t->n_chunks];
	t->spare_tick = t->tick;
	if (!t->n_chunks || !was_read)
		chunk_drop(&t->spare);
}

enum status copies_update(struct walker *w, struct wthread *t)
{
	uint64_t addr = ts_u64(w, t, w->abi->tstate.datastack_chunk), bytes;
	struct chunk_copy *newest = t->n_chunks ? &t->chunks[t->n_chunks - 1] : NULL;
	uint32_t n_fresh, known, i;

	if (t->n_chunks && !t->chunks)
		BUG("chunks counted that are not there");
	t->left_chunk = false;
	if (newest && newest->addr == addr && !newest->ok && t->n_chunks > 1) {
		leave_chunk(t);
		newest = &t->chunks[t->n_chunks - 1];
	}
	if (newest && newest->addr != addr && addr == t->spare.addr) {
		if (!copies_enter_spare(w, t)) {
			t->left_chunk = true; /* between pointer and copy */
			return newest->ok ? ST_OK : ST_TORN;
		}
		newest = &t->chunks[t->n_chunks - 1];
	}
	if (newest && newest->addr == addr) {
		if (!newest->ok)
			return ST_FAULT;
		bytes = ld64(newest->buf[t->side] + w->abi->chunk.bytes);
		if (is_size(bytes)) /* else it was mapped this moment */
			newest->bytes = bytes;
		note_used(w, t, newest);
		/* The pointer is some nanoseconds older than what names the chunk. */
		t->left_chunk = t->top[t->side] - t->spare.addr < t->spare.bytes;
		return ST_OK;
	}
	known = find_new_chunks(w, t, addr, &n_fresh);
	while (t->n_chunks > known)
		leave_chunk(t);
	for (i = 0; i < n_fresh; i++) {
		if (w->fresh[i].addr == t->spare.addr)
			chunk_drop(&t->spare);
	}
	GROW(t->chunks, t->cap_chunks, t->n_chunks + n_fresh);
	for (i = n_fresh; i-- > 0;)
		t->chunks[t->n_chunks++] = w->fresh[i];
	if (!t->n_chunks)
		return ST_TORN;
	note_used(w, t, &t->chunks[t->n_chunks - 1]);
	for (i = 0; i < t->n_chunks; i++) {
		struct chunk_copy *c = &t->chunks[i];

		if (in_window(t, i) && (!c->len[t->side] || !c->ok))
			read_chunk_now(w, t, c, i + 1 == t->n_chunks);
	}
	return ST_OK;
}

/* ---- frames ------------------------------------------------------------------------- */

struct loose *find_loose(const struct wthread *t, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < t->n_loose; i++) {
		if (t->loose[i].addr == addr)
			return &t->loose[i];
	}
	return NULL;
}

const uint8_t *loose_at(struct walker *w, struct wthread *t, uint64_t addr)
{
	struct loose *l = find_loose(t, addr);

	if (!l) {
		if (t->n_loose == LOOSE_MAX || addr < 4096 || addr % 8)
			return NULL;
		GROW(t->loose, t->cap_loose, t->n_loose + 1);
		l = &t->loose[t->n_loose++];
		*l = (struct loose){ .addr = addr, .fresh = false };
		l->ok = chase(w, addr - LOOSE_BEFORE, l->bytes[t->side], LOOSE_LEN);
		t->met_loose = true;
	} else if (l->ok) {
		l->fresh = true;
	}
	l->used_tick = t->tick;
	if (!l->ok)
		return NULL;
	if (ld64(l->bytes[t->side] + LOOSE_BEFORE + w->abi->iframe.previous))
		l->below =
			ld64(l->bytes[t->side] + LOOSE_BEFORE + w->abi->iframe.previous);
	return l->bytes[t->side] + LOOSE_BEFORE;
}

const uint8_t *stacked_at(
	struct walker *w, struct wthread *t, uint64_t addr, int32_t *index, bool *again)
{
	int32_t i = *index = chunk_at(t, addr);
	struct chunk_copy *c;
	uint64_t off;

	if (i < 0 || !in_window(t, (uint32_t)i) || !t->chunks[i].ok)
		return NULL;
	c = &t->chunks[i];
	off = addr - c->addr;
	if (off < w->abi->chunk.data || addr % 8)
		return NULL;
	if (off + header_len(w) <= c->len[t->side])
		return c->buf[t->side] + off;
	if (off + header_len(w) >
		(c->bytes < CHUNK_MAX_BYTES ? c->bytes : CHUNK_MAX_BYTES))
		return NULL;
	c->high = (uint32_t)(off + header_len(w));
	if (*again)
		return NULL;
	*again = true;
	return read_chunk_now(w, t, c, true) ? c->buf[t->side] + off : NULL;
}

/* ---- what changed ------------------------------------------------------------------- */

static uint32_t first_difference(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	uint32_t at = 0;

	while (at + 256 <= len && !memcmp(a + at, b + at, 256))
		at += 256;
	while (at + 8 <= len && ld64(a + at) == ld64(b + at))
		at += 8;
	return at;
}

uint32_t copies_first_changed(const struct walker *w, const struct wthread *t)
{
	uint32_t i, root;

	for (i = 0; i < t->n_chunks; i++) {
		const struct chunk_copy *c = &t->chunks[i];
		uint32_t a = c->len[0], b = c->len[1], len = a < b ? a : b, at;
		uint64_t addr;

		if (!in_window(t, i))
			continue;
		if (!len)
			return 0;
		/* the header's own words are not frames */
		at = w->abi->chunk.data;
		at += first_difference(c->buf[0] + at, c->buf[1] + at, len - at);
		if (at + 8 > len && a == b)
			continue;
		addr = c->addr + at;
		for (root = 0; root < w->n_chain; root++) {
			const struct raw_frame *f = &w->chain[w->n_chain - 1 - root];
			const struct wcode *code;

			if (f->addr < c->addr || f->addr >= c->addr + c->bytes)
				continue;
			code = codes_find((struct walker *)(uintptr_t)w, f->code_addr);
			if (!code || f->addr + code->bytes > addr)
				return root;
		}
	}
	return UINT32_MAX;
}

void copies_release(struct wthread *t)
{
	uint32_t i;

	for (i = 0; i < t->n_chunks; i++)
		chunk_drop(&t->chunks[i]);
	chunk_drop(&t->spare);
	free(t->chunks);
	free(t->loose);
}
