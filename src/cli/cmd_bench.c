/* cmd_bench.c - pystrobe bench: what does being sampled cost this program? */
#include "base/alloc.h"
#include "cli/bench.h"
#include "cli/commands.h"
#include "cli/screen.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ROUNDS = 1000 };

struct bench_options {
	struct pid_options pids;
	struct sample_options sample; /* .rate is that of no run */
	struct opt_list rates;
	unsigned rounds;
	double seconds;
	const char *progress;
	bool no_pin, show_output, json;
};

static int read_rates(struct bench *b, struct err *err)
{
	static const char *const usual[] = { "100", "1000", "10000" };
	const char *const *words = b->o->rates.n ? b->o->rates.v : usual;
	size_t i, n = b->o->rates.n ? b->o->rates.n : ARRAY_SIZE(usual);

	if (n > BENCH_MAX_RATES)
		return err_set(err, ERR_USAGE, "at most %d rates", BENCH_MAX_RATES);
	b->series[0].rate_hz = BENCH_BARE;
	for (i = 0; i < n; i++) {
		if (opt_rate.parse(NULL, &b->series[i + 1].rate_hz, words[i], err) < 0)
			return err_wrap(err, "--rate %s", words[i]);
	}
	b->n_series = n + 1;
	return 0;
}

static int make_plan(struct bench *b, const struct opt_args *args, struct err *err)
{
	const struct bench_options *o = b->o;
	struct pids pids = { 0 };
	int ret = -1;

	if (args->command && (args->n || o->pids.pids.n)) {
		err_set(err, ERR_USAGE, "give a process or a command, not both");
		goto out;
	}
	if (!args->command) {
		if (pids_of(&pids, &o->pids, args, false, err) < 0)
			goto out;
		if (pids.n_given != 1) {
			err_set(err, ERR_USAGE, "one process at a time");
			goto out;
		}
		if (!o->progress) {
			err_set(err, ERR_USAGE,
				"how fast process %d goes can only be seen where it "
				"shows it",
				(int)pids.v[0]);
			err_hint(err,
				"--progress FILE names a file or log whose last number "
				"counts its work");
			goto out;
		}
		b->plan.pid = pids.v[0];
	}
	if (o->rounds < 2 || o->rounds > MAX_ROUNDS) {
		err_set(err, ERR_USAGE, "--rounds takes 2 to %d", MAX_ROUNDS);
		goto out;
	}
	b->plan.command = args->command;
	b->plan.progress = o->progress;
	b->plan.seconds = o->seconds > 0 ? o->seconds : 5;
	b->plan.sample = &o->sample;
	b->plan.subprocesses = o->pids.subprocesses;
	b->rounds = o->rounds;
	ret = read_rates(b, err);
out:
	pids_release(&pids);
	return ret;
}

static void show_step(const struct bench *b, size_t round, const char *what)
{
	if (!b->live)
		return;
	if (what)
		fprintf(stderr, "\r\033[Kround %zu of %zu: %s", round, b->rounds, what);
	else
		fputs("\r\033[K", stderr);
	fflush(stderr);
}

/* Every round measures all of them, each time beginning with another, so that none is
 * always the first or the last. */
static int measure_all(struct bench *b, struct err *err)
{
	struct bench_run unused;
	size_t round, i;
	char name[24];

	/* The first run of a command warms the caches and does not count. */
	show_step(b, 0, "warming up");
	if (b->plan.command && bench_measure(&unused, &b->plan, BENCH_BARE, err) < 0)
		return -1;
	for (round = 0; round < b->rounds; round++) {
		for (i = 0; i < b->n_series; i++) {
			struct bench_series *s = &b->series[(i + round) % b->n_series];

			show_step(b, round + 1,
				bench_rate_name(name, sizeof(name), s->rate_hz));
			if (bench_measure(&s->runs[round], &b->plan, s->rate_hz, err) < 0)
				return err_wrap(err, "round %zu, %s", round + 1, name);
			s->values[round] = s->runs[round].seconds_per_unit;
		}
	}
	show_step(b, 0, NULL);
	return 0;
}

/* ---- the command ---- */

/* The command's own output goes to /dev/null, ours to where it always goes. */
static int divert_output(struct bench *b, struct err *err)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (kept >= 0)
		b->report = fdopen(kept, "w");
	if (null < 0 || !b->report || dup2(null, STDOUT_FILENO) < 0) {
		if (null >= 0)
			close(null);
		return err_set(err, ERR_FAILED,
			"cannot put the command's output away; --show-output leaves it");
	}
	close(null);
	return 0;
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	struct bench b = {
		.o = options, .report = stdout, .live = isatty(STDERR_FILENO)
	};
	char dir[] = "/tmp/pystrobe-bench-XXXXXX", store[64];
	struct buf out = BUF_INIT;
	int ret = -1;
	size_t i;

	dir[0] = 0;
	if (make_plan(&b, args, err) < 0)
		goto out;
	dir[0] = '/';
	if (!mkdtemp(dir)) {
		dir[0] = 0;
		err_set(err, ERR_FAILED, "cannot make a directory in /tmp");
		goto out;
	}
	snprintf(store, sizeof(store), "%s/store", dir);
	b.plan.store_dir = store;
	if (b.plan.command && !b.o->show_output && divert_output(&b, err) < 0)
		goto out;
	if (!b.o->no_pin)
		bench_pin(&b.plan);
	for (i = 0; i < b.n_series; i++) {
		b.series[i].runs = xcalloc(b.rounds, sizeof(*b.series[i].runs));
		b.series[i].values = xcalloc(b.rounds, sizeof(*b.series[i].values));
	}
	if (measure_all(&b, err) < 0)
		goto out;
	if (b.o->json)
		bench_print_json(&b, &out);
	else
		bench_print_text(&b, &out);
	fwrite(out.data, 1, out.len, b.report);
	ret = 0;
out:
	show_step(&b, 0, NULL);
	for (i = 0; i < ARRAY_SIZE(b.series); i++) {
		free(b.series[i].runs);
		free(b.series[i].values);
	}
	if (b.report && b.report != stdout)
		fclose(b.report);
	if (dir[0])
		rmdir(dir);
	buf_release(&out);
	return ret;
}

static const struct opt rows[] = {
	OPT("rate", 'r', list, bench_options, rates, "HZ",
		"a rate to compare with, or max; may be given again (100, 1000, 10000)"),
	OPT("rounds", 'N', unsigned, bench_options, rounds, "N",
		"how often each is measured", .initial = "5"),
	OPT("duration", 'd', seconds, bench_options, seconds, "TIME",
		"of one measurement of a process", .initial = "5"),
	OPT("progress", 0, string, bench_options, progress, "FILE",
		"a file of the process whose last number counts its work, or whose first "
		"8 "
		"bytes do",
		.offer = OFFER_FILES),
	OPT("blocking", 0, choice, bench_options, sample.blocking, "WHEN",
		"stop threads while they are read", .initial = "never",
		.choices = "never|auto|always", .offer = OFFER_CHOICES),
	OPT("no-pin", 0, flag, bench_options, no_pin, NULL,
		"leave the choice of cores to the kernel"),
	OPT("show-output", 0, flag, bench_options, show_output, NULL,
		"what the command prints is shown, every time"),
	OPT("json", 'j', flag, bench_options, json, NULL,
		"every measurement, for programs"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Processes", shared_pid_rows, offsetof(struct bench_options, pids)),
	OPT_GROUP("Measuring", rows, 0),
	OPT_GROUP("", shared_read_rows, offsetof(struct bench_options, sample.read)),
	OPT_GROUP_END,
};

const struct cmd cmd_bench = {
	.page = {
		.name = "bench",
		.summary = "what being sampled costs a program of yours",
		.usage = "[OPTIONS] (-- COMMAND [ARGS] | PID --progress FILE)",
		.about = "Runs the command bare and while it is sampled into a store, in turns, "
			 "several times, and compares: how much slower, between which limits, "
			 "and whether that can be told from noise at all. A process that runs "
			 "already is measured by a counter that it shows in a file or log.",
		.groups = groups,
		.examples = {
			{ "sudo pystrobe bench -- python3 app.py", "the usual rates, five rounds" },
			{ "pystrobe bench -r 1000 -N 20 -- python3 job.py",
				"one rate, small differences" },
			{ "sudo pystrobe bench 4242 --progress /var/log/worker.log",
				"a server that logs how much it has done" },
		},
		.offer = OFFER_PIDS,
		.takes_command = true,
	},
	.options_size = sizeof(struct bench_options),
	.run = run,
};
