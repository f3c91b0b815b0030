/*
 * api_export.c - the current selection as a file of any format, streamed; and the page's
 * address for people without a browser: folded stacks of the last minute.
 */
#include "base/clock.h"
#include "format/format.h"
#include "http/asset.h"
#include "http/params.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/stream.h"

#include <string.h>

struct stream_out {
	struct format_out out; /* first */
	struct stream *stream;
};

static int emit(struct format_out *out, const void *data, size_t len, struct err *err)
{
	return stream_write(((struct stream_out *)out)->stream, data, len, err);
}

/* "recording.speedscope.json", in characters that any header and file system takes. */
static void name_file(struct call *c, const struct format_ops *f)
{
	size_t ending = strcspn(f->endings, " ");

	snprintf(c->file_name, sizeof(c->file_name), "pystrobe%.*s",
		(int)(ending < 40 ? ending : 40), f->endings);
}

static int read_options(struct call *c, struct format_options *o, struct err *err)
{
	const char *weight = call_arg(c, "weight");
	const struct asset *page = asset_find("flame-standalone.html");

	*o = (struct format_options){ .weight = WEIGHT_SAMPLES,
		.threads = call_flag(c, "threads"),
		.title = c->server->title[0] ? c->server->title : NULL,
		.page = page ? page->data : NULL,
		.page_len = page ? page->len : 0 };
	if (!weight || !strcmp(weight, "samples"))
		return 0;
	if (strcmp(weight, "time"))
		return err_set(
			err, ERR_USAGE, "weight=%.40s: give samples or time", weight);
	o->weight = WEIGHT_TIME;
	return 0;
}

static int write_format(struct call *c, const struct format_ops *ops, struct filter *f,
	const struct format_options *o, struct err *err)
{
	struct stream_out out = { .out = { .emit = emit }, .stream = c->stream };
	struct buf warnings = BUF_INIT;
	int ret;

	ret = format_write(ops, c->server->source, f, o, &out.out, &warnings, err);
	if (ret == 0)
		ret = stream_write(c->stream, "", 0, err); /* an empty file is one too */
	buf_release(&warnings);
	return ret;
}

int api_export(struct call *c, struct err *err)
{
	const char *name = call_arg(c, "format");
	const struct format_ops *ops = format_by_name(name ? name : "folded");
	struct format_options o;
	struct filter f;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 || read_options(c, &o, err) < 0)
		goto out;
	if (!ops || !ops->write) {
		err_set(err, ERR_USAGE, "format=%.40s cannot be written", name);
		err_hint(err, "GET /api/v1/status lists the formats");
		goto out;
	}
	name_file(c, ops);
	c->type = ops->mime; /* before the first byte: headers go with it */
	ret = write_format(c, ops, &f, &o, err);
out:
	filter_release(&f);
	return ret;
}

int api_folded(struct call *c, struct err *err)
{
	struct format_options o = { .weight = WEIGHT_SAMPLES };
	struct filter f;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0)
		goto out;
	if (f.from_ns == 0 && f.until_ns == 0) {
		f.until_ns = clock_wall_ns();
		f.from_ns = f.until_ns - 60 * NS_PER_SEC;
	}
	c->type = "text/plain; charset=utf-8";
	ret = write_format(c, format_by_name("folded"), &f, &o, err);
out:
	filter_release(&f);
	return ret;
}
