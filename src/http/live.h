/*
 * live.h - what the page is told while it is open: Server-Sent Events.
 *
 *	event: tick
 *	id: 1234                                  the source's generation
 *	data: {"generation":1234,"from":...,"until":...,"now":...}
 *
 * A tick says that there is something new, at most four a second, and at least one a
 * second as a sign of life. The page then asks for what it shows; equal questions of
 * many tabs share one answer (pool.h). A client that does not read misses ticks; it never
 * makes the ticker wait.
 */
#ifndef HTTP_LIVE_H
#define HTTP_LIVE_H

#include "http/stream.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

enum { LIVE_MAX_CLIENTS = 256, LIVE_MAX_PENDING = 8 << 10 };

struct live_client {
	struct live_client *next, **at;
	struct stream stream;
};

struct live {
	pthread_t ticker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct source *source;
	struct live_client *clients;
	size_t n_clients;
	bool closing;
};

void live_start(struct live *l, struct source *source);
/* Ends all streams and joins the ticker. Clients are freed by live_leave as ever. */
void live_stop(struct live *l);
/* NULL when there are too many, or the server is closing. */
struct live_client *live_join(struct live *l, void (*wake)(void *), void *arg);
void live_leave(struct live *l, struct live_client *c);

#endif
