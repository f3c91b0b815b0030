/*
 * stream.h - bytes from a worker to a client that may be slow: a bounded pipe.
 *
 * The writer waits while the pipe is full, but not for ever: a client that reads nothing
 * for STREAM_PATIENCE_NS ends the writing with an error. The reader never waits: when
 * there is nothing it asks to be woken.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "base/buf.h"
#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STREAM_FULL = 512 << 10 };
#define STREAM_PATIENCE_NS (20 * 1000000000LL)

struct stream {
	pthread_mutex_t lock;
	pthread_cond_t drained;
	struct buf data;
	size_t taken;            /* bytes of data already handed on */
	bool ended;              /* nothing more will be written */
	bool broken;             /* ended by an error: the client must notice */
	bool closed;             /* nobody reads any more */
	atomic_bool started;     /* something was written */
	void (*wake)(void *arg); /* called with the lock held */
	void *wake_arg;
	bool asleep; /* the reader asked to be woken */
};

void stream_init(struct stream *s);
void stream_release(struct stream *s);
int stream_write(struct stream *s, const void *data, size_t len, struct err *err);
void stream_end(struct stream *s, bool broken);
/* The reader has gone; a waiting writer gets an error. */
void stream_close(struct stream *s);

enum { STREAM_EOF = -1, STREAM_ERROR = -2 };
/* Up to max bytes; 0: nothing yet, and pause(arg) was called under the lock; wake will
 * be called once there is. */
ssize_t stream_read(
	struct stream *s, char *to, size_t max, void (*pause)(void *arg), void *arg);

#endif
