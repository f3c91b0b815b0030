/* cmd_report.c - pystrobe report: a recording in text */
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "cli/shared.h"

#include <string.h>

struct report_cmd_options {
	struct filter_options filter;
	unsigned max_rows;
	double min_percent;
	const char *sort, *weight, *by, *show;
	bool json, no_source;
};

static bool shows(const char *list, const char *word)
{
	return !list || strstr(list, word) || strstr(list, "all");
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct report_cmd_options *o = options;
	struct report_options ro = { .max_rows = o->max_rows,
		.min_share = o->min_percent / 100,
		.by_total = !strcmp(o->sort, "total"),
		.samples = !strcmp(o->weight, "samples"),
		.no_source = o->no_source,
		.utc = o->filter.utc,
		.chosen = o->filter.states.n || o->filter.waits.n,
		.by = o->by,
		.lines = shows(o->show, "lines"),
		.functions = shows(o->show, "functions"),
		.tree = shows(o->show, "tree") };
	struct opened opened = { 0 };
	struct report report = { 0 };
	struct buf out = BUF_INIT;
	struct filter filter;
	int ret = -1;

	if (args->n != 1)
		return err_set(err, ERR_USAGE,
			args->n ? "one recording at a time" : "which recording?");
	filter_init(&filter);
	report.path = args->v[0];
	if (open_path(&opened, args->v[0], err) < 0 ||
		filter_from_options(&filter, &o->filter, opened.source, err) < 0 ||
		report_make(&report, opened.source, &filter, &ro, err) < 0)
		goto out;
	if (o->json)
		report_json(&report, &ro, &out);
	else
		report_text(&report, &ro, screen_columns(stdout), screen_colour(stdout),
			&out);
	fwrite(out.data, 1, out.len, stdout);
	ret = 0;
out:
	buf_release(&out);
	report_release(&report);
	filter_release(&filter);
	open_release(&opened);
	return ret;
}

static const struct opt rows[] = {
	OPT("max", 'm', unsigned, report_cmd_options, max_rows, "N", "rows of each table",
		.initial = "15"),
	OPT("sort", 0, choice, report_cmd_options, sort, "WHAT", "order of the tables",
		.initial = "self", .choices = "self|total", .offer = OFFER_CHOICES),
	OPT("by", 0, choice, report_cmd_options, by, "WHAT",
		"a table by this too, and the tree divided by it",
		.choices = "thread|process|state|file|module", .offer = OFFER_CHOICES),
	OPT("show", 0, choice, report_cmd_options, show, "WHAT", "only this part",
		.choices = "lines|functions|tree|all", .offer = OFFER_CHOICES),
	OPT("min", 0, number, report_cmd_options, min_percent, "PERCENT",
		"branches of the tree below this share are folded", .initial = "1"),
	OPT("weight", 0, choice, report_cmd_options, weight, "WHAT", "what is counted",
		.initial = "time", .choices = "time|samples", .offer = OFFER_CHOICES),
	OPT("no-source", 0, flag, report_cmd_options, no_source, NULL,
		"do not show the text of lines"),
	OPT("json", 'j', flag, report_cmd_options, json, NULL,
		"one JSON object for programs"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Report", rows, 0),
	OPT_GROUP("Which samples", shared_filter_rows,
		offsetof(struct report_cmd_options, filter)),
	OPT_GROUP_END,
};

const struct cmd cmd_report = {
	.page = {
		.name = "report",
		.summary = "hot lines, hot functions and the call tree, as text",
		.usage = "[OPTIONS] PATH",
		.about = "Where the time goes in a recording or in any profile that we read. Your "
			 "own code is marked <====; --mine folds everything else into it. Without "
			 "--state only threads on CPU count.",
		.groups = groups,
		.examples = {
			{ "pystrobe report prod.pystrobe", "where is the time?" },
			{ "pystrobe report prod.pystrobe --from -15minutes --mine",
				"the last quarter of an hour, your own code only" },
			{ "pystrobe report prod.pystrobe --state gil-wait --by thread",
				"who waits for the GIL, and where" },
		},
		.offer = OFFER_FILES,
	},
	.options_size = sizeof(struct report_cmd_options),
	.run = run,
};
