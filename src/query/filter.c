/* filter.c - see filter.h */
#include "query/filter.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/units.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void filter_init(struct filter *f)
{
	*f = (struct filter){ .timeout_ns = 30 * NS_PER_SEC };
}

static void words_release(struct words *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		free(w->word[i]);
	w->n = 0;
}

static void pattern_release(struct pattern *p)
{
	if (p->set)
		regfree(&p->re);
	free(p->text);
	*p = (struct pattern){ 0 };
}

void filter_release(struct filter *f)
{
	words_release(&f->labels);
	words_release(&f->threads);
	words_release(&f->modules);
	words_release(&f->mine_paths);
	words_release(&f->library_paths);
	pattern_release(&f->function);
	pattern_release(&f->hide);
	pattern_release(&f->root);
	filter_init(f);
}

/* --- setting it --- */

static int too_many(const char *key, struct err *err)
{
	return err_set(
		err, ERR_LIMIT, "more than %d values for '%s'", FILTER_MAX_WORDS, key);
}

static int add_word(struct words *w, const char *key, const char *value, struct err *err)
{
	if (w->n == FILTER_MAX_WORDS)
		return too_many(key, err);
	if (strlen(value) > FILTER_MAX_REGEX)
		return err_set(err, ERR_LIMIT, "the value for '%s' is too long", key);
	w->word[w->n++] = xstrdup(value);
	return 0;
}

/* What makes POSIX matching explode: references to groups, and counted repeats, which
 * the C library expands when it compiles. */
static const char *regex_danger(const char *text)
{
	const char *p;
	int counts = 0;

	for (p = text; *p; p++) {
		if (*p == '\\' && p[1]) {
			if (isdigit((unsigned char)p[1]))
				return "back-references are not supported";
			p++;
		} else if (*p == '{') {
			if (++counts > 2 || atoi(p + 1) > 100 ||
				(strchr(p, ',') && atoi(strchr(p, ',') + 1) > 100))
				return "counted repeats above 100, or more than two of "
				       "them";
		}
	}
	return NULL;
}

static int set_pattern(
	struct pattern *p, const char *key, const char *value, struct err *err)
{
	int flags = REG_EXTENDED | REG_NOSUB, failed;
	const char *danger, *text = value;

	pattern_release(p);
	if (!*value)
		return 0;
	if (strlen(value) > FILTER_MAX_REGEX)
		return err_set(err, ERR_LIMIT,
			"the regex for '%s' is longer than %d bytes", key,
			FILTER_MAX_REGEX);
	danger = regex_danger(value);
	if (danger)
		return err_set(err, ERR_USAGE, "regex for '%s': %s", key, danger);
	if (!strncmp(text, "(?i)", 4)) {
		flags |= REG_ICASE;
		text += 4;
	}
	failed = regcomp(&p->re, text, flags);
	if (failed) {
		char why[128];

		regerror(failed, &p->re, why, sizeof(why));
		return err_set(err, ERR_USAGE, "'%.200s' is not a regex: %s", value, why);
	}
	p->set = true;
	p->on_path = strchr(text, '/') || strstr(text, "\\.py");
	p->text = xstrdup(value);
	return 0;
}

static int set_flag(bool *flag, const char *key, const char *value, struct err *err)
{
	static const char *const yes[] = { "1", "true", "yes", "on", "" };
	static const char *const no[] = { "0", "false", "no", "off" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(yes); i++) {
		if (!strcmp(value, yes[i])) {
			*flag = true;
			return 0;
		}
	}
	for (i = 0; i < ARRAY_SIZE(no); i++) {
		if (!strcmp(value, no[i])) {
			*flag = false;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "'%s' is 0 or 1, not '%.64s'", key, value);
}

static int get_id(const char *key, const char *value, uint32_t *id, struct err *err)
{
	char *end;
	unsigned long v = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || v > INT32_MAX)
		return err_set(
			err, ERR_USAGE, "'%s' is a number, not '%.64s'", key, value);
	*id = (uint32_t)v;
	return 0;
}

static int set_states(struct filter *f, const char *value, struct err *err)
{
	char word[32];
	const char *p = value;

	while (*p) {
		size_t len = strcspn(p, ",");
		unsigned flag;

		snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), p);
		flag = state_of_word(word);
		if (!flag && strcmp(word, "all")) {
			err_set(err, ERR_USAGE, "'%s' is not a state", word);
			return err_hint(err,
				"states: all cpu idle gil gil-wait gc exc native cut");
		}
		f->states |= flag;
		p += len + (p[len] == ',');
	}
	return 0;
}

static int set_wait(struct filter *f, const char *value, struct err *err)
{
	char scratch[32];
	unsigned wait;

	if (f->n_waits == FILTER_MAX_WORDS)
		return too_many("wait", err);
	for (wait = 1; wait <= UINT16_MAX; wait++) {
		if (!strcmp(wait_name((wait_id)wait, scratch, sizeof(scratch)), value)) {
			f->waits[f->n_waits++] = (wait_id)wait;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "'%.64s' is not a system call we know", value);
}

typedef int set_fn(struct filter *f, const char *key, const char *value,
	const struct timespec_base *base, struct err *err);

#define UNUSED __attribute__((unused))

static int key_from(struct filter *f, UNUSED const char *key, const char *value,
	const struct timespec_base *base, struct err *err)
{
	return timespec_parse(value, base, &f->from_ns, err);
}

static int key_until(struct filter *f, UNUSED const char *key, const char *value,
	const struct timespec_base *base, struct err *err)
{
	return timespec_parse(value, base, &f->until_ns, err);
}

static int key_words(struct filter *f, const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	struct words *w = !strcmp(key, "thread")         ? &f->threads
			  : !strcmp(key, "module")       ? &f->modules
			  : !strcmp(key, "mine-path")    ? &f->mine_paths
			  : !strcmp(key, "library-path") ? &f->library_paths
							 : &f->labels;

	if (w == &f->labels && (!strpbrk(value, "=~") || strchr("=~!", *value))) {
		err_set(err, ERR_USAGE, "'%.64s' does not choose by label", value);
		return err_hint(
			err, "examples: service=web, host!=db1, command=~gunicorn");
	}
	return add_word(w, key, value, err);
}

static int key_pid(struct filter *f, const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	uint32_t id = 0;

	if (f->n_pids == FILTER_MAX_WORDS)
		return too_many(key, err);
	if (get_id(key, value, &id, err) < 0)
		return -1;
	f->pids[f->n_pids++] = (pid_t)id;
	return 0;
}

static int key_series(struct filter *f, const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	if (f->n_series == FILTER_MAX_WORDS)
		return too_many(key, err);
	if (get_id(key, value, &f->series[f->n_series], err) < 0)
		return -1;
	f->n_series++;
	return 0;
}

static int key_state(struct filter *f, UNUSED const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	return set_states(f, value, err);
}

static int key_wait(struct filter *f, UNUSED const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	return set_wait(f, value, err);
}

static int key_pattern(struct filter *f, const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	struct pattern *p = !strcmp(key, "function") ? &f->function
			    : !strcmp(key, "hide")   ? &f->hide
						     : &f->root;

	return set_pattern(p, key, value, err);
}

static int key_flag(struct filter *f, const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	bool native = true;

	if (strcmp(key, "native"))
		return set_flag(
			!strcmp(key, "mine") ? &f->mine : &f->lines, key, value, err);
	if (set_flag(&native, key, value, err) < 0)
		return -1;
	f->no_native = !native;
	return 0;
}

static int key_timeout(struct filter *f, UNUSED const char *key, const char *value,
	UNUSED const struct timespec_base *base, struct err *err)
{
	return duration_parse(value, &f->timeout_ns, err);
}

static const struct {
	const char *key;
	set_fn *set;
} keys[] = {
	{ "from", key_from },
	{ "until", key_until },
	{ "label", key_words },
	{ "pid", key_pid },
	{ "series", key_series },
	{ "state", key_state },
	{ "wait", key_wait },
	{ "thread", key_words },
	{ "function", key_pattern },
	{ "module", key_words },
	{ "hide", key_pattern },
	{ "root", key_pattern },
	{ "mine", key_flag },
	{ "mine-path", key_words },
	{ "library-path", key_words },
	{ "native", key_flag },
	{ "lines", key_flag },
	{ "timeout", key_timeout },
};

bool filter_has_key(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(keys[i].key, key))
			return true;
	}
	return false;
}

int filter_set(struct filter *f, const char *key, const char *value,
	const struct timespec_base *base, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(keys[i].key, key))
			return keys[i].set(f, key, value, base, err);
	}
	return err_set(err, ERR_USAGE, "there is no filter '%.64s'", key);
}

/* --- asking --- */

/* key=value, key!=value, key=~regex, key!~regex */
static int label_holds(
	const struct series *s, const char *word, bool *holds, struct err *err)
{
	size_t len = strcspn(word, "=!~");
	const char *op = word + len, *value;
	char key[128], pid[32];
	const char *have;
	bool negate = *op == '!', is_regex;

	snprintf(key, sizeof(key), "%.*s", (int)(len < 127 ? len : 127), word);
	op += negate;
	if (*op == '=')
		op++;
	is_regex = *op == '~';
	value = op + is_regex;
	have = series_get(s, key);
	if (!have && !strcmp(key, "pid")) {
		snprintf(pid, sizeof(pid), "%d", (int)s->pid);
		have = pid;
	}
	if (is_regex) {
		struct pattern p = { 0 };

		if (set_pattern(&p, "label", value, err) < 0)
			return -1;
		*holds = !p.set || !regexec(&p.re, have ? have : "", 0, NULL, 0);
		pattern_release(&p);
	} else {
		*holds = have && !strcmp(have, value);
	}
	*holds ^= negate;
	return 0;
}

struct choice {
	const struct filter *f;
	series_id *ids;
	size_t n, cap;
	struct err *err;
};

static int choose(void *arg, const struct series *s)
{
	struct choice *c = arg;
	const struct filter *f = c->f;
	bool wanted = !f->n_pids, holds;
	size_t i;

	for (i = 0; i < f->n_pids && !wanted; i++)
		wanted = f->pids[i] == s->pid;
	for (i = 0; i < f->labels.n && wanted; i++) {
		if (label_holds(s, f->labels.word[i], &holds, c->err) < 0)
			return -1;
		wanted = holds;
	}
	if (wanted && f->n_series) {
		wanted = false;
		for (i = 0; i < f->n_series && !wanted; i++)
			wanted = f->series[i] == s->id;
	}
	if (wanted) {
		GROW(c->ids, c->cap, c->n + 2);
		c->ids[c->n++] = s->id;
	}
	return 0;
}

static int by_id(const void *a, const void *b)
{
	series_id x = *(const series_id *)a, y = *(const series_id *)b;

	return x < y ? -1 : x > y;
}

int filter_ask(const struct filter *f, struct source *s, struct ask *a, struct err *err)
{
	struct choice c = { .f = f, .err = err };
	int64_t from, until;

	*a = (struct ask){ .cancel = f->cancel, .once = f->once };
	if (f->timeout_ns > 0)
		a->deadline_ns = clock_mono_ns() + f->timeout_ns;
	if (s->ops->range(s, &from, &until, err) < 0)
		return -1;
	a->from_ns = f->from_ns ? f->from_ns : from;
	a->until_ns = f->until_ns ? f->until_ns : until;
	if (a->from_ns > a->until_ns) {
		if (f->from_ns && f->until_ns)
			return err_set(err, ERR_USAGE, "the range ends before it begins");
		a->until_ns = a->from_ns;
	}
	if (!f->n_pids && !f->labels.n && !f->n_series)
		return 0;
	GROW(c.ids, c.cap, 1);
	if (s->ops->series(s, a, choose, &c, err) != 0) {
		free(c.ids);
		ask_release(a);
		return -1;
	}
	qsort(c.ids, c.n, sizeof(*c.ids), by_id);
	a->series = c.ids;
	a->n_series = c.n;
	return 0;
}

void filter_done(struct ask *a)
{
	ask_release(a);
	free((void *)(uintptr_t)a->series);
	*a = (struct ask){ 0 };
}

bool filter_is_plain(const struct filter *f)
{
	return !f->states && !f->n_waits && !f->threads.n && !f->function.set &&
	       !f->modules.n && !f->root.set;
}
