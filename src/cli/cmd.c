/* cmd.c - the table of commands, and the way from argv to an exit status */
#include "cli/cmd.h"

#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/screen.h"

#include <string.h>

/* clang-format off */
const struct cmd *const cmd_table[] = {
#define X(name) &cmd_##name,
	CMD_LIST(X)
#undef X
};
/* clang-format on */
const size_t cmd_count = ARRAY_SIZE(cmd_table);

const struct cmd *cmd_find(const char *word, struct err *err)
{
	const struct cmd *found = NULL, *other = NULL;
	const char *names[ARRAY_SIZE(cmd_table)];
	size_t i, len = strlen(word);
	const char *near;

	for (i = 0; i < cmd_count; i++) {
		const struct cmd *c = cmd_table[i];

		names[i] = c->page.name;
		if (!strcmp(c->page.name, word))
			return c;
		if (c->hidden || strncmp(c->page.name, word, len))
			continue;
		other = found;
		found = c;
	}
	if (found && !other && len)
		return found;
	if (found && len) {
		err_set(err, ERR_USAGE, "'%s' could be %s or %s", word, other->page.name,
			found->page.name);
		return NULL;
	}
	near = opt_nearest(word, names, cmd_count);
	if (near)
		err_set(err, ERR_USAGE, "there is no command '%s'; did you mean %s?",
			word, near);
	else
		err_set(err, ERR_USAGE, "there is no command '%s'; see pystrobe --help",
			word);
	return NULL;
}

static void overview(struct buf *out, bool colour)
{
	const char *on = colour ? "\033[1m" : "", *off = colour ? "\033[0m" : "";
	size_t i;

	buf_printf(out,
		"pystrobe - see what running Python programs do, from outside, now and "
		"any "
		"time before\n\n%sUsage%s\n  pystrobe COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		"%sCommands%s\n",
		on, off, on, off);
	for (i = 0; i < cmd_count; i++) {
		if (!cmd_table[i]->hidden)
			buf_printf(out, "  %-12s%s\n", cmd_table[i]->page.name,
				cmd_table[i]->page.summary);
	}
	buf_printf(out,
		"\n%sTry%s\n"
		"  pystrobe ps                     which Python processes are there?\n"
		"  sudo pystrobe dump PID          what is this one doing right now?\n"
		"  sudo pystrobe serve --all       watch all of them in the browser\n\n"
		"pystrobe COMMAND --help explains a command, pystrobe --version names "
		"the "
		"libraries in use.\n",
		on, off);
}

static void print(struct buf *text)
{
	fwrite(text->data, 1, text->len, stdout);
	buf_release(text);
}

/* What the user hears of a failure; the exit status. */
static int fail(const struct err *err, const char *command)
{
	err_print(err, stderr);
	if (err->code == ERR_USAGE && command && !err->hint[0])
		fprintf(stderr, "  see pystrobe %s --help\n", command);
	return err->code == ERR_USAGE ? 2 : 1;
}

static int run(const struct cmd *c, int argc, char **argv)
{
	struct opt_args args = { 0 };
	struct err err = ERR_INIT;
	struct buf text = BUF_INIT;
	void *options = xcalloc(1, c->options_size ? c->options_size : 1);
	int ret;

	ret = opt_parse(&c->page, argc, argv, options, &args, &err);
	if (ret == 1) {
		opt_help(&c->page, &text, screen_columns(stdout), screen_colour(stdout));
		print(&text);
		ret = 0;
	} else if (ret == 0) {
		ret = c->run(options, &args, &err);
	}
	if (ret < 0)
		ret = fail(&err, c->page.name);
	opt_release(&c->page, options, &args);
	free(options);
	/* a full disk or a closed pipe behind stdout is a failure too */
	if (fflush(stdout) != 0 && ret == 0)
		ret = 1;
	return ret;
}

int cmd_main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct buf text = BUF_INIT;
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct cmd *c;

	if (!word || !strcmp(word, "--help") || !strcmp(word, "-h") ||
		(!strcmp(word, "help") && argc == 2)) {
		overview(&text, screen_colour(word ? stdout : stderr));
		if (word) {
			print(&text);
			return 0;
		}
		fwrite(text.data, 1, text.len, stderr);
		buf_release(&text);
		return 2;
	}
	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		cmd_version(&text);
		print(&text);
		return 0;
	}
	if (!strcmp(word, "help")) {
		char *help_argv[] = { argv[2], (char *)"--help", NULL };

		c = cmd_find(argv[2], &err);
		return c ? run(c, 2, help_argv) : fail(&err, NULL);
	}
	if (word[0] == '-') {
		err_set(&err, ERR_USAGE,
			"a command must come first: pystrobe COMMAND %s ...", word);
		return fail(&err, NULL);
	}
	c = cmd_find(word, &err);
	return c ? run(c, argc - 1, argv + 1) : fail(&err, NULL);
}
