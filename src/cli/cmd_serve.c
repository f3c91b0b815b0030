/*
 * cmd_serve.c - pystrobe serve: owner of a store; samples, keeps, and shows it all in the
 * browser, for months.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/manage.h"
#include "cli/progress.h"
#include "cli/screen.h"
#include "cli/session.h"
#include "cli/shared.h"
#include "cli/web.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct serve_options {
	struct pid_options pids;
	struct sample_options sample;
	struct web_options web;
	const char *store, *match;
	bool all;
	double retain, duration;
	uint64_t max_size;
	bool quiet;
};

/* Where services keep their state, or where a person's programs do. */
static char *default_store(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (geteuid() == 0)
		return xstrdup("/var/lib/pystrobe");
	if (state && *state)
		return xasprintf("%s/pystrobe", state);
	return xasprintf("%s/.local/state/pystrobe", home ? home : ".");
}

static void say_ready(const struct serve_options *o, const struct session *s,
	const char *dir, struct http_server *web, size_t n_pids)
{
	struct sampler_target targets[64];
	size_t i, n = sampler_targets(s->sampler, targets, ARRAY_SIZE(targets));
	bool colour = screen_colour(stdout);

	printf("%sdashboard%s  %s\n", ink(colour, INK_BOLD), ink(colour, INK_PLAIN),
		http_server_url(web));
	printf("store      %s", dir);
	if (o->retain > 0)
		printf(", %.0f days", o->retain / 86400);
	if (o->max_size) {
		char text[32];

		printf(", at most %s",
			text_bytes(text, sizeof(text), (double)o->max_size));
	}
	putchar('\n');
	for (i = 0; i < n && i < ARRAY_SIZE(targets); i++)
		printf("sampling   %d (Python %s) at %g Hz\n", (int)targets[i].pid,
			targets[i].python, o->sample.rate);
	if (o->all)
		printf("following  every Python process of this host\n");
	else if (o->match)
		printf("following  Python processes that match \"%s\"\n", o->match);
	else if (!n_pids)
		printf("sampling   nothing yet: choose a process in the dashboard\n");
	fflush(stdout);
}

static void watch(const struct serve_options *o, struct session *s, struct ending *ending,
	struct progress *p)
{
	int64_t end_ns =
		o->duration > 0 ? clock_mono_ns() + (int64_t)(o->duration * 1e9) : -1;

	for (;;) {
		int64_t next = clock_mono_ns() + NS_PER_SEC / (p->live ? 4 : 1);

		if (end_ns >= 0 && next > end_ns)
			next = end_ns;
		if (ending_wait(ending, next, -1) ||
			(end_ns >= 0 && clock_mono_ns() >= end_ns))
			break;
		progress_draw(p);
		session_report_problems(s);
	}
	progress_clear(p);
}

/* Ends the sampling, closes the store, says how it went. */
static int finish(const struct serve_options *o, struct session *s, const char *dir,
	struct err *err)
{
	struct summary sum = { .rate_hz = o->sample.rate, .output = dir };
	struct err ignored = ERR_INIT;
	struct buf text = BUF_INIT;
	struct store_stats st;
	int ret;

	sampler_stop(s->sampler);
	sampler_stats(s->sampler, &sum.stats);
	store_flush(s->store, &ignored);
	store_stats(s->store, &st);
	sum.writer_cpu_ns = (int64_t)st.write_ns;
	sum.seconds_lost = st.seconds_lost;
	sum.samples_lost = st.samples_lost;
	sum.problem = st.problem;
	if (!o->quiet)
		summary_ask(&sum, store_source(s->store));
	ret = session_close(s, err);
	sum.bytes = file_disk_usage(dir);
	if (!o->quiet) {
		summary_print(&sum, &text, screen_colour(stderr));
		fwrite(text.data, 1, text.len, stderr);
	}
	buf_release(&text);
	summary_release(&sum);
	return ret;
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct serve_options *o = options;
	struct session_options so = { .sample = &o->sample,
		.subprocesses = o->pids.subprocesses,
		.retain_ns = (int64_t)(o->retain * 1e9),
		.max_bytes = o->max_size };
	char *dir = o->store ? xstrdup(o->store) : default_store();
	struct ending ending = ENDING_INIT;
	struct err ignored = ERR_INIT;
	struct http_control control;
	struct session session = { 0 };
	struct manage *manage = NULL;
	struct http_server *web = NULL;
	struct progress progress;
	struct pids pids = { 0 };
	int ret = -1;

	if (pids_of(&pids, &o->pids, args, true, err) < 0 ||
		ending_open(&ending, err) < 0)
		goto out;
	manage = manage_new(o->match, o->all, err);
	if (!manage)
		goto out;
	if (o->match || o->all) {
		so.match = manage_match;
		so.match_arg = manage;
	}
	if (session_open(&session, dir, &so, err) < 0 ||
		(pids.n && pids_attach(&pids, session.sampler, err) < 0))
		goto out;
	manage_control(manage, session.sampler, &control);
	web = web_start(&o->web, store_source(session.store), &control, dir, err);
	if (!web)
		goto out;
	say_ready(o, &session, dir, web, pids.n);
	progress_init(&progress, session.sampler, store_source(session.store),
		o->sample.rate, o->duration, o->quiet);
	watch(o, &session, &ending, &progress);
	http_server_stop(web);
	web = NULL;
	ret = finish(o, &session, dir, err);
out:
	http_server_stop(web);
	session_close(&session, &ignored);
	manage_free(manage);
	ending_close(&ending);
	pids_release(&pids);
	free(dir);
	return ret;
}

static const struct opt rows[] = {
	OPT("store", 0, string, serve_options, store, "DIR",
		"where the samples are kept; without it /var/lib/pystrobe for root, else "
		"~/.local/state/pystrobe",
		.offer = OFFER_DIRS),
	OPT("retain", 0, seconds, serve_options, retain, "SPAN",
		"how long samples are kept; 0 for ever", .initial = "30d"),
	OPT("max-size", 0, size, serve_options, max_size, "SIZE",
		"how large the store may grow; the oldest goes first; 0 no limit",
		.initial = "20GiB"),
	OPT("match", 'm', string, serve_options, match, "REGEX",
		"follow the Python processes whose command matches, as they come and go"),
	OPT("all", 'a', flag, serve_options, all, NULL,
		"follow every Python process of this host"),
	OPT("duration", 'd', seconds, serve_options, duration, "SECONDS",
		"end after that long"),
	OPT("label", 'l', list, serve_options, sample.labels, "KEY=VALUE",
		"put a label on what is recorded; may be given again"),
	OPT("quiet", 'q', flag, serve_options, quiet, NULL,
		"no progress line and no summary"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Processes", shared_pid_rows, offsetof(struct serve_options, pids)),
	OPT_GROUP("Store", rows, 0),
	OPT_GROUP("Sampling", shared_sample_rows, offsetof(struct serve_options, sample)),
	OPT_GROUP("", shared_read_rows, offsetof(struct serve_options, sample.read)),
	OPT_GROUP("Dashboard", web_rows, offsetof(struct serve_options, web)),
	OPT_GROUP_END,
};

const struct cmd cmd_serve = {
	.page = {
		.name = "serve",
		.summary = "sample, keep, and show it in the browser: now and any time before",
		.usage = "[OPTIONS] [PID...]",
		.about = "Owns a store, fills it, and serves the dashboard. Processes are named, "
			 "matched with --match or --all, or chosen in the dashboard. Ctrl-C or "
			 "SIGTERM end it; everything is kept, and the next serve goes on.",
		.groups = groups,
		.examples = {
			{ "sudo pystrobe serve --match gunicorn -s",
				"gunicorn and its workers, as they come and go" },
			{ "sudo pystrobe serve 4242 --store ./strobe --retain 7d",
				"one process, a week of history" },
			{ "pystrobe serve --listen 0.0.0.0:8080",
				"reachable from elsewhere, with a token in the address" },
		},
		.offer = OFFER_PIDS,
	},
	.options_size = sizeof(struct serve_options),
	.run = run,
};
