/*
 * flat.h - self and total by function, line, file, module, thread or state: the table
 * beside the flame graph. A function that calls itself counts once a sample.
 */
#ifndef QUERY_FLAT_H
#define QUERY_FLAT_H

#include "query/tree.h"

enum flat_by { FLAT_FUNCTION, FLAT_LINE, FLAT_FILE, FLAT_MODULE, FLAT_THREAD, FLAT_WAIT };

struct flat_row {
	struct place place; /* FLAT_FILE: file; FLAT_MODULE: module; THREAD, WAIT: name */
	struct weight self, total;
	series_id series; /* FLAT_THREAD only */
	thread_id thread;
	struct columns columns; /* of a part of a line only */
};

struct flat {
	struct flat_row *rows; /* heaviest self first */
	size_t n_rows, n_trimmed;
	struct flat_row *parts; /* flat_lines_of only: of lines, heaviest self first */
	size_t n_parts;
	struct weight all; /* of the whole answer */
	int64_t from_ns, until_ns;
	struct arena arena;
};

struct flat_options {
	enum flat_by by;
	size_t max_rows; /* 0: no limit */
	bool by_total;   /* heaviest total first */
};

int flat_query(struct flat *t, struct source *s, const struct filter *f,
	const struct flat_options *o, struct err *err);
void flat_release(struct flat *t);
/* "function line file module thread wait" -> enum; -1 when there is none. */
int flat_by_word(const char *word);

/* The lines of one file that were seen, and the parts of them where it is known which
 * part was executed, for the source view. What parts have is in their lines too. */
int flat_lines_of(struct flat *t, struct source *s, const struct filter *f,
	const char *file, struct err *err);

#endif
