/*
 * bench.h - measuring a command, or a process that shows its progress, bare and while it
 * is sampled, and what may be concluded from the measurements.
 */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/shared.h"
#include "prof/sampler.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* ---- conclusions ---- */

/* How much slower, in percent, with the ends of the 95 % interval of the mean. */
struct bench_change {
	double slower, low, high;
	bool told_apart; /* the interval leaves out zero */
};

/*
 * From measurements made in turns: bare[i] and sampled[i] belong to the same round, and
 * larger means slower. Student's t on the logarithms of the ratios, so that what drifts
 * from round to round (another program, the processor's clock) cancels. False with fewer
 * than two rounds, or where a value is not above zero.
 */
bool bench_change(
	struct bench_change *c, const double *bare, const double *sampled, size_t n);
/* The middle of n values, and half the distance between their quartiles; 0 for none. */
double bench_median(const double *v, size_t n);
double bench_spread(const double *v, size_t n);

/*
 * A counter in text or bytes: 8 bytes or more with a NUL among the first 8 are a 64-bit
 * number of this machine; anything else is text, whose last number counts ("1200",
 * "... 17:01 done 1200\n"). False where there is none.
 */
bool bench_counter(double *value, const char *data, size_t len);

/* ---- measurements ---- */

#define BENCH_BARE (-1.0)

struct bench_plan {
	char **command; /* run to its end each time; NULL: pid is measured */
	pid_t pid;
	const char *progress; /* file with the counter */
	double seconds;       /* of one measurement of a pid */
	const struct sample_options *sample;
	bool subprocesses;
	const char *store_dir; /* made and removed for each measurement */
	bool pinned;           /* the command, to theirs */
	cpu_set_t theirs;      /* all cores but the last */
};

struct bench_run {
	double seconds_per_unit; /* wall time: of the command, or of a unit of progress */
	double cpu_s;            /* of the command and its children; 0 for a pid */
	double own_cpu_s, wall_s;
	struct sampler_stats stats; /* zero when bare */
};

/* One measurement at a rate: BENCH_BARE for none, 0 for free running. */
int bench_measure(
	struct bench_run *r, const struct bench_plan *p, double rate_hz, struct err *err);
/* Leaves a core free of the command, where there are several. The sampler is not pinned: where it
 * goes is part of what it costs. */
void bench_pin(struct bench_plan *p);

/* ---- all of them ---- */

enum { BENCH_MAX_RATES = 16 };

/* What is compared: bare first, then the rates. */
struct bench_series {
	double rate_hz;
	struct bench_run *runs; /* one a round */
	double *values;
};

struct bench_options;
struct bench {
	const struct bench_options *o; /* of cmd_bench.c */
	struct bench_plan plan;
	struct bench_series series[1 + BENCH_MAX_RATES];
	size_t n_series, rounds;
	FILE *report; /* a command's own output goes elsewhere */
	bool live;    /* stderr is a terminal */
};

/* "bare", "100 Hz", "1 kHz", "max" */
const char *bench_rate_name(char *text, size_t size, double hz);
void bench_print_text(const struct bench *b, struct buf *out);
void bench_print_json(const struct bench *b, struct buf *out);

#endif
