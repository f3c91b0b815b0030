/*
 * utf8.h - UTF-8 from code points, and checking bytes that claim to be UTF-8.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed sequence at s (1 to 4), or 0 when there is none. Surrogates
 * and overlong forms are not well-formed. */
size_t utf8_valid_at(const char *s, size_t len);
/* Appends a code point; what UTF-8 cannot hold (surrogates, above 0x10ffff) becomes
 * U+FFFD. */
void utf8_put(struct buf *b, uint32_t code_point);
/* Columns a text takes on a terminal, as wcwidth(3) counts in the current locale. */
size_t utf8_columns(const char *s, size_t len);

#endif
