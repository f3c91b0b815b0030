/*
 * load.h - samples by the million for tests and bench: a made-up program with a call tree,
 * threads that work, wait for the GIL and idle, timer jitter, memory that grows - into any
 * sink. The same seed gives the same samples.
 */
#ifndef TESTS_UNIT_LOAD_H
#define TESTS_UNIT_LOAD_H

#include "prof/sink.h"

#include <stddef.h>
#include <stdint.h>

struct load_options {
	unsigned n_series;  /* processes; 0: 1 */
	unsigned n_threads; /* of each; 0: 8, half of them mostly idle */
	unsigned hz;        /* 0: 100 */
	unsigned n_stacks;  /* distinct, chosen by a Zipf law; 0: 10 000 */
	int64_t start_ns;   /* wall clock of the first second; 0: a fixed day */
	uint64_t seed;
	/* Stacks from a recording ("a;b;c 12" lines, as exported) in place of made-up
	 * ones; their weights are the law. */
	const char *folded;
};

struct load;

struct load *load_new(const struct load_options *o, struct sink *sink);
void load_free(struct load *l);
/* One second of all processes, then commit. */
void load_second(struct load *l);
/* Moves the clock of the load, backwards too. */
void load_step_clock(struct load *l, int64_t ns);
/* Wall clock of the next second. */
int64_t load_now_ns(const struct load *l);
/* Thread samples given so far. */
uint64_t load_samples(const struct load *l);

#endif
