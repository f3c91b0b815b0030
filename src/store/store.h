/*
 * store.h - months of samples in a directory: open, fill, ask.
 *
 * One process owns a store while it writes; any number of others read it at the same
 * time without disturbing it. A reader sees what had been written when it was opened or
 * last refreshed; the owner also sees the second that is not yet on disk.
 *
 * A store is cut into blocks (a day, or less when its symbols grow large) that have
 * their own symbols: retention drops whole blocks. See schema.h for what is on disk.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "prof/sink.h"
#include "prof/source.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

enum store_mode {
	STORE_READ,  /* beside a live owner or alone; nothing in the directory changes */
	STORE_WRITE, /* become the owner; made if it is not there */
};

struct store_options {
	enum store_mode mode;
	/* Writers only. 0: no limit. Whole blocks go, oldest first. */
	int64_t retain_ns;     /* everything older than this */
	int64_t retain_raw_ns; /* samples (but not roll-ups) older than this */
	uint64_t max_bytes;    /* of disk */
	const char *
		address; /* where the owner answers ("http://127.0.0.1:16384"); or NULL */
	size_t queue_bytes; /* memory for seconds not yet written; 0: 16 MiB */
	bool no_sync;       /* do not wait for the disk: a power cut may cost a minute */
	int64_t block_ns;   /* tests: length of a block; 0: a day */
	size_t block_symbols; /* tests: memory of symbols that ends a block; 0: 24 MiB */
};

/* NULL on error: ERR_BUSY names the owner (pid and address) of a store that is being
 * written; ERR_VERSION: written by a newer pystrobe. */
struct store *store_open(const char *dir, const struct store_options *o, struct err *err);
/* Writes what is queued, finishes the roll-ups, releases the directory. Returns -1 when
 * something could not be written: the last seconds are lost, the rest is sound. */
int store_close(struct store *s, struct err *err);
/* Is this a directory that a store made? */
bool store_is_store(const char *dir);

/* Writers: where the sampler puts its seconds. Lives as long as the store. */
struct sink *store_sink(struct store *s);
/* What queries ask. source_close() on it does nothing: it is the store's. */
struct source *store_source(struct store *s);
/* Readers: see what the owner has written since. Cheap when there is nothing. */
int store_refresh(struct store *s, struct err *err);

struct store_stats {
	uint64_t seconds_written, seconds_lost; /* commits; lost: dropped unwritten */
	uint64_t chunks_written, samples_written, samples_lost;
	uint64_t bytes_queued, bytes_disk;
	uint64_t blocks_dropped; /* by retention */
	uint64_t write_ns;       /* CPU time of the writer thread */
	bool failing;            /* writes fail now; sampling goes on */
	char problem[256];       /* why, or why they last did; "" never */
};

void store_stats(struct store *s, struct store_stats *st);
/* Writers: returns when all that was committed before is on disk or given up. */
int store_flush(struct store *s, struct err *err);

#endif
