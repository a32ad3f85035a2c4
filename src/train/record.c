/* train/record.c: what a run leaves to read: config.yaml, env.json, results.csv, timings.csv, event
 * files, summary.json.
 *
 * results.csv holds nothing that depends on the clock, so that a resumed run writes the same bytes; speeds are in
 * timings.csv. */
#include <math.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/thread.h"
#include "core/version.h"
#include "train/trainer_i.h"

static mf_status
write_in(const char *dir, const char *name, const mf_str *text, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, dir, name);
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_file_write_str(path.data, text, err);
    }
    mf_str_free(&path);
    return st;
}

mf_status
mf_env_write(const char *dir, const char *dataset_hash, uint64_t seed, const char *precision, const char *backend, mf_err *err)
{
    mf_str      out = {0};
    mf_json_out j   = mf_json_begin(&out, 2);
    char        cpu[128], now[32];
    mf_status   st;

    mf_cpu_model(cpu, sizeof cpu);
    mf_time_text(now);
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "version", mf_version());
    mf_json_put_str(&j, "commit", mf_commit());
    mf_json_put_str(&j, "begun", now);
    mf_json_put_str(&j, "cpu", cpu);
    mf_json_open(&j, "instruction_sets", '[');
    for (int i = 0; i < MF_CPU_SET_COUNT; i++) {
        if (mf_cpu_has((mf_cpu_set)i)) {
            mf_json_put_str(&j, NULL, mf_cpu_set_name((mf_cpu_set)i));
        }
    }
    mf_json_close(&j, ']');
    mf_json_put_int(&j, "cores", mf_cores());
    mf_json_put_int(&j, "threads", mf_threads_get());
    mf_json_put_int(&j, "seed", (int64_t)seed);
    mf_json_put_str(&j, "precision", precision);
    mf_json_put_str(&j, "backend", backend);
    mf_json_put_str(&j, "dataset_sha256", dataset_hash);
    mf_json_close(&j, '}');
    mf_str_addc(&out, '\n');
    st = write_in(dir, "env.json", &out, err);
    mf_str_free(&out);
    return st;
}

mf_status
mf_trainer_begin_files(mf_trainer *t, mf_err *err)
{
    mf_str    out = {0};
    char      hash[65];
    mf_status st;

    mf_str_printf(&out, "# The options of this run, as resolved; 'maskfer train --config' on this file repeats it.\n");
    mf_settings_print(t->s, &out);
    if ((st = write_in(t->job->out, "config.yaml", &out, err)) == MF_OK) {
        mf_dataset_hash(hash, t->job->data);
        st = mf_env_write(t->job->out, hash, t->job->seed, mf_prec_name(mf_network_prec(t->net)), t->s->t.backend.s, err);
    }
    mf_str_free(&out);
    return st;
}

mf_status
mf_trainer_results_head(mf_trainer *t, mf_err *err)
{
    const char *const *names;
    int                n = mf_network_terms(t->net, &names);
    mf_status          st;

    mf_str_add(&t->results, "epoch,lr,head_lr,train_loss");
    for (int i = 0; i < n; i++) {
        mf_str_printf(&t->results, ",train_%s", names[i]);
    }
    mf_str_add(&t->results, ",train_accuracy");
    if (t->s->t.clip > 0.0) {
        mf_str_add(&t->results, ",largest_gradient");
    }
    if (t->val != NULL) {
        mf_str_add(&t->results, ",val_loss,val_accuracy,val_macro_f1");
    }
    mf_str_addc(&t->results, '\n');
    mf_str_add(&t->timings, "epoch,seconds,images_per_second\n");
    if ((st = mf_str_ok(&t->results, err)) < 0) {
        return st;
    }
    return mf_str_ok(&t->timings, err);
}

static void
put_num(mf_str *out, double v)
{
    char text[32];

    mf_num_text(text, v);
    mf_str_printf(out, ",%s", text);
}

void
mf_trainer_results_row(mf_trainer *t, double lr, double head_lr, const mf_metrics *val, double seconds)
{
    const char *const *names;
    int                n       = mf_network_terms(t->net, &names);
    double             samples = t->c.sums.samples > 0 ? (double)t->c.sums.samples : 1.0;
    int                per     = t->s->method.def->pictures;

    mf_str_printf(&t->results, "%lld", (long long)t->c.epoch);
    put_num(&t->results, lr);
    put_num(&t->results, head_lr);
    put_num(&t->results, t->c.sums.loss / samples);
    for (int i = 0; i < n; i++) {
        put_num(&t->results, t->c.sums.term[i] / samples);
    }
    put_num(&t->results, 100.0 * (double)t->c.sums.correct / samples);
    if (t->s->t.clip > 0.0) {
        put_num(&t->results, t->c.sums.norm);
    }
    if (val != NULL) {
        put_num(&t->results, val->loss);
        put_num(&t->results, val->accuracy);
        put_num(&t->results, val->macro_f1);
    }
    mf_str_addc(&t->results, '\n');
    mf_str_printf(&t->timings, "%lld,%.3f,%.1f\n", (long long)t->c.epoch, seconds,
                  seconds > 0.0 ? samples * per / seconds : 0.0);
}

mf_status
mf_trainer_events_row(mf_trainer *t, double lr, double head_lr, const mf_metrics *val, double seconds, mf_err *err)
{
    const char *const *names;
    const int          n       = mf_network_terms(t->net, &names);
    const double       samples = t->c.sums.samples > 0 ? (double)t->c.sums.samples : 1.0;
    mf_scalar          v[MF_METHOD_TERMS_MAX + 8];
    char               tag[MF_METHOD_TERMS_MAX][64];
    size_t             k  = 0;
    mf_status          st = MF_OK;

    if (t->events == NULL && (st = mf_events_open(&t->events, t->job->out, t->c.epoch, err)) < 0) {
        return st;
    }
    v[k++] = (mf_scalar){"loss/train", t->c.sums.loss / samples};
    for (int i = 0; i < n; i++) {
        snprintf(tag[i], sizeof tag[i], "loss/train_%s", names[i]);
        v[k++] = (mf_scalar){tag[i], t->c.sums.term[i] / samples};
    }
    v[k++] = (mf_scalar){"accuracy/train", 100.0 * (double)t->c.sums.correct / samples};
    if (val != NULL) {
        v[k++] = (mf_scalar){"loss/val", val->loss};
        v[k++] = (mf_scalar){"accuracy/val", val->accuracy};
        v[k++] = (mf_scalar){"macro_f1/val", val->macro_f1};
    }
    v[k++] = (mf_scalar){"rate/network", lr};
    v[k++] = (mf_scalar){"rate/classifier", head_lr};
    v[k++] = (mf_scalar){"speed/images_per_second", seconds > 0.0 ? samples * t->s->method.def->pictures / seconds : 0.0};
    return mf_events_put(t->events, t->c.epoch, v, k, err);
}

mf_status
mf_trainer_write_tables(mf_trainer *t, mf_err *err)
{
    mf_status st;

    if ((st = write_in(t->job->out, "results.csv", &t->results, err)) < 0) {
        return st;
    }
    return write_in(t->job->out, "timings.csv", &t->timings, err);
}

static void
put_recalls(mf_json_out *j, const char *key, const mf_metrics *m, char *const *classes)
{
    mf_json_open(j, key, '{');
    for (int c = 0; c < m->classes; c++) {
        mf_json_put_num(j, classes[c], m->recall[c]); /* null where the class has no picture */
    }
    mf_json_close(j, '}');
}

static void
put_metrics(mf_json_out *j, const char *key, const mf_metrics *m, char *const *classes)
{
    mf_json_open(j, key, '{');
    mf_json_put_int(j, "n", (int64_t)m->n);
    mf_json_put_int(j, "correct", (int64_t)m->correct);
    mf_json_put_num(j, "accuracy", m->accuracy);
    mf_json_put_num(j, "macro_f1", m->macro_f1);
    mf_json_put_num(j, "loss", m->loss);
    put_recalls(j, "per_class", m, classes);
    mf_json_close(j, '}');
}

static void
put_figures(mf_json_out *j, const char *key, const mf_figures *f, char *const *classes)
{
    const mf_metrics *m = &f->all;

    mf_json_open(j, key, '{');
    mf_json_put_int(j, "n", (int64_t)m->n);
    mf_json_put_num(j, "accuracy", m->accuracy);
    mf_json_put_num(j, "macro_f1", m->macro_f1);
    mf_json_put_num(j, "loss", m->loss);
    put_recalls(j, "per_class", m, classes);
    if (f->clear.n != 0) {
        put_metrics(j, "non_masked", &f->clear, classes);
    }
    if (f->occluded.n != 0) {
        put_metrics(j, "masked", &f->occluded, classes);
    }
    mf_json_close(j, '}');
}

/* People of the training part, of the scored part, of both. */
static mf_status
count_people(int64_t *trained, int64_t *scored, int64_t *shared, const mf_trainer *t, const uint8_t *score, mf_err *err)
{
    const mf_dataset *d    = t->job->data;
    uint8_t          *seen = mf_calloc((size_t)d->n_subjects, 1);

    *trained = *scored = *shared = 0;
    if (seen == NULL) {
        return mf_oom(err, (size_t)d->n_subjects, "people");
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        if (d->rows[i].subject >= 0) {
            seen[d->rows[i].subject] |= (uint8_t)((t->job->parts->train[i] ? 1 : 0) | (score[i] ? 2 : 0));
        }
    }
    for (int i = 0; i < d->n_subjects; i++) {
        *trained += seen[i] & 1;
        *scored += seen[i] >> 1;
        *shared += seen[i] == 3;
    }
    mf_free(seen);
    return MF_OK;
}

/* What a reader of predictions.csv must know: which part was scored, and whether it helped to choose or to train. */
static mf_status
put_protocol(mf_json_out *j, const mf_trainer *t, mf_err *err)
{
    const bool test = t->test != NULL, fold = t->s->t.select == MF_SELECT_FOLD && test;
    const bool last = t->s->t.select == MF_SELECT_LAST || (t->val == NULL && !fold);
    int64_t    trained, scored, shared;
    mf_status  st;

    if ((st = count_people(&trained, &scored, &shared, t, test ? t->job->parts->test : t->job->parts->val, err)) < 0) {
        return st;
    }
    mf_json_open(j, "protocol", '{');
    mf_json_put_str(j, "scored", test ? "test" : t->val != NULL ? "val" : "none");
    mf_json_put_str(j, "epoch_by", last ? "last" : fold ? "test" : "val");
    mf_json_put_bool(j, "chosen_on_scored", !last && (fold || !test));
    mf_json_put_int(j, "trained_subjects", trained);
    mf_json_put_int(j, "scored_subjects", scored);
    mf_json_put_int(j, "shared_subjects", shared);
    mf_json_close(j, '}');
    return MF_OK;
}

mf_status
mf_trainer_summary(mf_trainer *t, const mf_summary *s, mf_err *err)
{
    static const char *const which[3] = {NULL, "best", "last"};
    mf_str                   out      = {0};
    mf_json_out              j        = mf_json_begin(&out, 2);
    char *const             *classes  = t->job->data->classes;
    mf_status                st;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "method", t->s->method.name);
    mf_json_put_str(&j, "model", t->s->t.model.s);
    mf_json_put_int(&j, "parameters", mf_network_parameters(t->net));
    mf_json_put_int(&j, "epochs", t->c.epoch);
    mf_json_put_int(&j, "best_epoch", t->c.best_epoch);
    mf_json_put_str(&j, "selected", s->selected);
    mf_json_open(&j, "train", '{');
    mf_json_put_int(&j, "n", (int64_t)t->n_samples);
    mf_json_put_num(&j, "accuracy", t->c.train_accuracy);
    mf_json_put_num(&j, "loss", t->c.train_loss);
    mf_json_close(&j, '}');
    for (int i = 0; i < 3; i++) {
        if (i > 0) {
            mf_json_open(&j, which[i], '{');
        }
        if (s->val[i] != NULL) {
            put_figures(&j, "val", s->val[i], classes);
        }
        if (s->test[i] != NULL) {
            put_figures(&j, "test", s->test[i], classes);
        }
        if (i > 0) {
            mf_json_close(&j, '}');
        }
    }
    if ((st = put_protocol(&j, t, err)) < 0) {
        mf_str_free(&out);
        return st;
    }
    mf_json_put_num(&j, "seconds", round(t->c.seconds * 1000.0) / 1000.0);
    mf_json_put_int(&j, "peak_memory_bytes", (int64_t)mf_mem_rss_peak());
    mf_json_close(&j, '}');
    mf_str_addc(&out, '\n');
    st = write_in(t->job->out, "summary.json", &out, err);
    mf_str_free(&out);
    return st;
}
