/* test_opt.c - command lines by table: parsing, refusals, help */
#include "test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/opt.h"
#include "base/units.h"
#include "cli/cmd.h"

#include <string.h>

struct sample {
	bool all, quiet;
	unsigned verbose, count;
	double rate, span;
	uint64_t size;
	const char *name, *mode;
	struct opt_list tags;
};

static const struct opt rows[] = {
	OPT("all", 'a', flag, sample, all, NULL, "everything"),
	OPT("alarm", 0, flag, sample, quiet, NULL, "begins like all"),
	OPT("verbose", 'v', count, sample, verbose, NULL, "more"),
	OPT("count", 'c', unsigned, sample, count, "N", "how many"),
	OPT("rate", 'r', rate, sample, rate, "HZ", "how often", .initial = "100"),
	OPT("span", 0, seconds, sample, span, "SPAN", "how long"),
	OPT("size", 0, size, sample, size, "SIZE", "how much"),
	OPT("name", 'n', string, sample, name, "NAME", "who"),
	OPT("mode", 0, choice, sample, mode, "MODE", "which", .choices = "never|auto"),
	OPT("tag", 't', list, sample, tags, "TAG", "may be given again"),
	OPT_END,
};
static const struct opt_group groups[] = { OPT_GROUP("Options", rows, 0), OPT_GROUP_END };
static const struct opt_page page = { .name = "sample",
	.summary = "a sample",
	.usage = "[OPTIONS]",
	.groups = groups,
	.takes_command = true };

static struct sample got;
static struct opt_args args;
static struct err err;

/* The words of a line, split at spaces; at most 15. */
static int parse(const char *line)
{
	static char text[256];
	static char *argv[17];
	int argc = 1;
	char *word;

	snprintf(text, sizeof(text), "%s", line);
	argv[0] = text;
	for (word = strtok(text, " "); word && argc < 16; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	opt_release(&page, &got, &args);
	memset(&got, 0, sizeof(got));
	memset(&err, 0, sizeof(err));
	return opt_parse(&page, argc, argv, &got, &args, &err);
}

TEST(options_are_read_in_every_spelling)
{
	CHECK_INT(
		parse("-avv -r250 --count=3 one --na x two --tag a -t b --span 1.5m"), 0);
	CHECK(got.all && !got.quiet);
	CHECK_INT(got.verbose, 2);
	CHECK(got.rate == 250 && got.span == 90);
	CHECK_INT(got.count, 3);
	CHECK_STR(got.name, "x");
	CHECK_INT(args.n, 2);
	CHECK_STR(args.v[1], "two");
	CHECK_INT(got.tags.n, 2);
	CHECK_STR(got.tags.v[1], "b");
	CHECK(args.command == NULL);
	CHECK_INT(parse("1 -- python -c pass --all"), 0);
	CHECK_INT(args.n, 1);
	CHECK_STR(args.command[0], "python");
	CHECK_STR(args.command[3], "--all");
	CHECK(!got.all && got.rate == 100);
	CHECK_INT(parse("--size 20GiB -r max --name -15minutes"), 0);
	CHECK(got.size == 20ull << 30 && got.rate == 0);
	CHECK_STR(got.name, "-15minutes");
	CHECK_INT(parse("-h"), 1);
	CHECK_INT(parse("--help"), 1);
	opt_release(&page, &got, &args);
}

TEST(spans_and_sizes_are_read_as_people_write_them)
{
	static const struct {
		const char *text;
		int64_t ns, bytes; /* -1: refused */
	} tc[] = {
		{ "90", 90 * NS_PER_SEC, 90 },
		{ ".5", NS_PER_SEC / 2, 0 },
		{ "1.5m", 90 * NS_PER_SEC, 3 << 19 },
		{ "1h30m", 5400 * NS_PER_SEC, -1 },
		{ "1 hour 30 min", 5400 * NS_PER_SEC, -1 },
		{ "2 Weeks", 14 * 86400 * NS_PER_SEC, -1 },
		{ "250ms", 250 * NS_PER_MS, -1 },
		{ "20GiB", -1, 20LL << 30 },
		{ "20 gb", -1, 20000000000 },
		{ "20g", -1, 20LL << 30 },
		{ "7B", -1, 7 },
		{ "1p", -1, 1LL << 50 },
		{ "", -1, -1 },
		{ "-1", -1, -1 },
		{ "inf", -1, -1 },
		{ "nan", -1, -1 },
		{ "0x10", -1, -1 },
		{ "1e3", -1, -1 },
		{ "5 5", -1, -1 },
		{ "99999999999999y", -1, -1 },
		{ "99999999999p", -1, -1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		int64_t ns = -1;
		uint64_t bytes = (uint64_t)-1;

		CHECK_INT(duration_parse(tc[i].text, &ns, &err), tc[i].ns < 0 ? -1 : 0);
		CHECK_INT(ns, tc[i].ns);
		CHECK_INT(size_parse(tc[i].text, &bytes, &err), tc[i].bytes < 0 ? -1 : 0);
		CHECK_INT((int64_t)bytes, tc[i].bytes);
	}
}

TEST(wrong_words_are_refused_with_one_line_that_says_why)
{
	static const struct {
		const char *line, *says;
	} tc[] = {
		{ "--al", "--al could be --all or --alarm" },
		{ "--vrebose", "there is no option --vrebose; did you mean --verbose?" },
		{ "-x", "there is no option -x" },
		{ "--rate", "--rate needs a value: --rate HZ" },
		{ "-r", "-r needs a value: -r HZ" },
		{ "--all=1", "--all takes no value" },
		{ "-r 0.05", "--rate: 0.05 is too slow: at least 0.1, a sample every ten "
			     "seconds" },
		{ "-r nan", "--rate: 'nan' is not a rate in samples a second (like 100, "
			    "1k or "
			    "max)" },
		{ "-r 0x10",
			"--rate: '0x10' is not a rate in samples a second (like 100, 1k "
			"or max)" },
		{ "-r 2000k",
			"--rate: 2000k is too fast: at most 1000k, or max for as fast "
			"as possible" },
		{ "--count -1", "--count: '-1' is not a whole number" },
		{ "--count 99999999999", "--count: '99999999999' is not a whole number" },
		{ "--mode maybe", "--mode: 'maybe' is not one of never|auto" },
		{ "--span 5parsecs",
			"--span: '5parsecs' is not a time span (like 90, 1.5m, "
			"1h30m or 7d)" },
		{ "--size 5parsecs",
			"--size: '5parsecs' is not a size (like 512MiB or 20GiB)" },
		{ "--", "a command must follow --" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		CHECK_INT(parse(tc[i].line), -1);
		CHECK_INT(err.code, ERR_USAGE);
		CHECK_STR(err.msg, tc[i].says);
	}
	opt_release(&page, &got, &args);
}

TEST(every_command_describes_itself_without_contradiction)
{
	size_t c, g, i, h, k;

	for (c = 0; c < cmd_count; c++) {
		const struct opt_page *p = &cmd_table[c]->page;
		void *options = xcalloc(1, cmd_table[c]->options_size + 1);
		struct opt_args none = { 0 };
		char *argv[] = { (char *)"x", NULL };

		/* defaults parse */
		CHECK_INT(opt_parse(p, 1, argv, options, &none, &err), 0);
		opt_release(p, options, &none);
		free(options);
		CHECK(p->examples[2].command != NULL);
		for (g = 0; opt_has_group(p, g); g++)
			for (i = 0; p->groups[g].rows[i].name; i++) {
				const struct opt *a = &p->groups[g].rows[i];

				CHECK(a->offset + p->groups[g].base <
					cmd_table[c]->options_size);
				CHECK(!a->kind->takes_value == !a->metavar);
				CHECK(strlen(a->help) > 5);
				for (h = 0; opt_has_group(p, h); h++)
					for (k = 0; p->groups[h].rows[k].name; k++) {
						const struct opt *b =
							&p->groups[h].rows[k];

						if (a == b)
							continue;
						CHECK(strcmp(a->name, b->name) != 0);
						CHECK(!a->letter ||
							a->letter != b->letter);
					}
			}
	}
}

TEST(help_shows_every_option_with_its_default)
{
	struct buf out = BUF_INIT;

	opt_help(&page, &out, 80, false);
	CHECK(strstr(out.data, "  -r, --rate HZ             how often (default: 100)\n"));
	CHECK(strstr(out.data, "      --mode MODE           which: never|auto\n"));
	buf_release(&out);
}

TEST(a_mistyped_command_gets_a_suggestion)
{
	CHECK(cmd_find("pss", &err) == NULL);
	CHECK_STR(err.msg, "there is no command 'pss'; did you mean ps?");
	CHECK(cmd_find("ps", &err) != NULL);
	CHECK(cmd_find("frobnicate", &err) == NULL);
	CHECK_INT(err.code, ERR_USAGE);
}
