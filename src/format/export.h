/*
 * export.h - what every writer stands on: the buffer that is drained into the output, who
 * the series and threads are, and for formats that keep order, every thread's spans.
 */
#ifndef FORMAT_EXPORT_H
#define FORMAT_EXPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/map.h"
#include "format/format.h"
#include "prof/source.h"
#include "query/series.h"

#include <stddef.h>
#include <stdint.h>

struct export_thread {
	const struct target *target;
	struct thread_info info;
	char label[192]; /* "MainThread", or "pid 12 MainThread" when there are several */
	size_t first_span, n_spans;
	size_t last_span; /* while gathering: 1 + its newest */
	uint64_t n, ns;   /* its samples, their time */
};

/* One thread did one thing: consecutive ticks. */
struct span {
	uint32_t thread; /* index of export.threads */
	stack_id stack;  /* of export.symbols */
	int64_t from_ns, until_ns;
	uint64_t n, ns;
	uint16_t state;
	wait_id wait;
};

struct export
{
	struct source *source;
	const struct filter *filter;
	struct format_options opt;
	struct format_out *out;
	struct buf *warnings; /* NULL: dropped */
	struct buf b;         /* what is not yet given to out */
	struct json j;        /* writes into b */
	const char *title;    /* never NULL */
	char title_text[256];

	struct targets targets; /* in the range and chosen by the filter */
	struct export_thread *threads;
	size_t n_threads, cap_threads;
	struct map thread_of; /* series << 32 | thread -> 1 + index */

	/* export_gather() */
	struct symbols *symbols;
	struct span *spans; /* by thread, then time */
	size_t n_spans, cap_spans;
	int64_t from_ns, until_ns; /* of the spans */
};

enum {
	/* Spans held at once: 640 MiB. A day of eight busy threads at 100 Hz fits if they
	 * change what they do ten times a second each. */
	EXPORT_MAX_SPANS = 16 * 1000 * 1000,
};

/* Gives the output what is in the buffer when it is worth it. After every record. */
int export_drain(struct export *ex, struct err *err);
void export_warn(struct export *ex, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The thread of a run; made up when the source does not name it. */
uint32_t export_thread(struct export *ex, series_id series, thread_id thread);
enum {
	GATHER_BY_FUNC = 1 << 0,   /* frames do not differ by line */
	GATHER_EACH_TICK = 1 << 1, /* a span per sample, else per change */
	GATHER_STATES = 1 << 2,    /* a new state or wait is a change */
};
/* Fills symbols and spans. ERR_LIMIT beyond EXPORT_MAX_SPANS. */
int export_gather(struct export *ex, unsigned how, struct err *err);
/* The spans of a thread are first_span .. + n_spans. */

/* Texts of a frame: the function's name, "" never: "(unknown)". */
const char *export_name(const struct symbols *s, const struct func *f);
/* Appends text with every byte that is not UTF-8 replaced by U+FFFD. */
void export_clean_utf8(struct buf *out, const char *s, size_t len);
/* The value that options.weight asks for. */
static inline uint64_t export_value(const struct export *ex, uint64_t n, uint64_t ns)
{
	return ex->opt.weight == WEIGHT_TIME ? ns : n;
}
/* "cpu" "gil" ...: the flags as a JSON array of words. */
void export_json_state(struct json *j, unsigned state);

#endif
