/* admin.c - info, compact, freeze, opening whatever it is; see admin.h */
#include "store/admin.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- info --- */

static int count_point(void *arg, const struct point *p)
{
	*(uint64_t *)arg += p->n_samples;
	return 0;
}

/* Of all blocks: what several have counts several times, as it is stored. */
static int count_symbols(
	struct store *s, struct view *v, struct store_info *info, struct err *err)
{
	struct atlas *a = atlas_hold(s);
	size_t i;
	int ret = 0;

	for (i = 0; i < s->blocks.n && ret == 0; i++) {
		const struct chart *c = atlas_chart(s, a, s->blocks.blocks[i], v, err);

		if (!c) {
			ret = -1;
			break;
		}
		info->n_strings += c->n[SYM_STR] - 1;
		info->n_functions += c->n[SYM_FUNC] - 1;
		info->n_frames += c->n[SYM_FRAME] - 1;
		info->n_stacks += c->n[SYM_STACK] - 1;
	}
	atlas_drop(s, a);
	return ret;
}

static int count_records(struct view *v, struct store_info *info, struct err *err)
{
	struct cursor *c = cursor_new(v, CF_META);
	struct key start = key_block(1);
	struct map series = MAP_INIT, threads = MAP_INIT;
	struct key_fields k;
	int ret;

	for (cursor_seek(c, &start); cursor_at(c, NULL); cursor_next(c)) {
		size_t len;
		const void *key = cursor_key(c, &len);

		if (!key_parse(CF_META, key, len, &k))
			continue;
		if (k.kind == 'S')
			*map_put(&series, k.series) = 1;
		else if (k.kind == 'T')
			*map_put(&threads, (uint64_t)k.series << 32 | k.thread) = 1;
		else if (k.kind == 'E')
			info->n_events++;
	}
	info->n_series = series.n;
	info->n_threads = threads.n;
	ret = cursor_check(c, err);
	map_release(&series);
	map_release(&threads);
	cursor_free(c);
	return ret;
}

int store_info(const char *dir, struct store_info *info, struct err *err)
{
	const struct store_options o = { .mode = STORE_READ };
	struct ask all = { .from_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct source *src;
	struct store *s;
	struct view *v;
	int ret = -1;

	*info = (struct store_info){ 0 };
	if (store_format_read(dir, &info->format, err) < 0)
		return -1;
	s = store_open(dir, &o, err);
	if (!s)
		return -1;
	src = store_source(s);
	v = view_new(s->db, VIEW_ONCE);
	info->is_old = info->format < STORE_FORMAT;
	info->live = owner_is(
		dir, &info->owner_pid, info->owner_address, sizeof(info->owner_address));
	info->n_blocks = s->blocks.n;
	info->n_raw = db_keys(s->db, CF_RAW);
	info->n_rollups = db_keys(s->db, CF_AGG);
	info->n_lines = db_keys(s->db, CF_LINE);
	info->bytes_raw = db_bytes(s->db, CF_RAW);
	info->bytes_rollup = db_bytes(s->db, CF_AGG) + db_bytes(s->db, CF_LINE);
	info->bytes_symbols = db_bytes(s->db, CF_SYM);
	info->bytes_meta = db_bytes(s->db, CF_META);
	info->bytes_disk = file_disk_usage(dir);
	if (count_records(v, info, err) == 0 && count_symbols(s, v, info, err) == 0 &&
		src->ops->range(src, &info->from_ns, &info->until_ns, err) == 0 &&
		src->ops->points(src, &all, count_point, &info->n_samples, err) == 0)
		ret = 0;
	ask_release(&all);
	view_free(v);
	store_close(s, err);
	return ret;
}

/* --- compact --- */

static int give_up(struct err *err)
{
	return err_set(err, ERR_CANCELLED, "given up");
}

static int rewrite(
	struct store *s, store_progress_fn *progress, void *arg, struct err *err)
{
	size_t i;
	int cf;

	if (writer_stop(s, err) < 0) /* from here on this thread writes */
		return -1;
	for (i = 0; i < s->blocks.n; i++) {
		if (progress && progress(arg, "adding roll-ups", i, s->blocks.n))
			return give_up(err);
		if (mend_block(s, s->blocks.blocks[i], err) < 0)
			return -1;
	}
	for (cf = CF_META; cf < CF_COUNT; cf++) {
		if (progress &&
			progress(arg, "rewriting", (uint64_t)cf - 1, CF_COUNT - 1))
			return give_up(err);
		if (db_compact(s->db, (enum family)cf, err) < 0)
			return -1;
	}
	return 0;
}

int store_compact(const char *dir, store_progress_fn *progress, void *arg,
	uint64_t *bytes_before, uint64_t *bytes_after, struct err *err)
{
	const struct store_options o = { .mode = STORE_WRITE, .no_sync = true };
	struct err ignored = ERR_INIT;
	struct store *s;
	unsigned format;
	int ret;

	if (store_format_read(dir, &format, err) < 0)
		return -1;
	if (bytes_before)
		*bytes_before = file_disk_usage(dir);
	s = store_open(dir, &o, err);
	if (!s)
		return -1;
	ret = rewrite(s, progress, arg, err);
	if (store_close(s, ret < 0 ? &ignored : err) < 0)
		ret = -1;
	if (bytes_after)
		*bytes_after = file_disk_usage(dir);
	return ret;
}

/* --- freeze --- */

static int copy_family(struct store *s, struct db *to, enum family cf,
	store_progress_fn *progress, void *arg, struct err *err)
{
	struct view *v = view_new(s->db, VIEW_ONCE);
	struct cursor *c = cursor_new(v, cf);
	struct batch *b = batch_new();
	struct key start = key_block(0);
	uint64_t n = 0, all = db_keys(s->db, cf);
	int ret = 0;

	for (cursor_seek(c, &start); cursor_at(c, NULL) && !ret; cursor_next(c)) {
		size_t key_len, len;
		const void *key = cursor_key(c, &key_len), *value = cursor_value(c, &len);

		batch_copy(b, to, cf, key, key_len, value, len);
		if (batch_bytes(b) < 1 << 20)
			continue;
		n += batch_count(b);
		ret = db_write(to, b, err);
		batch_clear(b);
		if (!ret && progress && progress(arg, "copying", n, all))
			ret = err_set(err, ERR_CANCELLED, "given up");
	}
	if (!ret)
		ret = cursor_check(c, err);
	if (!ret)
		ret = db_write(to, b, err);
	batch_free(b);
	cursor_free(c);
	view_free(v);
	return ret;
}

static int refuse_existing(const char *to, struct err *err)
{
	struct stat st;

	if (lstat(to, &st) < 0)
		return 0;
	err_set(err, ERR_USAGE, "%s exists", to);
	return err_hint(err, "name a directory that does not exist yet");
}

int store_freeze(const char *dir, const char *to, store_progress_fn *progress, void *arg,
	struct err *err)
{
	const struct store_options o = { .mode = STORE_READ };
	struct err ignored = ERR_INIT;
	struct store *s = NULL;
	struct db *copy = NULL;
	int ret = -1, cf;

	if (refuse_existing(to, err) < 0)
		return -1;
	s = store_open(dir, &o, err);
	if (!s)
		return -1;
	if (file_mkdirs(to, err) < 0)
		goto out;
	copy = db_open(to, DB_BULK, false, err);
	if (!copy)
		goto out;
	for (cf = CF_META; cf < CF_COUNT; cf++) {
		if (copy_family(s, copy, (enum family)cf, progress, arg, err) < 0)
			goto out;
	}
	/* Last: what has no FORMAT is no store, so half a copy is never taken for one. */
	if (db_flush(copy, err) == 0)
		ret = store_format_put(to, err);
out:
	db_close(copy);
	store_close(s, &ignored);
	if (ret < 0)
		file_remove_tree(to, &ignored);
	return ret;
}

int store_checkpoint(struct store *s, const char *to, struct err *err)
{
	struct err ignored = ERR_INIT;
	char *cwd = NULL, *path = NULL;
	int ret = -1;

	if (refuse_existing(to, err) < 0 || store_flush(s, err) < 0)
		return -1;
	cwd = getcwd(NULL, 0);
	path = to[0] == '/' ? xstrdup(to) : xasprintf("%s/%s", cwd ? cwd : "", to);
	pthread_rwlock_rdlock(&s->db_lock);
	if (!s->db)
		err_set(err, ERR_FAILED, "%s", s->stats.problem);
	else if (db_checkpoint(s->db, path, err) == 0)
		ret = store_format_put(path, err);
	pthread_rwlock_unlock(&s->db_lock);
	if (ret < 0)
		file_remove_tree(path, &ignored);
	free(cwd);
	free(path);
	return ret;
}

/* --- whatever it is --- */

struct store *store_open_any(const char *path, struct err *err)
{
	const struct store_options o = { .mode = STORE_READ };
	struct err ignored = ERR_INIT;
	char dir[512];
	struct store *s;
	struct stat st;

	if (stat(path, &st) < 0) {
		err_sys(err, errno, "cannot open %s", path);
		return NULL;
	}
	if (S_ISDIR(st.st_mode))
		return store_open(path, &o, err);
	if (!store_is_packed(path)) {
		err_set(err, ERR_USAGE, "%s is not a recording", path);
		return NULL;
	}
	if (store_unpack(path, dir, sizeof(dir), err) < 0)
		return NULL;
	s = store_open(dir, &o, err);
	if (s)
		s->temporary = xstrdup(dir);
	else
		file_remove_tree(dir, &ignored);
	return s;
}
