/* status.c - see status.h */
#include "base/status.h"

#include "base/err.h"

static const struct {
	const char *word, *text;
} names[] = {
#define X(id, word, text) [id] = { word, text },
	STATUS_LIST(X)
#undef X
};

const char *status_word(enum status st)
{
	if (st >= STATUS_COUNT)
		BUG("status %d", (int)st);
	return names[st].word;
}

const char *status_text(enum status st)
{
	if (st >= STATUS_COUNT)
		BUG("status %d", (int)st);
	return names[st].text;
}
