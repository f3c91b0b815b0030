/*
 * jsonl.h - our own JSON lines: everything of a recording, one object a line, written and
 * read back. For programs (jq, pandas) and for moving a range from one store to another.
 *
 *	{"type":"header","format":"pystrobe-jsonl","version":1,"start_ns":1795262400000000000}
 *	{"type":"series","series":1,"pid":42,"time_ns":-5000,"labels":{"command":"app"}}
 *	{"type":"thread","series":1,"thread":0,"tid":42,"main":true,"name":"MainThread"}
 *	{"type":"func","func":1,"name":"work","file":"app.py","module":"app","first_line":9,
 *	 "flags":["library"]}
 *	{"type":"stack","stack":3,"parent":2,"func":1,"line":12,
 *	 "column":4,"end_line":12,"end_column":19}
 *	{"type":"run","series":1,"thread":0,"stack":3,"state":["cpu","gil"],"wait":"",
 *	 "time_ns":[0,10000000],"weight_ns":[10000000,10000000]}
 *	{"type":"metric","series":1,"time_ns":0,"rss_bytes":1,"cpu_ns":1,"threads":1,
 *	 "voluntary":0,"involuntary":0}
 *	{"type":"event","series":1,"time_ns":0,"kind":"exit","text":""}
 *
 * Times are relative to the header's start_ns, so that readers with 53-bit numbers keep
 * them exact. Ids are defined on an earlier line than they are used. A run is one thread
 * in one state at consecutive ticks; weight_ns is the time that each tick stands for.
 * Columns count bytes of UTF-8 from 0, end_column is the first behind; where they are not
 * known all three are missing.
 */
#ifndef FORMAT_JSONL_H
#define FORMAT_JSONL_H

#include "base/err.h"

#include <stddef.h>

struct export;
struct import;

int jsonl_write(struct export *ex, struct err *err);
int jsonl_read(struct import *im, struct err *err);
int jsonl_sniff(const char *head, size_t len);

#endif
