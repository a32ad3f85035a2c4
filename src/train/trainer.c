/* train/trainer.c: the loop. Owns one run from its first epoch to summary.json. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/thread.h"
#include "train/combine.h"
#include "train/trainer_i.h"

enum { EVAL_BATCH = 64 };

/* ---- setting up ------------------------------------------------------------------------------------------- */

static uint64_t
fingerprint(const mf_train_job *job)
{
    char     data[65];
    uint64_t h[3 + 3];
    size_t   n = job->data->n_rows;

    mf_dataset_hash(data, job->data);
    h[0] = mf_settings_hash(job->settings);
    h[1] = job->seed;
    h[2] = mf_hash64(data, sizeof data);
    h[3] = mf_hash64(job->parts->train, n);
    h[4] = mf_hash64(job->parts->val, n);
    h[5] = mf_hash64(job->parts->test, n);
    return mf_hash64(h, sizeof h);
}

static mf_status
class_weights(float **out, const mf_trainer *t, mf_err *err)
{
    const mf_dataset *d     = t->job->data;
    size_t            count[MF_CLASSES_MAX] = {0};
    double            weight[MF_CLASSES_MAX];
    mf_augment        view[MF_AUGMENT_VIEWS_MAX];
    const size_t      views = (size_t)mf_settings_augment(view, t->s); /* a picture counts once */

    *out = mf_calloc((size_t)d->n_classes, sizeof **out);
    if (*out == NULL) {
        return mf_oom(err, (size_t)d->n_classes * sizeof **out, "class weights");
    }
    for (size_t i = 0; i < t->n_samples / views; i++) {
        count[d->rows[t->samples[i].row[0]].label]++;
    }
    mf_settings_class_weights(weight, t->s, count, d->n_classes);
    for (int c = 0; c < d->n_classes; c++) {
        (*out)[c] = (float)weight[c];
    }
    return MF_OK;
}

static mf_status
open_scorer(mf_scorer **out, mf_trainer *t, const uint8_t *use, mf_domain k, mf_err *err)
{
    uint32_t *rows;
    size_t    n;
    mf_status st;

    if ((st = mf_rows_list(&rows, &n, t->job->data, use, k, err)) == MF_OK && n != 0) {
        st = mf_scorer_open(out, mf_network_infer(t->net), t->job->data, t->job->cache, rows, n, (int)t->s->t.workers, err);
    }
    mf_free(rows);
    return st;
}

static mf_status
open_network(mf_trainer *t, mf_err *err)
{
    const mf_train_job *job     = t->job;
    const char         *teacher = job->teacher != NULL ? job->teacher : t->s->t.teacher.s;
    float              *weights = NULL;
    mf_network_opts     no;
    mf_optim_opts       oo;
    mf_status           st = MF_OK;

    if (t->s->t.class_weights != MF_CLASSES_EVEN && (st = class_weights(&weights, t, err)) < 0) {
        return st;
    }
    oo = (mf_optim_opts){
        .def = t->s->optim, .cfg = t->s->optim_cfg, .weight_decay = t->s->t.weight_decay, .decay_all = t->s->t.decay_all,
        .clip = t->s->t.clip, .accumulate = (int)t->s->t.accumulate, .ema = t->s->t.ema,
    };
    no = (mf_network_opts){
        .settings = t->s, .classes = job->data->n_classes, .batch = t->batch, .part = t->part, .eval_batch = EVAL_BATCH,
        .class_weight = weights, .init = job->init != NULL ? job->init : t->s->t.init.s, .teacher = teacher, .log = &job->log, .backend = t->s->t.backend.s,
        .seed = job->seed, .stream = mf_optim_streams(&oo),
    };
    st = mf_network_new(&t->net, &no, err);
    mf_free(weights);
    if (st < 0) {
        return st;
    }
    t->streams = no.stream;
    return mf_optim_new(&t->optim, mf_network_params(t->net), &oo, err);
}

static mf_status
open_loader(mf_trainer *t, mf_err *err)
{
    const bool drawn = t->s->method.def->samples == MF_SAMPLES_PAIR_DRAW;

    if (drawn) {
        mf_samples_redraw(t->samples, t->n_samples, &t->s->method, t->job->seed, (uint64_t)t->c.epoch);
        mf_loader_close(t->loader);
        t->loader = NULL;
    }
    if (t->loader == NULL) {
        return mf_loader_open(&t->loader, t->job->data, t->job->cache, t->samples, t->n_samples, &t->loader_opts, err);
    }
    return MF_OK;
}

static mf_status
set_up(mf_trainer *t, mf_err *err)
{
    const mf_train_job *job = t->job;
    const mf_settings  *s   = t->s;
    mf_augment          augment[MF_AUGMENT_VIEWS_MAX];
    const int           views = mf_settings_augment(augment, s);
    size_t              batch, left;
    mf_status           st;

    st = s->t.draw_pairs && s->method.def->samples != MF_SAMPLES_ROWS
             ? mf_samples_drawn(&t->samples, &t->n_samples, job->data, job->parts->train, &s->method, err)
             : mf_samples_make(&t->samples, &t->n_samples, job->data, job->parts->train, &s->method, job->seed, 1, err);
    if (st < 0 || (st = mf_samples_repeat(&t->samples, &t->n_samples, views, err)) < 0) {
        return st;
    }
    batch = (size_t)s->t.batch < t->n_samples ? (size_t)s->t.batch : t->n_samples;
    left  = t->n_samples % batch;
    /* A last batch of one is left out: batch norm has nothing to compare on the smallest maps. Another one is left over
     * in the next epoch. */
    t->batch   = (int)batch;
    t->part    = left > 1 ? (int)left : 0;
    t->batches = (int64_t)(t->n_samples / batch) + (left > 1);
    if ((st = mf_kinds_load(&t->kinds, job->data, err)) < 0 || (st = open_network(t, err)) < 0 ||
        (st = open_scorer(&t->val, t, job->parts->val, mf_method_domain(&s->method), err)) < 0 ||
        (st = open_scorer(&t->test, t, job->parts->test, MF_DOMAIN_ALL, err)) < 0) {
        return st;
    }
    t->loader_opts = (mf_loader_opts){
        .batch = t->batch, .pictures = s->method.def->pictures, .shuffle = true, .soft = s->t.soft,
        .balanced = s->t.balanced, .seed = job->seed, .workers = (int)s->t.workers, .augment = augment[0], .views = views - 1,
        .draw_label = s->t.draw_label,
        .recipe = mf_settings_recipe(s, false), .type = mf_network_form(t->net).type, .nhwc = mf_network_form(t->net).nhwc,
        .classes = job->data->n_classes, .occlude = s->t.occlude.s, .occlude_prob = s->t.occlude_prob,
        .landmarks = mf_model_landmarks(mf_network_model(t->net)),
    };
    memcpy(t->loader_opts.view, augment + 1, sizeof t->loader_opts.view);
    if (s->t.mix != MF_MIX_NONE && t->loader_opts.landmarks > 0) {
        return mf_fail(err, MF_E_USAGE, "option '--mix': %s looks at the landmarks of one face a picture, and a mixed picture shows two", s->t.model.s);
    }
    if (t->loader_opts.landmarks > 0 && (st = open_loader(t, err)) < 0) { /* now, before a file is written: points may be missing */
        return st;
    }
    t->mix         = mf_settings_mix(s);
    t->mix.form    = mf_network_form(t->net);
    t->mix.classes = job->data->n_classes;
    t->fingerprint = fingerprint(job);
    return mf_trainer_results_head(t, err);
}

/* ---- epochs ----------------------------------------------------------------------------------------------- */

static void
rates(double lr[MF_OPTIM_GROUPS], const mf_trainer *t)
{
    const mf_train_opts *o   = &t->s->t;
    const int64_t        all = t->batches * o->epochs;
    mf_sched_at          at  = {.epoch = t->c.epoch, .epochs = o->epochs, .step = t->c.step, .steps = all,
                                .warmup = (int64_t)(o->warmup * (double)t->batches), .warmup_start = o->warmup_start};

    if (at.warmup > all) {
        at.warmup = all;
    }
    lr[0] = mf_schedule_rate(t->s->schedule, t->s->schedule_cfg, &t->c.sched, &at, o->lr);
    lr[1] = mf_schedule_rate(t->s->schedule, t->s->schedule_cfg, &t->c.sched, &at, o->head_lr > 0.0 ? o->head_lr : o->lr);
}

static bool
stop_asked(const mf_trainer *t)
{
    return t->job->stop != NULL && t->job->stop(t->job->stop_arg);
}

static mf_status
not_a_number(const mf_trainer *t, const char *what, double lr, mf_err *err)
{
    return mf_fail(err, MF_E_NUMERIC,
                   "%s is not a finite number in epoch %lld, batch %lld (step %lld of the run, learning rate %g): training "
                   "stopped and the last saved state stays; a lower --lr, --clip 1 or --precision f32 may help", what,
                   (long long)t->c.epoch, (long long)t->c.batch + 1, (long long)t->c.step + 1, lr);
}

/* The step that a run of the network streams its gradients into. */
typedef struct streamed {
    mf_trainer *t;
    double      lr[MF_OPTIM_GROUPS];
    bool        open;
} streamed;

static mf_status
take_gradient(void *arg, double loss, const mf_param *p, const float *grad, mf_err *err)
{
    streamed *s = arg;

    if (!isfinite(loss)) { /* no weight has changed yet */
        return not_a_number(s->t, "the loss", s->lr[0], err);
    }
    if (!s->open) {
        mf_optim_open(s->t->optim, s->lr);
        s->open = true;
    }
    mf_optim_take(s->t->optim, p, grad);
    return MF_OK;
}

static mf_status
one_step(mf_trainer *t, const mf_batch *b, mf_err *err)
{
    streamed  now  = {.t = t};
    double    norm = -1.0;
    mf_step   s;
    mf_status st;

    mf_mix_batch(b, &t->mix, t->job->seed, (uint64_t)t->c.step);
    rates(now.lr, t);
    if ((st = mf_network_run(t->net, b, t->job->seed, (uint64_t)t->c.step, t->streams ? take_gradient : NULL, &now, &s, err)) < 0) {
        return st;
    }
    if (!isfinite(s.loss)) {
        return not_a_number(t, "the loss", now.lr[0], err);
    }
    if (!t->streams) {
        mf_optim_batch(t->optim, now.lr, t->c.batch + 1 == t->batches, &norm);
    } else if (now.open) {
        mf_optim_close(t->optim);
    }
    t->c.sums.loss += s.loss * (double)b->n;
    for (int i = 0; i < MF_METHOD_TERMS_MAX; i++) {
        t->c.sums.term[i] += s.term[i] * (double)b->n;
    }
    t->c.sums.norm = norm > t->c.sums.norm ? norm : t->c.sums.norm;
    t->c.sums.samples += (int64_t)b->n;
    t->c.sums.correct += (int64_t)s.correct;
    t->c.batch++;
    t->c.step++;
    return MF_OK;
}

static mf_status
stopped(mf_trainer *t, mf_err *err)
{
    mf_status st;

    if ((st = mf_trainer_save(t, err)) < 0) {
        return mf_fail_in(err, st, "stopped, and the state could not be saved");
    }
    return mf_fail(err, MF_E_CANCELLED,
                   "stopped in epoch %lld of %lld after %lld steps; the same command with --resume goes on from there",
                   (long long)t->c.epoch, (long long)t->s->t.epochs, (long long)t->c.step);
}

static mf_status
train_epoch(mf_trainer *t, mf_err *err)
{
    const mf_batch *b;
    char            what[64];
    mf_status       st;

    snprintf(what, sizeof what, "epoch %lld/%lld", (long long)t->c.epoch, (long long)t->s->t.epochs);
    if (t->c.batch >= t->batches) {
        return MF_OK;
    }
    if ((st = open_loader(t, err)) < 0 || (st = mf_loader_start(t->loader, (uint64_t)t->c.epoch, (size_t)t->c.batch, err)) < 0) {
        return st;
    }
    while (t->c.batch < t->batches) {
        if ((st = mf_loader_next(t->loader, &b, err)) < 0) {
            return st;
        }
        MF_ASSERT(b != NULL);
        if ((st = one_step(t, b, err)) < 0) {
            return st;
        }
        mf_progress_set(&t->job->progress, what, (double)t->c.sums.samples * t->s->method.def->pictures,
                        (double)t->n_samples * t->s->method.def->pictures);
        if (t->hook != NULL && !t->hook(t->hook_arg, (uint64_t)t->c.step - 1)) {
            return mf_fail(err, MF_E_CANCELLED, "ended by the test");
        }
        if (stop_asked(t)) {
            return stopped(t, err);
        }
        if (t->s->t.save_seconds > 0.0 && mf_now() - t->saved >= t->s->t.save_seconds && (st = mf_trainer_save(t, err)) < 0) {
            return st;
        }
    }
    return MF_OK;
}

static mf_status
end_epoch(mf_trainer *t, double seconds, mf_err *err)
{
    const double n = t->c.sums.samples > 0 ? (double)t->c.sums.samples : 1.0;
    double       lr[MF_OPTIM_GROUPS];
    mf_counters  before = t->c;
    char         val[96] = "";
    mf_status    st;

    /* The rates of the epoch's last step. */
    t->c.step = before.step - 1;
    rates(lr, t);
    t->c.step = before.step;
    if (!mf_optim_finite(t->optim)) {
        return not_a_number(t, "a weight", lr[0], err);
    }
    if ((st = mf_trainer_judge(t, err)) < 0) {
        return st;
    }
    t->c.train_loss     = t->c.sums.loss / n;
    t->c.train_accuracy = 100.0 * (double)t->c.sums.correct / n;
    mf_trainer_results_row(t, lr[0], lr[1], t->val != NULL ? &t->figures.all : NULL, seconds);
    if ((st = mf_trainer_events_row(t, lr[0], lr[1], t->val != NULL ? &t->figures.all : NULL, seconds, err)) < 0) {
        return st;
    }
    if (t->val != NULL) {
        snprintf(val, sizeof val, ", validation %.2f %% (best %.2f in epoch %lld)", t->figures.all.accuracy,
                 t->c.best_score, (long long)t->c.best_epoch);
    }
    mf_logf(&t->job->log, t->job->small ? MF_LOG_DEBUG : MF_LOG_INFO,
            "epoch %lld/%lld: loss %.4f, training %.2f %%%s, rate %.3g, %.0f images/s", (long long)t->c.epoch,
            (long long)t->s->t.epochs, t->c.train_loss, t->c.train_accuracy, val, lr[0],
            seconds > 0.0 ? n * t->s->method.def->pictures / seconds : 0.0);
    t->c.done = t->c.epoch >= t->s->t.epochs || (t->s->t.early_stop > 0 && t->val != NULL && t->c.bad >= t->s->t.early_stop);
    if (!t->c.done) {
        t->c.epoch++;
        t->c.batch = 0;
        t->c.sums  = (mf_epoch_sums){0};
    }
    return MF_OK;
}

static mf_status
all_epochs(mf_trainer *t, mf_err *err)
{
    mf_status st;

    while (!t->c.done) {
        const int64_t every = t->s->t.save_every >= 0 ? t->s->t.save_every : !t->job->small;
        double        begun = mf_now();
        int64_t       epoch = t->c.epoch;

        if ((st = train_epoch(t, err)) < 0 || (st = end_epoch(t, mf_now() - begun, err)) < 0) {
            return st;
        }
        if ((every > 0 && (epoch % every == 0 || t->c.done)) ||
            (t->s->t.save_seconds > 0.0 && mf_now() - t->saved >= t->s->t.save_seconds)) {
            if ((st = mf_trainer_save(t, err)) < 0) {
                return st;
            }
        }
        if ((st = mf_trainer_write_tables(t, err)) < 0) {
            return st;
        }
        if (!t->c.done && stop_asked(t)) {
            return stopped(t, err);
        }
    }
    return MF_OK;
}

/* ---- the end ---------------------------------------------------------------------------------------------- */

/* Scores, and the weights and predictions that go with them. figures[0..1]: of val and test. */
static mf_status
conclude(mf_trainer *t, const char *name, bool selected, mf_figures *val, mf_figures *test, mf_err *err)
{
    const mf_scores *scores = NULL;
    mf_status        st;

    if ((t->val != NULL && (st = mf_trainer_score(val, t, t->val, &scores, err)) < 0) ||
        (t->test != NULL && (st = mf_trainer_score(test, t, t->test, &scores, err)) < 0)) {
        return st;
    }
    if (t->val != NULL) {
        t->figures = *val; /* what the weights' metadata say */
    }
    if ((!t->job->small || selected) && (st = mf_trainer_save_weights(t, name, false, err)) < 0) {
        return st;
    }
    if (selected && scores != NULL) {
        mf_str csv = {0}, path = {0};

        mf_scores_csv(&csv, scores, t->job->data, &t->kinds, "", NULL);
        mf_path_join(&path, t->job->out, "predictions.csv");
        if ((st = mf_str_ok(&path, err)) == MF_OK) {
            st = mf_file_write_str(path.data, &csv, err);
        }
        mf_str_free(&csv);
        mf_str_free(&path);
        return st;
    }
    return MF_OK;
}

static mf_status
finish(mf_trainer *t, mf_err *err)
{
    const bool  last   = t->s->t.select == MF_SELECT_LAST;
    mf_figures *f      = mf_calloc(4, sizeof *f); /* val and test of last, then of best */
    mf_summary  s      = {.job = t->job, .selected = last ? "last" : "best", .parameters = mf_network_parameters(t->net),
                          .n_samples = t->n_samples, .train_accuracy = t->c.train_accuracy, .train_loss = t->c.train_loss};
    int64_t     epochs = t->c.epoch;
    mf_status   st;

    if (f == NULL) {
        return mf_oom(err, 4 * sizeof *f, "figures");
    }
    t->c.seconds += mf_now() - t->began;
    t->began = mf_now();
    mf_optim_swap_ema(t->optim);
    if ((st = conclude(t, "last", last, &f[0], &f[1], err)) < 0 ||
        (st = mf_network_import(t->net, "best/", &t->best, err)) < 0) {
        goto done;
    }
    t->c.epoch = t->c.best_epoch; /* what the metadata of best.safetensors say */
    st         = conclude(t, "best", !last, &f[2], &f[3], err);
    t->c.epoch = epochs;
    if (st < 0) {
        goto done;
    }
    s.val[1]  = t->val != NULL ? &f[2] : NULL;
    s.test[1] = t->test != NULL ? &f[3] : NULL;
    s.val[2]  = t->val != NULL ? &f[0] : NULL;
    s.test[2] = t->test != NULL ? &f[1] : NULL;
    s.val[0]  = last ? s.val[2] : s.val[1];
    s.test[0] = last ? s.test[2] : s.test[1];
    s.chosen_by  = last ? "last" : t->s->t.select == MF_SELECT_FOLD && t->test != NULL ? "test" : t->val == NULL ? "last" : "val";
    s.epochs     = t->c.epoch;
    s.best_epoch = t->c.best_epoch;
    s.seconds    = t->c.seconds;
    s.images_per_second = mf_trainer_rate(t);
    st           = mf_summary_write(&s, err);
    if (st == MF_OK && t->job->small) {
        mf_str path = {0};

        mf_path_join(&path, t->job->out, "state");
        if ((st = mf_str_ok(&path, err)) == MF_OK) {
            st = mf_dir_remove_all(path.data, err);
        }
        mf_str_free(&path);
    }
done:
    mf_free(f);
    return st;
}

static void
tear_down(mf_trainer *t)
{
    mf_loader_close(t->loader);
    mf_scorer_close(t->val);
    mf_scorer_close(t->test);
    mf_optim_free(t->optim);
    mf_network_free(t->net);
    mf_free(t->samples);
    mf_tensors_free(&t->best);
    mf_str_free(&t->results);
    mf_str_free(&t->timings);
    mf_kinds_free(&t->kinds);
    mf_events_close(t->events);
    mf_free(t);
}

mf_status
mf_train_run_hooked(const mf_train_job *job, mf_step_hook *hook, void *hook_arg, mf_err *err)
{
    mf_trainer *t;
    bool        found = false, finished = false;
    mf_status   st;

    if (job->settings->method.def->joins[0] != NULL) {
        return mf_combine_run(job, err);
    }
    if ((st = mf_run_claim(job, &finished, err)) < 0) {
        return st;
    }
    if (finished) {
        mf_logf(&job->log, job->small ? MF_LOG_DEBUG : MF_LOG_INFO, "'%s' is finished already", job->out);
        return MF_OK;
    }
    if ((t = mf_calloc(1, sizeof *t)) == NULL) {
        return mf_oom(err, sizeof *t, "training");
    }
    t->job      = job;
    t->s        = job->settings;
    t->hook     = hook;
    t->hook_arg = hook_arg;
    t->c.epoch  = 1;
    t->began = t->saved = mf_now();
    if ((st = set_up(t, err)) < 0 || (job->resume && (st = mf_trainer_load(t, &found, err)) < 0)) {
        goto done;
    }
    if (found) {
        mf_logf(&job->log, MF_LOG_INFO, "going on in epoch %lld of %lld, after %lld steps", (long long)t->c.epoch,
                (long long)t->s->t.epochs, (long long)t->c.step);
    } else if ((st = mf_run_begin_files(job, mf_network_prec(t->net), err)) < 0) {
        goto done;
    }
    mf_logf(&job->log, job->small ? MF_LOG_DEBUG : MF_LOG_INFO,
            "%s: %s, %zu samples, %zu pictures to validate%s, %d x %d pixels, %s, %d threads", t->s->method.name,
            t->s->t.model.s, t->n_samples, job->parts->n_val, job->parts->n_test != 0 ? " and a part to score" : "",
            (int)t->s->t.size, (int)t->s->t.size, mf_prec_name(mf_network_prec(t->net)), mf_threads_get());
    if ((st = all_epochs(t, err)) == MF_OK) {
        st = finish(t, err);
    }
done:
    tear_down(t);
    return st;
}

mf_status
mf_train_run(const mf_train_job *job, mf_err *err)
{
    return mf_train_run_hooked(job, NULL, NULL, err);
}
