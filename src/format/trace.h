/*
 * trace.h - Chrome trace events, written.
 */
#ifndef FORMAT_TRACE_H
#define FORMAT_TRACE_H

#include "base/err.h"

struct export;

int trace_write(struct export *ex, struct err *err);

#endif
