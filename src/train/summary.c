/* train/summary.c: summary.json of one run. */
#include <math.h>

#include "core/json.h"
#include "core/mem.h"
#include "train/run.h"

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
count_people(int64_t *trained, int64_t *scored, int64_t *shared, const mf_train_job *job, const uint8_t *score, mf_err *err)
{
    const mf_dataset *d    = job->data;
    uint8_t          *seen = mf_calloc((size_t)d->n_subjects, 1);

    *trained = *scored = *shared = 0;
    if (seen == NULL) {
        return mf_oom(err, (size_t)d->n_subjects, "people");
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        if (d->rows[i].subject >= 0) {
            seen[d->rows[i].subject] |= (uint8_t)((job->parts->train[i] ? 1 : 0) | (score[i] ? 2 : 0));
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
put_protocol(mf_json_out *j, const mf_summary *s, mf_err *err)
{
    const mf_parts *parts = s->job->parts;
    const bool      test = s->test[0] != NULL, val = s->val[0] != NULL, last = mf_str_eq(s->chosen_by, "last");
    int64_t         trained, scored, shared;
    mf_status       st;

    if ((st = count_people(&trained, &scored, &shared, s->job, test ? parts->test : parts->val, err)) < 0) {
        return st;
    }
    mf_json_open(j, "protocol", '{');
    mf_json_put_str(j, "scored", test ? "test" : val ? "val" : "none");
    mf_json_put_str(j, "epoch_by", s->chosen_by);
    mf_json_put_bool(j, "chosen_on_scored", !last && (mf_str_eq(s->chosen_by, "test") || !test));
    mf_json_put_int(j, "trained_subjects", trained);
    mf_json_put_int(j, "scored_subjects", scored);
    mf_json_put_int(j, "shared_subjects", shared);
    mf_json_close(j, '}');
    return MF_OK;
}

mf_status
mf_summary_write(const mf_summary *s, mf_err *err)
{
    static const char *const which[3] = {NULL, "best", "last"};
    mf_str                   out      = {0};
    mf_json_out              j        = mf_json_begin(&out, 2);
    char *const             *classes  = s->job->data->classes;
    mf_status                st;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "method", s->job->settings->method.name);
    mf_json_put_str(&j, "model", s->job->settings->t.model.s);
    mf_json_put_int(&j, "parameters", s->parameters);
    mf_json_put_int(&j, "epochs", s->epochs);
    mf_json_put_int(&j, "best_epoch", s->best_epoch);
    mf_json_put_str(&j, "selected", s->selected);
    mf_json_open(&j, "train", '{');
    mf_json_put_int(&j, "n", (int64_t)s->n_samples);
    mf_json_put_num(&j, "accuracy", s->train_accuracy);
    mf_json_put_num(&j, "loss", s->train_loss);
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
    if ((st = put_protocol(&j, s, err)) < 0) {
        mf_str_free(&out);
        return st;
    }
    mf_json_put_num(&j, "seconds", round(s->seconds * 1000.0) / 1000.0);
    if (s->images_per_second > 0) {
        mf_json_put_num(&j, "images_per_second", s->images_per_second);
    }
    mf_json_put_int(&j, "peak_memory_bytes", (int64_t)mf_mem_rss_peak());
    mf_json_close(&j, '}');
    mf_str_addc(&out, '\n');
    st = mf_run_write(s->job->out, "summary.json", &out, err);
    mf_str_free(&out);
    return st;
}
