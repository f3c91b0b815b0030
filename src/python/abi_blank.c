/* abi_blank.c - an abi that knows its version's values and no offset yet */
#include "python/abi_desc.h"

bool abi_span_holds(const struct abi_span *span, uint16_t version, bool free_threaded)
{
	if (span->builds != 'a' && (span->builds == 't') != free_threaded)
		return false;
	return span->since <= version && version <= span->until;
}

void abi_blank(
	struct abi *abi, uint16_t version, uint8_t patch, bool free_threaded, bool debug)
{
	memset(abi, 0, sizeof(*abi));
	abi->version = version;
	abi->patch = abi->patch_last = patch;
	abi->free_threaded = free_threaded;
	abi->debug = debug;
	for (size_t i = 0; i < abi_field_count; i++)
		abi_field_set(abi, &abi_fields[i], ABI_NONE);
	for (size_t i = 0; i < abi_value_row_count; i++) {
		int32_t none = ABI_NO_VALUE;

		memcpy((char *)abi + abi_value_rows[i].at, &none, sizeof(none));
	}
	for (size_t i = 0; i < abi_value_row_count; i++)
		if (abi_span_holds(&abi_value_rows[i].span, version, free_threaded))
			memcpy((char *)abi + abi_value_rows[i].at,
				&abi_value_rows[i].number, sizeof(int32_t));
}
