/* cmd_dump.c - pystrobe dump: every thread's stack, once */
#include "base/alloc.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/dump.h"
#include "cli/screen.h"
#include "cli/shared.h"

struct dump_cmd_options {
	struct pid_options pids;
	struct dump_options what;
	bool json, full_paths, source;
};

static int check_words(
	const struct dump_cmd_options *o, const struct opt_args *args, struct err *err)
{
	if (o->what.read.native && o->what.locals)
		return err_set(err, ERR_USAGE,
			"--native and --locals do not go together: ask twice");
	if (o->what.core && (args->n || o->pids.pids.n || o->what.read.native))
		return err_set(err, ERR_USAGE,
			"--core goes without a process and without --native");
	if (o->what.exe && !o->what.core)
		return err_set(err, ERR_USAGE, "--exe goes with --core");
	return 0;
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct dump_cmd_options *o = options;
	struct dump_options what = o->what;
	struct dump_style style = { .colour = screen_colour(stdout),
		.full_paths = o->full_paths,
		.columns = screen_columns(stdout) };
	struct pids pids = { 0 };
	struct buf out = BUF_INIT;
	struct json j;
	size_t i, shown = 0, passed = 0;
	int ret = -1;

	what.all_source = o->source;
	if (check_words(o, args, err) < 0 ||
		pids_of(&pids, &o->pids, args, what.core, err) < 0)
		goto out;
	json_init(&j, &out);
	j.indent = true;
	if (o->json)
		json_array(&j);
	for (i = 0; i < (what.core ? 1 : pids.n); i++) {
		struct dump d;

		if (dump_take(&d, what.core ? 0 : pids.v[i], &what, err) == 0) {
			if (o->json)
				dump_json(&d, &j);
			else
				buf_str(&out, shown ? "\n" : "");
			if (!o->json)
				dump_text(&d, &style, &out);
			shown++;
		} else if (o->pids.subprocesses && err->code == ERR_NOT_PYTHON &&
			   pids.n > pids.n_given) {
			passed++; /* a shell or launcher above those that were meant */
		} else if (pids.n > 1) {
			err_print(err, stderr);
		}
		dump_release(&d);
	}
	if (o->json) {
		json_end(&j);
		buf_char(&out, '\n');
	}
	if (shown)
		fwrite(out.data, 1, out.len, stdout);
	if (pids.n == 1 || what.core)
		ret = shown ? 0 : -1;
	else
		ret = shown && shown + passed == pids.n ? 0 : 1;
out:
	buf_release(&out);
	pids_release(&pids);
	return ret;
}

static const struct opt rows[] = {
	OPT("locals", 'l', flag, dump_cmd_options, what.locals, NULL,
		"the variables of every frame and their values"),
	OPT("asyncio", 'a', flag, dump_cmd_options, what.asyncio, NULL,
		"every asyncio task too: where it stands, and who awaits it (3.7 and "
		"newer)"),
	OPT("source", 0, flag, dump_cmd_options, source, NULL,
		"the source line of every frame, not only of the innermost"),
	OPT("full-filenames", 0, flag, dump_cmd_options, full_paths, NULL,
		"whole paths also for library files"),
	OPT("json", 'j', flag, dump_cmd_options, json, NULL,
		"a JSON array for programs, one object a process"),
	OPT("core", 0, string, dump_cmd_options, what.core, "FILE",
		"read an ELF core file instead of a process"),
	OPT("exe", 0, string, dump_cmd_options, what.exe, "FILE",
		"the program of the core, when it is not where it was"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Processes", shared_pid_rows, offsetof(struct dump_cmd_options, pids)),
	OPT_GROUP("What to show", rows, 0),
	OPT_GROUP("", shared_read_rows, offsetof(struct dump_cmd_options, what.read)),
	OPT_GROUP_END,
};

const struct cmd cmd_dump = {
	.page = {
		.name = "dump",
		.summary = "every thread's stack of a process, once",
		.usage = "[OPTIONS] (PID... | --core FILE)",
		.about = "Reads the process once, without stopping it: each Python thread with "
			 "what it is doing, innermost call first. Source lines come from the "
			 "files as the process sees them.",
		.groups = groups,
		.examples = {
			{ "sudo pystrobe dump 4242", "what is it doing right now?" },
			{ "sudo pystrobe dump -s --locals 4242",
				"with variables, and its workers too" },
			{ "pystrobe dump --core core.4242 --locals", "after a crash" },
		},
		.offer = OFFER_PIDS,
	},
	.options_size = sizeof(struct dump_cmd_options),
	.run = run,
};
