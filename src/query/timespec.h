/*
 * timespec.h - points in time as people write them, for --from/--until and the API.
 *
 *	now  today  yesterday  yesterday 14:00  14:00  14:00:30
 *	-15minutes  -1h30m  15 min ago  2 hours ago  1 day ago
 *	2026-11-21  2026-11-21 14:00  2026-11-21T14:00:00.5+01:00  ...Z      (RFC 3339)
 *	1795262400  1795262400.25  @1795262400                        (Unix seconds)
 *	start  end  start+30s  end-5min                       (of the recording itself)
 *
 * Dates without an offset are local time (TZ) unless utc is set.
 */
#ifndef QUERY_TIMESPEC_H
#define QUERY_TIMESPEC_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timespec_base {
	int64_t now_ns;
	int64_t start_ns, end_ns; /* of the recording; 0: "start" and "end" are errors */
	bool utc;
};

int timespec_parse(
	const char *text, const struct timespec_base *base, int64_t *ns, struct err *err);

/* "2026-11-21 14:03:07" (with_ms: ".250") in local time or UTC. */
const char *time_text(char *out, size_t size, int64_t ns, bool with_ms, bool utc);
/* "1 h 03 min", "12.5 s", "340 ms", "17 us" */
const char *duration_text(char *out, size_t size, int64_t ns);

#endif
