/*
 * api_docs.c - the API's documentation, made from the table of routes, so that it cannot
 * say less than there is.
 */
#include "http/call.h"
#include "http/route.h"

#include <stdio.h>
#include <string.h>

static void escaped(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '<')
			buf_str(b, "&lt;");
		else if (s[i] == '&')
			buf_str(b, "&amp;");
		else
			buf_char(b, s[i]);
	}
}

/* "name: meaning" lines as rows of a table; a line without a colon as one cell. */
static void rows(struct buf *b, const char *caption, const char *lines)
{
	size_t len, name;

	if (!lines)
		return;
	buf_printf(b, "<h3>%s</h3><table>", caption);
	for (; *lines; lines += len, lines += *lines == '\n') {
		len = strcspn(lines, "\n");
		name = strcspn(lines, ":");
		buf_str(b, "<tr><td><code>");
		escaped(b, lines, name < len ? name : len);
		buf_str(b, "</code><td>");
		if (name + 2 < len)
			escaped(b, lines + name + 2, len - name - 2);
	}
	buf_str(b, "</table>");
}

static void section(struct buf *b, const struct route *r)
{
	buf_printf(b, "<section id=\"%s\"><h2><code>%s %s</code></h2><p>", r->path,
		r->flags & ROUTE_POST ? "POST" : "GET", r->path);
	escaped(b, r->summary, strlen(r->summary));
	if (r->flags & ROUTE_FILTERS)
		buf_str(b, " Takes the <a href=\"#filters\">filters</a>.");
	buf_str(b, "</p>");
	rows(b, "Parameters", r->params);
	rows(b, r->flags & ROUTE_POST ? "Body" : "Answer", r->returns);
	buf_str(b, "</section>");
}

static const char filters[] =
	"from: where the range begins: -15minutes, 14:00, yesterday 14:00, "
	"2026-11-21T14:00:00Z, Unix seconds, start+30s\n"
	"until: where it ends; now when not given\n"
	"pid: a process id; any of several\n"
	"series: a process incarnation's id, from /api/v1/targets\n"
	"label: key=value, key!=value, key=~regex, key!~regex; all must hold\n"
	"state: cpu, idle, gil (free-threaded: attached), gil-wait, gc, exc, "
	"native (in C code that Python called); any of several\n"
	"wait: the system call it blocks in: epoll_wait, futex (GIL)\n"
	"thread: a name, a glob or a kernel thread id\n"
	"function: regex: stacks that have such a function\n"
	"module: glob: stacks that have such a module\n"
	"root: regex: stacks begin at the first such function\n"
	"hide: regex: such frames are left out, their time goes to the caller\n"
	"mine: 1: library frames are folded into your own\n"
	"mine-path: glob on files that are yours\n"
	"library-path: glob on files that are not\n"
	"native: 0: without native frames\n"
	"lines: 1: frames of a function apart by line\n"
	"timeout: a duration, at most 30 s\n";

static const char head[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
	"<meta name=\"viewport\" content=\"width=device-width\">"
	"<title>pystrobe API</title><link rel=\"stylesheet\" href=\"/docs.css\">"
	"<main><h1>pystrobe API</h1>"
	"<p>Every answer is JSON unless it says otherwise; times are Unix milliseconds, "
	"weights are samples (<code>_n</code>) and thread-time in nanoseconds "
	"(<code>_ns</code>). An error is <code>{\"error\", \"hint\"}</code> with a "
	"fitting "
	"status. Answers carry an <code>ETag</code>. With a token, send "
	"<code>Authorization: Bearer TOKEN</code>.</p>"
	"<section id=\"filters\"><h2>Filters</h2><p>The same everywhere, and the same as "
	"the options of the command line. A parameter that is not known is an error.</p>";

int api_docs(struct call *c, struct err *err)
{
	(void)err;
	c->type = "text/html; charset=utf-8";
	buf_str(&c->out, head);
	rows(&c->out, "Parameters", filters);
	buf_str(&c->out, "</section>");
	for (const struct route *r = route_table(); r->path; r++)
		section(&c->out, r);
	buf_str(&c->out, "</main></html>\n");
	return 0;
}
