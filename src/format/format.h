/*
 * format.h - every profile format we write or read, in one table.
 *
 *	struct source --filter--> format_write() --> bytes, streamed
 *	bytes --> format_read() --> struct sink (a temporary store: then view, diff, export)
 *
 * A format is found by name (-f), by the ending of an output's path, or by the content of
 * an input. Nothing here knows RocksDB, HTTP or a terminal.
 *
 * Writing: range, threads, states and functions come in through the filter and are
 * honoured by every format, as is the weight (samples or time). What a format has no
 * place for is appended to `warnings`, one line each, in words for a person; the caller
 * prints them on stderr (or drops them).
 *
 * Reading: files are hostile. Every count, length and id is bounded. A damaged file
 * yields what was sound in front of the damage, and a warning that names the place; only
 * a file of which nothing could be kept is an error.
 */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter;
struct sink;
struct source;

/* What a value counts. Time is each sample's real weight, in nanoseconds. */
enum format_weight { WEIGHT_TIME, WEIGHT_SAMPLES };

/* A frame in folded text; FOLDED_MODULE and FOLDED_COLON are what older tools wrote. */
enum folded_style {
	FOLDED_FILE_LINE, /* func (file.py:12) */
	FOLDED_MODULE,    /* func(package.module) */
	FOLDED_COLON,     /* file.py:func:12 */
};

struct format_options {
	enum format_weight weight;
	enum folded_style style; /* folded only */
	bool threads;      /* merged formats: the thread is the root of its stacks */
	const char *title; /* NULL: made from the series' labels */
	const char *page;  /* html: the dashboard's standalone page; borrowed */
	size_t page_len;
};

/* Where a writer's bytes go, in order. emit returns 0, or -1 with *err set, which ends
 * the writing (a full disk, a client that went away). */
struct format_out {
	int (*emit)(
		struct format_out *out, const void *data, size_t len, struct err *err);
};

/* What a format can hold of a recording; format_write() warns once about the rest, as far
 * as the recording has it and the filter has not chosen it. */
enum format_holds {
	HOLDS_ORDER = 1 << 0,   /* when each sample was taken */
	HOLDS_STATE = 1 << 1,   /* CPU, GIL, GC... of each sample */
	HOLDS_THREADS = 1 << 2, /* which thread */
	HOLDS_METRICS = 1 << 3, /* RSS, CPU time */
	HOLDS_EVENTS = 1 << 4,
	HOLDS_LINES = 1 << 5,
	HOLDS_ALL = (1 << 6) - 1,
};

struct export; /* export.h */
struct import; /* import.h */

struct format_ops {
	const char *name;  /* "speedscope": -f and ?format= */
	const char *title; /* "speedscope JSON, one profile per thread" */
	const char
		*endings; /* ".speedscope.json .x", the first is the usual one; "" none */
	const char *mime; /* Content-Type */
	unsigned holds;   /* enum format_holds */
	/* How sure the first bytes of a file make us: 0 no, 100 certain. NULL: not read. */
	int (*sniff)(const char *head, size_t len);
	int (*read)(struct import *in, struct err *err);
	int (*write)(struct export *ex, struct err *err); /* NULL: not written */
};

/* The table; ends with a row without a name. For --help, completion, the export menu. */
const struct format_ops *format_list(void);
/* By name, or NULL. */
const struct format_ops *format_by_name(const char *name);
/* The format whose ending is the longest at the end of the path, or NULL: then an output
 * is a store directory. Only formats that can be written. */
const struct format_ops *format_by_path(const char *path);
/* The readable format that is surest of these first bytes (64 KiB are plenty; gzip and
 * zstd are looked into), or NULL. */
const struct format_ops *format_sniff(const void *head, size_t len);

/* Writes what the filter lets through. o may be NULL (defaults); warnings may be NULL.
 * ERR_LIMIT when the range is larger than the format can take in memory (the formats that
 * keep order hold one record per change of stack). */
int format_write(const struct format_ops *f, struct source *src, const struct filter *flt,
	const struct format_options *o, struct format_out *out, struct buf *warnings,
	struct err *err);
/* The same into an open descriptor; path is for messages. */
int format_write_fd(const struct format_ops *f, struct source *src,
	const struct filter *flt, const struct format_options *o, int fd,
	const char *path, struct buf *warnings, struct err *err);

/* Reads a file (or bytes; name is for messages) into a sink, which must be one that waits
 * and keeps everything: files are read faster than anything is sampled. f NULL: by
 * content. start_ns: where a file without absolute times begins on the clock (0: so that
 * it ends when the file was last written; for bytes: now). */
int format_read_path(const struct format_ops *f, const char *path, int64_t start_ns,
	struct sink *sink, struct buf *warnings, struct err *err);
int format_read(const struct format_ops *f, const void *data, size_t len,
	const char *name, int64_t start_ns, struct sink *sink, struct buf *warnings,
	struct err *err);

#endif
