/* serve/http.c: what may be asked, and by whom: everything of the layer that needs no sockets. */
#include "serve/http.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "core/json.h"

enum { NUMBER_DIGITS_MAX = 16 }; /* up to 2^53, which JSON carries exactly */

mf_http_reply
mf_http_reply_new(void)
{
    return (mf_http_reply){.fd = -1};
}

void
mf_http_reply_free(mf_http_reply *r)
{
    mf_str_free(&r->text);
    if (r->fd >= 0)
        close(r->fd);
    *r = mf_http_reply_new();
}

void
mf_http_refuse(mf_http_reply *r, int status, const char *sentence)
{
    mf_json_out j;

    mf_http_reply_free(r);
    r->status = status;
    j         = mf_json_begin(&r->text, 0);
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "error", sentence);
    mf_json_close(&j, '}');
}

mf_http_opts
mf_http_opts_default(void)
{
    return (mf_http_opts){.threads = 4, .connections = 256, .held_max = (size_t)64 << 20};
}

static void
allow_host(mf_http_opts *o, const char *host)
{
    size_t i, n = strlen(host);

    for (i = 0; i < MF_HTTP_HOSTS_MAX; i++) {
        if (o->hosts[i][0] == '\0') {
            memcpy(o->hosts[i], host, n + 1);
            return;
        }
    }
}

mf_status
mf_http_allow(mf_http_opts *o, const mf_address *a, const char *url, mf_err *err)
{
    char host[MF_HOST_MAX], name[MF_HOST_MAX];

    if (*url != '\0') {
        if (!mf_host_of_url(host, url))
            return mf_fail(err, MF_E_USAGE, "expected an address such as https://faces.example, not '%.100s'", url);
        allow_host(o, host);
    }
    if (mf_address_is_loopback(a)) {
        allow_host(o, "localhost");
        allow_host(o, "127.0.0.1");
        allow_host(o, "::1");
    }
    if (mf_address_is_any(a)) {
        o->any_ip = true;
        allow_host(o, "localhost");
        if (gethostname(name, sizeof name) == 0) {
            name[sizeof name - 1] = '\0';
            if (mf_host_split(host, name))
                allow_host(o, host);
        }
    } else {
        allow_host(o, a->host);
    }
    return MF_OK;
}

int
mf_http_status(mf_status st)
{
    switch (st) {
    case MF_OK:            return 200;
    case MF_E_ARG:
    case MF_E_FORMAT:
    case MF_E_USAGE:       return 400;
    case MF_E_NOTFOUND:    return 404;
    case MF_E_STATE:       return 409;
    case MF_E_LIMIT:       return 413;
    case MF_E_UNSUPPORTED: return 415;
    case MF_E_NOMEM:
    case MF_E_IO:          return 503;
    case MF_E_NUMERIC:
    case MF_E_CANCELLED:
    case MF_E_INTERNAL:    break;
    }
    return 500;
}

const char *const (*mf_http_headers(size_t *n))[2]
{
    /* The pages load their own files, pictures that they fetched with the token (blob:), and nothing else. */
    static const char *const all[][2] = {
        {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
                                    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
        {"Server", "maskfer"},
    };

    *n = sizeof all / sizeof all[0];
    return all;
}

static bool
host_allowed(const mf_http_opts *o, const char *host)
{
    size_t i;

    if (o->any_ip && mf_host_is_ip(host))
        return true;
    for (i = 0; i < MF_HTTP_HOSTS_MAX && o->hosts[i][0] != '\0'; i++)
        if (mf_str_eq(host, o->hosts[i]))
            return true;
    return false;
}

/* Whether `path` is that of the route; *number is what stood for '#'. */
static bool
path_matches(const char *route, const char *path, uint64_t *number)
{
    size_t      n = strlen(route), i;
    const char *digits;

    if (n == 0 || route[n - 1] != '#')
        return mf_str_eq(route, path);
    if (strncmp(route, path, n - 1) != 0)
        return false;
    digits  = path + n - 1;
    *number = 0;
    for (i = 0; digits[i] >= '0' && digits[i] <= '9' && i < NUMBER_DIGITS_MAX; i++)
        *number = *number * 10 + (uint64_t)(digits[i] - '0');
    return i > 0 && digits[i] == '\0';
}

static const mf_http_route *
find_route(const mf_http_opts *o, mf_http_request *in, mf_http_reply *out)
{
    const mf_http_route *r;
    const char          *allow  = NULL;
    const char          *method = mf_str_eq(in->method, "HEAD") ? "GET" : in->method;

    for (r = o->routes; r != NULL && r->path != NULL; r++) {
        if (!path_matches(r->path, in->path, &in->number))
            continue;
        if (mf_str_eq(r->method, method))
            return r;
        allow = mf_str_eq(r->method, "GET") ? "GET, HEAD" : "POST";
    }
    if (allow == NULL) {
        mf_http_refuse(out, 404, "there is nothing at this address");
    } else {
        mf_http_refuse(out, 405, "this address takes another method");
        out->allow = allow;
    }
    return NULL;
}

/* "application/json; charset=utf-8" is of the type "application/json". */
static bool
is_of_type(const char *header, const char *type)
{
    size_t n = strlen(type);

    return header != NULL && strncasecmp(header, type, n) == 0 && (header[n] == '\0' || header[n] == ';' || header[n] == ' ');
}

const mf_http_route *
mf_http_admit(const mf_http_opts *o, mf_http_request *in, mf_http_reply *out)
{
    const mf_http_route *route;
    char                 host[MF_HOST_MAX], from[MF_HOST_MAX];

    if (in->host == NULL || !mf_host_split(host, in->host)) {
        mf_http_refuse(out, 400, "the request does not say which host it wants");
        return NULL;
    }
    if (!host_allowed(o, host)) {
        mf_http_refuse(out, 421, "this server does not answer to that name");
        return NULL;
    }
    if (in->origin != NULL && !(mf_host_of_url(from, in->origin) && mf_str_eq(from, host))) {
        mf_http_refuse(out, 403, "requests from the pages of another site are not answered");
        return NULL;
    }
    if (strlen(in->path) > MF_HTTP_PATH_MAX) {
        mf_http_refuse(out, 414, "the address is too long");
        return NULL;
    }
    if ((route = find_route(o, in, out)) == NULL)
        return NULL;
    if (in->length > route->body_max || in->body_size > route->body_max) {
        mf_http_refuse(out, 413, "the body is larger than this address takes");
        return NULL;
    }
    if (route->body_max > 0 && route->body_type != NULL && !is_of_type(in->type, route->body_type)) {
        mf_http_refuse(out, 415, "the body is of another media type than this address takes");
        return NULL;
    }
    return route;
}

void
mf_http_answer(const mf_http_opts *o, mf_http_request *in, mf_http_reply *out)
{
    const mf_http_route *route = mf_http_admit(o, in, out);
    mf_err               err   = {0};
    mf_status            st;
    int                  status;

    if (route == NULL)
        return;
    st = route->run(o->app, in, out, &err);
    if (st == MF_OK && out->text.oom)
        st = mf_str_ok(&out->text, &err);
    if (st == MF_OK)
        return;
    status = mf_http_status(st);
    if (status >= 500)
        mf_logf(&o->log, MF_LOG_WARN, "%s %s: %s", in->method, route->path, err.msg);
    /* What went wrong inside may name files of this machine: that is for its operator. */
    mf_http_refuse(out, status, status < 500 ? err.msg : status == 503 ? "the server cannot do it at the moment"
                                                                       : "the server failed");
}
