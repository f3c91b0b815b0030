/*
 * store.c - a store filled with made-up samples, checked and timed; the hands of
 * bench/store and of tests/store.
 *
 *	build/bench/store fill DIR [KEY=VALUE]...	seconds= series= threads= hz= stacks=
 *		seed= start= folded= block= retain= raw= max= pause= flush=1 sync=1 quiet=1
 *		every= (a second of samples every so many: weeks of many processes)
 *	    prints "SECONDS SAMPLES WRITTEN LOST failing|fine" once per second given
 *	build/bench/store check DIR	prints the counts; status 1 when it is not clean
 *	build/bench/store size DIR	compacts; bytes by kind and per sample
 *	build/bench/store time DIR [SECONDS]...		open and query times, sizes
 *	build/bench/store samples DIR	a line for each sample, for other formats
 */
#include "../tests/unit/load.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "query/flat.h"
#include "query/lanes.h"
#include "query/series.h"
#include "query/tree.h"
#include "store/admin.h"
#include "store/store.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int fail(const struct err *err)
{
	err_print(err, stderr);
	return 1;
}

/* The number behind KEY= among the arguments. */
static int64_t number(char **args, const char *key, int64_t otherwise)
{
	size_t len = strlen(key);

	for (; *args; args++) {
		if (!strncmp(*args, key, len) && (*args)[len] == '=')
			return strtoll(*args + len + 1, NULL, 10);
	}
	return otherwise;
}

static const char *text(char **args, const char *key)
{
	size_t len = strlen(key);

	for (; *args; args++) {
		if (!strncmp(*args, key, len) && (*args)[len] == '=')
			return *args + len + 1;
	}
	return NULL;
}

static void report(struct store *s, int64_t n, const struct load *l)
{
	struct store_stats st;

	store_stats(s, &st);
	printf("%" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", n, load_samples(l),
		st.seconds_written, st.seconds_lost, st.failing ? "failing" : "fine");
	fflush(stdout);
}

static int fill(const char *dir, char **args)
{
	const struct store_options o = {
		.mode = STORE_WRITE,
		.no_sync = !number(args, "sync", 0),
		.block_ns = number(args, "block", 0) * NS_PER_SEC,
		.retain_ns = number(args, "retain", 0) * NS_PER_SEC,
		.retain_raw_ns = number(args, "raw", 0) * NS_PER_SEC,
		.max_bytes = (uint64_t)number(args, "max", 0),
		.queue_bytes = (size_t)number(args, "queue", 0),
	};
	const struct load_options lo = {
		.n_series = (unsigned)number(args, "series", 1),
		.n_threads = (unsigned)number(args, "threads", 8),
		.hz = (unsigned)number(args, "hz", 100),
		.n_stacks = (unsigned)number(args, "stacks", 10000),
		.seed = (uint64_t)number(args, "seed", 1),
		.start_ns = number(args, "start", 0) * NS_PER_SEC,
		.folded = text(args, "folded"),
	};
	int64_t seconds = number(args, "seconds", 60), i,
		pause = number(args, "pause", 0), every = number(args, "every", 1);
	bool flush = number(args, "flush", 0), quiet = number(args, "quiet", 0);
	struct err err = ERR_INIT;
	struct store *s;
	struct load *l;
	struct store_stats st;

	signal(SIGXFSZ, SIG_IGN); /* a limit on file size is an error like a full disk */
	s = store_open(dir, &o, &err);
	if (!s)
		return fail(&err);
	l = load_new(&lo, store_sink(s));
	for (i = 0; i < seconds / every; i++) {
		struct timespec t = clock_timespec(pause * NS_PER_MS);

		load_second(l);
		load_step_clock(l, (every - 1) * NS_PER_SEC);
		if (!quiet)
			report(s, i + 1, l);
		/* A load that runs faster than time waits for the writer now and then. */
		if (flush || (!pause && i % 64 == 63))
			store_flush(s, &err);
		if (pause)
			nanosleep(&t, NULL);
	}
	store_flush(s, &err);
	store_stats(s, &st);
	report(s, i, l);
	load_free(l);
	if (store_close(s, &err) < 0)
		return fail(&err);
	if (quiet)
		printf("writer %.3f s of CPU\n", (double)st.write_ns / 1e9);
	return 0;
}

static int check(const char *dir)
{
	struct err err = ERR_INIT;
	struct store_report r;

	if (store_check(dir, &r, NULL, NULL, &err) < 0)
		return fail(&err);
	printf("keys %" PRIu64 " chunks %" PRIu64 " rollups %" PRIu64 " samples %" PRIu64
	       " bad %" PRIu64 " %s\n",
		r.n_keys, r.n_chunks, r.n_rollups, r.n_samples,
		r.n_bad_checksum + r.n_bad_value + r.n_dangling + r.n_bad_rollup,
		r.first);
	return store_report_is_clean(&r) ? 0 : 1;
}

static int size(const char *dir)
{
	struct err err = ERR_INIT;
	struct store_info i;
	uint64_t before, after;

	if (store_compact(dir, NULL, NULL, &before, &after, &err) < 0 ||
		store_info(dir, &i, &err) < 0)
		return fail(&err);
	printf("samples %" PRIu64 " stacks %" PRIu64 " disk %" PRIu64
	       " bytes, raw %" PRIu64 " rollups %" PRIu64 " symbols %" PRIu64
	       " meta %" PRIu64
	       "; per sample %.3f (raw %.3f rollups %.3f symbols %.3f)\n",
		i.n_samples, i.n_stacks, i.bytes_disk, i.bytes_raw, i.bytes_rollup,
		i.bytes_symbols, i.bytes_meta, (double)i.bytes_disk / (double)i.n_samples,
		(double)i.bytes_raw / (double)i.n_samples,
		(double)i.bytes_rollup / (double)i.n_samples,
		(double)i.bytes_symbols / (double)i.n_samples);
	return 0;
}

/* --- times --- */

static double ms_since(int64_t start)
{
	return (double)(clock_mono_ns() - start) / 1e6;
}

struct timed {
	const char *name;
	int (*run)(
		struct source *src, const struct filter *f, uint64_t *n, struct err *err);
};

static int time_tree(
	struct source *src, const struct filter *f, uint64_t *n, struct err *err)
{
	const struct tree_options o = { .max_nodes = 8000 };
	struct tree t;
	int ret = tree_query(&t, src, f, &o, err);

	*n = ret == 0 ? t.nodes[0].total.n : 0;
	tree_release(&t);
	return ret;
}

static int time_flat(
	struct source *src, const struct filter *f, uint64_t *n, struct err *err)
{
	const struct flat_options o = { .max_rows = 200 };
	struct flat t;
	int ret = flat_query(&t, src, f, &o, err);

	*n = ret == 0 ? t.all.n : 0;
	flat_release(&t);
	return ret;
}

static int time_line(
	struct source *src, const struct filter *f, uint64_t *n, struct err *err)
{
	const struct timeline_options o = { .max_buckets = 1000 };
	struct timeline t;
	size_t i;
	int ret = timeline_query(&t, src, f, &o, err);

	*n = 0;
	for (i = 0; ret == 0 && i < t.n_buckets; i++)
		*n += t.rows[0].points[i].n_samples;
	timeline_release(&t);
	return ret;
}

static int time_one(struct store *s, const struct timed *what, int64_t seconds, int again,
	struct err *err)
{
	struct source *src = store_source(s);
	struct filter f;
	int64_t first, last, start, cpu;
	uint64_t n = 0;
	double ms;
	int ret;

	filter_init(&f);
	f.timeout_ns = 600 * NS_PER_SEC;
	ret = src->ops->range(src, &first, &last, err);
	f.until_ns = last;
	f.from_ns =
		last - seconds * NS_PER_SEC > first ? last - seconds * NS_PER_SEC : first;
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	start = clock_mono_ns();
	if (ret == 0)
		ret = what->run(src, &f, &n, err);
	ms = ms_since(start);
	if (ret == 0)
		printf("%s %" PRId64 " %s %.2f ms (%.2f ms of CPU) %" PRIu64 " samples\n",
			what->name, seconds, again ? "warm" : "cold", ms,
			(double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / 1e6, n);
	filter_release(&f);
	return ret;
}

static int times(const char *dir, char **args)
{
	static const struct timed all[] = {
		{ "tree", time_tree },
		{ "flat", time_flat },
		{ "timeline", time_line },
	};
	const struct store_options o = { .mode = STORE_READ };
	struct err err = ERR_INIT;
	struct store *s;
	int64_t start;
	size_t i;
	int again, ret = 0;

	for (; *args && ret == 0; args++) {
		start = clock_mono_ns();
		s = store_open(dir, &o, &err);
		if (!s)
			return fail(&err);
		printf("open %s cold %.2f ms\n", *args, ms_since(start));
		for (i = 0; i < ARRAY_SIZE(all) && ret == 0; i++) {
			for (again = 0; again < 3 && ret == 0; again++)
				ret = time_one(s, &all[i], strtoll(*args, NULL, 10),
					again, &err);
		}
		store_close(s, &err);
	}
	return ret == 0 ? 0 : fail(&err);
}

/* --- the same samples for other formats --- */

static int print_run(void *arg, const struct symbols *symbols, const struct lane_run *run)
{
	const char *names[256];
	stack_id id = run->stack;
	size_t i, n = 0;

	(void)arg;
	for (; id && n < ARRAY_SIZE(names); id = symbols_stack_of(symbols, id)->parent) {
		const struct frame *f =
			symbols_frame_of(symbols, symbols_stack_of(symbols, id)->frame);

		names[n++] = symbols_text(
			symbols, symbols_func_of(symbols, f->func)->name, NULL);
	}
	printf("%u %" PRId64 " %" PRIu64 " %" PRIu64 " ", run->thread, run->from_ns,
		run->weight.n, run->weight.ns);
	for (i = n; i-- > 0;)
		printf("%s%s", names[i], i ? ";" : "\n");
	return 0;
}

static int samples(const char *dir)
{
	const struct store_options o = { .mode = STORE_READ };
	struct err err = ERR_INIT;
	struct store *s = store_open(dir, &o, &err);
	struct filter f;
	int ret;

	if (!s)
		return fail(&err);
	filter_init(&f);
	f.timeout_ns = 600 * NS_PER_SEC;
	ret = lanes_scan(store_source(s), &f, print_run, NULL, &err);
	filter_release(&f);
	store_close(s, &err);
	return ret == 0 ? 0 : fail(&err);
}

int main(int argc, char **argv)
{
	if (argc >= 3 && !strcmp(argv[1], "fill"))
		return fill(argv[2], argv + 3);
	if (argc == 3 && !strcmp(argv[1], "size"))
		return size(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "check"))
		return check(argv[2]);
	if (argc >= 3 && !strcmp(argv[1], "time"))
		return times(argv[2], argv + 3);
	if (argc == 3 && !strcmp(argv[1], "samples"))
		return samples(argv[2]);
	fprintf(stderr, "usage: store fill|check|time|samples DIR ...\n");
	return 2;
}
