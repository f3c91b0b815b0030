/* atlas.c - the symbols of blocks on disk, in one set of tables; see inside.h */
#include "store/inside.h"

#include "base/alloc.h"

#include <stdlib.h>

/* A larger one is not added to by queries to come. */
enum { MAX_BYTES = 128 << 20 };

/* How far a block has been read. */
struct page {
	struct chart chart;
	bool whole;      /* there will be no more */
	uint64_t as_of;  /* store.refreshes; UINT64_MAX: not read yet, or damaged */
	struct key next; /* where to read on */
};

struct atlas {
	unsigned refs; /* guarded by store.lock */
	/* The rest is guarded by atlas_lock, but that symbols are looked up without. */
	struct symbols *symbols;
	struct map pages; /* block -> struct page * */
	size_t bytes;     /* of charts */
};

static struct atlas *atlas_new(void)
{
	struct atlas *a = xcalloc(1, sizeof(*a));

	a->refs = 1;
	a->symbols = symbols_new();
	return a;
}

static void page_free(struct page *p)
{
	chart_release(&p->chart);
	free(p);
}

static void atlas_free(struct atlas *a)
{
	size_t i;

	for (i = 0; a->pages.slots && i <= a->pages.mask; i++) {
		if (a->pages.slots[i].used)
			page_free((struct page *)(uintptr_t)a->pages.slots[i].value);
	}
	map_release(&a->pages);
	symbols_free(a->symbols);
	free(a);
}

struct atlas *atlas_hold(struct store *s)
{
	struct atlas *a, *old = NULL;

	pthread_mutex_lock(&s->atlas_lock);
	pthread_mutex_lock(&s->lock);
	if (s->atlas && symbols_memory(s->atlas->symbols) + s->atlas->bytes > MAX_BYTES) {
		old = s->atlas;
		s->atlas = NULL;
	}
	if (!s->atlas)
		s->atlas = atlas_new();
	a = s->atlas;
	a->refs++;
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->atlas_lock);
	if (old)
		atlas_drop(s, old);
	return a;
}

void atlas_drop(struct store *s, struct atlas *a)
{
	bool last;

	pthread_mutex_lock(&s->lock);
	last = --a->refs == 0;
	pthread_mutex_unlock(&s->lock);
	if (last)
		atlas_free(a);
}

const struct symbols *atlas_symbols(const struct atlas *a)
{
	return a->symbols;
}

static struct page *page_of(struct atlas *a, const struct block *b)
{
	uint64_t *at = map_put(&a->pages, b->id);
	struct page *p = (struct page *)(uintptr_t)*at;

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		chart_init(&p->chart);
		p->as_of = UINT64_MAX;
		a->bytes += chart_memory(&p->chart);
		p->next = key_block(b->id);
		*at = (uint64_t)(uintptr_t)p;
	}
	return p;
}

/* Adds what the block has from p->next on. */
static int read_on(struct store *s, struct atlas *a, struct page *p,
	const struct block *b, struct view *v, struct err *err)
{
	struct cursor *c = cursor_new(v, CF_SYM);
	struct key own = key_block(b->id);
	struct key_fields f;
	int ret = 0;

	for (cursor_seek(c, &p->next); cursor_at(c, &own) && ret == 0; cursor_next(c)) {
		size_t key_len, len;
		const void *key = cursor_key(c, &key_len);
		const void *value = cursor_value(c, &len);
		struct reader r = unseal(key, key_len, value, len);

		if (!key_parse(CF_SYM, key, key_len, &f) ||
			decode_symbols(&p->chart, a->symbols, &r) < 0) {
			err_set(err, ERR_CORRUPT,
				"the symbols of block %u in %s are damaged", b->id,
				s->dir);
			ret = err_hint(err, "see: pystrobe store check %s", s->dir);
		} else {
			p->next = key_symbols(b->id, f.seq + 1);
		}
	}
	if (ret == 0)
		ret = cursor_check(c, err);
	cursor_free(c);
	return ret;
}

const struct chart *atlas_chart(struct store *s, struct atlas *a, const struct block *b,
	struct view *v, struct err *err)
{
	struct page *p;
	int ret = 0;

	pthread_mutex_lock(&s->atlas_lock);
	p = page_of(a, b);
	if (!p->whole && p->as_of != s->refreshes) {
		a->bytes -= chart_memory(&p->chart);
		ret = read_on(s, a, p, b, v, err);
		p->as_of = ret == 0 ? s->refreshes : UINT64_MAX;
		/* What a session left unfinished grows only beside its owner. */
		p->whole = ret == 0 && (b->ended || s->o.mode == STORE_WRITE);
		if (p->whole)
			chart_trim(&p->chart);
		a->bytes += chart_memory(&p->chart);
	}
	pthread_mutex_unlock(&s->atlas_lock);
	return ret == 0 ? &p->chart : NULL;
}
