/* route.c - see route.h */
#include "http/route.h"

#include <stddef.h>
#include <string.h>

#define TREE_PARAMS                                                                  \
	"max_nodes: how many nodes at most; the lightest join \"(other)\" (16000)\n" \
	"min_share: nodes below this share of the whole join \"(other)\"\n"          \
	"invert: 1: leaves first, callers below them\n"                              \
	"group: none, process, thread or state below the root\n"

#define TREE_RETURNS                                                                 \
	"nodes.depth, nodes.place, nodes.line: preorder; node 0 is the root\n"       \
	"nodes.self_n, nodes.total_n: samples\n"                                     \
	"nodes.self_ns, nodes.total_ns: thread-time in ns\n"                         \
	"nodes.cpu_ns, nodes.wait_ns: of total_ns, on CPU and waiting for the GIL\n" \
	"strings, places: {name, file, module, first_line, flags}; a place is an "   \
	"index into these, texts are indexes into strings; flags: 1 library, 2 "     \
	"native, 4 not a function, 8 a task\n"                                       \
	"trimmed: nodes that \"(other)\" stands for\n"

static const struct route routes[] = {
	{ "/folded", ROUTE_STREAM | ROUTE_FILTERS, api_folded,
		"Folded stacks as text; the last minute unless a range is given. "
		"This is "
		"what GET / answers to a client that does not ask for HTML.",
		NULL, "one stack and its samples a line" },
	{ "/api/v1/status", 0, api_status, "What is served, and by which pystrobe.", NULL,
		"version, title, now_ms, from_ms, until_ms: the recording's "
		"range\n"
		"can_attach: whether /api/v1/attach works\n"
		"server: counters\n"
		"writing: {failing, problem, seconds_lost, samples_lost}: whether "
		"what is sampled can be kept\nformats: what /api/v1/export can write" },
	{ "/api/v1/targets", ROUTE_CACHED | ROUTE_FILTERS, api_targets,
		"The processes with data in the range, newest first, and what "
		"happened "
		"to "
		"them.",
		NULL,
		"targets[]: series, pid, start_ms, first_ms, last_ms, ended, "
		"labels, "
		"threads[]\n"
		"targets[].cpu_cores, gil_share, gil_wait: means over the range\n"
		"targets[].rss, rss_max, n_threads: the newest\n"
		"targets[].rate_hz, missed, lost: the sampler's own honesty\n"
		"targets[].spark: cpu_cores in equal buckets\nevents[]: as "
		"/api/v1/events" },
	{ "/api/v1/timeline", ROUTE_CACHED | ROUTE_FILTERS, api_timeline,
		"What happened over time, in equal buckets; null where nothing "
		"was "
		"recorded.",
		"bucket_ms: width of a bucket; chosen when not given\n"
		"max_buckets: how many at most when chosen (600)\n"
		"by_series: 1: a row per process, else their sum\n",
		"from_ms, bucket_ms, n_buckets\n"
		"rows[]: series and columns: watched_ns, thread_ns, match_ns, "
		"match_n "
		"(what "
		"passes the filter), samples, ticks, wanted, missed, lost, cut, "
		"late_max_ns, read_ns, cpu_ns, idle_ns, gil_ns, gil_wait_ns, "
		"gc_ns, "
		"gil_share, gil_wait_share, exc_ns, native_ns, cpu_cores, "
		"rss_mean, "
		"rss_max, threads, switches" },
	{ "/api/v1/flamegraph", ROUTE_CACHED | ROUTE_FILTERS, api_flamegraph,
		"The merged call tree.", TREE_PARAMS, TREE_RETURNS },
	{ "/api/v1/growth", ROUTE_CACHED | ROUTE_FILTERS, api_growth,
		"The call tree of memory growth: which stacks ran while resident "
		"memory "
		"rose. n is bytes.",
		TREE_PARAMS, TREE_RETURNS "shrunk_bytes: how much it fell" },
	{ "/api/v1/callers", ROUTE_CACHED | ROUTE_FILTERS, api_callers,
		"One function, all that leads to it and all that it leads to.",
		"of: the function's name\nof_file: and its file\nof_line: and "
		"its first "
		"line\n" TREE_PARAMS,
		"callers, callees: nodes as in /api/v1/flamegraph, the function "
		"is node "
		"0\n"
		"self, total, all: {n, ns}" },
	{ "/api/v1/table", ROUTE_CACHED | ROUTE_FILTERS, api_table,
		"Self and total by function, line, file, module, thread or wait.",
		"by: function (default), line, file, module, thread, wait\n"
		"max_rows: how many at most (2000)\nby_total: 1: heaviest total "
		"first\n",
		"rows.place, line, self_n, total_n, self_ns, total_ns, series, "
		"thread\n"
		"all_n, all_ns: of the whole answer\nstrings, places" },
	{ "/api/v1/threads", ROUTE_CACHED | ROUTE_FILTERS, api_threads,
		"A lane per thread in time order.",
		"max_boxes: of all lanes; shorter runs are merged "
		"(20000)\nmax_lanes: "
		"(200)\n",
		"lanes[]: series, thread, tid, name, main\n"
		"lanes[].from_us, until_us (after from_ms), stack, state (bits: "
		"1 cpu, 2 "
		"idle, 4 gil, 8 gil-wait, 16 gc, 32 exc, 64 native, 128 cut), "
		"wait "
		"(index "
		"into strings), n\n"
		"stacks[]: places, root first\nmerged: runs that were merged" },
	{ "/api/v1/memory", ROUTE_CACHED | ROUTE_FILTERS, api_memory,
		"Resident memory as it was read, with the heaviest stack in "
		"between.",
		"max_points: (4000)\n",
		"points: series, time_ms, rss, cpu_ns, threads, stack\nstacks[]: "
		"folded" },
	{ "/api/v1/heat", ROUTE_CACHED | ROUTE_FILTERS, api_heat,
		"Activity by second and within the second.",
		"rows: within a column (50)\nmax_columns: (1200)\n",
		"from_ms, column_ms, n_columns, n_rows, max_ns\n"
		"ns: thread-time, column by column" },
	{ "/api/v1/diff", ROUTE_CACHED | ROUTE_FILTERS, api_diff,
		"Before (A) and after (B).",
		"b.*: any filter, for B alone: b.from=-1h\n"
		"view: tree (default) or table\n"
		"max_nodes: (16000)\nmax_rows: (2000)\ninvert: 1: leaves first\n",
		"nodes: depth, place, line, side (0 both, 1 only A, 2 only B), "
		"p, and "
		"self/total as _n_a, _n_b, _ns_a, _ns_b\n"
		"rows: place, line, share (change of self), p, the same columns\n"
		"p: probability that the change of share is chance" },
	{ "/api/v1/source", ROUTE_FILTERS, api_source,
		"The lines of a file with their heat, and its text where it may "
		"be read.",
		"file: its path as samples name it\n",
		"lines[]: line, function, self_n, self_ns, total_n, total_ns\n"
		"parts[]: the same of a part of a line, from column of line to "
		"before end_column of end_line (bytes, from 0); of CPython 3.11 "
		"and later, and not of calls within a recursion\n"
		"text, or no_text and hint: why not" },
	{ "/api/v1/export", ROUTE_STREAM | ROUTE_FILTERS, api_export,
		"The selection as a file.",
		"format: see /api/v1/status\nweight: samples (default) or time\n"
		"threads: 1: merged formats begin with the thread\n",
		"the file" },
	{ "/api/v1/events", ROUTE_CACHED | ROUTE_FILTERS, api_events,
		"Starts, exits, execs, attaches, detaches and losses.", NULL,
		"events[]: series, time_ms, kind, text" },
	{ "/api/v1/live", ROUTE_LIVE, NULL,
		"Server-Sent Events: a tick whenever there is something new.", NULL,
		"event tick: {generation, from, until, now}" },
	{ "/api/v1/processes", 0, api_processes,
		"The Python processes of this host, for attaching.", NULL,
		"processes[]: pid, command, version, container, user, recording, "
		"rate_hz, "
		"can_attach, refusal" },
	{ "/api/v1/attach", ROUTE_POST, api_attach, "Starts recording a process.", NULL,
		"body: {\"pid\": 4242}, and \"rate_hz\": 100 to change that of all "
		"processes" },
	{ "/api/v1/detach", ROUTE_POST, api_detach, "Stops recording a process.", NULL,
		"body: {\"pid\": 4242}" },
	{ "/api/v1/", 0, api_docs, "This page.", NULL, "HTML" },
	{ NULL, 0, NULL, NULL, NULL, NULL },
};

const struct route *route_table(void)
{
	return routes;
}

const struct route *route_find(const char *path, int post)
{
	for (const struct route *r = routes; r->path; r++)
		if (!strcmp(r->path, path) && !(r->flags & ROUTE_POST) == !post)
			return r;
	return NULL;
}
