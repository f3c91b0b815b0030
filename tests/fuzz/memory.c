/*
 * memory.c - every reader of a target's memory over bent memory: walker, strings, line
 * tables, dicts, representations, asyncio.
 *
 * An input is a list of changes to one of tests/snap/NAME.snap: its first byte chooses the
 * snapshot, every further four bytes are a change (see bend()). The readers must come back
 * within a number of reads, allocate nothing large, and say what they met: a status. Then
 * the walker ticks over memory that changes while it is read, as a running target's does, and
 * the others read it; the input's bytes are only the seed of that (moving_read_some()).
 *
 *	build/fuzz_memory [--runs N] [--seed S] [INPUT...]     inputs, then N random ones
 *	build/fuzz_memory_clang [libFuzzer's options] tests/fuzz/corpus
 *
 * The input that is being tried is in build/fuzz-current: after a crash it is the crasher,
 * to be kept in tests/fuzz/corpus.
 */
#include "look.h"

#include "base/alloc.h"
#include "base/map.h"
#include "proc/snap.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	INPUT_MAX = 1024,
	CALLS_MAX = 400000, /* memory reads for one look at everything */
	SECONDS_MAX = 60,   /* for one input, sanitizers and a busy machine included */
	SNAPS_MAX = 64,
	TICKS = 40, /* over memory that moves */
	POINTERS = 256,
};

struct snap {
	struct mem *mem;
	const struct abi *abi;
	uint64_t **words; /* those that are not 0 */
	uint64_t *addrs;  /* of them, in the target */
	size_t n, cap, addrs_cap;
};

/* Reads from the snapshot, but for pages that were taken away. */
struct bent {
	struct mem base;
	struct mem *inner;
	struct map gone;
};

/* Reads from the snapshot, but some words have another value for a while. */
struct moving {
	struct mem base;
	struct mem *inner;
	struct map now; /* address of a word -> its value */
	uint64_t random;
	uint64_t
		pointers[POINTERS]; /* some that were read: frames, code, chunks, shims */
	unsigned n_pointers;
};

static struct snap snaps[SNAPS_MAX];
static size_t n_snaps;
static uint64_t counts[STATUS_COUNT];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t bent_read_some(struct mem *mem, uint64_t addr, void *dst, size_t len)
{
	struct bent *b = (struct bent *)mem;
	uint64_t page = addr & ~(uint64_t)(SNAP_PAGE - 1);
	size_t room = (size_t)(page + SNAP_PAGE - addr);

	if (b->gone.n && map_get(&b->gone, page))
		return 0;
	return b->inner->ops->read_some(b->inner, addr, dst, len < room ? len : room);
}

static void load_snap(const char *path)
{
	struct err err = ERR_INIT;
	struct snap *s = &snaps[n_snaps];
	uint64_t addr;
	uint8_t *page;
	size_t i, k;

	s->mem = mem_snap_new(path, &err);
	if (!s->mem) {
		err_print(&err, stderr);
		exit(1);
	}
	s->abi = look_abi(s->mem);
	for (i = 0; (page = snap_page(s->mem, i, &addr)) != NULL; i++)
		for (k = 0; k < SNAP_PAGE; k += 8) {
			uint64_t word;

			memcpy(&word, page + k, 8);
			if (!word)
				continue;
			GROW(s->words, s->cap, s->n + 1);
			GROW(s->addrs, s->addrs_cap, s->n + 1);
			s->words[s->n] = (uint64_t *)(void *)(page + k);
			s->addrs[s->n++] = addr + k;
		}
	if (s->abi && s->n)
		n_snaps++;
}

static void load_snaps(void)
{
	const char *folder = getenv("PYSTROBE_SNAPS");
	char pattern[512];
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/*.snap", folder ? folder : "tests/snap");
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "no snapshots: %s\n", pattern);
		exit(1);
	}
	for (i = 0; i < found.gl_pathc && n_snaps < SNAPS_MAX; i++)
		load_snap(found.gl_pathv[i]);
	globfree(&found);
}

static const uint64_t odd_numbers[] = { 0, 1, 2, 7, 255, 4096, 0x7fffffff, 0x80000000,
	0xffffffff, UINT64_C(1) << 40, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX,
	UINT64_MAX - 7 };

/*
 * One change, at the word that `where` picks: what & 7 says which.
 *	0 a bit flipped      1 a byte set        2, 3 the address of another word
 *	4 an odd number      5 another word      6 its page taken away
 *	7 the address of an object's start nearby: cycles
 */
static void bend(
	struct snap *s, struct bent *b, uint8_t what, uint8_t how, uint16_t where)
{
	size_t at = (where * 2654435761u + how * 40503u) % s->n;
	size_t other = (where * 40503u + how * 2654435761u + 17) % s->n;
	uint64_t word, *dst = s->words[at];

	memcpy(&word, dst, 8);
	switch (what & 7) {
	case 0:
		word ^= UINT64_C(1) << (how & 63);
		break;
	case 1:
		word = (word & ~(UINT64_C(255) << (what >> 3 & 7) * 8)) |
		       (uint64_t)how << (what >> 3 & 7) * 8;
		break;
	case 2:
	case 3:
		word = s->addrs[other];
		break;
	case 4:
		word = odd_numbers[how % ARRAY_SIZE(odd_numbers)];
		break;
	case 5:
		memcpy(&word, s->words[other], 8);
		break;
	case 6:
		*map_put(&b->gone, s->addrs[at] & ~(uint64_t)(SNAP_PAGE - 1)) = 1;
		return;
	default:
		word = (s->addrs[at] & ~UINT64_C(15)) - (how & 15) * 16;
	}
	memcpy(dst, &word, 8);
}

static unsigned random_below(struct moving *m, unsigned n)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->random >> 33) % n;
}

/* What a word may be a moment later: a pointer that was read elsewhere or one beside it, its
 * own address, an odd number, another bit. */
static uint64_t another_value(struct moving *m, uint64_t addr, uint64_t word)
{
	switch (random_below(m, 8)) {
	case 0:
		return addr - 16 * random_below(m, 16);
	case 1:
		return odd_numbers[random_below(m, ARRAY_SIZE(odd_numbers))];
	case 2:
		return word ^ UINT64_C(1) << random_below(m, 64);
	case 3:
		return m->pointers[random_below(m, POINTERS)] - 8 * random_below(m, 32);
	default:
		return m->pointers[random_below(m, POINTERS)];
	}
}

/* One read in four meets a word that has just changed; it stays so until all are again as
 * they were, after some 64 reads. */
static size_t moving_read_some(struct mem *mem, uint64_t addr, void *dst, size_t len)
{
	struct moving *m = (struct moving *)mem;
	size_t got = m->inner->ops->read_some(m->inner, addr, dst, len), i;
	uint8_t *bytes = dst;
	uint64_t word;

	if (random_below(m, 64) == 0)
		map_clear(&m->now);
	if (got >= 8 && random_below(m, 4) == 0) {
		i = random_below(m, (unsigned)got / 8) * 8;
		memcpy(&word, bytes + i, 8);
		*map_put(&m->now, addr + i) = another_value(m, addr + i, word);
	}
	for (i = 0; i + 8 <= got; i += 8) {
		const uint64_t *now = m->now.n ? map_get(&m->now, addr + i) : NULL;

		memcpy(&word, bytes + i, 8);
		if (word >= 4096 && word < UINT64_C(1) << 47)
			m->pointers[m->n_pointers++ % POINTERS] = word;
		if (now)
			memcpy(bytes + i, now, 8);
	}
	return got;
}

static void check_calls(const struct mem *mem)
{
	if (mem->n_calls <= CALLS_MAX)
		return;
	fprintf(stderr, "%llu reads\n", (unsigned long long)mem->n_calls);
	abort();
}

static void move(struct snap *s, const uint8_t *data, size_t len, struct buf *out)
{
	static const struct mem_ops ops = { .read_some = moving_read_some };
	struct moving m = { .base = { .ops = &ops }, .inner = s->mem };

	while (len--)
		m.random = (m.random + *data++) * 0x100000001b3u;
	look_ticks(s->mem, &m.base, s->abi, TICKS, counts);
	look_all(s->mem, &m.base, s->abi, out, counts);
	look_locals(s->mem, &m.base, s->abi, out, counts);
	check_calls(&m.base);
	map_release(&m.now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct mem_ops ops = { .read_some = bent_read_some };
	struct bent b = { .base = { .ops = &ops } };
	struct buf out = BUF_INIT;
	struct snap *s;
	uint64_t *before;
	size_t i;

	if (!n_snaps)
		load_snaps();
	if (!len)
		return 0;
	s = &snaps[data[0] % n_snaps];
	b.inner = s->mem;
	before = xmalloc(s->n * 8);
	for (i = 0; i < s->n; i++)
		memcpy(&before[i], s->words[i], 8);
	for (i = 1; i + 4 <= len; i += 4)
		bend(s, &b, data[i], data[i + 1],
			(uint16_t)(data[i + 2] | data[i + 3] << 8));
	look_all(s->mem, &b.base, s->abi, &out, counts);
	look_locals(s->mem, &b.base, s->abi, &out, counts);
	check_calls(&b.base);
	for (i = 0; i < s->n; i++)
		memcpy(s->words[i], &before[i], 8);
	free(before);
	move(s, data, len, &out);
	map_release(&b.gone);
	buf_release(&out);
	return 0;
}

#ifndef LIBFUZZER
static uint8_t *current; /* shared with the file: it is there after any end */

static void open_current(void)
{
	int fd = open("build/fuzz-current", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, INPUT_MAX) < 0) {
		current = xcalloc(1, INPUT_MAX);
	} else {
		current =
			mmap(NULL, INPUT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (current == MAP_FAILED)
			exit(1);
	}
	if (fd >= 0)
		close(fd);
}

static void try_input(const uint8_t *data, size_t len)
{
	memset(current, 0, INPUT_MAX);
	memcpy(current, data, len < INPUT_MAX ? len : INPUT_MAX);
	alarm(SECONDS_MAX);
	LLVMFuzzerTestOneInput(data, len);
	alarm(0);
}

static void try_file(const char *path)
{
	uint8_t data[INPUT_MAX];
	FILE *f = fopen(path, "rb");

	if (!f) {
		fprintf(stderr, "cannot open %s\n", path);
		exit(1);
	}
	try_input(data, fread(data, 1, sizeof(data), f));
	fclose(f);
}

static void try_random(unsigned seed)
{
	uint8_t data[257];
	size_t len, i;

	for (i = 0; i < sizeof(data); i++) {
		seed = seed * 1103515245 + 12345;
		data[i] = (uint8_t)(seed >> 16);
	}
	/* few changes get far, many reach more of the checks */
	len = 1 + 4 * (size_t)(data[1] % 4 ? 1 + data[2] % 6 : 1 + data[2] % 64);
	try_input(data, len);
}

int main(int argc, char **argv)
{
	unsigned runs = 0, seed = 1, i;
	int arg, files = 0;

	open_current();
	for (arg = 1; arg < argc; arg++) {
		if (!strcmp(argv[arg], "--runs") && arg + 1 < argc)
			runs = (unsigned)atoi(argv[++arg]);
		else if (!strcmp(argv[arg], "--seed") && arg + 1 < argc)
			seed = (unsigned)atoi(argv[++arg]);
		else {
			try_file(argv[arg]);
			files++;
		}
	}
	for (i = 0; i < runs; i++)
		try_random((seed + i) * 7919);
	printf("%d kept inputs and %u random ones over %zu snapshots:", files, runs,
		n_snaps);
	for (i = 0; i < STATUS_COUNT; i++)
		if (counts[i])
			printf(" %s %llu", status_word((enum status)i),
				(unsigned long long)counts[i]);
	printf("\n");
	return 0;
}
#endif
