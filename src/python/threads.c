/* threads.c - see threads.h */
#include "python/walk_impl.h"

enum {
	MUSL_TID = 48
}; /* struct pthread of musl 1.2: self dtv prev next sysinfo canary tid */

pid_t thread_tid(struct walker *w, const struct wthread *t)
{
	const struct abi *a = w->abi;
	uint64_t native = ts_u64(w, t, a->tstate.native_id);
	uint32_t tid = 0;

	if (native)
		return native <= INT32_MAX ? (pid_t)native : 0;
	if (!t->pub.pthread)
		return 0;
	if (mem_read_u32(w->mem,
		    t->pub.pthread +
			    (w->root.musl ? MUSL_TID
					  : (uint64_t)a->value.pthread_tid_glibc),
		    &tid) != ST_OK)
		return 0;
	return tid <= INT32_MAX ? (pid_t)tid : 0;
}
