/* arena.c - see arena.h */
#include "base/arena.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_ALIGN = 16, ARENA_BLOCK = 64 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t used, size;
	char *mem;
};

static void block_free(struct arena_block *b)
{
	free(b->mem);
	free(b);
}

void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		block_free(b);
	}
	a->total = 0;
}

void arena_clear(struct arena *a)
{
	struct arena_block *keep = a->blocks;

	if (!keep)
		return;
	a->blocks = keep->older;
	arena_release(a);
	keep->older = NULL;
	keep->used = 0;
	a->blocks = keep;
	a->total = keep->size;
}

static void add_block(struct arena *a, size_t need)
{
	struct arena_block *b = xmalloc(sizeof(*b));

	b->size = need > ARENA_BLOCK ? need : ARENA_BLOCK;
	b->mem = xmalloc(b->size);
	b->used = 0;
	b->older = a->blocks;
	a->blocks = b;
	a->total += b->size;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b;
	void *p;

	if (size > SIZE_MAX / 4)
		BUG("arena asked for %zu bytes", size);
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!a->blocks || a->blocks->size - a->blocks->used < size)
		add_block(a, size);
	b = a->blocks;
	p = b->mem + b->used;
	b->used += size;
	return memset(p, 0, size);
}

void *arena_dup(struct arena *a, const void *from, size_t n, size_t size)
{
	void *p = arena_alloc(a, (n + 1) * size);

	return n ? memcpy(p, from, n * size) : p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	return arena_dup(a, s, len, 1);
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		BUG("bad format '%s'", fmt);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p;
}
