/*
 * svg.h - a flame graph as one SVG file: a picture that is right without a script, and
 * with its own script inside a viewer (search, zoom, keyboard, two colourings).
 */
#ifndef FORMAT_SVG_H
#define FORMAT_SVG_H

#include "base/err.h"
#include "prof/symbols.h"

struct export;

int svg_write(struct export *ex, struct err *err);

/* svg_package.c: the package a function belongs to: "numpy", "(stdlib)", "(C code)",
 * "(mine)" when it has no package. Returned id is of s. */
str_id svg_package(struct symbols *s, const struct func *f);

#endif
