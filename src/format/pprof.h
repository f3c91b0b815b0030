/*
 * pprof.h - pprof's profile.proto, gzipped, written and read.
 */
#ifndef FORMAT_PPROF_H
#define FORMAT_PPROF_H

#include "base/err.h"

#include <stddef.h>

struct export;
struct import;

int pprof_write(struct export *ex, struct err *err);
int pprof_read(struct import *im, struct err *err);
int pprof_sniff(const char *head, size_t len);

#endif
