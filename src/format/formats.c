/*
 * formats.c - the table, in the order of --help. An ending that two formats claim belongs
 * to the first.
 */
#include "format/formats.h"

#include "format/austin.h"
#include "format/cpuprofile.h"
#include "format/folded.h"
#include "format/gecko.h"
#include "format/html.h"
#include "format/jsonl.h"
#include "format/perf.h"
#include "format/pprof.h"
#include "format/sniff.h"
#include "format/speedscope.h"
#include "format/svg.h"
#include "format/tachyon.h"
#include "format/text.h"
#include "format/trace.h"

#define JSON  "application/json"
#define BYTES "application/octet-stream"
#define TEXT  "text/plain; charset=utf-8"

enum { MERGED = HOLDS_LINES }; /* stacks with one value each */

const struct format_ops formats[] = {
	{
		.name = "svg",
		.title = "flame graph: a picture that searches and zooms in any browser",
		.endings = ".svg",
		.mime = "image/svg+xml",
		.holds = MERGED | HOLDS_STATE,
		.write = svg_write,
	},
	{
		.name = "html",
		.title = "the dashboard's flame graph in one page, data inside",
		.endings = ".html .htm",
		.mime = "text/html; charset=utf-8",
		.holds = MERGED,
		.write = html_write,
	},
	{
		.name = "speedscope",
		.title = "speedscope JSON, a profile per thread on one clock",
		.endings = ".speedscope.json .speedscope",
		.mime = JSON,
		.holds = HOLDS_ORDER | HOLDS_THREADS | HOLDS_LINES,
		.sniff = sniff_speedscope,
		.read = speedscope_read,
		.write = speedscope_write,
	},
	{
		.name = "gecko",
		.title = "Firefox Profiler, with GIL, GC and state markers and memory",
		.endings = ".gecko.json",
		.mime = JSON,
		.holds = HOLDS_ORDER | HOLDS_THREADS | HOLDS_LINES | HOLDS_STATE |
			 HOLDS_METRICS,
		.write = gecko_write,
	},
	{
		.name = "folded",
		.title = "one line per stack with its value, as flamegraph.pl and py-spy "
			 "raw",
		.endings = ".folded .collapsed",
		.mime = TEXT,
		.holds = MERGED,
		.sniff = folded_sniff,
		.read = folded_read,
		.write = folded_write,
	},
	{
		.name = "pprof",
		.title = "pprof profile.proto, gzipped; labels for thread and state",
		.endings = ".pb.gz .pprof .pb",
		.mime = BYTES,
		.holds = MERGED | HOLDS_THREADS | HOLDS_STATE,
		.sniff = pprof_sniff,
		.read = pprof_read,
		.write = pprof_write,
	},
	{
		.name = "cpuprofile",
		.title = "V8 .cpuprofile for Chrome and VS Code: one thread",
		.endings = ".cpuprofile",
		.mime = JSON,
		.holds = HOLDS_ORDER | HOLDS_LINES | HOLDS_THREADS, /* says so itself */
		.sniff = sniff_cpuprofile,
		.read = cpuprofile_read,
		.write = cpuprofile_write,
	},
	{
		.name = "trace",
		.title = "Chrome trace events: calls over time, memory and GIL counters",
		.endings = ".trace.json",
		.mime = JSON,
		.holds = HOLDS_ORDER | HOLDS_THREADS | HOLDS_LINES | HOLDS_METRICS,
		.write = trace_write,
	},
	{
		.name = "jsonl",
		.title = "JSON lines: everything, for programs and for import",
		.endings = ".jsonl .ndjson",
		.mime = "application/x-ndjson",
		.holds = HOLDS_ALL,
		.sniff = jsonl_sniff,
		.read = jsonl_read,
		.write = jsonl_write,
	},
	{
		.name = "text",
		.title = "heaviest functions and the call tree, for people",
		.endings = ".txt .text",
		.mime = TEXT,
		.holds = MERGED,
		.write = text_write,
	},
	{
		.name = "austin",
		.title = "Austin 3 text",
		.endings = "",
		.mime = TEXT,
		.sniff = austin_sniff,
		.read = austin_read,
	},
	{
		.name = "mojo",
		.title = "Austin MOJO, versions 1 to 4",
		.endings = "",
		.mime = BYTES,
		.sniff = mojo_sniff,
		.read = mojo_read,
	},
	{
		.name = "tachyon",
		.title = "CPython profiling.sampling --binary",
		.endings = "",
		.mime = BYTES,
		.sniff = tachyon_sniff,
		.read = tachyon_read,
	},
	{
		.name = "perf",
		.title = "what perf script prints",
		.endings = "",
		.mime = TEXT,
		.sniff = perf_sniff,
		.read = perf_read,
	},
	{ .name = NULL },
};
