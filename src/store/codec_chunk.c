/*
 * codec_chunk.c - a second of one process as bytes.
 *
 *	u8 layout (1)  u8 shift  varint n_ticks n_metrics n_runs
 *	svarint mean                        of the gaps, in units of 1 << shift
 *	svarint gap[i] - mean               i = 1 ..
 *	varint unit, mean; u8 even; svarint weight[i] / unit - mean unless even
 *	stats: varints; losses as (reason, count) pairs
 *	metrics: varints, differences to the one before
 *	runs by thread, each field a column of its own:
 *	  varint n_threads; per thread: thread - previous, n_runs
 *	  heads: length in the low half of a byte, in the high half an index into a list of
 *	  the (state, wait) pairs that occur; 15 in either: it stands in the column behind
 *	  u8 gaps, and a column of them unless there is none; stacks, low byte and rest
 *
 * Columns are what makes the block compression of RocksDB work: bytes that look alike
 * stand together, and a second looks like the second before it.
 */
#include "store/codec.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1, MAX_TICKS = 1 << 24, MAX_SHIFT = 40 };

/* --- storable --- */

static uint64_t mean_weight(const struct chunk *c)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < c->n_ticks; i++)
		sum += c->weight_ns[i];
	return c->n_ticks ? sum / c->n_ticks : 0;
}

static unsigned shift_for(uint64_t mean)
{
	unsigned shift = 0;

	while (shift < 20 && (uint64_t)2 << shift <= mean / 32)
		shift++;
	return shift;
}

/* A quarter of the mean tick, that to two digits: the same in every second of a steady
 * rate, so that sums of many share it. */
static uint64_t unit_for(uint64_t mean)
{
	uint64_t digits = 1;

	while (mean / digits >= 100)
		digits *= 10;
	mean = (mean + digits / 2) / digits * digits;
	return mean >= 4 ? mean / 4 : 1;
}

static uint64_t round_to(uint64_t v, unsigned shift)
{
	uint64_t half = shift ? (uint64_t)1 << (shift - 1) : 0;

	return (v + half) >> shift << shift;
}

void chunk_quantise(struct chunk *c)
{
	uint64_t mean = mean_weight(c), unit = unit_for(mean);
	unsigned shift = shift_for(mean);
	int64_t carry = 0;
	size_t i;

	for (i = 0; i < c->n_ticks; i++) {
		int64_t want = (int64_t)c->weight_ns[i] + carry;
		int64_t n = want > 0 ? (want + (int64_t)unit / 2) / (int64_t)unit : 0;

		c->time_ns[i] = (int64_t)((uint64_t)c->time_ns[i] >> shift << shift);
		c->weight_ns[i] = (uint64_t)n * unit;
		carry = want - n * (int64_t)unit;
	}
	c->stats.late_ns_sum = round_to(c->stats.late_ns_sum, 12);
	c->stats.late_ns_max = round_to(c->stats.late_ns_max, 12);
	c->stats.read_ns = round_to(c->stats.read_ns, 12);
	for (i = 0; i < c->n_metrics; i++)
		c->metrics[i].time_ns =
			(int64_t)((uint64_t)c->metrics[i].time_ns >> 20 << 20);
}

int64_t chunk_first_ns(const struct chunk *c)
{
	if (c->n_ticks)
		return c->time_ns[0];
	return c->n_metrics ? c->metrics[0].time_ns : 0;
}

/* Which of the pieces so cut a metric belongs to: the one in whose bucket it is. */
static void take_metrics(const struct chunk *c, size_t from, size_t past, int64_t bucket,
	struct chunk *piece)
{
	size_t i, k;

	for (i = 0; i < c->n_metrics; i++) {
		struct metric m = c->metrics[i];
		int64_t home = bucket_of(m.time_ns, level_ns[0]);
		bool mine = home == bucket;

		if (mine && from && bucket_of(c->time_ns[from - 1], level_ns[0]) == home)
			mine = false; /* a step back within the bucket: the first has it */
		if (!mine && past == c->n_ticks) {
			/* The last piece takes what no piece's bucket claims. */
			for (k = 0; k < c->n_ticks; k++) {
				if (bucket_of(c->time_ns[k], level_ns[0]) == home)
					break;
			}
			mine = k == c->n_ticks;
		}
		if (!mine)
			continue;
		if (m.time_ns < bucket)
			m.time_ns = bucket;
		if (m.time_ns >= bucket + level_ns[0])
			m.time_ns = bucket + level_ns[0] - 1;
		chunk_metric(piece, &m);
	}
}

size_t chunk_piece(const struct chunk *c, size_t from, struct chunk *piece)
{
	int64_t bucket =
		bucket_of(c->n_ticks ? c->time_ns[from] : chunk_first_ns(c), level_ns[0]);
	size_t past = from, i;

	chunk_clear(piece);
	piece->series = c->series;
	piece->symbols = c->symbols;
	while (past < c->n_ticks && c->time_ns[past] < bucket + level_ns[0] &&
		c->time_ns[past] >= bucket &&
		(past == from || c->time_ns[past] >= c->time_ns[past - 1])) {
		chunk_tick(piece, c->time_ns[past], c->weight_ns[past]);
		past++;
	}
	for (i = 0; i < c->n_runs; i++) {
		struct run r = c->runs[i];
		size_t first = r.first_tick, end = first + r.n_ticks;

		first = first < from ? from : first;
		end = end > past ? past : end;
		if (first >= end)
			continue;
		r.first_tick = (uint32_t)(first - from);
		r.n_ticks = (uint32_t)(end - first);
		chunk_run(piece, &r);
	}
	if (!from)
		piece->stats = c->stats;
	take_metrics(c, from, past, bucket, piece);
	return past;
}

/* --- encoding --- */

static unsigned common_shift(const struct chunk *c)
{
	uint64_t bits = 0;
	size_t i;

	for (i = 0; i < c->n_ticks; i++)
		bits |= (uint64_t)(c->time_ns[i] - c->time_ns[0]);
	if (!bits)
		return 0;
	return (unsigned)__builtin_ctzll(bits) < MAX_SHIFT
		       ? (unsigned)__builtin_ctzll(bits)
		       : MAX_SHIFT;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static void put_weights(struct buf *out, const struct chunk *c)
{
	uint64_t unit = 0, mean;
	bool even = true;
	size_t i;

	for (i = 0; i < c->n_ticks; i++) {
		unit = common_divisor(c->weight_ns[i], unit);
		even &= c->weight_ns[i] == c->weight_ns[0];
	}
	unit = unit ? unit : 1;
	mean = even ? c->weight_ns[0] / unit : mean_weight(c) / unit;
	put_varint(out, unit);
	put_varint(out, mean);
	put_u8(out, even);
	for (i = 0; i < c->n_ticks && !even; i++)
		put_svarint(out, (int64_t)(c->weight_ns[i] / unit - mean));
}

static void put_ticks(struct buf *out, const struct chunk *c, unsigned shift)
{
	int64_t mean = 0;
	size_t i;

	if (!c->n_ticks)
		return;
	if (c->n_ticks > 1)
		mean = ((c->time_ns[c->n_ticks - 1] - c->time_ns[0]) >> shift) /
		       (int64_t)(c->n_ticks - 1);
	put_svarint(out, mean);
	for (i = 1; i < c->n_ticks; i++)
		put_svarint(out, ((c->time_ns[i] - c->time_ns[i - 1]) >> shift) - mean);
	put_weights(out, c);
}

static void put_stats(struct buf *out, const struct chunk_stats *s)
{
	put_varint(out, s->ticks_wanted);
	put_varint(out, s->ticks_missed);
	put_varint(out, s->late_ns_sum);
	put_varint(out, s->late_ns_max);
	put_varint(out, s->read_ns);
	put_varint(out, s->n_samples);
	put_varint(out, s->n_cut);
	put_varint(out, s->n_repaired);
	put_lost(out, s->n_lost);
}

static void put_metrics(struct buf *out, const struct chunk *c, int64_t first_ns)
{
	struct metric before = { .time_ns = first_ns };
	size_t i;

	for (i = 0; i < c->n_metrics; i++) {
		const struct metric *m = &c->metrics[i];

		put_svarint(out, m->time_ns - before.time_ns);
		put_svarint(out, (int64_t)(m->rss_bytes - before.rss_bytes));
		put_svarint(out, (int64_t)(m->cpu_ns - before.cpu_ns));
		put_svarint(out, (int64_t)m->n_threads - before.n_threads);
		put_svarint(out, (int64_t)(m->n_voluntary - before.n_voluntary));
		put_svarint(out, (int64_t)(m->n_involuntary - before.n_involuntary));
		before = *m;
	}
}

static int by_thread(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return x->first_tick < y->first_tick ? -1 : x->first_tick > y->first_tick;
}

static bool is_sorted_by_thread(const struct run *runs, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if (by_thread(&runs[i - 1], &runs[i]) > 0)
			return false;
	}
	return true;
}

/* How a thread's runs begin: its place in the list and how many there are. */
static size_t runs_of_thread(const struct run *runs, size_t n, size_t from)
{
	size_t past = from + 1;

	while (past < n && runs[past].thread == runs[from].thread)
		past++;
	return past;
}

enum { ESCAPE = 15 }; /* kinds 0 .. 14, lengths 1 .. 15 as 0 .. 14 */

static uint32_t kind_of(const struct run *r)
{
	return (uint32_t)r->state << 16 | r->wait;
}

static void put_heads(struct buf *out, const struct run *runs, size_t n)
{
	uint32_t kinds[ESCAPE];
	unsigned n_kinds = 0, k, len;
	struct buf heads = BUF_INIT, rest = BUF_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		for (k = 0; k < n_kinds && kinds[k] != kind_of(&runs[i]); k++)
			;
		if (k == n_kinds && n_kinds < ESCAPE)
			kinds[n_kinds++] = kind_of(&runs[i]);
		len = runs[i].n_ticks - 1 < ESCAPE ? runs[i].n_ticks - 1 : ESCAPE;
		put_u8(&heads, (uint8_t)(k << 4 | len));
		if (len == ESCAPE)
			put_varint(&rest, runs[i].n_ticks);
		if (k == ESCAPE)
			put_be32(&rest, kind_of(&runs[i]));
	}
	put_varint(out, n_kinds);
	for (k = 0; k < n_kinds; k++)
		put_be32(out, kinds[k]);
	buf_add(out, heads.data, heads.len);
	buf_add(out, rest.data, rest.len);
	buf_release(&heads);
	buf_release(&rest);
}

static void put_runs(struct buf *out, const struct run *runs, size_t n)
{
	size_t i, past, n_threads = 0;
	thread_id before = 0;
	uint32_t end = 0;
	bool gaps = false;

	for (i = 0; i < n; i = runs_of_thread(runs, n, i))
		n_threads++;
	put_varint(out, n_threads);
	for (i = 0; i < n; i = past) {
		past = runs_of_thread(runs, n, i);
		put_varint(out, runs[i].thread - before);
		put_varint(out, past - i);
		before = runs[i].thread;
	}
	put_heads(out, runs, n);
	for (i = 0; i < n; i++) {
		if (!i || runs[i].thread != runs[i - 1].thread)
			end = 0;
		gaps |= runs[i].first_tick != end;
		end = runs[i].first_tick + runs[i].n_ticks;
	}
	put_u8(out, gaps);
	for (i = 0; i < n && gaps; i++) {
		if (!i || runs[i].thread != runs[i - 1].thread)
			end = 0;
		put_svarint(out, (int64_t)runs[i].first_tick - end);
		end = runs[i].first_tick + runs[i].n_ticks;
	}
	for (i = 0; i < n; i++)
		put_u8(out, (uint8_t)runs[i].stack);
	for (i = 0; i < n; i++)
		put_varint(out, runs[i].stack >> 8);
}

void encode_chunk(struct buf *out, const struct chunk *c)
{
	unsigned shift = common_shift(c);
	const struct run *runs = c->runs;
	struct run *sorted = NULL;

	if (!is_sorted_by_thread(c->runs, c->n_runs)) {
		sorted = xcalloc(c->n_runs, sizeof(*sorted));
		memcpy(sorted, c->runs, c->n_runs * sizeof(*sorted));
		qsort(sorted, c->n_runs, sizeof(*sorted), by_thread);
		runs = sorted;
	}
	put_u8(out, LAYOUT);
	put_u8(out, (uint8_t)shift);
	put_varint(out, c->n_ticks);
	put_varint(out, c->n_metrics);
	put_varint(out, c->n_runs);
	put_ticks(out, c, shift);
	put_stats(out, &c->stats);
	put_metrics(out, c, chunk_first_ns(c));
	put_runs(out, runs, c->n_runs);
	free(sorted);
}

/* --- decoding --- */

static void get_weights(struct chunk *c, struct reader *r)
{
	uint64_t unit = get_varint(r), mean = get_varint(r);
	bool even = get_u8(r);
	size_t i;

	for (i = 0; i < c->n_ticks && !r->bad; i++)
		c->weight_ns[i] = (mean + (even ? 0 : (uint64_t)get_svarint(r))) * unit;
}

static void get_ticks(
	struct chunk *c, struct reader *r, int64_t first_ns, unsigned shift, size_t n)
{
	int64_t mean, t = first_ns;
	size_t i;

	if (!n)
		return;
	mean = get_svarint(r);
	chunk_tick(c, t, 0);
	for (i = 1; i < n && !r->bad; i++) {
		uint64_t gap = (uint64_t)mean + (uint64_t)get_svarint(r);

		t = (int64_t)((uint64_t)t + (gap << shift));
		chunk_tick(c, t, 0);
	}
	get_weights(c, r);
	/* Order is a rule: it is what searching relies on. */
	for (i = 1; i < c->n_ticks; i++)
		r->bad |= c->time_ns[i] < c->time_ns[i - 1];
}

static void get_stats(struct chunk_stats *s, struct reader *r)
{
	s->ticks_wanted = (uint32_t)get_varint(r);
	s->ticks_missed = (uint32_t)get_varint(r);
	s->late_ns_sum = get_varint(r);
	s->late_ns_max = get_varint(r);
	s->read_ns = get_varint(r);
	s->n_samples = get_varint(r);
	s->n_cut = get_varint(r);
	s->n_repaired = get_varint(r);
	get_lost(s->n_lost, r);
}

static void get_metrics(struct chunk *c, struct reader *r, int64_t first_ns, size_t n)
{
	struct metric m = { .time_ns = first_ns };

	for (; n && !r->bad; n--) {
		m.time_ns = (int64_t)((uint64_t)m.time_ns + (uint64_t)get_svarint(r));
		m.rss_bytes += (uint64_t)get_svarint(r);
		m.cpu_ns += (uint64_t)get_svarint(r);
		m.n_threads = (uint32_t)(m.n_threads + get_svarint(r));
		m.n_voluntary += (uint64_t)get_svarint(r);
		m.n_involuntary += (uint64_t)get_svarint(r);
		chunk_metric(c, &m);
	}
}

static void get_threads(struct chunk *c, struct reader *r, size_t n_runs)
{
	uint64_t n_threads = get_varint(r), i, k, n;
	thread_id thread = 0;

	for (i = 0; i < n_threads && !r->bad; i++) {
		thread += (thread_id)get_varint(r);
		n = get_varint(r);
		if (n > n_runs - c->n_runs || !n) {
			r->bad = true;
			return;
		}
		for (k = 0; k < n; k++)
			chunk_run(c, &(struct run){ .thread = thread });
	}
	if (c->n_runs != n_runs)
		r->bad = true;
}

static void get_heads(struct chunk *c, struct reader *r)
{
	uint32_t kinds[ESCAPE + 1] = { 0 };
	uint64_t n = get_varint(r), i, len;
	const uint8_t *heads;

	if (n > ESCAPE)
		r->bad = true;
	for (i = 0; i < n && !r->bad; i++)
		kinds[i] = get_be32(r);
	heads = get_bytes(r, c->n_runs);
	for (i = 0; heads && i < c->n_runs && !r->bad; i++) {
		uint32_t kind = heads[i] >> 4;

		len = (heads[i] & ESCAPE) + 1u;
		if (len == ESCAPE + 1)
			len = get_varint(r);
		if (kind < ESCAPE && kind >= n)
			r->bad = true;
		kind = kind == ESCAPE ? get_be32(r) : kinds[kind];
		if (!len || len > c->n_ticks)
			r->bad = true;
		c->runs[i].n_ticks = r->bad ? 0 : (uint32_t)len;
		c->runs[i].state = (uint16_t)(kind >> 16);
		c->runs[i].wait = (wait_id)kind;
	}
}

static void get_runs(struct chunk *c, struct reader *r, size_t n_runs)
{
	size_t i;
	int64_t end = 0;
	bool gaps;

	get_threads(c, r, n_runs);
	if (!r->bad)
		get_heads(c, r);
	gaps = get_u8(r);
	for (i = 0; i < n_runs && !r->bad; i++) {
		if (!i || c->runs[i].thread != c->runs[i - 1].thread)
			end = 0;
		if (gaps)
			end += get_svarint(r);
		if (end < 0 || end + c->runs[i].n_ticks > (int64_t)c->n_ticks) {
			r->bad = true;
			return;
		}
		c->runs[i].first_tick = (uint32_t)end;
		end += c->runs[i].n_ticks;
	}
	for (i = 0; i < n_runs; i++)
		c->runs[i].stack = get_u8(r);
	for (i = 0; i < n_runs; i++)
		c->runs[i].stack |= (stack_id)(get_varint(r) << 8);
}

int decode_chunk(struct chunk *c, struct reader *r, int64_t first_ns)
{
	uint8_t layout = get_u8(r), shift = get_u8(r);
	uint64_t n_ticks = get_varint(r), n_metrics = get_varint(r);
	uint64_t n_runs = get_varint(r);
	size_t left = reader_left(r);

	chunk_clear(c);
	/* Every tick, metric and run takes a byte at least. */
	if (r->bad || layout != LAYOUT || shift > MAX_SHIFT || n_ticks > MAX_TICKS ||
		n_ticks > left || n_metrics > left || n_runs > left)
		return -1;
	get_ticks(c, r, first_ns, shift, (size_t)n_ticks);
	get_stats(&c->stats, r);
	get_metrics(c, r, first_ns, (size_t)n_metrics);
	if (!r->bad)
		get_runs(c, r, (size_t)n_runs);
	if (r->bad || reader_left(r) != 0) {
		chunk_clear(c);
		return -1;
	}
	return 0;
}
