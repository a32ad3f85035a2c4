/* train/record.c: what a run leaves to read: config.yaml, env.json, results.csv, timings.csv, event
 * files, summary.json.
 *
 * results.csv holds nothing that depends on the clock, so that a resumed run writes the same bytes; speeds are in
 * timings.csv. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/thread.h"
#include "core/version.h"
#include "train/trainer_i.h"

mf_status
mf_run_write(const char *dir, const char *name, const mf_str *text, mf_err *err)
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
    st = mf_run_write(dir, "env.json", &out, err);
    mf_str_free(&out);
    return st;
}

mf_status
mf_run_begin_files(const mf_train_job *job, mf_prec prec, mf_err *err)
{
    mf_str    out = {0};
    char      hash[65];
    mf_status st;

    mf_str_printf(&out, "# The options of this run, as resolved; 'maskfer train --config' on this file repeats it.\n");
    mf_settings_print(job->settings, &out);
    if ((st = mf_dir_make(job->out, err)) == MF_OK && (st = mf_run_write(job->out, "config.yaml", &out, err)) == MF_OK) {
        mf_dataset_hash(hash, job->data);
        st = mf_env_write(job->out, hash, job->seed, mf_prec_name(prec), job->settings->t.backend.s, err);
    }
    mf_str_free(&out);
    return st;
}

/* A folder with a run in it is only touched to resume. */
mf_status
mf_run_claim(const mf_train_job *job, bool *finished, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, job->out, "summary.json");
    if ((st = mf_str_ok(&path, err)) < 0) {
        goto done;
    }
    *finished = mf_path_exists(path.data);
    mf_path_join(&path, job->out, "config.yaml");
    if ((st = mf_str_ok(&path, err)) < 0) {
        goto done;
    }
    if (!job->resume && (*finished || mf_path_exists(path.data))) {
        st = mf_fail(err, MF_E_STATE, "'%s' holds a run already: give --resume to go on with it, or another --out", job->out);
        goto done;
    }
done:
    mf_str_free(&path);
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

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double
mf_trainer_rate(const mf_trainer *t)
{
    enum { EPOCHS = 256 }; /* the last ones */
    double      rate[EPOCHS];
    size_t      n    = 0;
    const char *line = strchr(mf_str_c(&t->timings), '\n'), *comma;

    for (; line != NULL && line[1] != '\0'; line = strchr(line + 1, '\n')) {
        if ((comma = strchr(line + 1, ',')) != NULL && (comma = strchr(comma + 1, ',')) != NULL) {
            rate[n++ % EPOCHS] = strtod(comma + 1, NULL);
        }
    }
    n = n < EPOCHS ? n : EPOCHS;
    qsort(rate, n, sizeof *rate, by_value);
    return n > 0 ? rate[n / 2] : 0;
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

    if ((st = mf_run_write(t->job->out, "results.csv", &t->results, err)) < 0) {
        return st;
    }
    return mf_run_write(t->job->out, "timings.csv", &t->timings, err);
}
