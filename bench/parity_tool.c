/* bench/parity_tool.c: runs training steps of a method on given weights and pictures, and writes all that a peer must
 * agree with: losses, gradients of the first step, weights and running statistics after the last. Used by tests/parity.
 *
 *   parity_tool BACKEND ARCH METHOD LOSS OPTIMISER LR DECAY WEIGHTS.safetensors DATA.safetensors OUT.safetensors
 *
 * DATA: x0 [steps, N, C, H, W], x1 the same for methods of two pictures, target [steps, N, classes]; for networks that look at
 * landmarks x0.landmarks (and x1.landmarks) [steps, N, P, 3].
 * ARCH, METHOD and LOSS: name, or name:option=value,option=value; a loss takes smoothing=S too. WEIGHTS may hold "teacher.*", and
 * "loss.class_weight" where classes weigh differently. OPTIMISER none: no step is taken, and only the first of DATA is run.
 * With BACKEND ref64 all is computed and written in double, with OPTIMISER none alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "methods/method.h"
#include "models/model.h"
#include "nn/ops.h"
#include "nn/program.h"
#include "train/optim.h"
#include "weights/weights.h"

typedef struct job {
    mf_tensors  weights, data, out;
    mf_params  *ps;
    mf_graph   *g;
    mf_program *p;
    mf_optim   *optim;
    mf_dtype    real; /* F32, or F64 on ref64 */
} job;

/* "option=value,option=value", cut up in place; NULL or empty: none. */
static mf_status
set_options(const mf_opt *rows, void *cfg, char *opt, mf_err *err)
{
    mf_status st;

    while (opt && *opt) {
        char *next = strchr(opt, ','), *eq;

        if (next) *next++ = '\0';
        eq = strchr(opt, '=');
        if (!eq) return mf_fail(err, MF_E_USAGE, "expected option=value, not '%s'", opt);
        *eq = '\0';
        if ((st = mf_opt_set(rows, cfg, opt, eq + 1, err)) < 0) return st;
        opt = next;
    }
    return MF_OK;
}

/* A copy of "name:options" cut after the name; the options, or NULL. */
static char *
cut(char name[256], const char *text)
{
    char *opt;

    snprintf(name, 256, "%s", text);
    opt = strchr(name, ':');
    if (opt) *opt++ = '\0';
    return opt;
}

static mf_status
make_method(mf_method *m, const char *text, mf_err *err)
{
    char      name[256];
    char     *opt = cut(name, text);
    mf_status st;

    if ((st = mf_method_make(m, name, err)) < 0) return st;
    return set_options(m->def->opts, m->cfg, opt, err);
}

/* Label smoothing is no option of a loss, but of all of them: it comes first. */
static mf_status
make_loss(mf_loss *l, double *smoothing, const char *text, mf_err *err)
{
    static const char key[] = "smoothing=";
    char      name[256];
    char     *opt = cut(name, text);
    mf_status st;

    if ((st = mf_loss_find(&l->def, name, err)) < 0) return st;
    mf_opt_defaults(l->def->opts, l->cfg);
    if (opt && strncmp(opt, key, sizeof key - 1) == 0) {
        char *rest = strchr(opt, ',');

        if (rest) *rest++ = '\0';
        if ((st = mf_parse_f64(smoothing, opt + sizeof key - 1, 0, 0.999, err)) < 0) return st;
        opt = rest;
    }
    return set_options(l->def->opts, l->cfg, opt, err);
}

static mf_status
save_grads(job *j, mf_err *err)
{
    for (size_t i = 0; i < mf_params_count(j->ps); i++) {
        const mf_param *p = mf_params_at(j->ps, i);
        mf_tensor      *t;
        char            name[600];
        mf_status       st;

        if (!p->grad) continue;
        snprintf(name, sizeof name, "grad:%s", p->name);
        if ((st = mf_tensors_add(&j->out, name, j->real, &p->shape, &t, err)) < 0) return st;
        mf_param_get_grad(p, j->real, t->data);
    }
    return MF_OK;
}

static mf_status
build(job *j, const char *backend, const char *arch, const char *method, const char *loss, mf_err *err)
{
    static const char *const outs[] = {"loss", "logits", NULL};
    const mf_tensor  *x0 = mf_tensors_find(&j->data, "x0"), *x1 = mf_tensors_find(&j->data, "x1"), *t = mf_tensors_find(&j->data, "target");
    mf_compile_opts   o  = {.prec = MF_PREC_F32, .outputs = outs, .grads = true};
    mf_method         m;
    mf_loss           l;
    mf_model          model;
    mf_method_in      in = {.loss = &l};
    mf_load_opts      lo = mf_load_opts_default();
    mf_method_out     out;
    char              name[256];
    char             *opt;
    mf_status         st;

    if (!x0 || !t || x0->shape.ndim != 5 || t->shape.ndim != 3) return mf_fail(err, MF_E_ARG, "x0 [steps,N,C,H,W] and target [steps,N,classes] are needed");
    if ((st = make_method(&m, method, err)) < 0 || (st = make_loss(&l, &in.label_smoothing, loss, err)) < 0) return st;
    if (m.def->pictures > 1 && !x1) return mf_fail(err, MF_E_ARG, "method %s needs x1", method);
    opt = cut(name, arch);
    if ((st = mf_model_make(&model, name, (int)t->shape.dim[2], (int)x0->shape.dim[2], (int)x0->shape.dim[3], (int)x0->shape.dim[4], err)) < 0 ||
        (st = set_options(model.def->opts, model.cfg, opt, err)) < 0)
        return st;
    model.norm = m.def->norm ? m.def->norm(m.cfg) : MF_NORM_NONE;
    if ((st = mf_backend_find(&o.backend, backend, err)) < 0) return st;
    j->real = o.backend->real;
    if (j->real == MF_DTYPE_F64) o.prec = MF_PREC_F64;
    if ((st = mf_params_new(&j->ps, j->real, err)) < 0 || (st = mf_graph_new(&j->g, j->ps, err)) < 0) return st;
    mf_graph_training(j->g, true);
    in.model        = &model;
    in.teacher      = m.def->needs_teacher ? &model : NULL;
    in.class_weight = MF_NONE;
    for (int i = 0; i < m.def->pictures; i++) {
        snprintf(name, sizeof name, "x%d", i);
        in.x[i] = mf_model_input(j->g, &model, name);
    }
    in.target = mf_graph_input(j->g, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, t->shape.dim[2]));
    if (mf_tensors_find(&j->weights, "loss.class_weight"))
        in.class_weight = mf_graph_param(j->g, "loss.class_weight", mf_shape_of(1, t->shape.dim[2]), (mf_init){.kind = MF_INIT_ONE}, MF_PARAM_BUFFER);
    if ((st = m.def->build(&out, j->g, &in, m.cfg, err)) < 0) return st;
    mf_graph_output(j->g, "loss", out.loss);
    mf_graph_output(j->g, "logits", out.logits);
    if ((st = mf_graph_backward(j->g, out.loss, NULL, 0, err)) < 0) return st;
    o.batch = (int)x0->shape.dim[1];
    if ((st = mf_program_compile(&j->p, j->g, &o, err)) < 0) return st;
    if ((st = mf_params_materialize(j->ps, 1, err)) < 0 || (st = mf_params_want_grads(j->ps, err)) < 0) return st;
    lo.alias = model.def->alias;
    return mf_params_load(j->ps, &j->weights, &lo, NULL, err);
}

static mf_status
run(job *j, const char *optimiser, double lr, double decay, mf_err *err)
{
    static const char *const names[] = {"x0", "x1", "target", "x0.landmarks", "x1.landmarks"};
    enum { INPUTS = sizeof names / sizeof names[0] };
    const mf_tensor *x[INPUTS];
    const bool    still = strcmp(optimiser, "none") == 0;
    int64_t       all   = mf_tensors_find(&j->data, "x0")->shape.dim[0], steps = still ? 1 : all;
    mf_optim_opts o     = {.weight_decay = decay, .decay_all = true, .accumulate = 1};
    mf_tensor    *t;
    const int64_t *t_dim = mf_tensors_find(&j->data, "target")->shape.dim;
    mf_shape      s = mf_shape_of(1, steps), ls = mf_shape_of(2, t_dim[1], t_dim[2]);
    double       *losses;
    union {
        uint8_t bytes[MF_OPTIM_CFG_MAX];
        double  align;
    } cfg;
    double    rates[MF_OPTIM_GROUPS] = {lr, lr};
    mf_status st = MF_OK;

    for (int i = 0; i < INPUTS; i++) x[i] = mf_tensors_find(&j->data, names[i]);
    if (!still) {
        if (j->real != MF_DTYPE_F32) return mf_fail(err, MF_E_ARG, "optimisers work in f32: name 'none'");
        if ((st = mf_optim_find(&o.def, optimiser, err)) < 0) return st;
        mf_opt_defaults(o.def->opts, cfg.bytes);
        o.cfg = cfg.bytes;
        if ((st = mf_optim_new(&j->optim, j->ps, &o, err)) < 0) return st;
    }
    losses = mf_calloc((size_t)steps, sizeof *losses);
    if (!losses) return mf_oom(err, (size_t)steps * sizeof *losses, "losses");
    for (int64_t k = 0; k < steps && st == MF_OK; k++) {
        mf_tdesc d;

        for (int i = 0; i < INPUTS && st == MF_OK; i++) {
            if (!x[i] || mf_program_input_desc(j->p, names[i], &d, NULL) < 0) continue;
            st = mf_program_feed(j->p, names[i], MF_DTYPE_F32, (const char *)x[i]->data + (size_t)k * (x[i]->bytes / (size_t)all), err);
        }
        if (st < 0 || (st = mf_program_run(j->p, 1, (uint64_t)k, err)) < 0) break;
        st = mf_program_read(j->p, "loss", MF_DTYPE_F64, &losses[k], 1, err);
        if (k == 0 && st == MF_OK && (st = save_grads(j, err)) == MF_OK && (st = mf_tensors_add(&j->out, "logits", j->real, &ls, &t, err)) == MF_OK)
            st = mf_program_read(j->p, "logits", j->real, t->data, (size_t)mf_shape_elems(&ls), err);
        if (st == MF_OK && !still) mf_optim_batch(j->optim, rates, false, NULL);
    }
    if (st == MF_OK && (st = mf_tensors_add(&j->out, "losses", MF_DTYPE_F64, &s, &t, err)) == MF_OK) memcpy(t->data, losses, t->bytes);
    mf_free(losses);
    return st < 0 ? st : mf_params_export(j->ps, &j->out, err);
}

int
main(int argc, char **argv)
{
    job       j   = {0};
    mf_err    err = {0};
    mf_status st;

    if (argc != 11) {
        fprintf(stderr, "usage: parity_tool BACKEND ARCH METHOD LOSS OPTIMISER LR DECAY WEIGHTS DATA OUT\n");
        return 2;
    }
    if ((st = mf_weights_load(&j.weights, argv[8], &err)) == MF_OK && (st = mf_weights_load(&j.data, argv[9], &err)) == MF_OK &&
        (st = build(&j, argv[1], argv[2], argv[3], argv[4], &err)) == MF_OK && (st = run(&j, argv[5], atof(argv[6]), atof(argv[7]), &err)) == MF_OK)
        st = mf_weights_save(argv[10], &j.out, &err);
    if (st < 0) fprintf(stderr, "parity_tool: %s\n", err.msg);
    mf_optim_free(j.optim);
    mf_program_free(j.p);
    mf_graph_free(j.g);
    mf_params_free(j.ps);
    mf_tensors_free(&j.weights);
    mf_tensors_free(&j.data);
    mf_tensors_free(&j.out);
    return st < 0 ? 1 : 0;
}
