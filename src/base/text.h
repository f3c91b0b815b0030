/*
 * text.h - text for a terminal: what a target says made safe to print, cut to columns, and
 * numbers as people read them.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Appends text of unknown origin: control characters as \x1b, \n..., bytes that are not
 * UTF-8 as U+FFFD; what a target calls its functions can not drive the terminal. */
void text_safe(struct buf *out, const char *text, size_t len);
/* The same cut to so many columns, with an ellipsis at the end (or in the front). */
void text_fit(struct buf *out, const char *text, size_t columns);
void text_fit_end(struct buf *out, const char *text, size_t columns);
/* Pads with spaces to `columns` counted from byte `start` of the buffer. */
void text_pad(struct buf *out, size_t start, size_t columns);

/* "12.3 MiB", "950 B" */
const char *text_bytes(char *text, size_t size, double bytes);
/* "1:02:03", "4.2 s", "350 ms" */
const char *text_span(char *text, size_t size, double seconds);
/* "1 234 567" */
const char *text_number(char *text, size_t size, uint64_t n);

#endif
