/*
 * symbols.c - see symbols.h
 *
 * Each kind is a list of segments that double in size and never move: segment k holds
 * FIRST << k entries. An entry is written before the count is released, so a reader that
 * acquires the count sees it whole. The index is the writer's only: ids in an open hash
 * table, with 32 bits of the hash, so that a miss seldom looks at an entry.
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

struct slot {
	uint32_t id; /* 0: free */
	uint32_t hash;
};

struct table {
	size_t width;
	void *segments[SEGMENTS];
	_Atomic uint32_t count;
	struct slot *slots;
	size_t mask; /* slots - 1; 0: none yet */
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

	if (id == UINT32_MAX / 2) /* the index has at most 2^32 slots */
		BUG("2^31 symbols of one kind");
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

static void resize(struct table *t, size_t mask)
{
	struct slot *old = t->slots;
	size_t i, k, n = t->slots ? t->mask + 1 : 0;

	t->slots = xcalloc(mask + 1, sizeof(*t->slots));
	t->mask = mask;
	t->memory += (mask + 1 - n) * sizeof(*t->slots);
	for (k = 0; k < n; k++) {
		if (!old[k].id)
			continue;
		for (i = old[k].hash & mask; t->slots[i].id;)
			i = (i + 1) & mask;
		t->slots[i] = old[k];
	}
	free(old);
}

/* The slot of the entry, or the free one where it belongs. */
static inline struct slot *find(
	struct table *t, uint32_t hash, const void *wanted, same_fn *same)
{
	size_t i;

	if ((size_t)atomic_load_explicit(&t->count, memory_order_relaxed) * 4 >=
		(t->mask + 1) * 3)
		resize(t, t->mask * 2 + 1);
	for (i = hash & t->mask; t->slots[i].id; i = (i + 1) & t->mask) {
		if (t->slots[i].hash == hash && same(entry_at(t, t->slots[i].id), wanted))
			break;
	}
	return &t->slots[i];
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

	for (kind = 0; kind < SYM_KINDS; kind++) {
		s->table[kind].width = width[kind];
		resize(&s->table[kind], 31);
	}
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
		free(s->table[kind].slots);
	}
	for (i = 0; i < s->n_text_blocks; i++)
		free(s->text_blocks[i]);
	free(s->text_blocks);
	free(s);
}

void symbols_reserve(struct symbols *s, enum symbol_kind kind, size_t n)
{
	struct table *t = &s->table[kind];
	size_t mask = t->mask;

	n += symbols_count(s, kind);
	while (n * 4 >= (mask + 1) * 3)
		mask = mask * 2 + 1;
	if (mask > t->mask)
		resize(t, mask);
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
	uint32_t hash;
	struct slot *at;

	if (!len)
		return 0;
	hash = (uint32_t)hash_bytes(text, wanted.len);
	at = find(t, hash, &wanted, same_text);
	if (!at->id) {
		wanted.data = keep_text(s, text, wanted.len);
		*at = (struct slot){ add(t, &wanted), hash };
	}
	return at->id;
}

static bool same_func(const void *entry, const void *wanted)
{
	return !memcmp(entry, wanted, sizeof(struct func));
}

func_id symbols_func(struct symbols *s, const struct func *f)
{
	struct table *t = &s->table[SYM_FUNC];
	uint32_t hash = (uint32_t)hash_bytes(f, sizeof(*f));
	struct slot *at = find(t, hash, f, same_func);

	if (!at->id)
		*at = (struct slot){ add(t, f), hash };
	return at->id;
}

/* Stacks are told apart by their first two members. */
static bool same_pair(const void *entry, const void *wanted)
{
	return !memcmp(entry, wanted, 2 * sizeof(uint32_t));
}

static bool same_frame(const void *entry, const void *wanted)
{
	return !memcmp(entry, wanted, sizeof(struct frame));
}

frame_id symbols_frame_part(
	struct symbols *s, func_id func, uint32_t line, uint32_t columns)
{
	const struct frame f = { func, line, columns };
	struct table *t = &s->table[SYM_FRAME];
	uint32_t hash =
		(uint32_t)hash_u64(((uint64_t)func << 32 | line) ^ hash_u64(columns));
	struct slot *at = find(t, hash, &f, same_frame);

	if (!at->id)
		*at = (struct slot){ add(t, &f), hash };
	return at->id;
}

frame_id symbols_frame(struct symbols *s, func_id func, uint32_t line)
{
	return symbols_frame_part(s, func, line, 0);
}

enum { COLUMN_BITS = 12, COLUMN_MAX = (1 << COLUMN_BITS) - 1, LINES_BELOW_MAX = 255 };

uint32_t columns_pack(const struct columns *s)
{
	if (s->column > COLUMN_MAX || s->end_column > COLUMN_MAX ||
		s->end_lines > LINES_BELOW_MAX)
		return 0;
	return s->end_lines << 2 * COLUMN_BITS | s->column << COLUMN_BITS | s->end_column;
}

struct columns columns_unpack(uint32_t packed)
{
	return (struct columns){
		.column = packed >> COLUMN_BITS & COLUMN_MAX,
		.end_lines = packed >> 2 * COLUMN_BITS,
		.end_column = packed & COLUMN_MAX,
	};
}

stack_id symbols_stack(struct symbols *s, stack_id parent, frame_id frame)
{
	struct stack st = { parent, frame, 0 };
	struct table *t = &s->table[SYM_STACK];
	struct slot *at;
	uint32_t hash;

	/* A new path is added in one go: what comes next on it mostly lies beside. */
	if (parent + 1 < symbols_count(s, SYM_STACK) &&
		same_pair(entry_at(t, parent + 1), &st))
		return parent + 1;
	hash = (uint32_t)hash_u64((uint64_t)parent << 32 | frame);
	at = find(t, hash, &st, same_pair);
	if (!at->id) {
		st.depth = symbols_stack_of(s, parent)->depth + 1;
		*at = (struct slot){ add(t, &st), hash };
	}
	return at->id;
}

stack_id symbols_mark(struct symbols *s, stack_id parent, const char *text)
{
	const struct func f = { .name = symbols_str(s, text, strlen(text)),
		.flags = FUNC_MARK };

	return symbols_stack(s, parent, symbols_frame(s, symbols_func(s, &f), 0));
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

	for (kind = 0; kind < SYM_KINDS; kind++)
		sum += s->table[kind].memory;
	return sum;
}
