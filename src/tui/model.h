/*
 * model.h - what top shows: the person's choices, and the answers that belong to them.
 */
#ifndef TUI_MODEL_H
#define TUI_MODEL_H

#include "base/map.h"
#include "query/callers.h"
#include "query/flat.h"
#include "query/series.h"
#include "query/tree.h"
#include "tui/top.h"

enum top_view {
	VIEW_FUNCTIONS,
	VIEW_LINES,
	VIEW_TREE,
	VIEW_THREADS,
	VIEW_PROCESSES,
	VIEWS
};

enum top_sort { SORT_SELF, SORT_TOTAL, SORT_ALL_SELF, SORT_ALL_TOTAL, SORT_NAME, SORTS };

/* One line of a table: now, and since the start. */
struct top_row {
	struct place place;
	struct weight now_self, now_total, all_self, all_total;
	/* threads and processes */
	double cpu, gil, gil_wait, idle; /* shares of the window */
	uint64_t rss_bytes, n_threads, n_lost;
	series_id series;
	thread_id thread;
	pid_t pid;
	/* trees */
	uint32_t node, depth;
	bool is_heading, is_folded;
};

enum { SPARK = 60 };

struct gauges {
	double cpu, gil, gil_wait, gc; /* shares of the window; CPU: of one core */
	uint64_t rss_bytes, n_threads;
	uint64_t spark[SPARK]; /* RSS, a second each, newest last; 0: not known */
	size_t n_spark;
	uint64_t n_lost, n_missed, n_wanted;
};

struct top {
	const struct top_options *o;
	/* choices */
	enum top_view view;
	enum top_sort sort;
	unsigned window; /* index into top_windows */
	unsigned states; /* index into top_states */
	bool mine, paused, help;
	bool typing;      /* the filter line is open */
	char filter[128]; /* part of names, matched without regard to case */
	int64_t since_ns; /* start of "since the start"; reset moves it */
	int64_t until_ns; /* end of what is shown; stands still when paused */
	char thread[160]; /* only this one; "" all */
	pid_t pid;        /* only this one; 0 all */
	bool sandwich;    /* callers and callees of `of` */
	char of_name[256], of_file[512];
	uint32_t of_line;
	struct map folded; /* path hashes of folded branches */
	/* answers */
	struct flat now, all;
	struct tree tree;
	struct callers callers;
	struct top_row *rows;
	size_t n_rows, cap_rows;
	struct gauges gauges;
	double now_s, all_s; /* seconds that `now` and `all` cover */
	char problem[160];   /* why the last query failed; "" it did not */
	uint64_t generation;
	/* place on the screen */
	size_t picked, scroll, page;
	char picked_key[400]; /* the picked row follows its function when rows move */
};

struct top_window {
	double seconds; /* 0: since the start */
	const char *name;
};
struct top_state {
	unsigned flags;
	const char *name;
};
extern const struct top_window top_windows[];
extern const size_t top_n_windows;
extern const struct top_state top_states[];
extern const size_t top_n_states;
extern const char *const top_view_names[VIEWS];
extern const char *const top_sort_names[SORTS];

void top_init(struct top *t, const struct top_options *o);
void top_release(struct top *t);
/* Asks everything that the view needs anew and makes its rows. Errors go to t->problem. */
void top_ask(struct top *t);
/* Rows from the answers that are there: after sorting, filtering or folding changed. */
void top_make_rows(struct top *t);
/* The row that is picked, or NULL. */
const struct top_row *top_picked(const struct top *t);
/* Moves the choice by so many rows and keeps it on the screen. */
void top_move(struct top *t, long by);
/* Is this function the person's own? */
bool top_is_mine(const struct place *p);

/* model_rows.c: one for each view. */
void rows_of_table(struct top *t);
void rows_of_tree(struct top *t);
void rows_of_callers(struct top *t);
void rows_of_threads(struct top *t);
void rows_of_processes(struct top *t);
/* Names a branch of a tree over refreshes: of the places from it to the root. */
uint64_t tree_path_hash(const struct tree *tree, uint32_t node);
/* model_gauges.c */
void top_ask_gauges(struct top *t, const struct filter *f);

#endif
