/*
 * svg_page.h - what every exported picture has: its page, boxes, legend and script.
 */
#ifndef FORMAT_SVG_PAGE_H
#define FORMAT_SVG_PAGE_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

enum {
	SVG_WIDTH = 1200,
	SVG_MARGIN = 10,
	SVG_MAX_ROWS = 800,
	/* what the boxes share */
	SVG_ROOM = SVG_WIDTH - 2 * SVG_MARGIN,
};

struct svg_page {
	struct buf *out;
	unsigned n_rows;           /* of boxes; decides the height */
	unsigned legend_x;         /* where the next entry goes; 0: a new row of them */
	unsigned n_narrow, n_deep; /* boxes left out */
};

/* Everything above the boxes. classes: of the root element; unit: "ns", "samples" or
 * "share" (millionths), how the script shows a box's value. */
void svg_page_begin(struct svg_page *p, const char *classes, const char *unit,
	const char *title, const char *subtitle);
/* tip: its first line is "name (where)", which the search looks at; x, width: pixels. */
void svg_page_box(struct svg_page *p, const char *classes, uint64_t value,
	const char *tip, const char *label, double x, double width, unsigned row);
void svg_page_end_boxes(struct svg_page *p);
void svg_page_legend(struct svg_page *p, const char *classes, const char *text);
void svg_page_end(struct svg_page *p);

#endif
