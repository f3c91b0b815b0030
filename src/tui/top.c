/* top.c - the loop: keys at once, questions once per refresh; see top.h */
#include "tui/top.h"

#include "base/clock.h"
#include "tui/draw.h"
#include "tui/keys.h"
#include "tui/model.h"
#include "tui/term.h"

/* A slow question (a long window over many threads) is asked less often. */
static int64_t next_refresh(int64_t started_ns, double delay_s)
{
	int64_t now = clock_mono_ns();
	int64_t delay = (int64_t)(delay_s * 1e9);
	int64_t cost = now - started_ns;

	return now + (delay > 4 * cost ? delay : 4 * cost);
}

static void loop(struct top *t)
{
	int64_t due = 0;

	for (;;) {
		int64_t now = clock_mono_ns();
		unsigned key, effect;

		if (now >= due) {
			if (!t->paused)
				top_ask(t);
			draw_all(t);
			due = next_refresh(now, t->o->delay_s);
			now = clock_mono_ns();
		}
		key = term_key(due > now ? (int)((due - now) / NS_PER_MS) + 1 : 0);
		if (key == KEY_NOTHING)
			continue;
		effect = keys_press(t, key);
		if (effect & EFFECT_QUIT)
			break;
		if (effect & EFFECT_ASK)
			top_ask(t);
		else if (effect & EFFECT_ROWS)
			top_make_rows(t);
		if (effect)
			draw_all(t);
	}
}

int top_run(const struct top_options *o, struct err *err)
{
	struct top t;

	if (term_open(err) < 0)
		return -1;
	top_init(&t, o);
	loop(&t);
	term_close();
	top_release(&t);
	return 0;
}
