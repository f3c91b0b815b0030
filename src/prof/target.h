/*
 * target.h - one followed process: what the sampling thread needs to read it, and the
 * second of samples that is being filled.
 *
 * target_open() may be slow (it finds the interpreter) and is called from any thread;
 * everything else from the sampling thread only.
 */
#ifndef PROF_TARGET_H
#define PROF_TARGET_H

#include "base/err.h"
#include "proc/maps.h"
#include "proc/procstat.h"
#include "proc/stop.h"
#include "proc/task.h"
#include "prof/aiotasks.h"
#include "prof/edges.h"
#include "prof/natives.h"
#include "prof/resolve.h"
#include "prof/sampler.h"
#include "prof/series.h"
#include "prof/sink.h"
#include "python/names.h"
#include "python/runtime.h"

/* One thread of a target. */
struct lane {
	thread_id id;
	struct walk_thread *walk;
	struct task task; /* syscall_fd -1: not open */
	pid_t tid;        /* as the target says, when `task` was opened */
	struct resolved stack;
	stack_id merged; /* with native frames; of merged_in's ids */
	struct symbols *merged_in;
	stack_id tasks; /* --asyncio: the marks below its frames; of tasks_in's ids */
	struct symbols *tasks_in;
	bool shot;       /* registers and stack were taken in this tick */
	uint32_t second; /* the chunk that `run` is in */
	size_t run;
	uint16_t state;
	wait_id wait;
	int64_t state_ns; /* when the kernel was last asked */
	uint64_t futex;   /* address that futex_kind was found for */
	wait_id futex_kind;
	uint32_t n_still;                /* ticks blocked without a change */
	uint32_t n_read, n_bad, n_stops; /* --blocking auto, see is_stopped_for() */
	bool parked, changed;
	uint32_t n_kept; /* frames of the last sample */
	uint32_t misses; /* tries to open its task that failed */
	uint64_t voluntary, involuntary;
	bool named;
	char name[128];
};

/* Counted over the life of a target. */
struct target_totals {
	uint64_t samples, cut, repaired, doubted, unmerged;
	uint64_t stops, stopped_ns, stopped_ns_max;
	uint64_t lost[STATUS_COUNT];
	uint64_t reads, read_ns;
};

struct target {
	pid_t pid;
	uint64_t start_ticks;
	uint64_t program; /* see procstat.h */
	struct mem *mem;
	struct maps maps;
	struct runtime runtime;
	struct procstat stat;
	bool other_namespace;
	bool is_core;
	struct series series;
	bool announced; /* the sink knows the series */

	struct walker *walker;
	struct resolver *resolver;
	struct edges *edges;
	struct natives *natives; /* NULL: Python frames only */
	struct aiotasks *tasks;  /* NULL: without asyncio's tasks */
	struct lane **others;    /* --native: threads without Python */
	size_t n_others, cap_others;
	int64_t others_ns; /* when they were last looked for */
	struct objects objects;
	struct names names;
	bool names_due;
	int64_t names_ns;

	struct chunk chunk;
	uint32_t second;
	int64_t last_ns, metric_ns, attached_ns;
	thread_id next_thread;
	size_t next_switch; /* round robin of switch counts */
	uint64_t gil_mark;  /* hash of the GILs at the last tick */
	size_t n_parked, next_parked;
	pid_t stat_tid; /* whose stat file is open, see target_processor() */
	int stat_fd;
	int processor; /* that it said, at */
	int64_t processor_ns;
	struct stop unstopped; /* asked to stop, but sleeping uninterruptibly */
	enum status trouble;   /* of the last tick as a whole */
	int64_t trouble_ns;    /* since when */
	bool ended, lost;      /* to be let go after this tick */
	struct target_totals totals;
};

/* What the sampling thread shares with its targets at each tick. */
struct tick {
	struct sink *sink;
	struct symbols *symbols;
	const struct sampler_options *options;
	int64_t now_ns;  /* monotonic, when the tick began */
	int64_t wall_ns; /* to be added for wall clock */
	uint32_t missed; /* ticks skipped before this one */
	int64_t late_ns;
};

/* The processor on which the thread runs that had the GIL in the last tick, or one of those that
 * were on CPU, asked a moment ago; -1: not known. */
int target_processor(struct target *t, int64_t now_ns);

/* What target_open() is to prepare. */
struct target_options {
	double rate_hz; /* for the label */
	bool native, asyncio;
	enum abi_source abi; /* where layouts come from */
};

/* Finds the interpreter, opens what is needed. */
struct target *target_open(pid_t pid, const struct target_options *o, struct err *err);
/* The same of a core file, for walking and reading only; exe: the program's file, or NULL
 * for what the core names. Its maps stay loaded. */
struct target *target_open_core(
	const char *core, const char *exe, enum abi_source abi, struct err *err);
void target_free(struct target *t);

/* target_native.c: threads that have never run Python, with --native. */
void target_native_threads(struct target *t, const struct tick *k, uint32_t tick);
void target_native_release(struct target *t);
/* Adds one tick of a thread to the chunk. */
void target_put(struct target *t, struct lane *l, uint32_t tick, stack_id stack);

/* One sample of every thread. ST_GONE: the process has ended. */
enum status target_tick(struct target *t, const struct tick *k);
/* The finished second goes to the sink. */
void target_flush(struct target *t, struct sink *sink);
void target_event(
	struct target *t, const struct tick *k, enum event_kind kind, const char *text);

/* Work that is not urgent; each returns whether it did anything. */
bool target_metrics(struct target *t, const struct tick *k);
bool target_names(struct target *t, const struct tick *k);
/* What has become of the program that was attached to. By a kept descriptor: a process that
 * has got the same pid since is not taken for it. */
enum program { PROGRAM_SAME, PROGRAM_OTHER /* after an exec */, PROGRAM_ENDED };
enum program target_program(const struct target *t);

/* What a thread that sleeps in a system call waits for. */
wait_id target_wait(struct target *t, struct lane *l, const struct task_state *now);
/* target_park.c: wakes what has moved, before the threads are sampled; parks a thread that
 * sleeps, after. */
void target_wake(struct target *t, const struct tick *k);
void target_park(struct target *t, struct lane *l);
/* target_state.c: kernel state and flags of one thread, as of now. */
void lane_update_state(struct target *t, struct lane *l, const struct tick *k);

#endif
