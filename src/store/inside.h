/*
 * inside.h - the parts of a store and which thread owns what. Inside store only.
 *
 *	sampler   fills `filling`, queues it at each commit       sink.c
 *	writer    one batch a second, closes buckets, retention   writer.c live.c buckets.c
 *	                                                          rollup.c mend.c retain.c
 *	queries   any number: a view, the blocks, the queued tail scope.c reader.c walk.c
 *
 * `lock` guards the queue, the list of blocks and the stats, and is never held while
 * waiting for a disk. `db_lock` is held for reading by whoever uses `db`, for writing
 * while it is reopened or caught up.
 */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include "base/map.h"
#include "prof/source.h"
#include "store/codec.h"
#include "store/db.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* --- blocks: blocks.c --- */

struct block {
	block_id id;
	/* guarded by store.lock */
	unsigned refs;             /* of queries, queued seconds and the list */
	int64_t from_ns, until_ns; /* of its data; from > until: none yet */
	bool ended;                /* nothing will be added */
	bool raw_gone;             /* only roll-ups are left */
	bool dead; /* not for new queries: will be dropped when refs are gone */
	bool live; /* of the session that writes it, and until it is ended */
	/* The session's own tables; they go when it is not live and only the list holds it.
	 * NULL: it is read from the database, see atlas.c. */
	struct symbols *symbols;
	struct symbols *leaves; /* see codec.h; comes and goes with symbols */
	/* writer's */
	bool begun; /* its record is written */
	uint16_t extent_seq;
	struct symbol_counts written;
	_Atomic uint64_t bytes;
	int64_t end_ns; /* where its day ends */
};

struct block_list {
	struct block **blocks; /* by id */
	size_t n, cap;
};

struct block *block_new(block_id id);
/* Caller holds store.lock. */
struct block *block_hold(struct block *b);
void block_drop_locked(struct store *s, struct block *b);
/* Takes store.lock. */
void block_drop(struct store *s, struct block *b);
/* Reads the list from the database. */
int blocks_load(struct store *s, struct err *err);
void blocks_release(struct store *s);
int blocks_put_extent(struct store *s, struct block *b, struct batch *batch);

/* --- symbols on disk: atlas.c --- */

/*
 * One set of tables for all blocks that queries have looked at. Days of a program have
 * mostly the same stacks: they are one entry each, and a query over many blocks meets one
 * table. When it has grown too large a new one is begun for the queries that come then.
 */
struct atlas;

/* The one of now, held. */
struct atlas *atlas_hold(struct store *s);
void atlas_drop(struct store *s, struct atlas *a);
const struct symbols *atlas_symbols(const struct atlas *a);
/* The block's way into it: read when it is not there, read on when the block has grown.
 * Good until the atlas is dropped or the store refreshed. NULL on error. */
const struct chart *atlas_chart(struct store *s, struct atlas *a, const struct block *b,
	struct view *v, struct err *err);

/* --- seconds --- */

/* What came between two commits. Does not change once queued. */
struct second {
	atomic_uint refs;
	uint32_t commit;
	struct block *block;
	uint32_t counts[SYM_KINDS]; /* symbols that exist by now */
	struct chunk *chunks;
	size_t n_chunks, cap_chunks;
	struct series *series;
	size_t n_series, cap_series;
	struct thread_info *threads;
	size_t n_threads, cap_threads;
	struct event *events;
	size_t n_events, cap_events;
	size_t bytes;
	uint64_t n_samples;
	struct second *next;
};

struct second *second_new(struct block *block);
void second_drop(struct store *s, struct second *x);
/* Key of the first thing in raw, by which a view is asked whether it has this second;
 * false when it has no chunks. */
bool second_mark(const struct second *x, struct key *key);

/* --- series as the writer knows them --- */

struct live_thread {
	struct thread_info info; /* the newest */
	uint32_t commit;         /* of its last samples */
};

struct live_series {
	struct series series;
	struct live_thread *threads; /* by number; some may have ended */
	size_t n_threads, cap_threads;
	block_id defined_in; /* the block that has its records */
	bool finished;       /* its buckets are closed: what comes now is late */
	uint32_t finished_at;
	struct point points[N_LEVELS]; /* open buckets */
	bool open[N_LEVELS];
	struct live_series *next;
};

/* Buckets whose sums are to be written: done between seconds. */
struct job {
	struct job *next;
	struct block *block;
	series_id series; /* 0: all */
	unsigned level;
	int64_t bucket_ns;
};

struct store {
	struct sink sink;
	struct source source;
	char *dir;
	struct store_options o;
	char *temporary; /* removed with everything in it by store_close; or NULL */
	int owner_fd;

	pthread_rwlock_t db_lock;
	struct db *db;              /* NULL while it cannot be opened */
	pthread_mutex_t atlas_lock; /* of who adds to an atlas; taken before `lock` */

	pthread_mutex_t lock;
	pthread_cond_t wake;  /* writer: something to do */
	pthread_cond_t moved; /* others: a second was written or given up */
	struct block_list blocks;
	struct second *queue, **queue_end;
	size_t queue_bytes;
	bool writing; /* the head of the queue is being written */
	bool stop;
	struct store_stats stats;
	struct atlas *atlas; /* NULL: none yet */
	uint64_t refreshes;  /* readers: how often the owner was followed */
	uint64_t generation;

	/* sampler's */
	struct second *filling;
	struct block *block; /* where filling goes */
	uint32_t commit;
	_Atomic series_id next_series; /* the writer's to read */
	block_id next_block;

	/* writer's */
	pthread_t thread;
	bool has_thread;
	struct map series_index; /* id -> struct live_series * */
	struct live_series *series;
	struct block *writing_block;
	struct job *jobs, **jobs_end;
	size_t n_jobs;
	struct mend *mend; /* of blocks that were left unfinished; NULL: none, or done */
	/* The bucket of all series that is open, and after this second; INT64_MIN: none. */
	int64_t merged_ns[N_LEVELS], merged_next_ns[N_LEVELS];
	struct batch *batch;
	struct buf value;
	struct chunk piece, whole;
	int64_t newest_ns;
	int64_t next_retention_ns, next_trim_ns;
	uint64_t lost_reported; /* seconds_lost as of the last event about it */
	uint16_t piece_seq;
	uint32_t piece_commit;
	uint16_t raw_seq; /* pieces of raw in this commit */
};

/* --- sink.c --- */
void sink_init(struct store *s);
void sink_finish(struct store *s);

/* --- writer.c --- */
int writer_start(struct store *s, struct err *err);
int writer_stop(struct store *s, struct err *err);
/* A seq that no other key of this commit has. */
uint64_t writer_seq(struct store *s, uint32_t commit);

/* --- live.c --- */
/* NULL when it has been forgotten, or was never told of. */
struct live_series *live_of(struct store *s, series_id id);
/* From now on it is known; what is known already stays. The labels are copied. */
void live_learn(struct store *s, const struct series *from);
/* Puts the block's own record of a series and the names its threads have into the batch,
 * unless the block has them. */
void live_define(
	struct store *s, struct block *b, struct live_series *l, uint32_t commit);
/* A thread has a name from now on, which goes into the batch. */
void live_thread(
	struct store *s, struct block *b, const struct thread_info *t, uint32_t commit);
/* The threads in the chunk are not to be forgotten for a minute. */
void live_see(struct live_series *l, const struct chunk *c, uint32_t commit);
/* Series that ended a minute of commits ago go: what comes later for them is dropped. */
void live_forget(struct store *s, uint32_t commit);
/* All of them go. */
void live_forget_all(struct store *s);

/* --- buckets.c --- */
/* A piece of a series, which lies within 10 s and is in the batch already. */
void buckets_count(struct store *s, struct block *b, struct live_series *l,
	const struct chunk *piece, uint32_t commit);
/* Of one series: all that are open. */
void buckets_close(
	struct store *s, struct block *b, struct live_series *l, uint32_t commit);
/* Of all series. Those that this second has passed, once all of it is counted: what each
 * series closed in it is summed up before. */
void buckets_close_merged(struct store *s, struct block *b);
/* All that are open: the block ends. */
void buckets_end_merged(struct store *s, struct block *b);
/* None is open yet. */
void buckets_begin_merged(struct store *s);

/* --- rollup.c --- */
void rollup_queue(struct store *s, struct block *b, series_id series, unsigned level,
	int64_t bucket_ns);
/* Sums of one bucket from what is below, of one series or (0) of all; put into the batch when
 * they are a quarter of that at most, or always. */
int rollup_sum(struct store *s, struct view *v, struct batch *batch, struct block *b,
	series_id series, unsigned level, int64_t bucket, bool always, struct err *err);
/* Does the oldest job; false when there is none. */
bool rollup_step(struct store *s);
/* After a second: does so many of them that they stay some seconds behind at most, however
 * fast seconds come; none when a second might be dropped for it. */
void rollup_keep_up(struct store *s);
void rollup_release(struct store *s);
/* Writes the sums of every 5 minutes and the points of every 10 s that have none, so
 * that raw may go. */
int rollup_complete(struct store *s, struct block *b, struct err *err);

/* --- mend.c --- */
/* All blocks that their session did not end, for mend_step(). */
void mend_begin(struct store *s);
/* Makes the next bucket that is missing; false when none is, or the store is closing. */
bool mend_step(struct store *s);
void mend_release(struct store *s);
/* The whole block at once. Of one that was ended only the sums of all series: an older
 * format has none. */
int mend_block(struct store *s, struct block *b, struct err *err);

/* --- retain.c --- */
void retain_step(struct store *s);

/* --- reader.c --- */
void reader_init(struct store *s);

/* --- owner.c --- */
/* The lock of the owner; ERR_BUSY names who has it. Returns the descriptor. */
int owner_take(const char *dir, const char *address, struct err *err);
/* Who owns it: false when nobody does. address may be "". */
bool owner_is(const char *dir, pid_t *pid, char *address, size_t size);
/* FORMAT: 0 when it is ours; ERR_NOT_FOUND when there is no store, ERR_VERSION... */
int store_format_read(const char *dir, unsigned *format, struct err *err);
/* Marks an empty directory as one in which a store is made (FORMAT.new), or finds that it is,
 * by one that did not come to its end. ERR_USAGE: it holds other files. */
int store_begin(const char *dir, struct err *err);
/* Writes FORMAT, of which FORMAT.new becomes one: now it is a store. */
int store_format_put(const char *dir, struct err *err);

#endif
