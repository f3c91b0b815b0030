/*
 * formats.h - the table of formats, in formats.c; ends with a row without a name.
 */
#ifndef FORMAT_FORMATS_H
#define FORMAT_FORMATS_H

#include "format/format.h"

extern const struct format_ops formats[];

#endif
