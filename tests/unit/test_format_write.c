/* test_format_write.c - what comes out, and that every filter is honoured by every format */
#include "format_test.h"
#include "test.h"

#include "base/alloc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two threads, half a second: main works with the GIL, then waits; w sleeps in a call. */
static const char recording[] =
	"{\"type\":\"header\",\"format\":\"pystrobe-jsonl\",\"version\":1,\"start_ns\":"
	"1795262400000000000}\n"
	"{\"type\":\"series\",\"series\":1,\"pid\":42,\"time_ns\":-5,\"labels\":{"
	"\"command\":\"app <1>\"}}\n"
	"{\"type\":\"thread\",\"series\":1,\"thread\":0,\"tid\":42,\"main\":true,"
	"\"name\":\"MainThread\"}\n"
	"{\"type\":\"thread\",\"series\":1,\"thread\":1,\"tid\":43,\"main\":false,"
	"\"name\":\"w\"}\n"
	"{\"type\":\"func\",\"func\":1,\"name\":\"main\",\"file\":\"app.py\",\"module\":"
	"\"app\",\"first_line\":1}\n"
	"{\"type\":\"func\",\"func\":2,\"name\":\"</"
	"script><!--<script>;]]>&\\u0001\",\"file\":\"evil.py\"}\n"
	"{\"type\":\"func\",\"func\":3,\"name\":\"sleep\",\"file\":\"/usr/lib/python3.12/"
	"x.py\",\"flags\":[\"library\"]}\n"
	"{\"type\":\"stack\",\"stack\":1,\"parent\":0,\"func\":1,\"line\":5}\n"
	"{\"type\":\"stack\",\"stack\":2,\"parent\":1,\"func\":2,\"line\":7}\n"
	"{\"type\":\"stack\",\"stack\":3,\"parent\":0,\"func\":3,\"line\":9}\n"
	"{\"type\":\"run\",\"series\":1,\"thread\":0,\"stack\":2,\"state\":[\"cpu\","
	"\"gil\"],"
	"\"time_ns\":[100000000,200000000,300000000],\"weight_ns\":[100000000,100000000,"
	"100000000]}\n"
	"{\"type\":\"run\",\"series\":1,\"thread\":0,\"stack\":1,\"state\":[\"gil-wait\"]"
	","
	"\"time_ns\":[400000000],\"weight_ns\":[100000000]}\n"
	"{\"type\":\"run\",\"series\":1,\"thread\":1,\"stack\":3,\"state\":[\"idle\"],"
	"\"wait\":\"futex (lock)\","
	"\"time_ns\":[100000000,200000000,300000000,400000000,500000000],"
	"\"weight_ns\":[100000000,100000000,100000000,100000000,100000000]}\n"
	"{\"type\":\"metric\",\"series\":1,\"time_ns\":100000000,\"rss_bytes\":1048576,"
	"\"cpu_ns\":7,"
	"\"threads\":2,\"voluntary\":1,\"involuntary\":2}\n"
	"{\"type\":\"event\",\"series\":1,\"time_ns\":500000000,\"kind\":\"exit\","
	"\"text\":\"status 0\"}\n";

static char *write_all(const char *format, const char *words, size_t *len)
{
	struct tape *t = ft_text(recording);
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	CHECK_OK(ft_write(t, format, words, &out, NULL, &err), err);
	tape_free(t);
	return buf_detach(&out, len);
}

TEST(json_lines_read_back_are_the_same_lines)
{
	size_t len, again_len;
	char *first = write_all("jsonl", "", &len);
	struct tape *t = ft_text(first);
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	char *again;

	CHECK_OK(ft_write(t, "jsonl", "", &out, NULL, &err), err);
	again = buf_detach(&out, &again_len);
	/* the second import knows where it came from already, ids are handed out again */
	CHECK_STR(again, first);
	CHECK(strstr(first, "\"wait\":\"futex (lock)\""));
	CHECK(strstr(first, "\"rss_bytes\":1048576"));
	CHECK(strstr(first, "\"kind\":\"exit\""));
	tape_free(t);
	free(first);
	free(again);
}

TEST(folded_text_follows_style_weight_and_filters)
{
	static const struct {
		const char *words, *out;
	} rows[] = {
		{ "weight=samples", "</script><!--<script>,]]>&" },
		{ "weight=samples thread=w", "sleep (/usr/lib/python3.12/x.py:9) 5\n" },
		{ "weight=time state=gil-wait", "main (app.py:5) 100000\n" },
		{ "weight=samples state=gil-wait style=1", "main(app) 1\n" },
		{ "weight=samples state=gil-wait style=2", "app.py:main:5 1\n" },
		{ "weight=samples state=gil-wait threads=1",
			"MainThread (42);main (app.py:5) 1\n" },
		{ "weight=samples from=1795262400.45 thread=w",
			"sleep (/usr/lib/python3.12/x.py:9) 1\n" },
	};
	struct tape *t = ft_text(recording);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *out = ft_folded(t, rows[i].words);

		if (i == 0)
			CHECK(strstr(out, rows[i].out));
		else
			CHECK_STR(out, rows[i].out);
	}
	tape_free(t);
}

/* The frame that must be gone, whatever the format calls it. */
TEST(every_format_honours_thread_and_state)
{
	static const struct {
		const char *words, *present, *absent;
	} rows[] = {
		{ "thread=w", "sleep", "app.py" },
		{ "state=gil-wait", "app.py", "sleep" },
		{ "state=gil-wait", "app.py", "evil.py" },
		{ "from=1795262400.45", "sleep", "app.py" },
	};
	const struct format_ops *f;
	size_t i, len;

	for (f = format_list(); f->name; f++) {
		for (i = 0; f->write && i < ARRAY_SIZE(rows); i++) {
			char *text;

			if (!strcmp(f->name, "pprof"))
				continue; /* compressed: tests/format asks pprof itself */
			text = write_all(f->name, rows[i].words, &len);
			if (!memmem(text, len, rows[i].present,
				    strlen(rows[i].present)) ||
				memmem(text, len, rows[i].absent, strlen(rows[i].absent)))
				fail_msg("%s %s", f->name, rows[i].words);
			free(text);
		}
	}
}

TEST(every_json_format_parses_and_carries_hostile_names_as_data)
{
	static const char *const names[] = { "speedscope", "cpuprofile", "trace",
		"gecko" };
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = write_all(names[i], "", &len);
		json_error_t e;
		json_t *root = json_loadb(text, len, 0, &e);

		if (!root)
			fail_msg("%s: %s", names[i], e.text);
		json_decref(root);
		free(text);
	}
}

TEST(a_page_and_a_picture_hold_no_markup_of_the_targets)
{
	size_t len;
	char *html = write_all("html", "", &len), *svg = write_all("svg", "", &len);
	const char *at;

	/* the page's own closing tag is the only one */
	at = strstr(html, "</script>");
	CHECK(at && !strstr(at + 1, "</script>"));
	CHECK(!strstr(html, "<!--"));
	CHECK(strstr(html, "\\u003c\\/script>"));
	CHECK(strstr(svg, "&lt;/script&gt;&lt;!--&lt;script&gt;;]]&gt;&amp;"));
	CHECK(strstr(svg, "app &lt;1&gt; (pid 42)"));
	CHECK(!strchr(svg, '\x01'));
	free(html);
	free(svg);
}

TEST(what_a_format_cannot_hold_is_said)
{
	struct tape *t = ft_text(recording);
	struct buf out = BUF_INIT, warnings = BUF_INIT;
	struct err err = ERR_INIT;

	CHECK_OK(ft_write(t, "cpuprofile", "", &out, &warnings, &err), err);
	CHECK(strstr(warnings.data, "cpuprofile has no place for: states, memory"));
	CHECK(strstr(warnings.data, "wrote \"MainThread\" of 2"));
	buf_clear(&warnings);
	CHECK_OK(ft_write(t, "jsonl", "", &out, &warnings, &err), err);
	CHECK_INT(warnings.len, 0);
	CHECK_INT(ft_write(t, "mojo", "", &out, &warnings, &err), -1);
	CHECK_STR(err.msg, "mojo is read, not written");
	buf_release(&out);
	buf_release(&warnings);
	tape_free(t);
}

TEST(a_range_without_samples_still_makes_a_file_or_says_why_not)
{
	const struct format_ops *f;
	struct tape *t = ft_text(recording);

	for (f = format_list(); f->name; f++) {
		struct buf out = BUF_INIT;
		struct err err = ERR_INIT;

		if (f->write && ft_write(t, f->name, "function=nothing_like_it", &out,
					NULL, &err) < 0)
			CHECK_STR(err.msg, "no samples in the chosen range");
		buf_release(&out);
	}
	tape_free(t);
}

struct failing {
	struct format_out out;
	size_t left;
};

static int fail_later(
	struct format_out *out, const void *data, size_t len, struct err *err)
{
	struct failing *f = (struct failing *)out;

	(void)data;
	if (len > f->left)
		return err_set(err, ERR_NO_SPACE, "full");
	f->left -= len;
	return 0;
}

TEST(an_output_that_fails_ends_the_writing_with_its_error)
{
	const struct format_ops *f;
	struct tape *t = ft_text(recording);
	static const char page[] = "<script id=\"profile\"></script>";
	const struct format_options o = { .page = page, .page_len = sizeof(page) - 1 };
	struct filter flt;

	filter_init(&flt);
	for (f = format_list(); f->name; f++) {
		struct failing out = { { fail_later }, 10 };
		struct err err = ERR_INIT;

		if (!f->write)
			continue;
		CHECK_INT(format_write(f, tape_source(t), &flt, &o, &out.out, NULL, &err),
			-1);
		CHECK_STR(err.msg, "full");
	}
	filter_release(&flt);
	tape_free(t);
}

TEST(an_ending_chooses_the_format_and_the_longest_one_wins)
{
	static const struct {
		const char *path, *format;
	} rows[] = {
		{ "a.svg", "svg" },
		{ "x/A.SVG", "svg" },
		{ "a.html", "html" },
		{ "a.speedscope.json", "speedscope" },
		{ "a.trace.json", "trace" },
		{ "a.gecko.json", "gecko" },
		{ "a.pb.gz", "pprof" },
		{ "a.pprof", "pprof" },
		{ "a.cpuprofile", "cpuprofile" },
		{ "a.folded", "folded" },
		{ "a.txt", "text" },
		{ "a.jsonl", "jsonl" },
		{ "a.json", NULL },
		{ "prod.pystrobe", NULL },
		{ ".svg", NULL },
		{ "svg", NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct format_ops *f = format_by_path(rows[i].path);

		CHECK_STR(f ? f->name : "(store)",
			rows[i].format ? rows[i].format : "(store)");
	}
}
