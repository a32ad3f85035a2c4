/* The HTTP layer without sockets: addresses, whose requests are answered, what becomes of failures. */
#include "support.h"

#include <string.h>
#include <unistd.h>

#include "serve/http.h"

static void
addresses(void **state)
{
    static const char *const bad[] = {"", "abc", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
                                      ":80", "[::1:80", "[::1]", "[]:80", "a b:80", "host/path:80", "1.2.3.4:80:90", "123456",
                                      "user@host:80"};
    mf_address a;
    mf_err     err = {0};
    size_t     i;

    (void)state;
    assert_mf_ok(mf_address_parse(&a, "127.0.0.1:8077", &err), &err);
    assert_string_equal(a.host, "127.0.0.1");
    assert_int_equal(a.port, 8077);
    assert_true(mf_address_is_loopback(&a));
    assert_mf_ok(mf_address_parse(&a, "[::1]:0", &err), &err);
    assert_string_equal(a.host, "::1");
    assert_true(mf_address_is_loopback(&a));
    assert_mf_ok(mf_address_parse(&a, "8080", &err), &err);
    assert_string_equal(a.host, "127.0.0.1");
    assert_mf_ok(mf_address_parse(&a, "Lab.Example:80", &err), &err);
    assert_string_equal(a.host, "lab.example");
    assert_false(mf_address_is_loopback(&a));
    assert_mf_ok(mf_address_parse(&a, "127.evil.example:80", &err), &err);
    assert_false(mf_address_is_loopback(&a));
    assert_mf_ok(mf_address_parse(&a, "0.0.0.0:80", &err), &err);
    assert_true(mf_address_is_any(&a));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_mf_fails(mf_address_parse(&a, bad[i], &err), MF_E_USAGE, &err, "expected ADDRESS:PORT");
    }
}

static void
listening(void **state)
{
    mf_address a;
    mf_err     err = {0};
    mf_str     url = {0};
    int        fd, again, port, port2;
    char       want[64];

    (void)state;
    assert_mf_ok(mf_address_parse(&a, "127.0.0.1:0", &err), &err);
    assert_mf_ok(mf_address_listen(&fd, &port, &a, &err), &err);
    assert_true(port > 0);
    mf_address_url(&url, &a, port);
    snprintf(want, sizeof want, "http://127.0.0.1:%d", port);
    assert_string_equal(mf_str_c(&url), want);
    a.port = port;
    assert_mf_fails(mf_address_listen(&again, &port2, &a, &err), MF_E_IO, &err, "another program does");
    close(fd);
    assert_mf_ok(mf_address_listen(&fd, &port2, &a, &err), &err);
    close(fd);
    snprintf(a.host, sizeof a.host, "192.0.2.1"); /* RFC 5737: nobody's */
    assert_mf_fails(mf_address_listen(&fd, &port2, &a, &err), MF_E_IO, &err, "cannot listen on 192.0.2.1");
    snprintf(a.host, sizeof a.host, "::1");
    mf_address_url(&url, &a, 80);
    assert_string_equal(mf_str_c(&url), "http://[::1]:80");
    mf_str_free(&url);
}

/* ---- requests ---- */

static mf_status
echo(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    int *calls = app;

    (void)err;
    ++*calls;
    mf_str_printf(&out->text, "%llu %.*s", (unsigned long long)in->number, (int)in->body_size, (const char *)in->body);
    return MF_OK;
}

static mf_status
fails(void *app, const mf_http_request *in, mf_http_reply *out, mf_err *err)
{
    (void)app;
    mf_str_add(&out->text, "half an answer");
    return in->number == 7 ? mf_fail(err, MF_E_IO, "/home/secret/path is broken") : mf_fail(err, MF_E_ARG, "no \"good\"");
}

static void
collect(void *arg, mf_log_level level, const char *text)
{
    assert_int_equal(level, MF_LOG_WARN);
    snprintf(arg, 256, "%s", text);
}

static const mf_http_route routes[] = {
    {"GET", "/", 0, NULL, echo},
    {"GET", "/n/#", 0, NULL, echo},
    {"POST", "/body", 8, "application/json", echo},
    {"POST", "/any", 8, NULL, echo},
    {"GET", "/bad/#", 0, NULL, fails},
    {NULL, NULL, 0, NULL, NULL},
};

typedef struct asked {
    mf_http_opts    opts;
    mf_http_request in;
    int             calls;
    char            logged[256];
} asked;

/* The status of the reply to a->in; checks that a refusal is JSON with a sentence and never runs the route. */
static int
status_of(asked *a, const char *want_text)
{
    mf_http_reply out    = mf_http_reply_new();
    int           before = a->calls, status;

    a->opts.app = &a->calls;
    mf_http_answer(&a->opts, &a->in, &out);
    status = out.status != 0 ? out.status : 200;
    if (status != 200) {
        assert_int_equal(a->calls, before);
        assert_true(mf_str_starts(mf_str_c(&out.text), "{\"error\": \""));
    }
    if (strstr(mf_str_c(&out.text), want_text) == NULL) {
        print_error("%s %s: \"%s\" lacks \"%s\"\n", a->in.method, a->in.path, mf_str_c(&out.text), want_text);
        fail();
    }
    mf_http_reply_free(&out);
    return status;
}

static asked
ask_for(const char *method, const char *path)
{
    asked      a = {.opts = mf_http_opts_default()};
    mf_address address;

    assert_mf_ok(mf_address_parse(&address, "127.0.0.1:80", NULL), NULL);
    assert_mf_ok(mf_http_allow(&a.opts, &address, "", NULL), NULL);
    a.opts.routes = routes;
    a.in          = (mf_http_request){.method = method, .path = path, .host = "localhost:9000", .body = (const uint8_t *)""};
    return a;
}

static int
get(const char *path, const char *want)
{
    asked a = ask_for("GET", path);

    return status_of(&a, want);
}

static void
routing(void **state)
{
    asked a;

    (void)state;
    assert_int_equal(get("/", "0 "), 200);
    assert_int_equal(get("/n/9007199254740991", "9007199254740991"), 200);
    assert_int_equal(get("/n/12345678901234567", ""), 404); /* 17 digits */
    assert_int_equal(get("/n/", ""), 404);
    assert_int_equal(get("/n/-1", ""), 404);
    assert_int_equal(get("/n/1/../2", ""), 404);
    assert_int_equal(get("/n/1x", ""), 404);
    assert_int_equal(get("/../etc/passwd", ""), 404);
    assert_int_equal(get("//", ""), 404);
    assert_int_equal(get("", ""), 404);
    a = ask_for("HEAD", "/");
    assert_int_equal(status_of(&a, ""), 200);
    a = ask_for("DELETE", "/");
    assert_int_equal(status_of(&a, "another method"), 405);
    a = ask_for("GET", "/body");
    assert_int_equal(status_of(&a, "another method"), 405);
}

static void
hosts(void **state)
{
    static const char *const no[] = {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost@evil", "", "a b",
                                     "192.168.0.4:80", "localhost:x", "localhost:80:80"};
    static const char *const yes[] = {"localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:80"};
    mf_address address;
    asked      a = ask_for("GET", "/");
    mf_err     err = {0};
    size_t     i;

    (void)state;
    for (i = 0; i < sizeof no / sizeof no[0]; i++) {
        a.in.host = no[i];
        assert_true(status_of(&a, "") >= 400);
    }
    for (i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        a.in.host = yes[i];
        assert_int_equal(status_of(&a, ""), 200);
    }
    a.in.host = NULL;
    assert_int_equal(status_of(&a, "host"), 400);
    /* On every network: any address, but names only as told. */
    a = ask_for("GET", "/");
    memset(a.opts.hosts, 0, sizeof a.opts.hosts);
    assert_mf_ok(mf_address_parse(&address, "0.0.0.0:80", &err), &err);
    assert_mf_ok(mf_http_allow(&a.opts, &address, "https://Faces.Example/", &err), &err);
    a.in.host = "192.168.0.4:80";
    assert_int_equal(status_of(&a, ""), 200);
    a.in.host = "faces.example";
    assert_int_equal(status_of(&a, ""), 200);
    a.in.host = "evil.example";
    assert_int_equal(status_of(&a, ""), 421);
    assert_mf_fails(mf_http_allow(&a.opts, &address, "faces.example", &err), MF_E_USAGE, &err, "https://");
}

static void
origins(void **state)
{
    asked a = ask_for("POST", "/any");

    (void)state;
    a.in.origin = "http://localhost:9000";
    assert_int_equal(status_of(&a, ""), 200);
    a.in.origin = "http://evil.example";
    assert_int_equal(status_of(&a, "another site"), 403);
    a.in.origin = "null";
    assert_int_equal(status_of(&a, "another site"), 403);
}

static void
bodies(void **state)
{
    asked a = ask_for("POST", "/body");

    (void)state;
    a.in.body = (const uint8_t *)"12345678";
    a.in.body_size = 8;
    assert_int_equal(status_of(&a, "media type"), 415);
    a.in.type = "text/plain";
    assert_int_equal(status_of(&a, "media type"), 415);
    a.in.type = "application/jsonp";
    assert_int_equal(status_of(&a, "media type"), 415);
    a.in.type = "Application/JSON; charset=utf-8";
    assert_int_equal(status_of(&a, "0 12345678"), 200);
    a.in.body_size = 9;
    assert_int_equal(status_of(&a, "larger"), 413);
    a.in.body_size = 0;
    a.in.length    = 9;
    assert_int_equal(status_of(&a, "larger"), 413);
    a           = ask_for("GET", "/");
    a.in.length = 1;
    assert_int_equal(status_of(&a, "larger"), 413);
}

static void
failures(void **state)
{
    asked a = ask_for("GET", "/bad/1");

    (void)state;
    a.opts.log = (mf_log){collect, a.logged};
    assert_int_equal(status_of(&a, "{\"error\": \"no \\\"good\\\"\"}"), 400);
    assert_string_equal(a.logged, "");
    a.in.path = "/bad/7";
    assert_int_equal(status_of(&a, "at the moment"), 503);
    /* The path is for the operator, not for the browser. */
    assert_non_null(strstr(a.logged, "/home/secret/path is broken"));
}

static void
headers_of_every_reply(void **state)
{
    size_t i, n, seen = 0;
    const char *const (*h)[2] = mf_http_headers(&n);

    (void)state;
    for (i = 0; i < n; i++) {
        seen += mf_str_eq(h[i][0], "Content-Security-Policy") && strstr(h[i][1], "default-src 'none'") != NULL &&
                strstr(h[i][1], "unsafe") == NULL && strstr(h[i][1], "frame-ancestors 'none'") != NULL;
        seen += mf_str_eq(h[i][0], "X-Content-Type-Options") && mf_str_eq(h[i][1], "nosniff");
        seen += mf_str_eq(h[i][0], "Cache-Control") && mf_str_eq(h[i][1], "no-store");
        seen += mf_str_eq(h[i][0], "Referrer-Policy") && mf_str_eq(h[i][1], "no-referrer");
    }
    assert_int_equal(seen, 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses), cmocka_unit_test(listening), cmocka_unit_test(routing),
        cmocka_unit_test(hosts),     cmocka_unit_test(origins),   cmocka_unit_test(bodies),
        cmocka_unit_test(failures),  cmocka_unit_test(headers_of_every_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
