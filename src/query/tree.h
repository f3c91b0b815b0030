/*
 * tree.h - the merged call tree of a range: flame graph, icicle, text tree.
 *
 * Nodes are an array in preorder: a node's children follow it, and the node behind its
 * whole subtree is i + 1 + n_below. Node 0 is the root ("all"). Weights come twice, as
 * samples and as ns, so that the unit is chosen when drawing. Totals are those of the
 * whole answer, before trimming: percentages stay true.
 */
#ifndef QUERY_TREE_H
#define QUERY_TREE_H

#include "base/arena.h"
#include "prof/source.h"
#include "query/filter.h"

#include <stddef.h>
#include <stdint.h>

struct weight {
	uint64_t n;  /* samples */
	uint64_t ns; /* thread-time they stand for */
	/* The part of ns on CPU, and waiting for the GIL: filled in by trees, not by tables. */
	uint64_t cpu_ns, wait_ns;
};

static inline void weight_add(struct weight *to, const struct weight *w)
{
	to->n += w->n;
	to->ns += w->ns;
	to->cpu_ns += w->cpu_ns;
	to->wait_ns += w->wait_ns;
}

/* A place in a program; texts are never NULL. Also used by the other queries. */
struct place {
	const char *name, *file, *module;
	uint32_t line;       /* 0 unless lines were asked for */
	uint32_t first_line; /* of the function; 0 not known */
	uint32_t flags;      /* enum func_flags */
};

struct tree_node {
	struct place place;
	uint32_t parent;  /* index; the root's is 0 */
	uint32_t n_below; /* nodes of its subtree, itself not counted */
	uint32_t depth;   /* the root has 0 */
	struct weight self, total;
};

struct tree {
	struct tree_node *nodes;
	size_t n_nodes;
	size_t n_trimmed;          /* nodes that "(other)" nodes (FUNC_MARK) stand for */
	int64_t from_ns, until_ns; /* what was asked for */
	struct arena arena;        /* nodes and texts */
};

enum tree_group { /* what comes below the root, before the stacks */
	TREE_PLAIN,
	TREE_BY_PROCESS, /* "4242 gunicorn: worker" */
	TREE_BY_THREAD,  /* "MainThread (4242)" */
	TREE_BY_STATE,   /* "on CPU", "waiting for the GIL", "epoll_wait" */
};

enum tree_order { TREE_BY_NAME, TREE_BY_WEIGHT };

struct tree_options {
	size_t max_nodes; /* 0: no limit; the lightest subtrees go first */
	double min_share; /* of the whole; lighter nodes join "(other)" */
	bool inverted;    /* leaves first: callers below them */
	enum tree_group group;
	enum tree_order order;
};

int tree_query(struct tree *t, struct source *s, const struct filter *f,
	const struct tree_options *o, struct err *err);
void tree_release(struct tree *t);

#endif
