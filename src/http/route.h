/*
 * route.h - the API's table: what can be asked, who answers, and the words that the
 * documentation page shows. One row per resource; the page is made from it.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "base/err.h"

struct call;

enum route_flags {
	ROUTE_FILTERS = 1 << 0, /* takes the common filters, see params.h */
	ROUTE_CACHED = 1 << 1,  /* equal questions share an answer until data arrives */
	ROUTE_STREAM = 1 << 2,  /* writes to c->stream, of any length */
	ROUTE_POST = 1 << 3,    /* changes something: POST, JSON body, own origin only */
	ROUTE_LIVE = 1 << 4,    /* Server-Sent Events; handled by live.h */
};

typedef int handler_fn(struct call *c, struct err *err);

struct route {
	const char *path;
	unsigned flags; /* enum route_flags */
	handler_fn *fn;
	const char *summary; /* one sentence */
	const char *params;  /* "name: meaning" lines, besides the common filters */
	const char *returns; /* "field: meaning" lines */
};

/* The route of a path, or NULL. */
const struct route *route_find(const char *path, int post);
/* All rows; the last has no path. */
const struct route *route_table(void);

/* The handlers, each in the api_*.c of its name. */
handler_fn api_status, api_targets, api_timeline, api_flamegraph, api_growth, api_table,
	api_callers, api_threads, api_memory, api_heat, api_diff, api_source, api_export,
	api_events, api_processes, api_attach, api_detach, api_docs, api_folded;

#endif
