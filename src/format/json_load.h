/*
 * json_load.h - JSON files by jansson, with what a damaged one still has.
 */
#ifndef FORMAT_JSON_LOAD_H
#define FORMAT_JSON_LOAD_H

#include "base/err.h"
#include "format/import.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole file as a tree; NULL and *err (line and column) when there is nothing to be
 * had. When it breaks off or breaks somewhere, what stood complete in front of that is
 * given, and a warning names the place. Release with json_decref. */
json_t *json_import(struct import *im, struct err *err);

/* Members with defaults: wrong types are as good as missing. Borrowed. */
const char *json_text(const json_t *object, const char *key, size_t *len);
int64_t json_number_of(const json_t *object, const char *key, int64_t otherwise);
double json_real_of(const json_t *object, const char *key, double otherwise);
/* A number, whole or not, as nanoseconds of `unit_ns` each; clamped to +-2^61. */
int64_t json_ns(const json_t *value, double unit_ns);
int64_t json_clamp(double ns);
/* A line number, 0 when it is none. */
uint32_t json_line(const json_t *object, const char *key);

#endif
