/*
 * perf.h - what `perf script` prints, read.
 */
#ifndef FORMAT_PERF_H
#define FORMAT_PERF_H

#include "base/err.h"
#include "format/import.h"

#include <stddef.h>

int perf_read(struct import *im, struct err *err);
int perf_sniff(const char *head, size_t len);

#endif
