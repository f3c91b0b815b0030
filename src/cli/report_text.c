/* report_text.c - a report for people and for programs; see report.h */
#include "base/alloc.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "proc/inside.h"
#include "query/timespec.h"

#include <string.h>
#include <unistd.h>

enum { SOURCE_MAX = 400, TREE_LINES = 120 };

struct page {
	const struct report *r;
	const struct report_options *o;
	struct buf *out;
	size_t columns;
	bool colour;
};

static uint64_t value(const struct page *p, const struct weight *w)
{
	return p->o->samples ? w->n : w->ns;
}

static double percent(
	const struct page *p, const struct weight *w, const struct weight *all)
{
	uint64_t whole = value(p, all);

	return whole ? 100 * (double)value(p, w) / (double)whole : 0;
}

static const char *amount(
	const struct page *p, char *text, size_t size, const struct weight *w)
{
	return p->o->samples ? text_number(text, size, w->n)
			     : duration_text(text, size, (int64_t)w->ns);
}

static void heading(const struct page *p, const char *text)
{
	buf_printf(p->out, "\n%s%s%s\n", ink(p->colour, INK_HEAD), text,
		ink(p->colour, INK_PLAIN));
}

/* The line's text from the file as it is here now; false: it is not here. */
static bool source_text(const struct place *at, struct buf *out)
{
	return at->file[0] && at->file[0] != '<' && at->line &&
	       inside_line(getpid(), at->file, at->line, SOURCE_MAX, out);
}

static void put_mark(const struct page *p, const struct place *at)
{
	if (report_is_mine(at))
		buf_printf(p->out, " %s<====%s", ink(p->colour, INK_GOOD),
			ink(p->colour, INK_PLAIN));
}

static void put_source(const struct page *p, const struct place *at)
{
	struct buf text = BUF_INIT;

	if (!p->o->no_source && source_text(at, &text)) {
		const char *s = text.data + strspn(text.data, " \t\f");

		buf_printf(p->out, "%*s%s", 27, "", ink(p->colour, INK_DIM));
		text_fit(p->out, s, p->columns > 60 ? p->columns - 28 : 32);
		buf_printf(p->out, "%s\n", ink(p->colour, INK_PLAIN));
	}
	buf_release(&text);
}

static void put_row(const struct page *p, const struct flat_row *row,
	const struct weight *all, bool line)
{
	const struct place *at = &row->place;
	size_t start, used;
	char self[32], where[16] = "";

	buf_printf(p->out, "  %6.1f%% %6.1f%% %9s  %s", percent(p, &row->self, all),
		percent(p, &row->total, all), amount(p, self, sizeof(self), &row->self),
		ink(p->colour, report_is_mine(at) ? INK_NAME : INK_PLAIN));
	start = p->out->len;
	text_fit(p->out, at->name, p->columns > 70 ? p->columns - 50 : 24);
	used = 27 + utf8_columns(p->out->data + start, p->out->len - start);
	buf_str(p->out, ink(p->colour, INK_PLAIN));
	if (at->file[0] && p->columns > used + 20) {
		snprintf(where, sizeof(where), ":%u", line ? at->line : at->first_line);
		buf_printf(p->out, "  %s", ink(p->colour, INK_DIM));
		text_fit_end(p->out, at->file, p->columns - used - 8 - strlen(where));
		buf_printf(p->out, "%s%s", where, ink(p->colour, INK_PLAIN));
	}
	put_mark(p, at);
	buf_char(p->out, '\n');
	if (line)
		put_source(p, at);
}

static void put_table(
	const struct page *p, const struct flat *t, const char *title, bool line)
{
	size_t i;

	heading(p, title);
	buf_printf(p->out, "  %s%7s %7s %9s%s\n", ink(p->colour, INK_DIM), "self",
		"total", p->o->samples ? "samples" : "time", ink(p->colour, INK_PLAIN));
	for (i = 0; i < t->n_rows; i++) {
		/* by self, what has none is no news */
		if (!p->o->by_total && !value(p, &t->rows[i].self))
			break;
		put_row(p, &t->rows[i], &t->all, line);
	}
	if (!i)
		buf_str(p->out, "  nothing\n");
	else if (t->n_trimmed && i == t->n_rows)
		buf_printf(p->out, "  %s%zu more, -m %zu shows them%s\n",
			ink(p->colour, INK_DIM), t->n_trimmed, t->n_rows + t->n_trimmed,
			ink(p->colour, INK_PLAIN));
}

/* The first level of a grouped tree, as shares of the whole. */
static void put_groups(const struct page *p, const struct tree *t, const char *title)
{
	uint32_t i;
	char text[32];

	if (!t->n_nodes || !value(p, &t->nodes[0].total))
		return;
	heading(p, title);
	for (i = 1; i <= t->nodes[0].n_below; i += 1 + t->nodes[i].n_below) {
		const struct tree_node *n = &t->nodes[i];

		buf_printf(p->out, "  %6.1f%% %12s  ",
			percent(p, &n->total, &t->nodes[0].total),
			amount(p, text, sizeof(text), &n->total));
		text_fit(p->out, n->place.name, p->columns > 50 ? p->columns - 25 : 30);
		buf_char(p->out, '\n');
	}
}

static void put_head(const struct page *p)
{
	const struct report *r = p->r;
	char from[40], until[40], span[40], number[32];
	size_t i, threads = 0;

	for (i = 0; i < r->who.n_targets; i++)
		threads += r->who.targets[i].n_threads;
	buf_printf(p->out, "%s%s%s: ", ink(p->colour, INK_BOLD), r->path,
		ink(p->colour, INK_PLAIN));
	if (!r->states.n_nodes || !r->states.nodes[0].total.n) {
		buf_str(p->out, "no samples in what was asked for\n");
		return;
	}
	buf_printf(p->out, "%s samples of %zu thread%s in %zu process%s\n",
		text_number(number, sizeof(number), r->states.nodes[0].total.n), threads,
		threads == 1 ? "" : "s", r->who.n_targets,
		r->who.n_targets == 1 ? "" : "es");
	buf_printf(p->out, "%s to %s (%s), %s of thread time\n",
		time_text(from, sizeof(from), r->from_ns, false, p->o->utc),
		time_text(until, sizeof(until), r->until_ns, false, p->o->utc),
		duration_text(span, sizeof(span), r->until_ns - r->from_ns),
		duration_text(
			number, sizeof(number), (int64_t)r->states.nodes[0].total.ns));
	if (r->n_missed || r->n_lost)
		buf_printf(p->out, "%s%llu of %llu ticks missed, %llu samples lost%s\n",
			ink(p->colour, INK_WARN), (unsigned long long)r->n_missed,
			(unsigned long long)r->n_wanted, (unsigned long long)r->n_lost,
			ink(p->colour, INK_PLAIN));
}

void report_text(const struct report *r, const struct report_options *o, size_t columns,
	bool colour, struct buf *out)
{
	struct page p = { r, o, out, columns, colour };
	char title[128];

	put_head(&p);
	if (!r->states.n_nodes || !r->states.nodes[0].total.n)
		return;
	put_groups(&p, &r->states, "States of all threads");
	if (r->note[0])
		buf_printf(out, "\n%s(below: %s)%s\n", ink(colour, INK_DIM), r->note,
			ink(colour, INK_PLAIN));
	if (o->by && r->groups.n_nodes) {
		snprintf(title, sizeof(title), "By %s", o->by);
		put_groups(&p, &r->groups, title);
	}
	if (o->by && r->files.n_rows) {
		snprintf(title, sizeof(title), "By %s", o->by);
		put_table(&p, &r->files, title, false);
	}
	if (o->lines)
		put_table(&p, &r->lines, "Hot lines", true);
	if (o->functions)
		put_table(&p, &r->functions, "Hot functions", false);
	if (o->tree && r->tree.n_nodes) {
		snprintf(title, sizeof(title), "Call tree (branches under %g%% left out)",
			o->min_share * 100);
		heading(&p, title);
		buf_printf(out, "%s  total   self%s\n", ink(colour, INK_DIM),
			ink(colour, INK_PLAIN));
		report_tree(&r->tree, o->samples, columns, colour, TREE_LINES, out);
	}
}

/* ---- JSON ---- */

static void json_weight(struct json *j, const char *key, const struct weight *w)
{
	json_key(j, key);
	json_object(j);
	json_kint(j, "samples", (int64_t)w->n);
	json_kdouble(j, "seconds", (double)w->ns / 1e9);
	json_end(j);
}

static void json_place(struct json *j, const struct place *p)
{
	json_kstr(j, "function", p->name);
	json_kstr(j, "file", p->file);
	json_kint(j, "line", p->line ? p->line : p->first_line);
	json_kstr(j, "module", p->module);
	json_kbool(j, "mine", report_is_mine(p));
}

static void json_table(struct json *j, const char *key, const struct flat *t)
{
	size_t i;

	json_key(j, key);
	json_array(j);
	for (i = 0; i < t->n_rows; i++) {
		json_object(j);
		json_place(j, &t->rows[i].place);
		json_weight(j, "self", &t->rows[i].self);
		json_weight(j, "total", &t->rows[i].total);
		json_end(j);
	}
	json_end(j);
}

static void json_groups(struct json *j, const char *key, const struct tree *t)
{
	uint32_t i;

	json_key(j, key);
	json_array(j);
	for (i = 1; t->n_nodes && i <= t->nodes[0].n_below;
		i += 1 + t->nodes[i].n_below) {
		json_object(j);
		json_kstr(j, "name", t->nodes[i].place.name);
		json_weight(j, "total", &t->nodes[i].total);
		json_end(j);
	}
	json_end(j);
}

/* Nested deeper than a JSON writer allows, so the tree is a list in preorder. */
static void json_tree(struct json *j, const struct tree *t)
{
	size_t i;

	json_key(j, "tree");
	json_array(j);
	for (i = 0; i < t->n_nodes; i++) {
		json_object(j);
		json_kint(j, "depth", t->nodes[i].depth);
		json_place(j, &t->nodes[i].place);
		json_weight(j, "self", &t->nodes[i].self);
		json_weight(j, "total", &t->nodes[i].total);
		json_end(j);
	}
	json_end(j);
}

static void json_processes(struct json *j, const struct targets *who)
{
	size_t i, k;

	json_key(j, "processes");
	json_array(j);
	for (i = 0; i < who->n_targets; i++) {
		const struct target *t = &who->targets[i];

		json_object(j);
		json_kint(j, "pid", t->series.pid);
		json_kdouble(j, "from", (double)t->first_ns / 1e9);
		json_kdouble(j, "until", (double)t->last_ns / 1e9);
		json_kint(j, "threads", (int64_t)t->n_threads);
		json_key(j, "labels");
		json_object(j);
		for (k = 0; k < t->series.n_labels; k++)
			json_kstr(j, t->series.labels[k].key, t->series.labels[k].value);
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

void report_json(const struct report *r, const struct report_options *o, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	j.indent = true;
	json_object(&j);
	json_kstr(&j, "path", r->path);
	json_kstr(&j, "note", r->note);
	json_kint(&j, "ticks_wanted", (int64_t)r->n_wanted);
	json_kint(&j, "ticks_missed", (int64_t)r->n_missed);
	json_kint(&j, "samples_lost", (int64_t)r->n_lost);
	if (r->states.n_nodes)
		json_weight(&j, "all", &r->states.nodes[0].total);
	json_weight(&j, "shown", &r->functions.all);
	json_processes(&j, &r->who);
	json_groups(&j, "states", &r->states);
	if (o->by && r->groups.n_nodes)
		json_groups(&j, "groups", &r->groups);
	if (o->by && r->files.n_rows)
		json_table(&j, "groups", &r->files);
	json_table(&j, "lines", &r->lines);
	json_table(&j, "functions", &r->functions);
	json_tree(&j, &r->tree);
	json_end(&j);
	buf_char(out, '\n');
}
