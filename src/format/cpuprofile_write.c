/*
 * cpuprofile_write.c - V8's .cpuprofile in its flat form, as Chrome and node write it.
 *
 *	{"nodes":[{"id":1,"callFrame":{"functionName","scriptId","url","lineNumber",
 *	  "columnNumber"},"hitCount":0,"children":[2]}],
 *	 "startTime":us,"endTime":us,"samples":[node],"timeDeltas":[us]}
 *
 * Lines count from 0. A sample lasts until the next one, so each is written where its
 * weight begins, and an (idle) sample closes the file and every gap. The format has one
 * thread: the one with most time that was not idle, said in a warning.
 */
#include "format/cpuprofile.h"

#include "base/alloc.h"
#include "format/export.h"

#include <stdlib.h>
#include <string.h>

enum { ROOT = 1, IDLE = 2, FIRST_NODE = 3, GAP_NS = 1000000 };

/* The nodes of one thread: stack ids in use, their children in a list. */
struct nodes {
	uint32_t n; /* stacks of the export */
	uint8_t *used;
	uint32_t *hits, *first_child, *next_sibling;
};

static void nodes_init(struct nodes *t, const struct export *ex)
{
	t->n = symbols_count(ex->symbols, SYM_STACK);
	t->used = xcalloc(t->n, sizeof(*t->used));
	t->hits = xcalloc(t->n, sizeof(*t->hits));
	t->first_child = xcalloc(t->n, sizeof(*t->first_child));
	t->next_sibling = xcalloc(t->n, sizeof(*t->next_sibling));
}

static void nodes_release(struct nodes *t)
{
	free(t->used);
	free(t->hits);
	free(t->first_child);
	free(t->next_sibling);
}

static void nodes_add(struct nodes *t, const struct export *ex, stack_id id)
{
	t->hits[id]++;
	while (id && !t->used[id]) {
		stack_id parent = symbols_stack_of(ex->symbols, id)->parent;

		t->used[id] = 1;
		t->next_sibling[id] = t->first_child[parent];
		t->first_child[parent] = id;
		id = parent;
	}
}

static uint32_t node_id(stack_id id)
{
	return id ? id + FIRST_NODE - 1 : ROOT;
}

static void put_call_frame(
	struct json *j, const char *name, const char *file, uint32_t line)
{
	json_key(j, "callFrame");
	json_object(j);
	json_kstr(j, "functionName", name);
	json_kstr(j, "scriptId", "0");
	json_kstr(j, "url", file);
	json_kint(j, "lineNumber", (int64_t)line - 1);
	json_kint(j, "columnNumber", line ? 0 : -1);
	json_end(j);
}

static void put_node(struct export *ex, const struct nodes *t, stack_id id)
{
	struct json *j = &ex->j;
	stack_id child;

	json_object(j);
	json_kint(j, "id", node_id(id));
	if (id) {
		const struct frame *fr = symbols_frame_of(
			ex->symbols, symbols_stack_of(ex->symbols, id)->frame);
		const struct func *f = symbols_func_of(ex->symbols, fr->func);

		put_call_frame(j, export_name(ex->symbols, f),
			symbols_text(ex->symbols, f->file, NULL),
			fr->line ? fr->line : f->first_line);
	} else {
		put_call_frame(j, "(root)", "", 0);
	}
	json_kint(j, "hitCount", t->hits[id]);
	json_key(j, "children");
	json_array(j);
	if (!id)
		json_int(j, IDLE);
	for (child = t->first_child[id]; child; child = t->next_sibling[child])
		json_int(j, node_id(child));
	json_end(j);
	json_end(j);
}

static int put_nodes(struct export *ex, const struct nodes *t, struct err *err)
{
	struct json *j = &ex->j;
	stack_id id;

	json_key(j, "nodes");
	json_array(j);
	put_node(ex, t, 0);
	json_object(j);
	json_kint(j, "id", IDLE);
	put_call_frame(j, "(idle)", "", 0);
	json_kint(j, "hitCount", 0);
	json_end(j);
	for (id = 1; id < t->n; id++) {
		if (t->used[id])
			put_node(ex, t, id);
		if (export_drain(ex, err) < 0)
			return -1;
	}
	json_end(j);
	return 0;
}

/* One pass for the nodes, one for the times: what to write for a span, and for the gap
 * behind it (or the end). In samples mode every sample lasts 1 us. */
struct cursor {
	bool times;
	int64_t last_us;
};

static void put_sample(struct export *ex, struct cursor *c, uint32_t node, int64_t at_us)
{
	if (c->times)
		json_int(&ex->j, at_us - c->last_us);
	else
		json_int(&ex->j, node);
	c->last_us = at_us;
}

static int put_samples(struct export *ex, const struct export_thread *t, bool times,
	int64_t *end_us, struct err *err)
{
	struct cursor c = { .times = times };
	bool clock = ex->opt.weight == WEIGHT_TIME;
	int64_t base = ex->spans[t->first_span].from_ns, count = 0;
	size_t i, end = t->first_span + t->n_spans;

	json_key(&ex->j, times ? "timeDeltas" : "samples");
	json_array(&ex->j);
	for (i = t->first_span; i < end; i++) {
		const struct span *s = &ex->spans[i];
		bool gap = i + 1 == end || (clock && s[1].from_ns - s->until_ns > GAP_NS);

		put_sample(ex, &c, node_id(s->stack),
			clock ? (s->from_ns - base) / 1000 : count);
		count++;
		*end_us = clock ? (s->until_ns - base) / 1000 : count;
		if (gap)
			put_sample(ex, &c, IDLE, *end_us);
		if (export_drain(ex, err) < 0)
			return -1;
	}
	json_end(&ex->j);
	return 0;
}

static size_t busiest(const struct export *ex)
{
	size_t i, k, best = 0;
	uint64_t best_ns = 0;

	for (i = 0; i < ex->n_threads; i++) {
		const struct export_thread *t = &ex->threads[i];
		uint64_t ns = 0;

		for (k = t->first_span; k < t->first_span + t->n_spans; k++) {
			if (!(ex->spans[k].state & STATE_BLOCKED))
				ns += ex->spans[k].ns;
		}
		if (ns > best_ns) {
			best = i;
			best_ns = ns;
		}
	}
	return best;
}

int cpuprofile_write(struct export *ex, struct err *err)
{
	const struct export_thread *t;
	struct nodes nodes;
	int64_t end_us = 0, start_us;
	size_t i;
	int ret = -1;

	if (export_gather(ex,
		    GATHER_STATES | GATHER_EACH_TICK |
			    (ex->filter->lines ? 0 : GATHER_BY_FUNC),
		    err) < 0)
		return -1;
	if (!ex->n_threads)
		return err_set(err, ERR_NOT_FOUND, "no samples in the chosen range");
	t = &ex->threads[busiest(ex)];
	if (ex->n_threads > 1)
		export_warn(ex,
			"cpuprofile holds one thread: wrote \"%s\" of %zu; choose with "
			"--thread",
			t->label, ex->n_threads);
	nodes_init(&nodes, ex);
	for (i = t->first_span; i < t->first_span + t->n_spans; i++)
		nodes_add(&nodes, ex, ex->spans[i].stack);
	json_object(&ex->j);
	if (put_nodes(ex, &nodes, err) < 0 ||
		put_samples(ex, t, false, &end_us, err) < 0 ||
		put_samples(ex, t, true, &end_us, err) < 0)
		goto out;
	start_us = ex->opt.weight == WEIGHT_TIME ? ex->spans[t->first_span].from_ns / 1000
						 : 0;
	json_kint(&ex->j, "startTime", start_us);
	json_kint(&ex->j, "endTime", start_us + end_us);
	json_end(&ex->j);
	buf_char(&ex->b, '\n');
	ret = 0;
out:
	nodes_release(&nodes);
	return ret;
}
