/*
 * tree_json.h - a call tree as JSON, in columns. The page's flame graph and the
 * standalone HTML export read the same:
 *
 *	{
 *	  "from_ms": 1795262400000, "until_ms": 1795262460000,    Unix time
 *	  "trimmed": 120,        nodes that "(other)" nodes stand for
 *	  "inverted": false,
 *	  "nodes": {             preorder; node 0 is the root
 *	    "depth":    [0, 1, 2],
 *	    "place":    [0, 1, 2],      index into places
 *	    "line":     [0, 0, 0],      0 unless lines=1
 *	    "self_n":   [0, 10, 90],    samples
 *	    "total_n":  [100, 100, 90],
 *	    "self_ns":  [...],          thread-time, ns
 *	    "total_ns": [...],
 *	    "cpu_ns":   [...],          the part of total_ns on CPU
 *	    "wait_ns":  [...]           and waiting for the GIL
 *	  },
 *	  "strings": [...], "places": {...}     see places.h
 *	}
 */
#ifndef HTTP_TREE_JSON_H
#define HTTP_TREE_JSON_H

#include "http/places.h"
#include "query/tree.h"

/* Writes the member `key` ("nodes"). */
void tree_json_nodes(
	struct json *j, const char *key, const struct tree *t, struct places *places);

#endif
