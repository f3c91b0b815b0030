/* test_format_read.c - files of other tools, whole and damaged */
#include "format_test.h"
#include "test.h"

#include "base/alloc.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the values at the ends of the lines. */
static uint64_t sum(const char *folded)
{
	uint64_t n = 0;
	const char *end;

	for (end = strchr(folded, '\n'); end; end = strchr(end + 1, '\n')) {
		const char *at = end;

		while (at > folded && at[-1] != ' ')
			at--;
		n += strtoull(at, NULL, 10);
	}
	return n;
}

TEST(text_formats_are_read_as_processes_threads_frames_and_counts)
{
	static const struct {
		const char *what, *in, *words, *out;
	} rows[] = {
		{ "func (file:line)",
			"main (app.py:10);work (a b.py:20) 12\nmain (app.py:10) 3\n", "",
			"main (app.py:10) 3\nmain (app.py:10);work (a b.py:20) 12\n" },
		{ "func(module)", "main(__main__);work(app.views) 12\n", "style=1",
			"main(__main__);work(app.views) 12\n" },
		{ "file:func:line", "app.py:main:10;lib/x.py:<lambda>:3 12\n", "style=2",
			"app.py:main:10;lib/x.py:<lambda>:3 12\n" },
		{ "names only, CRLF", "a;b;c 5\r\na;b 1\r\n", "", "a;b 1\na;b;c 5\n" },
		{ "operator names stay whole",
			"main;operator() 2\nmain;foo (deleted) 1\n", "",
			"main;foo (deleted) 1\nmain;operator() 2\n" },
		{ "py-spy process and thread",
			"process 7:\"python x\";thread (9): w;main (app.py:1) 3\n",
			"threads=1 pid=7 thread=9", "w (9);main (app.py:1) 3\n" },
		{ "Tachyon thread", "tid:12;app.py:main:1 3\ntid:13;app.py:main:1 4\n",
			"thread=13", "main (app.py:1) 4\n" },
		{ "Austin",
			"# austin: 3.7.0\nP4;T0:5;a.py:f:1;a.py:g:2 "
			"1000\nP4;T0:6;a.py:h:1 1000\n"
			"P4;T0:5;a.py:f:1 1100\n",
			"weight=time",
			"f (a.py:1) 1100\nf (a.py:1);g (a.py:2) 1000\nh (a.py:1) "
			"1000\n" },
		{ "Austin full: idle",
			"# austin: 3.7.0\nP4;T0:5;a.py:f:1 1000,1,0\nP4;T0:6;a.py:g:1 "
			"1000,0,8\n",
			"state=idle", "f (a.py:1) 1\n" },
		{ "perf",
			"py 7/8 [001]  10.5:   2000000 cpu-clock:u: \n\t   7f work+0x1 "
			"(/usr/lib/x.so)\n"
			"\t   8f py::main:/srv/a.py (/tmp/perf-7.map)\n\n",
			"weight=time", "main (/srv/a.py);work (/usr/lib/x.so) 2000\n" },
		{ "old cpuprofile tree",
			"{\"head\":{\"functionName\":\"(root)\",\"url\":\"\","
			"\"lineNumber\":0,\"id\":1,"
			"\"hitCount\":0,\"children\":[{\"functionName\":\"f\",\"url\":"
			"\"a.py\",\"lineNumber\":7,"
			"\"id\":2,\"hitCount\":4,\"children\":[]}]},\"startTime\":1,"
			"\"endTime\":2}",
			"", "f (a.py:7) 4\n" },
		{ "new cpuprofile",
			"{\"nodes\":[{\"id\":1,\"callFrame\":{\"functionName\":\"(root)"
			"\",\"url\":\"\","
			"\"lineNumber\":-1},\"children\":[2]},{\"id\":2,\"callFrame\":{"
			"\"functionName\":\"f\","
			"\"url\":\"a.py\",\"lineNumber\":6},\"children\":[]}],"
			"\"startTime\":0,\"endTime\":5000,"
			"\"samples\":[2,2,1],\"timeDeltas\":[0,1000,3000]}",
			"weight=time", "f (a.py:7) 4000\n" },
		{ "speedscope, evented",
			"{\"$schema\":\"https://www.speedscope.app/"
			"file-format-schema.json\",\"shared\":{\"frames\":"
			"[{\"name\":\"f\"},{\"name\":\"g\"}]},\"profiles\":[{\"type\":"
			"\"evented\",\"name\":\"x\","
			"\"unit\":\"milliseconds\",\"startValue\":0,\"endValue\":9,"
			"\"events\":["
			"{\"type\":\"O\",\"frame\":0,\"at\":0},{\"type\":\"O\",\"frame\":"
			"1,\"at\":2},"
			"{\"type\":\"C\",\"frame\":1,\"at\":5},{\"type\":\"C\",\"frame\":"
			"0,\"at\":9}]}]}",
			"weight=time", "f 6000\nf;g 3000\n" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tape *t = ft_text(rows[i].in);
		char words[128];

		snprintf(words, sizeof(words), "%s%s",
			strstr(rows[i].words, "weight=") ? "" : "weight=samples ",
			rows[i].words);
		print_message("  %s\n", rows[i].what);
		CHECK_STR(ft_folded(t, words), rows[i].out);
		tape_free(t);
	}
}

/* Recorded with the tools themselves; the counts are those that they reported. */
TEST(recorded_files_of_the_peers_keep_their_totals)
{
	static const struct {
		const char *file, *format;
		uint64_t samples;
		const char *frame;
	} rows[] = {
		{ "pyspy.raw", "folded", 177, "Worker.crunch (app.py:8)" },
		{ "pyspy-subprocesses.raw", "folded", 60, "Worker.crunch (app.py:8)" },
		{ "pyspy.speedscope.json", "speedscope", 177, "Worker.run (" },
		{ "austin3.txt", "austin", 75, "/srv/app/app.py" },
		{ "austin3-full.txt", "austin", 74, "/srv/app/app.py" },
		{ "austin3.mojo", "mojo", 150, "/srv/app/app.py" },
		{ "austin3-full.mojo", "mojo", 146, "/srv/app/app.py" },
		{ "austin4.mojo", "mojo", 150, "/srv/app/app.py" },
		{ "tachyon-none.bin", "tachyon", 165,
			"Worker.crunch (/srv/app/app.py:8)" },
		{ "tachyon-zstd.bin", "tachyon", 177,
			"Worker.crunch (/srv/app/app.py:8)" },
		{ "tachyon.collapsed", "folded", 168, "Worker.crunch (app.py:8)" },
		{ "perf.txt", "perf", 12, "" },
		{ "node.cpuprofile", "cpuprofile", 13, "fib (" },
		{ "go.pb.gz", "pprof", 28, "main.fib (" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf warnings = BUF_INIT, data = BUF_INIT;
		struct err err = ERR_INIT;
		char path[128];
		const char *folded;
		struct tape *t;

		print_message("  %s\n", rows[i].file);
		snprintf(path, sizeof(path), "format/data/%s", rows[i].file);
		CHECK_OK(file_read(&data, AT_FDCWD, test_path(path), 1 << 24, &err), err);
		CHECK_STR(format_sniff(data.data, data.len)->name, rows[i].format);
		t = ft_file(rows[i].file, &warnings);
		CHECK_STR(warnings.data ? warnings.data : "", "");
		folded = ft_folded(t, "weight=samples");
		CHECK_INT(sum(folded), rows[i].samples);
		CHECK(strstr(folded, rows[i].frame));
		tape_free(t);
		buf_release(&warnings);
		buf_release(&data);
	}
}

/* Cut off: what stands before the cut is kept, and the place is said. */
TEST(a_file_cut_in_the_middle_keeps_its_sound_part_and_names_the_place)
{
	static const struct {
		const char *file;
		const char *warning; /* part of it */
		bool refused;        /* nothing can be kept: names stand at the end */
	} rows[] = {
		{ "pyspy.speedscope.json", "damaged at line 1 column", true },
		{ "pyspy.raw", "line 5: no count at its end; 1 such lines", false },
		{ "austin3.txt", "line 54: not a sample of Austin; 1 such", false },
		{ "austin3-full.txt", "line 54: not a sample of Austin; 1 such", false },
		{ "austin3.mojo", "byte ", false },
		{ "austin4.mojo", "byte 4972: the file ends in the middle of", false },
		{ "node.cpuprofile", "column", true },
		{ "tachyon-none.bin", "tables are not where", true },
		{ "tachyon-zstd.bin", "tables are not where", true },
		{ "go.pb.gz", "damaged after", true },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf warnings = BUF_INIT, data = BUF_INIT;
		struct err err = ERR_INIT;
		char path[128];
		struct tape *t;

		print_message("  %s\n", rows[i].file);
		snprintf(path, sizeof(path), "format/data/%s", rows[i].file);
		CHECK_OK(file_read(&data, AT_FDCWD, test_path(path), 1 << 24, &err), err);
		t = ft_read(data.data, data.len * 2 / 3, &warnings, &err);
		if (rows[i].refused && !t) {
			CHECK(strstr(err.msg, rows[i].warning) ||
				(warnings.data &&
					strstr(warnings.data, rows[i].warning)));
		} else {
			CHECK(t);
			CHECK(warnings.data && strstr(warnings.data, rows[i].warning));
			CHECK(sum(ft_folded(t, "weight=samples")) > 0);
		}
		tape_free(t);
		buf_release(&warnings);
		buf_release(&data);
	}
}

/* Austin 4.1 puts the stacks of waiting tasks between STACK and the thread's own frames,
 * each with a METRIC_TIME of its own. */
TEST(tasks_in_a_mojo_file_are_left_out_of_the_threads_time)
{
#define TASK "\x0f\x05\x06\x0e\x05\x03\x05\x02\x09\x1e"
	static const char in[] = "MOJ\x04"
				 "\x02\x01\x00"
				 "1\0" /* STACK 1, 0, "1" */
				 "\x0b\x02own\0"
				 "\x0b\x03task\0"                   /* STRING */
				 "\x03\x01\x00\x02\x07\x00\x00\x00" /* FRAME 1: own:7 */
				 "\x03\x02\x00\x03\x09\x00\x00\x00" /* FRAME 2: task:9 */
		TASK TASK "\x05\x01\x09\x0a" /* FRAME_REF 1, 10 us */
				 "\x02\x01\x00"
				 "1\0" TASK "\x0d\x09\x0a" /* STACK_REPEAT, 10 us */;
	struct buf warnings = BUF_INIT;
	struct err err = ERR_INIT;
	struct tape *t = ft_read(in, sizeof(in) - 1, &warnings, &err);

	CHECK_OK(t ? 0 : -1, err);
	CHECK_STR(ft_folded(t, "weight=samples"), "own 2\n");
	CHECK_STR(ft_folded(t, ""), "own 20\n");
	CHECK_STR(
		warnings.data, "input: 3 stacks of waiting asyncio tasks are left out\n");
	tape_free(t);
	buf_release(&warnings);
}

TEST(what_is_no_profile_is_refused_with_a_reason)
{
	static const struct {
		const char *in, *say;
	} rows[] = {
		{ "\x7f"
		  "ELF\x02\x01",
			"not a profile in any format" },
		{ "{\"hello\": 1}", "not a profile in any format" },
		{ "{\"shared\":{\"frames\":[]},\"profiles\":[]}", "no samples" },
		{ "# austin: 3.7.0\n# mode: memory\n\nP1;T0:1;a.py:f:1 4096\n",
			"bytes, not time" },
		{ "MOJ\x09zzzz", "MOJO version 9" },
		{ "", "empty file" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = ERR_INIT;

		CHECK(!ft_read(rows[i].in, strlen(rows[i].in), NULL, &err));
		if (!strstr(err.msg, rows[i].say))
			fail_msg("%s, wanted: %s", err.msg, rows[i].say);
	}
}

TEST(lines_that_make_no_sense_are_skipped_counted_and_the_first_is_named)
{
	static const char in[] = "a;b 1\nnonsense\na;c 2\nmore nonsense\n";
	struct buf warnings = BUF_INIT;
	struct err err = ERR_INIT;
	struct tape *t = ft_read(in, strlen(in), &warnings, &err);

	CHECK_STR(warnings.data,
		"input: line 2: no count at its end; 2 such lines skipped\n");
	CHECK_STR(ft_folded(t, "weight=samples"), "a;b 1\na;c 2\n");
	tape_free(t);
	buf_release(&warnings);
}

TEST(counts_beyond_the_bound_keep_their_time_and_say_so)
{
	static const char in[] = "a 3000000\nb 9000000\n";
	struct buf warnings = BUF_INIT;
	struct err err = ERR_INIT;
	struct tape *t = ft_read(in, strlen(in), &warnings, &err);
	const char *folded;

	CHECK(strstr(warnings.data, "12000000 samples: each one kept stands for 4"));
	folded = ft_folded(t, "weight=time");
	CHECK_STR(folded, "a 30000000000\nb 90000000000\n");
	tape_free(t);
	buf_release(&warnings);
}

TEST(a_first_line_longer_than_what_is_sniffed_is_still_folded_text)
{
	struct buf in = BUF_INIT;
	struct tape *t;
	int i;

	for (i = 0; i < 5000; i++)
		buf_printf(&in, "%sfunction_%d (app.py:%d)", i ? ";" : "", i, i + 1);
	buf_str(&in, " 3\n");
	t = ft_text(in.data);
	CHECK_INT(sum(ft_folded(t, "weight=samples root=function_4999")), 3);
	tape_free(t);
	buf_release(&in);
}
