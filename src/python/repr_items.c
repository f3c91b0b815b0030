/* repr_items.c - tuples, lists, dicts and sets, each bounded; see repr_impl.h */
#include "python/repr_impl.h"

#include "base/alloc.h"
#include "python/dict.h"

static bool is_full(const struct writer *w)
{
	return w->out->len - w->start >= w->bytes || objects_spent(w->o);
}

bool enter(struct writer *w, uint64_t addr, const char *open, const char *close)
{
	unsigned i;
	bool inside = false;

	for (i = 0; i < w->depth && i < REPR_DEPTH_MAX; i++)
		inside = inside || w->open[i] == addr;
	if (inside || w->depth >= w->max_depth || w->depth >= REPR_DEPTH_MAX) {
		buf_printf(w->out, "%s...%s", open, close);
		return false;
	}
	w->open[w->depth++] = addr;
	return true;
}

void leave(struct writer *w)
{
	w->depth--;
}

bool next_item(struct writer *w, size_t i)
{
	if (i)
		buf_str(w->out, ", ");
	if (i < w->max_items && !is_full(w))
		return true;
	buf_str(w->out, "...");
	return false;
}

static void put_items(struct writer *w, uint64_t addr, uint64_t items, uint64_t n,
	const char *open, const char *close)
{
	uint64_t word[64];
	size_t i, here;

	if (!n) {
		buf_printf(w->out, "%s%s", open, close);
		return;
	}
	if (!enter(w, addr, open, close))
		return;
	buf_str(w->out, open);
	for (i = 0; i < n; i++) {
		here = i % ARRAY_SIZE(word);
		if (!next_item(w, i))
			break;
		if (here == 0) {
			size_t want = n - i < ARRAY_SIZE(word) ? (size_t)(n - i)
							       : ARRAY_SIZE(word);

			if (objects_read(w->o, items + 8 * i, word, 8 * want) != ST_OK) {
				buf_str(w->out, "...");
				break;
			}
		}
		put_any(w, word[here]);
	}
	buf_str(w->out, n == 1 && *open == '(' ? "," : "");
	buf_str(w->out, close);
	leave(w);
}

void put_tuple(struct writer *w, uint64_t addr)
{
	uint64_t n;

	if (objects_length(w->o, addr, w->o->abi->tuple.length, &n) != ST_OK)
		put_unreadable(w, addr);
	else
		put_items(w, addr, addr + w->o->abi->tuple.items, n, "(", ")");
}

void put_list(struct writer *w, uint64_t addr)
{
	uint64_t n, items;

	if (objects_length(w->o, addr, w->o->abi->list.length, &n) != ST_OK ||
		objects_member(w->o, addr, w->o->abi->list.items, &items) != ST_OK)
		put_unreadable(w, addr);
	else
		put_items(w, addr, items, n, "[", "]");
}

void put_dict(struct writer *w, uint64_t addr)
{
	struct dict_iter *it;
	uint64_t key, value;
	size_t i;

	it = xmalloc(sizeof(*it));
	dict_open(w->o, addr, it);
	if (it->status == ST_OK && !it->used) {
		buf_str(w->out, "{}");
		goto out;
	}
	if (!enter(w, addr, "{", "}"))
		goto out;
	buf_char(w->out, '{');
	for (i = 0; dict_next(it, &key, &value) && next_item(w, i); i++) {
		put_any(w, key);
		buf_str(w->out, ": ");
		put_any(w, value);
	}
	if (it->status != ST_OK)
		buf_str(w->out, "...");
	buf_char(w->out, '}');
	leave(w);
out:
	free(it);
}

void put_set(struct writer *w, uint64_t addr, bool is_frozen)
{
	bool braces = w->o->abi->version >= ABI_VERSION(3, 0);
	const char *open =
		is_frozen || !braces ? (is_frozen ? "frozenset(" : "set(") : "";
	struct dict_iter *it = xmalloc(sizeof(*it));
	uint64_t key;
	size_t i;

	set_open(w->o, addr, it);
	if (it->status == ST_OK && !it->used) {
		buf_printf(w->out, "%sset(%s)", is_frozen ? "frozen" : "",
			braces ? "" : "[]");
	} else if (enter(w, addr, "{", "}")) {
		buf_printf(w->out, "%s%s", open, braces ? "{" : "[");
		for (i = 0; set_next(it, &key) && next_item(w, i); i++)
			put_any(w, key);
		buf_str(w->out, it->status != ST_OK ? "..." : "");
		buf_printf(w->out, "%s%s", braces ? "}" : "]", *open ? ")" : "");
		leave(w);
	}
	free(it);
}
