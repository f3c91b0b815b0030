/* series.c - see series.h */
#include "prof/series.h"

#include "base/alloc.h"
#include "base/err.h"

#include <string.h>

void series_release(struct series *s)
{
	size_t i;

	for (i = 0; i < s->n_labels; i++) {
		free(s->labels[i].key);
		free(s->labels[i].value);
	}
	free(s->labels);
	*s = (struct series){ 0 };
}

void series_label(struct series *s, const char *key, const char *value)
{
	size_t i;

	for (i = 0; i < s->n_labels && strcmp(s->labels[i].key, key) < 0; i++)
		;
	if (i < s->n_labels && !strcmp(s->labels[i].key, key)) {
		free(s->labels[i].value);
		s->labels[i].value = xstrdup(value);
		return;
	}
	GROW(s->labels, s->cap_labels, s->n_labels + 1);
	memmove(s->labels + i + 1, s->labels + i, (s->n_labels - i) * sizeof(*s->labels));
	s->labels[i] = (struct label){ xstrdup(key), xstrdup(value) };
	s->n_labels++;
}

const char *series_get(const struct series *s, const char *key)
{
	size_t i;

	for (i = 0; i < s->n_labels; i++) {
		if (!strcmp(s->labels[i].key, key))
			return s->labels[i].value;
	}
	return NULL;
}

const char *event_word(enum event_kind kind)
{
	static const char *const words[] = {
		[EVENT_ATTACH] = "attach",
		[EVENT_DETACH] = "detach",
		[EVENT_START] = "start",
		[EVENT_EXIT] = "exit",
		[EVENT_EXEC] = "exec",
		[EVENT_LOST] = "lost",
	};

	if ((unsigned)kind >= ARRAY_SIZE(words))
		BUG("event %d", (int)kind);
	return words[kind];
}
