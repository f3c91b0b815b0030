/*
 * speedscope.h - speedscope's JSON, written and read.
 */
#ifndef FORMAT_SPEEDSCOPE_H
#define FORMAT_SPEEDSCOPE_H

#include "base/err.h"

struct export;
struct import;

int speedscope_write(struct export *ex, struct err *err);
int speedscope_read(struct import *im, struct err *err);

#endif
