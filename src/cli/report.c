/* report.c - asks for what a report shows; see report.h */
#include "cli/report.h"

#include "prof/state.h"

#include <string.h>

bool report_is_mine(const struct place *p)
{
	return !(p->flags & (FUNC_LIBRARY | FUNC_NATIVE | FUNC_MARK | FUNC_TASK)) &&
	       p->file[0];
}

static int count_losses(void *arg, const struct point *p)
{
	struct report *r = arg;
	int i;

	r->n_wanted += p->wanted;
	r->n_missed += p->missed;
	for (i = ST_OK + 1; i < STATUS_COUNT; i++)
		r->n_lost += p->n_lost[i];
	return 0;
}

static int ask_losses(
	struct report *r, struct source *s, struct filter *f, struct err *err)
{
	struct ask a = { 0 };
	int ret;

	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	ret = s->ops->points(s, &a, count_losses, r, err);
	ask_release(&a);
	filter_done(&a);
	return ret;
}

/* The states of everything, whatever the filter says of states. */
static int ask_states(
	struct report *r, struct source *s, struct filter *f, struct err *err)
{
	struct tree_options o = { .group = TREE_BY_STATE, .order = TREE_BY_WEIGHT };
	unsigned wanted = f->states;
	int ret;

	f->states = 0;
	ret = tree_query(&r->states, s, f, &o, err);
	f->states = wanted;
	return ret;
}

static int ask_groups(struct report *r, struct source *s, struct filter *f,
	const struct report_options *o, struct err *err)
{
	struct tree_options to = { .order = TREE_BY_WEIGHT };
	struct flat_options fo = { .max_rows = o->max_rows, .by_total = true };
	int by = o->by ? flat_by_word(o->by) : -1;

	if (!o->by)
		return 0;
	if (by >= 0 && strcmp(o->by, "wait")) {
		fo.by = (enum flat_by)by;
		return flat_query(&r->files, s, f, &fo, err);
	}
	to.group = !strcmp(o->by, "process") ? TREE_BY_PROCESS : TREE_BY_STATE;
	return tree_query(&r->groups, s, f, &to, err);
}

static int ask_tables(struct report *r, struct source *s, struct filter *f,
	const struct report_options *o, struct err *err)
{
	struct flat_options fo = {
		.by = FLAT_LINE, .max_rows = o->max_rows, .by_total = o->by_total
	};
	struct tree_options to = { .min_share = o->min_share, .order = TREE_BY_WEIGHT };

	if (o->by && !strcmp(o->by, "thread"))
		to.group = TREE_BY_THREAD;
	else if (o->by && !strcmp(o->by, "process"))
		to.group = TREE_BY_PROCESS;
	else if (o->by && !strcmp(o->by, "state"))
		to.group = TREE_BY_STATE;
	if (o->lines && flat_query(&r->lines, s, f, &fo, err) < 0)
		return -1;
	fo.by = FLAT_FUNCTION;
	if (flat_query(&r->functions, s, f, &fo, err) < 0)
		return -1;
	return o->tree ? tree_query(&r->tree, s, f, &to, err) : 0;
}

int report_make(struct report *r, struct source *s, struct filter *f,
	const struct report_options *o, struct err *err)
{
	r->note = "";
	if (s->ops->range(s, &r->from_ns, &r->until_ns, err) < 0)
		return -1;
	if (f->from_ns > r->from_ns)
		r->from_ns = f->from_ns;
	if (f->until_ns && f->until_ns < r->until_ns)
		r->until_ns = f->until_ns;
	if (targets_query(&r->who, s, f, err) < 0 || ask_losses(r, s, f, err) < 0 ||
		ask_states(r, s, f, err) < 0)
		return -1;
	if (!o->chosen) {
		f->states = STATE_CPU;
		r->note = "on CPU only; --state all shows waiting threads too";
	}
	if (ask_tables(r, s, f, o, err) < 0)
		return -1;
	if (!o->chosen && !r->functions.all.ns && !r->functions.all.n) {
		/* nothing ran, or a profile that does not know states: show all */
		f->states = 0;
		r->note = r->states.n_nodes && r->states.nodes[0].total.n
				  ? "nothing was on CPU, or it is not known: all states"
				  : "";
		flat_release(&r->lines);
		flat_release(&r->functions);
		tree_release(&r->tree);
		if (ask_tables(r, s, f, o, err) < 0)
			return -1;
	}
	return ask_groups(r, s, f, o, err);
}

void report_release(struct report *r)
{
	targets_release(&r->who);
	tree_release(&r->states);
	flat_release(&r->lines);
	flat_release(&r->functions);
	flat_release(&r->files);
	tree_release(&r->tree);
	tree_release(&r->groups);
}
