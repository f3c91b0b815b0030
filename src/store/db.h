/*
 * db.h - the only file (with db.c) that speaks to RocksDB: one database, its families,
 * errors as sentences, cursors and batches.
 *
 * Debian's build of RocksDB has its assertions on: every cursor and view must be released
 * before the database is closed.
 *
 * Readers open the database as a "secondary": it follows the writer's files and log
 * without a lock and without writing into the directory. Opening read-only beside a
 * writer is not safe (the writer's compactions delete files under it). What a secondary
 * gets wrong, merge operators and overwritten keys, does not exist here.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/buf.h"
#include "base/err.h"
#include "store/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

enum db_mode {
	DB_WRITE,
	DB_READ,
	DB_BULK, /* like DB_WRITE, for long loads: no log, bottom level at the end */
};

struct db *db_open(const char *dir, enum db_mode mode, bool sync, struct err *err);
void db_close(struct db *db);
/* DB_READ: takes over what the writer has done since; *moved: that was something. */
int db_catch_up(struct db *db, bool *moved, struct err *err);
/* Memtables to disk. */
int db_flush(struct db *db, struct err *err);
/* Rewrites everything into the bottom level. */
int db_compact(struct db *db, enum family cf, struct err *err);
/* Hard links in a directory that does not exist. */
int db_checkpoint(struct db *db, const char *to, struct err *err);
/* All keys from (inclusive) to (exclusive), files that hold nothing else first. */
int db_drop(struct db *db, enum family cf, const struct key *from, const struct key *to,
	struct err *err);
/* An estimate of the bytes on disk between two keys. */
uint64_t db_size(
	struct db *db, enum family cf, const struct key *from, const struct key *to);

/* Estimates of a whole family: keys, and bytes of its files. */
uint64_t db_keys(struct db *db, enum family cf);
uint64_t db_bytes(struct db *db, enum family cf);

/* --- reading --- */

/* A fixed state of the database (the owner's; a secondary has one state at a time). */
struct view;

/* Will somebody ask for the same soon? What is read once must not fill the cache. */
enum view_use { VIEW_ONCE, VIEW_AGAIN };

struct view *view_new(struct db *db, enum view_use use);
void view_free(struct view *v);
/* Is the key there? */
bool view_has(struct view *v, enum family cf, const struct key *key);

struct cursor;

struct cursor *cursor_new(struct view *v, enum family cf);
void cursor_free(struct cursor *c);
/* To the first key at or behind `key`. */
void cursor_seek(struct cursor *c, const struct key *key);
/* To the last key before `key`. */
void cursor_seek_before(struct cursor *c, const struct key *key);
void cursor_next(struct cursor *c);
/* Is there a key here, and does it begin with `prefix` (NULL: any)? */
bool cursor_at(const struct cursor *c, const struct key *prefix);
const void *cursor_key(const struct cursor *c, size_t *len);
const void *cursor_value(const struct cursor *c, size_t *len);
/* Reading failed: the file is damaged. Check when a walk ends. */
int cursor_check(const struct cursor *c, struct err *err);

/* --- writing --- */

struct batch;

struct batch *batch_new(void);
void batch_free(struct batch *b);
void batch_clear(struct batch *b);
size_t batch_count(const struct batch *b);
/* Seals the value (codec.h) and puts it; the buffer is emptied. */
void batch_put(struct batch *b, const struct db *db, enum family cf,
	const struct key *key, struct buf *value);
/* The same for bytes that are sealed already. */
void batch_copy(struct batch *b, const struct db *db, enum family cf, const void *key,
	size_t key_len, const void *value, size_t len);
size_t batch_bytes(const struct batch *b);
/* All or nothing. ERR_NO_SPACE when that is why. After an error nothing more can be
 * written until the database has been reopened. */
int db_write(struct db *db, struct batch *b, struct err *err);

#endif
