/*
 * call.h - one question to the API and its answer, shared by everybody who asks the same
 * thing at the same time.
 *
 * A handler reads arguments, writes into `out` and returns 0, or -1 with *err: the
 * router turns that into {"error": ..., "hint": ...} and a status. Handlers run in
 * workers; memory for the length of the call comes from `arena`.
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;
struct route;
struct stream;
struct waiter;

enum { CALL_MAX_ARGS = 48, CALL_MAX_BODY = 16 << 10 };

struct call_arg {
	const char *name, *value; /* decoded; hostile text */
};

enum call_state { CALL_NEW, CALL_QUEUED, CALL_RUNNING, CALL_DONE };

struct call {
	/* What was asked. */
	struct http_server *server;
	const struct route *route;
	const char *path; /* borrowed from key */
	char *key;        /* method, path and query as sent: equal keys, equal answers */
	struct call_arg args[CALL_MAX_ARGS];
	size_t n_args;
	struct buf body;
	struct arena arena;  /* released when the handler returns */
	int64_t deadline_ns; /* clock_mono_ns() */
	atomic_bool cancelled;
	struct stream *stream; /* only for routes that stream */

	/* The answer. */
	int status;
	const char *type;       /* a literal */
	char file_name[96];     /* not empty: offered as a download */
	struct buf out, zipped; /* zipped is empty where it does not pay */
	char etag[24];

	/* The pool's, under its lock. */
	enum call_state state;
	uint64_t generation; /* of the source when it ran */
	unsigned refs;
	struct waiter *waiters;
	struct call *next_queued;
	struct call *newer, *older; /* cache list */
};

/* The argument's text, or NULL. */
const char *call_arg(const struct call *c, const char *name);
/* The argument's number within bounds, or the default when absent; -1 and *err when it
 * is not a number or out of bounds. */
int call_number(const struct call *c, const char *name, double min, double max,
	double *value, struct err *err);
bool call_flag(const struct call *c, const char *name);
/* Starts a JSON answer in c->out. */
void call_json(struct call *c, struct json *j);
/* Ends it with a newline. */
void call_json_end(struct call *c, struct json *j);
/* Replaces whatever was written by the error as JSON, with a fitting status. */
void call_fail(struct call *c, const struct err *err);
/* ERR_CANCELLED or ERR_LIMIT when the call should end early. For long loops. */
int call_check(const struct call *c, struct err *err);
/* Splits "a=b&c=d", decoding % and +, into args. Too many is ERR_LIMIT. */
int call_parse_query(struct call *c, const char *query, struct err *err);
/* Compresses `out` into `zipped` where that pays, and sets the etag. */
void call_seal(struct call *c);

#endif
