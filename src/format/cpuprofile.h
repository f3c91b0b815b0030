/*
 * cpuprofile.h - V8's .cpuprofile: the flat form written, flat form and old tree read.
 */
#ifndef FORMAT_CPUPROFILE_H
#define FORMAT_CPUPROFILE_H

#include "base/err.h"

struct export;
struct import;

int cpuprofile_write(struct export *ex, struct err *err);
int cpuprofile_read(struct import *im, struct err *err);

#endif
