/* cli/cmd_predict.c: maskfer predict: the expression on pictures. */
#include <string.h>

#include "cli/cli.h"
#include "core/json.h"
#include "core/mem.h"
#include "data/keypoints.h"
#include "infer/infer.h"

extern const mf_cmd mf_cmd_predict;

typedef struct predict_cfg {
    int64_t    batch;
    int        precision;
    mf_opt_str backend;
    bool       tta;
} predict_cfg;

static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};

static const mf_opt predict_rows[] = {
    MF_OPT_INT(predict_cfg, batch, 1, 1, 4096, "pictures at a time"),
    MF_OPT_ENUM(predict_cfg, precision, 0, precision_words, "auto takes bf16 where the CPU has AMX, else f32"),
    MF_OPT_BOOL(predict_cfg, tta, 0, "the mean over each picture and its mirror image"),
    MF_OPT_STR(predict_cfg, backend, "auto", "which kernels: auto, onednn, ref"),
    MF_OPT_END,
};

static void
put_answer(mf_str *out, bool json, const mf_infer *f, const char *path, const float *p)
{
    const int          n     = mf_infer_model(f)->classes, best = mf_argmax(p, n);
    const char *const *names = mf_infer_classes(f);

    if (json) {
        mf_json_out j = mf_json_begin(out, 0);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "image", path);
        mf_json_put_str(&j, "label", names[best]);
        mf_json_open(&j, "probabilities", '{');
        for (int c = 0; c < n; c++) {
            mf_json_put_num(&j, names[c], (double)p[c]);
        }
        mf_json_close(&j, '}');
        mf_json_close(&j, '}');
        mf_str_addc(out, '\n');
    } else {
        mf_str_printf(out, "%s: %s (%.1f %%)\n", path, names[best], 100.0 * (double)p[best]);
    }
}

static void
put_failure(mf_str *out, const char *path, const char *why)
{
    mf_json_out j = mf_json_begin(out, 0);

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "image", path);
    mf_json_put_str(&j, "error", why);
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

/* Landmarks of each picture, from NAME.pts beside it. why[i]: what is wrong with them; such a picture's are zeros. */
static void
read_points(float *marks, int points, char **paths, size_t n, mf_err *why)
{
    for (size_t i = 0; i < n; i++) {
        float *p = marks + i * (size_t)points * MF_KEYPOINT;

        why[i] = (mf_err){.code = MF_OK};
        if (mf_keypoints_beside(p, points, paths[i], &why[i]) < 0) {
            memset(p, 0, (size_t)points * MF_KEYPOINT * sizeof *p);
        }
    }
}

/* What is used again for each batch. */
typedef struct room {
    float  *prob;         /* [batch, classes] */
    float  *marks;        /* [batch, points, 3]; NULL: the network looks at none */
    mf_err *why, *no_face; /* [batch] of pictures and of their landmarks */
} room;

static mf_status
room_new(room *r, const mf_infer *f, size_t batch, mf_err *err)
{
    const size_t values = (size_t)mf_infer_landmarks(f) * MF_KEYPOINT;

    r->why     = mf_calloc(batch, sizeof *r->why);
    r->no_face = mf_calloc(batch, sizeof *r->no_face);
    r->prob    = mf_calloc(batch * (size_t)mf_infer_model(f)->classes, sizeof *r->prob);
    r->marks   = values > 0 ? mf_calloc(batch * values, sizeof *r->marks) : NULL;
    return r->why != NULL && r->no_face != NULL && r->prob != NULL && (values == 0 || r->marks != NULL) ? MF_OK
                                                                                                      : mf_oom(err, batch * sizeof *r->why, "answers");
}

static void
room_free(room *r)
{
    mf_free(r->why);
    mf_free(r->no_face);
    mf_free(r->prob);
    mf_free(r->marks);
}

/* One batch of paths; answers come in their order, those of unreadable pictures too. */
static mf_status
one_batch(mf_cli *cli, mf_infer *f, char **paths, size_t n, room *r, size_t *failed, mf_err *err)
{
    const size_t classes = (size_t)mf_infer_model(f)->classes;
    mf_str       text    = {0};
    mf_status    st;

    if (r->marks != NULL) {
        read_points(r->marks, mf_infer_landmarks(f), paths, n, r->no_face);
    }
    if ((st = mf_infer_files(f, (const char *const *)paths, r->marks, n, r->prob, NULL, r->why, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        const mf_err *why = r->why[i].code != MF_OK ? &r->why[i] : &r->no_face[i];

        if (why->code == MF_OK) {
            put_answer(&text, cli->json, f, paths[i], r->prob + classes * i);
            continue;
        }
        ++*failed;
        mf_logf(&cli->log, MF_LOG_WARN, "%s", why->msg);
        if (cli->json) {
            put_failure(&text, paths[i], why->msg);
        }
    }
    st = mf_cli_put(cli, &text, err);
    mf_str_free(&text);
    return st;
}

static mf_status
run_predict(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    predict_cfg   c;
    mf_cli_set    set  = {predict_rows, &c};
    mf_infer_opts io   = mf_infer_opts_default();
    mf_infer     *f    = NULL;
    room          r    = {0};
    size_t        n, failed = 0, batch;
    mf_status     st;

    mf_opt_defaults(predict_rows, &c);
    if ((st = mf_cli_parse(cli, &mf_cmd_predict, &set, 1, argc, argv, &n, 2, (size_t)argc, err)) < 0) {
        return st;
    }
    batch      = (size_t)c.batch < n - 1 ? (size_t)c.batch : n - 1;
    io.backend = c.backend.s;
    io.batch   = (int)batch;
    io.mirror  = c.tta;
    io.prec    = c.precision == 0 ? MF_PREC_AUTO : c.precision == 1 ? MF_PREC_F32 : MF_PREC_BF16;
    if ((st = mf_infer_load(&f, argv[0], &io, err)) < 0) {
        return st;
    }
    st = room_new(&r, f, batch, err);
    for (size_t i = 1; i < n && st == MF_OK; i += batch) {
        st = one_batch(cli, f, argv + i, n - i < batch ? n - i : batch, &r, &failed, err);
    }
    if (st == MF_OK && failed != 0) {
        st = mf_fail(err, MF_E_IO, "%zu of %zu pictures could not be read", failed, n - 1);
    }
    room_free(&r);
    mf_infer_free(f);
    return st;
}

const mf_cmd mf_cmd_predict = {
    .name    = "predict",
    .summary = "the expression on pictures",
    .usage   = "[OPTIONS] WEIGHTS PICTURE...",
    .text    = "Each picture should show one face, cut out as the training pictures were. With --json one\n"
               "object a line: image, label, probabilities, or image and error. Where the network looks at landmarks\n"
               "too, those of face.jpg are read from face.pts beside it: 5 or 68 lines 'x y'.\n\n"
               "  maskfer predict runs/first/weights/best.safetensors face.jpg\n",
    .opts    = {predict_rows},
    .json    = true,
    .run     = run_predict,
};
