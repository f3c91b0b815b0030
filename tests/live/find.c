/*
 * find.c - prints what runtime_find() says of a process; for tests and python-abi/verify.
 *
 *   build/find PID [auto|table|dwarf|offsets]
 *
 * One line "key value" each; "error CODE MESSAGE" and status 1 when it is not found.
 * `abi` lines give every layout number that is used, for comparing sources.
 */
#include "base/err.h"
#include "proc/maps.h"
#include "python/abi_desc.h"
#include "python/runtime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_runtime(const struct runtime *rt, bool asyncio)
{
	char hex[2 * IMAGE_MAX_BUILD_ID + 1];

	printf("version %s\nflavour %s%s\nvia %s\nabi-from %s\ntable %s\nasyncio %d\n",
		rt->version.text, rt->version.free_threaded ? "t" : "",
		rt->version.debug ? "d" : "", runtime_via_word(rt->via),
		abi_source_word(rt->abi_from), rt->abi.name, asyncio);
	printf("runtime 0x%" PRIx64 "\ninterp_head 0x%" PRIx64 "\npath %s\nbuild-id %s\n",
		rt->runtime_addr, rt->interp_head_addr, rt->path,
		build_id_hex(&rt->build_id, hex));
	for (size_t i = 0; i < abi_field_count; i++)
		if (abi_field_get(&rt->abi, &abi_fields[i]) != ABI_NONE)
			printf("abi %s.%s %u\n", abi_fields[i].group, abi_fields[i].name,
				abi_field_get(&rt->abi, &abi_fields[i]));
}

int main(int argc, char **argv)
{
	struct runtime_query q = { .source = ABI_AUTO };
	struct maps maps = MAPS_INIT;
	struct err err = ERR_INIT;
	struct runtime rt;
	int ret = 1;

	if (argc < 2 || (argc > 2 && !abi_source_parse(argv[2], &q.source)))
		return 2;
	q.pid = atoi(argv[1]);
	q.mem = mem_live_new(q.pid);
	q.maps = &maps;
	if (maps_load(&maps, q.pid, &err) < 0 || runtime_find(&q, &rt, &err) < 0)
		goto out;
	print_runtime(&rt, runtime_load_asyncio(&q, &rt));
	ret = 0;
out:
	if (ret)
		printf("error %d %s\n", err.code, err.msg);
	maps_release(&maps);
	mem_free(q.mem);
	return ret;
}
