/*
 * conn.h - one HTTP request as libmicrohttpd hands it over: checks it, finds who answers,
 * waits without holding a thread, sends the answer.
 *
 *	begin -> guard -> asset                                      at once
 *	               -> route -> pool -> (suspended) -> answer     one buffer
 *	                              `-> stream -> reader callback  any length
 *	               -> live -> reader callback                    for ever
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <microhttpd.h>

/* libmicrohttpd's callbacks; cls is the struct http_server. */
void *conn_begin(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result conn_handle(void *cls, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **conn);
void conn_completed(void *cls, struct MHD_Connection *mhd, void **conn,
	enum MHD_RequestTerminationCode why);

#endif
