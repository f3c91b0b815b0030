/*
 * arena.h - memory that is freed all at once: one arena per request, query or walk.
 *
 * Not for threads to share. Memory handed out is zeroed and aligned to 16 bytes.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;
	size_t total; /* bytes taken from malloc */
};

#define ARENA_INIT      \
	{               \
		NULL, 0 \
	}

void arena_release(struct arena *a);
/* Everything handed out dies; the newest block is kept for reuse. */
void arena_clear(struct arena *a);
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
/* A copy of n elements of `size` bytes with a zeroed one behind them; from may be NULL when n
 * is 0. The caller bounds n. */
void *arena_dup(struct arena *a, const void *from, size_t n, size_t size)
	__attribute__((returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
