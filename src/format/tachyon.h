/*
 * tachyon.h - the binary files of CPython's own sampler, read.
 */
#ifndef FORMAT_TACHYON_H
#define FORMAT_TACHYON_H

#include "base/err.h"
#include "format/import.h"

#include <stddef.h>

int tachyon_read(struct import *im, struct err *err);
int tachyon_sniff(const char *head, size_t len);

#endif
