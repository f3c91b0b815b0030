/* live.c - see live.h */
#include "http/live.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "prof/source.h"

#include <inttypes.h>
#include <string.h>

#define POLL_NS  (250 * NS_PER_MS)
#define PULSE_NS NS_PER_SEC

static void say(struct live_client *c, const char *text, size_t len)
{
	struct stream *s = &c->stream;
	struct err err = ERR_INIT;
	bool full;

	pthread_mutex_lock(&s->lock);
	full = s->data.len - s->taken > LIVE_MAX_PENDING;
	pthread_mutex_unlock(&s->lock);
	if (!full)
		stream_write(s, text, len, &err);
}

static int tick_text(struct live *l, uint64_t generation, char *text, size_t size)
{
	struct err err = ERR_INIT;
	int64_t from = 0, until = 0;

	l->source->ops->range(l->source, &from, &until, &err);
	return snprintf(text, size,
		"event: tick\nid: %" PRIu64 "\ndata: {\"generation\":%" PRIu64
		",\"from\":%" PRId64 ",\"until\":%" PRId64 ",\"now\":%" PRId64 "}\n\n",
		generation, generation, from, until, clock_wall_ns());
}

static void *ticker(void *arg)
{
	struct live *l = arg;
	uint64_t said = 0, generation;
	int64_t last = 0, now;
	struct timespec until;
	char text[256];
	int len;

	pthread_mutex_lock(&l->lock);
	while (!l->closing) {
		if (!l->clients) {
			pthread_cond_wait(&l->changed, &l->lock);
			continue;
		}
		generation = l->source->ops->generation(l->source);
		now = clock_mono_ns();
		if (generation != said || now - last >= PULSE_NS) {
			said = generation;
			last = now;
			len = tick_text(l, generation, text, sizeof(text));
			for (struct live_client *c = l->clients; c; c = c->next)
				say(c, text, (size_t)len);
		}
		until = clock_timespec(now + POLL_NS);
		pthread_cond_timedwait(&l->changed, &l->lock, &until);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void live_start(struct live *l, struct source *source)
{
	memset(l, 0, sizeof(*l));
	l->source = source;
	pthread_mutex_init(&l->lock, NULL);
	cond_init(&l->changed);
	if (pthread_create(&l->ticker, NULL, ticker, l))
		BUG("cannot start a thread");
}

void live_stop(struct live *l)
{
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	for (struct live_client *c = l->clients; c; c = c->next)
		stream_end(&c->stream, false);
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->ticker, NULL);
}

struct live_client *live_join(struct live *l, void (*wake)(void *), void *arg)
{
	static const char hello[] = "retry: 1000\n\n";
	struct live_client *c = NULL;

	pthread_mutex_lock(&l->lock);
	if (l->closing || l->n_clients == LIVE_MAX_CLIENTS)
		goto out;
	c = xcalloc(1, sizeof(*c));
	stream_init(&c->stream);
	c->stream.wake = wake;
	c->stream.wake_arg = arg;
	say(c, hello, sizeof(hello) - 1);
	c->next = l->clients;
	c->at = &l->clients;
	if (c->next)
		c->next->at = &c->next;
	l->clients = c;
	l->n_clients++;
	pthread_cond_signal(&l->changed);
out:
	pthread_mutex_unlock(&l->lock);
	return c;
}

void live_leave(struct live *l, struct live_client *c)
{
	pthread_mutex_lock(&l->lock);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	l->n_clients--;
	pthread_mutex_unlock(&l->lock);
	stream_release(&c->stream);
	free(c);
}
