/* probe.c - see probe.h */
#include "cli/probe.h"

#include "proc/why.h"

#include <string.h>

int probe_open(struct probe *p, pid_t pid, bool quick, struct err *err)
{
	struct runtime_query q = { .pid = pid, .maps = &p->maps, .no_scan = quick };

	*p = (struct probe){ .pid = pid };
	if (why_not(pid, err) != WHY_OK)
		return -1;
	p->mem = mem_live_new(pid);
	q.mem = p->mem;
	if (maps_load(&p->maps, pid, err) == 0 && runtime_find(&q, &p->rt, err) == 0)
		return 0;
	why_explain(pid, err);
	return -1;
}

void probe_close(struct probe *p)
{
	if (p->mem)
		mem_free(p->mem);
	maps_release(&p->maps);
	p->mem = NULL;
}

const char *probe_version(const struct probe *p, char *text, size_t size)
{
	if (p->rt.version.text[0])
		snprintf(text, size, "%s", p->rt.version.text);
	else
		snprintf(text, size, "%d.%d", p->rt.version.version >> 8,
			p->rt.version.version & 0xff);
	return text;
}

const char *probe_build(const struct probe *p)
{
	if (p->rt.version.free_threaded)
		return p->rt.version.debug ? "free-threaded debug" : "free-threaded";
	return p->rt.version.debug ? "debug" : "";
}
