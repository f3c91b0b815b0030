/*
 * fold.h - the middle of every query: samples in from several tables of symbols, through
 * the filter, out as stacks of one table with hidden and folded frames gone.
 *
 * A stack seen before costs one array lookup. Lines are 0 unless asked for, so that
 * stacks which differ in lines only become one. Inside query only.
 */
#ifndef QUERY_FOLD_H
#define QUERY_FOLD_H

#include "base/map.h"
#include "prof/symbols.h"
#include "query/filter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What fold_stack gives for a stack that the filter drops. */
#define FOLD_DROP UINT32_MAX

/* What frames keep of where they were. */
enum fold_detail {
	FOLD_FUNCS,   /* nothing, unless the filter asks for lines */
	FOLD_LINES,   /* their line */
	FOLD_COLUMNS, /* and the part of it */
};

struct fold {
	const struct filter *f;
	enum fold_detail detail;
	struct symbols *out;
	struct fold_table *tables; /* one for each table of symbols met */
	size_t n_tables, cap_tables;
	struct map
		threads; /* series << 32 | thread -> 1, when the filter names threads */
	stack_id *scratch;
	size_t cap_scratch;
};

/* Frames keep at least that detail. f is borrowed until fold_release. -1 when the source
 * cannot be read; then there is nothing to release. */
int fold_init(struct fold *fold, const struct filter *f, struct source *s, struct ask *a,
	enum fold_detail detail, struct err *err);
void fold_release(struct fold *fold);
/* Do thread, state and wait pass? */
bool fold_wants(const struct fold *fold, series_id series, thread_id thread,
	unsigned state, wait_id wait);
/* The stack in fold->out, or FOLD_DROP. */
stack_id fold_stack(struct fold *fold, const struct symbols *from, stack_id id);
/* The stack with another one put in front of its root: prefix is in fold->out already. */
stack_id fold_graft(struct fold *fold, struct map *memo, stack_id prefix, stack_id id);
/* A frame that is not a function: a group, "(other)". */
frame_id fold_mark(struct symbols *out, const char *text);

#endif
