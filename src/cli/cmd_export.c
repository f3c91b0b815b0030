/* cmd_export.c - pystrobe export: any stored range to any format */
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/shared.h"
#include "query/filter.h"

#include <stdio.h>
#include <string.h>

struct export_options {
	struct output_options output;
	struct filter_options filter;
	bool list;
};

static int list_formats(void)
{
	const struct format_ops *f;

	printf("%-12s %-7s %-29s %s\n", "FORMAT", "", "ENDINGS", "");
	for (f = format_list(); f->name; f++)
		printf("%-12s %-7s %-29s %s\n", f->name,
			f->write && f->read ? "in out"
			: f->write          ? "out"
					    : "in",
			f->endings, f->title);
	return 0;
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct export_options *o = options;
	const struct format_ops *format = NULL;
	struct opened opened = { 0 };
	struct filter filter;
	int ret = -1;

	if (o->list)
		return list_formats();
	if (args->n != 1)
		return err_set(err, ERR_USAGE,
			args->n ? "one recording at a time" : "which recording?");
	if (!o->output.path)
		return err_set(err, ERR_USAGE, "where to? -o PATH, or -o - -f FORMAT");
	filter_init(&filter);
	if (output_choose(&o->output, o->output.path, &format, err) < 0)
		goto out;
	if (!format) {
		err_set(err, ERR_USAGE,
			"the ending of %s names no format; choose one with -f (--list "
			"shows "
			"them), or copy a store: pystrobe store freeze",
			o->output.path);
		goto out;
	}
	if (open_path(&opened, args->v[0], err) < 0 ||
		filter_from_options(&filter, &o->filter, opened.source, err) < 0)
		goto out;
	ret = output_write(
		format, &o->output, opened.source, &filter, o->output.path, err);
	if (ret == 0 && strcmp(o->output.path, "-"))
		fprintf(stderr, "%s: %s\n", o->output.path, format->title);
out:
	filter_release(&filter);
	open_release(&opened);
	return ret;
}

static const struct opt rows[] = {
	OPT("list", 0, flag, export_options, list, NULL, "name all formats, and end"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Output", output_rows, offsetof(struct export_options, output)),
	OPT_GROUP("Which samples", shared_filter_rows,
		offsetof(struct export_options, filter)),
	OPT_GROUP("Formats", rows, 0),
	OPT_GROUP_END,
};

const struct cmd cmd_export = {
	.page = {
		.name = "export",
		.summary = "write any stored range in a format that other tools read",
		.usage = "[OPTIONS] PATH -o OUT",
		.about = "PATH is a store, a packed store, or a profile in any format that we "
			 "read. What the format has no place for is said on standard error.",
		.groups = groups,
		.examples = {
			{ "pystrobe export prod.pystrobe -o flame.svg",
				"one picture of everything" },
			{ "pystrobe export prod.pystrobe --from -1h --state cpu -o hour.pb.gz",
				"the last hour on CPU, for pprof" },
			{ "pystrobe export old.prof.json -o - -f folded | sort",
				"somebody else's profile as folded stacks" },
		},
		.offer = OFFER_FILES,
	},
	.options_size = sizeof(struct export_options),
	.run = run,
};
