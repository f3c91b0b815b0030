/*
 * params.h - the common parameters of every query: the filters of query/filter.h by the
 * same words as on the command line, and what each route adds.
 */
#ifndef HTTP_PARAMS_H
#define HTTP_PARAMS_H

#include "http/call.h"
#include "query/filter.h"

/* Fills f from the call's arguments. `prefix` ("b.") picks arguments that begin so, over
 * those without it: the second side of a comparison; NULL: none. Arguments that neither
 * the filter nor the route knows are ERR_USAGE, so that a misspelt filter is not an
 * unfiltered answer. filter_release() afterwards, also on failure. */
int params_filter(struct call *c, const char *prefix, struct filter *f, struct err *err);
/* Now, and where the recording begins and ends. */
int params_time_base(struct call *c, struct timespec_base *base, struct err *err);
/* An argument that counts something, for options; absent leaves *value. */
int params_size(struct call *c, const char *name, size_t min, size_t max, size_t *value,
	struct err *err);

/* Is the name documented by the route ("name: ..." lines)? */
bool params_route_knows(const struct call *c, const char *name);

#endif
