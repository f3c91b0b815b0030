/* walk_plan.c - what a tick reads: stretches of memory, planned and read in one call */
#include "python/walk_impl.h"

#include "base/alloc.h"
#include "base/err.h"

enum { STRETCH_GAP = 1024 }; /* copying so much costs less than another stretch */

int fieldset_add_far(struct fieldset *s, uint64_t off, uint32_t width)
{
	if (s->n == ARRAY_SIZE(s->f))
		BUG("too many members");
	s->f[s->n].off = off;
	s->f[s->n].width = width;
	return (int)s->n++;
}

int fieldset_add(struct fieldset *s, uint32_t off, uint32_t width)
{
	return off == ABI_NONE ? -1 : fieldset_add_far(s, off, width);
}

void fieldset_seal(struct fieldset *s)
{
	unsigned order[ARRAY_SIZE(s->f)], i, k;

	for (i = 0; i < s->n; i++) {
		for (k = i; k && s->f[order[k - 1]].off > s->f[i].off; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (i = 0; i < s->n; i++) {
		uint64_t off = s->f[order[i]].off, end = off + s->f[order[i]].width;
		unsigned last = s->n_stretches - 1;

		if (!s->n_stretches ||
			off > s->stretch[last].off + s->stretch[last].len + STRETCH_GAP) {
			last = s->n_stretches++;
			s->stretch[last].off = off;
			s->stretch[last].len = 0;
			s->stretch[last].pos = s->total;
		}
		if (end > s->stretch[last].off + s->stretch[last].len)
			s->stretch[last].len = (uint32_t)(end - s->stretch[last].off);
		s->total = s->stretch[last].pos + s->stretch[last].len;
		s->f[order[i]].pos =
			s->stretch[last].pos + (uint32_t)(off - s->stretch[last].off);
	}
}

uint64_t fieldset_get(const struct fieldset *s, const void *copy, int index)
{
	uint64_t v = 0;

	if (index >= 0)
		memcpy(&v, (const char *)copy + s->f[index].pos, s->f[index].width);
	return v;
}

void plan_add(struct walker *w, uint64_t addr, void *dst, size_t len, bool *ok)
{
	GROW(w->seg, w->cap_seg, w->n_seg + 1);
	GROW(w->seg_ok, w->cap_seg_ok, w->n_seg + 1);
	w->seg[w->n_seg] = (struct mem_segment){ addr, dst, len };
	w->seg_ok[w->n_seg++] = ok;
	*ok = true;
}

/* Shell's sort. */
void sort_keys(uint64_t *v, size_t n)
{
	size_t gap, i, k;

	for (gap = n / 2; gap; gap /= 2) {
		for (i = gap; i < n; i++) {
			uint64_t x = v[i];

			for (k = i; k >= gap && v[k - gap] > x; k -= gap)
				v[k] = v[k - gap];
			v[k] = x;
		}
	}
}

void plan_gather(struct walker *w, size_t from)
{
	size_t n = w->n_seg - from, to = from, begin = 0, i, k;
	struct gathered *g;
	uint64_t *key;

	if (n < 3 || n > UINT16_MAX)
		return;
	GROW(w->gathered, w->cap_gathered, n);
	GROW(w->gather_keys, w->cap_gather_keys, n);
	g = w->gathered;
	key = w->gather_keys;
	for (i = 0; i < n; i++) {
		g[i].seg = w->seg[from + i];
		g[i].ok = w->seg_ok[from + i];
		key[i] = g[i].seg.addr << 16 | i; /* user space has 48 bits */
	}
	sort_keys(key, n);
	for (i = 0; i < n; i++) {
		if (i && (key[i] >> 16) - (key[i - 1] >> 16) >
				 MEM_NEAR + g[(uint16_t)key[i - 1]].seg.len)
			begin = i;
		g[(uint16_t)key[i]].begin = (uint32_t)begin;
	}
	for (i = 0; i < n; i++) {
		begin = g[i].begin; /* of what lies together with it; n: it is done */
		for (k = begin; k < n && g[(uint16_t)key[k]].begin == begin; k++) {
			struct gathered *next = &g[(uint16_t)key[k]];

			w->seg[to] = next->seg;
			w->seg_ok[to++] = next->ok;
			next->begin = (uint32_t)n;
		}
	}
}

enum status plan_read(struct walker *w)
{
	size_t done = 0, n = w->n_seg;
	enum status st = ST_OK;

	w->n_seg = 0;
	while (done < n) {
		size_t k = 0;

		st = mem_readv(w->mem, w->seg + done, n - done, &k);
		done += k;
		if (st == ST_GONE || st == ST_PERM)
			break;
		if (st != ST_OK && done < n)
			*w->seg_ok[done++] = false;
		st = ST_OK;
	}
	return st;
}

bool chase(struct walker *w, uint64_t addr, void *dst, size_t len)
{
	w->stats.n_chased++;
	return addr && mem_read(w->mem, addr, dst, len) == ST_OK;
}
