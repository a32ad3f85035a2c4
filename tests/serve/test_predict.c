/* maskfer serve: answers equal those of the library, also when many ask at once; what is no picture is refused. */
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

#include "client.h"
#include "core/file.h"
#include "core/json.h"
#include "infer/infer.h"
#include "serve/predict.h"
#include "weights/weights.h"

enum { CLASSES = 3, SIDE = 32, PICTURES = 6, ASKERS = 6, TURNS = 4 };

static const char *const classes[] = {"left", "right", "slant", NULL};

/* A network with drawn weights. */
static void
make_weights(const char *path)
{
    mf_model   m;
    mf_params *ps  = NULL;
    mf_graph  *g   = NULL;
    mf_tensors ts  = {0};
    mf_recipe  r   = mf_recipe_default(SIDE, SIDE, 3);
    mf_err     err = {0};

    assert_mf_ok(mf_model_make(&m, "resnet18", CLASSES, 3, SIDE, SIDE, &err), &err);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&g, &m, ps, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 3, &err), &err);
    assert_mf_ok(mf_params_export(ps, &ts, &err), &err);
    assert_mf_ok(mf_model_to_meta(&ts, &m, &r, classes, &err), &err);
    assert_mf_ok(mf_weights_save(path, &ts, &err), &err);
    mf_tensors_free(&ts);
    mf_graph_free(g);
    mf_params_free(ps);
}

/* Pictures that differ, and what the library says of each. */
typedef struct known {
    mf_blob file[PICTURES];
    float   prob[PICTURES][CLASSES];
    int     port;
    atomic_int wrong;
} known;

static void
make_known(known *k, const char *weights)
{
    mf_infer_opts io  = mf_infer_opts_default();
    mf_infer     *f   = NULL;
    mf_image      im  = {0};
    mf_err        err = {0};
    char          name[32];

    io.batch = 1;
    io.prec  = MF_PREC_F32; /* as the server is told: "auto" is bf16 on some machines */
    assert_mf_ok(mf_infer_load(&f, weights, &io, &err), &err);
    for (int i = 0; i < PICTURES; i++) {
        assert_mf_ok(mf_image_new(&im, 40 + i, 50, 3, &err), &err);
        for (int p = 0; p < im.width * im.height * 3; p++) {
            im.px[p] = (uint8_t)((p * (i + 3) * 7) ^ (p >> (i + 2)));
        }
        snprintf(name, sizeof name, "k%d.png", i);
        assert_mf_ok(mf_image_save(mf_test_path(name), &im, 90, &err), &err);
        assert_mf_ok(mf_file_read(&k->file[i], mf_test_path(name), 1 << 20, &err), &err);
        assert_mf_ok(mf_infer_images(f, &im, NULL, 1, k->prob[i], NULL, &err), &err);
        mf_image_free(&im);
    }
    mf_infer_free(f);
}

static answer
post(int port, const void *body, size_t size)
{
    mf_str raw = {0};
    answer a;

    mf_str_printf(&raw, "POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", size);
    mf_str_addn(&raw, body, size);
    a = client_raw(port, mf_str_c(&raw), raw.len, 60);
    mf_str_free(&raw);
    return a;
}

/* The largest difference between the answer and what picture i must get; infinity if it is no such answer. */
static double
difference(const known *k, int i, const answer *a)
{
    mf_json       *root = NULL;
    const mf_json *prob;
    double         worst = 0;

    if (a->status != 200 || mf_json_parse(&root, mf_str_c(&a->body), a->body.len, true, NULL) < 0) {
        return INFINITY;
    }
    prob = mf_json_get(root, "probabilities");
    for (int c = 0; c < CLASSES; c++) {
        double d = fabs(mf_json_num(mf_json_get(prob, classes[c]), INFINITY) - (double)k->prob[i][c]);

        worst = d > worst ? d : worst;
    }
    if (!mf_str_eq(mf_json_text(mf_json_get(root, "label"), ""), classes[mf_argmax(k->prob[i], CLASSES)]) ||
        mf_json_int(mf_json_get(root, "width"), 0) != 40 + i) {
        worst = INFINITY;
    }
    mf_json_free(root);
    return worst;
}

typedef struct asker {
    known *k;
    int    first;
} asker;

static void *
ask_all(void *arg)
{
    const asker *who = arg;

    for (int t = 0; t < TURNS; t++) {
        int    i = (who->first + t) % PICTURES;
        answer a = post(who->k->port, who->k->file[i].data, who->k->file[i].size);

        if (!(difference(who->k, i, &a) < 1e-5)) {
            print_error("picture %d: %d %s\n", i, a.status, mf_str_c(&a.body));
            atomic_fetch_add(&who->k->wrong, 1);
        }
        answer_free(&a);
    }
    return NULL;
}

static void
expect(int port, const void *body, size_t size, int status, const char *part)
{
    answer a = post(port, body, size);

    if (a.status != status || strstr(mf_str_c(&a.body), part) == NULL) {
        print_error("%d (wanted %d): %s (wanted \"%s\")\n", a.status, status, mf_str_c(&a.body), part);
        fail();
    }
    answer_free(&a);
}

static void
pictures_in_answers_out(void **state)
{
    static const char *const args[] = {"--batch", "4", "--precision", "f32", NULL};
    static known k;
    static const char announced[] = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33554433\r\n\r\n";
    static const char foreign[]   = "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    char      weights[1024], huge[1024];
    server    s;
    pthread_t thread[ASKERS];
    asker     who[ASKERS];
    answer    a;
    mf_blob   head = {0};
    mf_err    err  = {0};

    (void)state;
    if (mf_test_program() == NULL || !MF_HAVE_MICROHTTPD) {
        mf_test_skip("the program is not built, or without libmicrohttpd");
    }
    snprintf(weights, sizeof weights, "%s", mf_test_path("net.safetensors"));
    make_weights(weights);
    make_known(&k, weights);
    server_start_command(&s, "serve", weights, 0, args);
    k.port = s.port;
    for (int i = 0; i < ASKERS; i++) {
        who[i] = (asker){&k, i};
        assert_int_equal(pthread_create(&thread[i], NULL, ask_all, &who[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(atomic_load(&k.wrong), 0);
    a = client_ask(s.port, "GET", "/health", NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(mf_str_c(&a.body), "\"answered\": 24"));
    assert_non_null(strstr(mf_str_c(&a.body), "\"model\": \"resnet18\""));
    answer_free(&a);
    expect(s.port, "", 0, 400, "empty");
    expect(s.port, "no picture at all", 17, 400, "or WebP file");
    expect(s.port, k.file[0].data, k.file[0].size / 2, 400, "upload");
    snprintf(huge, sizeof huge, "%s/fuzz/corpora/png/huge-head.png", mf_test_source());
    assert_mf_ok(mf_file_read(&head, huge, 1 << 20, &err), &err);
    expect(s.port, head.data, head.size, 413, "error"); /* by its head; nothing of that size is allocated */
    mf_blob_free(&head);
    a = client_raw(s.port, announced, sizeof announced - 1, 20);
    assert_int_equal(a.status, 413);
    answer_free(&a);
    a = client_raw(s.port, foreign, sizeof foreign - 1, 20);
    assert_int_equal(a.status, 421);
    answer_free(&a);
    a = client_ask(s.port, "GET", "/", NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_null(strstr(mf_str_c(&a.body), "https://"));
    answer_free(&a);
    expect(s.port, k.file[1].data, k.file[1].size, 200, "probabilities"); /* still there */
    assert_int_equal(server_stop(&s), 0);
    for (int i = 0; i < PICTURES; i++) {
        mf_blob_free(&k.file[i]);
    }
}

static void
no_weights(void **state)
{
    mf_str cmd = {0};
    int    rc;

    (void)state;
    if (mf_test_program() == NULL || !MF_HAVE_MICROHTTPD) {
        mf_test_skip("the program is not built, or without libmicrohttpd");
    }
    mf_str_printf(&cmd, "'%s' serve '%s' --listen 127.0.0.1:0 2>/dev/null", mf_test_program(), mf_test_path("none.safetensors"));
    rc = system(mf_str_c(&cmd));
    assert_true(WIFEXITED(rc) && WEXITSTATUS(rc) == 1);
    mf_str_free(&cmd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures_in_answers_out), cmocka_unit_test(no_weights)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
