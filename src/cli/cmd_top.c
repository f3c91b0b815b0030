/* cmd_top.c - pystrobe top: a live view in the terminal */
#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/probe.h"
#include "cli/shared.h"
#include "proc/find.h"
#include "prof/sampler.h"
#include "prof/tape.h"
#include "tui/top.h"

#include <stdio.h>
#include <string.h>

struct top_cmd_options {
	struct pid_options pids;
	double rate, delay, window;
	const char *blocking;
	bool mine, native;
};

/* Of samples in memory; older ones are forgotten. */
enum { TAPE_BYTES = 128 * 1024 * 1024 };

static char *title_of(const struct pids *pids)
{
	struct buf b = BUF_INIT, title = BUF_INIT;
	const char *slash;

	find_command(pids->v[0], &b);
	slash = b.data ? memrchr(b.data, '/', strcspn(b.data, " ")) : NULL;
	buf_printf(&title, "%d %s", (int)pids->v[0], slash ? slash + 1 : b.data);
	buf_release(&b);
	if (pids->n_given > 1)
		buf_printf(&title, " and %zu more", pids->n_given - 1);
	return buf_detach(&title, NULL);
}

static int attach(struct sampler *s, const struct pids *pids, struct err *err)
{
	size_t i, added = 0;

	for (i = 0; i < pids->n; i++) {
		if (sampler_add(s, pids->v[i], NULL, 0, err) == 0)
			added++;
		else if (err->code == ERR_NOT_READY)
			sampler_expect(s, pids->v[i], 10000000000);
		else
			probe_explain(pids->v[i], err);
	}
	return added || err->code == ERR_NOT_READY ? 0 : -1;
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct top_cmd_options *o = options;
	struct sampler_options so = { .rate_hz = o->rate,
		.subprocesses = o->pids.subprocesses,
		.native = o->native,
		.blocking = (enum blocking)blocking_of_word(o->blocking) };
	struct top_options to = { .rate_hz = o->rate,
		.delay_s = o->delay,
		.window_s = o->window,
		.mine = o->mine };
	struct sampler *sampler = NULL;
	struct tape *tape = NULL;
	struct pids pids = { 0 };
	char *title = NULL;
	int ret = -1;

	if (pids_of(&pids, &o->pids, args, false, err) < 0)
		goto out;
	title = title_of(&pids);
	tape = tape_new(TAPE_BYTES);
	sampler = sampler_new(tape_sink(tape), &so);
	if (sampler_start(sampler, err) < 0 || attach(sampler, &pids, err) < 0)
		goto out;
	to.source = tape_source(tape);
	to.sampler = sampler;
	to.title = title;
	ret = top_run(&to, err);
out:
	sampler_free(sampler);
	tape_free(tape);
	free(title);
	pids_release(&pids);
	return ret;
}

static const struct opt rows[] = {
	OPT("rate", 'r', rate, top_cmd_options, rate, "HZ", "samples a second",
		.initial = "100"),
	OPT("delay", 'd', seconds, top_cmd_options, delay, "SECONDS",
		"time between refreshes", .initial = "1"),
	OPT("window", 'w', seconds, top_cmd_options, window, "SPAN",
		"how far back \"now\" reaches", .initial = "5"),
	OPT("mine", 0, flag, top_cmd_options, mine, NULL,
		"begin with library code folded into yours"),
	OPT("native", 'n', flag, top_cmd_options, native, NULL,
		"C, C++ and Rust frames too; each running thread is stopped for a "
		"moment"),
	OPT("blocking", 0, choice, top_cmd_options, blocking, "WHEN",
		"stop threads while they are read", .initial = "never",
		.choices = "never|auto|always", .offer = OFFER_CHOICES),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Processes", shared_pid_rows, offsetof(struct top_cmd_options, pids)),
	OPT_GROUP("View", rows, 0),
	OPT_GROUP_END,
};

const struct cmd cmd_top = {
	.page = {
		.name = "top",
		.summary = "a live view of processes in the terminal",
		.usage = "[OPTIONS] PID...",
		.about = "Functions, lines, the call tree, threads and processes, with what they "
			 "cost now and since the start. ? in it shows the keys.",
		.groups = groups,
		.examples = {
			{ "sudo pystrobe top 4242", "what is it busy with?" },
			{ "sudo pystrobe top -s -w 30 4242", "a server and its workers, the last "
							     "30 seconds" },
			{ "sudo pystrobe top --mine 4242", "your own code only" },
		},
		.offer = OFFER_PIDS,
	},
	.options_size = sizeof(struct top_cmd_options),
	.run = run,
};
