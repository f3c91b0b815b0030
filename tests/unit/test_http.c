/*
 * test_http.c - who may ask, what an address says, pipes and compression; without a socket.
 */
#include "test.h"

#include "base/alloc.h"
#include "http/asset.h"
#include "http/call.h"
#include "http/guard.h"
#include "http/gzip.h"
#include "http/route.h"
#include "http/stream.h"
#include "http/wish.h"

#include <string.h>
#include <zlib.h>

static struct guard_headers page(const char *host)
{
	return (struct guard_headers){ .host = host, .wants_page = true };
}

TEST(guard_refuses_names_that_an_attacker_can_point_here)
{
	static const struct {
		const char *host;
		enum guard_verdict want;
	} tc[] = {
		{ "127.0.0.1:16384", GUARD_OK },
		{ "[::1]:16384", GUARD_OK },
		{ "192.168.1.7", GUARD_OK },
		{ "localhost:1", GUARD_OK },
		{ "LOCALHOST", GUARD_OK },
		{ "app.localhost", GUARD_OK },
		{ "box.example", GUARD_OK },
		{ "evil.example", GUARD_WRONG_HOST },
		{ "127.0.0.1.evil.example", GUARD_WRONG_HOST },
		{ "localhost.evil.example", GUARD_WRONG_HOST },
		{ "", GUARD_WRONG_HOST },
		{ NULL, GUARD_WRONG_HOST },
		{ ":80", GUARD_WRONG_HOST },
		{ "evillocalhost", GUARD_WRONG_HOST },
	};
	struct guard g;

	guard_init(&g, NULL, 16384, false);
	guard_add_host(&g, "box.example");
	for (size_t i = 0; i < ARRAY_SIZE(tc); i++) {
		struct guard_headers h = page(tc[i].host);

		CHECK_INT(guard_check(&g, &h), tc[i].want);
	}
	guard_release(&g);
}

TEST(guard_refuses_pages_of_other_sites)
{
	static const struct {
		const char *origin, *site;
		bool post, wants_page;
		enum guard_verdict want;
	} tc[] = {
		{ "http://127.0.0.1:1", "same-origin", true, false, GUARD_OK },
		{ "http://127.0.0.1:2", NULL, true, false, GUARD_CROSS_SITE },
		{ "https://127.0.0.1:1", NULL, true, false, GUARD_CROSS_SITE },
		{ "null", NULL, false, false, GUARD_CROSS_SITE },
		{ NULL, "cross-site", false, false, GUARD_CROSS_SITE },
		{ NULL, "same-site", true, true, GUARD_CROSS_SITE },
		{ NULL, "cross-site", false, true, GUARD_OK }, /* a link to the page */
		{ NULL, "none", false, true, GUARD_OK },
		{ NULL, NULL, false, false, GUARD_OK }, /* curl */
	};
	struct guard g;

	guard_init(&g, NULL, 1, false);
	for (size_t i = 0; i < ARRAY_SIZE(tc); i++) {
		struct guard_headers h = { .host = "127.0.0.1:1",
			.origin = tc[i].origin,
			.fetch_site = tc[i].site,
			.content_type = "application/json; charset=utf-8",
			.is_post = tc[i].post,
			.wants_page = tc[i].wants_page };

		CHECK_INT(guard_check(&g, &h), tc[i].want);
	}
	guard_release(&g);
}

TEST(guard_wants_its_token_and_takes_it_in_three_ways)
{
	struct guard_headers h = page("10.0.0.1");
	char cookie[160];
	struct guard g;

	guard_init(&g, "open sesame", 80, true);
	CHECK_INT(guard_check(&g, &h), GUARD_NEEDS_TOKEN);
	h.token = "open sesam";
	CHECK_INT(guard_check(&g, &h), GUARD_NEEDS_TOKEN);
	h.token = "open sesame";
	CHECK_INT(guard_check(&g, &h), GUARD_SET_COOKIE);
	h.wants_page = false;
	CHECK_INT(guard_check(&g, &h), GUARD_OK);
	h.token = NULL;
	h.authorization = "Bearer open sesame";
	CHECK_INT(guard_check(&g, &h), GUARD_OK);
	h.authorization = "Basic open sesame";
	CHECK_INT(guard_check(&g, &h), GUARD_NEEDS_TOKEN);
	snprintf(cookie, sizeof(cookie), "a=b; %s=%s; c=d", g.cookie_name, g.cookie);
	h.cookie = cookie;
	CHECK_INT(guard_check(&g, &h), GUARD_OK);
	cookie[strlen(cookie) - 6]--;
	CHECK_INT(guard_check(&g, &h), GUARD_NEEDS_TOKEN);
	CHECK(!strstr(g.cookie, "sesame"));
	guard_release(&g);
}

TEST(guard_takes_changes_only_as_json)
{
	struct guard_headers h = { .host = "localhost", .is_post = true };
	struct guard g;

	guard_init(&g, NULL, 80, false);
	CHECK_INT(guard_check(&g, &h), GUARD_WRONG_TYPE);
	h.content_type = "text/plain";
	CHECK_INT(guard_check(&g, &h), GUARD_WRONG_TYPE);
	h.content_type = "application/json";
	CHECK_INT(guard_check(&g, &h), GUARD_OK);
	guard_release(&g);
}

TEST(query_strings_are_decoded_and_bounded)
{
	static const struct route route;
	struct err err = ERR_INIT;
	struct call c = { .route = &route };
	char many[CALL_MAX_ARGS * 4 + 16] = "";
	double v = 7;

	CHECK_OK(call_parse_query(
			 &c, "a=1%2B2&b=x+y&&flag&bad=%zz%4&a=2&n=1e3&off=0", &err),
		err);
	CHECK_STR(call_arg(&c, "a"), "1+2");
	CHECK_STR(call_arg(&c, "b"), "x y");
	CHECK_STR(call_arg(&c, "bad"), "%zz%4");
	CHECK(call_flag(&c, "flag") && !call_flag(&c, "off") && !call_flag(&c, "no"));
	CHECK_OK(call_number(&c, "n", 0, 1000, &v, &err), err);
	CHECK_INT((int)v, 1000);
	CHECK_INT(call_number(&c, "n", 0, 999, &v, &err), -1);
	CHECK_INT(call_number(&c, "b", 0, 999, &v, &err), -1);
	CHECK_INT(err.code, ERR_USAGE);
	for (int i = 0; i <= CALL_MAX_ARGS; i++)
		strcat(many, "a=1&");
	CHECK_INT(call_parse_query(&c, many, &err), -1);
	arena_release(&c.arena);
}

TEST(answers_are_compressed_where_it_pays_and_come_back_whole)
{
	struct call c = { 0 };
	char back[8192];
	z_stream z = { 0 };

	buf_str(&c.out, "short");
	call_seal(&c);
	CHECK_INT(c.zipped.len, 0);
	for (int i = 0; i < 500; i++)
		buf_printf(&c.out, "%d,", i % 7);
	call_seal(&c);
	CHECK(c.zipped.len > 0 && c.zipped.len < c.out.len);
	CHECK_INT(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	z.next_in = (Bytef *)c.zipped.data;
	z.avail_in = (uInt)c.zipped.len;
	z.next_out = (Bytef *)back;
	z.avail_out = sizeof(back);
	CHECK_INT(inflate(&z, Z_FINISH), Z_STREAM_END);
	CHECK_INT(z.total_out, c.out.len);
	CHECK_MEM(back, c.out.data, c.out.len);
	inflateEnd(&z);
	buf_release(&c.out);
	buf_release(&c.zipped);
}

static void note_pause(void *arg)
{
	++*(int *)arg;
}

TEST(a_pipe_hands_on_in_order_sleeps_when_empty_and_ends)
{
	struct err err = ERR_INIT;
	struct stream s;
	char to[4];
	int paused = 0, woken = 0;

	stream_init(&s);
	s.wake = note_pause;
	s.wake_arg = &woken;
	CHECK_INT(stream_read(&s, to, 4, note_pause, &paused), 0);
	CHECK_INT(paused, 1);
	CHECK_OK(stream_write(&s, "abcdef", 6, &err), err);
	CHECK_INT(woken, 1);
	CHECK_INT(stream_read(&s, to, 4, note_pause, &paused), 4);
	CHECK_MEM(to, "abcd", 4);
	CHECK_OK(stream_write(&s, "g", 1, &err), err);
	CHECK_INT(woken, 1);
	CHECK_INT(stream_read(&s, to, 4, note_pause, &paused), 3);
	CHECK_MEM(to, "efg", 3);
	stream_end(&s, false);
	CHECK_INT(stream_read(&s, to, 4, note_pause, &paused), STREAM_EOF);
	stream_close(&s);
	CHECK_INT(stream_write(&s, "x", 1, &err), -1);
	CHECK_INT(err.code, ERR_CANCELLED);
	stream_release(&s);
}

TEST(a_wish_is_json_within_bounds)
{
	static const struct {
		const char *body;
		int want;
	} tc[] = {
		{ "{\"pid\": 42}", 0 },
		{ "{\"pid\": 42, \"rate_hz\": 0.5}", 0 },
		{ "{\"pid\": -1}", -1 },
		{ "{\"pid\": \"42\"}", -1 },
		{ "{\"pid\": 42, \"rate_hz\": 1e9}", -1 },
		{ "{\"pid\": 42, \"rate_hz\": 0}", -1 },
		{ "{\"pid\": 42, \"rate_hz\": \"100\"}", -1 },
		{ "{\"pid\": 42, \"pid\": 43}", -1 },
		{ "[]", -1 },
		{ "", -1 },
		{ "{\"pid\": 99999999999999999999}", -1 },
	};
	struct err err = ERR_INIT;
	struct wish w;

	for (size_t i = 0; i < ARRAY_SIZE(tc); i++)
		CHECK_INT(
			wish_read(&w, tc[i].body, strlen(tc[i].body), &err), tc[i].want);
	CHECK_INT(wish_read(&w, "{\"pid\": 42}", 11, &err), 0);
	CHECK(w.pid == 42 && w.rate_hz == 0); /* a rate that nobody asked for */
}

TEST(every_route_is_documented_and_the_page_is_in_the_binary)
{
	for (const struct route *r = route_table(); r->path; r++) {
		CHECK(r->summary && r->returns);
		CHECK(r->fn || r->flags & ROUTE_LIVE);
		CHECK(route_find(r->path, r->flags & ROUTE_POST) == r);
	}
	CHECK(!route_find("/api/v1/nothing", 0) && !route_find("/api/v1/attach", 0));
	CHECK(asset_find("index.html") && asset_find("app.js") && asset_find("app.css"));
	CHECK(asset_find("flame-standalone.html") && !asset_find("../etc/passwd"));
}
