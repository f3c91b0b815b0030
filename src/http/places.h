/*
 * places.h - names and files once, numbers everywhere else: how trees and tables travel.
 *
 *	"strings": ["", "handle", "app/views.py", "app.views"],
 *	"places": {"name": [1], "file": [2], "module": [3], "first_line": [40], "flags": [0]}
 *
 * A node or row names its place by index.
 */
#ifndef HTTP_PLACES_H
#define HTTP_PLACES_H

#include "base/json.h"
#include "base/map.h"
#include "query/tree.h"

struct place_row {
	uint32_t name, file, module, first_line, flags;
};

struct places {
	struct map by_text, by_row; /* content hash -> index + 1 */
	const char **texts;         /* borrowed from the query's result */
	size_t n_texts, cap_texts;
	struct place_row *rows;
	size_t n_rows, cap_rows;
};

void places_init(struct places *p);
void places_release(struct places *p);
uint32_t places_index(struct places *p, const struct place *place);
uint32_t places_text(struct places *p, const char *text);
/* Writes the members "strings" and "places". */
void places_write(const struct places *p, struct json *j);

/* A member that is an array of numbers: one expression of `i` for i in [0, n). */
#define JSON_COLUMN(j, name, n, value)                     \
	do {                                               \
		json_key((j), (name));                     \
		json_array(j);                             \
		for (size_t i = 0; i < (n); i++)           \
			json_uint((j), (uint64_t)(value)); \
		json_end(j);                               \
	} while (0)

/* Wall-clock ns as the API's milliseconds. */
void json_kms(struct json *j, const char *key, int64_t ns);

#endif
