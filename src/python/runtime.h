/*
 * runtime.h - finds CPython in a process, whatever the process is called.
 *
 * Every ELF image that is mapped is asked, by content and never by name, in four passes of
 * rising cost: dynamic symbols (from memory), then the file's sections (.PyRuntime) and
 * .symtab, then the writable data of images that hold a version string, then a search for
 * the cookie of 3.13+ in all writable memory. A candidate counts only when its interpreter
 * list is sound (head -> interpreter -> thread state -> back), so a second libpython that
 * nobody initialised is passed over.
 */
#ifndef PYTHON_RUNTIME_H
#define PYTHON_RUNTIME_H

#include "base/err.h"
#include "elf/image.h"
#include "proc/maps.h"
#include "proc/mem.h"
#include "python/abi.h"
#include "python/detect.h"

/* Where layouts come from. */
enum abi_source {
	ABI_AUTO,    /* the target's own offsets (3.13+), else a table, else its DWARF */
	ABI_TABLE,   /* compiled in */
	ABI_DWARF,   /* debug information of the target's binary or its debug file */
	ABI_OFFSETS, /* _Py_DebugOffsets (3.13+); what it lacks from the table */
};

/* "auto", "table", "dwarf", "offsets": words of --abi. */
const char *abi_source_word(enum abi_source source);
/* Returns false when the word is none of them. */
bool abi_source_parse(const char *word, enum abi_source *out);
/* The same for a word that was checked already; NULL is ABI_AUTO. */
enum abi_source abi_source_of(const char *word);

/* How the runtime was found. */
enum runtime_via {
	VIA_DYNSYM,  /* dynamic symbol */
	VIA_SECTION, /* section .PyRuntime of the file */
	VIA_SYMTAB,  /* .symtab of the file */
	VIA_SCAN,    /* search of writable memory */
};

const char *runtime_via_word(enum runtime_via via);

struct runtime_query {
	pid_t pid;               /* 0 for a core or a snapshot */
	struct mem *mem;         /* borrowed */
	const struct maps *maps; /* borrowed */
	enum abi_source source;
	bool no_scan; /* leave out the search of memory: for asking every process there is */
};

struct runtime {
	struct abi abi;           /* this target's own copy */
	enum abi_source abi_from; /* TABLE, DWARF or OFFSETS */
	char refused[160]; /* why ABI_AUTO did not take its offsets; "": nothing wrong */
	struct python_version version;
	enum runtime_via via;
	uint64_t runtime_addr;     /* _PyRuntime; 0 in 2.7 and 3.6 */
	uint64_t interp_head_addr; /* pointer to the newest interpreter lies here */
	/* Static variables of 2.7 and 3.6, 0 when unknown and from 3.7 on: */
	uint64_t current_addr; /* _PyThreadState_Current: thread state with the GIL */
	uint64_t gc_collecting_addr; /* int: a collection runs */
	uint64_t
		gil_addr; /* 3.6: gil_mutex; 2.7: pointer to the lock (interpreter_lock) */
	uint64_t image_start, image_end; /* of the ELF image, for telling native frames */
	struct build_id build_id;
	char path[512]; /* of the image, as the target sees it; cut when longer */
};

/*
 * Finds the runtime. Errors: ERR_NOT_PYTHON (none), ERR_NOT_READY (there is one, but it is
 * starting up or has ended: worth another try), ERR_VERSION (a version or build without a
 * layout; the message lists the known ones), ERR_PERM (memory cannot be read).
 */
int runtime_find(const struct runtime_query *q, struct runtime *out, struct err *err);

/*
 * asyncio's own offsets (3.14+): finds .AsyncioDebug among the images now mapped and puts
 * it into rt->abi. The module may be loaded later than the runtime: call again when the
 * mappings change. Returns false when there is none (yet).
 */
bool runtime_load_asyncio(const struct runtime_query *q, struct runtime *rt);

#endif
