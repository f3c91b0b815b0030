/*
 * format_test.h - bytes in, a recording, bytes out: what the tests of formats share.
 */
#ifndef TESTS_UNIT_FORMAT_TEST_H
#define TESTS_UNIT_FORMAT_TEST_H

#include "base/buf.h"
#include "base/err.h"
#include "format/format.h"
#include "prof/tape.h"
#include "query/filter.h"

#include <stddef.h>

/* Reads bytes by content; NULL and *err when nothing could be kept. */
struct tape *ft_read(const void *data, size_t len, struct buf *warnings, struct err *err);
/* The same for text that must be readable; fails the test otherwise. */
struct tape *ft_text(const char *text);
/* A file of tests/format/data. */
struct tape *ft_file(const char *name, struct buf *warnings);
/* Writes; words: "state=cpu thread=main weight=samples style=1 threads=1". The result is
 * appended to out. Returns format_write's answer. */
int ft_write(struct tape *t, const char *format, const char *words, struct buf *out,
	struct buf *warnings, struct err *err);
/* Folded text with the weight in samples, or as the words say. Static buffer, emptied by
 * the next call. */
const char *ft_folded(struct tape *t, const char *words);

#endif
