/* cmd_top.c - pystrobe top: a live view in the terminal */
#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/shared.h"
#include "prof/tape.h"
#include "tui/top.h"

struct top_cmd_options {
	struct pid_options pids;
	struct sample_options sample;
	double delay, window;
	bool mine;
};

/* Of samples in memory; older ones are forgotten. */
enum { TAPE_BYTES = 128 * 1024 * 1024 };

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct top_cmd_options *o = options;
	struct sampler_options so = sampling_of(&o->sample, o->pids.subprocesses);
	struct top_options to = { .rate_hz = o->sample.rate,
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
	title = pids_title(&pids);
	tape = tape_new(TAPE_BYTES);
	sampler = sampler_new(tape_sink(tape), &so);
	if (sampler_start(sampler, err) < 0 || pids_attach(&pids, sampler, err) < 0)
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
	OPT("delay", 'd', seconds, top_cmd_options, delay, "SECONDS",
		"time between refreshes", .initial = "1"),
	OPT("window", 'w', seconds, top_cmd_options, window, "SPAN",
		"how far back \"now\" reaches", .initial = "5"),
	OPT("mine", 0, flag, top_cmd_options, mine, NULL,
		"begin with library code folded into yours"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Processes", shared_pid_rows, offsetof(struct top_cmd_options, pids)),
	OPT_GROUP("View", rows, 0),
	OPT_GROUP(
		"Sampling", shared_sample_rows, offsetof(struct top_cmd_options, sample)),
	OPT_GROUP("", shared_read_rows, offsetof(struct top_cmd_options, sample.read)),
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
