/* test_snap.c - the readers over recorded memory of every version; see tests/snap/record */
#include "look.h"
#include "test.h"

#include "base/alloc.h"
#include "base/file.h"
#include "proc/snap.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void for_each_snap(void (*check)(const char *path, struct mem *snap))
{
	struct err err = ERR_INIT;
	char pattern[512];
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s", test_path("snap/*.snap"));
	CHECK_INT(glob(pattern, 0, NULL, &found), 0);
	CHECK(found.gl_pathc >= 10);
	for (i = 0; i < found.gl_pathc; i++) {
		struct mem *snap = mem_snap_new(found.gl_pathv[i], &err);

		if (!snap)
			fail_msg("%s", err.msg);
		check(found.gl_pathv[i], snap);
		mem_free(snap);
	}
	globfree(&found);
}

static void check_stacks(const char *path, struct mem *snap)
{
	char *name = xasprintf("%.*s.expected", (int)(strlen(path) - 5), path);
	struct buf got = BUF_INIT, want = BUF_INIT;
	uint64_t counts[STATUS_COUNT] = { 0 };
	struct err err = ERR_INIT;
	size_t same;

	CHECK_OK(file_read(&want, AT_FDCWD, name, 1 << 20, &err), err);
	look_all(snap, snap, look_abi(snap), &got, counts);
	for (same = 0; got.data[same] && got.data[same] == want.data[same]; same++)
		;
	if (got.data[same] || want.data[same])
		fail_msg("%s: from byte %zu on:\n%.400s\nexpected:\n%.400s", path, same,
			got.data + same, want.data + same);
	buf_release(&got);
	buf_release(&want);
	free(name);
}

TEST(snapshots_show_the_stacks_names_and_tasks_that_the_target_told)
{
	for_each_snap(check_stacks);
}

static void check_locals(const char *path, struct mem *snap)
{
	uint64_t counts[STATUS_COUNT] = { 0 };
	struct buf got = BUF_INIT;
	bool is_27 = !strncmp(snap_value(snap, "version"), "2.7", 3);
	const char *const lines[] = {
		"argument depth: int = 0\n",
		is_27 ? "argument args: tuple = ('a',)\n"
		      : "argument args: tuple = ('a',)\n",
		"argument kwargs: dict = {'k': 1}\n",
		is_27 ? "values: list = [1, 2.5, None, True, "
			"1000000000000000019884624838656, {'key': (1, 2)}, set([3])]\n"
		      : "values: list = [1, 2.5, None, True, "
			"1000000000000000019884624838656, {'key': (1, 2)}, {3}]\n",
		is_27 ? "text=u'n\xc3\xa4me'" : "text='n\xc3\xa4me'",
		"number=3",
	};
	size_t i;

	look_locals(snap, snap, look_abi(snap), &got, counts);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(got.data, lines[i]))
			fail_msg("%s: no %s in\n%s", path, lines[i], got.data);
	buf_release(&got);
}

TEST(snapshots_show_the_variables_of_their_frames)
{
	for_each_snap(check_locals);
}

TEST(a_damaged_snapshot_file_is_an_error)
{
	static const char *const bad[] = { "", "pystrobe-snapshot 1\n",
		"pystrobe-snapshot 1\nversion 3.9.1\npages 3\nxyz",
		"pystrobe-snapshot 1\nversion 3.9.1\npages 99999999\nxyz",
		"\npages 1\n" };
	struct err err = ERR_INIT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *path = test_tmpdir();
		FILE *f = fopen(path, "w");

		fputs(bad[i], f);
		fclose(f);
		CHECK(!mem_snap_new(path, &err));
	}
}
