/* pool.c - see pool.h */
#include "http/pool.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "http/route.h"
#include "http/stream.h"
#include "prof/source.h"

#include <string.h>

struct call *call_new(struct http_server *server, const struct route *route, char *key)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->server = server;
	c->route = route;
	c->key = key;
	c->refs = 1;
	c->status = 200;
	c->type = "text/plain; charset=utf-8";
	if (route->flags & ROUTE_STREAM) {
		c->stream = xmalloc(sizeof(*c->stream));
		stream_init(c->stream);
	}
	return c;
}

static void call_free(struct call *c)
{
	if (c->stream) {
		stream_release(c->stream);
		free(c->stream);
	}
	arena_release(&c->arena);
	buf_release(&c->body);
	buf_release(&c->out);
	buf_release(&c->zipped);
	free(c->key);
	free(c);
}

static void unref(struct call *c)
{
	if (--c->refs == 0)
		call_free(c);
}

void call_unref(struct pool *p, struct call *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&p->lock);
	unref(c);
	pthread_mutex_unlock(&p->lock);
}

/* ---- the cache: a list by age, short enough to walk ------------------------------- */

static size_t call_bytes(const struct call *c)
{
	return c->out.cap + c->zipped.cap;
}

static void cache_remove(struct pool *p, struct call *c)
{
	if (!c->newer != (p->newest == c))
		BUG("the list of the cache is broken");
	*(c->newer ? &c->newer->older : &p->newest) = c->older;
	*(c->older ? &c->older->newer : &p->oldest) = c->newer;
	c->newer = c->older = NULL;
	p->n_cached--;
	p->cached_bytes -= c->state == CALL_DONE ? call_bytes(c) : 0;
	unref(c);
}

static void cache_add(struct pool *p, struct call *c)
{
	c->refs++;
	c->older = p->newest;
	*(p->newest ? &p->newest->newer : &p->oldest) = c;
	p->newest = c;
	p->n_cached++;
}

static void cache_trim(struct pool *p)
{
	struct call *c, *newer;

	for (c = p->oldest; c; c = newer) {
		newer = c->newer;
		if (p->n_cached <= POOL_CACHE_ENTRIES &&
			p->cached_bytes <= POOL_CACHE_BYTES)
			break;
		if (c->state == CALL_DONE)
			cache_remove(p, c);
	}
}

/* The same question of the same data has the same answer, for a moment: ranges end now. */
static struct call *cache_find(struct pool *p, const char *key, uint64_t generation)
{
	int64_t oldest = clock_mono_ns() + POOL_DEADLINE_NS - POOL_CACHED_NS;

	for (struct call *c = p->newest; c; c = c->older) {
		if (strcmp(c->key, key))
			continue;
		if (c->state != CALL_DONE ||
			(c->generation == generation && c->deadline_ns > oldest))
			return c;
		cache_remove(p, c);
		return NULL;
	}
	return NULL;
}

/* ---- running ---------------------------------------------------------------------- */

static void run(struct call *c)
{
	struct err err = ERR_INIT;
	int ret = call_check(c, &err);

	if (ret == 0)
		ret = c->route->fn(c, &err);
	if (ret < 0 && !(c->stream && c->stream->started))
		call_fail(c, &err);
	if (!c->stream)
		call_seal(c);
	arena_release(&c->arena);
	c->n_args = 0;
}

/* Under the lock: everybody who waits may go on. */
static void finish(struct pool *p, struct call *c)
{
	struct waiter *w, *next;

	c->state = CALL_DONE;
	if (c->newer || p->newest == c)
		p->cached_bytes += call_bytes(c);
	if (c->status != 200 && (c->newer || p->newest == c))
		cache_remove(p, c); /* an error is worth another try; refs > 1 here */
	for (w = c->waiters; w; w = next) {
		next = w->next;
		w->ready(w);
	}
	c->waiters = NULL;
	cache_trim(p);
}

static struct call *take(struct pool *p)
{
	struct call *c = p->first;

	p->first = c->next_queued;
	if (!p->first)
		p->last = NULL;
	p->n_queued--;
	return c;
}

/* Under the lock, which is let go of while the handler runs. *mine is what pool_stop()
 * cancels. Takes a reference. */
static void work(struct pool *p, struct call *c, struct call **mine)
{
	bool failed;

	*mine = c;
	c->state = CALL_RUNNING;
	p->n_run++;
	c->generation = p->source->ops->generation(p->source);
	pthread_mutex_unlock(&p->lock);
	run(c);
	failed = c->status != 200;
	pthread_mutex_lock(&p->lock);
	*mine = NULL;
	finish(p, c);
	if (c->stream)
		stream_end(c->stream, failed && c->stream->started);
	unref(c);
}

static void *stream_thread(void *arg)
{
	struct pool_stream *s = arg;

	pthread_mutex_lock(&s->pool->lock);
	work(s->pool, s->call, &s->call);
	pthread_mutex_unlock(&s->pool->lock);
	return NULL;
}

/* Under the lock. False: too many are streaming. */
static bool start_stream(struct pool *p, struct call *c)
{
	struct pool_stream *s = p->streams;

	while (s < p->streams + POOL_STREAMS && s->call)
		s++;
	if (s == p->streams + POOL_STREAMS)
		return false;
	if (s->started)
		pthread_join(s->thread, NULL); /* it has let go of the lock for good */
	s->pool = p;
	s->call = c;
	s->started = pthread_create(&s->thread, NULL, stream_thread, s) == 0;
	if (!s->started)
		s->call = NULL;
	return s->started;
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	struct call **mine = NULL;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < POOL_WORKERS && !mine; i++)
		if (pthread_equal(p->workers[i], pthread_self()))
			mine = &p->running[i];
	if (!mine)
		BUG("a worker that is not in the pool's array");
	for (;;) {
		while (!p->first && !p->closing)
			pthread_cond_wait(&p->work, &p->lock);
		if (!p->first)
			break;
		work(p, take(p), mine);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

void pool_start(struct pool *p, struct source *source)
{
	memset(p, 0, sizeof(*p));
	p->source = source;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_mutex_lock(&p->lock); /* workers look for themselves in the array */
	for (size_t i = 0; i < POOL_WORKERS; i++)
		if (pthread_create(&p->workers[i], NULL, worker, p))
			BUG("cannot start a thread");
	pthread_mutex_unlock(&p->lock);
}

void pool_stop(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	for (struct call *c = p->first; c; c = c->next_queued)
		atomic_store(&c->cancelled, true);
	for (size_t i = 0; i < POOL_WORKERS; i++)
		if (p->running[i])
			atomic_store(&p->running[i]->cancelled, true);
	for (size_t i = 0; i < POOL_STREAMS; i++)
		if (p->streams[i].call) {
			atomic_store(&p->streams[i].call->cancelled, true);
			stream_close(p->streams[i].call->stream);
		}
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < POOL_WORKERS; i++)
		pthread_join(p->workers[i], NULL);
	for (size_t i = 0; i < POOL_STREAMS; i++)
		if (p->streams[i].started)
			pthread_join(p->streams[i].thread, NULL);
	pthread_mutex_lock(&p->lock);
	while (p->oldest)
		cache_remove(p, p->oldest);
	pthread_mutex_unlock(&p->lock);
}

static void refuse(struct call *c, struct waiter *w)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_LIMIT, "too many queries are waiting");
	err_hint(&err, "try again in a moment");
	call_fail(c, &err);
	call_seal(c);
	c->state = CALL_DONE;
	w->ready(w);
	if (c->stream)
		stream_end(c->stream, false);
}

struct call *pool_submit(struct pool *p, struct call *c, struct waiter *w)
{
	struct call *same = NULL;

	pthread_mutex_lock(&p->lock);
	if (c->route->flags & ROUTE_CACHED)
		same = cache_find(p, c->key, p->source->ops->generation(p->source));
	if (same) {
		p->n_hits++;
		same->refs++;
		unref(c);
		c = same;
	} else if (p->closing || p->n_queued >= POOL_MAX_QUEUE) {
		refuse(c, w);
		goto out;
	} else if (c->stream) {
		c->deadline_ns = clock_mono_ns() + POOL_DEADLINE_NS;
		c->refs++;
		if (!start_stream(p, c)) {
			c->refs--;
			refuse(c, w);
			goto out;
		}
	} else {
		c->deadline_ns = clock_mono_ns() + POOL_DEADLINE_NS;
		c->state = CALL_QUEUED;
		c->refs++;
		*(p->last ? &p->last->next_queued : &p->first) = c;
		p->last = c;
		p->n_queued++;
		if (c->route->flags & ROUTE_CACHED)
			cache_add(p, c);
		pthread_cond_signal(&p->work);
	}
	if (c->state == CALL_DONE) {
		w->ready(w);
	} else {
		w->next = c->waiters;
		c->waiters = w;
	}
out:
	pthread_mutex_unlock(&p->lock);
	return c;
}
