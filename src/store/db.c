/* db.c - see db.h */
#include "store/db.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/codec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	size_t buffer; /* memory that fills before a flush */
	size_t block;  /* bytes compressed together */
} families[CF_COUNT] = {
	[CF_DEFAULT] = { "default", 64 << 10, 4 << 10 },
	[CF_META] = { "meta", 256 << 10, 8 << 10 },
	[CF_SYM] = { "sym", 1 << 20, 32 << 10 },
	[CF_RAW] = { "raw", 2 << 20, 32 << 10 },
	[CF_AGG] = { "agg", 1 << 20, 64 << 10 },
	[CF_LINE] = { "line", 1 << 20, 16 << 10 },
};

struct db {
	rocksdb_t *rocks;
	rocksdb_column_family_handle_t *cf[CF_COUNT];
	rocksdb_options_t *options[CF_COUNT], *base;
	rocksdb_block_based_table_options_t *table[CF_COUNT];
	rocksdb_cache_t *cache;
	rocksdb_writeoptions_t *write;
	enum db_mode mode;
	char *dir;
	char *aside; /* DB_READ: where the secondary keeps its own log */
};

/* RocksDB's message, which it allocates, as ours. */
static int fail(struct err *err, char *message, const char *what, const char *dir)
{
	enum err_code code = ERR_FAILED;

	if (!message)
		return 0;
	if (strstr(message, "No space left") || strstr(message, "File too large") ||
		strstr(message, "quota"))
		code = ERR_NO_SPACE;
	else if (!strncmp(message, "Corruption", 10))
		code = ERR_CORRUPT;
	else if (strstr(message, "Resource temporarily") || strstr(message, "lock hold"))
		code = ERR_BUSY;
	else if (strstr(message, "Read-only") || strstr(message, "Permission"))
		code = ERR_PERM;
	err_set(err, code, "cannot %s %s: %.400s", what, dir, message);
	rocksdb_free(message);
	return -1;
}

/* --- opening --- */

static void set_family(struct db *db, enum family cf, const rocksdb_options_t *base)
{
	rocksdb_block_based_table_options_t *t = rocksdb_block_based_options_create();
	rocksdb_options_t *o = rocksdb_options_create_copy((rocksdb_options_t *)base);

	db->options[cf] = o;
	db->table[cf] = t;
	rocksdb_block_based_options_set_block_size(t, families[cf].block);
	rocksdb_block_based_options_set_block_cache(t, db->cache);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(t, 1);
	rocksdb_block_based_options_set_format_version(t, 5);
	rocksdb_options_set_block_based_table_factory(o, t);
	rocksdb_options_set_write_buffer_size(
		o, families[cf].buffer * (db->mode == DB_BULK ? 8 : 1));
	rocksdb_options_set_max_write_buffer_number(o, 3);
	rocksdb_options_set_compression(o, rocksdb_zstd_compression);
	rocksdb_options_set_bottommost_compression(o, rocksdb_zstd_compression);
	rocksdb_options_set_target_file_size_base(o, 8 << 20);
	rocksdb_options_set_max_bytes_for_level_base(o, 64 << 20);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(o, 1);
}

static void set_base(struct db *db, bool sync)
{
	rocksdb_options_t *o = rocksdb_options_create();

	db->base = o;
	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_create_missing_column_families(o, 1);
	rocksdb_options_set_max_background_jobs(o, 2);
	rocksdb_options_set_max_open_files(o, db->mode == DB_READ ? -1 : 256);
	rocksdb_options_set_max_total_wal_size(o, 8 << 20);
	/* A reader that follows the log must find it a while longer. */
	rocksdb_options_set_WAL_ttl_seconds(o, 0);
	/*
	 * Debian's build has its assertions on, and one of them ends the process when a line
	 * is logged after another did not fit the disk: nothing is logged but how it began.
	 */
	rocksdb_options_set_max_log_file_size(o, 1 << 20);
	rocksdb_options_set_keep_log_file_num(o, 1);
	rocksdb_options_set_info_log_level(o, 4); /* fatal */
	rocksdb_options_set_stats_dump_period_sec(o, 0);
	rocksdb_options_set_paranoid_checks(o, 1);
	db->write = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(db->write, sync && db->mode == DB_WRITE);
	rocksdb_writeoptions_disable_WAL(db->write, db->mode == DB_BULK);
}

static void release(struct db *db)
{
	struct err ignored = ERR_INIT;
	int i;

	for (i = 0; i < CF_COUNT; i++) {
		if (db->cf[i])
			rocksdb_column_family_handle_destroy(db->cf[i]);
	}
	if (db->rocks)
		rocksdb_close(db->rocks);
	for (i = 0; i < CF_COUNT; i++) {
		if (db->options[i])
			rocksdb_options_destroy(db->options[i]);
		if (db->table[i])
			rocksdb_block_based_options_destroy(db->table[i]);
	}
	if (db->base)
		rocksdb_options_destroy(db->base);
	if (db->write)
		rocksdb_writeoptions_destroy(db->write);
	if (db->cache)
		rocksdb_cache_destroy(db->cache);
	if (db->aside)
		file_remove_tree(db->aside, &ignored);
	free(db->aside);
	free(db->dir);
	free(db);
}

static char *make_aside(struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xasprintf("%s/pystrobe-view-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(path)) {
		err_sys(err, errno, "cannot make a directory like %s", path);
		err_hint(err, "set TMPDIR to a directory that can be written to");
		free(path);
		return NULL;
	}
	return path;
}

static int open_families(struct db *db, const char *dir, struct err *err)
{
	const rocksdb_options_t *options[CF_COUNT];
	const char *names[CF_COUNT];
	char *message = NULL;
	int i;

	for (i = 0; i < CF_COUNT; i++) {
		options[i] = db->options[i];
		names[i] = families[i].name;
	}
	if (db->mode == DB_READ)
		db->rocks = rocksdb_open_as_secondary_column_families(db->base, dir,
			db->aside, CF_COUNT, names, options, db->cf, &message);
	else
		db->rocks = rocksdb_open_column_families(
			db->base, dir, CF_COUNT, names, options, db->cf, &message);
	if (fail(err, message, "open", dir) < 0) {
		db->rocks = NULL;
		memset(db->cf, 0, sizeof(db->cf));
		return -1;
	}
	return 0;
}

/*
 * A log that a power cut has torn is repaired by whoever writes; a reader that follows
 * refuses it for as long as it is there. So everything recovered is flushed, with a key
 * of our own in the same log, and RocksDB lets go of the old one.
 */
static int leave_old_logs(struct db *db, struct err *err)
{
	static const char key[] = "opened";
	char *message = NULL;

	rocksdb_put_cf(db->rocks, db->write, db->cf[CF_DEFAULT], key, sizeof(key) - 1, "",
		0, &message);
	if (fail(err, message, "write to", db->dir) < 0)
		return -1;
	return db_flush(db, err);
}

/* For a reader of a dead store with a torn log: the same files under another directory,
 * data by link, logs as copies, where they may be repaired. */
static int make_shadow(struct db *db, struct err *err)
{
	DIR *d = opendir(db->dir);
	struct dirent *e;
	int ret = 0;

	if (!d)
		return err_sys(err, errno, "cannot list %s", db->dir);
	while ((e = readdir(d)) && ret == 0) {
		char *from = xasprintf("%s/%s", db->dir, e->d_name), *real;
		char *to = xasprintf("%s/%s", db->aside, e->d_name);
		struct buf data = BUF_INIT;
		int fd = -1;

		if (strstr(e->d_name, ".sst")) {
			real = realpath(from, NULL);
			if (!real || symlink(real, to) < 0)
				ret = err_sys(err, errno, "cannot link %s", to);
			free(real);
		} else if (strstr(e->d_name, ".log") || !strcmp(e->d_name, "CURRENT") ||
			   !strcmp(e->d_name, "IDENTITY") ||
			   !strncmp(e->d_name, "MANIFEST", 8)) {
			fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
			ret = file_read(&data, AT_FDCWD, from, 1 << 30, err);
			if (ret == 0 && fd < 0)
				ret = err_sys(err, errno, "cannot write %s", to);
			if (ret == 0)
				ret = file_write_fd(fd, data.data, data.len, to, err);
		}
		if (fd >= 0)
			close(fd);
		buf_release(&data);
		free(from);
		free(to);
	}
	closedir(d);
	return ret;
}

static int open_shadow(struct db *db, struct err *err)
{
	struct err ignored = ERR_INIT;

	if (file_remove_tree(db->aside, &ignored) < 0 ||
		file_mkdirs(db->aside, err) < 0 || make_shadow(db, err) < 0)
		return -1;
	db->mode = DB_BULK;
	return open_families(db, db->aside, err);
}

struct db *db_open(const char *dir, enum db_mode mode, bool sync, struct err *err)
{
	struct db *db = xcalloc(1, sizeof(*db));
	struct err why = ERR_INIT;
	int i, ret = -1;

	db->mode = mode;
	db->dir = xstrdup(dir);
	db->cache = rocksdb_cache_create_lru(mode == DB_READ ? 64 << 20 : 16 << 20);
	set_base(db, sync);
	for (i = 0; i < CF_COUNT; i++)
		set_family(db, (enum family)i, db->base);
	if (mode == DB_READ)
		db->aside = make_aside(err);
	if (mode != DB_READ || db->aside)
		ret = open_families(db, dir, &why);
	if (ret < 0 && mode == DB_READ && why.code == ERR_CORRUPT)
		ret = open_shadow(db, err);
	else if (why.code)
		*err = why;
	if (ret == 0 && mode == DB_WRITE)
		ret = leave_old_logs(db, err);
	if (ret < 0) {
		release(db);
		return NULL;
	}
	return db;
}

void db_close(struct db *db)
{
	if (db)
		release(db);
}

int db_catch_up(struct db *db, bool *moved, struct err *err)
{
	uint64_t before = rocksdb_get_latest_sequence_number(db->rocks);
	char *message = NULL;

	*moved = false;
	if (db->mode != DB_READ)
		return 0; /* a shadow of what nobody writes */
	rocksdb_try_catch_up_with_primary(db->rocks, &message);
	*moved = rocksdb_get_latest_sequence_number(db->rocks) != before;
	return fail(err, message, "follow", db->dir);
}

int db_flush(struct db *db, struct err *err)
{
	rocksdb_flushoptions_t *o = rocksdb_flushoptions_create();
	int i, ret = 0;

	rocksdb_flushoptions_set_wait(o, 1);
	for (i = 0; i < CF_COUNT && ret == 0; i++) {
		char *message = NULL;

		rocksdb_flush_cf(db->rocks, o, db->cf[i], &message);
		ret = fail(err, message, "flush", db->dir);
	}
	rocksdb_flushoptions_destroy(o);
	return ret;
}

int db_compact(struct db *db, enum family cf, struct err *err)
{
	rocksdb_compactoptions_t *o = rocksdb_compactoptions_create();

	if (db_flush(db, err) < 0) {
		rocksdb_compactoptions_destroy(o);
		return -1;
	}
	rocksdb_compactoptions_set_bottommost_level_compaction(o, 2); /* force */
	rocksdb_compactoptions_set_exclusive_manual_compaction(o, 0);
	rocksdb_compact_range_cf_opt(db->rocks, db->cf[cf], o, NULL, 0, NULL, 0);
	rocksdb_compactoptions_destroy(o);
	return 0;
}

int db_checkpoint(struct db *db, const char *to, struct err *err)
{
	rocksdb_checkpoint_t *c;
	char *message = NULL;

	c = rocksdb_checkpoint_object_create(db->rocks, &message);
	if (fail(err, message, "make a checkpoint of", db->dir) < 0)
		return -1;
	rocksdb_checkpoint_create(c, to, 0, &message);
	rocksdb_checkpoint_object_destroy(c);
	return fail(err, message, "make a checkpoint in", to);
}

int db_drop(struct db *db, enum family cf, const struct key *from, const struct key *to,
	struct err *err)
{
	rocksdb_writebatch_t *b = rocksdb_writebatch_create();
	const char *low = (const char *)from->data, *high = (const char *)to->data;
	rocksdb_flushoptions_t *flush;
	char *message = NULL;

	rocksdb_writebatch_delete_range_cf(b, db->cf[cf], low, from->len, high, to->len);
	rocksdb_write(db->rocks, db->write, b, &message);
	rocksdb_writebatch_destroy(b);
	if (fail(err, message, "write to", db->dir) < 0)
		return -1;
	rocksdb_delete_file_in_range_cf(
		db->rocks, db->cf[cf], low, from->len, high, to->len, &message);
	if (fail(err, message, "drop files of", db->dir) < 0)
		return -1;
	/* What shares files with what stays goes when those are rewritten: ask for it, once
	 * the deletion itself is in a file, for only files are rewritten. */
	flush = rocksdb_flushoptions_create();
	rocksdb_flush_cf(db->rocks, flush, db->cf[cf], &message);
	rocksdb_flushoptions_destroy(flush);
	if (fail(err, message, "write to", db->dir) < 0)
		return -1;
	rocksdb_suggest_compact_range_cf(
		db->rocks, db->cf[cf], low, from->len, high, to->len, &message);
	rocksdb_free(message);
	return 0;
}

uint64_t db_size(
	struct db *db, enum family cf, const struct key *from, const struct key *to)
{
	const char *low = (const char *)from->data, *high = (const char *)to->data;
	char *message = NULL;
	uint64_t size = 0;

	rocksdb_approximate_sizes_cf(db->rocks, db->cf[cf], 1, &low, &from->len, &high,
		&to->len, &size, &message);
	rocksdb_free(message);
	return size;
}

static uint64_t property(struct db *db, enum family cf, const char *name)
{
	uint64_t v = 0;

	return rocksdb_property_int_cf(db->rocks, db->cf[cf], name, &v) == 0 ? v : 0;
}

uint64_t db_keys(struct db *db, enum family cf)
{
	return property(db, cf, "rocksdb.estimate-num-keys");
}

uint64_t db_bytes(struct db *db, enum family cf)
{
	return property(db, cf, "rocksdb.live-sst-files-size");
}

/* --- reading --- */

struct view {
	struct db *db;
	rocksdb_readoptions_t *options;
	const rocksdb_snapshot_t *snapshot; /* NULL in a secondary */
};

struct view *view_new(struct db *db, enum view_use use)
{
	struct view *v = xcalloc(1, sizeof(*v));

	v->db = db;
	v->options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_fill_cache(v->options, use == VIEW_AGAIN);
	if (db->mode != DB_READ) {
		v->snapshot = rocksdb_create_snapshot(db->rocks);
		rocksdb_readoptions_set_snapshot(v->options, v->snapshot);
	}
	return v;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	rocksdb_readoptions_destroy(v->options);
	if (v->snapshot)
		rocksdb_release_snapshot(v->db->rocks, v->snapshot);
	free(v);
}

bool view_has(struct view *v, enum family cf, const struct key *key)
{
	char *message = NULL, *value;
	size_t len;

	value = rocksdb_get_cf(v->db->rocks, v->options, v->db->cf[cf],
		(const char *)key->data, key->len, &len, &message);
	rocksdb_free(message);
	rocksdb_free(value);
	return value != NULL;
}

struct cursor {
	rocksdb_iterator_t *it;
	const char *dir;
};

struct cursor *cursor_new(struct view *v, enum family cf)
{
	struct cursor *c = xcalloc(1, sizeof(*c));

	c->it = rocksdb_create_iterator_cf(v->db->rocks, v->options, v->db->cf[cf]);
	c->dir = v->db->dir;
	return c;
}

void cursor_free(struct cursor *c)
{
	if (!c)
		return;
	rocksdb_iter_destroy(c->it);
	free(c);
}

void cursor_seek(struct cursor *c, const struct key *key)
{
	rocksdb_iter_seek(c->it, (const char *)key->data, key->len);
}

void cursor_seek_before(struct cursor *c, const struct key *key)
{
	rocksdb_iter_seek_for_prev(c->it, (const char *)key->data, key->len);
}

void cursor_next(struct cursor *c)
{
	rocksdb_iter_next(c->it);
}

bool cursor_at(const struct cursor *c, const struct key *prefix)
{
	const char *key;
	size_t len;

	if (!rocksdb_iter_valid(c->it))
		return false;
	if (!prefix)
		return true;
	key = rocksdb_iter_key(c->it, &len);
	return len >= prefix->len && !memcmp(key, prefix->data, prefix->len);
}

const void *cursor_key(const struct cursor *c, size_t *len)
{
	return rocksdb_iter_key(c->it, len);
}

const void *cursor_value(const struct cursor *c, size_t *len)
{
	return rocksdb_iter_value(c->it, len);
}

int cursor_check(const struct cursor *c, struct err *err)
{
	char *message = NULL;

	rocksdb_iter_get_error(c->it, &message);
	return fail(err, message, "read", c->dir);
}

/* --- writing --- */

struct batch {
	rocksdb_writebatch_t *rocks;
	size_t bytes;
};

struct batch *batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->rocks = rocksdb_writebatch_create();
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	rocksdb_writebatch_destroy(b->rocks);
	free(b);
}

void batch_clear(struct batch *b)
{
	rocksdb_writebatch_clear(b->rocks);
	b->bytes = 0;
}

size_t batch_count(const struct batch *b)
{
	return (size_t)rocksdb_writebatch_count(b->rocks);
}

size_t batch_bytes(const struct batch *b)
{
	return b->bytes;
}

void batch_copy(struct batch *b, const struct db *db, enum family cf, const void *key,
	size_t key_len, const void *value, size_t len)
{
	rocksdb_writebatch_put_cf(b->rocks, db->cf[cf], key, key_len, value, len);
	b->bytes += key_len + len;
}

void batch_put(struct batch *b, const struct db *db, enum family cf,
	const struct key *key, struct buf *value)
{
	seal(value, key);
	batch_copy(b, db, cf, key->data, key->len, value->data, value->len);
	buf_clear(value);
}

int db_write(struct db *db, struct batch *b, struct err *err)
{
	char *message = NULL;

	if (!batch_count(b))
		return 0;
	rocksdb_write(db->rocks, db->write, b->rocks, &message);
	return fail(err, message, "write to", db->dir);
}
