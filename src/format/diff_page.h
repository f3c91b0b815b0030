/*
 * diff_page.h - two call trees in one flame graph: what grew, what shrank, what is only in
 * one of them, and what chance would explain.
 *
 * A box is as wide as the mean of its shares of A and of B, so that what is in one only
 * has a place too. Colours: red grew, green shrank, three steps of each; grey may be
 * noise (p >= 0.01); dashed blue is only in A, dashed purple only in B.
 */
#ifndef FORMAT_DIFF_PAGE_H
#define FORMAT_DIFF_PAGE_H

#include "base/buf.h"
#include "format/format.h"
#include "query/diff.h"

#include <stdbool.h>

struct diff_page {
	const char *title;
	const char *name_a, *name_b;
	enum format_weight weight;
	bool html; /* the picture inside a page, else an SVG file */
};

/* Appends the whole file to *out. */
void diff_page_write(const struct diff *d, const struct diff_page *o, struct buf *out);

#endif
