/*
 * import.h - what a reader of a foreign format fills: processes, threads, frames, and
 * samples with or without times. The common part puts them in order, gives times to those
 * that have none, and hands seconds of samples to a sink.
 *
 *	reader: import_process, import_thread, import_frame + symbols_stack,
 *	        import_sample (it knows when) or import_count (it knows how many)
 *	then:   import_finish -> struct chunk per process and second -> sink
 *
 * A reader that meets damage returns -1 with the place in *err: what it gave before is
 * kept and the error becomes a warning, unless there was nothing.
 *
 * Bounds: IMPORT_MAX_SAMPLES samples; more are dropped (times known) or stand for several
 * each (counts), with a warning. 100 000 frames a stack.
 */
#ifndef FORMAT_IMPORT_H
#define FORMAT_IMPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "prof/series.h"
#include "prof/symbols.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

enum {
	IMPORT_MAX_SAMPLES = 8 * 1000 * 1000,
	IMPORT_MAX_DEPTH = 100 * 1000,
	IMPORT_MAX_THREADS = 65536,
};

/* What a count without a time is taken for: one tick at the usual 100 Hz. */
#define IMPORT_NOMINAL_NS 10000000

struct import_thread {
	uint32_t process;
	struct thread_info info;
	int64_t cursor_ns; /* where the next sample without a time goes */
};

struct import_process {
	struct series series;
	uint32_t n_threads;
	struct chunk open;
	uint64_t *in_tick; /* by thread: 1 + the tick it was last seen in */
	size_t cap_in_tick;
	size_t *last_run; /* by thread: 1 + its run in the open chunk */
	size_t cap_last_run;
};

struct import_sample {
	int64_t time_ns;
	uint64_t weight_ns;
	uint64_t count; /* 1; more: `weight_ns` is the sum of so many */
	uint32_t thread;
	stack_id stack;
	uint16_t state;
	wait_id wait;
};

struct import_metric {
	uint32_t process;
	struct metric metric;
};

struct import_event {
	uint32_t process;
	struct event event;
};

/* Where a frame is; texts need no NUL, all may be empty. */
struct import_place {
	const char *name, *file, *module;
	size_t name_len, file_len, module_len;
	uint32_t first_line, line;
	uint32_t flags; /* enum func_flags */
};

struct import {
	const char *data; /* the whole file, already inflated */
	size_t len;
	const char *name; /* for messages */
	int64_t start_ns; /* on the wall clock: time 0 of the file; see format.h */
	bool absolute;    /* set by a reader whose times are on the wall clock already */
	struct symbols *symbols; /* the reader interns here */
	struct sink *sink;
	struct buf *warnings;
	int n_warnings;

	/* filled through the functions below */
	struct import_process *processes;
	size_t n_processes, cap_processes;
	struct import_thread *threads;
	size_t n_threads, cap_threads;
	struct import_sample *samples;
	size_t n_samples, cap_samples;
	uint64_t n_dropped;
	struct import_metric *metrics;
	size_t n_metrics, cap_metrics;
	struct import_event *events;
	size_t n_events, cap_events;
	struct map process_of; /* pid -> 1 + process */
	struct map thread_of;  /* hash of process and key -> 1 + thread */
};

void import_init(struct import *im);
void import_release(struct import *im);

/* One warning line; the first 20 are kept. */
void import_warn(struct import *im, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The process with this pid (0: not known), made when new. */
uint32_t import_process(struct import *im, pid_t pid);
/* The same where pids do not tell processes apart. */
uint32_t import_process_key(struct import *im, uint64_t key, pid_t pid);
/* label key = value; empty values are left out. */
void import_label(
	struct import *im, uint32_t process, const char *key, const char *value);
/* The thread of a process with this key (a tid, an index: whatever tells threads apart),
 * made when new. Beyond IMPORT_MAX_THREADS the last one takes them all. */
uint32_t import_thread(struct import *im, uint32_t process, uint64_t key);
void import_thread_name(
	struct import *im, uint32_t thread, pid_t tid, const char *name, size_t len);

/* Interns a frame. Library code is told by its path. */
frame_id import_frame(struct import *im, const struct import_place *p);
/* parent + frame; past IMPORT_MAX_DEPTH the parent as it is. */
stack_id import_push(struct import *im, stack_id parent, frame_id frame);

/* A sample that ends at time_ns and stands for weight_ns before it. */
void import_sample(struct import *im, uint32_t thread, int64_t time_ns,
	uint64_t weight_ns, stack_id stack, uint16_t state, wait_id wait);
/* `count` samples without times, total_ns together (0: nominal), behind the thread's
 * others. */
void import_count(struct import *im, uint32_t thread, stack_id stack, uint64_t count,
	uint64_t total_ns, uint16_t state);

/* Of the whole process. Times as in import_sample. */
void import_metric(struct import *im, uint32_t process, const struct metric *m);
void import_event(struct import *im, uint32_t process, int64_t time_ns,
	enum event_kind kind, const char *text);

/* Hands everything to the sink. */
int import_finish(struct import *im, struct err *err);

#endif
