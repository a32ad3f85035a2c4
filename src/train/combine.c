/* train/combine.c: owns the embeddings of a run's pictures and the classifier that is fitted to them. Rows stand in the order
 * training, validation, scored, so that each part is a stretch of one table. */
#include "train/combine.h"

#include <math.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/features.h"
#include "methods/combine.h"
#include "train/linear.h"
#include "train/run.h"
#include "weights/weights.h"

enum { EMBED_BATCH = 64, PASSES_MAX = 1000 };
enum { TRAIN, VAL, TEST, N_PARTS };

typedef struct join {
    const mf_train_job   *job;
    const mf_combine_cfg *cfg;
    const char           *path[2];
    int64_t               parameters;
    uint32_t             *row;            /* [n] */
    size_t                n, at[N_PARTS], size[N_PARTS];
    size_t                d;
    float                *x;              /* [n, d]: two unit vectors, one behind the other */
    int                  *label;          /* [n] */
    double               *weight;         /* [size[TRAIN]] or NULL */
    mf_linear             linear;
    double                c, temperature; /* that were chosen */
    double               *score;          /* [n, classes]; of `linear` once it is chosen */
    float                *prob;           /* [n, classes] */
    mf_prec               prec;
    mf_str                table;          /* combine.csv */
} join;

static void
join_free(join *j)
{
    mf_free(j->row);
    mf_free(j->x);
    mf_free(j->label);
    mf_free(j->weight);
    mf_free(j->score);
    mf_free(j->prob);
    mf_linear_free(&j->linear);
    mf_str_free(&j->table);
}

static mf_status
stopped(const mf_train_job *job, mf_err *err)
{
    return job->stop != NULL && job->stop(job->stop_arg)
               ? mf_fail(err, MF_E_CANCELLED, "stopped while joining embeddings; the same command with --resume begins with that again")
               : MF_OK;
}

/* ---- rows and embeddings ---------------------------------------------------------------------------------- */

static mf_status
take_rows(join *j, mf_err *err)
{
    const mf_train_job *job    = j->job;
    const mf_dataset   *d      = job->data;
    const uint8_t      *use[N_PARTS] = {job->parts->train, job->parts->val, job->parts->test};
    const mf_domain     learn  = j->cfg->fit_on == MF_COMBINE_ALL ? MF_DOMAIN_ALL : MF_DOMAIN_OCCLUDED;
    size_t              count[MF_CLASSES_MAX] = {0}, classes = 0;

    j->row   = mf_calloc(d->n_rows, sizeof *j->row);
    j->label = mf_calloc(d->n_rows, sizeof *j->label);
    if (j->row == NULL || j->label == NULL) {
        return mf_oom(err, d->n_rows * sizeof *j->row, "a list of rows");
    }
    for (int part = 0; part < N_PARTS; part++) {
        j->at[part] = j->n;
        for (size_t i = 0; i < d->n_rows; i++) {
            if (use[part][i] && mf_domain_has(part == TRAIN ? learn : MF_DOMAIN_ALL, &d->rows[i])) {
                j->label[j->n] = d->rows[i].label;
                j->row[j->n++] = (uint32_t)i;
            }
        }
        j->size[part] = j->n - j->at[part];
    }
    for (size_t i = 0; i < j->size[TRAIN]; i++) {
        classes += count[j->label[i]]++ == 0;
    }
    if (classes < 2) {
        return mf_fail(err, MF_E_LIMIT, "%s learns from %s training pictures, and there are %zu of %zu classes: --fit-on %s",
                       job->settings->method.name, learn == MF_DOMAIN_ALL ? "all" : "masked", j->size[TRAIN], classes,
                       learn == MF_DOMAIN_ALL ? "occluded" : "all takes the non-masked too");
    }
    if (job->settings->t.class_weights != MF_CLASSES_EVEN) {
        double of[MF_CLASSES_MAX];

        mf_settings_class_weights(of, job->settings, count, d->n_classes);
        if ((j->weight = mf_calloc(j->size[TRAIN], sizeof *j->weight)) == NULL) {
            return mf_oom(err, j->size[TRAIN] * sizeof *j->weight, "weights of samples");
        }
        for (size_t i = 0; i < j->size[TRAIN]; i++) {
            j->weight[i] = of[j->label[i]];
        }
    }
    return MF_OK;
}

static mf_status
embed(join *j, mf_features *out, const char *path, mf_err *err)
{
    const mf_settings *s  = j->job->settings;
    mf_infer_opts      io = {.backend = s->t.backend.s, .prec = mf_settings_prec(s), .batch = EMBED_BATCH, .features = true};
    mf_infer          *f;
    mf_status          st;

    if ((st = mf_infer_load(&f, path, &io, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < mf_params_count(mf_infer_params(f)); i++) {
        const mf_param *p = mf_params_at(mf_infer_params(f), i);

        j->parameters += p->kind != MF_PARAM_BUFFER && p->kind != MF_PARAM_COUNTER ? mf_shape_elems(&p->shape) : 0;
    }
    j->prec = mf_infer_prec(f);
    if (mf_infer_recipe(f)->channels != (int)s->t.channels) {
        st = mf_fail(err, MF_E_ARG, "'%s' was trained on pictures of %d channels, this run has %d", path,
                     mf_infer_recipe(f)->channels, (int)s->t.channels);
    } else if ((st = mf_features_cached(out, f, j->job->data, j->job->cache, j->row, j->n, (int)s->t.workers, &j->job->progress,
                                        err)) < 0) {
        mf_fail_in(err, st, "%s", path);
    }
    mf_infer_free(f);
    return st;
}

/* Copies one network's embeddings, made unit vectors, behind what is there: x[i, at ... at + from->d]. */
static void
put_unit(join *j, const mf_features *from, size_t at)
{
    for (size_t i = 0; i < j->n; i++) {
        const float *x = from->x + i * from->d;
        double       s = 0;

        for (size_t k = 0; k < from->d; k++) {
            s += (double)x[k] * (double)x[k];
        }
        s = s > 0.0 ? 1.0 / sqrt(s) : 0.0;
        for (size_t k = 0; k < from->d; k++) {
            j->x[i * j->d + at + k] = (float)(s * (double)x[k]);
        }
    }
}

static mf_status
embed_both(join *j, mf_err *err)
{
    mf_features one = {0}, two = {0};
    mf_status   st;

    if ((st = embed(j, &one, j->path[0], err)) < 0 || (st = stopped(j->job, err)) < 0 ||
        (st = embed(j, &two, j->path[1], err)) < 0) {
        goto done;
    }
    j->d = one.d + two.d;
    if ((j->x = mf_calloc(j->n, j->d * sizeof *j->x)) == NULL) {
        st = mf_oom(err, j->n * j->d * sizeof *j->x, "joined embeddings");
        goto done;
    }
    put_unit(j, &one, 0);
    put_unit(j, &two, one.d);
done:
    mf_features_free(&one);
    mf_features_free(&two);
    return st;
}

/* ---- the classifier --------------------------------------------------------------------------------------- */

/* prob = softmax(score / t) of a part's rows. */
static void
probabilities(join *j, int part, double t)
{
    const int k = j->linear.classes;

    for (size_t i = j->at[part]; i < j->at[part] + j->size[part]; i++) {
        const double *z   = j->score + i * (size_t)k;
        double        top = z[0], sum = 0;

        for (int c = 1; c < k; c++) {
            top = z[c] > top ? z[c] : top;
        }
        for (int c = 0; c < k; c++) {
            sum += exp((z[c] - top) / t);
        }
        for (int c = 0; c < k; c++) {
            j->prob[i * (size_t)k + (size_t)c] = (float)(exp((z[c] - top) / t) / sum);
        }
    }
}

static void
measure(mf_metrics *out, const join *j, int part)
{
    mf_metrics_begin(out, j->linear.classes);
    for (size_t i = j->at[part]; i < j->at[part] + j->size[part]; i++) {
        mf_metrics_add(out, j->label[i], j->prob + i * (size_t)j->linear.classes);
    }
    mf_metrics_end(out);
}

/* The temperature of least log loss on the validation part; 1 where there is none. */
static mf_status
temperature(double *out, join *j, mf_err *err)
{
    const size_t k    = (size_t)j->linear.classes, n = j->size[VAL];
    double      *prob = mf_calloc(n + 1, k * sizeof *prob);
    int         *answer = mf_calloc(n + 1, sizeof *answer);
    mf_answers   a    = {.n = n, .classes = (int)k, .label = j->label + j->at[VAL], .answer = answer, .prob = prob};

    *out = 1.0;
    if (prob == NULL || answer == NULL) {
        mf_free(prob);
        mf_free(answer);
        return mf_oom(err, (n + 1) * k * sizeof *prob, "a temperature");
    }
    probabilities(j, VAL, 1.0);
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < k; c++) {
            prob[i * k + c] = (double)j->prob[(j->at[VAL] + i) * k + c];
        }
        answer[i] = mf_argmax(j->prob + (j->at[VAL] + i) * k, (int)k);
    }
    if (n != 0) {
        *out = mf_temperature_fit(&a, -1);
    }
    mf_free(prob);
    mf_free(answer);
    return MF_OK;
}

static void
score(join *j, const mf_linear *l, int part)
{
    mf_linear_scores(l, j->x + j->at[part] * j->d, j->size[part], j->score + j->at[part] * (size_t)l->classes);
}

static int
by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
put_number(mf_str *out, double v, char end)
{
    char text[32];

    mf_num_text(text, v);
    mf_str_printf(out, "%s%c", text, end);
}

/* One value of C: fits, measures, and keeps the classifier where it is the best so far. */
static mf_status
try_one(join *j, const mf_linear_data *data, const mf_linear_opts *o, mf_metrics *m, double *best, mf_err *err)
{
    const bool       svm = j->cfg->classifier == MF_COMBINE_SVM;
    mf_linear        l;
    mf_linear_report r;
    double           accuracy, loss, train;
    mf_status        st = svm ? mf_svm_fit(&l, data, o, &r, err) : mf_softmax_fit(&l, data, o, &r, err);

    if (st < 0) {
        return st;
    }
    if (!r.converged) {
        mf_logf(&j->job->log, MF_LOG_WARN, "the classifier with C %g had not settled after %d passes", o->c, r.passes);
    }
    if (j->linear.w == NULL) {
        j->linear.classes = l.classes; /* what the measures below go by */
    }
    score(j, &l, TRAIN);
    score(j, &l, VAL);
    probabilities(j, TRAIN, 1.0);
    probabilities(j, VAL, 1.0);
    measure(m, j, TRAIN);
    train = m->accuracy;
    measure(m, j, VAL);
    accuracy = j->size[VAL] != 0 ? m->accuracy : (double)NAN;
    loss     = j->size[VAL] != 0 ? m->loss : (double)NAN;
    mf_logf(&j->job->log, j->job->small ? MF_LOG_DEBUG : MF_LOG_INFO, "C %g: %d passes, training %.2f %%, validation %.2f %%", o->c, r.passes,
            train, accuracy);
    put_number(&j->table, o->c, ',');
    mf_str_printf(&j->table, "%d,%d,", r.passes, r.converged);
    put_number(&j->table, train, ',');
    put_number(&j->table, accuracy, ',');
    put_number(&j->table, loss, '\n');
    if (j->linear.w != NULL && !(accuracy > *best)) {
        mf_linear_free(&l);
        return MF_OK;
    }
    mf_linear_free(&j->linear);
    j->linear = l;
    j->c      = o->c;
    *best     = accuracy;
    return MF_OK;
}

static mf_status
choose(join *j, mf_err *err)
{
    const mf_train_job *job  = j->job;
    const size_t        k    = (size_t)job->data->n_classes;
    mf_linear_data      data = {.n = j->size[TRAIN], .d = j->d, .classes = (int)k, .x = j->x, .label = j->label, .weight = j->weight};
    mf_linear_opts      o    = mf_linear_opts_default();
    mf_opt_list         c    = j->cfg->c;
    mf_metrics         *m    = mf_calloc(1, sizeof *m);
    double              best = 0;
    mf_status           st   = MF_OK;

    j->score = mf_calloc(j->n, k * sizeof *j->score);
    j->prob  = mf_calloc(j->n, k * sizeof *j->prob);
    o.alpha  = j->cfg->classifier == MF_COMBINE_SVM ? mf_calloc(k * j->size[TRAIN], sizeof *o.alpha) : NULL;
    if (m == NULL || j->score == NULL || j->prob == NULL || (j->cfg->classifier == MF_COMBINE_SVM && o.alpha == NULL)) {
        st = mf_oom(err, j->n * k * sizeof *j->score, "a classifier of joined embeddings");
        goto done;
    }
    o.hinge     = (mf_hinge)j->cfg->hinge;
    o.seed      = job->seed;
    o.passes    = PASSES_MAX;
    o.tolerance = j->cfg->classifier == MF_COMBINE_SVM ? o.tolerance : 1e-4;
    if (c.n == 0) {
        c = (mf_opt_list){.n = 1, .v = {1.0}};
    }
    if (j->size[VAL] == 0 && c.n > 1) {
        mf_logf(&job->log, MF_LOG_WARN, "there is no validation part to choose C by: the middle of the %d values is taken", c.n);
    }
    qsort(c.v, (size_t)c.n, sizeof c.v[0], by_value); /* each fit begins at the answer of the smaller C before */
    if (j->size[VAL] == 0) {
        c = (mf_opt_list){.n = 1, .v = {c.v[c.n / 2]}};
    }
    mf_str_add(&j->table, "c,passes,converged,train_accuracy,val_accuracy,val_loss\n");
    for (int i = 0; i < c.n && st == MF_OK; i++) {
        o.c = c.v[i];
        if ((st = stopped(job, err)) == MF_OK) {
            st = try_one(j, &data, &o, m, &best, err);
        }
    }
done:
    mf_free(o.alpha);
    mf_free(m);
    return st;
}

static mf_status
answer(join *j, mf_err *err)
{
    mf_status st;

    j->temperature = 1.0;
    for (int part = 0; part < N_PARTS; part++) {
        score(j, &j->linear, part);
    }
    if (j->cfg->classifier == MF_COMBINE_SVM && (st = temperature(&j->temperature, j, err)) < 0) {
        return st;
    }
    for (int part = 0; part < N_PARTS; part++) {
        probabilities(j, part, j->temperature);
    }
    return MF_OK;
}

/* ---- files ------------------------------------------------------------------------------------------------ */

static mf_scores
scores_of(const join *j, int part)
{
    return (mf_scores){.n = j->size[part], .classes = j->linear.classes, .row = j->row + j->at[part],
                       .prob = j->prob + j->at[part] * (size_t)j->linear.classes};
}

static mf_status
save_linear(const join *j, mf_err *err)
{
    const size_t k = (size_t)j->linear.classes;
    mf_shape     shape = mf_shape_of(2, (int64_t)k, (int64_t)j->d), flat = mf_shape_of(1, (int64_t)k);
    mf_tensors   ts    = {0};
    mf_tensor   *w, *b;
    mf_str       path  = {0}, names = {0};
    mf_json_out  json  = mf_json_begin(&names, 0);
    char         text[32];
    mf_status    st;

    mf_json_open(&json, NULL, '[');
    for (size_t c = 0; c < k; c++) {
        mf_json_put_str(&json, NULL, j->job->data->classes[c]);
    }
    mf_json_close(&json, ']');
    mf_num_text(text, j->temperature);
    mf_str_printf(&path, "%s/weights", j->job->out);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_dir_make(path.data, err)) < 0 ||
        (st = mf_tensors_add(&ts, "fc.weight", MF_DTYPE_F32, &shape, &w, err)) < 0) {
        goto done;
    }
    for (size_t c = 0; c < k; c++) {
        for (size_t i = 0; i < j->d; i++) {
            ((float *)w->data)[c * j->d + i] = (float)j->linear.w[c * (j->d + 1) + i];
        }
    }
    if ((st = mf_tensors_add(&ts, "fc.bias", MF_DTYPE_F32, &flat, &b, err)) < 0) {
        goto done;
    }
    for (size_t c = 0; c < k; c++) {
        ((float *)b->data)[c] = (float)j->linear.w[c * (j->d + 1) + j->d];
    }
    mf_str_add(&path, "/linear.safetensors");
    if ((st = mf_str_ok(&names, err)) < 0 || (st = mf_str_ok(&path, err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "method", j->job->settings->method.name, err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "classes", names.data, err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "temperature", text, err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "first", j->path[0], err)) < 0 ||
        (st = mf_tensors_set_meta(&ts, "second", j->path[1], err)) < 0) {
        goto done;
    }
    st = mf_weights_save(path.data, &ts, err);
done:
    mf_tensors_free(&ts);
    mf_str_free(&path);
    mf_str_free(&names);
    return st;
}

static void
figures(mf_figures *out, const join *j, int part)
{
    const mf_scores s = scores_of(j, part);

    mf_scores_metrics(&out->all, &s, j->job->data, MF_DOMAIN_ALL);
    mf_scores_metrics(&out->clear, &s, j->job->data, MF_DOMAIN_CLEAR);
    mf_scores_metrics(&out->occluded, &s, j->job->data, MF_DOMAIN_OCCLUDED);
}

static mf_status
write_all(join *j, double seconds, mf_err *err)
{
    const mf_train_job *job    = j->job;
    const int           scored = j->size[TEST] != 0 ? TEST : VAL;
    const mf_scores     s      = scores_of(j, scored);
    mf_figures         *f      = mf_calloc(3, sizeof *f);
    mf_summary          sum    = {.job = job, .n_samples = j->size[TRAIN], .seconds = seconds, .selected = "best"};
    mf_kinds            kinds  = {0};
    mf_str              csv    = {0};
    mf_status           st;

    if (f == NULL) {
        return mf_oom(err, 3 * sizeof *f, "figures");
    }
    for (int part = 0; part < N_PARTS; part++) {
        figures(&f[part], j, part);
    }
    sum.parameters     = j->parameters + (int64_t)j->linear.classes * (int64_t)(j->d + 1);
    sum.train_accuracy = f[TRAIN].all.accuracy;
    sum.train_loss     = f[TRAIN].all.loss;
    sum.selected       = job->settings->t.select == MF_SELECT_LAST ? "last" : "best";
    sum.chosen_by      = job->settings->t.select == MF_SELECT_FOLD ? "test" : j->size[VAL] != 0 ? "val" : "last";
    for (int i = 0; i < 3; i++) {
        sum.val[i]  = j->size[VAL] != 0 ? &f[VAL] : NULL;
        sum.test[i] = j->size[TEST] != 0 ? &f[TEST] : NULL;
    }
    if ((st = mf_kinds_load(&kinds, job->data, err)) < 0 || (st = mf_str_ok(&j->table, err)) < 0 ||
        (st = mf_run_write(job->out, "combine.csv", &j->table, err)) < 0 || (st = save_linear(j, err)) < 0) {
        goto done;
    }
    if (s.n != 0) {
        mf_scores_csv(&csv, &s, job->data, &kinds, "", NULL);
        if ((st = mf_str_ok(&csv, err)) < 0 || (st = mf_run_write(job->out, "predictions.csv", &csv, err)) < 0) {
            goto done;
        }
    }
    st = mf_summary_write(&sum, err);
done:
    mf_kinds_free(&kinds);
    mf_str_free(&csv);
    mf_free(f);
    return st;
}

mf_status
mf_combine_run(const mf_train_job *job, mf_err *err)
{
    const mf_train_opts *t = &job->settings->t;
    join                 j = {.job = job, .cfg = (const mf_combine_cfg *)job->settings->method.cfg};
    const double         begun = mf_now();
    bool                 finished;
    mf_status            st;

    j.path[0] = job->join[0] != NULL ? job->join[0] : t->join_a.s;
    j.path[1] = job->join[1] != NULL ? job->join[1] : t->join_b.s;
    if (j.path[0][0] == '\0' || j.path[1][0] == '\0') {
        return mf_fail(err, MF_E_USAGE, "%s joins two trained networks: give their weights by --join-a FILE --join-b FILE, or let "
                       "'maskfer crossval' train them", job->settings->method.name);
    }
    if ((st = mf_run_claim(job, &finished, err)) < 0 || finished) {
        return st;
    }
    if ((st = take_rows(&j, err)) < 0 || (st = embed_both(&j, err)) < 0 || (st = mf_run_begin_files(job, j.prec, err)) < 0) {
        goto done;
    }
    mf_logf(&job->log, job->small ? MF_LOG_DEBUG : MF_LOG_INFO, "%s: %zu numbers of two networks, %zu pictures to learn from, %zu to choose C",
            job->settings->method.name, j.d, j.size[TRAIN], j.size[VAL]);
    if ((st = choose(&j, err)) == MF_OK && (st = answer(&j, err)) == MF_OK) {
        st = write_all(&j, mf_now() - begun, err);
    }
done:
    join_free(&j);
    return st;
}
