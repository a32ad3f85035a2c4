/* train/network.c */
#include "train/network.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "infer/nearest.h"
#include "nn/ops.h"
#include "weights/weights.h"

#define TEACHER "teacher."
#define LOSS    "loss."
enum { NAME_MAX_BYTES = 512 };

static const char *const x_names[3] = {"x0", "x1", "x2"};

struct mf_network {
    mf_model      model, teacher;
    mf_params    *params;
    mf_graph     *graph;
    mf_workspace *ws;
    mf_program   *program[2]; /* full, partial */
    int           size[2];
    mf_feed       feed[2][3];
    int           pictures, terms;
    bool          reads[3];   /* whether the graph looks at a picture: a method may leave one aside */
    char          marks[3][MF_MODEL_NAME_MAX]; /* inputs of their landmarks; "": it looks at none */
    const char   *term_name[MF_METHOD_TERMS_MAX];
    char          term_out[MF_METHOD_TERMS_MAX][48];
    mf_infer     *infer;
    mf_prec       prec;
    float        *logits; /* [batch, classes] */
};

void
mf_network_free(mf_network *n)
{
    if (n == NULL) {
        return;
    }
    mf_infer_free(n->infer);
    mf_program_free(n->program[0]);
    mf_program_free(n->program[1]);
    mf_graph_free(n->graph);
    mf_workspace_free(n->ws);
    mf_params_free(n->params);
    mf_free(n->logits);
    mf_free(n);
}

static bool
is_own(const mf_param *p)
{
    return !mf_str_starts(p->name, TEACHER) && !mf_str_starts(p->name, LOSS);
}

/* What the tensors of `prefix` hold: the network, and of a saved state also what the loss keeps from step to step. */
static bool
is_kept(const mf_param *p, const char *prefix)
{
    return is_own(p) || (mf_str_eq(prefix, MF_NETWORK_STATE) && mf_str_eq(p->name, MF_METHOD_CENTRES));
}

static mf_status
mark_parameters(mf_network *n, const mf_settings *s, mf_err *err)
{
    const char *head   = s->t.head_params.s[0] != '\0' ? s->t.head_params.s : n->model.def->head;
    size_t      frozen = 0, trained = 0, of_head = 0;

    for (size_t i = 0; i < mf_params_count(n->params); i++) {
        mf_param *p = mf_params_at(n->params, i);

        if (!is_own(p)) {
            p->frozen = true;
            continue;
        }
        p->group = mf_str_glob_any(head, p->name) ? 1 : 0;
        of_head += p->group == 1;
        if (mf_str_glob_any(s->t.freeze.s, p->name)) {
            p->frozen = true;
            frozen++;
        } else {
            trained += p->kind == MF_PARAM_WEIGHT;
        }
    }
    if (s->t.head_params.s[0] != '\0' && of_head == 0) {
        return mf_fail(err, MF_E_USAGE, "option '--head-params': no parameter of %s is named by '%s'", s->t.model.s, s->t.head_params.s);
    }
    if (s->t.freeze.s[0] != '\0' && frozen == 0) {
        return mf_fail(err, MF_E_USAGE, "option '--freeze': no parameter of %s is named by '%s'", s->t.model.s, s->t.freeze.s);
    }
    if (trained == 0) {
        return mf_fail(err, MF_E_USAGE, "option '--freeze': '%s' leaves nothing to train", s->t.freeze.s);
    }
    return MF_OK;
}

static mf_status
build_graph(mf_network *n, const mf_network_opts *o, mf_err *err)
{
    const mf_settings *s   = o->settings;
    mf_method_in       in  = {.model = &n->model, .centre_weight = s->t.centre_weight, .centre_rate = s->t.centre_rate,
                              .label_smoothing = s->t.label_smoothing, .class_weight = MF_NONE,
                              .loss = &s->loss};
    mf_method_out      out = {.loss = MF_NONE, .logits = MF_NONE};
    mf_status          st;

    if ((st = mf_graph_new(&n->graph, n->params, err)) < 0) {
        return st;
    }
    mf_graph_training(n->graph, true);
    for (int k = 0; k < n->pictures; k++) {
        in.x[k] = mf_model_input(n->graph, &n->model, x_names[k]);
    }
    in.target = mf_graph_input(n->graph, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)o->classes));
    if (s->method.def->needs_teacher) {
        in.teacher = &n->teacher;
    }
    if (o->class_weight != NULL) {
        in.class_weight = mf_graph_param(n->graph, LOSS "class_weight", mf_shape_of(1, (int64_t)o->classes),
                                         (mf_init){.kind = MF_INIT_ONE}, MF_PARAM_BUFFER);
    }
    if ((st = s->method.def->build(&out, n->graph, &in, s->method.cfg, err)) < 0) {
        return mf_fail_in(err, st, "%s", s->method.name);
    }
    mf_graph_output(n->graph, "loss", out.loss);
    mf_graph_output(n->graph, "logits", out.logits);
    n->terms = out.n_terms;
    for (int i = 0; i < out.n_terms; i++) {
        n->term_name[i] = out.term_name[i];
        snprintf(n->term_out[i], sizeof n->term_out[i], "term:%s", out.term_name[i]);
        mf_graph_output(n->graph, n->term_out[i], out.term[i]);
    }
    if ((st = mark_parameters(n, s, err)) < 0) {
        return st;
    }
    return mf_graph_backward(n->graph, out.loss, NULL, 0, err);
}

static mf_status
compile(mf_network *n, const mf_network_opts *o, mf_err *err)
{
    const char       *outputs[MF_METHOD_TERMS_MAX + 3] = {"loss", "logits"};
    mf_compile_opts   c = {.prec = mf_settings_prec(o->settings), .outputs = outputs, .grads = true, .stream = o->stream};
    const mf_backend *backend;
    mf_recipe         recipe = mf_settings_recipe(o->settings, true);
    mf_infer_opts     io     = {.backend = o->backend, .batch = o->eval_batch, .mirror = o->settings->t.tta};
    mf_status         st;

    for (int i = 0; i < n->terms; i++) {
        outputs[2 + i] = n->term_out[i];
    }
    if ((st = mf_backend_find(&backend, o->backend, err)) < 0 || (st = mf_workspace_new(&n->ws, err)) < 0) {
        return st;
    }
    n->prec     = mf_prec_resolve(c.prec, backend);
    c.prec      = n->prec;
    c.backend   = backend;
    c.workspace = n->ws;
    n->size[0]  = o->batch;
    n->size[1]  = o->part;
    for (int k = 0; k < 2; k++) {
        if (n->size[k] == 0) {
            continue;
        }
        c.batch = n->size[k];
        if ((st = mf_program_compile(&n->program[k], n->graph, &c, err)) < 0) {
            return mf_fail_in(err, st, "training with a batch of %d", c.batch);
        }
        for (int x = 0; x < n->pictures; x++) {
            mf_tdesc d;

            n->reads[x] = mf_program_input_desc(n->program[k], x_names[x], &d, NULL) == MF_OK;
            if (n->reads[x] && (st = mf_feed_open(&n->feed[k][x], n->program[k], x_names[x], err)) < 0) {
                return st;
            }
            mf_model_marks_name(n->marks[x], x_names[x]);
            if (mf_program_input_desc(n->program[k], n->marks[x], &d, NULL) < 0) {
                n->marks[x][0] = '\0';
            }
        }
    }
    io.prec      = n->prec;
    io.workspace = n->ws;
    if ((st = mf_infer_new(&n->infer, &n->model, &recipe, n->params, &io, err)) < 0) {
        return mf_fail_in(err, st, "scoring");
    }
    n->logits = mf_calloc((size_t)n->size[0] * (size_t)n->model.classes, sizeof *n->logits);
    return n->logits != NULL ? MF_OK : mf_oom(err, (size_t)n->size[0] * (size_t)n->model.classes * sizeof(float), "logits");
}

/* Load a weight file into a store of its own and copy the values to `prefix` + name in n->params: the loader's rules for
 * missing and unexpected names then see one network only. */
static mf_status
load_file(mf_network *n, const char *path, const mf_model *m, const char *prefix, bool new_head, uint64_t seed,
          const mf_log *log, mf_err *err)
{
    mf_params     *ps    = NULL;
    mf_graph      *graph = NULL;
    mf_tensors     ts    = {0};
    mf_load_opts   lo    = mf_load_opts_default();
    mf_load_report rep   = {0};
    float         *plain = NULL;
    mf_status      st;

    lo.new_head = new_head;
    lo.head     = m->def->head;
    lo.alias    = m->def->alias;
    if ((st = mf_params_new(&ps, MF_DTYPE_F32, err)) < 0 || (st = mf_model_eval_graph(&graph, m, ps, err)) < 0 ||
        (st = mf_weights_load(&ts, path, err)) < 0) {
        goto done;
    }
    if ((st = mf_params_take(ps, &ts, &lo, &rep, err)) < 0) {
        mf_fail_in(err, st, "%s", path);
        mf_nearest_hint(err, m, &ts);
        goto done;
    }
    if ((st = mf_params_materialize(ps, seed, err)) < 0) { /* a new classifier */
        goto done;
    }
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        const mf_param *from = mf_params_at(ps, i);
        char            name[NAME_MAX_BYTES];
        mf_param       *to;
        float          *more;

        snprintf(name, sizeof name, "%s%s", prefix, from->name);
        if ((to = mf_params_find(n->params, name)) == NULL) {
            continue; /* a teacher's classifier, which nothing asks for */
        }
        if ((more = mf_realloc(plain, (size_t)mf_shape_elems(&from->shape), sizeof *plain)) == NULL) {
            st = mf_oom(err, (size_t)mf_shape_elems(&from->shape) * sizeof *plain, "weights");
            goto done;
        }
        plain = more;
        mf_param_get(from, MF_DTYPE_F32, plain);
        mf_param_set(to, MF_DTYPE_F32, plain);
    }
    mf_params_touch(n->params);
    mf_logf(log, MF_LOG_INFO, "%s: %zu tensors taken%s", path, rep.loaded, rep.kept.n != 0 ? ", with a new classifier" : "");
done:
    mf_free(plain);
    mf_load_report_free(&rep);
    mf_tensors_free(&ts);
    mf_graph_free(graph);
    mf_params_free(ps);
    return st;
}

static mf_status
start_values(mf_network *n, const mf_network_opts *o, mf_err *err)
{
    mf_status st;

    if ((st = mf_params_materialize(n->params, o->seed, err)) < 0 || (!o->stream && (st = mf_params_want_grads(n->params, err)) < 0)) {
        return st;
    }
    if (o->class_weight != NULL) {
        mf_param_set(mf_params_find(n->params, LOSS "class_weight"), MF_DTYPE_F32, o->class_weight);
    }
    if (o->init != NULL && o->init[0] != '\0' &&
        (st = load_file(n, o->init, &n->model, "", o->settings->t.new_head, o->seed, o->log, err)) < 0) {
        return st;
    }
    if (o->settings->method.def->needs_teacher) {
        if (o->teacher == NULL || o->teacher[0] == '\0') {
            return mf_fail(err, MF_E_USAGE, "%s needs a teacher: give --teacher FILE, weights trained on non-masked pictures",
                           o->settings->method.name);
        }
        /* Where the teacher's classifier is not used, another number of classes does no harm. */
        if ((st = load_file(n, o->teacher, &n->teacher, TEACHER, !o->settings->method.def->teacher_answers, o->seed, o->log, err)) < 0) {
            return mf_fail_in(err, st, "teacher");
        }
    }
    return MF_OK;
}

mf_status
mf_network_new(mf_network **out, const mf_network_opts *o, mf_err *err)
{
    mf_network *n = mf_calloc(1, sizeof *n);
    mf_status   st;

    *out = NULL;
    if (n == NULL) {
        return mf_oom(err, sizeof *n, "a network");
    }
    n->pictures = o->settings->method.def->pictures;
    MF_ASSERT(n->pictures >= 1 && n->pictures <= 3);
    if ((st = mf_settings_model(&n->model, o->settings, o->classes, err)) < 0) {
        goto fail;
    }
    n->teacher = n->model;
    if ((st = mf_params_new(&n->params, MF_DTYPE_F32, err)) < 0 || (st = build_graph(n, o, err)) < 0 ||
        (st = compile(n, o, err)) < 0 || (st = start_values(n, o, err)) < 0) {
        goto fail;
    }
    *out = n;
    return MF_OK;
fail:
    mf_network_free(n);
    return st;
}

mf_params *
mf_network_params(mf_network *n)
{
    return n->params;
}

const mf_model *
mf_network_model(const mf_network *n)
{
    return &n->model;
}

mf_infer *
mf_network_infer(mf_network *n)
{
    return n->infer;
}

mf_pix_form
mf_network_form(const mf_network *n)
{
    return n->feed[0][n->pictures - 1].form; /* the trained picture's; a teacher's may differ and is then copied */
}

mf_prec
mf_network_prec(const mf_network *n)
{
    return n->prec;
}

int
mf_network_ref_steps(const mf_network *n)
{
    int sum = mf_infer_ref_steps(n->infer);

    for (int k = 0; k < 2; k++) {
        if (n->program[k] != NULL) {
            sum += mf_program_get_stats(n->program[k]).ref_fallbacks;
        }
    }
    return sum;
}

int
mf_network_terms(const mf_network *n, const char *const **names)
{
    *names = (const char *const *)n->term_name;
    return n->terms;
}

int64_t
mf_network_parameters(const mf_network *n)
{
    int64_t sum = 0;

    for (size_t i = 0; i < mf_params_count(n->params); i++) {
        const mf_param *p = mf_params_at(n->params, i);

        if (is_own(p) && p->kind != MF_PARAM_BUFFER && p->kind != MF_PARAM_COUNTER) {
            sum += mf_shape_elems(&p->shape);
        }
    }
    return sum;
}

/* Few numbers are copied, never bound: they are not always aligned. (Binding some batches and copying others would write into
 * the memory of a batch bound before.) */
static mf_status
give(mf_program *p, const char *input, const float *values, size_t n, mf_err *err)
{
    void *to = mf_program_input_ptr(p, input);

    if (to == NULL) {
        return mf_oom(err, n * sizeof *values, input);
    }
    memcpy(to, values, n * sizeof *values);
    return MF_OK;
}

typedef struct taker {
    const mf_program *p;
    mf_network_sink  *sink;
    void             *arg;
    bool              known; /* the loss has been read */
    float             loss;
} taker;

static mf_status
take(void *arg, mf_param *p, const void *grad, mf_err *err)
{
    taker    *t = arg;
    mf_status st;

    if (!t->known && (st = mf_program_read(t->p, "loss", MF_DTYPE_F32, &t->loss, 1, err)) < 0) {
        return st;
    }
    t->known = true;
    return t->sink(t->arg, (double)t->loss, p, grad, err);
}

mf_status
mf_network_run(mf_network *n, const mf_batch *b, uint64_t seed, uint64_t step, mf_network_sink *sink, void *arg, mf_step *out, mf_err *err)
{
    const size_t      classes = (size_t)n->model.classes;
    const int         k       = b->n == (size_t)n->size[0] ? 0 : 1;
    const mf_pix_form form    = mf_network_form(n);
    mf_program       *p       = n->program[k];
    taker             t       = {.p = p, .sink = sink, .arg = arg};
    float             value;
    mf_status         st;

    MF_ASSERT(b->n == (size_t)n->size[k] && p != NULL);
    mf_program_sink(p, sink != NULL ? take : NULL, &t);
    for (int x = 0; x < n->pictures; x++) {
        if (n->reads[x] && (st = mf_feed_give(&n->feed[k][x], b->x[x], form, err)) < 0) {
            return st;
        }
        if (n->marks[x][0] != '\0') {
            MF_ASSERT(b->marks[x] != NULL);
            if ((st = give(p, n->marks[x], b->marks[x], b->n * (size_t)(mf_model_landmarks(&n->model) * MF_KEYPOINT), err)) < 0) {
                return st;
            }
        }
    }
    if ((st = give(p, "target", b->target, b->n * classes, err)) < 0 || (st = mf_program_run(p, seed, step, err)) < 0 ||
        (st = mf_program_read(p, "loss", MF_DTYPE_F32, &value, 1, err)) < 0 ||
        (st = mf_program_read(p, "logits", MF_DTYPE_F32, n->logits, b->n * classes, err)) < 0) {
        return st;
    }
    *out = (mf_step){.loss = (double)value};
    for (int i = 0; i < n->terms; i++) {
        if ((st = mf_program_read(p, n->term_out[i], MF_DTYPE_F32, &value, 1, err)) < 0) {
            return st;
        }
        out->term[i] = (double)value;
    }
    for (size_t i = 0; i < b->n; i++) {
        out->correct += mf_argmax(n->logits + i * classes, (int)classes) == b->label[i];
    }
    return MF_OK;
}

/* ---- parameters in and out ---- */

static void
copy_out(const mf_param *p, mf_tensor *t)
{
    mf_param_get(p, t->dtype, t->data);
}

mf_status
mf_network_export(const mf_network *n, const char *prefix, mf_tensors *ts, mf_err *err)
{
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; i < mf_params_count(n->params); i++) {
        const mf_param *p = mf_params_at(n->params, i);
        mf_tensor      *t;
        mf_status       st;

        if (!is_kept(p, prefix)) {
            continue;
        }
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        st = mf_tensors_add(ts, name, p->kind == MF_PARAM_COUNTER ? MF_DTYPE_I64 : MF_DTYPE_F32, &p->shape, &t, err);
        if (st < 0) {
            return st;
        }
        copy_out(p, t);
    }
    return MF_OK;
}

void
mf_network_reexport(const mf_network *n, const char *prefix, mf_tensors *ts)
{
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; i < mf_params_count(n->params); i++) {
        const mf_param *p = mf_params_at(n->params, i);

        if (is_kept(p, prefix)) {
            mf_tensor *t;

            snprintf(name, sizeof name, "%s%s", prefix, p->name);
            t = mf_tensors_find(ts, name);
            MF_ASSERT(t != NULL);
            copy_out(p, t);
        }
    }
}

mf_status
mf_network_import(mf_network *n, const char *prefix, const mf_tensors *ts, mf_err *err)
{
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; i < mf_params_count(n->params); i++) {
        mf_param        *p = mf_params_at(n->params, i);
        const mf_tensor *t;

        if (!is_kept(p, prefix)) {
            continue;
        }
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        t = mf_tensors_find(ts, name);
        if (t == NULL || !mf_shape_eq(&t->shape, &p->shape) || (t->dtype != MF_DTYPE_F32 && t->dtype != MF_DTYPE_I64)) {
            return mf_fail(err, MF_E_FORMAT, "'%s' is %s", name, t == NULL ? "missing" : "of another shape or type");
        }
        mf_param_set(p, t->dtype, t->data);
    }
    mf_params_touch(n->params);
    return MF_OK;
}
