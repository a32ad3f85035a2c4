/* cli/cmd_weights_verify.c: `maskfer weights verify`: run a network on a given tensor, so that imported weights can be
 * held against their origin. */
#include <math.h>
#include <string.h>

#include "cli/cmd_weights.h"
#include "core/json.h"
#include "core/mem.h"
#include "infer/nearest.h"
#include "models/model.h"
#include "nn/program.h"
#include "weights/stats.h"
#include "weights/weights.h"

enum { MAX_BATCH = 8 }; /* little memory; the answer does not depend on it */

typedef struct verify_cfg {
    mf_opt_str arch, input, output, expect, backend;
    double     tolerance;
    int64_t    classes;
    bool       new_head;
    int        precision;
} verify_cfg;

static const char *const precisions[] = {"f32", "bf16", "f64", "auto", NULL}; /* the order of mf_prec */
static const mf_opt verify_opts[] = {
    MF_OPT_STR(verify_cfg, arch, "", "the architecture; 'maskfer info --models' lists them"),
    MF_OPT_STR(verify_cfg, input, "", "safetensors with a tensor 'input' [N,C,H,W], already normalised"),
    MF_OPT_STR(verify_cfg, output, "", "where 'logits' [N,classes] and 'features' [N,D] are written"),
    MF_OPT_STR(verify_cfg, expect, "", "safetensors with 'logits', 'features' or both, to compare with"),
    MF_OPT_F64(verify_cfg, tolerance, 1e-4, 0, 1e6, "largest difference allowed, as a share of the largest expected value"),
    MF_OPT_INT(verify_cfg, classes, 0, 0, 100000, "classes; 0 takes those of the classifier in the file"),
    MF_OPT_BOOL(verify_cfg, new_head, false, "start the classifier anew where it does not fit or is not in the file"),
    MF_OPT_STR(verify_cfg, backend, "auto", "which kernels compute: auto, onednn, ref, ref64"),
    MF_OPT_ENUM(verify_cfg, precision, MF_PREC_F32, precisions, "number format of the computation"),
    MF_OPT_END,
};

typedef struct comparison {
    const char   *name;
    mf_tensor_gap gap;
    bool          ok;
} comparison;

typedef struct verifier {
    const verify_cfg *cfg;
    mf_tensors        weights, input, output, expect;
    mf_load_report    report;
    mf_model          model;
    mf_params        *params;
    mf_graph         *graph;
    const mf_backend *backend;
    const mf_tensor  *x; /* "input" of `input` */
    comparison        compared[2];
    size_t            n_compared;
    mf_err           *err;
} verifier;

/* Classes of the first tensor "HEAD.weight" in the file, whatever stands before its name; 0 if there is none. */
static int64_t
classes_in_file(const mf_tensors *ts, const char *head)
{
    for (size_t i = 0; i < ts->n; i++) {
        const mf_tensor *t = &ts->t[i];

        if (!mf_str_ends(t->name, ".weight") || t->shape.ndim == 0) {
            continue;
        }
        for (const char *name = t->name; name != NULL; name = strchr(name, '.'), name = name != NULL ? name + 1 : NULL) {
            if (mf_str_glob_any(head, name)) {
                return t->shape.dim[0];
            }
        }
    }
    return 0;
}

static mf_status
read_input(verifier *v)
{
    mf_status st;
    char      text[96];

    if ((st = mf_weights_load(&v->input, v->cfg->input.s, v->err)) < 0) {
        return st;
    }
    v->x = mf_tensors_find(&v->input, "input");
    if (v->x == NULL) {
        return mf_fail(v->err, MF_E_NOTFOUND, "'%s' has no tensor named 'input'", v->cfg->input.s);
    }
    if (v->x->shape.ndim != 4 || v->x->dtype == MF_DTYPE_BOOL) {
        return mf_fail(v->err, MF_E_ARG, "'input' in '%s' is %s %s; numbers [N,C,H,W] are needed", v->cfg->input.s,
                       mf_dtype_name(v->x->dtype), mf_shape_text(text, &v->x->shape));
    }
    for (int d = 0; d < 4; d++) {
        if (v->x->shape.dim[d] < 1 || v->x->shape.dim[d] > 65536) {
            return mf_fail(v->err, MF_E_ARG, "'input' in '%s' has the shape %s", v->cfg->input.s, mf_shape_text(text, &v->x->shape));
        }
    }
    return MF_OK;
}

static mf_status
read_expected(verifier *v)
{
    mf_status st;

    if (v->cfg->expect.s[0] == '\0') {
        return MF_OK;
    }
    if ((st = mf_weights_load(&v->expect, v->cfg->expect.s, v->err)) < 0) {
        return st;
    }
    if (mf_tensors_find(&v->expect, "logits") == NULL && mf_tensors_find(&v->expect, "features") == NULL) {
        return mf_fail(v->err, MF_E_NOTFOUND, "'%s' holds neither 'logits' nor 'features'", v->cfg->expect.s);
    }
    return MF_OK;
}

/* The network for the weights: as their metadata describes it where maskfer wrote them, else with the usual settings. */
static mf_status
make_model(verifier *v)
{
    const int64_t *dim     = v->x->shape.dim;
    int64_t        classes = v->cfg->classes;
    const char    *written = mf_tensors_meta(&v->weights, "architecture");
    mf_recipe      recipe;
    mf_model       stored;
    mf_status      st;

    if ((st = mf_model_make(&v->model, v->cfg->arch.s, 2, (int)dim[1], (int)dim[2], (int)dim[3], v->err)) < 0) {
        return st;
    }
    if (written != NULL && mf_str_eq(written, v->cfg->arch.s) && mf_model_from_meta(&stored, &recipe, &v->weights, NULL) == MF_OK) {
        v->model             = stored;
        v->model.in_channels = (int)dim[1];
        v->model.height      = (int)dim[2];
        v->model.width       = (int)dim[3];
    }
    if (classes == 0 && (classes = classes_in_file(&v->weights, v->model.def->head)) == 0) {
        return mf_fail(v->err, MF_E_ARG, "no classifier ('%s') in the file tells the number of classes; give --classes", v->model.def->head);
    }
    if (classes < 2 || classes > 100000) {
        return mf_fail(v->err, MF_E_ARG, "%lld classes: expected 2 to 100000", (long long)classes);
    }
    v->model.classes = (int)classes;
    return MF_OK;
}

/* One line: what: 'a', 'b', 'c' */
static void
log_names(mf_cli *cli, const char *what, const mf_names *names)
{
    mf_str s = {0};

    for (size_t i = 0; i < names->n; i++) {
        mf_str_printf(&s, "%s'%s'", i > 0 ? ", " : "", names->name[i]);
    }
    if (names->n > 0) {
        mf_logf(&cli->log, MF_LOG_WARN, "%s: %s", what, mf_str_c(&s));
    }
    mf_str_free(&s);
}

static mf_status
load_network(verifier *v, mf_cli *cli)
{
    mf_load_opts o  = {.strict = false, .new_head = v->cfg->new_head, .head = v->model.def->head, .alias = v->model.def->alias};
    mf_err      *err = v->err;
    mf_status    st;

    if ((st = mf_params_new(&v->params, v->backend->real, err)) < 0 ||
        (st = mf_model_eval_graph(&v->graph, &v->model, v->params, err)) < 0 || (st = mf_params_materialize(v->params, 0, err)) < 0 ||
        (st = mf_params_load(v->params, &v->weights, &o, &v->report, err)) < 0) {
        if (v->params != NULL && v->graph != NULL) {
            mf_nearest_hint(err, &v->model, &v->weights);
        }
        return st;
    }
    if (v->report.missing.n != 0) { /* nothing will be printed that could list them */
        log_names(cli, "missing in the file", &v->report.missing);
        log_names(cli, "unexpected in the file", &v->report.unexpected);
        st = mf_fail(err, MF_E_NOTFOUND, "the file lacks %zu tensors of %s, '%s' first%s", v->report.missing.n, v->model.def->name,
                     v->report.missing.name[0],
                     mf_str_glob_any(v->model.def->head, v->report.missing.name[0]) ? "; --new-head starts the classifier anew" : "");
        mf_nearest_hint(err, &v->model, &v->weights);
        return st;
    }
    return MF_OK;
}

/* ---- running ---- */

/* Rows first..first+n-1 of the input through one program, into the same rows of the outputs. */
static mf_status
run_rows(verifier *v, mf_program *p, int64_t first, int64_t n)
{
    static const char *const names[] = {"logits", "features"};
    size_t    row = (size_t)(v->x->shape.dim[1] * v->x->shape.dim[2] * v->x->shape.dim[3]) * mf_dtype_size(v->x->dtype);
    mf_status st;

    if ((st = mf_program_feed(p, "x", v->x->dtype, (const char *)v->x->data + (size_t)first * row, v->err)) < 0 ||
        (st = mf_program_run(p, 0, 0, v->err)) < 0) {
        return st;
    }
    for (int i = 0; i < 2; i++) {
        mf_tensor *t     = mf_tensors_find(&v->output, names[i]);
        size_t     width = (size_t)t->shape.dim[1];

        if ((st = mf_program_read(p, names[i], MF_DTYPE_F32, (float *)t->data + (size_t)first * width, (size_t)n * width, v->err)) < 0) {
            return st;
        }
    }
    return MF_OK;
}

/* `features` may be a map's [N,D,1,1] or a plain [N,D]: written as [N,D]. */
static mf_status
add_outputs(verifier *v, const mf_program *p)
{
    static const char *const names[] = {"logits", "features"};
    mf_status st;

    for (int i = 0; i < 2; i++) {
        mf_shape s;

        if ((st = mf_program_output_shape(p, names[i], &s, v->err)) < 0) {
            return st;
        }
        s = (mf_shape){.ndim = 2, .dim = {v->x->shape.dim[0], mf_shape_elems(&s) / s.dim[0]}};
        if ((st = mf_tensors_add(&v->output, names[i], MF_DTYPE_F32, &s, NULL, v->err)) < 0) {
            return st;
        }
    }
    if ((st = mf_tensors_set_meta(&v->output, "architecture", v->model.def->name, v->err)) < 0) {
        return st;
    }
    return mf_tensors_set_meta(&v->output, "backend", v->backend->name, v->err);
}

static mf_status
run_network(verifier *v)
{
    static const char *const outputs[] = {"logits", "features", NULL};
    int64_t       total = v->x->shape.dim[0], batch = 0;
    mf_workspace *ws = NULL;
    mf_program   *p  = NULL;
    mf_status     st = mf_workspace_new(&ws, v->err);

    for (int64_t at = 0; at < total && st == MF_OK; at += batch) {
        int64_t n = total - at < MAX_BATCH ? total - at : MAX_BATCH;

        if (n != batch) { /* the first batch, and perhaps a smaller last one */
            mf_compile_opts o = {.backend = v->backend, .prec = (mf_prec)v->cfg->precision, .batch = (int)n, .outputs = outputs,
                                 .workspace = ws};

            if (o.prec == MF_PREC_F32 && v->backend->real == MF_DTYPE_F64) {
                o.prec = MF_PREC_F64; /* what ref64 computes in */
            }
            mf_program_free(p);
            p     = NULL;
            batch = n;
            st    = mf_program_compile(&p, v->graph, &o, v->err);
            if (st == MF_OK && v->output.n == 0) {
                st = add_outputs(v, p);
            }
        }
        if (st == MF_OK) {
            st = run_rows(v, p, at, n);
        }
    }
    mf_program_free(p);
    mf_workspace_free(ws);
    return st;
}

static mf_status
compare(verifier *v)
{
    mf_status st;

    for (size_t i = 0; i < v->output.n; i++) {
        const mf_tensor *got = &v->output.t[i], *want = mf_tensors_find(&v->expect, got->name);
        comparison      *c   = &v->compared[v->n_compared];

        if (want == NULL) {
            continue;
        }
        c->name = got->name;
        if ((st = mf_tensor_gap_of(&c->gap, got, want, v->err)) < 0) {
            return st;
        }
        c->ok = c->gap.relative <= v->cfg->tolerance;
        v->n_compared++;
    }
    return MF_OK;
}

/* ---- the answer ---- */

static void
put_names(mf_json_out *j, const char *key, const mf_names *names)
{
    mf_json_open(j, key, '[');
    for (size_t i = 0; i < names->n; i++) {
        mf_json_put_str(j, NULL, names->name[i]);
    }
    mf_json_close(j, ']');
}

static void
answer_json(mf_str *out, const verifier *v)
{
    mf_json_out j = mf_json_begin(out, 2);

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "architecture", v->model.def->name);
    mf_json_put_int(&j, "classes", v->model.classes);
    mf_json_put_str(&j, "backend", v->backend->name);
    mf_json_put_str(&j, "precision", mf_prec_name((mf_prec)v->cfg->precision));
    mf_json_put_int(&j, "loaded", (int64_t)v->report.loaded);
    mf_json_put_str(&j, "prefix", v->report.prefix != NULL ? v->report.prefix : "");
    put_names(&j, "missing", &v->report.missing);
    put_names(&j, "unexpected", &v->report.unexpected);
    put_names(&j, "new_head", &v->report.kept);
    mf_json_open(&j, "compared", '[');
    for (size_t i = 0; i < v->n_compared; i++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "tensor", v->compared[i].name);
        mf_json_put_num(&j, "max_abs", v->compared[i].gap.max_abs);
        mf_json_put_num(&j, "relative", v->compared[i].gap.relative);
        mf_json_put_bool(&j, "ok", v->compared[i].ok);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_put_num(&j, "tolerance", v->cfg->tolerance);
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static void
list_names(mf_str *out, const char *what, const mf_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        mf_str_printf(out, "%s%s%s", i == 0 ? what : "", i == 0 ? ": " : ", ", names->name[i]);
    }
    mf_str_add(out, names->n != 0 ? "\n" : "");
}

static void
answer_text(mf_str *out, const verifier *v)
{
    char shape[96];

    mf_str_printf(out, "%s, %d classes, %s %s: %zu tensors loaded", v->model.def->name, v->model.classes, v->backend->name,
                  mf_prec_name((mf_prec)v->cfg->precision), v->report.loaded);
    if (v->report.prefix != NULL) {
        mf_str_printf(out, ", names without '%s'", v->report.prefix);
    }
    mf_str_printf(out, ", %zu missing, %zu unexpected\n", v->report.missing.n, v->report.unexpected.n);
    list_names(out, "unexpected", &v->report.unexpected);
    list_names(out, "started anew", &v->report.kept);
    for (size_t i = 0; i < v->output.n; i++) {
        mf_str_printf(out, "%-9s %s\n", v->output.t[i].name, mf_shape_text(shape, &v->output.t[i].shape));
    }
    for (size_t i = 0; i < v->n_compared; i++) {
        mf_str_printf(out, "%-9s differs by at most %.3g, %.3g of the largest expected value: %s %.3g\n", v->compared[i].name,
                      v->compared[i].gap.max_abs, v->compared[i].gap.relative, v->compared[i].ok ? "within" : "ABOVE", v->cfg->tolerance);
    }
}

static mf_status
judge(const verifier *v)
{
    for (size_t i = 0; i < v->n_compared; i++) {
        if (!v->compared[i].ok) {
            return mf_fail(v->err, MF_E_NUMERIC, "'%s' differs from '%s' by %.3g of its largest value; %.3g is allowed",
                           v->compared[i].name, v->cfg->expect.s, v->compared[i].gap.relative, v->cfg->tolerance);
        }
    }
    return MF_OK;
}

static mf_status
run_verify(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    verify_cfg cfg;
    mf_cli_set set = {verify_opts, &cfg};
    verifier   v   = {.cfg = &cfg, .err = err};
    mf_str     out = {0};
    size_t     n;
    mf_status  st;

    mf_opt_defaults(verify_opts, &cfg);
    if ((st = mf_cli_parse(cli, &mf_cmd_weights_verify, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_cli_need(cfg.arch.s, "arch", err)) < 0 || (st = mf_cli_need(cfg.input.s, "input", err)) < 0 ||
        (st = mf_cli_need(cfg.output.s, "output", err)) < 0 || (st = mf_backend_find(&v.backend, cfg.backend.s, err)) < 0 ||
        (st = mf_weights_load(&v.weights, argv[0], err)) < 0 || (st = read_input(&v)) < 0 || (st = read_expected(&v)) < 0) {
        goto done;
    }
    if ((st = make_model(&v)) < 0 || (st = load_network(&v, cli)) < 0) {
        mf_fail_in(err, st, "weights '%s'", argv[0]);
        goto done;
    }
    if ((st = run_network(&v)) < 0 || (st = mf_weights_save(cfg.output.s, &v.output, err)) < 0 || (st = compare(&v)) < 0) {
        goto done;
    }
    if (cli->json) {
        answer_json(&out, &v);
    } else {
        answer_text(&out, &v);
    }
    if ((st = mf_cli_put(cli, &out, err)) == MF_OK) {
        st = judge(&v);
    }
done:
    mf_str_free(&out);
    mf_graph_free(v.graph);
    mf_params_free(v.params);
    mf_load_report_free(&v.report);
    mf_tensors_free(&v.weights);
    mf_tensors_free(&v.input);
    mf_tensors_free(&v.output);
    mf_tensors_free(&v.expect);
    return st;
}

const mf_cmd mf_cmd_weights_verify = {
    .name    = "verify",
    .summary = "run a network on given numbers, to hold imported weights against their origin",
    .usage   = "FILE --arch NAME --input I.safetensors --output G.safetensors [--expect O.safetensors] [--json]",
    .text    = "Builds the architecture in inference form, loads FILE into it by name, runs it on the\n"
               "tensor 'input' and writes 'logits' and 'features'. A common prefix of the names\n"
               "(\"module.\") is left away. Names that are missing in the file or unexpected there are\n"
               "listed; a missing one is an error. With --expect the status is 1 where a difference is\n"
               "above the tolerance.",
    .json    = true,
    .opts    = {verify_opts},
    .run     = run_verify,
};
