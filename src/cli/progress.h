/*
 * progress.h - what record and serve tell the person while they run, and when they end.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "base/buf.h"
#include "prof/sampler.h"
#include "prof/source.h"
#include "query/flat.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
	struct sampler *sampler;
	struct source *source; /* to name the hottest function; may be NULL */
	double rate_hz;        /* wanted; 0: free running */
	double duration_s;     /* 0: no limit */
	bool live;             /* stderr is a terminal: draw */
	int64_t start_ns;      /* CLOCK_MONOTONIC */
	int64_t hot_ns;        /* when the hottest function was last looked up */
	uint64_t last_ticks;   /* counts come in once a second: the rate is taken then */
	int64_t last_ns;
	double rate_now;
	char hot[128];
};

void progress_init(struct progress *p, struct sampler *s, struct source *source,
	double rate_hz, double duration_s, bool quiet);
/* One line on stderr, over the one before; nothing where stderr is no terminal. */
void progress_draw(struct progress *p);
/* Takes the line away. */
void progress_clear(struct progress *p);

/* What is said at the end. */
struct summary {
	struct sampler_stats stats;
	double rate_hz;
	uint64_t bytes; /* of the output; 0 not known */
	const char *output;
	int64_t writer_cpu_ns; /* of what is not the sampling thread */
	uint64_t seconds_lost, samples_lost;
	const char *problem; /* of the store; "" none */
	struct flat hot;     /* see summary_ask */
};

/* Looks up the hottest functions, while the source is open. */
void summary_ask(struct summary *s, struct source *source);
void summary_release(struct summary *s);

/* Text for a person: totals, rate, losses by reason, own cost, the hottest functions. */
void summary_print(const struct summary *s, struct buf *out, bool colour);
/* The same for programs. */
void summary_json(const struct summary *s, struct buf *out);

#endif
