/*
 * dump.h - one look at a process: every Python thread, what it is doing, its stack.
 *
 * dump_take() reads once and lets go; nothing of the target is stopped but, for native
 * frames, each thread while its registers and stack are copied. Threads that moved
 * while they were read are read again, a few times; what could still not be read says so.
 */
#ifndef CLI_DUMP_H
#define CLI_DUMP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/dump_tasks.h"
#include "cli/shared.h"
#include "prof/state.h"
#include "python/locals.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct dump_options {
	const char *core, *exe; /* core file instead of a process; its program */
	bool locals, asyncio;
	struct read_options read;
	unsigned all_source; /* the line of every frame, not only of the leaf */
};

struct dump_frame {
	const char *name, *file, *module;
	const char
		*source; /* the line's text, without indentation; NULL: not to be had */
	uint32_t line;
	unsigned flags; /* enum func_flags */
	bool is_generator, is_entry;
	struct locals locals;
};

struct dump_thread {
	const char *name; /* threading's, else the kernel's; "" not known */
	pid_t tid;        /* as this side sees it; 0 not known */
	uint64_t ident;   /* threading's */
	int64_t interp;
	bool is_main, is_daemon;
	bool has_ended; /* between the reading of its stack and of its state */
	unsigned state; /* enum state */
	wait_id wait;
	enum status status;
	struct dump_frame *frames; /* leaf first */
	size_t n_frames, n_skipped;
};

struct dump {
	pid_t pid;
	const char *command, *container, *held, *build, *python;
	uint64_t rss_bytes;
	double up_s;
	bool has_gil;                /* false: free-threaded, STATE_GIL is attached */
	struct dump_thread *threads; /* main thread first, then by tid */
	size_t n_threads, n_interps;
	bool is_core, has_tasks;
	struct dump_tasks tasks;
	struct arena arena;
};

/* pid is not looked at when the options name a core. */
int dump_take(struct dump *d, pid_t pid, const struct dump_options *o, struct err *err);
void dump_release(struct dump *d);

/* For people. */
struct dump_style {
	bool colour, full_paths;
	size_t columns;
};
void dump_text(const struct dump *d, const struct dump_style *style, struct buf *out);
/* One object; schema in json.h. */
struct json;
void dump_json(const struct dump *d, struct json *j);
#endif
