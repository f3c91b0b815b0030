/*
 * detect.h - which CPython an image is: version, patch level, build.
 */
#ifndef PYTHON_DETECT_H
#define PYTHON_DETECT_H

#include "elf/image.h"

struct python_version {
	uint16_t version; /* ABI_VERSION(3, 13) */
	uint8_t patch;
	bool free_threaded, debug;
	char text[24]; /* "3.13.0", "3.15.0rc1" */
};

/*
 * Best source first: the head of _Py_DebugOffsets at `runtime_addr` (3.13+), the variable
 * Py_Version (3.11+), the version string among the constants with evidence that it is
 * CPython's. `runtime_addr` may be 0.
 */
bool detect_version(struct image *img, uint64_t runtime_addr, struct python_version *out);

/* From PY_VERSION_HEX: 0x030d00f0 -> 3.13.0 */
struct python_version detect_from_hex(uint32_t hex);
/* From "3.8.18", "2.7.18+", "3.15.0rc1"; false when it is none. For tests. */
bool detect_from_text(const char *text, size_t len, struct python_version *out);

#endif
