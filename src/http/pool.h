/*
 * pool.h - the workers that run calls, and the answers they share.
 *
 * A cached call that is asked for again while it is queued, running or still fresh (the
 * source has nothing newer) is not run again: twenty tabs on the same view cost one
 * query a second. The queue is bounded: beyond it a call fails at once.
 *
 * Calls that stream have a thread each, a few at most: they wait for their client, and
 * nobody else's query may wait with them.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/call.h"

#include <pthread.h>

struct source;

enum {
	POOL_WORKERS = 3,
	POOL_STREAMS = 8,
	POOL_MAX_QUEUE = 128,
	POOL_CACHE_ENTRIES = 96,
	POOL_CACHE_BYTES = 48 << 20,
};
#define POOL_DEADLINE_NS (30 * 1000000000LL)
#define POOL_CACHED_NS   (2 * 1000000000LL) /* an answer is used again for so long */

/* Who waits for a call. Embedded in a connection; ready() is called by a worker. */
struct waiter {
	struct waiter *next;
	void (*ready)(struct waiter *w);
};

struct pool_stream {
	struct pool *pool;
	pthread_t thread;
	struct call *call; /* NULL: it has finished */
	bool started;      /* to be joined */
};

struct pool {
	pthread_t workers[POOL_WORKERS];
	struct pool_stream streams[POOL_STREAMS];
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct source *source;
	struct call *first, *last; /* queued */
	size_t n_queued;
	struct call *running[POOL_WORKERS];
	struct call *newest, *oldest; /* cache, finished and unfinished */
	size_t n_cached, cached_bytes;
	uint64_t n_run, n_hits;
	bool closing;
};

void pool_start(struct pool *p, struct source *source);
/* Cancels what runs, fails what is queued, wakes all waiters, joins. No call is queued
 * afterwards. */
void pool_stop(struct pool *p);

struct call *call_new(struct http_server *server, const struct route *route, char *key);
void call_unref(struct pool *p, struct call *c);
/* Takes the reference to c and returns one to the call that will have the answer: c or an
 * equal one. Its waiter is called when it is done, at once when it is already. */
struct call *pool_submit(struct pool *p, struct call *c, struct waiter *w);

#endif
