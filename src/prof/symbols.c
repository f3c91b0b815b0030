/*
 * symbols.c - see symbols.h
 *
 * Each kind is a list of segments that double in size and never move: segment k holds
 * FIRST << k entries. An entry is written before the count is released, so a reader that
 * acquires the count sees it whole.
 */
#include "prof/symbols.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"

#include <stdatomic.h>
#include <string.h>

enum { FIRST_BITS = 8, SEGMENTS = 32 - FIRST_BITS, MAX_TEXT = 64 * 1024 };

struct text {
	const char *data;
	uint32_t len;
};

struct table {
	size_t width;
	void *segments[SEGMENTS];
	_Atomic uint32_t count;
	struct map index; /* hash of the entry -> newest id with it; writer only */
	uint32_t *same;   /* id -> the next id with an equal hash, or 0 */
	size_t cap_same;
	size_t memory;
};

struct symbols {
	struct table table[SYM_KINDS];
	char *text_at; /* where the next string's bytes go */
	size_t text_left;
	char **text_blocks;
	size_t n_text_blocks, cap_text_blocks;
	size_t text_memory;
};

static void *entry_at(const struct table *t, uint32_t id)
{
	uint32_t slot = (id >> FIRST_BITS) + 1;
	unsigned k = 31 - (unsigned)__builtin_clz(slot);
	uint32_t base = ((1u << k) - 1) << FIRST_BITS;

	return (char *)t->segments[k] + (size_t)(id - base) * t->width;
}

static const void *lookup(const struct table *t, uint32_t id)
{
	uint32_t n = atomic_load_explicit(&t->count, memory_order_acquire);

	return entry_at(t, id < n ? id : 0);
}

static uint32_t add(struct table *t, const void *entry)
{
	uint32_t id = atomic_load_explicit(&t->count, memory_order_relaxed);
	uint32_t slot = (id >> FIRST_BITS) + 1;
	unsigned k = 31 - (unsigned)__builtin_clz(slot);

	if (id == UINT32_MAX - (1u << FIRST_BITS))
		BUG("2^32 symbols of one kind");
	if (!t->segments[k]) {
		size_t size = ((size_t)1 << (FIRST_BITS + k)) * t->width;

		t->segments[k] = xmalloc(size);
		t->memory += size;
	}
	memcpy(entry_at(t, id), entry, t->width);
	atomic_store_explicit(&t->count, id + 1, memory_order_release);
	return id;
}

typedef bool same_fn(const void *entry, const void *wanted);

static uint32_t find_hashed(
	const struct table *t, uint64_t hash, const void *wanted, same_fn *same)
{
	const uint64_t *newest = map_get(&t->index, hash);
	uint32_t id = newest ? (uint32_t)*newest : 0;

	while (id && !same(entry_at(t, id), wanted))
		id = t->same[id];
	return id;
}

static uint32_t add_hashed(struct table *t, uint64_t hash, const void *entry)
{
	uint32_t id = add(t, entry);
	uint64_t *newest = map_put(&t->index, hash);
	size_t old_cap = t->cap_same;

	GROW(t->same, t->cap_same, (size_t)id + 1);
	t->memory += (t->cap_same - old_cap) * sizeof(*t->same);
	t->same[id] = (uint32_t)*newest;
	*newest = id;
	return id;
}

struct symbols *symbols_new(void)
{
	static const size_t width[SYM_KINDS] = {
		[SYM_STR] = sizeof(struct text),
		[SYM_FUNC] = sizeof(struct func),
		[SYM_FRAME] = sizeof(struct frame),
		[SYM_STACK] = sizeof(struct stack),
	};
	static const char zeros[64];
	struct symbols *s = xcalloc(1, sizeof(*s));
	const struct text empty = { "", 0 };
	int kind;

	for (kind = 0; kind < SYM_KINDS; kind++)
		s->table[kind].width = width[kind];
	add(&s->table[SYM_STR], &empty);
	add(&s->table[SYM_FUNC], zeros);
	add(&s->table[SYM_FRAME], zeros);
	add(&s->table[SYM_STACK], zeros);
	return s;
}

void symbols_free(struct symbols *s)
{
	size_t i;
	int kind, k;

	if (!s)
		return;
	for (kind = 0; kind < SYM_KINDS; kind++) {
		for (k = 0; k < SEGMENTS; k++)
			free(s->table[kind].segments[k]);
		map_release(&s->table[kind].index);
		free(s->table[kind].same);
	}
	for (i = 0; i < s->n_text_blocks; i++)
		free(s->text_blocks[i]);
	free(s->text_blocks);
	free(s);
}

void symbols_reserve(struct symbols *s, enum symbol_kind kind, size_t n)
{
	struct table *t = &s->table[kind];

	map_reserve(&t->index, t->index.n + n);
}

static const char *keep_text(struct symbols *s, const char *text, size_t len)
{
	enum { BLOCK = 256 * 1024 };
	char *at;

	if (s->text_left < len + 1) {
		GROW(s->text_blocks, s->cap_text_blocks, s->n_text_blocks + 1);
		s->text_at = xmalloc(BLOCK);
		s->text_left = BLOCK;
		s->text_memory += BLOCK;
		s->text_blocks[s->n_text_blocks++] = s->text_at;
	}
	at = s->text_at;
	memcpy(at, text, len);
	at[len] = '\0';
	s->text_at += len + 1;
	s->text_left -= len + 1;
	return at;
}

static bool same_text(const void *entry, const void *wanted)
{
	const struct text *a = entry, *b = wanted;

	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

str_id symbols_str(struct symbols *s, const char *text, size_t len)
{
	struct table *t = &s->table[SYM_STR];
	struct text wanted = { text, (uint32_t)(len < MAX_TEXT ? len : MAX_TEXT) };
	uint64_t hash;
	str_id id;

	if (!len)
		return 0;
	hash = hash_bytes(text, wanted.len);
	id = find_hashed(t, hash, &wanted, same_text);
	if (id)
		return id;
	wanted.data = keep_text(s, text, wanted.len);
	return add_hashed(t, hash, &wanted);
}

static bool same_func(const void *entry, const void *wanted)
{
	return !memcmp(entry, wanted, sizeof(struct func));
}

func_id symbols_func(struct symbols *s, const struct func *f)
{
	struct table *t = &s->table[SYM_FUNC];
	uint64_t hash = hash_bytes(f, sizeof(*f));
	func_id id = find_hashed(t, hash, f, same_func);

	return id ? id : add_hashed(t, hash, f);
}

/* Frames and stacks are two ids: the pair itself is the key, nothing can collide. */
static uint32_t intern_pair(struct table *t, uint32_t a, uint32_t b, const void *entry)
{
	uint64_t *id = map_put(&t->index, (uint64_t)a << 32 | b);

	if (!*id)
		*id = add(t, entry);
	return (uint32_t)*id;
}

frame_id symbols_frame(struct symbols *s, func_id func, uint32_t line)
{
	const struct frame f = { func, line };

	return intern_pair(&s->table[SYM_FRAME], func, line, &f);
}

stack_id symbols_stack(struct symbols *s, stack_id parent, frame_id frame)
{
	const struct stack st = { parent, frame, symbols_stack_of(s, parent)->depth + 1 };

	return intern_pair(&s->table[SYM_STACK], parent, frame, &st);
}

const char *symbols_text(const struct symbols *s, str_id id, size_t *len)
{
	const struct text *t = lookup(&s->table[SYM_STR], id);

	if (len)
		*len = t->len;
	return t->data;
}

const struct func *symbols_func_of(const struct symbols *s, func_id id)
{
	return lookup(&s->table[SYM_FUNC], id);
}

const struct frame *symbols_frame_of(const struct symbols *s, frame_id id)
{
	return lookup(&s->table[SYM_FRAME], id);
}

const struct stack *symbols_stack_of(const struct symbols *s, stack_id id)
{
	return lookup(&s->table[SYM_STACK], id);
}

uint32_t symbols_count(const struct symbols *s, enum symbol_kind kind)
{
	return atomic_load_explicit(&s->table[kind].count, memory_order_acquire);
}

size_t symbols_memory(const struct symbols *s)
{
	size_t sum = sizeof(*s) + s->text_memory;
	int kind;

	for (kind = 0; kind < SYM_KINDS; kind++) {
		const struct map *index = &s->table[kind].index;

		sum += s->table[kind].memory;
		if (index->slots)
			sum += (index->mask + 1) * sizeof(*index->slots);
	}
	return sum;
}
