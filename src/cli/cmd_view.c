/* cmd_view.c - pystrobe view: the dashboard over a recording, live or finished */
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/open.h"
#include "cli/screen.h"
#include "cli/web.h"
#include "store/store.h"

#include <stdio.h>

struct view_options {
	struct web_options web;
	double duration;
};

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct view_options *o = options;
	int64_t end_ns =
		o->duration > 0 ? clock_mono_ns() + (int64_t)(o->duration * 1e9) : -1;
	struct ending ending = ENDING_INIT;
	struct http_server *web = NULL;
	struct opened opened = { 0 };
	int ret = -1;

	if (args->n != 1)
		return err_set(err, ERR_USAGE,
			args->n ? "one recording at a time" : "which recording?");
	if (ending_open(&ending, err) < 0 || open_path(&opened, args->v[0], err) < 0)
		goto out;
	web = web_start(&o->web, opened.source, NULL, args->v[0], err);
	if (!web)
		goto out;
	printf("%sdashboard%s  %s\n", ink(screen_colour(stdout), INK_BOLD),
		ink(screen_colour(stdout), INK_PLAIN), http_server_url(web));
	printf("showing    %s; Ctrl-C ends it\n", args->v[0]);
	fflush(stdout);
	while (!ending_wait(&ending, clock_mono_ns() + NS_PER_SEC, -1)) {
		struct err ignored = ERR_INIT;

		if (end_ns >= 0 && clock_mono_ns() >= end_ns)
			break;
		if (opened.store)
			store_refresh(opened.store, &ignored);
	}
	ret = 0;
out:
	http_server_stop(web);
	open_release(&opened);
	ending_close(&ending);
	return ret;
}

static const struct opt rows[] = {
	OPT("duration", 'd', seconds, view_options, duration, "SECONDS",
		"end after that long"),
	OPT_END,
};
static const struct opt_group groups[] = {
	OPT_GROUP("Dashboard", web_rows, offsetof(struct view_options, web)),
	OPT_GROUP("Running", rows, 0),
	OPT_GROUP_END,
};

const struct cmd cmd_view = {
	.page = {
		.name = "view",
		.summary = "the dashboard over a recording or any profile we read",
		.usage = "[OPTIONS] PATH",
		.about = "PATH is a store (also one that is being written), a packed store, or a "
			 "profile: folded stacks, speedscope, pprof, .cpuprofile, py-spy, Austin, "
			 "perf script... recognised by its content.",
		.groups = groups,
		.examples = {
			{ "pystrobe view prod.pystrobe", "a recording in the browser" },
			{ "pystrobe view profile.pb.gz --listen :0",
				"somebody else's profile, on a free port" },
			{ "pystrobe view /var/lib/pystrobe",
				"what a running serve has written, without disturbing it" },
		},
		.offer = OFFER_FILES,
	},
	.options_size = sizeof(struct view_options),
	.run = run,
};
