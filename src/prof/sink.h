/*
 * sink.h - where samples go: the contract between the sampler and whatever keeps them.
 *
 * The sampler calls from its own thread and must never wait: implementations copy or
 * take, queue, and return. Symbols: the sampler interns into the tables that the sink
 * owns, and asks before each second whether they have been replaced (a new block): ids
 * of the old tables then mean nothing and its caches must be dropped.
 */
#ifndef PROF_SINK_H
#define PROF_SINK_H

#include "prof/chunk.h"
#include "prof/series.h"

struct sink;

struct sink_ops {
	/* A new process. Fills in s->id. The sink copies what it keeps. */
	void (*series)(struct sink *sink, struct series *s);
	void (*thread)(struct sink *sink, const struct thread_info *t);
	void (*event)(struct sink *sink, const struct event *e);
	/* A finished second. The sink swaps *c for an empty chunk (recycled memory), or
	 * drops the oldest second it holds when it may not hold more. */
	void (*chunk)(struct sink *sink, struct chunk *c);
	/* The end of a second for all series: what was given since then is one batch. The
	 * tables to intern into from now on; a different pointer means a new block. */
	struct symbols *(*commit)(struct sink *sink);
	/* The tables to intern into now. */
	struct symbols *(*symbols)(struct sink *sink);
};

struct sink {
	const struct sink_ops *ops;
};

#endif
