/* cmd_ps.c - pystrobe ps: the Python processes of this host, and which can be looked into */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/probe.h"
#include "cli/screen.h"
#include "proc/find.h"
#include "proc/why.h"

#include <pwd.h>
#include <string.h>

struct ps_options {
	bool json, quiet, wide;
};

struct line {
	const struct found *p;
	char version[24];
	const char *build;
	char user[32];
	bool ok;
	enum why_cause cause;
	struct err err;
	int depth;
	bool shown;
};

static void name_user(struct line *l)
{
	struct passwd pw, *found = NULL;
	char room[1024];

	if (getpwuid_r(l->p->uid, &pw, room, sizeof(room), &found) == 0 && found)
		snprintf(l->user, sizeof(l->user), "%s", found->pw_name);
	else
		snprintf(l->user, sizeof(l->user), "%u", (unsigned)l->p->uid);
}

static void ask(struct line *l)
{
	struct probe probe;

	name_user(l);
	l->build = "";
	l->cause = why_not(l->p->pid, &l->err);
	if (l->cause != WHY_OK)
		return;
	l->ok = probe_open(&probe, l->p->pid, true, &l->err) == 0;
	if (l->ok) {
		probe_version(&probe, l->version, sizeof(l->version));
		l->build = probe_build(&probe.rt.version);
	}
	probe_close(&probe);
}

/* What stands in the column ATTACH. */
static const char *verdict(const struct line *l)
{
	if (l->ok)
		return "yes";
	if (l->cause != WHY_OK)
		return why_words(l->cause);
	switch (l->err.code) {
	case ERR_VERSION:
		return "unknown version";
	case ERR_NOT_READY:
		return "starting";
	default:
		return "not found";
	}
}

/* Parents before their children, else by pid. */
static void order(struct line *v, size_t n, struct line **out, size_t *n_out,
	pid_t parent, int depth)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		bool is_root = true;

		if (v[i].shown)
			continue;
		for (j = 0; j < n && is_root; j++)
			is_root = v[j].p->pid != v[i].p->ppid;
		if (parent ? v[i].p->ppid != parent : !is_root)
			continue;
		v[i].shown = true;
		v[i].depth = depth < 20 ? depth : 20;
		out[(*n_out)++] = &v[i];
		order(v, n, out, n_out, v[i].p->pid, depth + 1);
	}
}

enum { COLUMNS = 8 };

static const struct {
	const char *title;
	bool right;
} heads[COLUMNS] = {
	{ "PID", true },
	{ "PYTHON", false },
	{ "USER", false },
	{ "CONTAINER", false },
	{ "THREADS", true },
	{ "RSS", true },
	{ "UP", true },
	{ "ATTACH", false },
};

static void cells(const struct line *l, char text[COLUMNS][48])
{
	double up = (double)(clock_wall_ns() - l->p->start_ns) / 1e9;

	snprintf(text[0], 48, "%d", (int)l->p->pid);
	snprintf(text[1], 48, "%s%s%s", l->version[0] ? l->version : "?",
		l->build[0] ? " " : "", l->build);
	snprintf(text[2], 48, "%s", l->user);
	snprintf(text[3], 48, "%s", l->p->container);
	snprintf(text[4], 48, "%u", l->p->n_threads);
	text_bytes(text[5], 48, (double)l->p->rss_bytes);
	text_span(text[6], 48, up > 0 ? up : 0);
	snprintf(text[7], 48, "%s", verdict(l));
}

/* Where it does not fit the interpreter's folder is what is missed least. */
static void print_command(struct buf *out, const char *command, size_t columns)
{
	size_t len = strcspn(command, " ");
	const char *base = memrchr(command, '/', len);

	if (utf8_columns(command, strlen(command)) > columns && base)
		command = base + 1;
	text_fit(out, command, columns);
}

static void print_row(struct buf *out, char text[COLUMNS][48], const size_t *width,
	const struct line *l, size_t columns, bool colour)
{
	size_t used, i;

	for (i = 0; i < COLUMNS; i++) {
		size_t gap = width[i] - strlen(text[i]);
		enum ink k = i == 7 && l ? (l->ok ? INK_GOOD : INK_WARN)
			     : l         ? INK_PLAIN
					 : INK_HEAD;

		if (!width[i])
			continue;
		buf_printf(out, "%*s%s%s%s%*s  ", heads[i].right ? (int)gap : 0, "",
			k ? ink(colour, k) : "", text[i], k ? ink(colour, INK_PLAIN) : "",
			heads[i].right ? 0 : (int)gap, "");
	}
	if (!l) {
		buf_printf(out, "%sCOMMAND%s\n", ink(colour, INK_HEAD),
			ink(colour, INK_PLAIN));
		return;
	}
	for (used = 0, i = 0; i < COLUMNS; i++)
		used += width[i] ? width[i] + 2 : 0;
	if (l->depth)
		buf_printf(out, "%*s\xe2\x94\x94 ", (l->depth - 1) * 2, "");
	used += (size_t)l->depth * 2;
	print_command(out, l->p->command, columns > used + 20 ? columns - used : 20);
	buf_char(out, '\n');
}

/* Each cause once, below the table. */
static void print_cures(struct buf *out, struct line **v, size_t n, size_t columns)
{
	bool said[WHY_COUNT] = { false };
	size_t i;

	for (i = 0; i < n; i++) {
		const struct line *l = v[i];

		if (l->ok || (l->cause != WHY_OK && said[l->cause]))
			continue;
		said[l->cause] = true;
		buf_char(out, '\n');
		opt_wrap(out, l->err.msg, columns, 2);
		if (l->err.hint[0]) {
			buf_str(out, "\n  ");
			opt_wrap(out, l->err.hint, columns, 2);
		}
		buf_char(out, '\n');
	}
}

static void table(struct buf *out, struct line **v, size_t n, bool wide)
{
	size_t columns = wide ? 1000000 : screen_columns(stdout);
	bool colour = screen_colour(stdout);
	size_t width[COLUMNS] = { 0 };
	char text[COLUMNS][48];
	size_t i, k;

	for (i = 0; i < n; i++) {
		cells(v[i], text);
		for (k = 0; k < COLUMNS; k++) {
			if (strlen(text[k]) > width[k])
				width[k] = strlen(text[k]);
		}
	}
	for (k = 0; k < COLUMNS; k++) {
		snprintf(text[k], sizeof(text[k]), "%s", heads[k].title);
		if (width[k] && width[k] < strlen(text[k]))
			width[k] = strlen(text[k]);
	}
	print_row(out, text, width, NULL, columns, colour);
	for (i = 0; i < n; i++) {
		cells(v[i], text);
		print_row(out, text, width, v[i], columns, colour);
	}
	print_cures(out, v, n, wide ? 100 : columns);
}

static void write_json(struct buf *out, struct line **v, size_t n)
{
	struct json j;
	size_t i;

	json_init(&j, out);
	j.indent = true;
	json_array(&j);
	for (i = 0; i < n; i++) {
		const struct line *l = v[i];

		json_object(&j);
		json_kint(&j, "pid", l->p->pid);
		json_kint(&j, "ppid", l->p->ppid);
		json_key(&j, "python");
		l->version[0] ? json_str(&j, l->version) : json_null(&j);
		json_kstr(&j, "build", l->build);
		json_kstr(&j, "user", l->user);
		json_kstr(&j, "container", l->p->container);
		json_kstr(&j, "command", l->p->command);
		json_kstr(&j, "interpreter", l->p->interpreter);
		json_kint(&j, "threads", l->p->n_threads);
		json_kint(&j, "rss_bytes", (int64_t)l->p->rss_bytes);
		json_kdouble(&j, "start_time", (double)l->p->start_ns / 1e9);
		json_kbool(&j, "can_attach", l->ok);
		json_kstr(&j, "reason", l->ok ? "" : l->err.msg);
		json_kstr(&j, "cure", l->ok ? "" : l->err.hint);
		json_end(&j);
	}
	json_end(&j);
	buf_char(out, '\n');
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const struct ps_options *o = options;
	struct find *find = find_new();
	struct line **sorted = NULL;
	struct line *v = NULL;
	struct buf out = BUF_INIT;
	const struct found *p;
	size_t i, n, n_lines = 0, n_sorted = 0;
	int ret = -1;

	if (args->n) {
		err_set(err, ERR_USAGE, "ps lists all; it takes no '%s'", args->v[0]);
		goto out;
	}
	p = find_scan(find, &n);
	v = xcalloc(n + 1, sizeof(*v));
	sorted = xcalloc(n + 1, sizeof(*sorted));
	for (i = 0; i < n; i++) {
		struct line *l = &v[n_lines];

		*l = (struct line){ .p = &p[i] };
		if (o->quiet)
			buf_printf(&out, "%d\n", (int)p[i].pid);
		else
			ask(l);
		/* one that has ended since it was found is not running here */
		n_lines += l->ok || l->err.code != ERR_GONE;
	}
	order(v, n_lines, sorted, &n_sorted, 0, 0);
	if (o->json)
		write_json(&out, sorted, n_sorted);
	else if (!o->quiet && n_lines)
		table(&out, sorted, n_sorted, o->wide);
	else if (!o->quiet)
		fprintf(stderr, "pystrobe: no Python process is running here\n");
	if (out.len)
		fwrite(out.data, 1, out.len, stdout);
	ret = 0;
out:
	buf_release(&out);
	free(sorted);
	free(v);
	find_free(find);
	return ret;
}

static const struct opt rows[] = {
	OPT("json", 'j', flag, ps_options, json, NULL, "one JSON array for programs"),
	OPT("quiet", 'q', flag, ps_options, quiet, NULL, "pids only, one a line"),
	OPT("wide", 'w', flag, ps_options, wide, NULL, "do not cut long commands"),
	OPT_END,
};
static const struct opt_group groups[] = { OPT_GROUP("Options", rows, 0), OPT_GROUP_END };

const struct cmd cmd_ps = {
	.page = {
		.name = "ps",
		.summary = "list the Python processes of this host",
		.usage = "[OPTIONS]",
		.about = "Finds Python by what the files of a process contain, whatever it is "
			 "called. ATTACH says whether pystrobe may look into it; where not, the "
			 "reason and its cure follow below the table.",
		.groups = groups,
		.examples = {
			{ "pystrobe ps", "what is there" },
			{ "sudo pystrobe ps --wide", "everybody's, with whole commands" },
			{ "pystrobe ps --json | jq '.[] | select(.can_attach) | .pid'",
				"for a script" },
		},
	},
	.options_size = sizeof(struct ps_options),
	.run = run,
};
