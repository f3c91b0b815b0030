/*
 * twins.h - which function of one recording is which of another, when the program has been
 * edited or installed elsewhere in between.
 *
 * A function is known by its name and its module (its file, where a side knows no
 * modules). Several of one name in a module are told apart by their first lines: equal
 * lines are twins, the rest are paired from top to bottom.
 */
#ifndef QUERY_TWINS_H
#define QUERY_TWINS_H

#include "base/map.h"
#include "query/tree.h"

struct twin {
	uint64_t key; /* name and module */
	const struct place *place;
	int side;
	bool paired;
};

struct twins {
	struct twin *v;
	size_t n, cap;
	bool modules[2]; /* a side has some */
	struct map a_of; /* place of B -> place of A */
};

/* One place of side 0 (A) or 1 (B); may be given again. Borrowed until twins_release(). */
void twins_add(struct twins *t, const struct place *p, int side);
/* After the last twins_add(). */
void twins_pair(struct twins *t);
/* What stands for a place of B: its twin in A, else itself. */
const struct place *twins_of(const struct twins *t, const struct place *p);
void twins_release(struct twins *t);

#endif
