/*
 * cpuprofile_read.c - V8's .cpuprofile, both forms.
 *
 *	flat: {"nodes":[{"id","callFrame":{...},"hitCount","children":[id]}],
 *	       "samples":[id],"timeDeltas":[us],"startTime":us}       (also "parent":id)
 *	tree: {"head":{"functionName","url","lineNumber","id","hitCount","children":[node]},
 *	       "samples":[id],"timestamps":[us],"startTime":s,"endTime":s}
 *
 * A sample lasts until the next one. Lines count from 0 in the flat form, from 1 in the
 * tree. (idle) and (root) alone are no samples; (garbage collector) is a state.
 */
#include "format/cpuprofile.h"
#include "format/json_load.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct node {
	int64_t id;
	uint32_t parent; /* index + 1; 0 the root */
	frame_id frame;
	uint64_t hits;
	stack_id stack;
	bool done, root, idle, gc;
};

struct cpuprofile {
	struct import *im;
	struct node *nodes;
	size_t n, cap;
	struct map index_of; /* id -> 1 + index */
	uint32_t thread;
};

static uint32_t add_node(struct cpuprofile *c, const json_t *from, const json_t *where,
	int line_base, uint32_t parent)
{
	struct import_place p = { 0 };
	struct node *n;
	int64_t line = json_number_of(where, "lineNumber", -1);

	p.name = json_text(where, "functionName", &p.name_len);
	p.file = json_text(where, "url", &p.file_len);
	line += line_base;
	p.line = line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
	GROW(c->nodes, c->cap, c->n + 1);
	n = &c->nodes[c->n++];
	memset(n, 0, sizeof(*n));
	n->id = json_number_of(from, "id", (int64_t)c->n);
	n->hits = (uint64_t)json_number_of(from, "hitCount", 0);
	n->parent = parent;
	n->root = !strcmp(p.name, "(root)");
	n->idle = !strcmp(p.name, "(idle)");
	n->gc = !strcmp(p.name, "(garbage collector)");
	if (!p.name_len) {
		p.name = "(anonymous)";
		p.name_len = strlen(p.name);
	} else if (p.name[0] == '(' && !p.file_len) {
		p.flags = FUNC_MARK;
	}
	n->frame = import_frame(c->im, &p);
	*map_put(&c->index_of, (uint64_t)n->id) = c->n;
	return (uint32_t)c->n;
}

static void read_flat(struct cpuprofile *c, const json_t *list)
{
	size_t i, k;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);
		const json_t *where = json_object_get(from, "callFrame");

		add_node(c, from, where ? where : from, where ? 1 : 0, 0);
	}
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);
		const json_t *children = json_object_get(from, "children");
		const json_t *parent = json_object_get(from, "parent");
		const uint64_t *slot;

		for (k = 0; k < json_array_size(children); k++) {
			slot = map_get(
				&c->index_of, (uint64_t)json_integer_value(
						      json_array_get(children, k)));
			if (slot && *slot - 1 != i)
				c->nodes[*slot - 1].parent = (uint32_t)i + 1;
		}
		slot = json_is_integer(parent)
			       ? map_get(&c->index_of,
					 (uint64_t)json_integer_value(parent))
			       : NULL;
		if (slot && *slot - 1 != i)
			c->nodes[i].parent = (uint32_t)*slot;
	}
}

/* The nested form, without recursion: jansson bounds its depth, we need not trust that. */
static void read_tree(struct cpuprofile *c, const json_t *head)
{
	struct todo {
		const json_t *node;
		uint32_t parent;
	} *todo = NULL;
	size_t n = 0, cap = 0, k;

	GROW(todo, cap, 1);
	todo[n++] = (struct todo){ head, 0 };
	while (n) {
		struct todo at = todo[--n];
		const json_t *children = json_object_get(at.node, "children");
		uint32_t index = add_node(c, at.node, at.node, 0, at.parent);

		for (k = json_array_size(children); k-- > 0;) {
			GROW(todo, cap, n + 1);
			todo[n++] = (struct todo){ json_array_get(children, k), index };
		}
	}
	free(todo);
}

/* Stacks from the root down; a chain that comes back to itself ends at its first node. */
static stack_id stack_of(struct cpuprofile *c, size_t index)
{
	size_t *path = NULL, n = 0, cap = 0, at = index + 1;
	stack_id stack = 0;

	while (at && !c->nodes[at - 1].done) {
		c->nodes[at - 1].done = true;
		GROW(path, cap, n + 1);
		path[n++] = at - 1;
		at = c->nodes[at - 1].parent;
	}
	stack = at ? c->nodes[at - 1].stack : 0;
	while (n) {
		struct node *node = &c->nodes[path[--n]];

		if (!node->root)
			stack = import_push(c->im, stack, node->frame);
		node->stack = stack;
	}
	free(path);
	return c->nodes[index].stack;
}

static void give(struct cpuprofile *c, size_t index, int64_t end_ns, int64_t weight_ns)
{
	const struct node *node = &c->nodes[index];
	stack_id stack = stack_of(c, index);

	if (node->root || node->idle || weight_ns <= 0)
		return;
	import_sample(c->im, c->thread, end_ns, (uint64_t)weight_ns, stack,
		node->gc ? STATE_GC : 0, WAIT_NONE);
}

/* When sample i was taken, ns from the first; one more for the end of the last. */
static int64_t *sample_times(const json_t *root, size_t n)
{
	const json_t *deltas = json_object_get(root, "timeDeltas");
	const json_t *stamps = json_object_get(root, "timestamps");
	double start = json_real_of(root, "startTime", 0),
	       end = json_real_of(root, "endTime", 0);
	const int64_t hour = 3600000000000;
	int64_t *times = xcalloc(n + 2, sizeof(*times)), at = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		int64_t delta = json_ns(json_array_get(deltas, i), 1e3);

		if (json_is_array(deltas))
			at += delta < 0 ? 0 : delta < hour ? delta : hour;
		else if (json_is_array(stamps))
			at = json_ns(json_array_get(stamps, i), 1e3) -
			     json_ns(json_array_get(stamps, 0), 1e3);
		else if (end > start && end - start < 1e9)
			at = (int64_t)((end - start) * 1e9 * (double)i / (double)n);
		else
			at = (int64_t)i * IMPORT_NOMINAL_NS;
		times[i] = at;
	}
	/* the last one lasts until endTime where that is in the same unit, else as the mean */
	times[n] = n > 1 ? times[n - 1] + (times[n - 1] - times[0]) / (int64_t)(n - 1)
			 : IMPORT_NOMINAL_NS;
	if (json_is_array(deltas) && end > start && end - start < 1e13 &&
		(int64_t)((end - start) * 1e3) >= times[n ? n - 1 : 0])
		times[n] = (int64_t)((end - start) * 1e3);
	return times;
}

static int read_samples(struct cpuprofile *c, const json_t *root, struct err *err)
{
	const json_t *samples = json_object_get(root, "samples");
	size_t n = json_array_size(samples), i;
	int64_t *times = sample_times(root, n);
	int ret = -1;

	for (i = 0; i < n; i++) {
		const json_t *id = json_array_get(samples, i);
		const uint64_t *slot =
			map_get(&c->index_of, (uint64_t)json_integer_value(id));

		if (!slot) {
			err_set(err, ERR_CORRUPT, "sample %zu: no node %lld", i,
				(long long)json_integer_value(id));
			goto out;
		}
		give(c, *slot - 1, times[i + 1], times[i + 1] - times[i]);
	}
	ret = 0;
out:
	free(times);
	return ret;
}

static void read_hits(struct cpuprofile *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct node *node = &c->nodes[i];

		if (node->hits && node->hits < (uint64_t)INT64_MAX && !node->root &&
			!node->idle)
			import_count(c->im, c->thread, stack_of(c, i), c->nodes[i].hits,
				0, node->gc ? STATE_GC : 0);
	}
}

int cpuprofile_read(struct import *im, struct err *err)
{
	struct cpuprofile c = { .im = im };
	json_t *root = json_import(im, err);
	const json_t *head, *nodes;
	int ret = -1;

	if (!root)
		return -1;
	head = json_object_get(root, "head");
	nodes = json_object_get(root, "nodes");
	if (!json_is_array(nodes) && !json_is_object(head)) {
		err_set(err, ERR_CORRUPT, "neither nodes nor head");
		goto out;
	}
	c.thread = import_thread(im, import_process(im, 0), 0);
	GROW(c.nodes, c.cap, 1);
	if (json_is_array(nodes))
		read_flat(&c, nodes);
	else
		read_tree(&c, head);
	if (json_array_size(json_object_get(root, "samples"))) {
		ret = read_samples(&c, root, err);
	} else {
		read_hits(&c);
		ret = 0;
	}
out:
	free(c.nodes);
	map_release(&c.index_of);
	json_decref(root);
	return ret;
}
