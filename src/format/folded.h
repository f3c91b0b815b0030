/*
 * folded.h - folded stacks, written and read. The reader also serves the formats whose
 * lines look nearly the same.
 */
#ifndef FORMAT_FOLDED_H
#define FORMAT_FOLDED_H

#include "base/err.h"

#include <stddef.h>

struct export;
struct import;

int folded_write(struct export *ex, struct err *err);
int folded_read(struct import *im, struct err *err);
int folded_sniff(const char *head, size_t len);

#endif
