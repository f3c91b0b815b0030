/*
 * fill.c - grove_fill: sums of a range through the filter, grouped; see grove.h
 *
 * Sums come by the million, of few different stacks: they are added up by the stack they
 * name in its own tables, and each stack goes through the filter's regexes and into the
 * answer's tables once, at the end.
 */
#include "query/grove.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* What came for the stacks of one table. */
struct gathered {
	const struct symbols *from;
	struct weight *weight; /* by stack id */
	size_t n;
};

struct filling {
	struct grove *g;
	struct gathered *gathered;
	size_t n_gathered, cap_gathered;
	struct fold *fold;
	enum tree_group group;
	struct ask *ask;
	struct err *err;
	struct map roots;  /* group -> stack of its mark */
	struct map grafts; /* see fold_graft */
	struct map names;  /* series << 32 | thread + 1 -> str in fold->out */
};

static int note_series(void *arg, const struct series *s)
{
	struct filling *x = arg;
	const char *what = series_get(s, "service");
	char text[256];

	if (!what)
		what = series_get(s, "command");
	snprintf(text, sizeof(text), "%d %s", (int)s->pid, what ? what : "");
	*map_put(&x->names, (uint64_t)s->id << 32) =
		symbols_str(x->fold->out, text, strlen(text));
	return 0;
}

static int note_thread(void *arg, const struct thread_info *t)
{
	struct filling *x = arg;
	char text[192];

	snprintf(text, sizeof(text), "%s (%d)", t->name[0] ? t->name : "thread",
		(int)t->tid);
	*map_put(&x->names, (uint64_t)t->series << 32 | (t->thread + 1)) =
		symbols_str(x->fold->out, text, strlen(text));
	return 0;
}

static const char *state_group(const struct sum *s, char *scratch, size_t size)
{
	const char *wait;

	if (s->state & STATE_GIL_WAIT)
		return "waiting for the GIL";
	if (s->state & STATE_GC)
		return "collecting garbage";
	if (s->state & STATE_BLOCKED) {
		wait = wait_name(s->wait, scratch, size);
		return wait[0] ? wait : "blocked";
	}
	return s->state & STATE_CPU ? "on CPU" : "unknown";
}

static stack_id group_root(struct filling *x, series_id series, const struct sum *s)
{
	const uint64_t *name;
	char scratch[32], other[64];
	const char *text = other;
	uint64_t key = (uint64_t)series << 32, *root;

	if (x->group == TREE_BY_THREAD)
		key |= s->thread + 1;
	if (x->group == TREE_BY_STATE)
		key = (uint64_t)s->state << 32 | s->wait;
	root = map_put(&x->roots, key + 1);
	if (*root)
		return (stack_id)*root;
	name = map_get(&x->names, key);
	snprintf(other, sizeof(other), "%s %u",
		x->group == TREE_BY_THREAD ? "thread" : "process",
		x->group == TREE_BY_THREAD ? s->thread : series);
	if (x->group == TREE_BY_STATE)
		text = state_group(s, scratch, sizeof(scratch));
	else if (name)
		text = symbols_text(x->fold->out, (str_id)*name, NULL);
	*root = symbols_stack(x->fold->out, 0, fold_mark(x->fold->out, text));
	return (stack_id)*root;
}

static struct weight *weights_of(struct filling *x, const struct symbols *from)
{
	size_t n = symbols_count(from, SYM_STACK), i;
	struct gathered *t;

	for (i = x->n_gathered; i-- > 0 && x->gathered[i].from != from;)
		;
	if (i == SIZE_MAX) {
		i = x->n_gathered++;
		GROW(x->gathered, x->cap_gathered, x->n_gathered);
		x->gathered[i] = (struct gathered){ .from = from };
	}
	t = &x->gathered[i];
	if (n > t->n) {
		t->weight = xreallocarray(t->weight, n, sizeof(*t->weight));
		memset(t->weight + t->n, 0, (n - t->n) * sizeof(*t->weight));
		t->n = n;
	}
	return t->weight;
}

static struct weight weight_of(const struct sum *s)
{
	return (struct weight){
		.n = s->n,
		.ns = s->weight_ns,
		.cpu_ns = s->state & STATE_CPU ? s->weight_ns : 0,
		.wait_ns = s->state & STATE_GIL_WAIT ? s->weight_ns : 0,
	};
}

static int gather(void *arg, const struct sums *sums)
{
	struct filling *x = arg;
	struct weight *weight = weights_of(x, sums->symbols);
	size_t i, n = symbols_count(sums->symbols, SYM_STACK);

	if (ask_check(x->ask, x->err) < 0)
		return -1;
	for (i = 0; i < sums->n; i++) {
		const struct sum *s = &sums->sums[i];
		const struct weight w = weight_of(s);

		if (fold_wants(x->fold, sums->series, s->thread, s->state, s->wait))
			weight_add(&weight[s->stack < n ? s->stack : 0], &w);
	}
	return 0;
}

static void settle(struct filling *x)
{
	size_t i, k;

	for (i = 0; i < x->n_gathered; i++) {
		const struct gathered *t = &x->gathered[i];

		GROW(x->g->self, x->g->cap_self, x->g->n_self + t->n);
		for (k = 0; k < t->n; k++) {
			stack_id id = FOLD_DROP;

			if (t->weight[k].n || t->weight[k].ns)
				id = fold_stack(x->fold, t->from, (stack_id)k);
			if (id != FOLD_DROP)
				grove_add(x->g, id, &t->weight[k]);
		}
		free(t->weight);
	}
	free(x->gathered);
}

static int take(void *arg, const struct sums *sums)
{
	struct filling *x = arg;
	size_t i;

	if (ask_check(x->ask, x->err) < 0)
		return -1;
	for (i = 0; i < sums->n; i++) {
		const struct sum *s = &sums->sums[i];
		const struct weight w = weight_of(s);
		stack_id id;

		if (!fold_wants(x->fold, sums->series, s->thread, s->state, s->wait))
			continue;
		id = fold_stack(x->fold, sums->symbols, s->stack);
		if (id != FOLD_DROP)
			grove_add(x->g,
				fold_graft(x->fold, &x->grafts,
					group_root(x, sums->series, s), id),
				&w);
	}
	return 0;
}

int grove_fill(struct grove *g, struct fold *fold, struct source *s, struct ask *a,
	enum tree_group group, struct err *err)
{
	struct filling x = { .g = g, .fold = fold, .group = group, .ask = a, .err = err };
	int ret = 0;

	grove_init(g, fold->out);
	if (group == TREE_BY_PROCESS)
		ret = s->ops->series(s, a, note_series, &x, err);
	else if (group == TREE_BY_THREAD)
		ret = s->ops->threads(s, a, note_thread, &x, err);
	a->merged =
		(group == TREE_PLAIN || group == TREE_BY_STATE) && !fold->f->threads.n;
	if (ret == 0)
		ret = s->ops->sums(s, a, group == TREE_PLAIN ? gather : take, &x, err);
	settle(&x);
	map_release(&x.roots);
	map_release(&x.grafts);
	map_release(&x.names);
	return ret ? -1 : 0;
}
