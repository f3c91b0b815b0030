/*
 * cmd_completion.c - pystrobe completion SHELL: scripts for bash, zsh and fish, written
 * from the option tables.
 */
#include "base/alloc.h"
#include "cli/commands.h"

#include <string.h>

/* Calls fn for each option of a page. */
typedef void opt_fn(struct buf *out, const struct cmd *c, const struct opt *o);

static void each_option(struct buf *out, const struct cmd *c, opt_fn *fn)
{
	size_t g, i;

	for (g = 0; opt_has_group(&c->page, g); g++) {
		for (i = 0; c->page.groups[g].rows[i].name; i++)
			fn(out, c, &c->page.groups[g].rows[i]);
	}
}

/* "a|b|c" -> "a b c" */
static void put_choices(struct buf *out, const char *choices)
{
	for (; *choices; choices++)
		buf_char(out, *choices == '|' ? ' ' : *choices);
}

/* Inside single quotes, with what zsh treats specially in a description left out. */
static void put_quoted(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_str(out, "'\\''");
		else if (!strchr("[]:", *text))
			buf_char(out, *text);
	}
}

/* ---- bash ---- */

static void bash_word(struct buf *out, const struct cmd *c, const struct opt *o)
{
	(void)c;
	buf_printf(out, " --%s", o->name);
	if (o->letter)
		buf_printf(out, " -%c", o->letter);
}

/* One case arm: what to offer behind this option. */
static void bash_value(struct buf *out, const struct cmd *c, const struct opt *o)
{
	if (!o->kind->takes_value)
		return;
	buf_printf(out, "\t%s:--%s", c->page.name, o->name);
	if (o->letter)
		buf_printf(out, "|%s:-%c", c->page.name, o->letter);
	switch (o->offer) {
	case OFFER_CHOICES:
		buf_str(out, ") COMPREPLY=($(compgen -W '");
		put_choices(out, o->choices);
		buf_str(out, "' -- \"$cur\")) ;;\n");
		break;
	case OFFER_FILES:
		buf_str(out, ") COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n");
		break;
	case OFFER_DIRS:
		buf_str(out, ") COMPREPLY=($(compgen -d -- \"$cur\")) ;;\n");
		break;
	case OFFER_PIDS:
		buf_str(out, ") COMPREPLY=($(compgen -W \"$(pystrobe ps --quiet "
			     "2>/dev/null)\" -- \"$cur\")) ;;\n");
		break;
	case OFFER_NOTHING:
		buf_str(out, ") COMPREPLY=() ;;\n");
		break;
	}
}

static void bash_positional(struct buf *out, const struct cmd *c)
{
	switch (c->page.offer) {
	case OFFER_PIDS:
		buf_str(out, "$(pystrobe ps --quiet 2>/dev/null)");
		break;
	case OFFER_CHOICES:
		put_choices(out, c->page.choices);
		break;
	default:
		break;
	}
}

static void bash(struct buf *out)
{
	size_t i;

	buf_str(out, "# bash completion for pystrobe; made by: pystrobe completion bash\n"
		     "_pystrobe()\n{\n"
		     "\tlocal cur prev cmd words i\n"
		     "\tcur=${COMP_WORDS[COMP_CWORD]}\n"
		     "\tprev=${COMP_WORDS[COMP_CWORD-1]}\n"
		     "\tCOMPREPLY=()\n"
		     "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		     "\t\tCOMPREPLY=($(compgen -W '");
	for (i = 0; i < cmd_count; i++) {
		if (!cmd_table[i]->hidden)
			buf_printf(out, "%s ", cmd_table[i]->page.name);
	}
	buf_str(out, "help --help --version' -- \"$cur\"))\n"
		     "\t\treturn\n\tfi\n"
		     "\tcmd=${COMP_WORDS[1]}\n"
		     "\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
		     "\t\tif [ \"${COMP_WORDS[i]}\" = -- ]; then\n"
		     "\t\t\tCOMPREPLY=($(compgen -c -f -- \"$cur\"))\n"
		     "\t\t\treturn\n\t\tfi\n\tdone\n"
		     "\tcase $cmd:$prev in\n");
	for (i = 0; i < cmd_count; i++)
		each_option(out, cmd_table[i], bash_value);
	buf_str(out, "\t*)\n\t\tcase $cmd in\n");
	for (i = 0; i < cmd_count; i++) {
		const struct cmd *c = cmd_table[i];

		buf_printf(out, "\t\t%s) words=\"--help", c->page.name);
		each_option(out, c, bash_word);
		buf_char(out, ' ');
		bash_positional(out, c);
		buf_str(out, "\" ;;\n");
	}
	buf_str(out, "\t\tesac\n"
		     "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		     "\t\tcase $cmd in\n\t\t");
	for (i = 0; i < cmd_count; i++) {
		if (cmd_table[i]->page.offer == OFFER_FILES ||
			cmd_table[i]->page.offer == OFFER_DIRS)
			buf_printf(out, "%s|", cmd_table[i]->page.name);
	}
	buf_str(out, "_) COMPREPLY+=($(compgen -f -- \"$cur\")) ;;\n"
		     "\t\tesac ;;\n\tesac\n}\n"
		     "complete -o filenames -F _pystrobe pystrobe\n");
}

/* ---- zsh ---- */

static void zsh_action(struct buf *out, enum opt_offer offer, const char *choices)
{
	switch (offer) {
	case OFFER_FILES:
		buf_str(out, "_files");
		break;
	case OFFER_DIRS:
		buf_str(out, "_files -/");
		break;
	case OFFER_PIDS:
		buf_str(out, "_pystrobe_pids");
		break;
	case OFFER_CHOICES:
		buf_char(out, '(');
		put_choices(out, choices);
		buf_char(out, ')');
		break;
	case OFFER_NOTHING:
		buf_char(out, ' ');
		break;
	}
}

static void zsh_option(struct buf *out, const struct cmd *c, const struct opt *o)
{
	bool value = o->kind->takes_value;
	int pass, passes = o->letter ? 2 : 1;

	(void)c;
	for (pass = 0; pass < passes; pass++) {
		buf_str(out, " \\\n\t\t\t'");
		if (o->kind == &opt_list)
			buf_char(out, '*');
		if (pass)
			buf_printf(out, "-%c%s[", o->letter, value ? "+" : "");
		else
			buf_printf(out, "--%s%s[", o->name, value ? "=" : "");
		put_quoted(out, o->help);
		buf_char(out, ']');
		if (value) {
			buf_char(out, ':');
			put_quoted(out, o->metavar);
			buf_char(out, ':');
			zsh_action(out, o->offer, o->choices);
		}
		buf_char(out, '\'');
	}
}

static void zsh(struct buf *out)
{
	size_t i;

	buf_str(out, "#compdef pystrobe\n"
		     "# zsh completion for pystrobe; made by: pystrobe completion zsh\n"
		     "_pystrobe_pids() {\n"
		     "\tlocal -a pids\n"
		     "\tpids=(${(f)\"$(pystrobe ps --quiet 2>/dev/null)\"})\n"
		     "\t_describe 'process' pids\n}\n"
		     "_pystrobe() {\n"
		     "\tlocal -a commands\n"
		     "\tcommands=(\n");
	for (i = 0; i < cmd_count; i++) {
		if (cmd_table[i]->hidden)
			continue;
		buf_printf(out, "\t\t'%s:", cmd_table[i]->page.name);
		put_quoted(out, cmd_table[i]->page.summary);
		buf_str(out, "'\n");
	}
	buf_str(out, "\t)\n"
		     "\tif (( CURRENT == 2 )); then\n"
		     "\t\t_describe 'command' commands\n\t\treturn\n\tfi\n"
		     "\tlocal command=$words[2]\n"
		     "\tshift words\n\t(( CURRENT-- ))\n"
		     "\tcase $command in\n");
	for (i = 0; i < cmd_count; i++) {
		const struct cmd *c = cmd_table[i];

		buf_printf(out, "\t%s)\n\t\t_arguments -s '--help[explain the command]'",
			c->page.name);
		each_option(out, c, zsh_option);
		if (c->page.offer != OFFER_NOTHING) {
			buf_str(out, " \\\n\t\t\t'*: :");
			zsh_action(out, c->page.offer, c->page.choices);
			buf_char(out, '\'');
		}
		buf_str(out, " ;;\n");
	}
	buf_str(out, "\tesac\n}\n_pystrobe \"$@\"\n");
}

/* ---- fish ---- */

static void fish_value(struct buf *out, enum opt_offer offer, const char *choices)
{
	switch (offer) {
	case OFFER_FILES:
		buf_str(out, " -F");
		break;
	case OFFER_DIRS:
		buf_str(out, " -a '(__fish_complete_directories)'");
		break;
	case OFFER_PIDS:
		buf_str(out, " -a '(pystrobe ps --quiet 2>/dev/null)'");
		break;
	case OFFER_CHOICES:
		buf_str(out, " -a '");
		put_choices(out, choices);
		buf_char(out, '\'');
		break;
	case OFFER_NOTHING:
		break;
	}
}

static void fish_option(struct buf *out, const struct cmd *c, const struct opt *o)
{
	buf_printf(out, "complete -c pystrobe -n '__fish_seen_subcommand_from %s' -l %s",
		c->page.name, o->name);
	if (o->letter)
		buf_printf(out, " -s %c", o->letter);
	if (o->kind->takes_value) {
		buf_str(out, o->offer == OFFER_FILES ? " -r" : " -x");
		fish_value(out, o->offer, o->choices);
	}
	buf_str(out, " -d '");
	put_quoted(out, o->help);
	buf_str(out, "'\n");
}

static void fish(struct buf *out)
{
	size_t i;

	buf_str(out, "# fish completion for pystrobe; made by: pystrobe completion fish\n"
		     "complete -c pystrobe -f\n");
	for (i = 0; i < cmd_count; i++) {
		if (cmd_table[i]->hidden)
			continue;
		buf_printf(out,
			"complete -c pystrobe -n __fish_use_subcommand -a %s -d '",
			cmd_table[i]->page.name);
		put_quoted(out, cmd_table[i]->page.summary);
		buf_str(out, "'\n");
	}
	for (i = 0; i < cmd_count; i++) {
		const struct cmd *c = cmd_table[i];

		each_option(out, c, fish_option);
		if (c->page.offer == OFFER_NOTHING)
			continue;
		buf_printf(out,
			"complete -c pystrobe -n '__fish_seen_subcommand_from %s'",
			c->page.name);
		fish_value(out, c->page.offer, c->page.choices);
		buf_char(out, '\n');
	}
}

static const struct {
	const char *name;
	void (*write)(struct buf *out);
} shells[] = {
	{ "bash", bash },
	{ "zsh", zsh },
	{ "fish", fish },
};

static int run(const void *options, const struct opt_args *args, struct err *err)
{
	struct buf out = BUF_INIT;
	size_t i;

	(void)options;
	if (args->n != 1)
		return err_set(err, ERR_USAGE, "which shell: bash, zsh or fish?");
	for (i = 0; i < ARRAY_SIZE(shells); i++) {
		if (strcmp(args->v[0], shells[i].name))
			continue;
		shells[i].write(&out);
		fwrite(out.data, 1, out.len, stdout);
		buf_release(&out);
		return 0;
	}
	return err_set(err, ERR_USAGE, "'%s' is none of bash, zsh, fish", args->v[0]);
}

const struct cmd cmd_completion = {
	.page = {
		.name = "completion",
		.summary = "print the completion script of a shell",
		.usage = "(bash | zsh | fish)",
		.offer = OFFER_CHOICES,
		.choices = "bash|zsh|fish",
		.examples = {
			{ "source <(pystrobe completion bash)",
				"complete in this bash from now on" },
			{ "pystrobe completion zsh >~/.zfunc/_pystrobe",
				"with ~/.zfunc in fpath" },
			{ "pystrobe completion fish "
			  ">~/.config/fish/completions/pystrobe.fish",
				"for every fish from now on" },
		},
	},
	.run = run,
};
