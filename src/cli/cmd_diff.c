/*
 * cmd_diff.c - pystrobe diff: what grew and what shrank between two recordings, two ranges
 * of one, or two processes now.
 */
#include "base/alloc.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "cli/shared.h"
#include "format/diff_page.h"
#include "query/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

struct diff_options {
	struct filter_options filter;
	const char *from[2], *until[2];
	unsigned max_rows;
	const char *weight;
	const char *output;
	bool json, all;
};

struct side {
	struct opened opened;
	struct filter filter;
	struct flat flat;
	const char *name;
};

/* Rarer than once in a hundred is worth a line. */
static const double NOISE = 0.01;

static int take_side(const struct diff_options *o, int which, const char *path,
	struct side *s, struct err *err)
{
	struct flat_options fo = { .by = FLAT_FUNCTION };
	struct filter_options words = o->filter;

	if (o->from[which])
		words.from = o->from[which];
	if (o->until[which])
		words.until = o->until[which];
	s->name = path;
	filter_init(&s->filter);
	if (open_path(&s->opened, path, err) < 0 ||
		filter_from_options(&s->filter, &words, s->opened.source, err) < 0)
		return -1;
	if (!o->filter.states.n && !o->filter.waits.n)
		s->filter.states = STATE_CPU;
	if (flat_query(&s->flat, s->opened.source, &s->filter, &fo, err) < 0)
		return -1;
	if (!s->flat.all.n && !o->filter.states.n && !o->filter.waits.n) {
		/* a profile that does not know states */
		s->filter.states = 0;
		flat_release(&s->flat);
		s->flat = (struct flat){ 0 };
		return flat_query(&s->flat, s->opened.source, &s->filter, &fo, err);
	}
	return 0;
}

static void release_side(struct side *s)
{
	flat_release(&s->flat);
	filter_release(&s->filter);
	open_release(&s->opened);
}

static double share(const struct weight *w, const struct weight *all, bool samples)
{
	uint64_t whole = samples ? all->n : all->ns;

	return whole ? 100 * (double)(samples ? w->n : w->ns) / (double)whole : 0;
}

static const char *verdict(const struct diff_row *r)
{
	if (!r->total[0].n)
		return "only in B";
	if (!r->total[1].n)
		return "only in A";
	if (r->p >= NOISE)
		return "noise";
	return r->share > 0 ? "grew" : "shrank";
}

static void put_row(const struct diff_table *t, const struct diff_row *r, bool samples,
	size_t columns, bool colour, struct buf *out)
{
	const char *word = verdict(r);
	enum ink k = !strcmp(word, "noise") ? INK_DIM : r->share > 0 ? INK_BAD : INK_GOOD;
	double a = share(&r->self[0], &t->all[0], samples);
	double b = share(&r->self[1], &t->all[1], samples);
	size_t start, used;

	buf_printf(out, "  %6.1f%% %6.1f%% %s%+7.1f%s  %6.1f%% %6.1f%%  %s%-9s%s  ", a, b,
		ink(colour, k), b - a, ink(colour, INK_PLAIN),
		share(&r->total[0], &t->all[0], samples),
		share(&r->total[1], &t->all[1], samples), ink(colour, k), word,
		ink(colour, INK_PLAIN));
	start = out->len;
	text_fit(out, r->place.name, columns > 90 ? columns - 70 : 24);
	used = 56 + utf8_columns(out->data + start, out->len - start);
	if (r->place.file[0] && columns > used + 20) {
		buf_printf(out, "  %s", ink(colour, INK_DIM));
		text_fit_end(out, r->place.file, columns - used - 10);
		buf_printf(out, ":%u%s", r->place.first_line, ink(colour, INK_PLAIN));
	}
	buf_char(out, '\n');
}

static void put_text(const struct diff_options *o, const struct side *v,
	const struct diff_table *t, struct buf *out)
{
	bool samples = !strcmp(o->weight, "samples"), colour = screen_colour(stdout);
	size_t columns = screen_columns(stdout), shown = 0, noise = 0, i;
	char a[32], b[32];

	buf_printf(out, "A %s: %s samples\nB %s: %s samples\n\n", v[0].name,
		text_number(a, sizeof(a), t->all[0].n), v[1].name,
		text_number(b, sizeof(b), t->all[1].n));
	buf_printf(out, "  %s%7s %7s %7s  %7s %7s  %-9s  function%s\n",
		ink(colour, INK_HEAD), "self A", "self B", "change", "total A", "total B",
		"", ink(colour, INK_PLAIN));
	for (i = 0; i < t->n_rows; i++) {
		if (!o->all && !strcmp(verdict(&t->rows[i]), "noise")) {
			noise++;
			continue;
		}
		if (shown++ >= o->max_rows)
			continue;
		put_row(t, &t->rows[i], samples, columns, colour, out);
	}
	if (!shown)
		buf_str(out, "  no difference that chance would not explain\n");
	if (shown > o->max_rows)
		buf_printf(out, "  %s%zu more, -m %zu shows them%s\n",
			ink(colour, INK_DIM), shown - o->max_rows, shown,
			ink(colour, INK_PLAIN));
	if (noise)
		buf_printf(out,
			"  %s%zu functions differ by no more than chance (p >= %g); "
			"--all "
			"shows them%s\n",
			ink(colour, INK_DIM), noise, NOISE, ink(colour, INK_PLAIN));
}

static void put_json(const struct side *v, const struct diff_table *t, struct buf *out)
{
	struct json j;
	size_t i;
	int k;

	json_init(&j, out);
	j.indent = true;
	json_object(&j);
	for (k = 0; k < 2; k++) {
		json_key(&j, k ? "b" : "a");
		json_object(&j);
		json_kstr(&j, "name", v[k].name);
		json_kint(&j, "samples", (int64_t)t->all[k].n);
		json_kdouble(&j, "seconds", (double)t->all[k].ns / 1e9);
		json_end(&j);
	}
	json_key(&j, "functions");
	json_array(&j);
	for (i = 0; i < t->n_rows; i++) {
		const struct diff_row *r = &t->rows[i];

		json_object(&j);
		json_kstr(&j, "function", r->place.name);
		json_kstr(&j, "file", r->place.file);
		json_kint(&j, "line", r->place.first_line);
		for (k = 0; k < 2; k++) {
			json_kint(&j, k ? "self_samples_b" : "self_samples_a",
				(int64_t)r->self[k].n);
			json_kint(&j, k ? "total_samples_b" : "total_samples_a",
				(int64_t)r->total[k].n);
			json_kdouble(&j, k ? "self_seconds_b" : "self_seconds_a",
				(double)r->self[k].ns / 1e9);
			json_kdouble(&j, k ? "total_seconds_b" : "total_seconds_a",
				(double)r->total[k].ns / 1e9);
		}
		json_kdouble(&j, "share_change", r->share);
		json_kdouble(&j, "p", r->p);
		json_kstr(&j, "verdict", verdict(r));
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
	buf_char(out, '\n');
}

/* -o flame.svg or flame.html: both trees in one picture. */
static int put_picture(
	const struct diff_options *o, const struct side *v, struct err *err)
{
	const struct format_ops *format = format_by_path(o->output);
	const struct tree_options to = { .max_nodes = 60000 };
	struct diff_page page = { "difference: A to B", v[0].name, v[1].name,
		!strcmp(o->weight, "samples") ? WEIGHT_SAMPLES : WEIGHT_TIME, false };
	struct tree t[2] = { 0 };
	struct diff d = { 0 };
	struct buf out = BUF_INIT;
	int ret = -1, i, fd = -1;

	if (!format || (strcmp(format->name, "svg") && strcmp(format->name, "html")))
		return err_set(err, ERR_USAGE,
			"--output: a difference is written as .svg or .html, not %s",
			o->output);
	page.html = !strcmp(format->name, "html");
	for (i = 0; i < 2; i++) {
		if (tree_query(&t[i], v[i].opened.source, &v[i].filter, &to, err) < 0)
			goto out;
	}
	if (diff_trees(&d, &t[0], &t[1], &to, err) < 0)
		goto out;
	diff_page_write(&d, &page, &out);
	fd = open(o->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		err_sys(err, errno, "cannot write %s", o->output);
		goto out;
	}
	ret = file_write_fd(fd, out.data, out.len, o->output, err);
out:
	if (fd >= 0)
		close(fd);
	buf_release(&out);
	diff_release(&d);
	tree_release(&t[0]);
	tree_release(&t[1]);
	return ret;
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct diff_options *o = options;
	bool one =
		args->n == 1 && (o->from[0] || o->until[0] || o->from[1] || o->until[1]);
	struct diff_table table = { 0 };
	struct side v[2] = { 0 };
	struct buf out = BUF_INIT;
	int ret = -1, i;

	if (args->n != 2 && !one)
		return err_set(err, ERR_USAGE,
			"two recordings, or one and its ranges: --from-a --until-a "
			"--from-b "
			"--until-b");
	for (i = 0; i < 2; i++) {
		if (take_side(o, i, args->v[one ? 0 : i], &v[i], err) < 0)
			goto out;
	}
	if (o->output) {
		ret = put_picture(o, v, err);
		goto out;
	}
	if (diff_tables(&table, &v[0].flat, &v[1].flat, 0, err) < 0)
		goto out;
	if (o->json)
		put_json(v, &table, &out);
	else
		put_text(o, v, &table, &out);
	fwrite(out.data, 1, out.len, stdout);
	ret = 0;
out:
	buf_release(&out);
	diff_table_release(&table);
	release_side(&v[0]);
	release_side(&v[1]);
	return ret;
}

static const struct opt rows[] = {
	OPT("from-a", 0, string, diff_options, from[0], "TIME", "where A begins"),
	OPT("until-a", 0, string, diff_options, until[0], "TIME", "where A ends"),
	OPT("from-b", 0, string, diff_options, from[1], "TIME", "where B begins"),
	OPT("until-b", 0, string, diff_options, until[1], "TIME", "where B ends"),
	OPT("max", 'm', unsigned, diff_options, max_rows, "N", "rows of the table",
		.initial = "25"),
	OPT("all", 'a', flag, diff_options, all, NULL,
		"also differences that chance would explain"),
	OPT("weight", 0, choice, diff_options, weight, "WHAT", "what is compared",
		.initial = "time", .choices = "time|samples", .offer = OFFER_CHOICES),
	OPT("json", 'j', flag, diff_options, json, NULL, "one JSON object for programs"),
	OPT("output", 'o', string, diff_options, output, "PATH",
		"a differential flame graph instead of the table: .svg or .html"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Comparison", rows, 0),
	OPT_GROUP("Which samples", shared_filter_rows,
		offsetof(struct diff_options, filter)),
	OPT_GROUP_END,
};

const struct cmd cmd_diff = {
	.page = {
		.name = "diff",
		.summary = "what grew and shrank between two recordings or two ranges",
		.usage = "[OPTIONS] A B",
		.about = "Compares shares of each side's own whole, so that recordings of "
			 "different length compare. Samples are counts: a difference that "
			 "chance would explain is called noise and left out.",
		.groups = groups,
		.examples = {
			{ "pystrobe diff before.pystrobe after.pystrobe",
				"did the change help, and where?" },
			{ "pystrobe diff prod.pystrobe --until-a -1h --from-b -1h",
				"the last hour against all before it" },
			{ "pystrobe diff old.pb.gz new.pb.gz -o diff.svg",
				"both trees in one flame graph" },
		},
		.offer = OFFER_FILES,
	},
	.options_size = sizeof(struct diff_options),
	.run = run,
};
