/*
 * top.h - the live view in a terminal: what functions, lines, threads and processes cost,
 * now and since the start.
 *
 * It only asks: a sampler fills a source somewhere else, top queries it once per refresh
 * and draws. Nothing it does slows the sampling down.
 */
#ifndef TUI_TOP_H
#define TUI_TOP_H

#include "base/err.h"
#include "prof/sampler.h"
#include "prof/source.h"

#include <stdbool.h>

struct top_options {
	struct source *source;
	struct sampler *sampler; /* for its rate, losses and targets */
	double rate_hz;          /* wanted; 0: free running */
	double delay_s;          /* between refreshes */
	double window_s;         /* what "now" means at first */
	const char *title;       /* "4242 python app.py" */
	bool mine;               /* library frames folded at first */
};

/* Until the person leaves, a signal says so, or all targets have ended and somebody has
 * seen it. 0, or -1 when there is no terminal. */
int top_run(const struct top_options *o, struct err *err);

#endif
