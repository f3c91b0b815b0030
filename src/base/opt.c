/* opt.c - reads a command line by the tables of opt.h */
#include "base/opt.h"

#include "base/alloc.h"

#include <string.h>

struct place {
	const struct opt *o;
	void *field;
};

static struct place place_of(
	const struct opt_group *g, const struct opt *o, void *options)
{
	return (struct place){ o, (char *)options + g->base + o->offset };
}

/* Finds by full name, else by a prefix that only one option has. Two rows of one name
 * would be our mistake, which the tests look for. */
static int find_long(const struct opt_page *page, void *options, const char *name,
	size_t len, struct place *found, struct err *err)
{
	size_t g, i, matches = 0;
	const char *other = NULL;

	for (g = 0; opt_has_group(page, g); g++) {
		for (i = 0; page->groups[g].rows[i].name; i++) {
			const struct opt *o = &page->groups[g].rows[i];

			if (strncmp(o->name, name, len))
				continue;
			if (matches++)
				other = found->o->name;
			*found = place_of(&page->groups[g], o, options);
			if (!o->name[len])
				return 0;
		}
	}
	if (matches == 1)
		return 0;
	if (matches)
		return err_set(err, ERR_USAGE, "--%.*s could be --%s or --%s", (int)len,
			name, other, found->o->name);
	return err_set(err, ERR_USAGE, "there is no option --%.*s", (int)len, name);
}

static bool find_letter(
	const struct opt_page *page, void *options, char letter, struct place *found)
{
	size_t g, i;

	for (g = 0; opt_has_group(page, g); g++) {
		for (i = 0; page->groups[g].rows[i].name; i++) {
			if (page->groups[g].rows[i].letter != letter)
				continue;
			*found = place_of(
				&page->groups[g], &page->groups[g].rows[i], options);
			return true;
		}
	}
	return false;
}

static int give(const struct place *p, const char *value, struct err *err)
{
	if (p->o->kind->parse(p->o, p->field, value, err) == 0)
		return 0;
	err->code = ERR_USAGE;
	return err_wrap(err, "--%s", p->o->name);
}

static void suggest(const struct opt_page *page, const char *word, struct err *err)
{
	const char *names[128] = { NULL };
	const char *near;
	size_t g, i, n = 0;

	for (g = 0; opt_has_group(page, g); g++) {
		for (i = 0; page->groups[g].rows[i].name && n < ARRAY_SIZE(names); i++)
			names[n++] = page->groups[g].rows[i].name;
	}
	near = opt_nearest(word, names, n);
	if (near)
		snprintf(err->msg + strlen(err->msg), sizeof(err->msg) - strlen(err->msg),
			"; did you mean --%s?", near);
}

/* "--name", "--name=value", "--name value": *i is moved over what was used. */
static int parse_long(const struct opt_page *page, int argc, char **argv, int *i,
	void *options, struct err *err)
{
	const char *name = argv[*i] + 2;
	const char *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	struct place p = { NULL, NULL };

	if (!strncmp(name, "help", len) && len == 4)
		return 1;
	if (find_long(page, options, name, len, &p, err) < 0) {
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)len, name);
		if (!p.o)
			suggest(page, word, err);
		return -1;
	}
	if (!p.o)
		BUG("found option '%s' without a row", name);
	if (!p.o->kind->takes_value) {
		if (eq)
			return err_set(err, ERR_USAGE, "--%s takes no value", p.o->name);
		return give(&p, NULL, err);
	}
	if (eq)
		return give(&p, eq + 1, err);
	if (*i + 1 >= argc)
		return err_set(err, ERR_USAGE, "--%s needs a value: --%s %s", p.o->name,
			p.o->name, p.o->metavar);
	return give(&p, argv[++*i], err);
}

/* "-s", "-sn", "-r100", "-r 100" */
static int parse_letters(const struct opt_page *page, int argc, char **argv, int *i,
	void *options, struct err *err)
{
	const char *at = argv[*i] + 1;
	struct place p;

	for (; *at; at++) {
		if (*at == 'h' && !find_letter(page, options, 'h', &p))
			return 1;
		if (!find_letter(page, options, *at, &p))
			return err_set(err, ERR_USAGE, "there is no option -%c", *at);
		if (!p.o->kind->takes_value) {
			if (give(&p, NULL, err) < 0)
				return -1;
			continue;
		}
		if (at[1])
			return give(&p, at + 1 + (at[1] == '='), err);
		if (*i + 1 >= argc)
			return err_set(err, ERR_USAGE, "-%c needs a value: -%c %s", *at,
				*at, p.o->metavar);
		return give(&p, argv[++*i], err);
	}
	return 0;
}

static int set_defaults(const struct opt_page *page, void *options, struct err *err)
{
	size_t g, i;

	for (g = 0; opt_has_group(page, g); g++) {
		for (i = 0; page->groups[g].rows[i].name; i++) {
			const struct opt *o = &page->groups[g].rows[i];
			struct place p = place_of(&page->groups[g], o, options);

			if (o->initial && give(&p, o->initial, err) < 0)
				BUG("default of --%s: %s", o->name, err->msg);
		}
	}
	return 0;
}

int opt_parse(const struct opt_page *page, int argc, char **argv, void *options,
	struct opt_args *args, struct err *err)
{
	int i;

	set_defaults(page, options, err);
	for (i = 1; i < argc; i++) {
		int ret = 0;

		if (!strcmp(argv[i], "--")) {
			if (page->takes_command && i + 1 < argc) {
				args->command = argv + i + 1;
				return 0;
			}
			if (page->takes_command)
				return err_set(
					err, ERR_USAGE, "a command must follow --");
			i++;
			break;
		}
		/* "-15minutes" and "-1h" are times, "-" is stdin or stdout: values */
		if (!strncmp(argv[i], "--", 2))
			ret = parse_long(page, argc, argv, &i, options, err);
		else if (argv[i][0] == '-' && argv[i][1])
			ret = parse_letters(page, argc, argv, &i, options, err);
		else {
			GROW(args->v, args->cap, args->n + 1);
			args->v[args->n++] = argv[i];
		}
		if (ret)
			return ret;
	}
	for (; i < argc; i++) {
		GROW(args->v, args->cap, args->n + 1);
		args->v[args->n++] = argv[i];
	}
	return 0;
}

void opt_release(const struct opt_page *page, void *options, struct opt_args *args)
{
	size_t g, i;

	for (g = 0; opt_has_group(page, g); g++) {
		for (i = 0; page->groups[g].rows[i].name; i++) {
			const struct opt *o = &page->groups[g].rows[i];
			struct opt_list *list;

			if (o->kind != &opt_list)
				continue;
			list = place_of(&page->groups[g], o, options).field;
			free(list->v);
			*list = (struct opt_list){ 0 };
		}
	}
	free(args->v);
	*args = (struct opt_args){ 0 };
}
