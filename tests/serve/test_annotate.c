/* The running server as a browser, a curious volunteer and an attacker meet it; the command line around it. */
#include "support.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "core/file.h"
#include "core/json.h"
#include "core/rng.h"
#include "image/image.h"

static const char *const two_people[] = {"--people", "ann,ben", "--repeat-share", "0.2", NULL};

static void
start(server *s, const char *name, int pictures)
{
    need_annotate();
    server_start(s, small_set(name, pictures), 0, two_people);
    assert_int_equal(s->n_people, 2);
}

/* Ask, and hold status and a part of the body against what is wanted. */
static void
expect(const server *s, const char *method, const char *path, const char *token, const char *body, int status, const char *part)
{
    answer a = client_ask(s->port, method, path, token, body);

    if (a.status != status || strstr(mf_str_c(&a.body), part) == NULL) {
        print_error("%s %s %s: %d (wanted %d): %s (wanted \"%s\")\n", method, path, body != NULL ? body : "", a.status, status,
                    mf_str_c(&a.body), part);
        fail();
    }
    answer_free(&a);
}

/* A number of the state of person i: "done", "total", or "id" of the task that is due. */
static int64_t
state_of(const server *s, int i, const char *what)
{
    answer         a    = client_ask(s->port, "GET", "/api/state", s->token[i], NULL);
    mf_json       *root = NULL;
    const mf_json *in;
    int64_t        x;

    assert_int_equal(a.status, 200);
    assert_mf_ok(mf_json_parse(&root, mf_str_c(&a.body), a.body.len, true, NULL), NULL);
    in = mf_str_eq(what, "id") ? mf_json_get(root, "task") : root;
    x  = mf_json_int(mf_json_get(in, what), -1);
    mf_json_free(root);
    answer_free(&a);
    return x;
}

static void
pages_carry_their_own(void **state)
{
    static const char *const paths[][2] = {{"/", "text/html; charset=utf-8"}, {"/annotate.js", "text/javascript; charset=utf-8"},
                                           {"/annotate.css", "text/css; charset=utf-8"}, {"/page.css", "text/css; charset=utf-8"},
                                           {"/icon.svg", "image/svg+xml"}};
    server s;
    size_t i;

    (void)state;
    start(&s, "pages", 3);
    for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        answer a = client_ask(s.port, "GET", paths[i][0], NULL, NULL);

        assert_int_equal(a.status, 200);
        assert_string_equal(answer_header(&a, "Content-Type"), paths[i][1]);
        assert_non_null(strstr(answer_header(&a, "Content-Security-Policy"), "default-src 'none'"));
        assert_string_equal(answer_header(&a, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(answer_header(&a, "Referrer-Policy"), "no-referrer");
        assert_string_equal(answer_header(&a, "Cache-Control"), "no-store");
        /* Nothing from the network (a namespace is no address), and nothing that the policy would stop. */
        assert_null(strstr(mf_str_c(&a.body), "https://"));
        assert_true(strstr(mf_str_c(&a.body), "http://") == NULL || i == 4);
        assert_null(strstr(mf_str_c(&a.body), "onclick="));
        assert_null(strstr(mf_str_c(&a.body), "style=\""));
        answer_free(&a);
    }
    assert_int_equal(server_stop(&s), 0);
}

static void
nothing_without_a_token(void **state)
{
    server s;
    char   picture[64], wrong[64];

    (void)state;
    start(&s, "tokens", 10);
    snprintf(picture, sizeof picture, "/api/picture/%lld", (long long)state_of(&s, 0, "id"));
    snprintf(wrong, sizeof wrong, "%s", s.token[0]);
    wrong[31] = wrong[31] == '0' ? '1' : '0';
    expect(&s, "GET", "/api/state", NULL, NULL, 401, "not valid");
    expect(&s, "GET", "/api/state", wrong, NULL, 401, "not valid");
    expect(&s, "GET", "/api/state", "", NULL, 401, "not valid");
    expect(&s, "GET", picture, NULL, NULL, 401, "not valid");
    expect(&s, "GET", picture, wrong, NULL, 401, "not valid");
    expect(&s, "POST", "/api/vote", NULL, "{}", 401, "not valid");
    expect(&s, "POST", "/api/undo", wrong, "{}", 401, "not valid");
    expect(&s, "GET", picture, s.token[0], NULL, 200, "PNG");
    /* Another's number means nothing to me: nobody learns what others see. */
    expect(&s, "GET", picture, s.token[1], NULL, 404, "no such picture");
    assert_int_equal(server_stop(&s), 0);
}

static void
no_way_to_other_files(void **state)
{
    static const char *const paths[] = {"/../dataset.yaml", "/%2e%2e/dataset.yaml", "/api/picture/../../dataset.yaml", "/dataset.yaml",
                                        "/annotate.db", "/api/picture/..%2fannotate.db", "/api/picture/1%00", "//etc/passwd",
                                        "/api/picture/99999999999999999999", "/api/picture/-1", "/annotate.js/..", "/p0000.png"};
    server s;
    mf_str path = {0};
    char   picture[64];
    size_t i;

    (void)state;
    start(&s, "files", 1);
    for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        expect(&s, "GET", paths[i], s.token[0], NULL, 404, "error");
    }
    /* The picture becomes a link out of the folder while the server runs. */
    snprintf(picture, sizeof picture, "/api/picture/%lld", (long long)state_of(&s, 0, "id"));
    expect(&s, "GET", picture, s.token[0], NULL, 200, "PNG");
    mf_path_join(&path, mf_test_path("files"), "p0000.png");
    assert_int_equal(unlink(mf_str_c(&path)), 0);
    assert_int_equal(symlink("/etc/passwd", mf_str_c(&path)), 0);
    expect(&s, "GET", picture, s.token[0], NULL, 404, "cannot be read");
    assert_int_equal(unlink(mf_str_c(&path)), 0);
    assert_mf_ok(mf_file_write(mf_str_c(&path), "<script>alert(1)</script>", 25, NULL), NULL);
    expect(&s, "GET", picture, s.token[0], NULL, 400, "no picture");
    assert_int_equal(unlink(mf_str_c(&path)), 0);
    assert_int_equal(mkfifo(mf_str_c(&path), 0600), 0); /* opening it must not wait for a writer */
    expect(&s, "GET", picture, s.token[0], NULL, 404, "cannot be read");
    mf_str_free(&path);
    assert_int_equal(server_stop(&s), 0);
}

/* `raw` is answered by `status` (0: the connection is just closed). */
static void
expect_raw(const server *s, const char *raw, int least, int most)
{
    answer a = client_raw(s->port, raw, strlen(raw), 10);

    if (a.status < least || a.status > most) {
        print_error("%.200s: status %d, wanted %d to %d\n", raw, a.status, least, most);
        fail();
    }
    answer_free(&a);
}

static void
what_attackers_send(void **state)
{
    server s;
    mf_str raw = {0};
    int    i;

    (void)state;
    start(&s, "attacks", 3);
    expect_raw(&s, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421, 421);
    expect_raw(&s, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 400, 400);
    expect_raw(&s, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, 400);
    expect_raw(&s, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n", 403, 403);
    expect_raw(&s, "POST /api/vote HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 4097\r\n\r\n", 413, 413);
    expect_raw(&s, "POST /api/vote HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
                   "99999999999999999999\r\n\r\n", 400, 413);
    expect_raw(&s, "POST /api/vote HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415, 415);
    expect_raw(&s, "\r\n\r\n\r\n\r\nnonsense\r\n\r\n", 0, 499);
    expect_raw(&s, "GET\r\n\r\n", 0, 499);
    /* A body whose length is not announced. */
    mf_str_add(&raw, "POST /api/vote HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                     "Connection: close\r\n\r\n");
    for (i = 0; i < 64; i++) {
        mf_str_add(&raw, "100\r\n");
        for (int k = 0; k < 256; k++) {
            mf_str_addc(&raw, ' ');
        }
        mf_str_add(&raw, "\r\n");
    }
    mf_str_add(&raw, "0\r\n\r\n");
    expect_raw(&s, mf_str_c(&raw), 0, 413);
    /* A head that does not end. */
    mf_str_clear(&raw);
    mf_str_add(&raw, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
    for (i = 0; i < 70000; i++) {
        mf_str_addc(&raw, 'x');
    }
    mf_str_add(&raw, "\r\n\r\n");
    expect_raw(&s, mf_str_c(&raw), 0, 499);
    mf_str_free(&raw);
    expect(&s, "GET", "/api/state", s.token[0], NULL, 200, "\"done\": 0"); /* it is still there */
    assert_int_equal(server_stop(&s), 0);
}

/* A vote by person i on the task that is due, by hand. */
static void
vote(const server *s, int i, int64_t task, const char *client, const char *rest, int status, const char *part)
{
    char body[256];

    snprintf(body, sizeof body, "{\"client\":\"%s\",\"task\":%lld,\"verdict\":%s}", client, (long long)task, rest);
    expect(s, "POST", "/api/vote", s->token[i], body, status, part);
}

static void
votes_one_by_one(void **state)
{
    static const char *const later[] = {NULL};
    server  s;
    int64_t task, second;
    char    body[128];
    int     port;

    (void)state;
    start(&s, "flow", 10);
    port = s.port;
    task = state_of(&s, 0, "id");
    assert_int_equal(state_of(&s, 0, "total"), 12);
    vote(&s, 0, task, "request-1", "\"other\",\"label\":\"sleepy\"", 400, "none of the classes");
    vote(&s, 0, task, "request-1", "\"perhaps\"", 400, "agree, other or unsure");
    vote(&s, 0, task + 1, "request-1", "\"agree\"", 409, "another picture");
    vote(&s, 1, task, "request-1", "\"agree\"", 409, "another picture"); /* the number is ann's */
    vote(&s, 0, task, "request-1", "\"agree\"", 200, "\"done\": 1");
    vote(&s, 0, task, "request-1", "\"agree\"", 200, "\"done\": 1"); /* the acknowledgement was lost */
    vote(&s, 0, task, "request-2", "\"agree\"", 409, "answered already"); /* another window */
    vote(&s, 0, task, "request-1", "\"unsure\"", 409, "sent before");
    second = state_of(&s, 0, "id");
    assert_true(second != task);
    assert_int_equal(state_of(&s, 1, "done"), 0); /* ben sees nothing of it */
    vote(&s, 0, second, "request-3", "\"unsure\",\"ms\":250", 200, "\"done\": 2");
    snprintf(body, sizeof body, "{\"client\":\"request-4\",\"task\":%lld}", (long long)second);
    expect(&s, "POST", "/api/undo", s.token[0], body, 200, "\"done\": 1");
    expect(&s, "POST", "/api/undo", s.token[0], body, 200, "\"done\": 1");
    vote(&s, 0, second, "request-3", "\"unsure\",\"ms\":250", 200, "\"done\": 1"); /* an old retry brings nothing back */
    assert_true(state_of(&s, 0, "id") == second);
    /* Stopped and started: the same link, the same picture. */
    assert_int_equal(server_stop(&s), 0);
    server_start(&s, mf_test_path("flow"), port, later);
    assert_true(state_of(&s, 0, "id") == second);
    assert_int_equal(state_of(&s, 0, "done"), 1);
    assert_int_equal(server_stop(&s), 0);
}

/* Side of the picture that is due, as it is sent; *bytes is its size. */
static void
sent_size(const server *s, int *w, int *h, size_t *bytes, bool *jpeg)
{
    char   path[64];
    int    channels;
    mf_err err = {0};
    answer a;

    snprintf(path, sizeof path, "/api/picture/%lld", (long long)state_of(s, 0, "id"));
    a = client_ask(s->port, "GET", path, s->token[0], NULL);
    assert_int_equal(a.status, 200);
    *jpeg  = mf_str_eq(answer_header(&a, "Content-Type"), "image/jpeg");
    *bytes = a.body.len;
    assert_mf_ok(mf_image_probe(w, h, &channels, "sent", (const uint8_t *)a.body.data, a.body.len, &err), &err);
    answer_free(&a);
}

/* A photograph of the camera's size is reduced; with --side 0 it is sent as it is. */
static void
large_pictures(void **state)
{
    static const char *const as_is[] = {"--side", "0", NULL};
    const char *dir;
    server      s;
    mf_image    im   = {0};
    mf_str      path = {0};
    mf_err      err  = {0};
    uint64_t    size = 0;
    size_t      bytes;
    int         w, h;
    bool        jpeg;

    (void)state;
    need_annotate();
    dir = small_set("large", 1);
    mf_path_join(&path, dir, "p0000.png");
    assert_mf_ok(mf_image_new(&im, 1500, 2000, 3, &err), &err);
    for (int i = 0; i < 1500 * 2000 * 3; i++) {
        im.px[i] = (uint8_t)(100 + mf_mix64((uint64_t)i) % 32); /* noise as of a sensor: a PNG of it is large */
    }
    assert_mf_ok(mf_image_save(mf_str_c(&path), &im, 90, &err), &err);
    assert_mf_ok(mf_file_size(&size, mf_str_c(&path), &err), &err);
    server_start(&s, dir, 0, two_people);
    sent_size(&s, &w, &h, &bytes, &jpeg);
    assert_int_equal(w, 960);
    assert_int_equal(h, 1280);
    assert_true(jpeg && bytes < size);
    assert_int_equal(server_stop(&s), 0);
    server_start(&s, dir, 0, as_is);
    sent_size(&s, &w, &h, &bytes, &jpeg);
    assert_int_equal(w, 1500);
    assert_int_equal(h, 2000);
    assert_true(!jpeg && bytes == size);
    assert_int_equal(server_stop(&s), 0);
    mf_image_free(&im);
    mf_str_free(&path);
}

/* ---- the command line ---- */

static void
expect_command(const char *args, int status, const char *part)
{
    const char *err_path = mf_test_path("stderr");
    mf_str      cmd      = {0};
    mf_blob     err      = {0};
    int         rc;

    mf_str_printf(&cmd, "timeout 20 '%s' annotate %s >'%s' 2>'%s'", mf_test_program(), args, mf_test_path("stdout"), err_path);
    rc = system(mf_str_c(&cmd));
    assert_mf_ok(mf_file_read(&err, err_path, 1 << 20, NULL), NULL);
    if (!WIFEXITED(rc) || WEXITSTATUS(rc) != status || strstr((const char *)err.data, part) == NULL) {
        print_error("annotate %s: status %d (wanted %d): %s (wanted \"%s\")\n", args, WEXITSTATUS(rc), status, (const char *)err.data,
                    part);
        fail();
    }
    mf_blob_free(&err);
    mf_str_free(&cmd);
}

static void
wrong_usage(void **state)
{
    const char *dir;
    char        args[512];
    server      s;
    mf_str      db = {0};

    (void)state;
    need_annotate();
    dir = small_set("usage", 3);
    mf_path_join(&db, dir, "annotate.db");
    expect_command("/no/such/folder --people ann", 1, "/no/such/folder");
    snprintf(args, sizeof args, "'%s'", dir);
    expect_command(args, 2, "--people ann,ben,cleo");
    snprintf(args, sizeof args, "'%s' --people ann --listen nowhere", dir);
    expect_command(args, 2, "--listen: expected ADDRESS:PORT");
    snprintf(args, sizeof args, "'%s' --people ann --url faces.example", dir);
    expect_command(args, 2, "--url: expected an address");
    snprintf(args, sizeof args, "'%s' --people ann --repeat-share 0.6", dir);
    expect_command(args, 2, "0.5");
    snprintf(args, sizeof args, "'%s' --export '%s'", dir, mf_test_path("votes.csv"));
    expect_command(args, 1, "no votes yet");
    snprintf(args, sizeof args, "'%s' --people 'ann,,ben'", dir);
    expect_command(args, 2, "empty name");
    assert_false(mf_path_exists(mf_str_c(&db))); /* none of these made anything */
    server_start(&s, dir, 0, two_people);
    snprintf(args, sizeof args, "'%s'", dir);
    expect_command(args, 1, "another maskfer annotate");
    snprintf(args, sizeof args, "'%s' --db '%s' --people ann --listen 127.0.0.1:%d", dir, mf_test_path("other.db"), s.port);
    expect_command(args, 1, "another program does");
    snprintf(args, sizeof args, "'%s' --export '%s'", dir, mf_test_path("votes.csv")); /* while serving */
    expect_command(args, 0, "");
    assert_int_equal(server_stop(&s), 0);
    snprintf(args, sizeof args, "'%s' --seed 5", dir);
    expect_command(args, 2, "--seed 1");
    mf_str_free(&db);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_carry_their_own), cmocka_unit_test(nothing_without_a_token), cmocka_unit_test(no_way_to_other_files),
        cmocka_unit_test(what_attackers_send),   cmocka_unit_test(votes_one_by_one),        cmocka_unit_test(wrong_usage),
        cmocka_unit_test(large_pictures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
