/* threads.c - where a walk starts, and which kernel thread a thread state belongs to */
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

/* One file is its C library and its dynamic linker: /lib/ld-musl-x86_64.so.1 on Alpine, a
 * link to .../libc.so elsewhere. glibc's have other names: libc.so.6, libc-2.31.so. */
static bool is_musl(const char *path)
{
	size_t len = strlen(path);

	return strstr(path, "/ld-musl-") != NULL ||
	       (len >= 8 && !strcmp(path + len - 8, "/libc.so"));
}

void walk_root_from(struct walk_root *root, const struct runtime *rt, struct mem *mem,
	const struct maps *maps)
{
	size_t i;

	*root = (struct walk_root){
		.runtime_addr = rt->runtime_addr,
		.interp_head_addr = rt->interp_head_addr,
		.tstate_current_addr = rt->current_addr,
		.gc_addr = rt->gc_collecting_addr,
	};
	if (rt->gil_addr && rt->version.version < ABI_VERSION(3, 0)) {
		/* a lock from the heap: sem_t */
		if (mem_read_u64(mem, rt->gil_addr, &root->gil_addr) == ST_OK)
			root->gil_len = 32;
	} else if (rt->gil_addr) {
		/* gil_mutex, with gil_cond beside it; the compiler chose the order */
		root->gil_addr = rt->gil_addr - 64;
		root->gil_len = 192;
	}
	for (i = 0; i < maps->n && !root->musl; i++)
		root->musl = is_musl(maps->v[i].path);
}
