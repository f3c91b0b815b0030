/* progress.c - see progress.h */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/json.h"
#include "cli/screen.h"
#include "query/flat.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOT_EVERY_S = 2, HOT_WINDOW_S = 10, HOT_ROWS = 5 };
enum { DOUBTS_TOLD = 20 }; /* one stack in so many */

void progress_init(struct progress *p, struct sampler *s, struct source *source,
	double rate_hz, double duration_s, bool quiet)
{
	*p = (struct progress){ .sampler = s,
		.source = source,
		.rate_hz = rate_hz,
		.duration_s = duration_s };
	p->live = !quiet && isatty(STDERR_FILENO);
	p->start_ns = p->last_ns = clock_mono_ns();
}

/* The function with the most time of its own on CPU lately, else with the most at all. */
static void look_up_hottest(struct progress *p)
{
	struct flat_options fo = { .by = FLAT_FUNCTION, .max_rows = 1 };
	int64_t now = clock_mono_ns();
	struct err ignored = ERR_INIT;
	struct flat flat = { 0 };
	struct filter f;

	if (!p->source || now - p->hot_ns < HOT_EVERY_S * NS_PER_SEC)
		return;
	p->hot_ns = now;
	filter_init(&f);
	f.until_ns = clock_wall_ns();
	f.from_ns = f.until_ns - HOT_WINDOW_S * NS_PER_SEC;
	f.states = STATE_CPU;
	f.timeout_ns = NS_PER_SEC / 5;
	f.once = true;
	if (flat_query(&flat, p->source, &f, &fo, &ignored) == 0 && flat.n_rows &&
		flat.all.ns)
		snprintf(p->hot, sizeof(p->hot), "%.80s %.0f%%", flat.rows[0].place.name,
			100 * (double)flat.rows[0].self.ns / (double)flat.all.ns);
	else
		p->hot[0] = '\0';
	flat_release(&flat);
	filter_release(&f);
}

static uint64_t losses(const struct sampler_stats *s)
{
	uint64_t n = 0;
	int i;

	for (i = ST_OK + 1; i < STATUS_COUNT; i++)
		n += s->lost[i];
	return n;
}

static void put_rate(char *text, size_t size, double hz)
{
	if (hz >= 10000)
		snprintf(text, size, "%.1fk", hz / 1000);
	else
		snprintf(text, size, hz < 10 ? "%.1f" : "%.0f", hz);
}

static void update_rate(struct progress *p, uint64_t ticks)
{
	int64_t now = clock_mono_ns();

	if (ticks == p->last_ticks)
		return;
	p->rate_now = (double)(ticks - p->last_ticks) * 1e9 / (double)(now - p->last_ns);
	p->last_ticks = ticks;
	p->last_ns = now;
}

void progress_draw(struct progress *p)
{
	char span[32], of[40] = "", n[32], rate[32], wanted[40] = "", lost[64] = "";
	struct sampler_stats s;
	struct buf line = BUF_INIT, cut = BUF_INIT;
	double elapsed;

	if (!p->live)
		return;
	look_up_hottest(p);
	sampler_stats(p->sampler, &s);
	elapsed = (double)(clock_mono_ns() - p->start_ns) / 1e9;
	update_rate(p, s.ticks);
	text_span(span, sizeof(span), elapsed);
	if (p->duration_s > 0)
		snprintf(of, sizeof(of), " of %.0f s", p->duration_s);
	text_number(n, sizeof(n), s.samples);
	put_rate(rate, sizeof(rate), p->rate_now);
	if (p->rate_hz > 0)
		snprintf(wanted, sizeof(wanted), " of %g", p->rate_hz);
	if (losses(&s) || s.missed)
		snprintf(lost, sizeof(lost), ", lost %llu, missed %llu",
			(unsigned long long)losses(&s), (unsigned long long)s.missed);
	buf_printf(&line, "%s%s  %s samples  %s%s Hz%s  %u process%s", span, of, n, rate,
		wanted, lost, s.targets, s.targets == 1 ? "" : "es");
	if (p->hot[0])
		buf_printf(&line, "  hottest: %s", p->hot);
	text_fit(&cut, line.data, screen_columns(stderr) - 1);
	fprintf(stderr, "\r\033[K%s", cut.data ? cut.data : "");
	fflush(stderr);
	buf_release(&line);
	buf_release(&cut);
}

void progress_clear(struct progress *p)
{
	if (p->live)
		fputs("\r\033[K", stderr);
}

/* ---- at the end ---- */

void summary_ask(struct summary *s, struct source *source)
{
	struct flat_options fo = { .by = FLAT_FUNCTION, .max_rows = HOT_ROWS };
	struct err ignored = ERR_INIT;
	struct filter f;

	filter_init(&f);
	f.states = STATE_CPU;
	flat_query(&s->hot, source, &f, &fo, &ignored);
	filter_release(&f);
}

void summary_release(struct summary *s)
{
	flat_release(&s->hot);
}

static void print_hot(const struct flat *hot, struct buf *out, bool colour)
{
	size_t i;

	if (!hot->n_rows || !hot->all.ns)
		return;
	buf_str(out, "  hottest on CPU:\n");
	for (i = 0; i < hot->n_rows && hot->rows[i].self.ns; i++) {
		const struct place *at = &hot->rows[i].place;

		buf_printf(out, "    %5.1f%%  %s",
			100 * (double)hot->rows[i].self.ns / (double)hot->all.ns,
			ink(colour, INK_NAME));
		text_fit(out, at->name, 60);
		buf_printf(out, "%s (", ink(colour, INK_PLAIN));
		text_fit_end(out, at->file, 60);
		buf_printf(out, ":%u)\n", at->first_line);
	}
}

void summary_print(const struct summary *s, struct buf *out, bool colour)
{
	const struct sampler_stats *st = &s->stats;
	double seconds = (double)st->elapsed_ns / 1e9;
	char n[32], rate[32], text[32];
	int i;

	text_number(n, sizeof(n), st->samples);
	put_rate(rate, sizeof(rate), seconds > 0 ? (double)st->ticks / seconds : 0);
	text_span(text, sizeof(text), seconds);
	buf_printf(out, "%s%s samples%s in %s from %u process%s", ink(colour, INK_BOLD),
		n, ink(colour, INK_PLAIN), text, st->targets_seen,
		st->targets_seen == 1 ? "" : "es");
	if (s->rate_hz > 0)
		buf_printf(out, ", %s of %g Hz", rate, s->rate_hz);
	else
		buf_printf(out, ", %s Hz", rate);
	if (s->output)
		buf_printf(out, " -> %s%s%s", ink(colour, INK_FILE), s->output,
			ink(colour, INK_PLAIN));
	if (s->bytes)
		buf_printf(
			out, " (%s)", text_bytes(text, sizeof(text), (double)s->bytes));
	buf_char(out, '\n');
	if (!losses(st) && !st->missed && !s->seconds_lost)
		buf_str(out, "  nothing lost");
	else
		buf_printf(out, "  %s%llu ticks missed, %llu samples lost%s",
			ink(colour, INK_WARN), (unsigned long long)st->missed,
			(unsigned long long)losses(st), ink(colour, INK_PLAIN));
	for (i = ST_OK + 1; i < STATUS_COUNT; i++) {
		if (st->lost[i])
			buf_printf(out, "; %llu %s: %s", (unsigned long long)st->lost[i],
				status_word((enum status)i), status_text((enum status)i));
	}
	if (st->cut || st->repaired)
		buf_printf(out, "; %llu repaired, %llu cut",
			(unsigned long long)st->repaired, (unsigned long long)st->cut);
	if (st->doubted)
		buf_printf(out, "; CPython counts another depth in %llu",
			(unsigned long long)st->doubted);
	if (s->seconds_lost)
		buf_printf(out, "; %llu seconds (%llu samples) could not be written: %s",
			(unsigned long long)s->seconds_lost,
			(unsigned long long)s->samples_lost, s->problem);
	buf_printf(out, "\n  own cost: %.2f%% of a core sampling, %.2f%% writing",
		seconds > 0 ? 100 * (double)st->cpu_ns / 1e9 / seconds : 0,
		seconds > 0 ? 100 * (double)s->writer_cpu_ns / 1e9 / seconds : 0);
	if (st->ticks)
		buf_printf(out, "; %.1f us and %.1f reads a tick",
			(double)st->cpu_ns / 1e3 / (double)st->ticks,
			(double)st->reads / (double)st->ticks);
	if (s->rate_hz > 0 && st->ticks)
		buf_printf(out, "; woken %.1f us late, %.1f ms at most",
			(double)st->late_ns_sum / 1e3 / (double)st->ticks,
			(double)st->late_ns_max / 1e6);
	if (st->beside)
		buf_printf(out, "; %.0f%% of the ticks on the target's core",
			100 * (double)st->beside / (double)st->ticks);
	if (st->stops)
		buf_printf(out,
			"; stopped threads %llu times for %.1f us, longest %.1f us",
			(unsigned long long)st->stops,
			(double)st->stopped_ns / 1e3 / (double)st->stops,
			(double)st->stopped_ns_max / 1e3);
	if (st->unmerged)
		buf_printf(out, "; %llu stacks without their C frames",
			(unsigned long long)st->unmerged);
	if (st->children_missed)
		buf_printf(
			out, "; %u children came and went unseen", st->children_missed);
	buf_char(out, '\n');
	if ((st->cut + st->doubted) * DOUBTS_TOLD > st->samples)
		buf_printf(out,
			"  %s%.0f%% of the stacks moved while they were read%s: "
			"--blocking auto stops such a thread for each sample\n",
			ink(colour, INK_WARN),
			100 * (double)(st->cut + st->doubted) / (double)st->samples,
			ink(colour, INK_PLAIN));
	print_hot(&s->hot, out, colour);
}

void summary_json(const struct summary *s, struct buf *out)
{
	const struct sampler_stats *st = &s->stats;
	struct json j;
	size_t i;
	int r;

	json_init(&j, out);
	j.indent = true;
	json_object(&j);
	json_kstr(&j, "output", s->output ? s->output : "");
	json_kint(&j, "bytes", (int64_t)s->bytes);
	json_kdouble(&j, "seconds", (double)st->elapsed_ns / 1e9);
	json_kint(&j, "processes", st->targets_seen);
	json_kint(&j, "samples", (int64_t)st->samples);
	json_kint(&j, "ticks", (int64_t)st->ticks);
	json_kint(&j, "missed", (int64_t)st->missed);
	json_kint(&j, "beside", (int64_t)st->beside);
	json_kdouble(&j, "rate_wanted", s->rate_hz);
	json_kdouble(&j, "rate",
		st->elapsed_ns ? (double)st->ticks * 1e9 / (double)st->elapsed_ns : 0);
	json_kdouble(&j, "late_mean",
		st->ticks ? (double)st->late_ns_sum / 1e9 / (double)st->ticks : 0);
	json_kdouble(&j, "late_max", (double)st->late_ns_max / 1e9);
	json_kint(&j, "repaired", (int64_t)st->repaired);
	json_kint(&j, "cut", (int64_t)st->cut);
	json_kint(&j, "doubted", (int64_t)st->doubted);
	json_key(&j, "lost");
	json_object(&j);
	for (r = ST_OK + 1; r < STATUS_COUNT; r++)
		json_kint(&j, status_word((enum status)r), (int64_t)st->lost[r]);
	json_end(&j);
	json_kint(&j, "seconds_not_written", (int64_t)s->seconds_lost);
	json_kint(&j, "children_missed", st->children_missed);
	json_kint(&j, "unmerged", (int64_t)st->unmerged);
	json_kint(&j, "stops", (int64_t)st->stops);
	json_kdouble(&j, "stopped", (double)st->stopped_ns / 1e9);
	json_kdouble(&j, "stopped_max", (double)st->stopped_ns_max / 1e9);
	json_kdouble(&j, "cpu_sampling", (double)st->cpu_ns / 1e9);
	json_kdouble(&j, "cpu_writing", (double)s->writer_cpu_ns / 1e9);
	json_key(&j, "hottest");
	json_array(&j);
	for (i = 0; i < s->hot.n_rows && s->hot.all.ns; i++) {
		json_object(&j);
		json_kstr(&j, "function", s->hot.rows[i].place.name);
		json_kstr(&j, "file", s->hot.rows[i].place.file);
		json_kint(&j, "line", s->hot.rows[i].place.first_line);
		json_kdouble(&j, "self",
			(double)s->hot.rows[i].self.ns / (double)s->hot.all.ns);
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
	buf_char(out, '\n');
}
