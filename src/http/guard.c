/* guard.c - see guard.h */
#include "http/guard.h"

#include "base/alloc.h"
#include "base/err.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void to_hex(char *out, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void guard_make_token(char token[33])
{
	unsigned char bytes[16];

	if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) < 0)
		BUG("no random numbers");
	to_hex(token, bytes, sizeof(bytes));
}

void guard_init(struct guard *g, const char *token, unsigned port, bool tls)
{
	static const char salt[] = "pystrobe cookie";
	unsigned char digest[GUARD_COOKIE_HEX / 2];

	memset(g, 0, sizeof(*g));
	g->scheme = tls ? "https" : "http";
	snprintf(g->cookie_name, sizeof(g->cookie_name), "pystrobe_%u", port);
	guard_add_host(g, "localhost");
	if (!token)
		return;
	g->token = xstrdup(token);
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, token, strlen(token), salt, sizeof(salt),
		    digest) < 0)
		BUG("no SHA-256");
	to_hex(g->cookie, digest, sizeof(digest));
}

void guard_release(struct guard *g)
{
	for (size_t i = 0; i < g->n_hosts; i++)
		free(g->hosts[i]);
	free(g->hosts);
	free(g->token);
	memset(g, 0, sizeof(*g));
}

void guard_add_host(struct guard *g, const char *host)
{
	g->hosts = xreallocarray(g->hosts, g->n_hosts + 1, sizeof(*g->hosts));
	g->hosts[g->n_hosts++] = xstrdup(host);
}

/* Length of "name" in "name:port" or "[::1]:port"; *name is moved past a bracket. */
static size_t host_name(const char **name)
{
	if (**name == '[') {
		(*name)++;
		return strcspn(*name, "]");
	}
	return strcspn(*name, ":");
}

static bool host_is_ours(const struct guard *g, const char *host)
{
	unsigned char address[16];
	char name[256];
	size_t len;

	if (!host)
		return false;
	len = host_name(&host);
	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (inet_pton(AF_INET, name, address) == 1 ||
		inet_pton(AF_INET6, name, address) == 1)
		return true;
	for (size_t i = 0; i < g->n_hosts; i++)
		if (!strcasecmp(name, g->hosts[i]))
			return true;
	return len > 10 && !strcasecmp(name + len - 10, ".localhost");
}

/* "https://host:port" of this very request. */
static bool origin_is_ours(const struct guard *g, const char *origin, const char *host)
{
	size_t n = strlen(g->scheme);

	return !strncasecmp(origin, g->scheme, n) && !strncmp(origin + n, "://", 3) &&
	       !strcasecmp(origin + n + 3, host);
}

/* Takes as long for a wrong text as for a right one of the same length. */
static bool same_secret(const char *a, size_t len, const char *secret)
{
	return len == strlen(secret) && gnutls_memcmp(a, secret, len) == 0;
}

static bool cookie_is_ours(const struct guard *g, const char *cookies)
{
	size_t n = strlen(g->cookie_name);

	for (const char *s = cookies; s && *s;) {
		s += strspn(s, "; ");
		if (!strncmp(s, g->cookie_name, n) && s[n] == '=' &&
			same_secret(s + n + 1, strcspn(s + n + 1, "; "), g->cookie))
			return true;
		s += strcspn(s, ";");
	}
	return false;
}

static bool bearer_is_ours(const struct guard *g, const char *authorization)
{
	return authorization && !strncasecmp(authorization, "Bearer ", 7) &&
	       same_secret(authorization + 7, strlen(authorization + 7), g->token);
}

enum guard_verdict guard_check(const struct guard *g, const struct guard_headers *h)
{
	if (!host_is_ours(g, h->host))
		return GUARD_WRONG_HOST;
	if (h->origin && !origin_is_ours(g, h->origin, h->host))
		return GUARD_CROSS_SITE;
	if (h->fetch_site && strcmp(h->fetch_site, "same-origin") &&
		strcmp(h->fetch_site, "none") && (h->is_post || !h->wants_page))
		return GUARD_CROSS_SITE;
	if (g->token && !cookie_is_ours(g, h->cookie) &&
		!bearer_is_ours(g, h->authorization)) {
		if (!h->token || !same_secret(h->token, strlen(h->token), g->token))
			return GUARD_NEEDS_TOKEN;
		if (h->wants_page && !h->is_post)
			return GUARD_SET_COOKIE;
	} else if (h->token && h->wants_page && !h->is_post) {
		return GUARD_SET_COOKIE; /* takes the token out of the address bar */
	}
	if (h->is_post && (!h->content_type ||
				  strncasecmp(h->content_type, "application/json", 16)))
		return GUARD_WRONG_TYPE;
	return GUARD_OK;
}

static const struct {
	const char *text, *cure;
} words[] = {
	[GUARD_WRONG_HOST] = { "this server does not answer to that host name",
		"use its address, or name the host when starting it: --host NAME" },
	[GUARD_CROSS_SITE] = { "a page of another site may not ask this server", "" },
	[GUARD_NEEDS_TOKEN] = { "this server wants its token",
		"open the link that it printed when it started, or send "
		"\"Authorization: Bearer TOKEN\"" },
	[GUARD_WRONG_TYPE] = { "a change is asked for as JSON",
		"send \"Content-Type: application/json\"" },
	[GUARD_SET_COOKIE] = { "", "" },
};

const char *guard_text(enum guard_verdict v)
{
	return words[v].text;
}

const char *guard_cure(enum guard_verdict v)
{
	return words[v].cure;
}
