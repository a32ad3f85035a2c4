/* cli/cmd_serve.c: maskfer serve: a network behind HTTP, with a page to try it on. */
#include "cli/cli.h"
#include "cli/serving.h"
#include "core/json.h"
#include "infer/infer.h"
#include "serve/predict.h"

extern const mf_cmd mf_cmd_serve;

typedef struct serve_cfg {
    mf_opt_str listen, url, backend;
    int64_t    batch;
    int        precision;
} serve_cfg;

static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};

static const mf_opt serve_rows[] = {
    MF_OPT_STR(serve_cfg, listen, "127.0.0.1:8078", "ADDRESS:PORT to serve on; port 0 takes any free one, 0.0.0.0 every network"),
    MF_OPT_STR(serve_cfg, url, "", "what browsers call it where a proxy or tunnel stands in front (https://...)"),
    MF_OPT_INT(serve_cfg, batch, 1, 1, 64, "pictures that are answered together when several wait"),
    MF_OPT_ENUM(serve_cfg, precision, 0, precision_words, "auto takes bf16 where the CPU has AMX, else f32"),
    MF_OPT_STR(serve_cfg, backend, "auto", "which kernels: auto, onednn, ref"),
    MF_OPT_END,
};

static void
put_begun(void *arg, const char *url, bool json, mf_str *out)
{
    if (json) {
        mf_json_out j = mf_json_begin(out, 0);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "url", url);
        mf_json_put_str(&j, "weights", arg);
        mf_json_close(&j, '}');
        mf_str_addc(out, '\n');
        return;
    }
    mf_str_printf(out, "%s answers at %s\n\n  curl --data-binary @face.jpg %s/predict\n\nCtrl-C ends this.\n", (const char *)arg, url, url);
}

static mf_status
run_serve(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    serve_cfg     c;
    mf_cli_set    set = {serve_rows, &c};
    mf_infer_opts io  = mf_infer_opts_default();
    mf_infer     *f   = NULL;
    mf_predict   *p   = NULL;
    mf_http_opts  http;
    mf_address    address;
    mf_status     st;
    size_t        n;

    mf_opt_defaults(serve_rows, &c);
    if ((st = mf_cli_parse(cli, &mf_cmd_serve, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_serving_opts(&http, &address, cli, c.listen.s, c.url.s, err)) < 0)
        return st;
    io.backend = c.backend.s;
    io.batch   = (int)c.batch;
    io.prec    = c.precision == 0 ? MF_PREC_AUTO : c.precision == 1 ? MF_PREC_F32 : MF_PREC_BF16;
    if ((st = mf_infer_load(&f, argv[0], &io, err)) < 0 || (st = mf_predict_new(&p, f, err)) < 0)
        return st;
    http.routes   = mf_predict_routes();
    http.app      = p;
    http.threads  = (int)c.batch < 8 ? 8 : (int)c.batch; /* each waits for its picture's answer */
    http.held_max = (size_t)256 << 20;
    st = mf_serving_run(cli, &http, &address, c.url.s, true, put_begun, argv[0], err);
    mf_predict_free(p);
    return st;
}

const mf_cmd mf_cmd_serve = {
    .name    = "serve",
    .summary = "a network behind HTTP, with a page to try it on",
    .usage   = "[OPTIONS] WEIGHTS",
    .text    = "POST the bytes of a JPEG, PNG or WebP picture of one face to /predict, and get the\n"
               "label and a probability for each class as JSON. /health says what is served, / is a\n"
               "page for people. Pictures are kept nowhere.\n\n"
               "  maskfer serve runs/first/weights/best.safetensors\n"
               "  curl --data-binary @face.jpg http://127.0.0.1:8078/predict\n",
    .opts    = {serve_rows},
    .json    = true,
    .run     = run_serve,
};
