/*
 * alloc.h - allocators that die when memory is out: no caller checks for NULL.
 *
 * Sizes that come from a target, a file or the network are bounded by the caller before
 * they get here.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void *xmalloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));
void *xcalloc(size_t n, size_t size)
	__attribute__((malloc, alloc_size(1, 2), returns_nonnull));
/* Resizes to n elements of size bytes; dies on overflow of the product. */
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
/* A copy of len bytes with a NUL behind them. */
char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Makes room for `need` elements in a growing array, which is never NULL then: array, its
 * capacity (size_t). */
#define GROW(array, cap, need)                                                     \
	do {                                                                       \
		if (!(array) || (need) > (cap)) {                                  \
			(cap) = grow_capacity((cap), (need));                      \
			(array) = xreallocarray((array), (cap), sizeof(*(array))); \
		}                                                                  \
	} while (0)
/* The one growth policy: half as much again, at least `need`, at least 16. */
size_t grow_capacity(size_t cap, size_t need);

#endif
