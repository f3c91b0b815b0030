/*
 * format.c - see format.h: the table, and what all formats have in common.
 */
#include "format/format.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "format/export.h"
#include "format/formats.h"
#include "format/import.h"
#include "format/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SNIFF_BYTES = 64 * 1024,
	MAX_FILE = 1 << 30,
	MAX_INFLATED = 1 << 30,
};

const struct format_ops *format_list(void)
{
	return formats;
}

const struct format_ops *format_by_name(const char *name)
{
	size_t i;

	for (i = 0; formats[i].name; i++) {
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	}
	return NULL;
}

/* The length of the longest ending of f that the path has, or 0. */
static size_t ending_len(const struct format_ops *f, const char *path)
{
	const char *at = f->endings;
	size_t path_len = strlen(path), longest = 0;

	while (*at) {
		size_t len = strcspn(at, " ");

		if (len < path_len && len > longest &&
			!strncasecmp(path + path_len - len, at, len))
			longest = len;
		at += len;
		at += strspn(at, " ");
	}
	return longest;
}

const struct format_ops *format_by_path(const char *path)
{
	const struct format_ops *best = NULL;
	size_t i, best_len = 0;

	for (i = 0; formats[i].name; i++) {
		size_t len = formats[i].write ? ending_len(&formats[i], path) : 0;

		if (len > best_len) {
			best = &formats[i];
			best_len = len;
		}
	}
	return best;
}

const struct format_ops *format_sniff(const void *head, size_t len)
{
	const struct format_ops *best = NULL;
	struct buf inner = BUF_INIT;
	int best_score = 0;
	size_t i;

	if (inflate_needed(head, len)) {
		inflate_all(&inner, head, len, SNIFF_BYTES);
		head = inner.data;
		len = inner.len;
	}
	if (len > SNIFF_BYTES)
		len = SNIFF_BYTES;
	for (i = 0; formats[i].name; i++) {
		int score = formats[i].sniff ? formats[i].sniff(head, len) : 0;

		if (score > best_score) {
			best = &formats[i];
			best_score = score;
		}
	}
	buf_release(&inner);
	return best;
}

/* ---- writing ------------------------------------------------------------------------ */

static int add_point(void *arg, const struct point *p)
{
	point_add(arg, p);
	return 0;
}

/* What there is of what formats may lack: enum format_holds. */
static int look_at_source(struct export *ex, unsigned *has, struct err *err)
{
	const struct filter *f = ex->filter;
	size_t i, n_threads = 0;
	struct ask a = { 0 };
	struct point all;
	int ret = -1;

	point_init(&all, 0, 0, 0);
	if (filter_ask(f, ex->source, &a, err) < 0)
		return -1;
	if (ex->source->ops->points(ex->source, &a, add_point, &all, err) < 0)
		goto out;
	*has = HOLDS_LINES | (all.n_ticks > 1 ? HOLDS_ORDER : 0) |
	       (all.n_metrics ? HOLDS_METRICS : 0);
	/* one that was asked for is known of all samples */
	for (i = 0; i < STATE_BITS && (!f->states || f->states & (f->states - 1)); i++)
		*has |= all.state_ns[i] ? HOLDS_STATE : 0;
	for (i = 0; i < ex->targets.n_targets; i++)
		n_threads += ex->targets.targets[i].n_threads;
	if (n_threads > 1 && !f->threads.n && !ex->opt.threads)
		*has |= HOLDS_THREADS;
	for (i = 0; i < ex->targets.n_events; i++) {
		enum event_kind kind = ex->targets.events[i].kind;

		if (kind == EVENT_START || kind == EVENT_EXEC || kind == EVENT_LOST)
			*has |= HOLDS_EVENTS;
	}
	ret = 0;
out:
	ask_release(&a);
	filter_done(&a);
	return ret;
}

static int warn_lacks(struct export *ex, const struct format_ops *f, struct err *err)
{
	static const struct {
		unsigned flag;
		const char *what;
	} rows[] = {
		{ HOLDS_ORDER, "times" },
		{ HOLDS_STATE, "states" },
		{ HOLDS_THREADS, "threads" },
		{ HOLDS_METRICS, "memory and CPU of the process" },
		{ HOLDS_EVENTS, "events" },
		{ HOLDS_LINES, "line numbers" },
	};
	struct buf text = BUF_INIT;
	unsigned has = 0;
	size_t i;

	if (!ex->warnings || f->holds == HOLDS_ALL)
		return 0;
	if (look_at_source(ex, &has, err) < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].flag & has & ~f->holds)
			buf_printf(&text, "%s%s", text.len ? ", " : "", rows[i].what);
	}
	if (text.len)
		export_warn(ex, "%s has no place for: %s", f->name, text.data);
	buf_release(&text);
	return 0;
}

/* Its command, else the file it was read from; pid where there is one. */
static void set_title(struct export *ex)
{
	const struct target *t = ex->targets.n_targets ? &ex->targets.targets[0] : NULL;
	const char *name = t ? series_get(&t->series, "command") : NULL;
	size_t size = sizeof(ex->title_text);

	if (t && !name)
		name = series_get(&t->series, "imported");
	ex->title = ex->opt.title ? ex->opt.title : ex->title_text;
	if (ex->targets.n_targets > 1)
		snprintf(ex->title_text, size, "%zu processes", ex->targets.n_targets);
	else if (t && t->series.pid)
		snprintf(ex->title_text, size, "%s (pid %d)", name ? name : "Python",
			(int)t->series.pid);
	else
		snprintf(ex->title_text, size, "%s", name ? name : "pystrobe");
}

int format_write(const struct format_ops *f, struct source *src, const struct filter *flt,
	const struct format_options *o, struct format_out *out, struct buf *warnings,
	struct err *err)
{
	struct export ex = {
		.source = src, .filter = flt, .out = out, .warnings = warnings
	};
	int ret = -1;

	if (!f->write)
		return err_set(err, ERR_USAGE, "%s is read, not written", f->name);
	if (o)
		ex.opt = *o;
	json_init(&ex.j, &ex.b);
	if (targets_query(&ex.targets, src, flt, err) < 0)
		goto out;
	set_title(&ex);
	ex.symbols = symbols_new();
	if (warn_lacks(&ex, f, err) < 0 || f->write(&ex, err) < 0)
		goto out;
	if (ex.b.len && out->emit(out, ex.b.data, ex.b.len, err) < 0)
		goto out;
	ret = 0;
out:
	targets_release(&ex.targets);
	symbols_free(ex.symbols);
	map_release(&ex.thread_of);
	free(ex.threads);
	free(ex.spans);
	buf_release(&ex.b);
	return ret;
}

struct fd_out {
	struct format_out out;
	int fd;
	const char *path;
};

static int emit_fd(struct format_out *out, const void *data, size_t len, struct err *err)
{
	struct fd_out *o = (struct fd_out *)out;

	return file_write_fd(o->fd, data, len, o->path, err);
}

int format_write_fd(const struct format_ops *f, struct source *src,
	const struct filter *flt, const struct format_options *o, int fd,
	const char *path, struct buf *warnings, struct err *err)
{
	struct fd_out out = { .out = { emit_fd }, .fd = fd, .path = path };

	return format_write(f, src, flt, o, &out.out, warnings, err);
}

/* ---- reading ------------------------------------------------------------------------ */

static int read_inflated(const struct format_ops *f, struct import *im, struct err *err)
{
	struct err damage = ERR_INIT;

	if (!im->len)
		return err_set(err, ERR_CORRUPT, "%s: empty file", im->name);
	if (!f)
		f = format_sniff(im->data, im->len);
	if (!f)
		return err_set(err, ERR_CORRUPT,
			"%s: not a profile in any format that is read here", im->name);
	if (!f->read)
		return err_set(err, ERR_USAGE, "%s is written, not read", f->name);
	if (f->read(im, &damage) < 0) {
		if (!im->n_samples) {
			*err = damage;
			return err_wrap(err, "%s: as %s", im->name, f->name);
		}
		import_warn(im, "damaged: %s; what came before it was kept", damage.msg);
	}
	return import_finish(im, err);
}

int format_read(const struct format_ops *f, const void *data, size_t len,
	const char *name, int64_t start_ns, struct sink *sink, struct buf *warnings,
	struct err *err)
{
	struct buf inner = BUF_INIT;
	struct import im;
	int ret;

	import_init(&im);
	im.data = data;
	im.len = len;
	im.name = name;
	im.start_ns = start_ns ? start_ns : -clock_wall_ns();
	im.sink = sink;
	im.warnings = warnings;
	if (inflate_needed(data, len)) {
		if (!inflate_all(&inner, data, len, MAX_INFLATED))
			import_warn(&im,
				inner.len >= MAX_INFLATED ? "more than %zu bytes inside: "
							    "the rest was not read"
							  : "the compressed data is "
							    "damaged after %zu bytes",
				inner.len);
		im.data = inner.data;
		im.len = inner.len;
	}
	ret = read_inflated(f, &im, err);
	import_release(&im);
	buf_release(&inner);
	return ret;
}

int format_read_path(const struct format_ops *f, const char *path, int64_t start_ns,
	struct sink *sink, struct buf *warnings, struct err *err)
{
	struct buf b = BUF_INIT;
	struct stat st;
	int ret = -1;

	if (stat(path, &st) < 0)
		return err_sys(err, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "cannot read %s: not a file", path);
	/* Not mapped: a file that shrinks while it is read must not kill us. */
	if (file_read(&b, AT_FDCWD, path, MAX_FILE, err) < 0)
		goto out;
	if (!start_ns)
		start_ns =
			-((int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
	ret = format_read(f, b.data, b.len, path, start_ns, sink, warnings, err);
out:
	buf_release(&b);
	return ret;
}
