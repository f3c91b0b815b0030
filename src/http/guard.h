/*
 * guard.h - who may ask: the token, and protection from pages of other sites.
 *
 * - Host must be an IP address, localhost, or a name that was configured: a name that an
 *   attacker points at this machine (DNS rebinding) is refused.
 * - Origin, when sent, must be this very server; Sec-Fetch-Site must not be cross-site
 *   except for opening the page. Requests that change something also need a JSON type.
 * - With a token: "Authorization: Bearer TOKEN", ?token=TOKEN, or the cookie that opening
 *   the page with ?token=TOKEN once leaves. The cookie holds a digest of the token.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum { GUARD_COOKIE_HEX = 64 };

struct guard {
	char *token; /* NULL: none wanted */
	char cookie_name[32];
	char cookie[GUARD_COOKIE_HEX + 1];
	const char *scheme; /* "http" or "https" */
	char **hosts;       /* names besides localhost and addresses */
	size_t n_hosts;
};

struct guard_headers {
	const char *host, *origin, *fetch_site, *authorization, *cookie, *content_type;
	const char *token; /* of the query */
	bool is_post, wants_page;
};

enum guard_verdict {
	GUARD_OK,
	GUARD_SET_COOKIE,  /* a page opened by its link: redirect with the cookie */
	GUARD_WRONG_HOST,  /* 421 */
	GUARD_CROSS_SITE,  /* 403 */
	GUARD_NEEDS_TOKEN, /* 401 */
	GUARD_WRONG_TYPE,  /* 415 */
};

/* token may be NULL. Copies. */
void guard_init(struct guard *g, const char *token, unsigned port, bool tls);
void guard_release(struct guard *g);
void guard_add_host(struct guard *g, const char *host);
enum guard_verdict guard_check(const struct guard *g, const struct guard_headers *h);
/* A sentence about a refusal, and what cures it. */
const char *guard_text(enum guard_verdict v);
const char *guard_cure(enum guard_verdict v);
/* 32 random hex digits and a NUL. */
void guard_make_token(char token[33]);

#endif
