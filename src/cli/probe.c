/* probe.c - see probe.h */
#include "cli/probe.h"

#include "proc/find.h"
#include "proc/why.h"

#include <string.h>

/* Says which program it is, and where Python may be instead. */
static void name_process(pid_t pid, struct err *err)
{
	struct find *find = find_new();
	struct buf command = BUF_INIT;
	pid_t below[3];
	char hint[sizeof(err->hint)];
	size_t n = find_children(find, pid, below, 3);

	find_command(pid, &command);
	snprintf(hint, sizeof(hint), "%s", err->hint);
	err_set(err, ERR_NOT_PYTHON,
		"process %d (%.80s) is not Python: no interpreter in the symbols, "
		"sections and memory of its files",
		(int)pid, command.data ? command.data : "");
	if (n == 1)
		err_hint(err, "its child %d is; -s takes children along", (int)below[0]);
	else if (n)
		err_hint(err,
			"%zu processes below it are, for example %d; -s takes them along",
			n, (int)below[0]);
	else
		err_hint(err, "%s",
			hint[0] ? hint : "pystrobe ps lists the Python processes");
	buf_release(&command);
	find_free(find);
}

void probe_explain(pid_t pid, struct err *err)
{
	why_explain(pid, err);
	if (err->code == ERR_NOT_PYTHON)
		name_process(pid, err);
}

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
	probe_explain(pid, err);
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

const char *probe_build(const struct python_version *v)
{
	if (v->free_threaded)
		return v->debug ? "free-threaded debug" : "free-threaded";
	return v->debug ? "debug" : "";
}
