/* codec.c - all values but chunks, see codec.h */
#include "store/codec.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint32_t checksum(const void *key, size_t key_len, const void *value, size_t len)
{
	return (uint32_t)XXH3_64bits_withSeed(value, len, XXH3_64bits(key, key_len));
}

void seal(struct buf *value, const struct key *key)
{
	put_be32(value, checksum(key->data, key->len, value->data, value->len));
}

struct reader unseal(const void *key, size_t key_len, const void *value, size_t len)
{
	struct reader r = reader_of(value, len >= 4 ? len - 4 : 0), tail;

	if (len < 4) {
		r.bad = true;
		return r;
	}
	tail = reader_of((const uint8_t *)value + len - 4, 4);
	r.bad = get_be32(&tail) != checksum(key, key_len, value, len - 4);
	return r;
}

static int finish(const struct reader *r)
{
	return r->bad || reader_left(r) != 0 ? -1 : 0;
}

/* --- sums --- */

static int by_place(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if (x->wait != y->wait)
		return x->wait < y->wait ? -1 : 1;
	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

void sum_list_merge(struct sum_list *l)
{
	size_t i, n = 0;

	if (!l->n)
		return;
	qsort(l->sums, l->n, sizeof(*l->sums), by_place);
	for (i = 1; i < l->n; i++) {
		if (!by_place(&l->sums[n], &l->sums[i])) {
			l->sums[n].n += l->sums[i].n;
			l->sums[n].weight_ns += l->sums[i].weight_ns;
		} else {
			l->sums[++n] = l->sums[i];
		}
	}
	l->n = n + 1;
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

static bool same_group(const struct sum *a, const struct sum *b)
{
	return a->thread == b->thread && a->state == b->state && a->wait == b->wait;
}

/*
 *	varint unit  varint mean (of one sample, in units)  varint n_groups
 *	per group: thread - previous, state, wait, n
 *	columns over all groups: stack - previous in the group; samples; and
 *	weight / unit - samples * mean
 */
void encode_sums(struct buf *out, const struct sum_list *l)
{
	uint64_t unit = 0, weight = 0, n = 0, mean, n_groups = 0;
	thread_id thread = 0;
	size_t i, past;

	for (i = 0; i < l->n; i++) {
		unit = common_divisor(l->sums[i].weight_ns, unit);
		weight += l->sums[i].weight_ns;
		n += l->sums[i].n;
		n_groups += !i || !same_group(&l->sums[i - 1], &l->sums[i]);
	}
	unit = unit ? unit : 1;
	mean = n ? (weight / unit + n / 2) / n : 0;
	put_varint(out, unit);
	put_varint(out, mean);
	put_varint(out, n_groups);
	for (i = 0; i < l->n; i = past) {
		for (past = i + 1;
			past < l->n && same_group(&l->sums[i], &l->sums[past]);)
			past++;
		put_varint(out, l->sums[i].thread - thread);
		put_varint(out, l->sums[i].state);
		put_varint(out, l->sums[i].wait);
		put_varint(out, past - i);
		thread = l->sums[i].thread;
	}
	for (i = 0; i < l->n; i++) {
		bool fresh = !i || !same_group(&l->sums[i - 1], &l->sums[i]);

		put_varint(out, l->sums[i].stack - (fresh ? 0 : l->sums[i - 1].stack));
	}
	for (i = 0; i < l->n; i++)
		put_varint(out, l->sums[i].n);
	for (i = 0; i < l->n; i++)
		put_svarint(out, (int64_t)(l->sums[i].weight_ns / unit) -
					 (int64_t)(l->sums[i].n * mean));
}

int decode_sums(struct sum_list *l, struct reader *r)
{
	uint64_t unit = get_varint(r), mean = get_varint(r);
	uint64_t n_groups = get_varint(r), i, k, n;
	struct sum group = { 0 };
	size_t first = l->n;

	if (n_groups > reader_left(r))
		return -1;
	for (i = 0; i < n_groups && !r->bad; i++) {
		group.thread += (thread_id)get_varint(r);
		group.state = (uint16_t)get_varint(r);
		group.wait = (wait_id)get_varint(r);
		n = get_varint(r);
		if (n > reader_left(r) || l->n - first + n > reader_left(r)) {
			l->n = first;
			return -1;
		}
		GROW(l->sums, l->cap, l->n + n);
		/* stack 1 marks where a group begins until the column is read */
		for (k = 0; k < n; k++) {
			group.stack = k == 0;
			l->sums[l->n++] = group;
		}
	}
	for (i = first; i < l->n; i++) {
		bool fresh = l->sums[i].stack;

		l->sums[i].stack =
			(stack_id)get_varint(r) + (fresh ? 0 : l->sums[i - 1].stack);
	}
	for (i = first; i < l->n; i++)
		l->sums[i].n = get_varint(r);
	for (i = first; i < l->n; i++)
		l->sums[i].weight_ns =
			(l->sums[i].n * mean + (uint64_t)get_svarint(r)) * unit;
	if (finish(r) < 0) {
		l->n = first;
		return -1;
	}
	return 0;
}

/* --- points --- */

void put_lost(struct buf *out, const uint64_t *lost)
{
	unsigned i, n = 0;

	for (i = 0; i < STATUS_COUNT; i++)
		n += lost[i] != 0;
	put_varint(out, n);
	for (i = 0; i < STATUS_COUNT; i++) {
		if (lost[i]) {
			put_varint(out, i);
			put_varint(out, lost[i]);
		}
	}
}

void get_lost(uint64_t *lost, struct reader *r)
{
	uint64_t i, n = get_varint(r);

	if (n > STATUS_COUNT)
		r->bad = true;
	for (i = 0; i < n && !r->bad; i++) {
		uint64_t reason = get_varint(r);

		if (reason >= STATUS_COUNT)
			r->bad = true;
		else
			lost[reason] = get_varint(r);
	}
}

void encode_point(struct buf *out, const struct point *p)
{
	unsigned i;

	put_varint(out, p->n_ticks);
	put_varint(out, p->n_samples);
	put_varint(out, p->ticks_ns);
	put_varint(out, p->weight_ns);
	for (i = 0; i < STATE_BITS; i++)
		put_varint(out, p->state_ns[i]);
	put_varint(out, p->wanted);
	put_varint(out, p->missed);
	put_varint(out, p->late_ns_sum);
	put_varint(out, p->late_ns_max);
	put_varint(out, p->read_ns);
	put_varint(out, p->n_cut);
	put_varint(out, p->n_repaired);
	put_lost(out, p->n_lost);
	put_varint(out, p->n_metrics);
	if (!p->n_metrics)
		return;
	put_varint(out, p->rss_sum);
	put_varint(out, p->rss_max);
	put_varint(out, p->threads_max);
	put_varint(out, p->cpu_first_ns);
	put_svarint(out, (int64_t)(p->cpu_last_ns - p->cpu_first_ns));
	put_svarint(out, p->metric_first_ns - p->from_ns);
	put_svarint(out, p->metric_last_ns - p->from_ns);
	put_varint(out, p->voluntary_first);
	put_svarint(out, (int64_t)(p->voluntary_last - p->voluntary_first));
	put_varint(out, p->involuntary_first);
	put_svarint(out, (int64_t)(p->involuntary_last - p->involuntary_first));
}

int decode_point(struct point *p, struct reader *r)
{
	unsigned i;

	p->n_ticks = get_varint(r);
	p->n_samples = get_varint(r);
	p->ticks_ns = get_varint(r);
	p->weight_ns = get_varint(r);
	for (i = 0; i < STATE_BITS; i++)
		p->state_ns[i] = get_varint(r);
	p->wanted = get_varint(r);
	p->missed = get_varint(r);
	p->late_ns_sum = get_varint(r);
	p->late_ns_max = get_varint(r);
	p->read_ns = get_varint(r);
	p->n_cut = get_varint(r);
	p->n_repaired = get_varint(r);
	get_lost(p->n_lost, r);
	p->n_metrics = get_varint(r);
	if (p->n_metrics) {
		p->rss_sum = get_varint(r);
		p->rss_max = get_varint(r);
		p->threads_max = get_varint(r);
		p->cpu_first_ns = get_varint(r);
		p->cpu_last_ns = p->cpu_first_ns + (uint64_t)get_svarint(r);
		p->metric_first_ns = p->from_ns + get_svarint(r);
		p->metric_last_ns = p->from_ns + get_svarint(r);
		p->voluntary_first = get_varint(r);
		p->voluntary_last = p->voluntary_first + (uint64_t)get_svarint(r);
		p->involuntary_first = get_varint(r);
		p->involuntary_last = p->involuntary_first + (uint64_t)get_svarint(r);
	}
	return finish(r);
}

/* --- symbols: per kind first id and count, then the entries --- */

static void put_symbol(
	struct buf *out, const struct symbols *s, enum symbol_kind kind, uint32_t id)
{
	const struct func *fn;
	const struct frame *fr;
	const struct stack *st;
	const char *text;
	size_t len;

	switch (kind) {
	case SYM_STR:
		text = symbols_text(s, id, &len);
		put_string(out, text, len);
		break;
	case SYM_FUNC:
		fn = symbols_func_of(s, id);
		put_varint(out, fn->name);
		put_varint(out, fn->file);
		put_varint(out, fn->module);
		put_varint(out, fn->first_line);
		put_varint(out, fn->flags);
		break;
	case SYM_FRAME:
		fr = symbols_frame_of(s, id);
		put_varint(out, fr->func);
		/* to format 2 a line, and it read the lower half */
		put_varint(out, (uint64_t)fr->columns << 32 | fr->line);
		break;
	case SYM_STACK:
		st = symbols_stack_of(s, id);
		put_varint(out, id - st->parent);
		put_varint(out, st->frame);
		break;
	case SYM_KINDS:
		break;
	}
}

uint32_t leaf_number(struct symbols *leaves, stack_id stack)
{
	return stack ? symbols_frame(leaves, stack, 0) : 0;
}

stack_id leaf_stack(const struct symbols *leaves, uint32_t leaf)
{
	return symbols_frame_of(leaves, leaf)->func;
}

void encode_symbols(struct buf *out, const struct symbols *s,
	const struct symbols *leaves, const struct symbol_counts *first,
	const struct symbol_counts *past)
{
	uint32_t id;
	int kind;

	for (kind = 0; kind < SYM_KINDS; kind++) {
		put_varint(out, first->kind[kind]);
		put_varint(out, past->kind[kind] - first->kind[kind]);
		for (id = first->kind[kind]; id < past->kind[kind]; id++)
			put_symbol(out, s, (enum symbol_kind)kind, id);
	}
	put_varint(out, first->leaves);
	put_varint(out, past->leaves - first->leaves);
	for (id = first->leaves; id < past->leaves; id++)
		put_varint(out, leaf_stack(leaves, id));
}

void chart_init(struct chart *c)
{
	int kind;

	*c = (struct chart){ .n_leaves = 1 };
	GROW(c->leaf, c->cap_leaves, 1);
	c->leaf[0] = 0;
	for (kind = 0; kind < SYM_KINDS; kind++) {
		c->n[kind] = 1;
		GROW(c->to[kind], c->cap[kind], 1);
		c->to[kind][0] = 0;
	}
}

void chart_trim(struct chart *c)
{
	int kind;

	for (kind = 0; kind < SYM_KINDS; kind++) {
		free(c->to[kind]);
		c->to[kind] = NULL;
		c->cap[kind] = 0;
	}
}

void chart_release(struct chart *c)
{
	chart_trim(c);
	free(c->leaf);
	*c = (struct chart){ 0 };
}

size_t chart_memory(const struct chart *c)
{
	size_t n = c->cap_leaves;
	int kind;

	for (kind = 0; kind < SYM_KINDS; kind++)
		n += c->cap[kind];
	return n * sizeof(uint32_t);
}

/* The id in the large tables of one that the block must have defined already. */
static uint32_t get_known(const struct chart *c, struct reader *r, enum symbol_kind kind)
{
	uint64_t id = get_varint(r);

	if (id < c->n[kind])
		return c->to[kind][id];
	r->bad = true;
	return 0;
}

static uint32_t get_symbol(const struct chart *c, struct symbols *into, struct reader *r,
	enum symbol_kind kind)
{
	struct func f;
	const char *text;
	uint32_t parent, id;
	uint64_t back;
	size_t len;

	switch (kind) {
	case SYM_STR:
		text = get_string(r, &len);
		return r->bad ? 0 : symbols_str(into, text, len);
	case SYM_FUNC:
		f.name = get_known(c, r, SYM_STR);
		f.file = get_known(c, r, SYM_STR);
		f.module = get_known(c, r, SYM_STR);
		f.first_line = (uint32_t)get_varint(r);
		f.flags = (uint32_t)get_varint(r);
		return r->bad ? 0 : symbols_func(into, &f);
	case SYM_FRAME:
		parent = get_known(c, r, SYM_FUNC);
		back = get_varint(r);
		return r->bad ? 0
			      : symbols_frame_part(into, parent, (uint32_t)back,
					(uint32_t)(back >> 32));
	case SYM_STACK:
		back = get_varint(r);
		id = get_known(c, r, SYM_FRAME);
		if (!back || back > c->n[SYM_STACK])
			r->bad = true;
		if (r->bad)
			return 0;
		parent = c->to[SYM_STACK][c->n[SYM_STACK] - back];
		return symbols_stack(into, parent, id);
	case SYM_KINDS:
		break;
	}
	return 0;
}

static int get_leaves(struct chart *c, struct reader *r)
{
	uint64_t id = get_varint(r), n = get_varint(r);

	if (r->bad || n > reader_left(r) || id != c->n_leaves)
		return -1;
	GROW(c->leaf, c->cap_leaves, c->n_leaves + n);
	while (n--) {
		c->leaf[c->n_leaves] = get_known(c, r, SYM_STACK);
		if (r->bad)
			return -1;
		c->n_leaves++;
	}
	return 0;
}

int decode_symbols(struct chart *c, struct symbols *into, struct reader *r)
{
	int kind;

	for (kind = 0; kind < SYM_KINDS; kind++) {
		uint64_t id = get_varint(r), n = get_varint(r);

		if (r->bad || n > reader_left(r) || id != c->n[kind])
			return -1;
		GROW(c->to[kind], c->cap[kind], c->n[kind] + n);
		while (n--) {
			id = get_symbol(c, into, r, (enum symbol_kind)kind);
			if (r->bad)
				return -1;
			c->to[kind][c->n[kind]++] = (uint32_t)id;
		}
	}
	return get_leaves(c, r) < 0 ? -1 : finish(r);
}

/* --- series, threads, events --- */

void encode_series(struct buf *out, const struct series *s)
{
	size_t i;

	put_varint(out, (uint64_t)s->pid);
	put_svarint(out, s->start_ns);
	put_varint(out, s->n_labels);
	for (i = 0; i < s->n_labels; i++) {
		put_string(out, s->labels[i].key, strlen(s->labels[i].key));
		put_string(out, s->labels[i].value, strlen(s->labels[i].value));
	}
}

int decode_series(struct series *s, struct reader *r)
{
	uint64_t n, i;

	s->pid = (pid_t)get_varint(r);
	s->start_ns = get_svarint(r);
	n = get_varint(r);
	for (i = 0; i < n && !r->bad; i++) {
		size_t key_len, len;
		const char *key = get_string(r, &key_len);
		const char *value = get_string(r, &len);
		char *k = xstrndup(key, key_len), *v = xstrndup(value, len);

		if (!r->bad)
			series_label(s, k, v);
		free(k);
		free(v);
	}
	return finish(r);
}

void encode_thread(struct buf *out, const struct thread_info *t)
{
	put_varint(out, (uint64_t)t->tid);
	put_u8(out, t->is_main);
	put_svarint(out, t->since_ns);
	put_string(out, t->name, strnlen(t->name, sizeof(t->name)));
}

static void get_text(struct reader *r, char *text, size_t size)
{
	size_t len;
	const char *s = get_string(r, &len);

	if (len >= size)
		len = size - 1;
	memcpy(text, s, len);
	text[len] = '\0';
}

int decode_thread(struct thread_info *t, struct reader *r)
{
	t->tid = (pid_t)get_varint(r);
	t->is_main = get_u8(r);
	t->since_ns = get_svarint(r);
	get_text(r, t->name, sizeof(t->name));
	return finish(r);
}

void encode_event(struct buf *out, const struct event *e)
{
	put_varint(out, e->series);
	put_u8(out, (uint8_t)e->kind);
	put_string(out, e->text, strnlen(e->text, sizeof(e->text)));
}

int decode_event(struct event *e, struct reader *r)
{
	uint8_t kind;

	e->series = (series_id)get_varint(r);
	kind = get_u8(r);
	if (kind > EVENT_LOST)
		return -1;
	e->kind = (enum event_kind)kind;
	get_text(r, e->text, sizeof(e->text));
	return finish(r);
}
