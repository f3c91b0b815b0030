/*
 * json.h - a streaming JSON writer: no tree in memory, so exports of any size flow
 * through it. (Reading JSON is jansson's work, in format and http.)
 *
 * Commas and nesting are kept by the writer; a key inside an array, or a value without a
 * key inside an object, is BUG(). Text is UTF-8; bytes that are not become U+FFFD, so
 * that whatever a target calls its functions, the output parses. "</" is written "<\/",
 * so that JSON may stand inside a script element.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_MAX_DEPTH = 64 };

struct json {
	struct buf *out; /* borrowed; may be drained between calls */
	int depth;
	bool first;     /* nothing written yet at this level */
	bool after_key; /* the next value belongs to a key */
	bool indent;    /* one member a line, for people */
	char closers[JSON_MAX_DEPTH];
};

/* jansson has functions of three of these names, and its library would call ours: they
 * have other names for the linker. (No file can include both headers.) */
#define JSON_SYMBOL(name) __asm__("pystrobe_" #name)

void json_init(struct json *j, struct buf *out);
void json_object(struct json *j) JSON_SYMBOL(json_object);
void json_array(struct json *j) JSON_SYMBOL(json_array);
/* Ends the innermost object or array. */
void json_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_str(struct json *j, const char *s);
void json_strn(struct json *j, const char *s, size_t len);
void json_int(struct json *j, int64_t v);
void json_uint(struct json *j, uint64_t v);
/* Shortest text that reads back equal; NaN and infinities become null. */
void json_double(struct json *j, double v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j) JSON_SYMBOL(json_null);

/* Key and value in one. */
void json_kstr(struct json *j, const char *key, const char *s);
void json_kint(struct json *j, const char *key, int64_t v);
void json_kdouble(struct json *j, const char *key, double v);
void json_kbool(struct json *j, const char *key, bool v);

/* Appends s as a quoted JSON string. */
void json_quote(struct buf *out, const char *s, size_t len);

#endif
