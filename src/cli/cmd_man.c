/* cmd_man.c - pystrobe man: manual pages, written from the option tables */
#include "base/alloc.h"
#include "cli/commands.h"

#include <ctype.h>
#include <string.h>

/* Text for troff: backslashes, dashes, and dots or quotes where a line begins. */
static void put(struct buf *out, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			buf_str(out, "\\&");
		if (*text == '\\')
			buf_str(out, "\\e");
		else if (*text == '-')
			buf_str(out, "\\-");
		else if (*text == '\n' && text[1] == '\n') {
			buf_str(out, "\n.PP\n");
			text++;
		} else
			buf_char(out, *text);
		start = *text == '\n';
	}
}

static void head(struct buf *out, const char *name, const char *summary)
{
	const char *p;

	buf_str(out, ".\\\" made by: pystrobe man\n.TH ");
	for (p = name; *p; p++)
		buf_char(out, (char)toupper((unsigned char)*p));
	buf_printf(out, " 1 \"\" \"pystrobe %s\" \"User Commands\"\n.SH NAME\n",
		PYSTROBE_VERSION);
	put(out, name);
	buf_str(out, " \\- ");
	put(out, summary);
	buf_char(out, '\n');
}

static void option(struct buf *out, const struct opt *o)
{
	buf_str(out, ".TP\n");
	if (o->letter)
		buf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
	buf_str(out, "\\fB\\-\\-");
	put(out, o->name);
	buf_str(out, "\\fR");
	if (o->metavar) {
		buf_str(out, " \\fI");
		put(out, o->metavar);
		buf_str(out, "\\fR");
	}
	buf_char(out, '\n');
	put(out, o->help);
	if (o->choices && o->kind == &opt_choice && o->metavar &&
		!strchr(o->metavar, '|')) {
		buf_str(out, ": ");
		put(out, o->choices);
	}
	if (o->initial) {
		buf_str(out, " (default: ");
		put(out, o->initial);
		buf_char(out, ')');
	}
	buf_char(out, '\n');
}

static void page(struct buf *out, const struct opt_page *p)
{
	char name[64];
	size_t g, i;

	snprintf(name, sizeof(name), "pystrobe-%s", p->name);
	head(out, name, p->summary);
	buf_printf(out, ".SH SYNOPSIS\n.B pystrobe %s\n", p->name);
	put(out, p->usage);
	buf_str(out, "\n.SH DESCRIPTION\n");
	put(out, p->about ? p->about : p->summary);
	buf_char(out, '\n');
	for (g = 0; opt_has_group(p, g); g++) {
		buf_str(out, g ? "" : ".SH OPTIONS\n");
		if (p->groups[g].title[0]) {
			buf_str(out, ".SS ");
			put(out, p->groups[g].title);
			buf_char(out, '\n');
		}
		for (i = 0; p->groups[g].rows[i].name; i++)
			option(out, &p->groups[g].rows[i]);
	}
	buf_str(out, ".SH EXAMPLES\n");
	for (i = 0; i < ARRAY_SIZE(p->examples) && p->examples[i].command; i++) {
		buf_str(out, ".TP\n.B ");
		put(out, p->examples[i].command);
		buf_char(out, '\n');
		put(out, p->examples[i].what);
		buf_char(out, '\n');
	}
	buf_str(out, ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong use.\n"
		     ".SH SEE ALSO\n.BR pystrobe (1)\n");
}

static void front(struct buf *out)
{
	size_t i;

	head(out, "pystrobe", "see what running Python programs do, from outside");
	buf_str(out, ".SH SYNOPSIS\n.B pystrobe\n.I COMMAND\n[OPTIONS] [ARGUMENTS]\n"
		     ".SH DESCRIPTION\n"
		     "pystrobe reads the memory of running CPython interpreters from "
		     "outside, many times a\nsecond, without stopping or changing "
		     "them. It shows what they do now, and keeps it, so\nthat one can "
		     "look at any time before.\n"
		     ".SH COMMANDS\n");
	for (i = 0; i < cmd_count; i++) {
		if (cmd_table[i]->hidden)
			continue;
		buf_printf(out, ".TP\n.BR pystrobe\\-%s (1)\n", cmd_table[i]->page.name);
		put(out, cmd_table[i]->page.summary);
		buf_char(out, '\n');
	}
	buf_str(out, ".SH ENVIRONMENT\n"
		     ".TP\n.B NO_COLOR\nany value: no colours\n"
		     ".TP\n.B CLICOLOR_FORCE\ncolours also where the output is no "
		     "terminal\n"
		     ".TP\n.B COLUMNS\nwidth of the output\n"
		     ".TP\n.B PYSTROBE_DEBUG\nsay more on standard error\n"
		     ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong use; "
		     "record with a command passes on the command's.\n");
}

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	struct buf out = BUF_INIT;
	const struct cmd *c;

	(void)options;
	if (args->n > 1)
		return err_set(err, ERR_USAGE, "one page at a time");
	if (args->n) {
		c = cmd_find(args->v[0], err);
		if (!c)
			return -1;
		page(&out, &c->page);
	} else {
		front(&out);
	}
	fwrite(out.data, 1, out.len, stdout);
	buf_release(&out);
	return 0;
}

const struct cmd cmd_man = {
	.page = {
		.name = "man",
		.summary = "print a manual page, for man -l -",
		.usage = "[COMMAND]",
		.examples = {
			{ "pystrobe man record | man -l -", "read about record" },
			{ "pystrobe man | man -l -", "read about pystrobe" },
			{ "pystrobe man dump >pystrobe-dump.1", "write one page" },
		},
	},
	.run = run,
};
