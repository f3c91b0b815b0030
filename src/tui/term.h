/*
 * term.h - a full-screen terminal: the only place that includes curses.
 *
 * The terminal is given back as it was found, whatever happens: on term_close(), on the
 * signals that end a program, and when it crashes (the handler writes the few bytes that
 * matter and lets the signal do its work). One terminal a process.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum term_ink {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_DIM,
	TERM_BAR,  /* headings, the lines at top and bottom */
	TERM_PICK, /* the selected row */
	TERM_NAME, /* a function of yours */
	TERM_GOOD,
	TERM_WARN,
	TERM_BAD,
	TERM_KEY, /* a key in the line at the bottom */
	TERM_INKS
};

/* What term_key() returns besides characters (Unicode code points). */
enum term_keys {
	KEY_NOTHING = 0x110000, /* the time is over */
	KEY_IS_UP,
	KEY_IS_DOWN,
	KEY_IS_LEFT,
	KEY_IS_RIGHT,
	KEY_IS_PAGE_UP,
	KEY_IS_PAGE_DOWN,
	KEY_IS_HOME,
	KEY_IS_END,
	KEY_IS_ENTER,
	KEY_IS_ESCAPE,
	KEY_IS_BACKSPACE,
	KEY_IS_TAB,
	KEY_IS_BACKTAB,
	KEY_IS_RESIZE,
	KEY_IS_CLICK, /* where: term_mouse() */
	KEY_IS_DOUBLE_CLICK,
	KEY_IS_WHEEL_UP,
	KEY_IS_WHEEL_DOWN,
	KEY_IS_INTERRUPT, /* SIGINT, SIGTERM, SIGHUP: time to go */
	KEY_IS_OTHER,
};

/* Fails when stdin or stdout is no terminal, or TERM names none that curses knows. */
int term_open(struct err *err);
void term_close(void);
void term_size(int *rows, int *columns);
/* The next key, or KEY_NOTHING after so many milliseconds. */
unsigned term_key(int timeout_ms);
/* Where the last click was. */
void term_mouse(int *row, int *column);
bool term_has_colours(void);

/* Between these two the screen is drawn anew; only what changed is sent. */
void term_begin(void);
void term_end(void);
/* Text cut to so many columns and padded with spaces to `columns` when `pad`. Control
 * characters are made visible. Outside of the screen nothing happens. */
void term_put(
	int row, int column, enum term_ink ink, const char *text, int columns, bool pad);
/* The same, printf style, neither padded nor cut but at the edge; returns its columns. */
int term_print(int row, int column, enum term_ink ink, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Gives a whole row an ink, whatever stands in it. */
void term_tint(int row, enum term_ink ink);
/* curses' version: "ncurses 6.4.20221231" */
const char *term_version(void);

#endif
