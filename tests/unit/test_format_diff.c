/* test_format_diff.c - the differential flame graph */
#include "format_test.h"
#include "test.h"

#include "format/diff_page.h"

#include <string.h>

static void trees(const char *text, struct tree *t)
{
	struct tape *tape = ft_text(text);
	const struct tree_options o = { 0 };
	struct filter f;
	struct err err = ERR_INIT;

	filter_init(&f);
	CHECK_OK(tree_query(t, tape_source(tape), &f, &o, &err), err);
	filter_release(&f);
	tape_free(tape);
}

TEST(a_differential_picture_tells_new_gone_grown_and_noise_apart)
{
	static const struct diff_page o = { "t", "a <old>", "b", WEIGHT_TIME, false };
	const struct tree_options to = { 0 };
	struct tree t[2] = { 0 };
	struct diff d = { 0 };
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	trees("m;same 500\nm;grown 100\nm;gone 200\nm;near 100\n", &t[0]);
	trees("m;same 500\nm;grown 300\nm;new 100\nm;near 101\n", &t[1]);
	CHECK_OK(diff_trees(&d, &t[0], &t[1], &to, &err), err);
	diff_page_write(&d, &o, &out);
	CHECK(strstr(out.data, "<g class=\"f only-a\" data-v=\"111111\"><title>gone\n"));
	CHECK(strstr(out.data, "<g class=\"f only-b\" data-v=\"49950\"><title>new\n"));
	CHECK(strstr(out.data, "<g class=\"f more3\" data-v=\"205405\"><title>grown\n"));
	CHECK(strstr(out.data, "<g class=\"f noise\" data-v=\"106005\"><title>near\n"));
	CHECK(strstr(out.data, "A 11.11 %, B 29.97 %, +18.86 points"));
	CHECK(strstr(out.data, "A a &lt;old&gt;, B b"));
	buf_release(&out);
	diff_release(&d);
	tree_release(&t[0]);
	tree_release(&t[1]);
}
