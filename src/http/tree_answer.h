/*
 * tree_answer.h - what the routes that answer with a call tree have in common.
 */
#ifndef HTTP_TREE_ANSWER_H
#define HTTP_TREE_ANSWER_H

#include "http/call.h"
#include "query/tree.h"

/* max_nodes, min_share, invert, group. */
int tree_read_options(struct call *c, struct tree_options *o, struct err *err);
/* Writes from_ms, until_ms, trimmed, inverted. */
void tree_write_head(struct json *j, const struct tree *t, bool inverted);
/* The whole answer, see tree_json.h; `extra` (may be NULL) is one more number. */
void tree_write(struct call *c, const struct tree *t, bool inverted, const char *extra,
	uint64_t extra_value);

#endif
