/*
 * admin.h - what is in a store, is it sound, make it smaller, copy it, mail it.
 */
#ifndef STORE_ADMIN_H
#define STORE_ADMIN_H

#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Called now and then during long work; non-zero gives up. */
typedef int store_progress_fn(void *arg, const char *doing, uint64_t done, uint64_t all);

struct store_info {
	unsigned format;
	bool is_old; /* store_compact brings it up to date */
	uint64_t n_blocks, n_series, n_threads, n_events;
	uint64_t n_raw, n_rollups, n_lines; /* keys: chunks, roll-ups, timeline points */
	uint64_t n_samples;                 /* by the timeline points and chunks */
	uint64_t n_strings, n_functions, n_frames, n_stacks;
	int64_t from_ns, until_ns;
	uint64_t bytes_disk, bytes_raw, bytes_rollup, bytes_symbols, bytes_meta;
	bool live; /* somebody owns it now */
	pid_t owner_pid;
	char owner_address[128];
};

int store_info(const char *dir, struct store_info *info, struct err *err);

struct store_report {
	uint64_t n_keys, n_chunks, n_rollups, n_samples;
	uint64_t n_bad_checksum; /* values whose checksum does not hold */
	uint64_t n_bad_value;    /* that do not decode or break a rule */
	uint64_t n_dangling;     /* ids that nothing defines */
	uint64_t n_bad_rollup;   /* that differ from the samples they stand for */
	char first[512];         /* the first problem in words; "" none */
};

/* Reads everything and proves it: checksums, every reference, roll-ups against raw.
 * 0: it could be read to the end; the report says what was found. */
int store_check(const char *dir, struct store_report *r, store_progress_fn *progress,
	void *arg, struct err *err);
bool store_report_is_clean(const struct store_report *r);

/* Adds what an older format or a killed writer left out, and rewrites for size. ERR_BUSY
 * when somebody owns it. */
int store_compact(const char *dir, store_progress_fn *progress, void *arg,
	uint64_t *bytes_before, uint64_t *bytes_after, struct err *err);

/* A consistent copy into a directory that does not exist; a live store is read from
 * aside (its owner notices nothing). */
int store_freeze(const char *dir, const char *to, store_progress_fn *progress, void *arg,
	struct err *err);
/* The same by the owner itself: hard links, instant, same file system. */
int store_checkpoint(struct store *s, const char *to, struct err *err);

/* One file that holds a store: a tar stream, compressed with zstd (so `tar --zstd -x`
 * opens it too). `dir` must not be live; `file` is written beside and renamed. */
int store_pack(const char *dir, const char *file, store_progress_fn *progress, void *arg,
	struct err *err);
/* Unpacks into a fresh directory below $TMPDIR whose name goes to `dir`; the caller
 * removes it (file_remove_tree). Entries are checked: no paths, no links, bounded. */
int store_unpack(const char *file, char *dir, size_t dir_size, struct err *err);
/* Does the file begin like a packed store? */
bool store_is_packed(const char *file);

/* Opens a directory or a packed file for reading, whichever it is; a temporary directory
 * goes with store_close(). */
struct store *store_open_any(const char *path, struct err *err);

#endif
