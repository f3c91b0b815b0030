/*
 * line.h - text formats: lines with their numbers, and frames as the folded formats write
 * them.
 */
#ifndef FORMAT_LINE_H
#define FORMAT_LINE_H

#include "format/import.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
	const char *at; /* no NUL behind it, no line end in it */
	size_t len;
	uint64_t number; /* from 1 */
	const char *next, *end;
};

/* lines[0].len bytes at a time: false at the end. Start with line_first(). */
struct line line_first(const char *data, size_t len);
bool line_next(struct line *l);

/* A number at s; returns how many bytes it took, 0 when there is none or it overflows. */
size_t line_number(const char *s, size_t len, uint64_t *value);
/* The same, hexadecimal, with or without 0x. */
size_t line_hex(const char *s, size_t len, uint64_t *value);
/* Cuts the value from the end of a folded line ("stack 12" -> "stack", 12). */
bool line_cut_value(const char *s, size_t *len, uint64_t *value);

/* One frame of folded text:
 *	func (dir/file.py:12)   func (file.py)   func(package.module)
 *	dir/file.py:func:12     anything else is a name */
void line_frame(const char *s, size_t len, struct import_place *p);

#endif
