/* cmd_store.c - pystrobe store: what is in it, is it sound, make it smaller, copy it */
#include "base/alloc.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "query/timespec.h"
#include "store/admin.h"

#include <string.h>
#include <unistd.h>

struct store_cmd_options {
	bool json, utc;
};

static int draw(void *arg, const char *doing, uint64_t done, uint64_t all)
{
	(void)arg;
	if (!isatty(STDERR_FILENO))
		return 0;
	if (all)
		fprintf(stderr, "\r\033[K%s %3.0f%%", doing,
			100 * (double)done / (double)all);
	else
		fprintf(stderr, "\r\033[K%s %llu", doing, (unsigned long long)done);
	return 0;
}

static void undraw(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void number(const char *what, uint64_t n)
{
	char text[32];

	printf("  %-12s%s\n", what, text_number(text, sizeof(text), n));
}

static void bytes(const char *what, uint64_t n)
{
	char text[32];

	printf("  %-12s%s\n", what, text_bytes(text, sizeof(text), (double)n));
}

static void info_text(const char *dir, const struct store_info *in, bool utc)
{
	char from[40], until[40], span[40];

	printf("%s\n", dir);
	printf("  %-12s%u", "format", in->format);
	if (in->is_old)
		printf(", older; pystrobe store compact %s brings it up to date", dir);
	putchar('\n');
	if (in->until_ns)
		printf("  %-12s%s to %s (%s)\n", "time",
			time_text(from, sizeof(from), in->from_ns, false, utc),
			time_text(until, sizeof(until), in->until_ns, false, utc),
			duration_text(span, sizeof(span), in->until_ns - in->from_ns));
	if (in->live)
		printf("  %-12spid %d%s%s\n", "owner", (int)in->owner_pid,
			in->owner_address[0] ? ", " : "", in->owner_address);
	bytes("on disk", in->bytes_disk);
	if (in->n_samples)
		printf("  %-12s%.2f bytes a sample\n", "",
			(double)in->bytes_disk / (double)in->n_samples);
	number("samples", in->n_samples);
	number("processes", in->n_series);
	number("threads", in->n_threads);
	number("events", in->n_events);
	number("blocks", in->n_blocks);
	number("chunks", in->n_raw);
	number("roll-ups", in->n_rollups);
	number("functions", in->n_functions);
	number("frames", in->n_frames);
	number("stacks", in->n_stacks);
}

static void info_json(const char *dir, const struct store_info *in)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "format", in->format },
		{ "blocks", in->n_blocks },
		{ "processes", in->n_series },
		{ "threads", in->n_threads },
		{ "events", in->n_events },
		{ "chunks", in->n_raw },
		{ "rollups", in->n_rollups },
		{ "samples", in->n_samples },
		{ "strings", in->n_strings },
		{ "functions", in->n_functions },
		{ "frames", in->n_frames },
		{ "stacks", in->n_stacks },
		{ "bytes_disk", in->bytes_disk },
		{ "bytes_raw", in->bytes_raw },
		{ "bytes_rollup", in->bytes_rollup },
		{ "bytes_symbols", in->bytes_symbols },
		{ "bytes_meta", in->bytes_meta },
	};
	struct buf out = BUF_INIT;
	struct json j;
	size_t i;

	json_init(&j, &out);
	j.indent = true;
	json_object(&j);
	json_kstr(&j, "path", dir);
	json_kdouble(&j, "from", (double)in->from_ns / 1e9);
	json_kdouble(&j, "until", (double)in->until_ns / 1e9);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		json_kint(&j, rows[i].key, (int64_t)rows[i].value);
	json_kbool(&j, "live", in->live);
	json_kint(&j, "owner_pid", in->owner_pid);
	json_kstr(&j, "owner_address", in->owner_address);
	json_end(&j);
	puts(out.data);
	buf_release(&out);
}

typedef int action_fn(
	const struct store_cmd_options *o, const struct opt_args *args, struct err *err);

static int do_info(
	const struct store_cmd_options *o, const struct opt_args *args, struct err *err)
{
	struct store_info in = { 0 };

	if (store_info(args->v[1], &in, err) < 0)
		return -1;
	if (o->json)
		info_json(args->v[1], &in);
	else
		info_text(args->v[1], &in, o->utc);
	return 0;
}

static void report_json(const struct store_report *r)
{
	struct buf out = BUF_INIT;
	struct json j;

	json_init(&j, &out);
	j.indent = true;
	json_object(&j);
	json_kbool(&j, "sound", store_report_is_clean(r));
	json_kint(&j, "keys", (int64_t)r->n_keys);
	json_kint(&j, "chunks", (int64_t)r->n_chunks);
	json_kint(&j, "rollups", (int64_t)r->n_rollups);
	json_kint(&j, "samples", (int64_t)r->n_samples);
	json_kint(&j, "bad_checksum", (int64_t)r->n_bad_checksum);
	json_kint(&j, "bad_value", (int64_t)r->n_bad_value);
	json_kint(&j, "dangling", (int64_t)r->n_dangling);
	json_kint(&j, "bad_rollup", (int64_t)r->n_bad_rollup);
	json_kstr(&j, "first", r->first);
	json_end(&j);
	puts(out.data);
	buf_release(&out);
}

static int do_check(
	const struct store_cmd_options *o, const struct opt_args *args, struct err *err)
{
	struct store_report r = { 0 };
	int ret;

	ret = store_check(args->v[1], &r, draw, NULL, err);
	undraw();
	if (ret < 0)
		return -1;
	if (o->json)
		report_json(&r);
	else
		printf("%s: %s; %llu keys, %llu chunks, %llu roll-ups, %llu samples "
		       "read\n",
			args->v[1], store_report_is_clean(&r) ? "sound" : "DAMAGED",
			(unsigned long long)r.n_keys, (unsigned long long)r.n_chunks,
			(unsigned long long)r.n_rollups, (unsigned long long)r.n_samples);
	if (store_report_is_clean(&r))
		return 0;
	err_set(err, ERR_CORRUPT,
		"%llu bad checksums, %llu bad values, %llu dangling references, %llu "
		"roll-ups that differ; the first: %s",
		(unsigned long long)r.n_bad_checksum, (unsigned long long)r.n_bad_value,
		(unsigned long long)r.n_dangling, (unsigned long long)r.n_bad_rollup,
		r.first);
	return -1;
}

static int do_compact(
	const struct store_cmd_options *o, const struct opt_args *args, struct err *err)
{
	uint64_t before = 0, after = 0;
	char a[32], b[32];
	int ret;

	(void)o;
	ret = store_compact(args->v[1], draw, NULL, &before, &after, err);
	undraw();
	if (ret < 0)
		return -1;
	printf("%s: %s before, %s now\n", args->v[1],
		text_bytes(a, sizeof(a), (double)before),
		text_bytes(b, sizeof(b), (double)after));
	return 0;
}

static int do_freeze(
	const struct store_cmd_options *o, const struct opt_args *args, struct err *err)
{
	int ret;

	(void)o;
	ret = store_freeze(args->v[1], args->v[2], draw, NULL, err);
	undraw();
	if (ret == 0)
		printf("%s is a copy of %s\n", args->v[2], args->v[1]);
	return ret;
}

static int do_pack(
	const struct store_cmd_options *o, const struct opt_args *args, struct err *err)
{
	int ret;

	(void)o;
	ret = store_pack(args->v[1], args->v[2], draw, NULL, err);
	undraw();
	if (ret == 0)
		printf("%s holds %s; pystrobe view opens it as it is\n", args->v[2],
			args->v[1]);
	return ret;
}

static const struct {
	const char *word;
	size_t n_args;
	action_fn *run;
	const char *usage;
} actions[] = {
	{ "info", 1, do_info, "info DIR" },
	{ "check", 1, do_check, "check DIR" },
	{ "compact", 1, do_compact, "compact DIR" },
	{ "freeze", 2, do_freeze, "freeze DIR TO" },
	{ "pack", 2, do_pack, "pack DIR FILE" },
};

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	const char *words[ARRAY_SIZE(actions)];
	const char *near;
	size_t i;

	if (!args->n)
		return err_set(err, ERR_USAGE,
			"what to do: info, check, compact, freeze or "
			"pack?");
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		words[i] = actions[i].word;
		if (strcmp(args->v[0], actions[i].word))
			continue;
		if (args->n != actions[i].n_args + 1)
			return err_set(err, ERR_USAGE, "it is: pystrobe store %s",
				actions[i].usage);
		return actions[i].run(options, args, err);
	}
	near = opt_nearest(args->v[0], words, ARRAY_SIZE(words));
	return err_set(err, ERR_USAGE, "there is no 'store %s'%s%s%s", args->v[0],
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static const struct opt rows[] = {
	OPT("json", 'j', flag, store_cmd_options, json, NULL,
		"info and check: one JSON object for programs"),
	OPT("utc", 0, flag, store_cmd_options, utc, NULL, "show times in UTC"),
	OPT_END,
};
static const struct opt_group groups[] = { OPT_GROUP("Options", rows, 0), OPT_GROUP_END };

const struct cmd cmd_store = {
	.page = {
		.name = "store",
		.summary = "what is in a store, is it sound, make it smaller, copy it",
		.usage = "[OPTIONS] (info DIR | check DIR | compact DIR | freeze DIR TO | pack "
			 "DIR FILE)",
		.about = "info says what is in it, check reads and proves all of it, compact "
			 "rewrites it for size, freeze takes a consistent copy (also of a live "
			 "store), pack makes one file to send around.",
		.groups = groups,
		.examples = {
			{ "pystrobe store info prod.pystrobe", "samples, time, size" },
			{ "pystrobe store check prod.pystrobe", "is every byte what was written?" },
			{ "pystrobe store freeze /var/lib/pystrobe copy.pystrobe",
				"a copy to take home, while serve goes on" },
		},
		.offer = OFFER_CHOICES,
		.choices = "info|check|compact|freeze|pack",
	},
	.options_size = sizeof(struct store_cmd_options),
	.run = run,
};
