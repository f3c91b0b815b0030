/*
 * main.c - runs every TEST() of tests/unit, one cmocka group per file.
 *
 *	build/unit              all
 *	build/unit PATTERN      the tests whose name matches (cmocka's * and ?)
 */
#include "test.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct CMUnitTest *tests;
static const char **files;
static size_t n_tests;
static char tmpdir[128];

void test_register(const char *file, const char *name, void (*fn)(void **))
{
	tests = xreallocarray(tests, n_tests + 1, sizeof(*tests));
	files = xreallocarray(files, n_tests + 1, sizeof(*files));
	tests[n_tests] = (struct CMUnitTest){ name, fn, NULL, NULL, NULL };
	files[n_tests++] = file;
}

void test_ok(int ret, const struct err *err, const char *call, const char *file, int line)
{
	if (ret == 0)
		return;
	print_error("%s: %s\n", call, err->msg);
	_fail(file, line);
}

const char *test_path(const char *relative)
{
	static char path[512];

	snprintf(path, sizeof(path), "tests/%s", relative);
	return path;
}

const char *test_tmpdir(void)
{
	static char path[192];
	static int n;

	if (!tmpdir[0]) {
		snprintf(tmpdir, sizeof(tmpdir), "/tmp/pystrobe-unit-XXXXXX");
		if (!mkdtemp(tmpdir))
			BUG("cannot make %s", tmpdir);
	}
	snprintf(path, sizeof(path), "%s/%d", tmpdir, n++);
	return path;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	int failed = 0;
	size_t i, first = 0;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (i = 1; i <= n_tests; i++) {
		char group[256];

		if (i < n_tests && !strcmp(files[i], files[first]))
			continue;
		snprintf(group, sizeof(group), "%s", files[first]);
		failed += _cmocka_run_group_tests(
			basename(group), tests + first, i - first, NULL, NULL);
		first = i;
	}
	if (tmpdir[0])
		file_remove_tree(tmpdir, &err);
	free(tests);
	free(files);
	return failed ? 1 : 0;
}
