/* test_query.c - trees, tables and timelines over a tape.
 * One file because all of it asks the tapes of the first hundred lines. */
#include "test.h"

#include "load.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "prof/tape.h"
#include "query/callers.h"
#include "query/diff.h"
#include "query/flat.h"
#include "query/heat.h"
#include "query/lanes.h"
#include "query/memory.h"
#include "query/series.h"
#include "query/tree.h"
#include "query/twins.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct timespec_base base = { .now_ns = 1795262400 * NS_PER_SEC,
	.utc = true };

/* Interns "a;b;c": names that begin with "lib" are library functions, and "a@4" is its
 * line's part from column 4 to 9. */
static stack_id stack_of(struct symbols *s, const char *path)
{
	char text[256], *save = NULL, *name;
	stack_id id = 0;

	snprintf(text, sizeof(text), "%s", path);
	for (name = strtok_r(text, ";", &save); name; name = strtok_r(NULL, ";", &save)) {
		char *at = strchr(name, '@');
		struct columns part = { 0 };
		struct func f = { 0 };

		if (at) {
			*at = '\0';
			part.column = (uint32_t)atoi(at + 1);
			part.end_column = part.column + 5;
		}
		f.name = symbols_str(s, name, strlen(name));
		f.file = symbols_str(s, "/srv/app.py", 11);
		f.flags = strncmp(name, "lib", 3) ? 0 : FUNC_LIBRARY;
		f.module = symbols_str(s, name, 1);
		id = symbols_stack(s, id,
			symbols_frame_part(
				s, symbols_func(s, &f), 7, columns_pack(&part)));
	}
	return id;
}

struct row {
	const char *path;
	unsigned thread, n;
	uint16_t state;
};

/* A tape of ticks 10 ms apart from t = 1000 s: each row is a run of one thread. */
static struct tape *tape_of(const struct row *rows, size_t n)
{
	struct tape *t = tape_new(0);
	struct sink *sink = tape_sink(t);
	struct chunk c = { 0 };
	struct series s = { .pid = 42 };
	unsigned ticks = 0, used[4] = { 0 };
	size_t i;

	series_label(&s, "service", "web");
	sink->ops->series(sink, &s);
	for (i = 0; i < 4; i++) {
		struct thread_info info = {
			.series = s.id, .thread = (thread_id)i, .tid = (pid_t)(100 + i)
		};

		snprintf(info.name, sizeof(info.name), "t%zu", i);
		sink->ops->thread(sink, &info);
	}
	for (i = 0; i < n; i++) {
		struct run r = { rows[i].thread, used[rows[i].thread], rows[i].n,
			stack_of(sink->ops->symbols(sink), rows[i].path), rows[i].state,
			0 };

		used[r.thread] += r.n_ticks;
		ticks = used[r.thread] > ticks ? used[r.thread] : ticks;
		chunk_run(&c, &r);
	}
	c.series = s.id;
	for (i = 0; i < ticks; i++)
		chunk_tick(&c, 1000 * NS_PER_SEC + (int64_t)i * 10 * NS_PER_MS,
			10 * NS_PER_MS);
	sink->ops->chunk(sink, &c);
	chunk_release(&c);
	series_release(&s);
	return t;
}

static const struct row rows[] = {
	{ "main;work;libdump", 0, 3, STATE_CPU | STATE_GIL },
	{ "main;work", 0, 2, STATE_CPU | STATE_GIL },
	{ "main;work;work;leaf", 0, 1, STATE_CPU },
	{ "main;wait", 1, 6, STATE_BLOCKED },
};

/* "all 12/0 main 12/0 ..." : name total/self in preorder, children indented by depth. */
static char *tree_line(const struct tree *t)
{
	static char text[2048];
	size_t at = 0, i;

	text[0] = '\0';
	for (i = 0; i < t->n_nodes; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u:%s %llu/%llu",
			i ? ", " : "", t->nodes[i].depth, t->nodes[i].place.name,
			(unsigned long long)t->nodes[i].total.n,
			(unsigned long long)t->nodes[i].self.n);
	return text;
}

static const struct {
	const char *key, *value, *want;
} filters[] = {
	{ "timeout", "10s",
		"0:all 12/0, 1:main 12/0, 2:wait 6/6, 2:work 6/2, 3:libdump 3/3, "
		"3:work 1/0, 4:leaf 1/1" },
	{ "state", "gil", "0:all 5/0, 1:main 5/0, 2:work 5/2, 3:libdump 3/3" },
	{ "thread", "t1", "0:all 6/0, 1:main 6/0, 2:wait 6/6" },
	{ "thread", "100",
		"0:all 6/0, 1:main 6/0, 2:work 6/2, 3:libdump 3/3, "
		"3:work 1/0, 4:leaf 1/1" },
	{ "function", "^lib", "0:all 3/0, 1:main 3/0, 2:work 3/0, 3:libdump 3/3" },
	{ "module", "l*",
		"0:all 4/0, 1:main 4/0, 2:work 4/0, 3:libdump 3/3, "
		"3:work 1/0, 4:leaf 1/1" },
	{ "mine", "1",
		"0:all 12/0, 1:main 12/0, 2:wait 6/6, 2:work 6/5, 3:work 1/0, "
		"4:leaf 1/1" },
	{ "root", "work",
		"0:all 6/0, 1:work 6/2, 2:libdump 3/3, 2:work 1/0, 3:leaf 1/1" },
	{ "hide", "work",
		"0:all 12/0, 1:main 12/2, 2:leaf 1/1, 2:libdump 3/3, "
		"2:wait 6/6" },
	{ "until", "@1000.02",
		"0:all 4/0, 1:main 4/0, 2:wait 2/2, 2:work 2/0, "
		"3:libdump 2/2" },
	{ "label", "service=web",
		"0:all 12/0, 1:main 12/0, 2:wait 6/6, 2:work 6/2, "
		"3:libdump 3/3, 3:work 1/0, 4:leaf 1/1" },
	{ "label", "service!=web", "0:all 0/0" },
	{ "label", "service=~w.b$",
		"0:all 12/0, 1:main 12/0, 2:wait 6/6, 2:work 6/2, "
		"3:libdump 3/3, 3:work 1/0, 4:leaf 1/1" },
	{ "pid", "43", "0:all 0/0" },
};

TEST(a_tree_shows_what_the_filter_lets_through)
{
	struct tape *tape = tape_of(rows, ARRAY_SIZE(rows));
	const struct tree_options o = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		struct err err = ERR_INIT;
		struct filter f;
		struct tree t;

		filter_init(&f);
		CHECK_OK(filter_set(&f, filters[i].key, filters[i].value, &base, &err),
			err);
		CHECK_OK(tree_query(&t, tape_source(tape), &f, &o, &err), err);
		CHECK_STR(tree_line(&t), filters[i].want);
		tree_release(&t);
		filter_release(&f);
	}
	tape_free(tape);
}

TEST(trimming_keeps_the_heaviest_nodes_and_the_totals)
{
	struct tape *tape = tape_of(rows, ARRAY_SIZE(rows));
	const struct tree_options four = { .max_nodes = 4, .order = TREE_BY_WEIGHT };
	struct err err = ERR_INIT;
	struct filter f;
	struct tree t;

	filter_init(&f);
	CHECK_OK(tree_query(&t, tape_source(tape), &f, &four, &err), err);
	CHECK_STR(tree_line(&t), "0:all 12/0, 1:main 12/0, 2:wait 6/6, 2:work 6/2, "
				 "3:(other) 4/4");
	CHECK_INT(t.n_trimmed, 3);
	tree_release(&t);
	filter_release(&f);
	tape_free(tape);
}

TEST(an_inverted_tree_begins_with_the_leaves)
{
	struct tape *tape = tape_of(rows, 3);
	const struct tree_options o = { .inverted = true };
	struct err err = ERR_INIT;
	struct filter f;
	struct tree t;

	filter_init(&f);
	CHECK_OK(tree_query(&t, tape_source(tape), &f, &o, &err), err);
	CHECK_STR(tree_line(&t),
		"0:all 6/0, 1:leaf 1/0, 2:work 1/0, 3:work 1/0, 4:main 1/1, "
		"1:libdump 3/0, 2:work 3/0, 3:main 3/3, 1:work 2/0, "
		"2:main 2/2");
	tree_release(&t);
	filter_release(&f);
	tape_free(tape);
}

TEST(recursion_counts_once_in_a_table)
{
	struct tape *tape = tape_of(rows, ARRAY_SIZE(rows));
	const struct flat_options o = { .by = FLAT_FUNCTION, .by_total = true };
	struct err err = ERR_INIT;
	struct filter f;
	struct flat t;
	size_t i;

	filter_init(&f);
	CHECK_OK(flat_query(&t, tape_source(tape), &f, &o, &err), err);
	CHECK_INT(t.n_rows, 5);
	CHECK_INT(t.all.n, 12);
	for (i = 0; i < t.n_rows; i++) {
		if (!strcmp(t.rows[i].place.name, "work")) {
			CHECK_INT(t.rows[i].total.n, 6);
			CHECK_INT(t.rows[i].self.n, 2);
		}
	}
	flat_release(&t);
	filter_release(&f);
	tape_free(tape);
}

TEST(parts_of_a_line_have_their_share_and_nothing_else_sees_them)
{
	static const struct row parts[] = {
		{ "main@4;work", 1, 3, STATE_CPU },
		{ "main@20;work", 1, 2, STATE_CPU },
		{ "main@20", 1, 1, STATE_CPU },
		{ "main@20;main@4;main", 1, 4, STATE_CPU },
		{ "main", 1, 5, STATE_CPU },
	};
	static const struct {
		unsigned column, self, total;
	} want[] = { { 20, 1, 7 }, { 4, 0, 7 } };
	struct tape *tape = tape_of(parts, ARRAY_SIZE(parts));
	const struct flat_options o = { .by = FLAT_LINE };
	struct err err = ERR_INIT;
	struct filter f;
	struct flat t;
	size_t i;

	filter_init(&f);
	CHECK_OK(flat_lines_of(&t, tape_source(tape), &f, "/srv/app.py", &err), err);
	CHECK_INT(t.n_rows, 2);
	CHECK_STR(t.rows[0].place.name, "main");
	CHECK_INT(t.rows[0].self.n, 10);
	CHECK_INT(t.rows[0].total.n, 15);
	CHECK_INT(t.n_parts, ARRAY_SIZE(want));
	for (i = 0; i < t.n_parts; i++) {
		CHECK_INT(t.parts[i].columns.column, want[i].column);
		CHECK_INT(t.parts[i].columns.end_column, want[i].column + 5);
		CHECK_INT(t.parts[i].self.n, want[i].self);
		CHECK_INT(t.parts[i].total.n, want[i].total);
	}
	flat_release(&t);
	CHECK_OK(flat_lines_of(&t, tape_source(tape), &f, "/else.py", &err), err);
	CHECK_INT(t.n_rows + t.n_parts, 0);
	flat_release(&t);
	CHECK_OK(flat_query(&t, tape_source(tape), &f, &o, &err), err);
	CHECK_INT(t.n_rows, 2);
	CHECK_INT(t.n_parts, 0);
	flat_release(&t);
	filter_release(&f);
	tape_free(tape);
}

TEST(the_sandwich_has_the_function_in_the_middle)
{
	struct tape *tape = tape_of(rows, ARRAY_SIZE(rows));
	const struct tree_options o = { 0 };
	const struct callers_of of = { .name = "work" };
	struct err err = ERR_INIT;
	struct filter f;
	struct callers c;

	filter_init(&f);
	CHECK_OK(callers_query(&c, tape_source(tape), &f, &of, &o, &err), err);
	CHECK_STR(tree_line(&c.callers), "0:work 6/0, 1:main 6/6");
	CHECK_STR(tree_line(&c.callees),
		"0:work 6/2, 1:libdump 3/3, 1:work 1/0, 2:leaf 1/1");
	CHECK_INT(c.total.n, 6);
	CHECK_INT(c.all.n, 12);
	callers_release(&c);
	filter_release(&f);
	tape_free(tape);
}

TEST(a_timeline_adds_up_at_any_width)
{
	struct tape *tape = tape_new(0);
	const struct load_options lo = { .n_series = 2, .n_threads = 3, .n_stacks = 50 };
	struct load *l = load_new(&lo, tape_sink(tape));
	static const int64_t widths[] = { 10 * NS_PER_MS, NS_PER_SEC, 60 * NS_PER_SEC,
		86400 * NS_PER_SEC };
	size_t i, k;

	for (i = 0; i < 20; i++)
		load_second(l);
	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		const struct timeline_options o = { .bucket_ns = widths[i] };
		struct err err = ERR_INIT;
		struct timeline t;
		struct filter f;
		uint64_t n = 0;

		filter_init(&f);
		CHECK_OK(timeline_query(&t, tape_source(tape), &f, &o, &err), err);
		for (k = 0; k < t.n_buckets; k++)
			n += t.rows[0].points[k].n_samples;
		CHECK_INT(n, load_samples(l));
		timeline_release(&t);
		filter_release(&f);
	}
	load_free(l);
	tape_free(tape);
}

TEST(lanes_keep_every_sample_however_few_boxes_may_be_drawn)
{
	struct tape *tape = tape_new(0);
	const struct load_options lo = { .n_series = 2, .n_threads = 4, .n_stacks = 50 };
	struct load *l = load_new(&lo, tape_sink(tape));
	static const size_t max[] = { 0, 1000, 10, 1 };
	size_t i, k, b;

	for (i = 0; i < 30; i++)
		load_second(l);
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		const struct lanes_options o = { .max_boxes = max[i] };
		struct err err = ERR_INIT;
		struct filter f;
		struct lanes lanes;
		uint64_t n = 0, boxes = 0;

		filter_init(&f);
		CHECK_OK(lanes_query(&lanes, tape_source(tape), &f, &o, &err), err);
		CHECK_INT(lanes.n_lanes, 8);
		CHECK(lanes.lanes[0].thread.is_main);
		CHECK_STR(lanes.lanes[0].thread.name, "MainThread");
		for (k = 0; k < lanes.n_lanes; k++) {
			for (b = 0; b < lanes.lanes[k].n_boxes; b++) {
				n += lanes.lanes[k].boxes[b].n;
				CHECK(lanes.lanes[k].boxes[b].stack < lanes.n_stacks);
			}
			boxes += lanes.lanes[k].n_boxes;
		}
		CHECK_INT(n, load_samples(l));
		CHECK(!max[i] || boxes <= max[i] || boxes == 8);
		lanes_release(&lanes);
		filter_release(&f);
	}
	load_free(l);
	tape_free(tape);
}

TEST(a_heat_map_holds_all_the_time)
{
	struct tape *tape = tape_of(rows, ARRAY_SIZE(rows));
	const struct heat_options o = { .n_rows = 10 };
	struct err err = ERR_INIT;
	struct filter f;
	struct heat h;
	size_t i;
	uint64_t sum = 0;

	filter_init(&f);
	CHECK_OK(heat_query(&h, tape_source(tape), &f, &o, &err), err);
	CHECK_INT(h.n_columns, 1);
	for (i = 0; i < h.n_columns * h.n_rows; i++)
		sum += h.ns[i];
	CHECK_INT(sum, 12 * 10 * NS_PER_MS);
	CHECK_INT(h.ns[0], 12 * 10 * NS_PER_MS); /* 60 ms are in the first tenth */
	heat_release(&h);
	filter_release(&f);
	tape_free(tape);
}

/* Two readings a second apart, +100 bytes: 75 % of the GIL-holding time is "grow". */
static struct tape *growing_tape(void)
{
	struct tape *t = tape_new(0);
	struct sink *sink = tape_sink(t);
	struct symbols *s = sink->ops->symbols(sink);
	struct series series = { .pid = 42 };
	struct chunk c = { 0 };
	int i;

	sink->ops->series(sink, &series);
	c.series = series.id;
	chunk_metric(
		&c, &(struct metric){ .time_ns = 1000 * NS_PER_SEC, .rss_bytes = 5000 });
	sink->ops->chunk(sink, &c);
	for (i = 0; i < 100; i++)
		chunk_tick(
			&c, 1000 * NS_PER_SEC + (i + 1) * 10 * NS_PER_MS, 10 * NS_PER_MS);
	chunk_run(&c, &(struct run){ 0, 0, 75, stack_of(s, "main;grow"), STATE_GIL, 0 });
	chunk_run(
		&c, &(struct run){ 0, 75, 25, stack_of(s, "main;other"), STATE_GIL, 0 });
	chunk_run(&c,
		&(struct run){ 1, 0, 100, stack_of(s, "main;wait"), STATE_BLOCKED, 0 });
	chunk_metric(
		&c, &(struct metric){ .time_ns = 1001 * NS_PER_SEC, .rss_bytes = 5100 });
	sink->ops->chunk(sink, &c);
	chunk_metric(
		&c, &(struct metric){ .time_ns = 1002 * NS_PER_SEC, .rss_bytes = 5030 });
	sink->ops->chunk(sink, &c);
	chunk_release(&c);
	return t;
}

TEST(growth_of_memory_is_given_to_who_held_the_gil_while_it_grew)
{
	struct tape *tape = growing_tape();
	const struct tree_options o = { 0 };
	struct err err = ERR_INIT;
	struct filter f;
	struct tree t;
	struct memory m;
	uint64_t shrunk;

	filter_init(&f);
	CHECK_OK(filter_set(&f, "from", "@999", &base, &err), err);
	CHECK_OK(filter_set(&f, "until", "@1003", &base, &err), err);
	CHECK_OK(memory_growth_query(&t, tape_source(tape), &f, &o, &shrunk, &err), err);
	CHECK_STR(
		tree_line(&t), "0:all 100/0, 1:main 100/0, 2:grow 75/75, 2:other 25/25");
	CHECK_INT(shrunk, 70);
	tree_release(&t);
	CHECK_OK(memory_query(&m, tape_source(tape), &f, 100, &err), err);
	CHECK_INT(m.n_points, 3);
	CHECK_INT(m.points[1].rss_bytes, 5100);
	CHECK_STR(m.stacks[m.points[1].stack], "main;grow");
	memory_release(&m);
	filter_release(&f);
	tape_free(tape);
}

TEST(a_diff_says_what_is_on_one_side_only)
{
	static const struct row after[] = {
		{ "main;work;libdump", 0, 1, STATE_CPU | STATE_GIL },
		{ "main;work;fresh", 0, 2, STATE_CPU | STATE_GIL },
	};
	struct tape *ta = tape_of(rows, 2), *tb = tape_of(after, 2);
	const struct tree_options o = { 0 };
	const struct flat_options fo = { 0 };
	struct err err = ERR_INIT;
	struct filter f;
	struct tree a, b;
	struct flat fa, fb;
	struct diff d;
	struct diff_table table;
	char text[512] = "";
	size_t i, at = 0;

	filter_init(&f);
	CHECK_OK(tree_query(&a, tape_source(ta), &f, &o, &err), err);
	CHECK_OK(tree_query(&b, tape_source(tb), &f, &o, &err), err);
	CHECK_OK(diff_trees(&d, &a, &b, &o, &err), err);
	for (i = 0; i < d.n_nodes; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%u:%s %d/%d %d, ",
			d.nodes[i].depth, d.nodes[i].place.name,
			(int)d.nodes[i].total[0].n, (int)d.nodes[i].total[1].n,
			(int)d.nodes[i].side);
	CHECK_STR(text, "0:all 5/3 0, 1:main 5/3 0, 2:work 5/3 0, 3:fresh 0/2 2, "
			"3:libdump 3/1 0, ");
	CHECK_INT(d.nodes[2].n_below, 2);
	CHECK_OK(flat_query(&fa, tape_source(ta), &f, &fo, &err), err);
	CHECK_OK(flat_query(&fb, tape_source(tb), &f, &fo, &err), err);
	CHECK_OK(diff_tables(&table, &fa, &fb, 0, &err), err);
	CHECK_INT(table.n_rows, 4);
	diff_table_release(&table);
	flat_release(&fa);
	flat_release(&fb);
	diff_release(&d);
	tree_release(&a);
	tree_release(&b);
	filter_release(&f);
	tape_free(ta);
	tape_free(tb);
}

/* after: a place of B, and the line and file of what it becomes: A's, or its own. */
TEST(a_function_is_known_again_when_the_program_was_edited_or_moved)
{
	static const struct place before[] = {
		{ "f", "/v1/app.py", "app", 0, 10, 0 },
		{ "__init__", "/v1/app.py", "app", 0, 20, 0 },
		{ "__init__", "/v1/app.py", "app", 0, 30, 0 },
		{ "g", "/v1/other.py", "other", 0, 5, 0 },
		{ "memcpy", "libc.so", "", 0, 0, FUNC_NATIVE },
	};
	static const struct {
		struct place place;
		uint32_t line;
		const char *file;
	} after[] = {
		{ { "f", "/v2/app.py", "app", 0, 12, 0 }, 10, "/v1/app.py" },
		{ { "__init__", "/v2/app.py", "app", 0, 30, 0 }, 30, "/v1/app.py" },
		{ { "__init__", "/v2/app.py", "app", 0, 32, 0 }, 20, "/v1/app.py" },
		{ { "__init__", "/v2/app.py", "app", 0, 50, 0 }, 50, "/v2/app.py" },
		{ { "g", "/v2/app.py", "app", 0, 5, 0 }, 5, "/v2/app.py" },
		{ { "memcpy", "libc.so", "", 0, 0, FUNC_NATIVE }, 0, "libc.so" },
	};
	struct twins t = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(before); i++)
		twins_add(&t, &before[i], 0);
	for (i = 0; i < ARRAY_SIZE(after); i++)
		twins_add(&t, &after[i].place, 1);
	twins_pair(&t);
	for (i = 0; i < ARRAY_SIZE(after); i++) {
		CHECK_INT(twins_of(&t, &after[i].place)->first_line, after[i].line);
		CHECK_STR(twins_of(&t, &after[i].place)->file, after[i].file);
	}
	twins_release(&t);
}

static const struct {
	const char *text;
	int64_t s; /* 0: an error */
	int32_t ms;
} times[] = {
	{ "now", 1795262400, 0 },
	{ "-15minutes", 1795262400 - 900, 0 },
	{ "-1h30m", 1795262400 - 5400, 0 },
	{ "-250ms", 1795262399, 750 },
	{ "2 hours ago", 1795262400 - 7200, 0 },
	{ "15 min ago", 1795262400 - 900, 0 },
	{ "1d ago", 1795262400 - 86400, 0 },
	{ "today", 1795219200, 0 },
	{ "yesterday 14:00", 1795219200 - 86400 + 50400, 0 },
	{ "14:00:30", 1795219200 + 50430, 0 },
	{ "2026-11-21", 1795219200, 0 },
	{ "2026-11-21 14:00", 1795219200 + 50400, 0 },
	{ "2026-11-21T14:00:00.5+01:00", 1795219200 + 46800, 500 },
	{ "2026-11-21T14:00:00Z", 1795219200 + 50400, 0 },
	{ "1795262400", 1795262400, 0 },
	{ "1795262400.25", 1795262400, 250 },
	{ "@12", 12, 0 },
	{ "", 0, 0 },
	{ "soon", 0, 0 },
	{ "-15 parsecs", 0, 0 },
	{ "2026-13-01", 0, 0 },
	{ "2026-11-21T25:00", 0, 0 },
	{ "2 hours", 0, 0 },
	{ "99999999999999999999", 0, 0 },
};

TEST(times_read_as_people_write_them)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		struct err err = ERR_INIT;
		int64_t ns = 0;
		int ret = timespec_parse(times[i].text, &base, &ns, &err);

		if (!times[i].s) {
			CHECK_INT(ret, -1);
			CHECK_INT(err.code, ERR_USAGE);
			continue;
		}
		CHECK_OK(ret, err);
		if (ns != times[i].s * NS_PER_SEC + times[i].ms * NS_PER_MS)
			fail_msg("'%s' is %lld", times[i].text, (long long)ns);
	}
}

TEST(a_regex_that_could_run_away_is_refused)
{
	static const char *const bad[] = { "(a*)\\1", "a{1,30000}", "((a{9}){9}){9}",
		"(" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = ERR_INIT;
		struct filter f;

		filter_init(&f);
		CHECK_INT(filter_set(&f, "function", bad[i], &base, &err), -1);
		CHECK_INT(err.code, ERR_USAGE);
		filter_release(&f);
	}
}
