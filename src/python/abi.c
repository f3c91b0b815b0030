/* abi.c - picks the row for a version and build. */
#include "python/abi.h"

#include "python/abi_desc.h"

#include <stdio.h>

static bool row_is_for(
	const struct abi *row, uint16_t version, bool free_threaded, bool debug)
{
	return row->version == version && row->free_threaded == free_threaded &&
	       row->debug == debug;
}

static unsigned patch_distance(const struct abi *row, uint8_t patch)
{
	if (patch < row->patch)
		return row->patch - patch;
	return patch > row->patch_last ? patch - row->patch_last : 0;
}

const struct abi *abi_pick(
	uint16_t version, uint8_t patch, bool free_threaded, bool debug)
{
	const struct abi *best = NULL;

	for (size_t i = 0; i < abi_table_count; i++) {
		const struct abi *row = &abi_tables[i];

		if (!row_is_for(row, version, free_threaded, debug))
			continue;
		/* Later rows start at a later patch level: of two that hold, the later is the closer. */
		if (!best || patch_distance(row, patch) <= patch_distance(best, patch))
			best = row;
	}
	return best;
}

const uint64_t *abi_calls(uint16_t version)
{
	for (size_t i = 0; i < abi_calls_row_count; i++) {
		if (abi_span_holds(&abi_calls_rows[i].span, version, false))
			return abi_calls_rows[i].opcodes;
	}
	return NULL;
}

void abi_known(char *text, size_t size)
{
	size_t used = 0;

	if (size > 0)
		text[0] = '\0';
	for (size_t i = 0; i < abi_table_count; i++) {
		const struct abi *row = &abi_tables[i];
		int n;

		if (row->debug || (i > 0 && row_is_for(&row[-1], row->version,
						    row->free_threaded, false)))
			continue;
		n = snprintf(text + used, size - used, "%s%d.%d%s", used ? ", " : "",
			row->version >> 8, row->version & 0xff,
			row->free_threaded ? "t" : "");
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}
