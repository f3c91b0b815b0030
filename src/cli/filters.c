/* filters.c - the filter options of the command line as a query's filter */
#include "cli/shared.h"

#include "base/clock.h"
#include "query/filter.h"

struct filter_word {
	const char *key, *value;
};

static int set_list(struct filter *f, const char *key, const struct opt_list *list,
	const struct timespec_base *base, struct err *err)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (filter_set(f, key, list->v[i], base, err) < 0)
			return -1;
	}
	return 0;
}

int filter_from_options(struct filter *f, const struct filter_options *o,
	struct source *source, struct err *err)
{
	struct timespec_base base = { .now_ns = clock_wall_ns(), .utc = o->utc };
	const struct filter_word words[] = {
		{ "from", o->from },
		{ "until", o->until },
		{ "function", o->function },
		{ "hide", o->hide },
		{ "root", o->root },
		{ "timeout", o->timeout ? o->timeout : "1h" },
		{ "mine", o->mine ? "1" : NULL },
		{ "native", o->no_native ? "0" : NULL },
	};
	size_t i;

	if (source && source->ops->range(source, &base.start_ns, &base.end_ns, err) < 0)
		return -1;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].value &&
			filter_set(f, words[i].key, words[i].value, &base, err) < 0)
			return -1;
	}
	if (set_list(f, "state", &o->states, &base, err) < 0 ||
		set_list(f, "wait", &o->waits, &base, err) < 0 ||
		set_list(f, "thread", &o->threads, &base, err) < 0 ||
		set_list(f, "pid", &o->pids, &base, err) < 0 ||
		set_list(f, "label", &o->labels, &base, err) < 0 ||
		set_list(f, "module", &o->modules, &base, err) < 0 ||
		set_list(f, "mine-path", &o->mine_paths, &base, err) < 0 ||
		set_list(f, "library-path", &o->library_paths, &base, err) < 0)
		return -1;
	return 0;
}
