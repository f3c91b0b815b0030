/*
 * screen.h - what a command knows of the terminal it writes to: width and colour. (What it
 * writes is cut and made safe by base/text.h.)
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/text.h"

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

#endif
