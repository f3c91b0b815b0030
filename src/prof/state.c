/* state.c - see state.h */
#include "prof/state.h"

#include "base/alloc.h"
#include "syscall_names.h"

#include <stdio.h>
#include <string.h>

static const struct {
	unsigned flag;
	const char *word, *text;
} states[] = {
#define X(id, bit, word, text) { id, word, text },
	STATE_LIST(X)
#undef X
};

const char *state_word(unsigned flag)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (states[i].flag == flag)
			return states[i].word;
	}
	return NULL;
}

unsigned state_of_word(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (!strcmp(states[i].word, word))
			return states[i].flag;
	}
	return 0;
}

wait_id wait_of_syscall(long nr)
{
	return nr < 0 || nr >= WAIT_FUTEX_GIL - 1 ? WAIT_NONE : (wait_id)(nr + 1);
}

const char *wait_name(wait_id wait, char *scratch, size_t size)
{
	switch (wait) {
	case WAIT_NONE:
		return "";
	case WAIT_FUTEX_GIL:
		return "futex (GIL)";
	case WAIT_FUTEX_LOCK:
		return "futex (lock)";
	case WAIT_FUTEX_COND:
		return "futex (condition)";
	case WAIT_FUTEX_WORLD:
		return "stop-the-world";
	}
	if (wait <= ARRAY_SIZE(syscall_names) && syscall_names[wait - 1])
		return syscall_names[wait - 1];
	snprintf(scratch, size, "syscall %d", wait - 1);
	return scratch;
}
