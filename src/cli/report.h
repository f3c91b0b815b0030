/*
 * report.h - a recording in text: what it is, where the time goes, by line, by function,
 * as a tree.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "query/flat.h"
#include "query/series.h"
#include "query/tree.h"

#include <stdbool.h>

enum { STATES = 9 }; /* kinds of states that the overview tells apart */

struct report_options {
	unsigned max_rows;
	double min_share; /* of the tree, 0 to 1 */
	bool by_total, samples, no_source, utc;
	bool chosen;    /* the person said which states, if only "all" */
	const char *by; /* "thread", "process", "state", "file", "module"; NULL */
	bool lines, functions, tree; /* which sections */
};

struct report {
	const char *path;
	struct targets who;
	struct tree states;           /* by state, depth 1: of all samples */
	struct flat lines, functions; /* what --state lets through */
	struct flat files;            /* --by file, module, thread */
	struct tree tree;
	struct tree groups;        /* --by process, state */
	const char *note;          /* what was left out, in words; "" nothing */
	int64_t from_ns, until_ns; /* what is looked at, where there is data */
	uint64_t n_missed, n_lost, n_wanted;
};

/* f: what was asked for. Unless states were chosen, threads that only wait are left out
 * of tables and tree. */
int report_make(struct report *r, struct source *s, struct filter *f,
	const struct report_options *o, struct err *err);
void report_release(struct report *r);

void report_text(const struct report *r, const struct report_options *o, size_t columns,
	bool colour, struct buf *out);
void report_json(const struct report *r, const struct report_options *o, struct buf *out);

/* A tree for a terminal; also of diff and top. */
void report_tree(const struct tree *t, bool samples, size_t columns, bool colour,
	size_t max_lines, struct buf *out);
/* Is it yours: no library, no C, no mark? */
bool report_is_mine(const struct place *p);

#endif
