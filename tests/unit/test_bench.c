/* test_bench.c - conclusions of pystrobe bench */
#include "test.h"

#include "base/alloc.h"
#include "cli/bench.h"

#include <math.h>
#include <string.h>

TEST(a_change_that_every_round_shows_is_told_apart_whatever_drifts)
{
	static const double bare[] = { 1.00, 2.00, 4.00, 8.00 };
	static const double sampled[] = { 1.10, 2.21, 4.39, 8.80 };
	struct bench_change c;

	CHECK(bench_change(&c, bare, sampled, 4));
	CHECK(fabs(c.slower - 10.06) < 0.1);
	CHECK(c.low > 9 && c.high < 11);
	CHECK(c.told_apart);
}

TEST(rounds_that_disagree_are_noise)
{
	static const double bare[] = { 1.00, 1.00, 1.00 };
	static const double sampled[] = { 1.10, 0.92, 1.01 };
	struct bench_change c;

	CHECK(bench_change(&c, bare, sampled, 3));
	CHECK(c.low < 0 && c.high > 0);
	CHECK(!c.told_apart);
}

TEST(one_round_or_a_measurement_of_nothing_allows_no_conclusion)
{
	static const double one[] = { 1, 0 };
	struct bench_change c;

	CHECK(!bench_change(&c, one, one, 1));
	CHECK(!bench_change(&c, one, one, 2));
}

TEST(median_and_spread_are_of_the_quartiles)
{
	static const double v[] = { 9, 1, 3, 5, 7 };

	CHECK(fabs(bench_median(v, 5) - 5) < 1e-12);
	CHECK(fabs(bench_spread(v, 5) - 2) < 1e-12);
	CHECK(fabs(bench_median(v, 2) - 5) < 1e-12);
	CHECK(fabs(bench_median(v, 0)) < 1e-12);
}

TEST(a_counter_is_the_last_number_of_a_text_or_eight_bytes)
{
	static const struct {
		const char *data;
		size_t len;
		bool found;
		double value;
	} tc[] = {
		{ "1200", 4, true, 1200 },
		{ "12:01 3 done\n12:02 17 done\n", 26, true, 17 },
		{ "99.5 %\n", 7, true, 99.5 },
		{ "\x05\0\0\0\0\0\0\0", 8, true, 5 },
		{ "\x05\0\0\0\0\0\0\0\x07", 9, true, 5 },
		{ "none", 4, false, 0 },
		{ "", 0, false, 0 },
		{ "1234567890123456789012345678901234567890", 40, false, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		double value = 0;

		CHECK(bench_counter(&value, tc[i].data, tc[i].len) == tc[i].found);
		CHECK(fabs(value - tc[i].value) < 1e-9);
	}
}
