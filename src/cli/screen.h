/*
 * screen.h - what a command knows of the terminal it writes to: width, colour, and text
 * from a target made safe to print.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal; 100 when it is none, COLUMNS in the environment wins. */
size_t screen_columns(FILE *f);
/* Colours are for terminals, unless NO_COLOR is set or TERM is dumb. CLICOLOR_FORCE
 * asks for them anyway. */
bool screen_colour(FILE *f);

/* What a piece of output is; each has one colour. */
enum ink {
	INK_PLAIN,
	INK_BOLD,
	INK_DIM,
	INK_NAME, /* a function */
	INK_FILE,
	INK_LINE,
	INK_GOOD,
	INK_WARN,
	INK_BAD,
	INK_HEAD,
	INK_COUNT
};
/* The escape sequence, or "" without colour; INK_PLAIN ends every other. */
const char *ink(bool colour, enum ink i);

/* Appends text of unknown origin: control characters as \x1b, \n..., bytes that are not
 * UTF-8 as U+FFFD; what a target calls its functions can not drive the terminal. */
void screen_text(struct buf *out, const char *text, size_t len);
/* The same cut to so many columns, with an ellipsis at the end (or in the front). */
void screen_fit(struct buf *out, const char *text, size_t columns);
void screen_fit_end(struct buf *out, const char *text, size_t columns);
/* Pads with spaces to `columns` counted from byte `start` of the buffer. */
void screen_pad(struct buf *out, size_t start, size_t columns);

/* "12.3 MiB", "950 B" */
const char *screen_bytes(char *text, size_t size, double bytes);
/* "1:02:03", "4.2 s", "350 ms" */
const char *screen_span(char *text, size_t size, double seconds);
/* "1 234 567" */
const char *screen_number(char *text, size_t size, uint64_t n);

#endif
