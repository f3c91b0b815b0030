/*
 * cmd_diff.c - pystrobe diff: what grew and what shrank between two recordings, two ranges
 * of one, or two processes now.
 */
#include "base/alloc.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/diff_live.h"
#include "cli/open.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "cli/shared.h"
#include "format/diff_page.h"
#include "prof/tape.h"
#include "query/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

struct diff_options {
	struct filter_options filter;
	struct live_options live;
	const char *from[2], *until[2];
	unsigned max_rows;
	const char *weight;
	const char *output;
	bool json, all;
};

struct side {
	struct opened opened;
	struct source *source; /* of opened, or of a process */
	struct filter filter;
	struct flat flat;
	const char *name;
};

struct comparison {
	const struct diff_options *o;
	struct live live[2];
	struct side side[2];
	const char *note; /* which states are compared; "" the person knows */
};

/* Rarer than once in a hundred is worth a line. */
static const double NOISE = 0.01;

static int open_side(struct comparison *c, int which, const char *word, struct err *err)
{
	struct side *s = &c->side[which];
	struct filter_options words = c->o->filter;

	if (c->o->from[which])
		words.from = c->o->from[which];
	if (c->o->until[which])
		words.until = c->o->until[which];
	filter_init(&s->filter);
	s->name = word;
	if (c->live[which].tape) {
		s->name = c->live[which].title;
		s->source = tape_source(c->live[which].tape);
	} else if (open_path(&s->opened, word, err) == 0) {
		s->source = s->opened.source;
	} else {
		return -1;
	}
	return filter_from_options(&s->filter, &words, s->source, err);
}

static int ask_sides(struct comparison *c, struct err *err)
{
	const struct flat_options fo = { .by = FLAT_FUNCTION };
	int i;

	for (i = 0; i < 2; i++) {
		struct side *s = &c->side[i];

		flat_release(&s->flat);
		s->flat = (struct flat){ 0 };
		if (flat_query(&s->flat, s->source, &s->filter, &fo, err) < 0)
			return -1;
	}
	return 0;
}

/* Nobody said which states: on CPU, like a report; all of them where one side has nothing
 * on CPU or does not know. Never one state here and another there. */
static int take_sides(struct comparison *c, struct err *err)
{
	c->note = "";
	if (c->o->filter.states.n || c->o->filter.waits.n)
		return ask_sides(c, err);
	c->note = "on CPU only; --state all compares waiting threads too";
	c->side[0].filter.states = c->side[1].filter.states = STATE_CPU;
	if (ask_sides(c, err) < 0)
		return -1;
	if (c->side[0].flat.all.n && c->side[1].flat.all.n)
		return 0;
	c->note = "a side was never on CPU, or does not know: all states";
	c->side[0].filter.states = c->side[1].filter.states = 0;
	return ask_sides(c, err);
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
	if (r->p >= NOISE)
		return "noise";
	if (!r->total[0].n)
		return "only in B";
	if (!r->total[1].n)
		return "only in A";
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

static void put_text(
	const struct comparison *c, const struct diff_table *t, struct buf *out)
{
	const struct diff_options *o = c->o;
	const struct side *v = c->side;
	bool samples = !strcmp(o->weight, "samples"), colour = screen_colour(stdout);
	size_t columns = screen_columns(stdout), shown = 0, noise = 0, i;
	char a[32], b[32];

	buf_printf(out, "A %s: %s samples\nB %s: %s samples\n", v[0].name,
		text_number(a, sizeof(a), t->all[0].n), v[1].name,
		text_number(b, sizeof(b), t->all[1].n));
	if (c->note[0])
		buf_printf(out, "%s%s%s\n", ink(colour, INK_DIM), c->note,
			ink(colour, INK_PLAIN));
	buf_char(out, '\n');
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
		if (tree_query(&t[i], v[i].source, &v[i].filter, &to, err) < 0)
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
	if (ret == 0)
		fprintf(stderr, "%s: flame graph of the difference\n", o->output);
out:
	if (fd >= 0)
		close(fd);
	buf_release(&out);
	diff_release(&d);
	tree_release(&t[0]);
	tree_release(&t[1]);
	return ret;
}

/* The two sides as they were named; a recording whose ranges are compared is both. */
static int take_words(const char *words[2], const struct diff_options *o,
	const struct opt_args *args, struct err *err)
{
	bool ranges = o->from[0] || o->until[0] || o->from[1] || o->until[1];

	if (args->n != 2 && !(args->n == 1 && ranges))
		return err_set(err, ERR_USAGE,
			"two recordings or processes, or one recording and its ranges: "
			"--from-a --until-a --from-b --until-b");
	words[0] = args->v[0];
	words[1] = args->v[args->n - 1];
	if (live_is_pid(words[0]) && !strcmp(words[0], words[1]))
		return err_set(err, ERR_USAGE,
			"A and B are the same process; record it, then compare ranges");
	return 0;
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct diff_options *o = options;
	struct comparison c = { .o = o };
	struct diff_table table = { 0 };
	const char *words[2] = { NULL, NULL };
	struct buf out = BUF_INIT;
	int ret = -1, i;

	if (take_words(words, o, args, err) < 0)
		goto out;
	if ((live_is_pid(words[0]) || live_is_pid(words[1])) &&
		live_sample(c.live, words, &o->live, err) < 0)
		goto out;
	for (i = 0; i < 2; i++) {
		if (open_side(&c, i, words[i], err) < 0)
			goto out;
	}
	if (take_sides(&c, err) < 0)
		goto out;
	if (o->output) {
		ret = put_picture(o, c.side, err);
		goto out;
	}
	if (diff_tables(&table, &c.side[0].flat, &c.side[1].flat, 0, err) < 0)
		goto out;
	if (o->json)
		put_json(c.side, &table, &out);
	else
		put_text(&c, &table, &out);
	fwrite(out.data, 1, out.len, stdout);
	ret = 0;
out:
	buf_release(&out);
	diff_table_release(&table);
	for (i = 0; i < 2; i++) {
		release_side(&c.side[i]);
		live_release(&c.live[i]);
	}
	return ret;
}

static const struct opt live_rows[] = {
	OPT("duration", 'd', seconds, diff_options, live.duration, "SECONDS",
		"how long processes are sampled", .initial = "10"),
	OPT("subprocesses", 's', flag, diff_options, live.subprocesses, NULL,
		"the Python processes below each too"),
	OPT("quiet", 'q', flag, diff_options, live.quiet, NULL, "no progress line"),
	OPT_END,
};
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
	OPT_GROUP("Processes", live_rows, 0),
	OPT_GROUP("", shared_sample_rows, offsetof(struct diff_options, live.sample)),
	OPT_GROUP("", shared_read_rows, offsetof(struct diff_options, live.sample.read)),
	OPT_GROUP("Which samples", shared_filter_rows,
		offsetof(struct diff_options, filter)),
	OPT_GROUP_END,
};

const struct cmd cmd_diff = {
	.page = {
		.name = "diff",
		.summary = "what grew and shrank between two recordings, ranges or processes",
		.usage = "[OPTIONS] A B",
		.about = "Compares shares of each side's own whole, so that recordings of "
			 "different length compare. Samples are counts: a difference that "
			 "chance would explain is called noise and left out.\n\nA and B are "
			 "stores, profiles in any format that we read, or pids: processes are "
			 "sampled now, both at the same time.",
		.groups = groups,
		.examples = {
			{ "pystrobe diff before.pystrobe after.pystrobe",
				"did the change help, and where?" },
			{ "pystrobe diff prod.pystrobe --until-a -1h --from-b -1h",
				"the last hour against all before it" },
			{ "sudo pystrobe diff 4242 4243 -d 30 -o diff.svg",
				"two processes now, half a minute, in one flame graph" },
		},
		.offer = OFFER_FILES,
	},
	.options_size = sizeof(struct diff_options),
	.run = run,
};
