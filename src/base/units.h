/*
 * units.h - numbers with units as people write them, on the command line, in filters and
 * in the API: one grammar for all.
 *
 *	spans   90  90s  1.5m  15min  1h30m  2 weeks  250ms       (a bare number is seconds)
 *	sizes   1048576  500M  20GiB  20 GB     (K M G T P: of 1024, also KiB; KB MB: of 1000)
 *
 * Case does not matter. Signs, exponents, hexadecimal, inf and nan are no numbers here.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The whole text as a span in nanoseconds, or as bytes; -1 with ERR_USAGE and examples. */
int duration_parse(const char *text, int64_t *ns, struct err *err);
int size_parse(const char *text, uint64_t *bytes, struct err *err);

/* For parsers: "12", "1.5", ".5" at the beginning of *text, which moves behind it. False:
 * no number there. */
bool units_number(const char **text, double *v);
/* The same for a span; bare: a number without a unit is seconds. */
bool units_duration(const char **text, bool bare, int64_t *ns);

#endif
