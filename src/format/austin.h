/*
 * austin.h - Austin's text (version 3) and MOJO (versions 1 to 4), read.
 */
#ifndef FORMAT_AUSTIN_H
#define FORMAT_AUSTIN_H

#include "base/err.h"
#include "format/import.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int austin_read(struct import *im, struct err *err);
int austin_sniff(const char *head, size_t len);
int mojo_read(struct import *im, struct err *err);
int mojo_sniff(const char *head, size_t len);

/*
 * Both formats say how long it has been since the round before, and nothing else about
 * time. All threads of one round have the same length; a new round begins when a thread
 * comes again or the length changes.
 */
struct austin_clock {
	int64_t now_us;
	uint64_t round, delta_us;
	struct map seen; /* thread -> the round it was last seen in */
};

/* What a profile's metadata lines say about it; true when values are not times. */
struct austin_meta {
	bool memory, cpu;
};
void austin_metadata(struct import *im, struct austin_meta *meta, const char *key,
	size_t key_len, const char *value, size_t value_len);

void austin_clock_release(struct austin_clock *c);
/* One sample of one thread. */
void austin_sample(struct import *im, struct austin_clock *c, uint32_t thread,
	uint64_t delta_us, stack_id stack, uint16_t state);

#endif
