/*
 * status.h - how a hot-path step ended: no text, no allocation. The sampler counts these
 * by reason and shows the counts; everything colder uses struct err.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

/* id, word in JSON and the store, what it means to a person */
#define STATUS_LIST(X)                                                            \
	X(ST_OK, "ok", "fine")                                                    \
	X(ST_GONE, "gone", "the process or thread has ended")                     \
	X(ST_PERM, "perm", "the kernel refused the read")                         \
	X(ST_FAULT, "fault", "an address that is not mapped")                     \
	X(ST_TORN, "torn", "the target changed while it was read")                \
	X(ST_CYCLE, "cycle", "a list or chain that comes back to itself")         \
	X(ST_LIMIT, "limit", "longer than we are willing to follow")              \
	X(ST_BAD, "bad", "a value that cannot be right")                          \
	X(ST_NO_INTERP, "no-interp", "no interpreter: starting up or finalizing") \
	X(ST_UNSUPPORTED, "unsupported", "this version does not have it")

enum status {
#define X(id, word, text) id,
	STATUS_LIST(X)
#undef X
		STATUS_COUNT
};

/* "torn" */
const char *status_word(enum status st);
/* "the target changed while it was read" */
const char *status_text(enum status st);

#endif
