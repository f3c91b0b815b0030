/*
 * draw.h - top's screen: gauges, tabs, the table of the view, the keys at the bottom, and
 * the help over it. Drawing asks nothing and changes nothing but what scrolling needs.
 */
#ifndef TUI_DRAW_H
#define TUI_DRAW_H

#include "tui/model.h"

enum { DRAW_HEAD_ROWS = 5, DRAW_TAB_ROW = 3 };

void draw_all(struct top *t);
/* Which view's tab is at this column of the row of tabs; VIEWS when none. */
enum top_view draw_tab_at(int column);

/* draw_table.c: column heads in `row`, rows of the view below it. */
void draw_rows(struct top *t, int row, int rows, int columns);
/* The order that a click on the heads at this column asks for; SORTS when none. */
enum top_sort draw_sort_at(const struct top *t, int column);

#endif
