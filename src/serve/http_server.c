/* serve/http_server.c: the layer on sockets; the only file that sees libmicrohttpd. One exchange is one request and its
 * answer; it belongs to the connection's thread. */
#include "serve/http.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "core/mem.h"

#if MF_HAVE_MICROHTTPD
#include <microhttpd.h>

enum { IDLE_SECONDS = 30, HEAD_BYTES_MAX = 32 << 10, BODY_FIRST = 4096 };

struct mf_http_server {
    mf_http_opts       opts;
    struct MHD_Daemon *daemon;
    _Atomic size_t     held; /* bytes of bodies in memory */
};

typedef struct exchange {
    mf_http_server      *server;
    const mf_http_route *route; /* NULL: refused at its head */
    mf_http_request      in;
    uint8_t             *body;
    size_t               size, cap, drained;
    bool                 hosts_twice, too_large, no_room;
} exchange;

/* ---- request ---- */

static enum MHD_Result
on_header(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
    exchange *x = arg;

    (void)kind;
    if (value == NULL)
        return MHD_YES;
    if (strcasecmp(key, "Host") == 0) {
        x->hosts_twice = x->in.host != NULL;
        x->in.host     = value;
    } else if (strcasecmp(key, "Origin") == 0) {
        x->in.origin = value;
    } else if (strcasecmp(key, "Content-Type") == 0) {
        x->in.type = value;
    } else if (strcasecmp(key, "Authorization") == 0) {
        x->in.authorization = value;
    } else if (strcasecmp(key, "Content-Length") == 0) {
        int64_t n = 0;

        /* libmicrohttpd has refused what is no number. */
        x->in.length = mf_parse_i64(&n, value, 0, INT64_MAX, NULL) == MF_OK ? (uint64_t)n : UINT64_MAX;
    }
    return MHD_YES;
}

static void
read_head(exchange *x, struct MHD_Connection *c, const char *url, const char *method)
{
    x->in = (mf_http_request){.method = method, .path = url};
    MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, x);
    if (x->hosts_twice)
        x->in.host = NULL;
    x->hosts_twice = false;
}

/* Room for n more bytes and a NUL, counted against all bodies of the server. */
static bool
body_room(exchange *x, size_t n)
{
    mf_http_server *s   = x->server;
    size_t          cap = x->cap != 0 ? x->cap : BODY_FIRST;
    uint8_t        *grown;

    while (cap < x->size + n + 1)
        cap *= 2;
    if (cap == x->cap)
        return true;
    if (atomic_fetch_add(&s->held, cap - x->cap) + (cap - x->cap) > s->opts.held_max ||
        (grown = mf_realloc(x->body, cap, 1)) == NULL) {
        atomic_fetch_sub(&s->held, cap - x->cap);
        return false;
    }
    x->body = grown;
    x->cap  = cap;
    return true;
}

/* A part of the body. False: end the connection. */
static bool
take_body(exchange *x, const char *data, size_t n)
{
    if (!x->too_large && n > x->route->body_max - x->size)
        x->too_large = true; /* its length was not announced */
    if (!x->too_large && !x->no_room && !body_room(x, n))
        x->no_room = true;
    if (x->too_large || x->no_room) {
        x->drained += n;
        return x->drained <= x->route->body_max;
    }
    memcpy(x->body + x->size, data, n);
    x->size += n;
    x->body[x->size] = '\0';
    return true;
}

/* ---- reply ---- */

static void
free_text(void *text)
{
    mf_free(text);
}

static struct MHD_Response *
make_response(mf_http_reply *r)
{
    struct MHD_Response *out;

    if (r->fd >= 0) {
        if ((out = MHD_create_response_from_fd64(r->fd_size, r->fd)) != NULL)
            r->fd = -1; /* now libmicrohttpd's */
        return out;
    }
    if (r->fixed != NULL) /* lent for as long as the server runs; the interface takes no const */
        return MHD_create_response_from_buffer(r->fixed_size, (void *)(uintptr_t)r->fixed, MHD_RESPMEM_PERSISTENT);
    out = MHD_create_response_from_buffer_with_free_callback(r->text.len, r->text.data, free_text);
    if (out != NULL)
        r->text = (mf_str){0};
    return out;
}

static enum MHD_Result
send_reply(struct MHD_Connection *c, mf_http_reply *r)
{
    struct MHD_Response     *out = make_response(r);
    const char *const (*headers)[2];
    enum MHD_Result          sent;
    size_t                   i, n;

    if (out == NULL) {
        mf_http_reply_free(r);
        return MHD_NO;
    }
    headers = mf_http_headers(&n);
    for (i = 0; i < n; i++)
        MHD_add_response_header(out, headers[i][0], headers[i][1]);
    MHD_add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, r->type != NULL ? r->type : "application/json");
    if (r->allow != NULL)
        MHD_add_response_header(out, MHD_HTTP_HEADER_ALLOW, r->allow);
    if (r->status == 401)
        MHD_add_response_header(out, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    sent = MHD_queue_response(c, r->status != 0 ? (unsigned)r->status : MHD_HTTP_OK, out);
    MHD_destroy_response(out);
    mf_http_reply_free(r);
    return sent;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *data,
           size_t *size, void **state)
{
    mf_http_server *s     = arg;
    exchange       *x     = *state;
    mf_http_reply   reply = mf_http_reply_new();

    (void)version;
    if (x == NULL) {
        if ((x = mf_calloc(1, sizeof *x)) == NULL)
            return MHD_NO;
        *state    = x;
        x->server = s;
        read_head(x, c, url, method);
        x->route = mf_http_admit(&s->opts, &x->in, &reply);
        return x->route == NULL ? send_reply(c, &reply) : MHD_YES;
    }
    if (*size != 0) {
        size_t n = *size;

        *size = 0;
        return x->route != NULL && take_body(x, data, n) ? MHD_YES : MHD_NO;
    }
    read_head(x, c, url, method);
    x->in.length    = 0; /* it has come */
    x->in.body      = x->body != NULL ? x->body : (const uint8_t *)"";
    x->in.body_size = x->size;
    if (x->too_large)
        mf_http_refuse(&reply, 413, "the body is larger than this address takes");
    else if (x->no_room)
        mf_http_refuse(&reply, 503, "the server is busy with others");
    else
        mf_http_answer(&s->opts, &x->in, &reply);
    return send_reply(c, &reply);
}

static void
on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
    exchange *x = *state;

    (void)arg;
    (void)c;
    (void)why;
    if (x == NULL)
        return;
    atomic_fetch_sub(&x->server->held, x->cap);
    mf_free(x->body);
    mf_free(x);
    *state = NULL;
}

static void __attribute__((format(printf, 2, 0)))
on_message(void *arg, const char *fmt, va_list ap)
{
    mf_http_server *s = arg;
    char            text[512];
    int             n = vsnprintf(text, sizeof text, fmt, ap);

    while (n > 0 && (size_t)n < sizeof text && text[n - 1] == '\n')
        text[--n] = '\0';
    mf_logf(&s->opts.log, MF_LOG_DEBUG, "HTTP: %s", text);
}

/* ---- server ---- */

mf_status
mf_http_open(mf_http_server **out, int fd, const mf_http_opts *o, mf_err *err)
{
    mf_http_server *s = mf_calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL) {
        close(fd);
        return mf_oom(err, sizeof *s, "an HTTP server");
    }
    s->opts   = *o;
    s->daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_message,
        s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES_MAX,
        MHD_OPTION_THREAD_POOL_SIZE, o->threads > 1 ? (unsigned)o->threads : 0u, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
    if (s->daemon == NULL) {
        close(fd);
        mf_free(s);
        return mf_fail(err, MF_E_INTERNAL, "the HTTP server cannot start its threads");
    }
    *out = s;
    return MF_OK;
}

void
mf_http_close(mf_http_server *s)
{
    int fd;

    if (s == NULL)
        return;
    /* No new connection from here on; the socket is given back by this call. */
    if ((fd = MHD_quiesce_daemon(s->daemon)) >= 0)
        close(fd);
    MHD_stop_daemon(s->daemon);
    mf_free(s);
}

#else

mf_status
mf_http_open(mf_http_server **out, int fd, const mf_http_opts *o, mf_err *err)
{
    (void)o;
    *out = NULL;
    close(fd);
    return mf_fail(err, MF_E_UNSUPPORTED, "this build has no HTTP server: install libmicrohttpd-dev and build maskfer again");
}

void
mf_http_close(mf_http_server *s)
{
    (void)s;
}

#endif
