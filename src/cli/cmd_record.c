/*
 * cmd_record.c - pystrobe record: samples processes, or a command from its start, into a
 * store; a format that others read is an export of a temporary store at the end.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/launch.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/screen.h"
#include "cli/session.h"
#include "cli/shared.h"
#include "format/format.h"
#include "prof/sampler.h"
#include "store/store.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct record_options {
	struct pid_options pids;
	struct sample_options sample;
	struct output_options output;
	double duration;
	bool json;
};

struct recording {
	const struct record_options *o;
	const struct opt_args *args;
	struct output output;
	struct launch launch;
	struct ending ending;
	struct pids pids;
	struct session session;
	struct progress progress;
};

/* "app.py" of "python3 -u app.py --port 1", "4242" of a pid: what files are named for. */
static void name_of(const struct recording *r, char *name, size_t size)
{
	const char *base = NULL;
	size_t i;

	if (!r->args->command) {
		snprintf(name, size, "%d", (int)r->pids.v[0]);
		return;
	}
	for (i = 0; r->args->command[i]; i++) {
		const char *word = r->args->command[i];
		const char *slash = strrchr(word, '/');
		size_t len = strlen(word);

		if (i == 0 || (len > 3 && !strcmp(word + len - 3, ".py")))
			base = slash ? slash + 1 : word;
		if (i && base && len > 3 && !strcmp(word + len - 3, ".py"))
			break;
	}
	snprintf(name, size, "%.60s", base);
}

static int start_targets(struct recording *r, struct err *err)
{
	char **command = r->args->command;

	if (command) {
		sampler_expect(
			r->session.sampler, r->launch.pid, 365 * 86400 * NS_PER_SEC);
		return launch_go(&r->launch, command, err);
	}
	return pids_attach(&r->pids, r->session.sampler, err);
}

static void pass_on(struct recording *r)
{
	int signal;

	for (signal = 1; signal < 64; signal++) {
		if (r->ending.sent >> signal & 1 && !launch_poll(&r->launch))
			kill(r->launch.pid, signal);
	}
}

static bool is_over(struct recording *r, int64_t end_ns)
{
	if (end_ns >= 0 && clock_mono_ns() >= end_ns)
		return true;
	if (!r->args->command)
		return r->ending.n_asked > 0 || sampler_wait_idle(r->session.sampler, 0);
	/* a command that was told to end may take its time; asked twice we go */
	if (launch_poll(&r->launch))
		return !r->o->pids.subprocesses || r->ending.n_asked ||
		       sampler_wait_idle(r->session.sampler, 0);
	return r->ending.n_asked > 1;
}

static void watch(struct recording *r)
{
	int64_t end_ns = r->o->duration > 0
				 ? clock_mono_ns() + (int64_t)(r->o->duration * 1e9)
				 : -1;

	while (!is_over(r, end_ns)) {
		int64_t next = clock_mono_ns() + NS_PER_SEC / 4;

		if (end_ns >= 0 && next > end_ns)
			next = end_ns;
		ending_wait(&r->ending, next, -1);
		pass_on(r);
		progress_draw(&r->progress);
		session_report_problems(&r->session);
	}
	progress_clear(&r->progress);
}

static int64_t own_cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * NS_PER_SEC +
	       (int64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * NS_PER_US;
}

/* Converts, asks for what the summary needs, closes the store: only then its size is
 * what it will be. */
static int finish(struct recording *r, struct summary *sum, struct err *err)
{
	struct err close_err = ERR_INIT;
	struct store_stats st;
	struct source *source = store_source(r->session.store);
	int ret;

	sampler_stop(r->session.sampler);
	sampler_stats(r->session.sampler, &sum->stats);
	ret = store_flush(r->session.store, err);
	sum->writer_cpu_ns = own_cpu_ns() - sum->stats.cpu_ns;
	store_stats(r->session.store, &st);
	sum->seconds_lost = st.seconds_lost;
	sum->samples_lost = st.samples_lost;
	summary_ask(sum, source);
	if (ret == 0)
		ret = output_finish(&r->output, source, err);
	if (session_close(&r->session, &close_err) < 0 && ret == 0) {
		*err = close_err;
		ret = -1;
	}
	sum->output = r->output.path;
	sum->bytes = file_disk_usage(r->output.path);
	sum->problem = st.problem[0] ? "see above" : "";
	if (ret == 0 && !sum->stats.samples && !r->args->command)
		return err_set(err, ERR_FAILED, "no sample was taken");
	return ret;
}

static void say(const struct recording *r, const struct summary *sum)
{
	struct buf text = BUF_INIT;

	if (r->o->json) {
		summary_json(sum, &text);
		fwrite(text.data, 1, text.len, stdout);
	} else if (!r->o->output.quiet) {
		summary_print(sum, &text, screen_colour(stderr));
		fwrite(text.data, 1, text.len, stderr);
	}
	buf_release(&text);
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct record_options *o = options;
	struct recording r = {
		.o = o, .args = args, .launch = LAUNCH_INIT, .ending = ENDING_INIT
	};
	struct session_options so = { .sample = &o->sample,
		.subprocesses = o->pids.subprocesses };
	struct summary sum = { .rate_hz = o->sample.rate };
	struct err ignored = ERR_INIT;
	bool started = false;
	char name[80];
	int ret = -1;

	if (args->command && (args->n || o->pids.pids.n)) {
		err_set(err, ERR_USAGE, "either processes or a command, not both");
		goto out;
	}
	if (pids_of(&r.pids, &o->pids, args, args->command != NULL, err) < 0)
		goto out;
	name_of(&r, name, sizeof(name));
	/* What is large goes back to the system when it is freed. By default the limit grows to
	 * the largest that ever was, which suits the queries of serve, not days of this. */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	if (output_prepare(&r.output, &o->output, name, err) < 0 ||
		ending_open(&r.ending, err) < 0)
		goto out;
	if (args->command && (ending_pass_on(&r.ending, err) < 0 ||
				     launch_prepare(&r.launch, args->command, err) < 0))
		goto out;
	if (session_open(&r.session, r.output.store_dir, &so, err) < 0 ||
		start_targets(&r, err) < 0)
		goto out;
	started = true;
	progress_init(&r.progress, r.session.sampler, store_source(r.session.store),
		o->sample.rate, o->duration,
		/* the terminal is the command's */
		o->output.quiet || o->json || args->command);
	watch(&r);
	ret = finish(&r, &sum, err);
	say(&r, &sum);
	summary_release(&sum);
	if (args->command) {
		bool ours = !launch_poll(&r.launch);

		launch_end(&r.launch);
		if (ret == 0 && !ours)
			ret = launch_exit_status(&r.launch);
	}
out:
	launch_release(&r.launch);
	session_close(&r.session, &ignored);
	output_release(&r.output, !started);
	ending_close(&r.ending);
	pids_release(&r.pids);
	return ret;
}

static const struct opt rows[] = {
	OPT("duration", 'd', seconds, record_options, duration, "SECONDS",
		"end after that long by the clock; a command started here is ended too"),
	OPT("label", 'l', list, record_options, sample.labels, "KEY=VALUE",
		"put a label on what is recorded; may be given again"),
	OPT("quiet", 'q', flag, record_options, output.quiet, NULL,
		"no progress line, no summary, no remarks"),
	OPT("json", 'j', flag, record_options, json, NULL,
		"the summary as JSON on standard output"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Processes", shared_pid_rows, offsetof(struct record_options, pids)),
	OPT_GROUP(
		"Sampling", shared_sample_rows, offsetof(struct record_options, sample)),
	OPT_GROUP("", shared_read_rows, offsetof(struct record_options, sample.read)),
	OPT_GROUP("Output", output_rows, offsetof(struct record_options, output)),
	OPT_GROUP("Running", rows, 0),
	OPT_GROUP_END,
};

const struct cmd cmd_record = {
	.page = {
		.name = "record",
		.summary = "sample processes, or a command, into a store or a file",
		.usage = "[OPTIONS] (PID... | -- COMMAND [ARGS])",
		.about = "Records every Python thread of the processes until they end, Ctrl-C or "
			 "--duration; whatever ends it, what was recorded is kept. The output is a "
			 "store (pystrobe view shows it) or, by its ending or -f, a file that other "
			 "tools read.\n\nA command is sampled from its first Python frame and runs "
			 "without pystrobe's privileges; its exit status is passed on.",
		.groups = groups,
		.examples = {
			{ "sudo pystrobe record 4242 -d 30 -o flame.svg",
				"half a minute as a picture" },
			{ "pystrobe record -o app.pystrobe -- python3 app.py",
				"a whole run; then: pystrobe view app.pystrobe" },
			{ "sudo pystrobe record -s -r 1000 4242 -o out.speedscope.json",
				"a server and its workers, a thousand times a second" },
		},
		.offer = OFFER_PIDS,
		.takes_command = true,
	},
	.options_size = sizeof(struct record_options),
	.run = run,
};
