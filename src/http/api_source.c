/*
 * api_source.c - the lines of a file with their heat, and the text where it may be read.
 */
#include "http/params.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/source_file.h"
#include "query/flat.h"
#include "query/series.h"

#include <signal.h>
#include <string.h>

/* A process of the answer that still lives, to read through its root; 0: none. */
static pid_t living_pid(struct call *c, const struct filter *f)
{
	struct targets targets = { 0 };
	struct err err = ERR_INIT;
	pid_t pid = 0;

	if (targets_query(&targets, c->server->source, f, &err) < 0)
		goto out;
	for (size_t i = 0; i < targets.n_targets && !pid; i++)
		if (!targets.targets[i].has_ended &&
			kill(targets.targets[i].series.pid, 0) == 0)
			pid = targets.targets[i].series.pid;
out:
	targets_release(&targets);
	return pid;
}

static void write_lines(struct json *j, const char *key, const struct flat_row *rows,
	size_t n, bool columns)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < n; i++) {
		const struct flat_row *r = &rows[i];

		json_object(j);
		json_kint(j, "line", r->place.line);
		json_kstr(j, "function", r->place.name);
		if (columns) {
			json_kint(j, "column", r->columns.column);
			json_kint(j, "end_line", r->place.line + r->columns.end_lines);
			json_kint(j, "end_column", r->columns.end_column);
		}
		json_kint(j, "self_n", (int64_t)r->self.n);
		json_kint(j, "self_ns", (int64_t)r->self.ns);
		json_kint(j, "total_n", (int64_t)r->total.n);
		json_kint(j, "total_ns", (int64_t)r->total.ns);
		json_end(j);
	}
	json_end(j);
}

static void write_text(struct call *c, struct json *j, pid_t pid, const char *file)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	if (source_file_read(&text, pid, file, c->server->source_files, &err) == 0) {
		json_key(j, "text");
		json_strn(j, text.data ? text.data : "", text.len);
	} else {
		json_kstr(j, "no_text", err.msg);
		json_kstr(j, "hint", err.hint);
	}
	buf_release(&text);
}

int api_source(struct call *c, struct err *err)
{
	const char *file = call_arg(c, "file");
	struct flat flat = { 0 };
	struct filter f;
	struct json j;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0)
		goto out;
	if (!file || !*file) {
		err_set(err, ERR_USAGE, "which file? give file=PATH");
		goto out;
	}
	if (flat_lines_of(&flat, c->server->source, &f, file, err) < 0)
		goto out;
	call_json(c, &j);
	json_kstr(&j, "file", file);
	json_kint(&j, "all_n", (int64_t)flat.all.n);
	json_kint(&j, "all_ns", (int64_t)flat.all.ns);
	write_lines(&j, "lines", flat.rows, flat.n_rows, false);
	write_lines(&j, "parts", flat.parts, flat.n_parts, true);
	if (flat.n_rows > 0)
		write_text(c, &j, living_pid(c, &f), file);
	else /* nor are files read that nobody ran */
		json_kstr(&j, "no_text", "no sample of this range is in this file");
	call_json_end(c, &j);
	ret = 0;
out:
	flat_release(&flat);
	filter_release(&f);
	return ret;
}
