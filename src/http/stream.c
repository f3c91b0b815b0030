/* stream.c - see stream.h */
#include "http/stream.h"

#include "base/clock.h"
#include "base/cond.h"

#include <string.h>

void stream_init(struct stream *s)
{
	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->drained);
}

void stream_release(struct stream *s)
{
	buf_release(&s->data);
	pthread_cond_destroy(&s->drained);
	pthread_mutex_destroy(&s->lock);
}

static void wake_reader(struct stream *s)
{
	if (!s->asleep)
		return;
	s->asleep = false;
	s->wake(s->wake_arg);
}

int stream_write(struct stream *s, const void *data, size_t len, struct err *err)
{
	struct timespec until = clock_timespec(clock_mono_ns() + STREAM_PATIENCE_NS);
	int ret = -1, waited = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->started) /* it is read without the lock once the reader was woken */
		s->started = true;
	while (!s->closed && waited == 0 && s->data.len - s->taken > STREAM_FULL)
		waited = pthread_cond_timedwait(&s->drained, &s->lock, &until);
	if (s->closed) {
		err_set(err, ERR_CANCELLED, "the client went away");
		goto out;
	}
	if (waited != 0) {
		err_set(err, ERR_LIMIT, "the client stopped reading");
		goto out;
	}
	if (s->taken > 0) { /* at most STREAM_FULL bytes move, once per as many */
		memmove(s->data.data, s->data.data + s->taken, s->data.len - s->taken);
		s->data.len -= s->taken;
		s->taken = 0;
	}
	buf_add(&s->data, data, len);
	wake_reader(s);
	ret = 0;
out:
	pthread_mutex_unlock(&s->lock);
	return ret;
}

void stream_end(struct stream *s, bool broken)
{
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	s->broken = broken;
	wake_reader(s);
	pthread_mutex_unlock(&s->lock);
}

void stream_close(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	s->asleep = false;
	pthread_cond_signal(&s->drained);
	pthread_mutex_unlock(&s->lock);
}

ssize_t stream_read(
	struct stream *s, char *to, size_t max, void (*pause)(void *arg), void *arg)
{
	size_t n;
	ssize_t ret;

	pthread_mutex_lock(&s->lock);
	n = s->data.len - s->taken;
	if (n > max)
		n = max;
	if (n > 0) {
		memcpy(to, s->data.data + s->taken, n);
		s->taken += n;
		if (s->data.len - s->taken <= STREAM_FULL)
			pthread_cond_signal(&s->drained);
		ret = (ssize_t)n;
	} else if (s->ended) {
		ret = s->broken ? STREAM_ERROR : STREAM_EOF;
	} else {
		s->asleep = true;
		pause(arg);
		ret = 0;
	}
	pthread_mutex_unlock(&s->lock);
	return ret;
}
