/* serve/http.h: a small HTTP layer: routes, limits, errors as JSON. Annotating and recognising stand on it.
 *
 * A route's function fills a reply or fails; a failure becomes a status (see mf_http_status) and {"error": "sentence"}.
 * Before it runs, the layer has refused what does not name this server in its Host header (a name bound anew by a
 * hostile page), what comes from another site's page (Origin), unknown paths and methods, bodies past the route's limit
 * and of another media type. Paths never become file names: the only variable part of a route is a number.
 *
 * Routes and `app` are called from several threads at once. */
#ifndef MF_SERVE_HTTP_H
#define MF_SERVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "core/str.h"
#include "serve/address.h"

enum { MF_HTTP_PATH_MAX = 1024, MF_HTTP_HOSTS_MAX = 8 };

/* All text is lent for the call; a header that is not there is NULL. */
typedef struct mf_http_request {
    const char    *method, *path; /* path: decoded, without the query */
    const char    *host, *origin, *type, *authorization;
    uint64_t       length;        /* announced size of the body, 0 if none is announced */
    const uint8_t *body;          /* NUL after its end */
    size_t         body_size;
    uint64_t       number;        /* what stood for the route's '#' */
} mf_http_request;

/* What is sent back: `text`, or `fixed` if not NULL, or the file if fd >= 0. */
typedef struct mf_http_reply {
    int         status;     /* 0 means 200 */
    const char *type;       /* media type; NULL means application/json */
    mf_str      text;       /* owned */
    const void *fixed;      /* lent, for as long as the server runs */
    size_t      fixed_size;
    int         fd;         /* owned; -1 none */
    uint64_t    fd_size;
    const char *allow;      /* methods of the path, with 405 */
} mf_http_reply;

mf_http_reply mf_http_reply_new(void);
void          mf_http_reply_free(mf_http_reply *r);
/* Replace whatever the reply holds by {"error": sentence}. */
void mf_http_refuse(mf_http_reply *r, int status, const char *sentence);

typedef mf_status mf_http_fn(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err);

typedef struct mf_http_route {
    const char *method;   /* "GET" (answers HEAD too) or "POST" */
    const char *path;     /* "/api/picture/#": '#' at the end is a decimal number of at most 16 digits */
    size_t      body_max; /* bytes; 0: no body */
    const char *body_type; /* the media type that a body must have; NULL any */
    mf_http_fn *run;
} mf_http_route;

typedef struct mf_http_opts {
    const mf_http_route *routes; /* ended by one without a path */
    void                *app;
    char hosts[MF_HTTP_HOSTS_MAX][MF_HOST_MAX]; /* lower case: names that Host may hold; unused ones "" */
    bool   any_ip;      /* a numeric address will do too: no hostile name can be bound to that */
    int    threads;     /* that answer, 1 to 64 */
    int    connections; /* at the same time */
    size_t held_max;    /* bytes of bodies that have not been answered yet, over all connections */
    mf_log log;         /* why an answer was 5xx; called from any thread */
} mf_http_opts;
mf_http_opts mf_http_opts_default(void); /* no routes, no names, 4 threads, 256 connections, 64 MiB */
/* Allow the names by which `a` is reached, and the host of `url` ("" for none). MF_E_USAGE: no such URL. */
mf_status mf_http_allow(mf_http_opts *o, const mf_address *a, const char *url, mf_err *err);

/* The status for a failure: 400 ARG, FORMAT, USAGE; 404 NOTFOUND; 409 STATE; 413 LIMIT; 415 UNSUPPORTED; 503 NOMEM, IO;
 * else 500. */
int mf_http_status(mf_status st);

/* What the head of a request allows: its route, or NULL with the refusal in *out. Sets in->number. */
const mf_http_route *mf_http_admit(const mf_http_opts *o, mf_http_request *in, mf_http_reply *out);
/* Answer a complete request: admit it, run its route, turn a failure into a reply. */
void mf_http_answer(const mf_http_opts *o, mf_http_request *in, mf_http_reply *out);

/* Headers that every reply carries; n of them as {name, value}. Lends. */
const char *const (*mf_http_headers(size_t *n))[2];

typedef struct mf_http_server mf_http_server;
/* Serve on the listening socket `fd`, which it takes, also when it fails. *o is copied, what it points to is lent.
 * MF_E_UNSUPPORTED: built without libmicrohttpd. */
mf_status mf_http_open(mf_http_server **out, int fd, const mf_http_opts *o, mf_err *err);
/* Finish what is being answered, close all connections. Takes NULL. */
void mf_http_close(mf_http_server *s);

#endif
