/* server.c - see server.h */
#include "http/server.h"

#include "base/alloc.h"
#include "base/file.h"
#include "http/conn.h"
#include "http/server_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MAX_CONNECTIONS = 400,
	MAX_HEADERS = 64 << 10, /* bytes of request line, headers and buffers */
	IDLE_SECONDS = 60,
	BACKLOG = 64,
	MAX_PEM = 1 << 20,
};

/* ---- the address ------------------------------------------------------------------ */

/* Splits "host:port", "[v6]:port", ":port" or "port". */
static int split_listen(
	const char *listen, char *host, size_t size, const char **port, struct err *err)
{
	const char *colon = strrchr(listen, ':'), *name = listen;
	size_t len = colon ? (size_t)(colon - listen) : 0;

	*port = colon ? colon + 1 : listen;
	if (len > 1 && name[0] == '[' && name[len - 1] == ']') {
		name++;
		len -= 2;
	}
	if (len == 0) {
		name = "127.0.0.1";
		len = strlen(name);
	}
	if (len >= size || !**port || strspn(*port, "0123456789") != strlen(*port)) {
		err_set(err, ERR_USAGE, "cannot listen on '%s'", listen);
		return err_hint(err, "give ADDRESS:PORT, for example 127.0.0.1:16384");
	}
	memcpy(host, name, len);
	host[len] = '\0';
	return 0;
}

static int bind_socket(const struct addrinfo *a, const char *listen_on, struct err *err)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, cause;

	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	cause = errno;
	close(fd);
	err_sys(err, cause, "cannot listen on %s", listen_on);
	if (cause == EADDRINUSE) {
		err->code = ERR_BUSY;
		err_hint(err,
			"another program has that port: --listen ADDRESS:PORT, port "
			"0 takes a free one");
	}
	return -1;
}

static bool is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)a)
				       ->sin_addr.s_addr) >>
			       24 ==
		       127;
	return a->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		       &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

static int open_socket(struct http_server *s, const char *listen_on, char *host,
	size_t size, bool *loopback, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	struct sockaddr_in6 bound = { 0 }; /* its port lies where sockaddr_in has it */
	socklen_t len = sizeof(bound);
	const char *port;
	int code, ret = -1;

	if (split_listen(listen_on, host, size, &port, err) < 0)
		return -1;
	code = getaddrinfo(host, port, &hints, &found);
	if (code) {
		err_set(err, ERR_USAGE, "cannot listen on %s: %s", listen_on,
			gai_strerror(code));
		goto out;
	}
	s->fd = bind_socket(found, listen_on, err);
	if (s->fd < 0)
		goto out;
	*loopback = is_loopback(found->ai_addr);
	if (getsockname(s->fd, (struct sockaddr *)&bound, &len) < 0) {
		err_sys(err, errno, "cannot tell the port");
		goto out;
	}
	s->port = ntohs(bound.sin6_port);
	ret = 0;
out:
	if (found)
		freeaddrinfo(found);
	return ret;
}

/* ---- start ------------------------------------------------------------------------ */

static char *read_pem(const char *path, struct err *err)
{
	struct buf b = BUF_INIT;

	if (file_read(&b, AT_FDCWD, path, MAX_PEM, err) < 0) {
		buf_release(&b);
		return NULL;
	}
	return buf_detach(&b, &(size_t){ 0 });
}

static int read_certificate(
	struct http_server *s, const struct http_options *o, struct err *err)
{
	if (!o->cert && !o->key)
		return 0;
	if (!o->cert || !o->key)
		return err_set(
			err, ERR_USAGE, "TLS needs both a certificate and its key");
	s->cert = read_pem(o->cert, err);
	s->key = s->cert ? read_pem(o->key, err) : NULL;
	return s->key ? 0 : -1;
}

static void set_up_guard(struct http_server *s, const struct http_options *o,
	const char *host, bool loopback)
{
	char made[33], name[256] = "";
	const char *token = o->token && *o->token ? o->token : NULL;
	bool any = !strcmp(host, "0.0.0.0") || !strcmp(host, "::");

	if (!token && !loopback) {
		guard_make_token(made);
		token = made;
	}
	guard_init(&s->guard, token, s->port, s->cert != NULL);
	guard_add_host(&s->guard, host);
	for (size_t i = 0; o->hosts && o->hosts[i]; i++)
		guard_add_host(&s->guard, o->hosts[i]);
	if (!loopback && gethostname(name, sizeof(name) - 1) == 0)
		guard_add_host(&s->guard, name);
	s->url = xasprintf(
		strchr(host, ':') && !any ? "%s://[%s]:%u/%s%s" : "%s://%s:%u/%s%s",
		s->guard.scheme, any && name[0] ? name : host, s->port,
		token ? "?token=" : "", token ? token : "");
}

static int start_daemon(struct http_server *s, struct err *err)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ITC | (s->cert ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, s->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, s->key },
		{ MHD_OPTION_END, 0, NULL },
	};

	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, conn_handle, s,
		MHD_OPTION_LISTEN_SOCKET, s->fd, MHD_OPTION_URI_LOG_CALLBACK, conn_begin,
		s, MHD_OPTION_NOTIFY_COMPLETED, conn_completed, s,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MAX_HEADERS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_ARRAY,
		s->cert ? tls : &tls[2], MHD_OPTION_END);
	if (!s->daemon)
		return err_set(err, ERR_FAILED, "cannot start the HTTP server%s",
			s->cert ? ": is the certificate sound, and the key its own?"
				: "");
	s->fd = -1; /* the daemon closes it */
	return 0;
}

struct http_server *http_server_start(const struct http_options *opt, struct err *err)
{
	struct http_server *s = xcalloc(1, sizeof(*s));
	char host[256];
	bool loopback = false;

	s->fd = -1;
	s->source = opt->source;
	s->control = opt->control;
	s->title = xstrdup(opt->title ? opt->title : "");
	s->source_files = opt->source_files;
	s->utc = opt->utc;
	if (read_certificate(s, opt, err) < 0 ||
		open_socket(s, opt->listen ? opt->listen : HTTP_DEFAULT_LISTEN, host,
			sizeof(host), &loopback, err) < 0)
		goto fail;
	set_up_guard(s, opt, host, loopback);
	asset_set_init(&s->assets);
	pool_start(&s->pool, s->source);
	live_start(&s->live, s->source);
	s->pool_started = true;
	if (start_daemon(s, err) < 0)
		goto fail;
	return s;
fail:
	http_server_stop(s);
	return NULL;
}

void http_server_stop(struct http_server *s)
{
	MHD_socket listening;

	if (!s)
		return;
	if (s->daemon) {
		listening = MHD_quiesce_daemon(s->daemon);
		if (listening >= 0)
			close(listening);
	}
	if (s->pool_started) {
		live_stop(&s->live);
		pool_stop(&s->pool);
	}
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	if (s->fd >= 0)
		close(s->fd);
	asset_set_release(&s->assets);
	guard_release(&s->guard);
	free(s->title);
	free(s->cert);
	free(s->key);
	free(s->url);
	free(s);
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

const char *http_server_url(const struct http_server *s)
{
	return s->url;
}

void http_server_stats(struct http_server *s, struct http_stats *out)
{
	*out = (struct http_stats){
		.n_requests = atomic_load(&s->n_requests),
		.n_refused = atomic_load(&s->n_refused),
		.n_errors = atomic_load(&s->n_errors),
	};
	pthread_mutex_lock(&s->pool.lock);
	out->n_queries = s->pool.n_run;
	out->n_cache_hits = s->pool.n_hits;
	pthread_mutex_unlock(&s->pool.lock);
	pthread_mutex_lock(&s->live.lock);
	out->n_live = (uint32_t)s->live.n_clients;
	pthread_mutex_unlock(&s->live.lock);
}
