/*
 * merge.h - equal samples counted together: one entry per thread, state, wait and stack.
 * Memory grows with distinct entries, not with samples.
 */
#ifndef FORMAT_MERGE_H
#define FORMAT_MERGE_H

#include "format/export.h"

struct merged {
	uint32_t thread; /* index of export.threads */
	stack_id stack;  /* of export.symbols */
	uint16_t state;
	wait_id wait;
	uint64_t n, ns;
};

struct merge {
	struct merged *at; /* in order of first sight */
	size_t n, cap;
	struct map context_of; /* thread, state, wait -> 1 + number */
	struct map entry_of;   /* context, stack -> 1 + index */
	int64_t from_ns, until_ns;
};

/* All that the filter lets through; fills ex->symbols and ex->threads. by_func: lines are
 * not told apart. roots: the thread is the root frame of its stacks. */
int merge_scan(
	struct merge *m, struct export *ex, bool by_func, bool roots, struct err *err);
void merge_release(struct merge *m);

#endif
