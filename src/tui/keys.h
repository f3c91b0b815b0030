/*
 * keys.h - what each key of top does: one table for the loop, the help and the line at the
 * bottom.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "tui/model.h"

/* What must happen after a key. */
enum key_effect {
	EFFECT_NONE = 0,
	EFFECT_DRAW = 1 << 0,
	EFFECT_ROWS = 1 << 1, /* order or filter changed */
	EFFECT_ASK = 1 << 2,  /* the question changed */
	EFFECT_QUIT = 1 << 3,
};

struct top_key {
	unsigned key[3];   /* any of these; 0 ends */
	const char *shown; /* "p" */
	const char *label; /* at the bottom; "" not there */
	const char *help;  /* NULL: not in the help */
	unsigned (*act)(struct top *t, unsigned key);
};

extern const struct top_key top_keys[];
extern const size_t top_n_keys;

/* Does what the key says; returns enum key_effect. */
unsigned keys_press(struct top *t, unsigned key);

#endif
