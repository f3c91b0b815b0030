/*
 * text.h - plain text for people, written.
 */
#ifndef FORMAT_TEXT_H
#define FORMAT_TEXT_H

#include "base/err.h"

struct export;

int text_write(struct export *ex, struct err *err);

#endif
